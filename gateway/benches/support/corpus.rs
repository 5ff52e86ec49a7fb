//! A generated knowledge base of any size: lengths, links and facet sizes resemble those of a
//! public-sector site. Written as JSON Lines for a source of kind `jsonlines`.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use serde_json::{Map, Value, json};

use crate::{
    random::SplitMix64,
    words::{Vocabulary, capital},
};

const THEMES: usize = 60;
const ORGANISATIONS: usize = 400;
const PEOPLE: usize = 500;
const COMMUNITIES: usize = 40;
const AUDIENCES: usize = 10;

/// An event is a series if its number is less than 20 above a multiple of this.
const SERIES_EVERY: usize = 2_000;

const ARTICLE_FORMS: [&str; 8] = [
    "BLOG",
    "NEWS",
    "INTERVIEW",
    "PRACTICE_CASE",
    "EVENT_REPORT",
    "POLICY",
    "PODCAST",
    "YEAR_REVIEW",
];
const TOOLKIT_FORMS: [&str; 5] = ["TOOLKIT", "STEP_PLAN", "CHECKLIST", "TRAINING", "SERIOUS_GAME"];
const COMMUNITY_FORMS: [&str; 3] = ["OWN", "NETWORK", "LOCAL_VARIANT"];
const EVENT_FORMS: [&str; 5] =
    ["KNOWLEDGE_SESSION", "WEBINAR", "SITE_VISIT", "ONLINE_MEETING", "CONFERENCE"];
const ORGANISATION_KINDS: [(&str, &str); 5] = [
    ("MUNICIPALITY", "GEMEENTE"),
    ("EXECUTIVE_AGENCY", "UITVOERING"),
    ("MINISTRY", "RIJK"),
    ("WATER_AUTHORITY", "WATERSCHAP"),
    ("COMPANY", "OVERIG"),
];

/// Generator of documents. A number yields the same document in every run.
pub(crate) struct Corpus<'a> {
    vocabulary: &'a Vocabulary,
}

impl<'a> Corpus<'a> {
    pub(crate) fn new(vocabulary: &'a Vocabulary) -> Self {
        Self { vocabulary }
    }

    /// Writes the entities and documents, one per line.
    pub(crate) fn write(&self, documents: usize, out: &mut impl Write) -> io::Result<()> {
        self.write_entities(out)?;
        for number in 0..documents {
            writeln!(out, "{}", Value::Object(self.document(number)))?;
        }
        Ok(())
    }

    fn write_entities(&self, out: &mut impl Write) -> io::Result<()> {
        for theme in 0..THEMES {
            let alt_label = self.vocabulary.of_rank(9_000 + theme);
            let line = json!({"key": format!("t{theme}"), "kind": "theme",
                "title": self.theme(theme), "alt_labels": [alt_label]});
            writeln!(out, "{line}")?;
        }
        for organisation in 0..ORGANISATIONS {
            let (kind, layer) = ORGANISATION_KINDS[organisation % ORGANISATION_KINDS.len()];
            let line = json!({"key": format!("o{organisation}"), "kind": "organisation",
                "title": self.organisation(organisation), "organisation_kind": kind,
                "layer": layer});
            writeln!(out, "{line}")?;
        }
        for person in 0..PEOPLE {
            let line = json!({"key": format!("p{person}"), "kind": "person",
                "title": self.person(person), "role": self.vocabulary.of_rank(2_000 + person),
                "organisations": [self.organisation(person % ORGANISATIONS)]});
            writeln!(out, "{line}")?;
        }
        for audience in 0..AUDIENCES {
            let perspective = if audience % 3 == 0 { "CITIZEN" } else { "PROFESSIONAL" };
            let line = json!({"key": format!("a{audience}"), "kind": "audience",
                "title": self.audience(audience), "perspective": perspective});
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    /// 85 % articles, 5 % toolkits, 1 % communities, 9 % events.
    fn document(&self, number: usize) -> Map<String, Value> {
        let mut rng = SplitMix64((number as u64) << 8);
        let rng = &mut rng;
        let mut fields = Map::new();
        let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        set("key", json!(format!("d{number}")));
        set("url", json!(format!("https://corpus.example/{number}/")));
        let language = ["nl", "en", "fr"][weighted_index(rng, &[92, 7, 1])];
        set("language", json!(language));
        let mut title = capital(self.vocabulary.sample_content_word(rng));
        for _ in 0..3 + rng.below(6) {
            let _ = write!(title, " {}", self.vocabulary.sample(rng));
        }
        match number {
            0..COMMUNITIES => set("title", json!(self.community(number))),
            _ => set("title", json!(title)),
        };
        let mut summary = String::new();
        self.vocabulary.sentence(rng, &mut summary);
        set("summary", json!(summary));
        set("body", json!(self.body(rng)));
        set("published_at", json!(day(rng)));
        set("themes", self.some(rng, 3, THEMES, Self::theme));
        set("audiences", self.some(rng, 2, AUDIENCES, Self::audience));
        if rng.happens(70) {
            set("organisations", self.some(rng, 2, ORGANISATIONS, Self::organisation));
        }
        if rng.happens(30) {
            set("communities", self.some(rng, 1, COMMUNITIES, Self::community));
        }
        let kind = if number < COMMUNITIES { 2 } else { weighted_index(rng, &[85, 5, 1, 9]) };
        self.add_detail(&mut fields, rng, (number, kind));
        fields
    }

    fn add_detail(
        &self,
        fields: &mut Map<String, Value>,
        rng: &mut SplitMix64,
        (number, kind): (usize, usize),
    ) {
        let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        match kind {
            0 => {
                set("kind", json!("article"));
                set("form", json!(ARTICLE_FORMS[rng.zipf(ARTICLE_FORMS.len())]));
                set("authors", self.some(rng, 2, PEOPLE, Self::person));
            }
            1 => {
                set("kind", json!("toolkit"));
                set("form", json!(TOOLKIT_FORMS[rng.zipf(TOOLKIT_FORMS.len())]));
                let step = |_| json!({"title": self.vocabulary.sample_content_word(rng)});
                set("steps", (0..4).map(step).collect());
            }
            2 => {
                set("kind", json!("community"));
                set("form", json!(COMMUNITY_FORMS[rng.zipf(COMMUNITY_FORMS.len())]));
            }
            _ => {
                set("kind", json!("event"));
                set("form", json!(EVENT_FORMS[rng.zipf(EVENT_FORMS.len())]));
                let attendance = ["OFFLINE", "ONLINE", "MIXED"][weighted_index(rng, &[50, 35, 15])];
                set("attendance", json!(attendance));
                let (day, hour) = (day(rng), 9 + rng.below(8));
                set("start", json!(format!("{day}T{hour:02}:00")));
                set("end", json!(format!("{day}T{:02}:30", hour + 1)));
                set("organisers", self.some(rng, 1, COMMUNITIES, Self::community));
                if number % SERIES_EVERY < 20 {
                    set("series", json!({"rule": "FREQ=MONTHLY;COUNT=24"}));
                }
            }
        }
    }

    fn body(&self, rng: &mut SplitMix64) -> String {
        let length = rng.around(200, 0.8).clamp(20, 4_000);
        let mut text = String::with_capacity(length * 9);
        let mut words = 0;
        while words < length {
            text.push_str("<p>");
            for _ in 0..2 + rng.below(5) {
                words += self.vocabulary.sentence(rng, &mut text);
                text.push(' ');
            }
            text.push_str("</p>\n");
        }
        text
    }

    /// One to `max_count` names; low numbers are the most frequent.
    fn some(
        &self,
        rng: &mut SplitMix64,
        max_count: usize,
        population: usize,
        name: impl Fn(&Self, usize) -> String,
    ) -> Value {
        let count = 1 + rng.below(max_count);
        (0..count).map(|_| Value::String(name(self, rng.zipf(population)))).collect()
    }

    fn theme(&self, number: usize) -> String {
        format!("thema {}", self.vocabulary.of_rank(700 + number))
    }

    fn organisation(&self, number: usize) -> String {
        format!("Gemeente {}", capital(self.vocabulary.of_rank(3_000 + number)))
    }

    fn person(&self, number: usize) -> String {
        let (first, last) = (5_000 + number % 80, 6_000 + number);
        format!(
            "{} {}",
            capital(self.vocabulary.of_rank(first)),
            capital(self.vocabulary.of_rank(last))
        )
    }

    fn community(&self, number: usize) -> String {
        format!("Community {}", capital(self.vocabulary.of_rank(8_000 + number)))
    }

    fn audience(&self, number: usize) -> String {
        format!("doelgroep {}", self.vocabulary.of_rank(8_500 + number))
    }
}

/// A random index with the given weights.
fn weighted_index(rng: &mut SplitMix64, chances: &[usize]) -> usize {
    let mut remaining = rng.below(chances.iter().sum());
    for (index, chance) in chances.iter().enumerate() {
        match remaining.checked_sub(*chance) {
            Some(rest) => remaining = rest,
            None => return index,
        }
    }
    unreachable!("the drawn number is below the sum of the weights")
}

/// A date between 2012 and 2026; later years are more frequent.
fn day(rng: &mut SplitMix64) -> String {
    let year = 2026 - rng.zipf(15);
    format!("{year}-{:02}-{:02}", 1 + rng.below(12), 1 + rng.below(28))
}
