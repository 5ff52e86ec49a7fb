//! `Toolkit`: a tool, such as a step-by-step plan, game or checklist.

use std::sync::Arc;

use schema::Record;

use super::{
    community::Community,
    content, mention,
    organisation::Organisation,
    scalar::Url,
    value_objects::{Guideline, Resource, Step},
};
use crate::{
    error::Result,
    graphql::{
        enums::{Maturity, ToolkitForm},
        labels::Label,
        loaders::Loaders,
    },
};

/// A toolkit's record.
#[derive(Clone)]
pub(crate) struct Toolkit(Arc<Record>);

content::object! {
    /// A tool: a toolkit, a step-by-step plan, a game, a checklist and so on.
    impl Toolkit {
        /// Form of the toolkit.
        async fn form(&self) -> ToolkitForm {
            self.form.into()
        }

        /// The form in words.
        async fn form_label(
            &self,
            #[graphql(desc = "Language of the label; default Dutch.")] language: Option<Language>,
        ) -> String {
            ToolkitForm::from(self.form).label(language)
        }

        /// The toolkit's own website, if it is not at `url`.
        async fn external_url(&self) -> Option<Url> {
            self.external_url.as_ref().map(Url::of)
        }

        /// Its steps, in order.
        async fn steps(&self) -> Vec<Step<'_>> {
            self.steps.iter().map(Step).collect()
        }

        /// Downloads and links.
        async fn resources(&self) -> Vec<Resource<'_>> {
            self.resources.iter().map(Resource).collect()
        }

        /// Its guidelines.
        async fn guidelines(&self) -> Vec<Guideline<'_>> {
            self.guidelines.iter().map(Guideline).collect()
        }

        /// The community that produced it.
        async fn origin_community(&self, ctx: &Context<'_>) -> Option<Result<Community>> {
            Loaders::of(ctx).maybe(self.origin_community).await
        }

        /// Organisations that maintain it.
        async fn maintainers(&self, ctx: &Context<'_>) -> Result<Vec<Organisation>> {
            Loaders::of(ctx).many(&self.maintainers).await
        }

        /// Content whose text names it.
        async fn mentioned_in(
            &self,
            ctx: &Context<'_>,
            #[graphql(default_with = "Some(5)", desc = "Number of items; maximum 20.")]
            first: Option<i32>,
        ) -> Result<Vec<Content>> {
            mention::mentioned_in(ctx, self.common.id, first).await
        }

        /// Other names.
        async fn aliases(&self) -> &[String] {
            &self.aliases
        }

        /// Maintenance status.
        async fn maturity(&self) -> Maturity {
            self.maturity.into()
        }

        /// The maintenance status in words.
        async fn maturity_label(
            &self,
            #[graphql(desc = "Language of the label; default Dutch.")] language: Option<Language>,
        ) -> String {
            Maturity::from(self.maturity).label(language)
        }
    }
}
