//! Keeps the keys new: read again every so often, and when a token names one that is not there.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{sync::Mutex, time::Instant};
use url::Url;

use super::keys::Keys;
use crate::{config::KeySource, subgraph::Client};

/// Keys are read again after so long.
const INTERVAL: Duration = Duration::from_mins(5);
/// And no sooner than after so long, whatever tokens come.
const PAUSE: Duration = Duration::from_secs(5);
/// So long may reading them take.
const TIME: Duration = Duration::from_secs(3);
/// A longer set of keys is not read.
const BYTES_MAX: usize = 256 * 1024;

/// Why the keys of `[authentication]` cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the keys of `authentication.jwks` cannot be used: {cause}: `{}`", path.display())]
pub struct KeysError {
    /// The file.
    path: PathBuf,
    /// Why.
    cause: String,
}

/// Keys that are read again and again.
pub(crate) struct FollowedKeys {
    source: KeySource,
    client: Client,
    current: RwLock<Arc<Keys>>,
    /// When they were read last; held while they are read.
    read: Mutex<Option<Instant>>,
}

impl FollowedKeys {
    /// Reads the keys for the first time. Those at an address may come later.
    ///
    /// # Errors
    /// [`KeysError`] where they are in a file that cannot be used.
    pub(crate) async fn open(source: &KeySource) -> Result<Arc<Self>, KeysError> {
        let (source, client) = (source.clone(), Client::new());
        let keys = Self { source, client, current: RwLock::default(), read: Mutex::new(None) };
        let read = keys.renew().await;
        match (&keys.source, read) {
            (KeySource::File(path), Some(Err(cause))) => {
                Err(KeysError { path: path.clone(), cause })
            }
            _ => Ok(Arc::new(keys)),
        }
    }

    /// The keys that were read last.
    pub(super) fn current(&self) -> Arc<Keys> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the keys again, unless that was done just now. What cannot be used is logged, and the keys of
    /// before stay.
    pub(super) async fn renew(&self) -> Option<Result<(), String>> {
        let mut read = self.read.lock().await;
        if read.is_some_and(|last| last.elapsed() < PAUSE) {
            return None;
        }
        *read = Some(Instant::now());
        let keys = match &self.source {
            KeySource::File(path) => of_file(path.clone()).await,
            KeySource::Address(url) => self.of_address(url).await,
        };
        Some(match keys {
            Ok(keys) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
                Ok(())
            }
            Err(cause) => {
                tracing::error!(%cause, source = %self.source, "keys cannot be read");
                Err(cause)
            }
        })
    }

    async fn of_address(&self, url: &Url) -> Result<Keys, String> {
        let asked = tokio::time::timeout(TIME, self.client.get(url.as_str(), BYTES_MAX)).await;
        let body = asked.map_err(|_elapsed| format!("no answer within {} s", TIME.as_secs()))?;
        Keys::read(&body.map_err(|error| error.to_string())?)
    }
}

async fn of_file(path: PathBuf) -> Result<Keys, String> {
    let reading = move || {
        let length = fs::metadata(&path).map_err(|cause| cause.to_string())?.len();
        if length > BYTES_MAX as u64 {
            return Err(format!("it has more than {BYTES_MAX} bytes"));
        }
        Keys::read(&fs::read(&path).map_err(|cause| cause.to_string())?)
    };
    let read = tokio::task::spawn_blocking(reading).await;
    read.unwrap_or_else(|_panicked| Err("reading it failed".to_owned()))
}

/// Reads keys again, for ever.
pub(crate) async fn follow(keys: Option<Arc<FollowedKeys>>) {
    let Some(keys) = keys else { return std::future::pending().await };
    loop {
        let pause = if keys.current().is_empty() { PAUSE } else { INTERVAL };
        tokio::time::sleep(pause).await;
        keys.renew().await;
    }
}
