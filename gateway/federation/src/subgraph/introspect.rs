//! Fetches the SDL of a subgraph from its endpoint.

use std::sync::Arc;

use async_graphql_parser::types::OperationType;
use async_graphql_value::Variables;
use serde::Deserialize;
use tokio::time::Instant;

use super::{
    CallBudget, FetchError, FetchResult, Headers, HttpClient, HttpSubgraph, Subgraph,
    SubgraphRequest, introspection_sdl,
};
use crate::{
    config::{SubgraphConfig, SubgraphPolicy},
    error::cause,
};

/// Maximum size of an SDL in bytes.
const SDL_BYTES_MAX: usize = 4 << 20;
/// Query for the SDL, which every federation subgraph supports.
const SDL_QUERY: &str = "{ _service { sdl } }";
/// Maximum size of the response to an introspection query in bytes; it is longer than the SDL.
const INTROSPECTION_BYTES_MAX: usize = 16 << 20;

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

/// Fetches the SDL of a subgraph within its timeout: by `_service`, or that of a plain GraphQL
/// service by introspection.
///
/// # Errors
/// [`FetchError`] if it returns no SDL.
pub(crate) async fn fetch_sdl(
    subgraph: &SubgraphConfig,
    client: HttpClient,
) -> Result<String, FetchError> {
    let malformed = |reason: &str| FetchError::MalformedResponse(cause(reason.to_owned()));
    if subgraph.mapping.is_some() {
        let query = introspection_sdl::QUERY;
        let response = fetch(subgraph, client, query, INTROSPECTION_BYTES_MAX).await?;
        let sdl = introspection_sdl::sdl(&response.data).map_err(|reason| {
            let reported = response.errors.first().map_or(reason, |error| error.message.clone());
            malformed(&format!(
                "{reported}; save the schema of the service in a file and set `sdl`"
            ))
        })?;
        let is_short = sdl.len() <= SDL_BYTES_MAX;
        return Some(sdl).filter(|_| is_short).ok_or(FetchError::ResponseTooLarge(SDL_BYTES_MAX));
    }
    let response = fetch(subgraph, client, SDL_QUERY, SDL_BYTES_MAX).await?;
    if let Ok(ServiceData { service: Service { sdl } }) = serde_json::from_slice(&response.data) {
        return Ok(sdl);
    }
    let reason = response
        .errors
        .first()
        .map_or("no `_service { sdl }` in the response", |error| &error.message);
    Err(malformed(reason))
}

/// Sends one query to a subgraph.
async fn fetch(
    subgraph: &SubgraphConfig,
    client: HttpClient,
    query: &str,
    bytes_max: usize,
) -> FetchResult {
    let policy = SubgraphPolicy {
        timeout: subgraph.timeout,
        retries: subgraph.retries,
        bytes_max,
        failure_threshold: u32::MAX,
        open_for: subgraph.sdl_poll_interval,
        private_addresses: subgraph.private_addresses,
        trace_headers: Headers::default,
    };
    let url = subgraph.url.to_string();
    let remote = Arc::new(HttpSubgraph::new(subgraph.shared_name(), url, policy, client));
    let request = SubgraphRequest {
        document: query,
        operation_type: OperationType::Query,
        variables: &Variables::default(),
        representations: &[],
        headers: &subgraph.fixed_headers(),
        deadline: Instant::now() + subgraph.timeout,
        calls: &CallBudget::new(1),
    };
    remote.fetch(request).await
}
