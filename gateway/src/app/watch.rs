//! Follows the data folder, the synonyms and the supergraph, so that what is new is served without a
//! restart.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use indexer::catalog::{Catalog, Refreshed};

use crate::{pipeline::Pipeline, supergraph::SupergraphFile, synonyms::SynonymFile};

/// So often the data folder and the synonyms are looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// Swaps in each newer generation and each changed table of synonyms, for ever. What cannot be used is
/// logged once, and the older one serves on.
pub(super) async fn watch(catalog: Option<Arc<Catalog>>, synonyms: Option<SynonymFile>) {
    let Some(catalog) = catalog else { return std::future::pending().await };
    let synonyms = Arc::new(Mutex::new(synonyms));
    let mut last_failure = None;
    loop {
        tokio::time::sleep(INTERVAL).await;
        let (looked, synonyms) = (Arc::clone(&catalog), Arc::clone(&synonyms));
        let look = move || {
            let mut synonyms = synonyms.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(synonyms) = &mut *synonyms {
                synonyms.look(&looked);
            }
            looked.refresh()
        };
        let Ok(refreshed) = tokio::task::spawn_blocking(look).await else {
            // The panic hook has logged it; the next look may go better.
            continue;
        };
        match refreshed {
            Ok(Refreshed::Unchanged) => {}
            Ok(Refreshed::Swapped(generation)) => {
                last_failure = None;
                tracing::info!(%generation, "serving a newer generation");
            }
            Err(error) => {
                let failure = error.to_string();
                if last_failure.as_ref() != Some(&failure) {
                    tracing::error!(cause = %failure, "the newest generation cannot be served");
                    last_failure = Some(failure);
                }
            }
        }
    }
}

/// Takes each changed supergraph over, for ever. One that cannot be taken is logged, and the one before
/// serves on.
pub(super) async fn follow(file: Option<SupergraphFile>, pipeline: Arc<Pipeline>) {
    let Some(mut file) = file else { return std::future::pending().await };
    loop {
        tokio::time::sleep(INTERVAL).await;
        let looking = tokio::task::spawn_blocking(move || {
            let changed = file.look();
            (file, changed)
        });
        let Ok((looked, changed)) = looking.await else {
            tracing::error!("the supergraph is followed no more; start again to serve a newer one");
            return std::future::pending().await;
        };
        file = looked;
        match changed {
            None => {}
            Some(Ok(supergraph)) => match pipeline.take(supergraph).await {
                Ok(()) => tracing::info!("serving the changed supergraph"),
                Err(cause) => tracing::error!(%cause, "the changed supergraph is not served"),
            },
            Some(Err(error)) => {
                pipeline.not_taken();
                tracing::error!(cause = %error, "the changed supergraph cannot be served");
            }
        }
    }
}
