//! The panel of a theme, organisation or audience: the next sessions, the toolkits, and letters that
//! were tested with readers.

use std::sync::Arc;

use schema::{
    Event, EventPhase, EventStatus, Hit, Kind, PartPosition, Record, Resource, ResourceKind,
    SearchFilter, SearchSort,
};

use crate::pages::{
    PageContext, PageError, hit, home, item_sections, layout::Link, record_lookup, search_href,
    site,
};
use crate::search_params::SearchParams;

/// Maximum number of rows per card.
const ROWS_SHOWN: usize = 3;
/// Maximum number of records examined: for sessions that are not cancelled, and for tested letters.
const CANDIDATES_MAX: usize = 40;

/// One card of the panel: the records of one kind.
pub(super) struct Card {
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) rows: Vec<PanelRow>,
    /// Link to all of them.
    pub(super) all: Option<Link>,
}

/// A row of a card.
pub(super) struct PanelRow {
    pub(super) link: Link,
    /// The language of the title, if it differs from that of the page.
    pub(super) lang: &'static str,
    /// Short facts, such as the date.
    pub(super) facts: Vec<String>,
    /// What is unusual about an event, such as its cancellation.
    pub(super) notice: String,
}

/// The cards of an entity, given by its filter and the same condition as parameters of a search;
/// those without rows are absent.
pub(super) async fn load(
    context: PageContext<'_>,
    filter: &SearchFilter,
    condition: &SearchParams,
) -> Result<Vec<Card>, PageError> {
    let all = |kind: &str, key: &str| Link {
        href: search_href(context, &condition.clone().with("kind", kind)),
        text: context.messages.get(key).to_owned(),
    };
    let upcoming = SearchFilter {
        kinds: vec![Kind::Event],
        phases: vec![EventPhase::Upcoming, EventPhase::Ongoing],
        ..filter.clone()
    };
    let toolkits = SearchFilter { kinds: vec![Kind::Toolkit], ..filter.clone() };
    let with_resources =
        SearchFilter { kinds: vec![Kind::Toolkit, Kind::Article], ..filter.clone() };
    let cards = [
        Card {
            id: "upcoming",
            title: context.messages.get("theme.upcoming").to_owned(),
            rows: rows(context, upcoming, SearchSort::Start).await?,
            all: Some(all("event", "start.all_events")),
        },
        Card {
            id: "toolkits",
            title: context.messages.enum_label("kinds", Kind::Toolkit.name()),
            rows: rows(context, toolkits, SearchSort::Newest).await?,
            all: Some(all("toolkit", "theme.all_toolkits")),
        },
        Card {
            id: "letters",
            title: context.messages.get("theme.letters").to_owned(),
            rows: letters(context, with_resources).await?,
            all: None,
        },
    ];
    Ok(cards.into_iter().filter(|card| !card.rows.is_empty()).collect())
}

/// The first records that match a filter; events that take place before those that do not.
async fn rows(
    context: PageContext<'_>,
    filter: SearchFilter,
    sort: SearchSort,
) -> Result<Vec<PanelRow>, PageError> {
    let hits = find(context, filter, sort, CANDIDATES_MAX).await?;
    let mut records: Vec<_> = hits.into_iter().map(|hit| hit.record).collect();
    records.sort_by_key(|record| is_cancelled(record));
    Ok(records.iter().filter_map(|record| row(context, record)).take(ROWS_SHOWN).collect())
}

async fn find(
    context: PageContext<'_>,
    filter: SearchFilter,
    sort: SearchSort,
    first: usize,
) -> Result<Vec<Hit>, PageError> {
    let results =
        home::search_filtered(context, filter, sort, first, schema::SearchExtras::default());
    Ok(results.await?.hits)
}

fn is_cancelled(record: &Record) -> bool {
    matches!(record, Record::Event(event) if event.status == EventStatus::Cancelled)
}

fn row(context: PageContext<'_>, record: &Arc<Record>) -> Option<PanelRow> {
    let facts = match record.as_ref() {
        Record::Event(event) => event_facts(context, event),
        record => vec![context.messages.enum_label("form", item_sections::form(record))],
    };
    let notice = match record.as_ref() {
        Record::Event(event) => hit::notice(context, event),
        _ => String::new(),
    };
    let common = record.common()?;
    Some(PanelRow {
        link: record_lookup::link(context, record),
        lang: record_lookup::foreign_language_code(context, common.language),
        facts,
        notice,
    })
}

/// The date of the next occurrence, and where it is.
fn event_facts(context: PageContext<'_>, event: &Event) -> Vec<String> {
    let next = hit::next_moment(context, event);
    let place = hit::place(event).or_else(|| {
        let attendance = event.attendance.name();
        (attendance != "UNKNOWN").then(|| context.messages.enum_label("attendance", attendance))
    });
    [Some(context.messages.moment(&next)), place].into_iter().flatten().collect()
}

/// Letters that were tested with readers, of the newest records that match a filter.
async fn letters(
    context: PageContext<'_>,
    filter: SearchFilter,
) -> Result<Vec<PanelRow>, PageError> {
    let hits = find(context, filter, SearchSort::Newest, CANDIDATES_MAX).await?;
    let rows = hits.iter().flat_map(|hit| {
        let letters = resources(&hit.record).iter().enumerate();
        let tested = letters.filter(|(_, one)| one.tested && one.kind == ResourceKind::Letter);
        tested.filter_map(|(at, letter)| letter_row(context, &hit.record, at, letter))
    });
    Ok(rows.take(ROWS_SHOWN).collect())
}

/// A letter, with a link to where the record lists it.
fn letter_row(
    context: PageContext<'_>,
    record: &Record,
    at: usize,
    letter: &Resource,
) -> Option<PanelRow> {
    let common = record.common()?;
    let anchor = PartPosition::Resource(at).anchor();
    Some(PanelRow {
        link: Link {
            href: format!("{}#{anchor}", context.href(&site::path(record)?)),
            text: letter.title.clone(),
        },
        lang: record_lookup::foreign_language_code(context, common.language),
        facts: vec![context.messages.get("item.tested").to_owned(), common.title.clone()],
        notice: String::new(),
    })
}

fn resources(record: &Record) -> &[Resource] {
    match record {
        Record::Article(article) => &article.resources,
        Record::Toolkit(toolkit) => &toolkit.resources,
        _ => &[],
    }
}
