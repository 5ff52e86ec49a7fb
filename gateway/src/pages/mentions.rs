//! Mentions as evidence of work: records, each with the sentence that mentions the organisation.

use schema::{
    Highlight, NodeKind, Record, SearchExtras, SearchField, SearchFilter, SearchSort, Span,
    normalisation,
};

use super::{PageContext, PageError, hit, home, record_lookup, site};

/// Maximum number of recent records searched for a sentence.
const CANDIDATES_MAX: usize = 6;
/// Maximum number of mentions shown.
const ITEMS_SHOWN: usize = 2;
/// Maximum length in characters of the opening text, which is shown if no sentence matches.
const OPENING_MAX: usize = 200;
/// A fragment with at most this many characters outside its highlights is not shown as a sentence.
const CONTEXT_LETTERS_MIN: usize = 12;

/// A record with the sentence that mentions the organisation.
pub(super) struct Mention {
    pub(super) href: String,
    pub(super) lang: &'static str,
    pub(super) title: String,
    pub(super) kind: String,
    pub(super) date: String,
    pub(super) sentence: Vec<Span>,
}

/// The newest records that match a filter, those with a sentence that names `organisation` first.
/// The words of `theme` are highlighted too.
pub(super) async fn find(
    context: PageContext<'_>,
    filter: SearchFilter,
    (organisation, theme): (&str, &str),
) -> Result<Vec<Mention>, PageError> {
    let extras = SearchExtras::default();
    let results =
        home::search_filtered(context, filter, SearchSort::Newest, CANDIDATES_MAX, extras).await?;
    let records: Vec<_> = results.hits.into_iter().map(|hit| hit.record).collect();
    let query = format!("\"{}\" {theme}", organisation.replace('"', " "));
    let highlight_lists = context.snapshot.highlights(query, records.clone()).await?;
    let ids: Vec<_> = records.iter().map(|record| record.id()).collect();
    let bodies = context.snapshot.bodies(&ids).await?;
    let mut mentions = Vec::new();
    for ((record, highlights), body) in records.iter().zip(&highlight_lists).zip(&bodies) {
        let (Some(common), Some(path), Some(kind)) =
            (record.common(), site::path(record), record.kind())
        else {
            continue;
        };
        let (names_organisation, sentence) = sentence(highlights, organisation);
        let opening = common.summary.as_deref().or(body.as_ref().map(|body| body.text.as_str()));
        let opening = opening.map(|text| hit::truncate_at_word(text, OPENING_MAX));
        let opening = opening.map(|text| vec![Span { text, highlighted: false }]);
        let mention = Mention {
            href: context.site.href(context.messages.language, &path),
            lang: record_lookup::foreign_language_code(context, common.language),
            title: common.title.clone(),
            kind: context.messages.enum_label("kind", kind.name()),
            date: date(context, record),
            sentence: sentence.or(opening).unwrap_or_default(),
        };
        mentions.push((names_organisation, mention));
    }
    // A stable sort: among equals, newest first.
    mentions.sort_by_key(|(names_organisation, _)| !names_organisation);
    Ok(mentions.into_iter().take(ITEMS_SHOWN).map(|(_, mention)| mention).collect())
}

/// The date of a publication, or the date and time of an event, as precise as it is known.
fn date(context: PageContext<'_>, record: &Record) -> String {
    let language = context.messages.language;
    if let Record::Event(event) = record {
        return event.start.describe(language);
    }
    let published_at = record.common().and_then(|common| common.published_at.as_ref());
    published_at.map(|moment| moment.describe_date(language)).unwrap_or_default()
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

/// Restricts a filter to records about an entity.
pub(super) fn filter_by_entity(mut filter: SearchFilter, id: schema::NodeId) -> SearchFilter {
    match id.kind() {
        NodeKind::Theme => filter.themes.push(id),
        NodeKind::Audience => filter.audiences.push(id),
        _ => filter.organisations.push(id),
    }
    filter
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
