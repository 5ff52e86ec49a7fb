//! `wegwijzer schema`: the contract.

use std::process::ExitCode;

use clap::Args;

use super::{CommandError, output};
use crate::graphql;

#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// Prints the SDL of the Apollo Federation 2 subgraph, as `_service` returns it.
    #[arg(long)]
    federation: bool,
}

/// Prints the GraphQL schema, as it is committed in `schema/schema.graphql` or as a subgraph.
pub(super) fn run(arguments: &SchemaArguments) -> Result<ExitCode, CommandError> {
    output::text(if arguments.federation { graphql::federation_sdl() } else { graphql::sdl() })?;
    Ok(ExitCode::SUCCESS)
}
