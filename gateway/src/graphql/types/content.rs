//! `Content`: the fields that articles, toolkits, communities and events share.

use std::sync::Arc;

use async_graphql::{ID, Interface};
use schema::Record;

use super::{
    article::Article,
    audience::Audience,
    community::Community,
    event::Event,
    mention::Mention,
    moment::Moment,
    organisation::Organisation,
    person::Person,
    scalar::{DateTime, Url},
    source::SourceRecord,
    theme::Theme,
    toolkit::Toolkit,
    value_objects::{Image, SharedPassage},
};
use crate::{
    error::{ApiError, Result},
    graphql::{
        enums::{Language, TitleSource},
        from_record::FromRecord,
    },
};

/// Content of the knowledge base: an article, toolkit, community or event.
#[derive(Interface, Clone)]
#[expect(clippy::duplicated_attributes, reason = "fields of one type repeat it")]
#[graphql(
    field(name = "id", ty = "ID", desc = "Opaque, stable identifier; it never changes."),
    field(name = "title", ty = "String", desc = "Title; never empty."),
    field(
        name = "title_source",
        ty = "TitleSource",
        desc = "Whether the source provided the title or it was derived."
    ),
    field(name = "summary", ty = "Option<String>", desc = "One or two sentences."),
    field(name = "url", ty = "Url", desc = "Canonical URL: that of the source, or else our own."),
    field(name = "language", ty = "Language", desc = "Language of title and text."),
    field(name = "published_at", ty = "Option<Moment>", desc = "Date of publication."),
    field(
        name = "modified_at",
        ty = "Option<Moment>",
        desc = "Date of the last change at the source."
    ),
    field(
        name = "first_seen_at",
        ty = "DateTime",
        desc = "When the knowledge base first contained it."
    ),
    field(name = "image", ty = "Option<Image<'_>>", desc = "Representative image."),
    field(name = "hashtags", ty = "Vec<String>", desc = "Hashtags, without the `#`."),
    field(
        name = "body_html",
        ty = "Option<Result<String>>",
        desc = "Body as sanitised HTML: no scripts or styles; links to http and https only."
    ),
    field(
        name = "body_text",
        ty = "Option<Result<String>>",
        desc = "Body as plain text, with a blank line between paragraphs."
    ),
    field(name = "themes", ty = "Vec<Theme>", desc = "Themes it is about."),
    field(name = "audiences", ty = "Vec<Audience>", desc = "Intended audiences."),
    field(name = "communities", ty = "Vec<Community>", desc = "Communities it belongs to."),
    field(
        name = "organisations",
        ty = "Vec<Organisation>",
        desc = "Organisations involved, in any role."
    ),
    field(name = "people", ty = "Vec<Person>", desc = "People involved, in any role."),
    field(
        name = "related",
        ty = "Result<Vec<Content>>",
        arg(
            name = "first",
            ty = "Option<i32>",
            default_with = "Some(5)",
            desc = "Number of items; maximum 20."
        ),
        desc = "Content on the same subject or from the same community, most similar first; excludes the record itself and its near-duplicates."
    ),
    field(
        name = "shared_passages",
        ty = "Result<Vec<SharedPassage>>",
        arg(
            name = "first",
            ty = "Option<i32>",
            default_with = "Some(5)",
            desc = "Number of items; maximum 20."
        ),
        desc = "Records from other sources that share passages of at least 40 words, largest first."
    ),
    field(
        name = "predecessor",
        ty = "Option<Result<Content>>",
        desc = "Content of the same kind that it replaces."
    ),
    field(
        name = "successors",
        ty = "Result<Vec<Content>>",
        desc = "Content of the same kind that replaces it."
    ),
    field(
        name = "translation_of",
        ty = "Option<Result<Content>>",
        desc = "Content of the same kind of which it is a translation."
    ),
    field(
        name = "translations",
        ty = "Result<Vec<Content>>",
        desc = "Its translations into other languages."
    ),
    field(
        name = "mentions",
        ty = "Result<Vec<Mention>>",
        desc = "Declared communities, toolkits, organisations and people that the text names, in the order of their first mention; also those with no other relation to it."
    ),
    field(
        name = "sources",
        ty = "Vec<SourceRecord>",
        desc = "The record from each source, most trusted source first."
    )
)]
pub(crate) enum Content {
    Article(Article),
    Toolkit(Toolkit),
    Community(Community),
    Event(Event),
}

impl FromRecord for Content {
    fn from_record(record: Arc<Record>) -> Option<Self> {
        match &*record {
            Record::Article(_) => Article::from_record(record).map(Self::Article),
            Record::Toolkit(_) => Toolkit::from_record(record).map(Self::Toolkit),
            Record::Community(_) => Community::from_record(record).map(Self::Community),
            Record::Event(_) => Event::from_record(record).map(Self::Event),
            Record::Theme(_)
            | Record::Organisation(_)
            | Record::Person(_)
            | Record::Audience(_) => None,
        }
    }
}

/// Maximum number of related records of one record.
const RELATED_MAX: usize = 20;

/// The validated number of related records.
pub(crate) fn related_size(first: Option<i32>) -> Result<usize> {
    let first = first.unwrap_or(5);
    match usize::try_from(first) {
        Ok(size) if size <= RELATED_MAX => Ok(size),
        Ok(_) => Err(ApiError::limit("related_max", RELATED_MAX as u64)),
        Err(_) => {
            Err(ApiError::bad_user_input(format!("page size must not be negative: `{first}`")))
        }
    }
}

/// Imports for the expansion of [`object`].
pub(crate) mod prelude {
    pub(in crate::graphql) use async_graphql::{Context, ID, Object};
    pub(in crate::graphql) use indexer::catalog::Relation;

    pub(in crate::graphql) use super::{Content, related_size};

    pub(in crate::graphql) use crate::graphql::{
        enums::{Language, TitleSource},
        from_record::entity,
        types::{
            audience::Audience,
            community::Community,
            mention::Mention,
            moment::Moment,
            organisation::Organisation,
            person::Person,
            scalar::{DateTime, Url},
            source::SourceRecord,
            theme::Theme,
            value_objects::{Image, SharedPassage},
        },
    };
}

/// Defines the GraphQL type of `$kind`, a newtype over a content record: the shared fields of
/// content, followed by its own.
///
/// async-graphql can share fields with `MergedObject` and `flatten`, but both lose fields of types
/// that refer to each other in a cycle, as these do.
macro_rules! object {
    ($(#[$description:meta])* impl $kind:ident { $($own_fields:tt)* }) => {
        use $crate::graphql::types::content::prelude::*;

        entity!($kind);

        $(#[$description])*
        #[Object]
        impl $kind {
            /// Opaque, stable identifier; it never changes.
            pub(crate) async fn id(&self) -> ID {
                ID(self.common.id.to_string())
            }

            /// Title; never empty.
            pub(crate) async fn title(&self) -> String {
                self.common.title.clone()
            }

            /// Whether the source provided the title or it was derived.
            pub(crate) async fn title_source(&self) -> TitleSource {
                self.common.title_source.into()
            }

            /// One or two sentences.
            pub(crate) async fn summary(&self) -> Option<String> {
                self.common.summary.clone()
            }

            /// Canonical URL: that of the source, or else our own.
            pub(crate) async fn url(&self) -> Url {
                Url::of(&self.common.url)
            }

            /// Language of title and text.
            pub(crate) async fn language(&self) -> Language {
                self.common.language.into()
            }

            /// Date of publication.
            pub(crate) async fn published_at(&self) -> Option<Moment> {
                let moment = self.common.published_at.clone();
                moment.map(|moment| Moment::new(moment, self.common.language))
            }

            /// Date of the last change at the source.
            pub(crate) async fn modified_at(&self) -> Option<Moment> {
                let moment = self.common.modified_at.clone();
                moment.map(|moment| Moment::new(moment, self.common.language))
            }

            /// When the knowledge base first contained it.
            pub(crate) async fn first_seen_at(&self) -> DateTime {
                DateTime(self.common.first_seen.at)
            }

            /// Representative image.
            pub(crate) async fn image(&self) -> Option<Image<'_>> {
                self.common.image.as_ref().map(Image)
            }

            /// Hashtags, without the `#`.
            pub(crate) async fn hashtags(&self) -> Vec<String> {
                self.common.hashtags.clone()
            }

            /// Body as sanitised HTML: no scripts or styles; links to http and https only.
            pub(crate) async fn body_html(&self, ctx: &Context<'_>) -> Option<Result<String>> {
                let body = Loaders::of(ctx).body(self.common.id).await;
                body.map(|body| Some(body?.html.clone())).transpose()
            }

            /// Body as plain text, with a blank line between paragraphs.
            pub(crate) async fn body_text(&self, ctx: &Context<'_>) -> Option<Result<String>> {
                let body = Loaders::of(ctx).body(self.common.id).await;
                body.map(|body| Some(body?.text.clone())).transpose()
            }

            /// Themes it is about.
            pub(crate) async fn themes(&self, ctx: &Context<'_>) -> Result<Vec<Theme>> {
                Loaders::of(ctx).many(&self.common.themes).await
            }

            /// Intended audiences.
            pub(crate) async fn audiences(&self, ctx: &Context<'_>) -> Result<Vec<Audience>> {
                Loaders::of(ctx).many(&self.common.audiences).await
            }

            /// Communities it belongs to.
            pub(crate) async fn communities(&self, ctx: &Context<'_>) -> Result<Vec<Community>> {
                Loaders::of(ctx).many(&self.common.communities).await
            }

            /// Organisations involved, in any role.
            pub(crate) async fn organisations(
                &self,
                ctx: &Context<'_>,
            ) -> Result<Vec<Organisation>> {
                Loaders::of(ctx).many(&self.common.organisations).await
            }

            /// People involved, in any role.
            pub(crate) async fn people(&self, ctx: &Context<'_>) -> Result<Vec<Person>> {
                Loaders::of(ctx).many(&self.common.people).await
            }

            /// Content on the same subject or from the same community, most similar first; excludes
            /// the record itself and its near-duplicates.
            pub(crate) async fn related(
                &self,
                ctx: &Context<'_>,
                #[graphql(default_with = "Some(5)", desc = "Number of items; maximum 20.")]
                first: Option<i32>,
            ) -> Result<Vec<Content>> {
                Loaders::of(ctx).related(self.common.id, related_size(first)?).await
            }

            /// Records from other sources that share passages of at least 40 words, largest first.
            pub(crate) async fn shared_passages(
                &self,
                ctx: &Context<'_>,
                #[graphql(default_with = "Some(5)", desc = "Number of items; maximum 20.")]
                first: Option<i32>,
            ) -> Result<Vec<SharedPassage>> {
                let first = related_size(first)?;
                let found = Loaders::of(ctx).shared_passages(self.common.id, first).await?;
                Ok(found.iter().cloned().map(SharedPassage).collect())
            }

            /// Content of the same kind that it replaces.
            pub(crate) async fn predecessor(&self, ctx: &Context<'_>) -> Option<Result<Content>> {
                Loaders::of(ctx).maybe(self.common.predecessor).await
            }

            /// Content of the same kind that replaces it.
            pub(crate) async fn successors(&self, ctx: &Context<'_>) -> Result<Vec<Content>> {
                Loaders::of(ctx).linked(self.common.id, Relation::Successor).await
            }

            /// Content of the same kind of which it is a translation.
            pub(crate) async fn translation_of(
                &self,
                ctx: &Context<'_>,
            ) -> Option<Result<Content>> {
                Loaders::of(ctx).maybe(self.common.translation_of).await
            }

            /// Its translations into other languages.
            pub(crate) async fn translations(&self, ctx: &Context<'_>) -> Result<Vec<Content>> {
                Loaders::of(ctx).linked(self.common.id, Relation::Translation).await
            }

            /// Declared communities, toolkits, organisations and people that the text names, in the
            /// order of their first mention; also those with no other relation to it.
            pub(crate) async fn mentions(&self, ctx: &Context<'_>) -> Result<Vec<Mention>> {
                Mention::of(ctx, &self.0).await
            }

            /// The record from each source, most trusted source first.
            pub(crate) async fn sources(&self, ctx: &Context<'_>) -> Result<Vec<SourceRecord>> {
                let provenance = Loaders::of(ctx).provenance(self.common.id).await?;
                Ok(provenance.iter().cloned().map(SourceRecord).collect())
            }

            $($own_fields)*
        }
    };
}

pub(crate) use object;
