//! Rules for headers that subgraphs receive: `headers` of a `[[subgraph]]`, and
//! `federation.forwarded_headers`.

use federation::config::HeaderRule;
use poem::http::{HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;

use super::ConfigError;

/// Headers that are neither set nor forwarded: they belong to one connection, to one body, or to
/// the cache of the client.
pub(super) const RESERVED_HEADERS: [&str; 28] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-digest",
    "content-encoding",
    "content-length",
    "content-md5",
    "content-range",
    "content-type",
    "digest",
    "expect",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "repr-digest",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A header as written: `{ forward = "accept-language" }` or `{ set = "x-client", value = "us" }`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderEntry {
    /// Name of a header of the client that is passed on.
    forward: Option<String>,
    /// Name of a header that is sent with a fixed value.
    set: Option<String>,
    /// The fixed value.
    value: Option<String>,
}

/// The rules of a subgraph, one for each header.
pub(super) fn checked(entries: Vec<HeaderEntry>) -> Result<Vec<HeaderRule>, ConfigError> {
    let key = "subgraph.headers";
    let mut names = Vec::new();
    let mut rules = Vec::new();
    for entry in entries {
        let (text, value) = match entry {
            HeaderEntry { forward: Some(name), set: None, value: None } => (name, None),
            HeaderEntry { forward: None, set: Some(name), value: Some(value) } => {
                (name, Some(value))
            }
            other => {
                let expected = "`{ forward = \"NAME\" }` or `{ set = \"NAME\", value = \"TEXT\" }`";
                // A value can be a secret, so it is not shown.
                let actual = other.forward.or(other.set).unwrap_or_default();
                return Err(ConfigError::value(key, expected, &actual));
            }
        };
        let name = new_name(key, &text, &mut names)?.to_string();
        rules.push(match value {
            None => HeaderRule::Forward { name },
            Some(value) if is_sendable(&value) => HeaderRule::Set { name, value },
            Some(_) => {
                let expected = "`{ set = \"NAME\", value = \"TEXT\" }` with printable ASCII \
                                characters as `value`, without spaces around it";
                return Err(ConfigError::value(key, expected, &text));
            }
        });
    }
    Ok(rules)
}

/// The names of headers that are forwarded to all subgraphs.
pub(super) fn checked_names(key: &str, texts: &[String]) -> Result<Vec<HeaderName>, ConfigError> {
    let mut names = Vec::new();
    for text in texts {
        new_name(key, text, &mut names)?;
    }
    Ok(names)
}

/// Checks the name of a header, and adds it to those before it.
fn new_name(key: &str, text: &str, names: &mut Vec<HeaderName>) -> Result<HeaderName, ConfigError> {
    let name: Option<HeaderName> = text.parse().ok();
    let Some(name) = name.filter(|name| !RESERVED_HEADERS.contains(&name.as_str())) else {
        let expected = "a header name such as `accept-language`, other than a connection or \
                        content header";
        return Err(ConfigError::value(key, expected, text));
    };
    if names.contains(&name) {
        let expected = "a list with one rule for each header, whatever the case of its letters; \
                        remove the others";
        return Err(ConfigError::value(key, expected, text));
    }
    names.push(name.clone());
    Ok(name)
}

/// Whether a value arrives as it is written.
fn is_sendable(value: &str) -> bool {
    value.trim_matches(' ') == value
        && value.chars().all(|c| matches!(c, ' '..='~'))
        && HeaderValue::from_str(value).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_must_list_the_reserved_headers() {
        let manual = include_str!("reference.template");
        let (_, list) = manual.split_once("Reserved, neither set nor forwarded:").unwrap();
        let (list, _) = list.split_once("\n\n").unwrap();
        let listed: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
        assert_eq!(listed, RESERVED_HEADERS);
    }
}
