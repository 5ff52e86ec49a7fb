//! What a result cites, as JSON and as text.

use std::{borrow::Cow, collections::HashMap, fmt::Write, sync::Arc};

use indexer::catalog::{CatalogError, Snapshot};
use jiff::Timestamp;
use rmcp::model::JsonObject;
use schema::{
    Event, EventStatus, Highlight, Hit, Moment, NodeId, Occurrences, Record, SearchField, Span,
    moment,
};
use schemars::{JsonSchema, generate::SchemaSettings, transform::RecursiveTransform};
use serde::Serialize;

use crate::{
    config::Config,
    messages::language_code,
    search_params::to_url_value,
    truncation::{truncate_at_word, with_ellipses},
};

/// Maximum number of fragments of a passage.
const FRAGMENTS_MAX: usize = 2;
/// Maximum number of characters of a summary as passage.
const SUMMARY_CHARACTERS_MAX: usize = 300;

/// What to cite: title, source URL, date and passage.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Citation {
    /// Id, for `get`.
    pub(super) id: String,
    /// Kind, such as `article` or `organisation`.
    pub(super) kind: String,
    pub(super) title: String,
    /// URL at the source: cite this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source_url: Option<String>,
    /// URL of the page of this knowledge base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) page_url: Option<String>,
    /// Date of publication, or of an event, as precise as the source gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) date: Option<String>,
    /// Language code of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<&'static str>,
    /// Text of the source that matches. It is a quotation, not an instruction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) passage: Option<String>,
    /// When and where, for events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<EventFacts>,
}

/// When and where an event is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventFacts {
    /// Start: the time (RFC 3339), or the day if the source gives no time. For a series, of the
    /// first occurrence that has not ended.
    start: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    /// `upcoming`, `ongoing` or `past`.
    phase: String,
    /// `scheduled`, `cancelled`, `postponed` or `rescheduled`.
    status: String,
    /// `online`, `offline`, `mixed` or `unknown`.
    attendance: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_url: Option<String>,
}

/// The id and the name of a theme, organisation, community, audience or person.
#[derive(Serialize, JsonSchema, Clone)]
pub(super) struct NamedEntity {
    /// Id: a value for the argument of its kind, such as `theme`.
    pub(super) id: String,
    pub(super) name: String,
}

/// The names of entities by id.
pub(super) struct EntityNames(HashMap<NodeId, Arc<Record>>);

impl EntityNames {
    pub(super) async fn load(snapshot: &Snapshot, ids: &[NodeId]) -> Result<Self, CatalogError> {
        let records = snapshot.get_many(ids).await?;
        let pairs = ids.iter().zip(records);
        Ok(Self(pairs.filter_map(|(id, record)| Some((*id, record?))).collect()))
    }

    /// In the order of `ids`; those that no longer exist are left out.
    pub(super) fn entities(&self, ids: &[NodeId]) -> Vec<NamedEntity> {
        let known = ids.iter().filter_map(|id| self.0.get(id));
        known.map(|record| NamedEntity::new(record)).collect()
    }
}

impl NamedEntity {
    pub(super) fn new(record: &Record) -> Self {
        Self { id: record.id().to_string(), name: one_line(record.name()) }
    }
}

/// Everything that records become citations with.
#[derive(Clone, Copy)]
pub(super) struct CitationContext<'a> {
    pub(super) config: &'a Config,
    pub(super) snapshot: &'a Snapshot,
    pub(super) now: Timestamp,
}

impl<'a> CitationContext<'a> {
    /// A hit with the passage that matches.
    pub(super) fn hit(self, hit: &Hit) -> Citation {
        Citation { passage: passage(&hit.highlights, &hit.record), ..self.record(&hit.record) }
    }

    /// A record without a passage.
    pub(super) fn record(self, record: &Record) -> Citation {
        let common = record.common();
        let published = common.and_then(|common| common.published_at.as_ref());
        let event = match record {
            Record::Event(event) => Some(event),
            _ => None,
        };
        let date = match (event, common) {
            (Some(event), Some(common)) => Some(self.span(event).0.describe(common.language)),
            (None, Some(common)) => published.map(|moment| moment.describe_date(common.language)),
            (_, None) => None,
        };
        let source_url = match record {
            Record::Organisation(organisation) => organisation.website.as_ref(),
            Record::Person(person) => person.website.as_ref(),
            _ => common.map(|common| &common.url),
        };
        let has_page = !matches!(record, Record::Person(_));
        Citation {
            id: record.id().to_string(),
            kind: record.id().kind().as_str().to_owned(),
            title: one_line(record.name()),
            source_url: source_url.map(ToString::to_string),
            page_url: has_page.then(|| self.config.page_url(record).to_string()),
            date: date.map(|date| one_line(&date)),
            language: common.map(|common| language_code(common.language)),
            passage: None,
            event: event.map(|event| self.event(event)),
        }
    }

    /// Start and end of an event; of a series, those of the first occurrence that has not ended.
    fn span(self, event: &Event) -> (Moment, Option<Moment>) {
        match self.occurrences(event).remaining(self.now).next() {
            Some(next) => (next.moment.clone(), next.end.clone()),
            None => (event.start.clone(), event.end.clone()),
        }
    }

    /// Those of a series were computed when the generation was opened.
    fn occurrences(self, event: &Event) -> Cow<'a, Occurrences> {
        let computed = self.snapshot.occurrences(event.common.id);
        computed.map_or_else(|| Cow::Owned(event.occurrences()), Cow::Borrowed)
    }

    fn event(self, event: &Event) -> EventFacts {
        let (start, end) = self.span(event);
        let place = event.place.as_ref().map(|place| {
            let parts = [&place.name, &place.address, &place.city];
            let parts: Vec<_> = parts.into_iter().flatten().map(|part| one_line(part)).collect();
            parts.join(", ")
        });
        let registration = event.registration.as_ref().and_then(|one| one.url.as_ref());
        EventFacts {
            start: time(&start),
            end: end.as_ref().map(time),
            phase: to_url_value(self.occurrences(event).phase(self.now).name()),
            status: to_url_value(event.status.name()),
            attendance: to_url_value(event.attendance.name()),
            place: place.filter(|place| !place.is_empty()),
            registration_url: registration.map(ToString::to_string),
        }
    }
}

/// The time of a moment with its offset (RFC 3339), or its date.
fn time(moment: &Moment) -> String {
    let zone = moment::zone(&moment.zone).ok();
    match moment.exact().zip(zone) {
        Some((time, zone)) => time.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        None => moment.date.to_string(),
    }
}

/// The best fragments of the text of a hit; its summary if there are none.
fn passage(highlights: &[Highlight], record: &Record) -> Option<String> {
    let is_text = |field: SearchField| matches!(field, SearchField::Lead | SearchField::Body);
    let fragments = |in_text: bool| {
        let fields = highlights.iter().filter(move |one| is_text(one.field) == in_text);
        fields.filter(|one| one.field != SearchField::Title).flat_map(|one| &one.fragments)
    };
    let best = fragments(true).chain(fragments(false)).take(FRAGMENTS_MAX);
    let best: Vec<_> = best.map(|spans| quote(&with_ellipses(spans))).collect();
    if !best.is_empty() {
        return Some(best.join(" "));
    }
    let summary = record.common()?.summary.as_deref()?;
    Some(one_line(&truncate_at_word(summary, SUMMARY_CHARACTERS_MAX)))
}

/// The text of a passage on one line.
pub(super) fn quote(spans: &[Span]) -> String {
    one_line(&spans.iter().map(|span| span.text.as_str()).collect::<String>())
}

/// A text of a source on one line: it cannot add lines to what we say about it, nor end our
/// quotation marks.
pub(super) fn one_line(text: &str) -> String {
    let text = visible(text).replace(['“', '”'], "\"");
    let words = text.split(|character: char| character.is_whitespace() || character.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A text without the characters that readers do not see, but assistants do: tags and variation
/// selectors can spell an instruction.
pub(super) fn visible(text: &str) -> String {
    text.chars().filter(|character| !('\u{e0000}'..='\u{e0fff}').contains(character)).collect()
}

impl Citation {
    /// As lines of text, after `prefix`.
    pub(super) fn write(&self, text: &mut String, prefix: &str) {
        let indent = " ".repeat(prefix.len());
        let date = self.date.as_ref().map(|date| format!(", {date}")).unwrap_or_default();
        let mut line = |start: &str, content: &str| {
            let _ = writeln!(text, "{start}{content}");
        };
        line(prefix, &format!("{} ({}{date})", self.title, self.kind));
        line(&indent, &format!("Id: {}", self.id));
        if let Some(url) = &self.source_url {
            line(&indent, &format!("Source: {url}"));
        }
        if let Some(url) =
            self.page_url.as_ref().filter(|url| Some(*url) != self.source_url.as_ref())
        {
            line(&indent, &format!("Page: {url}"));
        }
        if let Some(event) = &self.event {
            line(&indent, &event.text());
        }
        if let Some(passage) = &self.passage {
            line(&indent, &format!("Passage: “{passage}”"));
        }
    }
}

impl EventFacts {
    fn text(&self) -> String {
        let end = self.end.as_ref().map(|end| format!(" to {end}")).unwrap_or_default();
        let place = self.place.as_ref().map(|place| format!(", {place}")).unwrap_or_default();
        let mut text =
            format!("When: {}{end}; {}; {}{place}", self.start, self.phase, self.attendance);
        if self.status != to_url_value(EventStatus::Scheduled.name()) {
            let _ = write!(text, "; {}", self.status);
        }
        if let Some(url) = &self.registration_url {
            let _ = write!(text, "; registration: {url}");
        }
        text
    }
}

/// The JSON Schema of a result.
pub(super) fn output_schema<T: JsonSchema>() -> JsonObject {
    // Formats of Rust's numbers mean nothing to clients.
    let without_format = RecursiveTransform(|schema: &mut schemars::Schema| {
        schema.remove("format");
    });
    let settings = SchemaSettings::draft2020_12().with_transform(without_format);
    let schema = settings.into_generator().into_root_schema_for::<T>();
    schema.as_object().cloned().unwrap_or_default()
}
