//! Writes results to standard output, as text or JSON.

use std::{
    fmt::Display,
    io::{self, Write},
};

use serde::Serialize;

use super::CommandError;

/// Writes text, and ends its last line.
pub(super) fn text(text: impl Display) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", text.to_string().trim_end())?;
    out.flush()?;
    Ok(())
}

/// Writes a value as JSON.
pub(super) fn json(value: &impl Serialize) -> Result<(), CommandError> {
    text(serde_json::to_string_pretty(value)?)
}

/// Writes a value as JSON or as text.
pub(super) fn result(
    value: &(impl Serialize + Display),
    as_json: bool,
) -> Result<(), CommandError> {
    if as_json { json(value) } else { text(value) }
}
