//! What is known of a page besides its bytes.

use serde::{Deserialize, Serialize};

use crate::sync::http::Validators;

/// The version of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PageVersion {
    /// When it last changed, as its sitemap states.
    pub(super) changed_at: Option<String>,
    /// For the next request.
    pub(super) validators: Option<Validators>,
}

impl PageVersion {
    /// The version in an entry; one that cannot be read is that of no page.
    pub(super) fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

impl std::fmt::Display for PageVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| std::fmt::Error)?)
    }
}
