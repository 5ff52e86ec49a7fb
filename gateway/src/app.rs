//! Wires everything together: builds a server from a configuration.

mod watch;

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use federation::{ActivationError, SupergraphFile, SupergraphFileError};
use futures_util::{FutureExt as _, future::BoxFuture};
use indexer::catalog::{Catalog, OpenError};
use poem::Server;
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    auth,
    auth::{Authenticator, JwksError, JwksProvider},
    config::Config,
    http,
    http::{hooks::Hooks, open_connections::OpenConnections},
    pipeline::{DocumentError, Pipeline},
    routes, vocabulary,
    vocabulary::{VocabularyFolder, VocabularyFolderError},
};

/// Timeout for requests in progress at shutdown.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(15);
/// Maximum number of concurrent requests on one HTTP/2 connection.
const STREAMS_MAX: u32 = 32;

/// Starts a background task.
type BackgroundTask = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send + Sync>;
/// A server that is bound to its address but not serving yet.
pub struct App {
    listener: TcpListener,
    address: SocketAddr,
    catalog: Option<Arc<Catalog>>,
    supergraph: Option<SupergraphFile>,
    pipeline: Arc<Pipeline>,
    jwks: Option<Arc<JwksProvider>>,
    tasks: Vec<BackgroundTask>,
    hooks: Option<Arc<Hooks>>,
    config: Arc<Config>,
}

/// Error of starting or running the server.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The data folder cannot be opened.
    #[error("cannot open data folder: `{}`", folder.display())]
    Open {
        /// Path of the folder.
        folder: PathBuf,
        /// The error of opening it.
        #[source]
        cause: OpenError,
    },
    /// The port is in use.
    #[error(
        "address already in use; stop the other program or choose another address with `--listen`: \
         `{0}`"
    )]
    AddressInUse(SocketAddr),
    /// The operating system denies permission.
    #[error("no permission to listen; choose a port of 1024 or higher with `--listen`: `{0}`")]
    NoPermission(SocketAddr),
    /// The address cannot be used on this machine.
    #[error("cannot listen; choose another address with `--listen`: `{address}`")]
    Listen {
        /// Address to listen on.
        address: SocketAddr,
        /// The error of the operating system.
        #[source]
        cause: io::Error,
    },
    /// The vocabulary cannot be used.
    #[error(transparent)]
    Vocabulary(#[from] VocabularyFolderError),
    /// The supergraph cannot be loaded.
    #[error(transparent)]
    Supergraph(#[from] SupergraphFileError),
    /// The supergraph cannot be served.
    #[error(transparent)]
    Activation(#[from] ActivationError),
    /// The token keys cannot be loaded.
    #[error(transparent)]
    Keys(#[from] JwksError),
    /// The trusted documents cannot be loaded.
    #[error(transparent)]
    Documents(#[from] DocumentError),
    /// The server stopped unexpectedly.
    #[error("server stopped unexpectedly")]
    Serve(#[source] io::Error),
    /// Opening the data folder panicked; the log has the cause.
    #[error("cannot open data folder; see the log for the cause: `{}`", .0.display())]
    Panicked(PathBuf),
    /// The socket of the parent cannot be used.
    #[error("cannot use the socket of the parent process")]
    Inherit(#[source] io::Error),
}

impl App {
    /// Opens the catalog and binds the address; with port 0, to any free port.
    ///
    /// A missing generation is not an error: requests are rejected until one is published.
    ///
    /// # Errors
    /// [`AppError`] if the data folder or the address cannot be used.
    pub async fn build(config: Config) -> Result<Self, AppError> {
        Self::build_on(None, config).await
    }

    /// As [`Self::build`], on a socket of the parent process if there is one.
    pub(crate) async fn build_on(
        inherited: Option<std::net::TcpListener>,
        config: Config,
    ) -> Result<Self, AppError> {
        let catalog = if config.federation.supergraph_only {
            None
        } else {
            Some(Arc::new(open_catalog(&config).await?))
        };
        let listener = match inherited {
            Some(listener) => from_parent(listener).map_err(AppError::Inherit)?,
            None => TcpListener::bind(config.listen)
                .await
                .map_err(|cause| listen_error(config.listen, cause))?,
        };
        let address = listener
            .local_addr()
            .map_err(|cause| AppError::Listen { address: config.listen, cause })?;
        let config = Arc::new(config);
        let pipeline = Arc::new(Pipeline::new(catalog.clone(), Arc::clone(&config))?);
        let supergraph = match &config.federation.supergraph {
            None => None,
            Some(path) => {
                let bytes_max = config.limits.supergraph_bytes_max;
                let (file, supergraph) = SupergraphFile::open(path, bytes_max)?;
                pipeline.supergraph().activate(supergraph).await?;
                Some(file)
            }
        };
        let jwks = match &config.authentication {
            Some(authentication) => Some(JwksProvider::open(&authentication.jwks).await?),
            None => None,
        };
        let (tasks, hooks) = (Vec::new(), None);
        Ok(Self { listener, address, catalog, supergraph, pipeline, jwks, tasks, hooks, config })
    }

    /// Runs a task, such as the schedule of the sources, while the server runs.
    #[must_use]
    pub(crate) fn with_task<F>(mut self, start: impl FnOnce() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.push(Box::new(move || start().boxed()));
        self
    }

    /// Receives hooks while the server runs.
    #[must_use]
    pub(crate) fn with_hooks(mut self, hooks: Hooks) -> Self {
        self.hooks = Some(Arc::new(hooks));
        self
    }

    /// The address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The GraphQL pipeline, without HTTP.
    pub fn pipeline(&self) -> &Arc<Pipeline> {
        &self.pipeline
    }

    /// Serves until `shutdown` completes; then accepts no new connections, ends each open one after
    /// its next response, and waits at most fifteen seconds for requests in progress.
    ///
    /// # Errors
    /// [`AppError::Serve`] if the server stops unexpectedly.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), AppError> {
        let mut background = JoinSet::new();
        let slot = self.pipeline.supergraph();
        match self.supergraph {
            Some(file) => background.spawn(federation::watch(file, Arc::clone(slot))),
            None => background.spawn(federation::composition_loop::run(Arc::clone(slot))),
        };
        if let Some(catalog) = self.catalog {
            let vocabulary = self.config.vocabulary.clone().map(VocabularyFolder::new);
            background.spawn(watch::watch_data_folder(catalog, vocabulary));
        }
        if let Some(jwks) = &self.jwks {
            background.spawn(auth::run_refresh(Arc::clone(jwks)));
        }
        for task in self.tasks {
            background.spawn(task());
        }
        let authentication = self.config.authentication.as_ref().zip(self.jwks);
        let authenticator = authentication.map(|(config, jwks)| Authenticator::new(config, jwks));
        let connections = Arc::new(OpenConnections::default());
        let limits = &self.config.limits;
        let acceptor = http::LimitedListener::new(self.listener, limits, Arc::clone(&connections));
        let endpoint = routes::endpoint_of_connections(
            self.pipeline,
            authenticator,
            self.hooks,
            &self.config,
            Arc::clone(&connections),
        );
        let shutdown = async move {
            shutdown.await;
            connections.drain().await;
        };
        let server =
            Server::new_with_acceptor(acceptor).http2_max_concurrent_streams(Some(STREAMS_MAX));
        // Background tasks are aborted when their `JoinSet` is dropped.
        server
            .run_with_graceful_shutdown(endpoint, shutdown, Some(SHUTDOWN_TIMEOUT))
            .await
            .map_err(AppError::Serve)
    }
}

/// Opens the catalog of the data folder.
async fn open_catalog(config: &Config) -> Result<Catalog, AppError> {
    let (folder, searches) = (config.data.clone(), config.limits.searches());
    let opened = tokio::task::spawn_blocking(move || Catalog::open_with(&folder, searches)).await;
    let catalog = opened
        .map_err(|_| AppError::Panicked(config.data.clone()))?
        .map_err(|cause| AppError::Open { folder: config.data.clone(), cause })?;
    if let Some(folder) = &config.vocabulary {
        catalog.set_vocabulary(vocabulary::read(Some(folder))?);
    }
    if let Some(damage) = catalog.damage() {
        tracing::error!(error = %damage, "current generation is damaged; serving an older one");
    }
    Ok(catalog)
}

fn from_parent(listener: std::net::TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

fn listen_error(address: SocketAddr, cause: io::Error) -> AppError {
    match cause.kind() {
        io::ErrorKind::AddrInUse => AppError::AddressInUse(address),
        io::ErrorKind::PermissionDenied => AppError::NoPermission(address),
        _ => AppError::Listen { address, cause },
    }
}
