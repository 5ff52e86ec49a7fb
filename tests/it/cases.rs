//! Cases: small sources in `fixtures/cases`, modelled on defects of comparable programs. Input that
//! is not understood is never published, dropped or merged.

use std::sync::Arc;

use indexer::{
    catalog::Snapshot,
    ingest::{BuildOptions, OnThreshold, Report},
};
use schema::{NodeId, Record};

use crate::support::{Installation, everything, runtime};

/// A case, built with all thresholds disabled.
struct Case {
    report: Report,
    snapshot: Arc<Snapshot>,
    /// All content records, in order of title.
    records: Vec<Arc<Record>>,
    _installation: Installation,
}

impl Case {
    fn new(name: &str) -> Self {
        let installation = Installation::of(&format!("fixtures/cases/{name}/wegwijzer.toml"));
        let options = BuildOptions {
            on_rejections: OnThreshold::Ignore,
            on_removals: OnThreshold::Ignore,
            ..BuildOptions::default()
        };
        let report = installation.run(&options).expect("a build");
        let snapshot = installation.snapshot();
        let page = runtime().block_on(snapshot.search(everything())).expect("a search");
        let records = page.hits.into_iter().map(|hit| hit.record).collect();
        Self { report, snapshot, records, _installation: installation }
    }

    fn titles(&self) -> Vec<&str> {
        self.records.iter().map(|record| record.name()).collect()
    }

    fn rejections(&self) -> Vec<String> {
        let lines = self.report.rejections.iter();
        lines.map(|rejection| format!("{} {}", rejection.location, rejection.reason)).collect()
    }

    fn urls(&self) -> Vec<String> {
        let common = self.records.iter().filter_map(|record| record.common());
        let mut urls: Vec<_> = common.map(|common| common.url.to_string()).collect();
        urls.sort();
        urls
    }

    fn names(&self, ids: &[NodeId]) -> Vec<String> {
        let records = runtime().block_on(self.snapshot.get_many(ids)).expect("records");
        records.iter().flatten().map(|record| record.name().to_owned()).collect()
    }
}

#[test]
fn authors_with_and_without_fields_must_all_be_read() {
    let case = Case::new("authors-of-two-shapes");
    let Record::Article(article) = &*case.records[0] else { panic!("an article") };
    assert_eq!(case.names(&article.authors), ["noor", "Sem Kok"]);
}

#[test]
fn cells_that_are_missing_or_empty_at_the_end_of_a_row_must_be_no_obstacle() {
    let case = Case::new("csv-empty-last-cells");
    assert_eq!(case.titles(), ["Derde dag", "Eerste dag", "Tweede dag", "Vierde dag"]);
}

#[test]
fn columns_with_one_name_must_be_joined_or_the_first_filled_one_count() {
    let case = Case::new("csv-same-header-twice");
    let content = |record: &Arc<Record>| {
        let common = record.common().expect("content");
        (
            common.title.clone(),
            common.summary.clone().unwrap_or_default(),
            case.names(&common.themes),
        )
    };
    let themes = |themes: &[&str]| themes.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        case.records.iter().map(content).collect::<Vec<_>>(),
        [
            ("Een stuk".into(), "Belangrijke uitleg".into(), themes(&["taal"])),
            ("Nog een stuk".into(), "Uitleg".into(), themes(&["taal", "vormgeving"])),
        ]
    );
}

#[test]
fn dates_must_be_read_as_other_programs_write_them() {
    let case = Case::new("dates-of-other-programs");
    assert_eq!(case.rejections(), [""; 0]);
    assert_eq!(case.records.len(), 9);
    for record in &case.records {
        let published_at = &record.common().expect("content").published_at;
        let published_at = published_at.as_ref().expect("a date");
        assert_eq!(published_at.date.to_string(), "2027-03-12", "{}", record.name());
    }
}

#[test]
fn what_may_be_a_draft_must_not_be_published() {
    let case = Case::new("draft-flag-fails-open");
    assert_eq!(case.titles(), ["Openbaar stuk"]);
}

#[test]
fn file_names_must_be_encoded_in_urls() {
    assert_eq!(
        Case::new("file-name-in-url").urls(),
        ["100%25-digitaal", "c%23-voor-ambtenaren", "c%23-voor-beginners", "wat%20is%20nieuw%3F"]
            .map(|path| format!("https://www.voorbeeld.example/blog/{path}/"))
    );
}

#[test]
fn front_matter_must_be_read_or_rejected_and_never_become_text() {
    let case = Case::new("front-matter-not-recognised");
    assert_eq!(case.titles(), [""; 0]);
    let report = &case.report.sources[0];
    assert_eq!((report.skipped, report.rejected), (9, 0));
}

#[test]
fn long_numbers_must_stay_distinct_keys() {
    let case = Case::new("large-numeric-ids");
    assert_eq!(case.titles(), ["Bericht drie", "Bericht een", "Bericht twee"]);
}

#[test]
fn a_page_must_have_its_own_slug_or_else_that_of_its_file() {
    assert_eq!(
        Case::new("own-slug-or-file-name").urls(),
        ["kort", "zonder"].map(|path| format!("https://www.voorbeeld.example/blog/{path}/"))
    );
}

#[test]
fn the_last_day_of_a_series_must_count_in_its_own_zone() {
    let case = Case::new("until-is-read-in-utc");
    let days = |record: &Arc<Record>| {
        let Record::Event(event) = &**record else { panic!("an event") };
        let occurrences = event.occurrences();
        let days =
            occurrences.all().iter().map(|occurrence| occurrence.moment.date.day().to_string());
        format!("{}: {}", event.common.title, days.collect::<Vec<_>>().join(" "))
    };
    assert_eq!(
        case.records.iter().map(days).collect::<Vec<_>>(),
        [
            "Reeks bonaire: 24 25 26",
            "Reeks dag: 24 25 26",
            "Reeks lokaal: 24 25",
            "Reeks nacht: 24 25 26",
            "Reeks week: 2 9 16",
        ]
    );
}

#[test]
fn entries_of_one_page_must_not_be_merged() {
    let case = Case::new("url-fragment-merges");
    assert_eq!(
        case.titles(),
        ["Kennissessie taal", "Spreekuur toegankelijkheid", "Workshop formulieren"]
    );
}

#[test]
fn booleans_must_be_translated_like_strings() {
    let case = Case::new("values-ignore-booleans-and-numbers");
    assert_eq!(case.titles(), ["Openbaar stuk"]);
}

/// The titles, with their numbers of source records, after an incremental build; a full build must
/// agree.
fn merged(installation: &Installation) -> Vec<String> {
    let titles = || {
        let snapshot = installation.snapshot();
        let page = runtime().block_on(snapshot.search(everything())).expect("a search");
        let ids: Vec<_> = page.hits.iter().map(|hit| hit.record.id()).collect();
        let sources = runtime().block_on(snapshot.provenance(&ids)).expect("provenance");
        let title = |(hit, sources): (&schema::Hit, &Vec<schema::Provenance>)| {
            format!("{} {}", hit.record.name(), sources.len())
        };
        page.hits.iter().zip(&sources).map(title).collect::<Vec<_>>()
    };
    installation.build();
    let incremental = titles();
    installation.build_full();
    assert_eq!(titles(), incremental);
    incremental
}

#[test]
fn records_of_one_source_must_not_be_merged_by_url() {
    let installation = Installation::empty();
    let line = |key: &str, kind: &str, url: &str| {
        format!(
            r#"{{"key":"{key}","kind":"{kind}","title":"T{key}","start":"2027-03-10","url":"https://x.example/{url}"}}"#
        )
    };
    let lines = |lines: &[(&str, &str, &str)]| {
        let lines = lines.iter().map(|(key, kind, url)| line(key, kind, url));
        lines
            .map(|line| line.replace(r#""kind":"article","#, r#""kind":"article","x":1,"#))
            .collect::<Vec<_>>()
    };
    // Each source has the URL once: both records are the same event.
    installation.write_lines(&lines(&[("1", "event", "a"), ("2", "event", "b")]));
    installation.write_lines_to("more.jsonl", &lines(&[("3", "event", "a")]));
    assert_eq!(merged(&installation), ["T1 2", "T2 1"]);
    // One source has the URL twice: neither record is the event of the other source.
    installation.write_lines(&lines(&[("1", "event", "a"), ("2", "event", "a")]));
    assert_eq!(merged(&installation), ["T1 1", "T2 1", "T3 1"]);
    installation.write_lines(&lines(&[("1", "event", "a#1"), ("2", "event", "a?utm_source=x")]));
    assert_eq!(merged(&installation), ["T1 1", "T2 2"]);
    installation.write_lines(&lines(&[("1", "article", "a"), ("2", "event", "a")]));
    assert_eq!(merged(&installation), ["T1 1", "T2 2"]);
    installation.write_lines(&lines(&[("1", "event", "a")]));
    assert_eq!(merged(&installation), ["T1 2"]);
}

#[test]
fn equal_keys_must_be_rejected_with_both_places_and_not_stop_removals() {
    let installation = Installation::empty();
    let line = |key: u32| format!(r#"{{"key":"{key}","kind":"article","title":"T{key}"}}"#);
    installation.write_lines(&(0..30).map(line).collect::<Vec<_>>());
    installation.build();
    installation.write_lines(&(1..30).chain([1]).map(line).collect::<Vec<_>>());
    let report = installation.try_build().expect("one rejection does not fail the build");
    let reasons: Vec<_> =
        report.rejections.iter().map(|r| format!("{} {}", r.location, r.reason)).collect();
    assert_eq!(reasons, ["lines.jsonl:30 key already used by another record: `lines.jsonl:1`"]);
    assert_eq!(report.removed, 1);
}

#[test]
fn rejections_must_be_counted_and_the_first_thousand_be_listed() {
    let installation = Installation::empty();
    installation.write("lines.jsonl", &"x\n".repeat(200_000));
    let options = BuildOptions { on_rejections: OnThreshold::Ignore, ..BuildOptions::default() };
    let report = installation.run(&options).expect("a build");
    assert_eq!(report.sources[1].rejected, 200_000);
    assert_eq!(report.rejections.len(), indexer::ingest::REJECTIONS_MAX);
    let long = "x".repeat(100_000);
    installation
        .write_lines(&[format!(r#"{{"key":"1","kind":"article","title":"T","url":"{long}"}}"#)]);
    let report = installation.run(&options).expect("a build");
    assert!(report.rejections[0].reason.chars().count() <= 500);
}
