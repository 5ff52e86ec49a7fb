//! What only events have, as JSON.

use std::borrow::Cow;

use poem_openapi::Object;
use schema::{Event, Occurrence};

use super::{
    converter::{MomentJson, ReferenceJson, RestConverter},
    scalar::{AttendanceName, EventPhaseName, EventStatusName},
};

/// What only events have.
#[derive(Object)]
#[oai(rename = "EventDetails", rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct EventJson {
    /// Start; for a series, of the first occurrence.
    start: MomentJson,
    /// End; for a series, of the first occurrence. Without an end, it lasts all day.
    end: Option<MomentJson>,
    phase: EventPhaseName,
    status: EventStatusName,
    attendance: AttendanceName,
    /// Whether it is a series.
    recurring: bool,
    /// The first occurrence that has not ended.
    next_occurrence: Option<OccurrenceJson>,
    place: Option<PlaceJson>,
    /// URL of the online meeting.
    online_url: Option<String>,
    /// Registration page.
    registration_url: Option<String>,
    /// Price, in the words of the source.
    price: Option<String>,
    organisers: Vec<ReferenceJson>,
    speakers: Vec<ReferenceJson>,
    /// File for calendars.
    calendar_url: String,
}

/// An occurrence of an event.
#[derive(Object)]
#[oai(rename = "Occurrence", rename_all = "camelCase", skip_serializing_if_is_none)]
struct OccurrenceJson {
    start: MomentJson,
    end: Option<MomentJson>,
}

/// A venue.
#[derive(Object)]
#[oai(rename = "Place", rename_all = "camelCase", skip_serializing_if_is_none)]
struct PlaceJson {
    name: Option<String>,
    /// Street and number.
    address: Option<String>,
    city: Option<String>,
    /// Degrees (WGS 84), north positive.
    latitude: Option<f64>,
    /// Degrees (WGS 84), east positive.
    longitude: Option<f64>,
}

impl EventJson {
    pub(super) fn new(converter: &RestConverter<'_>, event: &Event) -> Self {
        let language = event.common.language;
        let moment = |moment: &schema::Moment| MomentJson::new(moment, language);
        let occurrence = |occurrence: &Occurrence| OccurrenceJson {
            start: moment(&occurrence.moment),
            end: occurrence.end.as_ref().map(moment),
        };
        let (now, id) = (converter.now, event.common.id);
        // Those of a series were computed when the generation was opened.
        let computed = converter.snapshot.occurrences(id);
        let all = computed.map_or_else(|| Cow::Owned(event.occurrences()), Cow::Borrowed);
        let (phase, next) = (all.phase(now), all.remaining(now).next().map(occurrence));
        let registration = event.registration.as_ref();
        Self {
            start: moment(&event.start),
            end: event.end.as_ref().map(moment),
            phase: phase.into(),
            status: event.status.into(),
            attendance: event.attendance.into(),
            recurring: event.series.is_some(),
            next_occurrence: next,
            place: event.place.as_ref().map(|place| PlaceJson {
                name: place.name.clone(),
                address: place.address.clone(),
                city: place.city.clone(),
                latitude: place.latitude,
                longitude: place.longitude,
            }),
            online_url: event.online_url.as_ref().map(ToString::to_string),
            registration_url: registration.and_then(|one| Some(one.url.as_ref()?.to_string())),
            price: event.price.clone(),
            organisers: converter.references(&event.organisers),
            speakers: converter.references(&event.speakers),
            calendar_url: converter.config.calendar_url(id).to_string(),
        }
    }
}
