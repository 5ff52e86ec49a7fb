//! Fetches the sources over the network, before a build reads them, or on a schedule.

use std::{
    fmt::{self, Display},
    sync::Arc,
};

use indexer::{
    ingest::{BuildConfig, BuildLimits, Progress, config::SourceConfig},
    schedule::{Schedule, ScheduleConfig},
    source_health,
    sync::{
        ChangedObject, Completeness, NetworkSource, Scope, SourceRun, SyncConfig, Synchroniser,
    },
    with_causes,
};
use jiff::Timestamp;
use schema::SourceName;
use tokio::runtime::Runtime;

use super::CommandError;
use crate::{
    config::{Config, ConfigError},
    http::hooks::{Hooks, ReportedObject},
};

/// The run of one source.
pub(super) type NamedRun = (SourceName, SourceRun);

/// Runs the sources over the network, or those of them that are in `only`, and records their health;
/// no runs if there are none.
pub(super) fn run(
    config: &Config,
    only: &[SourceName],
    progress: &dyn Progress,
) -> Result<Vec<NamedRun>, CommandError> {
    let is_selected = |source: &NetworkSource| only.is_empty() || only.contains(&source.name);
    let sources = config.resolve_sources()?.into_iter();
    let sources: Vec<_> = sources.filter_map(|source| source.network).filter(is_selected).collect();
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let synchroniser = Synchroniser::new(&sync_config(config))?;
    // Open between the runs, too, so that no other process begins one.
    let _state = synchroniser.state()?;
    let runtime = Runtime::new()?;
    let mut runs = Vec::new();
    for source in sources {
        progress.begin(&format!("fetch {}", source.name), None);
        let run = synchroniser.run(&source, &Scope::All, Timestamp::now(), progress);
        let run = runtime.block_on(run)?;
        progress.end();
        runs.push((source.name, run));
    }
    if let Err(error) = source_health::record(&config.data, &runs) {
        progress.note(&with_causes(&error));
    }
    Ok(runs)
}

/// The configuration of fetches.
pub(super) fn sync_config(config: &Config) -> SyncConfig {
    SyncConfig {
        data: config.data.clone(),
        contact: config.sync.contact.clone(),
        ca_file: config.sync.ca_file.clone(),
        request_interval: config.sync.request_interval,
        retries_max: config.sync.retries_max,
    }
}

/// The schedule of the sources; none if nothing is to be read again.
pub(super) fn schedule(config: &Config) -> Result<Option<Arc<Schedule>>, CommandError> {
    if !config.sources.iter().any(SourceConfig::may_be_scheduled) {
        return Ok(None);
    }
    let schedule = Schedule::new(ScheduleConfig {
        build: build_config(config)?,
        sync: sync_config(config),
        publish_interval: config.sync.publish_interval,
    })?;
    Ok(schedule.map(Arc::new))
}

/// The configuration of a build.
pub(super) fn build_config(config: &Config) -> Result<BuildConfig, ConfigError> {
    Ok(BuildConfig {
        data: config.data.clone(),
        sources: config.resolve_sources()?,
        aliases: config.aliases.clone(),
        item_url: config.public_url.clone(),
        limits: BuildLimits {
            rejections_percent: config.limits.rejections_percent,
            removals_percent: config.limits.removals_percent,
            retained_generations: config.limits.generations_retained,
        },
        now: whole_second(config.clock.now()),
        demo_date: config.demo_date,
    })
}

/// Truncates to whole seconds, since build times are read by people.
fn whole_second(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

/// The hooks of the sources that have a secret, which request runs of the schedule.
pub(super) fn hooks(config: &Config, schedule: Arc<Schedule>) -> Result<Hooks, CommandError> {
    let mut secrets = Vec::new();
    for source in config.resolve_sources()? {
        let Some(location) = source.hook_secret else { continue };
        let secret = location.read();
        let secret =
            secret.map_err(|cause| CommandError::HookSecret(source.name.clone(), cause))?;
        secrets.push((source.name, secret));
    }
    let receive = move |name: &SourceName, objects: Vec<ReportedObject>| {
        let scope = if objects.is_empty() {
            Scope::All
        } else {
            Scope::Objects(objects.into_iter().map(changed_object).collect())
        };
        schedule.request(name, scope);
    };
    Ok(Hooks::new(secrets, receive)?)
}

fn changed_object(ReportedObject { kind, id }: ReportedObject) -> ChangedObject {
    ChangedObject { kind, id }
}

/// Formats a run as one line, and its notes.
pub(super) struct RunSummary<'a>(pub(super) &'a NamedRun);

impl Display for RunSummary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self((name, run)) = self;
        let outcome = match run.completeness {
            Completeness::Complete => "fetched",
            Completeness::Partial => "partly fetched",
            Completeness::Failed => "not fetched; its last content remains",
        };
        let SourceRun { present, changed, removed, missing, requests, bytes, duration_ms, .. } =
            run;
        write!(
            f,
            "{name}: {outcome}: {present} present, {changed} changed, {removed} removed, {missing} \
             missing ({requests} requests, {bytes} bytes, {duration_ms} ms)"
        )?;
        for note in &run.notes {
            write!(f, "\n{name}: {note}")?;
        }
        Ok(())
    }
}
