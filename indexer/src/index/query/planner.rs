//! Compiles a parsed query to a plan: all searched forms of each word, and filters.

use std::{ops::Range, sync::Arc};

use schema::{Interpretation, MatchKind};
use tantivy::{
    Searcher,
    query::{AllQuery, BooleanQuery, Occur, Query},
};

use super::{
    filters::{FilterBuilder, terms_with_prefix},
    parser::{Clause, ParsedQuery, QueryText},
    query_words::{QueryWord, query_words},
    scorer::{ALL_TERMS_BOOST, MatchRules, Norms, QueryTerm, TermsQuery},
    spelling,
    terms::{QueryTerms, TermContext, TermOrigin},
    unscored::UnscoredQuery,
    word_set::WordSet,
};
use crate::{
    analysis,
    analysis::{AnalysisLanguage, COMPONENT_LETTERS_MIN, Synonyms, WordTerms},
    cancellation::Cancellation,
    index::schema::IndexSchema,
};

/// A document must match one of this number of words (`min_should_match`).
const WORDS_PER_REQUIRED: u32 = 4;
/// Weight of components of a compound that occurs in the texts.
const COMPONENT_WEIGHT: f32 = 0.2;
/// Weight of components of a compound that occurs in no text.
const ONLY_COMPONENTS_WEIGHT: f32 = 0.7;
/// Weight of two words as one compound, and of components of a compound as adjacent words.
const COMPOUND_WEIGHT: f32 = 0.5;
/// Weight of a spelling correction.
const CORRECTION_WEIGHT: f32 = 0.9;
/// Weight of a synonym.
const SYNONYM_WEIGHT: f32 = 0.45;
/// Linking elements between the components of a compound, if both are long enough.
const LINKING_ELEMENTS: [&str; 3] = ["", "s", "en"];

/// Forms in which words are searched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Expansion {
    /// All: stems, exact forms, components, compounds, corrections and synonyms.
    #[default]
    Full,
    /// Stems and exact forms only.
    None,
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
        (synonyms, expansion): (&Synonyms, Expansion),
        typed: &str,
        cancellation: &Cancellation,
    ) -> tantivy::Result<(Option<Self>, Interpretation)> {
        let query = ParsedQuery::parse(typed);
        let mut planner = Planner {
            searcher,
            schema,
            synonyms,
            expansion,
            cancellation,
            keep_stop_words: !query.clauses.iter().any(has_content_word),
            terms: QueryTerms::new(searcher, schema),
            words: Vec::new(),
            required: WordSet::EMPTY,
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

    /// The tantivy query that matches and scores documents.
    pub(crate) fn query(&self, norms: &Arc<Norms>, rules: MatchRules) -> Box<dyn Query> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for (occur, filter) in &self.filters {
            clauses.push((*occur, Box::new(UnscoredQuery(filter.box_clone()))));
        }
        let terms_query = TermsQuery {
            terms: Arc::clone(&self.terms),
            norms: Arc::clone(norms),
            rules,
            cancellation: self.cancellation.clone(),
        };
        match (!rules.required.is_empty(), clauses.iter().any(|(occur, _)| *occur == Occur::Must)) {
            (true, _) if clauses.is_empty() => return Box::new(terms_query),
            (true, _) => clauses.push((Occur::Must, Box::new(terms_query))),
            (false, true) => clauses.push((Occur::Should, Box::new(terms_query))),
            (false, false) => {
                clauses.push((Occur::Must, Box::new(UnscoredQuery(Box::new(AllQuery)))));
            }
        }
        Box::new(BooleanQuery::new(clauses))
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

/// A plan under construction.
struct Planner<'a> {
    searcher: &'a Searcher,
    schema: &'a IndexSchema,
    synonyms: &'a Synonyms,
    expansion: Expansion,
    cancellation: &'a Cancellation,
    /// Whether stop words are searched, because the query has no other words.
    keep_stop_words: bool,
    terms: QueryTerms<'a>,
    words: Vec<String>,
    required: WordSet,
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
        let plan = Plan {
            terms: self.terms.terms.into(),
            origins: self.terms.origins,
            rules: MatchRules {
                required: self.required,
                min_should_match: self.required.len().div_ceil(WORDS_PER_REQUIRED),
                all: (0..self.words.len()).map(WordSet::single).collect(),
                all_terms_boost: 0.0,
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
        self.cancellation.check()?;
        match clause {
            Clause::Word(typed) => self.add_run(query_words(typed), true)?,
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
                run[at].words = same.words;
                continue;
            }
            run[at].words = self.next_word(&run[at].typed.text, is_required).unwrap_or_default();
            if !run[at].words.is_empty() {
                self.add_word(&run[at], is_required)?;
            }
        }
        self.expand_adjacent(&run)
    }

    /// Adds compounds and synonyms of adjacent words.
    fn expand_adjacent(&mut self, run: &[QueryWord]) -> tantivy::Result<()> {
        if self.expansion == Expansion::None {
            return Ok(());
        }
        for pair in run.windows(2) {
            if pair.iter().all(|word| !word.words.is_empty() || word.is_letter) {
                self.add_compound(&pair[0], &pair[1])?;
            }
        }
        self.add_synonyms(run)
    }

    /// Adds all forms of a word. Words of a phrase or a field are not corrected.
    fn add_word(&mut self, word: &QueryWord, is_corrected: bool) -> tantivy::Result<()> {
        let context = TermContext {
            words: word.words,
            kind: MatchKind::Word,
            weight: 1.0,
            text: &word.typed.text,
        };
        self.cancellation.check()?;
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
        let corrected =
            spelling::correction(self.searcher, self.schema, folded, self.cancellation)?;
        if let Some(corrected) = corrected {
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

    /// Adds the components of a compound, separately and adjacent. Returns whether all of them
    /// occur.
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

    /// Adds two words as one compound.
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
            let words = first.words | second.words;
            let (kind, weight) = (MatchKind::Joined, COMPOUND_WEIGHT);
            self.add_stemmed_forms(
                &dutch,
                &english,
                TermContext { words, kind, weight, text: &text },
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
            let words: WordSet = run[at..at + length].iter().map(|word| word.words).collect();
            // *Woo* stands for all three words of *Wet open overheid*.
            #[expect(clippy::cast_precision_loss, reason = "there are 32 words at most")]
            let weight = SYNONYM_WEIGHT * words.len() as f32;
            for label in others.filter(|_| !words.is_empty()) {
                let kind = MatchKind::Synonym;
                let context = TermContext { words, kind, weight, text: label };
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

    /// Adds the words that begin with a prefix.
    fn add_prefix(&mut self, typed: &QueryText, words: WordSet) -> tantivy::Result<()> {
        let prefix = analysis::folded(&typed.text);
        for word in terms_with_prefix(self.searcher, self.schema.exact, &prefix)? {
            self.cancellation.check()?;
            let context = TermContext { words, kind: MatchKind::Prefix, weight: 1.0, text: &word };
            self.terms.add_exact_term(&word, context)?;
        }
        Ok(())
    }
}
