//! The small town of the fixtures behind a gateway: four subgraphs over HTTP in this process, and the
//! same as one service. What makes them is what the acceptance tests make them with.
#![expect(clippy::unwrap_used, reason = "in the files of the acceptance tests")]

use std::sync::{Arc, LazyLock};

use async_graphql::{Request, dynamic::Schema};
use async_graphql_parser::types::{BaseType, Type};
use gateway::{
    app::App,
    config::{Config, Overrides},
    pipeline::{DocumentRef, Outcome, Pipeline, GraphqlRequest, CacheScope},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use self::{
    definitions::Definitions,
    operation::{GeneratedOperation, generate},
    subgraph::{Subgraph, respond},
    dataset::{Owner, Dataset},
};
use crate::{demo::repository, support::Rng};

#[path = "../../it/federation/generated/arguments.rs"]
mod arguments;
#[path = "../../it/federation/generated/definitions.rs"]
mod definitions;
#[path = "../../it/federation/generated/operation.rs"]
mod operation;
#[path = "../../it/federation/generated/scope.rs"]
mod scope;
#[path = "../../it/federation/generated/dynamic_schema.rs"]
mod dynamic_schema;
#[path = "../../it/federation/subgraph.rs"]
#[expect(dead_code, reason = "the data responder is not used here")]
pub(crate) mod subgraph;
#[path = "../../it/federation/generated/dataset.rs"]
mod dataset;

/// The town, built when it is first asked about.
pub(crate) static TOWN: LazyLock<Town> = LazyLock::new(Town::build);

/// The town behind a gateway, and as one service.
pub(crate) struct Town {
    runtime: Arc<Runtime>,
    pipeline: Arc<Pipeline>,
    subgraphs: Vec<(String, Subgraph)>,
    definitions: Definitions,
    reference: Schema,
    _app: App,
}

/// A question, and what the one service answers to it.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) query: String,
    pub(crate) variables: Value,
    pub(crate) response: String,
}

fn file(name: &str) -> String {
    std::fs::read_to_string(repository().join("fixtures").join(name)).expect("a file")
}

/// The schemas of the subgraphs in a file of the fixtures, by name.
fn schemas(name: &str) -> Vec<(String, String)> {
    let fixture: toml::Table = file(name).parse().expect("TOML");
    let subgraphs = fixture["subgraph"].as_table().expect("subgraphs");
    let schema = |subgraph: &toml::Value| subgraph["sdl"].as_str().expect("a schema").to_owned();
    subgraphs.iter().map(|(name, subgraph)| (name.clone(), schema(subgraph))).collect()
}

/// The pipeline of a gateway over a supergraph of the fixtures, whose subgraphs are at `servers`.
pub(crate) fn gateway<'s>(
    supergraph: &str,
    servers: impl IntoIterator<Item = (&'s str, &'s Subgraph)>,
    runtime: &Runtime,
    change: impl FnOnce(&mut Config),
) -> App {
    let text = servers.into_iter().fold(file(supergraph), |text, (name, subgraph)| {
        text.replace(&format!("http://{name}.test/"), &format!("http://{}/", subgraph.address))
    });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("supergraph.graphql");
    std::fs::write(&path, text).expect("writable");
    let overrides = Overrides {
        listen: Some("127.0.0.1:0".to_owned()),
        supergraph: Some(path),
        ..Overrides::default()
    };
    let mut config = Config::load_to_serve(None, &overrides).expect("a valid configuration");
    change(&mut config);
    runtime.block_on(App::build(config)).expect("the supergraph is served")
}

impl Town {
    fn build() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let runtime = Arc::new(runtime);
        let dataset = Arc::new(Dataset::read(&file("town/dataset.json")));
        let schemas = schemas("town/graph.toml");
        let subgraphs = schemas.iter().map(|(name, sdl)| {
            let definitions = Definitions::parse([sdl.as_str()]);
            let schema = dynamic_schema::build_schema(&definitions, &dataset, Owner::Subgraph);
            (name.clone(), over_http(schema, Arc::clone(&runtime)))
        });
        let subgraphs: Vec<_> = subgraphs.collect();
        let definitions = Definitions::parse(schemas.iter().map(|(_, sdl)| sdl.as_str()));
        let reference = dynamic_schema::build_schema(&definitions, &dataset, Owner::All);
        let servers = subgraphs.iter().map(|(name, subgraph)| (name.as_str(), subgraph));
        let app = gateway("town/graph.graphql", servers, &runtime, |config| {
            config.limits.complexity_max = u64::MAX;
            config.limits.depth_max = 100;
            config.limits.aliases_max = 1_000;
            config.limits.root_fields_max = 1_000;
        });
        let pipeline = Arc::clone(app.pipeline());
        Self { runtime, pipeline, subgraphs, definitions, reference, _app: app }
    }

    /// The question that dice choose.
    pub(crate) fn generate(&self, rng: &mut Rng) -> Expected {
        let GeneratedOperation { query, variables, all_variables } = generate(&self.definitions, rng);
        let request = json!({ "query": query, "variables": all_variables });
        let request: Request = serde_json::from_value(request).expect("a request");
        let response = self.runtime.block_on(self.reference.execute(request));
        let response = serde_json::to_string(&response).expect("JSON");
        Expected { query, variables, response }
    }

    /// What the gateway answers.
    pub(crate) fn execute(&self, query: &str, variables: &Value) -> Outcome {
        let request = GraphqlRequest {
            document: DocumentRef::Inline(query.to_owned()),
            variables: serde_json::from_value(variables.clone()).unwrap_or_default(),
            cache_scope: CacheScope::Private,
            ..GraphqlRequest::default()
        };
        let response = self.runtime.block_on(self.pipeline.handle(request));
        for (_, subgraph) in &self.subgraphs {
            subgraph.take_requests();
        }
        response.outcome
    }
}

/// A subgraph that is a service of async-graphql.
fn over_http(schema: Schema, runtime: Arc<Runtime>) -> Subgraph {
    Subgraph::with_responder(move |_, received, stream| {
        let request: Request = serde_json::from_value(received.body.clone()).expect("a request");
        let response = runtime.block_on(schema.execute(request));
        let body = serde_json::to_string(&response).expect("JSON");
        respond(stream, "200 OK", "application/json", &body);
    })
}

/// The types of a graph of the fixtures.
pub(crate) struct ResponseValidator(Definitions);

impl ResponseValidator {
    pub(crate) fn from_fixture(file: &str) -> Self {
        Self(Definitions::parse(schemas(file).iter().map(|(_, sdl)| sdl.as_str())))
    }

    /// Whether an answer is what the schema says of a type.
    pub(crate) fn is_valid(&self, response: &Value, name: &str) -> bool {
        is_valid_object(response, name, &self.0)
    }
}

/// Whether a value is of a type.
fn is_valid_value(value: &Value, ty: &Type, definitions: &Definitions) -> bool {
    if value.is_null() {
        return ty.nullable;
    }
    match (&ty.base, value) {
        (BaseType::List(inner), Value::Array(items)) => {
            items.iter().all(|item| is_valid_value(item, inner, definitions))
        }
        (BaseType::List(_), _) => false,
        (BaseType::Named(name), value) => match name.as_str() {
            "String" | "ID" => value.is_string(),
            name => is_valid_object(value, name, definitions),
        },
    }
}

fn is_valid_object(value: &Value, name: &str, definitions: &Definitions) -> bool {
    let (Some(object), Some(definition)) = (value.as_object(), definitions.get(name)) else {
        return false;
    };
    object.iter().all(|(key, value)| {
        let field = definition.fields.iter().find(|field| field.name.node == key.as_str());
        if key == "__typename" {
            return value == name;
        }
        field.is_some_and(|field| is_valid_value(value, &field.ty.node, definitions))
    })
}
