//! Plan cache: concurrent requests for the same operation and grants share one plan.

use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::{
    authorization::Grants,
    operation_key::OperationKey,
    operation_planner::{OperationPlanner, PlanError},
    plan::Plan,
    supergraph::Supergraph,
};

/// Cached plans for one supergraph.
pub(crate) struct PlanCache(Cache<(OperationKey, Grants), Arc<Plan>>);

impl PlanCache {
    /// Creates a cache for at most `entries_max` plans.
    pub(crate) fn new(entries_max: usize) -> Self {
        Self(Cache::new(entries_max))
    }

    /// The plan of an operation. If it is not cached, it is computed outside the runtime's worker
    /// threads.
    ///
    /// # Errors
    /// [`PlanError`] if the operation is invalid or cannot be planned.
    pub(crate) async fn get(
        &self,
        operation: OperationKey,
        grants: &Grants,
        supergraph: &Arc<Supergraph>,
        planner: &OperationPlanner,
    ) -> Result<Arc<Plan>, PlanError> {
        let key = (operation, grants.clone());
        let ((operation, grants), supergraph) = (key.clone(), Arc::clone(supergraph));
        let planner = planner.clone();
        let build = async move {
            let plan = move || planner.plan(&supergraph, &operation, &grants);
            let plan = tokio::task::spawn_blocking(plan).await;
            plan.map_err(|_panicked| PlanError::Panicked)?.map(Arc::new)
        };
        self.0.get_or_insert_async(&key, build).await
    }

    /// The operations whose plans are cached.
    pub(crate) fn operations(&self) -> Vec<OperationKey> {
        self.0.iter().map(|((operation, _), _)| operation).collect()
    }

    /// Number of cached plans.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
