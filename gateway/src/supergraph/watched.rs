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
    #[error("the supergraph cannot be read: {cause}: `{}`", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It is too large to be one.
    #[error("the supergraph has more than {bytes_max} bytes: `{}`", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// So many are read (`supergraph_bytes_max`).
        bytes_max: u64,
    },
    /// It cannot be taken.
    #[error("the supergraph cannot be taken: {cause}: `{}`", path.display())]
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
    seen: Option<(SystemTime, u64)>,
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
        let mut file = Self { path: path.to_owned(), bytes_max, seen: None };
        let supergraph = file.read()?;
        Ok((file, supergraph))
    }

    /// The supergraph, if the file was changed since it was read.
    pub(crate) fn look(&mut self) -> Option<Result<Supergraph, SupergraphFileError>> {
        let changed = stamp(&self.path) != self.seen;
        changed.then(|| self.read())
    }

    fn read(&mut self) -> Result<Supergraph, SupergraphFileError> {
        // Before it is read: what is written meanwhile is seen at the next look.
        self.seen = stamp(&self.path);
        let path = || self.path.clone();
        if let Some((_, length)) = self.seen
            && length > self.bytes_max
        {
            return Err(SupergraphFileError::TooLarge { path: path(), bytes_max: self.bytes_max });
        }
        let text = fs::read_to_string(&self.path)
            .map_err(|cause| SupergraphFileError::Read { path: path(), cause })?;
        Supergraph::load(&text).map_err(|cause| SupergraphFileError::Load { path: path(), cause })
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// The supergraph that is served now, with what was made over it.
pub(crate) struct Supergraphs<T>(RwLock<Option<Arc<T>>>);

impl<T> Supergraphs<T> {
    /// Begins without one.
    pub(crate) fn new() -> Self {
        Self(RwLock::new(None))
    }

    /// The current one; who holds it is not bothered by a newer one.
    pub(crate) fn current(&self) -> Option<Arc<T>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a newer one.
    pub(crate) fn swap(&self, newer: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(newer));
    }
}
