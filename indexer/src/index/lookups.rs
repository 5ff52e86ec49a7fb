//! From a word to the terms by which the index has it, each with its weight.

use schema::MatchKind;
use tantivy::{Searcher, Term, schema::Field};

use super::{
    layout::Layout,
    score::{Lookup, rareness},
};
use crate::language::Tongue;

const TITLE_WEIGHT: f32 = 1.0;
const TEXT_WEIGHT: f32 = 1.0;
/// On top of what the same words are worth in the text.
const LEAD_WEIGHT: f32 = 0.5;
const NAMES_WEIGHT: f32 = 0.7;
/// What the very form that was typed is worth, on top of its stem.
const EXACT_WEIGHT: f32 = 0.3;
/// What a word that tells nothing is worth in a title.
const SMALL_WORD_WEIGHT: f32 = 0.2;

/// The fields that words are looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Title,
    Text,
    Lead,
    Names,
    /// Title and texts, not stemmed.
    Exact,
}

/// Where a lookup leads, and why it is made.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) part: Part,
    pub(super) tongue: Tongue,
    pub(super) kind: MatchKind,
    /// The term, as the index has it; several are joined by a space.
    pub(super) term: String,
    /// What to tell people that was looked for.
    pub(super) text: String,
}

/// Why something is looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reason<'a> {
    /// For which words of the question, as bits.
    pub(super) words: u32,
    pub(super) kind: MatchKind,
    pub(super) weight: f32,
    pub(super) text: &'a str,
}

/// All lookups of a question, under construction.
pub(super) struct Lookups<'a> {
    searcher: &'a Searcher,
    layout: &'a Layout,
    documents: u64,
    pub(super) all: Vec<Lookup>,
    /// Of each lookup, in the same order.
    pub(super) ways: Vec<Way>,
}

impl<'a> Lookups<'a> {
    pub(super) fn new(searcher: &'a Searcher, layout: &'a Layout) -> Self {
        let documents = searcher.num_docs();
        Self { searcher, layout, documents, all: Vec::new(), ways: Vec::new() }
    }

    /// Looks stems up in all fields of their languages; several stems as a phrase. Gives how many
    /// documents have them, at most.
    pub(super) fn stems(
        &mut self,
        forms: &[(Tongue, &[String])],
        reason: Reason<'_>,
    ) -> tantivy::Result<u64> {
        let layout = self.layout;
        let mut found = Vec::new();
        let mut documents = 0;
        for (tongue, stems) in forms {
            let (title, text, lead) = match tongue {
                Tongue::Dutch => (layout.title_nl, layout.text_nl, layout.lead_nl),
                Tongue::English => (layout.title_en, layout.text_en, layout.lead_en),
            };
            let mut fields =
                vec![(Part::Title, title, TITLE_WEIGHT), (Part::Text, text, TEXT_WEIGHT)];
            // Where words are not numbered there are no phrases.
            if stems.len() == 1 {
                fields.push((Part::Lead, lead, LEAD_WEIGHT));
            }
            if *tongue == Tongue::Dutch {
                fields.push((Part::Names, layout.names, NAMES_WEIGHT));
            }
            let mut most = 0;
            for (part, field, weight) in fields {
                let terms = terms(field, stems);
                let having = self.having(&terms)?;
                most = having.max(most);
                if having > 0 {
                    found.push((*tongue, part, field, weight, stems.join(" "), terms));
                }
            }
            documents += most;
        }
        let rareness = rareness(documents, self.documents);
        for (tongue, part, field, weight, term, terms) in found {
            let weight = weight * reason.weight * rareness;
            self.all.push(Lookup { field, terms, weight, words: reason.words });
            let text = reason.text.to_owned();
            self.ways.push(Way { part, tongue, kind: reason.kind, term, text });
        }
        Ok(documents)
    }

    /// Looks the very form of a word up. Gives how many documents have it.
    pub(super) fn exact(&mut self, folded: &str, reason: Reason<'_>) -> tantivy::Result<u64> {
        let weight = EXACT_WEIGHT * reason.weight;
        self.unstemmed(folded, Reason { weight, ..reason })
    }

    /// Looks a word up that begins with what was typed. Gives how many documents have it.
    pub(super) fn unstemmed(&mut self, folded: &str, reason: Reason<'_>) -> tantivy::Result<u64> {
        let field = self.layout.exact;
        let terms = terms(field, &[folded.to_owned()]);
        let documents = self.having(&terms)?;
        if documents > 0 {
            let weight = reason.weight * rareness(documents, self.documents);
            self.all.push(Lookup { field, terms, weight, words: reason.words });
            self.ways.push(Way {
                part: Part::Exact,
                tongue: Tongue::Dutch,
                kind: reason.kind,
                term: folded.to_owned(),
                text: reason.text.to_owned(),
            });
        }
        Ok(documents)
    }

    /// Looks a word that tells nothing up in titles. No document is listed for it.
    pub(super) fn small_word(&mut self, tongue: Tongue, stem: &str) -> tantivy::Result<()> {
        let field = match tongue {
            Tongue::Dutch => self.layout.title_nl,
            Tongue::English => self.layout.title_en,
        };
        let terms = terms(field, &[stem.to_owned()]);
        let documents = self.having(&terms)?;
        if documents > 0 {
            let weight = SMALL_WORD_WEIGHT * rareness(documents, self.documents);
            self.all.push(Lookup { field, terms, weight, words: 0 });
            let (term, text) = (stem.to_owned(), String::new());
            self.ways.push(Way { part: Part::Title, tongue, kind: MatchKind::Word, term, text });
        }
        Ok(())
    }

    /// How many documents have all of the terms, at most.
    fn having(&self, terms: &[Term]) -> tantivy::Result<u64> {
        let mut least = u64::MAX;
        for term in terms {
            least = least.min(self.searcher.doc_freq(term)?);
            if least == 0 {
                break;
            }
        }
        Ok(least)
    }
}

fn terms(field: Field, stems: &[String]) -> Vec<Term> {
    stems.iter().map(|stem| Term::from_field_text(field, stem)).collect()
}
