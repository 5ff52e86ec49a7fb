//! `wegwijzer package-files`: manual pages and completions for shells, for packages.

use std::{fs, path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate_to};

use super::{CommandError, CommandLine};

/// Shells that packages have completions for.
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Fish, Shell::Zsh];

#[derive(Debug, Args)]
pub(super) struct PackageFilesArguments {
    /// Folder to write to.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Writes the files.
pub(super) fn run(arguments: &PackageFilesArguments) -> Result<ExitCode, CommandError> {
    let mut command = CommandLine::command();
    fs::create_dir_all(&arguments.folder)?;
    for shell in SHELLS {
        generate_to(shell, &mut command, "wegwijzer", &arguments.folder)?;
    }
    // Otherwise there would be a page about the help of each command.
    let commands = command.disable_help_subcommand(true);
    let commands = commands.mut_subcommands(|one| one.disable_help_subcommand(true));
    clap_mangen::generate_to(commands, &arguments.folder)?;
    Ok(ExitCode::SUCCESS)
}
