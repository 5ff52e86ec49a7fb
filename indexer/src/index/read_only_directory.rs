//! An immutable directory without lock files, watching and writing, so that a published generation
//! can be served from a read-only disk.
//!
//! Its files are in memory, verified against their digests. A memory-mapped file that is
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
use crate::generation::FileDigest;

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

    /// The names of the files of an index that are to be in memory and are not in `previous`.
    pub(super) fn unread_files<'a>(
        digests: impl Iterator<Item = (&'a str, &'a FileDigest)>,
        previous: Option<&Self>,
    ) -> impl Iterator<Item = &'a str> {
        let mut room = INDEX_MEMORY_BYTES_MAX;
        digests.filter_map(move |(name, digest)| {
            room = room.checked_sub(digest.bytes)?;
            let is_shared =
                previous.is_some_and(|previous| previous.shared(name, digest).is_some());
            (!is_shared).then_some(name)
        })
    }

    /// A directory with these files in memory: verified content by name, and what `previous` has of
    /// the files with these digests.
    pub(super) fn in_memory<'a>(
        folder: &Path,
        digests: impl Iterator<Item = (&'a str, &'a FileDigest)>,
        mut contents: BTreeMap<String, Vec<u8>>,
        previous: Option<&Self>,
    ) -> Result<Self, IndexError> {
        let mut in_memory = BTreeMap::new();
        for (name, digest) in digests {
            let file = match contents.remove(name) {
                Some(content) => {
                    let bytes = OwnedBytes::new(content);
                    Some(FileInMemory { digest: digest.digest.clone(), bytes })
                }
                None => previous.and_then(|previous| previous.shared(name, digest)).cloned(),
            };
            in_memory.extend(file.map(|file| (PathBuf::from(name), file)));
        }
        Ok(Self { on_disk: MmapDirectory::open(folder)?, in_memory: Arc::new(in_memory) })
    }

    fn shared(&self, name: &str, digest: &FileDigest) -> Option<&FileInMemory> {
        self.in_memory.get(Path::new(name)).filter(|file| file.digest == digest.digest)
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
