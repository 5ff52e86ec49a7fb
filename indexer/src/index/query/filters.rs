//! Query clauses as filters: phrases, title words, names of linked records, and combinations of
//! them.

use tantivy::{
    Searcher, Term,
    query::{AllQuery, BooleanQuery, EmptyQuery, Occur, PhraseQuery, Query, TermQuery},
    schema::{Field, IndexRecordOption},
};

use super::{
    parser::{Clause, QueryField},
    unscored::UnscoredQuery,
};
use crate::{
    analysis,
    analysis::{AnalysisLanguage, Label},
    index::{document_texts::NameScope, schema::IndexSchema},
};

/// Maximum number of words for a prefix; those in most documents are used.
const PREFIX_WORDS_MAX: usize = 64;
/// Maximum number of words to compare per segment.
const PREFIX_CANDIDATES_MAX: usize = 4_096;

/// Field in which a clause must match.
#[derive(Debug, Clone, Copy)]
enum ClauseTarget {
    Anywhere,
    Title,
    Names(NameScope),
}

/// Builds engine queries for clauses.
pub(crate) struct FilterBuilder<'a> {
    pub(crate) searcher: &'a Searcher,
    pub(crate) schema: &'a IndexSchema,
}

impl FilterBuilder<'_> {
    /// The query for the documents that match a clause.
    pub(crate) fn build(&self, clause: &Clause) -> tantivy::Result<Box<dyn Query>> {
        self.clause(clause, ClauseTarget::Anywhere)
    }

    fn clause(&self, clause: &Clause, target: ClauseTarget) -> tantivy::Result<Box<dyn Query>> {
        let several = |clauses: &[Clause]| {
            clauses.iter().map(|clause| self.clause(clause, target)).collect::<Result<Vec<_>, _>>()
        };
        Ok(match clause {
            Clause::Word(typed) => self.words(&typed.text, target),
            Clause::Phrase(typed) => self.phrase(&typed.text, target),
            Clause::Prefix(typed) => self.prefix(&typed.text, target)?,
            Clause::Any(clauses) => Box::new(BooleanQuery::union(several(clauses)?)),
            Clause::All(clauses) => intersection(several(clauses)?),
            Clause::Not(unwanted) => Box::new(BooleanQuery::new(vec![
                (Occur::Must, Box::new(AllQuery)),
                (Occur::MustNot, Box::new(UnscoredQuery(self.clause(unwanted, target)?))),
            ])),
            Clause::In(field, inner) => {
                let target = match field {
                    QueryField::Title => ClauseTarget::Title,
                    QueryField::Theme => ClauseTarget::Names(NameScope::Theme),
                    QueryField::Organisation => ClauseTarget::Names(NameScope::Organisation),
                    QueryField::Person => ClauseTarget::Names(NameScope::Person),
                };
                self.clause(inner, target)?
            }
        })
    }

    /// A label of the vocabulary, as a word or phrase of stems.
    pub(crate) fn label(&self, label: &Label) -> Box<dyn Query> {
        let schema = self.schema;
        let dutch = [schema.title_nl, schema.text_nl, schema.names];
        let dutch = dutch.map(|field| phrase_query(field, &label.dutch));
        let english = [schema.title_en, schema.text_en];
        let english = english.map(|field| phrase_query(field, &label.english));
        Box::new(BooleanQuery::union(dutch.into_iter().chain(english).collect()))
    }

    /// All words of a text, in any form, in any order.
    fn words(&self, text: &str, target: ClauseTarget) -> Box<dyn Query> {
        let dutch = analysis::stems(AnalysisLanguage::Dutch, text);
        let english = analysis::stems(AnalysisLanguage::English, text);
        let word = |(dutch, english): (String, String)| self.word(&dutch, &english, target);
        intersection(dutch.zip(english).map(word).collect())
    }

    fn word(&self, dutch: &str, english: &str, target: ClauseTarget) -> Box<dyn Query> {
        let schema = self.schema;
        let component = &analysis::component_term(dutch);
        let fields: Vec<(Field, &str)> = match target {
            ClauseTarget::Names(scope) => {
                return term_query(schema.scoped_names, &scope.term(dutch));
            }
            ClauseTarget::Title => vec![
                (schema.title_nl, dutch),
                (schema.title_nl, component),
                (schema.title_en, english),
            ],
            ClauseTarget::Anywhere => vec![
                (schema.title_nl, dutch),
                (schema.title_nl, component),
                (schema.text_nl, dutch),
                (schema.text_nl, component),
                (schema.names, dutch),
                (schema.names, component),
                (schema.title_en, english),
                (schema.text_en, english),
            ],
        };
        let any = fields.into_iter().map(|(field, stem)| term_query(field, stem));
        Box::new(BooleanQuery::union(any.collect()))
    }

    /// A phrase of exact forms. For names of linked records, all words in any order.
    fn phrase(&self, text: &str, target: ClauseTarget) -> Box<dyn Query> {
        if let ClauseTarget::Names(_) = target {
            return self.words(text, target);
        }
        let words = analysis::words(text).filter(analysis::is_indexed);
        let words: Vec<String> = words.map(|word| analysis::folded(&text[word])).collect();
        let exact = phrase_query(self.schema.exact, &words);
        if let ClauseTarget::Anywhere = target {
            return exact;
        }
        // The exact forms of titles are indexed together with other texts, so the stems must match
        // the title.
        let dutch: Vec<_> = analysis::stems(AnalysisLanguage::Dutch, text).collect();
        let english: Vec<_> = analysis::stems(AnalysisLanguage::English, text).collect();
        let title = BooleanQuery::union(vec![
            phrase_query(self.schema.title_nl, &dutch),
            phrase_query(self.schema.title_en, &english),
        ]);
        intersection(vec![exact, Box::new(title)])
    }

    fn prefix(&self, text: &str, target: ClauseTarget) -> tantivy::Result<Box<dyn Query>> {
        let (searcher, schema) = (self.searcher, self.schema);
        let prefix = analysis::folded(text);
        let found: Vec<Box<dyn Query>> = match target {
            ClauseTarget::Anywhere => terms_with_prefix(searcher, schema.exact, &prefix)?
                .iter()
                .map(|word| term_query(schema.exact, word))
                .collect(),
            ClauseTarget::Title => terms_with_prefix(searcher, schema.exact, &prefix)?
                .iter()
                .map(|word| self.words(word, target))
                .collect(),
            ClauseTarget::Names(scope) => {
                terms_with_prefix(searcher, schema.scoped_names, &scope.term(&prefix))?
                    .iter()
                    .map(|word| term_query(schema.scoped_names, word))
                    .collect()
            }
        };
        Ok(Box::new(BooleanQuery::union(found)))
    }
}

fn term_query(field: Field, text: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic))
}

fn phrase_query(field: Field, words: &[String]) -> Box<dyn Query> {
    match words {
        [] => Box::new(EmptyQuery),
        [word] => term_query(field, word),
        words => {
            let terms = words.iter().map(|word| Term::from_field_text(field, word));
            Box::new(PhraseQuery::new(terms.collect()))
        }
    }
}

fn intersection(mut queries: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    match queries.len() {
        0 => Box::new(EmptyQuery),
        1 => queries.remove(0),
        _ => Box::new(BooleanQuery::intersection(queries)),
    }
}

/// The terms of a field that begin with `prefix`, most frequent first.
pub(crate) fn terms_with_prefix(
    searcher: &Searcher,
    field: Field,
    prefix: &str,
) -> tantivy::Result<Vec<String>> {
    let mut found = std::collections::BTreeMap::<String, u64>::new();
    for segment in searcher.segment_readers() {
        let index = segment.inverted_index(field)?;
        let mut terms = index.terms().range().ge(prefix).into_stream()?;
        let mut compared = 0;
        while terms.advance() && terms.key().starts_with(prefix.as_bytes()) {
            if let Ok(term) = std::str::from_utf8(terms.key()) {
                *found.entry(term.to_owned()).or_default() += u64::from(terms.value().doc_freq);
            }
            compared += 1;
            if compared == PREFIX_CANDIDATES_MAX {
                break;
            }
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|(_, documents)| std::cmp::Reverse(*documents));
    found.truncate(PREFIX_WORDS_MAX);
    Ok(found.into_iter().map(|(term, _)| term).collect())
}
