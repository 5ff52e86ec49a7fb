//! Sources as iterators of items: from bytes on disk to records with canonical fields.
//!
//! This module does not know what a field means: values remain as they are in the source, and
//! `ingest::normalise` validates them.

pub(crate) mod api;
pub(crate) mod config;
pub(crate) mod csv;
pub(crate) mod feed;
pub(crate) mod field;
pub(crate) mod field_description;
pub(crate) mod files;
pub(crate) mod flag;
pub(crate) mod front_matter;
pub(crate) mod icalendar;
pub(crate) mod invisible;
pub(crate) mod jsonlines;
mod known_inputs;
pub(crate) mod mapping;
pub(crate) mod markdown;
pub(crate) mod page;
pub(crate) mod path_pattern;
pub(crate) mod sentences;
mod stored_items;
pub(crate) mod survey;
pub(crate) mod template;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod text;
pub(crate) mod visibility;
pub(crate) mod website;
pub(crate) mod wordpress;
pub(crate) mod zone_names;

use std::{
    collections::{HashMap, hash_map::Entry},
    path::PathBuf,
    sync::LazyLock,
};

use regex::Regex;
use schema::SourceName;
use serde_json::{Map, Value};

use config::{ResolvedSource, SourceKind};
use field::Field;
use files::SourceFile;
pub(crate) use known_inputs::{KnownInputs, input_digest};
pub(crate) use mapping::Fields;
use mapping::Mapping;
use survey::Survey;
use template::PathCaptures;

use crate::{
    decoding::{ParseError, decode},
    json::scalar,
    sync::state::SyncState,
    with_causes,
};

/// Maximum length of a key in bytes.
pub(crate) const KEY_BYTES_MAX: usize = 500;
/// Maximum length of a rejection reason in characters.
pub(crate) const REASON_CHARS_MAX: usize = 500;

/// A record that is mapped but not yet validated.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RawRecord {
    /// Its key within the source.
    pub key: String,
    /// File and line, relative to the source's path; only the file if the order of its records has
    /// no meaning.
    pub location: String,
    /// Its line, if `location` does not state it.
    pub line: Option<u64>,
    /// Digest of the bytes from which it was read.
    pub content_hash: [u8; 32],
    /// Its canonical fields.
    pub fields: Fields,
    /// The front matter as written, from the first line of the file on.
    pub front_matter: Option<String>,
}

impl RawRecord {
    /// The location of an error. If the reason begins with the name of a field in backticks, it is
    /// the line in the front matter that sets the field.
    pub(crate) fn location_of(&self, reason: &str, mapping: &Mapping) -> String {
        let location = self.line.map(|line| format!("{}:{line}", self.location));
        let location = location.as_ref().unwrap_or(&self.location);
        location_of(location, self.front_matter.as_deref(), reason, mapping)
    }
}

fn location_of(
    location: &str,
    front_matter: Option<&str>,
    reason: &str,
    mapping: &Mapping,
) -> String {
    let line = || {
        let path = reason.strip_prefix('`')?.split('`').next()?;
        let name = path.split(['.', '[']).next()?;
        let field = Field::ALL.iter().find(|field| field.name() == name)?;
        let names = mapping.sources_of(*field);
        front_matter::line_of(front_matter?, &names)
    };
    match (line(), location.rsplit_once(':')) {
        (Some(line), Some((file, _))) => format!("{file}:{line}"),
        _ => location.to_owned(),
    }
}

/// One item of a source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SourceItem {
    /// A new or changed record.
    Record(RawRecord),
    /// A record that is in the store with the same input digest.
    Unchanged { key: String },
    /// A record that the source marks as deleted.
    Deleted { key: String },
    /// A record that is omitted deliberately.
    Skipped { location: String, key: String, reason: SkipReason },
    /// A record that cannot be read.
    Rejected(Rejection),
}

/// Why a record is omitted deliberately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SkipReason {
    /// The source has not published it yet, or no longer publishes it.
    Draft,
    /// It only lists other pages.
    Listing,
}

/// A record that was not accepted, with the reason, for the maintainer of the source.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rejection {
    /// Name of the source.
    pub source: SourceName,
    /// File and line, relative to the source's path.
    pub location: String,
    /// The key, if known.
    pub key: Option<String>,
    /// The error and its remedy.
    pub reason: String,
}

impl Rejection {
    /// A rejection with its reason truncated to [`REASON_CHARS_MAX`].
    pub(crate) fn new(
        source: &SourceName,
        location: String,
        key: Option<String>,
        reason: String,
    ) -> Self {
        let is_long = reason.chars().nth(REASON_CHARS_MAX).is_some();
        let reason = if is_long { sentences::truncate(&reason, REASON_CHARS_MAX) } else { reason };
        Self { source: source.clone(), location, key, reason }
    }
}

/// Why a source cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The folder or file does not exist or cannot be opened.
    #[error("cannot read source: `{}`", path.display())]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// The error of the file system.
        #[source]
        cause: std::io::Error,
    },
    /// The source has more files than allowed.
    #[error("more than {limit} files; split the source or narrow `include`: `{}`", path.display())]
    TooManyFiles {
        /// The folder.
        path: PathBuf,
        /// The maximum number of files.
        limit: usize,
    },
    /// The state of synchronisation cannot be read.
    #[error("{0}")]
    State(String),
    /// A table cannot be read.
    #[error("cannot read table: {reason}: `{}`", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// Why it cannot be read.
        reason: String,
    },
    /// A calendar file is incomplete or cannot be read.
    #[error("cannot read calendar: {reason}: `{location}:{line}`")]
    Calendar {
        /// The file, or its address.
        location: String,
        /// The line.
        line: u64,
        /// Why it cannot be read.
        reason: String,
    },
}

/// Items of a source, each read on demand.
pub(crate) type Items<'a> = Box<dyn Iterator<Item = Result<SourceItem, FetchError>> + 'a>;

/// Iterates over the items of a source.
///
/// A record whose input is among the known ones becomes [`SourceItem::Unchanged`] without being parsed. `survey` records what is read. Sources over the
/// network are read from `state`; without it, they have no items.
///
/// # Errors
/// [`FetchError`] if the source as a whole cannot be read, possibly as an item; a single file or
/// record that cannot be read is a [`SourceItem::Rejected`].
pub(crate) fn records<'a>(
    source: &'a ResolvedSource,
    state: Option<&'a SyncState>,
    known: KnownInputs<'a>,
    survey: &'a Survey,
) -> Result<Items<'a>, FetchError> {
    let reader = SourceReader { source, known, survey, locations: HashMap::new() };
    match source.kind {
        SourceKind::Markdown => reader.items_of_files(markdown::items),
        SourceKind::Text => reader.items_of_files(text::items),
        SourceKind::Jsonlines => jsonlines::items(reader),
        SourceKind::Csv => csv::items(reader),
        SourceKind::Wordpress => match (&source.network, state) {
            (Some(network), Some(state)) => wordpress::items(reader, network, state),
            _ => Ok(Box::new(std::iter::empty())),
        },
        SourceKind::Feed => match state {
            Some(state) => feed::items(reader, state),
            None => Ok(Box::new(std::iter::empty())),
        },
        SourceKind::Website => match (&source.network, state) {
            (Some(network), Some(state)) => website::items(reader, network, state),
            _ => Ok(Box::new(std::iter::empty())),
        },
        SourceKind::Api => match (&source.network, state) {
            (Some(network), Some(state)) => api::items(reader, network, state),
            _ => Ok(Box::new(std::iter::empty())),
        },
        SourceKind::Icalendar => match (&source.network, state) {
            (None, _) => icalendar::items(reader),
            (Some(network), Some(state)) => icalendar::synchronised_items(reader, network, state),
            (Some(_), None) => Ok(Box::new(std::iter::empty())),
        },
    }
}

/// Approximate number of items of a source, for a progress bar: the number of files, or the number
/// of lines of its only file.
///
/// # Errors
/// [`FetchError`] if the source cannot be read.
pub(crate) fn count(source: &ResolvedSource, state: Option<&SyncState>) -> Result<u64, FetchError> {
    match source.kind {
        SourceKind::Markdown | SourceKind::Text => {
            files::walk(source, &Survey::default()).map(|files| files.len() as u64)
        }
        SourceKind::Jsonlines | SourceKind::Csv => files::count_lines(&source.path),
        SourceKind::Wordpress | SourceKind::Feed | SourceKind::Website | SourceKind::Api => {
            let entries = state.map(|state| state.entries(&source.name)).transpose();
            let entries = entries.map_err(|error| FetchError::State(with_causes(&error)))?;
            Ok(entries.map_or(0, |entries| entries.len() as u64))
        }
        SourceKind::Icalendar => match (&source.network, state) {
            (None, _) => icalendar::count(source),
            (Some(_), Some(state)) => icalendar::count_synchronised(source, state),
            (Some(_), None) => Ok(0),
        },
    }
}

/// State that every format needs to build its items.
struct SourceReader<'a> {
    source: &'a ResolvedSource,
    known: KnownInputs<'a>,
    survey: &'a Survey,
    /// The location at which each key was first read.
    locations: HashMap<String, String>,
}

/// A record before it is parsed.
pub(crate) struct Candidate {
    /// Its key within the source.
    pub(crate) key: String,
    /// File and line, relative to the source's path.
    pub(crate) location: String,
    /// Digest of the bytes from which it will be parsed.
    pub(crate) content_hash: [u8; 32],
}

/// The canonical fields of a record, and where they come from.
struct ParsedFields {
    fields: Fields,
    /// As [`RawRecord::front_matter`].
    front_matter: Option<String>,
}

impl From<Fields> for ParsedFields {
    fn from(fields: Fields) -> Self {
        Self { fields, front_matter: None }
    }
}

/// A decoded file from a folder.
struct SourceText {
    name: String,
    captures: PathCaptures,
    text: String,
    hash: [u8; 32],
}

/// Why a candidate does not become a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SkipOrError {
    Skip(SkipReason),
    Error(ParseError),
}

impl<'a> SourceReader<'a> {
    /// The item of a candidate; `fields` is called only if its input changed.
    fn item(
        &mut self,
        candidate: Candidate,
        fields: impl FnOnce(&Self) -> Result<ParsedFields, SkipOrError>,
    ) -> SourceItem {
        match self.locations.entry(candidate.key.clone()) {
            Entry::Vacant(vacant) => vacant.insert(candidate.location.clone()),
            Entry::Occupied(occupied) => {
                let reason = format!("key already used by another record: `{}`", occupied.get());
                return self.rejected(candidate.location, Some(candidate.key), reason);
            }
        };
        if self.known.is_unchanged(&self.source.name, &candidate) {
            return SourceItem::Unchanged { key: candidate.key };
        }
        let Candidate { key, location, content_hash } = candidate;
        let line = location.rsplit_once(':').and_then(|(_, line)| line.parse().ok()).unwrap_or(1);
        let mapping = &self.source.mapping;
        let parsed = fields(self).and_then(|parsed| {
            let line_of_draft = |_: &str| {
                let names = mapping.sources_of(Field::Draft);
                let front_matter = parsed.front_matter.as_deref();
                front_matter.and_then(|text| front_matter::line_of(text, &names)).unwrap_or(line)
            };
            visibility::check_draft(parsed.fields.get(&Field::Draft), line_of_draft)?;
            Ok(parsed)
        });
        match parsed {
            Ok(ParsedFields { fields, front_matter }) => {
                let line = None;
                SourceItem::Record(RawRecord {
                    key,
                    location,
                    line,
                    content_hash,
                    fields,
                    front_matter,
                })
            }
            Err(SkipOrError::Skip(reason)) => SourceItem::Skipped { location, key, reason },
            Err(SkipOrError::Error(ParseError { line, reason })) => {
                let file = match location.rsplit_once(':') {
                    Some((file, line)) if line.parse::<u64>().is_ok() => file,
                    _ => &location,
                };
                self.rejected(format!("{file}:{line}"), Some(key), reason)
            }
        }
    }

    /// Skips a record that its source does not publish, according to its source fields; `line_of`
    /// gives the line of a field.
    fn check_visibility(
        &self,
        raw_fields: &Map<String, Value>,
        line_of: impl Fn(&str) -> u64,
    ) -> Result<(), SkipOrError> {
        visibility::check(raw_fields, &self.source.mapping, line_of)
    }

    /// The canonical fields of a record.
    fn map(&self, raw_fields: &Map<String, Value>, captures: &PathCaptures) -> Fields {
        self.survey.record(self.source, raw_fields, captures);
        let on_match = |target, entry: &str| self.survey.translated(target, entry);
        self.source.mapping.apply_reporting(raw_fields, captures, on_match)
    }

    fn rejected(&self, location: String, key: Option<String>, reason: String) -> SourceItem {
        SourceItem::Rejected(Rejection::new(&self.source.name, location, key, reason))
    }

    /// The items of all files of a folder; each file is read when its first item is requested.
    fn items_of_files(
        mut self,
        items_of: fn(&mut Self, &SourceText) -> Vec<SourceItem>,
    ) -> Result<Items<'a>, FetchError> {
        let files = files::walk(self.source, self.survey)?.into_iter();
        Ok(Box::new(files.flat_map(move |file| match self.read_file(file) {
            Ok(Ok(text)) => items_of(&mut self, &text).into_iter().map(Ok).collect(),
            Ok(Err(rejection)) => vec![Ok(rejection)],
            Err(error) => vec![Err(error)],
        })))
    }

    /// Reads and decodes a file, or rejects it.
    fn read_file(&self, file: SourceFile) -> Result<Result<SourceText, SourceItem>, FetchError> {
        let captures = self.path_captures(&file.name);
        let parse_error = |reason| ParseError { line: 1, reason };
        let bytes = files::read_limited(&file.path, files::FILE_BYTES_MAX)?.map_err(parse_error);
        let decoded = bytes.and_then(|bytes| {
            let text = decode(&bytes, self.source.encoding)?;
            Ok((files::unix_line_ends(text), *blake3::hash(&bytes).as_bytes()))
        });
        Ok(match decoded {
            Ok((text, hash)) => Ok(SourceText { name: file.name, captures, text, hash }),
            Err(ParseError { line, reason }) => {
                let key = self.file_key(&file.name, &captures, &Map::new()).ok();
                Err(self.rejected(format!("{}:{line}", file.name), key, reason))
            }
        })
    }

    fn path_captures(&self, path: &str) -> PathCaptures {
        let Some(pattern) = &self.source.pattern else { return PathCaptures::new() };
        pattern.captures(path).unwrap_or_else(|| {
            self.survey.outside_pattern(path);
            PathCaptures::new()
        })
    }

    /// The key of a file: from the configured template, otherwise its path.
    fn file_key(
        &self,
        path: &str,
        captures: &PathCaptures,
        raw_fields: &Map<String, Value>,
    ) -> Result<String, String> {
        let mapping = &self.source.mapping;
        if mapping.has_template(Field::Key) {
            checked_key(mapping.template_value(Field::Key, raw_fields, captures).as_ref())
        } else {
            checked_key(Some(&Value::String(path.to_owned())))
        }
    }

    /// The key of a row: from the configured template, otherwise its field `key` or `id`.
    fn row_key(&self, raw_fields: &Map<String, Value>) -> Result<String, String> {
        let (mapping, captures) = (&self.source.mapping, PathCaptures::new());
        if mapping.has_template(Field::Key) {
            checked_key(mapping.template_value(Field::Key, raw_fields, &captures).as_ref())
        } else {
            checked_key(raw_fields.get("key").or_else(|| raw_fields.get("id")))
        }
    }
}

/// A number in the scientific notation of a spreadsheet, which has lost digits.
static SHORTENED_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[+-]?\d(?:[.,]\d+)?E\+\d{1,3}$")
        .expect("constant regex is valid, covered by tests")
});

fn checked_key(value: Option<&Value>) -> Result<String, String> {
    let key = value
        .and_then(scalar)
        .map(|key| key.replace('\0', ""))
        .ok_or("missing key; give the record a `key` or set `key` of the source to a template")?;
    if SHORTENED_NUMBER.is_match(&key) {
        return Err(format!(
            "key is a number shortened by a spreadsheet; format the column as text: `{key}`"
        ));
    }
    if key.len() > KEY_BYTES_MAX {
        return Err(format!("key exceeds {KEY_BYTES_MAX} bytes: `{}`", key.len()));
    }
    Ok(key)
}
