//! Two hundred records to ingest, the same in every run.

use std::{fmt::Write, fs, io, path::Path};

use serde_json::json;

/// File name of the source configuration.
pub(crate) const CONFIG: &str = "ingest.toml";
const RECORDS: usize = 200;
const FILE: &str = "records.jsonl";
const SENTENCES: usize = 12;
const WORDS_PER_SENTENCE: usize = 12;
const THEMES: usize = 20;
const ORGANISATIONS: usize = 30;
const PEOPLE: usize = 40;

/// Two of the nouns make a compound.
const WORDS: [&str; 48] = [
    "klant",
    "reis",
    "gemeente",
    "brief",
    "taal",
    "loket",
    "burger",
    "dienst",
    "wet",
    "zorg",
    "school",
    "huis",
    "vraag",
    "hulp",
    "kaart",
    "toets",
    "groep",
    "werk",
    "plan",
    "dag",
    "proef",
    "gids",
    "beeld",
    "punt",
    "stad",
    "wijk",
    "balie",
    "scherm",
    "proces",
    "onderzoek",
    "gesprek",
    "verhuizing",
    "inwoners",
    "ontwerpers",
    "begrijpelijke",
    "toegankelijke",
    "digitale",
    "verbeteren",
    "schrijven",
    "luisteren",
    "samenwerken",
    "testen",
    "de",
    "van",
    "en",
    "voor",
    "met",
    "een",
];
/// Number of words that are nouns.
const NOUNS: usize = 31;

/// Writes the records and the source configuration to `folder`.
pub(crate) fn write(folder: &Path) -> io::Result<()> {
    let config = format!(
        "public_url = 'http://127.0.0.1:8080/'\n\n[[source]]\nname = 'records'\n\
         kind = 'jsonlines'\npath = '{FILE}'\nlanguage = 'NL'\n"
    );
    fs::write(folder.join(CONFIG), config)?;
    let mut dice = Dice(1);
    let lines: String = (0..RECORDS).map(|number| record(number, &mut dice) + "\n").collect();
    fs::write(folder.join(FILE), lines)
}

fn record(number: usize, dice: &mut Dice) -> String {
    let mut body = String::new();
    for _ in 0..SENTENCES {
        let _ = write!(body, "<p>{}.</p>", dice.words(WORDS_PER_SENTENCE));
    }
    json!({
        "key": format!("record-{number}"),
        "kind": "article",
        "form": "BLOG",
        "title": dice.words(6),
        "url": format!("https://records.example/{number}"),
        "summary": dice.words(WORDS_PER_SENTENCE),
        "body": body,
        "published_at": format!("2025-{:02}-{:02}", 1 + dice.below(12), 1 + dice.below(28)),
        "themes": [format!("thema {}", dice.below(THEMES))],
        "organisations": [format!("Gemeente {}", dice.below(ORGANISATIONS))],
        "authors": [format!("Auteur {}", dice.below(PEOPLE))],
    })
    .to_string()
}

/// Deterministic pseudo-random numbers (`SplitMix64`).
struct Dice(u64);

impl Dice {
    #[expect(clippy::cast_possible_truncation, reason = "smaller than `sides`")]
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % sides as u64) as usize
    }

    /// Words separated by spaces, a quarter of them compounds.
    fn words(&mut self, count: usize) -> String {
        let mut text = String::new();
        for position in 0..count {
            if position > 0 {
                text.push(' ');
            }
            if self.below(4) == 0 {
                text.push_str(WORDS[self.below(NOUNS)]);
                text.push_str(WORDS[self.below(NOUNS)]);
            } else {
                text.push_str(WORDS[self.below(WORDS.len())]);
            }
        }
        text
    }
}
