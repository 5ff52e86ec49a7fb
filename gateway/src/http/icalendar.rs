//! `/event/{id}.ics`: an event as an iCalendar file (RFC 5545).
//!
//! A moment that is known to the minute is written in UTC, any other as whole days. A series is
//! written as its remaining occurrences, so that calendars need not support its rule or time zone.

use std::{collections::HashSet, sync::Arc};

use icalendar::{Calendar, Component, EventLike, Property};
use jiff::{ToSpan, tz::TimeZone};
use poem::{
    Endpoint, Request, Response, Result,
    http::{StatusCode, header},
};
use schema::{Attendance, EventStatus, Moment, NodeId, Occurrence, Place, Record};

use super::problem_details;
use crate::{
    PROGRAM,
    clock::Clock,
    error::ApiError,
    pipeline::{NO_GENERATION, Pipeline},
};

/// Maximum number of occurrences of a series.
const OCCURRENCES_MAX: usize = 100;

/// The iCalendar endpoint.
pub(crate) struct IcalendarEndpoint {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) clock: Clock,
}

impl Endpoint for IcalendarEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        Ok(self
            .respond(&request)
            .await
            .unwrap_or_else(|(status, failure)| problem_details::response(status, &failure)))
    }
}

impl IcalendarEndpoint {
    async fn respond(&self, request: &Request) -> Result<Response, (StatusCode, ApiError)> {
        let not_found = || (StatusCode::NOT_FOUND, ApiError::not_found("event not found"));
        let file = request.raw_path_param("file").and_then(|file| file.strip_suffix(".ics"));
        let id: NodeId = file.and_then(|id| id.parse().ok()).ok_or_else(not_found)?;
        let snapshot = self.pipeline.snapshot().ok_or_else(|| {
            (StatusCode::SERVICE_UNAVAILABLE, ApiError::unavailable(NO_GENERATION))
        })?;
        let records = snapshot.get_many(&[id]).await.map_err(|error| {
            (StatusCode::INTERNAL_SERVER_ERROR, crate::error::from_catalog(&error))
        })?;
        let record = records.into_iter().flatten().next().ok_or_else(not_found)?;
        let Record::Event(event) = &*record else { return Err(not_found()) };

        let occurrences = event.occurrences_from(self.clock.now(), OCCURRENCES_MAX);
        // Without the properties of the crate, among which is its own PRODID.
        let mut calendar = Calendar::empty();
        calendar.append_property(Property::new("VERSION", "2.0"));
        calendar.append_property(Property::new("PRODID", format!("-//{PROGRAM}//NL")));
        let stamp = utc(snapshot.built_at());
        if event.series.is_none() || occurrences.is_empty() {
            calendar.push(entry(event, &event.start, event.end.as_ref(), &stamp, None));
        } else {
            let mut days = HashSet::new();
            for Occurrence { moment, end, .. } in &occurrences {
                let is_first_of_day = days.insert(moment.date);
                let name = match moment.time {
                    Some(time) if !is_first_of_day => moment.date.to_datetime(time).to_string(),
                    _ => moment.date.to_string(),
                };
                calendar.push(entry(event, moment, end.as_ref(), &stamp, Some(&name)));
            }
        }
        Ok(Response::builder()
            .content_type("text/calendar; charset=utf-8")
            .header(header::CACHE_CONTROL, "no-cache")
            .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.ics\""))
            .body(calendar.to_string()))
    }
}

/// The entry of one occurrence; `name` distinguishes those of a series.
fn entry(
    event: &schema::Event,
    begin: &Moment,
    end: Option<&Moment>,
    stamp: &str,
    name: Option<&str>,
) -> icalendar::Event {
    let mut entry = icalendar::Event::new();
    let uid = match name {
        None => event.common.id.to_string(),
        Some(name) => format!("{}-{name}", event.common.id),
    };
    entry.uid(&format!("{uid}@wegwijzer")).summary(&event.common.title);
    entry.append_property(Property::new("DTSTAMP", stamp));
    entry.url(event.common.url.as_str());
    if let Some(summary) = &event.common.summary {
        entry.description(summary);
    }
    if let Some(place) = event.place.as_ref().filter(|_| event.attendance != Attendance::Online) {
        entry.location(&place_text(place));
    }
    add_span(&mut entry, begin, end);
    let is_imprecise = !begin.all_day() && begin.exact().is_none();
    let status = match event.status {
        EventStatus::Cancelled => "CANCELLED",
        EventStatus::Postponed => "TENTATIVE",
        _ if is_imprecise => "TENTATIVE",
        _ => "CONFIRMED",
    };
    entry.append_property(Property::new("STATUS", status));
    entry
}

fn add_span(entry: &mut icalendar::Event, begin: &Moment, end: Option<&Moment>) {
    if let Some(instant) = begin.exact() {
        entry.append_property(Property::new("DTSTART", utc(instant)));
        if let Some(end) = end {
            entry.append_property(Property::new("DTEND", utc(end.latest())));
        }
        return;
    }
    let date_property = |name: &str, day: jiff::civil::Date| {
        let mut property = Property::new(name, day.strftime("%Y%m%d").to_string());
        property.add_parameter("VALUE", "DATE");
        property
    };
    entry.append_property(date_property("DTSTART", begin.date));
    // The end date is exclusive.
    let last = end.unwrap_or(begin);
    let zone = schema::moment::zone(&last.zone).unwrap_or(TimeZone::UTC);
    let after = match last.exact() {
        Some(instant) => instant.to_zoned(zone).date().checked_add(1.day()),
        None => Ok(last.latest().to_zoned(zone).date()),
    };
    if let Ok(after) = after {
        entry.append_property(date_property("DTEND", after));
    }
}

/// Name, street and city of a venue, as far as they are known.
fn place_text(place: &Place) -> String {
    let fields = [&place.name, &place.address, &place.city];
    fields.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn utc(instant: jiff::Timestamp) -> String {
    instant.strftime("%Y%m%dT%H%M%SZ").to_string()
}
