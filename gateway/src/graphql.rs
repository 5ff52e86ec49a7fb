//! The GraphQL contract: newtypes over the records of [`schema`], and what they resolve to.
//!
//! This module must not know HTTP, nor how a request is parsed and limited ([`crate::pipeline`]).
//! The contract is committed as `schema/schema.graphql`; `wegwijzer schema` prints it.
//!
//! Rules kept in every resolver, each learnt by measuring async-graphql 7.0.19: a nullable field
//! that can fail returns `Option<Result<T>>` (`Result<Option<T>>` would null its parent), and there
//! are no guards.

#![expect(clippy::unused_async, reason = "async-graphql wants every resolver to be async")]

mod article;
mod audience;
mod catalog;
mod change;
mod community;
mod connection;
mod content;
#[cfg(test)]
mod contract;
mod event;
mod federation;
mod filter;
mod hit;
mod level;
mod loaders;
mod moment;
mod node;
mod organisation;
mod part;
mod person;
mod query;
mod record;
mod request;
mod scalar;
mod search;
mod source;
mod suggestion;
mod theme;
mod toolkit;
mod vocabulary;

use async_graphql::{EmptyMutation, EmptySubscription, SDLExportOptions};

use crate::config::Graphql;
pub(crate) use federation::Root;
pub use federation::sdl as federation_sdl;
use query::Query;
pub(crate) use request::RequestContext;

/// The executable contract. It holds no data: each request brings a [`RequestContext`].
pub(crate) type Schema = async_graphql::Schema<Root, EmptyMutation, EmptySubscription>;

/// A page that does not say its size has this many items.
pub(crate) const PAGE_SIZE_DEFAULT: usize = 20;

/// The executable contract, with the parts of it that `config` leaves on.
pub(crate) fn schema(config: &Graphql) -> Schema {
    // Depth, complexity, aliases and directives are limited by the pipeline, before execution.
    let mut schema = Schema::build(Root::new(), EmptyMutation, EmptySubscription);
    if !config.introspection {
        schema = schema.disable_introspection();
    }
    if !config.did_you_mean {
        schema = schema.disable_suggestions();
    }
    schema.finish()
}

/// The contract as text, in the form in which it is committed.
pub fn sdl() -> String {
    let schema = async_graphql::Schema::new(Query, EmptyMutation, EmptySubscription);
    let text = schema.sdl_with_options(sdl_options());
    format!("{}\n", text.trim())
}

/// How the contract is printed.
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
        assert!(committed == sdl(), "run the test with UPDATE_SCHEMA=1 and look at the difference");
    }
}
