//! Random edits, kills and rollbacks: after one quiet run the catalog is what the sources say, and
//! a mirror that follows `changes` has exactly what the catalog has.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Stdio,
    time::Duration,
};

use indexer::{catalog::Snapshot, run};
use schema::{ChangeOp, GenerationNumber, NodeId, NodeKind, Page};

use crate::{
    incremental::{edit, write_world},
    support::{Dice, Installation, clock, everything, runtime},
};

/// The ids of everything in a generation.
async fn ids(snapshot: &Snapshot) -> BTreeSet<NodeId> {
    let page = snapshot.search(everything()).await.expect("a search");
    let mut ids: BTreeSet<_> = page.hits.iter().map(|hit| hit.record.id()).collect();
    for kind in NodeKind::ALL.into_iter().filter(|kind| !kind.is_content()) {
        let names = snapshot.names(kind, Page::first(5_000)).await.expect("names");
        ids.extend(names.entries.iter().map(|(record, _)| record.id()));
    }
    ids
}

/// Somebody who follows `changes` and keeps what was upserted.
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
                let place = (change.generation, change.position);
                assert!(self.after < Some(place), "changes come in order");
                self.after = Some(place);
                let fits = match change.op {
                    ChangeOp::Upserted => {
                        self.ids.insert(change.id);
                        true
                    }
                    ChangeOp::Removed => self.ids.remove(&change.id),
                };
                assert!(fits, "{} is removed and was never there", change.id);
            }
            if !more {
                return;
            }
        }
    }
}

#[test]
fn after_edits_kills_and_rollbacks_a_quiet_run_must_leave_catalog_equal_to_sources() {
    for seed in 0..4 {
        let mut dice = Dice(1_000 + seed);
        let installation = Installation::empty();
        let mut world = BTreeMap::new();
        let mut mirror = Mirror::default();
        let mut last = GenerationNumber::default();
        for step in 0..25 {
            edit(&mut dice, &mut world);
            write_world(&installation, &world);
            match dice.below(6) {
                0 => {
                    let mut child = installation
                        .program(&["index", "--accept-removals"])
                        .stdout(Stdio::null())
                        .stderr(Stdio::null())
                        .spawn()
                        .expect("the program runs");
                    std::thread::sleep(Duration::from_millis(dice.below(150)));
                    let _ = child.kill();
                    child.wait().expect("it ends");
                }
                1 if installation.generations().len() > 1 => {
                    let number = run::rollback(&installation.data(), None, clock());
                    let number = number.unwrap_or_else(|error| panic!("{error}"));
                    assert!(number > last, "a rollback has a new number");
                    let held = installation.try_build().expect_err("publishing is held");
                    assert!(held.to_string().contains("wegwijzer release"), "{held}");
                    assert!(run::release(&installation.data()).expect("released").was_held);
                }
                2 => {
                    installation.build_full();
                }
                3 => {
                    run::gc(&installation.data(), 3, clock()).expect("cleared away");
                }
                _ => {
                    installation.build();
                }
            }
            if installation.generations().is_empty() {
                continue;
            }
            let snapshot = installation.snapshot();
            assert!(snapshot.generation() >= last, "numbers only rise");
            last = snapshot.generation();
            runtime().block_on(async {
                mirror.follow(&snapshot).await;
                let there = ids(&snapshot).await;
                assert_eq!(mirror.ids, there, "seed {seed}, step {step}: the mirror differs");
            });
        }
        installation.build();
        let fresh = Installation::empty();
        write_world(&fresh, &world);
        fresh.build();
        assert_eq!(installation.view(), fresh.view(), "seed {seed}");
        assert!(run::verify(&installation.data()).expect("readable").is_sound());
    }
}

#[test]
fn a_rollback_must_bring_back_the_content_and_hold_until_released() {
    let installation = Installation::small();
    let first = installation.build();
    let before = installation.view();
    installation.write_item("nieuw", "Een nieuw artikel");
    installation.remove_item("brief");
    let second = installation.build();
    let after = installation.view();
    assert_ne!(before, after);

    let third = run::rollback(&installation.data(), None, clock()).expect("goes back");
    assert!(third > second && second > first);
    assert_eq!(installation.view(), before);
    let status = run::status(&installation.data()).expect("a status");
    assert_eq!(status.held_at, Some(first));
    assert!(installation.try_build().is_err());

    run::release(&installation.data()).expect("released");
    let fourth = installation.build();
    assert!(fourth > third, "what upstream says is published again");
    assert_eq!(installation.view(), after);
}
