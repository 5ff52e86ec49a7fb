//! Explanations of why a record was found or not, as sentences for editors, in GraphQL and on the
//! command line. The wording is in the message files.

use indexer::catalog::{NotListedReason, RankExplanation};
use jiff::civil::Date;
use schema::{
    EventPhase, Explanation, Kind, MatchKind, Preference, Record, SearchField, SearchFilter,
    TermMatch,
};

use crate::messages::Messages;

/// The rank of a record for a query and the reasons for it, as sentences.
pub(crate) fn describe_rank(
    messages: &Messages,
    rank_explanation: &RankExplanation,
    query: &str,
) -> String {
    let mut text = vec![rank_text(messages, rank_explanation, query)];
    let interpretation = &rank_explanation.interpretation;
    if let Some(corrected) = &interpretation.corrected {
        text.push(messages.format("explanation.corrected", "query", corrected));
    }
    if !interpretation.ignored_words.is_empty() {
        let words = interpretation.ignored_words.join(", ");
        text.push(messages.format("explanation.ignored", "words", &words));
    }
    let preferences = interpretation.preferences.iter();
    text.extend(preferences.map(|preference| preference_text(messages, preference)));
    text.extend(rank_explanation.not_listed_reason.map(|reason| {
        not_listed_text(messages, reason, rank_explanation.listed_duplicate.as_ref())
    }));
    match &rank_explanation.explanation {
        Some(explanation)
            if rank_explanation.not_listed_reason != Some(NotListedReason::NoTermMatched) =>
        {
            text.push(sentences(messages, explanation));
            text.extend(explanation.words.iter().map(term_line));
            if rank_explanation.rank.is_some() {
                let components = [
                    ("explanation.score_stop_words", explanation.stop_words),
                    ("explanation.score_proximity", explanation.proximity),
                    ("explanation.score_recency", explanation.recency),
                    ("explanation.score_preference", explanation.preference),
                    ("explanation.score_total", rank_explanation.score),
                ];
                text.extend(
                    components.map(|(key, score)| format!("  {score:>7.3}  {}", messages.get(key))),
                );
            }
        }
        Some(_) => {}
        None => text.push(messages.get("explanation.no_query").to_owned()),
    }
    text.join("\n")
}

/// What words of the query prefer, as a sentence: *Wij lezen ‘agenda’ als: komende bijeenkomsten.*
pub(crate) fn preference_text(messages: &Messages, preference: &Preference) -> String {
    let SearchFilter { kinds, phases, organisation_kinds, from, until, .. } = &preference.filter;
    let day = |day: &Option<Date>| day.map(|day| messages.day(day)).unwrap_or_default();
    let is_event = kinds.contains(&Kind::Event);
    let key = match (phases.first(), organisation_kinds.first()) {
        (Some(EventPhase::Past), _) => "preference.past",
        (Some(EventPhase::Upcoming | EventPhase::Ongoing), _) => "preference.upcoming",
        (None, Some(_)) => "preference.organisations",
        (None, None) => match (from, until) {
            (Some(_), None) if is_event => "preference.events_from",
            (None, _) if is_event => "preference.events_until",
            _ if is_event && from == until => "preference.events_on_day",
            _ if is_event => "preference.events_in_period",
            (Some(_), None) => "preference.since",
            (None, _) => "preference.before",
            _ if from == until => "preference.on_day",
            _ => "preference.in_period",
        },
    };
    let kinds = organisation_kinds.iter();
    let kinds: Vec<String> =
        kinds.map(|kind| messages.enum_label("organisation_kind", kind.name())).collect();
    let values = [
        ("typed", preference.typed.as_str()),
        ("from", &day(from)),
        ("until", &day(until)),
        ("kind", &kinds.join(", ")),
    ];
    messages.format_all(key, &values)
}

/// The rank of a record, or that it has no rank.
fn rank_text(messages: &Messages, rank_explanation: &RankExplanation, query: &str) -> String {
    let rank = rank_explanation.rank.map(|rank| rank.to_string());
    let key = if rank.is_some() { "explanation.listed" } else { "explanation.not_listed" };
    let values: [(&str, &str); 4] = [
        ("title", rank_explanation.record.name()),
        ("rank", &rank.unwrap_or_default()),
        ("total", &rank_explanation.total.to_string()),
        ("query", query),
    ];
    messages.format_all(key, &values)
}

/// Why a record is not listed.
fn not_listed_text(
    messages: &Messages,
    reason: NotListedReason,
    listed_duplicate: Option<&Record>,
) -> String {
    match reason {
        NotListedReason::NoTermMatched => messages.get("explanation.no_term_matched").to_owned(),
        NotListedReason::TooFewTermsMatched { matched, required, total } => {
            let [matched, required, total] = [matched, required, total].map(|n| n.to_string());
            let values = [
                ("matched", matched.as_str()),
                ("required", required.as_str()),
                ("total", total.as_str()),
            ];
            messages.format_all("explanation.too_few_terms_matched", &values)
        }
        NotListedReason::Excluded => messages.get("explanation.excluded").to_owned(),
        NotListedReason::DuplicateOf(id) => {
            let (title, id) = (listed_duplicate.map_or("", Record::name), id.to_string());
            messages.format_all("explanation.duplicate", &[("title", title), ("id", &id)])
        }
    }
}

/// The contribution of a word to the score, as a list item.
fn term_line(word: &TermMatch) -> String {
    let reasons: Vec<&str> = word.reasons.iter().map(|reason| reason.text.as_str()).collect();
    format!("  {:>7.3}  {}: {}", word.score, word.word, reasons.join(", "))
}

/// Why a hit was found, as sentences.
pub(crate) fn sentences(messages: &Messages, explanation: &Explanation) -> String {
    if explanation.words.is_empty() {
        return messages.get("explanation.exclusions_only").to_owned();
    }
    let (matched, unmatched): (Vec<_>, Vec<_>) =
        explanation.words.iter().partition(|word| !word.reasons.is_empty());
    let matched: Vec<_> = matched.into_iter().map(|word| match_text(messages, word)).collect();
    let missing: Vec<_> = unmatched.iter().map(|word| format!("\"{}\"", word.word)).collect();
    let key =
        if explanation.all_words { "explanation.all_words" } else { "explanation.some_words" };
    let mut sentences = vec![messages.format(key, "matches", &matched.join(", "))];
    if !explanation.all_words {
        sentences.push(messages.format("explanation.missing", "words", &missing.join(", ")));
    }
    if explanation.proximity > 0.0 {
        sentences.push(messages.get("explanation.proximity").to_owned());
    }
    if explanation.recency > 0.0 {
        sentences.push(messages.get("explanation.recency").to_owned());
    }
    if explanation.preference > 0.0 {
        sentences.push(messages.get("explanation.preference").to_owned());
    }
    sentences.join(" ")
}

/// A matched word: the match reason, unless the word itself matched, and the fields.
fn match_text(messages: &Messages, word: &TermMatch) -> String {
    let is_in_text = word.reasons.iter().any(|reason| reason.kind == MatchKind::Word);
    if !is_in_text && word.reasons.iter().any(|reason| reason.kind == MatchKind::Form) {
        return messages.format("explanation.match_form", "word", &word.word);
    }
    let fields = field_names(messages, &word.fields);
    match reason_text(messages, word) {
        None => {
            messages.format_all("explanation.match", &[("word", &word.word), ("fields", &fields)])
        }
        Some(reason) => messages.format_all(
            "explanation.match_by",
            &[("word", &word.word), ("reason", &reason), ("fields", &fields)],
        ),
    }
}

/// The match reason of a word; `None` if the word itself matched.
fn reason_text(messages: &Messages, word: &TermMatch) -> Option<String> {
    if word.reasons.iter().any(|reason| reason.kind == MatchKind::Word) {
        return None;
    }
    let best = word.reasons.first()?;
    let key = match best.kind {
        MatchKind::Word | MatchKind::Form => return None,
        MatchKind::Part => "explanation.by_part",
        MatchKind::Joined => "explanation.by_joined",
        MatchKind::Prefix => "explanation.by_prefix",
        MatchKind::Correction => "explanation.by_correction",
        MatchKind::Synonym => "explanation.by_synonym",
    };
    let text = messages.format(key, "text", &best.text);
    Some(match &best.rule {
        Some(rule) => format!("{text}, {rule}"),
        None => text,
    })
}

/// The names of fields, such as `de titel en de tekst`.
fn field_names(messages: &Messages, fields: &[SearchField]) -> String {
    let names: Vec<_> =
        fields.iter().map(|field| messages.enum_label("search_field", field.name())).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => {
            let fields = rest.join(", ");
            messages.format_all("explanation.field_list", &[("fields", &fields), ("last", last)])
        }
    }
}

#[cfg(test)]
mod tests {
    use schema::{Language, MatchReason};

    use super::*;

    #[test]
    fn an_explanation_must_name_words_reasons_and_fields() {
        let word = |word: &str, reason: Option<(MatchKind, &str)>, fields: &[SearchField]| {
            let reasons =
                reason.map(|(kind, text)| MatchReason { kind, text: text.to_owned(), rule: None });
            TermMatch {
                word: word.to_owned(),
                fields: fields.to_vec(),
                reasons: reasons.into_iter().collect(),
                score: 1.0,
            }
        };
        let exact = |text| Some((MatchKind::Word, text));
        let fields = [SearchField::Title, SearchField::Lead, SearchField::Body];
        let brief = word("brief", exact("brief"), &fields);
        let klant = word("klantriets", Some((MatchKind::Correction, "klantreis")), &fields[2..]);
        for (words, proximity, dutch, english) in [
            (
                vec![brief.clone(), word("Noor", exact("Noor"), &[SearchField::Names])],
                1.0,
                "Alle woorden komen voor: \"brief\" in de titel, de inleiding en de tekst, \
                 \"Noor\" in de namen en thema’s. De woorden staan dicht bij elkaar.",
                "All words occur: \"brief\" in the title, the introduction and the text, \
                 \"Noor\" in the names and themes. The words are close together.",
            ),
            (
                vec![word("heldere", None, &[]), klant],
                0.0,
                "Een deel van de woorden komt voor: \"klantriets\" (gelezen als \"klantreis\") \
                 in de tekst. Niet gevonden: \"heldere\".",
                "Some of the words occur: \"klantriets\" (read as \"klantreis\") in the text. \
                 Not found: \"heldere\".",
            ),
            // The text may contain a related word as well.
            (
                vec![word("interview", Some((MatchKind::Form, "interview")), &fields[2..])],
                0.0,
                "Alle woorden komen voor: \"interview\" is de vorm of de tijd van dit resultaat.",
                "All words occur: \"interview\" is the form or the time of this result.",
            ),
        ] {
            let all_words = words.iter().all(|word| !word.reasons.is_empty());
            let explanation = Explanation {
                all_words,
                words,
                stop_words: 0.0,
                proximity,
                recency: 0.0,
                preference: 0.0,
            };
            let sentences = |language| sentences(Messages::of(language), &explanation);
            assert_eq!(sentences(Language::Nl), dutch);
            assert_eq!(sentences(Language::En), english);
        }
    }
}
