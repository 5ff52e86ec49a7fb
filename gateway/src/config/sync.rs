//! `[sync]`: how sources over the network are fetched.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::error::ConfigError;

/// Default minimum interval between requests to one host in milliseconds.
pub(crate) const REQUEST_INTERVAL_MS_DEFAULT: u64 = 200;
/// Maximum of that interval.
const REQUEST_INTERVAL_MS_MAX: u64 = 60_000;

/// Default maximum number of retries of one request.
pub(crate) const RETRIES_MAX_DEFAULT: u32 = 3;
/// Maximum of that number.
const RETRIES_MAX_MAX: u32 = 10;

/// Default minimum interval between publications in milliseconds.
const PUBLISH_INTERVAL_MS_DEFAULT: u64 = 2_000;
/// Minimum of that interval.
const PUBLISH_INTERVAL_MS_MIN: u64 = 100;
/// Maximum of that interval.
const PUBLISH_INTERVAL_MS_MAX: u64 = 3_600_000;

/// `[sync]` as written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SyncSection {
    /// How the owner of a site can reach the operator; part of the header `User-Agent`.
    #[schemars(extend("x-default-text" = "`public_url`", "x-range" = "e-mail address or URL"))]
    contact: Option<String>,
    /// Root certificates that are trusted as well as the built-in ones.
    #[schemars(extend("x-range" = "path of a PEM file"))]
    ca_file: Option<PathBuf>,
    /// Minimum interval in milliseconds between two requests to one host.
    #[schemars(range(max = REQUEST_INTERVAL_MS_MAX), extend("x-default" = REQUEST_INTERVAL_MS_DEFAULT))]
    request_interval_ms: Option<u64>,
    /// Maximum number of retries of one request.
    #[schemars(range(max = RETRIES_MAX_MAX), extend("x-default" = RETRIES_MAX_DEFAULT))]
    retries_max: Option<u32>,
    /// Minimum interval in milliseconds between two generations that `serve` or `index --watch`
    /// publishes; the first change after a pause is published at once.
    #[schemars(range(min = PUBLISH_INTERVAL_MS_MIN, max = PUBLISH_INTERVAL_MS_MAX), extend("x-default" = PUBLISH_INTERVAL_MS_DEFAULT))]
    publish_interval_ms: Option<u64>,
}

/// How sources over the network are fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncSettings {
    /// E-mail address or URL of the operator.
    pub contact: String,
    /// PEM file of root certificates that are trusted as well as the built-in ones.
    pub ca_file: Option<PathBuf>,
    /// Minimum interval between two requests to one host.
    pub request_interval: Duration,
    /// Maximum number of retries of one request.
    pub retries_max: u32,
    /// Minimum interval between two publications of a schedule.
    pub publish_interval: Duration,
}

impl SyncSection {
    pub(super) fn checked(
        self,
        public_url: &Url,
        folder: &Path,
    ) -> Result<SyncSettings, ConfigError> {
        let at_most = |key: &'static str, value: u64, max: u64| {
            let expected = format!("at most {max}");
            if value <= max {
                Ok(value)
            } else {
                Err(ConfigError::value(key, &expected, &value.to_string()))
            }
        };
        let interval = self.request_interval_ms.unwrap_or(REQUEST_INTERVAL_MS_DEFAULT);
        let interval = at_most("sync.request_interval_ms", interval, REQUEST_INTERVAL_MS_MAX)?;
        let retries_max = self.retries_max.unwrap_or(RETRIES_MAX_DEFAULT);
        at_most("sync.retries_max", retries_max.into(), RETRIES_MAX_MAX.into())?;
        let publish = self.publish_interval_ms.unwrap_or(PUBLISH_INTERVAL_MS_DEFAULT);
        let (min, max) = (PUBLISH_INTERVAL_MS_MIN, PUBLISH_INTERVAL_MS_MAX);
        if !(min..=max).contains(&publish) {
            let expected = format!("from {min} to {max}");
            return Err(ConfigError::value(
                "sync.publish_interval_ms",
                &expected,
                &publish.to_string(),
            ));
        }
        Ok(SyncSettings {
            publish_interval: Duration::from_millis(publish),
            contact: self.contact.unwrap_or_else(|| public_url.to_string()),
            ca_file: self.ca_file.map(|path| folder.join(path)),
            request_interval: Duration::from_millis(interval),
            retries_max,
        })
    }
}
