//! `wegwijzer status`: shows the current generation and the retained ones.

use std::process::ExitCode;

use clap::Args;
use indexer::admin;

use super::{CommandError, ManageArguments, output};

#[derive(Debug, Args)]
pub(super) struct StatusArguments {
    #[command(flatten)]
    manage: ManageArguments,
    /// Lists the rejections of the last run, also of one that published nothing.
    #[arg(long)]
    rejections: bool,
}

/// Prints the status of a data folder, or the rejections of the last run.
pub(super) fn run(arguments: &StatusArguments) -> Result<ExitCode, CommandError> {
    let (data, json) = (arguments.manage.config()?.data, arguments.manage.json);
    if arguments.rejections {
        output::result(&admin::last_run(&data)?, json)?;
    } else {
        output::result(&admin::status(&data)?, json)?;
    }
    Ok(ExitCode::SUCCESS)
}
