//! `Article`: a text.

use std::sync::Arc;

use schema::Record;

use super::{
    content,
    event::Event,
    person::Person,
    value_objects::{Quote, Reference, Resource},
};
use crate::{
    error::Result,
    graphql::{enums::ArticleForm, labels::Label, loaders::Loaders},
};

/// An article's record.
#[derive(Clone)]
pub(crate) struct Article(Arc<Record>);

content::object! {
    /// A text: a blog, an interview, news and so on.
    impl Article {
        /// Form of the article.
        async fn form(&self) -> ArticleForm {
            self.form.into()
        }

        /// The form in words.
        async fn form_label(
            &self,
            #[graphql(desc = "Language of the label; default Dutch.")] language: Option<Language>,
        ) -> String {
            ArticleForm::from(self.form).label(language)
        }

        /// The introduction, if the source has a separate one.
        async fn lead(&self) -> Option<&str> {
            self.lead.as_deref()
        }

        /// Authors.
        async fn authors(&self, ctx: &Context<'_>) -> Result<Vec<Person>> {
            Loaders::of(ctx).many(&self.authors).await
        }

        /// People who were interviewed.
        async fn interviewees(&self, ctx: &Context<'_>) -> Result<Vec<Person>> {
            Loaders::of(ctx).many(&self.interviewees).await
        }

        /// Pull quotes.
        async fn quotes(&self) -> Vec<Quote<'_>> {
            self.quotes.iter().map(Quote).collect()
        }

        /// Reports, books and pages that it cites.
        async fn references(&self) -> Vec<Reference<'_>> {
            self.references.iter().map(Reference).collect()
        }

        /// Downloads and links.
        async fn resources(&self) -> Vec<Resource<'_>> {
            self.resources.iter().map(Resource).collect()
        }

        /// The event it reports on.
        async fn reports_on(&self, ctx: &Context<'_>) -> Option<Result<Event>> {
            Loaders::of(ctx).maybe(self.reports_on).await
        }
    }
}
