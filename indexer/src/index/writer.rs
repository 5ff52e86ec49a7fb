//! Records into the index.

use std::path::Path;

use jiff::tz::TimeZone;
use schema::{
    Body, Common, Language, NodeId, NodeKind, Record, SearchField, SourceName, fold, moment,
};
use tantivy::{
    Index, Term,
    directory::MmapDirectory,
    merge_policy::{LogMergePolicy, MergePolicy, NoMergePolicy},
    schema::{Field, TantivyDocument},
};

use super::{
    IndexError,
    layout::{Layout, source_code},
    texts::{self, Scope},
};
use crate::language::{self, Fingerprint, Tongue};

/// Memory for documents that are not yet in a segment, in bytes.
const ARENA_BYTES: usize = 64 << 20;
const WRITER_THREADS: usize = 2;

/// Everything that the index needs of one piece of content.
pub(crate) struct Indexed<'a> {
    /// The record.
    pub(crate) record: &'a Record,
    /// Its long text.
    pub(crate) body: Option<&'a Body>,
    /// Everything it is linked to.
    pub(crate) about: &'a [Record],
    /// Its sources.
    pub(crate) sources: &'a [SourceName],
    /// Which near-duplicates it is one of.
    pub(crate) group: Option<NodeId>,
}

/// How many segments an index has in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Segments {
    /// As many as changes leave; the engine merges small ones while writing.
    Several,
    /// One, without deleted postings.
    One,
}

/// An index under construction.
///
/// One writer does it all: giving up the engine's lock and taking it again fails where another thread
/// starts a process in between, which holds the lock's file until it runs its program.
pub(crate) struct IndexWriter {
    index: Index,
    layout: Layout,
    writer: tantivy::IndexWriter,
    segments: Segments,
}

impl IndexWriter {
    /// Opens the index in `folder`, or makes an empty one.
    pub(crate) fn open(folder: &Path, segments: Segments) -> Result<Self, IndexError> {
        Self::open_with(folder, segments, language::register)
    }

    /// Like [`open`](Self::open), with other analysers.
    pub(crate) fn open_with(
        folder: &Path,
        segments: Segments,
        register: impl FnOnce(&Index),
    ) -> Result<Self, IndexError> {
        let layout = Layout::new();
        let directory = MmapDirectory::open(folder)?;
        let index = Index::open_or_create(directory, layout.schema.clone())?;
        register(&index);
        let writer = index.writer_with_num_threads(WRITER_THREADS, ARENA_BYTES)?;
        let policy: Box<dyn MergePolicy> = match segments {
            Segments::Several => Box::new(LogMergePolicy::default()),
            // A merge in the background would take segments from under the one at the end.
            Segments::One => Box::new(NoMergePolicy),
        };
        writer.set_merge_policy(policy);
        Ok(Self { index, layout, writer, segments })
    }

    /// Puts content in place of what the index held under its id.
    pub(crate) fn put(&self, indexed: &Indexed<'_>) -> Result<(), IndexError> {
        let Some(common) = indexed.record.common() else { return Ok(()) };
        self.remove(common.id);
        self.writer.add_document(document(&self.layout, common, indexed))?;
        Ok(())
    }

    pub(crate) fn remove(&self, id: schema::NodeId) {
        self.writer.delete_term(Term::from_field_u64(self.layout.id, id.to_bits()));
    }

    /// Writes everything to disk and waits for merges.
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

    /// Takes away what the engine leaves beside the index for other writers.
    pub(crate) fn remove_locks(folder: &Path) {
        for name in [".tantivy-writer.lock", ".tantivy-meta.lock"] {
            let _ = std::fs::remove_file(folder.join(name));
        }
    }
}

fn document(layout: &Layout, common: &Common, indexed: &Indexed<'_>) -> TantivyDocument {
    let mut document = TantivyDocument::default();
    document.add_u64(layout.id, common.id.to_bits());
    add_codes(&mut document, layout, common, indexed);
    add_times(&mut document, layout, indexed.record);
    document.add_text(layout.title_order, fold::name(&common.title));
    let (title, text, lead) = match common.language {
        Language::En => (layout.title_en, layout.text_en, layout.lead_en),
        Language::Nl | Language::Other => (layout.title_nl, layout.text_nl, layout.lead_nl),
    };
    document.add_text(title, &common.title);
    document.add_text(layout.exact, &common.title);
    document.add_text(layout.words, &common.title);
    let body = indexed.body.map(|body| (SearchField::Body, body.text.as_str()));
    for (field, part) in texts::own(indexed.record).into_iter().chain(body) {
        document.add_text(text, part);
        document.add_text(layout.exact, part);
        document.add_text(layout.words, part);
        if field == SearchField::Lead {
            document.add_text(lead, part);
        }
    }
    for heading in indexed.body.iter().flat_map(|body| texts::headings(&body.html)) {
        document.add_text(lead, heading);
    }
    for name in texts::names(common, indexed.about) {
        document.add_text(layout.names, name);
    }
    for other in indexed.about {
        let Some(scope) = Scope::of(other) else { continue };
        for name in texts::names_of(other) {
            for stem in language::stems(Tongue::Dutch, name) {
                document.add_text(layout.scoped, scope.term(&stem));
            }
        }
    }
    for term in language::title_terms(&common.title) {
        document.add_text(layout.title_words, term);
    }
    document.add_u64(layout.title_length, texts::characters(&common.title));
    for print in Fingerprint::of(texts::all(indexed.record, indexed.body)).prints() {
        document.add_u64(layout.prints, print);
    }
    if let Some(group) = indexed.group {
        document.add_u64(layout.group, group.to_bits());
    }
    document
}

fn add_codes(
    document: &mut TantivyDocument,
    layout: &Layout,
    common: &Common,
    indexed: &Indexed<'_>,
) {
    let mut add = |field: Field, codes: Vec<u64>| {
        for code in codes {
            document.add_u64(field, code);
        }
    };
    let bits = |ids: &[schema::NodeId]| ids.iter().map(|id| id.to_bits()).collect();
    add(layout.themes, bits(&common.themes));
    add(layout.communities, bits(&common.communities));
    add(layout.organisations, bits(&common.organisations));
    add(layout.audiences, bits(&common.audiences));
    add(layout.people, bits(&common.people));
    add(layout.language, vec![common.language.code()]);
    add(layout.sources, indexed.sources.iter().map(|s| source_code(s.as_str())).collect());
    if let Some(kind) = indexed.record.kind() {
        add(layout.kind, vec![kind.code()]);
    }
    let form = match indexed.record {
        Record::Article(article) => Some(article.form.code()),
        Record::Toolkit(toolkit) => Some(toolkit.form.code()),
        Record::Community(community) => Some(community.form.code()),
        Record::Event(event) => {
            add(layout.attendance, vec![event.attendance.code()]);
            Some(event.form.code())
        }
        Record::Theme(_) | Record::Organisation(_) | Record::Person(_) | Record::Audience(_) => {
            None
        }
    };
    add(layout.form, form.into_iter().collect());

    let mut kinds = Vec::new();
    let mut layers = Vec::new();
    for other in indexed.about {
        if let Record::Organisation(organisation) = other {
            kinds.push(organisation.kind.code());
            layers.extend(organisation.layer.map(schema::GovernmentLayer::code));
        }
    }
    if let Record::Community(community) = indexed.record {
        layers.extend(community.layers.iter().map(|layer| layer.code()));
    }
    for (field, mut codes) in [(layout.organisation_kinds, kinds), (layout.layers, layers)] {
        codes.sort_unstable();
        codes.dedup();
        add(field, codes);
    }
}

fn add_times(document: &mut TantivyDocument, layout: &Layout, record: &Record) {
    if let Some(dated) = record.dated() {
        document.add_i64(layout.dated, dated.as_second());
        let home = moment::zone(moment::HOME_ZONE).unwrap_or(TimeZone::UTC);
        document.add_i64(layout.year, i64::from(dated.to_zoned(home).year()));
    }
    if let Record::Event(event) = record
        && event.series.is_none()
    {
        document.add_i64(layout.ends, event.ends().as_second());
    }
}

/// Whether the documents linked to a thing look different in the index when it goes from `old` to
/// `new`.
pub(crate) fn shows_in_dependents(old: Option<&Record>, new: Option<&Record>) -> bool {
    let face = |record: Option<&Record>| {
        record.map(|record| {
            let organisation = match record {
                Record::Organisation(organisation) => Some((organisation.kind, organisation.layer)),
                _ => None,
            };
            let names: Vec<_> = texts::names_of(record).into_iter().map(str::to_owned).collect();
            (names, organisation)
        })
    };
    debug_assert!(NodeKind::ALL.len() == 8, "a new kind needs its names here");
    face(old) != face(new)
}
