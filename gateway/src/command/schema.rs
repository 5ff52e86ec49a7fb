//! `wegwijzer schema`: the contract.

use std::process::ExitCode;

use super::{CommandError, output};
use crate::graphql;

/// Prints the GraphQL schema, as it is committed in `schema/schema.graphql`.
pub(super) fn run() -> Result<ExitCode, CommandError> {
    output::text(graphql::sdl())?;
    Ok(ExitCode::SUCCESS)
}
