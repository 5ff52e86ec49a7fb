//! `wegwijzer forget`: suppresses a person.

use std::process::ExitCode;

use clap::Args;
use indexer::admin;

use super::{CommandError, ManageArguments, output, progress::Console, sync::build_config};

#[derive(Debug, Args)]
pub(super) struct ForgetArguments {
    /// First and last name, as sources write it; with `--withdraw` also the digits of a receipt.
    #[arg(value_name = "NAME")]
    name: String,
    /// Take the name off the list again; the next `index` reads all sources, and restores it.
    #[arg(long)]
    withdraw: bool,
    #[command(flatten)]
    manage: ManageArguments,
}

/// Adds a name to the suppression list, or withdraws it, and prints the receipt.
pub(super) fn run(arguments: &ForgetArguments) -> Result<ExitCode, CommandError> {
    let (config, json) = (arguments.manage.config()?, arguments.manage.json);
    if arguments.withdraw {
        output::result(&admin::withdraw(&config.data, &arguments.name)?, json)?;
    } else {
        let config = build_config(&config)?;
        output::result(&admin::forget(&config, &arguments.name, &Console::new())?, json)?;
    }
    Ok(ExitCode::SUCCESS)
}
