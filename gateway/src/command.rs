//! The command line, one file per command. Results go to standard output, everything else to
//! standard error.
//!
//! This is the only part of the crate that builds generations ([`indexer::ingest`]).

mod check;
mod compose;
mod config;
mod evaluate;
mod explain;
mod forget;
mod gc;
mod graphiql;
mod index;
mod init;
mod logging;
mod output;
mod package_files;
mod partner;
mod progress;
mod resume;
mod rollback;
mod schema;
mod serve;
mod shutdown_signals;
mod socket_activation;
mod status;
mod sync;
mod telemetry;
mod verify;
mod vocabulary;

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
    sync::{CredentialsError, SyncError},
    with_causes,
};

use crate::{
    app::AppError,
    config::{Config, ConfigError, Overrides},
    http::hooks::ShortSecret,
    vocabulary::VocabularyFolderError,
};

/// Guide to the knowledge of Gebruiker Centraal: builds a knowledge base from its sources, and
/// serves it over GraphQL and as web pages.
#[derive(Debug, Parser)]
#[command(name = "wegwijzer", version, propagate_version = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve GraphQL and web pages over HTTP, and watch the data folder for new generations.
    Serve(serve::ServeArguments),
    /// Print the reference or the JSON Schema of the configuration file.
    Config(config::ConfigArguments),
    /// Find out what sites offer, and write a configuration that reads it.
    Init(init::InitArguments),
    /// Read the sources, and publish a new generation if anything changed.
    Index(index::IndexArguments),
    /// Verify the checksums of all generations, or compare what is published with its hosts.
    Verify(verify::VerifyArguments),
    /// Show the current generation, its contents and the retained generations.
    Status(status::StatusArguments),
    /// Publish an earlier generation again, and put publishing on hold until `resume`.
    Rollback(rollback::RollbackArguments),
    /// Resume publishing after a rollback.
    Resume(ManageArguments),
    /// Remove old generations and the remains of interrupted builds.
    Gc(gc::GcArguments),
    /// Suppress a person: hides a name at once, and removes it from the current generation.
    Forget(forget::ForgetArguments),
    /// Manage the partners that embed results.
    Partner(partner::PartnerArguments),
    /// Print the GraphQL schema.
    Schema(schema::SchemaArguments),
    /// Compose our schema with the configured subgraphs, and print the supergraph or all errors.
    Compose(compose::ComposeArguments),
    /// Check the configuration and its sources, without building or serving.
    Check(check::CheckArguments),
    /// Explain, in Dutch, why and at which rank a query finds an item, or why it does not.
    Explain(explain::ExplainArguments),
    /// Check the vocabulary, look up a word in it, or list entries that no text uses.
    Vocabulary(vocabulary::VocabularyArguments),
    /// Measure search quality on a judged collection, or compare two results.
    Evaluate(evaluate::EvaluateArguments),
    /// Write the manual pages and the completions for shells of a package.
    #[command(hide = true)]
    PackageFiles(package_files::PackageFilesArguments),
}

/// Arguments of the commands that only need a data folder.
#[derive(Debug, Args)]
struct ManageArguments {
    /// Configuration file (default: `wegwijzer.toml`, if it exists).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder; overrides the configuration file. Environment variable: `WEGWIJZER_DATA`.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl ManageArguments {
    fn config(&self) -> Result<Config, ConfigError> {
        let flags = Overrides { data: self.data.clone(), ..Overrides::default() };
        Config::load_if_any(self.config.as_deref(), &flags.over(Overrides::from_environment()))
    }
}

/// Arguments of the commands that need the sources.
#[derive(Debug, Args)]
struct SourceArguments {
    /// Configuration file (default: `wegwijzer.toml`).
    #[arg(long, value_name = "FILE", conflicts_with = "demo")]
    config: Option<PathBuf>,
    /// Use the demo of the repository: fictional content, dated around today.
    #[arg(long)]
    demo: bool,
    /// Data folder; overrides the configuration file. Environment variable: `WEGWIJZER_DATA`.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl SourceArguments {
    /// The configuration; the environment overrides the file, and `flags` override both.
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

/// The error of a command: one sentence for the operator.
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
    #[error("sources over the network cannot be fetched")]
    Sync(#[from] SyncError),
    #[error(
        "not fetched: `{}`; their last content remains; the reasons are above",
        .0.iter().map(::schema::SourceName::as_str).collect::<Vec<_>>().join("`, `")
    )]
    NotFetched(Vec<::schema::SourceName>),
    #[error("source `{0}`: no secret for hooks")]
    HookSecret(::schema::SourceName, #[source] CredentialsError),
    #[error(transparent)]
    ShortSecret(#[from] ShortSecret),
    #[error("nothing that can be read was found; the reasons are above")]
    NothingFound,
    #[error("file exists; remove it, or name another one with `--config`: `{}`", .0.display())]
    FileExists(PathBuf),
    #[error("nothing to watch; set `refresh` of a source, such as `refresh = \"15m\"`")]
    NoSchedule,
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
    Vocabulary(#[from] VocabularyFolderError),
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
    #[error(transparent)]
    SocketActivation(#[from] socket_activation::SocketActivationError),
}

/// Runs the command of the command line. Invalid arguments exit with status 2 before a command
/// runs.
pub fn main() -> ExitCode {
    let result = match CommandLine::parse().command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Config(arguments) => self::config::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Index(arguments) => index::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Rollback(arguments) => rollback::run(&arguments),
        Command::Partner(arguments) => partner::run(&arguments),
        Command::Resume(arguments) => self::resume::run(&arguments),
        Command::Gc(arguments) => gc::run(&arguments),
        Command::Forget(arguments) => forget::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Compose(arguments) => compose::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Vocabulary(arguments) => self::vocabulary::run(&arguments),
        Command::Evaluate(arguments) => evaluate::run(&arguments),
        Command::PackageFiles(arguments) => package_files::run(&arguments),
    };
    match result {
        Ok(code) => code,
        // The reader of our output has closed it, as `head` does.
        Err(CommandError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            // If even standard error is closed, there is nowhere to report to.
            let _ = writeln!(io::stderr(), "wegwijzer: {}", with_causes(&error));
            ExitCode::FAILURE
        }
    }
}
