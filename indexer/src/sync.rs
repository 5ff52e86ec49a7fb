//! Sources over the network: a [`Synchroniser`] fetches what changed into `sync.redb`, from which a build
//! reads as from files.
//!
//! Must not know: the store, the index, and how content is mapped to fields.

mod api;
pub(crate) mod calendar;
mod discovery;
#[cfg(test)]
mod fake_site;
pub(crate) mod feed;
pub(crate) mod http;
mod page_blocks;
pub(crate) mod run;
mod scope;
mod site_page;
pub(crate) mod sitemap;
pub(crate) mod state;
#[cfg(test)]
mod test_source;
mod website;
mod wordpress;

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Instant,
};

use encoding_rs::Encoding;
use jiff::Timestamp;
use schema::SourceName;
use url::Url;

use self::http::{Credentials, HttpClient, HttpConfig, HttpCounters, SourcePolicy};
pub use self::{
    api::{ApiOptions, ApiPreset, Horizon, ItemList, Paging},
    discovery::{Discovery, JsonList, NextPage, Offer},
    http::{CredentialsError, HttpConfigError, SecretLocation},
    run::{Completeness, SourceRun},
    scope::{ChangedObject, Scope},
    state::{RepeatedBlock, StateError, SyncState},
    website::PageFilter,
    wordpress::{JoinBy, SitePreset, TermJoin, WordpressOptions},
};
use crate::progress::Progress;

/// File of the state, in the data folder.
const STATE_FILE: &str = "sync.redb";

/// Name of the source in whose name [`Synchroniser::discover`] reads.
const DISCOVERY: &str = "discovery";

/// A source over the network, as validated.
#[derive(Debug, Clone)]
pub struct NetworkSource {
    /// Name of the source.
    pub name: SourceName,
    /// Its address.
    pub address: Url,
    /// How it is read.
    pub protocol: Protocol,
    /// Whether private and reserved addresses may be reached.
    pub allow_private_addresses: bool,
    /// Where its credentials are.
    pub credentials: Option<SecretLocation>,
    /// Digest of the settings that affect what is fetched.
    pub digest: u64,
}

/// How a source over the network is read.
#[derive(Debug, Clone)]
pub enum Protocol {
    /// The REST API of a WordPress site.
    Wordpress {
        /// The types to read; empty for all.
        types: Vec<String>,
        /// How they are read.
        options: WordpressOptions,
    },
    /// A calendar file.
    Calendar {
        /// Its character encoding, if configured.
        encoding: Option<&'static Encoding>,
    },
    /// A feed.
    Feed {
        /// Whether the pages of its entries are requested.
        read_pages: bool,
    },
    /// The pages of a website.
    Website(PageFilter),
    /// The lists of a JSON or GraphQL endpoint.
    Api(ApiOptions),
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
        scope: &Scope,
        now: Timestamp,
        progress: &dyn Progress,
    ) -> Result<SourceRun, SyncError> {
        let state = self.state()?;
        state.prepare(&source.name, source.digest)?;
        let policy = policy(source);
        let public = || SourcePolicy::new(&source.address);
        let used = policy.as_ref().map_or_else(|_| public(), Clone::clone);
        let context = SyncContext {
            source: &source.name,
            address: &source.address,
            client: &self.client,
            policy: Arc::new(used),
            counters: Arc::default(),
            state: &state,
            progress,
            now,
            digest: source.digest,
            started: Instant::now(),
        };
        match policy {
            Ok(_) => match &source.protocol {
                Protocol::Wordpress { types, options } => {
                    wordpress::run(&context, types, options, scope).await
                }
                Protocol::Calendar { encoding } => calendar::run(&context, *encoding).await,
                Protocol::Feed { read_pages } => feed::run(&context, *read_pages).await,
                Protocol::Website(filter) => website::run(&context, filter).await,
                Protocol::Api(options) => api::run(&context, options).await,
            },
            Err(error) => {
                let failed = (Completeness::Failed, 0, 0);
                context.finish(&HashSet::new(), failed, vec![crate::with_causes(&error)])
            }
        }
    }
}

impl Synchroniser {
    /// Finds out what an address offers; nothing is stored.
    ///
    /// # Errors
    /// [`SyncError`] if the state fails; what the host does wrong is in the result.
    pub async fn discover(
        &self,
        address: &Url,
        allow_private_addresses: bool,
        now: Timestamp,
        progress: &dyn Progress,
    ) -> Result<Discovery, SyncError> {
        let state = self.state()?;
        let policy = SourcePolicy::new(address);
        let policy =
            if allow_private_addresses { policy.allow_private_addresses() } else { policy };
        let source = SourceName::new(DISCOVERY).expect("a valid constant name");
        let context = SyncContext {
            source: &source,
            address,
            client: &self.client,
            policy: Arc::new(policy),
            counters: Arc::default(),
            state: &state,
            progress,
            now,
            digest: 0,
            started: Instant::now(),
        };
        Ok(discovery::inspect(&context).await)
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
        let present_count = present.len() as u64;
        let run = self.new_run(completeness, notes);
        let run = SourceRun { present: present_count, changed, removed, ..run };
        Ok(self.state.finish(self.source, present, run)?)
    }

    /// A run that ends now, without resources.
    fn new_run(&self, completeness: Completeness, notes: Vec<String>) -> SourceRun {
        SourceRun {
            completeness,
            at: self.now.as_second(),
            duration_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            present: 0,
            changed: 0,
            removed: 0,
            missing: 0,
            confirms_absences: false,
            requests: self.counters.requests(),
            bytes: self.counters.bytes(),
            notes,
        }
    }

    fn advance(&self, count: usize) {
        self.progress.advance(count as u64);
    }
}
