//! The tables. Their names and types are format 1 of the store.

use redb::TableDefinition;
use serde::{Deserialize, Serialize};

/// How one thing is linked to another, seen from the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Relation {
    /// Any link at all: whatever shows the target's name.
    Mentions = 0,
    /// From an event to the articles that report on it.
    ReportOf = 1,
    /// From a community to the toolkits that came out of it.
    SpawnedBy = 2,
    /// From a theme to the narrower ones.
    Narrower = 3,
    /// From an organisation to its parts.
    PartOf = 4,
    /// From an organisation to its people.
    MemberOf = 5,
}

type Bytes = &'static [u8];
type Text = &'static str;

/// Facts about the store itself: `next_order`.
pub(super) const META: TableDefinition<Text, Bytes> = TableDefinition::new("meta");
/// Record key → (id, order of first sight). Rows are never removed.
pub(super) const IDENTITIES: TableDefinition<Text, (u64, u64)> = TableDefinition::new("identities");
/// An id that was merged away → the id that stands for it now.
pub(super) const REDIRECTS: TableDefinition<u64, u64> = TableDefinition::new("redirects");
/// Record key → digests of what it was read from.
pub(super) const SEEN: TableDefinition<Text, Bytes> = TableDefinition::new("seen");
/// Record key → what it says.
pub(super) const FACTS: TableDefinition<Text, Bytes> = TableDefinition::new("facts");
/// (Name, address or alias; record key) → nothing: what a thing can be found or merged by.
pub(super) const KEYS: TableDefinition<(Text, Text), ()> = TableDefinition::new("keys");
/// (Name or address; record key that mentions it) → how.
pub(super) const MENTIONS: TableDefinition<(Text, Text), Bytes> = TableDefinition::new("mentions");
/// (Id; record key) → nothing: which records tell of a thing.
pub(super) const MEMBERS: TableDefinition<(u64, Text), ()> = TableDefinition::new("members");
/// Id → record.
pub(super) const RECORDS: TableDefinition<u64, Bytes> = TableDefinition::new("records");
/// Id → long text.
pub(super) const BODIES: TableDefinition<u64, Bytes> = TableDefinition::new("bodies");
/// Id → its source records and the fields each provides.
pub(super) const PROVENANCE: TableDefinition<u64, Bytes> = TableDefinition::new("provenance");
/// Normalised address → id.
pub(super) const URLS: TableDefinition<Text, u64> = TableDefinition::new("urls");
/// (Target, relation, from) → nothing.
pub(super) const LINKS: TableDefinition<(u64, u8, u64), ()> = TableDefinition::new("links");
/// (Kind, folded name, id) → nothing: things in the order of their names.
pub(super) const NAMES: TableDefinition<(u8, Text, u64), ()> = TableDefinition::new("names");
/// Ids of events that come back.
pub(super) const SERIES: TableDefinition<u64, ()> = TableDefinition::new("series");
/// (Generation, position) → change.
pub(super) const CHANGES: TableDefinition<(u64, u32), Bytes> = TableDefinition::new("changes");
