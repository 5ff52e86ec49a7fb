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
    /// Opaque, stable identifier; it never changes.
    pub(crate) async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// The preferred name.
    async fn label(&self) -> &str {
        &self.label
    }

    /// Other names of the same subject.
    async fn alt_labels(&self) -> &[String] {
        &self.alt_labels
    }

    /// Definition of the subject.
    async fn definition(&self) -> Option<&str> {
        self.definition.as_deref()
    }

    /// The broader theme that it belongs to.
    async fn broader(&self, ctx: &Context<'_>) -> Option<Result<Theme>> {
        Loaders::of(ctx).maybe(self.broader).await
    }

    /// Narrower themes.
    async fn narrower(&self, ctx: &Context<'_>) -> Result<Vec<Theme>> {
        Loaders::of(ctx).linked(self.id, Relation::Narrower).await
    }

    /// Whether a source describes it, or only mentions its name.
    async fn origin(&self) -> Origin {
        self.origin.into()
    }
}
