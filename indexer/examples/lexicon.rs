//! Makes `indexer/src/analysis/lexicon.fst` from lists of Dutch words, one a line.
//!
//! The first list is of words as a dictionary has them; all others are of their forms.
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

/// Longer words are compounds of others, which are in the lists too.
const LETTERS: std::ops::RangeInclusive<usize> = 2..=24;

fn main() -> anyhow::Result<()> {
    let mut words = BTreeMap::new();
    for (number, file) in env::args().skip(1).enumerate() {
        let text = fs::read_to_string(&file)?;
        // Names and abbreviations have capitals; they make compounds with a hyphen.
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
