//! Polls the data folder and the synonyms, and activates changes without a restart.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use federation::error::with_causes;
use indexer::catalog::{Catalog, Refreshed};

use crate::synonyms::SynonymFile;

/// Interval between polls.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Number of polls after which the served generation is compared with its manifest again.
const POLLS_PER_VERIFICATION: u32 = 1_200;

/// Activates each new generation and each changed synonym file, until the task is dropped. Errors
/// are logged once, and the previous version stays active.
pub(super) async fn watch_data_folder(catalog: Arc<Catalog>, synonyms: Option<SynonymFile>) {
    let synonyms = Arc::new(Mutex::new(synonyms));
    let mut last_error = None;
    let mut polls = 0;
    loop {
        tokio::time::sleep(POLL_INTERVAL).await;
        polls += 1;
        if polls % POLLS_PER_VERIFICATION == 0 {
            let verified_catalog = Arc::clone(&catalog);
            let verified = tokio::task::spawn_blocking(move || verified_catalog.verify_current());
            if let Ok(Err(error)) = verified.await {
                tracing::error!(error = with_causes(&error), "withdrew a damaged generation");
            }
        }
        let (polled_catalog, synonyms) = (Arc::clone(&catalog), Arc::clone(&synonyms));
        let poll = move || {
            let mut synonyms = synonyms.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(synonyms) = &mut *synonyms {
                synonyms.poll(&polled_catalog);
            }
            polled_catalog.refresh()
        };
        let Ok(refreshed) = tokio::task::spawn_blocking(poll).await else {
            // The panic hook has logged it; the next poll may succeed.
            continue;
        };
        match refreshed {
            Ok(Refreshed::Unchanged) => {}
            Ok(Refreshed::Swapped(generation)) => {
                last_error = None;
                tracing::info!(%generation, "serving a new generation");
            }
            Err(error) => {
                let message = error.to_string();
                if last_error.as_ref() != Some(&message) {
                    tracing::error!(error = %message, "cannot serve the new generation; keeping the current one");
                    last_error = Some(message);
                }
            }
        }
    }
}
