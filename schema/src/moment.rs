//! Dates and times as people write them: to the minute, to the day, or "in de zomer van 2025".

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use crate::{DatePrecision, EventPhase, Language};

/// Default time zone, for dates without one.
pub const HOME_ZONE: &str = "Europe/Amsterdam";

/// A date or time with its precision, in the time zone of an event or else [`HOME_ZONE`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The day, or the first day of the month, season or year.
    pub date: Date,
    /// Local time, if the precision is [`DatePrecision::Instant`].
    pub time: Option<Time>,
    /// IANA name of the time zone, such as `America/Kralendijk`.
    pub zone: String,
    /// Precision of the date.
    pub precision: DatePrecision,
    /// The original text of the source, if it says more than date and precision (`eind juni 2026`).
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
    /// The day of the week is not that of the date.
    #[error("day of the week does not belong to this date; correct one of the two: `{0}`")]
    Weekday(String),
    /// The clock skips this time, when summer time begins.
    #[error("time does not exist, since the clock skips it when summer time begins: `{0}`")]
    SkippedTime(String),
}

/// Looks up an IANA time zone in the embedded database.
///
/// # Errors
/// [`MomentError::Zone`] if the name is unknown.
pub fn zone(name: &str) -> Result<TimeZone, MomentError> {
    TimeZone::get(name).map_err(|_| MomentError::Zone(name.to_owned()))
}

impl Moment {
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

    /// The same moment in [`HOME_ZONE`]: a time becomes local time there, a date stays that date.
    #[must_use]
    pub fn in_home_zone(self) -> Self {
        let home = zone(HOME_ZONE).unwrap_or(TimeZone::UTC);
        let local = self.exact().map(|instant| instant.to_zoned(home).datetime());
        let date = local.map_or(self.date, DateTime::date);
        Self { date, time: local.map(DateTime::time), zone: HOME_ZONE.to_owned(), ..self }
    }

    /// Whether this moment is within the day, month, season or year of `other` and more precise.
    pub fn refines(&self, other: &Self) -> bool {
        self.precision < other.precision
            && (other.earliest()..other.end_of_span()).contains(&self.earliest())
    }

    /// The date in ISO 8601 as far as it is known: `2026-03-12`, `2026-03` or `2026`. A season has
    /// no notation there, and yields its year.
    pub fn iso_date(&self) -> String {
        match self.precision {
            DatePrecision::Instant | DatePrecision::Day => self.date.to_string(),
            DatePrecision::Month => format!("{:04}-{:02}", self.date.year(), self.date.month()),
            DatePrecision::Season | DatePrecision::Year => format!("{:04}", self.date.year()),
        }
    }

    fn to_timestamp(&self, date: Date, time: Time) -> Timestamp {
        // Constructors validate the zone; UTC replaces a zone that a later database no longer has.
        let zone = zone(&self.zone).unwrap_or(TimeZone::UTC);
        zone.to_ambiguous_zoned(date.to_datetime(time))
            .compatible()
            .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    }

    /// Formats the moment in the given language: `12 maart 2026, 14.00 uur`, `12 March 2026, 14:00`.
    pub fn describe(&self, language: Language) -> String {
        let date = self.describe_date(language);
        match (self.time, language) {
            (None, _) => date,
            (Some(time), Language::En) => format!("{date}, {}", clock(time, language)),
            (Some(time), _) => format!("{date}, {} uur", clock(time, language)),
        }
    }

    /// Formats the moment without its time.
    pub fn describe_date(&self, language: Language) -> String {
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
            DatePrecision::Day | DatePrecision::Instant => format!("{day} {month} {year}"),
        }
    }
}

/// Formats a time of day: `9.00` in Dutch, which `uur` follows, and `09:00` in English.
pub fn clock(time: Time, language: Language) -> String {
    match language {
        Language::En => format!("{:02}:{:02}", time.hour(), time.minute()),
        Language::Nl | Language::Other => format!("{}.{:02}", time.hour(), time.minute()),
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

/// The local day of a date or time in the basic format of ISO 8601, such as `20260401T215959Z`.
pub(crate) fn parse_day(text: &str, zone_name: &str) -> Option<Date> {
    let time = text.strip_suffix('Z').and_then(|text| text.parse::<DateTime>().ok());
    match time {
        Some(time) => {
            let instant = TimeZone::UTC.to_timestamp(time).ok()?;
            Some(instant.to_zoned(zone(zone_name).ok()?).date())
        }
        None => text.parse().ok(),
    }
}

/// Name of a month, in English for English and in Dutch for any other language.
pub(crate) fn month_name(month: i8, language: Language) -> &'static str {
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
        let bonaire = Moment::day(date(2025, 6, 10), "America/Kralendijk").unwrap();
        assert_eq!(bonaire.earliest().to_string(), "2025-06-10T04:00:00Z");
        assert_eq!(bonaire.latest().to_string(), "2025-06-11T04:00:00Z");
    }

    #[test]
    fn a_local_time_skipped_by_summer_time_must_have_an_instant() {
        let gap = Moment::instant(date(2026, 3, 29), time(2, 30, 0, 0), HOME_ZONE).unwrap();
        assert_eq!(gap.earliest().to_string(), "2026-03-29T01:30:00Z");
    }

    #[test]
    fn a_season_must_last_three_months_and_be_named() {
        let summer = Moment {
            precision: DatePrecision::Season,
            ..Moment::day(date(2025, 6, 1), HOME_ZONE).unwrap()
        };
        assert_eq!(summer.latest().to_string(), "2025-08-31T22:00:00Z");
        assert_eq!(summer.describe(Language::Nl), "zomer 2025");
        assert_eq!(summer.describe(Language::En), "summer 2025");
    }

    fn day(year: i16, month: i8, day: i8) -> Moment {
        Moment::day(date(year, month, day), HOME_ZONE).unwrap()
    }

    fn at(day: Date, hour: i8, zone: &str) -> Moment {
        Moment::instant(day, time(hour, 0, 0, 0), zone).unwrap()
    }

    #[test]
    fn a_time_must_be_written_as_each_language_does() {
        let nine = at(date(2026, 3, 12), 9, HOME_ZONE);
        assert_eq!(nine.describe(Language::Nl), "12 maart 2026, 9.00 uur");
        assert_eq!(nine.describe(Language::En), "12 March 2026, 09:00");
        assert_eq!(nine.describe_date(Language::Nl), "12 maart 2026");
        assert_eq!(day(2026, 3, 12).describe(Language::Nl), "12 maart 2026");
    }

    #[test]
    fn in_the_home_zone_a_time_must_be_local_and_a_date_the_same_date() {
        let zone = "America/Kralendijk";
        let evening = at(date(2025, 12, 31), 20, zone).in_home_zone();
        assert_eq!(evening, at(date(2026, 1, 1), 1, HOME_ZONE));
        let last_day = Moment::day(date(2025, 12, 31), zone).unwrap();
        assert_eq!(last_day.in_home_zone(), day(2025, 12, 31));
    }

    #[test]
    fn iso_dates_must_be_as_short_as_the_precision() {
        let with = |precision| Moment { precision, ..day(2025, 6, 1) }.iso_date();
        assert_eq!(
            DatePrecision::ALL.iter().map(|precision| with(*precision)).collect::<Vec<_>>(),
            ["2025-06-01", "2025-06-01", "2025-06", "2025", "2025"]
        );
    }

    #[test]
    fn only_a_more_precise_moment_within_the_other_must_refine_it() {
        let (summer_day, winter_day) = (date(2025, 7, 1), date(2025, 12, 31));
        for date in [summer_day, winter_day] {
            let day = Moment::day(date, HOME_ZONE).unwrap();
            let month = Moment {
                precision: DatePrecision::Month,
                date: date.first_of_month(),
                ..day.clone()
            };
            assert!(at(date, 0, HOME_ZONE).refines(&day) && at(date, 23, HOME_ZONE).refines(&day));
            assert!(!at(date.tomorrow().unwrap(), 0, HOME_ZONE).refines(&day));
            assert!(!at(date.yesterday().unwrap(), 23, HOME_ZONE).refines(&day));
            assert!(day.refines(&month) && !month.refines(&day) && !day.refines(&day));
        }
        assert!(!day(2025, 7, 1).refines(&at(summer_day, 14, HOME_ZONE)));
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
