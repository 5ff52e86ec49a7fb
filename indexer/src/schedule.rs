//! Keeps a data folder up to date while a process runs: reads each source at its interval or on
//! request, and publishes what changed.
//!
//! Each source has its own task, so that a slow host delays no other source. One task publishes: the
//! first change at once, later ones at most once per interval.

mod publisher;
mod timer;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use schema::SourceName;
use tokio::{sync::Notify, task::JoinSet};

use self::timer::Timer;
use crate::{
    ingest::{BuildConfig, Progress, config::ResolvedSource},
    source_health::{self, HealthBySource, SourceHealth},
    sync::{Completeness, Scope, SourceRun, SyncConfig, SyncError, Synchroniser},
    with_causes,
};

/// Delay after which a run is attempted again if another process uses the state.
const STATE_RETRY_DELAY: Duration = Duration::from_secs(5);
/// Interval at which a run that takes long is logged, and what it has fetched is published.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(30);

/// Settings of a schedule.
#[derive(Debug, Clone)]
pub struct ScheduleConfig {
    /// The builds; each has its own time.
    pub build: BuildConfig,
    /// The fetches.
    pub sync: SyncConfig,
    /// Minimum interval between two publications.
    pub publish_interval: Duration,
}

/// Runs sources and publishes, until it is dropped.
pub struct Schedule {
    build: BuildConfig,
    publish_interval: Duration,
    synchroniser: Synchroniser,
    sources: BTreeMap<SourceName, ScheduledSource>,
    health: Mutex<HealthBySource>,
    /// Sources whose content differs from what is published.
    pending: Mutex<BTreeSet<SourceName>>,
    has_pending: Notify,
}

/// What a run means for publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunOutcome {
    /// A build may find changes.
    Changed,
    /// What was fetched is as before.
    Unchanged,
    /// Nothing was fetched.
    Failed,
}

/// A source, and the run that was requested.
struct ScheduledSource {
    source: ResolvedSource,
    requested: Mutex<Option<Scope>>,
    is_requested: Notify,
}

impl std::fmt::Debug for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Schedule").field("sources", &self.sources.keys()).finish_non_exhaustive()
    }
}

impl Schedule {
    /// A schedule of the sources that have an interval or hooks; `None` if there are none.
    ///
    /// # Errors
    /// [`SyncError::Client`] if the HTTP client cannot be created.
    pub fn new(config: ScheduleConfig) -> Result<Option<Self>, SyncError> {
        let is_scheduled =
            |source: &&ResolvedSource| source.refresh.is_some() || source.hook_secret.is_some();
        let sources = config.build.sources.iter().filter(is_scheduled).map(|source| {
            let scheduled = ScheduledSource {
                source: source.clone(),
                requested: Mutex::default(),
                is_requested: Notify::new(),
            };
            (source.name.clone(), scheduled)
        });
        let sources: BTreeMap<_, _> = sources.collect();
        if sources.is_empty() {
            return Ok(None);
        }
        let mut health = source_health::read(&config.build.data);
        health.retain(|name, _| config.build.sources.iter().any(|source| source.name == *name));
        Ok(Some(Self {
            synchroniser: Synchroniser::new(&config.sync)?,
            build: config.build,
            publish_interval: config.publish_interval,
            sources,
            health: Mutex::new(health),
            pending: Mutex::default(),
            has_pending: Notify::new(),
        }))
    }

    /// Requests a run of a source as soon as possible. Requests for a source that is running are
    /// combined into one run after it. Returns whether the source has a schedule.
    pub fn request(&self, source: &SourceName, scope: Scope) -> bool {
        let Some(scheduled) = self.sources.get(source) else { return false };
        let mut requested = scheduled.requested.lock().unwrap_or_else(PoisonError::into_inner);
        *requested = Some(match requested.take() {
            None => scope,
            Some(earlier) => earlier.and(scope),
        });
        scheduled.is_requested.notify_one();
        true
    }

    /// Runs until the future is dropped.
    pub async fn run(self: Arc<Self>) {
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&self).publish());
        for name in self.sources.keys() {
            tasks.spawn(Arc::clone(&self).run_source(name.clone()));
        }
        // Runs and builds are isolated from panics, so no task ends.
        while tasks.join_next().await.is_some() {}
    }

    /// Runs one source whenever it is due or requested.
    async fn run_source(self: Arc<Self>, name: SourceName) {
        let ScheduledSource { source, .. } = &self.sources[&name];
        let last_run = self.health(&name).last_run;
        let mut timer = Timer::new(source.refresh, last_run.map(|run| run.at), Timestamp::now());
        // The configuration may have changed since the last publication.
        let mut is_first = true;
        loop {
            self.update_health(&name, |health| {
                health.next_run_at = timer.next().map(Timestamp::as_second);
            });
            let scope = tokio::select! {
                biased;
                scope = self.requested(&name) => scope,
                () = timer.due() => Scope::All,
            };
            let is_whole = matches!(scope, Scope::All);
            match self.clone().run_once(source.clone(), scope).await {
                Ok(outcome) => {
                    if outcome == RunOutcome::Changed || (is_first && outcome != RunOutcome::Failed)
                    {
                        self.set_pending([name.clone()]);
                    }
                    is_first &= outcome == RunOutcome::Failed;
                    if is_whole {
                        timer.restart(Timestamp::now());
                    }
                }
                Err(error) => {
                    let is_in_use = matches!(&error, SyncError::State(error) if error.is_in_use());
                    if is_in_use {
                        tracing::info!(source = %name, "another process synchronises; the run is postponed");
                        timer.postpone(STATE_RETRY_DELAY, Timestamp::now());
                    } else {
                        let error = with_causes(&error);
                        tracing::error!(source = %name, error, "source was not read");
                        timer.restart(Timestamp::now());
                    }
                }
            }
        }
    }

    /// Waits for a request.
    async fn requested(&self, name: &SourceName) -> Scope {
        let scheduled = &self.sources[name];
        loop {
            let scope = scheduled.requested.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(scope) = scope {
                return scope;
            }
            scheduled.is_requested.notified().await;
        }
    }

    /// Runs a source once.
    async fn run_once(
        self: Arc<Self>,
        source: ResolvedSource,
        scope: Scope,
    ) -> Result<RunOutcome, SyncError> {
        // Files are read by the build itself.
        let Some(network) = source.network else { return Ok(RunOutcome::Changed) };
        let (name, schedule) = (source.name, Arc::clone(&self));
        let is_whole = matches!(scope, Scope::All);
        let now = Timestamp::now();
        // A task of its own, so that a panic ends only this run.
        let run = tokio::spawn(async move {
            let progress = LoggedProgress::new(&schedule, network.name.clone());
            schedule.synchroniser.run(&network, &scope, now, &progress).await
        });
        let run = match run.await {
            Ok(run) => run?,
            Err(_) => SourceRun::failed(now, "the run ended unexpectedly; see the log".to_owned()),
        };
        if is_whole || !run.notes.is_empty() {
            log_run(&name, &run);
        } else {
            let SourceRun { changed, removed, requests, duration_ms, .. } = run;
            tracing::info!(source = %name, changed, removed, requests, duration_ms, "reported objects were fetched");
        }
        // What could not be read by itself is read with the whole source.
        if !is_whole && !run.notes.is_empty() {
            self.request(&name, Scope::All);
        }
        let has_changes = run.changed > 0 || run.removed > 0 || run.confirms_absences;
        let mut was_withheld = false;
        self.update_health(&name, |health| {
            was_withheld = health.publication_error.is_some();
            // A run of reported objects says nothing of the whole source, unless it read all of it.
            if is_whole || run.completeness == Completeness::Complete {
                health.record(&run);
            }
        });
        Ok(match run.completeness {
            _ if has_changes || was_withheld => RunOutcome::Changed,
            Completeness::Failed => RunOutcome::Failed,
            Completeness::Complete | Completeness::Partial => RunOutcome::Unchanged,
        })
    }

    fn health(&self, name: &SourceName) -> SourceHealth {
        let health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.get(name).cloned().unwrap_or_default()
    }

    /// Changes the health of a source, and stores it.
    fn update_health(&self, name: &SourceName, change: impl FnOnce(&mut SourceHealth)) {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = health.entry(name.clone()).or_default();
        let before = entry.clone();
        change(entry);
        if *entry == before {
            return;
        }
        if let Err(error) = source_health::write(&self.build.data, &health) {
            tracing::warn!(error = with_causes(&error), "cannot store the health of sources");
        }
    }

    fn set_pending(&self, names: impl IntoIterator<Item = SourceName>) {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
        self.has_pending.notify_one();
    }
}

/// Logs a run: its counts, or the one sentence that an operator needs.
fn log_run(name: &SourceName, run: &SourceRun) {
    let SourceRun { present, changed, removed, missing, requests, bytes, duration_ms, .. } = *run;
    let error = run.notes.first().map_or("", String::as_str);
    match run.completeness {
        Completeness::Complete => tracing::info!(
            source = %name, present, changed, removed, missing, requests, bytes, duration_ms,
            "source was fetched"
        ),
        Completeness::Partial => tracing::warn!(
            source = %name, error, present, changed, removed, requests, bytes, duration_ms,
            "source was partly fetched; what it could not read remains as it was"
        ),
        Completeness::Failed => tracing::error!(
            source = %name, error, requests, bytes, duration_ms,
            "source was not fetched; its content remains as it was"
        ),
    }
}

/// Logs a run that takes long, and publishes what it has fetched so far.
struct LoggedProgress<'a> {
    schedule: &'a Schedule,
    name: SourceName,
    /// The number of resources, and the time of the last line.
    state: Mutex<(u64, Instant)>,
}

impl<'a> LoggedProgress<'a> {
    fn new(schedule: &'a Schedule, name: SourceName) -> Self {
        Self { schedule, name, state: Mutex::new((0, Instant::now())) }
    }
}

impl Progress for LoggedProgress<'_> {
    fn advance(&self, by: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 += by;
        if state.1.elapsed() >= PROGRESS_INTERVAL {
            state.1 = Instant::now();
            tracing::info!(source = %self.name, fetched = state.0, "source is being fetched");
            self.schedule.set_pending([self.name.clone()]);
        }
    }
}
