//! The command line: one file a command. Results go to standard output, all else to standard error.
//!
//! This is the only part of the crate that builds generations ([`indexer::ingest`]).

mod check;
mod compose;
mod evaluate;
mod explain;
mod gc;
mod index;
mod logging;
mod output;
mod progress;
mod resume;
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
    admin::AdminError,
    catalog::{CatalogError, OpenError},
    evaluate::{CollectionError, CompareError, EvaluateError},
    ingest::BuildError,
    with_causes,
};

use crate::{
    app::AppError,
    config::{Config, ConfigError, Overrides},
    synonyms::SynonymFileError,
};

/// The guide to the knowledge of Gebruiker Centraal: builds a knowledge base from its sources
/// and serves it over GraphQL and as web pages.
#[derive(Debug, Parser)]
#[command(name = "wegwijzer", version, propagate_version = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves GraphQL and web pages over HTTP, and watches the data folder for new generations.
    Serve(serve::ServeArguments),
    /// Reads the sources and publishes a new generation, if anything changed.
    Index(index::IndexArguments),
    /// Checks every byte of every generation against its digests.
    Verify(ManageArguments),
    /// Shows the current generation, its contents and the retained generations.
    Status(status::StatusArguments),
    /// Publishes an earlier generation again, and holds further publishing until `resume`.
    Rollback(rollback::RollbackArguments),
    /// Resumes publishing after a rollback.
    Resume(ManageArguments),
    /// Removes generations that are no longer needed and the leftovers of crashed builds.
    Gc(ManageArguments),
    /// Prints the GraphQL schema.
    Schema(schema::SchemaArguments),
    /// Composes our graph with the configured subgraphs, and prints the supergraph or every error.
    Compose(compose::ComposeArguments),
    /// Checks the configuration and its sources without building or serving.
    Check(check::CheckArguments),
    /// Explains, in Dutch, why a query finds an item and at which rank, or why it does not.
    Explain(explain::ExplainArguments),
    /// Measures search quality on a judged collection, or compares two results.
    Evaluate(evaluate::EvaluateArguments),
}

/// The arguments of a command that needs no more than a data folder.
#[derive(Debug, Args)]
struct ManageArguments {
    /// Configuration file; `wegwijzer.toml` if it exists.
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
    /// Configuration file; `wegwijzer.toml` if not given.
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
    #[error("cannot send traces: {0}; check `telemetry.otlp_endpoint`")]
    Telemetry(String),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("sources cannot be used as configured:\n{}", .0.join("\n"))]
    InvalidSources(Vec<String>),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(
        "publishing is on hold at the content of generation {0}, nothing would be published; run `wegwijzer resume` once the sources are fixed"
    )]
    OnHold(::schema::GenerationNumber),
    #[error(transparent)]
    Manage(#[from] AdminError),
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
    #[error("not a result of `wegwijzer evaluate --json`: {reason}: `{}`", path.display())]
    InvalidEvaluation { path: PathBuf, reason: String },
    #[error(transparent)]
    Compare(#[from] CompareError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Search(#[from] CatalogError),
    #[error("no generation is published yet; run `wegwijzer index`: `{}`", .0.display())]
    NothingPublished(PathBuf),
    #[error("no content with this id or URL: `{0}`")]
    NoContent(String),
    #[error("cannot write the result")]
    Output(#[from] io::Error),
    #[error("cannot write the result as JSON")]
    Json(#[from] serde_json::Error),
}

/// Runs the command that was typed. Wrong usage ends the program with 2 before it gets here.
pub fn main() -> ExitCode {
    let result = match CommandLine::parse().command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Index(arguments) => index::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Rollback(arguments) => rollback::run(&arguments),
        Command::Resume(arguments) => self::resume::run(&arguments),
        Command::Gc(arguments) => gc::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Compose(arguments) => compose::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Evaluate(arguments) => evaluate::run(&arguments),
    };
    match result {
        Ok(code) => code,
        // Whoever read our output has seen enough, as `head` does.
        Err(CommandError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            // Nothing is left to be done where even standard error is closed.
            let _ = writeln!(io::stderr(), "wegwijzer: {}", with_causes(&error));
            ExitCode::FAILURE
        }
    }
}
