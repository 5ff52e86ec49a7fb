//! `wegwijzer partner new`: prints a key for a new partner, and the lines to add to the configuration.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{CommandError, output};
use crate::{
    config::{is_valid_partner_name, partner_origin},
    partners::new_key,
};

#[derive(Debug, Args)]
pub(super) struct PartnerArguments {
    #[command(subcommand)]
    command: PartnerCommand,
}

#[derive(Debug, Subcommand)]
enum PartnerCommand {
    /// Print a key for a partner, and the lines to add to the configuration.
    New(NewPartnerArguments),
}

#[derive(Debug, Args)]
struct NewPartnerArguments {
    /// Name in metrics and logs: lower-case letters, digits and hyphens.
    #[arg(value_parser = name)]
    name: String,
    /// Origin of a site that may use the key, such as `https://www.example.nl`; can be repeated.
    #[arg(long = "origin", value_name = "ORIGIN", value_parser = origin)]
    origins: Vec<String>,
}

fn name(text: &str) -> Result<String, String> {
    let name = is_valid_partner_name(text).then(|| text.to_owned());
    name.ok_or_else(|| {
        "must be lower-case letters, digits and hyphens, at most 40, and not `preview`".to_owned()
    })
}

fn origin(text: &str) -> Result<String, String> {
    partner_origin(text).map_err(|error| error.to_string())
}

/// Prints the key in the lines that the configuration needs.
pub(super) fn run(arguments: &PartnerArguments) -> Result<ExitCode, CommandError> {
    let PartnerCommand::New(NewPartnerArguments { name, origins }) = &arguments.command;
    let listed = if origins.is_empty() {
        vec!["https://www.example.nl".to_owned()]
    } else {
        origins.clone()
    };
    let listed: Vec<_> = listed.iter().map(|origin| format!("{origin:?}")).collect();
    output::text(format!(
        "# Add these lines to wegwijzer.toml, and restart `wegwijzer serve`. The key is not secret: it is\n\
         # in the pages of the partner. To replace it, add a second one to `keys` and remove the first once\n\
         # it is no longer used.\n\
         [[partner]]\n\
         name = \"{name}\"\n\
         keys = [\"{key}\"]\n\
         origins = [{origins}]  # sites whose pages may use the key in a browser\n\
         # filter = \"kind=event\"  # the address of results: the key finds nothing else\n\
         # framing = true  # the sites may show /embed/frame in a frame\n\
         # expires = 2027-12-31  # the last day on which the key is valid\n\
         # requests_per_second = 10\n\
         # burst = 50\n\
         # requests_per_day = 100000\n",
        key = new_key(),
        origins = listed.join(", "),
    ))?;
    Ok(ExitCode::SUCCESS)
}
