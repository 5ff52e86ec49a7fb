//! HTTP: media types, status codes, headers and the endpoints for programs.
//!
//! This module must not know paths ([`crate::routes`]), pages ([`crate::pages`]) or GraphQL types:
//! `/graphql` passes a request to the [`crate::pipeline`] and serialises its response.

pub(crate) mod access_log;
pub(crate) mod cached_response;
pub(crate) mod client_address;
pub(crate) mod compression;
mod connection;
mod content_negotiation;
pub(crate) mod cors;
pub(crate) mod drain;
pub(crate) mod etag;
pub(crate) mod graphql;
mod graphql_request;
pub(crate) mod head_method;
pub(crate) mod health;
pub(crate) mod hooks;
pub(crate) mod metrics;
pub(crate) mod open_connections;
pub(crate) mod partner;
pub(crate) mod problem_details;
pub(crate) mod quality_value;
pub(crate) mod request_body;
pub(crate) mod request_id;
pub(crate) mod search_request;
pub(crate) mod stream_encoder;
#[cfg(test)]
mod tests;
pub(crate) mod unsent_bytes;

pub(crate) use self::connection::LimitedListener;
