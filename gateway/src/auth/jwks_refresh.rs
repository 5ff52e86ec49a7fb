//! Refreshes the token keys: periodically, and when a token uses an unknown key.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use federation::{
    bounded_file,
    error::{Cause, cause, with_causes},
    subgraph::HttpClient,
};
use tokio::{sync::watch, time::Instant};
use url::Url;

use super::jwks::KeySet;
use crate::config::{KeySource, PrivateAddresses};

/// Interval between refreshes.
const REFRESH_INTERVAL: Duration = Duration::from_mins(5);
/// Minimum interval between refreshes, regardless of the tokens received.
const REFRESH_INTERVAL_MIN: Duration = Duration::from_secs(5);
/// Timeout for fetching the keys.
const FETCH_TIMEOUT: Duration = Duration::from_secs(3);
/// Maximum size of a key set in bytes.
const BYTES_MAX: usize = 256 * 1024;

/// The keys of `[authentication]` cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[error("cannot load keys of `authentication.jwks`: `{}`", path.display())]
pub struct JwksError {
    /// Path of the key file.
    path: PathBuf,
    /// Error of loading it.
    #[source]
    cause: Cause,
}

/// Token keys that are refreshed.
pub struct JwksProvider {
    source: KeySource,
    client: HttpClient,
    current: RwLock<Arc<KeySet>>,
    /// The last refresh. Not locked during a refresh: other requests use the previous keys.
    last_refresh: Mutex<Option<LastRefresh>>,
}

/// A refresh, running or ended.
struct LastRefresh {
    started: Instant,
    /// Closed when the refresh ends.
    running: watch::Receiver<()>,
}

impl JwksProvider {
    /// Loads the keys for the first time. If they are fetched from a URL, an error is not fatal.
    ///
    /// # Errors
    /// [`JwksError`] if the key file cannot be loaded.
    pub async fn open(source: &KeySource) -> Result<Arc<Self>, JwksError> {
        let (source, client) = (source.clone(), HttpClient::new(crate::PROGRAM));
        let (current, last_refresh) = (RwLock::default(), Mutex::new(None));
        let keys = Self { source, client, current, last_refresh };
        let first_refresh = keys.refresh().await;
        match (&keys.source, first_refresh) {
            (KeySource::File(path), Some(Err(cause))) => {
                Err(JwksError { path: path.clone(), cause })
            }
            _ => Ok(Arc::new(keys)),
        }
    }

    /// The last loaded keys.
    pub(super) fn current(&self) -> Arc<KeySet> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Refreshes the keys. If that was done recently, nothing happens; if it is being done, waits
    /// until it has ended. If the caller stops waiting, the refresh continues for the others.
    pub(super) async fn refresh_for_token(self: &Arc<Self>) {
        let keys = Arc::clone(self);
        // A panic is logged by the panic hook; the previous keys stay active.
        let _ = tokio::spawn(async move { keys.refresh().await }).await;
    }

    /// Registers a refresh, which ends when the result is dropped; an error is the refresh that
    /// started recently instead.
    fn start_refresh(&self) -> Result<watch::Sender<()>, watch::Receiver<()>> {
        let mut last = self.last_refresh.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(LastRefresh { started, running }) = &*last
            && started.elapsed() < REFRESH_INTERVAL_MIN
        {
            return Err(running.clone());
        }
        let (ends, running) = watch::channel(());
        *last = Some(LastRefresh { started: Instant::now(), running });
        Ok(ends)
    }

    /// Refreshes the keys, or waits for the running refresh; `None` if one was started recently.
    /// On an error, which is logged, the previous keys stay active.
    async fn refresh(&self) -> Option<Result<(), Cause>> {
        let _ends = match self.start_refresh() {
            Ok(ends) => ends,
            Err(mut running) => {
                let _closed = running.changed().await;
                return None;
            }
        };
        let keys = match &self.source {
            KeySource::File(path) => read_file(path.clone()).await,
            KeySource::Url(url) => self.fetch_url(url).await,
        };
        Some(match keys {
            Ok(keys) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
                Ok(())
            }
            Err(cause) => {
                tracing::error!(error = with_causes(&*cause), source = %self.source, "cannot load JWKS");
                Err(cause)
            }
        })
    }

    async fn fetch_url(&self, url: &Url) -> Result<KeySet, Cause> {
        // The configuration was checked for plain `http`.
        let fetching = self.client.get(url, PrivateAddresses::Allowed, BYTES_MAX);
        let body = tokio::time::timeout(FETCH_TIMEOUT, fetching)
            .await
            .map_err(|_elapsed| cause(format!("timed out after {} s", FETCH_TIMEOUT.as_secs())))?;
        KeySet::read(&body.map_err(cause)?).map_err(cause)
    }
}

async fn read_file(path: PathBuf) -> Result<KeySet, Cause> {
    let reading = move || {
        let bytes = bounded_file::read(&path, BYTES_MAX as u64);
        KeySet::read(&bytes.map_err(cause)?).map_err(cause)
    };
    let result = tokio::task::spawn_blocking(reading).await;
    result.unwrap_or_else(|_panicked| Err(cause("reading the file panicked")))
}

/// Refreshes the keys until the task is dropped.
pub(crate) async fn run_refresh(keys: Arc<JwksProvider>) {
    loop {
        let pause = if keys.current().is_empty() { REFRESH_INTERVAL_MIN } else { REFRESH_INTERVAL };
        tokio::time::sleep(pause).await;
        keys.refresh().await;
    }
}
