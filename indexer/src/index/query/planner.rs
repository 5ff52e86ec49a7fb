//! From a question to what is looked up for it: its words, each in every form in which it may stand
//! in a text, and what documents must or must not have.

use std::{ops::Range, sync::Arc};

use schema::{Interpretation, MatchKind};
use tantivy::{
    Searcher,
    query::{AllQuery, BooleanQuery, Occur, Query},
};

use super::{
    filters::{FilterBuilder, terms_with_prefix},
    parser::{Clause, ParsedQuery, QueryText},
    scorer::{ALL_TERMS_BOOST, MatchRules, Norms, QueryTerm, TermsQuery},
    spelling,
    terms::{QueryTerms, TermContext, TermOrigin},
    unscored::UnscoredQuery,
};
use crate::{
    analysis,
    analysis::{AnalysisLanguage, COMPONENT_LETTERS_MIN, Synonyms, WordTerms},
    index::schema::IndexSchema,
};

/// No more words of a question than this are looked for.
pub(crate) const WORDS_MAX: usize = 32;
/// A document is listed if it has one of so many words.
const WORDS_PER_REQUIRED: u32 = 4;
/// Parts of a compound that texts have as a whole are worth this share of a word.
const COMPONENT_WEIGHT: f32 = 0.2;
/// Parts of a compound that no text has as a whole.
const ONLY_COMPONENTS_WEIGHT: f32 = 0.7;
/// What two words make that are written as one; the parts of a word that stand apart.
const COMPOUND_WEIGHT: f32 = 0.5;
/// The word that is meant by one that no text has.
const CORRECTION_WEIGHT: f32 = 0.9;
/// Another word for the same.
const SYNONYM_WEIGHT: f32 = 0.45;
/// Letters that may stand between two words where they are written as one, if both are long enough.
const LINKING_ELEMENTS: [&str; 3] = ["", "s", "en"];

/// In which forms words are looked up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Expansion {
    /// In all forms in which they may stand in a text.
    #[default]
    Full,
    /// As they are: by their stems and as typed.
    None,
}

/// What is looked up for a question.
pub(crate) struct Plan {
    /// Its words as typed; their numbers are the bits of lookups.
    pub(crate) words: Vec<String>,
    pub(crate) terms: Arc<[QueryTerm]>,
    /// Of each lookup, in the same order.
    pub(crate) origins: Vec<TermOrigin>,
    pub(crate) rules: MatchRules,
    /// What documents must or must not have.
    filters: Vec<(Occur, Box<dyn Query>)>,
}

impl Plan {
    /// Plans a question, `None` where it asks for nothing, and says what was made of its words.
    pub(crate) fn new(
        (searcher, schema): (&Searcher, &IndexSchema),
        (synonyms, expansion): (&Synonyms, Expansion),
        typed: &str,
    ) -> tantivy::Result<(Option<Self>, Interpretation)> {
        let query = ParsedQuery::parse(typed);
        let mut planner = Planner {
            searcher,
            schema,
            synonyms,
            expansion,
            keep_stop_words: !query.clauses.iter().any(has_content_word),
            terms: QueryTerms::new(searcher, schema),
            words: Vec::new(),
            required_mask: 0,
            filters: Vec::new(),
            replacements: Vec::new(),
            interpretation: Interpretation {
                query: typed.trim().to_owned(),
                ignored_words: query.ignored.clone(),
                ..Interpretation::default()
            },
        };
        planner.add_clauses(&query.clauses)?;
        Ok(planner.finish(&query))
    }

    /// What finds and scores documents.
    pub(crate) fn query(&self, norms: &Arc<Norms>, rules: MatchRules) -> Box<dyn Query> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for (occur, filter) in &self.filters {
            clauses.push((*occur, Box::new(UnscoredQuery(filter.box_clone()))));
        }
        let terms_query =
            TermsQuery { terms: Arc::clone(&self.terms), norms: Arc::clone(norms), rules };
        match (rules.required_mask > 0, clauses.iter().any(|(occur, _)| *occur == Occur::Must)) {
            (true, _) if clauses.is_empty() => return Box::new(terms_query),
            (true, _) => clauses.push((Occur::Must, Box::new(terms_query))),
            (false, true) => clauses.push((Occur::Should, Box::new(terms_query))),
            (false, false) => {
                clauses.push((Occur::Must, Box::new(UnscoredQuery(Box::new(AllQuery)))));
            }
        }
        Box::new(BooleanQuery::new(clauses))
    }

    /// Whether the question has two words: then only documents with both are listed where there are
    /// enough of them.
    pub(crate) fn is_two_word_query(&self) -> bool {
        self.rules.required_mask == self.rules.all_mask && self.rules.all_mask.count_ones() == 2
    }

    /// The rules by which only documents with all words are listed.
    pub(crate) fn rules_requiring_all(&self) -> MatchRules {
        MatchRules { min_should_match: self.rules.required_mask.count_ones(), ..self.rules }
    }

    /// The rules by which documents with all words come before all others.
    pub(crate) fn rules_boosting_all(&self) -> MatchRules {
        MatchRules { all_terms_boost: ALL_TERMS_BOOST, ..self.rules }
    }

    /// Whether a lookup is for what begins with something typed.
    pub(crate) fn is_prefix(&self, term_index: usize) -> bool {
        self.origins[term_index].kind == MatchKind::Prefix
    }
}

/// Whether a clause asks for something that a text can be about.
fn has_content_word(clause: &Clause) -> bool {
    match clause {
        Clause::Word(typed) => {
            let mut words = analysis::words(&typed.text);
            words.any(|word| !analysis::is_stop_word(&analysis::folded(&typed.text[word])))
        }
        Clause::Any(clauses) | Clause::All(clauses) => clauses.iter().any(has_content_word),
        Clause::Prefix(_) | Clause::Phrase(_) | Clause::In(..) => true,
        Clause::Not(_) => false,
    }
}

/// One word of a run of words, and what it became.
struct QueryWord {
    /// As it is written, with its place in the question.
    typed: QueryText,
    dutch: WordTerms,
    english: String,
    /// Whether it is one letter before or after a hyphen, such as the one of *e-mail*.
    is_letter: bool,
    /// Its bit; none where it tells nothing.
    word_mask: u32,
}

/// A plan under construction.
struct Planner<'a> {
    searcher: &'a Searcher,
    schema: &'a IndexSchema,
    synonyms: &'a Synonyms,
    expansion: Expansion,
    /// Whether words that tell nothing are looked for, because there are no others.
    keep_stop_words: bool,
    terms: QueryTerms<'a>,
    words: Vec<String>,
    required_mask: u32,
    filters: Vec<(Occur, Box<dyn Query>)>,
    replacements: Vec<(Range<usize>, String)>,
    interpretation: Interpretation,
}

impl Planner<'_> {
    fn finish(mut self, query: &ParsedQuery) -> (Option<Plan>, Interpretation) {
        if !self.replacements.is_empty() {
            self.interpretation.corrected = Some(query.with_replacements(&self.replacements));
        }
        let interpretation = self.interpretation;
        if self.words.is_empty() && self.filters.is_empty() {
            return (None, interpretation);
        }
        let all_mask = lowest_bits(self.words.len());
        let min_should_match = self.required_mask.count_ones().div_ceil(WORDS_PER_REQUIRED);
        let plan = Plan {
            words: self.words,
            terms: self.terms.terms.into(),
            origins: self.terms.origins,
            rules: MatchRules {
                required_mask: self.required_mask,
                min_should_match,
                all_mask,
                all_terms_boost: 0.0,
            },
            filters: self.filters,
        };
        (Some(plan), interpretation)
    }

    fn add_clauses(&mut self, clauses: &[Clause]) -> tantivy::Result<()> {
        let mut run = Vec::new();
        for clause in clauses {
            if let Clause::Word(typed) = clause {
                run.extend(query_words(typed));
                continue;
            }
            self.add_run(std::mem::take(&mut run), true)?;
            self.add_clause(clause)?;
        }
        self.add_run(run, true)
    }

    fn add_clause(&mut self, clause: &Clause) -> tantivy::Result<()> {
        match clause {
            Clause::Word(typed) => self.add_run(query_words(typed), true)?,
            Clause::All(clauses) => self.add_clauses(clauses)?,
            Clause::Prefix(typed) => {
                let Some(word_mask) = self.next_word_mask(&typed.text, true) else { return Ok(()) };
                self.add_prefix(typed, word_mask)?;
            }
            Clause::Any(clauses) => self.add_alternatives(clauses)?,
            Clause::Not(unwanted) => {
                let filter = self.filter_builder().build(unwanted)?;
                self.filters.push((Occur::MustNot, filter));
            }
            Clause::Phrase(_) | Clause::In(..) => {
                let filter = self.filter_builder().build(clause)?;
                self.filters.push((Occur::Must, filter));
                self.add_scoring_terms(clause)?;
            }
        }
        Ok(())
    }

    fn filter_builder(&self) -> FilterBuilder<'_> {
        FilterBuilder { searcher: self.searcher, schema: self.schema }
    }

    /// Adds the words of a clause that documents must fulfil anyway.
    fn add_scoring_terms(&mut self, clause: &Clause) -> tantivy::Result<()> {
        match clause {
            Clause::Word(typed) | Clause::Phrase(typed) => self.add_run(query_words(typed), false),
            Clause::Prefix(typed) => match self.next_word_mask(&typed.text, false) {
                Some(word_mask) => self.add_prefix(typed, word_mask),
                None => Ok(()),
            },
            Clause::In(_, inner) => self.add_scoring_terms(inner),
            Clause::Any(clauses) | Clause::All(clauses) => {
                clauses.iter().try_for_each(|clause| self.add_scoring_terms(clause))
            }
            Clause::Not(_) => Ok(()),
        }
    }

    /// One of several clauses: their words together are one word of the question.
    fn add_alternatives(&mut self, clauses: &[Clause]) -> tantivy::Result<()> {
        let is_plain = |clause: &Clause| matches!(clause, Clause::Word(_) | Clause::Prefix(_));
        if !clauses.iter().all(is_plain) {
            let filters = clauses.iter().map(|clause| self.filter_builder().build(clause));
            let filters = filters.collect::<tantivy::Result<Vec<_>>>()?;
            self.filters.push((Occur::Must, Box::new(BooleanQuery::union(filters))));
            return clauses.iter().try_for_each(|clause| self.add_scoring_terms(clause));
        }
        let typed = |clause: &Clause| match clause {
            Clause::Word(typed) | Clause::Prefix(typed) => typed.text.clone(),
            _ => String::new(),
        };
        let text = clauses.iter().map(typed).collect::<Vec<_>>().join(" OR ");
        let Some(word_mask) = self.next_word_mask(&text, true) else { return Ok(()) };
        for clause in clauses {
            match clause {
                Clause::Prefix(typed) => self.add_prefix(typed, word_mask)?,
                Clause::Word(typed) => {
                    let mut words = query_words(typed);
                    for word in words.iter_mut().filter(|word| !word.is_letter) {
                        word.word_mask = word_mask;
                        self.add_word(word, true)?;
                    }
                    self.expand_adjacent(&words)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A bit for another word of the question; `None` where there are too many.
    fn next_word_mask(&mut self, text: &str, is_required: bool) -> Option<u32> {
        if self.words.len() == WORDS_MAX {
            self.interpretation.ignored_words.push(text.to_owned());
            return None;
        }
        let word_mask = 1 << self.words.len();
        self.words.push(text.to_owned());
        self.required_mask |= if is_required { word_mask } else { 0 };
        Some(word_mask)
    }

    /// Words that follow each other.
    fn add_run(&mut self, mut run: Vec<QueryWord>, is_required: bool) -> tantivy::Result<()> {
        for at in 0..run.len() {
            if run[at].is_letter {
                continue;
            }
            let is_stop_word = analysis::is_stop_word(&run[at].dutch.folded);
            if is_stop_word && !self.keep_stop_words {
                if is_required {
                    self.interpretation.ignored_words.push(run[at].typed.text.clone());
                }
                self.terms.add_stop_word(AnalysisLanguage::Dutch, &run[at].dutch.stem)?;
                self.terms.add_stop_word(AnalysisLanguage::English, &run[at].english)?;
                continue;
            }
            if let Some(same) = run[..at].iter().find(|word| word.dutch.stem == run[at].dutch.stem)
            {
                run[at].word_mask = same.word_mask;
                continue;
            }
            run[at].word_mask =
                self.next_word_mask(&run[at].typed.text, is_required).unwrap_or_default();
            if run[at].word_mask > 0 {
                self.add_word(&run[at], is_required)?;
            }
        }
        self.expand_adjacent(&run)
    }

    /// What words that follow each other are together.
    fn expand_adjacent(&mut self, run: &[QueryWord]) -> tantivy::Result<()> {
        if self.expansion == Expansion::None {
            return Ok(());
        }
        for pair in run.windows(2) {
            if pair.iter().all(|word| word.word_mask > 0 || word.is_letter) {
                self.add_compound(&pair[0], &pair[1])?;
            }
        }
        self.add_synonyms(run)
    }

    /// One word, in all forms in which it may be found. What stands in a phrase or is asked for in a
    /// field is not corrected.
    fn add_word(&mut self, word: &QueryWord, is_corrected: bool) -> tantivy::Result<()> {
        let context = TermContext {
            word_mask: word.word_mask,
            kind: MatchKind::Word,
            weight: 1.0,
            text: &word.typed.text,
        };
        let mut doc_freq = self.add_stemmed_forms(&word.dutch, &word.english, context)?;
        doc_freq += self.terms.add_exact_form(&word.dutch.folded, context)?;
        if self.expansion == Expansion::None {
            return Ok(());
        }
        let weight = if doc_freq > 0 { COMPONENT_WEIGHT } else { ONLY_COMPONENTS_WEIGHT };
        let has_components = self.add_components(&word.dutch, TermContext { weight, ..context })?;
        if doc_freq > 0 || has_components || !is_corrected {
            return Ok(());
        }
        let folded = &word.dutch.folded;
        if let Some(corrected) = spelling::correction(self.searcher, self.schema, folded)? {
            let dutch = WordTerms::of(AnalysisLanguage::Dutch, &corrected);
            let english = WordTerms::of(AnalysisLanguage::English, &corrected).stem;
            let (kind, weight) = (MatchKind::Correction, CORRECTION_WEIGHT);
            let context = TermContext { kind, weight, text: &corrected, ..context };
            self.add_stemmed_forms(&dutch, &english, context)?;
            self.terms.add_exact_form(&dutch.folded, context)?;
            self.add_components(
                &dutch,
                TermContext { weight: weight * COMPONENT_WEIGHT, ..context },
            )?;
            self.replacements.push((word.typed.range.clone(), corrected));
        }
        Ok(())
    }

    fn add_stemmed_forms(
        &mut self,
        dutch: &WordTerms,
        english: &str,
        context: TermContext<'_>,
    ) -> tantivy::Result<u64> {
        let dutch = std::slice::from_ref(&dutch.stem);
        let english = [english.to_owned()];
        self.terms.add_stems(
            &[(AnalysisLanguage::Dutch, dutch), (AnalysisLanguage::English, &english)],
            context,
        )
    }

    /// The parts of a compound, alone and one after another. Gives whether texts have all of them.
    fn add_components(
        &mut self,
        word: &WordTerms,
        context: TermContext<'_>,
    ) -> tantivy::Result<bool> {
        let mut has_all = !word.components.is_empty();
        let components: Vec<String> =
            word.components.iter().map(|(stem, _)| stem.clone()).collect();
        for component in &components {
            let kind = MatchKind::Part;
            let stems = std::slice::from_ref(component);
            let doc_freq = self.terms.add_stems(
                &[(AnalysisLanguage::Dutch, stems)],
                TermContext { kind, text: component, ..context },
            )?;
            has_all &= doc_freq > 0;
        }
        if has_all && components.len() == 2 {
            let (kind, weight) = (MatchKind::Joined, COMPOUND_WEIGHT);
            let text = components.join(" ");
            let context = TermContext { kind, weight, text: &text, ..context };
            self.terms.add_stems(&[(AnalysisLanguage::Dutch, &components)], context)?;
        }
        Ok(has_all)
    }

    /// Two words, written as one.
    fn add_compound(&mut self, first: &QueryWord, second: &QueryWord) -> tantivy::Result<()> {
        let is_component = |word: &QueryWord| word.dutch.folded.len() >= COMPONENT_LETTERS_MIN;
        let links = if is_component(first) && is_component(second) {
            &LINKING_ELEMENTS[..]
        } else {
            &LINKING_ELEMENTS[..1]
        };
        for link in links {
            let text = format!("{}{link}{}", first.dutch.folded, second.dutch.folded);
            let dutch = WordTerms::of(AnalysisLanguage::Dutch, &text);
            let english = WordTerms::of(AnalysisLanguage::English, &text).stem;
            let word_mask = first.word_mask | second.word_mask;
            let (kind, weight) = (MatchKind::Joined, COMPOUND_WEIGHT);
            self.add_stemmed_forms(
                &dutch,
                &english,
                TermContext { word_mask, kind, weight, text: &text },
            )?;
        }
        Ok(())
    }

    fn add_synonyms(&mut self, run: &[QueryWord]) -> tantivy::Result<()> {
        let stems: Vec<&str> = run.iter().map(|word| word.dutch.stem.as_str()).collect();
        let mut at = 0;
        while at < run.len() {
            let Some((length, others)) = self.synonyms.longest_at(&stems[at..]) else {
                at += 1;
                continue;
            };
            let word_mask: u32 =
                run[at..at + length].iter().fold(0, |mask, word| mask | word.word_mask);
            // *Woo* stands for all three words of *Wet open overheid*.
            #[expect(clippy::cast_precision_loss, reason = "there are 32 words at most")]
            let weight = SYNONYM_WEIGHT * word_mask.count_ones() as f32;
            for label in others.filter(|_| word_mask > 0) {
                let kind = MatchKind::Synonym;
                let context = TermContext { word_mask, kind, weight, text: label };
                let dutch: Vec<_> = analysis::stems(AnalysisLanguage::Dutch, label).collect();
                let english: Vec<_> = analysis::stems(AnalysisLanguage::English, label).collect();
                let forms = [
                    (AnalysisLanguage::Dutch, &dutch[..]),
                    (AnalysisLanguage::English, &english[..]),
                ];
                if self.terms.add_stems(&forms, context)? > 0 {
                    self.interpretation.synonyms.push(label.clone());
                }
            }
            at += length;
        }
        Ok(())
    }

    /// Words that begin with what was typed.
    fn add_prefix(&mut self, typed: &QueryText, word_mask: u32) -> tantivy::Result<()> {
        let prefix = analysis::folded(&typed.text);
        for word in terms_with_prefix(self.searcher, self.schema.exact, &prefix)? {
            let kind = MatchKind::Prefix;
            let context = TermContext { word_mask: word_mask, kind, weight: 1.0, text: &word };
            self.terms.add_exact_term(&word, context)?;
        }
        Ok(())
    }
}

/// The words of something typed.
fn query_words(typed: &QueryText) -> Vec<QueryWord> {
    let words: Vec<_> = analysis::words(&typed.text).filter(analysis::is_indexed).collect();
    let is_letter =
        |word: &Range<usize>| words.len() > 1 && typed.text[word.clone()].chars().nth(1).is_none();
    let is_one = words.iter().filter(|word| !is_letter(word)).count() == 1;
    let query_word = |word: &Range<usize>| {
        let text = &typed.text[word.clone()];
        let is_letter = is_letter(word);
        // What is left of `e-mail` without its letter is shown as the whole.
        let is_rest = words.len() > 1 && is_one && !is_letter;
        let whole = if is_rest { typed.clone() } else { typed.slice(word) };
        QueryWord {
            dutch: WordTerms::of(AnalysisLanguage::Dutch, text),
            english: WordTerms::of(AnalysisLanguage::English, text).stem,
            typed: whole,
            is_letter,
            word_mask: 0,
        }
    };
    words.iter().map(query_word).collect()
}

/// The lowest bits.
fn lowest_bits(count: usize) -> u32 {
    (0..count).fold(0, |bits, bit| bits | 1 << bit)
}
