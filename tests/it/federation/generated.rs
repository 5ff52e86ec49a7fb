//! Random operations over four subgraphs. The response must be identical, including the order of
//! the fields, to that of a single service with all data.
//!
//! `WEGWIJZER_OPERATIONS` is the number of operations, `WEGWIJZER_SEED` the seed of the first:
//!
//! ```sh
//! WEGWIJZER_OPERATIONS=10000 WEGWIJZER_SEED=$RANDOM cargo it generated
//! ```
//!
//! Both the single service and the subgraphs are implemented with async-graphql (`dynamic_schema`),
//! over the same data set.

mod arguments;
mod dataset;
mod definitions;
mod dynamic_schema;
mod operation;
mod scope;

use std::{collections::BTreeMap, io::Write, sync::Arc, time::Instant};

use async_graphql::{Request, dynamic::Schema};
use serde::Deserialize;
use serde_json::{Value, json};

use self::{
    dataset::{Dataset, Owner},
    definitions::Definitions,
    operation::{GeneratedOperation, generate},
};
use super::{
    Gateway, at_addresses,
    subgraph::{Subgraph, respond},
};
use crate::support::{Rng, repository, runtime};

/// Default number of operations, chosen for a short test run.
const OPERATIONS: u64 = 1_000;
/// Default seed.
const SEED: u64 = 20_260_302;

#[derive(Deserialize)]
struct GraphFixture {
    subgraph: BTreeMap<String, SubgraphSchema>,
}

#[derive(Deserialize)]
struct SubgraphSchema {
    sdl: String,
}

/// The town as a federated graph and as a single service.
struct Town {
    gateway: Gateway,
    subgraphs: Vec<(String, Subgraph)>,
    definitions: Definitions,
    reference: Schema,
    runtime: Arc<tokio::runtime::Runtime>,
}

fn file(name: &str) -> String {
    std::fs::read_to_string(repository().join("fixtures/town").join(name)).unwrap()
}

impl Town {
    fn build() -> Self {
        let graph: GraphFixture = toml::from_str(&file("graph.toml")).unwrap();
        let dataset = Arc::new(Dataset::read(&file("dataset.json")));
        let runtime = Arc::new(runtime());
        let subgraphs = graph.subgraph.iter().map(|(name, subgraph)| {
            let definitions = Definitions::parse([subgraph.sdl.as_str()]);
            let schema = dynamic_schema::build_schema(&definitions, &dataset, Owner::Subgraph);
            (name.clone(), over_http(schema, Arc::clone(&runtime)))
        });
        let subgraphs: Vec<_> = subgraphs.collect();
        let definitions =
            Definitions::parse(graph.subgraph.values().map(|subgraph| subgraph.sdl.as_str()));
        let reference = dynamic_schema::build_schema(&definitions, &dataset, Owner::All);
        let addresses = subgraphs.iter().map(|(name, subgraph)| (name.clone(), subgraph.address));
        let gateway = Gateway::with(&at_addresses(&file("graph.graphql"), addresses), |config| {
            config.limits.complexity_max = u64::MAX;
            config.limits.depth_max = 100;
            config.limits.root_fields_max = 1_000;
            config.limits.aliases_max = 1_000;
        });
        Self { gateway, subgraphs, definitions, reference, runtime }
    }

    /// The responses of the gateway and of the single service.
    fn responses(&self, operation: &GeneratedOperation) -> (String, String) {
        let body = json!({ "query": operation.query, "variables": operation.variables });
        // async-graphql ignores default values of variables in directives.
        let all = json!({ "query": operation.query, "variables": operation.all_variables });
        let request: Request = serde_json::from_value(all).unwrap();
        let reference = self.runtime.block_on(self.reference.execute(request));
        (self.gateway.post(&body).body, serde_json::to_string(&reference).unwrap())
    }
}

/// A subgraph that serves an async-graphql schema.
fn over_http(schema: Schema, runtime: Arc<tokio::runtime::Runtime>) -> Subgraph {
    Subgraph::with_responder(move |_, received, stream| {
        let request: Request = serde_json::from_value(received.body.clone()).unwrap();
        let response = runtime.block_on(schema.execute(request));
        let body = serde_json::to_string(&response).unwrap();
        respond(stream, "200 OK", "application/json", &body);
    })
}

fn number(variable: &str, fallback: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is not a number: `{text}`")),
        Err(_) => fallback,
    }
}

#[test]
fn generated_operations_must_return_what_one_service_returns() {
    let (operations, seed) =
        (number("WEGWIJZER_OPERATIONS", OPERATIONS), number("WEGWIJZER_SEED", SEED));
    let town = Town::build();
    let started = Instant::now();
    let mut mismatches = Vec::new();
    let (mut objects, mut requests, mut skipped) = (0, 0, 0);
    for number in 0..operations {
        let seed = seed.wrapping_add(number);
        let operation = generate(&town.definitions, &mut Rng(seed));
        let (actual, expected) = town.responses(&operation);
        let parsed: Value = serde_json::from_str(&expected).unwrap();
        if expected.contains("are different fields") {
            // async-graphql rejects some response names that fields on disjoint types may share.
            skipped += 1;
            continue;
        }
        assert!(parsed.get("errors").is_none(), "{seed}: {expected}\n{operation:#?}");
        objects += expected.matches('{').count();
        let calls = town.subgraphs.iter().flat_map(|(name, subgraph)| {
            subgraph
                .take_requests()
                .into_iter()
                .map(move |request| format!("{name}: {}", request.body))
        });
        let calls: Vec<_> = calls.collect();
        requests += calls.len();
        if actual != expected {
            let calls = calls.join("\n");
            let details = format!("{operation:#?}\n{actual}\n{expected}\n{calls}");
            mismatches.push(format!("WEGWIJZER_SEED={seed}\n{details}"));
        }
    }
    // Not `eprintln!`: the test harness would capture the line.
    let _ = writeln!(
        std::io::stderr(),
        "{operations} operations from seed {seed} on, {} differ, {skipped} skipped; {requests} fetches to \
         subgraphs, {objects} objects, {:?}",
        mismatches.len(),
        started.elapsed(),
    );
    assert!(mismatches.is_empty(), "{}", mismatches.join("\n\n"));
    assert!(
        skipped <= operations / 100,
        "{skipped} of {operations} operations could not be compared"
    );
}
