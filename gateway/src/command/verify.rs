//! `wegwijzer verify`: every byte of the current generation against its digests.

use std::process::ExitCode;

use indexer::run;

use super::{CommandError, ManageArguments, output};

/// Prints what was found; fails where anything is damaged.
pub(super) fn run(arguments: &ManageArguments) -> Result<ExitCode, CommandError> {
    let verification = run::verify(&arguments.config()?.data)?;
    output::result(&verification, arguments.json)?;
    Ok(if verification.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
