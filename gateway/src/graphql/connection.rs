//! Connections: pages of ordered lists, forwards and backwards (the Relay specification).

use std::borrow::Cow;

use async_graphql::{Object, OutputType, SimpleObject, TypeName};
use schema::{Cursor, GenerationNumber, Hit, Page, RecordPage, SearchPage};

use super::{PAGE_SIZE_DEFAULT, context::RequestContext, from_record::FromRecord};
use crate::error::{ApiError, Result, from_cursor};

/// The paging arguments of a field, as sent by the client.
pub(super) struct PageArguments {
    /// Number of items from the start.
    pub(super) first: Option<i32>,
    /// Cursor that the page starts after.
    pub(super) after: Option<String>,
    /// Number of items from the end.
    pub(super) last: Option<i32>,
    /// Cursor that the page ends before.
    pub(super) before: Option<String>,
}

impl PageArguments {
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

/// Paging information.
#[derive(SimpleObject, Debug, Clone, Default)]
#[graphql(shareable)]
pub(super) struct PageInfo {
    /// Whether there are more items after this page.
    pub(super) has_next_page: bool,
    /// Whether there are items before this page.
    pub(super) has_previous_page: bool,
    /// Cursor of the first item; pass it as `before` for the previous page.
    pub(super) start_cursor: Option<String>,
    /// Cursor of the last item; pass it as `after` for the next page.
    pub(super) end_cursor: Option<String>,
    /// Generation of the given cursor, if a later generation is served now: the page continues from
    /// the same position in the later one. Null if the page is exact.
    // Hidden from supergraphs: the pages of other subgraphs have no generation.
    #[graphql(inaccessible)]
    pub(super) continued_from_generation: Option<u64>,
}

impl PageInfo {
    /// Paging information of a page of hits.
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

    /// Paging information of a page of records.
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
    /// Computed only if the client selects it.
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

impl<T: OutputType> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

/// A page of an ordered list.
#[Object(name_type)]
impl<T: OutputType> Connection<T> {
    /// The items, each with its cursor.
    async fn edges(&self) -> Vec<Edge<'_, T>> {
        self.items.iter().map(|(node, cursor)| Edge { node, cursor }).collect()
    }

    /// The items without their cursors.
    async fn nodes(&self) -> Vec<&T> {
        self.items.iter().map(|(node, _)| node).collect()
    }

    /// Paging information.
    async fn page_info(&self) -> &PageInfo {
        &self.page_info
    }

    /// The number of items on all pages. Computed only when selected.
    async fn total_count(&self) -> Result<u64> {
        total_count(self.total)
    }
}

/// Unwraps a total, which was computed because the client selected it.
pub(super) fn total_count(total: Option<u64>) -> Result<u64> {
    total.ok_or_else(|| {
        tracing::error!("totalCount selected but not computed");
        ApiError::internal()
    })
}

/// An item and its cursor.
struct Edge<'a, T> {
    node: &'a T,
    cursor: &'a Cursor,
}

impl<T: OutputType> TypeName for Edge<'_, T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::type_name()).into()
    }
}

/// An item of a list and its cursor.
#[Object(name_type)]
impl<T: OutputType> Edge<'_, T> {
    /// The item.
    async fn node(&self) -> &T {
        self.node
    }

    /// Cursor for `after` or `before`.
    async fn cursor(&self) -> String {
        self.cursor.to_string()
    }
}
