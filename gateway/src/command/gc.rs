//! `wegwijzer gc`: removes what is no longer needed.

use std::process::ExitCode;

use indexer::admin;

use super::{CommandError, ManageArguments, output};

/// Removes old generations and stray folders, and says which.
pub(super) fn run(arguments: &ManageArguments) -> Result<ExitCode, CommandError> {
    let config = arguments.config()?;
    let now = config.clock.now();
    output::result(
        &admin::gc(&config.data, config.limits.generations_retained, now)?,
        arguments.json,
    )?;
    Ok(ExitCode::SUCCESS)
}
