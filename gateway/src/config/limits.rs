//! Limits: how much one request may ask for, and how much one build may throw away.

use serde::Deserialize;

use super::ConfigError;

/// `[limits]`. A name says what is limited, and ends in the unit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of the body of a request.
    pub request_bytes_max: usize,
    /// Milliseconds that a request may take.
    pub request_ms_max: u64,
    /// Items on one page of a list.
    pub page_size_max: usize,
    /// Fields within one another.
    pub depth_max: usize,
    /// Fields that an answer can have, by what its question asks for.
    pub complexity_max: u64,
    /// Records that an answer does have besides the items on its pages.
    pub records_max: u64,
    /// Aliases in one operation.
    pub aliases_max: usize,
    /// Directives on one field.
    pub directives_max: usize,
    /// Percentage of a source's records that may be rejected before a build is refused.
    pub rejections_percent: f64,
    /// Percentage of a source's records that may disappear before a build is refused.
    pub removals_percent: f64,
    /// Generations that are kept on disk.
    pub generations_kept: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes_max: 262_144,
            request_ms_max: 10_000,
            page_size_max: 100,
            depth_max: 15,
            complexity_max: 10_000,
            records_max: 10_000,
            aliases_max: 50,
            directives_max: 5,
            rejections_percent: 10.0,
            removals_percent: 20.0,
            generations_kept: 3,
        }
    }
}

impl Limits {
    /// The limits, if each can be kept.
    pub(super) fn checked(self) -> Result<Self, ConfigError> {
        let positive = [
            ("request_bytes_max", self.request_bytes_max as u64),
            ("request_ms_max", self.request_ms_max),
            ("page_size_max", self.page_size_max as u64),
            ("depth_max", self.depth_max as u64),
            ("complexity_max", self.complexity_max),
            ("records_max", self.records_max),
            ("generations_kept", self.generations_kept as u64),
        ];
        if let Some((name, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return Err(ConfigError::value(&format!("limits.{name}"), "1 or more", "0"));
        }
        let percentages = [
            ("rejections_percent", self.rejections_percent),
            ("removals_percent", self.removals_percent),
        ];
        let within = |percentage: f64| (0.0..=100.0).contains(&percentage);
        match percentages.into_iter().find(|(_, percentage)| !within(*percentage)) {
            Some((name, given)) => {
                let key = format!("limits.{name}");
                Err(ConfigError::value(&key, "a percentage from 0 to 100", &given.to_string()))
            }
            None => Ok(self),
        }
    }
}
