//! `wegwijzer verify`: verifies the checksums of all generations.

use std::process::ExitCode;

use indexer::admin;

use super::{CommandError, ManageArguments, output};

/// Prints the result; exits with a failure if anything is damaged.
pub(super) fn run(arguments: &ManageArguments) -> Result<ExitCode, CommandError> {
    let verification = admin::verify(&arguments.config()?.data)?;
    output::result(&verification, arguments.json)?;
    Ok(if verification.is_intact() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
