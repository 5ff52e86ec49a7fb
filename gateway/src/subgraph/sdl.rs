//! Asks a subgraph what it is.

use std::sync::Arc;

use async_graphql::{Value, Variables, parser::types::OperationType};
use hyper::header::{HeaderName, HeaderValue};
use tokio::time::Instant;

use super::{Call, CallError, Client, Headers, Remote, Settings};
use crate::config::{HeaderRule, Subgraph};

/// A longer SDL is not read.
const SDL_BYTES_MAX: usize = 4 << 20;
/// The question that every subgraph of federation answers.
const QUESTION: &str = "{ _service { sdl } }";

/// The SDL of a subgraph, from itself and within its time.
///
/// # Errors
/// [`CallError`] where it gives none.
pub(crate) async fn sdl_of(subgraph: &Subgraph, client: Client) -> Result<String, CallError> {
    let settings = Settings {
        time: subgraph.timeout,
        retries: subgraph.retries,
        bytes_max: SDL_BYTES_MAX,
        failures_max: u32::MAX,
        pause: subgraph.poll,
    };
    let url = subgraph.url.to_string();
    let remote = Arc::new(Remote::new(subgraph.name.as_str().into(), url, settings, client));
    let call = Call {
        document: QUESTION,
        kind: OperationType::Query,
        variables: &Variables::default(),
        headers: &set_headers(subgraph),
        deadline: Instant::now() + subgraph.timeout,
    };
    let reply = remote.call(call).await?;
    if let Value::Object(data) = &reply.data
        && let Some(Value::Object(service)) = data.get("_service")
        && let Some(Value::String(sdl)) = service.get("sdl")
    {
        return Ok(sdl.clone());
    }
    let told = reply.errors.first().map_or("no `_service { sdl }` in it", |error| &error.message);
    Err(CallError::NotGraphql(told.to_owned()))
}

/// The headers that a subgraph always gets.
pub(crate) fn set_headers(subgraph: &Subgraph) -> Headers {
    let set = subgraph.headers.iter().filter_map(|rule| match rule {
        HeaderRule::Set { name, value } => {
            let name: HeaderName = name.parse().ok()?;
            Some((name, HeaderValue::from_str(value).ok()?))
        }
        HeaderRule::Forward { .. } => None,
    });
    set.collect()
}
