//! `Person`: a person in a public role.

use std::sync::Arc;

use super::{entity, mention, organisation::Organisation};

/// A person's record.
#[derive(Clone)]
pub(crate) struct Person(Arc<Record>);

entity::object! {
    /// A person in a public role. Never contains an e-mail address or telephone number. People have
    /// no page.
    impl Person {
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

        /// Content whose text names it.
        async fn mentioned_in(
            &self,
            ctx: &Context<'_>,
            #[graphql(default_with = "Some(5)", desc = "Number of items; maximum 20.")]
            first: Option<i32>,
        ) -> Result<Vec<Content>> {
            mention::mentioned_in(ctx, self.id, first).await
        }

        /// Short biography.
        async fn bio(&self) -> Option<&str> {
            self.bio.as_deref()
        }

        /// Web page about them on another site.
        async fn website(&self) -> Option<Url> {
            self.website.as_ref().map(Url::of)
        }
    }
}
