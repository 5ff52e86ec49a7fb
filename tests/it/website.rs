//! A static site of Hugo as a source: sitemaps in two languages, aliases that are pages, removed pages
//! that remain on the host.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    net::TcpListener,
    path::PathBuf,
    process::{Command, Output},
};

use schema::{Record, SearchFilter, SearchQuery};
use tempfile::TempDir;

use crate::{
    init::published,
    support::{Installation, everything, runtime, shared},
};

/// A site with 60 articles and every awkward page.
struct StaticSite {
    folder: TempDir,
    script: PathBuf,
    port: u16,
}

impl StaticSite {
    /// Starts a site; `None` if it cannot run here.
    fn start() -> Option<Self> {
        let is_required = std::env::var_os("REQUIRE_UPSTREAMS").is_some();
        let found = Command::new("sh").args(["-c", "command -v hugo"]).output();
        let is_installed = found.is_ok_and(|found| found.status.success());
        let script = shared("upstreams").map(|folder| folder.join("hugo.sh"));
        let Some(script) = script.filter(|_| is_installed || is_required) else {
            let line = b"skipped: no static site here; install Hugo, or set REQUIRE_UPSTREAMS\n";
            std::io::stderr().write_all(line).expect("stderr");
            assert!(!is_required, "REQUIRE_UPSTREAMS is set");
            return None;
        };
        let folder = TempDir::new().expect("a temporary folder");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let site = Self { folder, script, port };
        site.run("start", &[&port.to_string(), "60"]);
        Some(site)
    }

    fn run(&self, verb: &str, arguments: &[&str]) {
        let mut command = Command::new("bash");
        command.arg(&self.script).arg(verb).arg(self.folder.path()).args(arguments);
        let Output { status, stdout, stderr } = command.output().expect("bash runs");
        let text = [stdout, stderr].concat();
        assert!(status.success(), "{verb}: {}", String::from_utf8_lossy(&text));
    }

    fn article(&self, name: &str) -> PathBuf {
        self.folder.path().join("site/content/artikelen").join(name)
    }

    fn source(&self, name: &str, kind: &str, path: &str) -> String {
        format!(
            "[[source]]\nname = \"{name}\"\nkind = \"{kind}\"\n\
             address = \"http://127.0.0.1:{}/{path}\"\nallow_private_addresses = true\n",
            self.port
        )
    }
}

impl Drop for StaticSite {
    fn drop(&mut self) {
        let _ = Command::new("bash").arg(&self.script).arg("stop").arg(self.folder.path()).output();
    }
}

fn installation(sources: &str) -> Installation {
    let installation = Installation::empty();
    let config = format!(
        "[sync]\ncontact = \"beheer@example.nl\"\nrequest_interval_ms = 0\nretries_max = 0\n{sources}"
    );
    fs::write(installation.config(), config).expect("a file");
    installation
}

fn index(installation: &Installation) -> String {
    let Output { status, stdout, stderr } = installation.output(&["index"]);
    let text = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    assert!(status.success(), "{text}");
    text
}

/// The titles of all articles by the path of their URL.
fn titles(installation: &Installation) -> BTreeMap<String, String> {
    let page = runtime().block_on(installation.snapshot().search(everything())).expect("records");
    let records = page.hits.iter().map(|hit| hit.record.as_ref());
    let articles = records.filter_map(|record| {
        Some((record.common()?.url.path().to_owned(), record.name().to_owned()))
    });
    articles.collect()
}

#[test]
fn a_static_site_must_be_its_articles_and_be_followed() {
    let Some(site) = StaticSite::start() else { return };
    let installation = installation(&site.source("web", "website", ""));
    let run = index(&installation);
    let found = titles(&installation);
    // Sixty articles, one that moved, one in English, and a page. Not those that are a draft, in the
    // future, expired or `noindex`, no list, and no alias.
    assert_eq!(found.len(), 63, "{run} {found:?}");
    assert_eq!(found["/artikelen/verhuisd/"], "Een verhuisd artikel");
    assert_eq!(found["/en/artikelen/verhaal-1/"], "Story 1: plain and short");
    assert!(found.contains_key("/contact/"), "{found:?}");
    for text in ["Laatste inzichten", "cookie"] {
        assert!(!installation.view().iter().any(|record| record.contains(text)), "{text}");
    }
    let again = index(&installation);
    assert!(again.contains("(7 requests") && again.contains("nothing changed"), "{again}");

    // One is removed, although its page remains, one is changed, one is new.
    fs::remove_file(site.article("verhaal-7.md")).expect("an article");
    let text = fs::read_to_string(site.article("verhaal-8.md")).expect("an article");
    let changed =
        text.replace("Verhaal 8", "Anders 8").replace("date:", "lastmod: 2026-11-01\ndate:");
    fs::write(site.article("verhaal-8.md"), changed).expect("an article");
    fs::write(site.article("nieuw.md"), text.replace("Verhaal 8", "Nieuw")).expect("an article");
    site.run("rebuild", &[]);
    let run = index(&installation);
    let found = titles(&installation);
    assert!(
        run.contains(" 0 removed, 1 missing") && run.contains("2 upserted, 0 removed"),
        "{run}"
    );
    assert!(found["/artikelen/verhaal-8/"].starts_with("Anders 8"), "{found:?}");
    assert!(found.contains_key("/artikelen/nieuw/") && found.contains_key("/artikelen/verhaal-7/"));
    let run = index(&installation);
    assert!(!titles(&installation).contains_key("/artikelen/verhaal-7/"), "{run}");

    // What is stored is what the site has.
    let mut command = installation.program(&["verify", "--upstream"]);
    let output = command.arg("--config").arg(installation.config()).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("0 missing, 0 extra, 0 stale"), "{text}");
}

#[test]
fn text_that_many_pages_repeat_must_be_left_out_and_come_back_when_it_is_rare() {
    const NOTICE: &str = "Wij meten zonder cookies wat er op deze website gelezen wordt.";
    let Some(site) = StaticSite::start() else { return };
    let installation = installation(&site.source("web", "website", ""));
    let write = |numbers: std::ops::RangeInclusive<u32>, month: u32, notice: &str| {
        for number in numbers {
            let path = site.article(&format!("verhaal-{number}.md"));
            let text = fs::read_to_string(&path).expect("an article");
            let lines =
                text.lines().filter(|line| *line != NOTICE && !line.starts_with("lastmod:"));
            let text = lines.collect::<Vec<_>>().join("\n");
            let text = text.replacen("date:", &format!("lastmod: 2026-{month:02}-01\ndate:"), 1);
            fs::write(
                path,
                format!("{text}\n\nDit staat alleen in verhaal {number}.\n\n{notice}\n"),
            )
            .expect("an article");
        }
        site.run("rebuild", &[]);
    };
    let with_notice =
        |view: &BTreeSet<String>| view.iter().filter(|record| record.contains(NOTICE)).count();
    index(&installation);
    let before = installation.view();
    write(1..=40, 10, NOTICE);
    let output = installation.output(&["index", "--report"]);
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(with_notice(&installation.view()), 0, "{report}");
    assert!(report.contains(&format!("40 pages: {NOTICE}")), "{report}");
    assert_eq!(installation.view().len(), before.len());
    // Ten of the pages keep it, and are not changed themselves.
    write(11..=40, 11, "");
    let run = index(&installation);
    assert_eq!(with_notice(&installation.view()), 10, "{run}");
}

#[test]
fn init_must_find_the_sitemap_and_the_feeds() {
    let Some(site) = StaticSite::start() else { return };
    let address = format!("http://127.0.0.1:{}/", site.port);
    let found = published(&[&address]);
    assert_eq!(titles(&found.installation).len(), 63, "{}", found.config);
    assert!(
        found.config.contains("kind = \"website\"") && found.config.contains("# kind = \"feed\""),
        "{}",
        found.config
    );
    assert!(
        found.printed.contains("made with Hugo") && found.printed.contains("sitemap: "),
        "{}",
        found.printed
    );
}

#[test]
fn what_the_feeds_of_an_external_community_bring_must_belong_to_it() {
    let Some(site) = StaticSite::start() else { return };
    let community = "constants = { communities = [\"Netwerk Waterrijk\"] }\nlanguage = \"NL\"\n";
    let card = "[[source]]\nname = \"directory\"\nkind = \"jsonlines\"\npath = \"directory.jsonl\"\n\
        language = \"NL\"\nconstants = { kind = \"community\", form = \"EXTERNAL\" }\n";
    let agenda = "[[source]]\nname = \"agenda\"\nkind = \"icalendar\"\npath = \"agenda.ics\"\n";
    let posts = site.source("posts", "feed", "index.xml") + "read_pages = false\n";
    let installation = installation(&[card, &posts, community, agenda, community].concat());
    let line =
        "{\"key\":\"1\",\"title\":\"Netwerk Waterrijk\",\"url\":\"https://waterrijk.example/\"}\n";
    fs::write(installation.path().join("directory.jsonl"), line).expect("a file");
    let event = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1@waterrijk.example\r\n\
        DTSTAMP:20261128T000000Z\r\nDTSTART:20261201T090000Z\r\nSUMMARY:Inloop\r\nEND:VEVENT\r\n\
        END:VCALENDAR\r\n";
    fs::write(installation.path().join("agenda.ics"), event).expect("a file");
    index(&installation);
    let snapshot = installation.snapshot();
    let all = runtime().block_on(snapshot.search(everything())).expect("records").hits;
    let is_card = |record: &Record| matches!(record, Record::Community(_));
    let card = all.iter().find(|hit| is_card(&hit.record)).expect("the card").record.id();
    let filter = SearchFilter { communities: vec![card], ..SearchFilter::default() };
    let query = SearchQuery { filter, ..everything() };
    let found = runtime().block_on(snapshot.search(query)).expect("records").hits;
    // Everything but the card itself.
    assert_eq!(found.len(), all.len() - 1, "{} of {}", found.len(), all.len());
    assert!(found.iter().any(|hit| matches!(*hit.record, Record::Event(_))));
    assert!(found.len() > 10);
}

#[test]
fn an_article_in_two_feeds_and_on_its_page_must_be_one_record() {
    let Some(site) = StaticSite::start() else { return };
    let web = site.source("web", "website", "");
    let (rss, json) =
        (site.source("rss", "feed", "index.xml"), site.source("json", "feed", "index.json"));
    let (one, all) = (installation(&web), installation(&[web.clone(), rss, json].concat()));
    index(&one);
    let run = index(&all);
    assert_eq!(titles(&one), titles(&all), "{run}");
    assert_eq!(one.view().len(), all.view().len(), "{run}");
}
