//! The components of a record: steps, resources, quotes, places and others.

use std::sync::LazyLock;

use jiff::{
    civil::{Date, Time},
    tz::TimeZone,
};
use regex::{Captures, Regex};
use schema::{
    ApproximateCount, CountPrecision, DatePrecision, Effort, Founded, Guideline, Image, Method,
    Moment, Place, Reference, Registration, Resource, ResourceKind, Series, Step, Tip, moment,
};

use crate::{
    ingest::{
        normalise::{date_parser, object::Object},
        source::field::Field,
    },
    source_facts::{QuoteFacts, SessionFacts},
};

/// Keys of a reference.
pub(super) const REFERENCE_KEYS: &[&str] = &["title", "publisher", "year", "url"];
const QUOTE_KEYS: &[&str] = &["text", "person", "organisation", "reference"];
const RESOURCE_KEYS: &[&str] = &["title", "kind", "url", "description", "mime", "bytes", "tested"];
const GUIDELINE_KEYS: &[&str] = &["title", "body"];
const STEP_KEYS: &[&str] = &["title", "short_title", "intro", "methods", "tips"];
const METHOD_KEYS: &[&str] = &["title", "time", "people", "cost", "expertise", "participants"];
const TIP_KEYS: &[&str] = &["title", "number", "starred"];
const SESSION_KEYS: &[&str] = &["title", "kind", "start", "end", "room", "speakers"];

pub(super) fn image(record: &Object) -> Result<Option<Image>, String> {
    let Some(image) = record.object(Field::Image, "url")? else { return Ok(None) };
    // A relative URL that cannot be resolved because the record has no URL is omitted; it is not an
    // error.
    let is_relative = image.string("url")?.is_some_and(|url| url.starts_with(['/', '.']));
    if record.context.base.is_none() && is_relative {
        return Ok(None);
    }
    let Some(url) = image.url("url")? else { return Ok(None) };
    let (alt, width, height) =
        (image.text("alt")?, image.number("width")?, image.number("height")?);
    Ok(Some(Image { url, alt, width, height }))
}

pub(super) fn quotes(record: &Object) -> Result<Vec<QuoteFacts>, String> {
    record.objects(Field::Quotes.name(), QUOTE_KEYS, |quote| {
        let text = quote.required("text")?;
        let reference = quote.nested_object("reference", REFERENCE_KEYS)?;
        Ok(QuoteFacts {
            text: text.trim_matches(['"', '“', '”', '„', '‘', '’', ' ']).to_owned(),
            person: quote.name("person")?,
            organisation: quote.name("organisation")?,
            reference: reference.map(|object| self::reference(&object)).transpose()?,
        })
    })
}

pub(super) fn reference(object: &Object) -> Result<Reference, String> {
    Ok(Reference {
        title: object.required("title")?,
        publisher: object.text("publisher")?,
        year: object.number("year")?,
        url: object.url("url")?,
        organisation: None,
    })
}

pub(super) fn resources(record: &Object) -> Result<Vec<Resource>, String> {
    record.objects(Field::Resources.name(), RESOURCE_KEYS, |resource| {
        Ok(Resource {
            title: resource.required("title")?,
            kind: resource.enum_value("kind")?.unwrap_or(ResourceKind::Link),
            url: resource.url("url")?,
            description: resource.text("description")?,
            mime: resource.text("mime")?,
            bytes: resource.number("bytes")?,
            tested: resource.flag("tested")?.unwrap_or(false),
        })
    })
}

pub(super) fn guidelines(record: &Object) -> Result<Vec<Guideline>, String> {
    record.objects(Field::Guidelines.name(), GUIDELINE_KEYS, |guideline| {
        Ok(Guideline { title: guideline.required("title")?, body: guideline.paragraphs("body")? })
    })
}

pub(super) fn steps(record: &Object) -> Result<Vec<Step>, String> {
    record.objects(Field::Steps.name(), STEP_KEYS, |step| {
        Ok(Step {
            title: step.required("title")?,
            short_title: step.text("short_title")?,
            intro: step.text("intro")?,
            methods: step.objects("methods", METHOD_KEYS, method)?,
            tips: step.objects("tips", TIP_KEYS, tip)?,
        })
    })
}

fn method(object: &Object) -> Result<Method, String> {
    let effort = Effort {
        time: object.text("time")?,
        people: object.text("people")?,
        cost: object.text("cost")?,
        expertise: object.text("expertise")?,
        participants: object.text("participants")?,
    };
    Ok(Method { title: object.required("title")?, effort })
}

fn tip(object: &Object) -> Result<Tip, String> {
    Ok(Tip {
        title: object.required("title")?,
        number: object.number("number")?,
        starred: object.flag("starred")?.unwrap_or(false),
    })
}

pub(super) fn sessions(record: &Object) -> Result<Vec<SessionFacts>, String> {
    record.objects(Field::Sessions.name(), SESSION_KEYS, |session| {
        let (start, end) = session.span()?;
        Ok(SessionFacts {
            title: session.required("title")?,
            kind: session.text("kind")?,
            start,
            end,
            room: session.text("room")?,
            speakers: session.names("speakers")?,
        })
    })
}

pub(super) fn place(record: &Object) -> Result<Option<Place>, String> {
    let Some(place) = record.object(Field::Place, "name")? else { return Ok(None) };
    Ok(Some(Place {
        name: place.name("name")?,
        address: place.text("address")?,
        city: place.name("city")?,
        latitude: degrees(&place, "latitude", 90.0)?,
        longitude: degrees(&place, "longitude", 180.0)?,
    }))
}

fn degrees(place: &Object, name: &str, maximum: f64) -> Result<Option<f64>, String> {
    match place.decimal(name)? {
        Some(degrees) if !(-maximum..=maximum).contains(&degrees) => {
            Err(format!("`place.{name}`: must be between -{maximum} and {maximum}: `{degrees}`"))
        }
        degrees => Ok(degrees),
    }
}

pub(super) fn registration(record: &Object) -> Result<Option<Registration>, String> {
    let Some(registration) = record.object(Field::Registration, "url")? else { return Ok(None) };
    Ok(Some(Registration {
        url: registration.url("url")?,
        opens_at: registration.moment("opens")?,
        closes_at: registration.moment("closes")?,
        capacity: registration.number("capacity")?,
        spaces_left: registration.number("spaces_left")?,
    }))
}

pub(super) fn founded(record: &Object) -> Result<Option<Founded>, String> {
    Ok(record.number(Field::Founded.name())?.map(|year| Founded { year }))
}

static UNTIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)\bUNTIL=(?P<date>\d{4}-?\d{2}-?\d{2})
            (?: T (?P<hour>\d{2}):?(?P<minute>\d{2})(?: :?(?P<second>\d{2}) )? )? (?P<utc>Z)?",
    )
    .expect("constant regex is valid, covered by tests")
});

pub(super) fn series(record: &Object, start: Option<&Moment>) -> Result<Option<Series>, String> {
    let Some(series) = record.object(Field::Series, "rule")? else { return Ok(None) };
    let first = start.ok_or("`series`: requires a `start`")?;
    let written = series.required("rule")?;
    let rule = match written.split_at_checked("RRULE:".len()) {
        Some((prefix, rule)) if prefix.eq_ignore_ascii_case("RRULE:") => rule.trim(),
        _ => written.as_str(),
    };
    let rule = UNTIL.replace_all(rule, |until: &Captures| {
        until_in_utc(until, first, record.context.shift_days).unwrap_or_else(|| until[0].to_owned())
    });
    let mut excluded = Vec::new();
    for days in series.texts("exclude")? {
        let (zone, days) = exclusions(&days);
        for day in days {
            let moment = date_parser::parse(day, zone.unwrap_or(&first.zone));
            let moment = moment.and_then(|moment| match moment.exact() {
                Some(instant) => {
                    let local = instant.to_zoned(moment::zone(&first.zone)?).datetime();
                    Moment::instant(local.date(), local.time(), &first.zone)
                }
                None => Ok(moment),
            });
            let moment = moment.map_err(|error| format!("`series.exclude`: {error}"))?;
            if !matches!(moment.precision, DatePrecision::Day | DatePrecision::Instant) {
                return Err(format!("`series.exclude`: must be a day: `{day}`"));
            }
            excluded.push(date_parser::shift_date(moment.date, record.context.shift_days));
        }
    }
    let series = Series::new(&rule, excluded, first);
    // The error names the rule as the source writes it.
    series.map(Some).map_err(|error| format!("`series.rule`: {}", error.of_rule(&written)))
}

/// The end of a rule in UTC, as its expansion requires: a date means the end of that day, and a
/// time without `Z` is in the zone of the first occurrence. It is shifted like any other date.
fn until_in_utc(until: &Captures, first: &Moment, shift_days: i64) -> Option<String> {
    let date: Date = until["date"].replace('-', "").parse().ok()?;
    let date = date_parser::shift_date(date, shift_days);
    let number = |name: &str| until.name(name).map_or(Ok(0), |number| number.as_str().parse());
    let time = match until.name("hour") {
        Some(_) => {
            Time::new(number("hour").ok()?, number("minute").ok()?, number("second").ok()?, 0)
                .ok()?
        }
        None => Time::constant(23, 59, 59, 0),
    };
    let is_utc = until.name("utc").is_some() && until.name("hour").is_some();
    let zone = if is_utc { TimeZone::UTC } else { moment::zone(&first.zone).ok()? };
    let end = zone.to_ambiguous_zoned(date.to_datetime(time)).compatible().ok()?;
    let end = end.with_time_zone(TimeZone::UTC);
    Some(format!("UNTIL={}", end.strftime("%Y%m%dT%H%M%SZ")))
}

/// The days of one exclusion: EXDATE of RFC 5545 separates them with commas.
fn exclusions(text: &str) -> (Option<&str>, Vec<&str>) {
    let (parameters, dates) = match text.split_once(':') {
        Some((name, dates)) if name.to_ascii_uppercase().starts_with("EXDATE") => (name, dates),
        _ => ("", text),
    };
    let mut parameters = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let zone = parameters.find(|(name, _)| name.eq_ignore_ascii_case("TZID")).map(|(_, zone)| zone);
    (zone, dates_of(dates))
}

fn dates_of(dates: &str) -> Vec<&str> {
    let is_basic_form = |c: char| c.is_ascii_digit() || matches!(c, 'T' | 'Z' | ',' | ' ');
    if dates.chars().all(is_basic_form) && dates.contains(',') {
        dates.split(',').map(str::trim).filter(|date| !date.is_empty()).collect()
    } else {
        vec![dates]
    }
}

static COUNT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^(?P<about>ongeveer | circa | ca\.? | zo['’]n | ruim | bijna | meer\ dan
            | rond(?:\ de)? | about | around | over | approximately | ~ | ±)?\s*
        (?P<number>\d{1,3}(?:[.,\ ]\d{3})+|\d+)(?:[.,]0+)?(?P<more>en|\+)?\s*(?:leden|members)?$",
    )
    .expect("constant regex is valid, covered by tests")
});

/// A number of members in everyday notation: `2500`, `2.500`, `zo'n 2500`, `100en`.
pub(super) fn member_count(record: &Object) -> Result<Option<ApproximateCount>, String> {
    let name = Field::MemberCount.name();
    let Some(text) = record.text(name)? else { return Ok(None) };
    let error =
        || format!("`{name}`: invalid number of people; use for example `ongeveer 2500`: `{text}`");
    let count = COUNT.captures(&text).ok_or_else(error)?;
    let value = count["number"].replace(['.', ',', ' '], "").parse().map_err(|_| error())?;
    let is_exact = count.name("about").or(count.name("more")).is_none();
    let precision = if is_exact { CountPrecision::Exact } else { CountPrecision::Approximate };
    Ok(Some(ApproximateCount { value, precision, as_of: None }))
}
