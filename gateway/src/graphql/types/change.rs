//! Changes: upserted and removed records, in order, for mirrors and cache purges.

use async_graphql::{Context, Enum, ID, Object};
use schema::{ChangeOp, ChangePosition};

use super::{content::Content, scalar::DateTime};
use crate::{
    error::{ApiError, Result, from_cursor},
    graphql::{
        connection::PageInfo, context::RequestContext, enums::ChangeOp as Op, loaders::Loaders,
    },
};

/// Default number of changes per page.
const FIRST_DEFAULT: i32 = 100;

/// Reads the changes after a cursor.
pub(crate) async fn changes(
    ctx: &Context<'_>,
    after: Option<String>,
    first: i32,
) -> Result<ChangeConnection> {
    let request = RequestContext::of(ctx);
    let first = request.page_size_or_default(first, FIRST_DEFAULT)?;
    let cursor = after
        .as_deref()
        .map(str::parse::<ChangePosition>)
        .transpose()
        .map_err(|error| from_cursor(&error))?;
    let position = cursor.map(|cursor| (cursor.generation, cursor.position));
    if let Some((generation, _)) = position
        && generation > request.snapshot.generation()
    {
        // The data folder was replaced: the changes since are not those of the client's copy.
        return Err(ApiError::bad_user_input(
            "`after`: cursor of another history; copy all content again",
        ));
    }
    let (changes, has_more) = request
        .snapshot
        .changes(position, first)
        .await
        .map_err(|error| crate::error::from_catalog(&error))?;
    Ok(ChangeConnection { changes, after, has_more })
}

/// A page of the changes.
pub(crate) struct ChangeConnection {
    changes: Vec<schema::Change>,
    after: Option<String>,
    has_more: bool,
}

/// A page of changes, oldest first. To mirror the knowledge base, store `endCursor` and pass it as
/// `after` in the next request.
#[Object]
impl ChangeConnection {
    /// The changes, each with its cursor.
    async fn edges(&self) -> Vec<ChangeEdge<'_>> {
        self.changes.iter().map(ChangeEdge).collect()
    }

    /// The changes without their cursors.
    async fn nodes(&self) -> Vec<Change<'_>> {
        self.changes.iter().map(Change).collect()
    }

    /// Paging information. If there are no new changes, `endCursor` is the given cursor.
    async fn page_info(&self) -> PageInfo {
        let cursor = |change: &schema::Change| change.at_position().to_string();
        PageInfo {
            has_next_page: self.has_more,
            has_previous_page: self.after.is_some(),
            start_cursor: self.changes.first().map(cursor),
            end_cursor: self.changes.last().map(cursor).or_else(|| self.after.clone()),
            continued_from_generation: None,
        }
    }
}

/// Borrows a change.
struct ChangeEdge<'a>(&'a schema::Change);

/// A change and its cursor.
#[Object]
impl ChangeEdge<'_> {
    /// Cursor for `after`.
    async fn cursor(&self) -> String {
        self.0.at_position().to_string()
    }

    /// The change.
    async fn node(&self) -> Change<'_> {
        Change(self.0)
    }
}

/// Borrows a change.
struct Change<'a>(&'a schema::Change);

/// A change of one record in one generation.
#[Object]
impl Change<'_> {
    /// Id of the record that changed.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Number of the generation with the change.
    async fn generation(&self) -> u64 {
        self.0.generation.0
    }

    /// When that generation was built.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// Kind of change.
    async fn op(&self) -> Op {
        self.0.op.into()
    }

    /// Why it was removed; null unless it was.
    async fn reason(&self) -> Option<RemovalReason> {
        self.0.reason.map(Into::into)
    }

    /// Id of the record that it duplicates, if that is why it was removed.
    async fn duplicate_of(&self) -> Option<ID> {
        match self.0.reason? {
            schema::RemovalReason::DuplicateOf(id) => Some(ID(id.to_string())),
            _ => None,
        }
    }

    /// The current record; null if it has been removed since or is not content.
    async fn node(&self, ctx: &Context<'_>) -> Option<Result<Content>> {
        // The id of a removed duplicate resolves to the retained record, which this change is not
        // about.
        let id = (self.0.op == ChangeOp::Upserted).then_some(self.0.id);
        Loaders::of(ctx).maybe(id).await
    }
}

/// Why a record was removed.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
enum RemovalReason {
    /// Its source no longer contains it.
    Missing,
    /// Its source marks it as deleted.
    Deleted,
    /// Its source no longer publishes it.
    Unpublished,
    /// It duplicates another record; see `duplicateOf`.
    DuplicateOf,
    /// The knowledge base was rolled back to a generation without it.
    RolledBack,
}

impl From<schema::RemovalReason> for RemovalReason {
    fn from(reason: schema::RemovalReason) -> Self {
        match reason {
            schema::RemovalReason::Missing => Self::Missing,
            schema::RemovalReason::Deleted => Self::Deleted,
            schema::RemovalReason::Unpublished => Self::Unpublished,
            schema::RemovalReason::DuplicateOf(_) => Self::DuplicateOf,
            schema::RemovalReason::RolledBack => Self::RolledBack,
        }
    }
}
