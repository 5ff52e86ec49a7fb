//! Calendars (iCalendar, RFC 5545): each event of a file becomes a record whose key is its UID. A
//! series is one record, with the occurrences that differ from it.
//!
//! [`items_of`] turns the bytes of a file into items; it reads no other file, and no clock.

mod digest;
mod event;
mod event_group;
mod fields;
mod observance;
mod synchronised;
#[cfg(test)]
mod tests;
mod time_zone;
mod times;
mod value;

use serde_json::Value;

use super::{
    Candidate, FetchError, Items, ParseError, SkipOrError, SkipReason, SourceItem, SourceReader,
    checked_key, config::ResolvedSource, field::Field, files, survey::Survey,
    template::PathCaptures,
};
use crate::calendar_file::{self, CALENDAR_BYTES_MAX, CalendarObject};
use event_group::{EventGroup, EventRecord};

pub(super) use synchronised::{count as count_synchronised, items as synchronised_items};

/// The items of a calendar file, or of all calendar files of a folder. In a folder, a file that
/// cannot be read is a rejection without a key, so that no record of the source is removed.
pub(super) fn items(mut reader: SourceReader<'_>) -> Result<Items<'_>, FetchError> {
    let source = reader.source;
    if source.path.is_dir() {
        let files = files::walk(source, reader.survey)?.into_iter();
        return Ok(Box::new(files.flat_map(move |file| {
            let bytes = match files::read_limited(&file.path, CALENDAR_BYTES_MAX) {
                Ok(bytes) => bytes.map_err(|reason| ParseError { line: 1, reason }),
                Err(error) => return vec![Err(error)],
            };
            match bytes.and_then(|bytes| items_of(&mut reader, &file.name, &bytes)) {
                Ok(items) => items.into_iter().map(Ok).collect(),
                Err(ParseError { line, reason }) => {
                    vec![Ok(reader.rejected(format!("{}:{line}", file.name), None, reason))]
                }
            }
        })));
    }
    let bytes = files::read_limited(&source.path, CALENDAR_BYTES_MAX)?;
    let bytes = bytes.map_err(|reason| ParseError { line: 1, reason });
    let name = files::file_name(&source.path);
    let items = bytes.and_then(|bytes| items_of(&mut reader, &name, &bytes));
    match items {
        Ok(items) => Ok(Box::new(items.into_iter().map(Ok))),
        Err(ParseError { line, reason }) => {
            let location = source.path.display().to_string();
            Err(FetchError::Calendar { location, line, reason })
        }
    }
}

/// Approximate number of items: the number of events of a file, or of files in a folder.
pub(super) fn count(source: &ResolvedSource) -> Result<u64, FetchError> {
    if source.path.is_dir() {
        return files::walk(source, &Survey::default()).map(|files| files.len() as u64);
    }
    let bytes = files::read_limited(&source.path, CALENDAR_BYTES_MAX)?.unwrap_or_default();
    let begin = b"BEGIN:VEVENT";
    Ok(bytes.windows(begin.len()).filter(|window| window == begin).count() as u64)
}

/// The items of the bytes of a calendar file.
///
/// # Errors
/// The line at which the file as a whole is incomplete or cannot be read.
fn items_of(
    reader: &mut SourceReader,
    file: &str,
    bytes: &[u8],
) -> Result<Vec<SourceItem>, ParseError> {
    let calendars = calendar_file::parse(bytes, reader.source.encoding)?;
    Ok(items_of_calendars(reader, file, &calendars))
}

fn items_of_calendars(
    reader: &mut SourceReader,
    file: &str,
    calendars: &[CalendarObject],
) -> Vec<SourceItem> {
    let (groups, without_uid) = event_group::groups(calendars, reader.source);
    let mut items = Vec::new();
    for component in without_uid {
        let location = format!("{file}:{}", component.line);
        let reason = "event has no UID; its program must give it one that never changes";
        items.push(reader.rejected(location, None, reason.to_owned()));
    }
    for group in &groups {
        items.extend(group_items(reader, file, group));
    }
    items
}

fn group_items(reader: &mut SourceReader, file: &str, group: &EventGroup) -> Vec<SourceItem> {
    let location = format!("{file}:{}", group.line());
    // What is not public is not read, so that no error shows it.
    if group.events.iter().all(|event| !event.is_public()) {
        return skipped(reader, location, &group.uid).into_iter().collect();
    }
    match group.records() {
        Ok(records) => {
            records.iter().filter_map(|record| record_items(reader, file, record)).collect()
        }
        Err(ParseError { line, reason }) => {
            vec![reader.rejected(format!("{file}:{line}"), known_key(reader, &group.uid), reason)]
        }
    }
}

fn record_items(reader: &mut SourceReader, file: &str, record: &EventRecord) -> Option<SourceItem> {
    let line = record.main.component.line;
    let location = format!("{file}:{line}");
    if !record.main.is_public() {
        return skipped(reader, location, &record.uid);
    }
    let fields = || fields::source_fields(record);
    let (key, parsed) = if reader.source.mapping.has_template(Field::Key) {
        let parsed = fields();
        let key = parsed.as_ref().map_err(|error| error.reason.clone());
        (key.and_then(|fields| reader.row_key(fields)), Some(parsed))
    } else {
        (checked_key(Some(&Value::String(record.uid.clone()))), None)
    };
    let key = match key {
        Ok(key) => key,
        Err(reason) => {
            let line = parsed.and_then(Result::err).map_or(line, |error| error.line);
            return Some(reader.rejected(format!("{file}:{line}"), None, reason));
        }
    };
    // Without its line, since a server may write its events in another order.
    let candidate = Candidate { key, location: file.to_owned(), content_hash: record.digest() };
    let mut item = reader.item(candidate, |reader| {
        let raw_fields = parsed.unwrap_or_else(fields).map_err(SkipOrError::Error)?;
        reader.check_visibility(&raw_fields, |_| line)?;
        Ok(reader.map(&raw_fields, &PathCaptures::new()).into())
    });
    match &mut item {
        SourceItem::Record(raw) => raw.line = Some(line),
        SourceItem::Rejected(rejection) if rejection.location == file => {
            rejection.location = location;
        }
        _ => {}
    }
    Some(item)
}

/// The key of an event whose fields are not read, if it is known without them.
fn known_key(reader: &SourceReader, uid: &str) -> Option<String> {
    let is_uid = !reader.source.mapping.has_template(Field::Key);
    checked_key(Some(&Value::String(uid.to_owned()))).ok().filter(|_| is_uid)
}

/// An event that is not public. Without a known key there is nothing to report: a record that was
/// public before is no longer in the source.
fn skipped(reader: &SourceReader, location: String, uid: &str) -> Option<SourceItem> {
    let key = known_key(reader, uid)?;
    Some(SourceItem::Skipped { location, key, reason: SkipReason::Draft })
}
