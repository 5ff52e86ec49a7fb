//! Recurring events (RFC 5545, RRULE). Rules are expanded when read.

mod words;

use jiff::{Timestamp, ToSpan, civil::Date};
use rrule::RRuleSet;
use serde::{Deserialize, Serialize};

use crate::{EventPhase, Moment, moment::phase};

/// Maximum number of occurrences of a series: every day of [`HORIZON_YEARS`].
pub const OCCURRENCES_MAX: u16 = 3_660;

/// Maximum duration of a series in years.
pub const YEARS_MAX: i16 = 50;

/// Years from its start in which a series without an end is expanded.
pub const HORIZON_YEARS: i16 = 10;

/// A recurrence rule, without the first occurrence from which it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// The RRULE value, such as `FREQ=MONTHLY;BYDAY=1TU;COUNT=10`.
    pub rule: String,
    /// Days without an occurrence (EXDATE).
    pub excluded: Vec<Date>,
}

/// One occurrence of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// Start, with its time zone and precision.
    pub moment: Moment,
    /// Start as an instant.
    pub begins: Timestamp,
    /// End as an instant, exclusive.
    pub ends: Timestamp,
}

/// The occurrences of an event, in chronological order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Occurrences(Vec<Occurrence>);

impl Occurrences {
    /// A single occurrence.
    pub fn once(moment: Moment, ends: Timestamp) -> Self {
        Self(vec![Occurrence { begins: moment.earliest(), ends, moment }])
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
    /// Validates a rule whose first occurrence is `first`. A rule without COUNT or UNTIL yields the
    /// occurrences of [`HORIZON_YEARS`].
    ///
    /// # Errors
    /// [`SeriesError`] if the rule cannot be parsed, recurs within a day, has no occurrences, or
    /// has more than [`OCCURRENCES_MAX`] occurrences or spans more than [`YEARS_MAX`] years.
    pub fn new(rule: &str, excluded: Vec<Date>, first: &Moment) -> Result<Self, SeriesError> {
        let series = Self { rule: rule.trim().to_ascii_uppercase(), excluded };
        let error = |cause: String| SeriesError { rule: rule.to_owned(), cause };
        let frequencies = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"];
        if !frequencies.iter().any(|f| series.rule.contains(&format!("FREQ={f}"))) {
            return Err(error("must recur daily, weekly, monthly or yearly".to_owned()));
        }
        if series.rule.len() > 500 || series.rule.contains(['\n', '\r', ':']) {
            return Err(error("must be one RRULE value of at most 500 characters".to_owned()));
        }
        if ["BYHOUR", "BYMINUTE", "BYSECOND"]
            .iter()
            .any(|rule_part| series.rule.contains(rule_part))
        {
            return Err(error("BYHOUR, BYMINUTE and BYSECOND are not supported; the first occurrence sets the time".to_owned()));
        }
        let mut parts = series.rule.split(';');
        let is_numbered = |part: &str| {
            part.trim()
                .strip_prefix("BYDAY=")
                .is_some_and(|days| days.contains(|c: char| c.is_ascii_digit()))
        };
        let is_short = ["FREQ=DAILY", "FREQ=WEEKLY"].iter().any(|f| series.rule.contains(f));
        if is_short && parts.any(is_numbered) {
            return Err(error(
                "a number before a day of BYDAY requires MONTHLY or YEARLY".to_owned(),
            ));
        }
        let occurrences = series.expansion(first).map_err(error)?.all(OCCURRENCES_MAX + 1);
        let Some(last) = occurrences.dates.last() else {
            return Err(error("has no occurrences".to_owned()));
        };
        // Occurrences beyond the limit would be missing, and a rule that seldom matches is slow to
        // expand.
        let years = last.format("%Y").to_string().parse::<i16>().unwrap_or(i16::MAX);
        let too_long = years.saturating_sub(first.date.year()) > YEARS_MAX;
        if occurrences.limited || too_long || occurrences.dates.len() > OCCURRENCES_MAX.into() {
            return Err(error(format!(
                "more than {OCCURRENCES_MAX} occurrences or {YEARS_MAX} years; add COUNT or UNTIL"
            )));
        }
        Ok(series)
    }

    /// The start of every occurrence, at most [`OCCURRENCES_MAX`].
    pub fn all(&self, first: &Moment) -> Vec<Moment> {
        let Ok(set) = self.expansion(first) else { return Vec::new() };
        set.all(OCCURRENCES_MAX)
            .dates
            .into_iter()
            .filter_map(|date| {
                let local = date.naive_local();
                let date: Date = local.format("%Y-%m-%d").to_string().parse().ok()?;
                let excluded = self.excluded.contains(&date);
                (!excluded).then(|| Moment { date, text: None, ..first.clone() })
            })
            .collect()
    }

    /// Every occurrence with its end: that of the first, as many days later. Without `end`, an
    /// occurrence lasts until the end of its day.
    pub fn expand(&self, first: &Moment, end: Option<&Moment>) -> Occurrences {
        let occurrence = |moment: Moment| {
            let begins = moment.earliest();
            let ends = match end {
                Some(end) => end_of_occurrence(first, end, &moment).latest(),
                None => moment.end_of_span(),
            };
            Occurrence { moment, begins, ends }
        };
        Occurrences(self.all(first).into_iter().map(occurrence).collect())
    }

    fn expansion(&self, first: &Moment) -> Result<RRuleSet, String> {
        let start = first.date.to_datetime(first.time.unwrap_or_default());
        let start = start.strftime("%Y%m%dT%H%M%S");
        let has_end = self.rule.contains("COUNT=") || self.rule.contains("UNTIL=");
        let horizon = if has_end {
            String::new()
        } else {
            let horizon = first.date.saturating_add(i64::from(HORIZON_YEARS).years());
            // Noon of the day before: no occurrence of the last day in any time zone.
            format!(";UNTIL={}T120000Z", horizon.yesterday().unwrap_or(horizon).strftime("%Y%m%d"))
        };
        let text = format!("DTSTART;TZID={}:{start}\nRRULE:{}{horizon}", first.zone, self.rule);
        text.parse().map_err(|e: rrule::RRuleError| e.to_string())
    }
}

/// The end of the occurrence that starts at `start`, if the first one lasts from `first` to `end`:
/// at the same time of day.
pub(crate) fn end_of_occurrence(first: &Moment, end: &Moment, start: &Moment) -> Moment {
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
        let starts: Vec<_> = series.all(&first).iter().map(|m| m.earliest().to_string()).collect();
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
            assert_eq!((series.rule.as_str(), series.all(&first).len()), (rule, count));
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
}
