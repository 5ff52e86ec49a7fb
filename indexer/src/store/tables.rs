//! The tables of a store, which has an optional overlay in a second file.

use redb::{ReadTransaction, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::{
    StoreError,
    overlay_table::{ReadTable, WriteTable},
};

/// The relation between a target and a record that links to it, seen from the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Relation {
    /// Any link: all records that show the target's name.
    Mentions = 0,
    /// From an event to the articles that report on it.
    ReportOf = 1,
    /// From a community to the toolkits that originated in it.
    SpawnedBy = 2,
    /// From a theme to its narrower themes.
    Narrower = 3,
    /// From an organisation to its suborganisations.
    PartOf = 4,
    /// From an organisation to its members.
    MemberOf = 5,
    /// From an entity to the texts that mention it by name.
    NamedIn = 9,
    /// From content to the content that replaces it.
    Successor = 10,
    /// From content to its translations.
    Translation = 11,
    /// From a community to its local variants.
    VariantOf = 12,
    /// From an alliance to its member organisations.
    AllianceMember = 13,
}

/// Codes of internal links, beside those of [`Relation`]: from a band to its texts, from a text to
/// its group of near-duplicates, and from a group to its texts.
pub(super) const BAND: u8 = 6;
pub(super) const GROUP: u8 = 7;
pub(super) const GROUP_MEMBER: u8 = 8;

pub(super) type Bytes = &'static [u8];
type Text = &'static str;

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident: $key:ty => $value:ty,)+) => {
        /// The tables of a published store.
        pub(super) struct ReadTables {
            $($(#[$doc])* pub(super) $name: ReadTable<$key, $value>,)+
        }

        /// The tables of a store under construction.
        pub(super) struct WriteTables<'t> {
            $($(#[$doc])* pub(super) $name: WriteTable<'t, $key, $value>,)+
        }

        impl ReadTables {
            /// Opens the tables of a base with their overlays.
            pub(super) fn open(
                base: &ReadTransaction,
                overlay: Option<&ReadTransaction>,
            ) -> Result<Self, StoreError> {
                Ok(Self {
                    $($name: ReadTable::open(stringify!($name), base, overlay)?,)+
                })
            }
        }

        impl<'t> WriteTables<'t> {
            /// Opens the tables for writing, over those of a base if there is one.
            pub(super) fn open(
                transaction: &'t WriteTransaction,
                base: Option<&ReadTransaction>,
            ) -> Result<Self, StoreError> {
                Ok(Self {
                    $($name: WriteTable::open(stringify!($name), transaction, base)?,)+
                })
            }

            /// Inserts every row of every table of another store.
            pub(super) fn copy_from(&mut self, from: &ReadTables) -> Result<(), StoreError> {
                $(self.$name.copy_from(&from.$name)?;)+
                Ok(())
            }
        }
    };
}

tables! {
    /// Metadata of the store itself: `next_order`.
    meta: Text => Bytes,
    /// Record key → (id, order of first appearance). Rows are removed only with a suppressed name.
    identities: Text => (u64, u64),
    /// A merged id → the id that replaces it.
    redirects: u64 => u64,
    /// Record key → digests of its input.
    seen: Text => Bytes,
    /// Record key → its facts.
    facts: Text => Bytes,
    /// (Name, URL or alias; record key) → nothing: the keys by which entities are found and merged.
    keys: (Text, Text) => (),
    /// (Name or URL; key of the record that mentions it) → the mention.
    mentions: (Text, Text) => Bytes,
    /// (Id; record key) → nothing: the source records of an entity.
    members: (u64, Text) => (),
    /// Id → record.
    records: u64 => Bytes,
    /// Id → the source record whose facts have the body.
    bodies: u64 => Bytes,
    /// Id → its source records and the fields each provides.
    provenance: u64 => Bytes,
    /// Normalised URL → id.
    urls: Text => u64,
    /// (Target or band, relation, from) → nothing.
    links: (u64, u8, u64) => (),
    /// (Kind, folded name, id) → nothing: records in order of name.
    names: (u8, Text, u64) => (),
    /// Ids of recurring events.
    series: u64 => (),
    /// Id of content → the entities that its text mentions by name.
    named: u64 => Bytes,
    /// (Generation, position) → change.
    changes: (u64, u32) => Bytes,
}
