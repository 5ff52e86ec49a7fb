//! A real WordPress as a source: what is public there is in the catalog, through edits, removals,
//! restarts and failures of the network.
//!
//! The site is started by `../shared/upstreams/wordpress.sh`; without PHP and a database server, or without that
//! script, the tests are skipped, unless `REQUIRE_UPSTREAMS` is set.

mod embedding;
mod events;
mod faulty_proxy;
mod feeds;
mod one_event;
pub(crate) mod site;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Output,
};

use faulty_proxy::FaultyProxy;
use schema::{Kind, Language, Record};
use site::Site;

use crate::{
    init::published,
    support::{Installation, Rng, everything, runtime},
};

/// Number of rounds of random edits; `.ci/long upstreams` sets more.
const ROUNDS: u64 = 40;
/// The types of the seed that are read and have public pages. Events have no dates in the REST API.
const ALL_TYPES: [&str; 4] = ["post", "page", "stap", "voorbeeld"];

/// An installation with these sources.
fn installation(sources: &str) -> Installation {
    let installation = Installation::empty();
    let config = format!(
        "[sync]\ncontact = \"beheer@example.nl\"\nrequest_interval_ms = 0\nretries_max = 0\n\
         [limits]\nremovals_percent = 60\n{sources}"
    );
    fs::write(installation.config(), config).expect("a file");
    installation
}

/// A source at an address, with more keys.
fn source(name: &str, address: &str, keys: &str) -> String {
    format!(
        "[[source]]\nname = \"{name}\"\nkind = \"wordpress\"\naddress = \"{address}\"\n\
         allow_private_addresses = true\npreset = \"gebruiker-centraal\"\n{keys}\n"
    )
}

/// A join of the landing pages of a taxonomy.
fn join(taxonomy: &str, kind: &str) -> String {
    format!("[[source.join]]\ntaxonomy = \"{taxonomy}\"\ntype = \"page\"\nkind = \"{kind}\"\n")
}

/// Synchronises and builds; the run as printed.
fn index(installation: &Installation) -> String {
    let Output { status, stdout, stderr } = installation.output(&["index"]);
    let text = [stdout, stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(status.success(), "{text}");
    text
}

/// All records by the path of their URL.
fn records(installation: &Installation) -> BTreeMap<String, Record> {
    let page = runtime().block_on(installation.snapshot().search(everything())).expect("records");
    let records = page.hits.into_iter().map(|hit| hit.record.as_ref().clone());
    let path = |record: &Record| record.common().map(|common| common.url.path().to_owned());
    records.filter_map(|record| Some((path(&record)?, record))).collect()
}

/// The titles of all records of the main site by the path of their URL.
fn titles(installation: &Installation) -> BTreeMap<String, String> {
    let records = records(installation).into_iter();
    let records = records.filter(|(path, _)| !path.starts_with("/international/"));
    records.map(|(path, record)| (path, record.name().to_owned())).collect()
}

/// The number before a word in the line of the run, such as `changed`.
fn counted(run: &str, word: &str) -> u64 {
    let line = run.lines().find(|line| line.starts_with("site: ")).expect("the line of the run");
    let before = line.split(&format!(" {word}")).next().expect("a number");
    let digits: String = before
        .chars()
        .rev()
        .take_while(char::is_ascii_digit)
        .collect::<Vec<_>>()
        .iter()
        .rev()
        .collect();
    digits.parse().unwrap_or_else(|_| panic!("no number of {word}: {run}"))
}

/// Fails if the catalog differs from what is public on the site.
fn assert_public(installation: &Installation, site: &Site, types: &[&str], context: &str) {
    let (found, expected) = (titles(installation), site.public(types));
    let lost: Vec<_> = expected.keys().filter(|url| !found.contains_key(*url)).collect();
    let extra: Vec<_> = found.keys().filter(|url| !expected.contains_key(*url)).collect();
    // A post without a title gets one from its text.
    let is_stale = |(url, title): &(&String, &String)| {
        !title.is_empty() && found.get(*url).is_some_and(|found| found != *title)
    };
    let stale: Vec<_> = expected.iter().filter(is_stale).collect();
    assert!(
        lost.is_empty() && extra.is_empty() && stale.is_empty(),
        "{context}: lost {lost:?}, extra {extra:?}, stale {stale:?}"
    );
}

#[test]
fn a_site_must_be_read_completely_and_followed() {
    let Some(site) = Site::start(40) else { return };
    let types = "types = [\"post\", \"page\", \"stap\", \"voorbeeld\", \"citaat\"]\n\
                 language = \"NL\"\n";
    let joins = join("community", "community") + &join("hulpmiddel", "toolkit");
    let subsite = format!("{}international/", site.address());
    let sources = source("site", &site.address(), &format!("{types}{joins}"))
        + &source("international", &subsite, "language = \"EN\"");
    let installation = installation(&sources);
    let first = index(&installation);
    assert_public(&installation, &site, &ALL_TYPES, "first run");
    assert!(first.contains("site: type without public pages: `citaat`"), "{first}");
    assert_eq!(counted(&first, "present"), site.public(&ALL_TYPES).len() as u64, "{first}");
    assert_awkward_cases(&installation, &site);
    assert_kinds(&installation);
    assert_subsite(&installation);

    // The objects of the seed changed within the seconds before the first run, so that they are
    // fetched once more; after that, a run only lists ids, and requests the pages of hidden types.
    index(&installation);
    std::thread::sleep(std::time::Duration::from_secs(6));
    index(&installation);
    let idle = index(&installation);
    assert_eq!((counted(&idle, "changed"), counted(&idle, "removed")), (0, 0), "{idle}");
    assert!(counted(&idle, "requests") * 2 < counted(&first, "requests"), "{idle}");
    assert!(idle.contains("nothing changed"), "{idle}");
    events::must_be_followed(&site, &installation);
}

/// The objects of the seed that are easily misread.
fn assert_awkward_cases(installation: &Installation, site: &Site) {
    let titles = titles(installation);
    for (slug, is_public) in [
        ("concept", false),
        ("wacht-op-beoordeling", false),
        ("prive", false),
        ("met-wachtwoord", false),
        ("gepland", false),
        ("weggegooid", false),
        ("noindex", false),
        ("tekens", true),
        ("zonder-titel", true),
        ("vastgezet", true),
        ("hernoemd-nieuw", true),
        ("hernoemd-oud", false),
    ] {
        assert_eq!(titles.contains_key(&format!("/{slug}/")), is_public, "{slug}");
    }
    assert_eq!(titles["/tekens/"], "Hén & “één” ‘overheid’ – 100% 😀 & <3");
    // The local time of this post happened twice.
    let time =
        "$post = get_page_by_path('zomertijd', OBJECT, 'post'); echo 'GMT ', $post->post_date_gmt;";
    let printed = site.php(time);
    let day = printed.split_once("GMT ").map(|(_, text)| text.trim().replace(' ', "T") + "Z");
    let records = records(installation);
    let published = records["/zomertijd/"].common().and_then(|common| common.published_at.clone());
    let expected: jiff::Timestamp = day.expect("a time").parse().expect("a time");
    // A record has the local time, of which the first is meant.
    let seconds = expected.as_second() - published.expect("a time").earliest().as_second();
    assert!((0..=3_600).contains(&seconds), "{seconds}");
    let common = records.values().filter_map(Record::common);
    assert!(common.filter(|common| !common.themes.is_empty()).count() > 10);
}

/// Kinds by the preset, landing pages, and pages of the type that the REST API hides.
fn assert_kinds(installation: &Installation) {
    let records = records(installation);
    let below = |prefix: &str| {
        let found = records.iter().filter(|(path, _)| path.starts_with(prefix));
        found.map(|(_, record)| record).collect::<Vec<_>>()
    };
    for (prefix, count, kind) in [
        ("/stap/", 12, Kind::Toolkit),
        ("/voorbeeld/", 6, Kind::Toolkit),
        ("/citaat/", 0, Kind::Article),
        ("/communitys/community-cx/", 1, Kind::Community),
        ("/toolkit-taal/", 1, Kind::Toolkit),
        ("/tekens/", 1, Kind::Article),
    ] {
        let found = below(prefix);
        assert_eq!(found.len(), count, "{prefix}");
        assert!(found.iter().all(|record| record.kind() == Some(kind)), "{prefix}");
    }
    let step = &records["/stap/stap-1/"];
    let language = step.common().map(|common| common.language);
    assert_eq!((step.name(), language), ("Stap 1", Some(Language::Nl)));
    let bodies = runtime().block_on(installation.snapshot().bodies(&[step.id()]));
    let body = bodies.expect("bodies").remove(0).expect("a body").text.clone();
    assert!(body.contains("Wat leerden we?") && body.contains("Toolkit Taal"), "{body}");
    // The posts of a community refer to the record of its landing page, which has no self-reference.
    let community = &records["/communitys/community-cx/"];
    assert_eq!(community.name(), "Community CX");
    assert!(community.common().is_some_and(|common| common.communities.is_empty()));
    let refers = |record: &&Record| {
        record.common().is_some_and(|common| common.communities.contains(&community.id()))
    };
    assert!(records.values().filter(refers).count() > 3);
}

/// The subsite has objects with the same numbers.
fn assert_subsite(installation: &Installation) {
    let records = records(installation);
    let of_subsite: Vec<_> =
        records.iter().filter(|(path, _)| path.starts_with("/international/")).collect();
    assert!(of_subsite.len() >= 26, "{}", of_subsite.len());
    let names: BTreeSet<_> = of_subsite.iter().map(|(_, record)| record.name()).collect();
    for number in 1..=25 {
        assert!(names.contains(format!("User needs story {number}").as_str()), "{names:?}");
    }
    let is_english =
        |record: &Record| record.common().is_some_and(|common| common.language == Language::En);
    assert!(of_subsite.iter().all(|(_, record)| is_english(record)));
}

#[test]
fn init_must_recognise_the_site_and_its_preset() {
    let Some(site) = Site::start(5) else { return };
    let found = published(&[&site.address()]);
    for text in ["kind = \"wordpress\"", "preset = \"gebruiker-centraal\"", "# kind = \"feed\""] {
        assert!(found.config.contains(text), "{text}: {}", found.config);
    }
    assert!(found.printed.contains("WordPress: "), "{}", found.printed);
}

#[test]
fn whatever_happens_between_runs_the_catalog_must_become_what_is_public() {
    let Some(site) = Site::start(30) else { return };
    let rounds = std::env::var("UPSTREAM_ROUNDS").ok().and_then(|text| text.parse().ok());
    let seed = std::env::var("UPSTREAM_SEED").ok().and_then(|text| text.parse().ok());
    let (rounds, seed) = (rounds.unwrap_or(ROUNDS), seed.unwrap_or(20_261_128));
    let proxy = FaultyProxy::start(site.port, seed);
    // Page requests would double the time of this test; the other one has them.
    site.php("delete_post_meta_by_key('_noindex');");
    let types = "types = [\"post\", \"page\"]\nread_pages = false\nlanguage = \"NL\"";
    let installation = installation(&source("site", &proxy.address(), types));
    proxy.set_faulty(false);
    index(&installation);
    assert_public(&installation, &site, &["post", "page"], "first run");
    let mut random = Rng(seed);
    let mut incomplete_runs = 0;
    let (mut before, mut known) = (site.public(&["post", "page"]), titles(&installation));
    for round in 0..rounds {
        let context = format!("seed {seed}, round {round}");
        site.edit(&mut random, 1 + random_count(round));
        let after = site.public(&["post", "page"]);
        proxy.set_faulty(random.below(2) == 0);
        // A run through a faulty network, which may also be killed.
        if random.below(4) == 0 {
            let mut killed = installation.program(&["index"]).spawn().expect("the program starts");
            std::thread::sleep(std::time::Duration::from_millis(random.below(600)));
            let _ = killed.kill();
            let _ = killed.wait();
        } else {
            let output = installation.output(&["index"]);
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            incomplete_runs +=
                u64::from(text.contains("partly fetched") || text.contains("not fetched"));
        }
        // What was found and is still public must never be missing, whatever the run could not read.
        let found = titles(&installation);
        let is_public = |url: &&String| before.contains_key(*url) && after.contains_key(*url);
        let lost = known.keys().filter(is_public).filter(|url| !found.contains_key(*url));
        assert_eq!(lost.collect::<Vec<_>>(), Vec::<&String>::new(), "{context}");
        (before, known) = (after, found);
        proxy.set_faulty(false);
        if round % 4 == 3 {
            index(&installation);
            index(&installation);
            assert_public(&installation, &site, &["post", "page"], &context);
            known = titles(&installation);
        }
    }
    let mut stderr = std::io::stderr();
    std::io::Write::write_fmt(
        &mut stderr,
        format_args!("wordpress: {rounds} rounds, seed {seed}: 0 lost, 0 stale, 0 extra; {incomplete_runs} incomplete runs\n"),
    )
    .expect("stderr");
}

/// Number of additional edits of a round.
const fn random_count(round: u64) -> u64 {
    round % 4
}
