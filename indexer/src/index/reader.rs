//! Search in a published index.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashSet},
    path::Path,
    sync::Arc,
};

use jiff::Timestamp;
use schema::{
    Body, ColumnValue, Facet, FacetCount, Facets, Interpretation, Kind, Preference, Record,
    SearchFilter, SearchSort, SortValue, SourceName,
};
use tantivy::{
    DocId, DocSet, Index, Searcher, SegmentReader, TERMINATED, Term,
    index::SegmentId,
    query::{AllQuery, EnableScoring, Query},
};

use super::{
    IndexError,
    collector::{FacetCounts, SearchCollector, SearchFruit, SegmentFastFields},
    explain::{NotListedReason, not_listed_reason},
    facet_ordinals::FacetOrdinals,
    filter::Filter,
    preferences::Preferences,
    query::{
        filters::FilterBuilder,
        matches::{ListedDocuments, MatchDetail, Matches, docs_by_id, matches},
        planner::{Plan, PlanOptions},
        proximity, recency,
        scorer::{MatchRules, Norms},
        spelling,
    },
    rank::{RankedHit, RecencyBoost, SearchResult, compare, rank_value, score_of_rank},
    read_only_directory::ReadOnlyDirectory,
    related,
    related::RelatedQuery,
    schema::{IndexSchema, source_hash},
    series::{SeriesPhases, SeriesTimes},
    shared_passages, suggest,
    suggest::{CompletionQuery, SuggestedTitle, SuggestedWord},
};
use crate::{analysis, analysis::Label, cancellation::Cancellation, generation::FileDigest};

/// Maximum number of values of a facet, in addition to selected ones.
pub(crate) const FACET_VALUES_MAX: usize = 100;

/// Minimum number of documents with both words of a query at which documents with one are not
/// listed.
const MIN_AND_MATCHES: usize = 100;

/// A published index, open for reading.
pub(crate) struct IndexReader {
    directory: ReadOnlyDirectory,
    index: Index,
    schema: IndexSchema,
    searcher: Searcher,
    segments: Arc<[SegmentFastFields]>,
    norms: Arc<Norms>,
}

/// A search request to the index.
pub(crate) struct Search<'a> {
    /// The compiled words; `None` matches everything.
    pub(crate) plan: Option<&'a Plan>,
    pub(crate) filter: &'a SearchFilter,
    /// Hits that meet these rank higher by relevance.
    pub(crate) preferences: &'a [Preference],
    pub(crate) sort: SearchSort,
    /// Whether wider matches count like exact ones. They also do if there are no exact ones.
    pub(crate) wider: bool,
    pub(crate) now: Timestamp,
    /// Current day in Amsterdam, in days since 1970, from which ages are computed.
    pub(crate) day: i32,
    pub(crate) limit: usize,
    pub(crate) facets: bool,
    /// Ends the search early.
    pub(crate) cancellation: &'a Cancellation,
}

impl IndexReader {
    /// Opens the index in `folder`, whose files stay on disk.
    pub(crate) fn open(folder: &Path) -> Result<Self, IndexError> {
        Self::open_directory(ReadOnlyDirectory::mapped(folder)?, None)
    }

    /// The names of the files that [`Self::open_in_memory`] needs the content of, given their
    /// digests: those to be served from memory that it does not share with `previous`.
    pub(crate) fn unread_files<'a>(
        digests: impl Iterator<Item = (&'a str, &'a FileDigest)>,
        previous: Option<&Self>,
    ) -> impl Iterator<Item = &'a str> {
        let previous = previous.map(|previous| &previous.directory);
        ReadOnlyDirectory::unread_files(digests, previous)
    }

    /// Opens the index in `folder` to be served, with the verified content of its unread files.
    /// Files and decoded segments that it shares with `previous` are taken over.
    pub(crate) fn open_in_memory<'a>(
        folder: &Path,
        digests: impl Iterator<Item = (&'a str, &'a FileDigest)>,
        contents: BTreeMap<String, Vec<u8>>,
        previous: Option<&Self>,
    ) -> Result<Self, IndexError> {
        let previous_directory = previous.map(|previous| &previous.directory);
        let directory =
            ReadOnlyDirectory::in_memory(folder, digests, contents, previous_directory)?;
        Self::open_directory(directory, previous)
    }

    fn open_directory(
        directory: ReadOnlyDirectory,
        previous: Option<&Self>,
    ) -> Result<Self, IndexError> {
        let (index, schema) = Self::open_index(directory.clone())?;
        analysis::register(&index);
        let searcher = index.reader()?.searcher();
        let open = |segment: &SegmentReader| {
            let shared = previous.and_then(|previous| previous.ordinals(segment.segment_id()));
            SegmentFastFields::open(segment, &schema, shared)
        };
        let segments = searcher.segment_readers().iter().map(open).collect::<Result<_, _>>()?;
        let fields = [
            &[schema.title_nl, schema.title_en][..],
            &[schema.text_nl, schema.text_en],
            &[schema.lead_nl, schema.lead_en],
            &[schema.names],
            &[schema.exact],
        ];
        let norms = Arc::new(Norms::open(&searcher, &fields)?);
        Ok(Self { directory, index, schema, searcher, segments, norms })
    }

    fn ordinals(&self, segment: SegmentId) -> Option<Arc<FacetOrdinals>> {
        let mut readers = self.searcher.segment_readers().iter();
        let segment_index = readers.position(|reader| reader.segment_id() == segment)?;
        Some(Arc::clone(&self.segments[segment_index].ordinals))
    }

    /// Whether `folder` contains an index with the current schema.
    pub(crate) fn is_usable(folder: &Path) -> bool {
        let index = ReadOnlyDirectory::mapped(folder).and_then(Self::open_index);
        index.is_ok_and(|(index, _)| index.reader().is_ok())
    }

    fn open_index(directory: ReadOnlyDirectory) -> Result<(Index, IndexSchema), IndexError> {
        let index = Index::open(directory)?;
        let schema = IndexSchema::new();
        if index.schema() == schema.tantivy_schema {
            Ok((index, schema))
        } else {
            Err(IndexError::SchemaMismatch)
        }
    }

    /// Number of documents.
    pub(crate) fn len(&self) -> u64 {
        self.searcher.num_docs()
    }

    /// Whether the index has at most one segment, without deleted documents.
    pub(crate) fn is_compact(&self) -> bool {
        let segments = self.searcher.segment_readers();
        segments.len() <= 1 && segments.iter().all(|segment| segment.num_deleted_docs() == 0)
    }

    /// Searches, sorts and counts.
    pub(crate) fn search(
        &self,
        search: &Search<'_>,
        times: &Arc<SeriesTimes>,
    ) -> Result<SearchResult, IndexError> {
        let rules = search.plan.map(|plan| self.rules(plan)).transpose()?.unwrap_or_default();
        let query = match search.plan {
            Some(plan) => plan.query(&self.norms, rules),
            None => Box::new(AllQuery) as Box<dyn Query>,
        };
        let is_ranked = search.plan.is_some() && search.sort == SearchSort::Relevance;
        let proximity_plan = search.plan.filter(|plan| is_ranked && proximity::applies(plan));
        let rerank_depth = if proximity_plan.is_some() { proximity::RERANK_DEPTH } else { 0 };
        let mut collector = SearchCollector {
            segments: Arc::clone(&self.segments),
            series: SeriesPhases::new(times, search.now),
            filter: Arc::new(Filter::new(search.filter, search.now)),
            preferences: Arc::new(Preferences::new(search.preferences, search.now)),
            sort: search.sort,
            include_wider: search.wider,
            limit: search.limit.max(if search.limit > 0 { rerank_depth } else { 0 }),
            facets: search.facets,
            has_words: search.plan.is_some(),
            cancellation: search.cancellation.clone(),
            recency_boost: is_ranked.then_some(RecencyBoost {
                day: search.day,
                all_terms_boost: rules.all_terms_boost,
            }),
        };
        let mut fruit = self.searcher.search(&query, &collector)?;
        // Whatever the filter: otherwise a facet would count other hits than its values list.
        if !fruit.has_exact && !collector.include_wider {
            collector.include_wider = true;
            fruit = self.searcher.search(&query, &collector)?;
        }
        let wider_included = collector.include_wider;
        let SearchFruit { best: mut hits, exact, wider, counts, .. } = fruit;
        if let Some(plan) = proximity_plan {
            self.rerank(plan, rules.all_terms_boost, &mut hits)?;
        }
        hits.truncate(search.limit);
        let facets = search.facets.then(|| facets(&counts, search.filter));
        let all = exact + wider;
        Ok(SearchResult {
            hits,
            listed: if wider_included || search.sort == SearchSort::Relevance {
                all
            } else {
                exact
            },
            total: if wider_included { all } else { exact },
            wider,
            wider_included,
            facets,
            all_terms_boost: rules.all_terms_boost,
        })
    }

    /// The rules for the selection and the order of documents.
    fn rules(&self, plan: &Plan) -> Result<MatchRules, IndexError> {
        if !plan.is_two_word_query() {
            return Ok(plan.rules);
        }
        let exact_only = MatchRules { exact_only: true, ..plan.rules_requiring_all() };
        let all = plan.query(&self.norms, exact_only);
        let has_enough = self.has_at_least(all.as_ref(), MIN_AND_MATCHES)?;
        Ok(if has_enough { plan.rules_requiring_all() } else { plan.rules_boosting_all() })
    }

    /// Reranks the best hits by proximity. The boost only increases scores, so no hit falls below
    /// one that was not reranked.
    fn rerank(
        &self,
        plan: &Plan,
        all_terms_boost: f32,
        hits: &mut [RankedHit],
    ) -> Result<(), IndexError> {
        let best = hits.len().min(proximity::RERANK_DEPTH);
        let addresses: Vec<_> = hits[..best].iter().filter_map(|hit| hit.address).collect();
        let documents = ListedDocuments::at(&self.searcher, &addresses);
        let detail = MatchDetail::Proximity;
        let matched = matches(&self.searcher, &self.norms, plan, &documents, detail)?;
        for (hit, matches) in hits.iter_mut().zip(matched) {
            if let SortValue::Score(value) = &mut hit.value {
                let boost = RecencyBoost { day: 0, all_terms_boost };
                let (score, class) = score_of_rank(*value);
                *value = rank_value(boost.apply(score, proximity::boost(plan, &matches)), class);
            }
        }
        hits.sort_by(|left, right| compare(SearchSort::Relevance, left, right));
        Ok(())
    }

    /// Compiles the words of a query, and returns their interpretation. `None` for a query without
    /// words.
    pub(crate) fn plan(
        &self,
        typed: &str,
        options: PlanOptions<'_>,
    ) -> Result<(Option<Plan>, Interpretation), IndexError> {
        Ok(Plan::new((&self.searcher, &self.schema), options, typed)?)
    }

    /// The matches of a plan in documents, in the order of `ids`.
    pub(crate) fn matches(
        &self,
        plan: &Plan,
        ids: &[u64],
        detail: MatchDetail,
    ) -> Result<Vec<Matches>, IndexError> {
        let documents = ListedDocuments::by_id(&self.searcher, self.schema.id, ids)?;
        Ok(matches(&self.searcher, &self.norms, plan, &documents, detail)?)
    }

    /// Whether a label of the vocabulary occurs in any text.
    pub(crate) fn has_label(&self, label: &Label) -> Result<bool, IndexError> {
        let filters = FilterBuilder { searcher: &self.searcher, schema: &self.schema };
        self.has_at_least(filters.label(label).as_ref(), 1)
    }

    /// Reason why a document with these matches is not listed.
    pub(crate) fn not_listed_reason(
        &self,
        plan: &Plan,
        matches: &Matches,
    ) -> Result<NotListedReason, IndexError> {
        Ok(not_listed_reason(plan, self.rules(plan)?, matches))
    }

    /// The factor by which recency increases the score of a record.
    pub(crate) fn recency_boost(
        record: &Record,
        times: &Arc<SeriesTimes>,
        now: Timestamp,
        day: i32,
    ) -> f32 {
        let series = SeriesPhases::new(times, now);
        let dated = series.next_start(record.id().to_bits());
        let dated = dated.or_else(|| record.dated_at().map(Timestamp::as_second));
        recency::boost(record.kind(), dated, day)
    }

    /// The factor by which preferences increase the score of a document.
    pub(crate) fn preference_factor(
        &self,
        id: u64,
        preferences: &[Preference],
        times: &Arc<SeriesTimes>,
        now: Timestamp,
    ) -> Result<f32, IndexError> {
        let (preferences, series) =
            (Preferences::new(preferences, now), SeriesPhases::new(times, now));
        let Some((fields, doc)) = self.document(id)? else { return Ok(1.0) };
        let predicates = preferences.for_segment(&fields.ordinals);
        let predicates = (&predicates, fields.ordinals.of_doc(doc));
        Ok(preferences.factor(&fields.fast_fields, predicates, &series, doc))
    }

    /// The group of near-duplicates of a document.
    pub(crate) fn group(&self, id: u64) -> Result<Option<u64>, IndexError> {
        Ok(self.document(id)?.and_then(|(fields, doc)| fields.fast_fields.group(doc)))
    }

    /// The document with an id, with the columns of its segment.
    fn document(&self, id: u64) -> Result<Option<(&SegmentFastFields, DocId)>, IndexError> {
        for (segment, fields) in self.searcher.segment_readers().iter().zip(&*self.segments) {
            if let Some((doc, _)) = docs_by_id(segment, self.schema.id, &[id])?.first() {
                return Ok(Some((fields, *doc)));
            }
        }
        Ok(None)
    }

    /// Ids of the most similar content, without the record itself and its near-duplicates.
    pub(crate) fn related(
        &self,
        record: &Record,
        body: Option<&Body>,
        first: usize,
    ) -> Result<Vec<u64>, IndexError> {
        let group = self.group(record.id().to_bits())?;
        let query = RelatedQuery { record, body, group };
        let (index, searcher) = (&self.index, &self.searcher);
        related::related(index, searcher, &self.schema, &self.segments, &query, first)
    }

    /// Ids of the documents with the most fingerprints in common and no source in common, at most
    /// `limit`.
    pub(crate) fn with_shared_fingerprints(
        &self,
        fingerprints: &[u64],
        sources: &[SourceName],
        limit: usize,
    ) -> Result<Vec<u64>, IndexError> {
        let sources: Vec<u64> = sources.iter().map(|name| source_hash(name.as_str())).collect();
        let index = (&self.searcher, &self.schema);
        Ok(shared_passages::with_shared_fingerprints(
            index,
            &self.segments,
            fingerprints,
            &sources,
            limit,
        )?)
    }

    /// The best titles that complete a query.
    pub(crate) fn suggested_titles(
        &self,
        query: &CompletionQuery<'_>,
        first: usize,
    ) -> Result<Vec<SuggestedTitle>, IndexError> {
        Ok(suggest::titles(&self.searcher, &self.schema, &self.segments, query, first)?)
    }

    /// The best words that begin with `prefix`, which is folded.
    pub(crate) fn suggested_words(
        &self,
        prefix: &str,
        first: usize,
    ) -> Result<Vec<SuggestedWord>, IndexError> {
        Ok(suggest::words(&self.searcher, &self.schema, prefix, first)?)
    }

    /// Corrects a completion query: words that occur in no text, and the prefix, by one edit. The
    /// result is folded; `None` without a correction.
    pub(crate) fn corrected_prefix(
        &self,
        query: &CompletionQuery<'_>,
        cancellation: &Cancellation,
    ) -> Result<Option<String>, IndexError> {
        let (searcher, schema) = (&self.searcher, &self.schema);
        let mut words: Vec<String> =
            query.complete_words.iter().map(|word| (*word).to_owned()).collect();
        for word in &mut words {
            let term = Term::from_field_text(schema.exact, word);
            if searcher.doc_freq(&term)? == 0
                && let Some(corrected) = spelling::correction(searcher, schema, word, cancellation)?
            {
                *word = corrected;
            }
        }
        let prefix = spelling::prefix_correction(searcher, schema, query.prefix)?;
        words.push(prefix.unwrap_or_else(|| query.prefix.to_owned()));
        Ok(Some(words.join(" ")).filter(|corrected| corrected != query.text))
    }

    /// Start and end of all single events, in seconds since 1970.
    pub(crate) fn event_bounds(&self) -> Vec<i64> {
        let mut bounds = Vec::new();
        for (segment, opened) in self.searcher.segment_readers().iter().zip(&*self.segments) {
            let fast_fields = &opened.fast_fields;
            let is_event = |doc| fast_fields.kind.first(doc) == Some(Kind::Event.code());
            for doc in segment.doc_ids_alive().filter(|doc| is_event(*doc)) {
                if let Some(ends) = fast_fields.ends.first(doc) {
                    bounds.extend(fast_fields.dated.first(doc));
                    bounds.push(ends);
                }
            }
        }
        bounds
    }

    /// Start and id of all single events that have not ended at `from` and start before `until`, in
    /// seconds since 1970.
    pub(crate) fn events_between(&self, from: i64, until: i64) -> Vec<(i64, u64)> {
        let mut events = Vec::new();
        for (segment, opened) in self.searcher.segment_readers().iter().zip(&*self.segments) {
            let fast_fields = &opened.fast_fields;
            // Only single events have an end.
            let begins = |doc| {
                fast_fields.ends.first(doc).filter(|ends| *ends > from)?;
                fast_fields.dated.first(doc).filter(|begins| *begins < until)
            };
            let found = segment.doc_ids_alive().filter_map(|doc| Some((begins(doc)?, doc)));
            events.extend(found.map(|(begins, doc)| (begins, fast_fields.id(doc))));
        }
        events
    }

    /// Whether at least `minimum` documents match. Stops as soon as the minimum is reached.
    fn has_at_least(&self, query: &dyn Query, minimum: usize) -> Result<bool, IndexError> {
        let weight = query.weight(EnableScoring::disabled_from_searcher(&self.searcher))?;
        let mut remaining = minimum;
        for segment in self.searcher.segment_readers() {
            let alive = segment.alive_bitset();
            let mut scorer = weight.scorer(segment, 1.0)?;
            while scorer.doc() != TERMINATED {
                if alive.is_none_or(|alive| alive.is_alive(scorer.doc())) {
                    remaining -= 1;
                    if remaining == 0 {
                        return Ok(true);
                    }
                }
                scorer.advance();
            }
        }
        Ok(false)
    }
}

fn facets(counts: &FacetCounts, filter: &SearchFilter) -> Facets {
    let mut facets = Facets::default();
    for facet in Facet::ALL {
        facets.set(*facet, facet_counts(counts.of_facet(*facet), &filter.selected(*facet)));
    }
    facets.years.sort_by_key(|year| Reverse(year.value));
    facets
}

/// The counts of one facet, highest first. A selected value is listed even without hits.
fn facet_counts(counts: &[(u64, u64)], selected: &[u64]) -> Vec<FacetCount<u64>> {
    let mut is_selected = HashSet::new();
    let selected: Vec<u64> =
        selected.iter().copied().filter(|value| is_selected.insert(*value)).collect();
    let count = |&(value, count): &(u64, u64)| FacetCount {
        value,
        count,
        selected: is_selected.contains(&value),
    };
    let mut listed: Vec<_> = counts.iter().map(count).collect();
    listed.sort_by_key(|facet| (Reverse(facet.count), facet.value));
    let mut rank = 0;
    listed.retain(|facet| {
        rank += 1;
        facet.selected || rank <= FACET_VALUES_MAX
    });
    // Every selected value with hits is listed.
    let with_hits: HashSet<u64> = listed.iter().map(|facet| facet.value).collect();
    let without_hits = selected.iter().filter(|value| !with_hits.contains(value));
    listed.extend(without_hits.map(|value| FacetCount { value: *value, count: 0, selected: true }));
    listed
}
