//! `Community`: a group of professionals.

use std::sync::Arc;

use schema::{Kind, Record, SearchFilter, SearchSort};

use super::{
    article::Article,
    content,
    event::Event,
    mention,
    node::Node,
    organisation::Organisation,
    person::Person,
    scalar::Url,
    search,
    toolkit::Toolkit,
    value_objects::{ApproximateCount, Founded},
};
use crate::{
    error::Result,
    graphql::{
        connection::{Connection, PageArguments},
        enums::{Access, CommunityForm, EventPhase, GovernmentLayer},
        labels::Label,
        loaders::Loaders,
    },
};

/// A community's record.
#[derive(Clone)]
pub(crate) struct Community(Arc<Record>);

impl Community {
    /// Filter for content of one kind that belongs to this community.
    fn content_filter(&self, kind: Kind) -> SearchFilter {
        SearchFilter {
            kinds: vec![kind],
            communities: vec![self.common.id],
            ..SearchFilter::default()
        }
    }
}

content::object! {
    /// A group of professionals around one subject. Its title is its name.
    impl Community {
        /// Relation to Gebruiker Centraal.
        async fn form(&self) -> CommunityForm {
            self.form.into()
        }

        /// The form in words.
        async fn form_label(
            &self,
            #[graphql(desc = "Language of the label; default Dutch.")] language: Option<Language>,
        ) -> String {
            CommunityForm::from(self.form).label(language)
        }

        /// Short name.
        async fn short_name(&self) -> Option<&str> {
            self.short_name.as_deref()
        }

        /// Content whose text names it.
        async fn mentioned_in(
            &self,
            ctx: &Context<'_>,
            #[graphql(default_with = "Some(5)", desc = "Number of items; maximum 20.")]
            first: Option<i32>,
        ) -> Result<Vec<Content>> {
            mention::mentioned_in(ctx, self.common.id, first).await
        }

        /// Other names.
        async fn aliases(&self) -> &[String] {
            &self.aliases
        }

        /// The issue that it works on.
        async fn question(&self) -> Option<&str> {
            self.question.as_deref()
        }

        /// Its purpose.
        async fn purpose(&self) -> Option<&str> {
            self.purpose.as_deref()
        }

        /// When it was founded.
        async fn founded(&self) -> Option<Founded> {
            self.founded.map(Founded)
        }

        /// Organisations that founded it.
        async fn origin_organisations(&self, ctx: &Context<'_>) -> Result<Vec<Organisation>> {
            Loaders::of(ctx).many(&self.origin_organisations).await
        }

        /// People who coordinate it.
        async fn coordinators(&self, ctx: &Context<'_>) -> Result<Vec<Person>> {
            Loaders::of(ctx).many(&self.coordinators).await
        }

        /// Number of members.
        async fn member_count(&self) -> Option<ApproximateCount> {
            self.member_count.map(ApproximateCount)
        }

        /// Who can join.
        async fn access(&self) -> Access {
            self.access.into()
        }

        /// The access in words.
        async fn access_label(
            &self,
            #[graphql(desc = "Language of the label; default Dutch.")] language: Option<Language>,
        ) -> String {
            Access::from(self.access).label(language)
        }

        /// Page for joining.
        async fn join_url(&self) -> Option<Url> {
            self.join_url.as_ref().map(Url::of)
        }

        /// Its online platform.
        async fn platform_url(&self) -> Option<Url> {
            self.platform_url.as_ref().map(Url::of)
        }

        /// Levels of government that its members work for.
        async fn layers(&self) -> Vec<GovernmentLayer> {
            self.layers.iter().copied().map(Into::into).collect()
        }

        /// The community or organisation of which it is a local variant.
        async fn variant_of(&self, ctx: &Context<'_>) -> Option<Result<Node>> {
            Loaders::of(ctx).maybe(self.variant_of).await
        }

        /// Its local variants.
        async fn variants(&self, ctx: &Context<'_>) -> Result<Vec<Community>> {
            Loaders::of(ctx).linked(self.common.id, Relation::VariantOf).await
        }

        /// Related communities.
        async fn related_communities(&self, ctx: &Context<'_>) -> Result<Vec<Community>> {
            Loaders::of(ctx).many(&self.related).await
        }

        /// Toolkits that it produced.
        async fn spawned_toolkits(&self, ctx: &Context<'_>) -> Result<Vec<Toolkit>> {
            Loaders::of(ctx).linked(self.common.id, Relation::SpawnedBy).await
        }

        /// Its articles, newest first.
        async fn articles(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Number of items; default 20, maximum 100.")] first: Option<i32>,
            #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
            #[graphql(desc = "Number of items from the end, instead of `first`.")] last: Option<i32>,
            #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
        ) -> Result<Connection<Article>> {
            let page = PageArguments { first, after, last, before };
            search::list(ctx, self.content_filter(Kind::Article), SearchSort::Newest, page).await
        }

        /// Its toolkits, by title.
        async fn toolkits(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Number of items; default 20, maximum 100.")] first: Option<i32>,
            #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
            #[graphql(desc = "Number of items from the end, instead of `first`.")] last: Option<i32>,
            #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
        ) -> Result<Connection<Toolkit>> {
            let page = PageArguments { first, after, last, before };
            search::list(ctx, self.content_filter(Kind::Toolkit), SearchSort::Title, page).await
        }

        /// Its events: current and upcoming ones first, by start; then the rest.
        async fn events(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Restrict to events in this phase.")] phase: Option<EventPhase>,
            #[graphql(desc = "Number of items; default 20, maximum 100.")] first: Option<i32>,
            #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
            #[graphql(desc = "Number of items from the end, instead of `first`.")] last: Option<i32>,
            #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
        ) -> Result<Connection<Event>> {
            let phases = phase.into_iter().map(Into::into).collect();
            let filter = SearchFilter { phases, ..self.content_filter(Kind::Event) };
            let page = PageArguments { first, after, last, before };
            search::list(ctx, filter, SearchSort::Start, page).await
        }
    }
}
