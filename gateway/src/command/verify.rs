//! `wegwijzer verify`: every byte of the current generation against its digests.

use std::process::ExitCode;

use indexer::admin;

use super::{CommandError, ManageArguments, output};

/// Prints what was found; fails where anything is damaged.
pub(super) fn run(arguments: &ManageArguments) -> Result<ExitCode, CommandError> {
    let verification = admin::verify(&arguments.config()?.data)?;
    output::result(&verification, arguments.json)?;
    Ok(if verification.is_intact() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
