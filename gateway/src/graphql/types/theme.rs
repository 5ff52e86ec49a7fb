//! `Theme`: a subject.

use std::sync::Arc;

use indexer::catalog::Relation;

use super::entity;

/// A theme's record.
#[derive(Clone)]
pub(crate) struct Theme(Arc<Record>);

entity::object! {
    /// A subject that content is about, such as `begrijpelijke taal`.
    impl Theme {
        /// The preferred name.
        async fn label(&self) -> &str {
            &self.label
        }

        /// URL of its page.
        async fn url(&self, ctx: &Context<'_>) -> Url {
            Url(RequestContext::of(ctx).config.page_url(&self.0))
        }

        /// Other names of the same subject.
        async fn alt_labels(&self) -> &[String] {
            &self.alt_labels
        }

        /// Definition of the subject.
        async fn definition(&self) -> Option<&str> {
            self.definition.as_deref()
        }

        /// The broader theme that it belongs to.
        async fn broader(&self, ctx: &Context<'_>) -> Option<Result<Theme>> {
            Loaders::of(ctx).maybe(self.broader).await
        }

        /// Narrower themes.
        async fn narrower(&self, ctx: &Context<'_>) -> Result<Vec<Theme>> {
            Loaders::of(ctx).linked(self.id, Relation::Narrower).await
        }
    }
}
