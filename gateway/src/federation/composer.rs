//! Our graph and those of partners, gathered and made one: by `wegwijzer compose`, and while serving.
//!
//! Our own graph always serves. A partner that is down when it is asked for its SDL is composed by what
//! it said last, and joins later where it never said anything.

use std::{fs, path::Path, sync::Arc, time::Duration};

use futures_util::future::join_all;

use crate::{
    config::{Config, LOCAL_SUBGRAPH_NAME, SubgraphConfig},
    federation::{
        Supergraph,
        compose::{CompositionError, SubgraphSdl, compose},
        sdl_cache::SdlCache,
        subgraph,
        subgraph::HttpClient,
    },
    graphql,
    pipeline::Pipeline,
};

/// A longer SDL is not read from a file.
const SDL_BYTES_MAX: u64 = 4 << 20;

/// The graphs that could be had, ours first, and why others could not.
#[derive(Debug)]
pub(crate) struct CollectedSdl {
    /// What can be composed.
    pub(crate) subgraphs: Vec<SubgraphSdl>,
    /// Partners whose SDL could not be had.
    pub(crate) missing: Vec<CompositionError>,
}

/// Gathers our graph and those of partners, each from its file or else from the partner.
pub(crate) async fn collect_sdl(config: &Config, client: &HttpClient) -> CollectedSdl {
    let own = config.public_url.join("graphql").expect("`graphql` is a valid relative URL");
    let ours = SubgraphSdl {
        name: LOCAL_SUBGRAPH_NAME.to_owned(),
        url: own.into(),
        sdl: graphql::federation_sdl(),
    };
    let mut collected = CollectedSdl { subgraphs: vec![ours], missing: Vec::new() };
    let fetched =
        join_all(config.subgraphs.iter().map(|subgraph| read_or_fetch_sdl(subgraph, client))).await;
    for (subgraph, sdl) in config.subgraphs.iter().zip(fetched) {
        match sdl {
            Ok(sdl) => collected.subgraphs.push(SubgraphSdl {
                name: subgraph.name.clone(),
                url: subgraph.url.to_string(),
                sdl,
            }),
            Err(message) => collected.missing.push(CompositionError {
                message,
                subgraphs: vec![subgraph.name.clone()],
                ..CompositionError::default()
            }),
        }
    }
    collected
}

/// The SDL of a partner.
async fn read_or_fetch_sdl(
    subgraph: &SubgraphConfig,
    client: &HttpClient,
) -> Result<String, String> {
    match &subgraph.sdl {
        Some(path) => read(path),
        None => subgraph::fetch_sdl(subgraph, client.clone())
            .await
            .map_err(|error| format!("cannot fetch SDL: {error}: `{}`", subgraph.url)),
    }
}

pub(crate) fn read(path: &Path) -> Result<String, String> {
    let read_error =
        |cause: &dyn std::fmt::Display| format!("cannot read SDL: {cause}: `{}`", path.display());
    let bytes = fs::metadata(path).map_err(|cause| read_error(&cause))?.len();
    if bytes > SDL_BYTES_MAX {
        return Err(read_error(&format!("file exceeds {SDL_BYTES_MAX} bytes")));
    }
    fs::read_to_string(path).map_err(|cause| read_error(&cause))
}

/// Composes the partners of the configuration with our graph, and again whenever one of them says
/// something else, for ever. What cannot be composed is logged once, and what served before goes on.
pub(crate) async fn run(config: Arc<Config>, pipeline: Arc<Pipeline>) {
    let polls = config.subgraphs.iter().map(|subgraph| subgraph.sdl_poll_interval);
    let (Some(poll), None) = (polls.min(), &config.federation.supergraph) else {
        return std::future::pending().await;
    };
    let mut composition = CompositionLoop::new(SdlCache::read(&config.data, &config.subgraphs));
    loop {
        composition.poll_once(&config, &pipeline).await;
        tokio::time::sleep(composition.poll_interval(poll)).await;
    }
}

/// While a partner is missing it is asked again after so long, if it is polled more seldom.
const MISSING_POLL_INTERVAL: Duration = Duration::from_secs(2);

/// What was composed last.
struct CompositionLoop {
    client: HttpClient,
    sdl_cache: SdlCache,
    supergraph: Option<String>,
    /// What was told last, so that it is told once.
    logged_errors: String,
    is_complete: bool,
}

impl CompositionLoop {
    fn new(sdl_cache: SdlCache) -> Self {
        let (client, logged_errors) = (HttpClient::new(), String::new());
        Self { client, sdl_cache, supergraph: None, logged_errors, is_complete: false }
    }

    fn poll_interval(&self, poll: Duration) -> Duration {
        if self.is_complete { poll } else { poll.min(MISSING_POLL_INTERVAL) }
    }

    async fn poll_once(&mut self, config: &Config, pipeline: &Pipeline) {
        let CollectedSdl { mut subgraphs, missing } = collect_sdl(config, &self.client).await;
        self.is_complete = missing.is_empty();
        for subgraph in subgraphs.iter().filter(|subgraph| subgraph.name != LOCAL_SUBGRAPH_NAME) {
            self.sdl_cache.update(&subgraph.name, &subgraph.sdl);
        }
        for configured in &config.subgraphs {
            let is_available = subgraphs.iter().any(|subgraph| subgraph.name == configured.name);
            if let Some(sdl) = self.sdl_cache.get(&configured.name).filter(|_| !is_available) {
                let (name, url) = (configured.name.clone(), configured.url.to_string());
                subgraphs.push(SubgraphSdl { name, url, sdl: sdl.clone() });
            }
        }
        let mut errors = missing;
        let composing = tokio::task::spawn_blocking(move || {
            let sdl = compose(&subgraphs)?;
            let supergraph = Supergraph::load(&sdl).map_err(|cause| {
                let message = format!("cannot load supergraph: {cause}");
                vec![CompositionError { message, ..CompositionError::default() }]
            })?;
            Ok::<_, Vec<CompositionError>>((sdl, supergraph))
        });
        // A panic is logged by its hook.
        let Ok(composed) = composing.await else { return };
        match composed {
            Ok((sdl, supergraph)) if self.supergraph.as_ref() != Some(&sdl) => {
                match pipeline.activate_supergraph(supergraph).await {
                    Ok(()) => {
                        self.supergraph = Some(sdl);
                        let complete = self.is_complete;
                        tracing::info!(complete, "activated composed supergraph");
                    }
                    Err(breaking) => {
                        let message = format!("keeping the previous supergraph: {breaking}");
                        errors.push(CompositionError { message, ..Default::default() });
                    }
                }
            }
            Ok(_) => {}
            Err(more) => {
                pipeline.mark_outdated();
                errors.extend(more);
            }
        }
        self.log_errors(&errors);
    }

    fn log_errors(&mut self, errors: &[CompositionError]) {
        let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let text = messages.join("; ");
        if text != self.logged_errors && !text.is_empty() {
            tracing::warn!(error = %text, "composition incomplete");
        }
        self.logged_errors = text;
    }
}
