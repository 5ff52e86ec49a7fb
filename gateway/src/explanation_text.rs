//! Explanations of ranking in plain Dutch, for editors: in GraphQL and on the command line.

use indexer::catalog::{NotListedReason, RankExplanation};
use schema::{Explanation, MatchKind, Record, SearchField, TermMatch};

/// Explains the rank of a record for a query.
pub(crate) fn describe_rank(rank_explanation: &RankExplanation, query: &str) -> String {
    let title = rank_explanation.record.name();
    let listed = match rank_explanation.rank {
        Some(rank) => format!("staat op plaats {rank} van {}", rank_explanation.total),
        None => format!("staat niet in de lijst van {}", rank_explanation.total),
    };
    let mut text = vec![format!("\"{title}\" {listed} voor de vraag: {query}")];
    let interpretation = &rank_explanation.interpretation;
    if let Some(corrected) = &interpretation.corrected {
        text.push(format!("De vraag is gelezen als: {corrected}"));
    }
    if !interpretation.ignored_words.is_empty() {
        text.push(format!("Niet op gezocht: {}.", interpretation.ignored_words.join(", ")));
    }
    text.extend(
        rank_explanation
            .not_listed_reason
            .map(|reason| not_listed_text(reason, rank_explanation.listed_duplicate.as_ref())),
    );
    match &rank_explanation.explanation {
        Some(explanation)
            if rank_explanation.not_listed_reason != Some(NotListedReason::NoTermMatched) =>
        {
            text.push(sentences(explanation));
            text.extend(explanation.words.iter().map(term_line));
            if rank_explanation.rank.is_some() {
                let components = [
                    ("stopwoorden in de titel", explanation.stop_words),
                    ("nabijheid", explanation.proximity),
                    ("datum", explanation.recency),
                ];
                text.extend(components.map(|(what, score)| format!("  {score:>7.3}  {what}")));
                text.push(format!("  {:>7.3}  samen", rank_explanation.score));
            }
        }
        Some(_) => {}
        None => text.push("De vraag vraagt naar niets.".to_owned()),
    }
    text.join("\n")
}

/// The reason why a record is not listed.
fn not_listed_text(reason: NotListedReason, listed_duplicate: Option<&Record>) -> String {
    match reason {
        NotListedReason::NoTermMatched => {
            "Geen enkel woord van de vraag komt erin voor, ook niet in een andere vorm of als deel \
             van een woord."
                .to_owned()
        }
        NotListedReason::TooFewTermsMatched { matched: has, required: needed, total: words } => {
            format!(
                "Het heeft {has} van de {words} woorden van de vraag; nodig zijn er {needed}, omdat er \
             genoeg ander aanbod is dat er meer heeft."
            )
        }
        NotListedReason::Excluded => {
            "Het heeft genoeg woorden van de vraag, maar voldoet niet aan een voorwaarde: een \
             \"exacte zin\", een -woord of een veld zoals titel: sluit het uit."
                .to_owned()
        }
        NotListedReason::DuplicateOf(id) => format!(
            "Het is op een paar woorden na gelijk aan \"{}\" ({id}) van dezelfde bron, dat er al \
             staat.",
            listed_duplicate.map_or("", Record::name)
        ),
    }
}

/// The contribution of one word, as a line of a list.
fn term_line(word: &TermMatch) -> String {
    let reasons: Vec<&str> = word.reasons.iter().map(|reason| reason.text.as_str()).collect();
    format!("  {:>7.3}  {}: {}", word.score, word.word, reasons.join(", "))
}

/// Explains why a hit was found.
pub(crate) fn sentences(explanation: &Explanation) -> String {
    if explanation.words.is_empty() {
        return "Er is niet naar woorden gevraagd, alleen naar wat er niet in mag staan."
            .to_owned();
    }
    let (matched, unmatched): (Vec<_>, Vec<_>) =
        explanation.words.iter().partition(|word| !word.reasons.is_empty());
    let matched: Vec<String> = matched
        .into_iter()
        .map(|word| {
            format!("\"{}\"{} in {}", word.word, reason_text(word), field_names(&word.fields))
        })
        .collect();
    let mut sentences = vec![format!("Alle woorden komen voor: {}.", matched.join(", "))];
    if !explanation.all_words {
        let unmatched: Vec<_> = unmatched.iter().map(|word| format!("\"{}\"", word.word)).collect();
        sentences = vec![
            format!("Niet alle woorden komen voor: {}.", matched.join(", ")),
            format!("Niet gevonden: {}.", unmatched.join(", ")),
        ];
    }
    if explanation.proximity > 0.0 {
        sentences.push("De woorden staan dicht bij elkaar.".to_owned());
    }
    if explanation.recency > 0.0 {
        sentences.push("De datum telt mee.".to_owned());
    }
    sentences.join(" ")
}

/// How a word was matched, if not literally.
fn reason_text(word: &TermMatch) -> String {
    let Some(best) = word.reasons.first() else { return String::new() };
    let text = &best.text;
    match best.kind {
        _ if word.reasons.iter().any(|reason| reason.kind == MatchKind::Word) => String::new(),
        MatchKind::Word => String::new(),
        MatchKind::Part => format!(" (alleen het deel \"{text}\")"),
        MatchKind::Joined => format!(" (geschreven als \"{text}\")"),
        MatchKind::Prefix => format!(" (als begin van \"{text}\")"),
        MatchKind::Correction => format!(" (gelezen als \"{text}\")"),
        MatchKind::Synonym => format!(" (als \"{text}\", dat hetzelfde betekent)"),
    }
}

/// Names of fields in plain Dutch, such as `de titel en de tekst`.
fn field_names(fields: &[SearchField]) -> String {
    let name = |field: &SearchField| match field {
        SearchField::Title => "de titel",
        SearchField::Lead => "de inleiding",
        SearchField::Body => "de tekst",
        SearchField::Names => "de namen en thema's",
    };
    let names: Vec<&str> = fields.iter().map(name).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} en {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use schema::MatchReason;

    use super::*;

    #[test]
    fn an_explanation_must_name_words_reasons_and_fields() {
        let word = |word: &str, reason: Option<(MatchKind, &str)>, fields: &[SearchField]| {
            let reasons = reason.map(|(kind, text)| MatchReason { kind, text: text.to_owned() });
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
        for (words, proximity, text) in [
            (
                vec![brief.clone(), word("Noor", exact("Noor"), &[SearchField::Names])],
                1.0,
                "Alle woorden komen voor: \"brief\" in de titel, de inleiding en de tekst, \
                 \"Noor\" in de namen en thema's. De woorden staan dicht bij elkaar.",
            ),
            (
                vec![word("heldere", None, &[]), klant],
                0.0,
                "Niet alle woorden komen voor: \"klantriets\" (gelezen als \"klantreis\") in de \
                 tekst. Niet gevonden: \"heldere\".",
            ),
        ] {
            let all_words = words.iter().all(|word| !word.reasons.is_empty());
            let explanation =
                Explanation { all_words, words, stop_words: 0.0, proximity, recency: 0.0 };
            assert_eq!(sentences(&explanation), text);
        }
    }
}
