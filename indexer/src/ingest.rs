//! Builds a generation from sources: fetch ► normalise ► collect ► infer ► merge ► link ► write ►
//! dedupe ► find mentions ► index ► publish.

mod announcement;
mod base_generation;
mod change_set;
mod check;
mod collect;
mod compare_upstream;
pub mod config;
mod context;
mod entity_mentions;
mod error;
#[doc(hidden)]
pub mod fuzz_support;
pub(crate) mod index_records;
mod infer_entities;
mod link;
mod merge;
mod name_keys;
mod near_duplicates;
mod normalise;
mod opening;
mod parallel;
mod publish_thresholds;
mod removals;
mod report;
mod source;
mod suppress;
mod text_limits;
mod write;

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::resume_unwind,
    thread,
};

use schema::NodeKind;

pub use self::{
    check::{SourceCheck, check_sources},
    compare_upstream::{UpstreamDifference, compare_upstream},
    config::{
        BuildConfig, BuildInput, BuildLimits, BuildOptions, Mode, OnThreshold, PublishMode,
        THRESHOLD_FLOOR,
    },
    error::BuildError,
    report::{AmbiguousName, Outcome, REJECTIONS_MAX, Report, SourceReport, Unresolved},
    source::{FetchError, Rejection},
};

use self::{
    base_generation::Base, change_set::ChangeSet, context::BuildContext, write::WriteResult,
};
pub use crate::progress::{NoProgress, Progress};
use crate::{
    analysis::ANALYSIS_VERSION,
    generation::{
        BaseGeneration, BuildLock, DataFolder, FORMAT, GenerationBuilder, Manifest, RecordCounts,
        SourceState, StoreCheck, write_atomically,
    },
    index::{IndexWriter, Segments},
    store::{StoreError, StoreFile, StoreWriter},
    suppression::Suppression,
    with_causes,
};

/// Reads the sources and publishes a generation if anything changed. Blocks the thread.
///
/// # Errors
/// [`BuildError`]; nothing is published then, and the current generation remains current.
pub fn build(
    config: &BuildConfig,
    options: &BuildOptions,
    progress: &dyn Progress,
) -> Result<Report, BuildError> {
    let data = DataFolder::new(&config.data);
    let lock = data.lock()?;
    if options.input == BuildInput::Sources
        && let (PublishMode::Publish, Some(hold)) = (options.publish_mode, data.hold()?)
    {
        return Err(BuildError::Held { content_of: hold.content_of, since: hold.since });
    }
    if let Some(name) = options.only.iter().find(|n| !config.sources.iter().any(|s| s.name == **n))
    {
        return Err(BuildError::UnknownSource(name.clone()));
    }
    let from_base = |check| build_from_base(config, options, progress, (&data, &lock), check);
    // A base whose damage is found late is chosen again, or another one in its place.
    match from_base(StoreCheck::Blockwise)? {
        Some(report) => Ok(report),
        None => Ok(from_base(StoreCheck::Whole)?.expect("the base was verified at once")),
    }
}

/// Builds on the latest intact generation. `None` if the generation turns out to be damaged while
/// it is verified beside the work.
fn build_from_base(
    config: &BuildConfig,
    options: &BuildOptions,
    progress: &dyn Progress,
    (data, lock): (&DataFolder, &BuildLock),
    check: StoreCheck,
) -> Result<Option<Report>, BuildError> {
    let base = Base::choose(data, check, progress)?;
    let suppressed = base.as_ref().map(|base| &base.generation.manifest.suppressed);
    let suppression = Suppression::read_for(data.root(), suppressed.unwrap_or(&BTreeSet::new()))?;
    if options.input == BuildInput::Store {
        check_base(base.as_ref(), config)?;
    }
    let mut builder = GenerationBuilder::begin(data, lock)?;
    let number = builder.number();
    let context = BuildContext::new(config, options, progress, number, base.as_ref(), &suppression);
    let (ingested, verified) = thread::scope(|scope| {
        let generation = base.as_ref().map(|base| &base.generation);
        let verifying = scope.spawn(move || generation.map_or(Ok(()), BaseGeneration::verify_rest));
        let ingested = ingest(&context, &mut builder);
        (ingested, verifying.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    if let Err(error) = verified {
        progress.note(&with_causes(&error));
        return Ok(None);
    }
    let mut ingested = ingested.inspect_err(|error| {
        if let (BuildError::Rejections { report, rejections, .. }, PublishMode::Publish) =
            (error, options.publish_mode)
        {
            let last_run = serde_json::json!({ "sources": [report], "rejections": rejections });
            write_status(&context, data, &last_run);
        }
    })?;
    ingested.report.outcome = publish(&context, data, builder, &ingested)?;
    if options.publish_mode == PublishMode::Publish && options.input == BuildInput::Sources {
        write_status(&context, data, &ingested.report);
    }
    Ok(Some(ingested.report))
}

/// A build that reads no source needs a store that was built with the same settings.
fn check_base(base: Option<&Base>, config: &BuildConfig) -> Result<(), BuildError> {
    let base = base.ok_or(BuildError::NoBase)?;
    let is_same = base.generation.manifest.settings == config.settings_digest();
    if is_same { Ok(()) } else { Err(BuildError::OtherSettings) }
}

/// Writes the report of the last run beside the generations.
fn write_status(context: &BuildContext<'_>, data: &DataFolder, last_run: &impl serde::Serialize) {
    let status = serde_json::json!({ "at": context.config.now, "last_run": last_run });
    if let Err(error) = write_atomically(&data.status_file(), status.to_string().as_bytes()) {
        context.progress.note(&with_causes(&error));
    }
}

/// A written store and index, with their report.
struct Ingested {
    report: Report,
    sources: Vec<SourceState>,
    written: WriteResult,
}

/// Writes the store and the index of the generation under construction.
fn ingest(
    context: &BuildContext<'_>,
    builder: &mut GenerationBuilder<'_>,
) -> Result<Ingested, BuildError> {
    let extended = context.extended_base();
    let extended_index = extended.filter(|base| base.index_is_usable);
    if let Some(base) = extended_index {
        builder.share_index(&base.generation)?;
    }
    let mut file = match extended {
        Some(base) => base.extend_store(builder)?,
        None => StoreFile::create(builder.folder())?,
    };
    fail::fail_point!("build-copied", |_| std::process::abort());
    let segments = if extended.is_some() { Segments::Several } else { Segments::One };
    let index = IndexWriter::open(&builder.index_folder(), segments)?;
    // The segments of the index are merged while the store is committed.
    let ingested = thread::scope(|scope| {
        let mut finishing = None;
        let ingested = file.write(|store| {
            let ingested = ingest_sources(context, store)?;
            fail::fail_point!("build-written", |_| std::process::abort());
            if extended_index.is_some() {
                index_records::index_changes(store, &index, &ingested.written)?;
            } else {
                index_records::index_all(store, &index, context.progress)?;
            }
            finishing = Some(scope.spawn(|| index.finish()));
            Ok::<_, BuildError>(ingested)
        })?;
        fail::fail_point!("build-store-committed", |_| std::process::abort());
        file.compact(builder.folder())?;
        let finishing = finishing.expect("the index is finished after the store is written");
        finishing.join().unwrap_or_else(|panic| resume_unwind(panic))?;
        Ok::<_, BuildError>(ingested)
    })?;
    drop(file);
    IndexWriter::remove_locks(&builder.index_folder());
    Ok(ingested)
}

/// Writes the records of all sources to the store.
fn ingest_sources(
    context: &BuildContext<'_>,
    store: &mut StoreWriter<'_>,
) -> Result<Ingested, BuildError> {
    let mut changes = ChangeSet::new(context.extent());
    if let Some(base) = context.replaced_base() {
        store.copy_sources_from(&base.store)?;
    }
    let suppressed = suppress::suppress_stored(store, &mut changes, context)?;
    let mut collected = collect::collect(store, &mut changes, context)?;
    if context.replaced_base().is_some() {
        context.progress.note("full rebuild: merging and indexing all records");
        change_set::rederive(store, &mut changes, context)?;
    }
    infer_entities::infer_entities(store, &mut changes, context)?;
    let resolution = merge::resolve_identities(store, &mut changes, context)?;
    let mut written = write::write(store, &changes, resolution, context)?;
    written.regroup_duplicates(store)?;
    let ambiguous_names = entity_mentions::update(store, &mut written)?;
    publish_thresholds::check_incomplete_records(
        context,
        &mut collected.reports,
        &written.rejections,
    )?;
    if let Some(base) = context.replaced_base() {
        write::add_missing_as_removed(store, &base.store, &mut written)?;
    }
    write::write_changes(store, context, &mut written)?;
    suppress::forget_identities(store, context, &suppressed)?;
    for rejection in std::mem::take(&mut written.rejections) {
        let listed = collected.rejections.iter().filter(|r| r.source == rejection.source).count();
        if listed < REJECTIONS_MAX {
            collected.rejections.push(rejection);
        }
    }
    let sources = source_states(store, context, &collected.reports)?;
    let report = Report {
        outcome: Outcome::DryRun,
        sources: collected.reports,
        rejections: collected.rejections,
        unresolved: std::mem::take(&mut written.unresolved),
        ambiguous_names,
        counts: record_counts(store)?,
        upserted: written.upserted.len() as u64,
        removed: written.removed.len() as u64,
    };
    Ok(Ingested { report, sources, written })
}

/// Publishes the generation under construction if it differs from the current one.
fn publish(
    context: &BuildContext<'_>,
    data: &DataFolder,
    builder: GenerationBuilder<'_>,
    ingested: &Ingested,
) -> Result<Outcome, BuildError> {
    if context.options.publish_mode == PublishMode::DryRun {
        return Ok(Outcome::DryRun);
    }
    let current = context.base.filter(|base| {
        !ingested.written.is_changed()
            && !base.needs_repair
            && base.generation.manifest.settings == context.settings
            && base.generation.manifest.suppressed == context.suppressed
    });
    if let Some(current) = current {
        return Ok(Outcome::Unchanged(current.generation.manifest.number));
    }
    let manifest = builder.seal(Manifest {
        format: FORMAT,
        analysis: ANALYSIS_VERSION,
        number: context.generation,
        parent: context.base.map(|base| base.generation.manifest.number),
        content_of: None,
        built_at: context.config.now,
        program: format!("wegwijzer {}", env!("CARGO_PKG_VERSION")),
        settings: context.settings.clone(),
        suppressed: context.suppressed.clone(),
        counts: ingested.report.counts,
        sources: ingested.sources.clone(),
        files: BTreeMap::new(),
    })?;
    let number = builder.publish(&manifest)?;
    // The generation is published; later errors are reported, and the next build repairs them.
    if let Err(error) = data.remove_oldest(context.config.limits.retained_generations) {
        context.progress.note(&with_causes(&error));
    }
    Ok(Outcome::Published(number))
}

fn source_states(
    store: &StoreWriter<'_>,
    context: &BuildContext<'_>,
    reports: &[SourceReport],
) -> Result<Vec<SourceState>, StoreError> {
    let previous_states = context.base.map_or(&[][..], |base| &base.generation.manifest.sources);
    let state = |source: &config::ResolvedSource| {
        let report = reports.iter().find(|report| report.name == source.name);
        let previous = previous_states.iter().find(|state| state.name == source.name);
        if let (None, Some(previous)) = (report, previous) {
            return Ok(previous.clone());
        }
        let count = || Ok(store.input_digests(&source.name)?.len() as u64);
        Ok(SourceState {
            name: source.name.clone(),
            records: report.map_or_else(count, |report| Ok::<_, StoreError>(report.records))?,
            rejected: report.map_or(0, |report| report.rejected),
            read_at: context.config.now,
        })
    };
    context.config.sources.iter().map(state).collect()
}

fn record_counts(store: &StoreWriter<'_>) -> Result<RecordCounts, StoreError> {
    let mut counts = RecordCounts::default();
    for kind in NodeKind::ALL {
        *counts.get_mut(kind) = store.count(kind)?;
    }
    Ok(counts)
}
