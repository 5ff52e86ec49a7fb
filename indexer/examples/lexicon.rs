//! Generates `indexer/src/analysis/lexicon.fst` from Dutch word lists, one word per line.
//!
//! The first list contains base forms, all others contain inflected forms.
//!
//! ```text
//! cargo run -p indexer --example lexicon -- WORDS FORMS... > indexer/src/analysis/lexicon.fst
//! ```

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Write},
};

use tantivy_fst::raw::Builder;

/// Number of letters of a word. Longer words are compounds of words in the lists.
const LETTERS: std::ops::RangeInclusive<usize> = 2..=24;

fn main() -> anyhow::Result<()> {
    let mut words = BTreeMap::new();
    for (number, file) in env::args().skip(1).enumerate() {
        let text = fs::read_to_string(&file)?;
        // Words with capitals are names and abbreviations, which take a hyphen in compounds.
        let is_word = |line: &&str| line.chars().all(char::is_lowercase);
        for word in text.lines().filter(is_word).map(schema::normalisation::name) {
            if LETTERS.contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase()) {
                *words.entry(word).or_default() |= u64::from(number == 0);
            }
        }
    }
    anyhow::ensure!(!words.is_empty(), "no words; pass the word list files as arguments");
    let mut lexicon = Builder::memory();
    for (word, is_base) in &words {
        lexicon.insert(word, *is_base)?;
    }
    let bytes = lexicon.into_inner()?;
    writeln!(io::stderr(), "{} words, {} bytes", words.len(), bytes.len())?;
    io::stdout().write_all(&bytes)?;
    Ok(())
}
