//! What records are converted to JSON with: the names of the records that they refer to.

use std::{collections::HashMap, sync::Arc};

use indexer::catalog::{CatalogError, Snapshot};
use jiff::Timestamp;
use poem_openapi::Object;
use schema::{Moment, NodeId, Record};

use super::scalar::{CalendarDay, DatePrecisionName, KindName, UtcTime};
use crate::config::Config;

/// The id and the name of a record.
#[derive(Object)]
#[oai(rename = "Reference", rename_all = "camelCase")]
pub(super) struct ReferenceJson {
    id: String,
    kind: KindName,
    name: String,
}

/// A date or time with the precision that the source gives it.
#[derive(Object)]
#[oai(rename = "Moment", rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct MomentJson {
    /// The day in `timeZone`, or the first day of the month, season or year.
    date: CalendarDay,
    /// The exact time; absent if the source gives no time of day.
    instant: Option<UtcTime>,
    /// IANA name of the time zone.
    time_zone: String,
    precision: DatePrecisionName,
    /// The moment in words, in the language of the content.
    text: String,
}

impl MomentJson {
    pub(super) fn new(moment: &Moment, language: schema::Language) -> Self {
        Self {
            date: CalendarDay(moment.date),
            instant: moment.exact().map(UtcTime),
            time_zone: moment.zone.clone(),
            precision: moment.precision.into(),
            text: moment.describe(language),
        }
    }
}

/// What records are converted with.
pub(super) struct RestConverter<'a> {
    pub(super) config: &'a Config,
    pub(super) snapshot: &'a Snapshot,
    pub(super) now: Timestamp,
    /// The records that are referred to.
    referenced: HashMap<NodeId, Arc<Record>>,
}

impl<'a> RestConverter<'a> {
    /// Loads everything that `records` refer to, in one batch.
    pub(super) async fn load(
        (config, snapshot): (&'a Config, &'a Snapshot),
        now: Timestamp,
        records: &[Arc<Record>],
    ) -> Result<Self, CatalogError> {
        let mut ids: Vec<_> = records.iter().flat_map(|record| referenced_ids(record)).collect();
        ids.sort_unstable();
        ids.dedup();
        let loaded = snapshot.get_many(&ids).await?;
        let pairs = ids.into_iter().zip(loaded);
        let referenced = pairs.filter_map(|(id, record)| Some((id, record?))).collect();
        Ok(Self { config, snapshot, now, referenced })
    }

    /// References to records, in the order of `ids`; records that no longer exist are left out.
    pub(super) fn references(&self, ids: &[NodeId]) -> Vec<ReferenceJson> {
        ids.iter().filter_map(|id| self.reference(*id)).collect()
    }

    /// A reference to a record, if it exists.
    pub(super) fn reference(&self, id: NodeId) -> Option<ReferenceJson> {
        let record = self.referenced.get(&id)?;
        let (id, name) = (record.id().to_string(), record.name().to_owned());
        Some(ReferenceJson { id, kind: KindName(record.id().kind()), name })
    }
}

/// The ids of all records that a record refers to in a response.
fn referenced_ids(record: &Record) -> Vec<NodeId> {
    let mut ids = record.linked_ids();
    match record {
        Record::Article(article) => {
            ids.extend(
                article.authors.iter().chain(&article.interviewees).chain(&article.reports_on),
            );
        }
        Record::Toolkit(toolkit) => {
            ids.extend(toolkit.maintainers.iter().chain(&toolkit.origin_community));
        }
        Record::Community(community) => ids.extend(&community.coordinators),
        Record::Event(event) => ids.extend(event.organisers.iter().chain(&event.speakers)),
        Record::Theme(theme) => ids.extend(theme.broader),
        Record::Organisation(organisation) => ids.extend(organisation.parent),
        Record::Person(_) | Record::Audience(_) => {}
    }
    ids
}
