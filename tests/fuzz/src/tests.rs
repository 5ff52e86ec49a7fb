//! Checks that fuzz inputs reach the code under test.

use std::{collections::BTreeMap, fs};

use gateway::pipeline::CacheScope;

use crate::{
    api, content, csv, cursor, date,
    demo::{DEMO, repository},
    federated, feed, filter, icalendar, json_lines, pipeline, request, sdl, search_query,
    subgraph_response, token, wordpress,
};

/// Pseudo-random bytes from a seed (`SplitMix64`).
fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    (0..length.div_ceil(8)).flat_map(|_| next().to_le_bytes()).collect()
}

#[test]
fn generated_documents_must_mostly_be_executed() {
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..400 {
        let mut choices = bytes(seed, 40 + 2 * usize::try_from(seed).unwrap());
        choices[0] = 0;
        let document = pipeline::read(&choices, &DEMO);
        let code = pipeline::execute(&DEMO, &document, CacheScope::Private).outcome.code();
        *outcomes.entry(code).or_default() += 1;
    }
    assert!(outcomes["OK"] > 100, "{outcomes:?}");
    assert!(outcomes.contains_key("GRAPHQL_PARSE_FAILED"), "{outcomes:?}");
    assert!(outcomes.contains_key("LIMIT_EXCEEDED"), "{outcomes:?}");
    assert!(!outcomes.contains_key("INTERNAL_SERVER_ERROR"), "{outcomes:?}");
}

#[test]
fn any_bytes_must_pass_every_check() {
    for seed in 0..200 {
        let mut bytes = bytes(seed, 8 + usize::try_from(seed).unwrap() * 3);
        api::check(&bytes);
        csv::check(&bytes);
        cursor::check(&bytes);
        date::check(&bytes);
        filter::check(&bytes);
        icalendar::check(&bytes);
        json_lines::check(&bytes);
        request::check(&bytes);
        sdl::check(&bytes);
        sdl::check_field_set(&bytes);
        token::check(&bytes);
        wordpress::check(&bytes);
        feed::check(&bytes);
        search_query::check(&bytes);
        content::check_front_matter(&bytes);
        content::check_html(&bytes);
        subgraph_response::check(&bytes);
        federated::check_generated(&bytes);
        federated::check(&bytes);
        bytes[0] %= 16;
        pipeline::check(&bytes);
    }
}

#[test]
fn example_operations_must_be_valid_fuzz_inputs() {
    let mut executed = 0;
    for entry in fs::read_dir(repository().join("fixtures/queries")).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        pipeline::check(&bytes);
        let document = pipeline::read(&bytes, &DEMO);
        let response = pipeline::execute(&DEMO, &document, CacheScope::Private);
        executed += usize::from(response.outcome.code() == "OK");
    }
    assert!(executed >= 11, "{executed}");
}

#[test]
fn written_dates_must_be_moments_and_series_or_be_rejected() {
    let (mut moments, mut series, mut rejections) = (0, 0, 0);
    for seed in 0..1_000 {
        match date::outcome(&bytes(seed, 40)) {
            Ok(dates) if dates.series.is_some() => series += 1,
            Ok(dates) => moments += usize::from(dates.start.is_some()),
            Err(_) => rejections += 1,
        }
    }
    assert!(moments > 30 && series > 50 && rejections > 200, "{moments} {series} {rejections}");
}

#[test]
fn generated_calendars_must_mostly_be_read() {
    let mut counts = [0; 3];
    for seed in 0..400 {
        let outcome = icalendar::outcome(&bytes(seed, 80));
        counts.iter_mut().zip(outcome).for_each(|(sum, count)| *sum += count);
    }
    let [records, rejections, files] = counts;
    assert!(records > 100 && rejections > 100 && files > 200, "{counts:?}");
}

#[test]
fn generated_feeds_must_often_be_read() {
    let outcomes: Vec<_> = (0..400).map(|seed| feed::outcome(&bytes(seed, 80))).collect();
    let records = outcomes.iter().flatten().sum::<usize>();
    let rejected = outcomes.iter().filter(|outcome| outcome.is_none()).count();
    assert!(records > 30 && rejected > 50, "{records} {rejected}");
}

#[test]
fn generated_items_must_often_be_read() {
    let records = (0..400).filter(|seed| api::outcome(&bytes(*seed, 120))).count();
    assert!((60..340).contains(&records), "{records}");
}

#[test]
fn generated_objects_pages_and_sitemaps_must_mostly_be_read() {
    let mut counts = [0; 3];
    for seed in 0..400 {
        if let Some(kind) = wordpress::outcome(&bytes(seed, 200)) {
            counts[kind] += 1;
        }
    }
    assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
}
