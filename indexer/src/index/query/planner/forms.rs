//! The forms in which the words of a query are searched: stems, components, compounds, corrections,
//! and entries of the vocabulary.

use schema::{MatchClass, MatchKind, MeaningClass, RelatedTerm};

use super::Planner;
use crate::{
    analysis,
    analysis::{AnalysisLanguage, COMPONENT_LETTERS_MIN, RelatedLabel, WordTerms, is_dutch_word},
    index::query::{
        filters::terms_with_prefix, parser::QueryText, query_words::QueryWord, spelling,
        terms::TermContext, word_set::WordSet,
    },
};

/// Weight of components of a compound that occurs in the texts.
const COMPONENT_WEIGHT: f32 = 0.3;
/// Weight of components of a compound that occurs in no text.
const ONLY_COMPONENTS_WEIGHT: f32 = 0.7;
/// Weight of two words as one compound.
const JOINED_WEIGHT: f32 = 0.75;
/// Weight of components of a compound as adjacent words.
const ADJACENT_COMPONENTS_WEIGHT: f32 = 0.5;
/// Weight of a spelling correction.
const CORRECTION_WEIGHT: f32 = 0.9;
/// Weight of a label with the same meaning.
const SAME_MEANING_WEIGHT: f32 = 0.45;
/// Weight of the Dutch label of an English word.
const TRANSLATION_WEIGHT: f32 = 1.0;
/// Weight of a label with a near meaning.
const NEAR_MEANING_WEIGHT: f32 = 0.2;
/// Weight of a label with a broader meaning.
const BROADER_MEANING_WEIGHT: f32 = 0.2;
/// Maximum number of labels that a word or phrase stands for.
const RELATED_LABELS_MAX: usize = 24;
/// Minimum number of letters of a word that is completed.
const COMPLETED_LETTERS_MIN: usize = 4;
/// Linking elements between the components of a compound, if both are long enough.
const LINKING_ELEMENTS: [&str; 3] = ["", "s", "en"];

impl Planner<'_> {
    /// Adds compounds and related labels of adjacent words.
    pub(super) fn expand_adjacent(&mut self, run: &[QueryWord]) -> tantivy::Result<()> {
        for pair in run.windows(2) {
            if pair.iter().all(|word| !word.words.is_empty() || word.is_letter) {
                self.add_compound(&pair[0], &pair[1])?;
            }
        }
        self.add_vocabulary(run)
    }

    /// Adds all forms of a word. Words of a phrase or a field are not corrected.
    pub(super) fn add_word(&mut self, word: &QueryWord, is_corrected: bool) -> tantivy::Result<()> {
        let context = TermContext {
            words: word.words,
            kind: MatchKind::Word,
            class: MatchClass::Exact,
            weight: 1.0,
            text: &word.typed.text,
            rule: None,
        };
        self.cancellation.check()?;
        let folded = &word.dutch.folded;
        let mut doc_freq = if self.is_searched_as_name(word) {
            self.terms.add_exact_term(folded, context)?
        } else {
            self.add_stemmed_forms(&word.dutch.stem, &word.english, context)?
        };
        doc_freq += self.terms.add_exact_form(folded, context)?;
        let weight = if doc_freq > 0 { COMPONENT_WEIGHT } else { ONLY_COMPONENTS_WEIGHT };
        let has_components = self.add_components(&word.dutch, TermContext { weight, ..context })?;
        self.add_separated(word)?;
        self.add_split_number(word)?;
        if doc_freq > 0 || has_components || !is_corrected || self.is_declared_name(folded) {
            return Ok(());
        }
        if self.complete(word)? {
            return Ok(());
        }
        let corrected =
            spelling::correction(self.searcher, self.schema, folded, self.cancellation)?;
        // A valid word is not replaced by another one, which is only offered.
        if is_dutch_word(folded) || self.vocabulary.has_word(folded) {
            self.offers.extend(corrected.map(|offer| (word.typed.range.clone(), offer)));
            return Ok(());
        }
        if let Some(corrected) = corrected {
            let dutch = WordTerms::of(AnalysisLanguage::Dutch, &corrected);
            let english = WordTerms::of(AnalysisLanguage::English, &corrected).stem;
            let (kind, weight) = (MatchKind::Correction, CORRECTION_WEIGHT);
            let context = TermContext { kind, weight, text: &corrected, ..context };
            self.add_stemmed_forms(&dutch.stem, &english, context)?;
            self.terms.add_exact_form(&dutch.folded, context)?;
            self.add_components(
                &dutch,
                TermContext { weight: weight * COMPONENT_WEIGHT, ..context },
            )?;
            self.replacements.push((word.typed.range.clone(), corrected));
        }
        Ok(())
    }

    fn is_declared_name(&self, folded: &str) -> bool {
        self.vocabulary.is_name(folded) || self.names.is_some_and(|names| names.contains(folded))
    }

    /// Whether a word is searched in its exact form only: the stem of a name such as *Mett* can be
    /// that of another word.
    pub(super) fn is_searched_as_name(&self, word: &QueryWord) -> bool {
        let folded = &word.dutch.folded;
        word.dutch.stem != *folded && self.is_declared_name(folded) && !is_dutch_word(folded)
    }

    /// Searches for the words that start with the last word of the query, which may still be typed.
    /// Returns whether there are any.
    fn complete(&mut self, word: &QueryWord) -> tantivy::Result<bool> {
        let folded = &word.dutch.folded;
        let is_last = word.typed.range.end == self.query_end;
        if !is_last || folded.chars().count() < COMPLETED_LETTERS_MIN {
            return Ok(false);
        }
        let typed = QueryText { text: word.dutch.folded.clone(), range: word.typed.range.clone() };
        let terms_before = self.terms.terms.len();
        self.add_prefix(&typed, word.words)?;
        let is_found = self.terms.terms.len() > terms_before;
        if is_found {
            self.replacements.push((word.typed.range.clone(), format!("{}*", word.typed.text)));
        }
        Ok(is_found)
    }

    pub(super) fn add_stemmed_forms(
        &mut self,
        dutch: &str,
        english: &str,
        context: TermContext<'_>,
    ) -> tantivy::Result<u64> {
        let dutch = &[dutch.to_owned()];
        let english = [english.to_owned()];
        self.terms.add_stems(
            &[(AnalysisLanguage::Dutch, dutch), (AnalysisLanguage::English, &english)],
            context,
        )
    }

    /// Adds the components of a compound, separately and adjacent. Returns whether all of them
    /// occur.
    pub(super) fn add_components(
        &mut self,
        word: &WordTerms,
        context: TermContext<'_>,
    ) -> tantivy::Result<bool> {
        // A version number is not its parts.
        if word.folded.contains(['.', ',']) {
            return Ok(false);
        }
        let mut has_all = !word.components.is_empty();
        let components: Vec<String> =
            word.components.iter().map(|(stem, _)| stem.clone()).collect();
        for component in &components {
            let (kind, class) = (MatchKind::Part, MatchClass::Wider);
            let stems = std::slice::from_ref(component);
            let doc_freq = self.terms.add_stems(
                &[(AnalysisLanguage::Dutch, stems)],
                TermContext { kind, class, text: component, ..context },
            )?;
            has_all &= doc_freq > 0;
        }
        if has_all && components.len() == 2 {
            let (kind, weight) = (MatchKind::Joined, ADJACENT_COMPONENTS_WEIGHT);
            let text = components.join(" ");
            let context = TermContext { kind, weight, text: &text, ..context };
            self.terms.add_stems(&[(AnalysisLanguage::Dutch, &components)], context)?;
        }
        Ok(has_all)
    }

    /// Adds two words as one compound.
    pub(super) fn add_compound(
        &mut self,
        first: &QueryWord,
        second: &QueryWord,
    ) -> tantivy::Result<()> {
        let is_component = |word: &QueryWord| word.dutch.folded.len() >= COMPONENT_LETTERS_MIN;
        let links = if is_component(first) && is_component(second) {
            &LINKING_ELEMENTS[..]
        } else {
            &LINKING_ELEMENTS[..1]
        };
        for link in links {
            let text = format!("{}{link}{}", first.dutch.folded, second.dutch.folded);
            let dutch = analysis::stem(AnalysisLanguage::Dutch, &text);
            let english = analysis::stem(AnalysisLanguage::English, &text);
            let words = first.words | second.words;
            let (kind, class, weight) = (MatchKind::Joined, MatchClass::Exact, JOINED_WEIGHT);
            self.add_stemmed_forms(
                &dutch,
                &english,
                TermContext { words, kind, class, weight, text: &text, rule: None },
            )?;
        }
        Ok(())
    }

    /// Adds letters or numbers joined by signs, as consecutive words; letters also as one word, and
    /// with the labels of the vocabulary that they stand for.
    pub(super) fn add_literal(&mut self, typed: &QueryText, words: WordSet) -> tantivy::Result<()> {
        let parts: Vec<String> = analysis::stems(AnalysisLanguage::Dutch, &typed.text).collect();
        let context = TermContext {
            words,
            kind: MatchKind::Word,
            class: MatchClass::Exact,
            weight: 1.0,
            text: &typed.text,
            rule: None,
        };
        let languages = [AnalysisLanguage::Dutch, AnalysisLanguage::English];
        self.terms.add_stems(&languages.map(|language| (language, &parts[..])), context)?;
        if parts.iter().all(|part| part.chars().all(char::is_alphabetic)) {
            let joined = [parts.concat()];
            let context = TermContext { kind: MatchKind::Joined, text: &joined[0], ..context };
            self.terms.add_stems(&languages.map(|language| (language, &joined[..])), context)?;
        }
        let stems: Vec<&str> = parts.iter().map(String::as_str).collect();
        let vocabulary = self.vocabulary;
        let found = vocabulary.longest_at(&stems, &stems);
        if let Some((_, related)) = found.filter(|(length, _)| *length == stems.len()) {
            for related in related.iter().take(RELATED_LABELS_MAX) {
                self.add_related_label((words, &typed.text), related)?;
            }
        }
        Ok(())
    }

    /// Adds the labels of the vocabulary that words of the query stand for.
    pub(super) fn add_vocabulary(&mut self, run: &[QueryWord]) -> tantivy::Result<()> {
        let vocabulary = self.vocabulary;
        let dutch: Vec<&str> = run.iter().map(|word| word.dutch.stem.as_str()).collect();
        let english: Vec<&str> = run.iter().map(|word| word.english.as_str()).collect();
        let mut at = 0;
        while at < run.len() {
            let Some((length, related)) = vocabulary.longest_at(&dutch[at..], &english[at..])
            else {
                at += 1;
                continue;
            };
            let typed = &run[at..at + length];
            let words: WordSet = typed.iter().map(|word| word.words).collect();
            if !words.is_empty() {
                if length > 1 {
                    self.add_phrase(typed)?;
                }
                let typed: Vec<&str> = typed.iter().map(|word| word.typed.text.as_str()).collect();
                let typed = typed.join(" ");
                let labels: Vec<_> =
                    related.iter().filter(|related| !is_typed(related, &dutch)).collect();
                let mut is_found = false;
                for label in labels.iter().take(RELATED_LABELS_MAX) {
                    is_found |= self.add_related_label((words, &typed), label)?;
                }
                if !is_found {
                    self.add_indirect_labels((words, &typed), (&labels, &dutch))?;
                }
            }
            at += length;
        }
        Ok(())
    }

    /// Adds labels with the same meaning as labels that no text contains.
    fn add_indirect_labels(
        &mut self,
        typed: (WordSet, &str),
        (absent, dutch): (&[&RelatedLabel<'_>], &[&str]),
    ) -> tantivy::Result<()> {
        let vocabulary = self.vocabulary;
        let mut added = 0;
        for related in absent {
            let stems: Vec<&str> = related.label.dutch.iter().map(String::as_str).collect();
            let english: Vec<&str> = related.label.english.iter().map(String::as_str).collect();
            let Some((length, others)) = vocabulary.longest_at(&stems, &english) else { continue };
            let same = others.iter().filter(|other| other.class == MeaningClass::Same);
            let same = same.filter(|other| length == stems.len() && !is_typed(other, dutch));
            for other in same {
                if added == RELATED_LABELS_MAX {
                    return Ok(());
                }
                added += 1;
                let class = related.class.max(other.class);
                let line = related.line.clone();
                self.add_related_label(typed, &RelatedLabel { class, line, ..other.clone() })?;
            }
        }
        Ok(())
    }

    /// Adds a label. Returns whether it occurs.
    fn add_related_label(
        &mut self,
        (words, typed): (WordSet, &str),
        related: &RelatedLabel<'_>,
    ) -> tantivy::Result<bool> {
        let (class, weight) = match related.class {
            MeaningClass::Same if related.is_translation => (MatchClass::Exact, TRANSLATION_WEIGHT),
            MeaningClass::Same => (MatchClass::Exact, SAME_MEANING_WEIGHT),
            MeaningClass::Near => (MatchClass::Wider, NEAR_MEANING_WEIGHT),
            MeaningClass::Broader => (MatchClass::Wider, BROADER_MEANING_WEIGHT),
        };
        // *Woo* stands for all three words of *Wet open overheid*.
        #[expect(clippy::cast_precision_loss, reason = "there are 32 words at most")]
        let weight = weight * words.len() as f32;
        let label = related.label;
        let rule = related.line.to_string();
        let context = TermContext {
            words,
            kind: MatchKind::Synonym,
            class,
            weight,
            text: &label.text,
            rule: Some(&rule),
        };
        let forms = [
            (AnalysisLanguage::Dutch, &label.dutch[..]),
            (AnalysisLanguage::English, &label.english[..]),
        ];
        let is_found = self.terms.add_stems(&forms, context)? > 0;
        if is_found {
            self.interpretation.related.push(RelatedTerm {
                typed: typed.to_owned(),
                label: label.text.clone(),
                meaning: related.class,
                rule,
            });
        }
        Ok(is_found)
    }

    /// Adds the words that begin with a prefix.
    pub(super) fn add_prefix(&mut self, typed: &QueryText, words: WordSet) -> tantivy::Result<()> {
        let prefix = analysis::folded(&typed.text);
        for word in terms_with_prefix(self.searcher, self.schema.exact, &prefix)? {
            self.cancellation.check()?;
            let (kind, class) = (MatchKind::Prefix, MatchClass::Exact);
            let context = TermContext { words, kind, class, weight: 1.0, text: &word, rule: None };
            self.terms.add_exact_term(&word, context)?;
        }
        Ok(())
    }
}

/// Whether a query, of which these are the Dutch stems, contains a label: it is searched already.
fn is_typed(related: &RelatedLabel<'_>, dutch: &[&str]) -> bool {
    let label = &related.label.dutch;
    dutch.windows(label.len()).any(|window| window == label)
}
