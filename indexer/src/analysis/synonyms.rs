//! Synonyms and abbreviations, from a file that editors maintain.
//!
//! The file is a table with the columns `label,altLabels,note`; `|` separates the values of
//! `altLabels`. All labels of a line form a ring: a search for one of them also matches the others.
//! Labels are compared by stem, so inflected forms match as well. Rings are applied to queries
//! only; the index does not depend on them.

use std::{collections::HashMap, fmt};

use super::{stem::AnalysisLanguage, stems};

/// The default list.
const BUILT_IN: &str = include_str!("synonyms.csv");

/// Maximum size of the file in bytes.
const SYNONYMS_BYTES_MAX: usize = 2 << 20;
/// Maximum number of lines with labels.
const RINGS_MAX: usize = 10_000;
/// Maximum number of labels in a ring.
const LABELS_MAX: usize = 12;
/// Maximum number of words in a label.
const LABEL_WORDS_MAX: usize = 6;
/// Maximum number of errors in a report.
const ERRORS_REPORTED_MAX: usize = 20;
const COLUMNS: [&str; 2] = ["label", "altLabels"];

/// Rings of synonyms.
#[derive(Debug, Clone, Default)]
pub struct Synonyms {
    rings: Vec<Vec<String>>,
    /// Labels by their first stem.
    labels: HashMap<String, Vec<Label>>,
    digest: u64,
}

#[derive(Debug, Clone)]
struct Label {
    stems: Vec<String>,
    ring: usize,
    position: usize,
}

/// Errors in a file of synonyms, at most twenty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SynonymsError {
    /// Line number, starting at one, and the error.
    pub errors: Vec<(u64, String)>,
    /// Number of errors that are not listed.
    pub omitted: usize,
}

impl fmt::Display for SynonymsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (line, reason)) in self.errors.iter().enumerate() {
            let between = if number > 0 { "; " } else { "" };
            write!(f, "{between}line {line}: {reason}")?;
        }
        if self.omitted > 0 {
            write!(f, "; and {} more", self.omitted)?;
        }
        Ok(())
    }
}

impl SynonymsError {
    fn of(mut errors: Vec<(u64, String)>) -> Self {
        let omitted = errors.len().saturating_sub(ERRORS_REPORTED_MAX);
        errors.truncate(ERRORS_REPORTED_MAX);
        Self { errors, omitted }
    }
}

impl Synonyms {
    /// The built-in list.
    ///
    /// # Panics
    /// Never: the built-in list is tested.
    pub fn built_in() -> Self {
        Self::parse(BUILT_IN.as_bytes()).expect("the built-in list is valid, covered by tests")
    }

    /// Parses a file in UTF-8 with commas or semicolons as separators. Ignores lines that begin
    /// with `#`.
    ///
    /// # Errors
    /// [`SynonymsError`] with all invalid lines; a file with errors is rejected as a whole.
    pub fn parse(bytes: &[u8]) -> Result<Self, SynonymsError> {
        let file_error = |reason: String| SynonymsError::of(vec![(1, reason)]);
        if bytes.len() > SYNONYMS_BYTES_MAX {
            return Err(file_error(format!("file is larger than {SYNONYMS_BYTES_MAX} bytes")));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|_| file_error("invalid UTF-8; save the file as UTF-8".to_owned()))?;
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter(text))
            .comment(Some(b'#'))
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| file_error(error.to_string()))?.clone();
        let columns = COLUMNS.map(|name| header.iter().position(|cell| cell == name));
        let [Some(label), Some(others)] = columns else {
            return Err(file_error("invalid header: expected `label,altLabels,note`".to_owned()));
        };
        let mut parser = SynonymParser::default();
        for row in reader.records() {
            match row {
                Ok(row) => {
                    let line = row.position().map_or(0, csv::Position::line);
                    let cell = |column| row.get(column).unwrap_or_default();
                    parser.add_ring(line, cell(label), cell(others));
                }
                Err(error) => {
                    let line = error.position().map_or(0, csv::Position::line);
                    parser.errors.push((line, error.to_string()));
                }
            }
        }
        if !parser.errors.is_empty() {
            return Err(SynonymsError::of(parser.errors));
        }
        let digest = blake3::hash(text.as_bytes());
        let digest = digest.as_bytes()[..8].try_into().expect("a digest has 32 bytes");
        Ok(Self { digest: u64::from_le_bytes(digest), ..parser.synonyms })
    }

    /// Hash of the file.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Number of rings.
    pub fn len(&self) -> usize {
        self.rings.len()
    }

    /// Whether there are no rings.
    pub fn is_empty(&self) -> bool {
        self.rings.is_empty()
    }

    /// The longest label that is a prefix of `stems`: its number of stems, and the other labels of
    /// its ring.
    pub(crate) fn longest_at(
        &self,
        stems: &[&str],
    ) -> Option<(usize, impl Iterator<Item = &String>)> {
        let labels = self.labels.get(*stems.first()?)?;
        let fits = |label: &&Label| {
            label.stems.len() <= stems.len() && label.stems.iter().zip(stems).all(|(l, a)| l == a)
        };
        let label = labels.iter().filter(fits).max_by_key(|label| label.stems.len())?;
        let others = self.rings[label.ring].iter().enumerate();
        let others =
            others.filter(|(position, _)| *position != label.position).map(|(_, label)| label);
        Some((label.stems.len(), others))
    }
}

fn delimiter(text: &str) -> u8 {
    let is_comment = |line: &&str| line.starts_with('#') || line.trim().is_empty();
    let header = text.lines().find(|line| !is_comment(line)).unwrap_or_default();
    if header.contains(';') { b';' } else { b',' }
}

/// State while parsing a file.
#[derive(Default)]
struct SynonymParser {
    synonyms: Synonyms,
    /// Line of each label, by its stems.
    lines: HashMap<Vec<String>, u64>,
    errors: Vec<(u64, String)>,
}

impl SynonymParser {
    fn add_ring(&mut self, line: u64, label: &str, others: &str) {
        let others = others.split('|').map(str::trim).filter(|other| !other.is_empty());
        let labels: Vec<&str> = [label].into_iter().chain(others).collect();
        let ring = self.synonyms.rings.len();
        if let Err(reason) = check_counts(&labels, ring) {
            self.errors.push((line, reason));
            return;
        }
        for (position, label) in labels.iter().enumerate() {
            let stems: Vec<String> = stems(AnalysisLanguage::Dutch, label).collect();
            match (stems.len(), self.lines.get(&stems)) {
                (0, _) => self.errors.push((line, "label has no letter or digit".to_owned())),
                (words, _) if words > LABEL_WORDS_MAX => {
                    let reason = format!("label has more than {LABEL_WORDS_MAX} words: `{label}`");
                    self.errors.push((line, reason));
                }
                // Another form of a label in the same line adds nothing.
                (_, Some(other)) if *other == line => {}
                (_, Some(other)) => {
                    let reason = format!(
                        "duplicate label, in line {other} as well; merge the lines: `{label}`"
                    );
                    self.errors.push((line, reason));
                }
                (_, None) => {
                    self.lines.insert(stems.clone(), line);
                    let of_first = self.synonyms.labels.entry(stems[0].clone()).or_default();
                    of_first.push(Label { stems, ring, position });
                }
            }
        }
        self.synonyms.rings.push(labels.into_iter().map(str::to_owned).collect());
    }
}

fn check_counts(labels: &[&str], rings: usize) -> Result<(), String> {
    match labels.len() {
        _ if labels[0].is_empty() => Err("`label` is empty".to_owned()),
        1 => Err("`altLabels` is empty; separate several labels with `|`".to_owned()),
        many if many > LABELS_MAX => Err(format!("line has more than {LABELS_MAX} labels")),
        _ if rings == RINGS_MAX => Err(format!("file has more than {RINGS_MAX} lines with labels")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(synonyms: &Synonyms, query: &str) -> Option<(usize, Vec<String>)> {
        let stems: Vec<String> = stems(AnalysisLanguage::Dutch, query).collect();
        let stems: Vec<&str> = stems.iter().map(String::as_str).collect();
        synonyms.longest_at(&stems).map(|(matched, others)| (matched, others.cloned().collect()))
    }

    fn error_messages(file: &str) -> Vec<String> {
        let error = Synonyms::parse(file.as_bytes()).unwrap_err();
        error.to_string().split("; ").map(str::to_owned).collect()
    }

    #[test]
    fn inflections_must_find_their_ring_and_the_longest_label_must_win() {
        let file = "label,altLabels,note\n\
                    # afkortingen\n\
                    Woo,Wet open overheid,\n\n\
                    klantreis,customer journey | klantpad,\"een, twee\"\n\
                    wet,regel,\n";
        let synonyms = Synonyms::parse(file.as_bytes()).unwrap();
        let labels = |labels: &[&str]| labels.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>();
        assert_eq!(lookup(&synonyms, "WOO verzoek"), Some((1, labels(&["Wet open overheid"]))));
        assert_eq!(lookup(&synonyms, "wet open overheid 2022"), Some((3, labels(&["Woo"]))));
        assert_eq!(lookup(&synonyms, "wetten"), Some((1, labels(&["regel"]))));
        let others = labels(&["customer journey", "klantpad"]);
        assert_eq!(lookup(&synonyms, "klantreizen"), Some((1, others)));
        assert_eq!(lookup(&synonyms, "reizen"), None);
        assert_eq!(lookup(&synonyms, ""), None);
    }

    #[test]
    fn a_spreadsheet_export_must_be_parsed() {
        let file = "\u{feff}label;altLabels;note\r\nCX;klantbeleving|customer experience;\r\n";
        let synonyms = Synonyms::parse(file.as_bytes()).unwrap();
        assert_eq!(lookup(&synonyms, "cx").map(|(_, others)| others.len()), Some(2));
        assert_ne!(synonyms.digest(), Synonyms::built_in().digest());
    }

    #[test]
    fn every_invalid_line_must_be_reported() {
        assert!(
            error_messages("woord,ander\nCX,klantbeleving\n")[0].contains("`label,altLabels,note`")
        );
        let file = format!(
            "label,altLabels\nCX,\n,klant\nWoo,wet\nwetten,regels\na b c d e f g,h\n—,i\n{}\n",
            (0..13).map(|n| format!("x{n}")).collect::<Vec<_>>().join("|").replacen('|', ",", 1)
        );
        let reported = error_messages(&file);
        for (line, expected) in [
            (2, "`altLabels`"),
            (3, "`label` is empty"),
            (5, "line 4 as well"),
            (6, "more than 6 words"),
            (7, "no letter"),
            (8, "12 labels"),
        ] {
            let begin = format!("line {line}: ");
            let found = reported.iter().find(|message| message.starts_with(&begin));
            assert!(
                found.is_some_and(|message| message.contains(expected)),
                "{line}: {reported:?}"
            );
        }
        let many = format!("label,altLabels\n{}", "CX,\n".repeat(30));
        assert_eq!(error_messages(&many).last().map(String::as_str), Some("and 10 more"));
        assert!(error_messages(&"x".repeat(SYNONYMS_BYTES_MAX + 1))[0].contains("bytes"));
        assert!(
            Synonyms::parse(b"label,altLabels\n\xff,a\n")
                .unwrap_err()
                .to_string()
                .contains("UTF-8")
        );
    }

    #[test]
    fn the_built_in_list_must_be_valid_and_large() {
        assert!(Synonyms::built_in().len() >= 200, "{}", Synonyms::built_in().len());
    }
}
