//! Words of a query that say what its user prefers: events, a time, or a kind of organisation.
//! *Agenda december* prefers events in December. What is not preferred is found as well.

use jiff::civil::Date;
use schema::{EventPhase, Kind, OrganisationKind, SearchFilter};

use super::query_periods::{Period, WordUse, YearChoice, period_at, year};

/// Words for a list of events.
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
const PREVIOUS_WORDS: &str = "vorige afgelopen eerdere previous past earlier";
/// Words before a kind of organisation.
const WHICH_WORDS: &str = "welk welke which";
/// Kinds of organisation, with the words for them.
const ORGANISATION_WORDS: [(OrganisationKind, &str); 11] = [
    (OrganisationKind::Municipality, "gemeente gemeenten gemeentes municipality municipalities"),
    (OrganisationKind::Province, "provincie provincies province provinces"),
    (OrganisationKind::WaterAuthority, "waterschap waterschappen waterboard waterboards"),
    (
        OrganisationKind::Ministry,
        "ministerie ministeries departement departementen ministry ministries",
    ),
    (
        OrganisationKind::ExecutiveAgency,
        "uitvoeringsorganisatie uitvoeringsorganisaties uitvoerder uitvoerders",
    ),
    (OrganisationKind::Library, "bibliotheek bibliotheken library libraries"),
    (
        OrganisationKind::Care,
        "zorginstelling zorginstellingen ziekenhuis ziekenhuizen hospital hospitals",
    ),
    (
        OrganisationKind::Education,
        "school scholen hogeschool hogescholen universiteit universiteiten schools universities",
    ),
    (OrganisationKind::Consultancy, "adviesbureau adviesbureaus consultancy consultancies"),
    (OrganisationKind::Company, "bedrijf bedrijven company companies"),
    (
        OrganisationKind::Programme,
        "programma programmas samenwerkingsverband samenwerkingsverbanden programmes",
    ),
];
/// Maximum number of words from *volgende* to the event.
const NEXT_DISTANCE_MAX: usize = 3;

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
    let calendar = find(CALENDAR_WORDS);
    let event = find(EVENT_WORDS).or(calendar);
    let news = find(NEWS_WORDS);
    let year_choice = match (event, news) {
        (None, Some(_)) => YearChoice::Latest,
        _ => YearChoice::Upcoming,
    };
    let has_subject = event.or(news).is_some();
    let period =
        (0..words.len()).find_map(|at| period_at(words, at, (year_choice, has_subject), today));
    let event_word = event.map(|at| (at, WordUse::Required));
    if let Some(Period { words: period_words, from, until }) = period {
        let kinds = event.map(|_| Kind::Event).into_iter().collect();
        let filter =
            SearchFilter { kinds, from: Some(from), until: Some(until), ..SearchFilter::default() };
        // Events of a year seldom mention it.
        let as_used = |(at, word_use)| match word_use {
            WordUse::Required if event.is_some() && year(words[at]).is_some() => {
                (at, WordUse::Optional)
            }
            word_use => (at, word_use),
        };
        let period_words = period_words.into_iter().map(as_used);
        let mut words: Vec<_> = event_word.into_iter().chain(period_words).collect();
        words.sort_unstable_by_key(|(at, _)| *at);
        return Some(StatedPreference { words, filter });
    }
    let event = event?;
    let before = |list: &str| {
        let nearest = event.saturating_sub(NEXT_DISTANCE_MAX)..event;
        nearest.rev().find(|at| is_one_of(list, words[*at]))
    };
    let starts_with_when = is_one_of("wanneer when", words[0]);
    let (stated, phase) = match (before(NEXT_WORDS), before(PREVIOUS_WORDS)) {
        (Some(next), _) => (Some(next), EventPhase::Upcoming),
        (None, Some(previous)) => (Some(previous), EventPhase::Past),
        (None, None) if starts_with_when || calendar.is_some() => (None, EventPhase::Upcoming),
        (None, None) => return None,
    };
    let stated = stated.map(|at| (at, WordUse::Preference));
    let words = stated.into_iter().chain(event_word).collect();
    let filter = SearchFilter { phases: vec![phase], ..SearchFilter::default() };
    Some(StatedPreference { words, filter })
}

/// A kind of organisation after *welke*.
fn organisation_preference(words: &[&str]) -> Option<StatedPreference> {
    let kind_of = |word: &str| {
        let mut kinds = ORGANISATION_WORDS.iter();
        kinds.find(|(_, list)| is_one_of(list, word)).map(|(kind, _)| *kind)
    };
    (1..words.len()).filter(|at| is_one_of(WHICH_WORDS, words[at - 1])).find_map(|at| {
        let organisation_kinds = vec![kind_of(words[at])?];
        Some(StatedPreference {
            words: vec![(at - 1, WordUse::Preference), (at, WordUse::Required)],
            filter: SearchFilter { organisation_kinds, ..SearchFilter::default() },
        })
    })
}

fn is_one_of(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|candidate| candidate == word)
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
        for query in ["kennissessie", "volgende stap", "interview", "wet", "december", "may", ""] {
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
    }
}
