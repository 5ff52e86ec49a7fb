//! `[[subgraph]]`: GraphQL services that are composed with ours.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

pub use federation::config::{HeaderRule, PrivateAddresses, SubgraphConfig};
use federation::{
    address::{AddressError, AddressRule},
    config::masked_text,
};
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::{
    ConfigError, header_rules,
    header_rules::HeaderEntry,
    service_mapping::{EntityEntry, MappingEntries, TypeEntry},
};

/// The name of the local subgraph; reserved.
pub const LOCAL_SUBGRAPH_NAME: &str = "wegwijzer";

/// One `[[subgraph]]` as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubgraphEntry {
    /// Name in the supergraph.
    #[schemars(extend("x-range" = "letters, digits and hyphens, a letter first; unique regardless of case; not `wegwijzer`"))]
    name: String,
    /// GraphQL endpoint.
    #[schemars(extend("x-range" = "`https` URL, `http` URL on the same machine (`localhost`, `127.0.0.1`, `[::1]`), or `http` URL in a private network with `allow_private_addresses`; without user name and password"))]
    url: String,
    /// SDL of the subgraph; of a [plain GraphQL service](federation.md#plain-graphql-services), its schema.
    #[schemars(extend("x-default-text" = "fetched from the subgraph", "x-range" = "path of a file, at most 4 MiB"))]
    sdl: Option<PathBuf>,
    /// Headers that the subgraph receives.
    #[serde(default)]
    #[schemars(extend("x-default-text" = "`[]`", "x-range" = "see [Headers](#headers)"))]
    headers: Vec<HeaderEntry>,
    /// Timeout for one request, including retries.
    #[serde(default = "timeout_ms")]
    #[schemars(range(min = 1, max = TIMEOUT_MS_MAX))]
    timeout_ms: u64,
    /// Maximum number of retries of a query; mutations are not retried.
    #[serde(default = "retries")]
    #[schemars(range(min = 0, max = RETRIES_MAX))]
    retries: u32,
    /// Interval between fetches of the SDL; the shortest interval applies to all subgraphs.
    #[serde(default = "sdl_poll_interval_s")]
    #[schemars(range(min = 1, max = SDL_POLL_INTERVAL_S_MAX))]
    sdl_poll_interval_s: u64,
    /// Whether the subgraph may have a [private address](federation.md#private-networks), also with
    /// plain `http`.
    #[serde(default)]
    allow_private_addresses: bool,
    /// Queries of a plain GraphQL service that join: name in the graph = field of its `Query`.
    #[serde(default)]
    #[schemars(extend("x-range" = "no name that the graph has already"))]
    queries: BTreeMap<String, String>,
    /// Mutations of a plain GraphQL service that join, in the same form.
    #[serde(default)]
    #[schemars(extend("x-range" = "no name that the graph has already"))]
    mutations: BTreeMap<String, String>,
    /// Maximum number of keys that are looked up in one request to a plain GraphQL service.
    #[serde(default = "lookup_keys_max")]
    #[schemars(range(min = 1, max = LOOKUP_KEYS_MAX))]
    lookup_keys_max: usize,
    #[serde(default, rename = "entity")]
    entities: Vec<EntityEntry>,
    #[serde(default, rename = "type")]
    types: Vec<TypeEntry>,
}

const fn timeout_ms() -> u64 {
    3_000
}

const fn retries() -> u32 {
    1
}

const fn sdl_poll_interval_s() -> u64 {
    60
}

const fn lookup_keys_max() -> usize {
    100
}

/// Maximum of `lookup_keys_max`.
const LOOKUP_KEYS_MAX: u64 = 1_000;
/// Maximum of `timeout_ms`: ten minutes.
const TIMEOUT_MS_MAX: u64 = 600_000;
/// Maximum of `sdl_poll_interval_s`: a week.
const SDL_POLL_INTERVAL_S_MAX: u64 = 604_800;
/// Maximum of `retries`.
const RETRIES_MAX: u32 = 5;

/// The subgraphs, each validated, with unique names. `private` is the setting for all of them.
pub(super) fn checked(
    files: Vec<SubgraphEntry>,
    folder: &Path,
    private: PrivateAddresses,
) -> Result<Vec<SubgraphConfig>, ConfigError> {
    let mut subgraphs: Vec<SubgraphConfig> = Vec::new();
    for file in files {
        let subgraph = file.checked(folder, private)?;
        let is_taken = |one: &SubgraphConfig| one.name.eq_ignore_ascii_case(&subgraph.name);
        if subgraph.name.eq_ignore_ascii_case(LOCAL_SUBGRAPH_NAME) || subgraphs.iter().any(is_taken)
        {
            let expected = "unique (`wegwijzer` is reserved)";
            return Err(ConfigError::value("subgraph.name", expected, &subgraph.name));
        }
        subgraphs.push(subgraph);
    }
    Ok(subgraphs)
}

impl SubgraphEntry {
    fn checked(
        self,
        folder: &Path,
        private: PrivateAddresses,
    ) -> Result<SubgraphConfig, ConfigError> {
        let is_valid_name = self.name.starts_with(|c: char| c.is_ascii_alphabetic())
            && self.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !is_valid_name {
            let expected = "letters, digits and hyphens, starting with a letter, such as `pleio`";
            return Err(ConfigError::value("subgraph.name", expected, &self.name));
        }
        let ranges = [
            ("timeout_ms", self.timeout_ms, TIMEOUT_MS_MAX),
            ("sdl_poll_interval_s", self.sdl_poll_interval_s, SDL_POLL_INTERVAL_S_MAX),
            ("lookup_keys_max", self.lookup_keys_max as u64, LOOKUP_KEYS_MAX),
        ];
        for (key, value, max) in ranges {
            if !(1..=max).contains(&value) {
                let (key, expected) = (format!("subgraph.{key}"), format!("1 to {max}"));
                return Err(ConfigError::value(&key, &expected, &value.to_string()));
            }
        }
        if self.retries > RETRIES_MAX {
            let actual = self.retries.to_string();
            return Err(ConfigError::value("subgraph.retries", "at most 5", &actual));
        }
        let private = private.max(PrivateAddresses::of(self.allow_private_addresses));
        let mapping = MappingEntries {
            entities: self.entities,
            types: self.types,
            queries: self.queries,
            mutations: self.mutations,
            lookup_keys_max: self.lookup_keys_max,
        };
        Ok(SubgraphConfig {
            mapping: mapping.checked()?,
            url: secure_url("subgraph.url", &self.url, private)?,
            name: self.name,
            sdl: self.sdl.map(|path| folder.join(path)),
            headers: header_rules::checked(self.headers)?,
            timeout: Duration::from_millis(self.timeout_ms),
            retries: self.retries,
            sdl_poll_interval: Duration::from_secs(self.sdl_poll_interval_s),
            private_addresses: private,
        })
    }
}

/// Validates a URL that cannot be intercepted: `https`, or `http` to this machine or within a
/// private network.
pub(super) fn secure_url(
    key: &str,
    text: &str,
    private: PrivateAddresses,
) -> Result<Url, ConfigError> {
    let expected = "an `https` URL, an `http` URL on this machine (`localhost`, `127.0.0.1`, \
                    `[::1]`), or an `http` URL in a private network with \
                    `allow_private_addresses = true`, since plain `http` can be read in transit, \
                    such as `https://partner.example.nl/graphql`";
    let error = |expected: &str| ConfigError::value(key, expected, &masked_text(text));
    let url: Url = text.parse().map_err(|_| error(expected))?;
    if !url.username().is_empty() || url.password().is_some() {
        let expected = "a URL without user name and password; set a header instead";
        let actual = url.host_str().unwrap_or_default();
        return Err(ConfigError::value(key, expected, actual));
    }
    if !url.has_host() {
        return Err(error(expected));
    }
    match AddressRule::of(&url, private) {
        Ok(_) => Ok(url),
        Err(AddressError::Private(_)) => Err(error(
            "a URL with a public address, or with a private one and \
             `allow_private_addresses = true`",
        )),
        Err(AddressError::PublicOverHttp(_)) => Err(error("`https` for a public address")),
        Err(AddressError::Reserved(_)) => {
            Err(error("a URL whose address is not link-local or reserved"))
        }
        Err(_) => Err(error(expected)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct TestFile {
        subgraph: Vec<SubgraphEntry>,
    }

    fn read(text: &str) -> Result<Vec<SubgraphConfig>, String> {
        let file: TestFile = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let private = PrivateAddresses::Rejected;
        checked(file.subgraph, Path::new("/etc"), private).map_err(|error| error.to_string())
    }

    #[test]
    fn a_subgraph_must_have_defaults_for_all_but_its_name_and_address() {
        let text = "[[subgraph]]\nname = 'pleio'\nurl = 'http://127.0.0.1:1/graphql'\n\
                    [[subgraph]]\nname = 'b'\nurl = 'https://b.example/'\nsdl = 'b.graphql'\n\
                    headers = [{ forward = 'Accept-Language' }, { set = 'x-us', value = 'yes' }]";
        let subgraphs = read(text).unwrap();
        assert_eq!(subgraphs[0].timeout, Duration::from_secs(3));
        assert_eq!((subgraphs[0].retries, subgraphs[0].sdl_poll_interval.as_secs()), (1, 60));
        assert_eq!(subgraphs[1].sdl.as_deref(), Some(Path::new("/etc/b.graphql")));
        let forwarded = HeaderRule::Forward { name: "accept-language".to_owned() };
        let set = HeaderRule::Set { name: "x-us".to_owned(), value: "yes".to_owned() };
        assert_eq!(subgraphs[1].headers, [forwarded, set]);
    }

    #[test]
    fn an_invalid_subgraph_must_be_reported_with_a_remedy() {
        let error_of = |more: &str| read(&format!("[[subgraph]]\n{more}")).unwrap_err();
        for (more, expected) in [
            ("name = 'a b'\nurl = 'https://x/'", "letters, digits and hyphens"),
            ("name = 'Wegwijzer'\nurl = 'https://x/'", "`wegwijzer` is reserved"),
            ("name = 'a'\nurl = 'http://partner.example/'", "read in transit"),
            ("name = 'a'\nurl = 'ftp://x/'", "an `https` URL"),
            ("name = 'a'\nurl = 'https://u:secret@x/'", "set a header instead, not `x`"),
            (
                "name = 'a'\nurl = 'https://x/'\ntimeout_ms = 0",
                "`subgraph.timeout_ms` must be 1 to",
            ),
            ("name = 'a'\nurl = 'https://x/'\nretries = 9", "at most 5"),
            ("name = 'a'\nurl = 'https://x/'\nheaders = [{ set = 'x' }]", "value = \"TEXT\""),
            ("name = 'a'\nurl = 'https://x/'\nheaders = [{ forward = 'x y' }]", "a header name"),
            ("name = 'a'\nurl = 'https://x/'\nheaders = [{ forward = 'Host' }]", "other than a"),
            (
                "name = 'a'\nurl = 'https://x/'\nheaders = [{ set = 'Content-Length', value = '1' }]",
                "other than a connection or content header, not `Content-Length`",
            ),
            ("name = 'a'\nurl = 'https://x/'\npol_s = 1", "unknown field `pol_s`"),
        ] {
            let error = error_of(more);
            assert!(error.contains(expected), "{more}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
        let twice = "name = 'a'\nurl = 'https://x/'\n[[subgraph]]\nname = 'A'\nurl = 'https://y/'";
        assert!(error_of(twice).contains("must be unique"), "{}", error_of(twice));
    }
}
