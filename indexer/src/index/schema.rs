//! The fields of the index and the meaning of their values.

use schema::Facet;
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};

use crate::analysis::{COMPLETION, DUTCH, ENGLISH, FOLDED};

/// The fields of the index. Codes are those of [`ColumnValue`](schema::ColumnValue).
#[derive(Debug, Clone)]
pub(crate) struct IndexSchema {
    pub(crate) tantivy_schema: Schema,
    /// Bits of the node id.
    pub(crate) id: Field,
    /// Code of the kind.
    pub(crate) kind: Field,
    /// Code of the form within its kind.
    pub(crate) form: Field,
    /// Node ids. Themes, communities and people are also indexed, to find related content.
    pub(crate) themes: Field,
    pub(crate) communities: Field,
    pub(crate) organisations: Field,
    pub(crate) audiences: Field,
    pub(crate) people: Field,
    /// Codes of the kinds and layers of all linked organisations.
    pub(crate) organisation_kinds: Field,
    pub(crate) layers: Field,
    pub(crate) language: Field,
    /// Only for events.
    pub(crate) attendance: Field,
    /// Start of an event, else time of publication, in seconds since 1970; absent if unknown.
    pub(crate) dated: Field,
    /// Date of publication, else of the last change, in seconds since 1970; absent if unknown.
    pub(crate) published: Field,
    /// Exclusive end of a single event. Absent for a series, whose phase depends on its rule.
    pub(crate) ends: Field,
    /// Year of `dated` in Amsterdam.
    pub(crate) year: Field,
    /// Hashes of the names of its sources.
    pub(crate) sources: Field,
    /// Normalised title, for sorting.
    pub(crate) title_order: Field,
    pub(crate) title_nl: Field,
    pub(crate) title_en: Field,
    /// All texts except the title, concatenated: see `document_texts`.
    pub(crate) text_nl: Field,
    pub(crate) text_en: Field,
    /// Summary, lead and headings; all of them are also in the text.
    pub(crate) lead_nl: Field,
    pub(crate) lead_en: Field,
    /// Names of linked themes, people, organisations and communities.
    pub(crate) names: Field,
    /// Words of the names of linked records, each with a prefix for the kind of name: see
    /// `NameScope`.
    pub(crate) scoped_names: Field,
    /// Title and texts, not stemmed.
    pub(crate) exact: Field,
    /// Words of the title and prefixes of words, folded: see `analysis::autocomplete`.
    pub(crate) title_words: Field,
    /// Number of characters of the title.
    pub(crate) title_length: Field,
    /// Words of title and texts, not stemmed, shorter ones first: see `analysis::autocomplete`.
    pub(crate) completion_words: Field,
    /// Fingerprints of its passages: see `analysis::winnowing`.
    pub(crate) fingerprints: Field,
    /// Group of near-duplicates in one source; absent for most documents.
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
            published: builder.add_i64_field("published", code.clone()),
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

    /// The field with the codes of a facet. Years have a numeric field; phases have none, because
    /// they change over time.
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

/// The hash that identifies a source in the index.
pub(crate) fn source_hash(name: &str) -> u64 {
    let digest = blake3::hash(name.as_bytes());
    u64::from_le_bytes(digest.as_bytes()[..8].try_into().expect("a digest has 32 bytes"))
}
