//! Fetches the SDL of a subgraph from its endpoint.

use std::sync::Arc;

use async_graphql_parser::types::OperationType;
use async_graphql_value::Variables;
use serde::Deserialize;
use tokio::time::Instant;

use super::{FetchError, Headers, HttpClient, HttpSubgraph, Subgraph, SubgraphRequest};
use crate::{
    config::{SubgraphConfig, SubgraphPolicy},
    error::cause,
};

/// Maximum size of an SDL in bytes.
const SDL_BYTES_MAX: usize = 4 << 20;
/// Query for the SDL, which every federation subgraph supports.
const SDL_QUERY: &str = "{ _service { sdl } }";

/// `data` of the response.
#[derive(Deserialize)]
struct ServiceData {
    #[serde(rename = "_service")]
    service: Service,
}

#[derive(Deserialize)]
struct Service {
    sdl: String,
}

/// Fetches the SDL of a subgraph, within its timeout.
///
/// # Errors
/// [`FetchError`] if it returns no SDL.
pub(crate) async fn fetch_sdl(
    subgraph: &SubgraphConfig,
    client: HttpClient,
) -> Result<String, FetchError> {
    let policy = SubgraphPolicy {
        timeout: subgraph.timeout,
        retries: subgraph.retries,
        bytes_max: SDL_BYTES_MAX,
        failure_threshold: u32::MAX,
        open_for: subgraph.sdl_poll_interval,
        private_addresses: subgraph.private_addresses,
        trace_headers: Headers::default,
    };
    let url = subgraph.url.to_string();
    let remote = Arc::new(HttpSubgraph::new(subgraph.shared_name(), url, policy, client));
    let request = SubgraphRequest {
        document: SDL_QUERY,
        operation_type: OperationType::Query,
        variables: &Variables::default(),
        representations: &[],
        headers: &subgraph.fixed_headers(),
        deadline: Instant::now() + subgraph.timeout,
    };
    let response = remote.fetch(request).await?;
    if let Ok(ServiceData { service: Service { sdl } }) = serde_json::from_slice(&response.data) {
        return Ok(sdl);
    }
    let reason = response
        .errors
        .first()
        .map_or("no `_service { sdl }` in the response", |error| &error.message);
    Err(FetchError::MalformedResponse(cause(reason.to_owned())))
}
