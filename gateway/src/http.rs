//! HTTP: addresses, media types, status codes and headers. Everything behind them is elsewhere.
//!
//! This module must not know GraphQL types or records: `/graphql` hands a question to the
//! [`crate::pipeline`] and puts its answer into the form that the client accepts.

mod client;
mod graphql;
mod health;
mod home;
mod media;
mod observe;
mod problem;
mod question;
mod request_id;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Response, Route, get};

use crate::{config::Config, pipeline::Pipeline};

/// Everything that is served, with the log and the headers around it.
pub fn endpoint(
    pipeline: Arc<Pipeline>,
    config: &Config,
) -> impl Endpoint<Output = Response> + use<> {
    let home = home::Home::new(Arc::clone(&pipeline), &config.public_url);
    let routes = Route::new()
        .at("/", get(home.clone()).head(home))
        .at("/graphql", graphql::Graphql(Arc::clone(&pipeline)))
        .at("/health/live", get(health::Live).head(health::Live))
        .at(
            "/health/ready",
            get(health::Ready(Arc::clone(&pipeline))).head(health::Ready(pipeline)),
        )
        .catch_all_error(problem::of_error);
    observe::Observe::new(routes, config.trusted_proxies.clone())
}
