//! Writes records to the index.

use std::{collections::HashSet, path::Path};

use jiff::tz::TimeZone;
use schema::{
    Body, ColumnValue, Common, Facet, Language, NodeId, NodeKind, Record, SearchField, SourceName,
    moment, normalisation,
};
use tantivy::{
    Index, Term,
    directory::MmapDirectory,
    merge_policy::{LogMergePolicy, MergePolicy, NoMergePolicy},
    schema::TantivyDocument,
};

use super::{
    IndexError, document_texts,
    document_texts::NameScope,
    kind_names::kind_names,
    schema::{IndexSchema, source_hash},
};
use crate::{
    analysis,
    analysis::{AnalysisLanguage, WordHashes, written_words},
};

/// Memory for documents that are not yet in a segment, in bytes.
const ARENA_BYTES: usize = 96 << 20;
const WRITER_THREADS: usize = 2;

/// The input for one document.
pub(crate) struct IndexDocument<'a> {
    /// The record.
    pub(crate) record: &'a Record,
    /// Body of the record.
    pub(crate) body: Option<&'a Body>,
    /// All linked records.
    pub(crate) linked_records: &'a [Record],
    /// Names of its sources.
    pub(crate) sources: &'a [SourceName],
    /// Group of near-duplicates.
    pub(crate) group: Option<NodeId>,
}

/// Number of segments of a finished index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Segments {
    /// Several, as incremental builds leave them; the engine merges small ones while writing.
    Several,
    /// One, without deleted postings.
    One,
}

/// An index under construction.
///
/// One writer is used throughout. Releasing and reacquiring the lock of the engine fails if another
/// thread starts a process in between, because the child holds the lock file until it executes its
/// program.
pub(crate) struct IndexWriter {
    index: Index,
    schema: IndexSchema,
    writer: tantivy::IndexWriter,
    segments: Segments,
}

impl IndexWriter {
    /// Opens the index in `folder`, or creates an empty one.
    pub(crate) fn open(folder: &Path, segments: Segments) -> Result<Self, IndexError> {
        let schema = IndexSchema::new();
        let directory = MmapDirectory::open(folder)?;
        let index = Index::open_or_create(directory, schema.tantivy_schema.clone())?;
        analysis::register(&index);
        let writer = index.writer_with_num_threads(WRITER_THREADS, ARENA_BYTES)?;
        let policy: Box<dyn MergePolicy> = match segments {
            Segments::Several => Box::new(LogMergePolicy::default()),
            // A background merge would remove segments that the final merge needs.
            Segments::One => Box::new(NoMergePolicy),
        };
        writer.set_merge_policy(policy);
        Ok(Self { index, schema, writer, segments })
    }

    /// Adds a document, or replaces the one with the same id. An index of one segment is a new one,
    /// in which every id is added once.
    pub(crate) fn put(&self, content: &IndexDocument<'_>) -> Result<(), IndexError> {
        let Some(common) = content.record.common() else { return Ok(()) };
        if self.segments == Segments::Several {
            self.remove(common.id);
        }
        self.writer.add_document(tantivy_document(&self.schema, common, content))?;
        Ok(())
    }

    pub(crate) fn remove(&self, id: schema::NodeId) {
        self.writer.delete_term(Term::from_field_u64(self.schema.id, id.to_bits()));
    }

    /// Commits all documents and waits for merges.
    pub(crate) fn finish(mut self) -> Result<(), IndexError> {
        self.writer.commit()?;
        if self.segments == Segments::One {
            let segments = self.index.searchable_segment_ids()?;
            if !segments.is_empty() {
                self.writer.merge(&segments).wait()?;
            }
            self.writer.garbage_collect_files().wait()?;
        }
        self.writer.wait_merging_threads()?;
        Ok(())
    }

    /// Removes the lock files of the engine.
    pub(crate) fn remove_locks(folder: &Path) {
        for name in [".tantivy-writer.lock", ".tantivy-meta.lock"] {
            let _ = std::fs::remove_file(folder.join(name));
        }
    }
}

fn tantivy_document(
    schema: &IndexSchema,
    common: &Common,
    content: &IndexDocument<'_>,
) -> TantivyDocument {
    let mut document = TantivyDocument::default();
    document.add_u64(schema.id, common.id.to_bits());
    add_codes(&mut document, schema, common, content);
    add_times(&mut document, schema, content.record);
    document.add_text(schema.title_order, normalisation::name(&common.title));
    let (title, text, lead) = match common.language {
        Language::En => (schema.title_en, schema.text_en, schema.lead_en),
        Language::Nl | Language::Other => (schema.title_nl, schema.text_nl, schema.lead_nl),
    };
    document.add_text(title, &common.title);
    document.add_text(schema.exact, &common.title);
    let body = content.body.map(|body| document_texts::body_text(content.record, body));
    let body = body.map(|text| (SearchField::Body, text));
    let texts = document_texts::field_texts(content.record).into_iter();
    for (field, value) in texts.map(|one| (one.field, one.text)).chain(body) {
        document.add_text(text, value);
        document.add_text(schema.exact, value);
        if field == SearchField::Lead {
            document.add_text(lead, value);
        }
    }
    let all_texts = || document_texts::all_texts(content.record, content.body);
    // The field has neither positions nor frequencies.
    let mut words = HashSet::new();
    let distinct = all_texts().flat_map(written_words).filter(|word| words.insert(*word));
    let distinct: Vec<_> = distinct.collect();
    document.add_text(schema.completion_words, distinct.join(" "));
    for heading in content.body.iter().flat_map(|body| document_texts::headings(&body.html)) {
        document.add_text(lead, heading);
    }
    for name in document_texts::linked_names(common, content.linked_records) {
        document.add_text(schema.names, name);
    }
    for name in kind_names(content.record) {
        for stem in analysis::stems(AnalysisLanguage::Dutch, &name) {
            document.add_text(schema.scoped_names, document_texts::kind_term(&stem));
        }
    }
    for named in content.linked_records.iter().chain([content.record]) {
        for term in full_names(named) {
            document.add_text(schema.scoped_names, term);
        }
    }
    for other in content.linked_records {
        let Some(scope) = NameScope::for_record(other) else { continue };
        for name in document_texts::names_of(other) {
            for stem in analysis::stems(AnalysisLanguage::Dutch, name) {
                document.add_text(schema.scoped_names, scope.term(&stem));
            }
        }
    }
    for term in analysis::title_terms(&common.title) {
        document.add_text(schema.title_words, term);
    }
    document.add_u64(schema.title_length, document_texts::char_count(&common.title));
    for fingerprint in WordHashes::of(all_texts()).fingerprints() {
        document.add_u64(schema.fingerprints, fingerprint);
    }
    if let Some(group) = content.group {
        document.add_u64(schema.group, group.to_bits());
    }
    document
}

/// The terms of the names of a record that have several words; articles and events have titles, not
/// names.
fn full_names(record: &Record) -> impl Iterator<Item = String> {
    let is_named = !matches!(record, Record::Article(_) | Record::Event(_));
    let names = if is_named { document_texts::names_of(record) } else { Vec::new() };
    names.into_iter().filter_map(|name| {
        let words: Vec<String> = analysis::fold_words(name).collect();
        (words.len() > 1).then(|| document_texts::full_name_term(words.iter().map(String::as_str)))
    })
}

fn add_codes(
    document: &mut TantivyDocument,
    schema: &IndexSchema,
    common: &Common,
    content: &IndexDocument<'_>,
) {
    for facet in Facet::ALL {
        let Some(field) = schema.facet_field(*facet) else { continue };
        let mut codes = facet_codes(*facet, common, content);
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            document.add_u64(field, code);
        }
    }
    for person in &common.people {
        document.add_u64(schema.people, person.code());
    }
    for source in content.sources {
        document.add_u64(schema.sources, source_hash(source.as_str()));
    }
}

/// The codes of the values of a facet. Years and phases have no codes.
fn facet_codes(facet: Facet, common: &Common, content: &IndexDocument<'_>) -> Vec<u64> {
    let organisations = content.linked_records.iter().filter_map(|record| match record {
        Record::Organisation(organisation) => Some(organisation),
        _ => None,
    });
    match (facet, content.record) {
        (Facet::Kind, record) => codes(record.kind()),
        (Facet::ArticleForm, Record::Article(article)) => codes([article.form]),
        (Facet::ToolkitForm, Record::Toolkit(toolkit)) => codes([toolkit.form]),
        (Facet::CommunityForm, Record::Community(community)) => codes([community.form]),
        (Facet::EventForm, Record::Event(event)) => codes([event.form]),
        (Facet::Attendance, Record::Event(event)) => codes([event.attendance]),
        (Facet::Theme, _) => codes(common.themes.iter().copied()),
        (Facet::Community, _) => codes(common.communities.iter().copied()),
        (Facet::Organisation, _) => codes(common.organisations.iter().copied()),
        (Facet::OrganisationKind, _) => codes(organisations.map(|other| other.kind)),
        (Facet::Layer, Record::Community(community)) => {
            codes(organisations.filter_map(|other| other.layer).chain(community.layers.clone()))
        }
        (Facet::Layer, _) => codes(organisations.filter_map(|other| other.layer)),
        (Facet::Audience, _) => codes(common.audiences.iter().copied()),
        (Facet::Language, _) => codes([common.language]),
        (
            Facet::ArticleForm
            | Facet::ToolkitForm
            | Facet::CommunityForm
            | Facet::EventForm
            | Facet::Attendance
            | Facet::Phase
            | Facet::Year,
            _,
        ) => Vec::new(),
    }
}

fn codes<T: ColumnValue>(values: impl IntoIterator<Item = T>) -> Vec<u64> {
    values.into_iter().map(ColumnValue::code).collect()
}

fn add_times(document: &mut TantivyDocument, schema: &IndexSchema, record: &Record) {
    if let Some(published) = record.published_at() {
        document.add_i64(schema.published, published.as_second());
    }
    if let Some(dated) = record.dated_at() {
        document.add_i64(schema.dated, dated.as_second());
        let home = moment::zone(moment::HOME_ZONE).unwrap_or(TimeZone::UTC);
        document.add_i64(schema.year, i64::from(dated.to_zoned(home).year()));
    }
    if let Record::Event(event) = record
        && event.series.is_none()
    {
        document.add_i64(schema.ends, event.ends().as_second());
    }
}

/// Whether a change of a record affects the documents linked to it.
pub(crate) fn affects_linked_documents(old: Option<&Record>, new: Option<&Record>) -> bool {
    let indexed_form = |record: Option<&Record>| {
        record.map(|record| {
            let organisation = match record {
                Record::Organisation(organisation) => Some((organisation.kind, organisation.layer)),
                _ => None,
            };
            let names: Vec<_> =
                document_texts::names_of(record).into_iter().map(str::to_owned).collect();
            (names, organisation)
        })
    };
    debug_assert!(NodeKind::ALL.len() == 8, "add the names of a new kind here");
    indexed_form(old) != indexed_form(new)
}
