//! The data folder: the generations on disk, the current one, the build lock and the publish hold.

use std::{
    fs::{self, File, TryLockError},
    io::{ErrorKind, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use schema::GenerationNumber;
use serde::{Deserialize, Serialize};

use super::{GenerationError, MANIFEST_FILE, write_atomically};
use crate::regular_file;

const CURRENT_FILE: &str = "CURRENT";
const HOLD_FILE: &str = "HOLD";
/// Upper bound on generation numbers, far above what publishing can reach.
const NUMBER_MAX: GenerationNumber = GenerationNumber(1 << 48);
/// Maximum length of `CURRENT` and `HOLD` in bytes.
const POINTER_BYTES_MAX: u64 = 1_024;
const LOCK_FILE: &str = "builder.lock";
const STAGING_FOLDER: &str = ".building";
const RETIRING_FOLDER: &str = ".removing";

/// The folder that holds the generations of one installation.
#[derive(Debug, Clone)]
pub(crate) struct DataFolder {
    root: PathBuf,
}

/// A hold: nothing is published until an operator releases it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PublishHold {
    /// The generation whose content a rollback restored.
    pub(crate) content_of: GenerationNumber,
    pub(crate) since: Timestamp,
}

impl PublishHold {
    fn unreadable() -> Self {
        Self { content_of: GenerationNumber::default(), since: Timestamp::UNIX_EPOCH }
    }
}

/// The exclusive right to build, for the lifetime of the value. The operating system holds the
/// lock, so a killed builder leaves no stale lock; the process id in the file is informational.
#[derive(Debug)]
pub(crate) struct BuildLock {
    file: File,
    /// Stops the process at the failpoint that a crash test sets in the environment.
    #[cfg(feature = "failpoints")]
    _failpoints: Option<fail::FailScenario<'static>>,
}

impl Drop for BuildLock {
    /// Unlocks explicitly: closing the file is not enough while a child process still has it open.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

impl DataFolder {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn generation(&self, number: GenerationNumber) -> PathBuf {
        self.root.join(number.to_string())
    }

    pub(crate) fn staging(&self) -> PathBuf {
        self.root.join(STAGING_FOLDER)
    }

    pub(crate) fn status_file(&self) -> PathBuf {
        self.root.join("status.json")
    }

    /// The generation that `CURRENT` names; `None` before the first generation.
    pub(crate) fn current(&self) -> Result<Option<GenerationNumber>, GenerationError> {
        let path = self.root.join(CURRENT_FILE);
        match regular_file::read(&path, POINTER_BYTES_MAX) {
            Ok(bytes) => std::str::from_utf8(&bytes)
                .ok()
                .and_then(|text| text.trim_end().parse().ok())
                .filter(|number| *number < NUMBER_MAX)
                .map(Some)
                .ok_or(GenerationError::InvalidCurrent { path }),
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
            Err(cause) if is_malformed(&cause) => Err(GenerationError::InvalidCurrent { path }),
            Err(cause) => Err(GenerationError::io("read", &path)(cause)),
        }
    }

    /// The generation that `CURRENT` names if it is on disk, otherwise the newest one; `None` if
    /// there are none.
    pub(crate) fn current_or_newest(&self) -> Result<Option<GenerationNumber>, GenerationError> {
        let generations = self.generations()?;
        match self.current() {
            Ok(Some(current)) if self.generation(current).exists() => Ok(Some(current)),
            Ok(_) | Err(GenerationError::InvalidCurrent { .. }) => Ok(generations.last().copied()),
            Err(error) => Err(error),
        }
    }

    /// Whether generations exist but none is current.
    pub(crate) fn is_missing_current(&self) -> bool {
        matches!(self.current(), Ok(None)) && self.generations().is_ok_and(|all| !all.is_empty())
    }

    /// The error for a `CURRENT` that existed before and is now missing.
    pub(crate) fn missing_current_error(&self) -> GenerationError {
        GenerationError::InvalidCurrent { path: self.root.join(CURRENT_FILE) }
    }

    /// Makes `number` the current generation, atomically.
    pub(crate) fn set_current(&self, number: GenerationNumber) -> Result<(), GenerationError> {
        write_atomically(&self.root.join(CURRENT_FILE), format!("{number}\n").as_bytes())
    }

    /// A number never used in this folder: above `CURRENT` and every generation on disk.
    pub(crate) fn next_number(&self) -> Result<GenerationNumber, GenerationError> {
        let newest = self.generations()?.last().copied().unwrap_or_default();
        let current = self.current().ok().flatten();
        // The largest number has no successor.
        let current = current.filter(|number| number.next() < NUMBER_MAX).unwrap_or_default();
        let mut number = newest.max(current).next();
        while self.generation(number).exists() {
            number = number.next();
        }
        Ok(number)
    }

    /// The generations on disk, intact or damaged, oldest first.
    pub(crate) fn generations(&self) -> Result<Vec<GenerationNumber>, GenerationError> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(cause) => return Err(GenerationError::io("list", &self.root)(cause)),
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let entry = entry.map_err(GenerationError::io("list", &self.root))?;
            // Entries with another name or without a manifest are not ours and stay untouched.
            let name = entry.file_name();
            let number: Option<GenerationNumber> = name.to_str().and_then(|n| n.parse().ok());
            let is_generation = |number: &GenerationNumber| {
                number.next() < NUMBER_MAX
                    && number.to_string().as_str() == name.to_string_lossy()
                    && entry.path().join(MANIFEST_FILE).exists()
            };
            let number = number.filter(is_generation);
            numbers.extend(number);
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Acquires the build lock and removes what a killed builder left behind.
    pub(crate) fn lock(&self) -> Result<BuildLock, GenerationError> {
        fs::create_dir_all(&self.root).map_err(GenerationError::io("create", &self.root))?;
        let path = self.root.join(LOCK_FILE);
        let io = |cause| GenerationError::io("lock", &path)(cause);
        let mut file = regular_file::open_to_write(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.take(200).read_to_string(&mut holder);
                let holder = holder.trim_end().to_owned();
                return Err(GenerationError::Locked { path: self.root.clone(), holder });
            }
            Err(TryLockError::Error(cause)) => return Err(io(cause)),
        }
        file.set_len(0).map_err(io)?;
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        writeln!(file, "process {}", std::process::id()).map_err(io)?;
        self.clear_leftovers()?;
        Ok(BuildLock {
            file,
            #[cfg(feature = "failpoints")]
            _failpoints: std::env::var_os("FAILPOINTS").map(|_| fail::FailScenario::setup()),
        })
    }

    /// Removes unfinished generations. A generation is finished once its folder has its number,
    /// whatever `CURRENT` names.
    fn clear_leftovers(&self) -> Result<(), GenerationError> {
        remove_folder(&self.staging())?;
        remove_folder(&self.retiring())
    }

    /// Removes the oldest generations until `keep` remain, including the current one.
    pub(crate) fn remove_oldest(
        &self,
        retained: usize,
    ) -> Result<Vec<GenerationNumber>, GenerationError> {
        let current = self.current_or_newest()?;
        let numbers = self.generations()?;
        let surplus = numbers.len().saturating_sub(retained.max(1));
        let oldest: Vec<_> =
            numbers.into_iter().filter(|n| Some(*n) != current).take(surplus).collect();
        for number in &oldest {
            self.retire(*number)?;
        }
        Ok(oldest)
    }

    /// Removes a generation. Renames it first, so that a crash never leaves a partial generation.
    fn retire(&self, number: GenerationNumber) -> Result<(), GenerationError> {
        let (from, to) = (self.generation(number), self.retiring());
        remove_folder(&to)?;
        fs::rename(&from, &to).map_err(GenerationError::io("remove", &from))?;
        remove_folder(&to)
    }

    fn retiring(&self) -> PathBuf {
        self.root.join(RETIRING_FOLDER)
    }

    /// The publish hold, if there is one.
    pub(crate) fn hold(&self) -> Result<Option<PublishHold>, GenerationError> {
        let path = self.root.join(HOLD_FILE);
        match regular_file::read(&path, POINTER_BYTES_MAX) {
            // An unreadable hold is still a hold: only an operator can release it.
            Ok(bytes) => {
                let hold = serde_json::from_slice(&bytes);
                Ok(Some(hold.unwrap_or_else(|_| PublishHold::unreadable())))
            }
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
            Err(cause) if is_malformed(&cause) => Ok(Some(PublishHold::unreadable())),
            Err(cause) => Err(GenerationError::io("read", &path)(cause)),
        }
    }

    pub(crate) fn set_hold(&self, hold: &PublishHold) -> Result<(), GenerationError> {
        let bytes = serde_json::to_vec(hold).expect("a hold always serialises to JSON");
        write_atomically(&self.root.join(HOLD_FILE), &bytes)
    }

    /// Releases the hold. Returns whether there was one.
    pub(crate) fn remove_hold(&self) -> Result<bool, GenerationError> {
        let path = self.root.join(HOLD_FILE);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(false),
            Err(cause) => Err(GenerationError::io("remove", &path)(cause)),
        }
    }
}

/// Whether the path exists but is not a small regular file.
fn is_malformed(cause: &std::io::Error) -> bool {
    matches!(cause.kind(), ErrorKind::InvalidInput | ErrorKind::FileTooLarge)
}

fn remove_folder(path: &Path) -> Result<(), GenerationError> {
    match fs::remove_dir_all(path) {
        Ok(()) => Ok(()),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(GenerationError::io("remove", path)(cause)),
    }
}
