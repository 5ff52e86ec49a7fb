//! Looking after a data folder: status, verify, rollback, release, clearing away.

use std::{collections::BTreeMap, fs, path::Path};

use jiff::Timestamp;
use schema::{Change, ChangeOp, GenerationNumber, NodeId, RemovalReason};

use super::{Collected, ManageError, Released, Silent, Status, Verification, build::link_store};
use crate::{
    generation::{
        DataFolder, FORMAT, FileSeal, GenerationError, Hold, INDEX_FOLDER, Manifest, Staging,
        Verifier,
    },
    index::{IndexReader, IndexWriter, Segments},
    language::ANALYSIS_VERSION,
    pipeline::write,
    store::{StoreFile, StoreReader, StoreWriter},
};

/// What there is in a data folder.
///
/// # Errors
/// [`ManageError`] where the folder cannot be read.
pub fn status(data: &Path) -> Result<Status, ManageError> {
    let data = DataFolder::new(data);
    let current = data.current()?;
    let manifest = current.map(|number| Manifest::read(&data.generation(number), number));
    let (manifest, damage) = match manifest {
        Some(Ok(manifest)) => (Some(manifest), None),
        Some(Err(error)) => (None, Some(error.to_string())),
        None => (None, data.has_lost_its_pointer().then(|| data.lost().to_string())),
    };
    Ok(Status {
        current,
        built_at: manifest.as_ref().map(|m| m.built_at),
        kept: data.generations()?,
        held_at: data.hold()?.map(|hold| hold.content_of),
        counts: manifest.as_ref().map(|m| m.counts),
        sources: manifest.map_or_else(Vec::new, |m| m.sources),
        damage,
    })
}

/// Reads every byte of every generation and compares it with what was written.
///
/// # Errors
/// [`ManageError::Empty`] where there is no generation.
pub fn verify(data: &Path) -> Result<Verification, ManageError> {
    let folder = DataFolder::new(data);
    let mut damages = Vec::new();
    let current = match folder.current() {
        Ok(current) => current,
        Err(error) => {
            damages.push(error.to_string());
            None
        }
    };
    if folder.has_lost_its_pointer() {
        damages.push(folder.lost().to_string());
    }
    let mut numbers = folder.generations()?;
    numbers.extend(current.filter(|number| !numbers.contains(number)));
    if numbers.is_empty() && damages.is_empty() {
        return Err(ManageError::Empty(data.to_owned()));
    }
    let verifier = Verifier::default();
    let mut sound = Vec::new();
    for number in numbers {
        match verify_one(&folder, number, &verifier) {
            Ok(()) => sound.push(number),
            // A builder has removed it meanwhile.
            Err(_) if Some(number) != current && !folder.generation(number).exists() => {}
            Err(error) => damages.push(error.to_string()),
        }
    }
    Ok(Verification { current, sound, damages })
}

fn verify_one(
    data: &DataFolder,
    number: GenerationNumber,
    verifier: &Verifier,
) -> Result<(), ManageError> {
    let folder = data.generation(number);
    let manifest = Manifest::read(&folder, number)?;
    let wrong = |damage: String| GenerationError::Damaged { number, damage };
    let damages = verifier.damages(&folder, &manifest)?;
    if !damages.is_empty() {
        return Err(wrong(damages.join(", ")).into());
    }
    StoreReader::open(&folder)?.check()?;
    let indexed = IndexReader::open(&folder.join(INDEX_FOLDER), None)?.len();
    let content = manifest.counts.content();
    if indexed != content {
        let damage = format!("the index holds {indexed} documents and the store {content}");
        return Err(wrong(damage).into());
    }
    Ok(())
}

/// Publishes the content of an earlier generation as a new one, and holds further publishing until
/// [`release`]. Without a number: the generation before the current one.
///
/// # Errors
/// [`ManageError`]; the current generation stays current then.
pub fn rollback(
    data: &Path,
    to: Option<GenerationNumber>,
    now: Timestamp,
) -> Result<GenerationNumber, ManageError> {
    let folder = DataFolder::new(data);
    let lock = folder.lock()?;
    let current = folder.current()?.ok_or_else(|| ManageError::Empty(data.to_owned()))?;
    let target = choose_target(&folder, current, to)?;
    let from = folder.generation(target);
    let manifest = Manifest::read(&from, target)?;
    let damages = Verifier::default().damages(&from, &manifest)?;
    if !damages.is_empty() {
        let damage = damages.join(", ");
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
    let newer = StoreReader::open(&folder.generation(current)).ok();
    let older = StoreReader::open(&from)?;
    let file = StoreFile::over_base(staging.path())?;
    file.write(|store| {
        turn_back(store, &older, newer.as_ref(), (target, number, now))?;
        if !same_analysis {
            let writer = IndexWriter::open(&index, Segments::One)?;
            write::index_all(store, &writer, &Silent)?;
            writer.finish()?;
            IndexWriter::remove_locks(&index);
        }
        Ok::<_, ManageError>(())
    })?;
    drop(file);
    let files = staging.seal(&inherited)?;
    // Held first: a crash between the two leaves nothing published that the next run would undo.
    folder.set_hold(&Hold { content_of: target, since: now })?;
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
        let _ = folder.release();
        error.into()
    })
}

fn choose_target(
    folder: &DataFolder,
    current: GenerationNumber,
    to: Option<GenerationNumber>,
) -> Result<GenerationNumber, ManageError> {
    let kept = folder.generations()?;
    let listed = || kept.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match to {
        Some(number) if kept.contains(&number) => Ok(number),
        Some(number) => Err(ManageError::NotKept { number, kept: listed() }),
        None => {
            // Compacting and going back publish content that was there: going back means other.
            let content = |number: GenerationNumber| {
                let manifest = Manifest::read(&folder.generation(number), number).ok()?;
                Some(manifest.content_of.unwrap_or(number))
            };
            let now = content(current);
            let earlier = kept.iter().rev().find(|n| **n < current && content(**n) != now);
            earlier.copied().ok_or_else(|| ManageError::NoEarlier { kept: listed() })
        }
    }
}

/// Writes into an older store what came after it, and that all of it is undone.
fn turn_back(
    store: &mut StoreWriter<'_>,
    older: &StoreReader,
    newer: Option<&StoreReader>,
    (target, generation, at): (GenerationNumber, GenerationNumber, Timestamp),
) -> Result<(), ManageError> {
    let mut changes: Vec<(NodeId, Option<RemovalReason>)> = Vec::new();
    if let Some(newer) = newer {
        store.take_over_history(newer, target)?;
        for id in newer.ids()? {
            if older.record_bytes(id)?.is_none() {
                changes.push((id, Some(RemovalReason::RolledBack)));
            }
        }
    }
    for id in older.ids()? {
        let same = match newer {
            Some(newer) => store.same_as(newer, id)?,
            None => false,
        };
        if !same {
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
/// [`ManageError`] where the folder cannot be written.
pub fn release(data: &Path) -> Result<Released, ManageError> {
    Ok(Released { was_held: DataFolder::new(data).release()? })
}

/// Removes the oldest generations until `keep` are left, and makes the index of the current one
/// compact, as a new generation, where incremental builds left it in pieces.
///
/// # Errors
/// [`ManageError`] where the folder cannot be read or written, or the current generation is damaged.
pub fn gc(data: &Path, keep: usize, now: Timestamp) -> Result<Collected, ManageError> {
    let folder = DataFolder::new(data);
    let lock = folder.lock()?;
    let compacted = compact(&folder, &lock, now)?;
    Ok(Collected { removed: folder.remove_oldest(keep)?, compacted })
}

fn compact(
    folder: &DataFolder,
    lock: &crate::generation::BuildLock,
    now: Timestamp,
) -> Result<Option<GenerationNumber>, ManageError> {
    let Some(current) = folder.current()? else { return Ok(None) };
    let from = folder.generation(current);
    let manifest = Manifest::read(&from, current)?;
    let damages = Verifier::default().damages(&from, &manifest)?;
    if !damages.is_empty() {
        let damage = damages.join(", ");
        return Err(GenerationError::Damaged { number: current, damage }.into());
    }
    let store = StoreReader::open(&from)?;
    let index_is_compact = IndexReader::open(&from.join(INDEX_FOLDER), None)?.is_compact();
    if index_is_compact && !store.is_layered() {
        return Ok(None);
    }
    let staging = Staging::begin(folder, lock)?;
    let index = staging.path().join(INDEX_FOLDER);
    fs::create_dir(&index).map_err(GenerationError::io("create", &index))?;
    let mut inherited = BTreeMap::new();
    if store.is_layered() {
        drop(StoreFile::copy_of(staging.path(), &store)?);
    } else {
        link_store(&from, &manifest, staging.path(), &mut inherited)?;
    }
    if index_is_compact {
        link_unchanged_index(&from, &manifest, staging.path(), &mut inherited)?;
    } else {
        for name in manifest.files.keys().filter(|name| is_of_index(name)) {
            let (source, copy) = (from.join(name), staging.path().join(name));
            fs::copy(&source, &copy).map_err(GenerationError::io("copy", &source))?;
        }
        IndexWriter::open(&index, Segments::One)?.finish()?;
        IndexWriter::remove_locks(&index);
    }
    let files = staging.seal(&inherited)?;
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

fn is_of_index(name: &str) -> bool {
    name.strip_prefix(INDEX_FOLDER).is_some_and(|rest| rest.starts_with('/'))
}

/// Hard-links an index that stays as it is.
fn link_unchanged_index(
    from: &Path,
    manifest: &Manifest,
    into: &Path,
    inherited: &mut BTreeMap<String, FileSeal>,
) -> Result<(), GenerationError> {
    for (name, seal) in manifest.files.iter().filter(|(name, _)| is_of_index(name)) {
        let source = from.join(name);
        fs::hard_link(&source, into.join(name)).map_err(GenerationError::io("link", &source))?;
        inherited.insert(name.clone(), seal.clone());
    }
    Ok(())
}
