//! Words of a query for a period: *volgende week*, *december 2025*, *dit najaar*, *Q3*.

use jiff::{
    Span,
    civil::{Date, Weekday},
};

const MONTHS: [&str; 12] = [
    "januari january",
    "februari february",
    "maart march",
    "april",
    "mei may",
    "juni june",
    "juli july",
    "augustus august",
    "september",
    "oktober october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = [
    "maandag monday",
    "dinsdag tuesday",
    "woensdag wednesday",
    "donderdag thursday",
    "vrijdag friday",
    "zaterdag saturday",
    "zondag sunday",
];
/// Seasons, with their first month.
const SEASONS: [(i8, &str); 4] = [
    (3, "voorjaar lente spring"),
    (6, "zomer summer"),
    (9, "najaar herfst autumn"),
    (12, "winter"),
];
const QUARTERS: [&str; 4] = ["eerste first", "tweede second", "derde third", "vierde fourth"];
/// Words before a month that make it a time.
const PREPOSITIONS: &str = "in van eind begin half medio sinds vanaf of from since";

/// How a word of a query is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WordUse {
    /// It matches documents.
    Required,
    /// It increases the score of a document, but does not match it.
    Optional,
    /// Not at all, because it states a preference: a text that contains *volgende week* is about
    /// another week.
    Preference,
    /// Not at all, because it belongs to the frame of a question.
    Frame,
}

/// Which of the periods that recur is meant if its year is not mentioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum YearChoice {
    /// The current or the next one.
    Upcoming,
    /// The current or the previous one.
    Latest,
}

/// A period and the words for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) words: Vec<(usize, WordUse)>,
    pub(super) from: Date,
    /// Inclusive.
    pub(super) until: Date,
}

/// Which week, month or year, counted from today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    This,
    Next,
    Previous,
    /// The days from today.
    Coming,
    /// The days until today.
    Past,
}

/// The period that starts at a word. Names of months and days, and years, are a period only with a
/// subject that has a date, such as an event, or with words that make them one.
pub(super) fn period_at(
    words: &[&str],
    at: usize,
    (year_choice, has_subject): (YearChoice, bool),
    today: Date,
) -> Option<Period> {
    let word = words[at];
    let next = words.get(at + 1).copied().unwrap_or_default();
    let period = |words: &[(usize, WordUse)], (from, until): (Date, Date)| {
        Some(Period { words: words.to_vec(), from, until })
    };
    if let Some(which) = which(word) {
        let words = [(at, WordUse::Preference), (at + 1, WordUse::Preference)];
        if let Some(days) = relative_days(which, next, today) {
            return period(&words, days);
        }
        let (first_month, months) = recurring_months(next)?;
        let year_choice = match which {
            Which::This => year_choice,
            Which::Next | Which::Coming => YearChoice::Upcoming,
            Which::Previous | Which::Past => YearChoice::Latest,
        };
        let words = [words[0], (at + 1, WordUse::Required)];
        return period(&words, recurring((first_month, months), year_choice, today)?);
    }
    let is_after_preposition =
        at > 0 && PREPOSITIONS.split(' ').any(|preposition| preposition == words[at - 1]);
    let (length, first_month, months) = match quarter(word, next) {
        Some((length, first_month)) => (length, first_month, 3),
        None => recurring_months(word).map_or((0, 0, 0), |(first, months)| (1, first, months)),
    };
    if length > 0 {
        let year = words.get(at + length).and_then(|word| year(word));
        let uses = |count: usize| (0..count).map(|n| (at + n, WordUse::Required));
        if let Some(year) = year {
            let optional = (at + length, WordUse::Optional);
            let words: Vec<_> = uses(length).chain([optional]).collect();
            return period(&words, months_of(year, (first_month, months))?);
        }
        // *May* is also a verb.
        return if is_after_preposition || (has_subject && word != "may") {
            period(
                &uses(length).collect::<Vec<_>>(),
                recurring((first_month, months), year_choice, today)?,
            )
        } else {
            None
        };
    }
    if !has_subject {
        return None;
    }
    if let Some(year) = year(word) {
        return period(&[(at, WordUse::Required)], months_of(year, (1, 12))?);
    }
    let day = match word {
        "vandaag" | "today" => today,
        "morgen" | "tomorrow" => today.tomorrow().ok()?,
        "overmorgen" => today.checked_add(Span::new().days(2)).ok()?,
        "gisteren" | "yesterday" => today.yesterday().ok()?,
        _ => day_of_week(word, year_choice, today)?,
    };
    period(&[(at, WordUse::Preference)], (day, day))
}

fn which(word: &str) -> Option<Which> {
    Some(match word {
        "deze" | "dit" | "this" => Which::This,
        "volgende" | "volgend" | "next" => Which::Next,
        "vorige" | "vorig" | "last" | "previous" => Which::Previous,
        "komende" | "komend" | "aankomende" | "aanstaande" | "coming" | "upcoming" => Which::Coming,
        "afgelopen" | "past" => Which::Past,
        _ => return None,
    })
}

/// The first and the last day of a week, weekend, month, quarter, year or day of the week.
fn relative_days(which: Which, unit: &str, today: Date) -> Option<(Date, Date)> {
    let after = |day: Date, span: Span| day.checked_add(span).ok();
    let before = |day: Date, span: Span| day.checked_sub(span).ok();
    let offset = match which {
        Which::This | Which::Coming => 0,
        Which::Next => 1,
        Which::Previous | Which::Past => -1,
    };
    let monday =
        before(today, Span::new().days(i64::from(today.weekday().to_monday_zero_offset())))?;
    let (span, first, length) = match unit {
        "week" => {
            let week = Span::new().weeks(1);
            (week, after(monday, Span::new().weeks(offset))?, Span::new().days(6))
        }
        "weekend" => {
            let saturday = after(monday, Span::new().weeks(offset).days(5))?;
            return Some((saturday, saturday.tomorrow().ok()?));
        }
        "maand" | "month" => {
            let first = after(today.first_of_month(), Span::new().months(offset))?;
            return days_of(which, today, Span::new().months(1), (first, first.last_of_month()));
        }
        "kwartaal" | "quarter" => {
            let start = Date::new(today.year(), (today.month() - 1) / 3 * 3 + 1, 1).ok()?;
            let first = after(start, Span::new().months(3 * offset))?;
            let last = after(first, Span::new().months(2))?.last_of_month();
            return days_of(which, today, Span::new().months(3), (first, last));
        }
        "jaar" | "year" => {
            let first = after(today.first_of_year(), Span::new().years(offset))?;
            return days_of(which, today, Span::new().years(1), (first, first.last_of_year()));
        }
        _ => {
            let year_choice = if offset < 0 { YearChoice::Latest } else { YearChoice::Upcoming };
            let other = if which == Which::Next { today.tomorrow().ok()? } else { today };
            let day = day_of_week(unit, year_choice, other)?;
            return Some((day, day));
        }
    };
    days_of(which, today, span, (first, after(first, length)?))
}

/// The days of a calendar period, or as many days from or until today.
fn days_of(which: Which, today: Date, span: Span, calendar: (Date, Date)) -> Option<(Date, Date)> {
    Some(match which {
        Which::Coming => (today, today.checked_add(span).ok()?),
        Which::Past => (today.checked_sub(span).ok()?, today),
        Which::This | Which::Next | Which::Previous => calendar,
    })
}

/// The first month and the number of months of a month or season.
fn recurring_months(word: &str) -> Option<(i8, i8)> {
    let is_one_of = |list: &str| list.split(' ').any(|candidate| candidate == word);
    let month = (1..).zip(MONTHS).find(|(_, names)| is_one_of(names));
    let season = || SEASONS.into_iter().find(|(_, names)| is_one_of(names));
    month.map(|(month, _)| (month, 1)).or_else(|| season().map(|(first, _)| (first, 3)))
}

/// The number of words and the first month of a quarter: *Q3*, *derde kwartaal*.
fn quarter(word: &str, next: &str) -> Option<(usize, i8)> {
    let number = match word {
        "q1" => 0,
        "q2" => 1,
        "q3" => 2,
        "q4" => 3,
        _ if next == "kwartaal" || next == "quarter" => {
            let position = QUARTERS.iter().position(|names| names.split(' ').any(|n| n == word))?;
            return Some((2, i8::try_from(position * 3 + 1).ok()?));
        }
        _ => return None,
    };
    Some((1, number * 3 + 1))
}

/// The year that a word is, within the lifetime of the field's texts.
pub(super) fn year(word: &str) -> Option<i16> {
    let is_year = word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|year| is_year && (1980..2100).contains(year))
}

/// The days of months that start in a year.
fn months_of(year: i16, (first_month, months): (i8, i8)) -> Option<(Date, Date)> {
    let from = Date::new(year, first_month, 1).ok()?;
    let last = from.checked_add(Span::new().months(i64::from(months) - 1)).ok()?;
    Some((from, last.last_of_month()))
}

/// The days of months that recur every year, in the year that is meant today.
fn recurring(months: (i8, i8), year_choice: YearChoice, today: Date) -> Option<(Date, Date)> {
    let year = today.year();
    let mut years =
        [year - 1, year, year + 1].into_iter().filter_map(|year| months_of(year, months));
    match year_choice {
        YearChoice::Upcoming => years.find(|(_, until)| *until >= today),
        YearChoice::Latest => years.rfind(|(from, _)| *from <= today),
    }
}

/// The day of the week that is meant today.
fn day_of_week(word: &str, year_choice: YearChoice, today: Date) -> Option<Date> {
    let is_named = |names: &str| names.split(' ').any(|name| name == word);
    let position = WEEKDAYS.iter().position(|names| is_named(names))?;
    let weekday = Weekday::from_monday_zero_offset(i8::try_from(position).ok()?).ok()?;
    if today.weekday() == weekday {
        return Some(today);
    }
    today.nth_weekday(if year_choice == YearChoice::Upcoming { 1 } else { -1 }, weekday).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn periods_must_be_counted_from_today() {
        // A Wednesday.
        let today = date(2026, 3, 4);
        let days = |query: &str| {
            let words: Vec<&str> = query.split(' ').collect();
            let period = period_at(&words, 0, (YearChoice::Upcoming, true), today);
            period.map(|period| (period.from.to_string(), period.until.to_string()))
        };
        for (query, from, until) in [
            ("deze week", "2026-03-02", "2026-03-08"),
            ("volgende week", "2026-03-09", "2026-03-15"),
            ("vorige week", "2026-02-23", "2026-03-01"),
            ("komende week", "2026-03-04", "2026-03-11"),
            ("afgelopen maand", "2026-02-04", "2026-03-04"),
            ("dit weekend", "2026-03-07", "2026-03-08"),
            ("volgende maand", "2026-04-01", "2026-04-30"),
            ("last month", "2026-02-01", "2026-02-28"),
            ("dit kwartaal", "2026-01-01", "2026-03-31"),
            ("volgend jaar", "2027-01-01", "2027-12-31"),
            ("volgende woensdag", "2026-03-11", "2026-03-11"),
            ("vrijdag", "2026-03-06", "2026-03-06"),
            ("morgen", "2026-03-05", "2026-03-05"),
            ("gisteren", "2026-03-03", "2026-03-03"),
            ("maart", "2026-03-01", "2026-03-31"),
            ("februari", "2027-02-01", "2027-02-28"),
            ("afgelopen februari", "2026-02-01", "2026-02-28"),
            ("dit najaar", "2026-09-01", "2026-11-30"),
            ("winter 2025", "2025-12-01", "2026-02-28"),
            ("q3", "2026-07-01", "2026-09-30"),
            ("derde kwartaal 2024", "2024-07-01", "2024-09-30"),
            ("2024", "2024-01-01", "2024-12-31"),
        ] {
            assert_eq!(days(query), Some((from.to_owned(), until.to_owned())), "{query}");
        }
        for query in ["may", "week", "deze", "eerste", "1300", "volgende stap", "20261"] {
            assert_eq!(days(query), None, "{query}");
        }
    }

    #[test]
    fn periods_at_the_end_of_the_calendar_must_not_fail() {
        for today in [Date::MIN, Date::MAX] {
            for query in
                ["volgende week", "vorig jaar", "deze maand", "gisteren", "morgen", "zondag"]
            {
                let words: Vec<&str> = query.split(' ').collect();
                for year_choice in [YearChoice::Upcoming, YearChoice::Latest] {
                    let period = period_at(&words, 0, (year_choice, true), today);
                    assert!(period.is_none_or(|period| period.from <= period.until), "{query}");
                }
            }
        }
    }
}
