//! `[[partner]]`: portals that embed results.

use std::collections::HashSet;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use url::{Url, form_urlencoded};

use super::{
    ConfigError,
    values::{day, origin},
};
use crate::search_params::{SearchParams, is_condition};

/// Name of the partner whose key the preview in the configurator has.
pub const PREVIEW_NAME: &str = "preview";
/// Maximum number of partners.
const PARTNERS_MAX: usize = 1_000;
/// Maximum number of valid keys of a partner: two while a key is replaced.
const KEYS_MAX: usize = 2;
/// Length of a key in characters.
const KEY_CHARS: std::ops::RangeInclusive<usize> = 16..=64;
/// Maximum number of origins of a partner.
const ORIGINS_MAX: usize = 20;
/// Maximum number of values of a filter.
const FILTER_VALUES_MAX: usize = 50;
/// Maximum length of a name in characters.
const NAME_CHARS_MAX: usize = 40;

/// Default number of requests per second.
const REQUESTS_PER_SECOND_DEFAULT: u32 = 10;
/// Maximum of that number, and of the burst.
const REQUESTS_PER_SECOND_MAX: u32 = 10_000;
/// Default number of requests that may come at once.
const BURST_DEFAULT: u32 = 50;
/// Default number of requests per day.
const REQUESTS_PER_DAY_DEFAULT: u64 = 100_000;

/// One `[[partner]]` as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PartnerSection {
    /// Name in [metrics](operation.md#metrics) and logs.
    #[schemars(extend("x-range" = "lower-case letters, digits and hyphens, at most 40; unique"))]
    name: String,
    /// Publishable keys, which identify the partner; two while one is replaced. `wegwijzer partner
    /// new` prints one.
    #[schemars(extend("x-range" = "1 or 2 texts of 16 to 64 letters, digits, `-` and `_`; unique"))]
    keys: Vec<String>,
    /// Sites whose pages may use the keys in a browser.
    #[serde(default)]
    #[schemars(extend("x-range" = "at most 20 origins, such as `https://www.example.nl`, or `http://localhost:*`"))]
    origins: Vec<String>,
    /// Conditions that every search with the keys has.
    #[schemars(extend("x-default-text" = "none", "x-range" = "query string of conditions, such as `kind=event&community=c0123456789ab`"))]
    filter: Option<String>,
    /// Number of requests per second, on average.
    #[schemars(range(min = 1, max = REQUESTS_PER_SECOND_MAX), extend("x-default" = REQUESTS_PER_SECOND_DEFAULT))]
    requests_per_second: Option<u32>,
    /// Number of requests that may come at once.
    #[schemars(range(min = 1, max = REQUESTS_PER_SECOND_MAX), extend("x-default" = BURST_DEFAULT))]
    burst: Option<u32>,
    /// Number of requests per calendar day in Amsterdam.
    #[schemars(range(min = 1), extend("x-default" = REQUESTS_PER_DAY_DEFAULT))]
    requests_per_day: Option<u64>,
    /// The last day on which the keys are valid.
    #[schemars(with = "Option<String>", extend("x-type" = "date or string", "x-default-text" = "without end", "x-range" = "`YYYY-MM-DD`"))]
    expires: Option<toml::Value>,
    /// Whether the origins may show `/embed/frame` in a frame.
    #[serde(default)]
    framing: bool,
}

/// A partner: who it is, and what its keys may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerConfig {
    /// Name in metrics and logs.
    pub name: String,
    /// Valid keys.
    pub keys: Vec<String>,
    /// Origins whose pages may use the keys.
    pub origins: Vec<String>,
    /// Conditions that every search has.
    pub filter: SearchParams,
    /// Number of requests per second, on average.
    pub requests_per_second: u32,
    /// Number of requests that may come at once.
    pub burst: u32,
    /// Number of requests per calendar day in Amsterdam.
    pub requests_per_day: u64,
    /// The last day on which the keys are valid.
    pub expires: Option<Date>,
    /// Whether the origins may show results in a frame.
    pub framing: bool,
}

/// Validates all partners.
pub(super) fn checked(partners: Vec<PartnerSection>) -> Result<Vec<PartnerConfig>, ConfigError> {
    let error = |key, expected, actual: &str| Err(ConfigError::value(key, expected, actual));
    if partners.len() > PARTNERS_MAX {
        let actual = partners.len().to_string();
        return error("partner", "at most 1,000 partners", &actual);
    }
    let (mut names, mut keys) = (HashSet::new(), HashSet::new());
    let mut found = Vec::with_capacity(partners.len());
    for partner in partners {
        let partner = partner.checked()?;
        if !names.insert(partner.name.clone()) {
            return error("partner.name", "unique", &partner.name);
        }
        if let Some(key) = partner.keys.iter().find(|key| !keys.insert((*key).clone())) {
            return error("partner.keys", "unique", key);
        }
        found.push(partner);
    }
    Ok(found)
}

/// Whether a text can be the name of a partner.
pub(crate) fn is_valid_name(name: &str) -> bool {
    let is_valid_byte =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME_CHARS_MAX).contains(&name.len())
        && name.bytes().all(is_valid_byte)
        && name != PREVIEW_NAME
}

impl PartnerSection {
    fn checked(self) -> Result<PartnerConfig, ConfigError> {
        let error = |key, expected, actual: &str| Err(ConfigError::value(key, expected, actual));
        if !is_valid_name(&self.name) {
            let expected = "lower-case letters, digits and hyphens, at most 40, and not `preview`";
            return error("partner.name", expected, &self.name);
        }
        if !(1..=KEYS_MAX).contains(&self.keys.len()) {
            let actual = self.keys.len().to_string();
            return error("partner.keys", "one key, or two while one is replaced", &actual);
        }
        let is_key = |key: &&String| {
            let is_valid_byte =
                |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            KEY_CHARS.contains(&key.len()) && key.bytes().all(is_valid_byte)
        };
        if let Some(key) = self.keys.iter().find(|key| !is_key(key)) {
            let expected =
                "16 to 64 letters, digits, `-` and `_`; `wegwijzer partner new` prints one";
            return error("partner.keys", expected, key);
        }
        if self.origins.len() > ORIGINS_MAX {
            return error("partner.origins", "at most 20 origins", &self.origins.len().to_string());
        }
        let origins = self.origins.iter().map(|text| partner_origin(text));
        let rate = |key, value: Option<u32>, default| match value.unwrap_or(default) {
            value if (1..=REQUESTS_PER_SECOND_MAX).contains(&value) => Ok(value),
            value => Err(ConfigError::value(key, "a number from 1 to 10,000", &value.to_string())),
        };
        let requests_per_day = self.requests_per_day.unwrap_or(REQUESTS_PER_DAY_DEFAULT);
        if requests_per_day == 0 {
            return error("partner.requests_per_day", "a number from 1", "0");
        }
        Ok(PartnerConfig {
            origins: origins.collect::<Result<_, _>>()?,
            filter: filter(self.filter.as_deref().unwrap_or_default())?,
            requests_per_second: rate(
                "partner.requests_per_second",
                self.requests_per_second,
                REQUESTS_PER_SECOND_DEFAULT,
            )?,
            burst: rate("partner.burst", self.burst, BURST_DEFAULT)?,
            requests_per_day,
            expires: self.expires.map(|date| day("partner.expires", &date)).transpose()?,
            framing: self.framing,
            name: self.name,
            keys: self.keys,
        })
    }
}

/// An origin that can stand in a content security policy as well.
pub(crate) fn partner_origin(text: &str) -> Result<String, ConfigError> {
    let found = origin("partner.origins", text)?;
    let host = found.split_once("://").map_or("", |(_, host)| host);
    let host = host.strip_suffix(":*").unwrap_or(host);
    let is_valid_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
    if host.bytes().all(is_valid_byte) {
        return Ok(found);
    }
    let expected = "origins of hosts without special characters, such as `https://www.example.nl`";
    Err(ConfigError::value("partner.origins", expected, text))
}

/// The conditions of a filter. A query string or a complete address of results is accepted.
fn filter(text: &str) -> Result<SearchParams, ConfigError> {
    let error = |actual: &str| {
        let expected = "a query string of conditions with valid values, such as `kind=event`";
        ConfigError::value("partner.filter", expected, actual)
    };
    let address = Url::parse(text).ok();
    let query = match &address {
        Some(url) => url.query().unwrap_or_default(),
        None => text.trim_start_matches('?'),
    };
    let other = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| !is_condition(name));
    if let Some((name, _)) = other {
        return Err(error(&name));
    }
    if form_urlencoded::parse(query.as_bytes()).count() > FILTER_VALUES_MAX {
        return Err(error(&format!("more than {FILTER_VALUES_MAX} values")));
    }
    match SearchParams::parse(query) {
        (parameters, _) if parameters.conditions().is_empty() && !text.is_empty() => {
            Err(error(text))
        }
        (parameters, invalid) if invalid.is_empty() => Ok(parameters),
        (_, invalid) => Err(error(&invalid[0].value)),
    }
}
