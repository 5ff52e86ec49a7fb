//! Administration of a data folder: status, verify, rollback, resume and garbage collection.

mod forgetting;
mod report;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use schema::{Change, ChangeOp, GenerationNumber, NodeId, RemovalReason};

pub use self::forgetting::{ForgetReceipt, PurgeReport, WithdrawReport, forget, purge, withdraw};
pub use self::report::{
    GcReport, LastRun, ResumeReport, RunReport, RunSource, Status, Verification,
};
pub use crate::suppression::{SuppressedName, SuppressionError};
use crate::{
    analysis::ANALYSIS_VERSION,
    generation::{
        BaseGeneration, BuildLock, Damage, DataFolder, GenerationBuilder, GenerationError,
        INDEX_FOLDER, Manifest, PublishHold, StoreCheck, Verifier,
    },
    index::{IndexError, IndexReader, IndexWriter, Segments},
    ingest::{BuildError, NoProgress, Progress, index_records},
    store::{StoreError, StoreFile, StoreReader, StoreWriter},
    suppression::Suppression,
    with_causes,
};

/// Failure of an administrative command.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// The data folder or one of its generations is unusable.
    #[error(transparent)]
    Generation(#[from] GenerationError),
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index cannot be read or written.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The index cannot be rebuilt from the store.
    #[error(transparent)]
    Reindex(#[from] BuildError),
    /// The suppression list cannot be used.
    #[error(transparent)]
    Suppression(#[from] SuppressionError),
    /// There is no generation yet.
    #[error("no generation in `{}`; build one with `wegwijzer index`", .0.display())]
    Empty(PathBuf),
    /// The report of the last run cannot be read.
    #[error("cannot read the report of the last run; run `wegwijzer index`: `{}`", path.display())]
    LastRun {
        /// The file.
        path: PathBuf,
        /// Why it cannot be read.
        #[source]
        cause: std::io::Error,
    },
    /// No earlier generation with different content is retained.
    #[error("no earlier generation to roll back to; available: {available}")]
    NoEarlier {
        /// The retained generations.
        available: String,
    },
    /// The requested generation is not retained.
    #[error("generation {number} is not available; available: {available}")]
    NotRetained {
        /// The requested number.
        number: GenerationNumber,
        /// The retained generations.
        available: String,
    },
}

/// Returns the state of a data folder.
///
/// # Errors
/// [`AdminError`] if the folder cannot be read.
pub fn status(data: &Path) -> Result<Status, AdminError> {
    let data = DataFolder::new(data);
    let current = data.current()?;
    let manifest = current.map(|number| Manifest::read(&data.generation(number), number));
    let (manifest, damage) = match manifest {
        Some(Ok(manifest)) => (Some(manifest), None),
        Some(Err(error)) => (None, Some(with_causes(&error))),
        None => (None, data.is_missing_current().then(|| data.missing_current_error().to_string())),
    };
    let (forgotten, damage) = match Suppression::read(data.root()) {
        Ok(list) => (list.entries().cloned().collect(), damage),
        Err(error) => (Vec::new(), Some(with_causes(&error))),
    };
    Ok(Status {
        current,
        built_at: manifest.as_ref().map(|m| m.built_at),
        retained: data.generations()?,
        held_at: data.hold()?.map(|hold| hold.content_of),
        counts: manifest.as_ref().map(|m| m.counts),
        sources: manifest.map_or_else(Vec::new, |m| m.sources),
        forgotten,
        damage,
    })
}

/// Reports what the last run of `wegwijzer index` rejected, also where it published nothing.
///
/// # Errors
/// [`AdminError`] where the report cannot be read.
pub fn last_run(data: &Path) -> Result<LastRun, AdminError> {
    let path = DataFolder::new(data).status_file();
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(AdminError::Empty(data.to_owned()));
        }
        Err(cause) => return Err(AdminError::LastRun { path, cause }),
    };
    serde_json::from_slice(&text).map_err(|error| AdminError::LastRun { path, cause: error.into() })
}

/// Reads every byte of every generation and compares it with the manifests.
///
/// # Errors
/// [`AdminError::Empty`] if there is no generation.
pub fn verify(data: &Path) -> Result<Verification, AdminError> {
    let folder = DataFolder::new(data);
    let mut integrity_errors = Vec::new();
    let current = match folder.current() {
        Ok(current) => current,
        Err(error) => {
            integrity_errors.push(with_causes(&error));
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
            // A concurrent build has removed it.
            Err(_) if Some(number) != current && !folder.generation(number).exists() => {}
            Err(error) => integrity_errors.push(with_causes(&error)),
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
    verifier.check(&folder, &manifest)?;
    StoreReader::open(&folder, None)?.check()?;
    let documents = IndexReader::open(&folder.join(INDEX_FOLDER))?.len();
    let records = manifest.counts.content();
    if documents != records {
        let damage = vec![Damage::DocumentCount { documents, records }];
        return Err(GenerationError::Damaged { number, damage }.into());
    }
    Ok(())
}

/// Publishes the content of an earlier generation as a new one, and puts publishing on hold until
/// [`resume`]. `to` defaults to the newest earlier generation with different content.
///
/// # Errors
/// [`AdminError`]; the current generation then remains current.
pub fn rollback(
    data: &Path,
    to: Option<GenerationNumber>,
    now: Timestamp,
) -> Result<GenerationNumber, AdminError> {
    rollback_with_progress(data, to, now, &NoProgress)
}

/// Like [`rollback`]; `progress` gets a note if `CURRENT` or the history cannot be read.
///
/// # Errors
/// As [`rollback`].
pub fn rollback_with_progress(
    data: &Path,
    to: Option<GenerationNumber>,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<GenerationNumber, AdminError> {
    let folder = DataFolder::new(data);
    let lock = folder.lock()?;
    let current = folder.current_or_newest()?.ok_or_else(|| AdminError::Empty(data.to_owned()))?;
    if !matches!(folder.current(), Ok(Some(named)) if named == current) {
        progress.note(&format!("`CURRENT` names no generation; rolling back from {current}"));
    }
    let target = choose_target(&folder, current, to)?;
    let base = BaseGeneration::open_intact(&folder, target)?;
    let same_analysis = base.manifest.analysis == ANALYSIS_VERSION;
    let mut builder = GenerationBuilder::begin(&folder, &lock)?;
    builder.share_store(&base)?;
    if same_analysis {
        builder.share_index(&base)?;
    }
    let stores = RollbackStores {
        target: StoreReader::open(&base.folder, None)?,
        current: open_newest_store(&folder, target, progress)?,
    };
    let file = StoreFile::create_overlay(builder.folder(), None)?;
    file.write(|store| {
        stores.copy_history(store, target)?;
        stores.write_changes(store, builder.number(), now)?;
        if !same_analysis {
            let writer = IndexWriter::open(&builder.index_folder(), Segments::One)?;
            index_records::index_all(store, &writer, &NoProgress)?;
            writer.finish()?;
            IndexWriter::remove_locks(&builder.index_folder());
        }
        Ok::<_, AdminError>(())
    })?;
    drop(file);
    let manifest = builder.seal(Manifest {
        parent: Some(current),
        content_of: Some(base.manifest.content_of.unwrap_or(target)),
        analysis: ANALYSIS_VERSION,
        built_at: now,
        ..base.manifest
    })?;
    // Hold first: after a crash between the two steps, the next build cannot undo the rollback.
    folder.set_hold(&PublishHold { content_of: target, since: now })?;
    builder.publish(&manifest).map_err(|error| {
        // Nothing was rolled back, so lift the hold.
        let _ = folder.remove_hold();
        error.into()
    })
}

/// The store of the newest intact generation, which has the whole history. A damaged one must not
/// prevent its own rollback, but what it alone has of the history is lost, and reported.
fn open_newest_store(
    folder: &DataFolder,
    target: GenerationNumber,
    progress: &dyn Progress,
) -> Result<Option<StoreReader>, AdminError> {
    for number in folder.generations()?.into_iter().rev().filter(|number| *number >= target) {
        let opened =
            BaseGeneration::open(folder, number, StoreCheck::Whole).map_err(AdminError::from);
        match opened.and_then(|base| Ok(StoreReader::open(&base.folder, None)?)) {
            Ok(store) => return Ok(Some(store)),
            Err(error) => progress.note(&format!(
                "changes of generation {number} are not in the history: {}",
                with_causes(&error)
            )),
        }
    }
    Ok(None)
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
            // Compaction and rollback republish earlier content; skip generations with the same
            // content.
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

/// The stores that a rollback compares.
struct RollbackStores {
    target: StoreReader,
    current: Option<StoreReader>,
}

impl RollbackStores {
    /// Copies the history since the target generation into the new store.
    fn copy_history(
        &self,
        store: &mut StoreWriter<'_>,
        target: GenerationNumber,
    ) -> Result<(), StoreError> {
        self.current.as_ref().map_or(Ok(()), |current| store.copy_history_from(current, target))
    }

    /// Writes a change for each record that differs between the two stores.
    fn write_changes(
        &self,
        store: &mut StoreWriter<'_>,
        generation: GenerationNumber,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut changes: Vec<(NodeId, Option<RemovalReason>)> = Vec::new();
        if let Some(current) = &self.current {
            for id in current.ids()? {
                if self.target.record_bytes(id)?.is_none() {
                    changes.push((id, Some(RemovalReason::RolledBack)));
                }
            }
        }
        for id in self.target.ids()? {
            let is_unchanged = match &self.current {
                Some(current) => store.is_unchanged_since(current, id)?,
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
}

/// Lifts the hold on publishing after a rollback.
///
/// # Errors
/// [`AdminError`] if the folder cannot be written.
pub fn resume(data: &Path) -> Result<ResumeReport, AdminError> {
    Ok(ResumeReport { was_held: DataFolder::new(data).remove_hold()? })
}

/// Removes the oldest generations until `retained` are left. If incremental builds have fragmented
/// the store or the index of the current generation, publishes a compacted copy as a new
/// generation.
///
/// # Errors
/// [`AdminError`] if the folder cannot be read or written, or if the current generation is damaged.
pub fn gc(data: &Path, retained: usize, now: Timestamp) -> Result<GcReport, AdminError> {
    let folder = DataFolder::new(data);
    let lock = folder.lock()?;
    let compacted = compact(&folder, &lock, now)?;
    Ok(GcReport { removed: folder.remove_oldest(retained)?, compacted })
}

fn compact(
    folder: &DataFolder,
    lock: &BuildLock,
    now: Timestamp,
) -> Result<Option<GenerationNumber>, AdminError> {
    let Some(current) = folder.current()? else { return Ok(None) };
    // The history goes on in the newest generation only.
    if folder.generations()?.last() != Some(&current) {
        return Ok(None);
    }
    let base = BaseGeneration::open_intact(folder, current)?;
    let store = StoreReader::open(&base.folder, None)?;
    let index_is_compact = IndexReader::open(&base.index_folder())?.is_compact();
    if index_is_compact && !store.has_overlay() {
        return Ok(None);
    }
    let mut builder = GenerationBuilder::begin(folder, lock)?;
    if store.has_overlay() {
        drop(StoreFile::copy_of(builder.folder(), &store)?);
    } else {
        builder.share_store(&base)?;
    }
    builder.share_index(&base)?;
    if !index_is_compact {
        IndexWriter::open(&builder.index_folder(), Segments::One)?.finish()?;
        IndexWriter::remove_locks(&builder.index_folder());
    }
    let manifest = builder.seal(Manifest {
        parent: Some(current),
        content_of: base.manifest.content_of.or(Some(current)),
        built_at: now,
        ..base.manifest
    })?;
    Ok(Some(builder.publish(&manifest)?))
}
