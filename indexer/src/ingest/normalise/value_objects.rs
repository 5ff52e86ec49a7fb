//! The components of a record: steps, resources, quotes, places and others.

use std::sync::LazyLock;

use regex::Regex;
use schema::{
    ApproximateCount, CountPrecision, Effort, Founded, Guideline, Image, Method, Place, Reference,
    Registration, Resource, ResourceKind, Step, Tip,
};

use crate::{
    ingest::{
        normalise::{object::Object, whitespace::strip_invisible},
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

/// The digest of a calendar UID. It is compared with others, and never shown.
pub(super) fn uid(record: &Object) -> Result<Option<String>, String> {
    let uid = record.string(Field::Uid.name())?.map(strip_invisible);
    let uid = uid.as_deref().map(str::trim).filter(|uid| !uid.is_empty());
    Ok(uid.map(|uid| blake3::hash(uid.as_bytes()).to_hex().to_string()))
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
