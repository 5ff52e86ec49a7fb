//! From a question to what is looked up for it: its words, each in every form in which it may stand
//! in a text, and what documents must or must not have.

use std::{ops::Range, sync::Arc};

use schema::{Interpretation, MatchKind};
use tantivy::{
    Searcher,
    query::{AllQuery, BooleanQuery, Occur, Query},
};

use super::{
    layout::Layout,
    lookups::{Lookups, Reason, Way},
    require::{Requirements, begin_with},
    score::{ALL_WORDS, Lookup, Norms, Rules, WordsQuery},
    spelling,
    steady::Steady,
};
use crate::language::{
    self, Clause, PART_LETTERS_MIN, Question, Synonyms, Tongue, Typed, WordTerms,
};

/// No more words of a question than this are looked for.
pub(super) const WORDS_MAX: usize = 32;
/// A document is listed if it has one of so many words.
const WORDS_PER_NEEDED: u32 = 4;
/// Parts of a compound that texts have as a whole are worth this share of a word.
const PART_WEIGHT: f32 = 0.2;
/// Parts of a compound that no text has as a whole.
const ONLY_PARTS_WEIGHT: f32 = 0.7;
/// What two words make that are written as one; the parts of a word that stand apart.
const JOINED_WEIGHT: f32 = 0.5;
/// The word that is meant by one that no text has.
const CORRECTION_WEIGHT: f32 = 0.9;
/// Another word for the same.
const SYNONYM_WEIGHT: f32 = 0.45;
/// Letters that may stand between two words where they are written as one, if both are long enough.
const LINKS: [&str; 3] = ["", "s", "en"];

/// In which forms words are looked up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Forms {
    /// In all forms in which they may stand in a text.
    #[default]
    All,
    /// As they are: by their stems and as typed.
    Own,
}

/// What is looked up for a question.
pub(crate) struct Plan {
    /// Its words as typed; their numbers are the bits of lookups.
    pub(super) words: Vec<String>,
    pub(super) lookups: Arc<[Lookup]>,
    /// Of each lookup, in the same order.
    pub(super) ways: Vec<Way>,
    pub(super) rules: Rules,
    /// What documents must or must not have.
    filters: Vec<(Occur, Box<dyn Query>)>,
}

impl Plan {
    /// Plans a question, `None` where it asks for nothing, and says what was made of its words.
    pub(super) fn new(
        (searcher, layout): (&Searcher, &Layout),
        (synonyms, forms): (&Synonyms, Forms),
        typed: &str,
    ) -> tantivy::Result<(Option<Self>, Interpretation)> {
        let question = Question::parse(typed);
        let mut planning = Planning {
            searcher,
            layout,
            synonyms,
            forms,
            keeps_small: !question.clauses.iter().any(tells_something),
            lookups: Lookups::new(searcher, layout),
            words: Vec::new(),
            counted: 0,
            filters: Vec::new(),
            replacements: Vec::new(),
            interpretation: Interpretation {
                query: typed.trim().to_owned(),
                ignored_words: question.left_out.clone(),
                ..Interpretation::default()
            },
        };
        planning.clauses(&question.clauses)?;
        Ok(planning.finish(&question))
    }

    /// What finds and scores documents.
    pub(super) fn query(&self, norms: &Arc<Norms>, rules: Rules) -> Box<dyn Query> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for (occur, filter) in &self.filters {
            clauses.push((*occur, Box::new(Steady(filter.box_clone()))));
        }
        let words =
            WordsQuery { lookups: Arc::clone(&self.lookups), norms: Arc::clone(norms), rules };
        match (rules.counted > 0, clauses.iter().any(|(occur, _)| *occur == Occur::Must)) {
            (true, _) if clauses.is_empty() => return Box::new(words),
            (true, _) => clauses.push((Occur::Must, Box::new(words))),
            (false, true) => clauses.push((Occur::Should, Box::new(words))),
            (false, false) => {
                clauses.push((Occur::Must, Box::new(Steady(Box::new(AllQuery)))));
            }
        }
        Box::new(BooleanQuery::new(clauses))
    }

    /// Whether the question has two words: then only documents with both are listed where there are
    /// enough of them.
    pub(super) fn is_pair(&self) -> bool {
        self.rules.counted == self.rules.all && self.rules.all.count_ones() == 2
    }

    /// The rules by which only documents with all words are listed.
    pub(super) fn only_all(&self) -> Rules {
        Rules { needed: self.rules.counted.count_ones(), ..self.rules }
    }

    /// The rules by which documents with all words come before all others.
    pub(super) fn all_first(&self) -> Rules {
        Rules { bonus: ALL_WORDS, ..self.rules }
    }

    /// Whether a lookup is for what begins with something typed.
    pub(super) fn is_prefix(&self, lookup: usize) -> bool {
        self.ways[lookup].kind == MatchKind::Prefix
    }
}

/// Whether a clause asks for something that a text can be about.
fn tells_something(clause: &Clause) -> bool {
    match clause {
        Clause::Word(typed) => {
            let mut words = language::words(&typed.text);
            words.any(|word| !language::is_stop_word(&language::folded(&typed.text[word])))
        }
        Clause::Any(clauses) | Clause::All(clauses) => clauses.iter().any(tells_something),
        Clause::Prefix(_) | Clause::Phrase(_) | Clause::In(..) => true,
        Clause::Not(_) => false,
    }
}

/// One word of a run of words, and what it became.
struct Spoken {
    /// As it is written, with its place in the question.
    typed: Typed,
    dutch: WordTerms,
    english: String,
    /// Whether it is one letter before or after a hyphen, such as the one of *e-mail*.
    is_letter: bool,
    /// Its bit; none where it tells nothing.
    bit: u32,
}

/// A plan under construction.
struct Planning<'a> {
    searcher: &'a Searcher,
    layout: &'a Layout,
    synonyms: &'a Synonyms,
    forms: Forms,
    /// Whether words that tell nothing are looked for, because there are no others.
    keeps_small: bool,
    lookups: Lookups<'a>,
    words: Vec<String>,
    counted: u32,
    filters: Vec<(Occur, Box<dyn Query>)>,
    replacements: Vec<(Range<usize>, String)>,
    interpretation: Interpretation,
}

impl Planning<'_> {
    fn finish(mut self, question: &Question) -> (Option<Plan>, Interpretation) {
        if !self.replacements.is_empty() {
            self.interpretation.corrected = Some(question.with(&self.replacements));
        }
        let interpretation = self.interpretation;
        if self.words.is_empty() && self.filters.is_empty() {
            return (None, interpretation);
        }
        let all = bits(self.words.len());
        let needed = self.counted.count_ones().div_ceil(WORDS_PER_NEEDED);
        let plan = Plan {
            words: self.words,
            lookups: self.lookups.all.into(),
            ways: self.lookups.ways,
            rules: Rules { counted: self.counted, needed, all, bonus: 0.0 },
            filters: self.filters,
        };
        (Some(plan), interpretation)
    }

    fn clauses(&mut self, clauses: &[Clause]) -> tantivy::Result<()> {
        let mut run = Vec::new();
        for clause in clauses {
            if let Clause::Word(typed) = clause {
                run.extend(spoken(typed));
                continue;
            }
            self.run(std::mem::take(&mut run), true)?;
            self.clause(clause)?;
        }
        self.run(run, true)
    }

    fn clause(&mut self, clause: &Clause) -> tantivy::Result<()> {
        match clause {
            Clause::Word(typed) => self.run(spoken(typed), true)?,
            Clause::All(clauses) => self.clauses(clauses)?,
            Clause::Prefix(typed) => {
                let Some(bit) = self.bit(&typed.text, true) else { return Ok(()) };
                self.prefix(typed, bit)?;
            }
            Clause::Any(clauses) => self.any(clauses)?,
            Clause::Not(unwanted) => {
                let filter = self.requirements().of(unwanted)?;
                self.filters.push((Occur::MustNot, filter));
            }
            Clause::Phrase(_) | Clause::In(..) => {
                let filter = self.requirements().of(clause)?;
                self.filters.push((Occur::Must, filter));
                self.mention(clause)?;
            }
        }
        Ok(())
    }

    fn requirements(&self) -> Requirements<'_> {
        Requirements { searcher: self.searcher, layout: self.layout }
    }

    /// Adds the words of a clause that documents must fulfil anyway.
    fn mention(&mut self, clause: &Clause) -> tantivy::Result<()> {
        match clause {
            Clause::Word(typed) | Clause::Phrase(typed) => self.run(spoken(typed), false),
            Clause::Prefix(typed) => match self.bit(&typed.text, false) {
                Some(bit) => self.prefix(typed, bit),
                None => Ok(()),
            },
            Clause::In(_, inner) => self.mention(inner),
            Clause::Any(clauses) | Clause::All(clauses) => {
                clauses.iter().try_for_each(|clause| self.mention(clause))
            }
            Clause::Not(_) => Ok(()),
        }
    }

    /// One of several clauses: their words together are one word of the question.
    fn any(&mut self, clauses: &[Clause]) -> tantivy::Result<()> {
        let is_plain = |clause: &Clause| matches!(clause, Clause::Word(_) | Clause::Prefix(_));
        if !clauses.iter().all(is_plain) {
            let filters = clauses.iter().map(|clause| self.requirements().of(clause));
            let filters = filters.collect::<tantivy::Result<Vec<_>>>()?;
            self.filters.push((Occur::Must, Box::new(BooleanQuery::union(filters))));
            return clauses.iter().try_for_each(|clause| self.mention(clause));
        }
        let typed = |clause: &Clause| match clause {
            Clause::Word(typed) | Clause::Prefix(typed) => typed.text.clone(),
            _ => String::new(),
        };
        let text = clauses.iter().map(typed).collect::<Vec<_>>().join(" OR ");
        let Some(bit) = self.bit(&text, true) else { return Ok(()) };
        for clause in clauses {
            match clause {
                Clause::Prefix(typed) => self.prefix(typed, bit)?,
                Clause::Word(typed) => {
                    let mut words = spoken(typed);
                    for word in words.iter_mut().filter(|word| !word.is_letter) {
                        word.bit = bit;
                        self.word(word, true)?;
                    }
                    self.together(&words)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A bit for another word of the question; `None` where there are too many.
    fn bit(&mut self, text: &str, is_counted: bool) -> Option<u32> {
        if self.words.len() == WORDS_MAX {
            self.interpretation.ignored_words.push(text.to_owned());
            return None;
        }
        let bit = 1 << self.words.len();
        self.words.push(text.to_owned());
        self.counted |= if is_counted { bit } else { 0 };
        Some(bit)
    }

    /// Words that follow each other.
    fn run(&mut self, mut run: Vec<Spoken>, is_counted: bool) -> tantivy::Result<()> {
        for at in 0..run.len() {
            if run[at].is_letter {
                continue;
            }
            let is_small = language::is_stop_word(&run[at].dutch.folded);
            if is_small && !self.keeps_small {
                if is_counted {
                    self.interpretation.ignored_words.push(run[at].typed.text.clone());
                }
                self.lookups.small_word(Tongue::Dutch, &run[at].dutch.stem)?;
                self.lookups.small_word(Tongue::English, &run[at].english)?;
                continue;
            }
            if let Some(same) = run[..at].iter().find(|word| word.dutch.stem == run[at].dutch.stem)
            {
                run[at].bit = same.bit;
                continue;
            }
            run[at].bit = self.bit(&run[at].typed.text, is_counted).unwrap_or_default();
            if run[at].bit > 0 {
                self.word(&run[at], is_counted)?;
            }
        }
        self.together(&run)
    }

    /// What words that follow each other are together.
    fn together(&mut self, run: &[Spoken]) -> tantivy::Result<()> {
        if self.forms == Forms::Own {
            return Ok(());
        }
        for pair in run.windows(2) {
            if pair.iter().all(|word| word.bit > 0 || word.is_letter) {
                self.joined(&pair[0], &pair[1])?;
            }
        }
        self.synonyms(run)
    }

    /// One word, in all forms in which it may be found. What stands in a phrase or is asked for in a
    /// field is not corrected.
    fn word(&mut self, word: &Spoken, is_corrected: bool) -> tantivy::Result<()> {
        let reason =
            Reason { words: word.bit, kind: MatchKind::Word, weight: 1.0, text: &word.typed.text };
        let mut found = self.forms(&word.dutch, &word.english, reason)?;
        found += self.lookups.exact(&word.dutch.folded, reason)?;
        if self.forms == Forms::Own {
            return Ok(());
        }
        let weight = if found > 0 { PART_WEIGHT } else { ONLY_PARTS_WEIGHT };
        let has_parts = self.parts(&word.dutch, Reason { weight, ..reason })?;
        if found > 0 || has_parts || !is_corrected {
            return Ok(());
        }
        let folded = &word.dutch.folded;
        if let Some(meant) = spelling::correction(self.searcher, self.layout, folded)? {
            let dutch = WordTerms::of(Tongue::Dutch, &meant);
            let english = WordTerms::of(Tongue::English, &meant).stem;
            let (kind, weight) = (MatchKind::Correction, CORRECTION_WEIGHT);
            let reason = Reason { kind, weight, text: &meant, ..reason };
            self.forms(&dutch, &english, reason)?;
            self.lookups.exact(&dutch.folded, reason)?;
            self.parts(&dutch, Reason { weight: weight * PART_WEIGHT, ..reason })?;
            self.replacements.push((word.typed.at.clone(), meant));
        }
        Ok(())
    }

    fn forms(
        &mut self,
        dutch: &WordTerms,
        english: &str,
        reason: Reason<'_>,
    ) -> tantivy::Result<u64> {
        let dutch = std::slice::from_ref(&dutch.stem);
        let english = [english.to_owned()];
        self.lookups.stems(&[(Tongue::Dutch, dutch), (Tongue::English, &english)], reason)
    }

    /// The parts of a compound, alone and one after another. Gives whether texts have all of them.
    fn parts(&mut self, word: &WordTerms, reason: Reason<'_>) -> tantivy::Result<bool> {
        let mut all = !word.parts.is_empty();
        let parts: Vec<String> = word.parts.iter().map(|(stem, _)| stem.clone()).collect();
        for part in &parts {
            let kind = MatchKind::Part;
            let stems = std::slice::from_ref(part);
            let found = self
                .lookups
                .stems(&[(Tongue::Dutch, stems)], Reason { kind, text: part, ..reason })?;
            all &= found > 0;
        }
        if all && parts.len() == 2 {
            let (kind, weight) = (MatchKind::Joined, JOINED_WEIGHT);
            let text = parts.join(" ");
            let reason = Reason { kind, weight, text: &text, ..reason };
            self.lookups.stems(&[(Tongue::Dutch, &parts)], reason)?;
        }
        Ok(all)
    }

    /// Two words, written as one.
    fn joined(&mut self, first: &Spoken, second: &Spoken) -> tantivy::Result<()> {
        let is_part = |word: &Spoken| word.dutch.folded.len() >= PART_LETTERS_MIN;
        let links = if is_part(first) && is_part(second) { &LINKS[..] } else { &LINKS[..1] };
        for link in links {
            let text = format!("{}{link}{}", first.dutch.folded, second.dutch.folded);
            let dutch = WordTerms::of(Tongue::Dutch, &text);
            let english = WordTerms::of(Tongue::English, &text).stem;
            let words = first.bit | second.bit;
            let (kind, weight) = (MatchKind::Joined, JOINED_WEIGHT);
            self.forms(&dutch, &english, Reason { words, kind, weight, text: &text })?;
        }
        Ok(())
    }

    fn synonyms(&mut self, run: &[Spoken]) -> tantivy::Result<()> {
        let stems: Vec<&str> = run.iter().map(|word| word.dutch.stem.as_str()).collect();
        let mut at = 0;
        while at < run.len() {
            let Some((taken, others)) = self.synonyms.longest_at(&stems[at..]) else {
                at += 1;
                continue;
            };
            let words: u32 = run[at..at + taken].iter().fold(0, |bits, word| bits | word.bit);
            // *Woo* stands for all three words of *Wet open overheid*.
            #[expect(clippy::cast_precision_loss, reason = "there are 32 words at most")]
            let weight = SYNONYM_WEIGHT * words.count_ones() as f32;
            for label in others.filter(|_| words > 0) {
                let kind = MatchKind::Synonym;
                let reason = Reason { words, kind, weight, text: label };
                let dutch: Vec<_> = language::stems(Tongue::Dutch, label).collect();
                let english: Vec<_> = language::stems(Tongue::English, label).collect();
                let forms = [(Tongue::Dutch, &dutch[..]), (Tongue::English, &english[..])];
                if self.lookups.stems(&forms, reason)? > 0 {
                    self.interpretation.synonyms.push(label.clone());
                }
            }
            at += taken;
        }
        Ok(())
    }

    /// Words that begin with what was typed.
    fn prefix(&mut self, typed: &Typed, bit: u32) -> tantivy::Result<()> {
        let front = language::folded(&typed.text);
        for word in begin_with(self.searcher, self.layout.exact, &front)? {
            let kind = MatchKind::Prefix;
            let reason = Reason { words: bit, kind, weight: 1.0, text: &word };
            self.lookups.unstemmed(&word, reason)?;
        }
        Ok(())
    }
}

/// The words of something typed.
fn spoken(typed: &Typed) -> Vec<Spoken> {
    let words: Vec<_> = language::words(&typed.text).filter(language::is_indexed).collect();
    let is_letter =
        |word: &Range<usize>| words.len() > 1 && typed.text[word.clone()].chars().nth(1).is_none();
    let is_one = words.iter().filter(|word| !is_letter(word)).count() == 1;
    let spoken = |word: &Range<usize>| {
        let text = &typed.text[word.clone()];
        let is_letter = is_letter(word);
        // What is left of `e-mail` without its letter is shown as the whole.
        let is_rest = words.len() > 1 && is_one && !is_letter;
        let whole = if is_rest { typed.clone() } else { typed.part(word) };
        Spoken {
            dutch: WordTerms::of(Tongue::Dutch, text),
            english: WordTerms::of(Tongue::English, text).stem,
            typed: whole,
            is_letter,
            bit: 0,
        }
    };
    words.iter().map(spoken).collect()
}

/// The lowest bits.
fn bits(count: usize) -> u32 {
    (0..count).fold(0, |bits, bit| bits | 1 << bit)
}
