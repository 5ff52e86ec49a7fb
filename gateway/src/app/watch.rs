//! Follows the data folder, so that a new generation is served without a restart.

use std::{sync::Arc, time::Duration};

use indexer::catalog::{Catalog, Refreshed};

/// So often the data folder is looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// Swaps in each newer generation, for ever. What cannot be opened is logged once, and the older
/// generation serves on.
pub(super) async fn watch(catalog: Arc<Catalog>) {
    let mut last_failure = None;
    loop {
        tokio::time::sleep(INTERVAL).await;
        let looked = Arc::clone(&catalog);
        let refreshed = tokio::task::spawn_blocking(move || looked.refresh()).await;
        match refreshed {
            Ok(Ok(Refreshed::Unchanged)) => {}
            Ok(Ok(Refreshed::Swapped(generation))) => {
                last_failure = None;
                tracing::info!(%generation, "serving a newer generation");
            }
            Ok(Err(error)) => {
                let failure = error.to_string();
                if last_failure.as_ref() != Some(&failure) {
                    tracing::error!(cause = %failure, "the newest generation cannot be served");
                    last_failure = Some(failure);
                }
            }
            // The panic hook has logged it; the next look may go better.
            Err(_panicked) => {}
        }
    }
}
