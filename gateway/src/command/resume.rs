//! `wegwijzer resume`: resumes publishing after a rollback.

use std::process::ExitCode;

use indexer::admin;

use super::{CommandError, ManageArguments, output};

/// Resumes publishing, and prints the result.
pub(super) fn run(arguments: &ManageArguments) -> Result<ExitCode, CommandError> {
    output::result(&admin::resume(&arguments.config()?.data)?, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}
