//! `[feedback]`: whether readers found what they searched for.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

/// `[feedback]` as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedbackSection {
    /// File with the token of the editors, with which `/feedback` shows
    /// [what readers found](operation.md#feedback-of-readers); read at each request.
    #[schemars(extend("x-range" = "path of a file with at least 16 characters"))]
    editor_token_file: PathBuf,
}

/// Settings of the feedback of readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedbackConfig {
    /// File with the token of the editors.
    pub editor_token_file: PathBuf,
}

impl FeedbackSection {
    pub(super) fn checked(self, folder: &Path) -> FeedbackConfig {
        FeedbackConfig { editor_token_file: folder.join(self.editor_token_file) }
    }
}
