//! Servers that send any bytes, and a network in which they have public addresses.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;
use url::Url;

use crate::sync::http::*;

/// The public addresses of `a.test` and `b.test`.
pub(super) const A: &str = "93.184.216.34";
pub(super) const B: &str = "151.101.1.69";

/// What a server does after it has received a request.
#[derive(Debug, Clone)]
pub(super) enum ServerAction {
    Send(Vec<u8>),
    /// Sends the bytes until the client has gone.
    Repeat(Vec<u8>),
    /// Waits until the client has gone.
    Hold,
    Close,
}

/// A request as received.
#[derive(Debug, Clone)]
pub(super) struct ReceivedHead {
    /// Its number, from 0.
    pub(super) number: usize,
    pub(super) path: String,
    /// In lower case.
    pub(super) text: String,
}

type Handler = dyn Fn(&ReceivedHead) -> Vec<ServerAction> + Send + Sync;

/// A server on the loopback interface, until it is dropped.
pub(super) struct HttpTestServer {
    pub(super) address: SocketAddr,
    state: Arc<ServerState>,
    task: JoinHandle<()>,
}

struct ServerState {
    handler: Box<Handler>,
    tls: Option<TlsAcceptor>,
    heads: Mutex<Vec<ReceivedHead>>,
    connections: AtomicUsize,
}

impl HttpTestServer {
    pub(super) async fn start(
        handler: impl Fn(&ReceivedHead) -> Vec<ServerAction> + Send + Sync + 'static,
    ) -> Self {
        Self::start_with(None, Box::new(handler)).await
    }

    pub(super) async fn start_with(tls: Option<TlsAcceptor>, handler: Box<Handler>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (heads, connections) = (Mutex::default(), AtomicUsize::new(0));
        let state = Arc::new(ServerState { handler, tls, heads, connections });
        let accepting = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                accepting.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(Arc::clone(&accepting).accept(stream));
            }
        });
        Self { address, state, task }
    }

    /// The requests so far.
    pub(super) fn heads(&self) -> Vec<ReceivedHead> {
        self.state.heads.lock().unwrap().clone()
    }

    /// Number of connections so far.
    pub(super) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

impl Drop for HttpTestServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ServerState {
    async fn accept(self: Arc<Self>, stream: TcpStream) {
        match &self.tls {
            None => self.serve(stream).await,
            Some(acceptor) => {
                if let Ok(stream) = acceptor.accept(stream).await {
                    self.serve(stream).await;
                }
            }
        }
    }

    async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        while let Some(text) = read_head(&mut stream).await {
            let head = {
                let mut heads = self.heads.lock().unwrap();
                let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
                let head = ReceivedHead { number: heads.len(), path, text };
                heads.push(head.clone());
                head
            };
            for action in (self.handler)(&head) {
                if act(&mut stream, action).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn act(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    action: ServerAction,
) -> io::Result<()> {
    match action {
        ServerAction::Send(bytes) => stream.write_all(&bytes).await?,
        ServerAction::Repeat(bytes) => loop {
            stream.write_all(&bytes).await?;
            tokio::task::yield_now().await;
        },
        ServerAction::Hold => {
            stream.flush().await?;
            let _ = stream.read(&mut [0]).await;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        ServerAction::Close => {
            stream.shutdown().await?;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
    }
    stream.flush().await
}

async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&bytes).to_ascii_lowercase())
}

/// A complete response.
pub(super) fn respond(status: &str, headers: &[&str], body: &[u8]) -> Vec<ServerAction> {
    let length = format!("content-length: {}", body.len());
    let lines: Vec<_> = headers.iter().copied().chain([length.as_str()]).collect();
    vec![ServerAction::Send(head(status, &lines)), ServerAction::Send(body.to_vec())]
}

pub(super) fn redirect(status: &str, location: &str) -> Vec<ServerAction> {
    respond(status, &[&format!("location: {location}")], b"")
}

/// The head of a response.
pub(super) fn head(status: &str, headers: &[&str]) -> Vec<u8> {
    let status_line = format!("HTTP/1.1 {status}");
    let lines = [status_line.as_str()].into_iter().chain(headers.iter().copied());
    lines.chain(["", ""]).collect::<Vec<_>>().join("\r\n").into_bytes()
}

/// Names and addresses. Connections to an address without a server are not accepted.
#[derive(Default)]
pub(super) struct TestNetwork {
    names: HashMap<String, Vec<Vec<IpAddr>>>,
    servers: HashMap<IpAddr, SocketAddr>,
    lookups: Mutex<HashMap<String, usize>>,
    connections: Mutex<Vec<SocketAddr>>,
}

impl TestNetwork {
    /// A network in which `a.test` is a server.
    pub(super) fn of(server: &HttpTestServer) -> Self {
        Self::default().name("a.test", &[A]).server(A, server)
    }

    /// Gives a name its addresses. Called again, it gives those of the next lookup.
    pub(super) fn name(mut self, name: &str, addresses: &[&str]) -> Self {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.names.entry(name.to_owned()).or_default().push(addresses);
        self
    }

    /// Gives a server an address.
    pub(super) fn server(mut self, address: &str, server: &HttpTestServer) -> Self {
        self.servers.insert(address.parse().unwrap(), server.address);
        self
    }

    /// The addresses to which connections were attempted.
    pub(super) fn connections(&self) -> Vec<String> {
        self.connections.lock().unwrap().iter().map(ToString::to_string).collect()
    }

    /// Number of lookups of a name.
    pub(super) fn lookups(&self, name: &str) -> usize {
        self.lookups.lock().unwrap().get(name).copied().unwrap_or_default()
    }
}

impl Network for TestNetwork {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let mut lookups = self.lookups.lock().unwrap();
        let count = lookups.entry(host.to_owned()).or_default();
        let addresses = self.names.get(host).and_then(|all| all.get(*count).or(all.last()));
        *count += 1;
        let result = addresses.cloned().ok_or_else(|| io::ErrorKind::NotFound.into());
        Box::pin(async move { result })
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<TcpStream>> {
        self.connections.lock().unwrap().push(address);
        let server = self.servers.get(&address.ip()).copied();
        Box::pin(async move {
            match server {
                Some(server) => TcpStream::connect(server).await,
                None => Err(io::ErrorKind::ConnectionRefused.into()),
            }
        })
    }
}

/// A client without pauses, and without retries.
pub(super) fn config() -> HttpConfig {
    HttpConfig {
        request_interval: Duration::ZERO,
        retries_max: 0,
        retry_delay: Duration::from_millis(1),
        ..HttpConfig::new("test@example.nl")
    }
}

/// A client, its network, and the counters of its requests.
pub(super) struct TestClient {
    pub(super) client: HttpClient,
    pub(super) network: Arc<TestNetwork>,
    pub(super) counters: Arc<HttpCounters>,
}

impl TestClient {
    pub(super) fn new(network: TestNetwork, config: HttpConfig) -> Self {
        let network = Arc::new(network);
        let shared: Arc<dyn Network> = Arc::clone(&network) as _;
        let client = HttpClient::with_network(config, &shared).unwrap();
        Self { client, network, counters: Arc::default() }
    }

    /// A request of a source at that address, to public addresses and without credentials.
    pub(super) fn request(&self, url: &str) -> HttpRequest {
        let url: Url = url.parse().unwrap();
        let policy = Arc::new(SourcePolicy::new(&url));
        HttpRequest::new(url, policy, Arc::clone(&self.counters))
    }

    pub(super) async fn get(&self, url: &str) -> Result<HttpResponse, HttpError> {
        self.client.get(&self.request(url)).await
    }

    /// The error of a request.
    pub(super) async fn error(&self, url: &str) -> HttpError {
        self.get(url).await.map(|response| response.content).unwrap_err()
    }
}

/// A client of one server, which is `a.test`.
pub(super) async fn client_of(
    handler: impl Fn(&ReceivedHead) -> Vec<ServerAction> + Send + Sync + 'static,
) -> (TestClient, HttpTestServer) {
    client_with(config(), handler).await
}

pub(super) async fn client_with(
    config: HttpConfig,
    handler: impl Fn(&ReceivedHead) -> Vec<ServerAction> + Send + Sync + 'static,
) -> (TestClient, HttpTestServer) {
    let server = HttpTestServer::start(handler).await;
    (TestClient::new(TestNetwork::of(&server), config), server)
}

/// The content of a response.
#[track_caller]
pub(super) fn fetched(response: HttpResponse) -> Fetched {
    match response.content {
        HttpContent::Fetched(fetched) => fetched,
        other => panic!("not fetched: {other:?}"),
    }
}
