//! Digests of files, computed block by block on all processors.

use std::{
    fs::File,
    num::NonZero,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
};

use blake3::hazmat::{
    ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root,
};

use super::{FileDigest, GenerationError};
use crate::regular_file;

/// Size of a read in bytes; small enough to stay in the processor cache while it is digested.
const CHUNK_BYTES: usize = 256 << 10;
/// Size in bytes of the blocks that are digested independently. A power of two, so that each but
/// the last is a complete subtree of the hash.
const BLOCK_BYTES: usize = 4 << 20;

/// A file to digest.
pub(super) struct FileToDigest {
    pub(super) path: PathBuf,
    pub(super) retention: Retention,
}

/// Whether the content of a digested file is returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retention {
    Retain,
    Discard,
}

/// The digest of a file, and its content if that was requested.
pub(super) struct DigestedFile {
    pub(super) digest: FileDigest,
    pub(super) content: Option<Vec<u8>>,
}

/// Digests files, in their order. They are read rather than mapped: a failing disk then causes an
/// error, not a signal.
pub(super) fn digest_files(files: &[FileToDigest]) -> Result<Vec<DigestedFile>, GenerationError> {
    digest_in_blocks(files, BLOCK_BYTES)
}

fn digest_in_blocks(
    files: &[FileToDigest],
    block_bytes: usize,
) -> Result<Vec<DigestedFile>, GenerationError> {
    let mut opened = files
        .iter()
        .map(|file| OpenedFile::open(file, block_bytes))
        .collect::<Result<Vec<_>, _>>()?;
    let blocks: Vec<FileBlock<'_>> =
        opened.iter_mut().flat_map(|file| file.blocks(block_bytes)).collect();
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = processors.min(blocks.len());
    let blocks = Mutex::new(blocks.into_iter());
    let digest_blocks = || {
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let block = blocks.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(block) = block else { return Ok(()) };
            block.digest(&mut buffer)?;
        }
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(digest_blocks)).collect();
        let own = digest_blocks();
        let joined = others.into_iter().map(|other| other.join().expect("hashing does not panic"));
        joined.fold(own, Result::and)
    })?;
    Ok(opened.into_iter().map(OpenedFile::digested).collect())
}

/// An open file, with a chaining value per block; that of a single block is the digest itself.
struct OpenedFile<'a> {
    path: &'a Path,
    file: File,
    bytes: usize,
    content: Option<Vec<u8>>,
    chaining_values: Vec<ChainingValue>,
}

impl<'a> OpenedFile<'a> {
    fn open(file: &'a FileToDigest, block_bytes: usize) -> Result<Self, GenerationError> {
        let path = &file.path;
        let io = |cause| GenerationError::io("read", path)(cause);
        let opened = regular_file::open(path).map_err(io)?;
        let bytes = opened.metadata().map_err(io)?.len();
        let bytes =
            usize::try_from(bytes).map_err(|_| io(std::io::ErrorKind::FileTooLarge.into()))?;
        let blocks = bytes.div_ceil(block_bytes).max(1);
        Ok(Self {
            path,
            file: opened,
            bytes,
            content: (file.retention == Retention::Retain).then(|| vec![0; bytes]),
            chaining_values: vec![ChainingValue::default(); blocks],
        })
    }

    fn blocks(&mut self, block_bytes: usize) -> impl Iterator<Item = FileBlock<'_>> {
        let Self { path, file, bytes, content, chaining_values } = self;
        let (path, file, bytes): (&Path, &File, usize) = (path, file, *bytes);
        let is_whole_file = chaining_values.len() == 1;
        let mut contents = content.as_deref_mut().map(|content| content.chunks_mut(block_bytes));
        chaining_values.iter_mut().enumerate().map(move |(index, chaining_value)| {
            let offset = index * block_bytes;
            let bytes = block_bytes.min(bytes - offset);
            let content = contents.as_mut().and_then(Iterator::next);
            FileBlock { path, file, offset, bytes, is_whole_file, content, chaining_value }
        })
    }

    fn digested(self) -> DigestedFile {
        let digest = match &*self.chaining_values {
            [whole_file] => blake3::Hash::from_bytes(*whole_file),
            values => {
                let (left, right) = values.split_at(left_blocks(values));
                merge_subtrees_root(&subtree(left), &subtree(right), Mode::Hash)
            }
        };
        let digest = FileDigest { bytes: self.bytes as u64, digest: digest.to_hex().to_string() };
        DigestedFile { digest, content: self.content }
    }
}

fn subtree(values: &[ChainingValue]) -> ChainingValue {
    let [value] = values else {
        let (left, right) = values.split_at(left_blocks(values));
        return merge_subtrees_non_root(&subtree(left), &subtree(right), Mode::Hash);
    };
    *value
}

/// Number of blocks in the left subtree: the largest power of two below that of all blocks.
fn left_blocks(values: &[ChainingValue]) -> usize {
    values.len().next_power_of_two() / 2
}

/// A part of a file that one thread reads and digests.
struct FileBlock<'a> {
    path: &'a Path,
    file: &'a File,
    offset: usize,
    bytes: usize,
    is_whole_file: bool,
    content: Option<&'a mut [u8]>,
    chaining_value: &'a mut ChainingValue,
}

impl FileBlock<'_> {
    fn digest(mut self, buffer: &mut [u8]) -> Result<(), GenerationError> {
        let mut hasher = blake3::Hasher::new();
        hasher.set_input_offset(self.offset as u64);
        for start in (0..self.bytes).step_by(CHUNK_BYTES) {
            let end = self.bytes.min(start + CHUNK_BYTES);
            let chunk = match &mut self.content {
                Some(content) => &mut content[start..end],
                None => &mut buffer[..end - start],
            };
            self.file
                .read_exact_at(chunk, (self.offset + start) as u64)
                .map_err(GenerationError::io("read", self.path))?;
            hasher.update(chunk);
        }
        *self.chaining_value = if self.is_whole_file {
            *hasher.finalize().as_bytes()
        } else {
            hasher.finalize_non_root()
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_digest_must_not_depend_on_the_blocks_and_the_content_must_be_that_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let lengths = [0, 1, 1_024, 1_025, 4_096, 4_097, 60_000, 65_536, 3 * CHUNK_BYTES + 7];
        let contents = lengths.map(|length| (0..=250).cycle().take(length).collect::<Vec<u8>>());
        let files = contents.each_ref().map(|content| {
            let path = folder.path().join(content.len().to_string());
            fs::write(&path, content).unwrap();
            let retention =
                if content.len() % 2 == 0 { Retention::Retain } else { Retention::Discard };
            FileToDigest { path, retention }
        });
        for block_bytes in [1_024, 4_096, 1 << 20, BLOCK_BYTES] {
            let digested = digest_in_blocks(&files, block_bytes).unwrap();
            for ((file, content), found) in files.iter().zip(&contents).zip(digested) {
                let context = format!("{} bytes in blocks of {block_bytes}", content.len());
                assert_eq!(found.digest.bytes, content.len() as u64);
                assert_eq!(
                    found.digest.digest,
                    blake3::hash(content).to_hex().as_str(),
                    "{context}"
                );
                let is_retained = file.retention == Retention::Retain;
                assert_eq!(found.content.as_ref(), is_retained.then_some(content), "{context}");
            }
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_must_be_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = FileToDigest { path: folder.path().to_owned(), retention: Retention::Discard };
        let error = digest_files(&[file]).err().unwrap().to_string();
        assert!(error.contains("cannot read"), "{error}");
    }
}
