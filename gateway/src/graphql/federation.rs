//! Our schema as a Federation 2 subgraph, for our own and other supergraphs: `_service` and
//! `_entities`, and the SDL with entity keys.
//!
//! async-graphql has both fields, but its `_entities` fails the whole list for one unknown key and
//! is visible to clients. Here an unknown key yields null, all keys are loaded in one batch, and
//! neither the contract nor introspection contains the fields.
//!
//! `PageInfo` of another subgraph is resolved by its type alone, without a key: its page has no
//! generation, so `continuedFromGeneration` is null.

use std::{borrow::Cow, sync::Arc};

use async_graphql::{
    Any, ContainerType, Context, ContextSelectionSet, EmptyMutation, EmptySubscription, Object,
    ObjectType, OutputType, Positioned, Schema, ServerResult, SimpleObject, Union, Value,
    parser::types::Field,
    registry::{MetaType, MetaTypeName, Registry},
    resolver_utils::resolve_container,
};
use schema::{NodeId, NodeKind, Record};

use super::{
    connection::PageInfo,
    context::RequestContext,
    from_record::FromRecord,
    loaders::Loaders,
    query::Query,
    sdl_options,
    types::{
        article::Article, audience::Audience, community::Community, event::Event,
        organisation::Organisation, person::Person, theme::Theme, toolkit::Toolkit,
    },
};
use crate::error::{ApiError, Result};

/// The executable schema: the contract and the federation fields.
///
/// `MergedObject` of async-graphql would require three names for the one type `Query`.
pub(crate) struct SchemaRoot {
    query: Query,
    federation: FederationFields,
}

impl SchemaRoot {
    /// A root that serves the federation SDL to routers.
    pub(super) fn new() -> Self {
        Self { query: Query, federation: FederationFields { sdl: sdl() } }
    }
}

impl ContainerType for SchemaRoot {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        match self.query.resolve_field(ctx).await? {
            Some(value) => Ok(Some(value)),
            None => self.federation.resolve_field(ctx).await,
        }
    }
}

impl OutputType for SchemaRoot {
    fn type_name() -> Cow<'static, str> {
        <Query as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let root = <Query as OutputType>::create_type_info(registry);
        let more = <FederationFields as OutputType>::create_type_info(registry);
        let more = registry.types.remove(MetaTypeName::concrete_typename(&more));
        if let (
            Some(MetaType::Object { fields, .. }),
            Some(MetaType::Object { fields: more, .. }),
        ) = (registry.types.get_mut(&*Self::type_name()), more)
        {
            fields.extend(more);
        }
        root
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl ObjectType for SchemaRoot {}

/// Fields for the routers of supergraphs.
struct FederationFields {
    sdl: String,
}

#[Object]
impl FederationFields {
    /// Describes this subgraph.
    #[graphql(name = "_service", visible = false)]
    async fn service(&self) -> Service<'_> {
        Service { sdl: &self.sdl }
    }

    /// The entities of the given keys, in order; null for an unknown key.
    #[graphql(name = "_entities", visible = false)]
    async fn entities(
        &self,
        ctx: &Context<'_>,
        representations: Vec<Any>,
    ) -> Result<Vec<Option<Result<Entity>>>> {
        let representations_max = RequestContext::of(ctx).limits().representations_max;
        let is_by_router = ctx.data_opt::<FetchByRouter>().is_some();
        if representations.len() > representations_max && !is_by_router {
            return Err(ApiError::limit("representations_max", representations_max as u64));
        }
        let keys: Vec<Option<EntityKey>> = representations.iter().map(EntityKey::parse).collect();
        let mut entities = Vec::with_capacity(keys.len());
        // Beyond the limit on records, each entity has an error of its own.
        for keys in keys.chunks(representations_max) {
            let ids: Vec<NodeId> = keys.iter().flatten().filter_map(EntityKey::id).collect();
            let mut found = Loaders::of(ctx).each::<Entity>(&ids).await.map(Vec::into_iter);
            entities.extend(keys.iter().map(|key| match (key.as_ref()?, &mut found) {
                (EntityKey::Page, _) => Some(Ok(Entity::PageInfo(PageInfo::default()))),
                (EntityKey::Record { kind, .. }, Ok(found)) => {
                    let entity = found.next().flatten();
                    entity.filter(|entity| entity.kind() == Some(*kind)).map(Ok)
                }
                (EntityKey::Record { .. }, Err(error)) => Some(Err(error.clone())),
            }));
        }
        Ok(entities)
    }
}

/// Marks a fetch of our own router, as data of the request. The subgraph that refers to our
/// entities determines their number, not a client.
pub(crate) struct FetchByRouter;

/// The SDL of this subgraph.
#[derive(SimpleObject)]
#[graphql(name = "_Service")]
struct Service<'a> {
    sdl: &'a str,
}

/// The key of an entity as sent by a router: `{ __typename, id }`, or only the name of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EntityKey {
    Record {
        kind: NodeKind,
        id: NodeId,
    },
    /// The paging information of another subgraph.
    Page,
}

impl EntityKey {
    /// `None` if no entity of ours can have this key.
    fn parse(representation: &Any) -> Option<Self> {
        let Value::Object(fields) = &representation.0 else { return None };
        let Some(Value::String(type_name)) = fields.get("__typename") else { return None };
        if *type_name == <PageInfo as OutputType>::type_name() {
            return Some(Self::Page);
        }
        let Some(Value::String(id)) = fields.get("id") else { return None };
        let kind = NodeKind::ALL.into_iter().find(|kind| type_name_of(*kind) == *type_name)?;
        Some(Self::Record { kind, id: id.parse().ok()? })
    }

    const fn id(&self) -> Option<NodeId> {
        match self {
            Self::Record { id, .. } => Some(*id),
            Self::Page => None,
        }
    }
}

/// The types that routers can fetch.
#[derive(Union, Clone)]
#[graphql(name = "_Entity")]
enum Entity {
    Article(Article),
    Toolkit(Toolkit),
    Community(Community),
    Event(Event),
    Theme(Theme),
    Organisation(Organisation),
    Person(Person),
    Audience(Audience),
    PageInfo(PageInfo),
}

impl Entity {
    /// The kind of a record.
    const fn kind(&self) -> Option<NodeKind> {
        Some(match self {
            Self::Article(_) => NodeKind::Article,
            Self::Toolkit(_) => NodeKind::Toolkit,
            Self::Community(_) => NodeKind::Community,
            Self::Event(_) => NodeKind::Event,
            Self::Theme(_) => NodeKind::Theme,
            Self::Organisation(_) => NodeKind::Organisation,
            Self::Person(_) => NodeKind::Person,
            Self::Audience(_) => NodeKind::Audience,
            Self::PageInfo(_) => return None,
        })
    }
}

impl FromRecord for Entity {
    fn from_record(record: Arc<Record>) -> Option<Self> {
        match &*record {
            Record::Article(_) => Article::from_record(record).map(Self::Article),
            Record::Toolkit(_) => Toolkit::from_record(record).map(Self::Toolkit),
            Record::Community(_) => Community::from_record(record).map(Self::Community),
            Record::Event(_) => Event::from_record(record).map(Self::Event),
            Record::Theme(_) => Theme::from_record(record).map(Self::Theme),
            Record::Organisation(_) => Organisation::from_record(record).map(Self::Organisation),
            Record::Person(_) => Person::from_record(record).map(Self::Person),
            Record::Audience(_) => Audience::from_record(record).map(Self::Audience),
        }
    }
}

/// The GraphQL type of records of a kind.
fn type_name_of(kind: NodeKind) -> Cow<'static, str> {
    match kind {
        NodeKind::Article => <Article as OutputType>::type_name(),
        NodeKind::Toolkit => <Toolkit as OutputType>::type_name(),
        NodeKind::Community => <Community as OutputType>::type_name(),
        NodeKind::Event => <Event as OutputType>::type_name(),
        NodeKind::Theme => <Theme as OutputType>::type_name(),
        NodeKind::Organisation => <Organisation as OutputType>::type_name(),
        NodeKind::Person => <Person as OutputType>::type_name(),
        NodeKind::Audience => <Audience as OutputType>::type_name(),
    }
}

/// The SDL as a Federation 2 subgraph: with keys, shareable types and inaccessible fields.
pub fn sdl() -> String {
    let schema = Schema::build(KeyedSchemaRoot, EmptyMutation, EmptySubscription).finish();
    let text = schema.sdl_with_options(sdl_options().federation());
    format!("{}\n", text.trim())
}

/// The elements of the executable schema that are not part of the contract, as SDL.
pub(crate) fn hidden_sdl() -> String {
    let entities: Vec<_> = NodeKind::ALL.into_iter().map(type_name_of).collect();
    format!(
        "scalar _Any
         type _Service {{ sdl: String! }}
         union _Entity = {}
         type Query {{
           _service: _Service!
           _entities(representations: [_Any!]!): [_Entity]!
         }}",
        entities.join(" | ")
    )
}

/// The contract with its keys, only for printing: keys would add async-graphql's own `_entities`.
struct KeyedSchemaRoot;

impl ContainerType for KeyedSchemaRoot {
    async fn resolve_field(&self, _: &Context<'_>) -> ServerResult<Option<Value>> {
        Ok(None)
    }
}

impl OutputType for KeyedSchemaRoot {
    fn type_name() -> Cow<'static, str> {
        <Query as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let root = <Query as OutputType>::create_type_info(registry);
        for kind in NodeKind::ALL {
            registry.add_keys(&type_name_of(kind), "id");
        }
        root
    }

    async fn resolve(
        &self,
        _: &ContextSelectionSet<'_>,
        _: &Positioned<Field>,
    ) -> ServerResult<Value> {
        Ok(Value::Null)
    }
}

impl ObjectType for KeyedSchemaRoot {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entity_must_have_its_key_and_nothing_else() {
        let sdl = sdl();
        for kind in NodeKind::ALL {
            let name = type_name_of(kind);
            let line = sdl.lines().find(|line| line.starts_with(&format!("type {name} ")));
            assert!(line.unwrap().contains("@key(fields: \"id\")"), "{line:?}");
        }
        assert_eq!(sdl.matches("@key(").count(), NodeKind::ALL.len());
        assert!(!sdl.contains("_entities") && !sdl.contains("schema {"), "{sdl}");
    }

    #[test]
    fn the_contract_of_clients_must_not_know_of_federation() {
        let contract = crate::graphql::sdl();
        for word in ["_entities", "_service", "_Any", "_Entity", "_Service", "@key", "@shareable"] {
            assert!(!contract.contains(word), "{word}");
        }
    }

    #[test]
    fn shareable_and_inaccessible_elements_must_be_marked() {
        let sdl = sdl();
        for line in [
            "type PageInfo @shareable {",
            "  continuedFromGeneration: Int @inaccessible",
            "  catalog: Catalog! @tag(name: \"operations\")",
        ] {
            assert!(sdl.lines().any(|other| other == line), "{line}");
        }
    }

    #[test]
    fn a_key_that_can_lead_nowhere_must_be_none() {
        let parse = |json| EntityKey::parse(&Any(Value::from_json(json).unwrap()));
        let id = "a000000000000";
        let key = parse(serde_json::json!({ "__typename": "Article", "id": id, "more": 1 }));
        assert!(matches!(key, Some(EntityKey::Record { kind: NodeKind::Article, .. })), "{key:?}");
        let page = parse(serde_json::json!({ "__typename": "PageInfo" }));
        assert_eq!(page, Some(EntityKey::Page));
        for odd in [
            serde_json::json!({ "__typename": "Article" }),
            serde_json::json!({ "id": id }),
            serde_json::json!({ "__typename": "Review", "id": id }),
            serde_json::json!({ "__typename": "Article", "id": 7 }),
            serde_json::json!({ "__typename": ["Article"], "id": id }),
            serde_json::json!({ "__typename": "Article", "id": "" }),
            serde_json::json!([]),
            serde_json::json!(null),
        ] {
            assert_eq!(parse(odd.clone()), None, "{odd}");
        }
    }
}
