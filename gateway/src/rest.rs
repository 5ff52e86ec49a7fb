//! `/v1`: search, content and changes as JSON, after the `NLGov` REST API Design Rules.
//!
//! A search is that of all interfaces ([`SearchParams`](crate::search_params::SearchParams)), with
//! the same catalog calls, keys and limits. `content` and `event` convert records, `search` and
//! `lists` read the catalog, `export` streams a generation, `parameters` and `response` are the
//! `OpenAPI` document besides the types. This module must not know pages or GraphQL.

mod content;
mod converter;
mod document;
mod endpoint;
mod event;
mod export;
mod lists;
mod parameters;
mod response;
mod scalar;
mod search;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use poem::{Request, endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    ContactObject, LicenseObject, OpenApi, OpenApiService, ServerObject,
    param::Path,
    registry::{MetaApi, MetaOperation, MetaOperationParam, MetaSchema, Registry},
};

use self::{
    content::{ContentJson, EntityJson},
    endpoint::Api,
    lists::{ChangesJson, EntitiesJson, SuggestionsJson},
    response::{JsonLines, JsonResponse, failure},
    search::ResultsJson,
};
pub(crate) use self::{
    document::{OpenApiDocument, VersionHeader},
    endpoint::FIRST_MAX,
    parameters::{first, parameter, search as search_parameters},
    search::cursor,
};
use crate::{config::Config, pipeline::Pipeline};

/// Prefix of all paths.
pub(crate) const PREFIX: &str = "/v1";
/// Version of the interface. The major version is in the prefix.
pub(crate) const VERSION: &str = "1.0.0";

/// The service and its `OpenAPI` document, as JSON.
pub(crate) fn service(
    pipeline: Arc<Pipeline>,
    config: &Config,
) -> (OpenApiService<Documented, ()>, String) {
    let api = Documented(Operations(Api::new(pipeline, config)));
    let url = config.public_url.as_str();
    let email = config.security_contacts.iter().find(|contact| contact.scheme() == "mailto");
    let contact = ContactObject::new().name("Wegwijzer").url(url);
    let contact = match email {
        Some(email) => contact.email(email.path()),
        None => contact,
    };
    let service = OpenApiService::new(api, "Wegwijzer", VERSION)
        .description(
            "Search and content of the knowledge base of Gebruiker Centraal. All operations only read. A search has the same parameters as its page; list \
             parameters repeat. Conditional requests with `If-None-Match` are answered with 304.",
        )
        .server(ServerObject::new(format!("{url}v1")))
        .license(LicenseObject::new("EUPL-1.2").url("https://eupl.eu/1.2/en/"))
        .contact(contact);
    let document = service.spec();
    (service, document)
}

/// The operations with their paths below the prefix, for documentation.
pub(crate) fn operations() -> Vec<(String, MetaOperation)> {
    let paths = Documented::meta().into_iter().flat_map(|api| api.paths);
    let operations = paths.flat_map(|path| {
        let name = move |operation| (path.path.clone(), operation);
        path.operations.into_iter().map(name)
    });
    operations.collect()
}

/// The types of responses by name, for documentation.
pub(crate) fn schemas() -> BTreeMap<String, MetaSchema> {
    let mut registry = Registry::new();
    Documented::register(&mut registry);
    registry.schemas
}

/// The operations.
struct Operations(Api);

#[OpenApi]
impl Operations {
    /// Search content.
    ///
    /// Exact matches first, then wider ones. Without words, everything that meets the conditions.
    #[oai(path = "/search", method = "get", operation_id = "search")]
    async fn search(&self, request: &Request) -> JsonResponse<ResultsJson> {
        self.0.search(request, "/search").await
    }

    /// Search events.
    ///
    /// The same search for events only, ordered by their start.
    #[oai(path = "/events", method = "get", operation_id = "events")]
    async fn events(&self, request: &Request) -> JsonResponse<ResultsJson> {
        self.0.search(request, "/events").await
    }

    /// One article, toolkit, community or event, with its full text.
    ///
    /// Lists have the same fields without `body` and `sources`. An id that was merged into another one
    /// redirects to it.
    #[oai(path = "/content/:id", method = "get", operation_id = "content")]
    async fn content(&self, request: &Request, id: Path<String>) -> JsonResponse<ContentJson> {
        self.0.content(request, &id.0).await
    }

    /// List entities of one kind by name.
    ///
    /// Their ids are values for the parameters of a search.
    #[oai(path = "/entities", method = "get", operation_id = "entities")]
    async fn entities(&self, request: &Request) -> JsonResponse<EntitiesJson> {
        self.0.entities(request, None).await
    }

    /// One theme, organisation, person or audience.
    ///
    /// What is known of it; `search` finds its content.
    #[oai(path = "/entities/:id", method = "get", operation_id = "entity")]
    async fn entity(&self, request: &Request, id: Path<String>) -> JsonResponse<EntityJson> {
        self.0.entity(request, &id.0).await
    }

    /// List themes by name.
    ///
    /// The same as `entities?kind=theme`.
    #[oai(path = "/themes", method = "get", operation_id = "themes")]
    async fn themes(&self, request: &Request) -> JsonResponse<EntitiesJson> {
        self.0.entities(request, Some(schema::NodeKind::Theme)).await
    }

    /// Complete typed words.
    ///
    /// Names of content and entities, and words of the index, for a search field.
    #[oai(path = "/suggest", method = "get", operation_id = "suggest")]
    async fn suggest(&self, request: &Request) -> JsonResponse<SuggestionsJson> {
        self.0.suggest(request).await
    }

    /// List what was added, changed and removed, oldest first.
    ///
    /// For mirrors: export everything once, then follow the changes. 410 if `after` belongs to a
    /// knowledge base that was replaced: export again.
    #[oai(path = "/changes", method = "get", operation_id = "changes")]
    async fn changes(&self, request: &Request) -> JsonResponse<ChangesJson> {
        self.0.changes(request).await
    }

    /// Export everything as JSON Lines: one content or entity a line, in a fixed order.
    ///
    /// The whole export is of one generation, named by `Generation`. An interrupted export
    /// continues with `after` and `generation`; 410 if that generation is no longer current.
    /// `Changes-After` is the value for `after` of `changes` that continues this export.
    #[oai(path = "/export", method = "get", operation_id = "export")]
    async fn export(&self, request: &Request) -> JsonLines {
        self.0.export(request).await
    }
}

/// The operations with their parameters and the statuses that only some of them have.
pub(crate) struct Documented(Operations);

impl OpenApi for Documented {
    fn meta() -> Vec<MetaApi> {
        let mut apis = Operations::meta();
        let paths = apis.iter_mut().flat_map(|api| &mut api.paths);
        for operation in paths.flat_map(|path| &mut path.operations) {
            operation.params.extend(parameters_of(operation));
            operation.responses.responses.extend(
                match operation.operation_id.unwrap_or_default() {
                    "content" | "entity" => Some(failure(404, "There is no record with this id")),
                    "changes" | "export" => Some(failure(410, "Gone; `detail` says how to go on")),
                    _ => None,
                },
            );
        }
        apis
    }

    fn register(registry: &mut Registry) {
        Operations::register(registry);
    }

    fn add_routes(self, routes: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        self.0.add_routes(routes);
    }
}

/// The parameters in the query string of an operation.
fn parameters_of(operation: &MetaOperation) -> Vec<MetaOperationParam> {
    use self::parameters::{
        after, after_id, entity_kind, events, first, generation, search, words,
    };

    let with_first = |default, maximum, others: Vec<MetaOperationParam>| {
        others.into_iter().chain([first(default, maximum)]).collect()
    };
    match operation.operation_id.unwrap_or_default() {
        "search" => with_first(search::FIRST_DEFAULT, endpoint::FIRST_MAX, search()),
        "events" => with_first(search::FIRST_DEFAULT, endpoint::FIRST_MAX, events()),
        "entities" => {
            let others = vec![entity_kind(), words("Words in the name."), after()];
            with_first(search::FIRST_DEFAULT, endpoint::FIRST_MAX, others)
        }
        "themes" => {
            let others = vec![words("Words in the name."), after()];
            with_first(search::FIRST_DEFAULT, endpoint::FIRST_MAX, others)
        }
        "suggest" => {
            let others = vec![words("The words being typed.")];
            with_first(endpoint::SUGGESTIONS_DEFAULT, endpoint::SUGGESTIONS_MAX, others)
        }
        "changes" => with_first(endpoint::CHANGES_DEFAULT, endpoint::CHANGES_MAX, vec![after()]),
        "export" => vec![generation(), after_id()],
        _ => Vec::new(),
    }
}
