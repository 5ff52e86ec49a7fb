//! Sources over the network: a [`Synchroniser`] fetches what changed into `sync.redb`, from which a build
//! reads as from files.
//!
//! Must not know: the store, the index, and how content is mapped to fields.

pub(crate) mod http;
pub(crate) mod run;
pub(crate) mod state;
mod wordpress;

use std::{
    collections::{BTreeSet, HashSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Instant,
};

use jiff::Timestamp;
use schema::SourceName;
use serde::Deserialize;
use url::Url;

use self::http::{Credentials, HttpClient, HttpConfig, HttpCounters, SourcePolicy};
pub use self::{
    http::{CredentialsError, HttpConfigError, SecretLocation},
    run::{Completeness, SourceRun},
    state::{StateError, SyncState},
};
use crate::progress::Progress;

/// File of the state, in the data folder.
const STATE_FILE: &str = "sync.redb";

/// A source over the network, as validated.
#[derive(Debug, Clone)]
pub struct NetworkSource {
    /// Name of the source.
    pub name: SourceName,
    /// Its address.
    pub address: Url,
    /// The types to read; empty for all.
    pub types: Vec<String>,
    /// Whether private and reserved addresses may be reached.
    pub allow_private_addresses: bool,
    /// Where its credentials are.
    pub credentials: Option<SecretLocation>,
    /// Digest of the settings that affect what is fetched.
    pub digest: u64,
}

/// What a run reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The whole source.
    All,
    /// Only these objects, which its host reported as changed.
    Objects(BTreeSet<ChangedObject>),
}

/// An object that a host reported as changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangedObject {
    /// Its type, such as `post`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its number on the host.
    pub id: u64,
}

/// Maximum number of objects that are read one by one; more of them need a run of the whole source.
const OBJECTS_MAX: usize = 100;

impl Scope {
    /// What covers both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Objects(mut one), Self::Objects(other)) => {
                one.extend(other);
                if one.len() > OBJECTS_MAX { Self::All } else { Self::Objects(one) }
            }
            _ => Self::All,
        }
    }
}

/// Settings of synchronisation.
#[derive(Debug, Clone)]
pub struct SyncConfig {
    /// The data folder.
    pub data: PathBuf,
    /// E-mail address or URL of the operator, which hosts see in `User-Agent`.
    pub contact: String,
    /// PEM file of root certificates that are trusted as well as the built-in ones.
    pub ca_file: Option<PathBuf>,
    /// Minimum interval between the starts of two requests to one host.
    pub request_interval: std::time::Duration,
    /// Maximum number of retries of one request.
    pub retries_max: u32,
}

/// Why sources cannot be synchronised.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The state cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The HTTP client cannot be created.
    #[error(transparent)]
    Client(#[from] HttpConfigError),
    /// The data folder cannot be created.
    #[error("cannot create the data folder: `{}`", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The error of the file system.
        #[source]
        cause: std::io::Error,
    },
}

/// Context of the run of one source.
struct SyncContext<'a> {
    source: &'a SourceName,
    address: &'a Url,
    client: &'a HttpClient,
    policy: Arc<SourcePolicy>,
    counters: Arc<HttpCounters>,
    state: &'a SyncState,
    progress: &'a dyn Progress,
    now: Timestamp,
    /// As [`NetworkSource::digest`].
    digest: u64,
    started: Instant,
}

/// The path of the state in a data folder.
pub(crate) fn state_path(data: &Path) -> PathBuf {
    data.join(STATE_FILE)
}

/// Fetches sources. All of them share the pace per host, and the state while any of them uses it, so
/// that another process can use it in between.
pub struct Synchroniser {
    data: PathBuf,
    client: HttpClient,
    state: Mutex<Weak<SyncState>>,
}

impl Synchroniser {
    /// Creates a synchroniser, without any request.
    ///
    /// # Errors
    /// [`SyncError::Client`] if the root certificates cannot be read.
    pub fn new(config: &SyncConfig) -> Result<Self, SyncError> {
        let client = HttpClient::new(HttpConfig {
            ca_file: config.ca_file.clone(),
            request_interval: config.request_interval,
            retries_max: config.retries_max,
            ..HttpConfig::new(config.contact.clone())
        })?;
        Ok(Self { data: config.data.clone(), client, state: Mutex::default() })
    }

    /// The state, which remains open until the last reference is dropped.
    ///
    /// # Errors
    /// [`SyncError::State`] if another process uses it, or the disk fails.
    pub fn state(&self) -> Result<Arc<SyncState>, SyncError> {
        let mut shared = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = shared.upgrade() {
            return Ok(state);
        }
        let folder_error = |cause| SyncError::Folder { path: self.data.clone(), cause };
        std::fs::create_dir_all(&self.data).map_err(folder_error)?;
        let state = Arc::new(SyncState::open(&state_path(&self.data))?);
        *shared = Arc::downgrade(&state);
        Ok(state)
    }

    /// Runs one source that starts `now`. A source that fails keeps what is known of it.
    ///
    /// # Errors
    /// [`SyncError`] if nothing can be stored; what a host does wrong is in the run.
    pub async fn run(
        &self,
        source: &NetworkSource,
        _scope: &Scope,
        now: Timestamp,
        progress: &dyn Progress,
    ) -> Result<SourceRun, SyncError> {
        let state = self.state()?;
        state.prepare(&source.name, source.digest)?;
        let policy = policy(source);
        let public = || SourcePolicy::new(&source.address);
        let context = SyncContext {
            source: &source.name,
            address: &source.address,
            client: &self.client,
            policy: Arc::new(policy.as_ref().map_or_else(|_| public(), Clone::clone)),
            counters: Arc::default(),
            state: &state,
            progress,
            now,
            digest: source.digest,
            started: Instant::now(),
        };
        match policy {
            Ok(_) => wordpress::run(&context, &source.types).await,
            Err(error) => {
                let failed = (Completeness::Failed, 0, 0);
                context.finish(&HashSet::new(), failed, vec![crate::with_causes(&error)])
            }
        }
    }
}

/// What a source may fetch.
fn policy(source: &NetworkSource) -> Result<SourcePolicy, CredentialsError> {
    let mut policy = SourcePolicy::new(&source.address);
    if source.allow_private_addresses {
        policy = policy.allow_private_addresses();
    }
    if let Some(location) = &source.credentials {
        policy = policy.with_credentials(Credentials::load(location)?);
    }
    Ok(policy)
}

impl SyncContext<'_> {
    /// Ends a run and stores its outcome.
    fn finish(
        &self,
        present: &HashSet<String>,
        (completeness, changed, removed): (Completeness, u64, u64),
        notes: Vec<String>,
    ) -> Result<SourceRun, SyncError> {
        let run = SourceRun {
            completeness,
            at: self.now.as_second(),
            duration_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            present: present.len() as u64,
            changed,
            removed,
            missing: 0,
            confirms_absences: false,
            requests: self.counters.requests(),
            bytes: self.counters.bytes(),
            notes,
        };
        Ok(self.state.finish(self.source, present, run)?)
    }

    fn advance(&self, count: usize) {
        self.progress.advance(count as u64);
    }
}
