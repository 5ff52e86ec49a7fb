//! Times at which results can change, and read counters of the catalog.

use indexer::catalog::{Catalog, PoolLimits, ReadMetrics};
use jiff::{SignedDuration, Timestamp};
use schema::{EventPhase, NodeKind, Page, Record, SearchQuery, moment};

use crate::support::{Installation, Rng, everything, runtime};

fn events(installation: &Installation) -> Vec<schema::Event> {
    let snapshot = installation.snapshot();
    let page = runtime().block_on(snapshot.search(everything())).expect("a search");
    let event = |hit: schema::Hit| match &*hit.record {
        Record::Event(event) => Some(event.clone()),
        _ => None,
    };
    page.hits.into_iter().filter_map(event).collect()
}

/// The first full hour after `now` on another day in Amsterdam.
fn midnight(now: Timestamp) -> Timestamp {
    let home = moment::zone("Europe/Amsterdam").expect("a zone");
    let day = |at: Timestamp| at.to_zoned(home.clone()).date();
    let full = Timestamp::from_second(now.as_second().div_euclid(3_600) * 3_600).expect("a time");
    let mut hours = (1..=26).map(|hour| full + SignedDuration::from_hours(hour));
    hours.find(|hour| day(*hour) != day(now)).expect("a day has at most 25 hours")
}

#[test]
fn the_next_change_must_equal_that_of_a_naive_scan() {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let snapshot = installation.snapshot();
    let events = events(&installation);
    let mut bounds = Vec::new();
    for event in &events {
        bounds.extend(event.occurrences().all().iter().flat_map(|time| [time.begins, time.ends]));
    }
    let mut instants = vec![
        "2026-03-28T23:30:00Z".parse().expect("before summer time"),
        "2026-03-29T00:59:59Z".parse().expect("the last second of winter time"),
        "2026-10-24T22:00:00Z".parse().expect("a day of 25 hours"),
        "2026-10-25T01:00:00Z".parse().expect("the hour that comes twice"),
    ];
    instants.extend(bounds.iter().copied());
    let mut rng = Rng(3);
    let from: Timestamp = "2025-11-01T00:00:00Z".parse().expect("an instant");
    for _ in 0..300 {
        let minutes = i64::try_from(rng.below(60 * 24 * 500)).expect("small");
        instants.push(from + SignedDuration::from_mins(minutes) + SignedDuration::from_millis(1));
    }
    let (mut by_event, mut by_day) = (0, 0);
    for now in instants {
        let next = bounds.iter().copied().filter(|bound| *bound > now).min();
        let expected = next.map_or(midnight(now), |next| next.min(midnight(now)));
        let change = snapshot.next_change(now);
        assert_eq!(change, expected, "after {now}");
        *(if change == midnight(now) { &mut by_day } else { &mut by_event }) += 1;
        let phases = |at| events.iter().map(|e| e.phase(at)).collect::<Vec<EventPhase>>();
        assert_eq!(phases(now), phases(change - SignedDuration::from_nanos(1)), "from {now}");
    }
    assert!(by_event > 20 && by_day > 20, "{by_event} events, {by_day} midnights");
}

#[test]
fn occurrences_must_be_loaded_for_a_series_and_for_no_other_event() {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let snapshot = installation.snapshot();
    let mut series = 0;
    for event in events(&installation) {
        let occurrences = snapshot.occurrences(event.common.id);
        assert_eq!(occurrences, event.series.is_some().then(|| event.occurrences()).as_ref());
        series += usize::from(occurrences.is_some());
    }
    assert!(series > 0);
}

#[test]
fn reads_must_be_counted_by_kind_over_all_snapshots() {
    let installation = Installation::small();
    installation.build();
    let limits = PoolLimits { workers: 1, ..PoolLimits::default() };
    let catalog = Catalog::open_with(&installation.data(), limits).expect("opens");
    let snapshot = catalog.current().expect("a generation");
    assert_eq!(catalog.read_metrics(), ReadMetrics::default());
    runtime().block_on(async {
        let query = SearchQuery { page: Page::first(5), ..everything() };
        let page = snapshot.search(query).await.expect("a search");
        let ids: Vec<_> = page.hits.iter().map(|hit| hit.record.id()).collect();
        assert_eq!(snapshot.read_metrics(), ReadMetrics { searches: 1, ..ReadMetrics::default() });
        let before = catalog.read_metrics();
        snapshot.get_many(&ids).await.expect("records");
        snapshot.get_many(&ids).await.expect("records");
        snapshot.bodies(&ids).await.expect("bodies");
        snapshot.provenance(&ids).await.expect("provenance");
        snapshot.linked(&[]).await.expect("links");
        snapshot.by_urls(&[]).await.expect("addresses");
        snapshot.list_by_name(NodeKind::Theme, String::new(), Page::first(1)).await.expect("names");
        snapshot.changes(None, 1).await.expect("changes");
        snapshot.related(&ids, 2).await.expect("related");
        snapshot.shared_passages(&ids, 2).await.expect("passages");
        snapshot.suggest("k".to_owned(), 2).await.expect("suggestions");
        let expected = ReadMetrics {
            records: 2,
            bodies: 1,
            provenance: 1,
            links: 1,
            mentions: 0,
            urls: 1,
            names: 1,
            changes: 1,
            searches: 0,
            related: 1,
            similar: 1,
            suggestions: 1,
        };
        assert_eq!(catalog.read_metrics().since(before), expected);
    });
    assert_eq!(catalog.pool_load().rejected, 0);
    installation.write_item("nieuw", "Nieuw");
    installation.build();
    let before = catalog.read_metrics();
    catalog.refresh().expect("swaps");
    assert_eq!(
        catalog.current().expect("a generation").read_metrics(),
        before,
        "swapping loses no counts"
    );
}
