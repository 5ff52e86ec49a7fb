//! The digest of an event: over its unfolded lines in alphabetical order, so that it does not change
//! with the order or folding of a file that a server writes again.

use super::{event::CalendarEvent, event_group::EventRecord};
use crate::calendar_file::{ZoneComponent, sorted_lines};

impl CalendarEvent<'_> {
    /// The lines that are read, in alphabetical order.
    pub(super) fn sorted_lines(&self) -> Vec<&str> {
        self.component.sorted_lines()
    }

    /// What determines the fields of the event apart from its own lines.
    fn context(&self) -> Vec<String> {
        let calendar = self.zones.calendar;
        let mut context = Vec::new();
        context.extend(calendar.method.iter().filter(|method| *method == "CANCEL").cloned());
        context.extend(calendar.zone_name.clone());
        for name in self.component.properties.iter().filter_map(|p| p.parameter("TZID")) {
            let zone = self.zones.definition(name);
            context.extend(zone.into_iter().flat_map(zone_lines));
        }
        context
    }
}

fn zone_lines(zone: &ZoneComponent) -> Vec<String> {
    let observances = zone.observances.iter().map(|observance| {
        format!("{} {}", observance.is_daylight, sorted_lines(&observance.properties).join("\n"))
    });
    let mut observances: Vec<_> = observances.collect();
    observances.sort_unstable();
    sorted_lines(&zone.properties).into_iter().map(str::to_owned).chain(observances).collect()
}

impl EventRecord<'_> {
    /// The digest of all lines from which the record is read.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        for event in std::iter::once(&self.main).chain(self.overrides.values()) {
            let context = event.context();
            let lines = event.sorted_lines();
            let lines: Vec<_> =
                lines.into_iter().chain(context.iter().map(String::as_str)).collect();
            hasher.update(&(lines.len() as u64).to_le_bytes());
            for line in lines {
                hasher.update(&(line.len() as u64).to_le_bytes()).update(line.as_bytes());
            }
        }
        *hasher.finalize().as_bytes()
    }
}
