//! `Audience`: for whom something is meant.

use std::sync::Arc;

use async_graphql::{ID, Object};
use schema::Record;

use crate::graphql::{
    enums::{Origin, Perspective},
    from_record,
};

/// An audience's record.
#[derive(Clone)]
pub(crate) struct Audience(Arc<Record>);

from_record::entity!(Audience);

/// A group of people for whom something is meant, such as `redacteuren` or `laaggeletterden`.
#[Object]
impl Audience {
    /// Opaque and stable: it stays the same for ever.
    pub(crate) async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// Name.
    async fn label(&self) -> &str {
        &self.label
    }

    /// Whether they work on services or use them.
    async fn perspective(&self) -> Perspective {
        self.perspective.into()
    }

    /// Whether a source describes it, or only its name occurs.
    async fn origin(&self) -> Origin {
        self.origin.into()
    }
}
