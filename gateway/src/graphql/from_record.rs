//! From a record of any kind to the GraphQL type of its kind.

use std::sync::Arc;

use schema::Record;

/// A GraphQL type that stands for a record of one kind, or of one of several.
pub(crate) trait FromRecord: Sized {
    /// The record as this type; `None` where it is of another kind.
    fn from_record(record: Arc<Record>) -> Option<Self>;
}

/// Lets `$kind`, a newtype over a record that is known to be of that kind, be made from a record
/// and be read as what the record holds.
macro_rules! entity {
    ($kind:ident) => {
        impl std::ops::Deref for $kind {
            type Target = schema::$kind;

            fn deref(&self) -> &schema::$kind {
                match &*self.0 {
                    schema::Record::$kind(held) => held,
                    _ => unreachable!("`from_record` checks the kind"),
                }
            }
        }

        impl $crate::graphql::from_record::FromRecord for $kind {
            fn from_record(record: std::sync::Arc<schema::Record>) -> Option<Self> {
                matches!(*record, schema::Record::$kind(_)).then(|| Self(record))
            }
        }
    };
}

pub(crate) use entity;
