//! `wegwijzer gc`: removes old generations and the remains of interrupted builds.

use std::process::ExitCode;

use clap::Args;
use indexer::admin;

use super::{CommandError, ManageArguments, output, progress::Console, sync::build_config};

#[derive(Debug, Args)]
pub(super) struct GcArguments {
    #[command(flatten)]
    manage: ManageArguments,
    /// Remove forgotten names from every file: rewrites the current generation, and removes all
    /// others and what was fetched of the sources.
    #[arg(long)]
    purge: bool,
}

/// Collects garbage, and prints what was removed.
pub(super) fn run(arguments: &GcArguments) -> Result<ExitCode, CommandError> {
    let (config, json) = (arguments.manage.config()?, arguments.manage.json);
    if arguments.purge {
        output::result(&admin::purge(&build_config(&config)?, &Console::new())?, json)?;
    } else {
        let now = config.clock.now();
        let retained = config.limits.generations_retained;
        output::result(&admin::gc(&config.data, retained, now)?, json)?;
    }
    Ok(ExitCode::SUCCESS)
}
