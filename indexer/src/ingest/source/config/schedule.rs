//! When a source is read again: its interval, and the secret of its hooks.

use std::{path::Path, time::Duration};

use jiff::SignedDuration;
use schema::SourceName;

use super::{ConfigError, SourceConfig};
use crate::sync::SecretLocation;

/// Default interval of a source over the network.
const REFRESH_DEFAULT: Duration = Duration::from_mins(15);
/// Minimum of the interval.
const REFRESH_MIN: Duration = Duration::from_secs(10);
/// Maximum of the interval.
const REFRESH_MAX: Duration = Duration::from_hours(30 * 24);

impl SourceConfig {
    /// Whether the source may have an interval or hooks. Others need not exist where a server runs.
    pub fn may_be_scheduled(&self) -> bool {
        self.address.is_some()
            || self.refresh.is_some()
            || self.hook_secret_file.is_some()
            || self.hook_secret_variable.is_some()
    }
}

/// The interval at which a source is read again, and where the secret of its hooks is.
pub(super) fn schedule(
    config: &SourceConfig,
    folder: &Path,
    name: &SourceName,
) -> Result<(Option<Duration>, Option<SecretLocation>), ConfigError> {
    let refresh = match config.refresh.as_deref() {
        None => config.address.is_some().then_some(REFRESH_DEFAULT),
        Some("never") => None,
        Some(text) => Some(interval(text).ok_or_else(|| ConfigError::Refresh {
            source_name: name.clone(),
            written: text.to_owned(),
        })?),
    };
    let secret = match (&config.hook_secret_file, &config.hook_secret_variable) {
        (None, None) => None,
        (Some(path), None) => Some(SecretLocation::File(folder.join(path))),
        (None, Some(variable)) => Some(SecretLocation::Variable(variable.clone())),
        (Some(_), Some(_)) => return Err(ConfigError::HookSecret(name.clone())),
    };
    Ok((refresh, secret))
}

fn interval(text: &str) -> Option<Duration> {
    let interval: Duration = text.parse::<SignedDuration>().ok()?.try_into().ok()?;
    (REFRESH_MIN..=REFRESH_MAX).contains(&interval).then_some(interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_must_be_within_its_range() {
        let seconds = |text| interval(text).map(|interval| interval.as_secs());
        assert_eq!(seconds("15m"), Some(900));
        assert_eq!(seconds("1h 30m"), Some(5_400));
        assert_eq!(seconds("1h30m"), Some(5_400));
        assert_eq!(seconds("10s"), Some(10));
        for text in ["", "9s", "-15m", "15", "31 days", "721h", "soon", "1h ago", "15 m m"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
