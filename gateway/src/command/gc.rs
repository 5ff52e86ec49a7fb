//! `wegwijzer gc`: removes old generations and the remains of interrupted builds.

use std::process::ExitCode;

use indexer::admin;

use super::{CommandError, ManageArguments, output};

/// Collects garbage, and prints what was removed.
pub(super) fn run(arguments: &ManageArguments) -> Result<ExitCode, CommandError> {
    let config = arguments.config()?;
    let now = config.clock.now();
    output::result(
        &admin::gc(&config.data, config.limits.generations_retained, now)?,
        arguments.json,
    )?;
    Ok(ExitCode::SUCCESS)
}
