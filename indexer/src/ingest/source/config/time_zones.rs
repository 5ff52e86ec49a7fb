//! Time zones of a calendar.

use std::collections::BTreeMap;

use schema::SourceName;

use super::{super::zone_names, ConfigError, SourceConfig};

/// The default time zone, and the names of time zones by lower-case name.
type TimeZones = (Option<String>, BTreeMap<String, String>);

pub(super) fn time_zones(
    config: &SourceConfig,
    name: &SourceName,
) -> Result<TimeZones, ConfigError> {
    let error = |cause| ConfigError::TimeZone { source_name: name.clone(), cause };
    let default = config.time_zone.as_deref().map(zone_names::known).transpose().map_err(error)?;
    let names = config.time_zones.iter().map(|(written, zone)| {
        let zone = zone_names::known(zone).map_err(error)?;
        Ok((written.trim().to_lowercase(), zone))
    });
    Ok((default, names.collect::<Result<_, ConfigError>>()?))
}
