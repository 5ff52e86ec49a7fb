use std::{fs, path::Path};

use jiff::Timestamp;
use schema::SourceName;

use super::*;
use crate::{
    generation::INDEX_FOLDER,
    index::IndexReader,
    ingest::{
        BuildLimits, Mode, NoProgress, OnThreshold,
        config::{SourceConfig, resolve_sources},
    },
    sync::state::{FetchedResource, SyncState},
};

const NAME: &str = "Xandra van Quibbelhof";
/// Occurs in nothing but the name.
const SURNAME: &str = "quibbelhof";

const RECORDS: &str = r#"
{"key":"xandra-van-quibbelhof","kind":"person","title":"Xandra van Quibbelhof","bio":"Xandra van Quibbelhof onderzoekt brieven.","organisations":["Gemeente Voorbeeld"]}
{"key":"artikel","kind":"article","title":"Zo schrijft Xandra van Quibbelhof","url":"https://a.example/xandra-van-quibbelhof","authors":["Xandra van Quibbelhof"],"body":"<p><b>Xandra</b> van Quibbelhof schrijft brieven. Quibbelhof, Xandra van. LANG</p>"}
{"key":"dag","kind":"event","title":"Dag van de brief","start":"2026-04-01T10:00","speakers":["Xandra van Quibbelhof"],"sessions":[{"title":"Xandra van Quibbelhof leest voor","speakers":["Xandra van Quibbelhof"]}]}
{"key":"fout","kind":"event","title":"Avond met Xandra van Quibbelhof","start":"Xandra van Quibbelhof"}
"#;

fn config(folder: &Path) -> BuildConfig {
    // Long enough to be compressed.
    let text = RECORDS.replace("LANG", &"Een alinea over begrijpelijke brieven. ".repeat(300));
    fs::write(folder.join("records.jsonl"), text.trim_start()).unwrap();
    let source = "name = \"s\"\nkind = \"jsonlines\"\npath = \"records.jsonl\"\nlanguage = \"NL\"";
    let source: SourceConfig = toml::from_str(source).unwrap();
    BuildConfig {
        data: folder.join("data"),
        sources: resolve_sources(&[source], folder).unwrap(),
        aliases: Vec::new(),
        item_url: "https://zoek.example/".parse().unwrap(),
        limits: BuildLimits::default(),
        now: "2026-03-02T12:00:00Z".parse().unwrap(),
        demo_date: None,
    }
}

fn build(config: &BuildConfig, mode: Mode) {
    let options =
        BuildOptions { mode, on_rejections: OnThreshold::Ignore, ..BuildOptions::default() };
    ingest::build(config, &options, &NoProgress).unwrap();
}

fn names_person(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).to_lowercase().contains(SURNAME)
}

/// Where the name is below a folder, in bytes and in what is decoded.
fn occurrences(data: &Path) -> Vec<String> {
    let mut occurrences = Vec::new();
    for entry in walkdir::WalkDir::new(data) {
        let path = entry.unwrap().into_path();
        if names_person(path.to_string_lossy().as_bytes())
            || (path.is_file() && names_person(&fs::read(&path).unwrap()))
        {
            occurrences.push(path.display().to_string());
        }
    }
    let folder = DataFolder::new(data);
    for number in folder.generations().unwrap() {
        let generation = folder.generation(number);
        let texts = StoreReader::open(&generation, None).unwrap().decoded_texts().unwrap();
        assert!(texts.len() > 20, "the store is read");
        let index = IndexReader::open(&generation.join(INDEX_FOLDER)).unwrap();
        let terms = index.decoded_terms().unwrap();
        assert!(terms.iter().any(|term| term.contains("brie")), "the index is read");
        let named = texts.into_iter().chain(terms).filter(|text| names_person(text.as_bytes()));
        occurrences.extend(named.map(|text| format!("{number}: {text:.200}")));
    }
    occurrences
}

/// A data folder with two generations that name the person, and what was fetched.
fn installation() -> (tempfile::TempDir, BuildConfig) {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    build(&config, Mode::Full);
    let path = folder.path().join("records.jsonl");
    let more = format!(
        "{}{}",
        fs::read_to_string(&path).unwrap(),
        r#"{"key":"meer","kind":"article","title":"Brieven van Xandra van Quibbelhof"}"#
    );
    fs::write(path, more).unwrap();
    build(&config, Mode::Incremental);
    let state = SyncState::open(&sync::state_path(&config.data)).unwrap();
    let (key, body) = (String::from("a"), NAME.as_bytes().to_vec());
    let resource = FetchedResource { key, version: String::new(), body };
    let source = SourceName::new("s").unwrap();
    state.put(&source, &[resource], Timestamp::UNIX_EPOCH).unwrap();
    fs::write(config.data.join("status.new"), NAME).unwrap();
    (folder, config)
}

#[test]
fn a_purge_must_leave_a_forgotten_name_in_no_byte() {
    let (_folder, config) = installation();
    assert!(occurrences(&config.data).len() > 20, "the scanner finds the name everywhere");
    let receipt = forget(&config, NAME, &NoProgress).unwrap();
    assert_eq!((receipt.entry.records, &receipt.pending), (Some(4), &None));
    assert!(!names_person(receipt.to_string().as_bytes()));
    assert!(!occurrences(&config.data).is_empty(), "earlier generations remain until the purge");
    let report = purge(&config, &NoProgress).unwrap();
    assert_eq!((report.names, report.removed.len()), (1, 3));
    assert_eq!(occurrences(&config.data), [""; 0]);

    // The sources still name the person.
    for mode in [Mode::Incremental, Mode::Full] {
        build(&config, mode);
        let text = fs::read_to_string(config.data.join("status.json")).unwrap();
        assert!(text.contains("naam verwijderd"), "the rejection remains: {text}");
        assert_eq!(occurrences(&config.data), [""; 0], "{mode:?}");
    }
}

#[test]
fn an_incremental_build_must_suppress_what_a_full_build_suppresses() {
    let (_folder, config) = installation();
    forget(&config, NAME, &NoProgress).unwrap();
    let records = || {
        let folder = DataFolder::new(&config.data);
        let store = StoreReader::open(&folder.generation(folder.current().unwrap().unwrap()), None);
        let store = store.unwrap();
        let ids = store.ids().unwrap();
        ids.into_iter()
            .map(|id| (id, store.record(id).unwrap(), store.body(id).unwrap()))
            .collect::<Vec<_>>()
    };
    let suppressed = records();
    build(&config, Mode::Incremental);
    assert_eq!(records(), suppressed);
    build(&config, Mode::Full);
    assert_eq!(records(), suppressed);
    let text = format!("{suppressed:?}");
    assert!(text.contains("[naam verwijderd]") && !names_person(text.as_bytes()), "{text:.2000}");
}

#[test]
fn a_withdrawn_name_must_return_with_the_next_build() {
    let (_folder, config) = installation();
    let digest = forget(&config, NAME, &NoProgress).unwrap().entry.digest;
    purge(&config, &NoProgress).unwrap();
    assert_eq!(occurrences(&config.data), [""; 0]);
    withdraw(&config.data, &digest[..8]).unwrap();
    build(&config, Mode::Incremental);
    assert!(occurrences(&config.data).len() > 20);
}

#[test]
fn a_build_must_not_run_without_the_list_of_its_base() {
    let (_folder, config) = installation();
    forget(&config, NAME, &NoProgress).unwrap();
    let path = Suppression::path(&config.data);
    let list = fs::read(&path).unwrap();
    for damage in [None, Some("{}")] {
        fs::remove_file(&path).unwrap();
        if let Some(text) = damage {
            fs::write(&path, text).unwrap();
        }
        let error = ingest::build(&config, &BuildOptions::default(), &NoProgress).unwrap_err();
        assert!(error.to_string().contains("suppression list"), "{error}");
        fs::write(&path, &list).unwrap();
    }
    build(&config, Mode::Incremental);
}
