//! Interface for fuzz targets: reads and normalises a source, a fetched resource or the dates of an
//! event, and reads sitemaps, without a build.

use std::collections::HashSet;

use schema::{Body, Moment, Series};
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    FetchError,
    config::ResolvedSource,
    normalise::{NormaliseContext, normalise},
    source::{
        Fields, KnownInputs, RawRecord, SkipOrError, SourceItem, api, feed, field::Field, records,
        survey::Survey, template::PathCaptures, website, wordpress,
    },
};
use crate::{
    feed_document,
    source_facts::Detail,
    sync::{
        feed::StoredEntry,
        sitemap::{self, Sitemap},
    },
};

/// When a feed was fetched, in seconds since 1970.
const FETCHED_AT: i64 = 1_800_000_000;

/// An item of a source.
#[derive(Debug, Clone, PartialEq)]
pub enum ReadItem {
    /// A valid record.
    Record {
        /// File and line.
        location: String,
        /// Its title, or the one derived from its text.
        title: Option<String>,
        /// Its body.
        body: Option<Body>,
    },
    /// A record that is omitted deliberately.
    Skipped {
        /// File and line.
        location: String,
    },
    /// A record that was not accepted.
    Rejected {
        /// File and line.
        location: String,
        /// The error.
        reason: String,
    },
    /// A record that the source marks as deleted.
    Deleted {
        /// Its key.
        key: String,
    },
}

/// The items of a source, with its records normalised.
///
/// # Errors
/// [`FetchError`] if the source cannot be read.
pub fn read_items(source: &ResolvedSource) -> Result<Vec<ReadItem>, FetchError> {
    let known = KnownInputs::default();
    let survey = Survey::default();
    let items = records(source, None, known, &survey)?;
    items.filter_map(|item| item.map(|item| read_item(item, source)).transpose()).collect()
}

fn read_item(item: SourceItem, source: &ResolvedSource) -> Option<ReadItem> {
    Some(match item {
        SourceItem::Record(record) => {
            match normalise(&record, source, &NormaliseContext::default()) {
                Ok(facts) => ReadItem::Record {
                    location: record.location,
                    title: facts.name().map(str::to_owned),
                    body: facts.body,
                },
                Err(reason) => ReadItem::Rejected { location: record.location, reason },
            }
        }
        SourceItem::Rejected(rejection) => {
            ReadItem::Rejected { location: rejection.location, reason: rejection.reason }
        }
        SourceItem::Skipped { location, .. } => ReadItem::Skipped { location },
        SourceItem::Deleted { key } => ReadItem::Deleted { key },
        // Nothing is stored, so nothing is unchanged.
        SourceItem::Unchanged { .. } => return None,
    })
}

/// Reads and normalises one resource of a WordPress site: an object of its API, or a page if the key
/// has a colon after its type.
pub fn read_wordpress(key: &str, body: &[u8], source: &ResolvedSource) -> ReadItem {
    let location = key.to_owned();
    let Some(site) = &source.network else { return ReadItem::Skipped { location } };
    let raw_fields = match wordpress::fields(key, body, site) {
        Ok(raw_fields) => raw_fields,
        Err(reason) => return ReadItem::Rejected { location, reason },
    };
    let record = raw_record(location, &raw_fields, source);
    let item = read_item(SourceItem::Record(record), source);
    item.unwrap_or_else(|| ReadItem::Skipped { location: key.to_owned() })
}

/// Reads and normalises one page of a website.
pub fn read_website_page(address: &Url, body: &[u8], source: &ResolvedSource) -> ReadItem {
    let location = address.path().to_owned();
    let raw_fields = match website::fields(body, address, &HashSet::new()) {
        Ok(raw_fields) => raw_fields,
        Err(SkipOrError::Skip(_)) => return ReadItem::Skipped { location },
        Err(SkipOrError::Error(error)) => {
            return ReadItem::Rejected { location, reason: error.reason };
        }
    };
    let record = raw_record(location.clone(), &raw_fields, source);
    let item = read_item(SourceItem::Record(record), source);
    item.unwrap_or(ReadItem::Skipped { location })
}

/// Reads and normalises one item of an endpoint.
pub fn read_api_item(body: &[u8], source: &ResolvedSource) -> ReadItem {
    let location = "1".to_owned();
    let Some(network) = &source.network else { return ReadItem::Skipped { location } };
    let raw_fields = match api::fields(body, network) {
        Ok(raw_fields) => raw_fields,
        Err(reason) => return ReadItem::Rejected { location, reason },
    };
    let record = raw_record(location.clone(), &raw_fields, source);
    let item = read_item(SourceItem::Record(record), source);
    item.unwrap_or(ReadItem::Skipped { location })
}

/// Reads and normalises the entries of a feed; `None` if the bytes are not a complete one.
pub fn read_feed(bytes: &[u8], source: &ResolvedSource) -> Option<Vec<ReadItem>> {
    let address = &source.network.as_ref()?.address;
    let feed = feed_document::parse(bytes, None, address).ok()?;
    let items = feed.entries.into_iter().filter_map(|entry| {
        let location = entry.id.clone();
        let stored =
            StoredEntry { entry, language: feed.language.clone(), page: None, is_gone: false };
        let raw_fields = match feed::fields(&stored, FETCHED_AT) {
            Ok(raw_fields) => raw_fields,
            Err(reason) => return Some(ReadItem::Rejected { location, reason }),
        };
        read_item(SourceItem::Record(raw_record(location, &raw_fields, source)), source)
    });
    Some(items.collect())
}

fn raw_record(
    location: String,
    raw_fields: &Map<String, Value>,
    source: &ResolvedSource,
) -> RawRecord {
    RawRecord {
        key: location.clone(),
        location,
        line: None,
        content_hash: [0; 32],
        fields: source.mapping.apply_reporting(raw_fields, &PathCaptures::new(), |_, _| ()),
        front_matter: None,
    }
}

/// The number of addresses in a sitemap; `None` if the bytes are not a complete one.
pub fn count_sitemap_entries(bytes: &[u8]) -> Option<usize> {
    match sitemap::parse(bytes).ok()? {
        Sitemap::Index(entries) | Sitemap::Pages(entries) => Some(entries.len()),
    }
}

/// The dates of an event as its source wrote them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WrittenDates {
    /// Start.
    pub start: String,
    /// End.
    pub end: String,
    /// Time zone.
    pub zone: String,
    /// Recurrence rule.
    pub rule: String,
    /// Days without an occurrence.
    pub exclude: String,
    /// An occurrence outside the rule.
    pub add: String,
}

fn added(start: &str) -> Value {
    if start.is_empty() { json!([]) } else { json!([start]) }
}

/// The parsed dates of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedDates {
    /// Start.
    pub start: Option<Moment>,
    /// End.
    pub end: Option<Moment>,
    /// Recurrence.
    pub series: Option<Series>,
}

/// Parses the dates of an event of a source, shifted by `shift_days`.
///
/// # Errors
/// The reason for which the event is rejected.
pub fn parse_dates(
    written: &WrittenDates,
    source: &ResolvedSource,
    shift_days: i64,
) -> Result<ParsedDates, String> {
    let mut fields = Fields::from([
        (Field::Kind, json!("event")),
        (Field::Title, json!("T")),
        (Field::Start, json!(written.start)),
        (Field::End, json!(written.end)),
        (Field::TimeZone, json!(written.zone)),
    ]);
    if !written.rule.is_empty() {
        let series = json!({
            "rule": written.rule, "exclude": [written.exclude], "add": added(&written.add),
        });
        fields.insert(Field::Series, series);
    }
    fields.retain(|_, value| *value != Value::String(String::new()));
    let record = RawRecord {
        key: String::new(),
        location: String::new(),
        line: None,
        content_hash: [0; 32],
        fields,
        front_matter: None,
    };
    match normalise(&record, source, &NormaliseContext { shift_days })?.detail {
        Detail::Event(event) => {
            Ok(ParsedDates { start: event.start, end: event.end, series: event.series })
        }
        _ => Err("not an event".to_owned()),
    }
}
