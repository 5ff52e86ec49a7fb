//! A published file of which every block is verified when it is first read.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use redb::StorageBackend;

use crate::{
    block_hashes::{BLOCK_BYTES, BlockHashes},
    regular_file,
};

/// A file that is only read. A block that does not match its hash is an error of the read.
#[derive(Debug)]
pub(super) struct VerifiedFile {
    file: File,
    bytes: u64,
    hashes: BlockHashes,
    /// Whether each block was verified.
    verified: Vec<AtomicBool>,
}

impl VerifiedFile {
    /// Opens a file with the hashes of its blocks.
    pub(super) fn open(path: &Path, hashes: BlockHashes) -> io::Result<Self> {
        let file = regular_file::open(path)?;
        let bytes = file.metadata()?.len();
        if bytes.div_ceil(BLOCK_BYTES as u64).max(1) != hashes.len() as u64 {
            return Err(damaged("the file does not have the number of blocks that was digested"));
        }
        let verified = (0..hashes.len()).map(|_| AtomicBool::new(false)).collect();
        Ok(Self { file, bytes, hashes, verified })
    }

    /// Copies a part of a block, from `start` within it, to `out`.
    fn read_block(&self, index: usize, start: usize, out: &mut [u8]) -> io::Result<()> {
        let offset = (index * BLOCK_BYTES) as u64;
        if self.verified[index].load(Ordering::Relaxed) {
            return self.file.read_exact_at(out, offset + start as u64);
        }
        let mut block = vec![0; BLOCK_BYTES.min(usize_of(self.bytes - offset)?)];
        self.file.read_exact_at(&mut block, offset)?;
        if !self.hashes.matches(index, &block) {
            return Err(damaged("a block does not match its hash"));
        }
        self.verified[index].store(true, Ordering::Relaxed);
        out.copy_from_slice(&block[start..start + out.len()]);
        Ok(())
    }
}

impl StorageBackend for VerifiedFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes)
    }

    fn read(&self, offset: u64, mut out: &mut [u8]) -> io::Result<()> {
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > self.bytes) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut offset = usize_of(offset)?;
        while !out.is_empty() {
            let (index, start) = (offset / BLOCK_BYTES, offset % BLOCK_BYTES);
            let (part, rest) = out.split_at_mut(out.len().min(BLOCK_BYTES - start));
            self.read_block(index, start, part)?;
            offset += part.len();
            out = rest;
        }
        Ok(())
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync_data(&self) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn write(&self, _: u64, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }
}

fn usize_of(bytes: u64) -> io::Result<usize> {
    usize::try_from(bytes).map_err(|_| io::ErrorKind::FileTooLarge.into())
}

fn damaged(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::block_hashes::block_hash;

    fn hashes_of(content: &[u8]) -> BlockHashes {
        let blocks = content.chunks(BLOCK_BYTES);
        let count = blocks.len();
        BlockHashes::new(blocks.enumerate().map(|(n, block)| block_hash(n, block, count)).collect())
    }

    #[test]
    fn a_damaged_block_must_be_an_error_and_the_others_must_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let content: Vec<u8> = (0..=250).cycle().take(3 * BLOCK_BYTES + 100).collect();
        let mut damaged = content.clone();
        damaged[BLOCK_BYTES + 5] ^= 1;
        fs::write(&path, &damaged).unwrap();
        let file = VerifiedFile::open(&path, hashes_of(&content)).unwrap();
        let read = |offset: usize, length: usize| {
            let mut out = vec![0; length];
            file.read(offset as u64, &mut out).map(|()| out)
        };
        for _ in 0..2 {
            assert_eq!(read(10, 100).unwrap(), &content[10..110]);
            let error = read(BLOCK_BYTES - 1, 2).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            assert!(read(2 * BLOCK_BYTES - 1, 1).is_err(), "the whole block is unverified");
            let (start, length) = (3 * BLOCK_BYTES - 50, 150);
            assert_eq!(read(start, length).unwrap(), &content[start..]);
        }
        assert!(read(content.len() - 1, 2).is_err(), "past the end");
        assert!(file.read(u64::MAX, &mut [0; 2]).is_err());
        assert!(file.write(0, b"x").is_err() && file.set_len(0).is_err());
        let shorter = hashes_of(&content[..BLOCK_BYTES]);
        assert!(VerifiedFile::open(&path, shorter).is_err(), "another number of blocks");
    }
}
