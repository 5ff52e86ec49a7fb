//! `Person`: somebody in a public role.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use schema::Record;

use super::{organisation::Organisation, scalar::Url};
use crate::{
    error::Result,
    graphql::{enums::Origin, from_record, loaders::Loaders},
};

/// A person's record.
#[derive(Clone)]
pub(crate) struct Person(Arc<Record>);

from_record::entity!(Person);

/// Somebody in a public role. Never an e-mail address or a telephone number.
#[Object]
impl Person {
    /// Opaque and stable: it stays the same for ever.
    pub(crate) async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// Name.
    async fn name(&self) -> &str {
        &self.name
    }

    /// What they do, such as `senior adviseur`.
    async fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// For whom they work.
    async fn organisations(&self, ctx: &Context<'_>) -> Result<Vec<Organisation>> {
        Loaders::of(ctx).many(&self.organisations).await
    }

    /// A few sentences about them.
    async fn bio(&self) -> Option<&str> {
        self.bio.as_deref()
    }

    /// A page about them.
    async fn url(&self) -> Option<Url> {
        self.url.as_ref().map(Url::of)
    }

    /// Whether a source describes them, or only their name occurs.
    async fn origin(&self) -> Origin {
        self.origin.into()
    }
}
