//! Fields that themes, organisations, audiences and people share: their content, with its number.

use async_graphql::{Context, SimpleObject};
use indexer::catalog::Relation;
use schema::{NodeId, NodeKind, SearchFilter};

use super::{content::Content, search};
use crate::{
    error::Result,
    graphql::{
        connection::{Connection, PageArguments},
        enums::{ContentSort, Kind, enum_values},
        loaders::Loaders,
    },
};

/// Number of records of each kind of content.
#[derive(SimpleObject, Default)]
pub(crate) struct ContentCounts {
    /// All content.
    total: u64,
    /// Articles.
    articles: u64,
    /// Toolkits.
    toolkits: u64,
    /// Communities.
    communities: u64,
    /// Events.
    events: u64,
}

impl ContentCounts {
    /// The number of records that name an entity.
    pub(super) async fn of(ctx: &Context<'_>, id: NodeId) -> Result<Self> {
        let mut counts = Self::default();
        for id in Loaders::of(ctx).linked_ids(id, Relation::Mentions).await?.iter() {
            let count = match id.kind() {
                NodeKind::Article => &mut counts.articles,
                NodeKind::Toolkit => &mut counts.toolkits,
                NodeKind::Community => &mut counts.communities,
                NodeKind::Event => &mut counts.events,
                NodeKind::Theme
                | NodeKind::Organisation
                | NodeKind::Person
                | NodeKind::Audience => continue,
            };
            *count += 1;
            counts.total += 1;
        }
        Ok(counts)
    }
}

/// A page of the content that names an entity.
pub(in crate::graphql) async fn content_of(
    ctx: &Context<'_>,
    id: NodeId,
    kinds: Option<Vec<Kind>>,
    sort: ContentSort,
    page: PageArguments,
) -> Result<Connection<Content>> {
    let ids = vec![id];
    let filter = SearchFilter { kinds: enum_values(kinds), ..SearchFilter::default() };
    let filter = match id.kind() {
        NodeKind::Theme => SearchFilter { themes: ids, ..filter },
        NodeKind::Audience => SearchFilter { audiences: ids, ..filter },
        NodeKind::Person => SearchFilter { people: ids, ..filter },
        _ => SearchFilter { organisations: ids, ..filter },
    };
    search::list(ctx, filter, sort.into(), page).await
}

/// Imports for the expansion of [`object`].
pub(crate) mod prelude {
    pub(in crate::graphql) use async_graphql::{Context, ID, Object};
    pub(in crate::graphql) use schema::Record;

    pub(in crate::graphql) use super::{ContentCounts, content_of};
    pub(in crate::graphql) use crate::{
        error::Result,
        graphql::{
            connection::{Connection, PageArguments},
            context::RequestContext,
            enums::{ContentSort, Kind, Origin},
            from_record::entity,
            loaders::Loaders,
            types::{content::Content, scalar::Url},
        },
    };
}

/// Defines the GraphQL type of `$kind`, a newtype over the record of an entity: the shared fields,
/// followed by its own.
macro_rules! object {
    ($(#[$description:meta])* impl $kind:ident { $($own_fields:tt)* }) => {
        use $crate::graphql::types::entity::prelude::*;

        entity!($kind);

        $(#[$description])*
        #[Object]
        impl $kind {
            /// Opaque, stable identifier; it never changes.
            pub(crate) async fn id(&self) -> ID {
                ID(self.id.to_string())
            }

            /// Last segment of the path of its page; it changes with the name.
            async fn slug(&self) -> &str {
                &self.slug
            }

            /// Whether a source describes it, or only mentions its name.
            async fn origin(&self) -> Origin {
                self.origin.into()
            }

            /// Number of records of content that name it.
            async fn counts(&self, ctx: &Context<'_>) -> Result<ContentCounts> {
                ContentCounts::of(ctx, self.id).await
            }

            /// The content that names it, in any role.
            #[expect(clippy::too_many_arguments, reason = "the arguments of a field are the contract")]
            async fn content(
                &self,
                ctx: &Context<'_>,
                #[graphql(desc = "Restrict to these kinds.")] kinds: Option<Vec<Kind>>,
                #[graphql(desc = "Sort order.", default_with = "ContentSort::Newest")]
                sort: ContentSort,
                #[graphql(desc = "Number of items; default 20, maximum 100.")] first: Option<i32>,
                #[graphql(desc = "Return items after this cursor.")] after: Option<String>,
                #[graphql(desc = "Number of items from the end, instead of `first`.")]
                last: Option<i32>,
                #[graphql(desc = "Return items before this cursor.")] before: Option<String>,
            ) -> Result<Connection<Content>> {
                let page = PageArguments { first, after, last, before };
                content_of(ctx, self.id, kinds, sort, page).await
            }

            $($own_fields)*
        }
    };
}

pub(crate) use object;
