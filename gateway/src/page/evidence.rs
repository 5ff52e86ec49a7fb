//! What shows that something was done: things, each with the sentence in which it stands.

use schema::{
    Highlight, NodeKind, Record, SearchField, SearchFilter, SearchSort, Span, Wanted, fold,
};

use super::{PageError, Visit, hit, names, site, start};

/// So many of the newest things are looked through for a sentence.
const LOOKED_THROUGH: usize = 6;
/// So many of them are shown.
const SHOWN: usize = 2;
/// Where no sentence has the words, so many characters of the opening stand in.
const OPENING_MAX: usize = 200;
/// A stretch with no more letters than this beside what is marked in it is no sentence.
const BESIDE_MIN: usize = 12;

/// One thing that shows it.
pub(super) struct Evidence {
    pub(super) href: String,
    pub(super) lang: &'static str,
    pub(super) title: String,
    pub(super) kind: String,
    pub(super) date: String,
    pub(super) sentence: Vec<Span>,
}

/// The newest things that conditions leave, those that name `who` in a sentence first. Words of
/// `what` are marked, too.
pub(super) async fn of(
    visit: Visit<'_>,
    filter: SearchFilter,
    (who, what): (&str, &str),
) -> Result<Vec<Evidence>, PageError> {
    let wanted = Wanted::default();
    let found = start::found(visit, filter, SearchSort::Newest, LOOKED_THROUGH, wanted).await?;
    let records: Vec<_> = found.hits.into_iter().map(|hit| hit.record).collect();
    let words = format!("\"{}\" {what}", who.replace('"', " "));
    let marked = visit.snapshot.highlights(words, records.clone()).await?;
    let ids: Vec<_> = records.iter().map(|record| record.id()).collect();
    let bodies = visit.snapshot.bodies(&ids).await?;
    let mut shown = Vec::new();
    for ((record, highlights), body) in records.iter().zip(&marked).zip(&bodies) {
        let (Some(common), Some(path), Some(kind)) =
            (record.common(), site::path(record), record.kind())
        else {
            continue;
        };
        let (names_it, sentence) = sentence(highlights, who);
        let opening = common.summary.as_deref().or(body.as_ref().map(|body| body.text.as_str()));
        let opening = opening.map(|text| hit::shortened(text, OPENING_MAX));
        let opening = opening.map(|text| vec![Span { text, hit: false }]);
        let evidence = Evidence {
            href: visit.site.href(visit.words.language, &path),
            lang: names::foreign(visit, common.language),
            title: common.title.clone(),
            kind: visit.words.name("kind", kind.name()),
            date: date(visit, record),
            sentence: sentence.or(opening).unwrap_or_default(),
        };
        shown.push((names_it, evidence));
    }
    // Newest first stays among equals.
    shown.sort_by_key(|(names_it, _)| !names_it);
    Ok(shown.into_iter().take(SHOWN).map(|(_, evidence)| evidence).collect())
}

/// When something is or was published, as exact as it is known.
fn date(visit: Visit<'_>, record: &Record) -> String {
    match record {
        Record::Event(event) => event.start.describe(visit.words.language),
        _ => record.dated().map(|at| visit.words.day_of(at)).unwrap_or_default(),
    }
}

/// The stretch of a text that names `who`, else the best one; and whether it names them.
fn sentence(highlights: &[Highlight], who: &str) -> (bool, Option<Vec<Span>>) {
    let texts = highlights
        .iter()
        .filter(|highlight| matches!(highlight.field, SearchField::Lead | SearchField::Body));
    let beside = |span: &Span| if span.hit { 0 } else { span.text.trim().chars().count() };
    let is_sentence = |spans: &&Vec<Span>| spans.iter().map(beside).sum::<usize>() > BESIDE_MIN;
    let stretches = || texts.clone().flat_map(|one| &one.fragments).filter(is_sentence);
    let who = fold::name(who);
    let text = |spans: &[Span]| spans.iter().map(|span| span.text.as_str()).collect::<String>();
    let naming = stretches().find(|spans| fold::name(&text(spans)).contains(&who));
    let chosen = naming.or_else(|| stretches().next()).cloned();
    let chosen = chosen.map(|mut spans| {
        if !text(&spans).ends_with(['.', '!', '?', '…']) {
            spans.push(Span { text: "…".to_owned(), hit: false });
        }
        spans
    });
    (naming.is_some(), chosen)
}

/// The condition that something is about a thing.
pub(super) fn with(mut filter: SearchFilter, id: schema::NodeId) -> SearchFilter {
    match id.kind() {
        NodeKind::Theme => filter.themes.push(id),
        _ => filter.organisations.push(id),
    }
    filter
}

#[cfg(test)]
mod tests {
    use super::*;

    fn highlight(field: SearchField, texts: &[&str]) -> Highlight {
        let spans = |text: &&str| vec![Span { text: (*text).to_owned(), hit: false }];
        Highlight { field, fragments: texts.iter().map(spans).collect() }
    }

    #[test]
    fn the_sentence_that_names_somebody_must_be_chosen_before_a_better_one() {
        let found = [
            highlight(SearchField::Title, &["Gemeente Duinstad"]),
            highlight(
                SearchField::Body,
                &["Een tekst over taal.", "Bij gemeente Duinstad werkt het"],
            ),
        ];
        let (names_it, spans) = sentence(&found, "Gemeente Duinstad");
        let text: String = spans.unwrap().into_iter().map(|span| span.text).collect();
        assert_eq!((names_it, text.as_str()), (true, "Bij gemeente Duinstad werkt het…"));
        let (names_it, spans) = sentence(&found, "Provincie Merenland");
        assert_eq!((names_it, spans.unwrap()[0].text.as_str()), (false, "Een tekst over taal."));
        assert_eq!(sentence(&found[..1], "Gemeente Duinstad"), (false, None));
    }
}
