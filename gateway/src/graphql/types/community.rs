//! `Community`: a group of professionals.

use std::sync::Arc;

use indexer::catalog::Relation;
use schema::{Kind, Record, SearchFilter, SearchSort};

use super::{
    article::Article,
    content,
    event::Event,
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
        loaders::Loaders,
    },
};

/// A community's record.
#[derive(Clone)]
pub(crate) struct Community(Arc<Record>);

impl Community {
    /// Content of one kind that belongs to this community.
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
        /// How it relates to Gebruiker Centraal.
        async fn form(&self) -> CommunityForm {
            self.form.into()
        }

        /// A shorter name.
        async fn short_name(&self) -> Option<&str> {
            self.short_name.as_deref()
        }

        /// What it wants to find out.
        async fn question(&self) -> Option<&str> {
            self.question.as_deref()
        }

        /// What it is for.
        async fn purpose(&self) -> Option<&str> {
            self.purpose.as_deref()
        }

        /// When it began.
        async fn founded(&self) -> Option<Founded> {
            self.founded.map(Founded)
        }

        /// Organisations that began it.
        async fn origin_organisations(&self, ctx: &Context<'_>) -> Result<Vec<Organisation>> {
            Loaders::of(ctx).many(&self.origin_organisations).await
        }

        /// Who coordinates it.
        async fn coordinators(&self, ctx: &Context<'_>) -> Result<Vec<Person>> {
            Loaders::of(ctx).many(&self.coordinators).await
        }

        /// How many members it has.
        async fn member_count(&self) -> Option<ApproximateCount> {
            self.member_count.map(ApproximateCount)
        }

        /// Who may join.
        async fn access(&self) -> Access {
            self.access.into()
        }

        /// Where to join.
        async fn join_url(&self) -> Option<Url> {
            self.join_url.as_ref().map(Url::of)
        }

        /// Where it meets online.
        async fn platform_url(&self) -> Option<Url> {
            self.platform_url.as_ref().map(Url::of)
        }

        /// Layers of government that its members work for.
        async fn layers(&self) -> Vec<GovernmentLayer> {
            self.layers.iter().copied().map(Into::into).collect()
        }

        /// Communities it is connected with.
        async fn related_communities(&self, ctx: &Context<'_>) -> Result<Vec<Community>> {
            Loaders::of(ctx).many(&self.related).await
        }

        /// Toolkits that came out of it.
        async fn spawned_toolkits(&self, ctx: &Context<'_>) -> Result<Vec<Toolkit>> {
            Loaders::of(ctx).linked(self.common.id, Relation::SpawnedBy).await
        }

        /// Its articles, newest first.
        async fn articles(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "How many; 20 if not given, at most 100.")] first: Option<i32>,
            #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        ) -> Result<Connection<Article>> {
            let page = PageArguments::forward(first, after);
            search::list(ctx, self.content_filter(Kind::Article), SearchSort::Newest, page).await
        }

        /// Its toolkits, by title.
        async fn toolkits(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "How many; 20 if not given, at most 100.")] first: Option<i32>,
            #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        ) -> Result<Connection<Toolkit>> {
            let page = PageArguments::forward(first, after);
            search::list(ctx, self.content_filter(Kind::Toolkit), SearchSort::Title, page).await
        }

        /// Its events: those that are going on or to come first, by their start; then the rest.
        async fn events(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Only events that are there in time.")] phase: Option<EventPhase>,
            #[graphql(desc = "How many; 20 if not given, at most 100.")] first: Option<i32>,
            #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        ) -> Result<Connection<Event>> {
            let phases = phase.into_iter().map(Into::into).collect();
            let filter = SearchFilter { phases, ..self.content_filter(Kind::Event) };
            let page = PageArguments::forward(first, after);
            search::list(ctx, filter, SearchSort::Start, page).await
        }
    }
}
