//! An immutable directory without lock files, watching and writing, so that a published generation
//! can be served from a read-only disk.
//!
//! Its files are read into memory and verified against their digests. A memory-mapped file that is
//! truncated or changed on disk while it is served would end the process by a signal, or yield wrong
//! hits.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tantivy::directory::{
    Directory, DirectoryLock, FileHandle, Lock, MmapDirectory, OwnedBytes, WatchCallback,
    WatchHandle, WritePtr,
    error::{DeleteError, LockError, OpenReadError, OpenWriteError},
};

use super::IndexError;
use crate::{generation::FileDigest, regular_file};

/// Maximum number of bytes of an index in memory. Files beyond it are mapped.
const INDEX_MEMORY_BYTES_MAX: u64 = 2 << 30;

#[derive(Debug, Clone)]
pub(super) struct ReadOnlyDirectory {
    on_disk: MmapDirectory,
    in_memory: Arc<BTreeMap<PathBuf, FileInMemory>>,
}

#[derive(Debug, Clone)]
struct FileInMemory {
    digest: String,
    bytes: OwnedBytes,
}

impl ReadOnlyDirectory {
    /// A directory whose files stay on disk.
    pub(super) fn mapped(folder: &Path) -> Result<Self, IndexError> {
        Ok(Self { on_disk: MmapDirectory::open(folder)?, in_memory: Arc::default() })
    }

    /// Reads the files with these digests into memory, by their names in `folder`. Those that
    /// `previous` has are shared with it.
    pub(super) fn in_memory<'a>(
        folder: &Path,
        digests: impl Iterator<Item = (&'a str, &'a FileDigest)>,
        previous: Option<&Self>,
    ) -> Result<Self, IndexError> {
        let mut in_memory = BTreeMap::new();
        let mut room = INDEX_MEMORY_BYTES_MAX;
        for (name, expected) in digests {
            let Some(remaining) = room.checked_sub(expected.bytes) else { continue };
            room = remaining;
            let name = PathBuf::from(name);
            let shared = previous.and_then(|previous| previous.in_memory.get(&name));
            let file = match shared.filter(|file| file.digest == expected.digest) {
                Some(file) => file.clone(),
                None => FileInMemory::read(&folder.join(&name), expected)?,
            };
            in_memory.insert(name, file);
        }
        Ok(Self { on_disk: MmapDirectory::open(folder)?, in_memory: Arc::new(in_memory) })
    }
}

impl FileInMemory {
    fn read(path: &Path, expected: &FileDigest) -> Result<Self, IndexError> {
        let bytes = regular_file::read(path, expected.bytes)
            .map_err(|cause| IndexError::Unreadable { path: path.to_owned(), cause })?;
        let digest = blake3::hash(&bytes).to_hex().to_string();
        if digest != expected.digest {
            return Err(IndexError::ChecksumMismatch { path: path.to_owned() });
        }
        Ok(Self { digest, bytes: OwnedBytes::new(bytes) })
    }
}

fn read_only_error() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "published generations are read-only")
}

impl Directory for ReadOnlyDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        match self.in_memory.get(path) {
            Some(file) => Ok(Arc::new(file.bytes.clone())),
            None => self.on_disk.get_file_handle(path),
        }
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        if self.in_memory.contains_key(path) { Ok(true) } else { self.on_disk.exists(path) }
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        match self.in_memory.get(path) {
            Some(file) => Ok(file.bytes.as_slice().to_vec()),
            None => self.on_disk.atomic_read(path),
        }
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        Err(DeleteError::IoError {
            io_error: Arc::new(read_only_error()),
            filepath: path.to_owned(),
        })
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        Err(OpenWriteError::wrap_io_error(read_only_error(), path.to_owned()))
    }

    fn atomic_write(&self, _path: &Path, _data: &[u8]) -> io::Result<()> {
        Err(read_only_error())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    /// No lock is needed, because nothing is written.
    fn acquire_lock(&self, _lock: &Lock) -> Result<DirectoryLock, LockError> {
        Ok(DirectoryLock::from(Box::new(())))
    }

    fn watch(&self, _callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}
