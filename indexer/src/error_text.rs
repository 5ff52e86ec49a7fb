//! Error messages with their causes.

use std::error::Error;

/// Formats an error and its causes on one line, separated by colons. Omits a cause that the message
/// already contains.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}
