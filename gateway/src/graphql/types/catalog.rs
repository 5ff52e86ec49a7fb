//! `Catalog`: contents and origin of the knowledge base.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object};
use federation::subgraph::{CircuitState, Health};
use indexer::catalog::{HealthState, RecordCounts, Snapshot, SourceHealth, SourceState, time_of};

use super::scalar::DateTime;
use crate::graphql::context::RequestContext;

/// The generation that is served.
pub(crate) struct Catalog(pub(crate) Arc<Snapshot>);

/// The current contents of the knowledge base, and their origin.
#[Object]
impl Catalog {
    /// Number of the served generation; it only increases.
    async fn generation(&self) -> u64 {
        self.0.generation().0
    }

    /// When the generation was built.
    async fn built_at(&self) -> DateTime {
        DateTime(self.0.built_at())
    }

    /// Number of items of each kind.
    async fn counts(&self) -> CatalogCounts<'_> {
        CatalogCounts(self.0.counts())
    }

    /// The sources it was built from.
    async fn sources(&self) -> Vec<Source<'_>> {
        let health = self.0.source_health();
        let source = |state| Source { state, health: health.get(&state.name).cloned() };
        self.0.sources().iter().map(source).collect()
    }

    /// Configured subgraphs, by name.
    async fn subgraphs<'c>(&self, ctx: &'c Context<'_>) -> Vec<Subgraph<'c>> {
        let RequestContext { subgraph_status, config, .. } = RequestContext::of(ctx);
        let configured = config.subgraphs.iter().map(|subgraph| subgraph.name.as_str());
        let statuses = subgraph_status.health_by_name(configured).into_iter();
        statuses.map(|(name, health)| Subgraph { name, health }).collect()
    }

    /// Whether the served supergraph contains the current schemas of all subgraphs. False if they
    /// cannot be composed and the previous supergraph is still served; the log has the reason.
    async fn supergraph_is_current(&self, ctx: &Context<'_>) -> bool {
        RequestContext::of(ctx).subgraph_status.is_current()
    }

    /// Name and version of the program, such as `wegwijzer 0.1.0`.
    async fn program(&self) -> &str {
        crate::PROGRAM
    }
}

/// Borrows the counts.
struct CatalogCounts<'a>(&'a RecordCounts);

/// Number of items of each kind.
#[Object]
impl CatalogCounts<'_> {
    /// Number of articles.
    async fn articles(&self) -> u64 {
        self.0.articles
    }

    /// Number of toolkits.
    async fn toolkits(&self) -> u64 {
        self.0.toolkits
    }

    /// Number of communities.
    async fn communities(&self) -> u64 {
        self.0.communities
    }

    /// Number of events; a series counts as one.
    async fn events(&self) -> u64 {
        self.0.events
    }

    /// Number of themes.
    async fn themes(&self) -> u64 {
        self.0.themes
    }

    /// Number of organisations.
    async fn organisations(&self) -> u64 {
        self.0.organisations
    }

    /// Number of people.
    async fn people(&self) -> u64 {
        self.0.people
    }

    /// Number of audiences.
    async fn audiences(&self) -> u64 {
        self.0.audiences
    }
}

/// Borrows the state of a source in the generation.
struct Source<'a> {
    state: &'a SourceState,
    health: Option<SourceHealth>,
}

/// A source of the knowledge base.
#[Object]
impl Source<'_> {
    /// Name in the configuration, such as `blog`.
    async fn name(&self) -> &str {
        self.state.name.as_str()
    }

    /// Number of its records in the generation.
    async fn records(&self) -> u64 {
        self.state.records
    }

    /// Number of its records that were rejected.
    async fn rejected(&self) -> u64 {
        self.state.rejected
    }

    /// When it was last read.
    async fn read_at(&self) -> DateTime {
        DateTime(self.state.read_at)
    }

    /// Its synchronisation; null for a source that is not read over the network or on a schedule.
    async fn sync(&self) -> Option<SourceSync> {
        self.health.clone().map(SourceSync)
    }
}

/// The health of a source.
struct SourceSync(SourceHealth);

/// State of the synchronisation of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum SourceSyncState {
    /// It has not run yet.
    Pending,
    /// The last run read the whole source, and its result is published.
    Healthy,
    /// The last run read a part of the source; the rest remains as it was.
    Partial,
    /// The last run read nothing, or its result cannot be published; the content remains as it was.
    Failed,
}

/// Synchronisation of a source: what its last run found, and when the next one starts.
#[Object]
impl SourceSync {
    /// Current state.
    async fn state(&self) -> SourceSyncState {
        match self.0.state() {
            None => SourceSyncState::Pending,
            Some(HealthState::Healthy) => SourceSyncState::Healthy,
            Some(HealthState::Partial) => SourceSyncState::Partial,
            Some(HealthState::Failed) => SourceSyncState::Failed,
        }
    }

    /// When the last run started.
    async fn last_run_at(&self) -> Option<DateTime> {
        self.0.last_run.as_ref().and_then(|run| time_of(run.at)).map(DateTime)
    }

    /// When the last run that read the whole source started.
    async fn completed_at(&self) -> Option<DateTime> {
        self.0.completed_at.and_then(time_of).map(DateTime)
    }

    /// When the next run starts; null if none is scheduled.
    async fn next_run_at(&self) -> Option<DateTime> {
        self.0.next_run_at.and_then(time_of).map(DateTime)
    }

    /// Number of resources that the last run found on the host.
    async fn present(&self) -> Option<u64> {
        self.0.last_run.as_ref().map(|run| run.present)
    }

    /// Number of resources that were new or changed in the last run.
    async fn changed(&self) -> Option<u64> {
        self.0.last_run.as_ref().map(|run| run.changed)
    }

    /// Number of resources that the last run removed.
    async fn removed(&self) -> Option<u64> {
        self.0.last_run.as_ref().map(|run| run.removed)
    }

    /// Why the state is not `HEALTHY`, with the remedy.
    async fn error(&self) -> Option<&str> {
        self.0.error()
    }
}

/// Borrows the status of a subgraph.
struct Subgraph<'a> {
    name: &'a str,
    health: Option<Health>,
}

/// State of a subgraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum SubgraphState {
    /// Part of the supergraph; receives requests.
    Composed,
    /// Part of the supergraph, but failed repeatedly: it temporarily receives no requests, and its
    /// own fields are null.
    CircuitOpen,
    /// Not part of the supergraph yet: its schema has not been fetched.
    Unavailable,
}

/// A GraphQL service that is composed with ours.
#[Object]
impl Subgraph<'_> {
    /// Name in the configuration, such as `pleio`.
    async fn name(&self) -> &str {
        self.name
    }

    /// Current state.
    async fn state(&self) -> SubgraphState {
        match self.health {
            None => SubgraphState::Unavailable,
            Some(Health { state: CircuitState::Closed, .. }) => SubgraphState::Composed,
            Some(Health { state: CircuitState::Open, .. }) => SubgraphState::CircuitOpen,
        }
    }

    /// Number of calls since it was composed, retries included.
    async fn calls(&self) -> u64 {
        self.health.map_or(0, |health| health.calls)
    }

    /// Number of failed calls.
    async fn failures(&self) -> u64 {
        self.health.map_or(0, |health| health.failures)
    }
}
