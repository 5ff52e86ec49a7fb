//! `wegwijzer resume`: lets publishing go on after a rollback.

use std::process::ExitCode;

use indexer::admin;

use super::{CommandError, ManageArguments, output};

/// Releases publishing and says so.
pub(super) fn run(arguments: &ManageArguments) -> Result<ExitCode, CommandError> {
    output::result(&admin::resume(&arguments.config()?.data)?, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}
