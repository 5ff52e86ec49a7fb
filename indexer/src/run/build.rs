//! One build: choose what to start from ► read the sources ► merge, link, write ► publish.

use std::{collections::BTreeMap, fs, path::Path};

use jiff::{ToSpan, civil::Weekday, tz::TimeZone};
use schema::{GenerationNumber, NodeKind, SourceName, moment};

use super::{
    Accept, BRAKE_FLOOR, BuildError, Intent, Mode, Outcome, Plan, Progress, Rejection, Report,
    Request, SourceReport,
};
use crate::{
    catalog::{Counts, SourceState},
    generation::{
        DataFolder, FORMAT, FileSeal, GenerationError, INDEX_FOLDER, Manifest, Staging, Verifier,
        write_atomically,
    },
    index::{IndexReader, IndexWriter, Segments},
    language::ANALYSIS_VERSION,
    pipeline::{
        Settings, Touched, collect, merge, names, reapply,
        write::{self, Written},
    },
    store::{BASE_FILE, OVERLAY_FILE, StoreFile, StoreReader, StoreWriter},
};

/// Reads the sources and publishes a generation if anything changed. Blocks.
///
/// # Errors
/// [`BuildError`]; nothing was published then, and the generation before stays current.
pub fn build(
    plan: &Plan,
    request: &Request,
    progress: &dyn Progress,
) -> Result<Report, BuildError> {
    let data = DataFolder::new(&plan.data);
    let lock = data.lock()?;
    if let (Intent::Publish, Some(hold)) = (request.intent, data.hold()?) {
        return Err(BuildError::Held { content_of: hold.content_of, since: hold.since });
    }
    if let Some(name) = request.only.iter().find(|n| !plan.sources.iter().any(|s| s.name == **n)) {
        return Err(BuildError::UnknownSource(name.clone()));
    }
    let base = Base::choose(&data, progress)?;
    let settings = Settings::new(
        (data.next_number()?, plan.now),
        &plan.item_url,
        &plan.aliases,
        shift_days(plan),
        &plan.sources,
    );
    let digest = settings_digest(plan);
    let full = request.mode == Mode::Full
        || base.as_ref().is_none_or(|base| base.manifest.settings != digest);
    let staging = Staging::begin(&data, &lock)?;
    let work = Work { plan, request, settings: &settings, progress, base: base.as_ref(), full };

    let built = work.build(staging.path())?;

    let mut report = built.report;
    let must_publish =
        base.as_ref().is_none_or(|base| base.needs_healing || base.manifest.settings != digest);
    report.outcome = match (&base, request.intent) {
        (_, Intent::DryRun) => Outcome::DryRun,
        (Some(base), _) if !built.changed && !must_publish => {
            Outcome::Unchanged(base.manifest.number)
        }
        (base, Intent::Publish) => {
            let manifest = Manifest {
                format: FORMAT,
                analysis: ANALYSIS_VERSION,
                number: settings.generation,
                parent: base.as_ref().map(|base| base.manifest.number),
                content_of: None,
                built_at: plan.now,
                program: format!("wegwijzer {}", env!("CARGO_PKG_VERSION")),
                settings: digest,
                counts: report.counts,
                sources: built.sources,
                files: staging.seal(&built.inherited)?,
            };
            let number = staging.publish(&manifest)?;
            // It is published: what fails from here on is told and mended by the next run.
            if let Err(error) = data.remove_oldest(plan.limits.keep) {
                progress.note(&error.to_string());
            }
            Outcome::Published(number)
        }
    };
    if request.intent == Intent::Publish {
        let status = serde_json::json!({ "at": plan.now, "last_run": &report });
        if let Err(error) = write_atomically(&data.status_file(), status.to_string().as_bytes()) {
            progress.note(&error.to_string());
        }
    }
    Ok(report)
}

/// Days by which a demonstration's dates are moved: whole weeks, so that Tuesdays stay Tuesdays.
fn shift_days(plan: &Plan) -> i64 {
    let Some(dated) = plan.dated else { return 0 };
    let home = moment::zone(moment::HOME_ZONE).unwrap_or(TimeZone::UTC);
    let monday = |day: jiff::civil::Date| {
        let since = day.weekday().since(Weekday::Monday);
        day.checked_sub(i64::from(since).days()).unwrap_or(day)
    };
    let today = plan.now.to_zoned(home).date();
    monday(dated).until(monday(today)).map_or(0, |span| i64::from(span.get_days()))
}

/// Rises when merging or linking comes to other records from the same facts.
const PIPELINE_VERSION: u32 = 2;

/// Digest of what decides how everything is merged: a change of it makes the build a full one.
fn settings_digest(plan: &Plan) -> String {
    let precedence: Vec<_> = plan.sources.iter().map(|s| (&s.name, s.trust, s.order)).collect();
    let text = format!("{PIPELINE_VERSION} {precedence:?} {:?} {}", plan.aliases, plan.item_url);
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// What lies over a base is copied by every build. It may grow to this many bytes, or to this part
/// of the base, before it is made one with it, which costs about as much as that many builds.
const OVERLAY_BYTES_MIN: u64 = 64 << 20;
const OVERLAY_PART_MAX: u64 = 4;

/// The generation that a build starts from.
struct Base {
    manifest: Manifest,
    folder: std::path::PathBuf,
    store: StoreReader,
    /// Whether its index can be built on.
    index_is_usable: bool,
    /// Whether to publish even if no source changed.
    needs_healing: bool,
}

impl Base {
    /// The current generation if its store is sound, else the newest one whose store is.
    fn choose(data: &DataFolder, progress: &dyn Progress) -> Result<Option<Self>, BuildError> {
        let current = match data.current() {
            Ok(current) => current,
            Err(error @ GenerationError::Current { .. }) => {
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
                    base.needs_healing |= Some(number) != current;
                    if !base.index_is_usable {
                        progress.note(&format!(
                            "the index of generation {number} is rebuilt from its own store"
                        ));
                    }
                    return Ok(Some(base));
                }
                Err(error @ BuildError::Generation(GenerationError::Newer { .. })) => {
                    return Err(error);
                }
                Err(error) => {
                    progress.note(&format!("generation {number} cannot be built on: {error}"));
                }
            }
        }
        Ok(None)
    }

    fn open(data: &DataFolder, number: GenerationNumber) -> Result<Self, BuildError> {
        let folder = data.generation(number);
        let manifest = Manifest::read(&folder, number)?;
        let damages = Verifier::default().damages(&folder, &manifest)?;
        let in_index = format!("`{INDEX_FOLDER}/");
        if let Some(damage) = damages.iter().find(|damage| !damage.contains(&in_index)) {
            return Err(GenerationError::Damaged { number, damage: damage.clone() }.into());
        }
        let store = StoreReader::open(&folder)?;
        let index_is_usable = damages.is_empty()
            && manifest.analysis == ANALYSIS_VERSION
            && IndexReader::is_usable(&folder.join(INDEX_FOLDER));
        Ok(Self { manifest, folder, store, index_is_usable, needs_healing: !index_is_usable })
    }
}

struct Work<'a> {
    plan: &'a Plan,
    request: &'a Request,
    settings: &'a Settings,
    progress: &'a dyn Progress,
    base: Option<&'a Base>,
    full: bool,
}

struct Built {
    report: Report,
    changed: bool,
    sources: Vec<SourceState>,
    /// Seals of index files that are hard links to the base's.
    inherited: BTreeMap<String, FileSeal>,
}

impl Work<'_> {
    fn build(&self, folder: &Path) -> Result<Built, BuildError> {
        let index_path = folder.join(INDEX_FOLDER);
        fs::create_dir(&index_path).map_err(GenerationError::io("create", &index_path))?;
        let mut inherited = BTreeMap::new();
        let mut index_anew = true;
        if let (Some(base), false) = (self.base, self.full)
            && base.index_is_usable
        {
            inherited = link_index(base, &index_path)?;
            index_anew = false;
        }
        let file = self.begin_store(folder, &mut inherited)?;
        fail::fail_point!("build-copied", |_| std::process::abort());
        let segments = if self.full { Segments::One } else { Segments::Several };
        let index = IndexWriter::open(&index_path, segments)?;
        let built = file.write(|store| {
            let (mut report, sources) = self.read_and_write(store)?;
            fail::fail_point!("build-written", |_| std::process::abort());
            let changed = self.index(store, &index, &report.written, index_anew)?;
            report.report.counts = counts(store)?;
            Ok::<_, BuildError>(Built { report: report.report, changed, sources, inherited })
        })?;
        fail::fail_point!("build-store-committed", |_| std::process::abort());
        drop(file);
        index.finish()?;
        IndexWriter::remove_locks(&index_path);
        Ok(built)
    }

    /// The store to write to: an empty one for a full build, else what lies over the base's base,
    /// which is shared. Where that has grown large, both are made one again.
    fn begin_store(
        &self,
        folder: &Path,
        inherited: &mut BTreeMap<String, FileSeal>,
    ) -> Result<StoreFile, BuildError> {
        let Some(base) = self.base.filter(|_| !self.full) else {
            return Ok(StoreFile::create(folder)?);
        };
        let bytes = |name: &str| base.manifest.files.get(name).map_or(0, |seal| seal.bytes);
        if bytes(OVERLAY_FILE) > OVERLAY_BYTES_MIN.max(bytes(BASE_FILE) / OVERLAY_PART_MAX) {
            return Ok(StoreFile::copy_of(folder, &base.store)?);
        }
        link_store(&base.folder, &base.manifest, folder, inherited)?;
        Ok(StoreFile::over_base(folder)?)
    }

    fn read_and_write(
        &self,
        store: &mut StoreWriter<'_>,
    ) -> Result<(Read, Vec<SourceState>), BuildError> {
        let mut touched = Touched::default();
        if let (true, Some(base)) = (self.full, self.base) {
            store.take_over_sources(&base.store)?;
        }
        let (mut sources, mut rejections) = self.collect(store, &mut touched)?;
        if self.full && self.base.is_some() {
            self.progress.note("everything is merged and indexed anew");
            reapply(store, &mut touched, self.settings)?;
        }
        names::infer(store, &mut touched, self.settings)?;
        let identified = merge::identify(store, &mut touched, self.settings)?;
        let mut written = write::write(store, &touched, identified, self.settings)?;
        self.brake_on_incomplete(&mut sources, &written.rejections)?;
        let previous = self.base.map(|base| &base.store);
        if let (true, Some(previous)) = (self.full, previous) {
            write::note_missing(store, previous, &mut written)?;
        }
        write::record_changes(store, previous, self.settings, &mut written)?;
        rejections.append(&mut written.rejections);
        let states = self.states(store, &sources)?;
        let report = Report {
            outcome: Outcome::DryRun,
            sources,
            rejections,
            unresolved: std::mem::take(&mut written.unresolved),
            counts: Counts::default(),
            upserted: written.upserted.len() as u64,
            removed: written.removed.len() as u64,
        };
        Ok((Read { report, written }, states))
    }

    fn collect(
        &self,
        store: &mut StoreWriter<'_>,
        touched: &mut Touched,
    ) -> Result<(Vec<SourceReport>, Vec<Rejection>), BuildError> {
        let mut reports = Vec::new();
        let mut rejections = Vec::new();
        let only = &self.request.only;
        for plan in &self.plan.sources {
            if !only.is_empty() && !only.contains(&plan.name) {
                continue;
            }
            self.progress.begin(&format!("read {}", plan.name), crate::source::count(plan).ok());
            let trust_digests = !self.full;
            let collected = collect::collect(
                store,
                touched,
                self.settings,
                plan,
                (trust_digests, self.progress),
            )?;
            self.progress.end();
            self.brake(&collected.report, &collected.rejections)?;
            reports.push(collected.report);
            rejections.extend(collected.rejections);
        }
        for name in store.source_names()? {
            let configured = self.plan.sources.iter().any(|s| s.name.as_str() == name);
            if configured || name == SourceName::inferred().as_str() || !only.is_empty() {
                continue;
            }
            let name = SourceName::new(&name).unwrap_or_else(|_| SourceName::inferred());
            let report = collect::forget(store, touched, self.settings, name)?;
            self.brake(&report, &[])?;
            reports.push(report);
        }
        Ok((reports, rejections))
    }

    /// Refuses to go on where a source lost or broke more than it may.
    fn brake(&self, report: &SourceReport, rejections: &[Rejection]) -> Result<(), BuildError> {
        let limits = &self.plan.limits;
        let exceeds = |part: u64, whole: u64, percent: f64| {
            #[expect(clippy::cast_precision_loss, reason = "a share needs no more precision")]
            let allowed = whole as f64 * percent / 100.0;
            #[expect(clippy::cast_precision_loss, reason = "a share needs no more precision")]
            let part_is_more = part as f64 > allowed;
            part > BRAKE_FLOOR && part_is_more
        };
        if self.request.accept_rejections == Accept::Refuse
            && exceeds(report.rejected, report.seen(), limits.rejections_percent)
        {
            return Err(BuildError::Rejections {
                report: report.clone(),
                limit: limits.rejections_percent,
                rejections: rejections.to_vec(),
            });
        }
        if self.request.accept_removals == Accept::Refuse
            && exceeds(report.removed, report.before(), limits.removals_percent)
        {
            let limit = limits.removals_percent;
            return Err(BuildError::Removals { report: report.clone(), limit });
        }
        Ok(())
    }

    /// Facts that make no record are as good as rejected, and brake as rejections do.
    fn brake_on_incomplete(
        &self,
        reports: &mut [SourceReport],
        rejections: &[Rejection],
    ) -> Result<(), BuildError> {
        for report in reports {
            let incomplete = rejections.iter().filter(|r| r.source == report.name).count() as u64;
            report.rejected += incomplete;
            report.new = report.new.saturating_sub(incomplete);
            if incomplete > 0 {
                self.brake(report, rejections)?;
            }
        }
        Ok(())
    }

    /// Brings the index up to date; whether anything at all is different from the base.
    fn index(
        &self,
        store: &StoreWriter<'_>,
        index: &IndexWriter,
        written: &Written,
        index_anew: bool,
    ) -> Result<bool, BuildError> {
        let different =
            written.rederived || !(written.upserted.is_empty() && written.removed.is_empty());
        if index_anew {
            write::index_all(store, index, self.progress)?;
            return Ok(different);
        }
        for id in written.removed.keys().chain(&written.reindex) {
            write::index_one(store, index, *id)?;
        }
        Ok(different)
    }

    fn states(
        &self,
        store: &StoreWriter<'_>,
        reports: &[SourceReport],
    ) -> Result<Vec<SourceState>, BuildError> {
        let known = self.base.map_or(&[][..], |base| &base.manifest.sources);
        let mut states = Vec::new();
        for plan in &self.plan.sources {
            let report = reports.iter().find(|report| report.name == plan.name);
            let before = known.iter().find(|state| state.name == plan.name);
            let records = match (report, before) {
                (None, Some(before)) => before.records,
                _ => store.keys_of_source(&plan.name)?.len() as u64,
            };
            states.push(SourceState {
                name: plan.name.clone(),
                records,
                rejected: report.map_or(before.map_or(0, |b| b.rejected), |r| r.rejected),
                read_at: match (report, before) {
                    (None, Some(before)) => before.read_at,
                    _ => self.plan.now,
                },
            });
        }
        Ok(states)
    }
}

/// What reading and writing brought.
struct Read {
    report: Report,
    written: Written,
}

fn counts(store: &StoreWriter<'_>) -> Result<Counts, BuildError> {
    let mut counts = Counts::default();
    for kind in NodeKind::ALL {
        *counts.of(kind) = store.count(kind)?;
    }
    Ok(counts)
}

/// Hard-links a base's segments, which never change, and copies the small files that do.
fn link_index(base: &Base, into: &Path) -> Result<BTreeMap<String, FileSeal>, GenerationError> {
    let mut inherited = BTreeMap::new();
    let prefix = format!("{INDEX_FOLDER}/");
    for (name, seal) in &base.manifest.files {
        let Some(file) = name.strip_prefix(&prefix) else { continue };
        let (from, to) = (base.folder.join(name), into.join(file));
        if Path::new(file).extension().is_some_and(|extension| extension == "json") {
            fs::copy(&from, &to).map_err(GenerationError::io("copy", &from))?;
        } else {
            fs::hard_link(&from, &to).map_err(GenerationError::io("link", &from))?;
            inherited.insert(name.clone(), seal.clone());
        }
    }
    Ok(inherited)
}

/// Hard-links the base of a store, which never changes, and copies what lies over it.
pub(super) fn link_store(
    from: &Path,
    manifest: &Manifest,
    into: &Path,
    inherited: &mut BTreeMap<String, FileSeal>,
) -> Result<(), GenerationError> {
    let (base, copy) = (from.join(BASE_FILE), into.join(BASE_FILE));
    fs::hard_link(&base, copy).map_err(GenerationError::io("link", &base))?;
    if let Some(seal) = manifest.files.get(BASE_FILE) {
        inherited.insert(BASE_FILE.to_owned(), seal.clone());
    }
    if manifest.files.contains_key(OVERLAY_FILE) {
        let (over, copy) = (from.join(OVERLAY_FILE), into.join(OVERLAY_FILE));
        fs::copy(&over, copy).map_err(GenerationError::io("copy", &over))?;
    }
    Ok(())
}
