//! The passage of a text that names an organisation, as evidence of its work.

use std::sync::Arc;

use indexer::catalog::{CatalogError, Snapshot};
use schema::{Highlight, Record, SearchField, Span, normalisation};

use crate::truncation::truncate_at_word;

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
        let (names_organisation, sentence) = sentence(highlights, organisation);
        let summary = record.common().and_then(|common| common.summary.as_deref());
        let body = body.as_ref().map(|body: &Arc<schema::Body>| body.text.as_str());
        let opening = summary.or(body).map(|text| truncate_at_word(text, OPENING_MAX));
        let opening = opening.map(|text| vec![Span { text, highlighted: false }]);
        OrganisationPassage { names_organisation, spans: sentence.or(opening).unwrap_or_default() }
    };
    Ok(records.iter().zip(&highlight_lists).zip(&bodies).map(passage).collect())
}

/// The fragment of a text that names `organisation`, otherwise the best one; and whether it names
/// it.
fn sentence(highlights: &[Highlight], organisation: &str) -> (bool, Option<Vec<Span>>) {
    let texts = highlights
        .iter()
        .filter(|highlight| matches!(highlight.field, SearchField::Lead | SearchField::Body));
    let context_letters =
        |span: &Span| if span.highlighted { 0 } else { span.text.trim().chars().count() };
    let is_sentence =
        |spans: &&Vec<Span>| spans.iter().map(context_letters).sum::<usize>() > CONTEXT_LETTERS_MIN;
    let fragments = || texts.clone().flat_map(|one| &one.fragments).filter(is_sentence);
    let organisation = normalisation::name(organisation);
    let text = |spans: &[Span]| spans.iter().map(|span| span.text.as_str()).collect::<String>();
    let naming =
        fragments().find(|spans| normalisation::name(&text(spans)).contains(&organisation));
    let chosen = naming.or_else(|| fragments().next()).cloned();
    let chosen = chosen.map(|mut spans| {
        if !text(&spans).ends_with(['.', '!', '?', '…']) {
            spans.push(Span { text: "…".to_owned(), highlighted: false });
        }
        spans
    });
    (naming.is_some(), chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn highlight(field: SearchField, texts: &[&str]) -> Highlight {
        let spans = |text: &&str| vec![Span { text: (*text).to_owned(), highlighted: false }];
        Highlight { field, fragments: texts.iter().map(spans).collect() }
    }

    #[test]
    fn the_sentence_that_names_the_organisation_must_be_chosen_before_a_better_one() {
        let highlights = [
            highlight(SearchField::Title, &["Gemeente Duinstad"]),
            highlight(
                SearchField::Body,
                &["Een tekst over taal.", "Bij gemeente Duinstad werkt het"],
            ),
        ];
        let (names_organisation, spans) = sentence(&highlights, "Gemeente Duinstad");
        let text: String = spans.unwrap().into_iter().map(|span| span.text).collect();
        assert_eq!((names_organisation, text.as_str()), (true, "Bij gemeente Duinstad werkt het…"));
        let (names_organisation, spans) = sentence(&highlights, "Provincie Merenland");
        assert_eq!(
            (names_organisation, spans.unwrap()[0].text.as_str()),
            (false, "Een tekst over taal.")
        );
        assert_eq!(sentence(&highlights[..1], "Gemeente Duinstad"), (false, None));
    }
}
