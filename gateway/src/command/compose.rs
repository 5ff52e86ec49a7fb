//! `wegwijzer compose`: our graph and those of partners as one supergraph.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;
use serde_json::json;
use tokio::runtime::Runtime;

use super::{CommandError, output};
use crate::{
    composing::gather,
    config::{Config, Overrides},
    subgraph::Client,
    supergraph::compose::{CompositionProblem, compose},
};

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
    let gathered = Runtime::new()?.block_on(gather(&config, &Client::new()));
    let all =
        if gathered.missing.is_empty() { Ok(gathered.subgraphs) } else { Err(gathered.missing) };
    match all.and_then(|subgraphs| compose(&subgraphs)) {
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
