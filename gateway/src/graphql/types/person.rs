//! `Person`: a person in a public role.

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

/// A person in a public role. Never contains an e-mail address or telephone number.
#[Object]
impl Person {
    /// Opaque, stable identifier; it never changes.
    pub(crate) async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// Full name.
    async fn name(&self) -> &str {
        &self.name
    }

    /// Role, such as `senior adviseur`.
    async fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// Organisations that they work for.
    async fn organisations(&self, ctx: &Context<'_>) -> Result<Vec<Organisation>> {
        Loaders::of(ctx).many(&self.organisations).await
    }

    /// Short biography.
    async fn bio(&self) -> Option<&str> {
        self.bio.as_deref()
    }

    /// Web page about them.
    async fn url(&self) -> Option<Url> {
        self.url.as_ref().map(Url::of)
    }

    /// Whether a source describes them, or only mentions their name.
    async fn origin(&self) -> Origin {
        self.origin.into()
    }
}
