//! Administration of a data folder: status, verify, rollback, resume and garbage collection.

mod report;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use schema::{Change, ChangeOp, GenerationNumber, NodeId, RemovalReason};

pub use self::report::{GcReport, ResumeReport, Status, Verification};
use crate::{
    analysis::ANALYSIS_VERSION,
    catalog::OpenError,
    generation::{
        DataFolder, FORMAT, FileDigest, GenerationError, INDEX_FOLDER, Manifest, PublishHold,
        Staging, Verifier,
    },
    index::{IndexError, IndexReader, IndexWriter, Segments},
    ingest::{
        NoProgress,
        build::link_store,
        write::{self, IndexingError},
    },
    store::{StoreError, StoreFile, StoreReader, StoreWriter},
};

/// Why a data folder cannot be administered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// The data folder or a generation in it.
    #[error(transparent)]
    Generation(#[from] GenerationError),
    /// A generation cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// There is nothing yet.
    #[error("no generation in `{}`; build one with `wegwijzer index`", .0.display())]
    Empty(PathBuf),
    /// There is nothing to go back to.
    #[error("no earlier generation to roll back to; available: {available}")]
    NoEarlier {
        /// The generations on disk.
        available: String,
    },
    /// The generation asked for is not kept.
    #[error("generation {number} is not available; available: {available}")]
    NotRetained {
        /// The number asked for.
        number: GenerationNumber,
        /// The generations on disk.
        available: String,
    },
}

impl From<IndexingError> for AdminError {
    fn from(error: IndexingError) -> Self {
        match error {
            IndexingError::Store(error) => Self::Store(error),
            IndexingError::Index(error) => Self::Index(error),
        }
    }
}

/// What there is in a data folder.
///
/// # Errors
/// [`AdminError`] where the folder cannot be read.
pub fn status(data: &Path) -> Result<Status, AdminError> {
    let data = DataFolder::new(data);
    let current = data.current()?;
    let manifest = current.map(|number| Manifest::read(&data.generation(number), number));
    let (manifest, damage) = match manifest {
        Some(Ok(manifest)) => (Some(manifest), None),
        Some(Err(error)) => (None, Some(error.to_string())),
        None => (None, data.is_missing_current().then(|| data.missing_current_error().to_string())),
    };
    Ok(Status {
        current,
        built_at: manifest.as_ref().map(|m| m.built_at),
        retained: data.generations()?,
        held_at: data.hold()?.map(|hold| hold.content_of),
        counts: manifest.as_ref().map(|m| m.counts),
        sources: manifest.map_or_else(Vec::new, |m| m.sources),
        damage,
    })
}

/// Reads every byte of every generation and compares it with what was written.
///
/// # Errors
/// [`AdminError::Empty`] where there is no generation.
pub fn verify(data: &Path) -> Result<Verification, AdminError> {
    let folder = DataFolder::new(data);
    let mut integrity_errors = Vec::new();
    let current = match folder.current() {
        Ok(current) => current,
        Err(error) => {
            integrity_errors.push(error.to_string());
            None
        }
    };
    if folder.is_missing_current() {
        integrity_errors.push(folder.missing_current_error().to_string());
    }
    let mut numbers = folder.generations()?;
    numbers.extend(current.filter(|number| !numbers.contains(number)));
    if numbers.is_empty() && integrity_errors.is_empty() {
        return Err(AdminError::Empty(data.to_owned()));
    }
    let verifier = Verifier::default();
    let mut intact = Vec::new();
    for number in numbers {
        match verify_one(&folder, number, &verifier) {
            Ok(()) => intact.push(number),
            // A builder has removed it meanwhile.
            Err(_) if Some(number) != current && !folder.generation(number).exists() => {}
            Err(error) => integrity_errors.push(error.to_string()),
        }
    }
    Ok(Verification { current, intact, integrity_errors })
}

fn verify_one(
    data: &DataFolder,
    number: GenerationNumber,
    verifier: &Verifier,
) -> Result<(), AdminError> {
    let folder = data.generation(number);
    let manifest = Manifest::read(&folder, number)?;
    let damaged = |damage: String| GenerationError::Damaged { number, damage };
    let integrity_errors = verifier.integrity_errors(&folder, &manifest)?;
    if !integrity_errors.is_empty() {
        return Err(damaged(integrity_errors.join(", ")).into());
    }
    StoreReader::open(&folder)?.check()?;
    let indexed = IndexReader::open(&folder.join(INDEX_FOLDER), None)?.len();
    let content = manifest.counts.content();
    if indexed != content {
        let damage = format!("the index has {indexed} documents, the store has {content} records");
        return Err(damaged(damage).into());
    }
    Ok(())
}

/// Publishes the content of an earlier generation as a new one, and holds further publishing until
/// [`release`]. Without a number: the generation before the current one.
///
/// # Errors
/// [`AdminError`]; the current generation stays current then.
pub fn rollback(
    data: &Path,
    to: Option<GenerationNumber>,
    now: Timestamp,
) -> Result<GenerationNumber, AdminError> {
    let folder = DataFolder::new(data);
    let lock = folder.lock()?;
    let current = folder.current()?.ok_or_else(|| AdminError::Empty(data.to_owned()))?;
    let target = choose_target(&folder, current, to)?;
    let from = folder.generation(target);
    let manifest = Manifest::read(&from, target)?;
    let integrity_errors = Verifier::default().integrity_errors(&from, &manifest)?;
    if !integrity_errors.is_empty() {
        let damage = integrity_errors.join(", ");
        return Err(GenerationError::Damaged { number: target, damage }.into());
    }
    let number = folder.next_number()?;
    let staging = Staging::begin(&folder, &lock)?;
    let index = staging.path().join(INDEX_FOLDER);
    fs::create_dir(&index).map_err(GenerationError::io("create", &index))?;
    let same_analysis = manifest.analysis == ANALYSIS_VERSION;
    let mut inherited = BTreeMap::new();
    link_store(&from, &manifest, staging.path(), &mut inherited)?;
    if same_analysis {
        link_unchanged_index(&from, &manifest, staging.path(), &mut inherited)?;
    }
    let current_store = StoreReader::open(&folder.generation(current)).ok();
    let target_store = StoreReader::open(&from)?;
    let file = StoreFile::create_overlay(staging.path())?;
    file.write(|store| {
        write_rollback_changes(
            store,
            &target_store,
            current_store.as_ref(),
            (target, number, now),
        )?;
        if !same_analysis {
            let writer = IndexWriter::open(&index, Segments::One)?;
            write::index_all(store, &writer, &NoProgress)?;
            writer.finish()?;
            IndexWriter::remove_locks(&index);
        }
        Ok::<_, AdminError>(())
    })?;
    drop(file);
    let files = staging.digest_files(&inherited)?;
    // Held first: a crash between the two leaves nothing published that the next run would undo.
    folder.set_hold(&PublishHold { content_of: target, since: now })?;
    let manifest = Manifest {
        format: FORMAT,
        number,
        parent: Some(current),
        content_of: Some(manifest.content_of.unwrap_or(target)),
        analysis: ANALYSIS_VERSION,
        built_at: now,
        files,
        ..manifest
    };
    staging.publish(&manifest).map_err(|error| {
        // Nothing was brought back, so nothing is to be held.
        let _ = folder.remove_hold();
        error.into()
    })
}

fn choose_target(
    folder: &DataFolder,
    current: GenerationNumber,
    to: Option<GenerationNumber>,
) -> Result<GenerationNumber, AdminError> {
    let available = folder.generations()?;
    let listed = || available.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match to {
        Some(number) if available.contains(&number) => Ok(number),
        Some(number) => Err(AdminError::NotRetained { number, available: listed() }),
        None => {
            // Compacting and going back publish content that was there: going back means other.
            let content_of = |number: GenerationNumber| {
                let manifest = Manifest::read(&folder.generation(number), number).ok()?;
                Some(manifest.content_of.unwrap_or(number))
            };
            let current_content = content_of(current);
            let earlier = available
                .iter()
                .rev()
                .find(|n| **n < current && content_of(**n) != current_content);
            earlier.copied().ok_or_else(|| AdminError::NoEarlier { available: listed() })
        }
    }
}

/// Writes into an older store what came after it, and that all of it is undone.
fn write_rollback_changes(
    store: &mut StoreWriter<'_>,
    target_store: &StoreReader,
    current_store: Option<&StoreReader>,
    (target, generation, at): (GenerationNumber, GenerationNumber, Timestamp),
) -> Result<(), AdminError> {
    let mut changes: Vec<(NodeId, Option<RemovalReason>)> = Vec::new();
    if let Some(current_store) = current_store {
        store.copy_history_from(current_store, target)?;
        for id in current_store.ids()? {
            if target_store.record_bytes(id)?.is_none() {
                changes.push((id, Some(RemovalReason::RolledBack)));
            }
        }
    }
    for id in target_store.ids()? {
        let is_unchanged = match current_store {
            Some(current_store) => store.is_unchanged_since(current_store, id)?,
            None => false,
        };
        if !is_unchanged {
            changes.push((id, None));
        }
    }
    for (position, (id, reason)) in changes.into_iter().enumerate() {
        let position = u32::try_from(position).unwrap_or(u32::MAX);
        let op = if reason.is_some() { ChangeOp::Removed } else { ChangeOp::Upserted };
        store.put_change(&Change { id, generation, position, at, op, reason })?;
    }
    Ok(())
}

/// Lets builds publish again after a rollback.
///
/// # Errors
/// [`AdminError`] where the folder cannot be written.
pub fn resume(data: &Path) -> Result<ResumeReport, AdminError> {
    Ok(ResumeReport { was_held: DataFolder::new(data).remove_hold()? })
}

/// Removes the oldest generations until `keep` are left, and makes the index of the current one
/// compact, as a new generation, where incremental builds left it in pieces.
///
/// # Errors
/// [`AdminError`] where the folder cannot be read or written, or the current generation is damaged.
pub fn gc(data: &Path, retained: usize, now: Timestamp) -> Result<GcReport, AdminError> {
    let folder = DataFolder::new(data);
    let lock = folder.lock()?;
    let compacted = compact(&folder, &lock, now)?;
    Ok(GcReport { removed: folder.remove_oldest(retained)?, compacted })
}

fn compact(
    folder: &DataFolder,
    lock: &crate::generation::BuildLock,
    now: Timestamp,
) -> Result<Option<GenerationNumber>, AdminError> {
    let Some(current) = folder.current()? else { return Ok(None) };
    let from = folder.generation(current);
    let manifest = Manifest::read(&from, current)?;
    let integrity_errors = Verifier::default().integrity_errors(&from, &manifest)?;
    if !integrity_errors.is_empty() {
        let damage = integrity_errors.join(", ");
        return Err(GenerationError::Damaged { number: current, damage }.into());
    }
    let store = StoreReader::open(&from)?;
    let index_is_compact = IndexReader::open(&from.join(INDEX_FOLDER), None)?.is_compact();
    if index_is_compact && !store.has_overlay() {
        return Ok(None);
    }
    let staging = Staging::begin(folder, lock)?;
    let index = staging.path().join(INDEX_FOLDER);
    fs::create_dir(&index).map_err(GenerationError::io("create", &index))?;
    let mut inherited = BTreeMap::new();
    if store.has_overlay() {
        drop(StoreFile::copy_of(staging.path(), &store)?);
    } else {
        link_store(&from, &manifest, staging.path(), &mut inherited)?;
    }
    if index_is_compact {
        link_unchanged_index(&from, &manifest, staging.path(), &mut inherited)?;
    } else {
        for name in manifest.files.keys().filter(|name| is_index_file(name)) {
            let (source, copy) = (from.join(name), staging.path().join(name));
            fs::copy(&source, &copy).map_err(GenerationError::io("copy", &source))?;
        }
        IndexWriter::open(&index, Segments::One)?.finish()?;
        IndexWriter::remove_locks(&index);
    }
    let files = staging.digest_files(&inherited)?;
    let number = folder.next_number()?;
    let content_of = manifest.content_of.or(Some(current));
    let manifest = Manifest {
        format: FORMAT,
        number,
        parent: Some(current),
        content_of,
        built_at: now,
        files,
        ..manifest
    };
    Ok(Some(staging.publish(&manifest)?))
}

fn is_index_file(name: &str) -> bool {
    name.strip_prefix(INDEX_FOLDER).is_some_and(|rest| rest.starts_with('/'))
}

/// Hard-links an index that stays as it is.
fn link_unchanged_index(
    from: &Path,
    manifest: &Manifest,
    into: &Path,
    inherited: &mut BTreeMap<String, FileDigest>,
) -> Result<(), GenerationError> {
    for (name, digest) in manifest.files.iter().filter(|(name, _)| is_index_file(name)) {
        let source = from.join(name);
        fs::hard_link(&source, into.join(name)).map_err(GenerationError::io("link", &source))?;
        inherited.insert(name.clone(), digest.clone());
    }
    Ok(())
}
