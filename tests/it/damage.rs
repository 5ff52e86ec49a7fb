//! A flipped bit in any file of a generation: found every time, never served as truth, healed.

use std::fs;

use indexer::{catalog::Catalog, run};

use crate::support::{Installation, files_below};

/// Flips the lowest bit of the byte in the middle of a file.
fn flip(path: &std::path::Path) {
    let mut bytes = fs::read(path).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    // A new file: the old one may be a hard link that an older generation shares.
    fs::remove_file(path).expect("removable");
    fs::write(path, bytes).expect("writable");
}

#[test]
fn a_flipped_bit_must_be_found_not_served_and_healed() {
    let installation = Installation::small();
    let first = installation.build();
    installation.write_item("extra", "Een extra artikel over klantreizen");
    let second = installation.build();
    assert_ne!(first, second);
    let before = installation.view();
    let current = installation.data().join(second.to_string());
    for file in files_below(&current) {
        let name = file.strip_prefix(&current).expect("below").display().to_string();
        let sound = fs::read(&file).expect("readable");
        if sound.is_empty() {
            continue;
        }
        let copy = installation.copy();
        let file = copy.data().join(second.to_string()).join(&name);
        flip(&file);

        let verification = run::verify(&copy.data()).expect("readable folder");
        assert!(!verification.is_sound(), "verify must find the flipped bit in {name}");
        assert!(
            verification.damages[0].contains(&second.to_string()),
            "{:?}",
            verification.damages
        );

        let catalog = Catalog::open(&copy.data()).expect("opens on an older generation");
        let served = catalog.current().expect("the first generation is sound").generation();
        assert_eq!(served, first, "a damaged generation must not be served ({name})");
        assert!(catalog.damage().is_some_and(|damage| damage.contains("damaged")), "{name}");

        let healed = copy.build();
        assert!(healed > second, "healing {name} publishes a new number");
        assert_eq!(copy.view(), before, "healed content must be what it was ({name})");
        catalog.refresh().expect("the healed generation opens");
        assert_eq!(catalog.current().expect("open").generation(), healed);
    }
}

#[test]
fn damage_in_what_generations_share_must_be_told_and_healed_from_the_sources() {
    let installation = Installation::small();
    installation.build();
    installation.write_item("extra", "Een extra artikel over klantreizen");
    let second = installation.build();
    let before = installation.view();
    let shared = installation.data().join(second.to_string()).join("store.redb");
    let mut bytes = fs::read(&shared).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    // In place: both generations hold this very file.
    fs::write(&shared, bytes).expect("writable");
    let verification = run::verify(&installation.data()).expect("readable folder");
    assert_eq!((verification.sound.len(), verification.damages.len()), (0, 2));
    let catalog = Catalog::open(&installation.data()).expect("opens empty");
    assert!(catalog.current().is_none() && catalog.damage().is_some());
    let healed = installation.build();
    assert!(healed > second, "numbers only rise");
    assert_eq!(installation.view(), before);
    catalog.refresh().expect("the healed generation opens");
}

#[test]
fn a_generation_that_is_missing_must_be_told_and_built_anew() {
    let installation = Installation::small();
    let number = installation.build();
    let before = installation.view();
    fs::remove_dir_all(installation.data().join(number.to_string())).expect("removable");
    let catalog = Catalog::open(&installation.data()).expect("opens empty");
    assert!(catalog.current().is_none());
    let damage = catalog.damage().expect("the damage is told");
    assert!(damage.contains(&number.to_string()) || damage.contains("cannot read"), "{damage}");
    let healed = installation.build();
    assert!(healed > number, "numbers only rise");
    assert_eq!(installation.view(), before, "ids are minted again as they were");
}

#[test]
fn a_data_folder_made_anew_must_be_taken_over_although_it_counts_from_one() {
    let installation = Installation::small();
    installation.build();
    let catalog = Catalog::open(&installation.data()).expect("opens");
    let old = catalog.current().expect("a generation").digest().to_owned();
    fs::remove_dir_all(installation.data()).expect("removable");
    assert!(catalog.refresh().is_err(), "a data folder that is gone is told");
    assert!(catalog.current().is_some(), "and what was open goes on answering");
    installation.write_item("nieuw", "Een nieuw artikel");
    installation.build();
    catalog.refresh().expect("opens");
    assert_ne!(catalog.current().expect("a generation").digest(), old);
}

#[test]
fn a_generation_of_a_newer_program_must_be_refused_with_a_clear_sentence() {
    let installation = Installation::small();
    let number = installation.build();
    let manifest = installation.data().join(number.to_string()).join("manifest.json");
    let text = fs::read_to_string(&manifest).expect("readable");
    fs::write(&manifest, text.replacen("\"format\": 2", "\"format\": 999", 1)).expect("writable");
    let error = installation.try_build().expect_err("a newer format is not built over");
    let sentence = error.to_string();
    assert!(sentence.contains("format 999") && sentence.contains("newer wegwijzer"), "{sentence}");
}

#[test]
fn a_pointer_that_is_gone_must_be_told_and_healed_while_the_newest_is_served() {
    let installation = Installation::small();
    let number = installation.build();
    let before = installation.view();
    fs::remove_file(installation.data().join("CURRENT")).expect("removable");
    let catalog = Catalog::open(&installation.data()).expect("opens");
    assert_eq!(catalog.current().expect("the newest sound one").generation(), number);
    assert!(catalog.damage().is_some_and(|damage| damage.contains("wegwijzer index")));
    let status = run::status(&installation.data()).expect("a status").to_string();
    assert!(status.contains("CURRENT") && status.contains("wegwijzer index"), "{status}");
    assert!(!run::verify(&installation.data()).expect("readable").is_sound());
    installation.build();
    assert_eq!(installation.view(), before);
    assert!(run::verify(&installation.data()).expect("readable").is_sound());
}

#[test]
fn a_pointer_that_names_nothing_must_not_stop_a_build() {
    let installation = Installation::small();
    installation.build();
    let before = installation.view();
    fs::write(installation.data().join("CURRENT"), "nonsense").expect("writable");
    assert!(Catalog::open(&installation.data()).expect("opens").damage().is_some());
    installation.build();
    assert_eq!(installation.view(), before);
}
