//! A record in a list: kind, title, fragments with the matched words, date and organisations.

use std::sync::Arc;

use askama::Template;
use schema::{
    ApproximateCount, CountPrecision, Event, EventPhase, EventStatus, Highlight, Hit, Moment,
    NodeId, Record, SearchField, Span,
};

use super::{
    PageContext, layout::Link, picture::Picture, record_lookup, record_lookup::RecordsById, site,
};
use crate::{
    messages::Messages,
    truncation::{truncate_at_word, with_ellipses},
};

/// Maximum number of text fragments shown.
const FRAGMENTS_MAX: usize = 2;
/// Maximum number of themes named.
const THEMES_MAX: usize = 4;
/// Maximum number of organisations named.
const ORGANISATIONS_MAX: usize = 3;
/// Maximum length of a summary in characters.
const SUMMARY_CHARACTERS_MAX: usize = 260;

/// A record in a list.
#[derive(Template)]
#[template(path = "hit.html")]
pub(super) struct HitView {
    pub(super) href: String,
    pub(super) lang: &'static str,
    /// Shown without its alternative text: the title stands next to it.
    picture: Option<Picture>,
    pub(super) title: Vec<Span>,
    pub(super) kind: String,
    pub(super) kind_code: &'static str,
    pub(super) form: String,
    pub(super) fragments: Vec<Vec<Span>>,
    part: Option<PartLink>,
    /// The date for readers, and in ISO 8601.
    pub(super) date: Option<(String, String)>,
    /// The date of an event, as on a leaf of a calendar.
    tile: Option<DateTile>,
    pub(super) place: String,
    /// What the record is made of: the number of steps, or of members.
    extent: String,
    /// What is unusual about an event, such as its cancellation.
    pub(super) notice: String,
    pub(super) past: bool,
    pub(super) themes: Vec<Link>,
    pub(super) organisations: Vec<Link>,
    /// The host of the source; empty if the source has no page of its own.
    pub(super) source: String,
}

/// A date in two lines: day and month, month and year, or the year alone.
struct DateTile {
    main: String,
    detail: String,
}

/// A link to the part of a record that matches.
struct PartLink {
    kind: String,
    title: String,
    anchor: String,
}

/// The ids of all entities named in the hits.
pub(super) fn referenced_ids<'a>(
    records: impl IntoIterator<Item = &'a Arc<Record>>,
) -> Vec<NodeId> {
    records.into_iter().flat_map(|record| record.linked_ids()).collect()
}

impl HitView {
    /// A record found by a search.
    pub(super) fn from_hit(
        context: PageContext<'_>,
        hit: &Hit,
        records_by_id: &RecordsById,
    ) -> Option<Self> {
        let mut view = Self::new(context, &hit.record, &hit.highlights, records_by_id)?;
        view.part = hit.matched_part.and_then(|position| {
            Some(PartLink {
                kind: context.messages.enum_label("part", position.kind().name()),
                title: position.title(&hit.record)?.to_owned(),
                anchor: position.anchor(),
            })
        });
        Some(view)
    }

    /// A record shown without a search.
    pub(super) fn from_record(
        context: PageContext<'_>,
        record: &Record,
        records_by_id: &RecordsById,
    ) -> Option<Self> {
        Self::new(context, record, &[], records_by_id)
    }

    fn new(
        context: PageContext<'_>,
        record: &Record,
        highlights: &[Highlight],
        records_by_id: &RecordsById,
    ) -> Option<Self> {
        let common = record.common()?;
        let messages = context.messages;
        let (form, event) = match record {
            Record::Article(article) => (article.form.name(), None),
            Record::Toolkit(toolkit) => (toolkit.form.name(), None),
            Record::Community(community) => (community.form.name(), None),
            Record::Event(event) => (event.form.name(), Some(event)),
            _ => return None,
        };
        let kind = record.kind()?;
        let date = if let Some(event) = event {
            let start = next_moment(context, event);
            Some((messages.moment(&start), start.iso_date()))
        } else {
            let published_at = common.published_at.as_ref();
            published_at.map(|at| (at.describe_date(messages.language), at.iso_date()))
        };
        let place = event.and_then(place);
        let notice = event.map(|event| notice(context, event)).unwrap_or_default();
        let links_up_to =
            |ids: &[NodeId], max| records_by_id.links(context, &ids[..ids.len().min(max)]);
        Some(Self {
            href: context.href(&site::path(record)?),
            lang: record_lookup::foreign_language_code(context, common.language),
            picture: Picture::of(context.site, record),
            title: title(&common.title, highlights),
            kind: messages.enum_label("kind", kind.name()),
            kind_code: kind.name(),
            form: messages.enum_label("form", form),
            fragments: fragments(common.summary.as_deref(), highlights),
            part: None,
            tile: event.map(|event| date_tile(messages, &next_moment(context, event))),
            date,
            extent: extent(context, record),
            place: place.unwrap_or_default(),
            notice,
            past: event.is_some_and(|event| event.phase(context.now) == EventPhase::Past),
            themes: links_up_to(&common.themes, THEMES_MAX),
            organisations: links_up_to(&common.organisations, ORGANISATIONS_MAX),
            source: if site::is_own_address(context.site, record) {
                String::new()
            } else {
                host(&common.url)
            },
        })
    }
}

/// The start of an event; of a series, that of its next occurrence.
pub(super) fn next_moment(context: PageContext<'_>, event: &Event) -> Moment {
    let next = event.occurrences_from(context.now, 1).into_iter().next();
    let next = next.filter(|_| event.series.is_some());
    next.map_or_else(|| event.start.clone(), |next| next.moment)
}

fn date_tile(messages: &Messages, moment: &Moment) -> DateTile {
    let date = moment.iso_date();
    let mut fields = date.split('-');
    let mut next = || fields.next().unwrap_or_default().trim_start_matches('0').to_owned();
    let (year, month, day) = (next(), next(), next());
    let names = messages.get("calendar.short_months");
    let month = month.parse::<usize>().ok().and_then(|month| names.split(' ').nth(month - 1));
    match (month.map(str::to_owned), day.is_empty()) {
        (Some(month), false) => DateTile { main: day, detail: month },
        (Some(month), true) => DateTile { main: month, detail: year },
        (None, _) => DateTile { main: year, detail: String::new() },
    }
}

/// The number of steps of a toolkit, or of members of a community; empty if there is none.
fn extent(context: PageContext<'_>, record: &Record) -> String {
    let messages = context.messages;
    match record {
        Record::Toolkit(toolkit) => match toolkit.steps.len() {
            0 => String::new(),
            1 => messages.get("hit.step").to_owned(),
            steps => messages.format("hit.steps", "count", &steps.to_string()),
        },
        Record::Community(community) => match community.member_count {
            None => String::new(),
            Some(count) if count.value == 0 => String::new(),
            Some(ApproximateCount { value: 1, precision: CountPrecision::Exact, .. }) => {
                messages.get("hit.member").to_owned()
            }
            Some(count) => messages.format("hit.members", "count", &member_count(context, count)),
        },
        _ => String::new(),
    }
}

pub(super) fn member_count(context: PageContext<'_>, count: ApproximateCount) -> String {
    let number = context.messages.number(count.value.into());
    match count.precision {
        CountPrecision::Exact => context.messages.format("item.members_exact", "count", &number),
        CountPrecision::Approximate => {
            context.messages.format("item.members_about", "count", &number)
        }
    }
}

/// The city of an event, or the name of its venue.
pub(super) fn place(event: &Event) -> Option<String> {
    let place = event.place.as_ref()?;
    place.city.clone().or_else(|| place.name.clone())
}

/// The status of a changed event; empty if it takes place as planned.
pub(super) fn status_notice(context: PageContext<'_>, event: &Event) -> String {
    match event.status {
        EventStatus::Scheduled => String::new(),
        status => context.messages.enum_label("event_status", status.name()),
    }
}

/// What a list says about an event: a change of its status, or that it has begun.
pub(super) fn notice(context: PageContext<'_>, event: &Event) -> String {
    match (event.status, event.phase(context.now)) {
        (EventStatus::Scheduled, phase @ EventPhase::Ongoing) => {
            context.messages.enum_label("phase", phase.name())
        }
        _ => status_notice(context, event),
    }
}

/// The host of a URL, without `www.`.
pub(super) fn host(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

fn plain_spans(text: &str) -> Vec<Span> {
    vec![Span { text: text.to_owned(), highlighted: false }]
}

/// The whole title, with highlights where available.
fn title(title: &str, highlights: &[Highlight]) -> Vec<Span> {
    let highlighted = highlights
        .iter()
        .filter(|highlight| highlight.field == SearchField::Title)
        .flat_map(|highlight| &highlight.fragments)
        .find(|spans| spans.iter().map(|span| span.text.as_str()).collect::<String>() == title);
    highlighted.cloned().unwrap_or_else(|| plain_spans(title))
}

/// The best fragments of the text; the summary if there are none.
fn fragments(summary: Option<&str>, highlights: &[Highlight]) -> Vec<Vec<Span>> {
    let texts = highlights
        .iter()
        .filter(|highlight| matches!(highlight.field, SearchField::Lead | SearchField::Body));
    let best = texts.flat_map(|one| &one.fragments).take(FRAGMENTS_MAX);
    let best: Vec<_> = best.map(|spans| with_ellipses(spans)).collect();
    if !best.is_empty() {
        return best;
    }
    summary
        .map(|summary| vec![plain_spans(&truncate_at_word(summary, SUMMARY_CHARACTERS_MAX))])
        .unwrap_or_default()
}
