//! The records named on a page, loaded in one batch.

use std::{collections::HashMap, sync::Arc};

use schema::{Language, NodeId, NodeKind, Record};
use tokio::task::yield_now;

use super::{PageContext, PageError, layout::Link, site};

/// Records by id.
#[derive(Debug, Default)]
pub(super) struct RecordsById(HashMap<NodeId, Arc<Record>>);

impl RecordsById {
    /// Loads all records in one batch.
    pub(super) async fn load(
        context: PageContext<'_>,
        ids: impl IntoIterator<Item = NodeId>,
    ) -> Result<Self, PageError> {
        let mut ids: Vec<NodeId> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        let records = context.snapshot.get_many(&ids).await?;
        yield_now().await;
        let pairs = ids.into_iter().zip(records);
        Ok(Self(pairs.filter_map(|(id, record)| Some((id, record?))).collect()))
    }

    /// The record with this id, if it exists.
    pub(super) fn get(&self, id: NodeId) -> Option<&Arc<Record>> {
        self.0.get(&id)
    }

    /// The name of a record; its id if it no longer exists.
    pub(super) fn name(&self, id: NodeId) -> String {
        self.get(id).map_or_else(|| id.to_string(), |record| record.name().to_owned())
    }

    /// Links to records, in the order of `ids`; records that no longer exist are left out.
    pub(super) fn links(&self, context: PageContext<'_>, ids: &[NodeId]) -> Vec<Link> {
        ids.iter().filter_map(|id| self.get(*id)).map(|record| link(context, record)).collect()
    }
}

/// A link to a record. People and audiences have no page: the link leads to a search for their
/// content.
pub(super) fn link(context: PageContext<'_>, record: &Record) -> Link {
    let href = |path: &str| context.href(path);
    let target = match record.id().kind() {
        kind @ (NodeKind::Audience | NodeKind::Person) => {
            href(&format!("?{}={}", kind.as_str(), record.id()))
        }
        _ => site::path(record).map(|path| href(&path)).unwrap_or_default(),
    };
    Link { href: target, text: record.name().to_owned() }
}

/// The language code of a text, if it differs from the language of the page; otherwise empty.
pub(super) fn foreign_language_code(context: PageContext<'_>, language: Language) -> &'static str {
    if language == context.messages.language {
        ""
    } else {
        crate::messages::language_code(language)
    }
}
