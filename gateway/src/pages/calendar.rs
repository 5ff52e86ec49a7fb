//! The calendar: one page per month with all events, each occurrence of a series at its own date.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use schema::{
    DatePrecision, Event, EventPhase, EventStatus, Moment, NodeId, Occurrence, Record, moment,
};

use super::{
    PageContext, PageError, feed_links, hit,
    layout::{Layout, Link},
    record_lookup,
    record_lookup::RecordsById,
    render_template, site,
};
use crate::{
    messages::{Messages, home_day},
    search_params::SearchParams,
};

/// Maximum number of occurrences shown per month.
const OCCURRENCES_MAX: usize = 300;
/// Years for which the calendar has pages.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;
/// Maximum difference between the start or end of a month in Amsterdam and elsewhere on earth.
const MONTH_MARGIN: SignedDuration = SignedDuration::from_hours(24);
/// Maximum number of organisers named per event.
const ORGANISERS_MAX: usize = 2;

#[derive(Template)]
#[template(path = "calendar.html")]
struct CalendarView<'a> {
    layout: Layout<'a>,
    month: String,
    /// The number of events, as a complete sentence.
    count: String,
    events: Link,
    previous: Option<Link>,
    present: Option<Link>,
    next: Option<Link>,
    weekdays: Vec<(String, String)>,
    weeks: Vec<Vec<Option<DayCell>>>,
    /// Events that began before this month and continue in it.
    earlier: Vec<Entry>,
    days: Vec<Day>,
    /// Events without an exact date.
    undated: Vec<Entry>,
    /// A search for all events of the month, if the page omits some.
    more: Option<Link>,
}

/// A day in the month table.
struct DayCell {
    number: i8,
    /// Description of the events on the day; empty if there are none.
    label: String,
    /// Fragment of the section with the first of them.
    section: String,
    /// Whether all events on the day are cancelled.
    is_cancelled: bool,
    is_today: bool,
}

/// The events on one day of the month, those that began earlier included.
#[derive(Default, Clone)]
struct DayEvents {
    planned: u64,
    cancelled: u64,
    section: String,
}

/// A day on which events begin.
struct Day {
    number: i8,
    title: String,
    date: String,
    entries: Vec<Entry>,
}

/// One occurrence of an event.
struct Entry {
    when: String,
    href: String,
    lang: &'static str,
    title: String,
    form: String,
    place: String,
    organisers: String,
    notice: String,
    past: bool,
}

/// Parses the month at the end of a URL; returns its first day.
pub(crate) fn parse_month(text: &str) -> Option<Date> {
    let is_canonical = text.len() == "2026-03".len() && text.is_ascii();
    let first: Date = format!("{text}-01").parse().ok().filter(|_| is_canonical)?;
    YEARS.contains(&first.year()).then_some(first)
}

/// The page of a month; the current month if none is given.
pub(super) async fn page(
    context: PageContext<'_>,
    requested_month: Option<Date>,
) -> Result<String, PageError> {
    let messages = context.messages;
    let today = home_day(context.now);
    let first = requested_month.unwrap_or_else(|| today.first_of_month());
    let month = month_name(messages, first);
    let month_events = MonthEvents::load(context, first).await?;
    let title = messages.format("calendar.title", "month", &month);
    let mut layout = Layout::new(context.site, messages, title, &path(first));
    layout.description = messages.format("calendar.description", "month", &month);
    layout.is_indexable = month_events.count > 0;
    layout.feeds = feed_links::of_search(context, &SearchParams::parse("kind=event").0);
    let [previous, next] = adjacent_months(context, first, today);
    let link =
        |first: Date| Link { href: layout.href(&path(first)), text: month_name(messages, first) };
    let is_present = first == today.first_of_month();
    let view = CalendarView {
        count: count_text(messages, &month_events, &month),
        events: Link {
            href: layout.href("event"),
            text: messages.enum_label("kinds", schema::Kind::Event.name()),
        },
        previous: previous.map(link),
        present: (!is_present).then(|| link(today.first_of_month())),
        next: next.map(link),
        weekdays: messages.weekdays().map(|day| (day.chars().take(2).collect(), day)).collect(),
        weeks: weeks(messages, first, today, &month_events),
        more: month_events.has_more.then(|| more(context, first)),
        earlier: month_events.earlier,
        days: month_events.days,
        undated: month_events.undated,
        month,
        layout,
    };
    render_template(&view).await
}

/// The path of the page of a month.
fn path(first: Date) -> String {
    format!("calendar/{:04}-{:02}", first.year(), first.month())
}

fn month_name(messages: &Messages, first: Date) -> String {
    let precision = DatePrecision::Month;
    let zone = moment::HOME_ZONE.to_owned();
    Moment { date: first, time: None, zone, precision, text: None }.describe(messages.language)
}

/// All events in a month.
struct MonthEvents {
    count: usize,
    has_more: bool,
    earlier: Vec<Entry>,
    days: Vec<Day>,
    undated: Vec<Entry>,
    /// By number of the day.
    on_days: BTreeMap<i8, DayEvents>,
}

impl MonthEvents {
    async fn load(context: PageContext<'_>, first: Date) -> Result<Self, PageError> {
        let begins = midnight(first, moment::HOME_ZONE);
        let ends = midnight(next_month(first), moment::HOME_ZONE);
        let events = context
            .snapshot
            .events_in_range(begins - MONTH_MARGIN, ends + MONTH_MARGIN, OCCURRENCES_MAX)
            .await?;
        let organisers = events.occurrences.iter().flat_map(|(record, _)| organisers(record));
        let records_by_id = RecordsById::load(context, organisers).await?;
        let mut month_events = Self {
            count: 0,
            has_more: events.has_more,
            earlier: Vec::new(),
            days: Vec::new(),
            undated: Vec::new(),
            on_days: BTreeMap::new(),
        };
        for (record, occurrence) in &events.occurrences {
            month_events.add(context, first, &records_by_id, (record, occurrence));
        }
        month_events.count = month_events.earlier.len()
            + month_events.undated.len()
            + month_events.days.iter().map(|day| day.entries.len()).sum::<usize>();
        month_events.days.sort_by_key(|day| day.number);
        Ok(month_events)
    }

    /// Adds an occurrence under its date in its own time zone.
    fn add(
        &mut self,
        context: PageContext<'_>,
        first: Date,
        records_by_id: &RecordsById,
        (record, occurrence): (&Arc<Record>, &Occurrence),
    ) {
        let Record::Event(event) = &**record else { return };
        let date = occurrence.moment.date;
        let is_exact = occurrence.moment.time.is_some() || occurrence.moment.all_day();
        let entry = |when| Entry::new(context, event, (record, occurrence), records_by_id, when);
        if is_exact {
            self.mark(first, event, occurrence);
        }
        if is_exact && date.first_of_month() == first {
            let entry = entry(time_within_day(context.messages, occurrence));
            match self.days.iter_mut().find(|day| day.number == date.day()) {
                Some(day) => day.entries.extend(entry),
                None => self.days.push(Day {
                    number: date.day(),
                    title: context.messages.weekday_and_day(date),
                    date: date.to_string(),
                    entries: entry.into_iter().collect(),
                }),
            }
        } else if overlaps_month(occurrence, first) {
            let when = context.messages.moment(&occurrence.moment);
            if is_exact {
                let until = until_text(context.messages, occurrence);
                self.earlier.extend(entry(format!("{when} {until}")));
            } else {
                self.undated.extend(entry(when));
            }
        }
    }
}

impl MonthEvents {
    /// Marks every day of the month on which an occurrence is.
    fn mark(&mut self, first: Date, event: &Event, occurrence: &Occurrence) {
        let begin = occurrence.moment.date;
        let Some(last) = last_day(occurrence) else { return };
        let (from, until) = (begin.max(first), last.min(first.last_of_month()));
        let days = from.series(1.day()).take_while(|day| *day <= until);
        let section =
            if begin < first { "earlier".to_owned() } else { format!("d{}", begin.day()) };
        for day in days {
            let on_day = self.on_days.entry(day.day()).or_default();
            match event.status {
                EventStatus::Cancelled => on_day.cancelled += 1,
                _ => on_day.planned += 1,
            }
            // A section of the day itself comes before those of days on which others began.
            if on_day.section.is_empty() || day == begin {
                on_day.section.clone_from(&section);
            }
        }
    }
}

/// The last day of an occurrence, in its time zone.
fn last_day(occurrence: &Occurrence) -> Option<Date> {
    let zone = moment::zone(&occurrence.moment.zone).ok()?;
    let last = occurrence.ends.saturating_sub(SignedDuration::from_secs(1)).ok()?;
    Some(last.to_zoned(zone).date().max(occurrence.moment.date))
}

impl Entry {
    fn new(
        context: PageContext<'_>,
        event: &Event,
        (record, occurrence): (&Record, &Occurrence),
        records_by_id: &RecordsById,
        when: String,
    ) -> Option<Self> {
        let messages = context.messages;
        let place = event.place.as_ref();
        let place = place.and_then(|place| place.city.clone().or_else(|| place.name.clone()));
        let organisers: Vec<_> = organisers(record).map(|id| records_by_id.name(id)).collect();
        Some(Self {
            when,
            href: context.site.href(messages.language, &site::path(record)?),
            lang: record_lookup::foreign_language_code(context, event.common.language),
            title: event.common.title.clone(),
            form: messages.enum_label("form", event.form.name()),
            place: place
                .unwrap_or_else(|| messages.enum_label("attendance", event.attendance.name())),
            organisers: organisers.join(", "),
            notice: hit::status_notice(context, event),
            past: moment::phase(occurrence.begins, occurrence.ends, context.now)
                == EventPhase::Past,
        })
    }
}

fn organisers(record: &Record) -> impl Iterator<Item = NodeId> {
    let organisers = match record {
        Record::Event(event) => &event.organisers[..],
        _ => &[],
    };
    organisers.iter().take(ORGANISERS_MAX).copied()
}

/// The first instant of a day in a time zone.
fn midnight(day: Date, zone: &str) -> Timestamp {
    Moment::day(day, zone).map_or(Timestamp::MAX, |day| day.earliest())
}

fn next_month(first: Date) -> Date {
    first.saturating_add(1.month())
}

/// Whether an occurrence overlaps a month, in its own time zone.
fn overlaps_month(occurrence: &Occurrence, first: Date) -> bool {
    let zone = &occurrence.moment.zone;
    occurrence.begins < midnight(next_month(first), zone) && occurrence.ends > midnight(first, zone)
}

/// The time of an occurrence on the day under which it is listed.
fn time_within_day(messages: &Messages, occurrence: &Occurrence) -> String {
    let Some(begin) = occurrence.moment.time else { return until_text(messages, occurrence) };
    let zone = moment::zone(&occurrence.moment.zone).ok();
    let is_timed = occurrence.end.as_ref().is_some_and(|end| end.time.is_some());
    let end = zone.filter(|_| is_timed).map(|zone| occurrence.ends.to_zoned(zone));
    let end = end.filter(|end| end.date() == occurrence.moment.date).map(|end| end.time());
    let texts = [
        messages.times(begin, end),
        until_text(messages, occurrence),
        messages.zone_suffix(&occurrence.moment),
    ];
    let non_empty: Vec<_> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    non_empty.join(" ")
}

/// The last day of an occurrence of more than one day; otherwise empty.
fn until_text(messages: &Messages, occurrence: &Occurrence) -> String {
    match last_day(occurrence) {
        Some(last) if last > occurrence.moment.date => {
            messages.format("calendar.until_day", "day", &messages.day(last))
        }
        _ => String::new(),
    }
}

/// The number of events, as a complete sentence.
fn count_text(messages: &Messages, month_events: &MonthEvents, month: &str) -> String {
    let key = match month_events.count {
        _ if month_events.has_more => "calendar.count_more",
        0 => "calendar.count_none",
        1 => "calendar.count_one",
        _ => "calendar.count_many",
    };
    let number = messages.number(month_events.count as u64);
    messages.format_all(key, &[("count", &number), ("month", month)])
}

/// The previous and next month, within the range of months that have events; a month outside the
/// range leads back into it.
fn adjacent_months(context: PageContext<'_>, first: Date, today: Date) -> [Option<Date>; 2] {
    let range = context.snapshot.event_range();
    let month = |at: Timestamp| home_day(at).first_of_month();
    let present = today.first_of_month();
    let begin = range.map_or(present, |(begin, _)| month(begin).min(present));
    let last_second = SignedDuration::from_secs(1);
    let end = range.map_or(present, |(_, end)| month(end - last_second).max(present));
    let previous = first.saturating_sub(1.month()).min(end);
    let next = next_month(first).max(begin);
    let is_served = |month: &Date| YEARS.contains(&month.year());
    [
        Some(previous).filter(|previous| *previous >= begin).filter(is_served),
        Some(next).filter(|next| *next <= end).filter(is_served),
    ]
}

/// The weeks of a month, each starting on Monday.
fn weeks(
    messages: &Messages,
    first: Date,
    today: Date,
    month_events: &MonthEvents,
) -> Vec<Vec<Option<DayCell>>> {
    let blank_days = usize::try_from(first.weekday().to_monday_zero_offset()).unwrap_or_default();
    let cell = |number: i8| {
        let day = month_events.on_days.get(&number).cloned().unwrap_or_default();
        let label = match (day.planned, day.cancelled) {
            (0, 0) => String::new(),
            (0, _) => messages.get("calendar.on_day_cancelled").to_owned(),
            (1, _) => messages.get("calendar.on_day_one").to_owned(),
            (many, _) => messages.format("calendar.on_day_many", "count", &messages.number(many)),
        };
        let is_cancelled = day.planned == 0 && day.cancelled > 0;
        let is_today = first == today.first_of_month() && number == today.day();
        Some(DayCell { number, label, section: day.section, is_cancelled, is_today })
    };
    let mut cells: Vec<_> = (0..blank_days).map(|_| None).collect();
    cells.extend((1..=first.days_in_month()).map(cell));
    while cells.len() % 7 != 0 {
        cells.push(None);
    }
    let mut weeks = Vec::new();
    while !cells.is_empty() {
        let rest = cells.split_off(7);
        weeks.push(std::mem::replace(&mut cells, rest));
    }
    weeks
}

/// The search that finds all events of a month.
fn more(context: PageContext<'_>, first: Date) -> Link {
    let query = format!("?kind=event&from={first}&until={}", first.last_of_month());
    let text = context.messages.get("calendar.more").to_owned();
    Link { href: context.site.href(context.messages.language, &query), text }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_month_must_have_one_canonical_form() {
        assert_eq!(parse_month("2026-03"), Some(date(2026, 3, 1)));
        for text in ["2026-3", "2026-13", "2026-00", "20260-3", "1066-10", "9999-01", "2026-0é", ""]
        {
            assert_eq!(parse_month(text), None, "{text}");
        }
    }

    #[test]
    fn weeks_must_begin_with_monday_and_hold_every_day_once() {
        let month_events = MonthEvents {
            count: 0,
            has_more: false,
            earlier: Vec::new(),
            days: Vec::new(),
            undated: Vec::new(),
            on_days: BTreeMap::new(),
        };
        let messages = Messages::of(schema::Language::Nl);
        let (first, today) = (date(2026, 3, 1), date(2026, 3, 2));
        let weeks = weeks(messages, first, today, &month_events);
        let numbers = |week: &Vec<Option<DayCell>>| {
            let number = |cell: &Option<DayCell>| cell.as_ref().map_or(0, |cell| cell.number);
            week.iter().map(number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&weeks[0]), [0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(numbers(weeks.last().unwrap()), [30, 31, 0, 0, 0, 0, 0]);
        let todays = weeks.iter().flatten().flatten().filter(|cell| cell.is_today);
        assert_eq!(todays.map(|cell| cell.number).collect::<Vec<_>>(), [2]);
    }
}
