//! What an operator configures of the router, validated.

use std::{path::PathBuf, sync::Arc, time::Duration};

use hyper::header::{HeaderName, HeaderValue};
use url::Url;

use crate::compose::SubgraphSdl;

/// Headers of a client's request that are forwarded to subgraphs.
pub type Headers = Arc<[(HeaderName, HeaderValue)]>;

/// Configuration of the router.
#[derive(Debug, Clone)]
pub struct RouterConfig {
    /// The graph that is executed in this process; `None` if every subgraph is called over HTTP.
    pub local: Option<LocalSubgraphConfig>,
    /// Subgraphs that are composed with the local one; a supergraph may name others.
    pub subgraphs: Vec<SubgraphConfig>,
    /// Headers of the client's request that every subgraph receives.
    pub forwarded_headers: Vec<HeaderName>,
    /// Whether clients may read the schema.
    pub introspection: Introspection,
    /// Whether messages of subgraphs are hidden from clients.
    pub error_masking: ErrorMasking,
    /// What happens to a supergraph with breaking changes.
    pub on_breaking_change: OnBreakingChange,
    /// Timeout for planning one operation.
    pub plan_timeout: Duration,
    /// Maximum number of cached plans.
    pub plan_cache_entries_max: usize,
    /// Maximum number of fetches for one request.
    pub subgraph_calls_max: usize,
    /// Maximum number of errors in one response.
    pub errors_max: usize,
    /// Policy for subgraphs without configuration of their own.
    pub default_policy: SubgraphPolicy,
    /// Folder of the SDL cache.
    pub sdl_cache: PathBuf,
    /// Value of the header `user-agent`.
    pub user_agent: &'static str,
}

/// Whether clients may read the schema.
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
    /// Its name in a supergraph that is composed elsewhere.
    pub name_in_supergraph: String,
    /// Its SDL, with its name and URL in the composed supergraph.
    pub sdl: SubgraphSdl,
}

/// A subgraph that is composed with the local one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubgraphConfig {
    /// Its name in the supergraph: letters, digits and hyphens, a letter first.
    pub name: String,
    /// URL of its GraphQL endpoint.
    pub url: Url,
    /// File with its SDL; without one it is fetched from the subgraph.
    pub sdl: Option<PathBuf>,
    /// Headers of every fetch.
    pub headers: Vec<HeaderRule>,
    /// Timeout for one fetch, retries included.
    pub timeout: Duration,
    /// Maximum number of retries of a query.
    pub retries: u32,
    /// Interval between two fetches of its SDL.
    pub sdl_poll_interval: Duration,
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

    /// The headers of the client's request that it receives.
    pub fn forwarded_headers(&self) -> impl Iterator<Item = HeaderName> {
        self.headers.iter().filter_map(|rule| match rule {
            HeaderRule::Forward { name } => name.parse().ok(),
            HeaderRule::Set { .. } => None,
        })
    }

    /// Its name as the supergraph shares it.
    pub(crate) fn shared_name(&self) -> Arc<str> {
        self.name.as_str().into()
    }
}

/// A header that a subgraph receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderRule {
    /// The header of the client's request, if it has one.
    Forward {
        /// Its name, in lower case.
        name: String,
    },
    /// A fixed value.
    Set {
        /// Its name, in lower case.
        name: String,
        /// Its value.
        value: String,
    },
}

/// What happens to a new supergraph over which trusted or recent operations cannot be planned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnBreakingChange {
    /// It is activated; the log names the operations.
    #[default]
    Warn,
    /// The previous one stays active; the log says why.
    Reject,
}

/// Whether messages of subgraphs are hidden from clients.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ErrorMasking {
    /// Clients see which subgraph failed; the log has its message.
    #[default]
    On,
    /// Clients see its message.
    Off,
}

/// How a subgraph is called over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubgraphPolicy {
    /// Timeout for one fetch, retries included.
    pub timeout: Duration,
    /// Maximum number of retries of a query.
    pub retries: u32,
    /// Maximum length of a response in bytes.
    pub bytes_max: usize,
    /// Number of failures that open the circuit, if they are more than half of the recent calls.
    pub failure_threshold: u32,
    /// Time until an open circuit lets a probe through.
    pub open_for: Duration,
}

/// A URL as logs, errors and commands show it: user names, passwords and query strings may be secrets.
pub fn masked(url: &Url) -> String {
    let mut shown = url.clone();
    let has_user = !url.username().is_empty() || url.password().is_some();
    // Both fail only for URLs that cannot have a user name.
    let _ = shown.set_password(None);
    let _ = shown.set_username(if has_user { "***" } else { "" });
    if url.query().is_some() {
        shown.set_query(Some("***"));
    }
    shown.set_fragment(None);
    shown.into()
}

/// A text that is to be a URL, as errors show it ([`masked`]).
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
            // What reads as a scheme of its own is no user name.
            assert_eq!(masked, shown, "{text}");
        }
    }
}
