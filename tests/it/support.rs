//! Shared by all acceptance tests: the repository, a fixed clock, installations in temporary
//! folders, and the program.

use indexer::admin;
use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use indexer::{
    catalog::{Catalog, Relation, Snapshot},
    ingest,
    ingest::{
        BuildConfig, BuildError, BuildLimits, BuildOptions, Mode, NoProgress, Outcome, Report,
        config::{SourceConfig, resolve_sources},
    },
};
use jiff::Timestamp;
use schema::{
    GenerationNumber, NodeId, NodeKind, Page, Provenance, Record, SearchExtras, SearchFilter,
    SearchQuery, SearchSort,
};
use tempfile::TempDir;

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the repository")
        .to_owned()
}

/// The path of a folder of `shared/` next to the repository; prints a line and returns `None` if it
/// is missing.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let path = repository().join("../shared").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    // Not `eprintln!`: the test harness would capture the line.
    let _ = writeln!(std::io::stderr(), "skipped: missing ../shared/{folder}");
    None
}

/// A search for words: the first fifty hits by relevance, without extras.
pub(crate) fn search_query(words: &str) -> SearchQuery {
    SearchQuery {
        words: Some(words.to_owned()),
        filter: SearchFilter::default(),
        sort: SearchSort::Relevance,
        wider: false,
        literal: false,
        page: Page::first(50),
        extras: SearchExtras::default(),
        now: clock(),
    }
}

/// Noon in Amsterdam on the date of the fixtures.
pub(crate) fn clock() -> Timestamp {
    "2026-03-02T12:00:00+01:00".parse().expect("an instant")
}

/// A runtime for catalog calls.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
}

/// All files below a folder, sorted, except `node_modules` and `target`.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.ends_with("node_modules") || path.ends_with("target") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// A seeded pseudo-random number generator (`SplitMix64`).
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// A configuration with its sources and data in a temporary folder.
pub(crate) struct Installation {
    folder: TempDir,
    config: PathBuf,
}

const SMALL_CONFIG: &str = r#"
public_url = "http://127.0.0.1:8080/"
data = "data"

[[source]]
name = "items"
kind = "markdown"
path = "items"
pattern = "{slug}.md"
url = "https://items.example/{slug}"
language = "NL"
constants = { kind = "article", form = "BLOG" }

[[source]]
name = "lines"
kind = "jsonlines"
path = "lines.jsonl"
language = "NL"

[[source]]
name = "more"
kind = "jsonlines"
path = "more.jsonl"
language = "NL"
"#;

impl Installation {
    /// Three sources without records: a folder `items`, the files `lines.jsonl` and `more.jsonl`.
    pub(crate) fn empty() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        fs::create_dir(folder.path().join("items")).expect("a folder");
        fs::write(folder.path().join("lines.jsonl"), "").expect("a file");
        fs::write(folder.path().join("more.jsonl"), "").expect("a file");
        let config = folder.path().join("wegwijzer.toml");
        fs::write(&config, SMALL_CONFIG).expect("a file");
        Self { folder, config }
    }

    /// Two sources with a few linked records.
    pub(crate) fn small() -> Self {
        let installation = Self::empty();
        installation.write_item("klantreis", "De klantreis van een verhuizing");
        installation.write_item("brief", "Een begrijpelijke brief");
        installation.write_lines(&[
            r#"{"key":"cx","kind":"community","title":"Community CX","url":"https://items.example/cx"}"#,
            r#"{"key":"dag","kind":"event","title":"Dag van de klantreis","start":"2026-04-01T10:00","organisers":["Community CX"],"themes":["klantreizen"]}"#,
            r#"{"key":"reeks","kind":"event","title":"Inloopuur","start":"2026-01-06T15:00","series":{"rule":"FREQ=WEEKLY;COUNT=20"},"communities":["Community CX"]}"#,
        ]);
        installation
    }

    /// The configuration `file` of the repository, with its data in a temporary folder.
    pub(crate) fn of(file: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        Self { folder, config: repository().join(file) }
    }

    /// A copy of the sources and data in another folder.
    pub(crate) fn copy(&self) -> Self {
        let copy = TempDir::new().expect("a temporary folder");
        fs::create_dir(copy.path().join("items")).expect("a folder");
        for from in files_below(self.folder.path()) {
            let to = copy.path().join(from.strip_prefix(self.folder.path()).expect("below"));
            fs::create_dir_all(to.parent().expect("a parent")).expect("a folder");
            fs::copy(&from, &to).expect("copied");
        }
        let config = copy.path().join("wegwijzer.toml");
        Self { folder: copy, config }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn config(&self) -> &Path {
        &self.config
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Writes an article to the folder `items`.
    pub(crate) fn write_item(&self, slug: &str, title: &str) {
        let text = format!(
            "---\ntitle: {title}\nthemes: [klantreizen]\nauthors: [Noor Vandersteen]\n\
             communities: [Community CX]\n---\n\nOver {title}: een tekst die iets uitlegt.\n"
        );
        self.write(&format!("items/{slug}.md"), &text);
    }

    pub(crate) fn remove_item(&self, slug: &str) {
        let _ = fs::remove_file(self.path().join(format!("items/{slug}.md")));
    }

    pub(crate) fn write_lines(&self, lines: &[impl AsRef<str>]) {
        self.write_lines_to("lines.jsonl", lines);
    }

    pub(crate) fn write_lines_to(&self, file: &str, lines: &[impl AsRef<str>]) {
        let mut text = lines.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("\n");
        text.push('\n');
        self.write(file, &text);
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.path().join(file), text).expect("writable");
    }

    /// The build configuration, with the fixed clock.
    pub(crate) fn build_config(&self) -> BuildConfig {
        let text = fs::read_to_string(&self.config).expect("a configuration");
        let config: toml::Table = toml::from_str(&text).expect("toml");
        let sources = config.get("source").cloned().unwrap_or(toml::Value::Array(Vec::new()));
        let sources: Vec<SourceConfig> = sources.try_into().expect("sources");
        let folder = self.config.parent().expect("a folder");
        BuildConfig {
            data: self.data(),
            sources: resolve_sources(&sources, folder).unwrap_or_else(|error| panic!("{error}")),
            aliases: config
                .get("aliases")
                .cloned()
                .map_or_else(Vec::new, |aliases| aliases.try_into().expect("aliases")),
            item_url: "http://127.0.0.1:8080/".parse().expect("an address"),
            limits: BuildLimits::default(),
            now: clock(),
            demo_date: config
                .get("demo_date")
                .and_then(toml::Value::as_str)
                .map(|day| day.parse().expect("a day")),
        }
    }

    pub(crate) fn run(&self, options: &BuildOptions) -> Result<Report, BuildError> {
        ingest::build(&self.build_config(), options, &NoProgress)
    }

    pub(crate) fn try_build(&self) -> Result<Report, BuildError> {
        self.run(&BuildOptions {
            on_removals: ingest::OnThreshold::Ignore,
            ..BuildOptions::default()
        })
    }

    /// Builds, allowing removals. Returns the current generation.
    pub(crate) fn build(&self) -> GenerationNumber {
        current(&self.try_build().unwrap_or_else(|error| panic!("{error}")))
    }

    /// Rebuilds everything in full mode.
    pub(crate) fn build_full(&self) -> GenerationNumber {
        let options = BuildOptions {
            mode: Mode::Full,
            on_removals: ingest::OnThreshold::Ignore,
            ..BuildOptions::default()
        };
        current(&self.run(&options).unwrap_or_else(|error| panic!("{error}")))
    }

    pub(crate) fn snapshot(&self) -> std::sync::Arc<Snapshot> {
        let catalog = Catalog::open(&self.data()).expect("a data folder");
        assert_eq!(catalog.damage(), None);
        catalog.current().expect("a generation")
    }

    pub(crate) fn generations(&self) -> Vec<GenerationNumber> {
        admin::status(&self.data()).expect("a data folder").retained
    }

    /// The complete content of the current generation as text, without ids.
    pub(crate) fn view(&self) -> BTreeSet<String> {
        let snapshot = self.snapshot();
        runtime().block_on(view(&snapshot))
    }

    /// A command of the program, with this configuration and data.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(arguments);
        match arguments.first() {
            Some(&"serve" | &"index") => {
                command.arg("--config").arg(&self.config).arg("--data").arg(self.data());
            }
            Some(&"check") => {
                command.arg("--config").arg(&self.config);
            }
            Some(&"status" | &"verify" | &"rollback" | &"resume" | &"gc" | &"forget") => {
                command.arg("--data").arg(self.data());
            }
            _ => {}
        }
        command.current_dir(self.path());
        command
    }

    pub(crate) fn output(&self, arguments: &[&str]) -> Output {
        self.program(arguments).output().expect("the program runs")
    }
}

fn current(report: &Report) -> GenerationNumber {
    match report.outcome {
        Outcome::Published(number) | Outcome::Unchanged(number) => number,
        Outcome::DryRun => panic!("nothing was published"),
    }
}

/// The program, which `cargo test --workspace` builds next to this test.
pub(crate) fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    let folder = test.parent().and_then(Path::parent).expect("deps lies in the target folder");
    let program = folder.join("wegwijzer");
    assert!(program.is_file(), "{} is not there; run `cargo test --workspace`", program.display());
    program
}

/// A search for everything, sorted by title.
pub(crate) fn everything() -> SearchQuery {
    SearchQuery {
        words: None,
        filter: SearchFilter::default(),
        sort: SearchSort::Title,
        wider: false,
        literal: false,
        page: Page::first(5_000),
        extras: SearchExtras { total: true, facets: true, ..SearchExtras::default() },
        now: clock(),
    }
}

/// The complete content of a generation as text, without ids.
pub(crate) async fn view(snapshot: &Snapshot) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    let page = snapshot.search(everything()).await.expect("a search");
    assert_eq!(page.total, Some(page.hits.len() as u64));
    let mut records: Vec<_> = page.hits.into_iter().map(|hit| hit.record).collect();
    for kind in NodeKind::ALL.into_iter().filter(|kind| !kind.is_content()) {
        let names =
            snapshot.list_by_name(kind, String::new(), Page::first(5_000)).await.expect("names");
        records.extend(names.entries.into_iter().map(|(record, _)| record));
    }
    for record in records {
        lines.insert(describe(snapshot, &record).await);
    }
    lines
}

/// When a record was first seen depends on the history, unlike everything else.
fn without_first_seen(text: String) -> String {
    let Some(start) = text.find("first_seen: ") else { return text };
    let end = text[start..].find('}').map_or(text.len(), |at| start + at + 1);
    format!("{}{}", &text[..start], &text[end..])
}

async fn describe(snapshot: &Snapshot, record: &Record) -> String {
    let mut text = without_first_seen(format!("{record:?}"));
    let id = record.id();
    let mentions = snapshot.entity_mentions(&[id]).await.expect("mentions");
    text = format!("{text} mentions {:?}", mentions[0]);
    let body = snapshot.bodies(&[id]).await.expect("a body");
    text = format!("{text} body {:?}", body[0].as_ref().map(|body| &body.text));
    if let Some(common) = record.common() {
        let provenance = snapshot.provenance(&[id]).await.expect("provenance").remove(0);
        for Provenance { record, fields, origin } in provenance {
            text = format!("{text} from {} {fields:?} {origin:?}", record.source);
            let urls: Vec<_> = record.url.into_iter().chain([common.url.clone()]).collect();
            // Several records may have one URL, which then leads to the first of them.
            for found in snapshot.by_urls(&urls).await.expect("URLs") {
                let found = found.expect("every URL leads to a record");
                text = format!("{text} at {urls:?} <{found}>");
            }
        }
    }
    for relation in [
        Relation::Mentions,
        Relation::ReportOf,
        Relation::SpawnedBy,
        Relation::Narrower,
        Relation::PartOf,
        Relation::MemberOf,
        Relation::NamedIn,
        Relation::Successor,
        Relation::Translation,
        Relation::VariantOf,
        Relation::AllianceMember,
    ] {
        let linked = snapshot.linked(&[(id, relation)]).await.expect("links").remove(0);
        let linked = snapshot.get_many(&linked).await.expect("records");
        let names: BTreeSet<_> =
            linked.iter().map(|r| r.as_ref().expect("a link leads somewhere").name()).collect();
        text = format!("{text} {relation:?} {names:?}");
    }
    // Ids depend on which record was first; names do not.
    while let Some(id) = first_id(&text) {
        let names = snapshot.get_many(&[id]).await.expect("a record");
        let name = names[0].as_ref().map_or("NOTHING", |record| record.name()).to_owned();
        text = text.replace(&id.to_string(), &format!("<{name}>"));
    }
    text
}

fn first_id(text: &str) -> Option<NodeId> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).find_map(|word| {
        let id: NodeId = word.parse().ok()?;
        // Text of thirteen letters without a digit is not an id.
        word.chars().any(|c| c.is_ascii_digit()).then_some(id)
    })
}
