//! Two hundred generations published under constant load.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use indexer::catalog::Catalog;

use crate::support::{Installation, everything, runtime};

const GENERATIONS: u64 = 200;

/// Every item contains the number of the edit that wrote it; two numbers in one result mean that it
/// mixes two generations.
#[test]
fn no_search_must_fail_or_mix_generations_while_they_are_swapped() {
    let installation = Installation::empty();
    let write = |edit: u64| {
        for item in 0..5 {
            installation
                .write_item(&format!("item{item}"), &format!("Bewerking {edit} nummer {item}"));
        }
    };
    write(0);
    installation.build();
    let catalog = Arc::new(Catalog::open(&installation.data()).expect("opens"));
    let stop = Arc::new(AtomicBool::new(false));
    let searches = Arc::new(AtomicU64::new(0));
    let runtime = runtime();
    let mut clients = Vec::new();
    for _ in 0..4 {
        let (catalog, stop, searches) =
            (Arc::clone(&catalog), Arc::clone(&stop), Arc::clone(&searches));
        clients.push(runtime.spawn(async move {
            let mut last = 0;
            while !stop.load(Ordering::Relaxed) {
                let snapshot = catalog.current().expect("a generation is always open");
                let page = snapshot.search(everything()).await.expect("no search fails");
                assert_eq!(page.total, Some(5));
                let edits: Vec<u64> = page
                    .hits
                    .iter()
                    .map(|hit| {
                        hit.record.name().split(' ').nth(1).expect("edit").parse().expect("number")
                    })
                    .collect();
                assert!(edits.iter().all(|edit| *edit == edits[0]), "mixed generations: {edits:?}");
                assert!(
                    edits[0] >= last,
                    "a result from an older generation than the previous result"
                );
                last = edits[0];
                let ids: Vec<_> = page.hits.iter().map(|hit| hit.record.id()).collect();
                let records = snapshot.get_many(&ids).await.expect("no read fails");
                for (hit, record) in page.hits.iter().zip(records) {
                    assert_eq!(Some(&hit.record), record.as_ref(), "search and store disagree");
                }
                searches.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    for edit in 1..=GENERATIONS {
        write(edit);
        installation.build();
        catalog.refresh().expect("every generation opens");
        assert_eq!(installation.generations().len(), 3.min(usize::try_from(edit).unwrap() + 1));
    }
    stop.store(true, Ordering::Relaxed);
    runtime.block_on(async {
        for client in clients {
            client.await.expect("no client saw a failed or mixed result");
        }
    });
    let searches = searches.load(Ordering::Relaxed);
    assert!(searches > GENERATIONS, "only {searches} searches ran meanwhile");
}
