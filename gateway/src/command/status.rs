//! `wegwijzer status`: shows the current generation and the retained ones.

use std::process::ExitCode;

use indexer::admin;

use super::{CommandError, ManageArguments, output};

/// Prints the status of a data folder.
pub(super) fn run(arguments: &ManageArguments) -> Result<ExitCode, CommandError> {
    output::result(&admin::status(&arguments.config()?.data)?, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}
