//! Sources over the network: [`synchronise`] fetches what changed into `sync.redb`, from which a build
//! reads as from files.
//!
//! Must not know: the store, the index, and how content is mapped to fields.

pub(crate) mod http;
pub(crate) mod run;
pub(crate) mod sitemap;
pub(crate) mod state;
mod wordpress;

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use jiff::Timestamp;
use schema::SourceName;
use url::Url;

use self::{
    http::{Credentials, CredentialsError, HttpClient, HttpConfig, HttpCounters, SourcePolicy},
    state::SyncState,
};
pub use self::{
    http::{HttpConfigError, SecretLocation},
    run::{Completeness, SourceRun},
    state::StateError,
    wordpress::{JoinBy, SitePreset, TermJoin, WordpressOptions},
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
    /// Options of a WordPress site.
    pub wordpress: WordpressOptions,
    /// Whether private and reserved addresses may be reached.
    pub allow_private_addresses: bool,
    /// Where its credentials are.
    pub credentials: Option<SecretLocation>,
    /// Digest of the settings that affect what is fetched.
    pub digest: u64,
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
    /// The time of the run.
    pub now: Timestamp,
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

/// Runs sources one after the other. A source that fails keeps what is known of it.
///
/// # Errors
/// [`SyncError`] if nothing can be fetched or stored at all; what a host does wrong is in its run.
pub async fn synchronise(
    config: &SyncConfig,
    sources: &[NetworkSource],
    progress: &dyn Progress,
) -> Result<Vec<(SourceName, SourceRun)>, SyncError> {
    let folder_error = |cause| SyncError::Folder { path: config.data.clone(), cause };
    std::fs::create_dir_all(&config.data).map_err(folder_error)?;
    let state = SyncState::open(&state_path(&config.data))?;
    let client = HttpClient::new(HttpConfig {
        ca_file: config.ca_file.clone(),
        request_interval: config.request_interval,
        retries_max: config.retries_max,
        ..HttpConfig::new(config.contact.clone())
    })?;
    let mut runs = Vec::new();
    for source in sources {
        progress.begin(&format!("fetch {}", source.name), None);
        state.prepare(&source.name, source.digest)?;
        let policy = policy(source);
        let public = || SourcePolicy::new(&source.address);
        let context = SyncContext {
            source: &source.name,
            address: &source.address,
            client: &client,
            policy: Arc::new(policy.as_ref().map_or_else(|_| public(), Clone::clone)),
            counters: Arc::default(),
            state: &state,
            progress,
            now: config.now,
            digest: source.digest,
            started: Instant::now(),
        };
        let run = match policy {
            Ok(_) => wordpress::run(&context, &source.types, &source.wordpress).await?,
            Err(error) => {
                let failed = (Completeness::Failed, 0, 0);
                context.finish(&HashSet::new(), failed, vec![crate::with_causes(&error)])?
            }
        };
        progress.end();
        runs.push((source.name.clone(), run));
    }
    Ok(runs)
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
