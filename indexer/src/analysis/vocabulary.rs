//! The vocabulary: words and phrases with the same, a near or a broader meaning, in files that
//! editors maintain.
//!
//! A file is a table with the columns `term,terms,weight,direction,language,note`; `|` separates
//! the values of `terms`; without them, the entry is a name, which is not corrected. Labels are compared by stem, in the language of the label, so inflected
//! forms match as well. The vocabulary applies to queries only; the index does not depend on it.

mod parse;

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use schema::MeaningClass;

pub use self::parse::{VocabularyError, VocabularyWarning};
use super::stem::AnalysisLanguage;

/// The built-in files, by name.
const BUILT_IN: [(&str, &str); 6] = [
    ("plain-language.csv", include_str!("vocabulary/plain-language.csv")),
    ("english.csv", include_str!("vocabulary/english.csv")),
    ("abbreviations.csv", include_str!("vocabulary/abbreviations.csv")),
    ("idioms.csv", include_str!("vocabulary/idioms.csv")),
    ("spelling.csv", include_str!("vocabulary/spelling.csv")),
    ("names.csv", include_str!("vocabulary/names.csv")),
];

/// The line of a vocabulary file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VocabularyLine {
    /// Name of the file.
    pub file: String,
    /// Line number, starting at one.
    pub line: u64,
}

impl fmt::Display for VocabularyLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Entries of all files.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    files: Vec<String>,
    entries: Vec<Entry>,
    /// Labels that can occur in a query, by language and first stem.
    labels: HashMap<(AnalysisLanguage, String), Vec<LabelIndex>>,
    /// The folded words of all labels.
    words: HashSet<String>,
    /// The folded names of one word.
    names: HashSet<String>,
    digest: u64,
}

/// One line of a file.
#[derive(Debug, Clone)]
struct Entry {
    file: usize,
    line: u64,
    class: MeaningClass,
    /// Whether only the first label finds the others.
    is_forward: bool,
    labels: Vec<Label>,
}

/// A word or phrase.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    /// As written in the file.
    pub(crate) text: String,
    pub(crate) language: AnalysisLanguage,
    pub(crate) dutch: Vec<String>,
    pub(crate) english: Vec<String>,
}

impl Label {
    /// The stems that are compared with those of a query.
    fn stems(&self) -> &[String] {
        match self.language {
            AnalysisLanguage::Dutch => &self.dutch,
            AnalysisLanguage::English => &self.english,
        }
    }
}

/// Position of a label: entry, and number in the entry.
#[derive(Debug, Clone, Copy)]
struct LabelIndex {
    entry: usize,
    label: usize,
}

/// A label that another label stands for.
#[derive(Debug, Clone)]
pub(crate) struct RelatedLabel<'a> {
    pub(crate) label: &'a Label,
    pub(crate) class: MeaningClass,
    /// Whether it is the Dutch label of an English one.
    pub(crate) is_translation: bool,
    pub(crate) line: VocabularyLine,
}

/// An entry that contains a label, for editors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VocabularyEntry {
    /// Where it is written.
    pub line: VocabularyLine,
    /// How close the meanings are.
    pub class: MeaningClass,
    /// Whether only the first label finds the others.
    pub is_forward: bool,
    /// All labels, the first one first.
    pub labels: Vec<String>,
}

impl Vocabulary {
    /// The built-in files.
    ///
    /// # Panics
    /// Never: the built-in files are tested.
    pub fn built_in() -> Self {
        Self::parse(&BUILT_IN).expect("the built-in files are valid, covered by tests")
    }

    /// The built-in files, of which `files` replace those of the same name.
    ///
    /// # Errors
    /// [`VocabularyError`] with all invalid lines.
    pub fn with_files(files: &[(String, Vec<u8>)]) -> Result<Self, VocabularyError> {
        let is_replaced = |name: &str| files.iter().any(|(other, _)| other == name);
        let built_in = BUILT_IN.iter().filter(|(name, _)| !is_replaced(name));
        let built_in = built_in.map(|(name, text)| (*name, text.as_bytes()));
        let own = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
        parse::parse(built_in.chain(own))
    }

    /// Parses files, each with its name.
    ///
    /// # Errors
    /// [`VocabularyError`] with all invalid lines; with an error, no file is used.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, VocabularyError> {
        parse::parse(files.iter().map(|(name, text)| (*name, text.as_bytes())))
    }

    /// Hash of the files.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All entries, in the order of the files.
    pub fn entries(&self) -> impl Iterator<Item = VocabularyEntry> + '_ {
        self.entries.iter().map(|entry| self.describe(entry))
    }

    /// The entries with a label that has the same stems as a word or phrase, in either language.
    pub fn lookup(&self, phrase: &str) -> Vec<VocabularyEntry> {
        let stems = |language| super::stems(language, phrase).collect::<Vec<_>>();
        let (dutch, english) = (stems(AnalysisLanguage::Dutch), stems(AnalysisLanguage::English));
        let has_label = |entry: &&Entry| {
            entry.labels.iter().any(|label| match label.language {
                AnalysisLanguage::Dutch => label.dutch == dutch,
                AnalysisLanguage::English => label.english == english,
            })
        };
        self.entries.iter().filter(has_label).map(|entry| self.describe(entry)).collect()
    }

    fn describe(&self, entry: &Entry) -> VocabularyEntry {
        VocabularyEntry {
            line: self.line(entry),
            class: entry.class,
            is_forward: entry.is_forward,
            labels: entry.labels.iter().map(|label| label.text.clone()).collect(),
        }
    }

    fn line(&self, entry: &Entry) -> VocabularyLine {
        VocabularyLine { file: self.files[entry.file].clone(), line: entry.line }
    }

    /// Whether a label contains a folded word. Such a word is not a typing error.
    pub(crate) fn has_word(&self, folded: &str) -> bool {
        self.words.contains(folded)
    }

    /// Whether a folded word is a name of one word.
    pub(crate) fn is_name(&self, folded: &str) -> bool {
        self.names.contains(folded)
    }

    /// The longest labels that begin at the start of a query: their number of words, and the
    /// labels that they stand for, closest first.
    pub(crate) fn longest_at(
        &self,
        dutch: &[&str],
        english: &[&str],
    ) -> Option<(usize, Vec<RelatedLabel<'_>>)> {
        let mut longest = 0;
        let mut found: Vec<LabelIndex> = Vec::new();
        for (language, stems) in
            [(AnalysisLanguage::Dutch, dutch), (AnalysisLanguage::English, english)]
        {
            let Some(first) = stems.first() else { continue };
            let labels = self.labels.get(&(language, (*first).to_owned()));
            for at in labels.into_iter().flatten() {
                let label = self.label(*at).stems();
                let is_prefix = label.len() <= stems.len()
                    && label.iter().zip(stems).all(|(stem, other)| stem == other);
                if is_prefix && label.len() >= longest {
                    if label.len() > longest {
                        (longest, found) = (label.len(), Vec::new());
                    }
                    found.push(*at);
                }
            }
        }
        (longest > 0).then(|| (longest, self.related(&found)))
    }

    fn label(&self, at: LabelIndex) -> &Label {
        &self.entries[at.entry].labels[at.label]
    }

    /// The other labels of the entries, each once, closest first.
    fn related(&self, found: &[LabelIndex]) -> Vec<RelatedLabel<'_>> {
        let mut related: Vec<RelatedLabel<'_>> = Vec::new();
        for at in found {
            let entry = &self.entries[at.entry];
            for (number, label) in entry.labels.iter().enumerate() {
                if number != at.label {
                    related.push(RelatedLabel {
                        label,
                        class: entry.class,
                        is_translation: self.label(*at).language == AnalysisLanguage::English
                            && label.language == AnalysisLanguage::Dutch,
                        line: self.line(entry),
                    });
                }
            }
        }
        related.sort_by_key(|related| related.class);
        let mut seen: Vec<&[String]> = Vec::new();
        related.retain(|related| {
            let is_new = !seen.contains(&related.label.dutch.as_slice());
            seen.push(&related.label.dutch);
            is_new
        });
        related
    }
}
