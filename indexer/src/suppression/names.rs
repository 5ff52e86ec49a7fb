//! The forgotten names, as digests of their words: texts are compared with them, but nobody can read
//! them.
//!
//! A name is found in the order in which it was given, and turned as in a catalogue (`Vries, Jan de`),
//! with a possessive `s`, joined by anything that separates words, and written as one word.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Range,
};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::words::{TextWords, Word};

/// Minimum number of letters of a name that is found as one word: shorter ones can be other words.
const JOINED_LETTERS_MIN: usize = 8;
/// Number of hexadecimal digits of a digest.
const DIGEST_DIGITS: usize = 32;

/// The key of all digests of one list. Random, so that lists cannot be compared with each other.
pub(super) type NameKey = [u8; 32];

/// One way to write a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NameForm {
    /// Digest of its words.
    pub(super) digest: String,
    /// Number of its words.
    words: usize,
    /// Part of a hash of its first word: most words of a text begin no name, and are not digested.
    first: u16,
    /// Number of words before the one that was the first; zero if the name is not turned.
    turn: usize,
}

/// All ways to write a name; the first has its words in the given order.
pub(super) fn forms_of(name: &str, key: &NameKey) -> Vec<NameForm> {
    let words: Vec<String> = words_of(name);
    let mut forms = Vec::new();
    let mut add = |words: &[&str], turn| {
        let digest = digest(words, key);
        if !forms.iter().any(|form: &NameForm| form.digest == digest) {
            forms.push(NameForm { digest, words: words.len(), first: hash(words[0], key), turn });
        }
    };
    for start in 0..words.len() {
        let turned: Vec<&str> =
            words[start..].iter().chain(&words[..start]).map(String::as_str).collect();
        add(&turned, (words.len() - start) % words.len());
    }
    let joined = words.concat();
    if joined.chars().count() >= JOINED_LETTERS_MIN {
        add(&[&joined], 0);
    }
    forms
}

/// The folded words of a name.
pub(super) fn words_of(name: &str) -> Vec<String> {
    TextWords::of(name).text.into_iter().map(|word| word.folded).collect()
}

fn digest(words: &[&str], key: &NameKey) -> String {
    let hash = blake3::keyed_hash(key, words.join(" ").as_bytes());
    hash.to_hex()[..DIGEST_DIGITS].to_owned()
}

fn hash(word: &str, key: &NameKey) -> u16 {
    let seed = u64::from_le_bytes(key[..8].try_into().expect("a key has 32 bytes"));
    let [low, high, ..] = xxh3_64_with_seed(word.as_bytes(), seed).to_le_bytes();
    u16::from_le_bytes([low, high])
}

/// All names of a list, for comparing.
#[derive(Debug, Default)]
pub(super) struct NameSet {
    key: NameKey,
    first_words: BTreeSet<u16>,
    /// By number of words.
    forms: BTreeMap<usize, HashMap<String, KnownForm>>,
}

#[derive(Debug)]
struct KnownForm {
    turn: usize,
    /// Digest of the entry.
    entry: String,
}

/// A name in a text.
#[derive(Debug)]
pub(super) struct NameMatch {
    /// The entry of the name.
    pub(super) entry: String,
    /// Its bytes, tags within it included.
    pub(super) range: Range<usize>,
    /// Whether it is written with white space, and not as a segment of an address.
    pub(super) is_prose: bool,
    /// Whether the text has no other words.
    pub(super) is_whole: bool,
}

impl NameSet {
    /// The names of some entries, each with its digest.
    pub(super) fn new<'a>(
        key: NameKey,
        entries: impl Iterator<Item = (&'a str, &'a [NameForm])>,
    ) -> Self {
        let mut names = Self { key, ..Self::default() };
        for (entry, forms) in entries {
            for form in forms {
                names.first_words.insert(form.first);
                let known = KnownForm { turn: form.turn, entry: entry.to_owned() };
                names.forms.entry(form.words).or_default().insert(form.digest.clone(), known);
            }
        }
        names
    }

    /// The names in a text that is already split into words, in order.
    pub(super) fn matches(&self, text: &TextWords) -> Vec<NameMatch> {
        let mut matches = Vec::new();
        for words in text.tags.iter().chain([&text.text]) {
            let mut rest = 0;
            while rest < words.len() {
                match self.match_at(words, rest) {
                    Some((length, entry)) => {
                        let name = &words[rest..rest + length];
                        matches.push(NameMatch {
                            entry: entry.to_owned(),
                            range: name[0].range.start..name[length - 1].range.end,
                            is_prose: name[1..].iter().any(|word| word.gap.has_space),
                            is_whole: length == words.len(),
                        });
                        rest += length;
                    }
                    None => rest += 1,
                }
            }
        }
        matches
    }

    /// The longest name that begins with a word: the number of its words, and its entry.
    fn match_at(&self, words: &[Word], start: usize) -> Option<(usize, &str)> {
        let first = words[start].folded.as_str();
        let begins_name = |word: &str| self.first_words.contains(&hash(word, &self.key));
        if !begins_name(first) && !first.strip_suffix('s').is_some_and(begins_name) {
            return None;
        }
        self.forms.iter().rev().find_map(|(length, forms)| {
            let name = words.get(start..start + length)?;
            let mut folded: Vec<&str> = name.iter().map(|word| word.folded.as_str()).collect();
            let known = forms.get(&digest(&folded, &self.key)).or_else(|| {
                let last = folded.last_mut()?;
                *last = last.strip_suffix('s')?;
                forms.get(&digest(&folded, &self.key))
            })?;
            let is_turned = known.turn > 0;
            let turn = name.get(known.turn).filter(|_| is_turned).map(|word| word.gap);
            let fits = turn.is_none_or(|gap| gap.has_mark) || *length == words.len();
            fits.then_some((*length, known.entry.as_str()))
        })
    }
}
