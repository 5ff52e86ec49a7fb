//! The calendar: a page for each month with everything that takes place in it, each time of a series
//! at its own moment.

use std::sync::Arc;

use askama::Template;
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use schema::{DatePrecision, Event, EventMoment, EventPhase, NodeId, Occurrence, Record, moment};

use super::{
    PageError, Visit,
    frame::{Frame, Link},
    names::{self, Names},
    part, site,
    words::{Words, home_day},
};

/// At most so many times are shown of one month.
const TIMES_MAX: usize = 300;
/// No calendar begins before or goes on after these years.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;
/// A month somewhere on earth begins and ends within so much of when it does in Amsterdam.
const AROUND: SignedDuration = SignedDuration::from_hours(24);
/// So many organisers of an event are named.
const ORGANISERS_MAX: usize = 2;

#[derive(Template)]
#[template(path = "calendar.html")]
struct CalendarView<'a> {
    frame: Frame<'a>,
    month: String,
    /// How many there are, as one whole sentence.
    count: String,
    events: Link,
    previous: Option<Link>,
    present: Option<Link>,
    next: Option<Link>,
    weekdays: Vec<(String, String)>,
    weeks: Vec<Vec<Option<Cell>>>,
    /// What began before this month and goes on in it.
    earlier: Vec<Entry>,
    days: Vec<Day>,
    /// What has no day.
    vague: Vec<Entry>,
    /// Where to find what is not shown any more.
    more: Option<Link>,
}

/// A day in the table.
struct Cell {
    number: i8,
    /// What takes place on it, in words; empty where nothing does.
    what: String,
    is_today: bool,
}

/// A day on which something begins.
struct Day {
    number: i8,
    title: String,
    date: String,
    entries: Vec<Entry>,
}

/// One time that something takes place.
struct Entry {
    when: String,
    href: String,
    lang: &'static str,
    title: String,
    form: String,
    place: String,
    by: String,
    notice: String,
    past: bool,
}

/// The month that the last part of an address names, as its first day.
pub(crate) fn month(text: &str) -> Option<Date> {
    let is_written_so = text.len() == "2026-03".len() && text.is_ascii();
    let first: Date = format!("{text}-01").parse().ok().filter(|_| is_written_so)?;
    YEARS.contains(&first.year()).then_some(first)
}

/// The page of a month; of the present one where none is asked for.
pub(super) async fn page(visit: Visit<'_>, asked: Option<Date>) -> Result<String, PageError> {
    let words = visit.words;
    let today = home_day(visit.now);
    let first = asked.unwrap_or_else(|| today.first_of_month());
    let month = month_name(words, first);
    let found = Found::of(visit, first).await?;
    let title = words.fill("calendar.title", "month", &month);
    let mut frame = Frame::new(visit.site, words, title, &path(first));
    frame.description = words.fill("calendar.description", "month", &month);
    frame.listed = found.count > 0;
    let [previous, next] = beside(visit, first, today);
    let link =
        |first: Date| Link { href: frame.href(&path(first)), text: month_name(words, first) };
    let is_present = first == today.first_of_month();
    let view = CalendarView {
        count: count(words, &found, &month),
        events: Link {
            href: frame.href("event"),
            text: words.name("kinds", schema::Kind::Event.name()),
        },
        previous: previous.map(link),
        present: (!is_present).then(|| link(today.first_of_month())),
        next: next.map(link),
        weekdays: words.weekdays().map(|day| (day.chars().take(2).collect(), day)).collect(),
        weeks: weeks(words, first, today, &found),
        more: found.has_more.then(|| more(visit, first)),
        earlier: found.earlier,
        days: found.days,
        vague: found.vague,
        month,
        frame,
    };
    Ok(view.render()?)
}

/// The path of a month.
fn path(first: Date) -> String {
    format!("calendar/{:04}-{:02}", first.year(), first.month())
}

fn month_name(words: &Words, first: Date) -> String {
    let precision = DatePrecision::Month;
    let zone = moment::HOME_ZONE.to_owned();
    EventMoment { date: first, time: None, zone, precision, text: None }.describe(words.language)
}

/// Everything that takes place in a month.
struct Found {
    count: usize,
    has_more: bool,
    earlier: Vec<Entry>,
    days: Vec<Day>,
    vague: Vec<Entry>,
}

impl Found {
    async fn of(visit: Visit<'_>, first: Date) -> Result<Self, PageError> {
        let begins = midnight(first, moment::HOME_ZONE);
        let ends = midnight(following(first), moment::HOME_ZONE);
        let agenda = visit.snapshot.agenda(begins - AROUND, ends + AROUND, TIMES_MAX).await?;
        let organisers = agenda.times.iter().flat_map(|(record, _)| organisers(record));
        let names = Names::of(visit, organisers).await?;
        let mut found = Self {
            count: 0,
            has_more: agenda.has_more,
            earlier: Vec::new(),
            days: Vec::new(),
            vague: Vec::new(),
        };
        for (record, time) in &agenda.times {
            found.put(visit, first, &names, (record, time));
        }
        found.count = found.earlier.len()
            + found.vague.len()
            + found.days.iter().map(|day| day.entries.len()).sum::<usize>();
        found.days.sort_by_key(|day| day.number);
        Ok(found)
    }

    /// Puts one time where it belongs, by the date that it has where it takes place.
    fn put(
        &mut self,
        visit: Visit<'_>,
        first: Date,
        names: &Names,
        (record, time): (&Arc<Record>, &Occurrence),
    ) {
        let Record::Event(event) = &**record else { return };
        let date = time.moment.date;
        let is_exact = time.moment.time.is_some() || time.moment.all_day();
        let entry = |when| Entry::new(visit, event, (record, time), names, when);
        if is_exact && date.first_of_month() == first {
            let entry = entry(within_day(visit.words, event, time));
            match self.days.iter_mut().find(|day| day.number == date.day()) {
                Some(day) => day.entries.extend(entry),
                None => self.days.push(Day {
                    number: date.day(),
                    title: visit.words.weekday_and_day(date),
                    date: date.to_string(),
                    entries: entry.into_iter().collect(),
                }),
            }
        } else if goes_on(time, first) {
            let when = visit.words.moment(&time.moment);
            if is_exact {
                let until = last_day(visit.words, time);
                self.earlier.extend(entry(format!("{when} {until}")));
            } else {
                self.vague.extend(entry(when));
            }
        }
    }
}

impl Entry {
    fn new(
        visit: Visit<'_>,
        event: &Event,
        (record, time): (&Record, &Occurrence),
        names: &Names,
        when: String,
    ) -> Option<Self> {
        let words = visit.words;
        let place = event.place.as_ref();
        let place = place.and_then(|place| place.city.clone().or_else(|| place.name.clone()));
        let by: Vec<_> = organisers(record).map(|id| names.name(id)).collect();
        Some(Self {
            when,
            href: visit.site.href(words.language, &site::path(record)?),
            lang: names::foreign(visit, event.common.language),
            title: event.common.title.clone(),
            form: words.name("form", event.form.name()),
            place: place.unwrap_or_else(|| words.name("attendance", event.attendance.name())),
            by: by.join(", "),
            notice: part::change(visit, event),
            past: moment::phase(time.begins, time.ends, visit.now) == EventPhase::Past,
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

/// The first instant of a day in a zone.
fn midnight(day: Date, zone: &str) -> Timestamp {
    EventMoment::day(day, zone).map_or(Timestamp::MAX, |day| day.earliest())
}

fn following(first: Date) -> Date {
    first.saturating_add(1.month())
}

/// Whether some of a time lies in a month, as it is reckoned where it takes place.
fn goes_on(time: &Occurrence, first: Date) -> bool {
    let zone = &time.moment.zone;
    time.begins < midnight(following(first), zone) && time.ends > midnight(first, zone)
}

/// When something takes place on the day under which it stands.
fn within_day(words: &Words, event: &Event, time: &Occurrence) -> String {
    let Some(clock) = time.moment.time else { return last_day(words, time) };
    let mut when = format!("{:02}:{:02}", clock.hour(), clock.minute());
    let zone = moment::zone(&time.moment.zone).ok();
    let is_timed = event.end.as_ref().is_some_and(|end| end.time.is_some());
    let end = zone.filter(|_| is_timed).map(|zone| time.ends.to_zoned(zone));
    if let Some(end) = end.filter(|end| end.date() == time.moment.date) {
        let until = words.say("item.until");
        when = format!("{when} {until} {:02}:{:02}", end.hour(), end.minute());
    }
    let parts = [when, last_day(words, time), words.elsewhere(&time.moment)];
    let said: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    said.join(" ")
}

/// Until when something lasts that lasts longer than a day.
fn last_day(words: &Words, time: &Occurrence) -> String {
    let Ok(zone) = moment::zone(&time.moment.zone) else { return String::new() };
    let last = time.ends.saturating_sub(SignedDuration::from_secs(1));
    match last.map(|last| last.to_zoned(zone).date()) {
        Ok(last) if last > time.moment.date => {
            words.fill("calendar.until_day", "day", &words.day(last))
        }
        _ => String::new(),
    }
}

/// How many there are, as one whole sentence.
fn count(words: &Words, found: &Found, month: &str) -> String {
    let key = match found.count {
        _ if found.has_more => "calendar.count_more",
        0 => "calendar.count_none",
        1 => "calendar.count_one",
        _ => "calendar.count_many",
    };
    let number = words.number(found.count as u64);
    words.fill_all(key, &[("count", &number), ("month", month)])
}

/// The months before and after this one, as far as there are events; a month out of their range
/// leads back into it.
fn beside(visit: Visit<'_>, first: Date, today: Date) -> [Option<Date>; 2] {
    let range = visit.snapshot.event_range();
    let month = |at: Timestamp| home_day(at).first_of_month();
    let present = today.first_of_month();
    let begin = range.map_or(present, |(begin, _)| month(begin).min(present));
    let last_second = SignedDuration::from_secs(1);
    let end = range.map_or(present, |(_, end)| month(end - last_second).max(present));
    let before = first.saturating_sub(1.month()).min(end);
    let after = following(first).max(begin);
    let is_served = |month: &Date| YEARS.contains(&month.year());
    [
        Some(before).filter(|before| *before >= begin).filter(is_served),
        Some(after).filter(|after| *after <= end).filter(is_served),
    ]
}

/// The weeks of a month, from Monday on.
fn weeks(words: &Words, first: Date, today: Date, found: &Found) -> Vec<Vec<Option<Cell>>> {
    let lead = usize::try_from(first.weekday().to_monday_zero_offset()).unwrap_or_default();
    let cell = |number: i8| {
        let day = found.days.iter().find(|day| day.number == number);
        let what = day.map_or(String::new(), |day| match day.entries.len() {
            1 => words.say("calendar.on_day_one").to_owned(),
            many => words.fill("calendar.on_day_many", "count", &words.number(many as u64)),
        });
        let is_today = first == today.first_of_month() && number == today.day();
        Some(Cell { number, what, is_today })
    };
    let mut cells: Vec<_> = (0..lead).map(|_| None).collect();
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

/// The search that finds all of a month.
fn more(visit: Visit<'_>, first: Date) -> Link {
    let query = format!("?kind=event&from={first}&until={}", first.last_of_month());
    let text = visit.words.say("calendar.more").to_owned();
    Link { href: visit.site.href(visit.words.language, &query), text }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_month_must_be_written_in_one_way_only() {
        assert_eq!(month("2026-03"), Some(date(2026, 3, 1)));
        for text in ["2026-3", "2026-13", "2026-00", "20260-3", "1066-10", "9999-01", "2026-0é", ""]
        {
            assert_eq!(month(text), None, "{text}");
        }
    }

    #[test]
    fn weeks_must_begin_with_monday_and_hold_every_day_once() {
        let found = Found {
            count: 0,
            has_more: false,
            earlier: Vec::new(),
            days: Vec::new(),
            vague: Vec::new(),
        };
        let words = Words::of(schema::Language::Nl);
        let (first, today) = (date(2026, 3, 1), date(2026, 3, 2));
        let weeks = weeks(words, first, today, &found);
        let numbers = |week: &Vec<Option<Cell>>| {
            let number = |cell: &Option<Cell>| cell.as_ref().map_or(0, |cell| cell.number);
            week.iter().map(number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&weeks[0]), [0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(numbers(weeks.last().unwrap()), [30, 31, 0, 0, 0, 0, 0]);
        let todays = weeks.iter().flatten().flatten().filter(|cell| cell.is_today);
        assert_eq!(todays.map(|cell| cell.number).collect::<Vec<_>>(), [2]);
    }
}
