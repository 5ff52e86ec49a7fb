//! The passage of a text that names an organisation, as evidence of its work.

use std::sync::Arc;

use indexer::catalog::{CatalogError, Snapshot};
use schema::{Highlight, Record, SearchField, Span, normalisation};

use crate::truncation::{truncate_at_word, with_ellipses};

/// Maximum length in characters of the opening text, which is shown if no sentence matches.
const OPENING_MAX: usize = 200;
/// A fragment with at most this many characters outside its highlights is not shown as a sentence.
const CONTEXT_LETTERS_MIN: usize = 12;

/// The best passage of a record about the work of an organisation.
pub(crate) struct OrganisationPassage {
    /// Whether the passage names the organisation.
    pub(crate) names_organisation: bool,
    /// The passage; if none matches, the start of the text.
    pub(crate) spans: Vec<Span>,
}

/// The best passage of each record that names `organisation`, in the order of the records. `words`
/// are highlighted too.
///
/// # Errors
/// That of the catalog.
pub(crate) async fn find(
    snapshot: &Snapshot,
    records: &[Arc<Record>],
    (organisation, words): (&str, &str),
) -> Result<Vec<OrganisationPassage>, CatalogError> {
    let query = format!("\"{}\" {words}", organisation.replace('"', " "));
    let highlight_lists = snapshot.highlights(query, records.to_vec()).await?;
    let ids: Vec<_> = records.iter().map(|record| record.id()).collect();
    let bodies = snapshot.bodies(&ids).await?;
    let passage = |((record, highlights), body): ((&Arc<Record>, &Vec<Highlight>), &Option<_>)| {
        let sentence = sentence(highlights, organisation);
        let summary = record.common().and_then(|common| common.summary.as_deref());
        let body = body.as_ref().map(|body: &Arc<schema::Body>| body.text.as_str());
        let opening = summary.or(body).map(|text| truncate_at_word(text, OPENING_MAX));
        let opening = opening.map(|text| vec![Span { text, highlighted: false }]);
        OrganisationPassage {
            names_organisation: sentence.is_some(),
            spans: sentence.or(opening).unwrap_or_default(),
        }
    };
    Ok(records.iter().zip(&highlight_lists).zip(&bodies).map(passage).collect())
}

/// The fragment of a text that names `organisation`. A passage that only has some words of the
/// name, such as *gemeente*, says nothing about it.
fn sentence(highlights: &[Highlight], organisation: &str) -> Option<Vec<Span>> {
    let texts = highlights
        .iter()
        .filter(|highlight| matches!(highlight.field, SearchField::Lead | SearchField::Body));
    let context_letters =
        |span: &Span| if span.highlighted { 0 } else { span.text.trim().chars().count() };
    let is_sentence =
        |spans: &&Vec<Span>| spans.iter().map(context_letters).sum::<usize>() > CONTEXT_LETTERS_MIN;
    let mut fragments = texts.flat_map(|one| &one.fragments).filter(is_sentence);
    let name = normalisation::name(organisation);
    let naming = fragments.find(|spans| normalisation::name(&text(spans)).contains(&name))?;
    Some(with_ellipses(&marked(naming, organisation)))
}

fn text(spans: &[Span]) -> String {
    spans.iter().map(|span| span.text.as_str()).collect()
}

/// The fragment with its marks, of which those of words of the name only where the name is whole.
fn marked(spans: &[Span], organisation: &str) -> Vec<Span> {
    let text = text(spans);
    let (lower, name) = (text.to_lowercase(), organisation.to_lowercase());
    let is_comparable = lower.len() == text.len() && !name.is_empty();
    let names: Vec<_> = lower
        .match_indices(&name)
        .filter(|_| is_comparable)
        .map(|(start, found)| start..start + found.len())
        .filter(|range| text.is_char_boundary(range.start) && text.is_char_boundary(range.end))
        .collect();
    // A name in another notation keeps its marks.
    if names.is_empty() {
        return spans.to_vec();
    }
    let words = normalisation::name(organisation);
    let is_word = |text: &str| {
        let text = normalisation::name(text);
        words.split(' ').any(|word| word == text)
    };
    let mut marks = names;
    let mut start = 0;
    for span in spans {
        let range = start..start + span.text.len();
        start = range.end;
        if span.highlighted && !is_word(&span.text) {
            marks.push(range);
        }
    }
    marks.sort_by_key(|range| range.start);
    let (mut end, mut marked) = (0, Vec::new());
    let span = |text: &str, highlighted| Span { text: text.to_owned(), highlighted };
    for mark in marks.into_iter().filter(|mark| mark.start < mark.end) {
        // A mark within the last one.
        if mark.start < end {
            continue;
        }
        if mark.start > end {
            marked.push(span(&text[end..mark.start], false));
        }
        marked.push(span(&text[mark.clone()], true));
        end = mark.end;
    }
    if end < text.len() {
        marked.push(span(&text[end..], false));
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn highlight(field: SearchField, texts: &[&str]) -> Highlight {
        let spans = |text: &&str| vec![Span { text: (*text).to_owned(), highlighted: false }];
        Highlight { field, fragments: texts.iter().map(spans).collect() }
    }

    #[test]
    fn only_a_sentence_that_names_the_organisation_must_be_chosen() {
        let highlights = [
            highlight(SearchField::Title, &["Gemeente Duinstad"]),
            highlight(
                SearchField::Body,
                &["Een tekst over taal.", "Bij gemeente Duinstad werkt het"],
            ),
        ];
        let chosen = sentence(&highlights, "Gemeente Duinstad").unwrap();
        assert_eq!(text(&chosen), "Bij gemeente Duinstad werkt het…");
        assert_eq!(sentence(&highlights, "Provincie Merenland"), None);
        assert_eq!(sentence(&highlights[..1], "Gemeente Duinstad"), None);
    }

    #[test]
    fn words_of_a_name_must_be_marked_in_the_whole_name_only() {
        let span = |text: &str, highlighted| Span { text: text.to_owned(), highlighted };
        let spans = [
            span("Elke ", false),
            span("gemeente", true),
            span(" leert van ", false),
            span("Gemeente", true),
            span(" ", false),
            span("Rotterdam", true),
            span(": een ", false),
            span("klantreis", true),
            span(".", false),
        ];
        let marks = |organisation: &str| -> Vec<_> {
            let spans = marked(&spans, organisation).into_iter();
            spans.filter(|span| span.highlighted).map(|span| span.text).collect()
        };
        assert_eq!(marks("Gemeente Rotterdam"), ["Gemeente Rotterdam", "klantreis"]);
        assert_eq!(text(&marked(&spans, "Gemeente Rotterdam")), text(&spans));
        assert_eq!(marks("Rotterdam"), ["gemeente", "Gemeente", "Rotterdam", "klantreis"]);
        assert_eq!(marks("Provincie Zeeland").len(), 4);
    }
}
