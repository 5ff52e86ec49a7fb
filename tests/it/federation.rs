//! The gateway with real subgraphs: small HTTP servers in the test process.

mod authorization;
mod composed_topics;
mod composition_topics;
mod compressed_responses;
mod faulty_subgraphs;
mod generated;
mod headers;
mod hostile_subgraphs;
mod jwks;
mod large_entity_lists;
mod local_fetches;
mod plain_services;
mod private_networks;
mod rejected_supergraphs;
mod schema_check;
mod server_sdls;
pub(crate) mod subgraph;
mod topics;
mod traces;
mod values;

use std::{net::SocketAddr, path::Path};

use gateway::{
    app::App,
    config::{Config, Overrides, PrivateAddresses},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::{
    support::{repository, runtime},
    test_server::{Reply, exchange},
};

/// A gateway with a supergraph and without a data folder.
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    folder: TempDir,
    stop: Option<oneshot::Sender<()>>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Gateway {
    pub(crate) fn over(supergraph: &str) -> Self {
        Self::with(supergraph, |_| ())
    }

    /// A gateway with a modified configuration.
    pub(crate) fn with(supergraph: &str, change: impl FnOnce(&mut Config)) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("supergraph.graphql");
        std::fs::write(&file, supergraph).unwrap();
        let overrides = Overrides {
            listen: Some("127.0.0.1:0".to_owned()),
            supergraph: Some(file),
            // The fixtures have names for subgraphs that a test does not call.
            private_addresses: PrivateAddresses::Allowed,
            ..Overrides::default()
        };
        let mut config = Config::load_to_serve(None, &overrides).unwrap();
        change(&mut config);
        let runtime = runtime();
        let app = runtime.block_on(App::build(config)).unwrap_or_else(|error| panic!("{error}"));
        let address = app.address();
        let (stop, stopped) = oneshot::channel();
        runtime.spawn(async move {
            let shutdown = async move {
                let _ = stopped.await;
            };
            app.run(shutdown).await.unwrap();
        });
        Self { address, folder, stop: Some(stop), runtime: Some(runtime) }
    }

    /// Replaces the supergraph file, which the gateway polls.
    pub(crate) fn replace(&self, supergraph: &str) {
        let replacement = self.folder.path().join("newer");
        std::fs::write(&replacement, supergraph).unwrap();
        std::fs::rename(replacement, self.folder.path().join("supergraph.graphql")).unwrap();
    }

    pub(crate) fn post(&self, body: &Value) -> Reply {
        self.post_with("", body)
    }

    /// Posts a request with additional headers.
    pub(crate) fn post_with(&self, headers: &str, body: &Value) -> Reply {
        let head = format!("POST /graphql HTTP/1.1\r\ncontent-type: application/json{headers}");
        exchange(self.address, &head, body.to_string().as_bytes())
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        exchange(self.address, &format!("GET {path} HTTP/1.1"), b"")
    }

    pub(crate) fn query(&self, query: &str) -> Value {
        self.post(&json!({ "query": query })).json()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A supergraph of the fixtures, with each subgraph NAME at `http://NAME.test/graphql`.
pub(crate) fn supergraph(topic: &str) -> String {
    let file = Path::new("fixtures/federation").join(format!("{topic}.graphql"));
    std::fs::read_to_string(repository().join(file)).unwrap()
}

/// Replaces the URLs in a supergraph with those of running subgraphs.
pub(crate) fn at_addresses(
    supergraph: &str,
    servers: impl IntoIterator<Item = (String, SocketAddr)>,
) -> String {
    servers.into_iter().fold(supergraph.to_owned(), |text, (name, address)| {
        text.replace(&format!("http://{name}.test/"), &format!("http://{address}/"))
    })
}
