//! Searching a published index.

use std::{collections::HashMap, path::Path, sync::Arc};

use jiff::Timestamp;
use schema::{EventPhase, FacetCount, Facets, NodeId, SearchFilter, SearchSort};
use tantivy::{Index, Searcher, collector::Count, directory::MmapDirectory, query::Query};

use super::{
    IndexError,
    collect::{Collect, Collected, Counts, Place, compare},
    columns::Columns,
    filter::{Dimension, Filter},
    frozen::FrozenDirectory,
    layout::Layout,
    words::{ENOUGH, Words, everything},
};
use crate::language;

/// A facet lists so many values, most first, and those that were asked for.
pub(crate) const FACET_VALUES_MAX: usize = 100;

/// A published index, open for reading.
pub(crate) struct IndexReader {
    index: Index,
    layout: Layout,
    searcher: Searcher,
    columns: Arc<[Columns]>,
}

/// The occurrences of every series, as seconds since 1970: begin and first instant after.
pub(crate) type SeriesTimes = HashMap<u64, Vec<(i64, i64)>>;

/// Where series are in time at one instant.
#[derive(Debug, Clone)]
pub(crate) struct SeriesPhases {
    pub(crate) times: Arc<SeriesTimes>,
    pub(crate) now: i64,
}

impl SeriesPhases {
    pub(crate) fn new(times: &Arc<SeriesTimes>, now: Timestamp) -> Self {
        Self { times: Arc::clone(times), now: now.as_second() }
    }

    /// The phase of a series; `None` where there is none of this id.
    pub(super) fn phase(&self, id: u64) -> Option<EventPhase> {
        let times = self.times.get(&id)?;
        Some(match times.iter().find(|(_, ends)| self.now < *ends) {
            Some((begins, _)) if self.now < *begins => EventPhase::Upcoming,
            Some(_) => EventPhase::Ongoing,
            None => EventPhase::Past,
        })
    }

    /// When a series takes place next, or is doing so.
    pub(super) fn next_start(&self, id: u64) -> Option<i64> {
        let times = self.times.get(&id)?;
        times.iter().find(|(_, ends)| self.now < *ends).map(|(begins, _)| *begins)
    }
}

/// What to find, in the terms of this module.
pub(crate) struct Search<'a> {
    pub(crate) words: Option<&'a str>,
    pub(crate) filter: &'a SearchFilter,
    pub(crate) sort: SearchSort,
    pub(crate) now: Timestamp,
    pub(crate) limit: usize,
    pub(crate) facets: bool,
}

/// What was found.
pub(crate) struct Found {
    /// The first places in order, at most as many as asked for.
    pub(crate) places: Vec<Place>,
    /// How many there are in all.
    pub(crate) total: u64,
    /// Facets, where asked for.
    pub(crate) facets: Option<Facets>,
}

impl Found {
    /// The first place that comes after `cursor` in the order of `sort`.
    pub(crate) fn first_after(&self, sort: SearchSort, cursor: &Place) -> usize {
        self.places.partition_point(|place| compare(sort, place, cursor).is_le())
    }

    /// The first place that does not come before `cursor`.
    pub(crate) fn first_not_before(&self, sort: SearchSort, cursor: &Place) -> usize {
        self.places.partition_point(|place| compare(sort, place, cursor).is_lt())
    }
}

impl IndexReader {
    pub(crate) fn open(folder: &Path) -> Result<Self, IndexError> {
        let directory = FrozenDirectory(MmapDirectory::open(folder)?);
        let index = Index::open(directory)?;
        let layout = Layout::new();
        if index.schema() != layout.schema {
            return Err(IndexError::Layout);
        }
        language::register(&index);
        let searcher = index.reader()?.searcher();
        let columns =
            searcher.segment_readers().iter().map(Columns::open).collect::<Result<_, _>>()?;
        Ok(Self { index, layout, searcher, columns })
    }

    /// How many documents it holds.
    pub(crate) fn len(&self) -> u64 {
        self.searcher.num_docs()
    }

    /// Whether segments or deleted documents are left over from incremental builds.
    pub(crate) fn is_compact(&self) -> bool {
        let segments = self.searcher.segment_readers();
        segments.len() <= 1 && segments.iter().all(|segment| segment.num_deleted_docs() == 0)
    }

    /// Finds, orders and counts.
    pub(crate) fn search(
        &self,
        search: &Search<'_>,
        times: &Arc<SeriesTimes>,
    ) -> Result<Found, IndexError> {
        let filter = Arc::new(Filter::new(search.filter, search.now));
        let collect = Collect {
            columns: Arc::clone(&self.columns),
            series: SeriesPhases::new(times, search.now),
            filter,
            sort: search.sort,
            limit: search.limit,
            facets: search.facets,
        };
        let query = self.query(search.words)?;
        let collected = self.searcher.search(&query, &collect)?;
        let Collected { best, total, counts } = collected;
        let facets = search.facets.then(|| facets(&counts, search.filter));
        Ok(Found { places: best, total, facets })
    }

    fn query(&self, words: Option<&str>) -> Result<Box<dyn Query>, IndexError> {
        let Some(words) = words.and_then(|w| Words::read(&self.index, &self.layout, w)) else {
            return Ok(everything());
        };
        let all = words.all();
        if !words.are_several() || self.searcher.search(&all, &Count)? >= ENOUGH {
            return Ok(all);
        }
        Ok(words.most())
    }
}

fn facets(counts: &Counts, filter: &SearchFilter) -> Facets {
    macro_rules! words {
        ($dimension:ident, $selected:expr) => {
            listed(counts, Dimension::$dimension, $selected, |code| vocabulary_word(code))
        };
    }
    let ids = |dimension, selected: &[NodeId]| {
        listed(counts, dimension, selected, |bits| NodeId::from_bits(bits).ok())
    };
    let mut years = listed(counts, Dimension::Year, &filter.years, |code| {
        i16::try_from(code.cast_signed()).ok()
    });
    years.sort_by_key(|year| std::cmp::Reverse(year.value));
    Facets {
        kinds: words!(Kind, &filter.kinds),
        article_forms: words!(ArticleForm, &filter.article_forms),
        toolkit_forms: words!(ToolkitForm, &filter.toolkit_forms),
        community_forms: words!(CommunityForm, &filter.community_forms),
        event_forms: words!(EventForm, &filter.event_forms),
        themes: ids(Dimension::Theme, &filter.themes),
        communities: ids(Dimension::Community, &filter.communities),
        organisations: ids(Dimension::Organisation, &filter.organisations),
        organisation_kinds: words!(OrganisationKind, &filter.organisation_kinds),
        layers: words!(Layer, &filter.layers),
        audiences: ids(Dimension::Audience, &filter.audiences),
        languages: words!(Language, &filter.languages),
        attendance: words!(Attendance, &filter.attendance),
        phases: words!(Phase, &filter.phases),
        years,
    }
}

/// A word that has a code.
trait Coded: Sized {
    fn from_code(code: u64) -> Option<Self>;
}

macro_rules! coded {
    ($($word:ident),+) => {$(
        impl Coded for schema::$word {
            fn from_code(code: u64) -> Option<Self> {
                schema::$word::from_code(code)
            }
        }
    )+};
}

coded!(
    Kind,
    ArticleForm,
    ToolkitForm,
    CommunityForm,
    EventForm,
    OrganisationKind,
    GovernmentLayer,
    Language,
    Attendance,
    EventPhase
);

fn vocabulary_word<T: Coded>(code: u64) -> Option<T> {
    T::from_code(code)
}

/// The values of one dimension, most first; a value asked for is listed even if nothing has it.
fn listed<T: Copy + Ord>(
    counts: &Counts,
    dimension: Dimension,
    selected: &[T],
    value: impl Fn(u64) -> Option<T>,
) -> Vec<FacetCount<T>> {
    let mut listed: Vec<_> = counts
        .of(dimension)
        .iter()
        .filter_map(|(code, count)| Some((value(*code)?, *count)))
        .map(|(value, count)| FacetCount { value, count, selected: selected.contains(&value) })
        .collect();
    listed.sort_by(|l, r| r.count.cmp(&l.count).then(l.value.cmp(&r.value)));
    let mut place = 0;
    listed.retain(|facet| {
        place += 1;
        facet.selected || place <= FACET_VALUES_MAX
    });
    for wanted in selected {
        if !listed.iter().any(|facet| facet.value == *wanted) {
            listed.push(FacetCount { value: *wanted, count: 0, selected: true });
        }
    }
    listed
}
