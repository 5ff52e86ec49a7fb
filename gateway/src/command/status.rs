//! `wegwijzer status`: which generation is current and what is kept.

use std::process::ExitCode;

use indexer::admin;

use super::{CommandError, ManageArguments, output};

/// Prints the status of a data folder.
pub(super) fn run(arguments: &ManageArguments) -> Result<ExitCode, CommandError> {
    output::result(&admin::status(&arguments.config()?.data)?, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}
