//! Recurrence rules in words, such as `elke eerste dinsdag van de maand, 10 keer`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};

use super::{ONCE, Series};
use crate::{
    Language, Moment,
    moment::{month_name, parse_day},
};

/// Maximum number of days of each kind of exception that are named; more are counted.
const DAYS_NAMED: usize = 3;

const DAYS: [(Weekday, &str, &str, &str); 7] = [
    (Weekday::Monday, "MO", "maandag", "Monday"),
    (Weekday::Tuesday, "TU", "dinsdag", "Tuesday"),
    (Weekday::Wednesday, "WE", "woensdag", "Wednesday"),
    (Weekday::Thursday, "TH", "donderdag", "Thursday"),
    (Weekday::Friday, "FR", "vrijdag", "Friday"),
    (Weekday::Saturday, "SA", "zaterdag", "Saturday"),
    (Weekday::Sunday, "SU", "zondag", "Sunday"),
];
const NUMBERED: [(i32, &str, &str); 6] = [
    (1, "eerste", "first"),
    (2, "tweede", "second"),
    (3, "derde", "third"),
    (4, "vierde", "fourth"),
    (5, "vijfde", "fifth"),
    (-1, "laatste", "last"),
];
/// Parts of a rule that the words express, or that do not affect them.
const PARTS: [&str; 9] =
    ["FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "COUNT", "UNTIL", "WKST"];

impl Series {
    /// The recurrence in words; English for English, Dutch for any other language. A rule that the
    /// words cannot express precisely is `op meerdere dagen`. The number of times is that of the
    /// rule: occurrences that were excluded, added or moved are named after it.
    pub fn describe(&self, first: &Moment, language: Language) -> String {
        let words = Words { is_english: language == Language::En, language, first };
        if self.rule == ONCE && !self.added.is_empty() {
            return words.single_days(self);
        }
        let rule =
            words.rule(self).unwrap_or_else(|| words.of("op meerdere dagen", "on several days"));
        format!("{rule}{}", words.exceptions(self))
    }
}

struct Words<'a> {
    is_english: bool,
    language: Language,
    first: &'a Moment,
}

/// A day of BYDAY, with its number within the month or year.
type NumberedDay = (Option<i32>, Weekday);

impl Words<'_> {
    fn of(&self, dutch: &str, english: &str) -> String {
        if self.is_english { english.to_owned() } else { dutch.to_owned() }
    }

    fn rule(&self, series: &Series) -> Option<String> {
        let parts: BTreeMap<&str, &str> = series
            .rule
            .split(';')
            .map(|part| part.trim().split_once('='))
            .collect::<Option<_>>()?;
        if !parts.keys().all(|part| PARTS.contains(part)) {
            return None;
        }
        let interval: u32 = parts.get("INTERVAL").map_or(Ok(1), |text| text.parse()).ok()?;
        let days = numbered_days(&parts)?;
        let rule = match *parts.get("FREQ")? {
            "DAILY" if parts.keys().all(|part| !part.starts_with("BY")) => {
                self.every(interval, ("dag", "dagen"), ("day", "days"), "")
            }
            "WEEKLY" if !parts.contains_key("BYMONTH") && !parts.contains_key("BYMONTHDAY") => {
                self.weekly(interval, &days)?
            }
            "MONTHLY" if !parts.contains_key("BYMONTH") => self.monthly(interval, &parts, &days)?,
            "YEARLY" => self.yearly(interval, &parts, &days)?,
            _ => return None,
        };
        Some(format!("{rule}{}", self.end(&parts)?))
    }

    /// `elke dag`, `om de week`, `elke 3 weken`.
    fn every(&self, interval: u32, dutch: (&str, &str), english: (&str, &str), on: &str) -> String {
        let every = match (interval, self.is_english) {
            (1, true) => format!("every {}", english.0),
            (2, true) => format!("every other {}", english.0),
            (n, true) => format!("every {n} {}", english.1),
            (1, false) if dutch.0 == "jaar" => "elk jaar".to_owned(),
            (1, false) => format!("elke {}", dutch.0),
            (2, false) => format!("om de {}", dutch.0).replace("om de jaar", "om het jaar"),
            (n, false) => format!("elke {n} {}", dutch.1),
        };
        if on.is_empty() { every } else { format!("{every} {on}") }
    }

    fn weekly(&self, interval: u32, days: &[NumberedDay]) -> Option<String> {
        if days.iter().any(|(number, _)| number.is_some()) {
            return None;
        }
        let first = [(None, self.first.date.weekday())];
        let days = if days.is_empty() { &first } else { days };
        let names = self.list(days.iter().map(|(_, day)| self.day_name(*day)).collect());
        Some(if interval == 1 {
            self.of(&format!("elke {names}"), &format!("every {names}"))
        } else {
            let on = self.of(&format!("op {names}"), &format!("on {names}"));
            self.every(interval, ("week", "weken"), ("week", "weeks"), &on)
        })
    }

    fn monthly(
        &self,
        interval: u32,
        parts: &BTreeMap<&str, &str>,
        days: &[NumberedDay],
    ) -> Option<String> {
        let on = match (days, parts.get("BYMONTHDAY")) {
            ([], None) => self.day_of_month(&[self.first.date.day()]),
            ([], Some(days)) => {
                let days: Vec<i8> =
                    days.split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
                days.iter().all(|day| *day > 0).then(|| self.day_of_month(&days))?
            }
            (days, None) => {
                let names = self.numbered_names(days)?;
                if interval == 1 {
                    return Some(self.of(
                        &format!("elke {} van de maand", names.trim_start_matches("de ")),
                        &format!("on {names} of every month"),
                    ));
                }
                self.of(&format!("op {names}"), &format!("on {names}"))
            }
            _ => return None,
        };
        Some(self.every(interval, ("maand", "maanden"), ("month", "months"), &on))
    }

    fn yearly(
        &self,
        interval: u32,
        parts: &BTreeMap<&str, &str>,
        days: &[NumberedDay],
    ) -> Option<String> {
        let month = match parts.get("BYMONTH") {
            Some(month) => month.parse().ok().filter(|month| (1..=12).contains(month))?,
            None if days.is_empty() => self.first.date.month(),
            None => return None,
        };
        let month = month_name(month, self.language);
        let on = match (days, parts.get("BYMONTHDAY")) {
            ([], day) => {
                let day: i8 = day.map_or(Ok(self.first.date.day()), |day| day.parse()).ok()?;
                self.of(&format!("op {day} {month}"), &format!("on {day} {month}"))
            }
            (days, None) => {
                let names = self.numbered_names(days)?;
                self.of(&format!("op {names} van {month}"), &format!("on {names} of {month}"))
            }
            _ => return None,
        };
        Some(self.every(interval, ("jaar", "jaar"), ("year", "years"), &on))
    }

    /// `de eerste dinsdag`, `the first Tuesday and the third Tuesday`.
    fn numbered_names(&self, days: &[NumberedDay]) -> Option<String> {
        let name = |(number, day): &NumberedDay| {
            let (_, dutch, english) = NUMBERED.iter().find(|(n, ..)| Some(*n) == *number)?;
            let day = self.day_name(*day);
            Some(self.of(&format!("de {dutch} {day}"), &format!("the {english} {day}")))
        };
        Some(self.list(days.iter().map(name).collect::<Option<_>>()?))
    }

    /// `op de 15e`, `on day 15`.
    fn day_of_month(&self, days: &[i8]) -> String {
        let name = |day: &i8| self.of(&format!("de {day}e"), &format!("day {day}"));
        let names = self.list(days.iter().map(name).collect());
        self.of(&format!("op {names}"), &format!("on {names}"))
    }

    fn day_name(&self, day: Weekday) -> String {
        let (.., dutch, english) =
            DAYS.iter().find(|(weekday, ..)| *weekday == day).expect("all days are named");
        self.of(dutch, english)
    }

    fn list(&self, mut names: Vec<String>) -> String {
        let last = names.pop().unwrap_or_default();
        if names.is_empty() {
            return last;
        }
        format!("{} {} {last}", names.join(", "), self.of("en", "and"))
    }

    /// `, 10 keer`, `, tot en met 12 maart 2026`.
    fn end(&self, parts: &BTreeMap<&str, &str>) -> Option<String> {
        if let Some(count) = parts.get("COUNT") {
            let count: u32 = count.parse().ok()?;
            return Some(match count {
                1 => self.of(", één keer", ", once"),
                _ => self.of(&format!(", {count} keer"), &format!(", {count} times")),
            });
        }
        let Some(until) = parts.get("UNTIL") else { return Some(String::new()) };
        let day = self.date(parse_day(until, &self.first.zone)?);
        Some(self.of(&format!(", tot en met {day}"), &format!(", until {day}")))
    }

    /// `, behalve op 5 mei 2026, ook op 7 mei 2026, op 2 juni 2026 op een ander tijdstip`.
    fn exceptions(&self, series: &Series) -> String {
        let added: BTreeSet<Date> = series.added.iter().map(|added| added.start.date).collect();
        let is_excluded = |day: &Date| series.excluded.contains(day);
        let is_retimed = |day: &Date| {
            let mut added = series.added.iter().filter(|added| added.start.date == *day);
            is_excluded(day) && !added.any(|added| added.start.time == self.first.time)
        };
        let excluded: Vec<_> =
            series.excluded.iter().copied().filter(|day| !added.contains(day)).collect();
        let extra: Vec<_> = added.iter().copied().filter(|day| !is_excluded(day)).collect();
        let retimed: Vec<_> = added.iter().copied().filter(is_retimed).collect();
        let mut text = String::new();
        if !excluded.is_empty() {
            let days = self.named_days(&excluded, ("dagen", "days"));
            text += &self.of(&format!(", behalve op {days}"), &format!(", except on {days}"));
        }
        if !extra.is_empty() {
            let days = self.named_days(&extra, ("andere dagen", "other days"));
            text += &self.of(&format!(", ook op {days}"), &format!(", also on {days}"));
        }
        if !retimed.is_empty() {
            let days = self.named_days(&retimed, ("dagen", "days"));
            text += &self.of(
                &format!(", op {days} op een ander tijdstip"),
                &format!(", at a different time on {days}"),
            );
        }
        text
    }

    /// `op 3 maart 2026 en 17 maart 2026`: the days of a series that has no rule.
    fn single_days(&self, series: &Series) -> String {
        let first = Some(self.first.date).filter(|day| !series.excluded.contains(day));
        let days = series.added.iter().map(|added| added.start.date).chain(first);
        let days: Vec<_> = days.collect::<BTreeSet<_>>().into_iter().collect();
        let days = self.named_days(&days, ("dagen", "days"));
        self.of(&format!("op {days}"), &format!("on {days}"))
    }

    /// The names of up to [`DAYS_NAMED`] days, or their number.
    fn named_days(&self, days: &[Date], (dutch, english): (&str, &str)) -> String {
        if days.len() <= DAYS_NAMED {
            return self.list(days.iter().map(|day| self.date(*day)).collect());
        }
        let count = days.len();
        self.of(&format!("{count} {dutch}"), &format!("{count} {english}"))
    }

    fn date(&self, date: Date) -> String {
        format!("{} {} {}", date.day(), month_name(date.month(), self.language), date.year())
    }
}

/// The days of BYDAY, numbered by BYSETPOS if it has a single day.
fn numbered_days(parts: &BTreeMap<&str, &str>) -> Option<Vec<NumberedDay>> {
    let Some(text) = parts.get("BYDAY") else {
        return (!parts.contains_key("BYSETPOS")).then(Vec::new);
    };
    let day = |text: &str| {
        let text = text.trim();
        let (number, code) = text.split_at_checked(text.len().checked_sub(2)?)?;
        let (weekday, ..) = DAYS.iter().find(|(_, name, ..)| *name == code)?;
        let number = if number.is_empty() { None } else { Some(number.parse().ok()?) };
        Some((number, *weekday))
    };
    let mut days: Vec<NumberedDay> = text.split(',').map(day).collect::<Option<_>>()?;
    if let Some(position) = parts.get("BYSETPOS") {
        let [(number @ None, _)] = days.as_mut_slice() else { return None };
        *number = Some(position.parse().ok()?);
    }
    Some(days)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;
    use crate::{AddedOccurrence, moment::HOME_ZONE};

    #[test]
    fn a_rule_must_be_described_in_dutch_and_english() {
        let first = Moment::instant(date(2026, 3, 3), time(14, 0, 0, 0), HOME_ZONE).unwrap();
        for (rule, dutch, english) in [
            ("FREQ=DAILY;COUNT=3", "elke dag, 3 keer", "every day, 3 times"),
            ("FREQ=DAILY;INTERVAL=2", "om de dag", "every other day"),
            ("FREQ=WEEKLY;WKST=MO", "elke dinsdag", "every Tuesday"),
            ("FREQ=WEEKLY;BYDAY=TU,TH", "elke dinsdag en donderdag", "every Tuesday and Thursday"),
            ("FREQ=WEEKLY;INTERVAL=2", "om de week op dinsdag", "every other week on Tuesday"),
            (
                "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,TU,FR",
                "elke 3 weken op maandag, dinsdag en vrijdag",
                "every 3 weeks on Monday, Tuesday and Friday",
            ),
            (
                "FREQ=MONTHLY;BYDAY=1TU;COUNT=10",
                "elke eerste dinsdag van de maand, 10 keer",
                "on the first Tuesday of every month, 10 times",
            ),
            (
                "FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1",
                "elke laatste vrijdag van de maand",
                "on the last Friday of every month",
            ),
            ("FREQ=MONTHLY", "elke maand op de 3e", "every month on day 3"),
            (
                "FREQ=MONTHLY;BYMONTHDAY=1,15",
                "elke maand op de 1e en de 15e",
                "every month on day 1 and day 15",
            ),
            (
                "FREQ=MONTHLY;INTERVAL=2;BYDAY=2WE",
                "om de maand op de tweede woensdag",
                "every other month on the second Wednesday",
            ),
            ("FREQ=YEARLY", "elk jaar op 3 maart", "every year on 3 March"),
            (
                "FREQ=YEARLY;BYMONTH=6;BYDAY=1TH",
                "elk jaar op de eerste donderdag van juni",
                "every year on the first Thursday of June",
            ),
            (
                "FREQ=WEEKLY;UNTIL=20260401T215959Z",
                "elke dinsdag, tot en met 1 april 2026",
                "every Tuesday, until 1 April 2026",
            ),
            ("FREQ=DAILY;BYDAY=MO", "op meerdere dagen", "on several days"),
            ("FREQ=YEARLY;BYYEARDAY=100", "op meerdere dagen", "on several days"),
            ("FREQ=MONTHLY;BYMONTHDAY=-1", "op meerdere dagen", "on several days"),
        ] {
            let series = Series { rule: rule.to_owned(), excluded: Vec::new(), added: Vec::new() };
            assert_eq!(series.describe(&first, Language::Nl), dutch, "{rule}");
            assert_eq!(series.describe(&first, Language::En), english, "{rule}");
        }
    }

    #[test]
    fn days_without_an_occurrence_must_be_named_or_counted() {
        let first = Moment::day(date(2026, 3, 3), HOME_ZONE).unwrap();
        let rule = "FREQ=WEEKLY".to_owned();
        let excluded = vec![date(2026, 3, 10), date(2026, 3, 17)];
        let two = Series { rule, excluded, added: Vec::new() };
        assert_eq!(
            two.describe(&first, Language::Nl),
            "elke dinsdag, behalve op 10 maart 2026 en 17 maart 2026"
        );
        let four = Series { excluded: vec![first.date; 4], ..two };
        assert_eq!(four.describe(&first, Language::En), "every Tuesday, except on 4 days");
    }
    #[test]
    fn added_and_moved_occurrences_must_be_named_or_counted() {
        let first = Moment::instant(date(2026, 3, 3), time(14, 0, 0, 0), HOME_ZONE).unwrap();
        let at = |day, hour| AddedOccurrence {
            start: Moment::instant(date(2026, 3, day), time(hour, 0, 0, 0), HOME_ZONE).unwrap(),
            end: None,
        };
        let series = Series {
            rule: "FREQ=WEEKLY;COUNT=10".to_owned(),
            excluded: vec![date(2026, 3, 10), date(2026, 3, 17), date(2026, 3, 24)],
            added: vec![at(11, 14), at(17, 16), at(24, 14)],
        };
        assert_eq!(
            series.describe(&first, Language::Nl),
            "elke dinsdag, 10 keer, behalve op 10 maart 2026, ook op 11 maart 2026, \
             op 17 maart 2026 op een ander tijdstip"
        );
        let more = Series { added: (25..30).map(|day| at(day, 14)).collect(), ..series };
        assert_eq!(
            more.describe(&first, Language::En),
            "every Tuesday, 10 times, except on 10 March 2026, 17 March 2026 and 24 March 2026, \
             also on 5 other days"
        );
        let once = Series { rule: ONCE.to_owned(), excluded: Vec::new(), ..more };
        assert_eq!(once.describe(&first, Language::Nl), "op 6 dagen");
        let two = Series { excluded: vec![first.date], added: vec![at(5, 9), at(9, 9)], ..once };
        assert_eq!(two.describe(&first, Language::En), "on 5 March 2026 and 9 March 2026");
    }
}
