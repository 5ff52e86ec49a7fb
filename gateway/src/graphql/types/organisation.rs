//! `Organisation`: an organisation that content refers to.

use std::sync::Arc;

use indexer::catalog::Relation;

use super::{community::Community, entity, mention, person::Person};
use crate::graphql::{
    enums::{GovernmentLayer, Language, OrganisationKind},
    labels::Label,
};

/// An organisation's record.
#[derive(Clone)]
pub(crate) struct Organisation(Arc<Record>);

entity::object! {
    /// An organisation: a municipality, a ministry, a company and so on.
    impl Organisation {
        /// Full name.
        async fn name(&self) -> &str {
            &self.name
        }

        /// URL of its page.
        async fn url(&self, ctx: &Context<'_>) -> Url {
            Url(RequestContext::of(ctx).config.page_url(&self.0))
        }

        /// Its own website.
        async fn website(&self) -> Option<Url> {
            self.website.as_ref().map(Url::of)
        }

        /// Content whose text names it.
        async fn mentioned_in(
            &self,
            ctx: &Context<'_>,
            #[graphql(default_with = "Some(5)", desc = "Number of items; maximum 20.")]
            first: Option<i32>,
        ) -> Result<Vec<Content>> {
            mention::mentioned_in(ctx, self.id, first).await
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

        /// The kind in words.
        async fn kind_label(
            &self,
            #[graphql(desc = "Language of the label; default Dutch.")] language: Option<Language>,
        ) -> String {
            OrganisationKind::from(self.kind).label(language)
        }

        /// The level of government that it belongs to.
        async fn layer(&self) -> Option<GovernmentLayer> {
            self.layer.map(Into::into)
        }

        /// The level of government in words.
        async fn layer_label(
            &self,
            #[graphql(desc = "Language of the label; default Dutch.")] language: Option<Language>,
        ) -> Option<String> {
            self.layer.map(|value| GovernmentLayer::from(value).label(language))
        }

        /// The organisation that it is part of.
        async fn parent(&self, ctx: &Context<'_>) -> Option<Result<Organisation>> {
            Loaders::of(ctx).maybe(self.parent).await
        }

        /// Organisations that are part of it.
        async fn parts(&self, ctx: &Context<'_>) -> Result<Vec<Organisation>> {
            Loaders::of(ctx).linked(self.id, Relation::PartOf).await
        }

        /// Alliances of organisations that it is a member of.
        async fn alliances(&self, ctx: &Context<'_>) -> Result<Vec<Organisation>> {
            Loaders::of(ctx).many(&self.alliances).await
        }

        /// Its members, if it is an alliance.
        async fn members(&self, ctx: &Context<'_>) -> Result<Vec<Organisation>> {
            Loaders::of(ctx).linked(self.id, Relation::AllianceMember).await
        }

        /// Communities that are local variants of it.
        async fn variants(&self, ctx: &Context<'_>) -> Result<Vec<Community>> {
            Loaders::of(ctx).linked(self.id, Relation::VariantOf).await
        }

        /// People who work for it.
        async fn people(&self, ctx: &Context<'_>) -> Result<Vec<Person>> {
            Loaders::of(ctx).linked(self.id, Relation::MemberOf).await
        }
    }
}
