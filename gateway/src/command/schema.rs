//! `wegwijzer schema`: prints the contract.

use std::process::ExitCode;

use clap::Args;

use super::{CommandError, output};
use crate::graphql;

#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// Print the SDL of the Apollo Federation 2 subgraph, as returned by `_service`.
    #[arg(long)]
    federation: bool,
}

/// Prints the schema as committed in `schema/schema.graphql`, or as a subgraph.
pub(super) fn run(arguments: &SchemaArguments) -> Result<ExitCode, CommandError> {
    output::text(if arguments.federation { graphql::federation_sdl() } else { graphql::sdl() })?;
    Ok(ExitCode::SUCCESS)
}
