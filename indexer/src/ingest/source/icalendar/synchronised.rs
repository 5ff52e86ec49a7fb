//! A calendar by its address, as `sync::calendar` stores it: the last file, and the events of the file
//! before it whose absence is not confirmed.

use std::collections::HashSet;

use super::{event_group, group_items, items_of_calendars};
use crate::{
    calendar_file::{self, CalendarObject, EventComponent},
    ingest::source::{FetchError, Items, SourceItem, SourceReader, config::ResolvedSource},
    sync::{
        NetworkSource,
        calendar::{StoredCalendar, StoredFile},
        state::{StateError, SyncState},
    },
    with_causes,
};

/// The items of a calendar, from the state of its synchronisation.
///
/// An event of the last file is what that file says, also if it is no longer public.
pub(in crate::ingest::source) fn items<'a>(
    mut reader: SourceReader<'a>,
    network: &NetworkSource,
    state: &SyncState,
) -> Result<Items<'a>, FetchError> {
    let stored = StoredCalendar::read(state, &reader.source.name).map_err(|e| state_error(&e))?;
    let Some(StoredCalendar { last, previous }) = stored else {
        return Ok(Box::new(std::iter::empty()));
    };
    let location = network.address.as_str();
    let calendars = parse(reader.source, location, &last)?;
    let mut items = items_of_calendars(&mut reader, location, &calendars);
    if let Some(previous) = previous {
        let previous = parse(reader.source, location, &previous)?;
        items.extend(missing_items(&mut reader, location, &items, [&calendars, &previous]));
    }
    Ok(Box::new(items.into_iter().map(Ok)))
}

/// The number of events of a calendar.
pub(in crate::ingest::source) fn count(
    source: &ResolvedSource,
    state: &SyncState,
) -> Result<u64, FetchError> {
    StoredCalendar::count(state, &source.name).map_err(|error| state_error(&error))
}

fn state_error(error: &StateError) -> FetchError {
    FetchError::State(with_causes(error))
}

fn parse(
    source: &ResolvedSource,
    location: &str,
    file: &StoredFile,
) -> Result<Vec<CalendarObject>, FetchError> {
    let encoding = source.encoding.or_else(|| file.encoding());
    calendar_file::parse(&file.body, encoding).map_err(|error| FetchError::Calendar {
        location: location.to_owned(),
        line: error.line,
        reason: error.reason,
    })
}

/// The items of the previous file for events that the last file lacks. An event with another UID but
/// the key of one in the last file is that one.
fn missing_items(
    reader: &mut SourceReader,
    location: &str,
    items: &[SourceItem],
    [last, previous]: [&[CalendarObject]; 2],
) -> Vec<SourceItem> {
    let events = last.iter().flat_map(|calendar| &calendar.events);
    let uids: HashSet<String> = events.filter_map(EventComponent::uid).collect();
    let keys: HashSet<&str> = items.iter().filter_map(key).collect();
    let (groups, _) = event_group::groups(previous, reader.source);
    let missing = groups.iter().filter(|group| !uids.contains(&group.uid));
    let missing = missing.flat_map(|group| group_items(reader, location, group));
    missing.filter(|item| key(item).is_none_or(|key| !keys.contains(key))).collect()
}

fn key(item: &SourceItem) -> Option<&str> {
    match item {
        SourceItem::Record(record) => Some(&record.key),
        SourceItem::Unchanged { key }
        | SourceItem::Deleted { key }
        | SourceItem::Skipped { key, .. } => Some(key),
        SourceItem::Rejected(rejection) => rejection.key.as_deref(),
    }
}
