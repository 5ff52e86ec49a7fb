//! HTTP: addresses, media types, status codes and headers. Everything behind them is elsewhere.
//!
//! This module must not know GraphQL types: `/graphql` hands a question to the [`crate::pipeline`]
//! and puts its answer into the form that the client accepts.

mod calendar;
mod client;
mod connection;
mod cors;
mod graphql;
mod health;
mod home;
mod media;
mod metrics;
mod observe;
mod problem;
mod question;
mod request_id;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Response, Route, get};

pub(crate) use self::connection::Connections;
use crate::{config::Config, metrics::Metrics, pipeline::Pipeline};

/// Everything that is served, with the log and the headers around it.
pub fn endpoint(
    pipeline: Arc<Pipeline>,
    config: &Config,
) -> impl Endpoint<Output = Response> + use<> {
    let metrics = Arc::new(Metrics::new());
    let home = home::Home::new(Arc::clone(&pipeline), &config.public_url);
    let graphql = graphql::Graphql::new(Arc::clone(&pipeline), Arc::clone(&metrics), config);
    let event_file = calendar::EventFile { pipeline: Arc::clone(&pipeline), clock: config.clock };
    let readings =
        metrics::Readings { metrics: Arc::clone(&metrics), pipeline: Arc::clone(&pipeline) };
    let routes = Route::new()
        .at("/", get(home.clone()).head(home))
        .at("/graphql", cors::Cors::new(graphql, config.cors.clone()))
        .at("/event/:file", get(event_file))
        .at("/metrics", get(readings))
        .at("/health/live", get(health::Live).head(health::Live))
        .at(
            "/health/ready",
            get(health::Ready(Arc::clone(&pipeline))).head(health::Ready(pipeline)),
        )
        .catch_all_error(problem::of_error);
    observe::Observe::new(routes, metrics, config)
}
