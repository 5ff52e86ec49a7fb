//! `Audience`: a group of people that content is intended for.

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

/// A group of people that content is intended for, such as `redacteuren` or `laaggeletterden`.
#[Object]
impl Audience {
    /// Opaque, stable identifier; it never changes.
    pub(crate) async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// Name of the audience.
    async fn label(&self) -> &str {
        &self.label
    }

    /// Whether its members work on services or use them.
    async fn perspective(&self) -> Perspective {
        self.perspective.into()
    }

    /// Whether a source describes it, or only mentions its name.
    async fn origin(&self) -> Origin {
        self.origin.into()
    }
}
