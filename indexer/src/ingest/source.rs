//! What a source gives, one item at a time: bytes on disk to drafts in canonical fields.
//!
//! A source must not know what a field means: values stay as the source wrote them, and what is
//! wrong with them is for `pipeline::normalise` to say.

pub(crate) mod csv;
pub(crate) mod field;
pub(crate) mod files;
pub(crate) mod front_matter;
pub(crate) mod jsonlines;
pub(crate) mod mapping;
pub(crate) mod markdown;
pub(crate) mod path_pattern;
pub(crate) mod sentences;
pub(crate) mod template;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod text;

use std::{
    collections::{HashMap, hash_map::Entry},
    ops::ControlFlow,
    path::PathBuf,
};

use schema::SourceName;
use serde_json::{Map, Value};

use crate::ingest::config::{ResolvedSource, SourceKind};

use field::Field;
pub(crate) use mapping::Fields;
use template::{PathCaptures, scalar};

/// A key is never longer than this many bytes.
pub(crate) const KEY_BYTES_MAX: usize = 500;

/// One record, mapped and not yet checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RawRecord {
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
pub(crate) enum SourceItem {
    /// A record that is new or has changed.
    Record(RawRecord),
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
    #[error("cannot read source: {cause}: `{}`", path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// More files than one source may have.
    #[error("more than {limit} files; split the source or narrow `include`: `{}`", path.display())]
    TooManyFiles {
        /// The folder.
        path: PathBuf,
        /// The most that is read.
        limit: usize,
    },
    /// A table that cannot be read as a whole.
    #[error("cannot read table: {cause}: `{}`", path.display())]
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
    source: &ResolvedSource,
    is_unchanged: &dyn Fn(&str, &[u8; 32]) -> bool,
    sink: &mut dyn FnMut(SourceItem) -> ControlFlow<()>,
) -> Result<(), FetchError> {
    let mut reader = SourceReader { source, is_unchanged, sink, locations: HashMap::new() };
    match source.kind {
        SourceKind::Markdown => markdown::read(&mut reader),
        SourceKind::Text => text::read(&mut reader),
        SourceKind::Jsonlines => jsonlines::read(&mut reader),
        SourceKind::Csv => csv::read(&mut reader),
    }
}

/// About how many items a source will give, for a progress bar: its files, or the lines of its
/// one file.
///
/// # Errors
/// [`FetchError`] where the source cannot be read.
pub(crate) fn count(source: &ResolvedSource) -> Result<u64, FetchError> {
    match source.kind {
        SourceKind::Markdown | SourceKind::Text => {
            files::walk(source).map(|files| files.len() as u64)
        }
        SourceKind::Jsonlines | SourceKind::Csv => files::count_lines(&source.path),
    }
}

/// One reading of one source: what every format needs to give its items.
pub(crate) struct SourceReader<'a> {
    source: &'a ResolvedSource,
    is_unchanged: &'a dyn Fn(&str, &[u8; 32]) -> bool,
    sink: &'a mut dyn FnMut(SourceItem) -> ControlFlow<()>,
    /// Where each key was seen.
    locations: HashMap<String, String>,
}

/// A stretch of a source that has a key.
struct Candidate<'a> {
    file: &'a str,
    line: u64,
    key: String,
    content_hash: [u8; 32],
}

/// A file of a folder, read.
struct SourceText {
    name: String,
    captures: PathCaptures,
    text: String,
    hash: [u8; 32],
}

/// Why a stretch of a source gives no draft.
#[derive(Debug, Clone, PartialEq, Eq)]
enum SkipOrError {
    Skip(SkipReason),
    Error(ParseError),
}

/// What is wrong with a stretch of a source, and in which line of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ParseError {
    line: u64,
    reason: String,
}

impl SourceReader<'_> {
    /// Gives one item; `fields` is called only where the store does not know the content.
    fn emit(
        &mut self,
        candidate: Candidate,
        fields: impl FnOnce(&ResolvedSource) -> Result<Fields, SkipOrError>,
    ) -> ControlFlow<()> {
        let Candidate { file, line, key, content_hash } = candidate;
        let location = format!("{file}:{line}");
        match self.locations.entry(key.clone()) {
            Entry::Vacant(vacant) => vacant.insert(location.clone()),
            Entry::Occupied(occupied) => {
                let reason = format!("key already used by another record: `{}`", occupied.get());
                return self.reject(location, None, reason);
            }
        };
        if (self.is_unchanged)(&key, &content_hash) {
            return (self.sink)(SourceItem::Unchanged { key });
        }
        let mapped = fields(self.source).and_then(|fields| match fields.get(&Field::Draft) {
            Some(draft) if is_true(draft) => Err(SkipOrError::Skip(SkipReason::Draft)),
            _ => Ok(fields),
        });
        match mapped {
            Ok(fields) => {
                (self.sink)(SourceItem::Record(RawRecord { key, location, content_hash, fields }))
            }
            Err(SkipOrError::Skip(reason)) => {
                (self.sink)(SourceItem::Skipped { location, key, reason })
            }
            Err(SkipOrError::Error(ParseError { line, reason })) => {
                self.reject(format!("{file}:{line}"), Some(key), reason)
            }
        }
    }

    fn reject(&mut self, location: String, key: Option<String>, reason: String) -> ControlFlow<()> {
        let source = self.source.name.clone();
        (self.sink)(SourceItem::Rejected(Rejection { source, location, key, reason }))
    }

    /// Reads every file of a folder, as far as it can be decoded.
    fn for_each_file(
        &mut self,
        mut visit: impl FnMut(&mut Self, &SourceText) -> ControlFlow<()>,
    ) -> Result<(), FetchError> {
        for file in files::walk(self.source)? {
            let captures = self.path_captures(&file.name);
            let parse_error = |reason| ParseError { line: 1, reason };
            let bytes =
                files::read_limited(&file.path, files::FILE_BYTES_MAX)?.map_err(parse_error);
            let content = bytes.and_then(|bytes| {
                let text = files::decode(&bytes, self.source.encoding)?;
                Ok((text, *blake3::hash(&bytes).as_bytes()))
            });
            let flow = match content {
                Ok((text, hash)) => {
                    visit(self, &SourceText { name: file.name, captures, text, hash })
                }
                Err(ParseError { line, reason }) => {
                    let key = self.file_key(&file.name, &captures, &Map::new()).ok();
                    self.reject(format!("{}:{line}", file.name), key, reason)
                }
            };
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn path_captures(&self, path: &str) -> PathCaptures {
        self.source.pattern.as_ref().and_then(|pattern| pattern.captures(path)).unwrap_or_default()
    }

    /// The key of a file: what the configuration makes of it, else its path.
    fn file_key(
        &self,
        path: &str,
        captures: &PathCaptures,
        raw_fields: &Map<String, Value>,
    ) -> Result<String, String> {
        if self.source.mapping.has_key_template() {
            checked_key(self.source.mapping.key(raw_fields, captures).as_ref())
        } else {
            checked_key(Some(&Value::String(path.to_owned())))
        }
    }

    /// The key of a row of a table: what the configuration makes of it, else `key` or `id`.
    fn row_key(&self, raw_fields: &Map<String, Value>) -> Result<String, String> {
        if self.source.mapping.has_key_template() {
            checked_key(self.source.mapping.key(raw_fields, &PathCaptures::new()).as_ref())
        } else {
            checked_key(raw_fields.get("key").or_else(|| raw_fields.get("id")))
        }
    }
}

fn checked_key(value: Option<&Value>) -> Result<String, String> {
    let key = value
        .and_then(scalar)
        .ok_or("missing key; give the record a `key` or set `key` of the source to a template")?;
    if key.len() > KEY_BYTES_MAX {
        return Err(format!("key exceeds {KEY_BYTES_MAX} bytes: `{}`", key.len()));
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
