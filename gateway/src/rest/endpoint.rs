//! From requests to responses: parameters, caching and errors.

use std::sync::Arc;

use bytes::Bytes;
use indexer::catalog::Snapshot;
use jiff::Timestamp;
use poem::{
    Body, Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use schema::{ChangePosition, NodeId, NodeKind, Record};
use serde::Serialize;
use url::form_urlencoded;

use super::{
    PREFIX,
    content::{ContentJson, EntityJson},
    converter::RestConverter,
    export::Export,
    lists,
    lists::{ChangesJson, EntitiesJson, SuggestionsJson},
    response::{JSON, JSON_LINES, JsonLines, JsonResponse, gone, problem},
    search,
    search::{RestSearch, ResultsJson, to_bytes},
};
use crate::{
    config::Config,
    error::{ApiError, ErrorCode, Result, from_catalog},
    http::{
        cached_response,
        cached_response::Caching,
        compression::ContentEncoding,
        head_method::IsHead,
        partner::RequestPartner,
        search_request::{SearchRequest, value},
        stream_encoder::StreamEncoder,
    },
    pipeline::{NO_GENERATION, Pipeline},
};

/// Maximum number of results or entities.
pub(crate) const FIRST_MAX: usize = 100;
/// Default number of suggestions.
pub(super) const SUGGESTIONS_DEFAULT: usize = 8;
/// Maximum number of suggestions.
pub(super) const SUGGESTIONS_MAX: usize = 20;
/// Default number of changes.
pub(super) const CHANGES_DEFAULT: usize = 100;
/// Maximum number of changes.
pub(super) const CHANGES_MAX: usize = 1_000;
/// Maximum number of characters of the words of a list or of suggestions.
pub(super) const WORDS_CHARACTERS_MAX: usize = 200;
/// Maximum number of bytes of an `after`.
const AFTER_BYTES_MAX: usize = schema::cursor::CURSOR_BYTES_MAX;

/// Reads the catalog for the operations.
pub(super) struct Api {
    pipeline: Arc<Pipeline>,
    config: Arc<Config>,
}

/// What a response depends on besides the generation and the time.
#[derive(Serialize)]
struct RestCacheKey<'a> {
    endpoint: &'static str,
    path: &'a str,
    query: &'a str,
    partner: &'a str,
}

/// The generation and the time of a request.
struct Now {
    snapshot: Arc<Snapshot>,
    now: Timestamp,
}

impl Api {
    pub(super) fn new(pipeline: Arc<Pipeline>, config: &Config) -> Self {
        Self { pipeline, config: Arc::new(config.clone()) }
    }

    fn now(&self) -> Result<Now> {
        let snapshot = self.pipeline.snapshot();
        let snapshot = snapshot.ok_or_else(|| ApiError::unavailable(NO_GENERATION))?;
        Ok(Now { snapshot, now: self.config.clock.now() })
    }

    /// A rendered response, stored if many can request it.
    async fn respond(
        &self,
        request: &Request,
        now: &Now,
        render: impl Future<Output = Result<Bytes>>,
    ) -> Response {
        let partner = request.data::<RequestPartner>();
        let key = RestCacheKey {
            endpoint: "rest",
            path: request.uri().path(),
            query: request.uri().query().unwrap_or_default(),
            partner: partner.map_or("", |partner| &partner.0.config.name),
        };
        let key = self.pipeline.page_cache_key(&now.snapshot, now.now, &key);
        let sent = (Caching::Stored(key), JSON);
        let headers = request.headers();
        let response = cached_response::respond(&self.pipeline, headers, sent, Box::pin(render));
        response.await.unwrap_or_else(|error| problem(&error))
    }

    /// `search` and `events`.
    pub(super) async fn search(&self, request: &Request, path: &str) -> JsonResponse<ResultsJson> {
        let response = async {
            let now = self.now()?;
            let mut parsed = SearchRequest::parse(request, FIRST_MAX, &["after", "facets"])
                .map_err(ApiError::bad_user_input)?;
            if path == "/events" {
                parsed.search = parsed.search.events_only().ok_or_else(|| {
                    ApiError::bad_user_input("`kind`: leave it out, or use `/v1/search`")
                })?;
            }
            let query = request.uri().query().unwrap_or_default();
            check_values(query)?;
            let after = after(query)?;
            if after.is_some() && value(query, "page").is_some() {
                return Err(ApiError::bad_user_input("`page` and `after`: send one of them"));
            }
            let search = RestSearch {
                request: parsed,
                after: search::cursor(after)?,
                facets: flag(query, "facets")?,
                base_url: self.url(path, query),
            };
            let rendered = search.run(&self.config, &now.snapshot, now.now);
            Ok(self.respond(request, &now, rendered).await)
        };
        json(response.await)
    }

    /// One content.
    pub(super) async fn content(&self, request: &Request, id: &str) -> JsonResponse<ContentJson> {
        let response = async {
            known_parameters(request, &[])?;
            let now = self.now()?;
            let record = record(&now.snapshot, id).await?;
            if record.common().is_none() {
                return Err(ApiError::not_found("this is an entity; see `/v1/entities/{id}`"));
            }
            if let Some(moved) = self.moved(&record, id, "content") {
                return Ok(moved);
            }
            let rendered = async {
                let id = record.id();
                let bodies = now.snapshot.bodies(&[id]).await;
                let bodies = bodies.map_err(|error| from_catalog(&error))?;
                let sources = now.snapshot.provenance(&[id]).await;
                let sources = sources.map_err(|error| from_catalog(&error))?;
                let converter = self.converter(&now, &record).await?;
                let content = converter.content(&record);
                let content = content.ok_or_else(|| ApiError::not_found("no such content"))?;
                let body = bodies.into_iter().next().flatten();
                let sources = sources.into_iter().next().unwrap_or_default();
                let work = move || content.with_body(body.as_deref()).with_sources(&sources);
                Ok(to_bytes(crate::blocking::run(usize::MAX, work).await).await)
            };
            Ok(self.respond(request, &now, rendered).await)
        };
        json(response.await)
    }

    /// One entity.
    pub(super) async fn entity(&self, request: &Request, id: &str) -> JsonResponse<EntityJson> {
        let response = async {
            known_parameters(request, &[])?;
            let now = self.now()?;
            let record = record(&now.snapshot, id).await?;
            if record.common().is_some() {
                return Err(ApiError::not_found("this is content; see `/v1/content/{id}`"));
            }
            if let Some(moved) = self.moved(&record, id, "entities") {
                return Ok(moved);
            }
            let rendered = async {
                let converter = self.converter(&now, &record).await?;
                let entity = converter.entity(&record);
                Ok(to_bytes(entity.ok_or_else(|| ApiError::not_found("no such entity"))?).await)
            };
            Ok(self.respond(request, &now, rendered).await)
        };
        json(response.await)
    }

    /// The entities of a kind: that of the path, or of the parameter `kind`.
    pub(super) async fn entities(
        &self,
        request: &Request,
        kind: Option<NodeKind>,
    ) -> JsonResponse<EntitiesJson> {
        let response = async {
            let names: &[_] = if kind.is_some() {
                &["q", "first", "after"]
            } else {
                &["kind", "q", "first", "after"]
            };
            let query = known_parameters(request, names)?;
            let kind = match kind {
                Some(kind) => kind,
                None => entity_kind(query)?,
            };
            let now = self.now()?;
            let words = words(query)?;
            let page = (first(query, search::FIRST_DEFAULT, FIRST_MAX)?, after(query)?);
            let path = if names.contains(&"kind") { "/entities" } else { "/themes" };
            let context = (&*self.config, &*now.snapshot, now.now);
            let rendered = lists::entities(context, (kind, words), page, |after| {
                with_after(&self.url(path, query), after)
            });
            Ok(self.respond(request, &now, rendered).await)
        };
        json(response.await)
    }

    /// Completions of typed words.
    pub(super) async fn suggest(&self, request: &Request) -> JsonResponse<SuggestionsJson> {
        let response = async {
            let query = known_parameters(request, &["q", "first"])?;
            let now = self.now()?;
            let first = first(query, SUGGESTIONS_DEFAULT, SUGGESTIONS_MAX)?;
            let typed = words(query)?;
            let rendered = lists::suggestions(&now.snapshot, typed, first);
            Ok(self.respond(request, &now, rendered).await)
        };
        json(response.await)
    }

    /// The changes after a position.
    pub(super) async fn changes(&self, request: &Request) -> JsonResponse<ChangesJson> {
        let response = async {
            let query = known_parameters(request, &["first", "after"])?;
            let now = self.now()?;
            let first = first(query, CHANGES_DEFAULT, CHANGES_MAX)?;
            let after = after(query)?.map(|text| text.parse::<ChangePosition>()).transpose();
            let after =
                after.map_err(|error| ApiError::bad_user_input(format!("`after`: {error}")))?;
            if after.is_some_and(|after| after.generation > now.snapshot.generation()) {
                return Ok(gone(format!(
                    "the knowledge base was replaced; copy everything from `{}`, and follow the \
                     changes after its `Changes-After`",
                    self.url("/export", "")
                )));
            }
            let rendered = lists::changes(&now.snapshot, after, first, |after| {
                with_after(&self.url("/changes", query), after)
            });
            Ok(self.respond(request, &now, rendered).await)
        };
        json(response.await)
    }

    /// Everything, as JSON Lines.
    pub(super) async fn export(&self, request: &Request) -> JsonLines {
        let response = async {
            if request.data::<IsHead>().is_some() {
                return Err(ApiError::new(ErrorCode::MethodNotAllowed, "an export has GET only"));
            }
            let query = known_parameters(request, &["generation", "after"])?;
            let Now { snapshot, now } = self.now()?;
            let after = after(query)?.map(|text| text.parse::<NodeId>()).transpose();
            let after =
                after.map_err(|error| ApiError::bad_user_input(format!("`after`: {error}")))?;
            let current = snapshot.generation().0;
            if let Some(requested) = value(query, "generation") {
                // As in the document, whose numbers have 63 bits.
                let number = requested
                    .parse::<i64>()
                    .ok()
                    .and_then(|one| u64::try_from(one).ok())
                    .filter(|one| *one > 0);
                let number = number.ok_or_else(|| {
                    ApiError::bad_user_input("`generation` must be a number, as in `Generation`")
                })?;
                if number != current {
                    return Ok(gone(format!(
                        "generation {number} is not current any more; start again at `{}`",
                        self.url("/export", "")
                    )));
                }
            } else if after.is_some() {
                return Err(ApiError::bad_user_input(
                    "`after` needs `generation`, from the header `Generation`",
                ));
            }
            let is_gzip = ContentEncoding::accepts_gzip(request.headers());
            let encoder = if is_gzip { StreamEncoder::gzip() } else { StreamEncoder::default() };
            let position = ChangePosition { generation: snapshot.generation(), position: u32::MAX };
            let export = Export { config: Arc::clone(&self.config), snapshot, now, after, encoder };
            let mut response = Response::builder()
                .content_type(JSON_LINES)
                .header(header::CACHE_CONTROL, "no-store")
                .header(header::VARY, "accept-encoding")
                .header("Generation", current)
                .header("Changes-After", position.to_string())
                .body(Body::from_bytes_stream(export.stream()));
            if is_gzip {
                let gzip = HeaderValue::from_static("gzip");
                response.headers_mut().insert(header::CONTENT_ENCODING, gzip);
            }
            Ok(response)
        };
        JsonLines(response.await.unwrap_or_else(|error: ApiError| problem(&error)))
    }

    async fn converter<'n>(
        &'n self,
        now: &'n Now,
        record: &Arc<Record>,
    ) -> Result<RestConverter<'n>> {
        let records = std::slice::from_ref(record);
        let converter = RestConverter::load((&self.config, &now.snapshot), now.now, records).await;
        converter.map_err(|error| from_catalog(&error))
    }

    /// The redirect from the id of a record that was merged into another one.
    fn moved(&self, record: &Record, id: &str, collection: &str) -> Option<Response> {
        let current = record.id().to_string();
        (current != id).then(|| {
            Response::builder()
                .status(StatusCode::PERMANENT_REDIRECT)
                .header(header::LOCATION, self.url(&format!("/{collection}/{current}"), ""))
                .finish()
        })
    }

    /// The absolute URL of an operation with a query string, without its position.
    fn url(&self, path: &str, query: &str) -> String {
        let mut others = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if name != "after" && name != "page" {
                others.append_pair(&name, &value);
            }
        }
        let others = others.finish();
        let separator = if others.is_empty() { "" } else { "?" };
        let base = self.config.public_url.as_str().trim_end_matches('/');
        format!("{base}{PREFIX}{path}{separator}{others}")
    }
}

/// The response, or problem details.
fn json<T>(response: Result<Response>) -> JsonResponse<T> {
    JsonResponse::new(response.unwrap_or_else(|error| problem(&error)))
}

/// The record with an id.
async fn record(snapshot: &Snapshot, id: &str) -> Result<Arc<Record>> {
    let not_found = || ApiError::not_found("no record with this id");
    let id: NodeId = id.parse().map_err(|_| not_found())?;
    let records = snapshot.get_many(&[id]).await.map_err(|error| from_catalog(&error))?;
    records.into_iter().next().flatten().ok_or_else(not_found)
}

/// The query string, if all its parameters are known.
fn known_parameters<'r>(request: &'r Request, names: &[&str]) -> Result<&'r str> {
    let query = request.uri().query().unwrap_or_default();
    let mut seen = Vec::new();
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        if name != "key" && !names.contains(&&*name) {
            let name: String = name.chars().take(80).collect();
            return Err(ApiError::bad_user_input(format!("unknown parameter: `{name}`")));
        }
        if seen.contains(&name) {
            return Err(ApiError::bad_user_input(format!("`{name}`: send it once")));
        }
        seen.push(name);
    }
    check_values(query)?;
    Ok(query)
}

/// The words of a list or of suggestions.
fn words(query: &str) -> Result<String> {
    let words = value(query, "q").unwrap_or_default();
    if words.chars().count() > WORDS_CHARACTERS_MAX {
        let limit = format!("`q` must have at most {WORDS_CHARACTERS_MAX} characters");
        return Err(ApiError::bad_user_input(limit));
    }
    Ok(words)
}

/// Rejects parameters without a value, besides those that are a text: a program leaves them out.
fn check_values(query: &str) -> Result<()> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let is_text = |name: &str| ["q", "key"].contains(&name);
    match pairs.find(|(name, value)| value.trim().is_empty() && !is_text(name)) {
        None => Ok(()),
        Some((name, _)) => {
            let name: String = name.chars().take(80).collect();
            Err(ApiError::bad_user_input(format!("`{name}` has no value; leave it out")))
        }
    }
}

/// The kind of a list of entities.
fn entity_kind(query: &str) -> Result<NodeKind> {
    let kinds = || NodeKind::ALL.into_iter().filter(|kind| !kind.is_content());
    let requested = value(query, "kind");
    let kind = requested.and_then(|name| kinds().find(|kind| kind.as_str() == name));
    kind.ok_or_else(|| {
        let names: Vec<_> = kinds().map(NodeKind::as_str).collect();
        ApiError::bad_user_input(format!("`kind` must be one of {}", names.join(", ")))
    })
}

fn first(query: &str, default: usize, maximum: usize) -> Result<usize> {
    let Some(text) = value(query, "first") else { return Ok(default) };
    let first = text.parse().ok().filter(|first| (1..=maximum).contains(first));
    let invalid = || ApiError::bad_user_input(format!("`first` must be from 1 to {maximum}"));
    first.ok_or_else(invalid)
}

fn after(query: &str) -> Result<Option<String>> {
    match value(query, "after") {
        Some(after) if after.len() > AFTER_BYTES_MAX => Err(ApiError::bad_user_input(
            "`after`: invalid cursor; omit it to start at the first page",
        )),
        after => Ok(after),
    }
}

/// Whether a parameter is `true`.
fn flag(query: &str, name: &str) -> Result<bool> {
    match value(query, name).as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(ApiError::bad_user_input(format!("`{name}` must be `true` or `false`"))),
    }
}

fn with_after(url: &str, after: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}after={after}")
}
