//! The supergraph that is served, and the file that it is read from.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use super::{LoadError, Supergraph};

/// Why a file is no supergraph.
#[derive(Debug, thiserror::Error)]
pub enum SupergraphFileError {
    /// It cannot be read.
    #[error("cannot read supergraph: {cause}: `{}`", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It is too large to be one.
    #[error("supergraph exceeds {bytes_max} bytes: `{}`", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// So many are read (`supergraph_bytes_max`).
        bytes_max: u64,
    },
    /// It cannot be taken.
    #[error("cannot load supergraph: {cause}: `{}`", path.display())]
    Load {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: LoadError,
    },
}

/// A file with a supergraph that is looked at again and again.
#[derive(Debug)]
pub(crate) struct SupergraphFile {
    path: PathBuf,
    bytes_max: u64,
    /// When it was written, and its length, when it was read last.
    last_mtime_and_len: Option<(SystemTime, u64)>,
}

impl SupergraphFile {
    /// Reads the supergraph in a file.
    ///
    /// # Errors
    /// [`SupergraphFileError`] where there is none that can be taken.
    pub(crate) fn open(
        path: &Path,
        bytes_max: u64,
    ) -> Result<(Self, Supergraph), SupergraphFileError> {
        let mut file = Self { path: path.to_owned(), bytes_max, last_mtime_and_len: None };
        let supergraph = file.read()?;
        Ok((file, supergraph))
    }

    /// The supergraph, if the file was changed since it was read.
    pub(crate) fn poll(&mut self) -> Option<Result<Supergraph, SupergraphFileError>> {
        let changed = mtime_and_len(&self.path) != self.last_mtime_and_len;
        changed.then(|| self.read())
    }

    fn read(&mut self) -> Result<Supergraph, SupergraphFileError> {
        // Before it is read: what is written meanwhile is seen at the next look.
        self.last_mtime_and_len = mtime_and_len(&self.path);
        let path = || self.path.clone();
        if let Some((_, length)) = self.last_mtime_and_len
            && length > self.bytes_max
        {
            return Err(SupergraphFileError::TooLarge { path: path(), bytes_max: self.bytes_max });
        }
        let text = fs::read_to_string(&self.path)
            .map_err(|cause| SupergraphFileError::Read { path: path(), cause })?;
        Supergraph::load(&text).map_err(|cause| SupergraphFileError::Load { path: path(), cause })
    }
}

fn mtime_and_len(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// The supergraph that is served now, with what was made over it.
pub(crate) struct SupergraphSlot<T>(RwLock<Option<Arc<T>>>);

impl<T> SupergraphSlot<T> {
    /// Begins without one.
    pub(crate) fn new() -> Self {
        Self(RwLock::new(None))
    }

    /// The current one; who holds it is not bothered by a newer one.
    pub(crate) fn current(&self) -> Option<Arc<T>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a newer one.
    pub(crate) fn swap(&self, next: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(next));
    }
}
