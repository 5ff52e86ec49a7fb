//! `wegwijzer config`: describes the configuration file.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{CommandError, output};
use crate::config::{json_schema, reference};

#[derive(Debug, Args)]
pub(super) struct ConfigArguments {
    #[command(subcommand)]
    topic: Topic,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Topic {
    /// Print every key with its type, default, unit, range and meaning, as Markdown.
    Reference,
    /// Print the JSON Schema of the file, for editors that complete and check TOML.
    Schema,
}

/// Prints the reference or the JSON Schema.
pub(super) fn run(arguments: &ConfigArguments) -> Result<ExitCode, CommandError> {
    output::text(match arguments.topic {
        Topic::Reference => reference::manual(),
        Topic::Schema => format!("{:#}\n", json_schema().as_value()),
    })?;
    Ok(ExitCode::SUCCESS)
}
