//! The suppression list: the names of people who asked to be forgotten. `suppression.json` in the data
//! folder holds a digest of each name, never a name.
//!
//! Invariant: a list that cannot be read is an error, never an empty list: what it suppresses must not
//! be served or published.
//!
//! Must not know: stores, searches and sources.

mod names;
mod redaction;
#[cfg(test)]
mod tests;
mod words;

use std::{
    collections::BTreeSet,
    fs::File,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::names::{NameForm, NameKey, NameSet, forms_of, words_of};
pub(crate) use self::redaction::is_redacted;
use crate::{
    generation::{GenerationError, write_atomically},
    regular_file,
};

const FILE: &str = "suppression.json";
/// Locked while a list is changed.
const LOCK_FILE: &str = "suppression.lock";
const FORMAT: u32 = 1;
/// Maximum length of a list in bytes.
const LIST_BYTES_MAX: u64 = 4 << 20;
/// Maximum length of a name in bytes.
const NAME_BYTES_MAX: usize = 200;
/// Minimum and maximum number of words of a name: a single word would vanish from every text.
const NAME_WORDS: std::ops::RangeInclusive<usize> = 2..=8;

/// Why the list cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SuppressionError {
    /// The file cannot be read, or its folder cannot be written.
    #[error("cannot use the suppression list; nothing is served or published without it: `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the file system.
        #[source]
        cause: std::io::Error,
    },
    /// The file was changed by hand, or is damaged.
    #[error(
        "the suppression list is damaged or was changed by hand; nothing is served or published without it; restore it from a backup, or remove it and run `wegwijzer forget` for every name again: `{}`",
        .0.display()
    )]
    Damaged(PathBuf),
    /// The file was written by a newer program.
    #[error("the suppression list has format {format}, this program supports {FORMAT}; upgrade wegwijzer: `{}`", path.display())]
    UnsupportedFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: u64,
    },
    /// The file is missing, although the generation was built with it.
    #[error(
        "the suppression list is missing, but the last generation was built with it; restore it from a backup, or run `wegwijzer forget` for every name again: `{}`",
        .0.display()
    )]
    Missing(PathBuf),
    /// The list cannot be written.
    #[error(transparent)]
    Write(#[from] GenerationError),
    /// The text is not the name of a person.
    #[error("a name has {} to {} words and at most {NAME_BYTES_MAX} bytes; give first and last name", NAME_WORDS.start(), NAME_WORDS.end())]
    InvalidName,
    /// There is no entry to withdraw.
    #[error("not in the suppression list; `wegwijzer status` shows its entries")]
    NotListed,
}

/// An entry of the list: the proof that a name is suppressed, without the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuppressedName {
    /// Keyed digest of the name, in hexadecimal.
    pub digest: String,
    /// When it was added.
    pub at: Timestamp,
    /// Number of records that named the person then; `None` if they could not be read.
    pub records: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ListEntry {
    #[serde(flatten)]
    shown: SuppressedName,
    forms: Vec<NameForm>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct List {
    format: u32,
    key: NameKey,
    entries: Vec<ListEntry>,
}

#[derive(Serialize, Deserialize)]
struct CheckedList {
    checksum: String,
    list: List,
}

/// The suppression list of a data folder, for comparing texts with it.
#[derive(Debug, Default)]
pub(crate) struct Suppression {
    list: List,
    names: NameSet,
    digest: String,
}

impl Suppression {
    /// The file of the list.
    pub(crate) fn path(data: &Path) -> PathBuf {
        data.join(FILE)
    }

    /// Reads the list of a data folder; an empty one if no name was ever suppressed.
    pub(crate) fn read(data: &Path) -> Result<Self, SuppressionError> {
        let path = Self::path(data);
        let bytes = match regular_file::read(&path, LIST_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(cause) => return Err(SuppressionError::Io { path, cause }),
        };
        let json: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let format = json["list"]["format"].as_u64().unwrap_or_default();
        if format > u64::from(FORMAT) {
            return Err(SuppressionError::UnsupportedFormat { path, format });
        }
        match serde_json::from_value(json) {
            Ok(CheckedList { checksum, list }) if checksum == list.digest() => Ok(Self::new(list)),
            _ => Err(SuppressionError::Damaged(path)),
        }
    }

    /// Reads the list for a build on a generation in which some entries are suppressed.
    pub(crate) fn read_for(
        data: &Path,
        suppressed: &BTreeSet<String>,
    ) -> Result<Self, SuppressionError> {
        if !suppressed.is_empty() && !Self::path(data).exists() {
            return Err(SuppressionError::Missing(Self::path(data)));
        }
        Self::read(data)
    }

    fn new(list: List) -> Self {
        let entries = list.entries.iter().map(|e| (e.shown.digest.as_str(), e.forms.as_slice()));
        let names = NameSet::new(list.key, entries);
        let digest = if list.entries.is_empty() { String::new() } else { list.digest() };
        Self { list, names, digest }
    }

    /// Whether no name is suppressed.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.entries.is_empty()
    }

    /// Digest of the list, in hexadecimal; empty without entries.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// The entries, oldest first.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &SuppressedName> {
        self.list.entries.iter().map(|entry| &entry.shown)
    }

    /// The digests of all entries.
    pub(crate) fn digests(&self) -> BTreeSet<String> {
        self.entries().map(|entry| entry.digest.clone()).collect()
    }

    /// Whether a generation in which some entries are suppressed lacks none of the list.
    pub(crate) fn is_applied(&self, suppressed: &BTreeSet<String>) -> bool {
        self.entries().all(|entry| suppressed.contains(&entry.digest))
    }

    /// The list with only one of its entries.
    pub(crate) fn only(&self, digest: &str) -> Self {
        let mut list = self.list.clone();
        list.entries.retain(|entry| entry.shown.digest == digest);
        Self::new(list)
    }
}

impl List {
    fn digest(&self) -> String {
        let bytes = serde_json::to_vec(self).expect("a list always serialises to JSON");
        blake3::hash(&bytes).to_hex().to_string()
    }

    fn entry(&self, name: &str, at: Timestamp) -> Result<ListEntry, SuppressionError> {
        let is_name = name.len() <= NAME_BYTES_MAX && NAME_WORDS.contains(&words_of(name).len());
        if !is_name {
            return Err(SuppressionError::InvalidName);
        }
        let forms = forms_of(name, &self.key);
        let digest = forms[0].digest.clone();
        Ok(ListEntry { shown: SuppressedName { digest, at, records: None }, forms })
    }
}

/// The right to change the list, for the lifetime of the value.
pub(crate) struct ListEditor {
    data: PathBuf,
    list: List,
    _lock: File,
    #[cfg(feature = "failpoints")]
    _failpoints: Option<fail::FailScenario<'static>>,
}

impl ListEditor {
    /// Waits for other editors, and reads the list; without one, begins a list with a new key.
    pub(crate) fn open(data: &Path) -> Result<Self, SuppressionError> {
        let path = data.join(LOCK_FILE);
        let io = |cause| SuppressionError::Io { path: path.clone(), cause };
        std::fs::create_dir_all(data).map_err(io)?;
        let lock = regular_file::open_to_write(&path).map_err(io)?;
        lock.lock().map_err(io)?;
        let mut list = Suppression::read(data)?.list;
        if list.format == 0 {
            list.format = FORMAT;
            getrandom::fill(&mut list.key)
                .expect("every operating system that we support has random bytes");
        }
        Ok(Self {
            data: data.to_owned(),
            list,
            _lock: lock,
            #[cfg(feature = "failpoints")]
            _failpoints: std::env::var_os("FAILPOINTS").map(|_| fail::FailScenario::setup()),
        })
    }

    /// The list as it is now.
    pub(crate) fn current(&self) -> Suppression {
        Suppression::new(self.list.clone())
    }

    /// Adds a name, durably. A name that is in the list keeps its entry.
    pub(crate) fn add(
        &mut self,
        name: &str,
        at: Timestamp,
    ) -> Result<SuppressedName, SuppressionError> {
        let entry = self.list.entry(name, at)?;
        let is_same = |known: &&ListEntry| known.shown.digest == entry.shown.digest;
        if let Some(known) = self.list.entries.iter().find(is_same) {
            return Ok(known.shown.clone());
        }
        let shown = entry.shown.clone();
        self.list.entries.push(entry);
        self.write()?;
        Ok(shown)
    }

    /// Records how many records had the name of an entry.
    pub(crate) fn set_records(
        &mut self,
        digest: &str,
        records: u64,
    ) -> Result<SuppressedName, SuppressionError> {
        let mut entries = self.list.entries.iter_mut();
        let entry = entries.find(|entry| entry.shown.digest == digest);
        let entry = entry.ok_or(SuppressionError::NotListed)?;
        entry.shown.records = Some(records);
        let shown = entry.shown.clone();
        self.write()?;
        Ok(shown)
    }

    /// Removes a name, given by itself or by the first digits of its digest.
    pub(crate) fn withdraw(mut self, name: &str) -> Result<SuppressedName, SuppressionError> {
        let named = forms_of(name, &self.list.key).first().map(|form| form.digest.clone());
        let is_digits = name.len() >= 8 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_meant = |entry: &ListEntry| {
            named.as_ref() == Some(&entry.shown.digest)
                || (is_digits && entry.shown.digest.starts_with(name))
        };
        let position = self.list.entries.iter().position(is_meant);
        let entry = self.list.entries.remove(position.ok_or(SuppressionError::NotListed)?);
        self.write()?;
        Ok(entry.shown)
    }

    fn write(&self) -> Result<(), SuppressionError> {
        let file = CheckedList { checksum: self.list.digest(), list: self.list.clone() };
        let bytes = serde_json::to_vec_pretty(&file).expect("a list always serialises to JSON");
        write_atomically(&Suppression::path(&self.data), &bytes)?;
        fail::fail_point!("suppression-listed", |_| std::process::abort());
        Ok(())
    }
}
