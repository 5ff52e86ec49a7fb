//! Makes `indexer/src/language/lexicon.fst` from lists of Dutch words, one a line.
//!
//! ```text
//! cargo run -p indexer --example lexicon -- WORDS... > indexer/src/language/lexicon.fst
//! ```

use std::{
    collections::BTreeSet,
    env, fs,
    io::{self, Write},
};

use tantivy_fst::raw::Builder;

/// Compounds are made of words of so many letters.
const LETTERS: std::ops::RangeInclusive<usize> = 4..=24;

fn main() -> anyhow::Result<()> {
    let mut words = BTreeSet::new();
    for file in env::args().skip(1) {
        let text = fs::read_to_string(&file)?;
        // Names and abbreviations have capitals; they make compounds with a hyphen.
        let is_word = |line: &&str| line.chars().all(char::is_lowercase);
        let folded = text.lines().filter(is_word).map(schema::fold::name);
        words.extend(folded.filter(|word| {
            LETTERS.contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase())
        }));
    }
    anyhow::ensure!(!words.is_empty(), "no words: name the files of the word lists");
    let mut lexicon = Builder::memory();
    for word in &words {
        lexicon.add(word)?;
    }
    let bytes = lexicon.into_inner()?;
    writeln!(io::stderr(), "{} words, {} bytes", words.len(), bytes.len())?;
    io::stdout().write_all(&bytes)?;
    Ok(())
}
