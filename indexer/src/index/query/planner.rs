//! Compiles a parsed query to a plan: all searched forms of each word, and filters.

mod forms;
mod interpretation;
mod phrases;

use std::{collections::HashSet, ops::Range, sync::Arc};

use jiff::civil::Date;
use schema::{Interpretation, MatchClass, MatchKind};
use tantivy::{
    Searcher, SegmentReader,
    query::{AllQuery, BooleanQuery, EmptyQuery, EnableScoring, Occur, Query},
};

use super::{
    filters::FilterBuilder,
    parser::{Clause, ParsedQuery, QueryText},
    postings::PostingsCursor,
    query_words::{QueryWord, is_literal, query_words},
    scan::Scan,
    scorer::{ALL_TERMS_BOOST, MatchRules, Norms, QueryTerm},
    terms::{QueryTerms, TermOrigin},
    unscored::UnscoredQuery,
    window::Scores,
    word_set::WordSet,
};
use crate::{
    analysis,
    analysis::{AnalysisLanguage, Vocabulary, WordUse},
    cancellation::Cancellation,
    index::schema::IndexSchema,
};

/// A document must match one of this number of words (`min_should_match`).
const WORDS_PER_REQUIRED: u32 = 4;

/// How the words of a query are read.
#[derive(Clone, Copy)]
pub(crate) struct PlanOptions<'a> {
    pub(crate) vocabulary: &'a Vocabulary,
    /// The day from which periods are counted; `None` takes all words literally.
    pub(crate) today: Option<Date>,
    /// Folded words that are not corrected.
    pub(crate) names: Option<&'a HashSet<String>>,
    pub(crate) cancellation: &'a Cancellation,
}

/// A compiled query.
pub(crate) struct Plan {
    /// Words as typed; their positions are those of a [`WordSet`].
    pub(crate) words: Vec<String>,
    pub(crate) terms: Arc<[QueryTerm]>,
    /// Parallel to `terms`.
    pub(crate) origins: Vec<TermOrigin>,
    pub(crate) rules: MatchRules,
    /// Conditions that documents must or must not meet.
    filters: Vec<(Occur, Box<dyn Query>)>,
    /// Ends searches with this plan.
    pub(crate) cancellation: Cancellation,
}

impl Plan {
    /// Compiles a query and interprets its words; `None` for a query without words.
    pub(crate) fn new(
        (searcher, schema): (&Searcher, &IndexSchema),
        options: PlanOptions<'_>,
        typed: &str,
    ) -> tantivy::Result<(Option<Self>, Interpretation)> {
        let PlanOptions { vocabulary, today, names, cancellation } = options;
        let query = ParsedQuery::parse(typed);
        let mut planner = Planner {
            searcher,
            schema,
            vocabulary,
            names,
            query_end: typed.trim_end().len(),
            today,
            cancellation,
            has_operand: query.clauses.iter().any(is_operand),
            keep_stop_words: !query.clauses.iter().any(has_content_word),
            terms: QueryTerms::new(searcher, schema),
            words: Vec::new(),
            required: WordSet::EMPTY,
            filters: Vec::new(),
            replacements: Vec::new(),
            offers: Vec::new(),
            interpretation: Interpretation {
                query: typed.trim().to_owned(),
                ignored_words: query.ignored.clone(),
                ..Interpretation::default()
            },
        };
        planner.add_clauses(&query.clauses)?;
        Ok(planner.finish(&query))
    }

    /// A pass over the documents of a segment that match.
    pub(crate) fn scan(
        &self,
        segment: &SegmentReader,
        norms: &Norms,
        rules: MatchRules,
        scores: Scores,
    ) -> tantivy::Result<Scan> {
        let selects = |(occur, _): &(Occur, Box<dyn Query>)| *occur == Occur::Must;
        let has_selection = self.filters.iter().any(selects);
        let mut cursors = Vec::with_capacity(self.terms.len());
        for term in self.terms.iter().filter(|_| has_selection || !rules.required.is_empty()) {
            self.cancellation.check()?;
            let is_counted = !rules.exact_only || term.class == MatchClass::Exact;
            if is_counted && (scores == Scores::Needed || term.adds_matches) {
                cursors.extend(PostingsCursor::open(segment, term, norms)?);
            }
        }
        let mut filter = None;
        if !self.filters.is_empty() || rules.required.is_empty() {
            let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
            for (occur, filter) in &self.filters {
                clauses.push((*occur, Box::new(UnscoredQuery(filter.box_clone()))));
            }
            if !has_selection {
                clauses.push((Occur::Must, Box::new(AllQuery)));
            }
            let unscored = EnableScoring::disabled_from_schema(segment.schema());
            filter = Some(BooleanQuery::new(clauses).weight(unscored)?.scorer(segment, 1.0)?);
        }
        Ok(Scan::new(segment, cursors, filter, rules, scores, &self.cancellation))
    }

    /// Whether the query has two words. If enough documents match both, only those are listed.
    pub(crate) fn is_two_word_query(&self) -> bool {
        self.rules.required == self.rules.all && self.rules.all.len() == 2
    }

    /// Rules that list only documents with all words.
    pub(crate) fn rules_requiring_all(&self) -> MatchRules {
        MatchRules { min_should_match: self.rules.required.len(), ..self.rules }
    }

    /// Rules that rank documents with all words above all others.
    pub(crate) fn rules_boosting_all(&self) -> MatchRules {
        MatchRules { all_terms_boost: ALL_TERMS_BOOST, ..self.rules }
    }

    /// Whether a term expands a prefix.
    pub(crate) fn is_prefix(&self, term_index: usize) -> bool {
        self.origins[term_index].kind == MatchKind::Prefix
    }
}

/// Whether a clause has a word other than stop words.
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

/// Whether a clause is searched as it is, whatever the words around it.
fn is_operand(clause: &Clause) -> bool {
    match clause {
        Clause::Word(typed) => is_literal(typed),
        Clause::Prefix(_) | Clause::Phrase(_) | Clause::In(..) | Clause::Any(_) => true,
        Clause::All(_) | Clause::Not(_) => false,
    }
}

/// A plan under construction.
struct Planner<'a> {
    searcher: &'a Searcher,
    schema: &'a IndexSchema,
    vocabulary: &'a Vocabulary,
    /// Folded words of declared names, which are not corrected.
    names: Option<&'a HashSet<String>>,
    /// End of the last word in bytes.
    query_end: usize,
    today: Option<Date>,
    cancellation: &'a Cancellation,
    /// Whether the query has a phrase, field, prefix or literal beside its words.
    has_operand: bool,
    /// Whether stop words are searched, because the query has no other words.
    keep_stop_words: bool,
    terms: QueryTerms<'a>,
    words: Vec<String>,
    required: WordSet,
    filters: Vec<(Occur, Box<dyn Query>)>,
    replacements: Vec<(Range<usize>, String)>,
    /// Corrections of valid words that no text contains.
    offers: Vec<(Range<usize>, String)>,
    interpretation: Interpretation,
}

impl Planner<'_> {
    fn finish(mut self, query: &ParsedQuery) -> (Option<Plan>, Interpretation) {
        if !self.replacements.is_empty() {
            self.interpretation.corrected = Some(query.with_replacements(&self.replacements));
        }
        if !self.offers.is_empty() && self.interpretation.related.is_empty() {
            self.interpretation.did_you_mean = Some(query.with_replacements(&self.offers));
        }
        let mut interpretation = self.interpretation;
        if self.words.is_empty() && self.filters.is_empty() {
            if interpretation.query.is_empty() {
                return (None, interpretation);
            }
            // A query without a word that is searched must not match everything.
            if interpretation.ignored_words.is_empty() {
                interpretation.ignored_words.push(interpretation.query.clone());
            }
            self.filters.push((Occur::Must, Box::new(EmptyQuery)));
        }
        let plan = Plan {
            terms: self.terms.terms.into(),
            origins: self.terms.origins,
            rules: MatchRules {
                required: self.required,
                min_should_match: self.required.len().div_ceil(WORDS_PER_REQUIRED),
                all: (0..self.words.len()).map(WordSet::single).collect(),
                all_terms_boost: 0.0,
                exact_only: false,
            },
            words: self.words,
            filters: self.filters,
            cancellation: self.cancellation.clone(),
        };
        (Some(plan), interpretation)
    }

    fn add_clauses(&mut self, clauses: &[Clause]) -> tantivy::Result<()> {
        let mut run = Vec::new();
        for clause in clauses {
            if let Clause::Word(typed) = clause
                && !is_literal(typed)
            {
                self.ignore_long_words(typed);
                run.extend(query_words(typed));
                continue;
            }
            self.add_run(std::mem::take(&mut run), true)?;
            self.add_clause(clause)?;
        }
        self.add_run(run, true)
    }

    fn add_clause(&mut self, clause: &Clause) -> tantivy::Result<()> {
        self.cancellation.check()?;
        match clause {
            Clause::Word(typed) if is_literal(typed) => {
                let Some(words) = self.next_word(&typed.text, true) else { return Ok(()) };
                self.add_literal(typed, words)?;
            }
            Clause::Word(typed) => {
                self.ignore_long_words(typed);
                self.add_run(query_words(typed), true)?;
            }
            Clause::All(clauses) => self.add_clauses(clauses)?,
            Clause::Prefix(typed) => {
                let Some(words) = self.next_word(&typed.text, true) else { return Ok(()) };
                self.add_prefix(typed, words)?;
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

    /// Adds the words of a clause that is also a filter.
    fn add_scoring_terms(&mut self, clause: &Clause) -> tantivy::Result<()> {
        match clause {
            Clause::Word(typed) | Clause::Phrase(typed) => self.add_run(query_words(typed), false),
            Clause::Prefix(typed) => match self.next_word(&typed.text, false) {
                Some(words) => self.add_prefix(typed, words),
                None => Ok(()),
            },
            Clause::In(_, inner) => self.add_scoring_terms(inner),
            Clause::Any(clauses) | Clause::All(clauses) => {
                clauses.iter().try_for_each(|clause| self.add_scoring_terms(clause))
            }
            Clause::Not(_) => Ok(()),
        }
    }

    /// Adds alternatives, which together count as one word of the query.
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
        let Some(alternatives) = self.next_word(&text, true) else { return Ok(()) };
        for clause in clauses {
            match clause {
                Clause::Prefix(typed) => self.add_prefix(typed, alternatives)?,
                Clause::Word(typed) if is_literal(typed) => {
                    self.add_literal(typed, alternatives)?;
                }
                Clause::Word(typed) => {
                    let mut words = query_words(typed);
                    for word in words.iter_mut().filter(|word| !word.is_letter) {
                        word.words = alternatives;
                        self.add_word(word, true)?;
                    }
                    self.expand_adjacent(&words)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether a word is an abbreviation such as *OR*: written in capitals, unlike other words.
    fn is_abbreviation(&self, word: &str) -> bool {
        let is_upper = word.chars().count() > 1 && word.chars().all(char::is_uppercase);
        is_upper && self.interpretation.query.chars().any(char::is_lowercase)
    }

    /// Reports the words that are too long to be indexed.
    fn ignore_long_words(&mut self, typed: &QueryText) {
        let long = analysis::words(&typed.text).filter(|word| !analysis::is_indexed(word));
        let long = long.map(|word| typed.text[word].to_owned());
        self.interpretation.ignored_words.extend(long);
    }

    /// Adds a word to the query; `None` if the query has too many.
    fn next_word(&mut self, text: &str, is_required: bool) -> Option<WordSet> {
        if self.words.len() == WordSet::WORDS_MAX {
            self.interpretation.ignored_words.push(text.to_owned());
            return None;
        }
        let word = WordSet::single(self.words.len());
        self.words.push(text.to_owned());
        if is_required {
            self.required |= word;
        }
        Some(word)
    }

    /// Adds adjacent words.
    fn add_run(&mut self, mut run: Vec<QueryWord>, is_required: bool) -> tantivy::Result<()> {
        let uses = self.word_uses(&run, is_required);
        let names = self.names_in(&run)?;
        for at in 0..run.len() {
            if run[at].is_letter {
                continue;
            }
            let is_in_name = names.iter().any(|name| name.contains(&at));
            let is_stop_word = analysis::is_stop_word(&run[at].dutch.folded)
                && !self.is_abbreviation(&run[at].typed.text);
            if uses[at] == WordUse::Preference {
                continue;
            }
            let is_frame = uses[at] == WordUse::Frame;
            if is_frame || (is_stop_word && !is_in_name && !self.keep_stop_words) {
                if is_required {
                    self.interpretation.ignored_words.push(run[at].typed.text.clone());
                }
                if is_stop_word {
                    self.terms.add_stop_word(AnalysisLanguage::Dutch, &run[at].dutch.stem)?;
                    self.terms.add_stop_word(AnalysisLanguage::English, &run[at].english)?;
                }
                continue;
            }
            if let Some(same) = run[..at].iter().find(|word| word.dutch.stem == run[at].dutch.stem)
            {
                run[at].words = same.words;
                continue;
            }
            let is_matched = is_required && uses[at] == WordUse::Required;
            run[at].words = self.next_word(&run[at].typed.text, is_matched).unwrap_or_default();
            // A stop word of a name matches in the whole name only.
            let is_searched = !is_stop_word || self.keep_stop_words;
            if !run[at].words.is_empty() && is_searched {
                self.add_word(&run[at], is_required && !is_in_name)?;
            }
        }
        let is_searched =
            |phrase: &Range<usize>| run[phrase.clone()].iter().any(|w| !w.words.is_empty());
        for name in names.into_iter().filter(is_searched) {
            self.add_phrase(&run[name])?;
        }
        for numbered in Self::numbered_words(&run).filter(is_searched) {
            self.add_numbered(&run[numbered])?;
        }
        self.add_joined_verbs(&run)?;
        self.expand_adjacent(&run)
    }
}
