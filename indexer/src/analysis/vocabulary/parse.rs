//! Parses and checks vocabulary files.

use std::{collections::HashMap, fmt};

use schema::MeaningClass;

use super::{
    super::{is_stop_word, stem::AnalysisLanguage, stems, tokenizer},
    Entry, Label, LabelIndex, Vocabulary, VocabularyEntry, VocabularyLine,
};

/// Maximum size of a file in bytes.
const FILE_BYTES_MAX: usize = 2 << 20;
/// Maximum number of entries in all files.
const ENTRIES_MAX: usize = 50_000;
/// Maximum number of labels of an entry.
const LABELS_MAX: usize = 13;
/// Maximum number of words of a label.
const LABEL_WORDS_MAX: usize = 8;
/// Maximum number of errors in a report.
const ERRORS_REPORTED_MAX: usize = 20;
const COLUMNS: [&str; 6] = ["term", "terms", "weight", "direction", "language", "note"];

/// Errors in vocabulary files, at most twenty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct VocabularyError {
    /// Where each error is, and the error.
    pub errors: Vec<(VocabularyLine, String)>,
    /// Number of errors that are not listed.
    pub omitted: usize,
}

impl fmt::Display for VocabularyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (line, reason)) in self.errors.iter().enumerate() {
            let between = if number > 0 { "; " } else { "" };
            write!(f, "{between}{line}: {reason}")?;
        }
        if self.omitted > 0 {
            write!(f, "; and {} more", self.omitted)?;
        }
        Ok(())
    }
}

/// An entry that is valid, but does not do what its editor may expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VocabularyWarning {
    /// Where it is.
    pub line: VocabularyLine,
    /// The reason.
    pub reason: String,
}

pub(super) fn parse<'a>(
    files: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> Result<Vocabulary, VocabularyError> {
    let mut parser = VocabularyParser::default();
    let mut hasher = blake3::Hasher::new();
    for (name, bytes) in files {
        hasher.update(name.as_bytes()).update(&[0]).update(bytes);
        parser.vocabulary.files.push(name.to_owned());
        parser.add_file(bytes);
    }
    if !parser.errors.is_empty() {
        let omitted = parser.errors.len().saturating_sub(ERRORS_REPORTED_MAX);
        parser.errors.truncate(ERRORS_REPORTED_MAX);
        return Err(VocabularyError { errors: parser.errors, omitted });
    }
    let mut digest = [0; 8];
    digest.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    Ok(Vocabulary { digest: u64::from_le_bytes(digest), ..parser.vocabulary })
}

/// State while parsing.
#[derive(Default)]
struct VocabularyParser {
    vocabulary: Vocabulary,
    errors: Vec<(VocabularyLine, String)>,
}

impl VocabularyParser {
    fn add_error(&mut self, line: u64, reason: String) {
        let file = self.vocabulary.files.last().cloned().unwrap_or_default();
        self.errors.push((VocabularyLine { file, line }, reason));
    }

    fn add_file(&mut self, bytes: &[u8]) {
        if bytes.len() > FILE_BYTES_MAX {
            return self.add_error(1, format!("file is larger than {FILE_BYTES_MAX} bytes"));
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return self.add_error(1, "invalid UTF-8; save the file as UTF-8".to_owned());
        };
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter(text))
            .comment(Some(b'#'))
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let columns = match reader.headers() {
            Ok(header) => COLUMNS.map(|name| header.iter().position(|cell| cell == name)),
            Err(error) => return self.add_error(1, error.to_string()),
        };
        if columns[..5].contains(&None) {
            let expected = COLUMNS.join(",");
            return self.add_error(1, format!("invalid header; expected `{expected}`"));
        }
        for row in reader.records() {
            match row {
                Ok(row) => {
                    let line = row.position().map_or(0, csv::Position::line);
                    let cells = columns.map(|at| at.and_then(|at| row.get(at)).unwrap_or_default());
                    match entry(&cells) {
                        Ok(entry) => self.add_entry(Entry { line, ..entry }),
                        Err(reason) => self.add_error(line, reason),
                    }
                }
                Err(error) => {
                    let line = error.position().map_or(0, csv::Position::line);
                    self.add_error(line, error.to_string());
                }
            }
        }
    }

    fn add_entry(&mut self, entry: Entry) {
        let vocabulary = &mut self.vocabulary;
        if vocabulary.entries.len() == ENTRIES_MAX {
            let line = entry.line;
            return self.add_error(line, format!("more than {ENTRIES_MAX} entries in all files"));
        }
        for label in &entry.labels {
            let words = tokenizer::words(&label.text);
            vocabulary.words.extend(words.map(|word| tokenizer::folded(&label.text[word])));
        }
        if let ([name], [_]) = (entry.labels.as_slice(), entry.labels[0].dutch.as_slice()) {
            vocabulary.names.insert(tokenizer::folded(&name.text));
        }
        let at = vocabulary.entries.len();
        let searched = if entry.is_forward { 1 } else { entry.labels.len() };
        for (number, label) in entry.labels.iter().enumerate().take(searched) {
            let key = (label.language, label.stems()[0].clone());
            let labels = vocabulary.labels.entry(key).or_default();
            labels.push(LabelIndex { entry: at, label: number });
        }
        vocabulary.entries.push(Entry { file: vocabulary.files.len() - 1, ..entry });
    }
}

fn delimiter(text: &str) -> u8 {
    let is_comment = |line: &&str| line.starts_with('#') || line.trim().is_empty();
    let header = text.lines().find(|line| !is_comment(line)).unwrap_or_default();
    if header.contains(';') { b';' } else { b',' }
}

/// The entry of one line.
fn entry(cells: &[&str; 6]) -> Result<Entry, String> {
    let [term, terms, weight, direction, language, _] = *cells;
    let class = match weight {
        "same" => MeaningClass::Same,
        "near" => MeaningClass::Near,
        "broader" => MeaningClass::Broader,
        _ => return Err(format!("`weight` must be `same`, `near` or `broader`: `{weight}`")),
    };
    let is_forward = match direction {
        "both" if class == MeaningClass::Broader => {
            return Err("`direction` of a broader term must be `forward`".to_owned());
        }
        "both" => false,
        "forward" => true,
        _ => return Err(format!("`direction` must be `both` or `forward`: `{direction}`")),
    };
    let (first, others) = match language {
        "nl" => (AnalysisLanguage::Dutch, AnalysisLanguage::Dutch),
        "en" => (AnalysisLanguage::English, AnalysisLanguage::English),
        "en-nl" => (AnalysisLanguage::English, AnalysisLanguage::Dutch),
        _ => return Err(format!("`language` must be `nl`, `en` or `en-nl`: `{language}`")),
    };
    if term.is_empty() {
        return Err("`term` is empty".to_owned());
    }
    let mut labels = vec![label(term, first)?];
    for text in terms.split('|').map(str::trim).filter(|text| !text.is_empty()) {
        labels.push(label(text, others)?);
    }
    match labels.len() {
        1 if class != MeaningClass::Same || is_forward => {
            Err("an entry without `terms` is a name: write `same` and `both`".to_owned())
        }
        many if many > LABELS_MAX => Err(format!("more than {} terms", LABELS_MAX - 1)),
        _ => Ok(Entry { file: 0, line: 0, class, is_forward, labels }),
    }
}

fn label(text: &str, language: AnalysisLanguage) -> Result<Label, String> {
    let stems = |language| stems(language, text).collect::<Vec<_>>();
    let (dutch, english) = (stems(AnalysisLanguage::Dutch), stems(AnalysisLanguage::English));
    match dutch.len() {
        0 => Err(format!("no letter or digit: `{text}`")),
        words if words > LABEL_WORDS_MAX => {
            Err(format!("more than {LABEL_WORDS_MAX} words: `{text}`"))
        }
        _ => Ok(Label { text: text.to_owned(), language, dutch, english }),
    }
}

impl Vocabulary {
    /// What an editor should look at: pairs of labels in two entries, labels that differ only in
    /// inflection, and labels without any word that is searched.
    pub fn warnings(&self) -> Vec<VocabularyWarning> {
        let mut warnings = Vec::new();
        let mut pairs: HashMap<(&[String], &[String]), &Entry> = HashMap::new();
        for entry in &self.entries {
            let mut warn = |reason| {
                warnings.push(VocabularyWarning { line: self.line(entry), reason });
            };
            for label in entry.labels.iter().filter(|label| is_ignored(label)) {
                warn(format!("all words of the label are ignored in queries: `{}`", label.text));
            }
            for (one, other) in related_pairs(entry) {
                if one.language == other.language && one.stems() == other.stems() {
                    warn(format!("inflected forms of one word: `{}`, `{}`", one.text, other.text));
                    continue;
                }
                let key = (one.stems().min(other.stems()), one.stems().max(other.stems()));
                if let Some(first) =
                    pairs.insert(key, entry).filter(|first| first.line != entry.line)
                {
                    let (one, other) = (&one.text, &other.text);
                    let line = self.line(first);
                    warn(format!("pair is also in {line}: `{one}`, `{other}`"));
                }
            }
        }
        warnings
    }

    /// The entries that find nothing, because none of the labels that a query can find occurs.
    pub(crate) fn unused<E>(
        &self,
        mut occurs: impl FnMut(&Label) -> Result<bool, E>,
    ) -> Result<Vec<VocabularyEntry>, E> {
        let mut unused = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.labels.len() > 1) {
            let found = if entry.is_forward { &entry.labels[1..] } else { &entry.labels[..] };
            let mut is_used = false;
            for label in found {
                is_used |= occurs(label)?;
            }
            if !is_used {
                unused.push(self.describe(entry));
            }
        }
        Ok(unused)
    }
}

/// Whether a query that consists of the label ignores all of its words.
fn is_ignored(label: &Label) -> bool {
    tokenizer::words(&label.text).all(|word| is_stop_word(&tokenizer::folded(&label.text[word])))
}

/// The pairs of labels of which one finds the other.
fn related_pairs(entry: &Entry) -> impl Iterator<Item = (&Label, &Label)> {
    let firsts = if entry.is_forward { 1 } else { entry.labels.len() };
    entry.labels[..firsts]
        .iter()
        .enumerate()
        .flat_map(|(at, one)| entry.labels[at + 1..].iter().map(move |other| (one, other)))
}
