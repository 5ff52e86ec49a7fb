//! Recurring events (RFC 5545, RRULE). Rules are expanded when read.

mod words;

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use rrule::{RRuleResult, RRuleSet};
use serde::{Deserialize, Serialize};

use crate::{
    EventPhase, Moment,
    moment::{self, phase},
};

/// Maximum number of occurrences of a series: every day of [`HORIZON_YEARS`].
pub const OCCURRENCES_MAX: u16 = 3_660;

/// Maximum duration of a series in years.
pub const YEARS_MAX: i16 = 50;

/// Years from its start in which a series without an end is expanded.
pub const HORIZON_YEARS: i16 = 10;

/// The rule of a series of which only the first occurrence follows a rule; all others are added.
pub const ONCE: &str = "FREQ=DAILY;COUNT=1";

/// A recurrence rule, without the first occurrence from which it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// The RRULE value, such as `FREQ=MONTHLY;BYDAY=1TU;COUNT=10`.
    pub rule: String,
    /// Days on which the rule has no occurrence (EXDATE).
    pub excluded: Vec<Date>,
    /// Occurrences outside the rule (RDATE), including those that were moved, by start.
    pub added: Vec<AddedOccurrence>,
}

/// An occurrence with its own start and end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedOccurrence {
    /// Start.
    pub start: Moment,
    /// End.
    pub end: Option<Moment>,
}

impl AddedOccurrence {
    /// An occurrence that lasts as long as the first one of its series, from `first` to `end`.
    pub fn as_long_as(start: Moment, first: &Moment, end: Option<&Moment>) -> Self {
        let end = end.and_then(|end| match (start.exact(), first.exact(), end.exact()) {
            (Some(begins), Some(first), Some(end)) => {
                let ends = begins.checked_add(end.duration_since(first)).ok()?;
                let local = ends.to_zoned(moment::zone(&start.zone).ok()?).datetime();
                Moment::instant(local.date(), local.time(), &start.zone).ok()
            }
            (None, None, None) => Some(end_of_occurrence(first, end, &start)),
            _ => None,
        });
        Self { start, end }
    }
}

/// One occurrence of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Start, with its time zone and precision.
    pub moment: Moment,
    /// End, if the event has one.
    pub end: Option<Moment>,
    /// Start as an instant.
    pub begins: Timestamp,
    /// End as an instant, exclusive. Without an end, an occurrence lasts until the end of its day
    /// (or month, season or year).
    pub ends: Timestamp,
}

impl Occurrence {
    /// An occurrence with this start and end.
    pub fn new(moment: Moment, end: Option<Moment>) -> Self {
        let begins = moment.earliest();
        let ends = end.as_ref().map_or_else(|| moment.end_of_span(), Moment::latest);
        Self { moment, end, begins, ends }
    }
}

/// The occurrences of an event, in chronological order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Occurrences(Vec<Occurrence>);

impl Occurrences {
    /// A single occurrence.
    pub fn once(moment: Moment, end: Option<Moment>) -> Self {
        Self(vec![Occurrence::new(moment, end)])
    }

    /// All occurrences.
    pub fn all(&self) -> &[Occurrence] {
        &self.0
    }

    /// Occurrences that have not ended at `now`.
    pub fn remaining(&self, now: Timestamp) -> impl Iterator<Item = &Occurrence> {
        self.0.iter().filter(move |occurrence| now < occurrence.ends)
    }

    /// Ongoing during an occurrence, past after the last, upcoming otherwise.
    pub fn phase(&self, now: Timestamp) -> EventPhase {
        match self.remaining(now).next() {
            Some(next) => phase(next.begins, next.ends, now),
            None => EventPhase::Past,
        }
    }
}

/// Reason why a recurrence rule is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid recurrence rule (RFC 5545): {cause}: `{rule}`")]
pub struct SeriesError {
    rule: String,
    cause: String,
}

impl SeriesError {
    /// The same error of a rule as its source writes it.
    #[must_use]
    pub fn of_rule(self, rule: &str) -> Self {
        Self { rule: rule.to_owned(), ..self }
    }
}

impl Series {
    /// A rule without added occurrences; see [`Self::validated`].
    ///
    /// # Errors
    /// [`SeriesError`] if the rule is invalid.
    pub fn new(rule: &str, excluded: Vec<Date>, first: &Moment) -> Result<Self, SeriesError> {
        Self { rule: rule.to_owned(), excluded, added: Vec::new() }.validated(first, None)
    }

    /// Validates a series whose first occurrence lasts from `first` to `end`. A rule without COUNT
    /// or UNTIL yields the occurrences of [`HORIZON_YEARS`]. In the result, added occurrences are in
    /// order, none is the same as one of the rule, and each excluded day is one of the rule.
    ///
    /// # Errors
    /// [`SeriesError`] if the rule cannot be parsed, recurs within a day, has no occurrences, or if
    /// there are more than [`OCCURRENCES_MAX`] occurrences or they span more than [`YEARS_MAX`]
    /// years.
    pub fn validated(self, first: &Moment, end: Option<&Moment>) -> Result<Self, SeriesError> {
        let mut series = Self { rule: self.rule.trim().to_ascii_uppercase(), ..self };
        let error = |cause: String| SeriesError { rule: self.rule.clone(), cause };
        check_parts(&series.rule).map_err(|cause| error(cause.to_owned()))?;
        let (dates, is_limited) = series.dates(first, OCCURRENCES_MAX + 1).map_err(error)?;
        let Some(last) = dates.last() else {
            return Err(error("has no occurrences".to_owned()));
        };
        // Occurrences beyond the limit would be missing, and a rule that seldom matches is slow to
        // expand.
        let is_distant = |date: Date| (date.year() - first.date.year()).abs() > YEARS_MAX;
        let added_dates = || series.added.iter().map(|added| added.start.date);
        if is_limited
            || added_dates().chain([*last]).any(is_distant)
            || dates.len() + series.added.len() > OCCURRENCES_MAX.into()
        {
            return Err(error(format!(
                "more than {OCCURRENCES_MAX} occurrences or {YEARS_MAX} years; add COUNT or UNTIL"
            )));
        }
        series.simplify(&dates, first, end);
        Ok(series)
    }

    /// Removes what has no effect: added occurrences that the rule has too, and days without an
    /// occurrence that the rule does not have.
    fn simplify(&mut self, dates: &[Date], first: &Moment, end: Option<&Moment>) {
        self.added.sort_by_cached_key(|added| (added.start.earliest(), end_instant(added)));
        self.added.dedup_by(|later, earlier| later.start == earlier.start);
        let excluded = &mut self.excluded;
        self.added.retain(|added| {
            let of_rule = occurrence_on(added.start.date, first);
            if added.start != of_rule || dates.binary_search(&added.start.date).is_err() {
                return true;
            }
            let is_same = added.end == end.map(|end| end_of_occurrence(first, end, &of_rule));
            excluded.retain(|date| *date != of_rule.date);
            if !is_same {
                // Of two occurrences with the same start, the one with its own end is meant.
                excluded.push(of_rule.date);
            }
            !is_same
        });
        excluded.retain(|date| dates.binary_search(date).is_ok());
    }

    /// The start of every occurrence of the rule, at most [`OCCURRENCES_MAX`].
    fn starts(&self, first: &Moment) -> Vec<Moment> {
        let (dates, _) = self.dates(first, OCCURRENCES_MAX).unwrap_or_default();
        let dates = dates.into_iter().filter(|date| !self.excluded.contains(date));
        dates.map(|date| occurrence_on(date, first)).collect()
    }

    /// The first `limit` days of the rule, including excluded ones, and whether there may be more.
    fn dates(&self, first: &Moment, limit: u16) -> Result<(Vec<Date>, bool), String> {
        let RRuleResult { dates, limited } = self.expansion(first)?.all(limit);
        let date = |text: String| text.parse::<Date>().ok();
        let dates = dates.into_iter().filter_map(|day| date(day.format("%Y-%m-%d").to_string()));
        Ok((dates.collect(), limited))
    }

    /// Every occurrence with its end: one of the rule ends as many days after its start as the
    /// first.
    pub fn expand(&self, first: &Moment, end: Option<&Moment>) -> Occurrences {
        let of_rule = self.starts(first).into_iter().map(|start| {
            let end = end.map(|end| end_of_occurrence(first, end, &start));
            Occurrence::new(start, end)
        });
        let added = self.added.iter().cloned();
        let added = added.map(|AddedOccurrence { start, end }| Occurrence::new(start, end));
        let mut occurrences: Vec<_> = of_rule.chain(added).collect();
        occurrences.sort_by_key(|occurrence| (occurrence.begins, occurrence.ends));
        Occurrences(occurrences)
    }

    /// The rule over local time, so that no occurrence is lost when the clock changes: the time
    /// zone applies to each occurrence afterwards.
    fn expansion(&self, first: &Moment) -> Result<RRuleSet, String> {
        let start = first.date.to_datetime(first.time.unwrap_or_default());
        let start = start.strftime("%Y%m%dT%H%M%SZ");
        let parts = self.rule.split(';').map(|part| {
            let until = part.trim().strip_prefix("UNTIL=");
            match until.and_then(|until| local_time(until, &first.zone)) {
                Some(local) => format!("UNTIL={}", local.strftime("%Y%m%dT%H%M%SZ")),
                None => part.to_owned(),
            }
        });
        let mut rule = parts.collect::<Vec<_>>().join(";");
        if !rule.contains("COUNT=") && !rule.contains("UNTIL=") {
            let horizon = first.date.saturating_add(i64::from(HORIZON_YEARS).years());
            let last = horizon.yesterday().unwrap_or(horizon).strftime("%Y%m%d");
            rule = format!("{rule};UNTIL={last}T235959Z");
        }
        let text = format!("DTSTART:{start}\nRRULE:{rule}");
        text.parse().map_err(|e: rrule::RRuleError| e.to_string())
    }
}

/// Rejects parts of a rule that are unsupported or have no meaning together.
fn check_parts(rule: &str) -> Result<(), &'static str> {
    let has_frequency = |names: &[&str]| names.iter().any(|n| rule.contains(&format!("FREQ={n}")));
    if !has_frequency(&["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]) {
        return Err("must recur daily, weekly, monthly or yearly");
    }
    if rule.len() > 500 || rule.contains(['\n', '\r', ':']) {
        return Err("must be one RRULE value of at most 500 characters");
    }
    if ["BYHOUR", "BYMINUTE", "BYSECOND"].iter().any(|name| rule.contains(name)) {
        return Err("BYHOUR, BYMINUTE and BYSECOND are not supported; the first occurrence sets \
                    the time");
    }
    let mut parts = rule.split(';');
    let is_numbered = |part: &str| {
        let days = part.trim().strip_prefix("BYDAY=");
        days.is_some_and(|days| days.contains(|c: char| c.is_ascii_digit()))
    };
    if has_frequency(&["DAILY", "WEEKLY"]) && parts.any(is_numbered) {
        return Err("a number before a day of BYDAY requires MONTHLY or YEARLY");
    }
    Ok(())
}

/// The local time of an instant such as `20260408T215959Z`; `None` for any other text.
fn local_time(until: &str, zone_name: &str) -> Option<DateTime> {
    let utc: DateTime = until.trim().strip_suffix('Z')?.parse().ok()?;
    let instant = TimeZone::UTC.to_timestamp(utc).ok()?;
    Some(instant.to_zoned(moment::zone(zone_name).ok()?).datetime())
}

/// The start of the occurrence of a rule on a day: at the time of the first.
fn occurrence_on(date: Date, first: &Moment) -> Moment {
    Moment { date, text: None, ..first.clone() }
}

fn end_instant(added: &AddedOccurrence) -> Option<Timestamp> {
    added.end.as_ref().map(Moment::latest)
}

/// The end of the occurrence that starts at `start`, if the first one lasts from `first` to `end`:
/// at the same time of day.
fn end_of_occurrence(first: &Moment, end: &Moment, start: &Moment) -> Moment {
    if start.date == first.date {
        return end.clone();
    }
    let date = start.date.since(first.date).and_then(|days| end.date.checked_add(days));
    Moment { date: date.unwrap_or(Date::MAX), text: None, ..end.clone() }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;
    use crate::moment::HOME_ZONE;

    #[test]
    fn occurrences_must_preserve_wall_clock_time_across_summer_time() {
        let first = Moment::instant(date(2026, 3, 3), time(14, 0, 0, 0), HOME_ZONE).unwrap();
        let skipped = vec![date(2026, 5, 5)];
        let series = Series::new("FREQ=MONTHLY;BYDAY=1TU;COUNT=4", skipped, &first).unwrap();
        let starts: Vec<_> =
            series.starts(&first).iter().map(|m| m.earliest().to_string()).collect();
        assert_eq!(
            starts,
            ["2026-03-03T13:00:00Z", "2026-04-07T12:00:00Z", "2026-06-02T12:00:00Z"]
        );
        let occurrences = series.expand(&first, None);
        let between: Timestamp = "2026-04-01T00:00:00Z".parse().unwrap();
        assert_eq!(occurrences.phase(between), EventPhase::Upcoming);
        assert_eq!(occurrences.remaining(between).next().unwrap().moment.date, date(2026, 4, 7));
        let during: Timestamp = "2026-04-07T13:00:00Z".parse().unwrap();
        assert_eq!(occurrences.phase(during), EventPhase::Ongoing);
        let after: Timestamp = "2026-07-01T00:00:00Z".parse().unwrap();
        assert_eq!(occurrences.phase(after), EventPhase::Past);
    }

    #[test]
    fn a_series_without_an_end_must_be_expanded_within_the_horizon() {
        let first = Moment::day(date(2026, 3, 3), HOME_ZONE).unwrap();
        for (rule, count) in [("FREQ=WEEKLY", 522), ("FREQ=DAILY", 3_653), ("FREQ=YEARLY", 10)] {
            let series = Series::new(rule, Vec::new(), &first).unwrap();
            assert_eq!((series.rule.as_str(), series.starts(&first).len()), (rule, count));
        }
    }

    #[test]
    fn a_sub_daily_or_invalid_rule_must_be_rejected() {
        let first = Moment::day(date(2026, 3, 3), HOME_ZONE).unwrap();
        let rules = [
            "FREQ=SECONDLY",
            "FREQ=MONTHLY;BYDAY=9XX",
            "",
            "FREQ=DAILY\nRDATE:2026",
            "FREQ=DAILY;COUNT=3661",
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;COUNT=60",
            "FREQ=DAILY;BYHOUR=9,14;COUNT=6",
            "FREQ=WEEKLY;BYDAY=5MO;COUNT=3",
            "FREQ=WEEKLY;BYDAY=1TH,TU;COUNT=3",
            "FREQ=DAILY;BYDAY=-1FR;COUNT=3",
        ];
        assert!(Series::new("FREQ=DAILY;COUNT=3660", Vec::new(), &first).is_ok());
        assert!(Series::new("FREQ=MONTHLY;BYDAY=1TU;COUNT=3", Vec::new(), &first).is_ok());
        for rule in rules {
            assert!(Series::new(rule, Vec::new(), &first).is_err(), "{rule}");
        }
    }
    fn at(day: Date, hour: i8, minute: i8) -> Moment {
        Moment::instant(day, time(hour, minute, 0, 0), HOME_ZONE).unwrap()
    }

    #[test]
    fn moved_and_added_occurrences_must_have_their_own_start_and_end() {
        let (first, end) = (at(date(2026, 9, 8), 10, 0), at(date(2026, 9, 8), 11, 30));
        let added = |day, hour, last| AddedOccurrence {
            start: at(date(2026, 10, day), hour, 0),
            end: Some(at(date(2026, 10, day), last, 30)),
        };
        let series = Series {
            rule: "freq=weekly;count=6".to_owned(),
            // 4 October is no day of the rule; 6 October is moved, and 13 October only listed.
            excluded: vec![date(2026, 9, 15), date(2026, 10, 4), date(2026, 10, 6)],
            added: vec![added(13, 10, 11), added(6, 14, 15), added(6, 14, 15), added(16, 9, 9)],
        };
        let series = series.validated(&first, Some(&end)).unwrap();
        assert_eq!(series.excluded, [date(2026, 9, 15), date(2026, 10, 6)]);
        assert_eq!(series.added, [added(6, 14, 15), added(16, 9, 9)]);
        let again = series.clone().validated(&first, Some(&end));
        assert_eq!(again.as_ref(), Ok(&series));
        let spans = |series: &Series| -> Vec<String> {
            let occurrences = series.expand(&first, Some(&end));
            let span = |one: &Occurrence| format!("{} {}", one.begins, one.ends);
            occurrences.all().iter().map(span).collect()
        };
        assert_eq!(
            spans(&series),
            [
                "2026-09-08T08:00:00Z 2026-09-08T09:30:00Z",
                "2026-09-22T08:00:00Z 2026-09-22T09:30:00Z",
                "2026-09-29T08:00:00Z 2026-09-29T09:30:00Z",
                "2026-10-06T12:00:00Z 2026-10-06T13:30:00Z",
                "2026-10-13T08:00:00Z 2026-10-13T09:30:00Z",
                "2026-10-16T07:00:00Z 2026-10-16T07:30:00Z",
            ]
        );
        let longer = Series { added: vec![added(13, 10, 12)], ..series };
        let longer = longer.validated(&first, Some(&end)).unwrap();
        assert!(longer.excluded.contains(&date(2026, 10, 13)), "{longer:?}");
        assert_eq!(spans(&longer)[3], "2026-10-13T08:00:00Z 2026-10-13T10:30:00Z");
    }

    #[test]
    fn occurrences_in_hours_that_the_clock_skips_or_repeats_must_remain() {
        let first = at(date(2026, 10, 18), 2, 30);
        let series = Series::new("FREQ=WEEKLY;COUNT=3", Vec::new(), &first).unwrap();
        let begins = |series: &Series, first: &Moment| -> Vec<String> {
            let occurrences = series.expand(first, None);
            occurrences.all().iter().map(|one| one.begins.to_string()).collect()
        };
        // The first of the two hours on 25 October.
        assert_eq!(
            begins(&series, &first),
            ["2026-10-18T00:30:00Z", "2026-10-25T00:30:00Z", "2026-11-01T01:30:00Z"]
        );
        let repeated = at(date(2026, 10, 25), 2, 30);
        let series = Series::new("FREQ=DAILY;UNTIL=20261026T013000Z", Vec::new(), &repeated);
        assert_eq!(
            begins(&series.unwrap(), &repeated),
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
        );
        // Read with the offset before the gap on 29 March: an hour later by the clock.
        let before = at(date(2026, 3, 28), 2, 30);
        let series = Series::new("FREQ=DAILY;COUNT=3", Vec::new(), &before).unwrap();
        assert_eq!(
            begins(&series, &before),
            ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]
        );
    }
}
