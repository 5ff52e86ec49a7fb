//! The command line: one file a command. Results go to standard output, all else to standard error.
//!
//! This is the only part of the crate that builds generations ([`indexer::run`]).

mod check;
mod compose;
mod evaluate;
mod explain;
mod gc;
mod index;
mod logging;
mod output;
mod progress;
mod release;
mod rollback;
mod schema;
mod serve;
mod status;
mod telemetry;
mod verify;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use indexer::{
    catalog::{CatalogError, OpenError},
    run::{BuildError, ManageError},
};

use crate::{
    app::AppError,
    config::{Config, ConfigError, Overrides},
    evaluate::{CollectionError, CompareError, EvaluateError},
    synonyms::SynonymFileError,
};

/// The signpost to the knowledge of Gebruiker Centraal: builds a knowledge base from its sources
/// and answers questions about it in GraphQL.
#[derive(Debug, Parser)]
#[command(name = "wegwijzer", version, propagate_version = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answers questions over HTTP, and follows the data folder for newer generations.
    Serve(serve::Arguments),
    /// Reads the sources and publishes a new generation, if anything changed.
    Index(index::Arguments),
    /// Checks every byte of every generation against its digests.
    Verify(ManageArguments),
    /// Says which generation is current, what it holds and what is kept.
    Status(ManageArguments),
    /// Publishes an earlier generation again, and holds further publishing until `release`.
    Rollback(rollback::Arguments),
    /// Lets publishing go on after a rollback.
    Release(ManageArguments),
    /// Removes generations that are no longer needed and what crashed builds left behind.
    Gc(ManageArguments),
    /// Prints the GraphQL schema.
    Schema(schema::Arguments),
    /// Joins our graph and those of partners, and prints the supergraph or why there is none.
    Compose(compose::Arguments),
    /// Checks the configuration and its sources without building or serving.
    Check(check::Arguments),
    /// Says, in Dutch, why content is found for a question and where it stands, or why it is not.
    Explain(explain::Arguments),
    /// Says how good the search is on a judged collection, or compares two results.
    Evaluate(evaluate::Arguments),
}

/// The arguments of a command that needs no more than a data folder.
#[derive(Debug, Args)]
struct ManageArguments {
    /// Configuration; `wegwijzer.toml` if there is one.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder, instead of the configured one (or `WEGWIJZER_DATA`).
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

impl ManageArguments {
    fn config(&self) -> Result<Config, ConfigError> {
        let flags = Overrides { data: self.data.clone(), ..Overrides::default() };
        Config::load_if_any(self.config.as_deref(), &flags.over(Overrides::from_environment()))
    }
}

/// The arguments of a command that works with the sources.
#[derive(Debug, Args)]
struct SourceArguments {
    /// Configuration; `wegwijzer.toml` if not given.
    #[arg(long, value_name = "FILE", conflicts_with = "demo")]
    config: Option<PathBuf>,
    /// Uses the demo in the repository: fictional content, dated around today.
    #[arg(long)]
    demo: bool,
    /// Data folder, instead of the configured one (or `WEGWIJZER_DATA`).
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl SourceArguments {
    /// The configuration, with the environment over the file and `flags` over that.
    fn config(&self, flags: Overrides) -> Result<Config, ConfigError> {
        let flags = Overrides { data: self.data.clone(), ..flags };
        let overrides = flags.over(Overrides::from_environment());
        if self.demo {
            Config::demo(&overrides)
        } else {
            Config::load_to_serve(self.config.as_deref(), &overrides)
        }
    }
}

/// Why a command did not do what was asked: one sentence for the operator.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error("traces cannot be sent: {0}; look at `telemetry.otlp`")]
    Telemetry(String),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Manage(#[from] ManageError),
    #[error(transparent)]
    App(#[from] AppError),
    #[error(transparent)]
    SourceName(#[from] ::schema::IdError),
    #[error(transparent)]
    Synonyms(#[from] SynonymFileError),
    #[error(transparent)]
    Collection(#[from] CollectionError),
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    #[error("`{}` is no result of `wegwijzer evaluate --json`: {reason}", path.display())]
    Evaluation { path: PathBuf, reason: String },
    #[error(transparent)]
    Compare(#[from] CompareError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Search(#[from] CatalogError),
    #[error("nothing is published in `{}` yet; build it with `wegwijzer index`", .0.display())]
    NothingPublished(PathBuf),
    #[error("there is no content with the id or address `{0}`")]
    NoContent(String),
    #[error("the result cannot be written: {0}")]
    Output(#[from] io::Error),
    #[error("the result cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Runs the command that was typed. Wrong usage ends the program with 2 before it gets here.
pub fn main() -> ExitCode {
    let done = match CommandLine::parse().command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Index(arguments) => index::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Rollback(arguments) => rollback::run(&arguments),
        Command::Release(arguments) => release::run(&arguments),
        Command::Gc(arguments) => gc::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Compose(arguments) => compose::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Evaluate(arguments) => evaluate::run(&arguments),
    };
    match done {
        Ok(code) => code,
        // Whoever read our output has seen enough, as `head` does.
        Err(CommandError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            // Nothing is left to be done where even standard error is closed.
            let _ = writeln!(io::stderr(), "wegwijzer: {error}");
            ExitCode::FAILURE
        }
    }
}
