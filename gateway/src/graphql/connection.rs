//! Connections: pages of ordered lists, forwards and backwards (the Relay specification).

use std::borrow::Cow;

use async_graphql::{Object, ObjectType, SimpleObject, TypeName};
use schema::{Cursor, GenerationNumber, Hit, Page, RecordPage, SearchPage};

use super::{PAGE_SIZE_DEFAULT, context::RequestContext, from_record::FromRecord};
use crate::error::{ApiError, Result, from_cursor};

/// The paging arguments of a field, as a client gave them.
pub(super) struct PageArguments {
    /// Number of items from the start.
    pub(super) first: Option<i32>,
    /// After which cursor.
    pub(super) after: Option<String>,
    /// How many from the back.
    pub(super) last: Option<i32>,
    /// Before which cursor.
    pub(super) before: Option<String>,
}

impl PageArguments {
    /// The arguments of a field that is paged forwards only.
    pub(super) const fn forward(first: Option<i32>, after: Option<String>) -> Self {
        Self { first, after, last: None, before: None }
    }

    /// The requested page: forwards unless `last` or `before` is given.
    pub(super) fn page(self, request: &RequestContext) -> Result<Page> {
        let size = |requested: Option<i32>| match requested {
            Some(requested) => request.page_size(requested),
            None => Ok(PAGE_SIZE_DEFAULT.min(request.limits().page_size_max)),
        };
        match self {
            Self { first, after, last: None, before: None } => {
                Ok(Page::Forward { first: size(first)?, after: cursor(after)? })
            }
            Self { first: None, after: None, last, before } => {
                Ok(Page::Backward { last: size(last)?, before: cursor(before)? })
            }
            _ => Err(ApiError::bad_user_input(
                "use either `first`/`after` or \
                 `last`/`before`, not both",
            )),
        }
    }
}

fn cursor(text: Option<String>) -> Result<Option<Cursor>> {
    text.map(|text| text.parse().map_err(|error| from_cursor(&error))).transpose()
}

/// Position of a page in its list.
#[derive(SimpleObject, Debug, Clone, Default)]
#[graphql(shareable)]
pub(super) struct PageInfo {
    /// Whether more follow.
    pub(super) has_next_page: bool,
    /// Whether others go before.
    pub(super) has_previous_page: bool,
    /// Cursor of the first item; the page before this one ends `before` it.
    pub(super) start_cursor: Option<String>,
    /// Cursor of the last item; the next page begins `after` it.
    pub(super) end_cursor: Option<String>,
    /// The generation of the given cursor, where a later one is served: the page then continues
    /// after the same position in the later one. Empty where the page is exact.
    // Hidden from supergraphs: pages of other subgraphs have no generation.
    #[graphql(inaccessible)]
    pub(super) continued_from_generation: Option<u64>,
}

impl PageInfo {
    /// Position of a page of hits.
    pub(super) fn from_search_page(page: &SearchPage) -> Self {
        let cursor = |hit: &Hit| hit.cursor.to_string();
        Self {
            has_next_page: page.has_next,
            has_previous_page: page.has_previous,
            start_cursor: page.hits.first().map(cursor),
            end_cursor: page.hits.last().map(cursor),
            continued_from_generation: page.continued_from.map(|GenerationNumber(n)| n),
        }
    }

    /// Position of a page of records.
    fn from_record_page(page: &RecordPage) -> Self {
        Self {
            has_next_page: page.has_next,
            has_previous_page: page.has_previous,
            start_cursor: page.entries.first().map(|(_, cursor)| cursor.to_string()),
            end_cursor: page.entries.last().map(|(_, cursor)| cursor.to_string()),
            continued_from_generation: page.continued_from.map(|GenerationNumber(n)| n),
        }
    }
}

/// A page of a list of one type.
pub(super) struct Connection<T> {
    items: Vec<(T, Cursor)>,
    page_info: PageInfo,
    /// Computed only where the client selects it.
    total: Option<u64>,
}

impl<T: FromRecord> Connection<T> {
    /// The hits of a search that are of this type.
    pub(super) fn from_search_page(page: SearchPage) -> Self {
        let page_info = PageInfo::from_search_page(&page);
        let items = page
            .hits
            .into_iter()
            .filter_map(|hit| Some((T::from_record(hit.record)?, hit.cursor)))
            .collect();
        Self { items, page_info, total: page.total }
    }

    /// The records of this type in a page.
    pub(super) fn from_record_page(page: RecordPage) -> Self {
        let page_info = PageInfo::from_record_page(&page);
        let items = page
            .entries
            .into_iter()
            .filter_map(|(record, cursor)| Some((T::from_record(record)?, cursor)))
            .collect();
        Self { items, page_info, total: Some(page.total) }
    }
}

impl<T: ObjectType> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

/// A page of an ordered list.
#[Object(name_type)]
impl<T: ObjectType> Connection<T> {
    /// The items, each with its cursor.
    async fn edges(&self) -> Vec<Edge<'_, T>> {
        self.items.iter().map(|(node, cursor)| Edge { node, cursor }).collect()
    }

    /// The items alone.
    async fn nodes(&self) -> Vec<&T> {
        self.items.iter().map(|(node, _)| node).collect()
    }

    /// Position of the page.
    async fn page_info(&self) -> &PageInfo {
        &self.page_info
    }

    /// The number of items on all pages. Computed only when selected.
    async fn total_count(&self) -> Result<u64> {
        total_count(self.total)
    }
}

/// A total that was computed because the client selects it.
pub(super) fn total_count(total: Option<u64>) -> Result<u64> {
    total.ok_or_else(|| {
        tracing::error!("totalCount selected but not computed");
        ApiError::internal()
    })
}

/// An item and its place.
struct Edge<'a, T> {
    node: &'a T,
    cursor: &'a Cursor,
}

impl<T: ObjectType> TypeName for Edge<'_, T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::type_name()).into()
    }
}

/// An item of a list and its place in it.
#[Object(name_type)]
impl<T: ObjectType> Edge<'_, T> {
    /// The item.
    async fn node(&self) -> &T {
        self.node
    }

    /// Its place, to continue from with `after` or `before`.
    async fn cursor(&self) -> String {
        self.cursor.to_string()
    }
}
