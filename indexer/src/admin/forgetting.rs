//! Forgetting a person: the suppression list, and generations without the names in it.

#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    fmt, fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use schema::{GenerationNumber, Language};
use serde::Serialize;

use super::AdminError;
use crate::{
    analysis::ANALYSIS_VERSION,
    generation::{
        BaseGeneration, DataFolder, GenerationBuilder, GenerationError, Manifest, write_atomically,
    },
    index::{IndexWriter, Segments},
    ingest::{self, BuildConfig, BuildInput, BuildOptions, Outcome, Progress, index_records},
    source_health,
    store::{StoreError, StoreFile, StoreReader},
    suppression::{ListEditor, SuppressedName, Suppression},
    sync, with_causes,
};

/// The receipt of a name that was forgotten. It does not contain the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForgetReceipt {
    /// The entry of the suppression list.
    #[serde(flatten)]
    pub entry: SuppressedName,
    /// The first generation that does not contain the name.
    pub generation: Option<GenerationNumber>,
    /// Why the current generation still contains the name, which is hidden; the next build removes it.
    pub pending: Option<String>,
}

impl fmt::Display for ForgetReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "forgotten: {}, {}", self.entry.digest, self.entry.at)?;
        write!(f, "{}", RecordsFound(&self.entry))?;
        if let Some(generation) = self.generation {
            writeln!(f, "generation {generation} does not contain the name")?;
        }
        if let Some(pending) = &self.pending {
            writeln!(
                f,
                "the name is hidden at once; the next `wegwijzer index` removes it: {pending}"
            )?;
        }
        writeln!(f, "earlier generations contain the name until `wegwijzer gc --purge`")
    }
}

/// Formats the number of records that named a person, and what to do if there are none.
pub(super) struct RecordsFound<'a>(pub(super) &'a SuppressedName);

impl fmt::Display for RecordsFound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.records {
            None => writeln!(f, "the records that name this person were not counted"),
            Some(0) => writeln!(
                f,
                "no record named this person; check the spelling, and withdraw a mistake with `wegwijzer forget {} --withdraw`",
                &self.0.digest[..8]
            ),
            Some(1) => writeln!(f, "1 record named this person"),
            Some(records) => writeln!(f, "{records} records named this person"),
        }
    }
}

/// The result of withdrawing a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WithdrawReport {
    /// The entry that is no longer in the list.
    #[serde(flatten)]
    pub entry: SuppressedName,
}

impl fmt::Display for WithdrawReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SuppressedName { digest, at, .. } = &self.entry;
        writeln!(f, "withdrawn: {digest}, {at}")?;
        writeln!(f, "the next `wegwijzer index` reads all sources again, and restores the name")
    }
}

/// Result of a purge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PurgeReport {
    /// The generation that was rewritten, if there is one.
    pub generation: Option<GenerationNumber>,
    /// Removed generations.
    pub removed: Vec<GenerationNumber>,
    /// Number of names that no file contains.
    pub names: u64,
}

impl fmt::Display for PurgeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let removed: Vec<_> = self.removed.iter().map(ToString::to_string).collect();
        if !removed.is_empty() {
            writeln!(f, "removed: {}", removed.join(", "))?;
        }
        if let Some(generation) = self.generation {
            writeln!(f, "rewritten as generation {generation}")?;
        }
        writeln!(f, "names that no file of the data folder contains: {}", self.names)
    }
}

/// Adds a name to the suppression list, which hides it from the next request on, and publishes a
/// generation without it. No source is read.
///
/// # Errors
/// [`AdminError::Suppression`] if the name is invalid or the list cannot be written.
pub fn forget(
    config: &BuildConfig,
    name: &str,
    progress: &dyn Progress,
) -> Result<ForgetReceipt, AdminError> {
    let mut editor = ListEditor::open(&config.data)?;
    let mut entry = editor.add(name, config.now)?;
    if entry.records.is_none() {
        let only_name = editor.current().only(&entry.digest);
        match count_records(&DataFolder::new(&config.data), &only_name) {
            Ok(records) => entry = editor.set_records(&entry.digest, records)?,
            Err(error) => progress.note(&with_causes(&error)),
        }
    }
    // A build reads the list, and can take long.
    drop(editor);
    let (generation, pending) = match publish_suppressed(config, progress) {
        Ok(generation) => (Some(generation), None),
        Err(error) => (None, Some(with_causes(&error))),
    };
    redact_reports(&config.data)?;
    Ok(ForgetReceipt { entry, generation, pending })
}

/// Removes a name from the suppression list, given by itself or by the first digits of its digest.
///
/// # Errors
/// [`AdminError::Suppression`] if it is not in the list, or the list cannot be written.
pub fn withdraw(data: &Path, name: &str) -> Result<WithdrawReport, AdminError> {
    Ok(WithdrawReport { entry: ListEditor::open(data)?.withdraw(name)? })
}

/// Removes the suppressed names from every file of the data folder: rewrites the current generation,
/// removes all others, and discards what was fetched of the sources, which is fetched again.
///
/// # Errors
/// [`AdminError`]; what was not yet removed then remains, hidden.
pub fn purge(config: &BuildConfig, progress: &dyn Progress) -> Result<PurgeReport, AdminError> {
    let folder = DataFolder::new(&config.data);
    let suppression = Suppression::read(folder.root())?;
    let has_generation = folder.current_or_newest()?.is_some();
    if has_generation {
        publish_suppressed(config, progress)?;
    }
    let lock = folder.lock()?;
    let generation = if has_generation {
        let current = folder.current_or_newest()?.ok_or_else(|| empty(&folder))?;
        let base = BaseGeneration::open_intact(&folder, current)?;
        let mut builder = GenerationBuilder::begin(&folder, &lock)?;
        rewrite(&base, &mut builder)?;
        let manifest = builder.seal(Manifest {
            parent: Some(current),
            content_of: base.manifest.content_of.or(Some(current)),
            analysis: ANALYSIS_VERSION,
            built_at: config.now,
            ..base.manifest
        })?;
        Some(builder.publish(&manifest)?)
    } else {
        None
    };
    fail::fail_point!("purge-rewritten", |_| std::process::abort());
    let removed = folder.remove_oldest(1)?;
    if !suppression.is_empty() {
        redact_reports(folder.root())?;
        remove_fetched(folder.root())?;
    }
    Ok(PurgeReport { generation, removed, names: suppression.entries().count() as u64 })
}

fn empty(folder: &DataFolder) -> AdminError {
    AdminError::Empty(folder.root().to_owned())
}

/// Rewrites store and index of a generation, without the unused pages and deleted documents in which
/// earlier content remains.
fn rewrite(base: &BaseGeneration, builder: &mut GenerationBuilder<'_>) -> Result<(), AdminError> {
    let file = StoreFile::copy_of(builder.folder(), &StoreReader::open(&base.folder, None)?)?;
    file.write(|store| {
        let writer = IndexWriter::open(&builder.index_folder(), Segments::One)?;
        index_records::index_all(store, &writer, &ingest::NoProgress)?;
        writer.finish()?;
        IndexWriter::remove_locks(&builder.index_folder());
        Ok(())
    })
}

/// Publishes a generation that applies all entries of the list, if the current one does not.
fn publish_suppressed(
    config: &BuildConfig,
    progress: &dyn Progress,
) -> Result<GenerationNumber, AdminError> {
    let folder = DataFolder::new(&config.data);
    let suppression = Suppression::read(folder.root())?;
    if let Some(current) = folder.current()?
        && folder.generations()?.last() == Some(&current)
        && let Ok(manifest) = Manifest::read(&folder.generation(current), current)
        && suppression.is_applied(&manifest.suppressed)
    {
        return Ok(current);
    }
    let options = BuildOptions { input: BuildInput::Store, ..BuildOptions::default() };
    match ingest::build(config, &options, progress)?.outcome {
        Outcome::Published(number) | Outcome::Unchanged(number) => Ok(number),
        Outcome::DryRun => Err(empty(&folder)),
    }
}

/// Number of records of the current generation with a name.
fn count_records(folder: &DataFolder, suppression: &Suppression) -> Result<u64, AdminError> {
    let Some(current) = folder.current_or_newest()? else { return Ok(0) };
    let store = StoreReader::open(&folder.generation(current), None)?;
    let is_named = |id| {
        let Some(record) = store.record(id)? else { return Ok(false) };
        let body = store.body(id)?;
        let texts = body.iter().flat_map(|body| [body.html.as_str(), body.text.as_str()]);
        let is_named = suppression.names_any(&record).map_err(|_| undecodable())?;
        Ok::<_, StoreError>(is_named || texts.into_iter().any(|text| suppression.names(text)))
    };
    let mut records = 0;
    for id in store.ids()? {
        records += u64::from(is_named(id)?);
    }
    Ok(records)
}

fn undecodable() -> StoreError {
    StoreError::Decode { table: "records" }
}

/// Removes the names from the reports of earlier runs.
fn redact_reports(data: &Path) -> Result<(), AdminError> {
    let suppression = Suppression::read(data)?;
    for path in [DataFolder::new(data).status_file(), source_health::path(data)] {
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(cause) => return Err(GenerationError::io("read", &path)(cause).into()),
        };
        if let Cow::Owned(redacted) = suppression.redact(&text, Language::Nl) {
            write_atomically(&path, redacted.as_bytes())?;
        }
    }
    Ok(())
}

/// Removes what was fetched, and the leftovers of killed processes.
fn remove_fetched(data: &Path) -> Result<(), AdminError> {
    let state = sync::state_path(data);
    let mut paths: Vec<PathBuf> = vec![state.with_extension("redb.damaged"), state];
    let entries = fs::read_dir(data).map_err(GenerationError::io("list", data))?;
    for entry in entries {
        let path = entry.map_err(GenerationError::io("list", data))?.path();
        if path.extension().is_some_and(|extension| extension == "new") {
            paths.push(path);
        }
    }
    for path in paths {
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => {
                return Err(GenerationError::io("remove", &path)(cause).into());
            }
            _ => {}
        }
    }
    Ok(())
}
