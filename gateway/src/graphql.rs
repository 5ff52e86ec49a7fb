//! The GraphQL contract: newtypes over the records of [`schema`], and their resolvers.
//!
//! This module must not know HTTP, nor how a request is parsed and limited ([`crate::pipeline`]).
//! The contract is committed as `schema/schema.graphql`; `wegwijzer schema` prints it.
//!
//! Rules for resolvers, found by measuring async-graphql 7.0.19: a nullable field that can fail
//! returns `Option<Result<T>>`, because `Result<Option<T>>` would null its parent; and there are no
//! guards.

#![expect(clippy::unused_async, reason = "async-graphql requires async resolvers")]

mod batching;
mod connection;
mod context;
#[cfg(test)]
pub(crate) mod engine_tests;
mod enums;
mod federation;
mod filter;
mod from_record;
mod labels;
mod loaders;
mod query;
#[cfg(test)]
mod schema_tests;
pub(crate) mod types;

use async_graphql::{EmptyMutation, EmptySubscription, SDLExportOptions, ValidationMode};

pub(crate) use self::context::RequestContext;
pub use federation::sdl as federation_sdl;
pub(crate) use federation::{FetchByRouter, SchemaRoot, hidden_sdl};
use query::Query;

/// The executable schema. It contains no data: each request provides a [`RequestContext`].
pub(crate) type Schema = async_graphql::Schema<SchemaRoot, EmptyMutation, EmptySubscription>;

/// Default number of items of a page.
pub(crate) const PAGE_SIZE_DEFAULT: usize = 20;

/// The executable schema.
///
/// Operations are validated and limited by the pipeline before execution, and introspection is
/// resolved there too, so that all of it is the same with and without other subgraphs.
pub(crate) fn schema() -> Schema {
    Schema::build(SchemaRoot::new(), EmptyMutation, EmptySubscription)
        .validation_mode(ValidationMode::Fast)
        .disable_introspection()
        .finish()
}

/// The contract as SDL, in its committed form.
pub fn sdl() -> String {
    let schema = async_graphql::Schema::new(Query, EmptyMutation, EmptySubscription);
    let text = schema.sdl_with_options(sdl_options());
    format!("{}\n", text.trim())
}

/// The committed contract.
pub(crate) const CONTRACT: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/schema.graphql"));

/// Options for printing the contract.
fn sdl_options() -> SDLExportOptions {
    SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .use_space_ident()
        .prefer_single_line_descriptions()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_committed_contract_must_be_the_one_in_the_code() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/schema.graphql");
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(&file, sdl()).unwrap();
        }
        let committed = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(committed == sdl(), "run the test with UPDATE_SCHEMA=1 and review the diff");
    }
}
