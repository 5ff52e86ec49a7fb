//! Which fields an index has. Every stored number and name in them is explained here once.

use schema::Facet;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};

use crate::analysis::{COMPLETION, DUTCH, ENGLISH, FOLDED};

/// The fields of the index. Numbers that stand for words are the words' codes.
#[derive(Debug, Clone)]
pub(crate) struct IndexSchema {
    pub(crate) tantivy_schema: Schema,
    /// Bits of the node id.
    pub(crate) id: Field,
    /// Code of the kind.
    pub(crate) kind: Field,
    /// Code of the form within its kind.
    pub(crate) form: Field,
    /// Node ids; those that make things related can be looked up.
    pub(crate) themes: Field,
    pub(crate) communities: Field,
    pub(crate) organisations: Field,
    pub(crate) audiences: Field,
    pub(crate) people: Field,
    /// Codes of the kinds and layers of all organisations linked.
    pub(crate) organisation_kinds: Field,
    pub(crate) layers: Field,
    pub(crate) language: Field,
    /// Of events only.
    pub(crate) attendance: Field,
    /// Seconds since 1970 of an event's start, else of publication; absent where unknown.
    pub(crate) dated: Field,
    /// First instant after a single event. Absent for series, whose phase comes from their rule.
    pub(crate) ends: Field,
    /// Year of `dated_at` in Amsterdam.
    pub(crate) year: Field,
    /// Digests of the names of its sources.
    pub(crate) sources: Field,
    /// Folded title, for sorting.
    pub(crate) title_order: Field,
    pub(crate) title_nl: Field,
    pub(crate) title_en: Field,
    /// All texts but the title, one after another: see `texts`.
    pub(crate) text_nl: Field,
    pub(crate) text_en: Field,
    /// What a text says first, and its headings: all of it is in the text as well.
    pub(crate) lead_nl: Field,
    pub(crate) lead_en: Field,
    /// Names of everything linked: themes, people, organisations, communities.
    pub(crate) names: Field,
    /// Words of the names of linked things, each with a letter for what it names: see `Scope`.
    pub(crate) scoped_names: Field,
    /// Title and texts, not stemmed.
    pub(crate) exact: Field,
    /// Words of titles and fronts of words, folded: see `language::completion`.
    pub(crate) title_words: Field,
    /// Characters of the title.
    pub(crate) title_length: Field,
    /// Words of title and texts, not stemmed, shorter ones first: see `language::completion`.
    pub(crate) completion_words: Field,
    /// Prints of its passages: see `language::fingerprint`.
    pub(crate) fingerprints: Field,
    /// Which near-duplicates of one source it is one of; absent for most.
    pub(crate) group: Field,
}

impl IndexSchema {
    pub(crate) fn new() -> Self {
        let mut builder = Schema::builder();
        let code: NumericOptions = FAST.into();
        let fast_text = TextOptions::default().set_fast("raw");
        let text = |analyser: &str| {
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default()
                    .set_tokenizer(analyser)
                    .set_index_option(IndexRecordOption::WithFreqsAndPositions),
            )
        };
        let without_positions = |analyser: &str| {
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default()
                    .set_tokenizer(analyser)
                    .set_index_option(IndexRecordOption::WithFreqs),
            )
        };
        let terms = |analyser: &str| {
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default()
                    .set_tokenizer(analyser)
                    .set_fieldnorms(false)
                    .set_index_option(IndexRecordOption::Basic),
            )
        };
        Self {
            id: builder.add_u64_field("id", FAST | INDEXED),
            kind: builder.add_u64_field("kind", code.clone()),
            form: builder.add_u64_field("form", code.clone()),
            themes: builder.add_u64_field("themes", FAST | INDEXED),
            communities: builder.add_u64_field("communities", FAST | INDEXED),
            organisations: builder.add_u64_field("organisations", code.clone()),
            audiences: builder.add_u64_field("audiences", code.clone()),
            people: builder.add_u64_field("people", FAST | INDEXED),
            organisation_kinds: builder.add_u64_field("organisation_kinds", code.clone()),
            layers: builder.add_u64_field("layers", code.clone()),
            language: builder.add_u64_field("language", code.clone()),
            attendance: builder.add_u64_field("attendance", code.clone()),
            dated: builder.add_i64_field("dated", code.clone()),
            ends: builder.add_i64_field("ends", code.clone()),
            year: builder.add_i64_field("year", code.clone()),
            sources: builder.add_u64_field("sources", code.clone()),
            title_order: builder.add_text_field("title_order", fast_text),
            title_nl: builder.add_text_field("title_nl", text(DUTCH)),
            title_en: builder.add_text_field("title_en", text(ENGLISH)),
            text_nl: builder.add_text_field("text_nl", text(DUTCH)),
            text_en: builder.add_text_field("text_en", text(ENGLISH)),
            lead_nl: builder.add_text_field("lead_nl", without_positions(DUTCH)),
            lead_en: builder.add_text_field("lead_en", without_positions(ENGLISH)),
            names: builder.add_text_field("names", text(DUTCH)),
            scoped_names: builder.add_text_field("scoped", terms("raw")),
            exact: builder.add_text_field("exact", text(FOLDED)),
            title_words: builder.add_text_field("title_words", terms("raw")),
            title_length: builder.add_u64_field("title_length", code.clone()),
            completion_words: builder.add_text_field("words", terms(COMPLETION)),
            fingerprints: builder.add_u64_field("prints", INDEXED),
            group: builder.add_u64_field("group", code),
            tantivy_schema: builder.build(),
        }
    }

    /// The field with the codes of a facet. Years have numbers instead, and phases no field, since
    /// they change with time.
    pub(super) const fn facet_field(&self, facet: Facet) -> Option<Field> {
        Some(match facet {
            Facet::Kind => self.kind,
            Facet::ArticleForm | Facet::ToolkitForm | Facet::CommunityForm | Facet::EventForm => {
                self.form
            }
            Facet::Theme => self.themes,
            Facet::Community => self.communities,
            Facet::Organisation => self.organisations,
            Facet::OrganisationKind => self.organisation_kinds,
            Facet::Layer => self.layers,
            Facet::Audience => self.audiences,
            Facet::Attendance => self.attendance,
            Facet::Language => self.language,
            Facet::Phase | Facet::Year => return None,
        })
    }
}

/// The number by which a source is known in the index.
pub(crate) fn source_hash(name: &str) -> u64 {
    let digest = blake3::hash(name.as_bytes());
    u64::from_le_bytes(digest.as_bytes()[..8].try_into().expect("a digest has 32 bytes"))
}
