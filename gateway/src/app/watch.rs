//! Polls the data folder and the vocabulary, and activates changes without a restart.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use federation::error::with_causes;
use indexer::catalog::{Catalog, Refreshed};

use crate::vocabulary::VocabularyFolder;

/// Interval between polls.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Number of polls after which the served generation is compared with its manifest again.
const POLLS_PER_VERIFICATION: u32 = 1_200;

/// Activates each new generation and each changed vocabulary folder, until the task is dropped. Errors
/// are logged once, and the previous version stays active.
pub(super) async fn watch_data_folder(catalog: Arc<Catalog>, vocabulary: Option<VocabularyFolder>) {
    let vocabulary = Arc::new(Mutex::new(vocabulary));
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
        let (polled_catalog, vocabulary) = (Arc::clone(&catalog), Arc::clone(&vocabulary));
        let poll = move || {
            let mut vocabulary = vocabulary.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(vocabulary) = &mut *vocabulary {
                vocabulary.poll(&polled_catalog);
            }
            (polled_catalog.refresh(), polled_catalog.verify_rest())
        };
        let Ok((refreshed, verified)) = tokio::task::spawn_blocking(poll).await else {
            // The panic hook has logged it; the next poll may succeed.
            continue;
        };
        if let Err(error) = verified {
            tracing::error!(error = with_causes(&error), "withdrew a damaged generation");
        }
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
