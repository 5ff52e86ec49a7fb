//! `wegwijzer compose`: our graph and those of partners as one supergraph.

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;
use futures_util::future::join_all;
use serde_json::json;
use tokio::runtime::Runtime;

use super::{CommandError, output};
use crate::{
    config::{Config, OWN_SUBGRAPH, Overrides, Subgraph},
    graphql,
    subgraph::{self, Client},
    supergraph::compose::{CompositionProblem, SubgraphSdl, compose},
};

/// A longer SDL is not read.
const SDL_BYTES_MAX: u64 = 4 << 20;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Configuration; `wegwijzer.toml` if not given.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Prints JSON: the supergraph, or the problems with type, field and subgraphs.
    #[arg(long)]
    json: bool,
}

/// Prints the supergraph, or every reason why there is none.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, CommandError> {
    let overrides = Overrides::from_environment();
    let config = Config::load(arguments.config.as_deref(), &overrides)?;
    let subgraphs = Runtime::new()?.block_on(subgraphs(&config));
    match subgraphs.and_then(|subgraphs| compose(&subgraphs)) {
        Ok(sdl) if arguments.json => output::json(&json!({ "supergraph": sdl }))?,
        Ok(sdl) => output::text(sdl)?,
        Err(problems) => {
            tell(&problems, arguments.json)?;
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells every problem: to people on standard error, to machines as the result.
fn tell(problems: &[CompositionProblem], as_json: bool) -> Result<(), CommandError> {
    if as_json {
        return output::json(&json!({ "problems": problems }));
    }
    let mut error = io::stderr().lock();
    for problem in problems {
        writeln!(error, "wegwijzer: {problem}")?;
    }
    Ok(())
}

/// Our graph and those of partners, each from its file or else from the partner.
async fn subgraphs(config: &Config) -> Result<Vec<SubgraphSdl>, Vec<CompositionProblem>> {
    let own = config.public_url.join("graphql").expect("a word is a path");
    let ours = SubgraphSdl {
        name: OWN_SUBGRAPH.to_owned(),
        url: own.into(),
        sdl: graphql::federation_sdl(),
    };
    let (mut subgraphs, mut problems) = (vec![ours], Vec::new());
    let client = Client::new();
    let asked = join_all(config.subgraphs.iter().map(|partner| sdl_of(partner, &client))).await;
    for (partner, sdl) in config.subgraphs.iter().zip(asked) {
        match sdl {
            Ok(sdl) => subgraphs.push(SubgraphSdl {
                name: partner.name.clone(),
                url: partner.url.to_string(),
                sdl,
            }),
            Err(message) => problems.push(CompositionProblem {
                message,
                subgraphs: vec![partner.name.clone()],
                ..CompositionProblem::default()
            }),
        }
    }
    if problems.is_empty() { Ok(subgraphs) } else { Err(problems) }
}

/// The SDL of a partner.
async fn sdl_of(partner: &Subgraph, client: &Client) -> Result<String, String> {
    let Some(path) = &partner.sdl else {
        let asked = subgraph::sdl_of(partner, client.clone()).await;
        return asked.map_err(|error| format!("asked for its SDL, {error}: `{}`", partner.url));
    };
    let told = |cause: &dyn std::fmt::Display| {
        format!("its SDL cannot be read: {cause}: `{}`", path.display())
    };
    let bytes = fs::metadata(path).map_err(|cause| told(&cause))?.len();
    if bytes > SDL_BYTES_MAX {
        return Err(told(&format!("it has more than {SDL_BYTES_MAX} bytes")));
    }
    fs::read_to_string(path).map_err(|cause| told(&cause))
}
