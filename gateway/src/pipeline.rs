//! One GraphQL request, from text to answer: parse ► limit ► execute.
//!
//! This module must not know HTTP. All limits of a request are kept here or by what is read for it
//! ([`crate::graphql`]); the schema itself has none.

mod limit;
mod operation;
#[cfg(test)]
mod probe;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{
    Request, Response, ServerError, Value, Variables, parser::types::OperationType,
};
use futures_util::FutureExt;
use indexer::catalog::{Catalog, Snapshot};
use schema::GenerationNumber;

use self::operation::Operation;
use crate::{
    clock::Clock,
    config::Limits,
    failure::{Code, Failure},
    graphql::{self, RequestContext, Schema},
};

/// What a client is told as long as there is no generation.
pub const NO_GENERATION: &str =
    "there is no knowledge base yet; the operator can build one with `wegwijzer index`";

/// A request as a client sent it.
#[derive(Debug, Default)]
pub struct Question {
    /// The document.
    pub query: String,
    /// Which of its operations, where it has several.
    pub operation_name: Option<String>,
    /// Values of its variables.
    pub variables: Variables,
    /// What may be asked.
    pub allowed: Allowed,
}

/// Which operations may be executed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Allowed {
    /// Any.
    #[default]
    Any,
    /// Only those that change nothing.
    Queries,
}

/// What became of a request.
#[derive(Debug)]
pub enum Outcome {
    /// It was executed; single fields may have failed.
    Executed(Response),
    /// The request is wrong; nothing was executed.
    Refused(Vec<ServerError>),
    /// It is no query, and only queries are allowed.
    NotAllowed(Failure),
    /// It could not be executed to its end.
    Failed(Failure),
}

/// What became of a request, and what may be said about it in the log.
#[derive(Debug)]
pub struct Answer {
    /// What became of it.
    pub outcome: Outcome,
    /// Name of the chosen operation, as the document gives it.
    pub operation_name: Option<String>,
    /// The generation that answered.
    pub generation: Option<GenerationNumber>,
}

/// Answers GraphQL requests from the current generation.
pub struct Pipeline {
    catalog: Arc<Catalog>,
    schema: Schema,
    limits: Limits,
    clock: Clock,
}

impl Pipeline {
    /// A pipeline that reads `catalog`.
    pub fn new(catalog: Arc<Catalog>, limits: Limits, clock: Clock) -> Self {
        Self { catalog, schema: graphql::schema(), limits, clock }
    }

    /// The current generation, where there is one.
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.catalog.current()
    }

    /// The limits that are kept.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Answers a request. Whatever goes wrong with it stays with it.
    pub async fn answer(&self, question: Question) -> Answer {
        let Some(snapshot) = self.snapshot() else {
            let outcome = Outcome::Failed(Failure::unavailable(NO_GENERATION));
            return Answer { outcome, operation_name: None, generation: None };
        };
        let generation = Some(snapshot.generation());
        let operation = match Operation::parse(&question.query, question.operation_name.as_deref())
        {
            Ok(operation) => operation,
            Err(error) => {
                let outcome = Outcome::Refused(vec![error]);
                return Answer { outcome, operation_name: None, generation };
            }
        };
        let operation_name = operation.name().map(str::to_owned);
        let outcome = self.outcome(operation, question, snapshot).await;
        Answer { outcome, operation_name, generation }
    }

    async fn outcome(
        &self,
        operation: Operation,
        question: Question,
        snapshot: Arc<Snapshot>,
    ) -> Outcome {
        let is_query = operation.kind() == OperationType::Query;
        if question.allowed == Allowed::Queries && !is_query {
            return Outcome::NotAllowed(Failure::bad_request("only queries may be sent by GET"));
        }
        if let Err(error) = limit::check(&operation, &question.variables, &self.limits) {
            return Outcome::Refused(vec![error]);
        }
        let context = RequestContext::new(
            snapshot,
            self.clock.now(),
            self.limits.page_size_max,
            self.limits.records_max,
        );
        let mut request = Request::new(question.query).variables(question.variables).data(context);
        request.operation_name = operation.name().map(str::to_owned);
        request.set_parsed_query(operation.into_document());
        self.execute(request).await
    }

    /// Executes a request within its time. A panic in it is caught here; the panic hook logs it.
    async fn execute(&self, request: Request) -> Outcome {
        let time = Duration::from_millis(self.limits.request_ms_max);
        let execution = AssertUnwindSafe(self.schema.execute(request)).catch_unwind();
        match tokio::time::timeout(time, execution).await {
            Ok(Ok(response)) => sorted_out(response),
            Ok(Err(_panic)) => Outcome::Failed(Failure::internal()),
            Err(_elapsed) => {
                Outcome::Failed(Failure::limit("request_ms_max", self.limits.request_ms_max))
            }
        }
    }
}

/// Tells errors of the request from errors of its fields, and gives a code to those of the library,
/// which are all about a request that is wrong.
fn sorted_out(mut response: Response) -> Outcome {
    for error in &mut response.errors {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", Code::BadRequest.name());
        }
    }
    // The error of a field has a path, save for a failing non-null field of an interface; those of
    // ours fail only where their whole list fails, which has one.
    let nothing_executed = response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty());
    if nothing_executed { Outcome::Refused(response.errors) } else { Outcome::Executed(response) }
}
