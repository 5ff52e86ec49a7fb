//! Words of a query for a period: *volgende week*, *december 2025*, *dit najaar*, *Q3*.

#[cfg(test)]
mod tests;

use jiff::{
    Span, ToSpan,
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
const QUARTERS: [&str; 4] =
    ["eerste 1e first", "tweede 2e second", "derde 3e third", "vierde 4e fourth"];
/// Words before a name of a month that make it a time, also with an article between.
const IN_WORDS: &str = "in eind begin half medio";
const ARTICLES: &str = "de het the";
/// Words after which a period has no end.
const FROM_WORDS: &str = "vanaf from";
const SINCE_WORDS: &str = "sinds since";
const AFTER_WORDS: &str = "na after";
/// Words after which a period ends before the one that is named.
const BEFORE_WORDS: &str = "voor before tot until";
/// Words of a query whose period is not one of these.
const NEGATIONS: &str = "niet geen not tussen between";

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
    /// The next one, not the current one.
    Next,
    /// The previous one, not the current one.
    Previous,
    /// The one of this year.
    Current,
    /// That of a year.
    Of(i16),
}

/// A period and the words for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) words: Vec<(usize, WordUse)>,
    pub(super) from: Option<Date>,
    /// Inclusive.
    pub(super) until: Option<Date>,
}

/// The first and the last day of a period.
type Days = (Date, Date);

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

/// The first period of a query. Names of months and days, and years, are a period only with a
/// subject that has a date, such as an event, or with words that make them one.
pub(super) fn find_period(
    words: &[&str],
    (choice, has_subject): (YearChoice, bool),
    today: Date,
) -> Option<Period> {
    if words.iter().any(|word| is_one_of(NEGATIONS, word)) {
        return None;
    }
    let choice = match words.iter().find_map(|word| year(word)) {
        Some(year) if words.iter().any(|word| recurring_months(word).is_some()) => {
            YearChoice::Of(year)
        }
        _ => choice,
    };
    (0..words.len()).find_map(|at| {
        let mut before = words[..at].iter().rev();
        let before = before.find(|word| !is_one_of(ARTICLES, word)).copied().unwrap_or_default();
        let choice = if is_one_of(SINCE_WORDS, before) && !matches!(choice, YearChoice::Of(_)) {
            YearChoice::Latest
        } else {
            choice
        };
        let (words, (from, until)) = days_at(words, at, (choice, has_subject), today)?;
        Some(bounded(words, (from, until), before))
    })
}

/// A period with the bounds that the word before it gives.
fn bounded(words: Vec<(usize, WordUse)>, (from, until): Days, before: &str) -> Period {
    let (from, until) = if is_one_of(FROM_WORDS, before) || is_one_of(SINCE_WORDS, before) {
        (Some(from), None)
    } else if is_one_of(AFTER_WORDS, before) {
        (Some(until.tomorrow().unwrap_or(until)), None)
    } else if is_one_of(BEFORE_WORDS, before) {
        (None, Some(from.yesterday().unwrap_or(from)))
    } else {
        (Some(from), Some(until))
    };
    Period { words, from, until }
}

/// The words and the days of the period that starts at a word.
fn days_at(
    words: &[&str],
    at: usize,
    (choice, has_subject): (YearChoice, bool),
    today: Date,
) -> Option<(Vec<(usize, WordUse)>, Days)> {
    let word = words[at];
    let next = words.get(at + 1).copied().unwrap_or_default();
    if let Some(which) = which(word) {
        let unsearched = vec![(at, WordUse::Preference), (at + 1, WordUse::Preference)];
        if let Some(days) = relative_days(which, next, today) {
            let day = words.get(at + 2).and_then(|word| day_within(word, days));
            let words = unsearched.into_iter().chain(day.map(|_| (at + 2, WordUse::Preference)));
            return Some((words.collect(), day.map_or(days, |day| (day, day))));
        }
        // *May* is also a verb.
        let months = recurring_months(next).filter(|_| next != "may")?;
        let choice = match (choice, which) {
            (YearChoice::Of(_), _) => choice,
            (_, Which::This) => YearChoice::Current,
            (_, Which::Next) => YearChoice::Next,
            (_, Which::Coming) => YearChoice::Upcoming,
            (_, Which::Previous) => YearChoice::Previous,
            (_, Which::Past) => YearChoice::Latest,
        };
        let words = vec![(at, WordUse::Preference), (at + 1, WordUse::Required)];
        return Some((words, recurring(months, choice, today)?));
    }
    if let Some(found) = named_months(words, at, (choice, has_subject), today) {
        return Some(found);
    }
    let is_after = |list: &str| at > 0 && is_one_of(list, words[at - 1]);
    if let Some(year) = year(word)
        && (has_subject || is_after(IN_WORDS) || is_after(SINCE_WORDS) || is_after(FROM_WORDS))
        && words.iter().all(|word| recurring_months(word).is_none())
    {
        return Some((vec![(at, WordUse::Required)], months_of(year, (1, 12))?));
    }
    if !has_subject {
        return None;
    }
    let day = match word {
        "vandaag" | "today" => today,
        "morgen" | "tomorrow" => today.tomorrow().ok()?,
        "overmorgen" => today.checked_add(2.days()).ok()?,
        "gisteren" | "yesterday" => today.yesterday().ok()?,
        _ => day_of_week(word, choice != YearChoice::Latest, today)?,
    };
    Some((vec![(at, WordUse::Preference)], (day, day)))
}

/// A month, a season or a quarter, with its year if that follows, or a day of a month.
fn named_months(
    words: &[&str],
    at: usize,
    (choice, has_subject): (YearChoice, bool),
    today: Date,
) -> Option<(Vec<(usize, WordUse)>, Days)> {
    let word = words[at];
    let next = words.get(at + 1).copied().unwrap_or_default();
    let (length, months) = match quarter(word, next) {
        Some((length, first_month)) => (length, (first_month, 3)),
        None => (1, recurring_months(word)?),
    };
    let is_before = |count: usize, list: &str| {
        at.checked_sub(count).is_some_and(|before| is_one_of(list, words[before]))
    };
    let prepositions = [IN_WORDS, FROM_WORDS, SINCE_WORDS, AFTER_WORDS, BEFORE_WORDS];
    let is_after_preposition = prepositions
        .into_iter()
        .any(|list| is_before(1, list) || (is_before(1, ARTICLES) && is_before(2, list)));
    let stated_year = words.get(at + length).and_then(|word| year(word));
    let is_season = SEASONS.into_iter().any(|(_, names)| is_one_of(names, word));
    // *May* is also a verb, and *Winter* a surname.
    let is_alone = has_subject && word != "may" && !is_season;
    if stated_year.is_none() && !is_after_preposition && !is_alone {
        return None;
    }
    let days = match stated_year {
        Some(year) => months_of(year, months)?,
        None => recurring(months, choice, today)?,
    };
    let day = at.checked_sub(1).and_then(|before| words[before].parse().ok());
    let day = day.and_then(|day: i8| Date::new(days.0.year(), days.0.month(), day).ok());
    let day = day.filter(|_| months.1 == 1 && length == 1);
    let day_word = day.map(|_| (at - 1, WordUse::Required));
    let year_word = stated_year.map(|_| (at + length, WordUse::Required));
    let names = (at..at + length).map(|at| (at, WordUse::Required));
    let words = day_word.into_iter().chain(names).chain(year_word).collect();
    Some((words, day.map_or(days, |day| (day, day))))
}

fn which(word: &str) -> Option<Which> {
    Some(match word {
        "deze" | "dit" | "this" => Which::This,
        "volgende" | "volgend" | "next" => Which::Next,
        "vorige" | "vorig" | "last" | "previous" => Which::Previous,
        "komende" | "komend" | "aankomende" | "aanstaande" | "coming" | "upcoming" => Which::Coming,
        "afgelopen" => Which::Past,
        _ => return None,
    })
}

/// The first and the last day of a week, weekend, month, quarter, year or day of the week.
fn relative_days(which: Which, unit: &str, today: Date) -> Option<Days> {
    let after = |day: Date, span: Span| day.checked_add(span).ok();
    let offset = match which {
        Which::This | Which::Coming => 0,
        Which::Next => 1,
        Which::Previous | Which::Past => -1,
    };
    let from_monday = i64::from(today.weekday().to_monday_zero_offset());
    let monday = after(today, (offset * 7 - from_monday).days())?;
    let calendar = match unit {
        "week" => (1.week(), (monday, after(monday, 6.days())?)),
        "weekend" => {
            let saturday = after(monday, 5.days())?;
            return Some((saturday, saturday.tomorrow().ok()?));
        }
        "maand" | "month" => {
            let first = after(today.first_of_month(), offset.months())?;
            (1.month(), (first, first.last_of_month()))
        }
        "kwartaal" | "quarter" => {
            let start = Date::new(today.year(), (today.month() - 1) / 3 * 3 + 1, 1).ok()?;
            let first = after(start, (3 * offset).months())?;
            (3.months(), (first, after(first, 2.months())?.last_of_month()))
        }
        "jaar" | "year" => {
            let first = after(today.first_of_year(), offset.years())?;
            (1.year(), (first, first.last_of_year()))
        }
        "weken" | "weeks" if offset <= 0 => (3.weeks(), (today, today)),
        "maanden" | "months" if offset <= 0 => (3.months(), (today, today)),
        _ => {
            let day = match which {
                Which::Next => day_of_week(unit, true, today.tomorrow().ok()?)?,
                Which::Previous | Which::Past => day_of_week(unit, false, today.yesterday().ok()?)?,
                Which::This | Which::Coming => day_of_week(unit, true, today)?,
            };
            return Some((day, day));
        }
    };
    days_of(which, today, calendar)
}

/// The days of a calendar period, or as many days from or until today.
fn days_of(which: Which, today: Date, (span, calendar): (Span, Days)) -> Option<Days> {
    Some(match which {
        Which::Coming => (today, today.checked_add(span).ok()?.yesterday().ok()?),
        Which::Past => (today.checked_sub(span).ok()?.tomorrow().ok()?, today),
        Which::This | Which::Next | Which::Previous => calendar,
    })
}

/// The first month and the number of months of a month or season.
fn recurring_months(word: &str) -> Option<(i8, i8)> {
    let month = (1..).zip(MONTHS).find(|(_, names)| is_one_of(names, word));
    let season = || SEASONS.into_iter().find(|(_, names)| is_one_of(names, word));
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
            let position = QUARTERS.iter().position(|names| is_one_of(names, word))?;
            return Some((2, i8::try_from(position * 3 + 1).ok()?));
        }
        _ => return None,
    };
    Some((1, number * 3 + 1))
}

/// The year that a word is, within the lifetime of the field's texts.
fn year(word: &str) -> Option<i16> {
    let is_year = word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|year| is_year && (1980..2100).contains(year))
}

/// The days of months that start in a year.
fn months_of(year: i16, (first_month, months): (i8, i8)) -> Option<Days> {
    let from = Date::new(year, first_month, 1).ok()?;
    let last = from.checked_add((i64::from(months) - 1).months()).ok()?;
    Some((from, last.last_of_month()))
}

/// The days of months that recur every year, in the year that is meant today.
fn recurring(months: (i8, i8), choice: YearChoice, today: Date) -> Option<Days> {
    let year = today.year();
    let mut years =
        [year - 1, year, year + 1].into_iter().filter_map(|year| months_of(year, months));
    match choice {
        YearChoice::Upcoming => years.find(|(_, until)| *until >= today),
        YearChoice::Latest => years.rfind(|(from, _)| *from <= today),
        YearChoice::Next => years.find(|(from, _)| *from > today),
        YearChoice::Previous => years.rfind(|(_, until)| *until < today),
        YearChoice::Current => months_of(year, months),
        YearChoice::Of(year) => months_of(year, months),
    }
}

/// The day of the week that comes next, or that came last; today included.
fn day_of_week(word: &str, is_upcoming: bool, today: Date) -> Option<Date> {
    let weekday = weekday(word)?;
    if today.weekday() == weekday {
        return Some(today);
    }
    today.nth_weekday(if is_upcoming { 1 } else { -1 }, weekday).ok()
}

/// The day of the week that a word names, if it lies within a period.
fn day_within(word: &str, (from, until): Days) -> Option<Date> {
    day_of_week(word, true, from).filter(|day| *day <= until)
}

fn weekday(word: &str) -> Option<Weekday> {
    let position = WEEKDAYS.iter().position(|names| is_one_of(names, word))?;
    Weekday::from_monday_zero_offset(i8::try_from(position).ok()?).ok()
}

/// Whether a list, separated by spaces, contains a word.
pub(super) fn is_one_of(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|candidate| candidate == word)
}
