//! Conditions that need an operator, for people on `/status`. `gateway/monitoring/alerts.yml` has
//! the same ones for Prometheus, which also detects that the program does not run or serves nothing.

use federation::subgraph::CircuitState;
use indexer::catalog::{Catalog, HealthState, SourceHealth};
use jiff::Timestamp;

use crate::{metrics::Metrics, pipeline::Pipeline};

/// Seconds after which the last complete run of a source is out of date.
const STALE_AFTER_S: i64 = 24 * 3_600;
/// Seconds after which a scheduled run is overdue.
const OVERDUE_AFTER_S: i64 = 3_600;

/// A condition, with the name of what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Alert {
    /// The newest generation is damaged, and an older one is served.
    GenerationDamaged,
    /// Requests failed recently because of internal errors.
    RequestsFailing,
    /// Requests were rejected recently because of load.
    Overloaded,
    /// The last run of a source failed, or its result cannot be published.
    SourceFailed(String),
    /// A source was not read completely for a day, and should have been.
    SourceStale(String),
    /// A subgraph is not called, because it failed repeatedly.
    SubgraphUnavailable(String),
}

impl Alert {
    /// The conditions that hold now.
    pub(crate) fn current(pipeline: &Pipeline, metrics: &Metrics, now: Timestamp) -> Vec<Self> {
        let catalog = pipeline.catalog();
        let health = catalog.map(Catalog::source_health).unwrap_or_default();
        let is_damaged = catalog.is_some_and(|catalog| catalog.damage().is_some());
        let failed =
            health.iter().filter(|(_, health)| health.state() == Some(HealthState::Failed));
        let stale = health.iter().filter(|(_, health)| is_stale(health, now.as_second()));
        let (subgraphs, _) = pipeline.subgraphs();
        let unavailable =
            subgraphs.into_iter().filter(|(_, health)| health.state == CircuitState::Open);
        is_damaged
            .then_some(Self::GenerationDamaged)
            .into_iter()
            .chain(metrics.has_recent_internal_error().then_some(Self::RequestsFailing))
            .chain(metrics.has_recent_rejection().then_some(Self::Overloaded))
            .chain(failed.map(|(name, _)| Self::SourceFailed(name.to_string())))
            .chain(stale.map(|(name, _)| Self::SourceStale(name.to_string())))
            .chain(unavailable.map(|(name, _)| Self::SubgraphUnavailable(name)))
            .collect()
    }

    /// The key of the message, and the name for its placeholder.
    pub(crate) fn message(&self) -> (&'static str, &str) {
        match self {
            Self::GenerationDamaged => ("status.damaged", ""),
            Self::RequestsFailing => ("status.requests_failing", ""),
            Self::Overloaded => ("status.overloaded", ""),
            Self::SourceFailed(name) => ("status.source_failed", name),
            Self::SourceStale(name) => ("status.source_stale", name),
            Self::SubgraphUnavailable(name) => ("status.subgraph_unavailable", name),
        }
    }
}

/// Whether a source was not read completely for a day, although a run was due: the last one was not
/// complete, or the next one is overdue.
fn is_stale(health: &SourceHealth, now: i64) -> bool {
    let Some(completed_at) = health.completed_at else { return false };
    let was_complete = health.last_run.as_ref().is_some_and(|run| run.at == completed_at);
    let is_due = health.next_run_at.is_none_or(|next| now - next > OVERDUE_AFTER_S);
    now - completed_at > STALE_AFTER_S && (!was_complete || is_due)
}

#[cfg(test)]
mod tests {
    use indexer::sync::{Completeness, SourceRun};

    use super::*;

    #[test]
    fn a_source_must_be_stale_after_a_day_unless_its_next_run_is_later() {
        let now: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        let at = |hours: i64| now.as_second() - hours * 3_600;
        let health = |completed: Option<i64>, run: i64, next: Option<i64>| SourceHealth {
            last_run: Some(SourceRun {
                completeness: Completeness::Complete,
                ..SourceRun::failed(Timestamp::from_second(at(run)).unwrap(), String::new())
            }),
            completed_at: completed.map(at),
            next_run_at: next.map(at),
            publication_error: None,
        };
        for (completed, run, next, expected) in [
            (None, 1, None, false),
            (Some(24), 24, None, false),
            (Some(25), 25, None, true),
            (Some(25), 1, Some(-1), true),
            (Some(25), 25, Some(-143), false),
            (Some(25), 25, Some(1), false),
            (Some(25), 25, Some(2), true),
        ] {
            let health = health(completed, run, next);
            assert_eq!(
                is_stale(&health, now.as_second()),
                expected,
                "{completed:?} {run} {next:?}"
            );
        }
    }
}
