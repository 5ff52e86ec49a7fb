//! Our graph and those of partners, gathered and made one: by `wegwijzer compose`, and while serving.
//!
//! Our own graph always serves. A partner that is down when it is asked for its SDL is composed by what
//! it said last, and joins later where it never said anything.

mod said;

use std::{fs, path::Path, sync::Arc, time::Duration};

use futures_util::future::join_all;

use self::said::Said;
use crate::{
    config::{Config, OWN_SUBGRAPH, Subgraph},
    graphql,
    pipeline::Pipeline,
    subgraph::{self, Client},
    supergraph::{
        Supergraph,
        compose::{CompositionProblem, SubgraphSdl, compose},
    },
};

/// A longer SDL is not read from a file.
const SDL_BYTES_MAX: u64 = 4 << 20;

/// The graphs that could be had, ours first, and why others could not.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// What can be composed.
    pub(crate) subgraphs: Vec<SubgraphSdl>,
    /// Partners whose SDL could not be had.
    pub(crate) missing: Vec<CompositionProblem>,
}

/// Gathers our graph and those of partners, each from its file or else from the partner.
pub(crate) async fn gather(config: &Config, client: &Client) -> Gathered {
    let own = config.public_url.join("graphql").expect("a word is a path");
    let ours = SubgraphSdl {
        name: OWN_SUBGRAPH.to_owned(),
        url: own.into(),
        sdl: graphql::federation_sdl(),
    };
    let mut gathered = Gathered { subgraphs: vec![ours], missing: Vec::new() };
    let asked = join_all(config.subgraphs.iter().map(|partner| sdl_of(partner, client))).await;
    for (partner, sdl) in config.subgraphs.iter().zip(asked) {
        match sdl {
            Ok(sdl) => gathered.subgraphs.push(SubgraphSdl {
                name: partner.name.clone(),
                url: partner.url.to_string(),
                sdl,
            }),
            Err(message) => gathered.missing.push(CompositionProblem {
                message,
                subgraphs: vec![partner.name.clone()],
                ..CompositionProblem::default()
            }),
        }
    }
    gathered
}

/// The SDL of a partner.
async fn sdl_of(partner: &Subgraph, client: &Client) -> Result<String, String> {
    match &partner.sdl {
        Some(path) => read(path),
        None => subgraph::sdl_of(partner, client.clone())
            .await
            .map_err(|error| format!("asked for its SDL, {error}: `{}`", partner.url)),
    }
}

fn read(path: &Path) -> Result<String, String> {
    let told = |cause: &dyn std::fmt::Display| {
        format!("its SDL cannot be read: {cause}: `{}`", path.display())
    };
    let bytes = fs::metadata(path).map_err(|cause| told(&cause))?.len();
    if bytes > SDL_BYTES_MAX {
        return Err(told(&format!("it has more than {SDL_BYTES_MAX} bytes")));
    }
    fs::read_to_string(path).map_err(|cause| told(&cause))
}

/// Composes the partners of the configuration with our graph, and again whenever one of them says
/// something else, for ever. What cannot be composed is logged once, and what served before goes on.
pub(crate) async fn keep_composed(config: Arc<Config>, pipeline: Arc<Pipeline>) {
    let polls = config.subgraphs.iter().map(|partner| partner.poll);
    let (Some(poll), None) = (polls.min(), &config.federation.supergraph) else {
        return std::future::pending().await;
    };
    let mut composed = Composed::new(Said::read(&config.data, &config.subgraphs));
    loop {
        composed.look(&config, &pipeline).await;
        tokio::time::sleep(composed.pause(poll)).await;
    }
}

/// While a partner is missing it is asked again after so long, if it is polled more seldom.
const MISSING_PAUSE: Duration = Duration::from_secs(2);

/// What was composed last.
struct Composed {
    client: Client,
    said: Said,
    supergraph: Option<String>,
    /// What was told last, so that it is told once.
    told: String,
    is_complete: bool,
}

impl Composed {
    fn new(said: Said) -> Self {
        let (client, told) = (Client::new(), String::new());
        Self { client, said, supergraph: None, told, is_complete: false }
    }

    fn pause(&self, poll: Duration) -> Duration {
        if self.is_complete { poll } else { poll.min(MISSING_PAUSE) }
    }

    async fn look(&mut self, config: &Config, pipeline: &Pipeline) {
        let Gathered { mut subgraphs, missing } = gather(config, &self.client).await;
        self.is_complete = missing.is_empty();
        for subgraph in subgraphs.iter().filter(|subgraph| subgraph.name != OWN_SUBGRAPH) {
            self.said.now(&subgraph.name, &subgraph.sdl);
        }
        for partner in &config.subgraphs {
            let is_there = subgraphs.iter().any(|subgraph| subgraph.name == partner.name);
            if let Some(sdl) = self.said.of(&partner.name).filter(|_| !is_there) {
                let (name, url) = (partner.name.clone(), partner.url.to_string());
                subgraphs.push(SubgraphSdl { name, url, sdl: sdl.clone() });
            }
        }
        let mut problems = missing;
        let composing = tokio::task::spawn_blocking(move || {
            let sdl = compose(&subgraphs)?;
            let supergraph = Supergraph::load(&sdl).map_err(|cause| {
                let message = format!("the supergraph cannot be taken: {cause}");
                vec![CompositionProblem { message, ..CompositionProblem::default() }]
            })?;
            Ok::<_, Vec<CompositionProblem>>((sdl, supergraph))
        });
        // A panic is logged by its hook.
        let Ok(composed) = composing.await else { return };
        match composed {
            Ok((sdl, supergraph)) if self.supergraph.as_ref() != Some(&sdl) => {
                match pipeline.take(supergraph).await {
                    Ok(()) => {
                        self.supergraph = Some(sdl);
                        let complete = self.is_complete;
                        tracing::info!(complete, "serving together with partners");
                    }
                    Err(breaking) => {
                        let message = format!("the supergraph of before is served on: {breaking}");
                        problems.push(CompositionProblem { message, ..Default::default() });
                    }
                }
            }
            Ok(_) => {}
            Err(more) => {
                pipeline.not_taken();
                problems.extend(more);
            }
        }
        self.tell(&problems);
    }

    fn tell(&mut self, problems: &[CompositionProblem]) {
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let told = told.join("; ");
        if told != self.told && !told.is_empty() {
            tracing::warn!(cause = %told, "not all partners could be joined");
        }
        self.told = told;
    }
}
