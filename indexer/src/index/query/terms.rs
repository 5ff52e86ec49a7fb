//! Expands words to weighted terms of the index.

use schema::MatchKind;
use tantivy::{Searcher, Term, schema::Field};

use super::{
    scorer::{QueryTerm, idf},
    word_set::WordSet,
};
use crate::{analysis::AnalysisLanguage, index::schema::IndexSchema};

const TITLE_WEIGHT: f32 = 1.0;
const TEXT_WEIGHT: f32 = 1.0;
/// Added to the weight of the same word in the text.
const LEAD_WEIGHT: f32 = 0.5;
const NAMES_WEIGHT: f32 = 0.7;
/// Weight of the exact form, added to that of the stem.
const EXACT_WEIGHT: f32 = 0.3;
/// Weight of a stop word in a title.
const STOP_WORD_WEIGHT: f32 = 0.2;

/// The fields of the index, independent of language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldGroup {
    Title,
    Text,
    Lead,
    Names,
    /// Title and texts, not stemmed.
    Exact,
}

/// Field and reason of a query term.
#[derive(Debug, Clone)]
pub(crate) struct TermOrigin {
    pub(crate) field_group: FieldGroup,
    pub(crate) language: AnalysisLanguage,
    pub(crate) kind: MatchKind,
    /// The indexed term; terms of a phrase are separated by a space.
    pub(crate) term: String,
    /// Text to display.
    pub(crate) text: String,
}

/// Reason for a query term.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TermContext<'a> {
    /// The query words that it represents.
    pub(crate) words: WordSet,
    pub(crate) kind: MatchKind,
    pub(crate) weight: f32,
    pub(crate) text: &'a str,
}

/// Terms of a query under construction.
pub(crate) struct QueryTerms<'a> {
    searcher: &'a Searcher,
    schema: &'a IndexSchema,
    doc_count: u64,
    pub(crate) terms: Vec<QueryTerm>,
    /// Parallel to `terms`.
    pub(crate) origins: Vec<TermOrigin>,
}

impl<'a> QueryTerms<'a> {
    pub(crate) fn new(searcher: &'a Searcher, schema: &'a IndexSchema) -> Self {
        let doc_count = searcher.num_docs();
        Self { searcher, schema, doc_count, terms: Vec::new(), origins: Vec::new() }
    }

    /// Adds a stem, or several as a phrase, in all fields of its language. Returns an upper bound
    /// of the document frequency.
    pub(crate) fn add_stems(
        &mut self,
        forms: &[(AnalysisLanguage, &[String])],
        context: TermContext<'_>,
    ) -> tantivy::Result<u64> {
        let schema = self.schema;
        let mut matched = Vec::new();
        let mut documents = 0;
        for (language, stems) in forms {
            let (title, text, lead) = match language {
                AnalysisLanguage::Dutch => (schema.title_nl, schema.text_nl, schema.lead_nl),
                AnalysisLanguage::English => (schema.title_en, schema.text_en, schema.lead_en),
            };
            let mut fields = vec![
                (FieldGroup::Title, title, TITLE_WEIGHT),
                (FieldGroup::Text, text, TEXT_WEIGHT),
            ];
            // A field without positions cannot match phrases.
            if stems.len() == 1 {
                fields.push((FieldGroup::Lead, lead, LEAD_WEIGHT));
            }
            if *language == AnalysisLanguage::Dutch {
                fields.push((FieldGroup::Names, schema.names, NAMES_WEIGHT));
            }
            let mut max_doc_freq = 0;
            for (field_group, field, weight) in fields {
                let terms = terms(field, stems);
                let doc_freq = self.doc_freq(&terms)?;
                max_doc_freq = doc_freq.max(max_doc_freq);
                if doc_freq > 0 {
                    matched.push((*language, field_group, field, weight, stems.join(" "), terms));
                }
            }
            documents += max_doc_freq;
        }
        let idf = idf(documents, self.doc_count);
        for (language, field_group, field, weight, term, terms) in matched {
            let weight = weight * context.weight * idf;
            self.terms.push(QueryTerm { field, terms, weight, words: context.words });
            let text = context.text.to_owned();
            self.origins.push(TermOrigin { field_group, language, kind: context.kind, term, text });
        }
        Ok(documents)
    }

    /// Adds the exact form of a word. Returns its document frequency.
    pub(crate) fn add_exact_form(
        &mut self,
        folded: &str,
        context: TermContext<'_>,
    ) -> tantivy::Result<u64> {
        let weight = EXACT_WEIGHT * context.weight;
        self.add_exact_term(folded, TermContext { weight, ..context })
    }

    /// Adds a word in its exact form. Returns its document frequency.
    pub(crate) fn add_exact_term(
        &mut self,
        folded: &str,
        context: TermContext<'_>,
    ) -> tantivy::Result<u64> {
        let field = self.schema.exact;
        let terms = terms(field, &[folded.to_owned()]);
        let documents = self.doc_freq(&terms)?;
        if documents > 0 {
            let weight = context.weight * idf(documents, self.doc_count);
            self.terms.push(QueryTerm { field, terms, weight, words: context.words });
            self.origins.push(TermOrigin {
                field_group: FieldGroup::Exact,
                language: AnalysisLanguage::Dutch,
                kind: context.kind,
                term: folded.to_owned(),
                text: context.text.to_owned(),
            });
        }
        Ok(documents)
    }

    /// Adds a stop word in titles. It contributes to the score but does not match documents.
    pub(crate) fn add_stop_word(
        &mut self,
        language: AnalysisLanguage,
        stem: &str,
    ) -> tantivy::Result<()> {
        let field = match language {
            AnalysisLanguage::Dutch => self.schema.title_nl,
            AnalysisLanguage::English => self.schema.title_en,
        };
        let terms = terms(field, &[stem.to_owned()]);
        let documents = self.doc_freq(&terms)?;
        if documents > 0 {
            let weight = STOP_WORD_WEIGHT * idf(documents, self.doc_count);
            self.terms.push(QueryTerm { field, terms, weight, words: WordSet::EMPTY });
            let (term, text) = (stem.to_owned(), String::new());
            self.origins.push(TermOrigin {
                field_group: FieldGroup::Title,
                language,
                kind: MatchKind::Word,
                term,
                text,
            });
        }
        Ok(())
    }

    /// An upper bound of the number of documents that contain all terms.
    fn doc_freq(&self, terms: &[Term]) -> tantivy::Result<u64> {
        let mut min_doc_freq = u64::MAX;
        for term in terms {
            min_doc_freq = min_doc_freq.min(self.searcher.doc_freq(term)?);
            if min_doc_freq == 0 {
                break;
            }
        }
        Ok(min_doc_freq)
    }
}

fn terms(field: Field, stems: &[String]) -> Vec<Term> {
    stems.iter().map(|stem| Term::from_field_text(field, stem)).collect()
}
