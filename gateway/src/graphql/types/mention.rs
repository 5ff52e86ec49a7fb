//! Mentions of entities in texts, in both directions.

use std::sync::Arc;

use async_graphql::{Context, Object};
use indexer::catalog::Relation;
use schema::{EntityMention, MentionText, NodeId, Record};

use super::{
    content::{Content, related_size},
    node::Node,
};
use crate::{
    error::Result,
    graphql::{enums::Origin, loaders::Loaders},
};

/// A mention of an entity in the text of a record.
pub(crate) struct Mention {
    mention: EntityMention,
    record: Arc<Record>,
}

impl Mention {
    /// The mentions in the text of a record.
    pub(super) async fn of(ctx: &Context<'_>, record: &Arc<Record>) -> Result<Vec<Self>> {
        let mentions = Loaders::of(ctx).mentions(record.id()).await?;
        let mention =
            |mention: &EntityMention| Self { mention: *mention, record: Arc::clone(record) };
        Ok(mentions.iter().map(mention).collect())
    }
}

/// A declared community, toolkit, organisation or person that a text names.
#[Object]
impl Mention {
    /// The entity.
    async fn entity(&self, ctx: &Context<'_>) -> Option<Result<Node>> {
        Loaders::of(ctx).maybe(Some(self.mention.entity)).await
    }

    /// The sentence of the first mention, or the title or summary that contains it.
    async fn sentence(&self, ctx: &Context<'_>) -> Result<String> {
        let common = self.record.common();
        let (start, end) = match self.mention.text {
            MentionText::Title => return Ok(self.record.name().to_owned()),
            MentionText::Summary => {
                let lead = match &*self.record {
                    Record::Article(article) => article.lead.clone(),
                    _ => None,
                };
                let summary = common.and_then(|common| common.summary.clone());
                return Ok(lead.or(summary).unwrap_or_default());
            }
            MentionText::Body { start, end } => (start as usize, end as usize),
        };
        let body = Loaders::of(ctx).body(self.record.id()).await?;
        let sentence = body.as_ref().and_then(|body| body.text.get(start..end));
        Ok(sentence.unwrap_or_default().to_owned())
    }

    /// Always `INFERRED`: the name was recognised in the text.
    async fn origin(&self) -> Origin {
        Origin::Inferred
    }
}

/// At most `first` records whose text names an entity.
pub(super) async fn mentioned_in(
    ctx: &Context<'_>,
    entity: NodeId,
    first: Option<i32>,
) -> Result<Vec<Content>> {
    let loaders = Loaders::of(ctx);
    let ids = loaders.linked_ids(entity, Relation::NamedIn).await?;
    let first = related_size(first)?.min(ids.len());
    loaders.many(&ids[..first]).await
}
