//! The suppression list as the catalog follows it: read again whenever its file was replaced.

use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use arc_swap::ArcSwap;

use crate::{
    suppression::{Suppression, SuppressionError},
    with_causes,
};

/// What distinguishes versions of a file: inode, length, and time of the last change with its
/// nanoseconds. `None` if there is no file.
type ListVersion = Option<(u64, u64, i64, i64)>;

/// A version of the list, or why it cannot be used.
struct ReadList {
    version: ListVersion,
    list: Result<Arc<Suppression>, String>,
}

/// The list of a data folder.
pub(super) struct SuppressionFile {
    data: PathBuf,
    read: ArcSwap<ReadList>,
}

impl SuppressionFile {
    pub(super) fn new(data: &Path) -> Self {
        let none = ReadList { version: None, list: Ok(Arc::default()) };
        Self { data: data.to_owned(), read: ArcSwap::from_pointee(none) }
    }

    /// The list as it is now. One system call, unless it changed.
    ///
    /// # Errors
    /// Why it cannot be used, with the remedy; nothing may be served then.
    pub(super) fn current(&self) -> Result<Arc<Suppression>, String> {
        let version = match fs::metadata(Suppression::path(&self.data)) {
            Ok(file) => Some((file.ino(), file.len(), file.mtime(), file.mtime_nsec())),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(cause) => {
                let path = Suppression::path(&self.data);
                return Err(with_causes(&SuppressionError::Io { path, cause }));
            }
        };
        let read = self.read.load();
        if read.version == version {
            return read.list.clone();
        }
        // Read after the version: if it is replaced in between, it is read again next time.
        let list = Suppression::read(&self.data).map(Arc::new).map_err(|error| with_causes(&error));
        self.read.store(Arc::new(ReadList { version, list: list.clone() }));
        list
    }
}
