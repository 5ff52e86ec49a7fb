//! `Organisation`: an organisation that content refers to.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use indexer::catalog::Relation;
use schema::Record;

use super::{person::Person, scalar::Url};
use crate::{
    error::Result,
    graphql::{
        enums::{GovernmentLayer, OrganisationKind, Origin},
        from_record,
        loaders::Loaders,
    },
};

/// An organisation's record.
#[derive(Clone)]
pub(crate) struct Organisation(Arc<Record>);

from_record::entity!(Organisation);

/// An organisation: a municipality, a ministry, a company and so on.
#[Object]
impl Organisation {
    /// Opaque, stable identifier; it never changes.
    pub(crate) async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// Full name.
    async fn name(&self) -> &str {
        &self.name
    }

    /// Abbreviations, such as `KVK`.
    async fn abbreviations(&self) -> &[String] {
        &self.abbreviations
    }

    /// Other names.
    async fn aliases(&self) -> &[String] {
        &self.aliases
    }

    /// Kind of organisation.
    async fn kind(&self) -> OrganisationKind {
        self.kind.into()
    }

    /// The level of government that it belongs to.
    async fn layer(&self) -> Option<GovernmentLayer> {
        self.layer.map(Into::into)
    }

    /// The organisation that it is part of.
    async fn parent(&self, ctx: &Context<'_>) -> Option<Result<Organisation>> {
        Loaders::of(ctx).maybe(self.parent).await
    }

    /// Organisations that are part of it.
    async fn parts(&self, ctx: &Context<'_>) -> Result<Vec<Organisation>> {
        Loaders::of(ctx).linked(self.id, Relation::PartOf).await
    }

    /// People who work for it.
    async fn people(&self, ctx: &Context<'_>) -> Result<Vec<Person>> {
        Loaders::of(ctx).linked(self.id, Relation::MemberOf).await
    }

    /// Its website.
    async fn url(&self) -> Option<Url> {
        self.url.as_ref().map(Url::of)
    }

    /// Whether a source describes it, or only mentions its name.
    async fn origin(&self) -> Origin {
        self.origin.into()
    }
}
