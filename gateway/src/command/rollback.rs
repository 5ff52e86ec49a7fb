//! `wegwijzer rollback`: publishes an earlier generation again.

use std::process::ExitCode;

use clap::Args;
use indexer::admin;
use schema::GenerationNumber;
use serde_json::json;

use super::{CommandError, ManageArguments, output, progress::Console};

#[derive(Debug, Args)]
pub(super) struct RollbackArguments {
    /// Number of the generation to roll back to (default: the previous one).
    #[arg(value_name = "NUMBER")]
    to: Option<GenerationNumber>,
    #[command(flatten)]
    manage: ManageArguments,
}

/// Rolls back, and prints the number of the new generation.
pub(super) fn run(arguments: &RollbackArguments) -> Result<ExitCode, CommandError> {
    let config = arguments.manage.config()?;
    let (to, now) = (arguments.to, config.clock.now());
    let published = admin::rollback_with_progress(&config.data, to, now, &Console::new())?;
    if arguments.manage.json {
        output::json(&json!({ "generation": published }))?;
    } else {
        output::text(format_args!(
            "generation {published} has the earlier content; \
             publishing is on hold until `wegwijzer resume`"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
