//! Synchronises a calendar by its address: one conditional request for the whole file. Only a complete
//! calendar is stored.
//!
//! Invariant: an event is absent if neither the last complete run nor the one before it found it.
//! The state therefore has the last file, and the previous one as long as it has events that the
//! last one lacks.

mod error;
mod event_digests;
mod stored_file;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use encoding_rs::Encoding;
use hyper::header::HeaderValue;

pub(crate) use self::stored_file::{StoredCalendar, StoredFile};
use self::{
    error::CalendarError,
    event_digests::EventDigests,
    stored_file::{FileVersion, LAST, PREVIOUS},
};
use super::{
    SyncContext, SyncError,
    http::{Fetched, HttpContent, HttpRequest, Validators},
    run::{Completeness, SourceRun},
    state::{FetchedResource, ResourceEntry},
};
use crate::{
    calendar_file::{self, CALENDAR_BYTES_MAX, CalendarObject},
    with_causes,
};

/// Number of events from which a file without any of them is reported as another calendar.
const OTHER_CALENDAR_EVENTS: u64 = 3;

/// Runs one source.
///
/// # Errors
/// [`SyncError`] if the state fails; what the host does wrong is in the run.
pub(super) async fn run(
    context: &SyncContext<'_>,
    encoding: Option<&'static Encoding>,
) -> Result<SourceRun, SyncError> {
    let entries = context.state.entries(context.source)?;
    let last = entries.iter().find(|(key, _)| key == LAST);
    let known = last.and_then(|(_, entry)| FileVersion::parse(&entry.version).validators());
    finish(context, encoding, fetch(context, known).await)
}

/// Ends a run with the response of the host.
fn finish(
    context: &SyncContext<'_>,
    encoding: Option<&'static Encoding>,
    response: Result<Option<Fetched>, CalendarError>,
) -> Result<SourceRun, SyncError> {
    let entries = context.state.entries(context.source)?;
    let last = entries.iter().find(|(key, _)| key == LAST).map(|(_, entry)| entry);
    let run = match response {
        Ok(Some(fetched)) if !last.is_some_and(|entry| is_same(entry, &fetched)) => {
            match checked(&fetched, encoding) {
                Ok(calendars) => replace(context, encoding, &fetched, &calendars)?,
                Err(error) => failed(context, &error),
            }
        }
        Ok(unchanged) => confirm(context, &entries, unchanged)?,
        Err(error) => failed(context, &error),
    };
    // What a file lacks is decided here, and not by the presence of files.
    let present = [LAST, PREVIOUS].map(str::to_owned).into();
    Ok(context.state.finish(context.source, &present, run)?)
}

/// The response of the host; `None` if the last file is current.
async fn fetch(
    context: &SyncContext<'_>,
    validators: Option<Validators>,
) -> Result<Option<Fetched>, CalendarError> {
    let (policy, counters) = (Arc::clone(&context.policy), Arc::clone(&context.counters));
    let mut request = HttpRequest::new(context.address.clone(), policy, counters);
    request.accept = HeaderValue::from_static("text/calendar, */*;q=0.1");
    request.validators = validators;
    let response = context.client.get(&request).await?;
    if let Some(change) = response.host_change {
        return Err(CalendarError::Moved { host: change.host });
    }
    let url = response.url;
    match response.content {
        HttpContent::NotModified => Ok(None),
        HttpContent::Gone { status, .. } => Err(CalendarError::Gone { url, status }),
        HttpContent::Fetched(fetched) if fetched.body.len() as u64 > CALENDAR_BYTES_MAX => {
            Err(CalendarError::TooLarge { url })
        }
        HttpContent::Fetched(fetched) => Ok(Some(fetched)),
    }
}

/// Whether a file has the bytes of the last one: some hosts ignore validators.
fn is_same(entry: &ResourceEntry, fetched: &Fetched) -> bool {
    entry.hash == *blake3::hash(&fetched.body).as_bytes()
}

/// The calendars of a file that is complete, and the encoding that its host declares.
fn checked(
    fetched: &Fetched,
    encoding: Option<&'static Encoding>,
) -> Result<Vec<CalendarObject>, CalendarError> {
    let used = encoding.or_else(|| declared_encoding(fetched));
    calendar_file::parse(&fetched.body, used)
        .map_err(|error| CalendarError::of_content(fetched, error))
}

fn declared_encoding(fetched: &Fetched) -> Option<&'static Encoding> {
    calendar_file::declared_encoding(&fetched.body, fetched.charset.as_deref())
}

/// A run that found the last file again, which confirms what it lacks.
fn confirm(
    context: &SyncContext<'_>,
    entries: &[(String, ResourceEntry)],
    fetched: Option<Fetched>,
) -> Result<SourceRun, SyncError> {
    let version = |key: &str| {
        let entry = entries.iter().find(|(stored, _)| stored == key);
        entry.map(|(_, entry)| FileVersion::parse(&entry.version)).unwrap_or_default()
    };
    let (stored, removed) = (version(LAST), version(PREVIOUS).events);
    if let Some(Fetched { body, validators, .. }) = fetched {
        let new = FileVersion::new(validators, stored.encoding(), stored.events);
        if new != stored {
            let (key, version) = (LAST.to_owned(), new.to_string());
            let resource = FetchedResource { key, version, body: body.to_vec() };
            context.state.put(context.source, &[resource], context.now)?;
        }
    }
    context.state.discard(context.source, &[PREVIOUS.to_owned()])?;
    let run = context.new_run(Completeness::Complete, Vec::new());
    Ok(SourceRun { present: stored.events, removed, ..run })
}

/// A run that found another file.
fn replace(
    context: &SyncContext<'_>,
    encoding: Option<&'static Encoding>,
    fetched: &Fetched,
    calendars: &[CalendarObject],
) -> Result<SourceRun, SyncError> {
    let (state, source) = (context.state, context.source);
    let (last, previous) =
        (StoredFile::read(state, source, LAST)?, StoredFile::read(state, source, PREVIOUS)?);
    let digests = |file: Option<&StoredFile>| stored_digests(file, encoding);
    let new = EventDigests::of(calendars);
    let (old, unconfirmed) = (digests(last.as_ref()), digests(previous.as_ref()));
    let missing = old.missing_in(&[&new]);
    let declared = declared_encoding(fetched).filter(|_| encoding.is_none());
    let version = FileVersion::new(fetched.validators.clone(), declared, new.count());
    let mut resources = vec![FetchedResource {
        key: LAST.to_owned(),
        version: version.to_string(),
        body: fetched.body.to_vec(),
    }];
    resources.extend(last.filter(|_| missing > 0).map(|file| file.into_previous(missing)));
    state.put(source, &resources, context.now)?;
    if missing == 0 {
        state.discard(source, &[PREVIOUS.to_owned()])?;
    }
    let is_other = missing == old.count() && missing >= OTHER_CALENDAR_EVENTS && new.count() > 0;
    let note = "no event of the previous file is in this one; check `address`, or set `key` of the \
                source if the calendar gives its events other UIDs each time";
    let notes = is_other.then(|| note.to_owned()).into_iter().collect();
    Ok(SourceRun {
        present: new.count(),
        changed: new.changed_since(&old),
        removed: unconfirmed.missing_in(&[&old, &new]),
        missing,
        ..context.new_run(Completeness::Complete, notes)
    })
}

/// The events of a stored file, which was complete when it was stored.
fn stored_digests(file: Option<&StoredFile>, encoding: Option<&'static Encoding>) -> EventDigests {
    let calendars = file.and_then(|file| {
        calendar_file::parse(&file.body, encoding.or_else(|| file.encoding())).ok()
    });
    calendars.map(|calendars| EventDigests::of(&calendars)).unwrap_or_default()
}

fn failed(context: &SyncContext<'_>, error: &CalendarError) -> SourceRun {
    context.new_run(Completeness::Failed, vec![with_causes(error)])
}
