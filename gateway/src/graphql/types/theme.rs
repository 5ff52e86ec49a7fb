//! `Theme`: a subject.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use indexer::catalog::Relation;
use schema::Record;

use crate::{
    error::Result,
    graphql::{enums::Origin, from_record, loaders::Loaders},
};

/// A theme's record.
#[derive(Clone)]
pub(crate) struct Theme(Arc<Record>);

from_record::entity!(Theme);

/// A subject that content is about, such as `begrijpelijke taal`.
#[Object]
impl Theme {
    /// Opaque and stable: it stays the same for ever.
    pub(crate) async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// The preferred name.
    async fn label(&self) -> &str {
        &self.label
    }

    /// Other names for the same subject.
    async fn alt_labels(&self) -> &[String] {
        &self.alt_labels
    }

    /// What is meant by it.
    async fn definition(&self) -> Option<&str> {
        self.definition.as_deref()
    }

    /// The wider theme that it belongs to.
    async fn broader(&self, ctx: &Context<'_>) -> Option<Result<Theme>> {
        Loaders::of(ctx).maybe(self.broader).await
    }

    /// The themes within it.
    async fn narrower(&self, ctx: &Context<'_>) -> Result<Vec<Theme>> {
        Loaders::of(ctx).linked(self.id, Relation::Narrower).await
    }

    /// Whether a source describes it, or only its name occurs.
    async fn origin(&self) -> Origin {
        self.origin.into()
    }
}
