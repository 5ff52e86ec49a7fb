//! A killed build: at every step, and at random moments. Afterwards the complete old or the
//! complete new generation is served, and the next build succeeds.

use indexer::admin;
use std::{
    collections::BTreeSet,
    process::Stdio,
    time::{Duration, Instant},
};

use crate::support::{Installation, Rng};

/// Every step of a build at which it can be killed; the names are those of `fail_point!` in
/// `indexer`.
const STEPS: [&str; 10] = [
    "build-copied",
    "build-written",
    "build-store-committed",
    "publish-built",
    "publish-manifest",
    "publish-synced",
    "publish-renamed",
    "publish-rename-synced",
    "publish-pointer-written",
    "publish-current",
];

/// Writes the sources of an edit: some records change, one is added, one is removed.
fn write_edit(installation: &Installation, edit: u64) {
    for item in 0..6 {
        let title = format!("Artikel {item} in bewerking {}", edit + item / 3);
        installation.write_item(&format!("item{item}"), &title);
    }
    installation.write_item(&format!("tijdelijk{edit}"), "Een artikel dat komt en gaat");
    if let Some(before) = edit.checked_sub(1) {
        installation.remove_item(&format!("tijdelijk{before}"));
    }
}

/// The content of a new installation with the same sources.
fn expected(installation: &Installation) -> BTreeSet<String> {
    let fresh = installation.copy();
    std::fs::remove_dir_all(fresh.data()).expect("removable");
    fresh.build();
    fresh.view()
}

fn check(installation: &Installation, old: &BTreeSet<String>, when: &str) {
    let new = expected(installation);
    let served = installation.view();
    assert!(served == *old || served == new, "neither old nor new content is served: {when}");
    assert!(admin::verify(&installation.data()).expect("readable").is_intact(), "{when}");
    installation.build();
    assert_eq!(installation.view(), new, "the next build must be complete: {when}");
    assert!(admin::verify(&installation.data()).expect("readable").is_intact(), "{when}");
}

#[test]
fn a_build_killed_at_any_step_must_leave_the_old_or_the_new_content() {
    let installation = Installation::empty();
    write_edit(&installation, 0);
    installation.build();
    for (edit, step) in STEPS.iter().enumerate() {
        let old = installation.view();
        write_edit(&installation, edit as u64 + 1);
        let output = installation
            .program(&["index", "--allow-removals"])
            .env("FAILPOINTS", format!("{step}=return"))
            .output()
            .expect("the program runs");
        assert!(!output.status.success(), "the program must be killed at {step}");
        assert_eq!(output.status.code(), None, "killed, not failed, at {step}: {output:?}");
        check(&installation, &old, step);
    }
}

#[test]
fn a_build_killed_at_random_moments_must_leave_the_old_or_the_new_content() {
    let installation = Installation::empty();
    write_edit(&installation, 0);
    let began = Instant::now();
    assert!(installation.output(&["index"]).status.success());
    let build_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX).max(1_000);
    let mut rng = Rng(2026);
    let mut killed = 0;
    for edit in 1..=100 {
        let old = installation.view();
        write_edit(&installation, edit);
        let mut child = installation
            .program(&["index", "--allow-removals"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        std::thread::sleep(Duration::from_micros(rng.below(build_us)));
        let _ = child.kill();
        killed += u32::from(!child.wait().expect("it ends").success());
        check(&installation, &old, &format!("edit {edit}"));
    }
    assert!(killed > 20, "only {killed} of 100 builds were killed while they ran");
}
