//! Example subgraphs with made-up data, to try out federation.
//!
//! ```sh
//! cargo run -p acceptance --bin example-subgraph -- pleio 127.0.0.1:4001
//! cargo run -p acceptance --bin example-subgraph -- leren 127.0.0.1:4002
//! cargo run -p acceptance --bin example-subgraph -- plain-pleio 127.0.0.1:4003
//! ```
//!
//! `pleio` resembles a community platform: members and discussions of communities, places left at
//! events. `leren` requires a field of another subgraph (`@requires`) and has an interface.
//! `plain-pleio` is a plain GraphQL service, without federation.

mod leren;
mod plain_pleio;
mod pleio;

use std::{
    io::{self, Write},
    sync::Arc,
};

use anyhow::{Context, bail};
use async_graphql::{EmptyMutation, EmptySubscription, Executor, ObjectType, Request, Schema};
use poem::{
    EndpointExt, Route, Server, handler,
    listener::{Acceptor, Listener, TcpListener},
    post,
    web::{Data, Json},
};

/// A federation schema with the given query root.
fn schema<Q: ObjectType + 'static>(root: Q) -> Schema<Q, EmptyMutation, EmptySubscription> {
    Schema::build(root, EmptyMutation, EmptySubscription).enable_federation().finish()
}

#[handler]
async fn execute<E: Executor>(
    schema: Data<&Arc<E>>,
    request: Json<Request>,
) -> Json<async_graphql::Response> {
    Json(schema.execute(request.0).await)
}

async fn serve<E: Executor>(schema: E, address: &str) -> anyhow::Result<()> {
    let acceptor = TcpListener::bind(address.to_owned()).into_acceptor().await?;
    let bound = acceptor.local_addr();
    let bound = bound.first().and_then(|one| one.as_socket_addr()).context("an address")?;
    writeln!(io::stderr(), "listening address={bound}")?;
    let endpoint = execute::<E>::default();
    let routes = Route::new().at("/graphql", post(endpoint).data(Arc::new(schema)));
    Ok(Server::new_with_acceptor(acceptor).run(routes).await?)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["pleio", address] => serve(schema(pleio::Query), address).await,
        ["leren", address] => serve(schema(leren::Query), address).await,
        ["plain-pleio", address] => serve(plain_pleio::schema(), address).await,
        _ => bail!("name the subgraph and its address: `example-subgraph pleio 127.0.0.1:4001`"),
    }
}
