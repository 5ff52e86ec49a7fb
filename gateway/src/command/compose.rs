//! `wegwijzer compose`: composes our schema and the configured subgraphs into a supergraph.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;
use federation::{
    compose::{CompositionError, SubgraphSdl, compose},
    composition_loop::collect_sdl,
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
    /// Configuration file (default: `wegwijzer.toml`).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON: the supergraph, or the composition errors with type, field and subgraphs.
    #[arg(long)]
    json: bool,
}

/// Prints the supergraph, or all composition errors.
pub(super) fn run(arguments: &ComposeArguments) -> Result<ExitCode, CommandError> {
    let overrides = Overrides::from_environment();
    let config = Config::load(arguments.config.as_deref(), &overrides)?;
    let collected = Runtime::new()?.block_on(collect_sdl(
        &config.router(graphql::federation_sdl()),
        &HttpClient::new(crate::PROGRAM),
    ));
    let composed = if collected.missing.is_empty() {
        compose(&mask_urls(collected.subgraphs)?)
    } else {
        Err(collected.missing)
    };
    match composed {
        Ok(sdl) if arguments.json => output::json(&json!({ "supergraph": sdl }))?,
        Ok(sdl) => output::text(sdl)?,
        Err(errors) => {
            print_errors(&errors, arguments.json)?;
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Masks secrets in the URLs of subgraphs, since a supergraph is published, and warns about each.
fn mask_urls(mut subgraphs: Vec<SubgraphSdl>) -> io::Result<Vec<SubgraphSdl>> {
    let mut stderr = io::stderr().lock();
    for SubgraphSdl { name, url, .. } in &mut subgraphs {
        let masked = masked_text(url);
        if masked != *url {
            writeln!(
                stderr,
                "wegwijzer: warning: secrets in the URL of subgraph `{name}` are masked in the \
                 supergraph; send them as a header, or complete the URL where it is served: `{masked}`"
            )?;
        }
        *url = masked;
    }
    Ok(subgraphs)
}

/// Prints all errors: as lines on standard error, or as the JSON result.
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
