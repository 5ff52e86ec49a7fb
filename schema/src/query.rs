//! Questions: what to find, in which order, which stretch of it, and what to count besides.

use jiff::Timestamp;

use crate::{Cursor, SearchFilter, SearchSort};

/// Which stretch of an ordered list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// The first `first_index` after a cursor, or from the beginning.
    Forward {
        /// How many.
        first: usize,
        /// After which.
        after: Option<Cursor>,
    },
    /// The last `last` before a cursor, or before the end.
    Backward {
        /// How many.
        last: usize,
        /// Before which.
        before: Option<Cursor>,
    },
    /// The first `first_index` after the first `skipped`, as people turn pages.
    Offset {
        /// How many.
        limit: usize,
        /// After how many.
        offset: usize,
    },
}

impl Page {
    /// The first `first_index`.
    pub const fn first(limit: usize) -> Self {
        Self::Forward { first: limit, after: None }
    }

    /// How many at most.
    pub const fn size(&self) -> usize {
        match self {
            Self::Forward { first, .. } | Self::Offset { limit: first, .. } => *first,
            Self::Backward { last, .. } => *last,
        }
    }

    /// The cursor it begins after or ends before.
    pub const fn cursor(&self) -> Option<&Cursor> {
        match self {
            Self::Forward { after, .. } => after.as_ref(),
            Self::Backward { before, .. } => before.as_ref(),
            Self::Offset { .. } => None,
        }
    }
}

/// What is wanted besides the hits; what is not wanted is not computed.
#[expect(clippy::struct_excessive_bools, reason = "each is selected or not, apart from the others")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SearchExtras {
    /// The number of all hits.
    pub total: bool,
    /// The counts of every facet.
    pub facets: bool,
    /// Where the words stand in each hit.
    pub highlights: bool,
    /// Why each hit was found.
    pub explanations: bool,
}

/// A search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    /// The words to find; none finds everything.
    pub words: Option<String>,
    /// Conditions.
    pub filter: SearchFilter,
    /// Order.
    pub sort: SearchSort,
    /// Which stretch.
    pub page: Page,
    /// What else.
    pub extras: SearchExtras,
    /// The instant for which phases are computed.
    pub now: Timestamp,
}
