//! Connections: stretches of ordered lists, forwards and backwards (the Relay specification).

use std::borrow::Cow;

use async_graphql::{Object, ObjectType, SimpleObject, TypeName};
use schema::{Cursor, GenerationNumber, Hit, Page, RecordPage, SearchPage};

use super::{PAGE_SIZE_DEFAULT, context::RequestContext, types::record::FromRecord};
use crate::error::{ApiError, Result, from_cursor};

/// The paging arguments of a field, as a client gave them.
pub(super) struct PageArguments {
    /// How many from the front.
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

    /// The page that is asked for: forwards unless `last` or `before` is given.
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

/// Which stretch of a list a page is.
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
    /// The generation of the given cursor, where a newer one answers: the page then continues
    /// after the same place in the newer one. Empty where the page is exact.
    // Hidden from supergraphs: of a page of a partner nobody could tell it.
    #[graphql(inaccessible)]
    pub(super) continued_from_generation: Option<u64>,
}

impl PageInfo {
    /// The stretch of the hits of a search.
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

    /// The stretch of a list of names.
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

/// A stretch of a list of things of one type.
pub(super) struct Connection<T> {
    items: Vec<(T, Cursor)>,
    page_info: PageInfo,
    /// Known only where the client asked for it.
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

    /// The things in a list of names that are of this type.
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

/// A stretch of an ordered list.
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

    /// Which stretch of the list this is.
    async fn page_info(&self) -> &PageInfo {
        &self.page_info
    }

    /// The number of items on all pages. Computed only when asked for.
    async fn total_count(&self) -> Result<u64> {
        total_count(self.total)
    }
}

/// A total that was computed because the client asks for it.
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
