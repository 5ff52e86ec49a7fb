//! `wegwijzer gc`: removes what is no longer needed.

use std::process::ExitCode;

use indexer::run;

use super::{CommandError, ManageArguments, output};

/// Removes old generations and stray folders, and says which.
pub(super) fn run(arguments: &ManageArguments) -> Result<ExitCode, CommandError> {
    let config = arguments.config()?;
    let now = config.clock.now();
    output::result(&run::gc(&config.data, config.limits.generations_kept, now)?, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}
