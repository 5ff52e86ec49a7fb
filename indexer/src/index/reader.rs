//! Search in a published index.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use jiff::Timestamp;
use schema::{Body, ColumnValue, Interpretation, Kind, Preference, Record, SourceName};
use tantivy::{
    DocId, DocSet, Index, Searcher, SegmentReader, TERMINATED, Term,
    index::SegmentId,
    query::{EnableScoring, Query},
};

use super::{
    IndexError,
    collector::SegmentFastFields,
    explain::{NotListedReason, not_listed_reason},
    facet_ordinals::FacetOrdinals,
    preferences::Preferences,
    query::{
        filters::FilterBuilder,
        matches::{ListedDocuments, MatchDetail, Matches, docs_by_id, matches},
        planner::{Plan, PlanOptions},
        recency,
        scorer::Norms,
        spelling,
    },
    read_only_directory::ReadOnlyDirectory,
    related,
    related::RelatedQuery,
    schema::{IndexSchema, source_hash},
    series::{SeriesPhases, SeriesTimes},
    shared_passages, suggest,
    suggest::{CompletionQuery, SuggestedTitle, SuggestedWord},
};
use crate::{analysis, analysis::Label, cancellation::Cancellation, generation::FileDigest};

/// A published index, open for reading.
pub(crate) struct IndexReader {
    directory: ReadOnlyDirectory,
    index: Index,
    schema: IndexSchema,
    searcher: Searcher,
    segments: Arc<[SegmentFastFields]>,
    norms: Norms,
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
        let norms = Norms::open(&searcher, &fields)?;
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

    pub(super) fn searcher(&self) -> &Searcher {
        &self.searcher
    }

    pub(super) fn segments(&self) -> &[SegmentFastFields] {
        &self.segments
    }

    pub(super) fn norms(&self) -> &Norms {
        &self.norms
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
        Ok(self.has_match(filters.label(label).as_ref())?)
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

    /// Whether any document matches.
    fn has_match(&self, query: &dyn Query) -> tantivy::Result<bool> {
        let weight = query.weight(EnableScoring::disabled_from_searcher(&self.searcher))?;
        for segment in self.searcher.segment_readers() {
            let mut scorer = weight.scorer(segment, 1.0)?;
            while scorer.doc() != TERMINATED {
                if !segment.is_deleted(scorer.doc()) {
                    return Ok(true);
                }
                scorer.advance();
            }
        }
        Ok(false)
    }
}
