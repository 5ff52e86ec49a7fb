//! Why something was found, or was not, in plain Dutch: for editors, in GraphQL and on the command
//! line.

use indexer::catalog::{Absence, Standing};
use schema::{Explanation, MatchKind, Record, SearchField, WordMatch};

/// Where content stands for a question, and why, as sentences.
pub(crate) fn standing(standing: &Standing, question: &str) -> String {
    let title = standing.record.name();
    let listed = match standing.place {
        Some(place) => format!("staat op plaats {place} van {}", standing.total),
        None => format!("staat niet in de lijst van {}", standing.total),
    };
    let mut text = vec![format!("\"{title}\" {listed} voor de vraag: {question}")];
    let interpretation = &standing.interpretation;
    if let Some(corrected) = &interpretation.corrected {
        text.push(format!("De vraag is gelezen als: {corrected}"));
    }
    if !interpretation.ignored_words.is_empty() {
        text.push(format!("Niet op gezocht: {}.", interpretation.ignored_words.join(", ")));
    }
    text.extend(standing.absence.map(|why| absence(why, standing.instead.as_ref())));
    match &standing.explanation {
        Some(explanation) if standing.absence != Some(Absence::NoWord) => {
            text.push(sentences(explanation));
            text.extend(explanation.words.iter().map(line));
            if standing.place.is_some() {
                let rest = [("nabijheid", explanation.nearness), ("datum", explanation.recency)];
                text.extend(rest.map(|(what, score)| format!("  {score:>7.3}  {what}")));
                text.push(format!("  {:>7.3}  samen", standing.score));
            }
        }
        Some(_) => {}
        None => text.push("De vraag vraagt naar niets.".to_owned()),
    }
    text.join("\n")
}

/// Why content is not listed.
fn absence(absence: Absence, instead: Option<&Record>) -> String {
    match absence {
        Absence::NoWord => {
            "Geen enkel woord van de vraag komt erin voor, ook niet in een andere vorm of als deel \
             van een woord."
                .to_owned()
        }
        Absence::TooFewWords { has, needed, words } => format!(
            "Het heeft {has} van de {words} woorden van de vraag; nodig zijn er {needed}, omdat er \
             genoeg ander aanbod is dat er meer heeft."
        ),
        Absence::RuledOut => {
            "Het heeft genoeg woorden van de vraag, maar voldoet niet aan een voorwaarde: een \
             \"exacte zin\", een -woord of een veld zoals titel: sluit het uit."
                .to_owned()
        }
        Absence::SameAs(id) => format!(
            "Het is op een paar woorden na gelijk aan \"{}\" ({id}) van dezelfde bron, dat er al \
             staat.",
            instead.map_or("", Record::name)
        ),
    }
}

/// What one word brought, for a list.
fn line(word: &WordMatch) -> String {
    let ways: Vec<&str> = word.ways.iter().map(|way| way.text.as_str()).collect();
    format!("  {:>7.3}  {}: {}", word.score, word.word, ways.join(", "))
}

/// Why a hit was found, as sentences.
pub(crate) fn sentences(explanation: &Explanation) -> String {
    if explanation.words.is_empty() {
        return "Er is niet naar woorden gevraagd, alleen naar wat er niet in mag staan."
            .to_owned();
    }
    let (found, lacking): (Vec<_>, Vec<_>) =
        explanation.words.iter().partition(|word| !word.ways.is_empty());
    let found: Vec<String> = found
        .into_iter()
        .map(|word| format!("\"{}\"{} in {}", word.word, way(word), places(&word.fields)))
        .collect();
    let mut sentences = vec![format!("Alle woorden komen voor: {}.", found.join(", "))];
    if !explanation.all_words {
        let lacking: Vec<_> = lacking.iter().map(|word| format!("\"{}\"", word.word)).collect();
        sentences = vec![
            format!("Niet alle woorden komen voor: {}.", found.join(", ")),
            format!("Niet gevonden: {}.", lacking.join(", ")),
        ];
    }
    if explanation.nearness > 0.0 {
        sentences.push("De woorden staan dicht bij elkaar.".to_owned());
    }
    if explanation.recency > 0.0 {
        sentences.push("De datum telt mee.".to_owned());
    }
    sentences.join(" ")
}

/// How a word was found, where that was not by the word itself.
fn way(word: &WordMatch) -> String {
    let Some(best) = word.ways.first() else { return String::new() };
    let text = &best.text;
    match best.kind {
        _ if word.ways.iter().any(|way| way.kind == MatchKind::Word) => String::new(),
        MatchKind::Word => String::new(),
        MatchKind::Part => format!(" (alleen het deel \"{text}\")"),
        MatchKind::Joined => format!(" (geschreven als \"{text}\")"),
        MatchKind::Prefix => format!(" (als begin van \"{text}\")"),
        MatchKind::Correction => format!(" (gelezen als \"{text}\")"),
        MatchKind::Synonym => format!(" (als \"{text}\", dat hetzelfde betekent)"),
    }
}

/// Names of fields in plain Dutch, such as `de titel en de tekst`.
fn places(fields: &[SearchField]) -> String {
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
        [front @ .., last] => format!("{} en {last}", front.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use schema::MatchWay;

    use super::*;

    #[test]
    fn an_explanation_must_be_sentences_that_name_words_ways_and_places() {
        let word = |word: &str, way: Option<(MatchKind, &str)>, fields: &[SearchField]| {
            let ways = way.map(|(kind, text)| MatchWay { kind, text: text.to_owned() });
            WordMatch {
                word: word.to_owned(),
                fields: fields.to_vec(),
                ways: ways.into_iter().collect(),
                score: 1.0,
            }
        };
        let own = |text| Some((MatchKind::Word, text));
        let places = [SearchField::Title, SearchField::Lead, SearchField::Body];
        let brief = word("brief", own("brief"), &places);
        let klant = word("klantriets", Some((MatchKind::Correction, "klantreis")), &places[2..]);
        for (words, nearness, text) in [
            (
                vec![brief.clone(), word("Noor", own("Noor"), &[SearchField::Names])],
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
            let all_words = words.iter().all(|word| !word.ways.is_empty());
            let explanation = Explanation { all_words, words, nearness, recency: 0.0 };
            assert_eq!(sentences(&explanation), text);
        }
    }
}
