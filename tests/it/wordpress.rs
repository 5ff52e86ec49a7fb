//! A real WordPress as a source: what is public there is in the catalog, through edits, removals,
//! restarts and failures of the network.
//!
//! The site is started by `../shared/upstreams/wordpress.sh`; without PHP and a database server, or without that
//! script, the tests are skipped, unless `REQUIRE_UPSTREAMS` is set.

mod faulty_proxy;
pub(crate) mod site;

use std::{collections::BTreeMap, fs, process::Output};

use faulty_proxy::FaultyProxy;
use site::Site;

use crate::support::{Installation, Rng, everything, runtime};

/// Number of rounds of random edits; `.ci/long upstreams` sets more.
const ROUNDS: u64 = 40;

/// An installation whose only source is a site.
fn installation(address: &str) -> Installation {
    let installation = Installation::empty();
    let config = format!(
        "[sync]\ncontact = \"beheer@example.nl\"\nrequest_interval_ms = 0\nretries_max = 0\n\
         [limits]\nremovals_percent = 60\n\
         [[source]]\nname = \"site\"\nkind = \"wordpress\"\naddress = \"{address}\"\n\
         types = [\"post\", \"page\"]\nallow_private_addresses = true\nlanguage = \"NL\"\n"
    );
    fs::write(installation.config(), config).expect("a file");
    installation
}

/// Synchronises and builds; the run as printed.
fn index(installation: &Installation) -> String {
    let Output { status, stdout, stderr } = installation.output(&["index"]);
    let text = [stdout, stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(status.success(), "{text}");
    text
}

/// The titles of all records by their URL, without the address of the host.
fn titles(installation: &Installation) -> BTreeMap<String, String> {
    let page = runtime().block_on(installation.snapshot().search(everything())).expect("records");
    let hits = page.hits.iter().filter_map(|hit| hit.record.common());
    hits.map(|common| (common.url.path().to_owned(), common.title.clone())).collect()
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
fn assert_public(installation: &Installation, site: &Site, context: &str) {
    let (found, expected) = (titles(installation), site.public());
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
    let installation = installation(&site.address());
    let first = index(&installation);
    assert_public(&installation, &site, "first run");
    assert_eq!(counted(&first, "present"), site.public().len() as u64, "{first}");
    for (slug, is_public) in [
        ("concept", false),
        ("wacht-op-beoordeling", false),
        ("prive", false),
        ("met-wachtwoord", false),
        ("gepland", false),
        ("weggegooid", false),
        ("tekens", true),
        ("zonder-titel", true),
        ("hernoemd-nieuw", true),
        ("hernoemd-oud", false),
    ] {
        assert_eq!(titles(&installation).contains_key(&format!("/{slug}/")), is_public, "{slug}");
    }
    let characters = titles(&installation)["/tekens/"].clone();
    assert_eq!(characters, "Hén & “één” ‘overheid’ – 100% 😀 & <3");
    assert_fields(&installation);

    // The objects of the seed changed within the seconds before the first run, so that they are
    // fetched once more; after that, a run only lists ids.
    index(&installation);
    std::thread::sleep(std::time::Duration::from_secs(6));
    index(&installation);
    let idle = index(&installation);
    assert_eq!((counted(&idle, "changed"), counted(&idle, "removed")), (0, 0), "{idle}");
    assert!(counted(&idle, "requests") * 3 < counted(&first, "requests") * 2 + 30, "{idle}");
    assert!(idle.contains("nothing changed"), "{idle}");

    // A renamed term changes the posts that have it, though they did not change themselves.
    site.php("$term = get_term_by('slug', 'blog', 'category'); wp_update_term($term->term_id, 'category', ['name' => 'Weblog']);");
    let renamed = index(&installation);
    assert!(counted(&renamed, "changed") > 0, "{renamed}");
}

/// Terms, authors and times of the records.
fn assert_fields(installation: &Installation) {
    let page = runtime().block_on(installation.snapshot().search(everything())).expect("records");
    let record = |slug: &str| {
        let path = format!("/{slug}/");
        let hit = page
            .hits
            .iter()
            .find(|hit| hit.record.common().is_some_and(|common| common.url.path() == path));
        hit.unwrap_or_else(|| panic!("no record {slug}")).record.clone()
    };
    let summer_time = record("zomertijd");
    let published = summer_time.common().and_then(|common| common.published_at.clone());
    let instant = published.map(|moment| moment.earliest().to_string());
    assert!(instant.as_deref().is_some_and(|at| at.starts_with("2025-10-26T0")), "{instant:?}");
    let with_themes = page.hits.iter().filter_map(|hit| hit.record.common());
    assert!(with_themes.filter(|common| !common.themes.is_empty()).count() > 10);
}

#[test]
fn whatever_happens_between_runs_the_catalog_must_become_what_is_public() {
    let Some(site) = Site::start(30) else { return };
    let rounds = std::env::var("UPSTREAM_ROUNDS").ok().and_then(|text| text.parse().ok());
    let seed = std::env::var("UPSTREAM_SEED").ok().and_then(|text| text.parse().ok());
    let (rounds, seed) = (rounds.unwrap_or(ROUNDS), seed.unwrap_or(20_261_128));
    let proxy = FaultyProxy::start(site.port, seed);
    let installation = installation(&proxy.address());
    proxy.set_faulty(false);
    index(&installation);
    assert_public(&installation, &site, "first run");
    let mut random = Rng(seed);
    let mut incomplete_runs = 0;
    let (mut before, mut known) = (site.public(), titles(&installation));
    for round in 0..rounds {
        let context = format!("seed {seed}, round {round}");
        site.edit(&mut random, 1 + random_count(round));
        let after = site.public();
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
            assert_public(&installation, &site, &context);
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
