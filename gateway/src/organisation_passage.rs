//! The passage of a text that names an organisation, as evidence of its work.

use std::{ops::Range, sync::Arc};

use indexer::catalog::{CatalogError, SEARCH_QUERY_BYTES_MAX, Snapshot};
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
/// are highlighted too, unless they are too long together with the name.
///
/// # Errors
/// That of the catalog.
pub(crate) async fn find(
    snapshot: &Snapshot,
    records: &[Arc<Record>],
    organisation: &str,
    words: &str,
) -> Result<Vec<OrganisationPassage>, CatalogError> {
    let name = format!("\"{}\"", organisation.replace('"', " "));
    let query = format!("{name} {words}");
    let query = if query.len() > SEARCH_QUERY_BYTES_MAX { name } else { query };
    let highlight_lists = snapshot.highlights(query, records.to_vec()).await?;
    let sentences: Vec<_> =
        highlight_lists.iter().map(|highlights| sentence(highlights, organisation)).collect();
    let summary = |record: &Record| record.common().and_then(|common| common.summary.clone());
    let without_text = records
        .iter()
        .zip(&sentences)
        .filter(|(record, sentence)| sentence.is_none() && summary(record).is_none());
    let ids: Vec<_> = without_text.map(|(record, _)| record.id()).collect();
    let mut bodies = snapshot.bodies(&ids).await?.into_iter();
    let mut passages = Vec::with_capacity(records.len());
    for (record, sentence) in records.iter().zip(sentences) {
        let names_organisation = sentence.is_some();
        let spans = sentence.unwrap_or_else(|| {
            let body = || bodies.next().flatten().map(|body| body.text.clone());
            let opening = summary(record).or_else(body);
            let opening = opening.map(|text| truncate_at_word(&text, OPENING_MAX));
            opening.map(|text| Span { text, highlighted: false }).into_iter().collect()
        });
        passages.push(OrganisationPassage { names_organisation, spans });
    }
    Ok(passages)
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
    let names = |spans: &&Vec<Span>| {
        let text = normalisation::name(&text(spans));
        whole_matches(&text, &name).next().is_some()
    };
    let naming = fragments.find(names)?;
    Some(with_ellipses(&marked(naming, organisation)))
}

/// Where a name is in a text, as whole words: DICTU does not name ICTU.
fn whole_matches<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
    let is_within = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    let ranges = text.match_indices(name).map(|(start, found)| start..start + found.len());
    ranges.filter(move |range| {
        let (before, after) = (&text[..range.start], &text[range.end..]);
        !range.is_empty()
            && !is_within(before.chars().next_back())
            && !is_within(after.chars().next())
    })
}

fn text(spans: &[Span]) -> String {
    spans.iter().map(|span| span.text.as_str()).collect()
}

/// The fragment with its marks, of which those of words of the name only where the name is whole.
fn marked(spans: &[Span], organisation: &str) -> Vec<Span> {
    let text = text(spans);
    let (lower, name) = (text.to_lowercase(), organisation.to_lowercase());
    let is_comparable = lower.len() == text.len();
    let is_span = |range: &Range<usize>| {
        is_comparable && text.is_char_boundary(range.start) && text.is_char_boundary(range.end)
    };
    let names: Vec<_> = whole_matches(&lower, &name).filter(is_span).collect();
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
    fn a_name_must_be_whole_words() {
        let names = |text: &str, organisation: &str| {
            sentence(&[highlight(SearchField::Body, &[text])], organisation).is_some()
        };
        assert!(names("Bij ICTU werkt het anders.", "ICTU"));
        assert!(names("Wat (ICTU) doet, werkt anders.", "ICTU"));
        for (text, organisation) in [
            ("Bij DICTU werkt het anders.", "ICTU"),
            ("Dat is belangrijk voor iedereen.", "Rijk"),
            ("Wij kunnen dat niet alleen.", "NEN"),
            ("Wij kunnen dat niet alleen.", "'"),
            ("Wij kunnen dat niet alleen.", ""),
        ] {
            assert!(!names(text, organisation), "{organisation}: {text}");
        }
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
