//! All routes and their endpoints.

mod fallback;

use std::sync::Arc;

use poem::{Endpoint, IntoEndpoint, Response, Route, post};

use self::fallback::Fallback;
use crate::{
    auth::Authenticator,
    config::Config,
    http::{
        access_log::AccessLog,
        cors::CorsEndpoint,
        drain::Drain,
        graphql::GraphqlEndpoint,
        head_method::{Head, get_and_head},
        health::{Live, Ready},
        hooks::{HookEndpoint, Hooks},
        metrics::MetricsEndpoint,
        open_connections::OpenConnections,
        partner::PartnerEndpoint,
        unsent_bytes::UnsentBytes,
    },
    mcp,
    mcp::McpEndpoint,
    messages::language_code,
    metrics::Metrics,
    pages,
    pages::embed::EmbedForm,
    pages::endpoints::{
        Configurator, DESCRIPTION_PATH, ELEMENT_FILES, ElementFile, Embed, EventFile, FEED_PATHS,
        FeedEndpoint, FeedbackEndpoint, Graphiql, OpenSearch, OpenSearchSuggest, Pages,
        PartnerUsage, Preview, SUGGEST_PATH, Suggest, Thanks, WELL_KNOWN_PATHS, WellKnownFiles,
        WithoutPrefix,
    },
    partners::Partners,
    pipeline::Pipeline,
    rest,
    rest::{OpenApiDocument, VersionHeader},
};

/// Paths of pages, without the prefix of a language.
const PAGE_PATHS: [&str; 23] = [
    "/",
    "/article",
    "/article/:slug",
    "/toolkit",
    "/toolkit/:slug",
    "/community",
    "/community/:slug",
    "/event",
    "/calendar",
    "/calendar/:month",
    "/theme",
    "/theme/:slug",
    "/organisation",
    "/organisation/:slug",
    "/audience",
    "/audience/:slug",
    "/about",
    "/accessibility",
    "/contact",
    "/privacy",
    "/status",
    "/api",
    "/assets/:file",
];

/// Paths below which keys of partners with a filter are accepted.
const FILTERED_PATHS: &[&str] = &[
    "/embed/",
    "/en/embed/",
    "/nl/embed/",
    "/search.",
    "/en/search.",
    "/nl/search.",
    "/v1/search",
    "/v1/events",
    mcp::PATH,
];

/// The endpoint of the whole server, without connections, as tests call it.
pub fn endpoint(
    pipeline: Arc<Pipeline>,
    authenticator: Option<Authenticator>,
    config: &Config,
) -> impl Endpoint<Output = Response> + use<> {
    endpoint_of_connections(pipeline, authenticator, None, config, Arc::default())
}

/// The endpoint of the whole server, with access log and security headers. It closes connections
/// that do not read their responses when others need the memory.
pub(crate) fn endpoint_of_connections(
    pipeline: Arc<Pipeline>,
    authenticator: Option<Authenticator>,
    hooks: Option<Arc<Hooks>>,
    config: &Config,
    connections: Arc<OpenConnections>,
) -> impl Endpoint<Output = Response> + use<> {
    let partners = Arc::new(Partners::new(&config.partners));
    let metrics = Arc::new(Metrics::new(Arc::clone(&pipeline), Arc::clone(&partners)));
    let pages = Pages::new(Arc::clone(&pipeline), Arc::clone(&metrics), config);
    let graphql =
        GraphqlEndpoint::new(Arc::clone(&pipeline), Arc::clone(&metrics), authenticator, config);
    let embed = |form| {
        let endpoint = get_and_head(Embed { pages: pages.clone(), form });
        CorsEndpoint::new(endpoint, config)
    };
    let since = config.clock.now();
    let usage = || {
        let (pages, partners) = (pages.clone(), Arc::clone(&partners));
        get_and_head(PartnerUsage { pages, partners, since })
    };
    let configurator =
        || get_and_head(Configurator { pages: pages.clone(), partners: Arc::clone(&partners) });
    let feed = |format| {
        let endpoint = get_and_head(FeedEndpoint { pages: pages.clone(), format });
        CorsEndpoint::new(endpoint, config)
    };
    let prefixes = prefixes(config);
    let routes = rest_routes(page_routes(&pages, config), &pipeline, config);
    let routes = prefixes.iter().fold(routes, |routes, prefix| {
        let routes = FEED_PATHS.into_iter().fold(routes, |routes, (path, format)| {
            routes.at(format!("{prefix}{path}"), feed(format))
        });
        routes
            .at(format!("{prefix}/status/partners"), usage())
            .at(format!("{prefix}/embed"), configurator())
            .at(format!("{prefix}/embed/preview"), get_and_head(Preview(pages.clone())))
            .at(format!("{prefix}/embed/fragment"), embed(EmbedForm::Fragment))
            .at(format!("{prefix}/embed/frame"), embed(EmbedForm::Frame))
            .at(format!("{prefix}/embed/search"), embed(EmbedForm::Search))
    });
    let routes = routes
        .at("/event/:file", get_and_head(EventFile(pages.clone())))
        .at(DESCRIPTION_PATH, get_and_head(OpenSearch(pages.clone())))
        .at(SUGGEST_PATH, get_and_head(OpenSearchSuggest(Arc::clone(&pipeline))))
        .at("/suggest", get_and_head(Suggest(Arc::clone(&pipeline))))
        .at("/graphql", CorsEndpoint::new(graphql, config))
        .at(mcp::PATH, CorsEndpoint::new(McpEndpoint::new(Arc::clone(&pipeline), config), config))
        .at("/hooks/:source", post(HookEndpoint { hooks, limits: config.limits.clone() }))
        .at("/metrics", get_and_head(MetricsEndpoint(Arc::clone(&metrics))))
        .at("/health/live", get_and_head(Live))
        .at("/health/ready", get_and_head(Ready(pipeline)));
    let admitted = PartnerEndpoint::new(routes, partners, FILTERED_PATHS, config);
    let bounded = UnsentBytes::new(
        Fallback::new(VersionHeader(admitted), pages),
        &config.limits,
        Arc::clone(&connections),
    );
    Drain::new(AccessLog::new(bounded, metrics, config), connections)
}

/// Routes of the REST interface.
fn rest_routes(routes: Route, pipeline: &Arc<Pipeline>, config: &Config) -> Route {
    let (service, document) = rest::service(Arc::clone(pipeline), config);
    let service = CorsEndpoint::new(Head(service.into_endpoint()), config);
    routes
        .at(
            format!("{}/openapi.json", rest::PREFIX),
            get_and_head(OpenApiDocument(document.into())),
        )
        .nest(rest::PREFIX, service)
}

/// Prefixes of paths in the default language, which is none, and in the other one.
fn prefixes(config: &Config) -> [String; 2] {
    let other = pages::other_language(config.site.default_language);
    [String::new(), format!("/{}", language_code(other))]
}

/// Routes of pages, and of files for browsers and robots.
fn page_routes(pages: &Pages, config: &Config) -> Route {
    let [_, other] = prefixes(config);
    let default = format!("/{}", language_code(config.site.default_language));
    let without_prefix = || get_and_head(WithoutPrefix(pages.clone()));
    let routes = Route::new()
        .at(&default, without_prefix())
        .at(format!("{default}/*rest"), without_prefix())
        .at(&other, get_and_head(pages.clone()))
        .at(format!("{other}/*rest"), get_and_head(pages.clone()));
    let routes =
        PAGE_PATHS.iter().fold(routes, |routes, path| routes.at(path, get_and_head(pages.clone())));
    let routes = WELL_KNOWN_PATHS
        .iter()
        .fold(routes, |routes, path| routes.at(path, get_and_head(WellKnownFiles(pages.clone()))));
    let routes = ELEMENT_FILES.into_iter().fold(routes, |routes, (path, name)| {
        routes.at(path, get_and_head(ElementFile { pages: pages.clone(), name }))
    });
    let routes = prefixes(config).iter().fold(routes, |routes, prefix| {
        routes
            .at(format!("{prefix}/feedback"), Head(FeedbackEndpoint(pages.clone())))
            .at(format!("{prefix}/feedback/thanks"), get_and_head(Thanks(pages.clone())))
    });
    ["/graphiql".to_owned(), format!("{other}/graphiql"), "/graphiql/:file".to_owned()]
        .iter()
        .fold(routes, |routes, path| routes.at(path, get_and_head(Graphiql(pages.clone()))))
}
