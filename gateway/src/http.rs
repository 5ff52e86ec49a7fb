//! HTTP: addresses, media types, status codes and headers. Everything behind them is elsewhere.
//!
//! This module must not know GraphQL types: `/graphql` hands a question to the [`crate::pipeline`]
//! and puts its answer into the form that the client accepts.

mod access_log;
mod client_address;
pub(crate) mod compression;
mod connection;
mod content_negotiation;
mod cors;
mod event_route;
mod fallback;
mod graphql;
pub(crate) mod graphql_request;
mod health;
mod icalendar;
mod metrics;
mod problem_details;
pub(crate) mod request_id;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use poem::{Endpoint, Response, Route, get};

pub(crate) use self::connection::LimitedListener;
use crate::{auth::Authenticator, config::Config, metrics::Metrics, pipeline::Pipeline};

/// Everything that is served, with the log and the headers around it.
pub fn endpoint(
    pipeline: Arc<Pipeline>,
    authenticator: Option<Authenticator>,
    config: &Config,
) -> impl Endpoint<Output = Response> + use<> {
    let metrics = Arc::new(Metrics::new());
    let pages = crate::pages::http::Pages::new(Arc::clone(&pipeline), config);
    let (graphql_pipeline, graphql_metrics) = (Arc::clone(&pipeline), Arc::clone(&metrics));
    let graphql =
        graphql::GraphqlEndpoint::new(graphql_pipeline, graphql_metrics, authenticator, config);
    let icalendar =
        self::icalendar::IcalendarEndpoint { pipeline: Arc::clone(&pipeline), clock: config.clock };
    let metrics_endpoint =
        metrics::MetricsEndpoint { metrics: Arc::clone(&metrics), pipeline: Arc::clone(&pipeline) };
    let event_route =
        Arc::new(self::event_route::EventRoute { icalendar: icalendar, pages: pages.clone() });
    let routes = page_routes(&pages)
        .at("/event/:file", get(Arc::clone(&event_route)).head(event_route))
        .at("/suggest", get(crate::pages::http::Suggest(Arc::clone(&pipeline))))
        .at("/graphql", cors::CorsEndpoint::new(graphql, config.cors.clone()))
        .at("/metrics", get(metrics_endpoint))
        .at("/health/live", get(health::Live).head(health::Live))
        .at(
            "/health/ready",
            get(health::Ready(Arc::clone(&pipeline))).head(health::Ready(pipeline)),
        );
    let with_fallback = fallback::Fallback::new(routes, pages);
    self::access_log::AccessLog::new(with_fallback, metrics, config)
}

/// Paths of pages in Dutch; each is under `/en/` in English, too.
const PAGE_PATHS: [&str; 16] = [
    "/",
    "/en",
    "/en/*rest",
    "/article",
    "/article/:slug",
    "/toolkit",
    "/toolkit/:slug",
    "/community",
    "/community/:slug",
    "/event",
    "/calendar",
    "/calendar/:month",
    "/theme/:slug",
    "/organisation/:slug",
    "/status",
    "/assets/:file",
];

/// The pages, and what stands beside them for robots.
fn page_routes(pages: &crate::pages::http::Pages) -> Route {
    let well_known = crate::pages::http::WellKnownFiles(pages.clone());
    let add_page =
        |routes: Route, path: &&str| routes.at(path, get(pages.clone()).head(pages.clone()));
    let add_well_known = |routes: Route, path: &&str| {
        routes.at(path, get(well_known.clone()).head(well_known.clone()))
    };
    let graphiql = crate::pages::http::Graphiql(pages.clone());
    let routes = PAGE_PATHS.iter().fold(Route::new(), add_page);
    crate::pages::http::WELL_KNOWN_PATHS
        .iter()
        .fold(routes, add_well_known)
        .at("/graphiql", get(graphiql.clone()).head(graphiql.clone()))
        .at("/en/graphiql", get(graphiql.clone()).head(graphiql.clone()))
        .at("/graphiql/:file", get(graphiql.clone()).head(graphiql))
}
