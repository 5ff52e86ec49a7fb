//! Random edits, kills and rollbacks: after one undisturbed build, the catalog equals the sources,
//! and a mirror that follows `changes` equals the catalog.

use indexer::admin;
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Stdio,
    time::Duration,
};

use indexer::catalog::Snapshot;
use schema::{ChangeOp, GenerationNumber, NodeId, NodeKind, Page};

use crate::{
    incremental::{edit, write_dataset},
    support::{Installation, Rng, clock, everything, runtime},
};

/// The ids of all records in a generation.
async fn ids(snapshot: &Snapshot) -> BTreeSet<NodeId> {
    let page = snapshot.search(everything()).await.expect("a search");
    let mut ids: BTreeSet<_> = page.hits.iter().map(|hit| hit.record.id()).collect();
    for kind in NodeKind::ALL.into_iter().filter(|kind| !kind.is_content()) {
        let names =
            snapshot.list_by_name(kind, String::new(), Page::first(5_000)).await.expect("names");
        ids.extend(names.entries.iter().map(|(record, _)| record.id()));
    }
    ids
}

/// A mirror that follows `changes`.
#[derive(Default)]
struct Mirror {
    ids: BTreeSet<NodeId>,
    after: Option<(GenerationNumber, u32)>,
}

impl Mirror {
    async fn follow(&mut self, snapshot: &Snapshot) {
        loop {
            let (changes, more) = snapshot.changes(self.after, 7).await.expect("changes");
            for change in changes {
                let position = (change.generation, change.position);
                assert!(self.after < Some(position), "changes must be in order");
                self.after = Some(position);
                let is_valid = match change.op {
                    ChangeOp::Upserted => {
                        self.ids.insert(change.id);
                        true
                    }
                    ChangeOp::Removed => self.ids.remove(&change.id),
                };
                assert!(is_valid, "{} removed but never added", change.id);
            }
            if !more {
                return;
            }
        }
    }
}

#[test]
fn after_edits_kills_and_rollbacks_an_undisturbed_build_must_match_the_sources() {
    for seed in 0..4 {
        let mut rng = Rng(1_000 + seed);
        let installation = Installation::empty();
        let mut dataset = BTreeMap::new();
        let mut mirror = Mirror::default();
        let mut last = GenerationNumber::default();
        for step in 0..25 {
            edit(&mut rng, &mut dataset);
            write_dataset(&installation, &dataset);
            match rng.below(6) {
                0 => {
                    let mut child = installation
                        .program(&["index", "--allow-removals"])
                        .stdout(Stdio::null())
                        .stderr(Stdio::null())
                        .spawn()
                        .expect("the program runs");
                    std::thread::sleep(Duration::from_millis(rng.below(150)));
                    let _ = child.kill();
                    child.wait().expect("it ends");
                }
                1 if installation.generations().len() > 1 => {
                    let number = admin::rollback(&installation.data(), None, clock());
                    let number = number.unwrap_or_else(|error| panic!("{error}"));
                    assert!(number > last, "a rollback must have a new number");
                    let held = installation.try_build().expect_err("publishing is held");
                    assert!(held.to_string().contains("wegwijzer resume"), "{held}");
                    assert!(admin::resume(&installation.data()).expect("resumed").was_held);
                }
                2 => {
                    installation.build_full();
                }
                3 => {
                    admin::gc(&installation.data(), 3, clock()).expect("collected");
                }
                _ => {
                    installation.build();
                }
            }
            if installation.generations().is_empty() {
                continue;
            }
            let snapshot = installation.snapshot();
            assert!(snapshot.generation() >= last, "numbers only increase");
            last = snapshot.generation();
            runtime().block_on(async {
                mirror.follow(&snapshot).await;
                let expected = ids(&snapshot).await;
                assert_eq!(mirror.ids, expected, "seed {seed}, step {step}: the mirror differs");
            });
        }
        installation.build();
        let fresh = Installation::empty();
        write_dataset(&fresh, &dataset);
        fresh.build();
        assert_eq!(installation.view(), fresh.view(), "seed {seed}");
        assert!(admin::verify(&installation.data()).expect("readable").is_intact());
    }
}

#[test]
fn a_rollback_must_restore_the_content_and_hold_until_resumed() {
    let installation = Installation::small();
    let first = installation.build();
    let before = installation.view();
    installation.write_item("nieuw", "Een nieuw artikel");
    installation.remove_item("brief");
    let second = installation.build();
    let after = installation.view();
    assert_ne!(before, after);

    let third = admin::rollback(&installation.data(), None, clock()).expect("goes back");
    assert!(third > second && second > first);
    assert_eq!(installation.view(), before);
    let status = admin::status(&installation.data()).expect("a status");
    assert_eq!(status.held_at, Some(first));
    assert!(installation.try_build().is_err());

    admin::resume(&installation.data()).expect("resumed");
    let fourth = installation.build();
    assert!(fourth > third, "the content of the sources must be published again");
    assert_eq!(installation.view(), after);
}
