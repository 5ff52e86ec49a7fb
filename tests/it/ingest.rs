//! Sources in every format, built to a generation: the demo, and a real Dutch government site.

use std::collections::{BTreeMap, BTreeSet};

use indexer::{
    catalog::Snapshot,
    ingest::{BuildOptions, OnThreshold, Outcome},
};
use schema::{
    ArticleForm, Attendance, CommunityForm, DatePrecision, EventForm, EventPhase, EventStatus,
    Kind, Origin, Record, SearchFilter, SearchQuery, SourceName, TitleSource, ToolkitForm,
};

use crate::support::{Installation, clock, everything, runtime, shared};

/// All content of the current generation of an installation.
fn content(installation: &Installation) -> Vec<std::sync::Arc<Record>> {
    let snapshot = installation.snapshot();
    let page = runtime().block_on(snapshot.search(everything())).expect("a search");
    page.hits.into_iter().map(|hit| hit.record).collect()
}

#[test]
fn the_demo_must_contain_every_form_phase_precision_and_attendance() {
    let installation = Installation::of("fixtures/demo.toml");
    let report = installation.try_build().expect("the demo is valid");
    assert_eq!(report.rejections, [], "no record of the demo must be rejected");
    assert_eq!(report.unresolved, [], "all references of the demo must be resolved");
    let counts = report.counts;
    assert!(counts.communities >= 7, "{counts:?}");
    assert!(counts.toolkits >= 15, "{counts:?}");
    assert!(counts.articles >= 60, "{counts:?}");
    assert!(counts.events >= 30, "{counts:?}");

    let records = content(&installation);
    let mut article_forms = BTreeSet::new();
    let mut toolkit_forms = BTreeSet::new();
    let mut community_forms = BTreeSet::new();
    let mut events = BTreeMap::<&str, BTreeSet<String>>::new();
    let mut series = 0;
    for record in &records {
        match record.as_ref() {
            Record::Article(article) => {
                article_forms.insert(article.form);
            }
            Record::Toolkit(toolkit) => {
                toolkit_forms.insert(toolkit.form);
                assert!(!toolkit.steps.is_empty() && !toolkit.resources.is_empty(), "{record:?}");
            }
            Record::Community(community) => {
                community_forms.insert(community.form);
            }
            Record::Event(event) => {
                let mut add = |what, value: &dyn ToString| {
                    events.entry(what).or_default().insert(value.to_string());
                };
                add("form", &event.form);
                add("status", &event.status);
                add("attendance", &event.attendance);
                add("phase", &event.phase(clock()));
                add("precision", &event.start.precision);
                add("zone", &event.start.zone);
                series += usize::from(event.series.is_some());
            }
            other => panic!("a search returned {other:?}"),
        }
    }
    macro_rules! all {
        ($word:ident) => {
            $word::ALL.iter().map(ToString::to_string).collect::<BTreeSet<_>>()
        };
    }
    assert_eq!(article_forms, ArticleForm::ALL.iter().copied().collect());
    assert_eq!(toolkit_forms, ToolkitForm::ALL.iter().copied().collect());
    assert_eq!(community_forms, CommunityForm::ALL.iter().copied().collect());
    assert_eq!(events["form"], all!(EventForm));
    assert_eq!(events["status"], all!(EventStatus));
    assert_eq!(events["attendance"], all!(Attendance));
    assert_eq!(events["phase"], all!(EventPhase));
    assert_eq!(events["precision"], all!(DatePrecision));
    assert!(events["zone"].contains("America/Kralendijk"), "{events:?}");
    assert_eq!(series, 1);
}

#[test]
fn no_contact_data_and_no_script_must_pass_through() {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let snapshot = installation.snapshot();
    let view = installation.view().into_iter().collect::<Vec<_>>().join("\n");
    let ids: Vec<_> = content(&installation).iter().map(|record| record.id()).collect();
    let bodies = runtime().block_on(snapshot.bodies(&ids)).expect("bodies");
    let html: String = bodies.iter().flatten().map(|body| body.html.as_str()).collect();
    for text in [&view, &html] {
        for forbidden in
            ["0800-000 0000", "010 000 00 00", "mailto:", "<script", "onclick", "javascript:"]
        {
            assert!(!text.contains(forbidden), "{forbidden} passed through");
        }
    }
    assert!(view.contains("weggelaten]"), "nothing was redacted");
    let at = html.match_indices('@').map(|(at, _)| &html[at.saturating_sub(30)..=at]);
    assert_eq!(at.collect::<Vec<_>>(), Vec::<&str>::new(), "an e-mail address passed through");
}

#[test]
fn duplicate_records_of_two_sources_must_be_merged_with_both_provenances() {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let snapshot = installation.snapshot();
    let url = "https://www.gebruikercentraal.example/agenda/kennissessie-een-loket-veel-kanalen/";
    runtime().block_on(async {
        let found = snapshot.by_urls(&[url.parse().unwrap()]).await.expect("a look-up");
        let id = found[0].expect("the event is found by its address");
        let provenance = snapshot.provenance(&[id]).await.expect("provenance").remove(0);
        let sources: Vec<_> = provenance.iter().map(|p| p.record.source.as_str()).collect();
        assert_eq!(sources, ["events", "agenda"], "in order of precedence");
        assert!(provenance[0].fields.iter().any(|field| field == "title"));
        assert!(!provenance[1].fields.iter().any(|field| field == "title"));
    });
}

#[test]
fn a_name_without_a_record_must_be_findable_and_marked_inferred() {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let snapshot = installation.snapshot();
    let people = runtime()
        .block_on(snapshot.list_by_name(
            schema::NodeKind::Person,
            String::new(),
            schema::Page::first(100),
        ))
        .expect("names");
    let origin = |name: &str| {
        let found = people.entries.iter().find(|(record, _)| record.name() == name);
        match found.map(|(record, _)| record.as_ref()) {
            Some(Record::Person(person)) => person.origin,
            other => panic!("{name}: {other:?}"),
        }
    };
    assert_eq!(origin("Noor Vandersteen"), Origin::Declared);
    assert_eq!(origin("Priya Nandoe"), Origin::Inferred);
}

#[test]
fn a_second_run_without_changes_must_publish_nothing() {
    let installation = Installation::of("fixtures/demo.toml");
    let first = installation.build();
    let report = installation.try_build().expect("builds");
    assert_eq!(report.outcome, Outcome::Unchanged(first));
    assert_eq!(report.sources.iter().map(|s| s.new + s.changed + s.removed).sum::<u64>(), 0);
    assert_eq!(installation.generations(), [first]);
}

#[test]
fn a_real_site_must_be_read_by_configuration_alone() {
    let Some(site) = shared("corpus/don-site") else { return };
    let installation = Installation::of("fixtures/don-site.toml");
    let request = BuildOptions { on_rejections: OnThreshold::Fail, ..BuildOptions::default() };
    let report = installation.run(&request).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(report.rejections, [], "no record of a real site must be rejected");
    let snapshot = installation.snapshot();
    let records = content(&installation);
    let new_records = |source: &str| {
        let name = SourceName::new(source).unwrap();
        report.sources.iter().find(|s| s.name == name).expect("a report").new
    };
    let markdown =
        new_records("don-blog") + new_records("don-communities") + new_records("don-docs");
    assert!(markdown >= 180, "only {markdown} Markdown documents are content");

    for record in &records {
        let common = record.common().expect("content");
        assert!(!common.title.trim().is_empty());
        assert!(common.title.chars().count() <= 300, "{}", common.title);
        if let Record::Article(article) = record.as_ref()
            && article.common.url.path().starts_with("/blog/")
        {
            let path: Vec<_> = article.common.url.path().split('/').collect();
            let published_at = article.common.published_at.as_ref();
            let day = published_at.expect("the date in the path").date;
            let expected: Vec<i16> =
                path[2..5].iter().map(|segment| segment.parse().unwrap()).collect();
            assert_eq!([day.year(), day.month().into(), day.day().into()], expected[..]);
        }
    }
    let titles: BTreeSet<_> = records.iter().map(|record| record.name()).collect();
    assert!(titles.contains("Waarom zijn API design rules zo belangrijk?"));
    assert!(titles.contains("Code for NL"));
    assert!(titles.contains("NL Design System"));
    let at = |path: &str| records.iter().any(|r| r.common().unwrap().url.path() == path);
    assert!(at("/communities/code-for-nl") && at("/communities/kennisplatform-apis"));
    assert!(!at("/communities/") && !at("/communities"), "a list of other pages is not content");
    assert!(!at("/kennisbank/data/tools"), "a list of other pages is not content");
    assert!(site.join("blog/draft").is_dir());
    let drafts = records.iter().filter(|r| r.common().unwrap().url.path().contains("draft"));
    assert_eq!(drafts.count(), 0, "drafts are not content");

    let kinds: BTreeMap<Kind, usize> = records.iter().fold(BTreeMap::new(), |mut kinds, record| {
        *kinds.entry(record.kind().unwrap()).or_default() += 1;
        kinds
    });
    assert!(kinds[&Kind::Community] >= 9 && kinds[&Kind::Toolkit] >= 20, "{kinds:?}");
    seeds_must_be_read(&snapshot);
    let page = runtime()
        .block_on(snapshot.search(schema::SearchQuery {
            words: Some("api design rules".to_owned()),
            sort: schema::SearchSort::Relevance,
            ..everything()
        }))
        .expect("a search");
    assert!(
        page.hits[0].record.name().to_lowercase().contains("design rules"),
        "{:?}",
        page.hits[0]
    );
}

/// The five plain texts: one article each, except that every lead in the archive is an article of
/// its own.
fn seeds_must_be_read(snapshot: &Snapshot) {
    let sources = ["seeds", "seeds-archive"].map(|name| SourceName::new(name).unwrap());
    let filter = SearchFilter { sources: sources.to_vec(), ..SearchFilter::default() };
    let page = runtime().block_on(snapshot.search(SearchQuery { filter, ..everything() }));
    let records: Vec<_> = page.expect("a search").hits.into_iter().map(|h| h.record).collect();
    // Four texts and seventeen leads; one lead announces one of the texts.
    assert_eq!(records.len(), 4 + 17 - 1);
    let common = |record: &Record| record.common().expect("content").clone();
    assert!(records.iter().all(|r| common(r).title_source == TitleSource::Derived));
    let hashtags: BTreeSet<_> = records.iter().flat_map(|r| common(r).hashtags).collect();
    assert!(hashtags.contains("gebruikercentraal"), "{hashtags:?}");

    let interview = records.iter().find(|r| r.name().contains("behoeften van de leden"));
    let id = interview.expect("the interview").id();
    let provenance = runtime().block_on(snapshot.provenance(&[id])).expect("provenance");
    let found: Vec<_> =
        provenance[0].iter().map(|p| (p.record.remote_key.as_str(), p.origin)).collect();
    let expected = [
        ("001_2c8ccab8c8fa8318.txt", Origin::Declared),
        ("003_87f839c3458789ca.txt#16", Origin::Inferred),
    ];
    assert_eq!(found, expected, "a lead and its text must be merged");
}
