//! `wegwijzer compose`: our graph and the configured subgraphs as one supergraph.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;
use federation::{
    compose::{CompositionError, SubgraphSdl, compose},
    composer::collect_sdl,
    config::masked_text,
    subgraph::HttpClient,
};
use serde_json::json;
use tokio::runtime::Runtime;

use super::{CommandError, output};
use crate::{
    config::{Config, Overrides},
    graphql,
};

#[derive(Debug, Args)]
pub(super) struct ComposeArguments {
    /// Configuration file; `wegwijzer.toml` if not given.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Prints JSON: the supergraph, or the composition errors with type, field and subgraphs.
    #[arg(long)]
    json: bool,
}

/// Prints the supergraph, or every composition error.
pub(super) fn run(arguments: &ComposeArguments) -> Result<ExitCode, CommandError> {
    let overrides = Overrides::from_environment();
    let config = Config::load(arguments.config.as_deref(), &overrides)?;
    let collected = Runtime::new()?.block_on(collect_sdl(
        &config.router(graphql::federation_sdl()),
        &HttpClient::new(crate::PROGRAM),
    ));
    let all =
        if collected.missing.is_empty() { Ok(collected.subgraphs) } else { Err(collected.missing) };
    // A supergraph is published: keys in addresses are no part of it.
    let masked_sdl = |mut subgraphs: Vec<SubgraphSdl>| {
        for subgraph in &mut subgraphs {
            subgraph.url = masked_text(&subgraph.url);
        }
        compose(&subgraphs)
    };
    match all.and_then(masked_sdl) {
        Ok(sdl) if arguments.json => output::json(&json!({ "supergraph": sdl }))?,
        Ok(sdl) => output::text(sdl)?,
        Err(errors) => {
            print_errors(&errors, arguments.json)?;
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints every error: as lines on standard error, or as the JSON result.
fn print_errors(errors: &[CompositionError], as_json: bool) -> Result<(), CommandError> {
    if as_json {
        return output::json(&json!({ "errors": errors }));
    }
    let mut stderr = io::stderr().lock();
    for error in errors {
        writeln!(stderr, "wegwijzer: {error}")?;
    }
    Ok(())
}
