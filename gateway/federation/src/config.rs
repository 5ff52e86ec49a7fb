//! Validated configuration of the router.

use std::{path::PathBuf, sync::Arc, time::Duration};

use hyper::header::{HeaderName, HeaderValue};
use url::Url;

use crate::{compose::SubgraphSdl, mapping::ServiceMapping};

/// Headers of a client request that are forwarded to subgraphs.
pub type Headers = Arc<[(HeaderName, HeaderValue)]>;

/// Configuration of the router.
#[derive(Debug, Clone)]
pub struct RouterConfig {
    /// The subgraph that is executed in this process; `None` if all subgraphs are called over HTTP.
    pub local: Option<LocalSubgraphConfig>,
    /// Subgraphs to compose with the local one; a precomposed supergraph may contain others.
    pub subgraphs: Vec<SubgraphConfig>,
    /// Headers of client requests that are forwarded to all subgraphs.
    pub forwarded_headers: Vec<HeaderName>,
    /// Whether clients can introspect the schema.
    pub introspection: Introspection,
    /// Whether error messages of subgraphs are hidden from clients.
    pub error_masking: ErrorMasking,
    /// Policy for a new supergraph with breaking changes.
    pub on_breaking_change: OnBreakingChange,
    /// Timeout for planning one operation.
    pub plan_timeout: Duration,
    /// Maximum number of cached plans.
    pub plan_cache_entries_max: usize,
    /// Maximum number of subgraph calls per request.
    pub subgraph_calls_max: usize,
    /// Maximum number of errors per response.
    pub errors_max: usize,
    /// Policy for subgraphs without their own configuration.
    pub default_policy: SubgraphPolicy,
    /// Folder of the SDL cache.
    pub sdl_cache: PathBuf,
    /// Value of the `user-agent` header.
    pub user_agent: &'static str,
}

/// Whether clients can introspect the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Introspection {
    /// `__schema` and `__type` are resolved.
    Enabled,
    /// `__schema` and `__type` are null.
    Disabled,
}

/// The subgraph that is executed in this process.
#[derive(Debug, Clone)]
pub struct LocalSubgraphConfig {
    /// Name in a precomposed supergraph.
    pub name_in_supergraph: String,
    /// SDL, with the name and URL for the composed supergraph.
    pub sdl: SubgraphSdl,
    /// Its custom scalars; those that another subgraph has too are not checked.
    pub scalars: &'static [StringScalar],
}

/// A custom scalar of the local subgraph, whose values are strings.
#[derive(Debug, Clone, Copy)]
pub struct StringScalar {
    /// Its name.
    pub name: &'static str,
    /// Whether a string is one of its values.
    pub is_valid: fn(&str) -> bool,
}

/// A subgraph to compose with the local one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubgraphConfig {
    /// Name in the supergraph: letters, digits and hyphens, starting with a letter.
    pub name: String,
    /// URL of its GraphQL endpoint.
    pub url: Url,
    /// Path of a file with its SDL; `None` to fetch the SDL from the subgraph.
    pub sdl: Option<PathBuf>,
    /// How it joins the graph, if it is a plain GraphQL service.
    pub mapping: Option<Arc<ServiceMapping>>,
    /// Rules for the headers of its requests.
    pub headers: Vec<HeaderRule>,
    /// Timeout of one call, retries included.
    pub timeout: Duration,
    /// Maximum number of retries of a query.
    pub retries: u32,
    /// Interval between fetches of its SDL.
    pub sdl_poll_interval: Duration,
    /// Whether it may have a private address.
    pub private_addresses: PrivateAddresses,
}

/// Whether requests may be sent to private addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrivateAddresses {
    /// Only to public ones, and to this machine if the URL names it.
    #[default]
    Rejected,
    /// To private ones too, also with plain `http`.
    Allowed,
}

impl SubgraphConfig {
    /// The headers with a fixed value.
    pub(crate) fn fixed_headers(&self) -> Headers {
        let fixed = self.headers.iter().filter_map(|rule| match rule {
            HeaderRule::Set { name, value } => {
                Some((name.parse().ok()?, HeaderValue::from_str(value).ok()?))
            }
            HeaderRule::Forward { .. } => None,
        });
        fixed.collect()
    }

    /// Names of the client request headers that are forwarded to it.
    pub fn forwarded_headers(&self) -> impl Iterator<Item = HeaderName> {
        self.headers.iter().filter_map(|rule| match rule {
            HeaderRule::Forward { name } => name.parse().ok(),
            HeaderRule::Set { .. } => None,
        })
    }

    /// Its name, as shared in the supergraph.
    pub(crate) fn shared_name(&self) -> Arc<str> {
        self.name.as_str().into()
    }
}

impl PrivateAddresses {
    /// The value of a setting.
    #[must_use]
    pub const fn of(is_allowed: bool) -> Self {
        if is_allowed { Self::Allowed } else { Self::Rejected }
    }
}

/// Rule for a header of subgraph requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderRule {
    /// Forward the header of the client request, if present.
    Forward {
        /// Header name in lower case.
        name: String,
    },
    /// Send a fixed value.
    Set {
        /// Header name in lower case.
        name: String,
        /// Header value.
        value: String,
    },
}

/// Policy for a new supergraph on which trusted or recent operations cannot be planned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnBreakingChange {
    /// Activate it, and log the operations.
    #[default]
    Warn,
    /// Keep the previous one active, and log the reason.
    Reject,
}

/// Whether error messages of subgraphs are hidden from clients.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ErrorMasking {
    /// Clients see only which subgraph failed; the log has the message.
    #[default]
    On,
    /// Clients see the message.
    Off,
}

/// Policy for calls to a subgraph over HTTP.
#[derive(Debug, Clone)]
pub struct SubgraphPolicy {
    /// Timeout of one call, retries included.
    pub timeout: Duration,
    /// Maximum number of retries of a query.
    pub retries: u32,
    /// Maximum size of a response in bytes.
    pub bytes_max: usize,
    /// Number of failures that opens the circuit, if they are more than half of the recent calls.
    pub failure_threshold: u32,
    /// Time after which an open circuit allows a probe.
    pub open_for: Duration,
    /// Whether it may have a private address.
    pub private_addresses: PrivateAddresses,
    /// The headers by which a subgraph continues the trace of the current span, if it is traced.
    pub trace_headers: fn() -> Headers,
}

/// A URL for logs, errors and commands, with its user name, password and query string masked as
/// possible secrets.
pub fn masked(url: &Url) -> String {
    let mut shown = url.clone();
    let has_user = !url.username().is_empty() || url.password().is_some();
    // Both calls fail only for URLs that cannot contain a user name.
    let _ = shown.set_password(None);
    let _ = shown.set_username(if has_user { "***" } else { "" });
    if url.query().is_some() {
        shown.set_query(Some("***"));
    }
    shown.set_fragment(None);
    shown.into()
}

/// As [`masked`], for text that may not be a valid URL.
pub fn masked_text(text: &str) -> String {
    if let Ok(url) = text.parse::<Url>() {
        let is_public = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        return if is_public { text.to_owned() } else { masked(&url) };
    }
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let (shown, hidden) = text.split_at(end);
    let shown = shown.rsplit_once('@').map_or(shown.to_owned(), |(_, host)| format!("***@{host}"));
    shown + if hidden.is_empty() { "" } else { "?***" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_urls_must_be_masked() {
        for (text, shown) in [
            ("https://a.example/graphql", "https://a.example/graphql"),
            ("https://a.example/graphql?key=secret&b=secret", "https://a.example/graphql?***"),
            ("https://a.example/?secret", "https://a.example/?***"),
            ("https://user:secret@a.example/#secret", "https://***@a.example/"),
            ("https://secret@a.example/", "https://***@a.example/"),
            ("mailto:a@b.example", "mailto:a@b.example"),
            ("no url?key=secret", "no url?***"),
            ("user:secret@host", "user:secret@host"),
            ("//user:secret@host#secret", "***@host?***"),
            ("", ""),
        ] {
            let masked = masked_text(text);
            // Text before a colon is parsed as a scheme, not as a user name.
            assert_eq!(masked, shown, "{text}");
        }
    }
}
