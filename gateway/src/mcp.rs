//! `/mcp`: search and content for assistants, after the Model Context Protocol (MCP) with streamable
//! HTTP. Every request stands alone: there are no sessions.
//!
//! The arguments of a tool are the parameters of the same search elsewhere
//! ([`SearchParams`](crate::search_params::SearchParams)), with the same catalog calls, keys and
//! limits. Results are citations: title, URL at the source, date and passage. `endpoint` is HTTP,
//! `handler` the protocol, `arguments` and `citation` are what goes in and out, the other modules one
//! tool each. This module must not know pages or GraphQL.

mod arguments;
mod citation;
mod document;
mod endpoint;
mod handler;
mod organisations;
mod search;

pub(crate) use self::endpoint::McpEndpoint;

/// Path of the endpoint.
pub(crate) const PATH: &str = "/mcp";
