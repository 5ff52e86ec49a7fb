//! `Query`: the root type of the contract.

#![expect(clippy::too_many_arguments, reason = "the arguments of a field are the contract")]

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use schema::{Kind, NodeId, NodeKind};

use super::{
    connection::{Connection, PageArguments},
    context::RequestContext,
    enums::{
        ArticleForm, CommunityForm, ContentSort, EventForm, EventSort, SearchSort, ToolkitForm,
        enum_values,
    },
    filter::{ContentFilter, EventFilter, SearchFilter},
    from_record::FromRecord,
    loaders::Loaders,
    types::{
        article::Article,
        audience::Audience,
        catalog::Catalog,
        change,
        change::ChangeConnection,
        community::Community,
        content::Content,
        event::Event,
        node::Node,
        organisation::Organisation,
        person::Person,
        scalar::Url,
        search,
        search::{SearchConnection, SearchWords},
        suggestion,
        suggestion::Suggestion,
        theme::Theme,
        toolkit::Toolkit,
    },
};
use crate::error::{ApiError, Result};

/// The root type of the contract.
pub(crate) struct Query;

/// The root type of the contract.
#[Object]
impl Query {
    /// Searches all content; without words, returns everything. Matches other inflected forms,
    /// components of compounds (`reis` in `klantreizen`), synonyms (`CX`, `klantbeleving`) and, if
    /// nothing matches the words as typed, spelling corrections; `interpretation` shows how they
    /// were read. If at least 100 records contain both of two words, records with only one are
    /// omitted; of three or more words, a quarter must match, and records that match more words
    /// rank higher.
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Search words, such as `klantreis gemeente`. `\"de klantreis van\"` matches the \
                    exact phrase; `-loket` excludes a word; `brief OR mail` matches either; \
                    `(heldere taal) OR B1` groups; `toegankelijk*` matches a prefix; \
                    `titel:brief`, `thema:inclusie`, `organisatie:VNG` and `persoon:jansen` \
                    search one field."
        )]
        query: Option<String>,
        #[graphql(desc = "Filter conditions.")] filter: Option<SearchFilter>,
        #[graphql(desc = "Sort order.", default_with = "SearchSort::Relevance")] sort: SearchSort,
        #[graphql(
            default = false,
            desc = "Whether wider matches count like exact ones, in the total, the facets and \
                    every order."
        )]
        wider: bool,
        #[graphql(
            default = false,
            desc = "Whether words such as `volgende`, `agenda` and `december 2026` are searched for \
                    like all other words, instead of becoming preferences; see \
                    `interpretation.preferences`."
        )]
        literal: bool,
        #[graphql(desc = "Number of items; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, instead of `first`.")] last: Option<i32>,
        #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
    ) -> Result<SearchConnection> {
        let limits = RequestContext::of(ctx).limits();
        let filter = filter.unwrap_or_default().checked(limits)?;
        let page = PageArguments { first, after, last, before };
        let words = SearchWords { query, wider, literal };
        search::search(ctx, words, filter, sort.into(), page).await.map(SearchConnection)
    }

    /// Completions of a prefix: titles, themes, organisations and words. Ignores accents and case.
    async fn suggest(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The prefix typed so far, such as `klantr`.")] prefix: String,
        #[graphql(default = 8, desc = "Number of items; maximum 100.")] first: i32,
    ) -> Result<Vec<Suggestion>> {
        suggestion::suggest(ctx, prefix, first).await
    }

    /// The node with this id, of any type. The id of a record that was merged into another returns
    /// the other record.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of the node.")] id: ID,
    ) -> Option<Result<Node>> {
        Loaders::of(ctx).maybe(id.parse().ok()).await
    }

    /// The nodes with these ids, in order; null for an unknown id.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Ids of the nodes; maximum 100.")] ids: Vec<ID>,
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

    /// The content with this URL, or with any other URL that its sources use for it. Differences in
    /// notation (`http` or `https`, a trailing `/`, tracking parameters) are ignored.
    async fn content_by_url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "URL of the content.")] url: Url,
    ) -> Option<Result<Content>> {
        let request = RequestContext::of(ctx);
        match request.snapshot.by_urls(&[url.0]).await {
            Ok(ids) => request.loaders.maybe(ids.into_iter().next().flatten()).await,
            Err(error) => Some(Err(crate::error::from_catalog(&error))),
        }
    }

    /// Articles that match a filter.
    async fn articles(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter conditions.")] filter: Option<ContentFilter>,
        #[graphql(desc = "Restrict to these forms.")] forms: Option<Vec<ArticleForm>>,
        #[graphql(desc = "Sort order.", default_with = "ContentSort::Newest")] sort: ContentSort,
        #[graphql(desc = "Number of items; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, instead of `first`.")] last: Option<i32>,
        #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
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

    /// Toolkits that match a filter.
    async fn toolkits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter conditions.")] filter: Option<ContentFilter>,
        #[graphql(desc = "Restrict to these forms.")] forms: Option<Vec<ToolkitForm>>,
        #[graphql(desc = "Sort order.", default_with = "ContentSort::Newest")] sort: ContentSort,
        #[graphql(desc = "Number of items; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, instead of `first`.")] last: Option<i32>,
        #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
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

    /// Communities that match a filter.
    async fn communities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter conditions.")] filter: Option<ContentFilter>,
        #[graphql(desc = "Restrict to these forms.")] forms: Option<Vec<CommunityForm>>,
        #[graphql(desc = "Sort order.", default_with = "ContentSort::Newest")] sort: ContentSort,
        #[graphql(desc = "Number of items; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, instead of `first`.")] last: Option<i32>,
        #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
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

    /// Events that match a filter.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter conditions.")] filter: Option<EventFilter>,
        #[graphql(desc = "Restrict to these forms.")] forms: Option<Vec<EventForm>>,
        #[graphql(desc = "Sort order.", default_with = "EventSort::Start")] sort: EventSort,
        #[graphql(desc = "Number of items; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, instead of `first`.")] last: Option<i32>,
        #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
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

    /// Themes, in alphabetical order.
    async fn themes(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Words or prefixes of words, all of which must be in the label and other labels."
        )]
        query: Option<String>,
        #[graphql(desc = "Number of items; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, instead of `first`.")] last: Option<i32>,
        #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Theme>> {
        let page = PageArguments { first, after, last, before };
        list_by_name(ctx, NodeKind::Theme, query, page).await
    }

    /// Audiences, in alphabetical order.
    async fn audiences(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words or prefixes of words, all of which must be in the name.")]
        query: Option<String>,
        #[graphql(desc = "Number of items; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, instead of `first`.")] last: Option<i32>,
        #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Audience>> {
        let page = PageArguments { first, after, last, before };
        list_by_name(ctx, NodeKind::Audience, query, page).await
    }

    /// Organisations, in alphabetical order.
    async fn organisations(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Words or prefixes of words, all of which must be in the name, abbreviations and other names."
        )]
        query: Option<String>,
        #[graphql(desc = "Number of items; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, instead of `first`.")] last: Option<i32>,
        #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Organisation>> {
        let page = PageArguments { first, after, last, before };
        list_by_name(ctx, NodeKind::Organisation, query, page).await
    }

    /// People, in alphabetical order.
    async fn people(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words or prefixes of words, all of which must be in the name.")]
        query: Option<String>,
        #[graphql(desc = "Number of items; default 20, maximum 100.")] first: Option<i32>,
        #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of items from the end, instead of `first`.")] last: Option<i32>,
        #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Person>> {
        let page = PageArguments { first, after, last, before };
        list_by_name(ctx, NodeKind::Person, query, page).await
    }

    /// The theme with this slug; null if there is none.
    async fn theme(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Last segment of the path of its page.")] slug: String,
    ) -> Option<Result<Theme>> {
        by_slug(ctx, NodeKind::Theme, slug).await
    }

    /// The audience with this slug; null if there is none.
    async fn audience(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Last segment of the path of its page.")] slug: String,
    ) -> Option<Result<Audience>> {
        by_slug(ctx, NodeKind::Audience, slug).await
    }

    /// The organisation with this slug; null if there is none.
    async fn organisation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Last segment of the path of its page.")] slug: String,
    ) -> Option<Result<Organisation>> {
        by_slug(ctx, NodeKind::Organisation, slug).await
    }

    /// The community with this slug; null if there is none.
    async fn community(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Last segment of the path of its page.")] slug: String,
    ) -> Option<Result<Community>> {
        by_slug(ctx, NodeKind::Community, slug).await
    }

    /// Upserted and removed records, oldest first; for mirrors and cache purges.
    #[graphql(tag = "operations")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
        #[graphql(default = 100, desc = "Number of items; maximum 100.")] first: i32,
    ) -> Result<ChangeConnection> {
        change::changes(ctx, after, first).await
    }

    /// The current contents of the knowledge base, and their origin.
    #[graphql(tag = "operations")]
    async fn catalog(&self, ctx: &Context<'_>) -> Catalog {
        Catalog(Arc::clone(&RequestContext::of(ctx).snapshot))
    }
}

/// A page of the records of one kind whose names match, in alphabetical order.
async fn list_by_name<T: FromRecord>(
    ctx: &Context<'_>,
    kind: NodeKind,
    query: Option<String>,
    page: PageArguments,
) -> Result<Connection<T>> {
    let request = RequestContext::of(ctx);
    let page = page.page(request)?;
    let page = request.snapshot.list_by_name(kind, query.unwrap_or_default(), page).await;
    page.map(Connection::from_record_page).map_err(|error| crate::error::from_catalog(&error))
}

/// The record of a page.
async fn by_slug<T: FromRecord>(
    ctx: &Context<'_>,
    kind: NodeKind,
    slug: String,
) -> Option<Result<T>> {
    let request = RequestContext::of(ctx);
    match request.snapshot.by_pages(&[(kind, slug)]).await {
        Ok(ids) => request.loaders.maybe(ids.into_iter().next().flatten()).await,
        Err(error) => Some(Err(crate::error::from_catalog(&error))),
    }
}
