//! Follows the data folder, the synonyms and the supergraph, so that what is new is served without
//! a restart.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use indexer::catalog::{Catalog, Refreshed};

use crate::{federation::SupergraphFile, pipeline::Pipeline, synonyms::SynonymFile};

/// So often the data folder and the synonyms are looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Swaps in each new generation and each changed table of synonyms, for ever. One that cannot be
/// used is logged once, and the previous one stays in use.
pub(super) async fn watch_data_folder(
    catalog: Option<Arc<Catalog>>,
    synonyms: Option<SynonymFile>,
) {
    let Some(catalog) = catalog else { return std::future::pending().await };
    let synonyms = Arc::new(Mutex::new(synonyms));
    let mut last_error = None;
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        let (polled_catalog, synonyms) = (Arc::clone(&catalog), Arc::clone(&synonyms));
        let poll = move || {
            let mut synonyms = synonyms.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(synonyms) = &mut *synonyms {
                synonyms.poll(&polled_catalog);
            }
            polled_catalog.refresh()
        };
        let Ok(refreshed) = tokio::task::spawn_blocking(poll).await else {
            // The panic hook has logged it; the next look may go better.
            continue;
        };
        match refreshed {
            Ok(Refreshed::Unchanged) => {}
            Ok(Refreshed::Swapped(generation)) => {
                last_error = None;
                tracing::info!(%generation, "serving a new generation");
            }
            Err(error) => {
                let message = indexer::with_causes(&error);
                if last_error.as_ref() != Some(&message) {
                    tracing::error!(error = %message, "cannot serve the new generation; keeping the current one");
                    last_error = Some(message);
                }
            }
        }
    }
}

/// Takes each changed supergraph over, for ever. One that cannot be taken is logged, and the one
/// before serves on.
pub(super) async fn watch_supergraph_file(file: Option<SupergraphFile>, pipeline: Arc<Pipeline>) {
    let Some(mut file) = file else { return std::future::pending().await };
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        let polling = tokio::task::spawn_blocking(move || {
            let changed = file.poll();
            (file, changed)
        });
        let Ok((polled_file, changed)) = polling.await else {
            tracing::error!("stopped watching the supergraph file; restart to resume");
            return std::future::pending().await;
        };
        file = polled_file;
        match changed {
            None => {}
            Some(Ok(supergraph)) => match pipeline.activate_supergraph(supergraph).await {
                Ok(()) => tracing::info!("serving a new supergraph"),
                Err(cause) => {
                    tracing::error!(error = %cause, "new supergraph rejected; keeping the current one");
                }
            },
            Some(Err(error)) => {
                pipeline.mark_outdated();
                tracing::error!(%error, "cannot load the new supergraph; keeping the current one");
            }
        }
    }
}
