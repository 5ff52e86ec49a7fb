//! What a source gives, one item at a time: bytes on disk to drafts in canonical fields.
//!
//! A source must not know what a field means: values stay as the source wrote them, and what is
//! wrong with them is for `pipeline::normalise` to say.

use std::{
    collections::{HashMap, hash_map::Entry},
    ops::ControlFlow,
    path::PathBuf,
};

use schema::SourceName;
use serde_json::{Map, Value};

use crate::config::{SourceKind, SourcePlan};

pub(crate) mod csv;
pub(crate) mod field;
pub(crate) mod files;
pub(crate) mod front_matter;
pub(crate) mod jsonlines;
pub(crate) mod mapping;
pub(crate) mod markdown;
pub(crate) mod path_pattern;
pub(crate) mod prose;
pub(crate) mod template;
pub(crate) mod text;

use field::Field;
pub(crate) use mapping::Fields;
use template::{Parts, scalar};

/// A key is never longer than this many bytes.
pub(crate) const KEY_BYTES_MAX: usize = 500;

/// One record, mapped and not yet checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    /// The key under which the source knows it.
    pub key: String,
    /// File and line, relative to the source's path.
    pub location: String,
    /// Digest of the bytes it was read from.
    pub content_hash: [u8; 32],
    /// Its canonical fields.
    pub fields: Fields,
}

/// What one stretch of a source turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item {
    /// A record that is new or has changed.
    Draft(Draft),
    /// A record that the store holds exactly like this.
    Unchanged {
        /// Its key.
        key: String,
    },
    /// The source says that a record is gone.
    Deleted {
        /// Its key.
        key: String,
    },
    /// A record that is not meant to be found.
    Skipped {
        /// File and line.
        location: String,
        /// Its key.
        key: String,
        /// Why.
        reason: SkipReason,
    },
    /// Something that cannot be read.
    Rejected(Rejection),
}

/// Why a record is left out on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SkipReason {
    /// Its source does not publish it yet, or no longer.
    Draft,
    /// It only lists other pages.
    Listing,
}

/// Something in a source that cannot be used, and why. Meant for people.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rejection {
    /// Which source.
    pub source: SourceName,
    /// File and line, relative to the source's path.
    pub location: String,
    /// The key, where it is known.
    pub key: Option<String>,
    /// What is wrong, and what to do about it.
    pub reason: String,
}

/// Why a source cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The folder or file is gone or cannot be opened.
    #[error("cannot read a source, {cause}: `{}`", path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// More files than one source may have.
    #[error("more than {limit} files, split the source or narrow `include`: `{}`", path.display())]
    TooManyFiles {
        /// The folder.
        path: PathBuf,
        /// The most that is read.
        limit: usize,
    },
    /// A table that cannot be read as a whole.
    #[error("cannot read a table, {cause}: `{}`", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
}

/// Reads a source from beginning to end and gives `each` item as it comes, until told to stop.
///
/// `known` says whether the store already holds this key with this content; such a record is
/// given as [`Item::Unchanged`] without being parsed.
///
/// # Errors
/// [`FetchError`] where the source as a whole cannot be read; a part that cannot is an
/// [`Item::Rejected`].
pub(crate) fn read(
    plan: &SourcePlan,
    known: &dyn Fn(&str, &[u8; 32]) -> bool,
    each: &mut dyn FnMut(Item) -> ControlFlow<()>,
) -> Result<(), FetchError> {
    let mut reading = Reading { plan, known, each, locations: HashMap::new() };
    match plan.kind {
        SourceKind::Markdown => markdown::read(&mut reading),
        SourceKind::Text => text::read(&mut reading),
        SourceKind::Jsonlines => jsonlines::read(&mut reading),
        SourceKind::Csv => csv::read(&mut reading),
    }
}

/// About how many items a source will give, for a progress bar: its files, or the lines of its
/// one file.
///
/// # Errors
/// [`FetchError`] where the source cannot be read.
pub(crate) fn count(plan: &SourcePlan) -> Result<u64, FetchError> {
    match plan.kind {
        SourceKind::Markdown | SourceKind::Text => {
            files::walk(plan).map(|files| files.len() as u64)
        }
        SourceKind::Jsonlines | SourceKind::Csv => files::count_lines(&plan.path),
    }
}

/// One reading of one source: what every format needs to give its items.
pub(crate) struct Reading<'a> {
    plan: &'a SourcePlan,
    known: &'a dyn Fn(&str, &[u8; 32]) -> bool,
    each: &'a mut dyn FnMut(Item) -> ControlFlow<()>,
    /// Where each key was seen.
    locations: HashMap<String, String>,
}

/// A stretch of a source that has a key.
struct Found<'a> {
    file: &'a str,
    line: u64,
    key: String,
    content_hash: [u8; 32],
}

/// A file of a folder, read.
struct File {
    name: String,
    parts: Parts,
    text: String,
    hash: [u8; 32],
}

/// Why a stretch of a source gives no draft.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refusal {
    Skip(SkipReason),
    Fault(Fault),
}

/// What is wrong with a stretch of a source, and in which line of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    line: u64,
    reason: String,
}

impl Reading<'_> {
    /// Gives one item; `fields` is called only where the store does not know the content.
    fn offer(
        &mut self,
        found: Found,
        fields: impl FnOnce(&SourcePlan) -> Result<Fields, Refusal>,
    ) -> ControlFlow<()> {
        let Found { file, line, key, content_hash } = found;
        let location = format!("{file}:{line}");
        match self.locations.entry(key.clone()) {
            Entry::Vacant(free) => free.insert(location.clone()),
            Entry::Occupied(first) => {
                let reason = format!("another record has this key: `{}`", first.get());
                return self.reject(location, None, reason);
            }
        };
        if (self.known)(&key, &content_hash) {
            return (self.each)(Item::Unchanged { key });
        }
        let drafted = fields(self.plan).and_then(|fields| match fields.get(&Field::Draft) {
            Some(draft) if is_true(draft) => Err(Refusal::Skip(SkipReason::Draft)),
            _ => Ok(fields),
        });
        match drafted {
            Ok(fields) => (self.each)(Item::Draft(Draft { key, location, content_hash, fields })),
            Err(Refusal::Skip(reason)) => (self.each)(Item::Skipped { location, key, reason }),
            Err(Refusal::Fault(Fault { line, reason })) => {
                self.reject(format!("{file}:{line}"), Some(key), reason)
            }
        }
    }

    fn reject(&mut self, location: String, key: Option<String>, reason: String) -> ControlFlow<()> {
        let source = self.plan.name.clone();
        (self.each)(Item::Rejected(Rejection { source, location, key, reason }))
    }

    /// Reads every file of a folder, as far as it can be decoded.
    fn each_file(
        &mut self,
        mut one: impl FnMut(&mut Self, &File) -> ControlFlow<()>,
    ) -> Result<(), FetchError> {
        for file in files::walk(self.plan)? {
            let parts = self.parts(&file.name);
            let fault = |reason| Fault { line: 1, reason };
            let bytes = files::bytes(&file.path, files::FILE_BYTES_MAX)?.map_err(fault);
            let content = bytes.and_then(|bytes| {
                let text = files::decode(&bytes, self.plan.encoding)?;
                Ok((text, *blake3::hash(&bytes).as_bytes()))
            });
            let flow = match content {
                Ok((text, hash)) => one(self, &File { name: file.name, parts, text, hash }),
                Err(Fault { line, reason }) => {
                    let key = self.file_key(&file.name, &parts, &Map::new()).ok();
                    self.reject(format!("{}:{line}", file.name), key, reason)
                }
            };
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn parts(&self, path: &str) -> Parts {
        self.plan.pattern.as_ref().and_then(|pattern| pattern.parts(path)).unwrap_or_default()
    }

    /// The key of a file: what the configuration makes of it, else its path.
    fn file_key(
        &self,
        path: &str,
        parts: &Parts,
        source: &Map<String, Value>,
    ) -> Result<String, String> {
        if self.plan.mapping.makes_key() {
            checked_key(self.plan.mapping.key(source, parts).as_ref())
        } else {
            checked_key(Some(&Value::String(path.to_owned())))
        }
    }

    /// The key of a row of a table: what the configuration makes of it, else `key` or `id`.
    fn row_key(&self, source: &Map<String, Value>) -> Result<String, String> {
        if self.plan.mapping.makes_key() {
            checked_key(self.plan.mapping.key(source, &Parts::new()).as_ref())
        } else {
            checked_key(source.get("key").or_else(|| source.get("id")))
        }
    }
}

fn checked_key(value: Option<&Value>) -> Result<String, String> {
    let key = value
        .and_then(scalar)
        .ok_or("no key, give the record a `key` or set `key` of the source to a template")?;
    if key.len() > KEY_BYTES_MAX {
        return Err(format!(
            "a key has at most {KEY_BYTES_MAX} bytes, this one has `{}`",
            key.len()
        ));
    }
    Ok(key)
}

/// Whether a flag is set, in any of the ways that people write it.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::String(text) => {
            matches!(text.trim().to_lowercase().as_str(), "true" | "ja" | "yes" | "1")
        }
        _ => false,
    }
}

#[cfg(test)]
pub(crate) mod tests;
