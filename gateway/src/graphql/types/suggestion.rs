//! Suggestions: what a person may want to type on to.

use async_graphql::{Context, Object};

use super::node::Node;
use crate::{
    error::Result,
    graphql::{context::RequestContext, enums::SuggestionKind, from_record::FromRecord},
};

/// Suggestions for the prefix of a word or title.
pub(crate) async fn suggest(
    ctx: &Context<'_>,
    prefix: String,
    first: i32,
) -> Result<Vec<Suggestion>> {
    let request = RequestContext::of(ctx);
    let first = request.page_size(first)?;
    let found = request.suggest(prefix, first).await?;
    Ok(found.into_iter().map(Suggestion).collect())
}

/// One suggestion.
pub(crate) struct Suggestion(schema::Suggestion);

/// Something to type or to go to. Suggestions come from what the knowledge base holds, never from
/// what people searched for.
#[Object]
impl Suggestion {
    /// What to show, such as `De klantreis van een verhuizing`.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// What it stands for.
    async fn kind(&self) -> SuggestionKind {
        self.0.kind.into()
    }

    /// The node that it suggests; empty for a word to search for.
    async fn node(&self) -> Option<Node> {
        self.0.node.clone().and_then(Node::from_record)
    }
}
