//! Hostile requests, and the documented responses to them.
//!
//! - `document`: GraphQL documents that are deep, wide or repetitive
//! - `search_query`: search queries that are long or hard to read
//! - `transport`: requests that break a rule of HTTP, or of GraphQL over HTTP

mod document;
mod search_query;
mod transport;

use serde_json::json;

use crate::{connection::Request, operations::post, rng::Rng};

pub(crate) use self::transport::PARTIAL_REQUEST;

/// A kind of hostile request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HostileRequest {
    /// Name of the attack.
    pub(crate) name: &'static str,
    /// Expected status, except for 503.
    pub(crate) status: u16,
    /// Expected `extensions.code` of the first error; empty if the request is valid, or if the
    /// response is a page.
    pub(crate) code: &'static str,
    /// Creates the request for a number.
    pub(crate) request: fn(usize) -> Request,
}

impl HostileRequest {
    const fn new(
        name: &'static str,
        status: u16,
        code: &'static str,
        request: fn(usize) -> Request,
    ) -> Self {
        Self { name, status, code, request }
    }

    /// A random kind: each group is equally likely.
    pub(crate) fn pick(rng: &mut Rng) -> Self {
        let groups = [document::KINDS, search_query::KINDS, transport::KINDS];
        let group = *rng.pick(&groups);
        *rng.pick(group)
    }
}

/// Code of a request that exceeds a limit.
const LIMIT: &str = "LIMIT_EXCEEDED";
/// Code of a valid request.
const VALID: &str = "";

/// A request with a document.
fn query_request(query: &str) -> Request {
    post(&json!({ "query": query }))
}
