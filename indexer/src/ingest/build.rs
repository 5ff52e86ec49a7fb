//! One build: choose what to start from ► read the sources ► merge, link, write ► publish.

use std::{collections::BTreeMap, fs, path::Path};

use jiff::{ToSpan, civil::Weekday, tz::TimeZone};
use schema::{GenerationNumber, NodeKind, SourceName, event_moment};

use super::{
    BuildConfig, BuildError, BuildOptions, Mode, OnThreshold, Outcome, Progress, PublishMode,
    Rejection, Report, SourceReport, THRESHOLD_FLOOR,
};
use crate::{
    analysis::ANALYSIS_VERSION,
    catalog::{RecordCounts, SourceState},
    generation::{
        DataFolder, FORMAT, FileDigest, GenerationError, INDEX_FOLDER, Manifest, Staging, Verifier,
        write_atomically,
    },
    index::{IndexReader, IndexWriter, Segments},
    ingest::{
        change_set::{BuildContext, ChangeSet, rederive},
        collect, infer_entities, merge, write,
        write::WriteResult,
    },
    store::{BASE_FILE, OVERLAY_FILE, StoreFile, StoreReader, StoreWriter},
};

/// Reads the sources and publishes a generation if anything changed. Blocks.
///
/// # Errors
/// [`BuildError`]; nothing was published then, and the generation before stays current.
pub fn build(
    config: &BuildConfig,
    options: &BuildOptions,
    progress: &dyn Progress,
) -> Result<Report, BuildError> {
    let data = DataFolder::new(&config.data);
    let lock = data.lock()?;
    if let (PublishMode::Publish, Some(hold)) = (options.publish_mode, data.hold()?) {
        return Err(BuildError::Held { content_of: hold.content_of, since: hold.since });
    }
    if let Some(name) = options.only.iter().find(|n| !config.sources.iter().any(|s| s.name == **n))
    {
        return Err(BuildError::UnknownSource(name.clone()));
    }
    let base = Base::choose(&data, progress)?;
    let context = BuildContext::new(
        (data.next_number()?, config.now),
        &config.item_url,
        &config.aliases,
        shift_days(config),
        &config.sources,
    );
    let digest = settings_digest(config);
    let full = options.mode == Mode::Full
        || base.as_ref().is_none_or(|base| base.manifest.settings != digest);
    let staging = Staging::begin(&data, &lock)?;
    let build = Build { config, options, context: &context, progress, base: base.as_ref(), full };

    let result = build.run(staging.path())?;

    let mut report = result.report;
    let must_publish =
        base.as_ref().is_none_or(|base| base.needs_repair || base.manifest.settings != digest);
    report.outcome = match (&base, options.publish_mode) {
        (_, PublishMode::DryRun) => Outcome::DryRun,
        (Some(base), _) if !result.changed && !must_publish => {
            Outcome::Unchanged(base.manifest.number)
        }
        (base, PublishMode::Publish) => {
            let manifest = Manifest {
                format: FORMAT,
                analysis: ANALYSIS_VERSION,
                number: context.generation,
                parent: base.as_ref().map(|base| base.manifest.number),
                content_of: None,
                built_at: config.now,
                program: format!("wegwijzer {}", env!("CARGO_PKG_VERSION")),
                settings: digest,
                counts: report.counts,
                sources: result.sources,
                files: staging.digest_files(&result.inherited)?,
            };
            let number = staging.publish(&manifest)?;
            // It is published: what fails from here on is told and mended by the next run.
            if let Err(error) = data.remove_oldest(config.limits.retained_generations) {
                progress.note(&error.to_string());
            }
            Outcome::Published(number)
        }
    };
    if options.publish_mode == PublishMode::Publish {
        let status = serde_json::json!({ "at": config.now, "last_run": &report });
        if let Err(error) = write_atomically(&data.status_file(), status.to_string().as_bytes()) {
            progress.note(&error.to_string());
        }
    }
    Ok(report)
}

/// Days by which a demonstration's dates are moved: whole weeks, so that Tuesdays stay Tuesdays.
fn shift_days(config: &BuildConfig) -> i64 {
    let Some(demo_date) = config.demo_date else { return 0 };
    let home = event_moment::zone(event_moment::HOME_ZONE).unwrap_or(TimeZone::UTC);
    let monday = |day: jiff::civil::Date| {
        let since = day.weekday().since(Weekday::Monday);
        day.checked_sub(i64::from(since).days()).unwrap_or(day)
    };
    let today = config.now.to_zoned(home).date();
    monday(demo_date).until(monday(today)).map_or(0, |span| i64::from(span.get_days()))
}

/// Rises when merging or linking comes to other records from the same facts.
const PIPELINE_VERSION: u32 = 2;

/// Digest of what decides how everything is merged: a change of it makes the build a full one.
fn settings_digest(config: &BuildConfig) -> String {
    let precedence: Vec<_> = config.sources.iter().map(|s| (&s.name, s.trust, s.order)).collect();
    let text =
        format!("{PIPELINE_VERSION} {precedence:?} {:?} {}", config.aliases, config.item_url);
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// What lies over a base is copied by every build. It may grow to this many bytes, or to this part
/// of the base, before it is made one with it, which costs about as much as that many builds.
const OVERLAY_BYTES_MIN: u64 = 64 << 20;
const OVERLAY_BASE_DIVISOR: u64 = 4;

/// The generation that a build starts from.
struct Base {
    manifest: Manifest,
    folder: std::path::PathBuf,
    store: StoreReader,
    /// Whether its index can be built on.
    index_is_usable: bool,
    /// Whether to publish even if no source changed.
    needs_repair: bool,
}

impl Base {
    /// The current generation if its store is sound, else the newest one whose store is.
    fn choose(data: &DataFolder, progress: &dyn Progress) -> Result<Option<Self>, BuildError> {
        let current = match data.current() {
            Ok(current) => current,
            Err(error @ GenerationError::InvalidCurrent { .. }) => {
                progress.note(&error.to_string());
                None
            }
            Err(error) => return Err(error.into()),
        };
        let mut candidates = data.generations()?;
        candidates.retain(|number| Some(*number) != current);
        candidates.extend(current);
        for number in candidates.into_iter().rev() {
            match Self::open(data, number) {
                Ok(mut base) => {
                    base.needs_repair |= Some(number) != current;
                    if !base.index_is_usable {
                        progress.note(&format!(
                            "rebuilding the index of generation {number} from its store"
                        ));
                    }
                    return Ok(Some(base));
                }
                Err(error @ BuildError::Generation(GenerationError::UnsupportedFormat { .. })) => {
                    return Err(error);
                }
                Err(error) => {
                    progress.note(&format!("cannot use generation {number} as a base: {error}"));
                }
            }
        }
        Ok(None)
    }

    fn open(data: &DataFolder, number: GenerationNumber) -> Result<Self, BuildError> {
        let folder = data.generation(number);
        let manifest = Manifest::read(&folder, number)?;
        let integrity_errors = Verifier::default().integrity_errors(&folder, &manifest)?;
        let in_index = format!("`{INDEX_FOLDER}/");
        if let Some(damage) = integrity_errors.iter().find(|damage| !damage.contains(&in_index)) {
            return Err(GenerationError::Damaged { number, damage: damage.clone() }.into());
        }
        let store = StoreReader::open(&folder)?;
        let index_is_usable = integrity_errors.is_empty()
            && manifest.analysis == ANALYSIS_VERSION
            && IndexReader::is_usable(&folder.join(INDEX_FOLDER));
        Ok(Self { manifest, folder, store, index_is_usable, needs_repair: !index_is_usable })
    }
}

struct Build<'a> {
    config: &'a BuildConfig,
    options: &'a BuildOptions,
    context: &'a BuildContext,
    progress: &'a dyn Progress,
    base: Option<&'a Base>,
    full: bool,
}

struct BuildResult {
    report: Report,
    changed: bool,
    sources: Vec<SourceState>,
    /// Seals of index files that are hard links to the base's.
    inherited: BTreeMap<String, FileDigest>,
}

impl Build<'_> {
    fn run(&self, folder: &Path) -> Result<BuildResult, BuildError> {
        let index_path = folder.join(INDEX_FOLDER);
        fs::create_dir(&index_path).map_err(GenerationError::io("create", &index_path))?;
        let mut inherited = BTreeMap::new();
        let mut rebuild_index = true;
        if let (Some(base), false) = (self.base, self.full)
            && base.index_is_usable
        {
            inherited = link_index(base, &index_path)?;
            rebuild_index = false;
        }
        let file = self.begin_store(folder, &mut inherited)?;
        fail::fail_point!("build-copied", |_| std::process::abort());
        let segments = if self.full { Segments::One } else { Segments::Several };
        let index = IndexWriter::open(&index_path, segments)?;
        let result = file.write(|store| {
            let (mut ingested, sources) = self.ingest(store)?;
            fail::fail_point!("build-written", |_| std::process::abort());
            let changed = self.index(store, &index, &ingested.write_result, rebuild_index)?;
            ingested.report.counts = counts(store)?;
            Ok::<_, BuildError>(BuildResult {
                report: ingested.report,
                changed,
                sources,
                inherited,
            })
        })?;
        fail::fail_point!("build-store-committed", |_| std::process::abort());
        drop(file);
        index.finish()?;
        IndexWriter::remove_locks(&index_path);
        Ok(result)
    }

    /// The store to write to: an empty one for a full build, else what lies over the base's base,
    /// which is shared. Where that has grown large, both are made one again.
    fn begin_store(
        &self,
        folder: &Path,
        inherited: &mut BTreeMap<String, FileDigest>,
    ) -> Result<StoreFile, BuildError> {
        let Some(base) = self.base.filter(|_| !self.full) else {
            return Ok(StoreFile::create(folder)?);
        };
        let bytes = |name: &str| base.manifest.files.get(name).map_or(0, |digest| digest.bytes);
        if bytes(OVERLAY_FILE) > OVERLAY_BYTES_MIN.max(bytes(BASE_FILE) / OVERLAY_BASE_DIVISOR) {
            return Ok(StoreFile::copy_of(folder, &base.store)?);
        }
        link_store(&base.folder, &base.manifest, folder, inherited)?;
        Ok(StoreFile::create_overlay(folder)?)
    }

    fn ingest(
        &self,
        store: &mut StoreWriter<'_>,
    ) -> Result<(IngestResult, Vec<SourceState>), BuildError> {
        let mut changes = ChangeSet::default();
        if let (true, Some(base)) = (self.full, self.base) {
            store.copy_sources_from(&base.store)?;
        }
        let (mut sources, mut rejections) = self.collect(store, &mut changes)?;
        if self.full && self.base.is_some() {
            self.progress.note("full rebuild: merging and indexing all records");
            rederive(store, &mut changes, self.context)?;
        }
        infer_entities::infer_entities(store, &mut changes, self.context)?;
        let resolution = merge::resolve_identities(store, &mut changes, self.context)?;
        let mut write_result = write::write(store, &changes, resolution, self.context)?;
        self.check_incomplete_records(&mut sources, &write_result.rejections)?;
        let previous = self.base.map(|base| &base.store);
        if let (true, Some(previous)) = (self.full, previous) {
            write::add_missing_as_removed(store, previous, &mut write_result)?;
        }
        write::write_changes(store, previous, self.context, &mut write_result)?;
        rejections.append(&mut write_result.rejections);
        let states = self.states(store, &sources)?;
        let report = Report {
            outcome: Outcome::DryRun,
            sources,
            rejections,
            unresolved: std::mem::take(&mut write_result.unresolved),
            counts: RecordCounts::default(),
            upserted: write_result.upserted.len() as u64,
            removed: write_result.removed.len() as u64,
        };
        Ok((IngestResult { report, write_result }, states))
    }

    fn collect(
        &self,
        store: &mut StoreWriter<'_>,
        changes: &mut ChangeSet,
    ) -> Result<(Vec<SourceReport>, Vec<Rejection>), BuildError> {
        let mut reports = Vec::new();
        let mut rejections = Vec::new();
        let only = &self.options.only;
        for source in &self.config.sources {
            if !only.is_empty() && !only.contains(&source.name) {
                continue;
            }
            self.progress
                .begin(&format!("read {}", source.name), crate::ingest::source::count(source).ok());
            let trust_digests = !self.full;
            let outcome = collect::collect(
                store,
                changes,
                self.context,
                source,
                (trust_digests, self.progress),
            )?;
            self.progress.end();
            self.check_thresholds(&outcome.report, &outcome.rejections)?;
            reports.push(outcome.report);
            rejections.extend(outcome.rejections);
        }
        for name in store.source_names()? {
            let configured = self.config.sources.iter().any(|s| s.name.as_str() == name);
            if configured || name == SourceName::inferred().as_str() || !only.is_empty() {
                continue;
            }
            let name = SourceName::new(&name).unwrap_or_else(|_| SourceName::inferred());
            let report = collect::remove_source(store, changes, self.context, name)?;
            self.check_thresholds(&report, &[])?;
            reports.push(report);
        }
        Ok((reports, rejections))
    }

    /// Refuses to go on where a source lost or broke more than it may.
    fn check_thresholds(
        &self,
        report: &SourceReport,
        rejections: &[Rejection],
    ) -> Result<(), BuildError> {
        let limits = &self.config.limits;
        let exceeds = |count: u64, total: u64, percent: f64| {
            #[expect(clippy::cast_precision_loss, reason = "a share needs no more precision")]
            let allowed = total as f64 * percent / 100.0;
            #[expect(clippy::cast_precision_loss, reason = "a share needs no more precision")]
            let count_exceeds_share = count as f64 > allowed;
            count > THRESHOLD_FLOOR && count_exceeds_share
        };
        if self.options.on_rejections == OnThreshold::Fail
            && exceeds(report.rejected, report.offered(), limits.rejections_percent)
        {
            return Err(BuildError::Rejections {
                report: report.clone(),
                limit: limits.rejections_percent,
                rejections: rejections.to_vec(),
            });
        }
        if self.options.on_removals == OnThreshold::Fail
            && exceeds(report.removed, report.previous(), limits.removals_percent)
        {
            let limit = limits.removals_percent;
            return Err(BuildError::Removals { report: report.clone(), limit });
        }
        Ok(())
    }

    /// Facts that make no record are as good as rejected, and brake as rejections do.
    fn check_incomplete_records(
        &self,
        reports: &mut [SourceReport],
        rejections: &[Rejection],
    ) -> Result<(), BuildError> {
        for report in reports {
            let incomplete = rejections.iter().filter(|r| r.source == report.name).count() as u64;
            report.rejected += incomplete;
            report.new = report.new.saturating_sub(incomplete);
            if incomplete > 0 {
                self.check_thresholds(report, rejections)?;
            }
        }
        Ok(())
    }

    /// Brings the index up to date; whether anything at all is different from the base.
    fn index(
        &self,
        store: &StoreWriter<'_>,
        index: &IndexWriter,
        write_result: &WriteResult,
        rebuild_index: bool,
    ) -> Result<bool, BuildError> {
        let changed = write_result.rederived
            || !(write_result.upserted.is_empty() && write_result.removed.is_empty());
        if rebuild_index {
            write::index_all(store, index, self.progress)?;
            return Ok(changed);
        }
        for id in write_result.removed.keys().chain(&write_result.reindex) {
            write::index_record(store, index, *id)?;
        }
        Ok(changed)
    }

    fn states(
        &self,
        store: &StoreWriter<'_>,
        reports: &[SourceReport],
    ) -> Result<Vec<SourceState>, BuildError> {
        let previous_states = self.base.map_or(&[][..], |base| &base.manifest.sources);
        let mut states = Vec::new();
        for source in &self.config.sources {
            let report = reports.iter().find(|report| report.name == source.name);
            let previous = previous_states.iter().find(|state| state.name == source.name);
            let records = match (report, previous) {
                (None, Some(previous)) => previous.records,
                _ => store.keys_of_source(&source.name)?.len() as u64,
            };
            states.push(SourceState {
                name: source.name.clone(),
                records,
                rejected: report.map_or(previous.map_or(0, |b| b.rejected), |r| r.rejected),
                read_at: match (report, previous) {
                    (None, Some(previous)) => previous.read_at,
                    _ => self.config.now,
                },
            });
        }
        Ok(states)
    }
}

/// What reading and writing brought.
struct IngestResult {
    report: Report,
    write_result: WriteResult,
}

fn counts(store: &StoreWriter<'_>) -> Result<RecordCounts, BuildError> {
    let mut counts = RecordCounts::default();
    for kind in NodeKind::ALL {
        *counts.get_mut(kind) = store.count(kind)?;
    }
    Ok(counts)
}

/// Hard-links a base's segments, which never change, and copies the small files that do.
fn link_index(base: &Base, into: &Path) -> Result<BTreeMap<String, FileDigest>, GenerationError> {
    let mut inherited = BTreeMap::new();
    let prefix = format!("{INDEX_FOLDER}/");
    for (name, digest) in &base.manifest.files {
        let Some(file) = name.strip_prefix(&prefix) else { continue };
        let (from, to) = (base.folder.join(name), into.join(file));
        if Path::new(file).extension().is_some_and(|extension| extension == "json") {
            fs::copy(&from, &to).map_err(GenerationError::io("copy", &from))?;
        } else {
            fs::hard_link(&from, &to).map_err(GenerationError::io("link", &from))?;
            inherited.insert(name.clone(), digest.clone());
        }
    }
    Ok(inherited)
}

/// Hard-links the base of a store, which never changes, and copies what lies over it.
pub(crate) fn link_store(
    from: &Path,
    manifest: &Manifest,
    into: &Path,
    inherited: &mut BTreeMap<String, FileDigest>,
) -> Result<(), GenerationError> {
    let (base, copy) = (from.join(BASE_FILE), into.join(BASE_FILE));
    fs::hard_link(&base, copy).map_err(GenerationError::io("link", &base))?;
    if let Some(digest) = manifest.files.get(BASE_FILE) {
        inherited.insert(BASE_FILE.to_owned(), digest.clone());
    }
    if manifest.files.contains_key(OVERLAY_FILE) {
        let (overlay, copy) = (from.join(OVERLAY_FILE), into.join(OVERLAY_FILE));
        fs::copy(&overlay, copy).map_err(GenerationError::io("copy", &overlay))?;
    }
    Ok(())
}
