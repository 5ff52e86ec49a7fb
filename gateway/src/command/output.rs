//! Writes results to standard output, for people or for machines.

use std::{
    fmt::Display,
    io::{self, Write},
};

use serde::Serialize;

use super::CommandError;

/// Writes lines of text, the last of which need not be ended.
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

/// Writes a value as JSON if asked for, else as text.
pub(super) fn result(
    value: &(impl Serialize + Display),
    as_json: bool,
) -> Result<(), CommandError> {
    if as_json { json(value) } else { text(value) }
}
