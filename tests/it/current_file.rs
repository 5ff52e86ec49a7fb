//! `CURRENT` is a hint; the manifests are authoritative. Whatever `CURRENT` contains, and whatever
//! the paths in the data folder refer to, no generation is lost, no number is reused, and nothing
//! outside the folder is written.

use std::{
    fs,
    os::unix::fs::symlink,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use indexer::{
    admin,
    catalog::Catalog,
    ingest,
    ingest::{BuildOptions, Progress},
};
use schema::{Change, GenerationNumber};

use crate::{
    support::{Installation, clock, files_below, runtime},
    test_server::Server,
};

/// Three generations, each with one more article.
fn three_generations() -> (Installation, [GenerationNumber; 3]) {
    let installation = Installation::small();
    let first = installation.build();
    installation.write_item("tweede", "Een tweede artikel");
    let second = installation.build();
    installation.write_item("derde", "Een derde artikel");
    let third = installation.build();
    (installation, [first, second, third])
}

fn write_current(installation: &Installation, text: &str) {
    fs::write(installation.data().join("CURRENT"), text).expect("writable");
}

fn changes(installation: &Installation) -> Vec<Change> {
    let snapshot = installation.snapshot();
    runtime().block_on(snapshot.changes(None, 1_000)).expect("changes").0
}

#[test]
fn a_number_must_never_be_used_again_whatever_current_holds() {
    let largest = (1_u64 << 48).to_string();
    for text in ["000000\n", "000001\n", "0", "", "nonsense", "999999999999999999999", &largest] {
        let (installation, [_, second, third]) = three_generations();
        let (view, history) = (installation.view(), changes(&installation));
        write_current(&installation, text);
        let notes = Notes::default();
        ingest::build(&installation.build_config(), &BuildOptions::default(), &notes).expect(text);
        let notes = notes.0.into_inner().unwrap().join("\n");
        let retained = installation.generations();
        assert!(retained.contains(&third) && retained.contains(&second), "{text}: {retained:?}");
        assert!(*retained.last().expect("a generation") > third, "{text}: {retained:?}");
        if text == "000001\n" {
            assert!(notes.contains(&format!("generation {third} is later and stays")), "{notes}");
        }
        assert_eq!(installation.view(), view, "{text}");
        assert!(changes(&installation).starts_with(&history), "{text}: the history is preserved");
        assert!(admin::verify(&installation.data()).expect("readable").is_intact(), "{text}");
    }
}

#[test]
fn the_newest_intact_generation_must_be_served_if_current_names_none() {
    for text in ["000000\n", "000099\n", "nonsense", ""] {
        let (installation, [.., third]) = three_generations();
        write_current(&installation, text);
        let catalog = Catalog::open(&installation.data()).expect("opens");
        assert_eq!(catalog.current().expect("a generation").generation(), third, "{text}");
        assert!(catalog.damage().is_some(), "{text}");
    }
}

#[test]
fn a_restored_backup_must_serve_and_build() {
    let (installation, [_, second, third]) = three_generations();
    let backup = installation.copy();
    let old = backup.view();
    for number in 0..3 {
        installation.write_item(&format!("later{number}"), "Een later artikel");
        installation.build();
    }
    // Copied over the existing data, a careless restore: later generations stay.
    for from in files_below(&backup.data()) {
        let to = installation.data().join(from.strip_prefix(backup.data()).expect("below"));
        fs::create_dir_all(to.parent().expect("a parent")).expect("a folder");
        let _ = fs::remove_file(&to);
        fs::copy(&from, &to).expect("copied");
    }
    let newest = *installation.generations().last().expect("a generation");
    assert!(newest > third && installation.generations().contains(&second));
    assert_eq!(installation.view(), old, "the backup is served");
    let built = installation.build();
    assert!(built > newest, "{built} {newest}");
    assert!(installation.generations().contains(&newest), "{:?}", installation.generations());
    // In place of the data.
    fs::remove_dir_all(installation.data()).expect("removable");
    fs::rename(backup.data(), installation.data()).expect("moved");
    assert_eq!(installation.view(), old);
    assert!(installation.build() > third);
}

/// Collects the messages for the operator.
#[derive(Default)]
struct Notes(std::sync::Mutex<Vec<String>>);

impl Progress for Notes {
    fn note(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

#[test]
fn a_rollback_must_continue_the_history_or_report_what_is_lost() {
    for text in ["000000\n", "nonsense", "000099\n"] {
        let (installation, [_, second, third]) = three_generations();
        let history = changes(&installation);
        write_current(&installation, text);
        let notes = Notes::default();
        let data = installation.data();
        let number = admin::rollback_with_progress(&data, None, clock(), &notes).expect(text);
        assert!(number > third, "{text}");
        let notes = notes.0.into_inner().unwrap();
        assert!(notes[0].contains(&format!("rolling back from {third}")), "{text}: {notes:?}");
        let changes = changes(&installation);
        assert!(changes.starts_with(&history) && changes.len() > history.len(), "{text}");
        assert!(installation.generations().contains(&second), "{text}");
    }
    let (installation, [first, .., third]) = three_generations();
    let store = installation.data().join(third.to_string()).join("overlay.redb");
    fs::write(&store, "damaged").expect("writable");
    let notes = Notes::default();
    let data = installation.data();
    admin::rollback_with_progress(&data, Some(first), clock(), &notes).expect("rolls back");
    let notes = notes.0.into_inner().unwrap().join("\n");
    assert!(notes.contains(&format!("changes of generation {third} are not in the")), "{notes}");
}

#[test]
fn no_symbolic_link_in_the_data_folder_must_be_written_through() {
    let (installation, _) = three_generations();
    let outside = installation.path().join("outside");
    for name in ["CURRENT.new", "status.new", "HOLD.new", "builder.lock", ".building", ".removing"]
    {
        fs::write(&outside, "untouched").expect("writable");
        let link = installation.data().join(name);
        let _ = fs::remove_file(&link);
        symlink(&outside, &link).expect("a link");
        installation.write_item("nieuw", &format!("Een artikel over {name}"));
        let built = installation.try_build();
        assert_eq!(built.is_err(), name == "builder.lock", "{name}: {built:?}");
        assert_eq!(fs::read_to_string(&outside).expect("readable"), "untouched", "{name}");
        let _ = fs::remove_file(&link);
    }
}

fn pipe(path: &Path) {
    let _ = fs::remove_file(path);
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
}

/// Replaces a file with a special file from which reading never ends.
fn put_special(path: &Path, kind: &str) {
    match kind {
        "pipe" => pipe(path),
        "device" => {
            let _ = fs::remove_file(path);
            symlink("/dev/zero", path).expect("a link");
        }
        _ => {
            let _ = fs::remove_file(path);
            fs::File::create(path).expect("a file").set_len(1 << 40).expect("a sparse file");
        }
    }
}

#[test]
fn a_file_without_an_end_must_not_block_a_start_or_a_build() {
    let start = Instant::now();
    for kind in ["pipe", "device", "huge"] {
        for file in ["CURRENT", "HOLD", "manifest.json", "store.redb", "index/meta.json"] {
            let (installation, [_, second, third]) = three_generations();
            let generation = installation.data().join(third.to_string());
            let in_generation = !matches!(file, "CURRENT" | "HOLD");
            let path = if in_generation { generation } else { installation.data() }.join(file);
            put_special(&path, kind);
            let catalog = Catalog::open(&installation.data()).expect("opens");
            let served = catalog.current().expect("a generation").generation();
            let expected = if in_generation { second } else { third };
            assert_eq!(served, expected, "{kind} {file}");
            let built = installation.try_build();
            assert_eq!(built.is_err(), file == "HOLD", "{kind} {file}: {built:?}");
        }
    }
    assert!(start.elapsed() < Duration::from_mins(2), "{:?}", start.elapsed());
}

#[test]
fn a_source_without_an_end_must_be_an_error() {
    for kind in ["pipe", "device"] {
        let installation = Installation::small();
        installation.build();
        put_special(&installation.path().join("lines.jsonl"), kind);
        // The build fails on the configuration, which this installation expects to be valid, and
        // panics.
        let built = catch_unwind(AssertUnwindSafe(|| installation.try_build()));
        assert!(built.is_err_and(|panic| panic.is::<String>()), "{kind}");
        let installation = Installation::small();
        put_special(&installation.path().join("items/brief.md"), kind);
        installation.build();
    }
}

#[test]
fn pages_must_work_under_another_public_url_than_was_indexed_with() {
    let installation = Installation::small();
    installation.build();
    let server = Server::with(&installation, |config| {
        config.public_url = "https://zoek.example/".parse().unwrap();
    });
    let map = server.get("/sitemap.xml").body;
    let addresses = map.split("<loc>").skip(1).filter_map(|rest| rest.split("</loc>").next());
    let paths: Vec<_> = addresses.map(|url| url.replace("https://zoek.example", "")).collect();
    assert!(paths.iter().any(|path| path.starts_with("/article/")), "{paths:?}");
    for path in paths {
        let page = server.get(&path);
        assert_eq!(page.status, 200, "{path}: {page:?}");
    }
}
