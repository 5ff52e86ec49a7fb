//! Digests of files, computed in ranges on all processors, with the hashes of their blocks.

use std::{
    fs::File,
    num::NonZero,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
};

use blake3::hazmat::ChainingValue;

use super::{FileDigest, GenerationError};
use crate::{
    block_hashes::{BLOCK_BYTES, BlockHashes, block_hash},
    regular_file,
};

/// Size of a read in bytes; small enough to stay in the processor cache while it is digested.
const CHUNK_BYTES: usize = 4 * BLOCK_BYTES;
/// Number of bytes that a thread digests before it takes the next ones.
const RANGE_BYTES: usize = 16 * CHUNK_BYTES;

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
    pub(super) blocks: BlockHashes,
    pub(super) content: Option<Vec<u8>>,
}

/// Digests files, in their order. They are read rather than mapped: a failing disk then causes an
/// error, not a signal.
pub(super) fn digest_files(files: &[FileToDigest]) -> Result<Vec<DigestedFile>, GenerationError> {
    digest_in_ranges(files, RANGE_BYTES)
}

fn digest_in_ranges(
    files: &[FileToDigest],
    range_bytes: usize,
) -> Result<Vec<DigestedFile>, GenerationError> {
    let mut opened = files.iter().map(OpenedFile::open).collect::<Result<Vec<_>, _>>()?;
    let ranges: Vec<FileRange<'_>> =
        opened.iter_mut().flat_map(|file| file.ranges(range_bytes)).collect();
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = processors.min(ranges.len());
    let ranges = Mutex::new(ranges.into_iter());
    let digest_ranges = || {
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let range = ranges.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(range) = range else { return Ok(()) };
            range.digest(&mut buffer)?;
        }
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(digest_ranges)).collect();
        let own = digest_ranges();
        let joined = others.into_iter().map(|other| other.join().expect("hashing does not panic"));
        joined.fold(own, Result::and)
    })?;
    Ok(opened.into_iter().map(OpenedFile::digested).collect())
}

/// An open file, with the hashes of its blocks once they are digested.
struct OpenedFile<'a> {
    path: &'a Path,
    file: File,
    bytes: usize,
    content: Option<Vec<u8>>,
    hashes: Vec<ChainingValue>,
}

impl<'a> OpenedFile<'a> {
    fn open(file: &'a FileToDigest) -> Result<Self, GenerationError> {
        let path = &file.path;
        let io = |cause| GenerationError::io("read", path)(cause);
        let opened = regular_file::open(path).map_err(io)?;
        let bytes = opened.metadata().map_err(io)?.len();
        let bytes =
            usize::try_from(bytes).map_err(|_| io(std::io::ErrorKind::FileTooLarge.into()))?;
        Ok(Self {
            path,
            file: opened,
            bytes,
            content: (file.retention == Retention::Retain).then(|| vec![0; bytes]),
            hashes: vec![ChainingValue::default(); bytes.div_ceil(BLOCK_BYTES).max(1)],
        })
    }

    /// Ranges of `range_bytes`, a multiple of [`BLOCK_BYTES`].
    fn ranges(&mut self, range_bytes: usize) -> impl Iterator<Item = FileRange<'_>> {
        let Self { path, file, bytes, content, hashes } = self;
        let (path, file, bytes): (&Path, &File, usize) = (path, file, *bytes);
        let blocks = hashes.len();
        let mut contents = content.as_deref_mut().map(|content| content.chunks_mut(range_bytes));
        hashes.chunks_mut(range_bytes / BLOCK_BYTES).enumerate().map(move |(index, hashes)| {
            let offset = index * range_bytes;
            let bytes = range_bytes.min(bytes - offset);
            let content = contents.as_mut().and_then(Iterator::next);
            FileRange { path, file, offset, bytes, blocks, content, hashes }
        })
    }

    fn digested(self) -> DigestedFile {
        let blocks = BlockHashes::new(self.hashes);
        let digest = blocks.file_digest().to_hex().to_string();
        let digest = FileDigest { bytes: self.bytes as u64, digest };
        DigestedFile { digest, blocks, content: self.content }
    }
}

/// A range of a file that one thread reads and digests.
struct FileRange<'a> {
    path: &'a Path,
    file: &'a File,
    offset: usize,
    bytes: usize,
    /// Number of blocks of the file.
    blocks: usize,
    content: Option<&'a mut [u8]>,
    hashes: &'a mut [ChainingValue],
}

impl FileRange<'_> {
    fn digest(mut self, buffer: &mut [u8]) -> Result<(), GenerationError> {
        if self.bytes == 0 {
            self.hashes.fill(block_hash(0, &[], self.blocks));
        }
        for start in (0..self.bytes).step_by(CHUNK_BYTES) {
            let end = self.bytes.min(start + CHUNK_BYTES);
            let chunk = match &mut self.content {
                Some(content) => &mut content[start..end],
                None => &mut buffer[..end - start],
            };
            self.file
                .read_exact_at(chunk, (self.offset + start) as u64)
                .map_err(GenerationError::io("read", self.path))?;
            let hashes = &mut self.hashes[start / BLOCK_BYTES..];
            for (number, (hash, block)) in
                hashes.iter_mut().zip(chunk.chunks(BLOCK_BYTES)).enumerate()
            {
                let index = (self.offset + start) / BLOCK_BYTES + number;
                *hash = block_hash(index, block, self.blocks);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_digest_must_not_depend_on_the_ranges_and_the_content_must_be_that_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let lengths =
            [0, 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES + 5, 3 * CHUNK_BYTES + 7];
        let contents = lengths.map(|length| (0..=250).cycle().take(length).collect::<Vec<u8>>());
        let files = contents.each_ref().map(|content| {
            let path = folder.path().join(content.len().to_string());
            fs::write(&path, content).unwrap();
            let retention =
                if content.len() % 2 == 0 { Retention::Retain } else { Retention::Discard };
            FileToDigest { path, retention }
        });
        for range_bytes in [BLOCK_BYTES, 2 * BLOCK_BYTES, CHUNK_BYTES, RANGE_BYTES] {
            let digested = digest_in_ranges(&files, range_bytes).unwrap();
            for ((file, content), found) in files.iter().zip(&contents).zip(digested) {
                let context = format!("{} bytes in ranges of {range_bytes}", content.len());
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
