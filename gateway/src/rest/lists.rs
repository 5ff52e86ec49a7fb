//! Lists that are no searches: entities, suggestions and changes.

use bytes::Bytes;
use indexer::catalog::Snapshot;
use jiff::Timestamp;
use poem_openapi::Object;
use schema::{ChangePosition, NodeKind, Page, RemovalReason};

use super::{
    content::EntityJson,
    converter::RestConverter,
    scalar::{ChangeOpName, KindName, SuggestionKindName, UtcTime},
    search::{LinksJson, cursor, to_bytes},
};
use crate::{
    config::Config,
    error::{Result, from_catalog},
};

/// Entities of one kind, by name.
#[derive(Object)]
#[oai(rename = "Entities", rename_all = "camelCase")]
pub(super) struct EntitiesJson {
    items: Vec<EntityJson>,
    /// Number of entities of this kind, whatever `q` is.
    total_count: u64,
    links: LinksJson,
}

/// Completions of typed words, best first.
#[derive(Object)]
#[oai(rename = "Suggestions", rename_all = "camelCase")]
pub(super) struct SuggestionsJson {
    items: Vec<SuggestionJson>,
}

/// A completion of typed words.
#[derive(Object)]
#[oai(rename = "Suggestion", rename_all = "camelCase", skip_serializing_if_is_none)]
struct SuggestionJson {
    text: String,
    kind: SuggestionKindName,
    /// Id of the content or entity with this name.
    id: Option<String>,
}

/// Changes, oldest first. A mirror stores `nextAfter` and passes it as `after` in its next request.
#[derive(Object)]
#[oai(rename = "Changes", rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct ChangesJson {
    items: Vec<ChangeJson>,
    /// Value for `after` of the next request, also on the last page.
    next_after: Option<String>,
    links: LinksJson,
}

/// A change of one record in one generation.
#[derive(Object)]
#[oai(rename = "Change", rename_all = "camelCase", skip_serializing_if_is_none)]
struct ChangeJson {
    id: String,
    kind: KindName,
    op: ChangeOpName,
    /// Why it was removed.
    reason: Option<String>,
    /// Id of the record that it duplicates, if that is why it was removed.
    duplicate_of: Option<String>,
    generation: u64,
    /// When that generation was built.
    at: UtcTime,
}

/// The entities of a kind whose names contain the words `query`.
pub(super) async fn entities(
    (config, snapshot, now): (&Config, &Snapshot, Timestamp),
    (kind, query): (NodeKind, String),
    (first, after): (usize, Option<String>),
    next_url: impl Fn(&str) -> String,
) -> Result<Bytes> {
    let page = Page::Forward { first, after: cursor(after)? };
    let found = snapshot.list_by_name(kind, query, page).await;
    let found = found.map_err(|error| from_catalog(&error))?;
    let records: Vec<_> = found.entries.iter().map(|(record, _)| record.clone()).collect();
    let converter = RestConverter::load((config, snapshot), now, &records).await;
    let converter = converter.map_err(|error| from_catalog(&error))?;
    let last = found.entries.last().filter(|_| found.has_next);
    let entities = EntitiesJson {
        items: records.iter().filter_map(|record| converter.entity(record)).collect(),
        total_count: found.total,
        links: LinksJson {
            next: last.map(|(_, cursor)| next_url(&cursor.to_string())),
            page: None,
        },
    };
    Ok(to_bytes(entities).await)
}

/// Completions of typed words.
pub(super) async fn suggestions(snapshot: &Snapshot, typed: String, first: usize) -> Result<Bytes> {
    let found = snapshot.suggest(typed, first).await.map_err(|error| from_catalog(&error))?;
    let items = found.into_iter().map(|suggestion| SuggestionJson {
        text: suggestion.text,
        kind: suggestion.kind.into(),
        id: suggestion.node.map(|record| record.id().to_string()),
    });
    Ok(to_bytes(SuggestionsJson { items: items.collect() }).await)
}

/// The changes after a position.
pub(super) async fn changes(
    snapshot: &Snapshot,
    after: Option<ChangePosition>,
    first: usize,
    next_url: impl Fn(&str) -> String,
) -> Result<Bytes> {
    let position = after.map(|after| (after.generation, after.position));
    let found = snapshot.changes(position, first).await;
    let (changes, has_more) = found.map_err(|error| from_catalog(&error))?;
    let last = changes
        .last()
        .map(schema::Change::at_position)
        .or(after)
        .map(|position| position.to_string());
    let items = changes.iter().map(|change| ChangeJson {
        id: change.id.to_string(),
        kind: KindName(change.id.kind()),
        op: change.op.into(),
        reason: change.reason.map(|reason| removal_reason(reason).to_owned()),
        duplicate_of: match change.reason {
            Some(RemovalReason::DuplicateOf(id)) => Some(id.to_string()),
            _ => None,
        },
        generation: change.generation.0,
        at: UtcTime(change.at),
    });
    let changes = ChangesJson {
        items: items.collect(),
        links: LinksJson { next: last.as_deref().filter(|_| has_more).map(next_url), page: None },
        next_after: last,
    };
    Ok(to_bytes(changes).await)
}

const fn removal_reason(reason: RemovalReason) -> &'static str {
    match reason {
        RemovalReason::Missing => "MISSING",
        RemovalReason::Deleted => "DELETED",
        RemovalReason::Unpublished => "UNPUBLISHED",
        RemovalReason::DuplicateOf(_) => "DUPLICATE_OF",
        RemovalReason::RolledBack => "ROLLED_BACK",
    }
}
