//! Suggestions: completions of what a person types.

use async_graphql::{Context, Object};

use super::node::Node;
use crate::{
    error::Result,
    graphql::{context::RequestContext, enums::SuggestionKind, from_record::FromRecord},
};

/// Default number of suggestions.
const FIRST_DEFAULT: i32 = 8;

/// Suggestions for the prefix of a word or title.
pub(crate) async fn suggest(
    ctx: &Context<'_>,
    prefix: String,
    first: i32,
) -> Result<Vec<Suggestion>> {
    let request = RequestContext::of(ctx);
    let first = request.page_size_or_default(first, FIRST_DEFAULT)?;
    let found = request.suggest(prefix, first).await?;
    Ok(found.into_iter().map(Suggestion).collect())
}

/// One suggestion.
pub(crate) struct Suggestion(schema::Suggestion);

/// A completion: a term to search for, or a node to open. Suggestions come from the contents of the
/// knowledge base, never from the searches of other users.
#[Object]
impl Suggestion {
    /// Text to display, such as `De klantreis van een verhuizing`.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// Kind of suggestion.
    async fn kind(&self) -> SuggestionKind {
        self.0.kind.into()
    }

    /// The suggested node; null for a word to search for.
    async fn node(&self) -> Option<Node> {
        self.0.node.clone().and_then(Node::from_record)
    }
}
