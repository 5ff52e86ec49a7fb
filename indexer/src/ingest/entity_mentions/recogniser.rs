//! Recognises declared names in texts: the longest name at each position, in the case in which it
//! is declared, with the *s* of a genitive or plural.
//!
//! Precision comes before recall: what may be an ordinary word is not a name.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Range,
};

use schema::NodeId;

use crate::analysis::{folded, is_dutch_word, words};

/// Words that precede the name of an organisation or community in any case: *gemeente Utrecht*.
const GENERIC_WORDS: [&str; 26] = [
    "bibliotheek",
    "bureau",
    "centrum",
    "community",
    "de",
    "dienst",
    "gemeente",
    "het",
    "hogeschool",
    "kennisplatform",
    "ministerie",
    "netwerk",
    "platform",
    "programma",
    "project",
    "provincie",
    "raad",
    "rijksdienst",
    "stichting",
    "team",
    "the",
    "toolkit",
    "universiteit",
    "vereniging",
    "waterschap",
    "werkgroep",
];
/// The word beside a short name that makes it the name of a community: *CX-community*.
const COMMUNITY: &str = "community";
/// Maximum number of bytes between two words of a name.
const GAP_BYTES_MAX: usize = 4;

/// A name of an entity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DeclaredName {
    pub(super) name: String,
    pub(super) entity: NodeId,
    /// Whether it denotes the entity only beside the word *community*.
    pub(super) is_short: bool,
}

/// A compiled name.
#[derive(Debug)]
struct Pattern {
    words: Vec<PatternWord>,
    entity: NodeId,
    is_short: bool,
}

#[derive(Debug)]
struct PatternWord {
    folded: String,
    case: WordCase,
}

/// How a word of a name is written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum WordCase {
    /// In any case.
    Any,
    /// With a capital at its start.
    Capital,
    /// With a capital, unless the word also is an ordinary word at the start of a sentence.
    OrdinaryCapital,
    /// Exactly so: an abbreviation, or a name such as `iBestuur`.
    Exact(String),
}

/// Names to look for in texts.
#[derive(Debug, Default)]
pub(super) struct Recogniser {
    patterns: Vec<Pattern>,
    /// Patterns by their first word, longest first.
    by_first_word: HashMap<String, Vec<usize>>,
}

impl Recogniser {
    /// Compiles names. A name of several entities denotes none of them.
    pub(super) fn new<'n>(names: impl IntoIterator<Item = &'n DeclaredName>) -> Self {
        let mut recogniser = Self::default();
        for name in names {
            let Some(pattern) = Pattern::new(name) else { continue };
            let first = pattern.words[0].folded.clone();
            recogniser.by_first_word.entry(first).or_default().push(recogniser.patterns.len());
            recogniser.patterns.push(pattern);
        }
        for indexes in recogniser.by_first_word.values_mut() {
            indexes.sort_by_key(|index| std::cmp::Reverse(recogniser.patterns[*index].words.len()));
        }
        recogniser
    }

    /// The entities that a text names, each with the range of its first name, in order.
    pub(super) fn find(&self, text: &str) -> Vec<(NodeId, Range<usize>)> {
        let mut found: Vec<(NodeId, Range<usize>)> = Vec::new();
        if self.patterns.is_empty() {
            return found;
        }
        let words: Vec<Range<usize>> = words(text).collect();
        let mut buffer = String::new();
        let mut at = 0;
        while at < words.len() {
            let key = folded_into(&mut buffer, &text[words[at].clone()]);
            let candidates = self.by_first_word.get(key).or_else(|| {
                // The only word of a name may have the *s* of a genitive.
                self.by_first_word.get(key.strip_suffix('s')?)
            });
            let matching = candidates.into_iter().flatten().find_map(|index| {
                let pattern = &self.patterns[*index];
                pattern.matches(text, &words, at).then_some(pattern)
            });
            let Some(pattern) = matching else {
                at += 1;
                continue;
            };
            let range = words[at].start..words[at + pattern.words.len() - 1].end;
            at += pattern.words.len();
            if !is_in_web_address(text, &range)
                && !found.iter().any(|(entity, _)| *entity == pattern.entity)
            {
                found.push((pattern.entity, range));
            }
        }
        found
    }
}

/// Names that several entities have, with the entities.
pub(super) fn ambiguous_names(names: &BTreeSet<DeclaredName>) -> BTreeMap<String, Vec<NodeId>> {
    let mut by_name: BTreeMap<String, BTreeSet<NodeId>> = BTreeMap::new();
    for name in names {
        let key = schema::normalisation::name(&name.name);
        by_name.entry(key).or_default().insert(name.entity);
    }
    by_name.retain(|_, entities| entities.len() > 1);
    by_name.into_iter().map(|(name, ids)| (name, ids.into_iter().collect())).collect()
}

impl Pattern {
    /// `None` for a name that texts cannot be searched for: a single word in lower case.
    fn new(name: &DeclaredName) -> Option<Self> {
        let written: Vec<&str> = words(&name.name).map(|word| &name.name[word]).collect();
        let is_single = written.len() == 1;
        let has_capital = written.iter().any(|word| word.chars().any(char::is_uppercase));
        if written.is_empty() || (is_single && !has_capital) {
            return None;
        }
        let other_capital = written.iter().skip(1).any(|word| word.starts_with(char::is_uppercase));
        let case = |(index, word): (usize, &&str)| {
            let folded = folded(word);
            let letters = word.chars().filter(|letter| letter.is_alphabetic()).count();
            let capitals = word.chars().filter(|letter| letter.is_uppercase()).count();
            let is_capital = word.starts_with(char::is_uppercase);
            let case = if capitals > usize::from(is_capital)
                || (is_single && letters > 0 && capitals == letters)
            {
                WordCase::Exact((*word).to_owned())
            } else if !is_capital
                || (index == 0 && other_capital && GENERIC_WORDS.contains(&folded.as_str()))
            {
                WordCase::Any
            } else if is_single && is_dutch_word(&folded) {
                WordCase::OrdinaryCapital
            } else {
                WordCase::Capital
            };
            PatternWord { folded, case }
        };
        let words = written.iter().enumerate().map(case).collect();
        Some(Self { words, entity: name.entity, is_short: name.is_short })
    }

    /// Whether the name stands at a word of a text.
    fn matches(&self, text: &str, words: &[Range<usize>], at: usize) -> bool {
        let Some(range) = words.get(at..at + self.words.len()) else { return false };
        let last = self.words.len() - 1;
        let gaps = range.windows(2).all(|pair| is_gap(&text[pair[0].end..pair[1].start]));
        if !gaps {
            return false;
        }
        let matches_word = |(index, (word, range)): (usize, (&PatternWord, &Range<usize>))| {
            word.matches(text, range, index == last)
        };
        if !self.words.iter().zip(range).enumerate().all(matches_word) {
            return false;
        }
        let (start, end) = (range[0].start, range[last].end);
        // `DCAT-AP` is not `AP`.
        let is_tail =
            self.words.len() == 1 && text[..start].ends_with(['-', '\u{2011}', '#', '@', '/']);
        if is_tail {
            return false;
        }
        !self.is_short || is_next_to_community(text, words, at, last, end)
    }
}

/// Whether a short name is beside the word *community*, as in *CX-community*.
fn is_next_to_community(
    text: &str,
    words: &[Range<usize>],
    at: usize,
    last: usize,
    end: usize,
) -> bool {
    let is_community = |word: &Range<usize>| folded(&text[word.clone()]).starts_with(COMMUNITY);
    let next = words.get(at + last + 1).filter(|next| is_gap(&text[end..next.start]));
    let previous = at.checked_sub(1).and_then(|before| words.get(before));
    let previous = previous.filter(|previous| is_gap(&text[previous.end..words[at].start]));
    next.is_some_and(is_community) || previous.is_some_and(is_community)
}

impl PatternWord {
    fn matches(&self, text: &str, range: &Range<usize>, is_last: bool) -> bool {
        let word = &text[range.clone()];
        let mut buffer = String::new();
        let key = folded_into(&mut buffer, word);
        let is_genitive = is_last && key.strip_suffix('s') == Some(self.folded.as_str());
        if key != self.folded && !is_genitive {
            return false;
        }
        match &self.case {
            WordCase::Any => true,
            WordCase::Capital => word.starts_with(char::is_uppercase),
            WordCase::OrdinaryCapital => {
                word.starts_with(char::is_uppercase) && !starts_sentence(text, range.start)
            }
            WordCase::Exact(written) => word.starts_with(written.as_str()),
        }
    }
}

/// Folds a word, in a buffer if it is ASCII.
fn folded_into<'b>(buffer: &'b mut String, word: &str) -> &'b str {
    buffer.clear();
    if word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        buffer.extend(word.bytes().map(|byte| char::from(byte.to_ascii_lowercase())));
    } else {
        buffer.push_str(&folded(word));
    }
    buffer
}

/// Whether two words with this text between them can belong to one name.
fn is_gap(between: &str) -> bool {
    between.len() <= GAP_BYTES_MAX
        && between.matches('\n').count() < 2
        && between.chars().all(|c| {
            c.is_whitespace() || matches!(c, '-' | '‑' | '–' | '&' | '.' | '/' | '\'' | '’' | '+')
        })
        && between != ". "
}

/// Whether a sentence, list item or heading starts at a position.
fn starts_sentence(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches(['“', '"', '‘', '\'', '(', '*', '•', '-', ' ', '\t']);
    before.is_empty() || before.ends_with(['.', '!', '?', ':', ';', '\n', '…', '”', '"'])
}

/// Whether a range is part of a web or e-mail address that it does not fill.
fn is_in_web_address(text: &str, range: &Range<usize>) -> bool {
    let is_end =
        |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '"' | '“' | '”');
    let start = text[..range.start]
        .rfind(is_end)
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let end = text[range.end..].find(is_end).map_or(text.len(), |at| range.end + at);
    let address = text[start..end].trim_end_matches(['.', ',', ';', ':', '!', '?']);
    if start == range.start && address.len() <= range.len() {
        return false;
    }
    let host = address.split(['/', '#']).next().unwrap_or_default();
    let is_host = host.split('.').count() > 1
        && host.split('.').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
        && host.rsplit('.').next().is_some_and(|end| end.len() >= 2 && end == end.to_lowercase());
    address.contains("://") || address.contains('@') || address.starts_with("www.") || is_host
}

#[cfg(test)]
mod tests {
    use schema::NodeKind;

    use super::*;

    fn id(number: u64) -> NodeId {
        NodeId::new(NodeKind::Organisation, number)
    }

    fn recogniser(names: &[(&str, u64)]) -> Recogniser {
        let names: Vec<_> = names
            .iter()
            .map(|(name, number)| DeclaredName {
                name: (*name).to_owned(),
                entity: id(*number),
                is_short: *name == "CX",
            })
            .collect();
        Recogniser::new(&names)
    }

    fn found(recogniser: &Recogniser, text: &str) -> String {
        let found = recogniser.find(text).into_iter().map(|(entity, range)| {
            let number = (1..20).find(|number| id(*number) == entity).unwrap();
            format!("{number}:{}", &text[range])
        });
        found.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn names_must_be_found_in_their_own_case_and_with_endings() {
        let recogniser = recogniser(&[
            ("Gemeente Rotterdam", 1),
            ("KVK", 2),
            ("Haven", 3),
            ("NL Design System", 4),
            ("iBestuur", 5),
            ("Gebruiker Centraal", 6),
            ("VNG", 7),
            ("VNG Realisatie", 8),
            ("CX", 9),
            ("AP", 10),
            ("developer.overheid.nl", 11),
            ("Community CX", 9),
            ("signalen", 12),
            ("Autoriteit Consument & Markt", 13),
        ]);
        for (text, expected) in [
            ("de gemeente Rotterdam en Rotterdam", "1:gemeente Rotterdam"),
            ("De Gemeente Rotterdams plan", "1:Gemeente Rotterdams"),
            ("KVK's loket, de KVK-medewerkers en kvk", "2:KVK's"),
            ("Haven is een standaard. In de haven.", ""),
            ("Wij gebruiken Haven voor containers.", "3:Haven"),
            ("het NL Design\nSystem", "4:NL Design\nSystem"),
            ("iBestuur en Ibestuur", "5:iBestuur"),
            ("zet de gebruiker centraal", ""),
            ("Gebruiker Centraal's leden", "6:Gebruiker Centraal's"),
            ("VNG Realisatie en de VNG", "8:VNG Realisatie 7:VNG"),
            ("klantbeleving (CX)", ""),
            ("onze CX-community en Community CX", "9:CX"),
            ("DCAT-AP", ""),
            ("zie https://vng.nl/KVK en developer.overheid.nl.", "11:developer.overheid.nl"),
            ("op www.haven.nl of docs.developer.overheid.nl", ""),
            ("signalen uit de praktijk", ""),
            ("de Autoriteit Consument & Markt", "13:Autoriteit Consument & Markt"),
            ("VNG. Realisatie volgt.", "7:VNG"),
        ] {
            assert_eq!(found(&recogniser, text), expected, "{text}");
        }
    }

    #[test]
    fn a_name_of_several_entities_must_be_ambiguous() {
        let name = |name: &str, number| DeclaredName {
            name: name.to_owned(),
            entity: id(number),
            is_short: false,
        };
        let names = BTreeSet::from([name("ACM", 1), name("acm", 2), name("KVK", 3)]);
        let ambiguous = ambiguous_names(&names);
        assert_eq!(ambiguous.keys().collect::<Vec<_>>(), ["acm"]);
        assert_eq!(ambiguous["acm"].len(), 2);
    }

    #[test]
    fn hostile_texts_must_be_searched_in_linear_time() {
        let recogniser = recogniser(&[("A A A A A A A B", 1), ("KVK", 2)]);
        for piece in ["A ", "KVK ", "a.a/", "KVK-", "(", "A\n"] {
            let start = std::time::Instant::now();
            recogniser.find(&piece.repeat(200_000 / piece.len()));
            assert!(start.elapsed() < std::time::Duration::from_secs(5), "{piece}");
        }
    }
}
