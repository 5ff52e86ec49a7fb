//! The small town of the fixtures behind a gateway: four subgraphs over HTTP in this process, and the
//! same as one service. What makes them is what the acceptance tests make them with.
#![expect(clippy::unwrap_used, reason = "in the files of the acceptance tests")]

use std::sync::{Arc, LazyLock};

use async_graphql::{Request, dynamic::Schema};
use async_graphql_parser::types::{BaseType, Type};
use gateway::{
    app::App,
    config::{Config, Overrides},
    pipeline::{Asked, Outcome, Pipeline, Question, Sharing},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use self::{
    definitions::Definitions,
    operation::{Drawn, drawn},
    subgraph::{Subgraph, respond},
    world::{Whose, World},
};
use crate::{demo::repository, support::Dice};

#[path = "../../it/federation/drawn/arguments.rs"]
mod arguments;
#[path = "../../it/federation/drawn/definitions.rs"]
mod definitions;
#[path = "../../it/federation/drawn/operation.rs"]
mod operation;
#[path = "../../it/federation/drawn/scope.rs"]
mod scope;
#[path = "../../it/federation/drawn/served.rs"]
mod served;
#[path = "../../it/federation/subgraph.rs"]
#[expect(dead_code, reason = "what answers from data is not asked here")]
pub(crate) mod subgraph;
#[path = "../../it/federation/drawn/world.rs"]
mod world;

/// The town, built when it is first asked about.
pub(crate) static TOWN: LazyLock<Town> = LazyLock::new(Town::build);

/// The town behind a gateway, and as one service.
pub(crate) struct Town {
    runtime: Arc<Runtime>,
    pipeline: Arc<Pipeline>,
    subgraphs: Vec<(String, Subgraph)>,
    definitions: Definitions,
    whole: Schema,
    _app: App,
}

/// A question, and what the one service answers to it.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) query: String,
    pub(crate) variables: Value,
    pub(crate) answer: String,
}

fn file(name: &str) -> String {
    std::fs::read_to_string(repository().join("fixtures").join(name)).expect("a file")
}

/// The schemas of the subgraphs in a file of the fixtures, by name.
fn schemas(name: &str) -> Vec<(String, String)> {
    let read: toml::Table = file(name).parse().expect("TOML");
    let subgraphs = read["subgraph"].as_table().expect("subgraphs");
    let schema = |given: &toml::Value| given["sdl"].as_str().expect("a schema").to_owned();
    subgraphs.iter().map(|(name, given)| (name.clone(), schema(given))).collect()
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
    let mut config = Config::load_to_serve(None, &overrides).expect("sound");
    change(&mut config);
    runtime.block_on(App::build(config)).expect("it is served")
}

impl Town {
    fn build() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let runtime = Arc::new(runtime);
        let world = Arc::new(World::read(&file("town/world.json")));
        let schemas = schemas("town/graph.toml");
        let subgraphs = schemas.iter().map(|(name, sdl)| {
            let definitions = Definitions::of([sdl.as_str()]);
            let schema = served::service(&definitions, &world, Whose::Subgraph);
            (name.clone(), over_http(schema, Arc::clone(&runtime)))
        });
        let subgraphs: Vec<_> = subgraphs.collect();
        let definitions = Definitions::of(schemas.iter().map(|(_, sdl)| sdl.as_str()));
        let whole = served::service(&definitions, &world, Whose::All);
        let servers = subgraphs.iter().map(|(name, subgraph)| (name.as_str(), subgraph));
        let app = gateway("town/graph.graphql", servers, &runtime, |config| {
            config.limits.complexity_max = u64::MAX;
            config.limits.depth_max = 100;
            config.limits.aliases_max = 1_000;
            config.limits.root_fields_max = 1_000;
        });
        let pipeline = Arc::clone(app.pipeline());
        Self { runtime, pipeline, subgraphs, definitions, whole, _app: app }
    }

    /// The question that dice choose.
    pub(crate) fn question(&self, dice: &mut Dice) -> Expected {
        let Drawn { query, variables, all_variables } = drawn(&self.definitions, dice);
        let request = json!({ "query": query, "variables": all_variables });
        let request: Request = serde_json::from_value(request).expect("a request");
        let answer = self.runtime.block_on(self.whole.execute(request));
        let answer = serde_json::to_string(&answer).expect("JSON");
        Expected { query, variables, answer }
    }

    /// What the gateway answers.
    pub(crate) fn answer(&self, query: &str, variables: &Value) -> Outcome {
        let question = Question {
            asked: Asked::Text(query.to_owned()),
            variables: serde_json::from_value(variables.clone()).unwrap_or_default(),
            sharing: Sharing::Private,
            ..Question::default()
        };
        let answer = self.runtime.block_on(self.pipeline.answer(question));
        for (_, subgraph) in &self.subgraphs {
            subgraph.forget();
        }
        answer.outcome
    }
}

/// A subgraph that is a service of async-graphql.
fn over_http(schema: Schema, runtime: Arc<Runtime>) -> Subgraph {
    Subgraph::answering(move |_, asked, stream| {
        let request: Request = serde_json::from_value(asked.body.clone()).expect("a request");
        let response = runtime.block_on(schema.execute(request));
        let body = serde_json::to_string(&response).expect("JSON");
        respond(stream, "200 OK", "application/json", &body);
    })
}

/// The types of a graph of the fixtures.
pub(crate) struct Shapes(Definitions);

impl Shapes {
    pub(crate) fn of(file: &str) -> Self {
        Self(Definitions::of(schemas(file).iter().map(|(_, sdl)| sdl.as_str())))
    }

    /// Whether an answer is what the schema says of a type.
    pub(crate) fn fit(&self, answer: &Value, name: &str) -> bool {
        fits_object(answer, name, &self.0)
    }
}

/// Whether a value is of a type.
fn fits(value: &Value, ty: &Type, definitions: &Definitions) -> bool {
    if value.is_null() {
        return ty.nullable;
    }
    match (&ty.base, value) {
        (BaseType::List(inner), Value::Array(items)) => {
            items.iter().all(|item| fits(item, inner, definitions))
        }
        (BaseType::List(_), _) => false,
        (BaseType::Named(name), value) => match name.as_str() {
            "String" | "ID" => value.is_string(),
            name => fits_object(value, name, definitions),
        },
    }
}

fn fits_object(value: &Value, name: &str, definitions: &Definitions) -> bool {
    let (Some(object), Some(definition)) = (value.as_object(), definitions.get(name)) else {
        return false;
    };
    object.iter().all(|(key, value)| {
        let field = definition.fields.iter().find(|field| field.name.node == key.as_str());
        if key == "__typename" {
            return value == name;
        }
        field.is_some_and(|field| fits(value, &field.ty.node, definitions))
    })
}
