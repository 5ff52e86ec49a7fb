//! Search queries: words, filter, order, page, and optional extras.

use jiff::Timestamp;

use crate::{Cursor, SearchFilter, SearchSort};

/// A page of an ordered list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// The first items after a cursor, or from the start.
    Forward {
        /// Maximum number of items.
        first: usize,
        /// Position before the page.
        after: Option<Cursor>,
    },
    /// The last items before a cursor, or before the end.
    Backward {
        /// Maximum number of items.
        last: usize,
        /// Position after the page.
        before: Option<Cursor>,
    },
    /// A page by offset.
    Offset {
        /// Maximum number of items.
        limit: usize,
        /// Number of items to skip.
        offset: usize,
    },
}

impl Page {
    /// The first `limit` items.
    pub const fn first(limit: usize) -> Self {
        Self::Forward { first: limit, after: None }
    }

    /// Maximum number of items.
    pub const fn size(&self) -> usize {
        match self {
            Self::Forward { first, .. } | Self::Offset { limit: first, .. } => *first,
            Self::Backward { last, .. } => *last,
        }
    }

    /// The cursor next to the page, if any.
    pub const fn cursor(&self) -> Option<&Cursor> {
        match self {
            Self::Forward { after, .. } => after.as_ref(),
            Self::Backward { before, .. } => before.as_ref(),
            Self::Offset { .. } => None,
        }
    }
}

/// Optional parts of a search result; only the selected ones are computed.
#[expect(clippy::struct_excessive_bools, reason = "each is selected or not, apart from the others")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SearchExtras {
    /// Total number of hits.
    pub total: bool,
    /// Counts of all facets.
    pub facets: bool,
    /// Highlighted passages and the matched part per hit.
    pub highlights: bool,
    /// Score explanation per hit.
    pub explanations: bool,
    /// Find the theme or organisation that the query names.
    pub about: bool,
}

/// A search query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    /// Words to search for; without words, everything matches.
    pub words: Option<String>,
    /// Filter.
    pub filter: SearchFilter,
    /// Sort order.
    pub sort: SearchSort,
    /// Whether wider matches count like exact ones; see [`MatchClass`](crate::MatchClass).
    pub wider: bool,
    /// Whether words for a kind, a time or a kind of organisation, and the frames of questions, are
    /// searched for like all other words, instead of being interpreted.
    pub literal: bool,
    /// Page of the hits.
    pub page: Page,
    /// Optional parts of the result.
    pub extras: SearchExtras,
    /// Instant for which phases and recency are computed.
    pub now: Timestamp,
}
