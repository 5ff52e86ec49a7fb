//! The recurrence of an event: its rule, days without an occurrence, and added occurrences.

use std::sync::LazyLock;

use jiff::{
    civil::{Date, Time},
    tz::TimeZone,
};
use regex::{Captures, Regex};
use schema::{AddedOccurrence, DatePrecision, Moment, Series, moment};

use super::{date_parser, object::Object};
use crate::ingest::source::field::Field;

static UNTIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)\bUNTIL=(?P<date>\d{4}-?\d{2}-?\d{2})
            (?: T (?P<hour>\d{2}):?(?P<minute>\d{2})(?: :?(?P<second>\d{2}) )? )? (?P<utc>Z)?",
    )
    .expect("constant regex is valid, covered by tests")
});

/// The series of an event, whose first occurrence has this start and end.
pub(super) fn series(
    record: &Object,
    (start, end): (Option<&Moment>, Option<&Moment>),
) -> Result<Option<Series>, String> {
    let Some(series) = record.object(Field::Series, "rule")? else { return Ok(None) };
    let first = start.ok_or("`series`: requires a `start`")?;
    let written = series.required("rule")?;
    let rule = match written.split_at_checked("RRULE:".len()) {
        Some((prefix, rule)) if prefix.eq_ignore_ascii_case("RRULE:") => rule.trim(),
        _ => written.as_str(),
    };
    let shift_days = record.context.shift_days;
    let rule = UNTIL.replace_all(rule, |until: &Captures| {
        until_in_utc(until, first, shift_days).unwrap_or_else(|| until[0].to_owned())
    });
    let rule = rule.into_owned();
    let excluded = excluded_days(&series, first)?;
    let added = added_occurrences(&series, first, end)?;
    let series = Series { rule, excluded, added }.validated(first, end);
    // The error names the rule as the source writes it.
    series.map(Some).map_err(|error| format!("`series.rule`: {}", error.of_rule(&written)))
}

fn excluded_days(series: &Object, first: &Moment) -> Result<Vec<Date>, String> {
    let mut excluded = Vec::new();
    for days in series.texts("exclude")? {
        let (zone, days) = exclusions(&days);
        for day in days {
            let moment = date_parser::parse(day, zone.unwrap_or(&first.zone));
            let moment = moment.and_then(|moment| match moment.exact() {
                Some(instant) => {
                    let local = instant.to_zoned(moment::zone(&first.zone)?).datetime();
                    Moment::instant(local.date(), local.time(), &first.zone)
                }
                None => Ok(moment),
            });
            let moment = moment.map_err(|error| format!("`series.exclude`: {error}"))?;
            if !is_day_or_time(&moment) {
                return Err(format!("`series.exclude`: must be a day: `{day}`"));
            }
            excluded.push(date_parser::shift_date(moment.date, series.context.shift_days));
        }
    }
    Ok(excluded)
}

/// The occurrences outside the rule. One without an end lasts as long as the first occurrence.
fn added_occurrences(
    series: &Object,
    first: &Moment,
    end: Option<&Moment>,
) -> Result<Vec<AddedOccurrence>, String> {
    series.objects_or_texts("add", &["start", "end"], "start", |added| {
        let (start, own_end) = added.span()?;
        let start = start.ok_or("`series.add`: requires a `start`")?;
        if !is_day_or_time(&start) {
            return Err(format!("`series.add`: must be a day: `{}`", added.required("start")?));
        }
        Ok(match own_end {
            Some(end) => AddedOccurrence { start, end: Some(end) },
            None => AddedOccurrence::as_long_as(start, first, end),
        })
    })
}

fn is_day_or_time(moment: &Moment) -> bool {
    matches!(moment.precision, DatePrecision::Day | DatePrecision::Instant)
}

/// The end of a rule in UTC, as its expansion requires: a date means the end of that day, and a
/// time without `Z` is in the zone of the first occurrence. It is shifted like any other date.
fn until_in_utc(until: &Captures, first: &Moment, shift_days: i64) -> Option<String> {
    let date: Date = until["date"].replace('-', "").parse().ok()?;
    let date = date_parser::shift_date(date, shift_days);
    let number = |name: &str| until.name(name).map_or(Ok(0), |number| number.as_str().parse());
    let time = match until.name("hour") {
        Some(_) => {
            Time::new(number("hour").ok()?, number("minute").ok()?, number("second").ok()?, 0)
                .ok()?
        }
        None => Time::constant(23, 59, 59, 0),
    };
    let is_utc = until.name("utc").is_some() && until.name("hour").is_some();
    let zone = if is_utc { TimeZone::UTC } else { moment::zone(&first.zone).ok()? };
    let end = zone.to_ambiguous_zoned(date.to_datetime(time)).compatible().ok()?;
    let end = end.with_time_zone(TimeZone::UTC);
    Some(format!("UNTIL={}", end.strftime("%Y%m%dT%H%M%SZ")))
}

/// The days of one exclusion: EXDATE of RFC 5545 separates them with commas.
fn exclusions(text: &str) -> (Option<&str>, Vec<&str>) {
    let (parameters, dates) = match text.split_once(':') {
        Some((name, dates)) if name.to_ascii_uppercase().starts_with("EXDATE") => (name, dates),
        _ => ("", text),
    };
    let mut parameters = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let zone = parameters.find(|(name, _)| name.eq_ignore_ascii_case("TZID")).map(|(_, zone)| zone);
    (zone, dates_of(dates))
}

fn dates_of(dates: &str) -> Vec<&str> {
    let is_basic_form = |c: char| c.is_ascii_digit() || matches!(c, 'T' | 'Z' | ',' | ' ');
    if dates.chars().all(is_basic_form) && dates.contains(',') {
        dates.split(',').map(str::trim).filter(|date| !date.is_empty()).collect()
    } else {
        vec![dates]
    }
}
