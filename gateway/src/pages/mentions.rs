//! Mentions as evidence of work: records, each with the sentence that mentions the organisation.

use schema::{NodeKind, Record, SearchExtras, SearchFilter, SearchSort, Span};

use super::{PageContext, PageError, home, record_lookup, site};
use crate::organisation_passage;

/// Maximum number of recent records searched for a sentence.
const CANDIDATES_MAX: usize = 6;
/// Maximum number of mentions shown.
const ITEMS_SHOWN: usize = 2;

/// A record with the sentence that mentions the organisation.
pub(super) struct Mention {
    pub(super) href: String,
    pub(super) lang: &'static str,
    pub(super) title: String,
    pub(super) kind: String,
    pub(super) date: String,
    pub(super) sentence: Vec<Span>,
}

/// The newest records that match a filter: those with a sentence that names `organisation`, or all
/// if there are none.
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
    let passages =
        organisation_passage::find(context.snapshot, &records, organisation, theme).await?;
    let mut mentions = Vec::new();
    for (record, passage) in records.iter().zip(passages) {
        let (Some(common), Some(path), Some(kind)) =
            (record.common(), site::path(record), record.kind())
        else {
            continue;
        };
        let mention = Mention {
            href: context.site.href(context.messages.language, &path),
            lang: record_lookup::foreign_language_code(context, common.language),
            title: common.title.clone(),
            kind: context.messages.enum_label("kind", kind.name()),
            date: date(context, record),
            sentence: if passage.names_organisation { passage.spans } else { Vec::new() },
        };
        mentions.push((passage.names_organisation, mention));
    }
    // Where a text names the organisation, those that do not add nothing.
    if mentions.iter().any(|(names_organisation, _)| *names_organisation) {
        mentions.retain(|(names_organisation, _)| *names_organisation);
    }
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

/// Restricts a filter to records about an entity.
pub(super) fn filter_by_entity(mut filter: SearchFilter, id: schema::NodeId) -> SearchFilter {
    match id.kind() {
        NodeKind::Theme => filter.themes.push(id),
        NodeKind::Audience => filter.audiences.push(id),
        _ => filter.organisations.push(id),
    }
    filter
}
