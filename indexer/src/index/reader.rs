//! Searching a published index.

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use schema::{
    Body, FacetCount, Facets, Interpretation, Kind, NodeId, Record, SearchFilter, SearchSort,
    SortValue, SourceName,
};
use tantivy::{
    DocSet, Index, Searcher, SegmentReader, TERMINATED, Term,
    directory::MmapDirectory,
    index::SegmentId,
    query::{AllQuery, EnableScoring, Query},
};

use super::{
    IndexError,
    collect::{Collect, Collected, Counts, Place, Raise, SegmentColumns, compare},
    explain::{Absence, absence},
    filter::{Dimension, Filter},
    frozen::FrozenDirectory,
    layout::{Layout, source_code},
    matches::{Look, Matches, documents, matches},
    nearness,
    ordinals::FacetOrdinals,
    passages,
    plan::{Forms, Plan},
    recency,
    related::{self, Asked},
    score::{Norms, Rules},
    series::{SeriesPhases, SeriesTimes},
    spelling,
    suggest::{self, SuggestedTitle, SuggestedWord, Typed},
};
use crate::language::{self, Synonyms};

/// A facet lists so many values, most first, and those that were asked for.
pub(crate) const FACET_VALUES_MAX: usize = 100;

/// Where so many documents have both words of a question, those with one are not listed.
const ENOUGH: usize = 100;

/// A published index, open for reading.
pub(crate) struct IndexReader {
    index: Index,
    layout: Layout,
    searcher: Searcher,
    segments: Arc<[SegmentColumns]>,
    norms: Arc<Norms>,
}

/// What to find, in the terms of this module.
pub(crate) struct Search<'a> {
    /// What is looked up; `None` for everything.
    pub(crate) plan: Option<&'a Plan>,
    pub(crate) filter: &'a SearchFilter,
    pub(crate) sort: SearchSort,
    pub(crate) now: Timestamp,
    /// Today in Amsterdam, in days since 1970, by which ages are reckoned.
    pub(crate) day: i32,
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
    /// What documents with all words were given on top, to come first.
    bonus: f32,
}

impl Found {
    /// How well the thing at a place fits, without what it was given to come first.
    pub(crate) fn score(&self, place: &Place) -> f32 {
        match place.value {
            SortValue::Score(score) if score >= self.bonus => score - self.bonus,
            SortValue::Score(score) => score,
            SortValue::Number(_) | SortValue::Text(_) => 0.0,
        }
    }

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
    /// Opens the index in `folder`. What was decoded of segments that it shares with `before` is
    /// taken over.
    pub(crate) fn open(folder: &Path, before: Option<&Self>) -> Result<Self, IndexError> {
        let (index, layout) = Self::index(folder)?;
        language::register(&index);
        let searcher = index.reader()?.searcher();
        let open = |segment: &SegmentReader| {
            let shared = before.and_then(|before| before.ordinals(segment.segment_id()));
            SegmentColumns::open(segment, shared)
        };
        let segments = searcher.segment_readers().iter().map(open).collect::<Result<_, _>>()?;
        let fields = [
            &[layout.title_nl, layout.title_en][..],
            &[layout.text_nl, layout.text_en],
            &[layout.lead_nl, layout.lead_en],
            &[layout.names],
            &[layout.exact],
        ];
        let norms = Arc::new(Norms::open(&searcher, &fields)?);
        Ok(Self { index, layout, searcher, segments, norms })
    }

    fn ordinals(&self, segment: SegmentId) -> Option<Arc<FacetOrdinals>> {
        let mut readers = self.searcher.segment_readers().iter();
        let place = readers.position(|reader| reader.segment_id() == segment)?;
        Some(Arc::clone(&self.segments[place].ordinals))
    }

    /// Whether there is an index of this program's layout in `folder`.
    pub(crate) fn is_usable(folder: &Path) -> bool {
        Self::index(folder).is_ok_and(|(index, _)| index.reader().is_ok())
    }

    fn index(folder: &Path) -> Result<(Index, Layout), IndexError> {
        let index = Index::open(FrozenDirectory(MmapDirectory::open(folder)?))?;
        let layout = Layout::new();
        if index.schema() == layout.schema { Ok((index, layout)) } else { Err(IndexError::Layout) }
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
        let rules = search.plan.map(|plan| self.rules(plan)).transpose()?.unwrap_or_default();
        let query = match search.plan {
            Some(plan) => plan.query(&self.norms, rules),
            None => Box::new(AllQuery) as Box<dyn Query>,
        };
        let is_ranked = search.plan.is_some() && search.sort == SearchSort::Relevance;
        let near = search.plan.filter(|plan| is_ranked && nearness::applies(plan));
        let again = if near.is_some() { nearness::RANKED_AGAIN } else { 0 };
        let collect = Collect {
            segments: Arc::clone(&self.segments),
            series: SeriesPhases::new(times, search.now),
            filter,
            sort: search.sort,
            limit: search.limit.max(if search.limit > 0 { again } else { 0 }),
            facets: search.facets,
            folds: search.plan.is_some(),
            raise: is_ranked.then_some(Raise { day: search.day, bonus: rules.bonus }),
        };
        let collected = self.searcher.search(&query, &collect)?;
        let Collected { best: mut places, total, counts } = collected;
        if let Some(plan) = near {
            self.rank_again(plan, rules.bonus, &mut places)?;
        }
        places.truncate(search.limit);
        let facets = search.facets.then(|| facets(&counts, search.filter));
        Ok(Found { places, total, facets, bonus: rules.bonus })
    }

    /// Which documents are listed for a question, and which of them come first.
    fn rules(&self, plan: &Plan) -> Result<Rules, IndexError> {
        if !plan.is_pair() {
            return Ok(plan.rules);
        }
        let all = plan.query(&self.norms, plan.only_all());
        let has_enough = self.has(all.as_ref(), ENOUGH)?;
        Ok(if has_enough { plan.only_all() } else { plan.all_first() })
    }

    /// Puts the best places in order by how near the words stand to each other. As that only raises
    /// scores, none of them comes behind a place that was not looked at.
    fn rank_again(&self, plan: &Plan, bonus: f32, places: &mut [Place]) -> Result<(), IndexError> {
        let best = places.len().min(nearness::RANKED_AGAIN);
        let ids: Vec<u64> = places[..best].iter().map(|place| place.id).collect();
        for (place, matches) in places.iter_mut().zip(self.matches(plan, &ids, Look::Nearness)?) {
            if let SortValue::Score(score) = &mut place.value {
                let raise = Raise { day: 0, bonus };
                *score = raise.by(*score, nearness::nearness(plan, &matches));
            }
        }
        places.sort_by(|left, right| compare(SearchSort::Relevance, left, right));
        Ok(())
    }

    /// What is to be looked up for a question, `None` where it asks for nothing, and what was made
    /// of it.
    pub(crate) fn plan(
        &self,
        typed: &str,
        words: (&Synonyms, Forms),
    ) -> Result<(Option<Plan>, Interpretation), IndexError> {
        Ok(Plan::new((&self.searcher, &self.layout), words, typed)?)
    }

    /// What a plan finds in the documents with these ids; in their order.
    pub(crate) fn matches(
        &self,
        plan: &Plan,
        ids: &[u64],
        look: Look,
    ) -> Result<Vec<Matches>, IndexError> {
        Ok(matches(&self.searcher, (&self.layout, &self.norms), plan, ids, look)?)
    }

    /// Why a document is not listed for a question that has these matches in it.
    pub(crate) fn absence(&self, plan: &Plan, matches: &Matches) -> Result<Absence, IndexError> {
        Ok(absence(plan, self.rules(plan)?, matches))
    }

    /// By how much the score of a record is raised for its age.
    pub(crate) fn raised(
        record: &Record,
        times: &Arc<SeriesTimes>,
        now: Timestamp,
        day: i32,
    ) -> f32 {
        let series = SeriesPhases::new(times, now);
        let dated = series.next_start(record.id().to_bits());
        let dated = dated.or_else(|| record.dated().map(Timestamp::as_second));
        recency::raise(record.kind(), dated, day)
    }

    /// The group of near-duplicates that the document with this id is of.
    pub(crate) fn group(&self, id: u64) -> Result<Option<u64>, IndexError> {
        for (segment, opened) in self.searcher.segment_readers().iter().zip(&*self.segments) {
            if let Some((doc, _)) = documents(segment, self.layout.id, &[id])?.first() {
                return Ok(opened.columns.group(*doc));
            }
        }
        Ok(None)
    }

    /// The ids of what is most like a record; never itself or its near-duplicates.
    pub(crate) fn related(
        &self,
        record: &Record,
        body: Option<&Body>,
        first: usize,
    ) -> Result<Vec<u64>, IndexError> {
        let group = self.group(record.id().to_bits())?;
        let asked = Asked { record, body, group };
        let (index, searcher) = (&self.index, &self.searcher);
        related::related(index, searcher, &self.layout, &self.segments, &asked, first)
    }

    /// The ids of what has most of these prints and none of these sources, at most `limit`.
    pub(crate) fn sharing(
        &self,
        prints: &[u64],
        sources: &[SourceName],
        limit: usize,
    ) -> Result<Vec<u64>, IndexError> {
        let sources: Vec<u64> = sources.iter().map(|name| source_code(name.as_str())).collect();
        let index = (&self.searcher, &self.layout);
        Ok(passages::sharing(index, &self.segments, prints, &sources, limit)?)
    }

    /// The best titles that complete what was typed.
    pub(crate) fn suggested_titles(
        &self,
        typed: &Typed<'_>,
        first: usize,
    ) -> Result<Vec<SuggestedTitle>, IndexError> {
        Ok(suggest::titles(&self.searcher, &self.layout, &self.segments, typed, first)?)
    }

    /// The best words that begin with `front`, folded.
    pub(crate) fn suggested_words(
        &self,
        front: &str,
        first: usize,
    ) -> Result<Vec<SuggestedWord>, IndexError> {
        Ok(suggest::words(&self.searcher, &self.layout, front, first)?)
    }

    /// What was probably meant by what was typed to be completed: one mistake in words that no text
    /// has, and in the front of the last one. Folded; `None` where there is nothing else to try.
    pub(crate) fn suggested_instead(
        &self,
        typed: &Typed<'_>,
    ) -> Result<Option<String>, IndexError> {
        let (searcher, layout) = (&self.searcher, &self.layout);
        let mut words: Vec<String> = typed.whole.iter().map(|word| (*word).to_owned()).collect();
        for word in &mut words {
            let term = Term::from_field_text(layout.exact, word);
            if searcher.doc_freq(&term)? == 0
                && let Some(meant) = spelling::correction(searcher, layout, word)?
            {
                *word = meant;
            }
        }
        let front = spelling::front_correction(searcher, layout, typed.front)?;
        words.push(front.unwrap_or_else(|| typed.front.to_owned()));
        Ok(Some(words.join(" ")).filter(|meant| meant != typed.text))
    }

    /// When single events begin, and the first instants after them, in seconds since 1970.
    pub(crate) fn event_bounds(&self) -> Vec<i64> {
        let mut bounds = Vec::new();
        for (segment, opened) in self.searcher.segment_readers().iter().zip(&*self.segments) {
            let columns = &opened.columns;
            let is_event = |doc| columns.kind.first(doc) == Some(Kind::Event.code());
            for doc in segment.doc_ids_alive().filter(|doc| is_event(*doc)) {
                if let Some(ends) = columns.ends.first(doc) {
                    bounds.extend(columns.dated.first(doc));
                    bounds.push(ends);
                }
            }
        }
        bounds
    }

    /// Single events that have not ended at `from` and begin before `until`, in seconds since 1970:
    /// when each begins, and its id.
    pub(crate) fn events_between(&self, from: i64, until: i64) -> Vec<(i64, u64)> {
        let mut events = Vec::new();
        for (segment, opened) in self.searcher.segment_readers().iter().zip(&*self.segments) {
            let columns = &opened.columns;
            // Only events end.
            let begins = |doc| {
                columns.ends.first(doc).filter(|ends| *ends > from)?;
                columns.dated.first(doc).filter(|begins| *begins < until)
            };
            let found = segment.doc_ids_alive().filter_map(|doc| Some((begins(doc)?, doc)));
            events.extend(found.map(|(begins, doc)| (begins, columns.id(doc))));
        }
        events
    }

    /// Whether a query finds so many documents. Stops as soon as it does.
    fn has(&self, query: &dyn Query, enough: usize) -> Result<bool, IndexError> {
        let weight = query.weight(EnableScoring::disabled_from_searcher(&self.searcher))?;
        let mut missing = enough;
        for segment in self.searcher.segment_readers() {
            let alive = segment.alive_bitset();
            let mut found = weight.scorer(segment, 1.0)?;
            while found.doc() != TERMINATED {
                if alive.is_none_or(|alive| alive.is_alive(found.doc())) {
                    missing -= 1;
                    if missing == 0 {
                        return Ok(true);
                    }
                }
                found.advance();
            }
        }
        Ok(false)
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
