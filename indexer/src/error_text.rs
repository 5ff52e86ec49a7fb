//! Texts of errors with their causes, for people.

use std::error::Error;

/// An error and its causes on one line, separated by colons. A cause that the text contains already is
/// not repeated.
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
