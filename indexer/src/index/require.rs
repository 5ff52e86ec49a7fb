//! What documents must or must not have for a question: phrases, parts of titles, names of linked
//! things, and any combination of them.

use tantivy::{
    Searcher, Term,
    query::{AllQuery, BooleanQuery, EmptyQuery, Occur, PhraseQuery, Query, TermQuery},
    schema::{Field, IndexRecordOption},
};

use super::{layout::Layout, steady::Steady, texts::Scope};
use crate::language::{self, Clause, QuestionField, Tongue};

/// No more words that begin with something typed are looked for: those that most documents have.
const PREFIX_WORDS_MAX: usize = 64;
/// No more words are compared to find them.
const PREFIX_WORDS_SEEN_MAX: usize = 4_096;

/// Where a requirement must be fulfilled.
#[derive(Debug, Clone, Copy)]
enum Target {
    Anywhere,
    Title,
    Named(Scope),
}

/// Makes queries of requirements.
pub(super) struct Requirements<'a> {
    pub(super) searcher: &'a Searcher,
    pub(super) layout: &'a Layout,
}

impl Requirements<'_> {
    /// What finds the documents that fulfil a clause.
    pub(super) fn of(&self, clause: &Clause) -> tantivy::Result<Box<dyn Query>> {
        self.clause(clause, Target::Anywhere)
    }

    fn clause(&self, clause: &Clause, target: Target) -> tantivy::Result<Box<dyn Query>> {
        let several = |clauses: &[Clause]| {
            clauses.iter().map(|clause| self.clause(clause, target)).collect::<Result<Vec<_>, _>>()
        };
        Ok(match clause {
            Clause::Word(typed) => self.words(&typed.text, target),
            Clause::Phrase(typed) => self.phrase(&typed.text, target),
            Clause::Prefix(typed) => self.prefix(&typed.text, target)?,
            Clause::Any(clauses) => Box::new(BooleanQuery::union(several(clauses)?)),
            Clause::All(clauses) => all(several(clauses)?),
            Clause::Not(unwanted) => Box::new(BooleanQuery::new(vec![
                (Occur::Must, Box::new(AllQuery)),
                (Occur::MustNot, Box::new(Steady(self.clause(unwanted, target)?))),
            ])),
            Clause::In(field, inner) => {
                let target = match field {
                    QuestionField::Title => Target::Title,
                    QuestionField::Theme => Target::Named(Scope::Theme),
                    QuestionField::Organisation => Target::Named(Scope::Organisation),
                    QuestionField::Person => Target::Named(Scope::Person),
                };
                self.clause(inner, target)?
            }
        })
    }

    /// All words of a text, in any form.
    fn words(&self, text: &str, target: Target) -> Box<dyn Query> {
        let dutch = language::stems(Tongue::Dutch, text);
        let english = language::stems(Tongue::English, text);
        let word = |(dutch, english): (String, String)| self.word(&dutch, &english, target);
        all(dutch.zip(english).map(word).collect())
    }

    fn word(&self, dutch: &str, english: &str, target: Target) -> Box<dyn Query> {
        let layout = self.layout;
        let places: Vec<(Field, &str)> = match target {
            Target::Named(scope) => return term(layout.scoped, &scope.term(dutch)),
            Target::Title => vec![(layout.title_nl, dutch), (layout.title_en, english)],
            Target::Anywhere => vec![
                (layout.title_nl, dutch),
                (layout.text_nl, dutch),
                (layout.names, dutch),
                (layout.title_en, english),
                (layout.text_en, english),
            ],
        };
        let any = places.into_iter().map(|(field, stem)| term(field, stem));
        Box::new(BooleanQuery::union(any.collect()))
    }

    /// Words that follow each other in exactly this form. Names of linked things must have them all.
    fn phrase(&self, text: &str, target: Target) -> Box<dyn Query> {
        if let Target::Named(_) = target {
            return self.words(text, target);
        }
        let words = language::words(text).filter(language::is_indexed);
        let words: Vec<String> = words.map(|word| language::folded(&text[word])).collect();
        let exact = in_a_row(self.layout.exact, &words);
        if let Target::Anywhere = target {
            return exact;
        }
        // Titles are indexed by stems only: the very form may stand elsewhere.
        let dutch: Vec<_> = language::stems(Tongue::Dutch, text).collect();
        let english: Vec<_> = language::stems(Tongue::English, text).collect();
        let title = BooleanQuery::union(vec![
            in_a_row(self.layout.title_nl, &dutch),
            in_a_row(self.layout.title_en, &english),
        ]);
        all(vec![exact, Box::new(title)])
    }

    fn prefix(&self, text: &str, target: Target) -> tantivy::Result<Box<dyn Query>> {
        let (searcher, layout) = (self.searcher, self.layout);
        let front = language::folded(text);
        let found: Vec<Box<dyn Query>> = match target {
            Target::Anywhere => begin_with(searcher, layout.exact, &front)?
                .iter()
                .map(|word| term(layout.exact, word))
                .collect(),
            Target::Title => begin_with(searcher, layout.exact, &front)?
                .iter()
                .map(|word| self.words(word, target))
                .collect(),
            Target::Named(scope) => begin_with(searcher, layout.scoped, &scope.term(&front))?
                .iter()
                .map(|word| term(layout.scoped, word))
                .collect(),
        };
        Ok(Box::new(BooleanQuery::union(found)))
    }
}

fn term(field: Field, text: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic))
}

fn in_a_row(field: Field, words: &[String]) -> Box<dyn Query> {
    match words {
        [] => Box::new(EmptyQuery),
        [word] => term(field, word),
        words => {
            let terms = words.iter().map(|word| Term::from_field_text(field, word));
            Box::new(PhraseQuery::new(terms.collect()))
        }
    }
}

fn all(mut queries: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    match queries.len() {
        0 => Box::new(EmptyQuery),
        1 => queries.remove(0),
        _ => Box::new(BooleanQuery::intersection(queries)),
    }
}

/// The terms of a field that begin with `front` and that most documents have.
pub(super) fn begin_with(
    searcher: &Searcher,
    field: Field,
    front: &str,
) -> tantivy::Result<Vec<String>> {
    let mut found = std::collections::BTreeMap::<String, u64>::new();
    for segment in searcher.segment_readers() {
        let index = segment.inverted_index(field)?;
        let mut terms = index.terms().range().ge(front).into_stream()?;
        let mut seen = 0;
        while terms.advance() && terms.key().starts_with(front.as_bytes()) {
            if let Ok(term) = std::str::from_utf8(terms.key()) {
                *found.entry(term.to_owned()).or_default() += u64::from(terms.value().doc_freq);
            }
            seen += 1;
            if seen == PREFIX_WORDS_SEEN_MAX {
                break;
            }
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|(_, documents)| std::cmp::Reverse(*documents));
    found.truncate(PREFIX_WORDS_MAX);
    Ok(found.into_iter().map(|(term, _)| term).collect())
}
