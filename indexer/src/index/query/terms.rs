//! Expands words to weighted terms of the index.

use schema::{MatchClass, MatchKind};
use tantivy::{Searcher, schema::Field};

use super::{
    index_term::IndexTerm,
    scorer::{QueryTerm, idf},
    word_set::WordSet,
};
use crate::{
    analysis::{AnalysisLanguage, component_term},
    index::{document_texts::kind_term, kind_names::is_kind_stem, schema::IndexSchema},
};

const TITLE_WEIGHT: f32 = 1.0;
const TEXT_WEIGHT: f32 = 1.0;
/// Added to the weight of the same word in the text.
const LEAD_WEIGHT: f32 = 0.5;
const NAMES_WEIGHT: f32 = 0.7;
/// Weight of the name of the kind or form of a document.
const KIND_WEIGHT: f32 = 1.5;
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
    /// The kind or form of the document.
    Kind,
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
    /// The line of the vocabulary that acted.
    pub(crate) rule: Option<String>,
}

/// Reason for a query term.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TermContext<'a> {
    /// The query words that it represents.
    pub(crate) words: WordSet,
    pub(crate) kind: MatchKind,
    pub(crate) class: MatchClass,
    pub(crate) weight: f32,
    pub(crate) text: &'a str,
    /// The line of the vocabulary that acted.
    pub(crate) rule: Option<&'a str>,
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

    /// Adds a stem, or several as a phrase, in all fields of its language; a single Dutch stem also
    /// as a component of compounds. Returns an upper bound of the document frequency.
    pub(crate) fn add_stems(
        &mut self,
        forms: &[(AnalysisLanguage, &[String])],
        context: TermContext<'_>,
    ) -> tantivy::Result<u64> {
        let mut matched = Vec::new();
        let mut documents = 0;
        for (language, stems) in forms {
            documents += self.find(*language, stems, context, &mut matched)?;
        }
        // All forms share one idf, so that a rare form does not weigh more than the word itself.
        let idf = idf(documents, self.doc_count);
        for (mut query_term, origin) in matched {
            query_term.weight *= idf;
            self.terms.push(query_term);
            self.origins.push(origin);
        }
        Ok(documents)
    }

    /// Finds the terms of stems in the fields of their language. Returns the highest document
    /// frequency of a field.
    fn find(
        &self,
        language: AnalysisLanguage,
        stems: &[String],
        context: TermContext<'_>,
        matched: &mut Vec<(QueryTerm, TermOrigin)>,
    ) -> tantivy::Result<u64> {
        let schema = self.schema;
        let (title, text, lead) = match language {
            AnalysisLanguage::Dutch => (schema.title_nl, schema.text_nl, schema.lead_nl),
            AnalysisLanguage::English => (schema.title_en, schema.text_en, schema.lead_en),
        };
        let mut fields =
            vec![(FieldGroup::Title, title, TITLE_WEIGHT), (FieldGroup::Text, text, TEXT_WEIGHT)];
        // A field without positions cannot match phrases.
        if stems.len() == 1 {
            fields.push((FieldGroup::Lead, lead, LEAD_WEIGHT));
        }
        let mut is_in_text = true;
        if language == AnalysisLanguage::Dutch {
            fields.push((FieldGroup::Names, schema.names, NAMES_WEIGHT));
            if stems.len() == 1 && is_kind_stem(&stems[0]) {
                fields.push((FieldGroup::Kind, schema.scoped_names, KIND_WEIGHT));
            }
        }
        let mut max_doc_freq = 0;
        let TermContext { words, kind, class, weight, text: shown, rule } = context;
        for (field_group, field, field_weight) in fields {
            // The lead is the beginning of the text.
            if field_group == FieldGroup::Lead && !is_in_text {
                continue;
            }
            let find = |text: &str| IndexTerm::find(self.searcher, field, text);
            let (terms, component) = match stems {
                [stem] if field_group == FieldGroup::Kind => (vec![find(&kind_term(stem))?], None),
                [stem] if language == AnalysisLanguage::Dutch => {
                    (vec![find(stem)?], Some(find(&component_term(stem))?))
                }
                _ => (self.find_all(field, stems)?, None),
            };
            let component = component.filter(|component| component.doc_freq() > 0);
            let component_freq = component.as_ref().map_or(0, IndexTerm::doc_freq);
            let doc_freq = min_doc_freq(&terms) + component_freq;
            max_doc_freq = doc_freq.max(max_doc_freq);
            is_in_text &= field_group != FieldGroup::Text || doc_freq > 0;
            if doc_freq > 0 {
                let weight = weight * field_weight;
                let (term, text) = (stems.join(" "), shown.to_owned());
                let adds_matches = field_group != FieldGroup::Lead;
                matched.push((
                    QueryTerm { field, terms, component, weight, words, class, adds_matches },
                    TermOrigin {
                        field_group,
                        language,
                        kind: if field_group == FieldGroup::Kind { MatchKind::Form } else { kind },
                        term,
                        text,
                        rule: rule.map(str::to_owned),
                    },
                ));
            }
        }
        Ok(max_doc_freq)
    }

    /// Adds the exact form of a word. Returns its document frequency.
    pub(crate) fn add_exact_form(
        &mut self,
        folded: &str,
        context: TermContext<'_>,
    ) -> tantivy::Result<u64> {
        let weight = EXACT_WEIGHT * context.weight;
        let terms_before = self.terms.len();
        let documents = self.add_exact_term(folded, TermContext { weight, ..context })?;
        // The stem of the word matches in the same documents.
        self.terms[terms_before..].iter_mut().for_each(|term| term.adds_matches = false);
        Ok(documents)
    }

    /// Adds a word in its exact form. Returns its document frequency.
    pub(crate) fn add_exact_term(
        &mut self,
        folded: &str,
        context: TermContext<'_>,
    ) -> tantivy::Result<u64> {
        let field = self.schema.exact;
        let terms = self.find_all(field, &[folded.to_owned()])?;
        let documents = min_doc_freq(&terms);
        if documents > 0 {
            let weight = context.weight * idf(documents, self.doc_count);
            self.terms.push(QueryTerm {
                field,
                terms,
                component: None,
                weight,
                words: context.words,
                class: context.class,
                adds_matches: true,
            });
            self.origins.push(TermOrigin {
                field_group: FieldGroup::Exact,
                language: AnalysisLanguage::Dutch,
                kind: context.kind,
                term: folded.to_owned(),
                text: context.text.to_owned(),
                rule: None,
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
        let terms = self.find_all(field, &[stem.to_owned()])?;
        let documents = min_doc_freq(&terms);
        if documents > 0 {
            let weight = STOP_WORD_WEIGHT * idf(documents, self.doc_count);
            let class = MatchClass::Exact;
            let words = WordSet::EMPTY;
            let (component, adds_matches) = (None, false);
            let term = QueryTerm { field, terms, component, weight, words, class, adds_matches };
            self.terms.push(term);
            let (term, text) = (stem.to_owned(), String::new());
            self.origins.push(TermOrigin {
                field_group: FieldGroup::Title,
                language,
                kind: MatchKind::Word,
                term,
                text,
                rule: None,
            });
        }
        Ok(())
    }

    /// Looks up the terms of a field; without the rest if one of them has no postings.
    fn find_all(&self, field: Field, stems: &[String]) -> tantivy::Result<Vec<IndexTerm>> {
        let mut terms = Vec::with_capacity(stems.len());
        for stem in stems {
            let term = IndexTerm::find(self.searcher, field, stem)?;
            let is_absent = term.doc_freq() == 0;
            terms.push(term);
            if is_absent {
                break;
            }
        }
        Ok(terms)
    }
}

/// An upper bound of the number of documents that contain all terms.
fn min_doc_freq(terms: &[IndexTerm]) -> u64 {
    terms.iter().map(IndexTerm::doc_freq).min().unwrap_or_default()
}
