//! A server in the test process, and a minimal client.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use gateway::{
    app::App,
    clock::Clock,
    config::{Config, Overrides, PrivateAddresses, SubgraphConfig},
    pipeline::Pipeline,
};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use url::Url;

use crate::support::{Installation, clock, runtime};

/// The program, serving an installation at the fixed time, on a free port.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) pipeline: Arc<Pipeline>,
    stop: Option<oneshot::Sender<()>>,
    runtime: Option<tokio::runtime::Runtime>,
}

/// Configuration of a subgraph. Its SDL comes from a file, or is fetched from the subgraph.
pub(crate) fn subgraph_config(name: &str, url: Url, sdl: Option<PathBuf>) -> SubgraphConfig {
    let (name, headers) = (name.to_owned(), Vec::new());
    let (timeout, poll) = (Duration::from_secs(2), Duration::from_millis(100));
    let private_addresses = PrivateAddresses::Rejected;
    let mapping = None;
    SubgraphConfig {
        name,
        url,
        sdl,
        mapping,
        headers,
        timeout,
        retries: 0,
        sdl_poll_interval: poll,
        private_addresses,
    }
}

/// A response of the server.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Status line and headers, in lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// `extensions.code` of the first error.
    pub(crate) fn code(&self) -> Value {
        self.json()["errors"][0]["extensions"]["code"].clone()
    }

    /// `extensions.limit.name` of the first error.
    pub(crate) fn limit(&self) -> Value {
        self.json()["errors"][0]["extensions"]["limit"]["name"].clone()
    }
}

impl Server {
    /// A newly built demo.
    pub(crate) fn demo() -> (Installation, Self) {
        let installation = Installation::of("fixtures/demo.toml");
        installation.build();
        let server = Self::of(&installation);
        (installation, server)
    }

    pub(crate) fn of(installation: &Installation) -> Self {
        Self::with(installation, |_| ())
    }

    /// A server with a modified configuration.
    pub(crate) fn with(installation: &Installation, change: impl FnOnce(&mut Config)) -> Self {
        let overrides = Overrides {
            data: Some(installation.data()),
            listen: Some("127.0.0.1:0".to_owned()),
            ..Overrides::default()
        };
        let mut config =
            Config::load(Some(installation.config()), &overrides).expect("a valid configuration");
        config.clock = Clock::Fixed(clock());
        change(&mut config);
        let runtime = runtime();
        let app = runtime.block_on(App::build(config)).expect("it starts");
        let (address, pipeline) = (app.address(), Arc::clone(app.pipeline()));
        let (stop, stopped) = oneshot::channel();
        runtime.spawn(async move {
            let shutdown = async move {
                let _ = stopped.await;
            };
            app.run(shutdown).await.expect("it serves");
        });
        Self { address, pipeline, stop: Some(stop), runtime: Some(runtime) }
    }

    /// Sends a request. `head` is the request line, optionally followed by headers.
    pub(crate) fn request(&self, head: &str, body: impl AsRef<[u8]>) -> Reply {
        exchange(self.address, head, body.as_ref())
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.request(&format!("GET {path} HTTP/1.1"), "")
    }

    /// Sends a GET request, optionally with headers.
    pub(crate) fn get_query(&self, query: &str, headers: &str) -> Reply {
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        self.request(&format!("GET /graphql?query={query} HTTP/1.1{headers}"), "")
    }

    /// Posts JSON to `/graphql`.
    pub(crate) fn post(&self, body: &Value) -> Reply {
        let head = "POST /graphql HTTP/1.1\r\ncontent-type: application/json";
        self.request(head, body.to_string())
    }

    pub(crate) fn query_with(&self, query: &str, variables: &Value) -> Value {
        let reply = self.post(&json!({ "query": query, "variables": variables }));
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    pub(crate) fn query(&self, query: &str) -> Value {
        self.query_with(query, &json!({}))
    }

    /// The value of a metric; 0 if it has no value yet.
    pub(crate) fn metric_value(&self, metric: &str) -> f64 {
        let text = self.get("/metrics").body;
        let line = text.lines().find_map(|line| line.strip_prefix(metric)?.strip_prefix(' '));
        line.map_or(0.0, |number| number.parse().expect("a number"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Sends a request to `address`. `head` is the request line, optionally followed by headers.
pub(crate) fn exchange(address: SocketAddr, head: &str, body: &[u8]) -> Reply {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let length = body.len();
    write!(
        stream,
        "{head}\r\nhost: wegwijzer.example\r\nx-request-id: test\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n"
    )
    .expect("writable");
    // The server may reject a request before it has read the whole body.
    let _ = stream.write_all(body);
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response);
    let response = String::from_utf8_lossy(&response).into_owned();
    let (head, body) = response.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
    Reply { status, head: head.to_lowercase(), body: body.to_owned() }
}
