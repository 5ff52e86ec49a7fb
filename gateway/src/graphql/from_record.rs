//! Conversion of a record of any kind to its GraphQL type.

use std::sync::Arc;

use schema::Record;

/// A GraphQL type that represents records of one or more kinds.
pub(crate) trait FromRecord: Sized {
    /// The record as this type; `None` if it has another kind.
    fn from_record(record: Arc<Record>) -> Option<Self>;
}

/// Implements conversion from a record and `Deref` to its contents for `$kind`, a newtype over a
/// record that is known to have that kind.
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
