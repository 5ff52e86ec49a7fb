//! `wegwijzer release`: lets publishing go on after a rollback.

use std::process::ExitCode;

use indexer::run;

use super::{CommandError, ManageArguments, output};

/// Releases publishing and says so.
pub(super) fn run(arguments: &ManageArguments) -> Result<ExitCode, CommandError> {
    output::result(&run::release(&arguments.config()?.data)?, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}
