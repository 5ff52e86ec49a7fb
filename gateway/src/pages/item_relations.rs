//! Relations of content to other content, and the entities that its text names, as facts on its page.

use indexer::catalog::Relation;
use schema::{NodeId, NodeKind, Record};

use super::{PageContext, PageError, item_sections::Fact, record_lookup::RecordsById};

/// The relations of a record: the key of the message that names each, with its targets.
pub(super) struct ItemRelations(Vec<(&'static str, Vec<NodeId>)>);

impl ItemRelations {
    /// Loads the relations of a record.
    pub(super) async fn load(context: PageContext<'_>, record: &Record) -> Result<Self, PageError> {
        let id = record.id();
        let relations = [Relation::Successor, Relation::Translation, Relation::VariantOf];
        let linked = context.snapshot.linked(&relations.map(|relation| (id, relation))).await?;
        let mut linked = linked.into_iter();
        let mut linked = || linked.next().unwrap_or_default();
        let (successors, translations, variants) = (linked(), linked(), linked());
        let mentions = context.snapshot.entity_mentions(&[id]).await?.into_iter().flatten();
        let named_anyway = record.linked_ids();
        // People have no page to link to.
        let has_page = |entity: &NodeId| entity.kind() != NodeKind::Person;
        let mentioned = mentions
            .map(|mention| mention.entity)
            .filter(|entity| has_page(entity) && !named_anyway.contains(entity))
            .collect();
        let one = |id: Option<NodeId>| id.into_iter().collect::<Vec<_>>();
        let common = record.common();
        let variant_of = match record {
            Record::Community(community) => one(community.variant_of),
            _ => Vec::new(),
        };
        Ok(Self(vec![
            ("item.variant_of", variant_of),
            ("item.variants", variants),
            ("item.predecessor", one(common.and_then(|common| common.predecessor))),
            ("item.successors", successors),
            ("item.translation_of", one(common.and_then(|common| common.translation_of))),
            ("item.translations", translations),
            ("item.mentioned", mentioned),
        ]))
    }

    /// Ids of the records that the facts link to.
    pub(super) fn referenced_ids(&self) -> impl Iterator<Item = NodeId> {
        self.0.iter().flat_map(|(_, ids)| ids.iter().copied())
    }

    /// The relations that have targets.
    pub(super) fn facts(&self, context: PageContext<'_>, records: &RecordsById) -> Vec<Fact> {
        let fact = |(key, ids): &(&str, Vec<NodeId>)| Fact {
            label: context.messages.get(key).to_owned(),
            values: records.links(context, ids),
            iso_date: None,
        };
        self.0.iter().map(fact).filter(|fact| !fact.values.is_empty()).collect()
    }
}
