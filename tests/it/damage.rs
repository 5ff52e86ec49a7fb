//! A flipped bit in any file of a generation is detected, never served, and repaired.

use indexer::admin;
use std::fs;

use indexer::catalog::Catalog;
use schema::GenerationNumber;

use crate::support::{Installation, Rng, everything, files_below, runtime};

/// Flips the lowest bit of the byte in the middle of a file.
fn flip(path: &std::path::Path) {
    let mut bytes = fs::read(path).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    // Replace the file: the old one may be a hard link shared with an older generation.
    fs::remove_file(path).expect("removable");
    fs::write(path, bytes).expect("writable");
}

#[test]
fn a_flipped_bit_must_be_found_not_served_and_repaired() {
    let installation = Installation::small();
    let first = installation.build();
    installation.write_item("extra", "Een extra artikel over klantreizen");
    let second = installation.build();
    assert_ne!(first, second);
    let before = installation.view();
    let current = installation.data().join(second.to_string());
    for file in files_below(&current) {
        let name = file.strip_prefix(&current).expect("below").display().to_string();
        let intact = fs::read(&file).expect("readable");
        if intact.is_empty() {
            continue;
        }
        let copy = installation.copy();
        let file = copy.data().join(second.to_string()).join(&name);
        flip(&file);

        let verification = admin::verify(&copy.data()).expect("readable folder");
        assert!(!verification.is_intact(), "verify must find the flipped bit in {name}");
        assert!(
            verification.integrity_errors[0].contains(&second.to_string()),
            "{:?}",
            verification.integrity_errors
        );

        let catalog = Catalog::open(&copy.data()).expect("opens on an older generation");
        let served = catalog.current().expect("the first generation is intact").generation();
        assert_eq!(served, first, "a damaged generation must not be served ({name})");
        assert!(catalog.damage().is_some_and(|damage| damage.contains("damaged")), "{name}");

        let repaired = copy.build();
        assert!(repaired > second, "repairing {name} publishes a new number");
        assert_eq!(copy.view(), before, "repaired content must be as before ({name})");
        catalog.refresh().expect("the repaired generation opens");
        assert_eq!(catalog.current().expect("open").generation(), repaired);
    }
}

#[test]
fn damage_in_shared_files_must_be_reported_and_repaired_from_the_sources() {
    let installation = Installation::small();
    installation.build();
    installation.write_item("extra", "Een extra artikel over klantreizen");
    let second = installation.build();
    let before = installation.view();
    let shared = installation.data().join(second.to_string()).join("store.redb");
    let mut bytes = fs::read(&shared).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    // Overwrite in place: both generations share this file.
    fs::write(&shared, bytes).expect("writable");
    let verification = admin::verify(&installation.data()).expect("readable folder");
    assert_eq!((verification.intact.len(), verification.integrity_errors.len()), (0, 2));
    let catalog = Catalog::open(&installation.data()).expect("opens empty");
    assert!(catalog.current().is_none() && catalog.damage().is_some());
    let repaired = installation.build();
    assert!(repaired > second, "numbers only increase");
    assert_eq!(installation.view(), before);
    catalog.refresh().expect("the repaired generation opens");
}

#[test]
fn a_missing_generation_must_be_reported_and_rebuilt() {
    let installation = Installation::small();
    let number = installation.build();
    let before = installation.view();
    fs::remove_dir_all(installation.data().join(number.to_string())).expect("removable");
    let catalog = Catalog::open(&installation.data()).expect("opens empty");
    assert!(catalog.current().is_none());
    let damage = catalog.damage().expect("the damage is reported");
    assert!(damage.contains(&number.to_string()) || damage.contains("cannot read"), "{damage}");
    let repaired = installation.build();
    assert!(repaired > number, "numbers only increase");
    assert_eq!(installation.view(), before, "rebuilding yields the same ids");
}

#[test]
fn a_recreated_data_folder_must_be_loaded_although_its_numbers_restart() {
    let installation = Installation::small();
    installation.build();
    let catalog = Catalog::open(&installation.data()).expect("opens");
    let old = catalog.current().expect("a generation").digest().to_owned();
    fs::remove_dir_all(installation.data()).expect("removable");
    assert!(catalog.refresh().is_err(), "a missing data folder must be reported");
    assert!(catalog.current().is_some(), "the open generation must remain current");
    installation.write_item("nieuw", "Een nieuw artikel");
    installation.build();
    catalog.refresh().expect("opens");
    assert_ne!(catalog.current().expect("a generation").digest(), old);
}

#[test]
fn a_generation_of_a_later_format_must_be_rejected_with_a_clear_message() {
    let installation = Installation::small();
    let number = installation.build();
    let manifest = installation.data().join(number.to_string()).join("manifest.json");
    let text = fs::read_to_string(&manifest).expect("readable");
    fs::write(&manifest, text.replacen("\"format\": 8", "\"format\": 999", 1)).expect("writable");
    let error = installation.try_build().expect_err("a newer format must not be overwritten");
    let message = error.to_string();
    assert!(message.contains("format 999") && message.contains("upgrade wegwijzer"), "{message}");
}

#[test]
fn a_generation_of_an_earlier_format_must_be_rebuilt_from_the_sources_under_a_higher_number() {
    let installation = Installation::small();
    let number = installation.build();
    let before = installation.view();
    let manifest = installation.data().join(number.to_string()).join("manifest.json");
    let text = fs::read_to_string(&manifest).expect("readable");
    fs::write(&manifest, text.replacen("\"format\": 8", "\"format\": 4", 1)).expect("writable");
    let catalog = Catalog::open(&installation.data()).expect("opens");
    assert!(catalog.current().is_none(), "an earlier format must not be served");
    let damage = catalog.damage().expect("a reason");
    assert!(damage.contains("format 4") && damage.contains("run `wegwijzer index`"), "{damage}");
    assert!(installation.build() > number);
    assert_eq!(installation.view(), before, "rebuilding yields the same ids");
}

#[test]
fn a_missing_current_file_must_be_reported_and_repaired_while_the_newest_is_served() {
    let installation = Installation::small();
    let number = installation.build();
    let before = installation.view();
    fs::remove_file(installation.data().join("CURRENT")).expect("removable");
    let catalog = Catalog::open(&installation.data()).expect("opens");
    assert_eq!(catalog.current().expect("the newest intact generation").generation(), number);
    assert!(catalog.damage().is_some_and(|damage| damage.contains("wegwijzer index")));
    let status = admin::status(&installation.data()).expect("a status").to_string();
    assert!(status.contains("CURRENT") && status.contains("wegwijzer index"), "{status}");
    assert!(!admin::verify(&installation.data()).expect("readable").is_intact());
    installation.build();
    assert_eq!(installation.view(), before);
    assert!(admin::verify(&installation.data()).expect("readable").is_intact());
}

#[test]
fn an_invalid_current_file_must_not_stop_a_build() {
    let installation = Installation::small();
    installation.build();
    let before = installation.view();
    fs::write(installation.data().join("CURRENT"), "nonsense").expect("writable");
    assert!(Catalog::open(&installation.data()).expect("opens").damage().is_some());
    installation.build();
    assert_eq!(installation.view(), before);
}

/// Every file of the generation that is served.
fn served_files(installation: &Installation, number: GenerationNumber) -> Vec<std::path::PathBuf> {
    files_below(&installation.data().join(number.to_string()))
}

#[test]
fn a_file_truncated_or_changed_while_it_is_served_must_not_stop_or_falsify_searches() {
    for damage in ["truncated", "changed"] {
        let installation = Installation::small();
        let number = installation.build();
        let catalog = Catalog::open(&installation.data()).expect("opens");
        let snapshot = catalog.current().expect("a generation");
        let search = || runtime().block_on(snapshot.search(everything())).map(|page| page.total);
        let expected = search().expect("a search");
        let index = |file: &std::path::PathBuf| file.components().any(|c| c.as_os_str() == "index");
        for file in served_files(&installation, number).into_iter().filter(index) {
            let mut bytes = fs::read(&file).expect("readable");
            match damage {
                "truncated" => bytes.clear(),
                _ => bytes.iter_mut().for_each(|byte| *byte ^= 1),
            }
            // In place: what is mapped changes too.
            fs::write(&file, bytes).expect("writable");
        }
        assert_eq!(search().expect("a search"), expected, "{damage}");
    }
}

#[test]
fn damage_while_serving_must_be_found_and_the_generation_withdrawn() {
    let installation = Installation::small();
    let first = installation.build();
    installation.write_item("extra", "Een extra artikel over klantreizen");
    let second = installation.build();
    let catalog = Catalog::open(&installation.data()).expect("opens");
    catalog.verify_current().expect("intact");
    let overlay = installation.data().join(second.to_string()).join("overlay.redb");
    let modified = fs::metadata(&overlay).and_then(|meta| meta.modified()).expect("a time");
    let mut bytes = fs::read(&overlay).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&overlay, bytes).expect("writable");
    // A failing disk changes no time of modification.
    let file = fs::File::options().write(true).open(&overlay).expect("a file");
    file.set_modified(modified).expect("a time");
    let error = catalog.verify_current().expect_err("damaged").to_string();
    assert!(error.contains(&second.to_string()) && error.contains("overlay.redb"), "{error}");
    assert_eq!(catalog.current().expect("the previous one").generation(), first);
    assert!(catalog.refresh().is_err(), "it is not served again");
    assert_eq!(catalog.current().expect("the previous one").generation(), first);
    let repaired = installation.build();
    catalog.refresh().expect("the repaired generation opens");
    assert_eq!(catalog.current().expect("open").generation(), repaired);
    assert_eq!(catalog.damage(), None);
}

/// A store that is large enough to be verified block by block when it is opened.
fn large() -> Installation {
    let installation = Installation::empty();
    let mut rng = Rng(26);
    let lines: Vec<String> = (0..4_900)
        .map(|key| {
            let word = |_| format!("w{:x}", rng.below(1 << 40));
            let text = (0..220).map(word).collect::<Vec<_>>().join(" ");
            format!(r#"{{"key":"k{key}","kind":"article","title":"Titel {key}","body":"{text}"}}"#)
        })
        .collect();
    installation.write_lines(&lines);
    installation
}

#[test]
fn a_large_store_must_be_verified_as_it_is_read_and_as_a_whole_soon_after() {
    let installation = large();
    let first = installation.build();
    let folder = |number: GenerationNumber| installation.data().join(number.to_string());
    assert!(folder(first).join("store.blocks").exists(), "the hashes of its blocks");
    let catalog = Catalog::open(&installation.data()).expect("opens");
    catalog.verify_rest().expect("intact");
    let before = installation.view();

    // In place, where opening does not read.
    let store = folder(first).join("store.redb");
    let mut bytes = fs::read(&store).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&store, &bytes).expect("writable");
    let catalog = Catalog::open(&installation.data()).expect("opens");
    let error = catalog.verify_rest().expect_err("damaged").to_string();
    assert!(error.contains("checksum mismatch: `store.redb`"), "{error}");
    assert!(catalog.current().is_none(), "it is withdrawn, and there is no other");
    assert!(!admin::verify(&installation.data()).expect("readable").is_intact());

    // A build reads little of its base, and must repair it all the same.
    installation.write_item("extra", "Een extra artikel over klantreizen");
    let repaired = installation.build();
    assert!(admin::verify(&installation.data()).expect("readable").intact.contains(&repaired));
    catalog.refresh().expect("the repaired generation opens");
    catalog.verify_rest().expect("intact");
    assert_eq!(catalog.current().expect("open").generation(), repaired);
    installation.remove_item("extra");
    installation.build();
    assert_eq!(installation.view(), before);
}

#[test]
fn block_hashes_that_are_not_those_of_the_store_must_be_damage() {
    let installation = large();
    let number = installation.build();
    let blocks = installation.data().join(number.to_string()).join("store.blocks");
    flip(&blocks);
    let catalog = Catalog::open(&installation.data()).expect("opens empty");
    assert!(catalog.current().is_none());
    let damage = catalog.damage().expect("the damage is reported");
    assert!(damage.contains("store.blocks"), "{damage}");
    assert!(installation.build() > number);
    catalog.refresh().expect("the repaired generation opens");
}
