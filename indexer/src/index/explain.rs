//! Why a document was found: what each word of the question brought to it.

use schema::{Explanation, MatchWay, NodeId, Record, SearchField, WordMatch};

use super::{
    highlight::{beyond, placed},
    matches::{Matches, Sighting},
    plan::Plan,
    score::Rules,
    texts,
};

/// Why a record was found that has this score, which its age has raised to `raised` times as much.
pub(crate) fn explanation(
    record: &Record,
    (plan, matches): (&Plan, &Matches),
    (score, raised): (f32, f32),
) -> Explanation {
    let title = record.common().map_or("", |common| common.title.as_str());
    let (in_title, in_text) = placed(title, matches);
    let leads = texts::own(record).into_iter().filter(|(field, _)| *field == SearchField::Lead);
    let body = leads.fold(0, |position, (_, text)| beyond(text, position));
    let has = |sightings: &[Sighting], bit: u32, test: &dyn Fn(u32) -> bool| {
        sightings.iter().any(|sighting| {
            plan.lookups[sighting.lookup].words & bit != 0 && test(sighting.position)
        })
    };
    let found = plan.lookups.iter().zip(&matches.worth).filter(|(_, worth)| **worth > 0.0);
    let bits = found.fold(0, |bits, (lookup, _)| bits | lookup.words);
    let share = plan.rules.coordination(bits);
    let word_match = |(number, word): (usize, &String)| {
        let bit = 1 << number;
        let fields = [
            (SearchField::Title, has(&in_title, bit, &|_| true)),
            (SearchField::Lead, has(&in_text, bit, &|position| position < body)),
            (SearchField::Body, has(&in_text, bit, &|position| position >= body)),
            (SearchField::Names, has(&matches.names, bit, &|_| true)),
        ];
        let fields = fields.into_iter().filter(|(_, is_there)| *is_there);
        let (ways, sum) = ways(plan, matches, bit);
        WordMatch {
            word: word.clone(),
            fields: fields.map(|(field, _)| field).collect(),
            ways,
            score: sum * share,
        }
    };
    let words: Vec<_> = plan.words.iter().enumerate().map(word_match).collect();
    let sum: f32 = words.iter().map(|word| word.score).sum();
    Explanation {
        all_words: words.iter().all(|word| !word.ways.is_empty()),
        words,
        nearness: Some(score - sum * raised).filter(|rest| *rest > ROUNDING).unwrap_or_default(),
        recency: sum * (raised - 1.0),
    }
}

/// Less than this is what single precision loses of a score that had the bonus for all words.
const ROUNDING: f32 = 0.005;

/// Why a document is not listed for a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// It has none of the words that count, in no form.
    NoWord,
    /// It has too few of them.
    TooFewWords {
        /// So many it has.
        has: u32,
        /// So many it would need.
        needed: u32,
        /// So many there are.
        words: u32,
    },
    /// It has enough words; a phrase, an excluded word or a field rules it out.
    RuledOut,
    /// A near-duplicate of the same source is listed in its place.
    SameAs(NodeId),
}

/// Why a document that is not listed by `rules` is not.
pub(super) fn absence(plan: &Plan, rules: Rules, matches: &Matches) -> Absence {
    let found = plan.lookups.iter().zip(&matches.worth).filter(|(_, worth)| **worth > 0.0);
    let bits = found.fold(0, |bits, (lookup, _)| bits | lookup.words);
    let (has, words) = ((bits & rules.counted).count_ones(), rules.counted.count_ones());
    match has {
        _ if has >= rules.needed && bits != 0 => Absence::RuledOut,
        0 => Absence::NoWord,
        _ => Absence::TooFewWords { has, needed: rules.needed, words },
    }
}

/// How one word was found, the way that brought most first, and what they brought in all.
fn ways(plan: &Plan, matches: &Matches, bit: u32) -> (Vec<MatchWay>, f32) {
    let mut ways: Vec<(MatchWay, f32)> = Vec::new();
    for ((lookup, way), worth) in plan.lookups.iter().zip(&plan.ways).zip(&matches.worth) {
        if lookup.words & bit == 0 || *worth <= 0.0 {
            continue;
        }
        #[expect(clippy::cast_precision_loss, reason = "there are 32 words at most")]
        let worth = worth / lookup.words.count_ones() as f32;
        let found = MatchWay { kind: way.kind, text: way.text.clone() };
        match ways.iter_mut().find(|(other, _)| *other == found) {
            Some((_, sum)) => *sum += worth,
            None => ways.push((found, worth)),
        }
    }
    let sum = ways.iter().map(|(_, worth)| worth).sum();
    ways.sort_by(|(_, left), (_, right)| right.total_cmp(left));
    (ways.into_iter().map(|(way, _)| way).collect(), sum)
}
