//! `Audience`: a group of people that content is intended for.

use std::sync::Arc;

use super::entity;
use crate::graphql::enums::Perspective;

/// An audience's record.
#[derive(Clone)]
pub(crate) struct Audience(Arc<Record>);

entity::object! {
    /// A group of people that content is intended for, such as `redacteuren` or `laaggeletterden`.
    impl Audience {
        /// Name of the audience.
        async fn label(&self) -> &str {
            &self.label
        }

        /// URL of its page.
        async fn url(&self, ctx: &Context<'_>) -> Url {
            Url(RequestContext::of(ctx).config.page_url(&self.0))
        }

        /// Whether its members work on services or use them.
        async fn perspective(&self) -> Perspective {
            self.perspective.into()
        }
    }
}
