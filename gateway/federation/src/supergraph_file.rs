//! Loads a supergraph from a file, and reloads it when the file changes.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    bounded_file::{self, ReadFileError},
    current_supergraph::CurrentSupergraph,
    error::with_causes,
    supergraph::{LoadError, Supergraph},
};

/// Interval between checks for a changed file.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Error of loading a supergraph from a file.
#[derive(Debug, thiserror::Error)]
pub enum SupergraphFileError {
    /// The file cannot be read.
    #[error("cannot read supergraph: `{}`", path.display())]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Error of reading the file.
        #[source]
        cause: ReadFileError,
    },
    /// The file exceeds `supergraph_bytes_max`.
    #[error("supergraph exceeds limit `supergraph_bytes_max`: {bytes_max}: `{}`", path.display())]
    TooLarge {
        /// Path of the file.
        path: PathBuf,
        /// Maximum size in bytes.
        bytes_max: u64,
    },
    /// The supergraph cannot be loaded.
    #[error("cannot load supergraph: `{}`", path.display())]
    Load {
        /// Path of the file.
        path: PathBuf,
        /// Error of loading it.
        #[source]
        cause: LoadError,
    },
}

/// A supergraph file that is polled for changes.
#[derive(Debug, Clone)]
pub struct SupergraphFile {
    path: PathBuf,
    bytes_max: u64,
    /// Modification time and length at the last read.
    last_mtime_and_len: Option<(SystemTime, u64)>,
}

impl SupergraphFile {
    /// Loads the supergraph of a file.
    ///
    /// # Errors
    /// [`SupergraphFileError`] if it cannot be loaded.
    pub fn open(path: &Path, bytes_max: u64) -> Result<(Self, Supergraph), SupergraphFileError> {
        let mut file = Self { path: path.to_owned(), bytes_max, last_mtime_and_len: None };
        let supergraph = file.read()?;
        Ok((file, supergraph))
    }

    /// Reloads the supergraph if the file has changed since the last read.
    pub fn poll(&mut self) -> Option<Result<Supergraph, SupergraphFileError>> {
        let changed = mtime_and_len(&self.path) != self.last_mtime_and_len;
        changed.then(|| self.read())
    }

    fn read(&mut self) -> Result<Supergraph, SupergraphFileError> {
        // Before reading, so that the next poll detects a change during the read.
        self.last_mtime_and_len = mtime_and_len(&self.path);
        let path = || self.path.clone();
        let text =
            bounded_file::read_text(&self.path, self.bytes_max).map_err(|cause| match cause {
                ReadFileError::TooLarge { bytes_max } => {
                    SupergraphFileError::TooLarge { path: path(), bytes_max }
                }
                cause => SupergraphFileError::Read { path: path(), cause },
            })?;
        Supergraph::load(&text).map_err(|cause| SupergraphFileError::Load { path: path(), cause })
    }
}

fn mtime_and_len(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// Activates each new supergraph of a file until the task is dropped. After an error or panic,
/// which is logged, the previous supergraph stays active and polling continues.
pub async fn watch(mut file: SupergraphFile, slot: Arc<CurrentSupergraph>) {
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        let mut polled_file = file.clone();
        let polling = tokio::task::spawn_blocking(move || {
            let changed = polled_file.poll();
            (polled_file, changed)
        });
        let Ok((polled_file, changed)) = polling.await else {
            // Read again only after the next change, since the same content would panic again.
            file.last_mtime_and_len = mtime_and_len(&file.path);
            slot.mark_outdated();
            tracing::error!("loading the supergraph panicked; keeping the current one");
            continue;
        };
        file = polled_file;
        match changed {
            None => {}
            Some(Ok(supergraph)) => match slot.activate(supergraph).await {
                Ok(()) => tracing::info!("serving a new supergraph"),
                Err(error) => {
                    tracing::error!(
                        error = with_causes(&error),
                        "new supergraph rejected; keeping the current one"
                    );
                }
            },
            Some(Err(error)) => {
                slot.mark_outdated();
                let error = with_causes(&error);
                tracing::error!(error, "cannot load the new supergraph; keeping the current one");
            }
        }
    }
}
