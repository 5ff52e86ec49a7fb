//! Composes the local subgraph with the configured ones: once for the command line, and repeatedly
//! while serving.
//!
//! The local subgraph is always included. For an unreachable subgraph, its last known SDL is used;
//! without one, the subgraph is omitted until it responds.

mod last_known;

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;

use self::last_known::{Composition, compose_all, compose_fitting};
use crate::{
    compose::{CompositionError, InaccessibleFields, SubgraphSdl},
    config::{RouterConfig, SubgraphConfig, masked},
    current_supergraph::CurrentSupergraph,
    error::with_causes,
    sdl_cache::{SdlCache, read_sdl},
    subgraph::{HttpClient, fetch_sdl},
};

/// The SDLs of the available subgraphs, the local one first, and errors for the others.
#[derive(Debug)]
pub struct CollectedSdl {
    /// SDLs to compose.
    pub subgraphs: Vec<SubgraphSdl>,
    /// One error for each subgraph without an SDL.
    pub missing: Vec<CompositionError>,
}

/// Collects the SDLs of all subgraphs, each from its configured file or else from its endpoint.
pub async fn collect_sdl(config: &RouterConfig, client: &HttpClient) -> CollectedSdl {
    let local = config.local.iter().map(|local| local.sdl.clone()).collect();
    let mut collected = CollectedSdl { subgraphs: local, missing: Vec::new() };
    let fetches = config.subgraphs.iter().map(|subgraph| read_or_fetch_sdl(subgraph, client));
    for (subgraph, sdl) in config.subgraphs.iter().zip(join_all(fetches).await) {
        match sdl {
            Ok(sdl) => collected.subgraphs.push(subgraph_sdl(subgraph, sdl)),
            Err(message) => collected.missing.push(CompositionError {
                message,
                subgraphs: vec![subgraph.name.clone()],
                ..CompositionError::default()
            }),
        }
    }
    collected
}

fn subgraph_sdl(subgraph: &SubgraphConfig, sdl: String) -> SubgraphSdl {
    SubgraphSdl {
        name: subgraph.name.clone(),
        url: subgraph.url.to_string(),
        sdl,
        mapping: subgraph.mapping.clone(),
        inaccessible_fields: InaccessibleFields::Hidden,
    }
}

async fn read_or_fetch_sdl(
    subgraph: &SubgraphConfig,
    client: &HttpClient,
) -> Result<String, String> {
    match subgraph.sdl.clone() {
        Some(path) => tokio::task::spawn_blocking(move || read_sdl(&path))
            .await
            .unwrap_or_else(|_panicked| Err("reading the SDL panicked".to_owned())),
        None => fetch_sdl(subgraph, client.clone()).await.map_err(|error| {
            let cause = with_causes(&error);
            format!("cannot fetch SDL: {cause}: `{}`", masked(&subgraph.url))
        }),
    }
}

/// Composes the configured subgraphs, activates the supergraph, and repeats this when an SDL
/// changes, until the task is dropped. Errors are logged once, and the previous supergraph stays
/// active.
pub async fn run(slot: Arc<CurrentSupergraph>) {
    let intervals = slot.config().subgraphs.iter().map(|subgraph| subgraph.sdl_poll_interval);
    let Some(interval) = intervals.min() else { return };
    let mut composer = Composer {
        client: HttpClient::new(slot.config().user_agent),
        slot,
        sdl_cache: None,
        supergraph: None,
        logged_errors: String::new(),
    };
    loop {
        let is_complete = composer.poll().await;
        let wait = if is_complete { interval } else { interval.min(MISSING_POLL_INTERVAL) };
        tokio::time::sleep(wait).await;
    }
}

/// Maximum interval between two polls while the SDL of a subgraph is missing.
const MISSING_POLL_INTERVAL: Duration = Duration::from_secs(2);

/// State between compositions.
struct Composer {
    slot: Arc<CurrentSupergraph>,
    client: HttpClient,
    /// `None` before the first composition, and after one that panicked.
    sdl_cache: Option<SdlCache>,
    /// SDL of the last activated supergraph.
    supergraph: Option<String>,
    /// Errors of the last composition, so that each is logged only once.
    logged_errors: String,
}

impl Composer {
    /// Composes once; returns whether all SDLs were available.
    async fn poll(&mut self) -> bool {
        let CollectedSdl { subgraphs, missing } =
            collect_sdl(self.slot.config(), &self.client).await;
        let is_complete = missing.is_empty();
        let mut errors = missing;
        let (slot, sdl_cache) = (Arc::clone(&self.slot), self.sdl_cache.take());
        let compose = if self.supergraph.is_none() { compose_fitting } else { compose_all };
        let composing = tokio::task::spawn_blocking(move || {
            let config = slot.config();
            let mut sdl_cache =
                sdl_cache.unwrap_or_else(|| SdlCache::read(&config.sdl_cache, &config.subgraphs));
            let composed = compose(config, subgraphs, &mut sdl_cache);
            (sdl_cache, composed)
        });
        // The panic hook logs a panic.
        let Ok((sdl_cache, composed)) = composing.await else { return is_complete };
        self.sdl_cache = Some(sdl_cache);
        let Composition { supergraph, errors: more } = composed;
        errors.extend(more);
        match supergraph {
            Some((sdl, supergraph)) if self.supergraph.as_ref() != Some(&sdl) => {
                match self.slot.activate(supergraph).await {
                    Ok(()) => {
                        self.supergraph = Some(sdl);
                        tracing::info!(complete = is_complete, "activated composed supergraph");
                    }
                    Err(error) => {
                        let error = with_causes(&error);
                        let message = format!("keeping the previous supergraph: {error}");
                        errors.push(CompositionError { message, ..CompositionError::default() });
                    }
                }
            }
            Some(_) => {}
            None => self.slot.mark_outdated(),
        }
        self.log_errors(&errors);
        is_complete
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
