//! `Query`: the root of every operation.

#![expect(clippy::too_many_arguments, reason = "the arguments of a field are the contract")]

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use schema::{Kind, NodeId, NodeKind, Page};

use super::{
    connection::{Connection, PageArguments},
    context::RequestContext,
    enums::{
        ArticleForm, CommunityForm, ContentSort, EventForm, EventSort, SearchSort, ToolkitForm,
    },
    filter::{ContentFilter, EventFilter, SearchFilter, enum_values},
    from_record::FromRecord,
    loaders::Loaders,
    types::{
        article::Article, audience::Audience, catalog::Catalog, change, change::ChangeConnection,
        community::Community, content::Content, event::Event, node::Node,
        organisation::Organisation, person::Person, scalar::Url, search, search::SearchConnection,
        suggestion, suggestion::Suggestion, theme::Theme, toolkit::Toolkit,
    },
};
use crate::error::{ApiError, Result};

/// Number of names read from the catalog at a time.
const NAME_PAGE_SIZE: usize = 100;

/// The root of every operation.
pub(crate) struct Query;

/// The root of every operation.
#[Object]
impl Query {
    /// Searches everything that a person can find. Without words it finds everything. Words are
    /// found in any form, as part of a compound (`reis` in `klantreizen`), by another word for the
    /// same (`CX`, `klantbeleving`), and with a typing mistake where no text has them as typed;
    /// `interpretation` explains how they were read. Where 100 records have both of two words,
    /// those with one are not listed; of more words, a quarter is needed, and more words rank
    /// higher.
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "What to find, such as `klantreis gemeente`. `\"de klantreis van\"` in this very \
                    form; `-loket` not; `brief OR mail` one of them; `(heldere taal) OR B1`; \
                    `toegankelijk*` what begins with it; `titel:brief`, `thema:inclusie`, \
                    `organisatie:VNG`, `persoon:jansen` in that place only."
        )]
        query: Option<String>,
        #[graphql(desc = "Conditions.")] filter: Option<SearchFilter>,
        #[graphql(desc = "Order.", default_with = "SearchSort::Relevance")] sort: SearchSort,
        #[graphql(desc = "How many; 20 if not given, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, instead of `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<SearchConnection> {
        let limits = RequestContext::of(ctx).limits();
        let filter = filter.unwrap_or_default().checked(limits)?;
        let page = PageArguments { first, after, last, before };
        search::search(ctx, query, filter, sort.into(), page).await.map(SearchConnection)
    }

    /// Completions of what was typed so far: titles, themes, organisations, words. Accents and
    /// capitals do not matter.
    async fn suggest(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was typed so far, such as `klantr`.")] prefix: String,
        #[graphql(default = 8, desc = "How many; at most 100.")] first: i32,
    ) -> Result<Vec<Suggestion>> {
        suggestion::suggest(ctx, prefix, first).await
    }

    /// The node with this id, of whatever type. The id of a record that was merged into another
    /// finds that other.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Option<Result<Node>> {
        Loaders::of(ctx).maybe(id.parse().ok()).await
    }

    /// The nodes with these ids, in their order; null where there is none.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Their ids; at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        let request = RequestContext::of(ctx);
        let ids_max = request.limits().page_size_max;
        if ids.len() > ids_max {
            return Err(ApiError::limit("page_size_max", ids_max as u64));
        }
        let parsed_ids: Vec<Option<NodeId>> = ids.iter().map(|id| id.parse().ok()).collect();
        let valid_ids: Vec<NodeId> = parsed_ids.iter().flatten().copied().collect();
        let mut found = request.loaders.each(&valid_ids).await?.into_iter();
        Ok(parsed_ids.into_iter().map(|id| id.and_then(|_| found.next().flatten())).collect())
    }

    /// The content with this address, or with any other that its sources know it by. How the
    /// address is written (`http` or `https`, a final `/`, tracking parameters) does not matter.
    async fn content_by_url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its `url`.")] url: Url,
    ) -> Option<Result<Content>> {
        let request = RequestContext::of(ctx);
        match request.snapshot.by_urls(&[url.0]).await {
            Ok(ids) => request.loaders.maybe(ids.into_iter().next().flatten()).await,
            Err(error) => Some(Err(crate::error::from_catalog(&error))),
        }
    }

    /// Articles.
    async fn articles(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions.")] filter: Option<ContentFilter>,
        #[graphql(desc = "Only these forms.")] forms: Option<Vec<ArticleForm>>,
        #[graphql(desc = "Order.", default_with = "ContentSort::Newest")] sort: ContentSort,
        #[graphql(desc = "How many; 20 if not given, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, instead of `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Article>> {
        let limits = RequestContext::of(ctx).limits();
        let filter = schema::SearchFilter {
            kinds: vec![Kind::Article],
            article_forms: enum_values(forms),
            ..filter.unwrap_or_default().checked(limits)?
        };
        let page = PageArguments { first, after, last, before };
        search::list(ctx, filter, sort.into(), page).await
    }

    /// Toolkits.
    async fn toolkits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions.")] filter: Option<ContentFilter>,
        #[graphql(desc = "Only these forms.")] forms: Option<Vec<ToolkitForm>>,
        #[graphql(desc = "Order.", default_with = "ContentSort::Newest")] sort: ContentSort,
        #[graphql(desc = "How many; 20 if not given, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, instead of `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Toolkit>> {
        let limits = RequestContext::of(ctx).limits();
        let filter = schema::SearchFilter {
            kinds: vec![Kind::Toolkit],
            toolkit_forms: enum_values(forms),
            ..filter.unwrap_or_default().checked(limits)?
        };
        let page = PageArguments { first, after, last, before };
        search::list(ctx, filter, sort.into(), page).await
    }

    /// Communities.
    async fn communities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions.")] filter: Option<ContentFilter>,
        #[graphql(desc = "Only these forms.")] forms: Option<Vec<CommunityForm>>,
        #[graphql(desc = "Order.", default_with = "ContentSort::Newest")] sort: ContentSort,
        #[graphql(desc = "How many; 20 if not given, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, instead of `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Community>> {
        let limits = RequestContext::of(ctx).limits();
        let filter = schema::SearchFilter {
            kinds: vec![Kind::Community],
            community_forms: enum_values(forms),
            ..filter.unwrap_or_default().checked(limits)?
        };
        let page = PageArguments { first, after, last, before };
        search::list(ctx, filter, sort.into(), page).await
    }

    /// Events.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions.")] filter: Option<EventFilter>,
        #[graphql(desc = "Only these forms.")] forms: Option<Vec<EventForm>>,
        #[graphql(desc = "Order.", default_with = "EventSort::Start")] sort: EventSort,
        #[graphql(desc = "How many; 20 if not given, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, instead of `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Event>> {
        let limits = RequestContext::of(ctx).limits();
        let filter = schema::SearchFilter {
            kinds: vec![Kind::Event],
            event_forms: enum_values(forms),
            ..filter.unwrap_or_default().checked(limits)?
        };
        let page = PageArguments { first, after, last, before };
        search::list(ctx, filter, sort.into(), page).await
    }

    /// All themes, by name.
    async fn themes(&self, ctx: &Context<'_>) -> Result<Vec<Theme>> {
        list_all_by_name(ctx, NodeKind::Theme).await
    }

    /// All audiences, by name.
    async fn audiences(&self, ctx: &Context<'_>) -> Result<Vec<Audience>> {
        list_all_by_name(ctx, NodeKind::Audience).await
    }

    /// Organisations, by name.
    async fn organisations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; 20 if not given, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, instead of `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Organisation>> {
        list_by_name(ctx, NodeKind::Organisation, PageArguments { first, after, last, before })
            .await
    }

    /// People, by name.
    async fn people(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; 20 if not given, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, instead of `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Person>> {
        list_by_name(ctx, NodeKind::Person, PageArguments { first, after, last, before }).await
    }

    /// What was upserted and removed, in order and oldest first; for mirrors and purges.
    #[graphql(tag = "operations")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(default = 100, desc = "How many; at most 100.")] first: i32,
    ) -> Result<ChangeConnection> {
        change::changes(ctx, after, first).await
    }

    /// What the knowledge base holds at this moment, and where it came from.
    #[graphql(tag = "operations")]
    async fn catalog(&self, ctx: &Context<'_>) -> Catalog {
        Catalog(Arc::clone(&RequestContext::of(ctx).snapshot))
    }
}

/// A page of the records of one kind, by name.
async fn list_by_name<T: FromRecord>(
    ctx: &Context<'_>,
    kind: NodeKind,
    page: PageArguments,
) -> Result<Connection<T>> {
    let request = RequestContext::of(ctx);
    let page = page.page(request)?;
    let page = request.snapshot.list_by_name(kind, page).await;
    page.map(Connection::from_record_page).map_err(|error| crate::error::from_catalog(&error))
}

/// All records of one kind, by name.
async fn list_all_by_name<T: FromRecord>(ctx: &Context<'_>, kind: NodeKind) -> Result<Vec<T>> {
    let snapshot = &RequestContext::of(ctx).snapshot;
    let mut items = Vec::new();
    let mut after = None;
    loop {
        let page = Page::Forward { first: NAME_PAGE_SIZE, after };
        let page = snapshot
            .list_by_name(kind, page)
            .await
            .map_err(|error| crate::error::from_catalog(&error))?;
        after = page.entries.last().map(|(_, cursor)| cursor.clone());
        items.extend(page.entries.into_iter().filter_map(|(record, _)| T::from_record(record)));
        if !page.has_next || after.is_none() {
            return Ok(items);
        }
    }
}
