//! Which fields an index has. Every stored number and name in them is explained here once.

use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};

use crate::language::{COMPLETION, DUTCH, ENGLISH, FOLDED};

/// The fields of the index. Numbers that stand for words are the words' codes.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) schema: Schema,
    /// Bits of the node id.
    pub(super) id: Field,
    /// Code of the kind.
    pub(super) kind: Field,
    /// Code of the form within its kind.
    pub(super) form: Field,
    /// Node ids; those that make things related can be looked up.
    pub(super) themes: Field,
    pub(super) communities: Field,
    pub(super) organisations: Field,
    pub(super) audiences: Field,
    pub(super) people: Field,
    /// Codes of the kinds and layers of all organisations linked.
    pub(super) organisation_kinds: Field,
    pub(super) layers: Field,
    pub(super) language: Field,
    /// Of events only.
    pub(super) attendance: Field,
    /// Seconds since 1970 of an event's start, else of publication; absent where unknown.
    pub(super) dated: Field,
    /// First instant after a single event. Absent for series, whose phase comes from their rule.
    pub(super) ends: Field,
    /// Year of `dated` in Amsterdam.
    pub(super) year: Field,
    /// Digests of the names of its sources.
    pub(super) sources: Field,
    /// Folded title, for sorting.
    pub(super) title_order: Field,
    pub(super) title_nl: Field,
    pub(super) title_en: Field,
    /// All texts but the title, one after another: see `texts`.
    pub(super) text_nl: Field,
    pub(super) text_en: Field,
    /// What a text says first, and its headings: all of it is in the text as well.
    pub(super) lead_nl: Field,
    pub(super) lead_en: Field,
    /// Names of everything linked: themes, people, organisations, communities.
    pub(super) names: Field,
    /// Words of the names of linked things, each with a letter for what it names: see `Scope`.
    pub(super) scoped: Field,
    /// Title and texts, not stemmed.
    pub(super) exact: Field,
    /// Words of titles and fronts of words, folded: see `language::completion`.
    pub(super) title_words: Field,
    /// Characters of the title.
    pub(super) title_length: Field,
    /// Words of title and texts, not stemmed, shorter ones first: see `language::completion`.
    pub(super) words: Field,
    /// Prints of its passages: see `language::fingerprint`.
    pub(super) prints: Field,
    /// Which near-duplicates of one source it is one of; absent for most.
    pub(super) group: Field,
}

impl Layout {
    pub(super) fn new() -> Self {
        let mut schema = Schema::builder();
        let code: NumericOptions = FAST.into();
        let fast_text = TextOptions::default().set_fast("raw");
        let text = |analyser: &str| {
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default()
                    .set_tokenizer(analyser)
                    .set_index_option(IndexRecordOption::WithFreqsAndPositions),
            )
        };
        let unplaced = |analyser: &str| {
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
            id: schema.add_u64_field("id", FAST | INDEXED),
            kind: schema.add_u64_field("kind", code.clone()),
            form: schema.add_u64_field("form", code.clone()),
            themes: schema.add_u64_field("themes", FAST | INDEXED),
            communities: schema.add_u64_field("communities", FAST | INDEXED),
            organisations: schema.add_u64_field("organisations", code.clone()),
            audiences: schema.add_u64_field("audiences", code.clone()),
            people: schema.add_u64_field("people", FAST | INDEXED),
            organisation_kinds: schema.add_u64_field("organisation_kinds", code.clone()),
            layers: schema.add_u64_field("layers", code.clone()),
            language: schema.add_u64_field("language", code.clone()),
            attendance: schema.add_u64_field("attendance", code.clone()),
            dated: schema.add_i64_field("dated", code.clone()),
            ends: schema.add_i64_field("ends", code.clone()),
            year: schema.add_i64_field("year", code.clone()),
            sources: schema.add_u64_field("sources", code.clone()),
            title_order: schema.add_text_field("title_order", fast_text),
            title_nl: schema.add_text_field("title_nl", text(DUTCH)),
            title_en: schema.add_text_field("title_en", text(ENGLISH)),
            text_nl: schema.add_text_field("text_nl", text(DUTCH)),
            text_en: schema.add_text_field("text_en", text(ENGLISH)),
            lead_nl: schema.add_text_field("lead_nl", unplaced(DUTCH)),
            lead_en: schema.add_text_field("lead_en", unplaced(ENGLISH)),
            names: schema.add_text_field("names", text(DUTCH)),
            scoped: schema.add_text_field("scoped", terms("raw")),
            exact: schema.add_text_field("exact", text(FOLDED)),
            title_words: schema.add_text_field("title_words", terms("raw")),
            title_length: schema.add_u64_field("title_length", code.clone()),
            words: schema.add_text_field("words", terms(COMPLETION)),
            prints: schema.add_u64_field("prints", INDEXED),
            group: schema.add_u64_field("group", code),
            schema: schema.build(),
        }
    }
}

/// The number by which a source is known in the index.
pub(super) fn source_code(name: &str) -> u64 {
    let digest = blake3::hash(name.as_bytes());
    u64::from_le_bytes(digest.as_bytes()[..8].try_into().expect("a digest has 32 bytes"))
}
