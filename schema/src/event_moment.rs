//! Dates and times as people write them: to the minute, to the day, or "in de zomer van 2025".

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use crate::{DatePrecision, EventPhase, Language};

/// Default time zone, for dates without one.
pub const HOME_ZONE: &str = "Europe/Amsterdam";

/// A date or time in the time zone of an event, with its precision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventMoment {
    /// The day, or the first day of the month, season or year.
    pub date: Date,
    /// Local time, if the precision is [`DatePrecision::Instant`].
    pub time: Option<Time>,
    /// IANA name of the time zone, such as `America/Kralendijk`.
    pub zone: String,
    /// Precision of the date.
    pub precision: DatePrecision,
    /// The original text of the source, if it is vaguer than a date.
    pub text: Option<String>,
}

/// Reason why a text is not a date or time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// Not in the IANA time zone database.
    #[error("unknown time zone, use an IANA name such as `Europe/Amsterdam`: `{0}`")]
    Zone(String),
    /// Not in a known date format.
    #[error("invalid date, write it as 2026-03-12, 2026-03-12T14:00 or `zomer 2026`: `{0}`")]
    Date(String),
}

/// Looks up an IANA time zone in the embedded database.
///
/// # Errors
/// [`MomentError::Zone`] if the name is unknown.
pub fn zone(name: &str) -> Result<TimeZone, MomentError> {
    TimeZone::get(name).map_err(|_| MomentError::Zone(name.to_owned()))
}

impl EventMoment {
    /// A whole day in a time zone.
    ///
    /// # Errors
    /// [`MomentError::Zone`] if the zone is unknown.
    pub fn day(date: Date, zone_name: &str) -> Result<Self, MomentError> {
        zone(zone_name)?;
        Ok(Self {
            date,
            time: None,
            zone: zone_name.to_owned(),
            precision: DatePrecision::Day,
            text: None,
        })
    }

    /// A local date and time in a time zone.
    ///
    /// # Errors
    /// [`MomentError::Zone`] if the zone is unknown.
    pub fn instant(date: Date, time: Time, zone_name: &str) -> Result<Self, MomentError> {
        let day = Self::day(date, zone_name)?;
        Ok(Self { time: Some(time), precision: DatePrecision::Instant, ..day })
    }

    /// The instant, if the time is known.
    pub fn exact(&self) -> Option<Timestamp> {
        self.time.map(|_| self.earliest())
    }

    /// The first instant of the day, month, season or year; of an exact time, that instant.
    pub fn earliest(&self) -> Timestamp {
        self.to_timestamp(self.date, self.time.unwrap_or(Time::midnight()))
    }

    /// The first instant after the day, month, season or year; of an exact time, that instant.
    pub fn latest(&self) -> Timestamp {
        if self.time.is_some() { self.earliest() } else { self.end_of_span() }
    }

    /// The end of the day, month, season or year that contains this moment.
    pub fn end_of_span(&self) -> Timestamp {
        let span = match self.precision {
            DatePrecision::Instant | DatePrecision::Day => 1.day(),
            DatePrecision::Month => 1.month(),
            DatePrecision::Season => 3.months(),
            DatePrecision::Year => 1.year(),
        };
        let next = self.date.checked_add(span).unwrap_or(Date::MAX);
        self.to_timestamp(next, Time::midnight())
    }

    /// Whether the precision is a day.
    pub fn all_day(&self) -> bool {
        self.precision == DatePrecision::Day
    }

    fn to_timestamp(&self, date: Date, time: Time) -> Timestamp {
        // Constructors validate the zone; UTC replaces a zone that a later database no longer has.
        let zone = zone(&self.zone).unwrap_or(TimeZone::UTC);
        zone.to_ambiguous_zoned(date.to_datetime(time))
            .compatible()
            .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    }

    /// Formats the moment in the given language, such as `12 maart 2026, 14:00`.
    pub fn describe(&self, language: Language) -> String {
        if let Some(text) = &self.text {
            return text.clone();
        }
        let month = month_name(self.date.month(), language);
        let (day, year) = (self.date.day(), self.date.year());
        match self.precision {
            DatePrecision::Year => year.to_string(),
            DatePrecision::Season => {
                format!("{} {year}", season_name(self.date.month(), language))
            }
            DatePrecision::Month => format!("{month} {year}"),
            DatePrecision::Day | DatePrecision::Instant => match self.time {
                Some(t) => {
                    format!("{day} {month} {year}, {:02}:{:02}", t.hour(), t.minute())
                }
                None => format!("{day} {month} {year}"),
            },
        }
    }
}

/// Phase at `now` of an interval; `ends` is exclusive.
pub fn phase(begins: Timestamp, ends: Timestamp, now: Timestamp) -> EventPhase {
    if now < begins {
        EventPhase::Upcoming
    } else if now < ends {
        EventPhase::Ongoing
    } else {
        EventPhase::Past
    }
}

const MONTHS_NL: [&str; 12] = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Names of seasons with the month in which each begins.
const SEASONS: [(&str, i8, Language); 11] = [
    ("lente", 3, Language::Nl),
    ("voorjaar", 3, Language::Nl),
    ("spring", 3, Language::En),
    ("zomer", 6, Language::Nl),
    ("summer", 6, Language::En),
    ("herfst", 9, Language::Nl),
    ("najaar", 9, Language::Nl),
    ("autumn", 9, Language::En),
    ("fall", 9, Language::En),
    ("winter", 12, Language::Nl),
    ("winter", 12, Language::En),
];

fn month_name(month: i8, language: Language) -> &'static str {
    let names = if language == Language::En { &MONTHS_EN } else { &MONTHS_NL };
    names[usize::try_from(month - 1).expect("months are numbered from one")]
}

fn season_name(month: i8, language: Language) -> &'static str {
    let target_language = if language == Language::En { Language::En } else { Language::Nl };
    SEASONS
        .iter()
        .find(|(_, begins, season_language)| {
            *begins == month && *season_language == target_language
        })
        .map_or("", |(word, ..)| *word)
}

/// The number of a month from its Dutch or English name or an abbreviation of at least three
/// letters.
pub fn month_number(word: &str) -> Option<i8> {
    let word = word.trim_end_matches('.').to_lowercase();
    let matches_name = |name: &str| {
        let name = name.to_lowercase();
        name == word
            || (word.len() >= 3 && name.starts_with(&word))
            || (word == "mrt" && name == "maart")
    };
    let index = MONTHS_NL
        .iter()
        .position(|m| matches_name(m))
        .or_else(|| MONTHS_EN.iter().position(|m| matches_name(m)))?;
    i8::try_from(index + 1).ok()
}

/// The month in which a season begins, from its Dutch or English name. Winter begins in December.
pub fn season_month(word: &str) -> Option<i8> {
    let word = word.to_lowercase();
    SEASONS.iter().find(|(name, ..)| *name == word).map(|(_, month, _)| *month)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    #[test]
    fn a_day_must_last_from_midnight_to_midnight_in_its_own_zone() {
        let bonaire = EventMoment::day(date(2025, 6, 10), "America/Kralendijk").unwrap();
        assert_eq!(bonaire.earliest().to_string(), "2025-06-10T04:00:00Z");
        assert_eq!(bonaire.latest().to_string(), "2025-06-11T04:00:00Z");
    }

    #[test]
    fn a_local_time_skipped_by_summer_time_must_have_an_instant() {
        let gap = EventMoment::instant(date(2026, 3, 29), time(2, 30, 0, 0), HOME_ZONE).unwrap();
        assert_eq!(gap.earliest().to_string(), "2026-03-29T01:30:00Z");
    }

    #[test]
    fn a_season_must_last_three_months_and_be_named() {
        let summer = EventMoment {
            precision: DatePrecision::Season,
            ..EventMoment::day(date(2025, 6, 1), HOME_ZONE).unwrap()
        };
        assert_eq!(summer.latest().to_string(), "2025-08-31T22:00:00Z");
        assert_eq!(summer.describe(Language::Nl), "zomer 2025");
        assert_eq!(summer.describe(Language::En), "summer 2025");
    }

    #[test]
    fn months_must_be_parsed_in_both_languages() {
        assert_eq!(month_number("mrt"), Some(3));
        assert_eq!(month_number("Maart"), Some(3));
        assert_eq!(month_number("October"), Some(10));
        assert_eq!(month_number("okt."), Some(10));
        assert_eq!(month_number("x"), None);
    }
}
