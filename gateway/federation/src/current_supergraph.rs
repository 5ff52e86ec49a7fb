//! Holds the active supergraph. A new one is first checked for breaking changes, outside the
//! runtime's worker threads.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    compatibility::{self, BreakingChanges},
    config::{OnBreakingChange, RouterConfig},
    operation_key::OperationKey,
    operation_planner::OperationPlanner,
    router::SupergraphRouter,
    subgraph::{HttpClient, RejectedAddress, SubgraphRegistry, SubgraphStatus},
    supergraph::Supergraph,
};

/// The router of the active supergraph, if there is one.
pub struct CurrentSupergraph {
    current: RwLock<Option<Arc<SupergraphRouter>>>,
    /// Whether the latest supergraph is the active one.
    is_current: AtomicBool,
    config: Arc<RouterConfig>,
    client: HttpClient,
    planner: OperationPlanner,
    /// Trusted documents, against which each new supergraph is checked.
    trusted: Vec<Arc<str>>,
}

/// The reason why a supergraph was not activated.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    /// It would break operations, and the configuration rejects that.
    #[error(transparent)]
    Breaking(#[from] BreakingChanges),
    /// Requests must not be sent to one of its subgraphs.
    #[error(transparent)]
    Address(#[from] RejectedAddress),
}

impl CurrentSupergraph {
    /// Creates an empty slot. Each new supergraph is checked against the documents `trusted`.
    pub fn new(config: RouterConfig, trusted: Vec<Arc<str>>) -> Self {
        Self {
            current: RwLock::default(),
            is_current: AtomicBool::new(true),
            client: HttpClient::new(config.user_agent),
            planner: OperationPlanner::new(config.plan_timeout),
            config: Arc::new(config),
            trusted,
        }
    }

    /// The current router; it remains usable after another supergraph is activated.
    pub fn current(&self) -> Option<Arc<SupergraphRouter>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The configuration of the router.
    pub fn config(&self) -> &RouterConfig {
        &self.config
    }

    /// Activates a supergraph; requests in progress finish with the previous one. Trusted and
    /// cached operations are planned on it first.
    ///
    /// # Errors
    /// [`ActivationError`] if any of them can no longer be planned and the configuration rejects
    /// that, or if requests must not be sent to a subgraph.
    pub async fn activate(&self, supergraph: Supergraph) -> Result<(), ActivationError> {
        SubgraphRegistry::check(supergraph.graphs(), &self.config)
            .inspect_err(|_| self.mark_outdated())?;
        let previous = self.current();
        let operations: Vec<_> =
            self.trusted.iter().filter_map(OperationKey::from_single_operation).collect();
        let (planner, router) = (self.planner.clone(), previous.clone());
        let checking = move || {
            let cached = router.as_ref().map(|router| router.cached_operations());
            let was_plannable = |operation: &OperationKey| {
                router.as_ref().is_none_or(|router| router.can_plan(operation))
            };
            let operations = operations.into_iter().filter(was_plannable);
            let operations = operations.chain(cached.unwrap_or_default());
            let checked = compatibility::check(&supergraph, operations, &planner);
            (supergraph, checked)
        };
        let Ok((supergraph, checked)) = tokio::task::spawn_blocking(checking).await else {
            tracing::warn!(
                "supergraph compatibility check panicked; keeping the current supergraph"
            );
            self.mark_outdated();
            return Ok(());
        };
        if let Err(breaking) = checked {
            if previous.is_some() && self.config.on_breaking_change == OnBreakingChange::Reject {
                self.mark_outdated();
                return Err(breaking.into());
            }
            tracing::warn!(error = %breaking, "activating supergraph with breaking changes");
        }
        let planner = self.planner.clone();
        let router = SupergraphRouter::new(
            supergraph,
            &self.config,
            &self.client,
            planner,
            previous.as_deref(),
        );
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(router));
        self.is_current.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Records that the latest supergraph could not be activated.
    pub fn mark_outdated(&self) {
        self.is_current.store(false, Ordering::Relaxed);
    }

    /// The status of the subgraphs of a router.
    pub fn subgraph_status(&self, router: Option<&SupergraphRouter>) -> SubgraphStatus {
        let remotes = router.map(|router| Arc::clone(router.remotes())).unwrap_or_default();
        SubgraphStatus::new(remotes, self.is_current.load(Ordering::Relaxed))
    }
}
