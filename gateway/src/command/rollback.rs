//! `wegwijzer rollback`: publishes an earlier generation again.

use std::process::ExitCode;

use clap::Args;
use indexer::run;
use schema::GenerationNumber;
use serde_json::json;

use super::{CommandError, ManageArguments, output};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Number of the generation to go back to; the one before the current one if not given.
    #[arg(value_name = "NUMBER")]
    to: Option<GenerationNumber>,
    #[command(flatten)]
    manage: ManageArguments,
}

/// Rolls back and says under which number.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, CommandError> {
    let config = arguments.manage.config()?;
    let published = run::rollback(&config.data, arguments.to, config.clock.now())?;
    if arguments.manage.json {
        output::json(&json!({ "generation": published }))?;
    } else {
        output::text(format_args!(
            "generation {published} has the earlier content; \
             nothing more is published until `wegwijzer release`"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
