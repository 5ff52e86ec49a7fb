//! HTTP: addresses, media types, status codes and headers. Everything behind them is elsewhere.
//!
//! This module must not know GraphQL types: `/graphql` hands a question to the [`crate::pipeline`]
//! and puts its answer into the form that the client accepts.

mod calendar;
mod client;
mod coding;
mod connection;
mod cors;
mod event;
mod fallback;
mod graphql;
mod health;
mod media;
mod metrics;
mod observe;
mod pages;
mod problem;
mod question;
mod request_id;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use poem::{Endpoint, Response, Route, get};

pub(crate) use self::connection::Connections;
use crate::{authentication::Authenticator, config::Config, metrics::Metrics, pipeline::Pipeline};

/// Everything that is served, with the log and the headers around it.
pub fn endpoint(
    pipeline: Arc<Pipeline>,
    authenticator: Option<Authenticator>,
    config: &Config,
) -> impl Endpoint<Output = Response> + use<> {
    let metrics = Arc::new(Metrics::new());
    let pages = pages::Pages::new(Arc::clone(&pipeline), config);
    let (asked, counted) = (Arc::clone(&pipeline), Arc::clone(&metrics));
    let graphql = graphql::Graphql::new(asked, counted, authenticator, config);
    let event_file = calendar::EventFile { pipeline: Arc::clone(&pipeline), clock: config.clock };
    let readings =
        metrics::Readings { metrics: Arc::clone(&metrics), pipeline: Arc::clone(&pipeline) };
    let event = Arc::new(event::EventDoor { file: event_file, pages: pages.clone() });
    let routes = for_people(&pages)
        .at("/event/:file", get(Arc::clone(&event)).head(event))
        .at("/suggest", get(pages::Suggest(Arc::clone(&pipeline))))
        .at("/graphql", cors::Cors::new(graphql, config.cors.clone()))
        .at("/metrics", get(readings))
        .at("/health/live", get(health::Live).head(health::Live))
        .at(
            "/health/ready",
            get(health::Ready(Arc::clone(&pipeline))).head(health::Ready(pipeline)),
        );
    let answers = fallback::Fallback::new(routes, pages);
    observe::Observe::new(answers, metrics, config)
}

/// Paths of pages in Dutch; each is under `/en/` in English, too.
const PAGES: [&str; 16] = [
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
fn for_people(pages: &pages::Pages) -> Route {
    let for_robots = pages::ForRobots(pages.clone());
    let page = |routes: Route, path: &&str| routes.at(path, get(pages.clone()).head(pages.clone()));
    let robot = |routes: Route, path: &&str| {
        routes.at(path, get(for_robots.clone()).head(for_robots.clone()))
    };
    let graphiql = pages::Graphiql(pages.clone());
    let routes = PAGES.iter().fold(Route::new(), page);
    pages::FOR_ROBOTS
        .iter()
        .fold(routes, robot)
        .at("/graphiql", get(graphiql.clone()).head(graphiql.clone()))
        .at("/en/graphiql", get(graphiql.clone()).head(graphiql.clone()))
        .at("/graphiql/:file", get(graphiql.clone()).head(graphiql))
}
