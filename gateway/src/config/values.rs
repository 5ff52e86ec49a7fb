//! Values that several sections have: origins and days.

use jiff::civil::Date;
use url::Url;

use super::ConfigError;

/// Origins on this machine, with any port.
const LOOPBACK_ORIGINS: [&str; 3] = ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"];

/// Validates an origin as browsers send it: only scheme, host and port. The port of a loopback
/// address may be `*`.
pub(super) fn origin(key: &str, text: &str) -> Result<String, ConfigError> {
    if LOOPBACK_ORIGINS.contains(&text) {
        return Ok(text.to_owned());
    }
    let parsed = text.parse::<Url>().map(|url| url.origin().ascii_serialization());
    match parsed {
        Ok(origin) if origin == text => Ok(origin),
        _ => {
            let any = if key == "cors.origins" { "`[\"*\"]`, " } else { "" };
            let expected = format!(
                "{any}origins such as `https://www.example.nl`, or `http://localhost:*` for any port"
            );
            Err(ConfigError::value(key, &expected, text))
        }
    }
}

/// A day, as a date of TOML or a text.
pub(super) fn day(key: &str, value: &toml::Value) -> Result<Date, ConfigError> {
    let text = match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.parse().map_err(|_| ConfigError::value(key, "a date such as `2026-03-02`", &text))
}
