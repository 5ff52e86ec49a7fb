//! Words of a query that say what its user prefers: events, a time, or a kind of organisation.
//! *Agenda december* prefers events in December. What is not preferred is found as well.

use jiff::civil::Date;
use schema::{EventPhase, Kind, OrganisationKind, SearchFilter};

use super::query_periods::{Period, WordUse, YearChoice, find_period, is_one_of};

/// Words for a list of events, unless it is an agenda of another sort: alone or with a time.
const CALENDAR_WORDS: &str = "agenda kalender evenementenkalender calendar";
/// Words for an event or events.
const EVENT_WORDS: &str = "evenement evenementen event events bijeenkomst bijeenkomsten meeting \
    meetings meetup meetups sessie sessies session sessions kennissessie kennissessies webinar \
    webinars congres congressen conferentie conferenties conference conferences training trainingen \
    trainings cursus cursussen course courses workshop workshops masterclass masterclasses \
    werkbezoek werkbezoeken themadag themadagen inspiratiesessie inspiratiesessies symposium \
    symposia challenge challenges";
/// Words for content that is published at a time.
const NEWS_WORDS: &str = "nieuws nieuwsbericht nieuwsberichten nieuwsbrief nieuwsbrieven news \
    newsletter artikelen articles blogs podcasts verslagen";
/// Words for what is still to come, before a word for an event.
const NEXT_WORDS: &str =
    "volgende eerstvolgende aankomende aanstaande komende upcoming next coming";
/// Words for what is over.
const PREVIOUS_WORDS: &str = "vorige afgelopen eerdere previous earlier";
/// Maximum number of words from one of these to the event.
const NEXT_DISTANCE_MAX: usize = 2;
/// Words for a question about the time of an event.
const WHEN_WORDS: &str = "wanneer when";
const IS_WORDS: &str = "is zijn was vindt vinden begint start are starts";
/// Words before a kind of organisation.
const WHICH_WORDS: &str = "welk welke which";
/// Kinds of organisation, with the words for them.
const ORGANISATION_WORDS: [(OrganisationKind, &str); 10] = [
    (OrganisationKind::Municipality, "gemeente gemeenten gemeentes municipality municipalities"),
    (OrganisationKind::Province, "provincie provincies province provinces"),
    (OrganisationKind::WaterAuthority, "waterschap waterschappen waterboard waterboards"),
    (OrganisationKind::Ministry, "ministerie ministeries ministry ministries"),
    (OrganisationKind::ExecutiveAgency, "uitvoeringsorganisaties uitvoerders agencies"),
    (OrganisationKind::Library, "bibliotheken libraries"),
    (OrganisationKind::Care, "zorginstellingen ziekenhuizen hospitals"),
    (OrganisationKind::Education, "scholen hogescholen universiteiten schools universities"),
    (OrganisationKind::Consultancy, "adviesbureaus consultancies"),
    (OrganisationKind::Company, "bedrijven companies"),
];

/// Words of a query and what they prefer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StatedPreference {
    /// Positions in the query, ascending.
    pub(crate) words: Vec<(usize, WordUse)>,
    pub(crate) filter: SearchFilter,
}

/// The preferences that folded words state on a day.
pub(crate) fn stated_preferences(words: &[&str], today: Date) -> Vec<StatedPreference> {
    let time = time_preference(words, today);
    time.into_iter().chain(organisation_preference(words)).collect()
}

/// A period, with the events that it is about if any, or whether events are over.
fn time_preference(words: &[&str], today: Date) -> Option<StatedPreference> {
    let find = |list: &str| words.iter().position(|word| is_one_of(list, word));
    let (calendar, news) = (find(CALENDAR_WORDS), find(NEWS_WORDS));
    let event = find(EVENT_WORDS);
    let choice = match (event.or(calendar), news) {
        (None, Some(_)) => YearChoice::Latest,
        _ => YearChoice::Upcoming,
    };
    let has_subject = event.or(news).is_some();
    let has_calendar_time = |period: &Period| period.words.len() > 1 || !is_year(words, period);
    let period = find_period(words, (choice, has_subject || calendar.is_some()), today)
        .filter(|period| has_subject || has_calendar_time(period));
    let event = event.or(calendar);
    let event_word = event.map(|at| (at, WordUse::Required));
    if let Some(Period { words, from, until }) = period {
        let kinds = event.map(|_| Kind::Event).into_iter().collect();
        let filter = SearchFilter { kinds, from, until, ..SearchFilter::default() };
        let mut words: Vec<_> = event_word.into_iter().chain(words).collect();
        words.sort_unstable_by_key(|(at, _)| *at);
        return Some(StatedPreference { words, filter });
    }
    let event = event?;
    let before = |list: &str| {
        let nearest = event.saturating_sub(NEXT_DISTANCE_MAX)..event;
        nearest.rev().find(|at| is_one_of(list, words[*at]))
    };
    let starts_with_when = is_one_of(WHEN_WORDS, words[0])
        && words.get(1).is_some_and(|word| is_one_of(IS_WORDS, word));
    let is_calendar = words.len() == 1 && calendar.is_some();
    let (stated, phase) = match (before(NEXT_WORDS), before(PREVIOUS_WORDS)) {
        (Some(next), _) => (Some(next), EventPhase::Upcoming),
        (None, Some(previous)) => (Some(previous), EventPhase::Past),
        (None, None) if starts_with_when || is_calendar => (None, EventPhase::Upcoming),
        (None, None) => return None,
    };
    let stated = stated.map(|at| (at, WordUse::Preference));
    let words = stated.into_iter().chain(event_word).collect();
    let filter = SearchFilter { phases: vec![phase], ..SearchFilter::default() };
    Some(StatedPreference { words, filter })
}

/// Whether a period is no more than a year.
fn is_year(words: &[&str], period: &Period) -> bool {
    period.words.iter().all(|(at, _)| words[*at].bytes().all(|byte| byte.is_ascii_digit()))
}

/// The kinds of organisation after *welke*.
fn organisation_preference(words: &[&str]) -> Option<StatedPreference> {
    let kind_of = |word: &str| {
        let mut kinds = ORGANISATION_WORDS.iter();
        kinds.find(|(_, list)| is_one_of(list, word)).map(|(kind, _)| *kind)
    };
    let mut filter = SearchFilter::default();
    let mut stated = Vec::new();
    for at in (1..words.len()).filter(|at| is_one_of(WHICH_WORDS, words[at - 1])) {
        if let Some(kind) = kind_of(words[at]) {
            filter.organisation_kinds.push(kind);
            stated.extend([(at - 1, WordUse::Preference), (at, WordUse::Required)]);
        }
    }
    (!stated.is_empty()).then_some(StatedPreference { words: stated, filter })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn stated(query: &str) -> Vec<(String, SearchFilter)> {
        let words: Vec<&str> = query.split(' ').collect();
        // A Wednesday.
        let preferences = stated_preferences(&words, date(2026, 3, 4));
        let typed = |preference: &StatedPreference| {
            let typed: Vec<&str> = preference.words.iter().map(|(at, _)| words[*at]).collect();
            typed.join(" ")
        };
        preferences
            .iter()
            .map(|preference| (typed(preference), preference.filter.clone()))
            .collect()
    }

    #[test]
    fn words_for_events_and_their_time_must_prefer_them() {
        let phase = |phase| SearchFilter { phases: vec![phase], ..SearchFilter::default() };
        for (query, typed, expected) in [
            ("volgende kennissessie", "volgende kennissessie", EventPhase::Upcoming),
            ("wanneer is de volgende kennissessie", "volgende kennissessie", EventPhase::Upcoming),
            ("wanneer is het congres", "congres", EventPhase::Upcoming),
            ("komende online bijeenkomsten", "komende bijeenkomsten", EventPhase::Upcoming),
            ("upcoming events", "upcoming events", EventPhase::Upcoming),
            ("agenda", "agenda", EventPhase::Upcoming),
            ("vorige webinar", "vorige webinar", EventPhase::Past),
        ] {
            assert_eq!(stated(query), [(typed.to_owned(), phase(expected))], "{query}");
        }
        for query in [
            "kennissessie",
            "volgende stap",
            "interview",
            "wet",
            "december",
            "may",
            "",
            "volgende stap na training",
            "wat past bij een workshop",
            "digitale agenda",
            "agenda van de raad",
            "digitale agenda gemeenten 2020",
            "jeugd van mei",
            "wanneer gebruik je een workshop",
            "webinar met marieke de winter",
            "hoe this may help",
            "welke bibliotheek react",
            "welk programma voor wcag",
        ] {
            assert_eq!(stated(query), [], "{query}");
        }
    }

    #[test]
    fn a_period_must_be_found_with_and_without_events() {
        let events = |from, until| SearchFilter {
            kinds: vec![Kind::Event],
            from: Some(from),
            until: Some(until),
            ..SearchFilter::default()
        };
        let content = |from, until| SearchFilter { kinds: Vec::new(), ..events(from, until) };
        let (december, end) = (date(2026, 12, 1), date(2026, 12, 31));
        for (query, typed, expected) in [
            ("agenda december", "agenda december", events(december, end)),
            ("events in december", "events december", events(december, end)),
            ("december 2025", "december 2025", content(date(2025, 12, 1), date(2025, 12, 31))),
            ("nieuws december", "december", content(date(2025, 12, 1), date(2025, 12, 31))),
            ("in december", "december", content(december, end)),
            ("congres 2025", "congres 2025", events(date(2025, 1, 1), date(2025, 12, 31))),
            (
                "webinar volgende week",
                "webinar volgende week",
                events(date(2026, 3, 9), date(2026, 3, 15)),
            ),
            (
                "toegankelijkheid dit jaar",
                "dit jaar",
                content(date(2026, 1, 1), date(2026, 12, 31)),
            ),
        ] {
            assert_eq!(stated(query), [(typed.to_owned(), expected)], "{query}");
        }
    }

    #[test]
    fn a_kind_of_organisation_must_follow_the_word_which() {
        let municipality = SearchFilter {
            organisation_kinds: vec![OrganisationKind::Municipality],
            ..SearchFilter::default()
        };
        let query = "welke gemeenten werken met klantreizen";
        assert_eq!(stated(query), [("welke gemeenten".to_owned(), municipality)]);
        assert_eq!(stated("handreiking voor gemeenten"), []);
        let kinds = &stated("welke provincies en welke gemeenten")[0].1.organisation_kinds;
        assert_eq!(kinds, &[OrganisationKind::Province, OrganisationKind::Municipality]);
    }
}
