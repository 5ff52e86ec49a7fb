//! One GraphQL request, from text to answer: parse ► limit ► execute, with what was answered before
//! in front of it. Over a supergraph: parse ► limit ► validate ► normalise ► plan ► execute ► project.
//!
//! This module must not know HTTP. All limits of a request are kept here or by what is read for it
//! ([`crate::graphql`]); the schema itself has none.

mod answers;
mod breaking;
mod coerce;
mod cost;
mod document;
mod execute;
mod federated;
mod guard;
mod limit;
mod local;
mod normalise;
mod operation;
mod outcome;
pub(crate) mod plan;
#[cfg(test)]
mod probe;
mod project;
mod service;
mod token;
mod validate;
mod variables;

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_graphql::{Request, ServerError, Variables, parser::types::OperationType};
use futures_util::FutureExt;
use indexer::catalog::{Catalog, Snapshot};
use jiff::Timestamp;
use serde::Serialize;
use tokio::{sync::Semaphore, time::Instant};
use tracing::Instrument;

pub(crate) use self::breaking::Breaking;
pub use self::{
    answers::Validator,
    document::{Asked, DocumentError, DocumentId},
    outcome::{Answer, Origin, Outcome, Told},
};
use self::{
    answers::{Answers, Kept},
    breaking::Known,
    document::Documents,
    federated::{Federated, no_subscriptions},
    guard::Sight,
    local::Local,
    normalise::Planning,
    operation::Operation,
    outcome::sorted_out,
    service::Asking,
    validate::Rules,
};
use crate::{
    authentication::Caller,
    config::{self, Config, Limits},
    failure::Failure,
    graphql::{self, RequestContext, Schema},
    subgraph::{Client, Headers, Health, Partners},
    supergraph::{Supergraph, Supergraphs},
};

/// What a client is told as long as there is no generation.
pub const NO_GENERATION: &str =
    "there is no knowledge base yet; the operator can build one with `wegwijzer index`";

/// A request as a client sent it.
#[derive(Debug, Default)]
pub struct Question {
    /// The document.
    pub asked: Asked,
    /// Which of its operations, where it has several.
    pub operation_name: Option<String>,
    /// Values of its variables.
    pub variables: Variables,
    /// What may be asked.
    pub allowed: Allowed,
    /// Who asks.
    pub caller: Caller,
    /// Whether the answer may be shared with others who ask the same.
    pub sharing: Sharing,
    /// Validators of answers that the client has already.
    pub known: Vec<String>,
    /// Its headers that subgraphs get, too.
    pub headers: Headers,
}

impl Question {
    /// Whether the client has the answer with this validator; `*` stands for any that there is.
    fn knows(&self, validator: Validator) -> bool {
        !self.known.is_empty() && {
            let validator = validator.to_string();
            self.known.iter().any(|known| *known == validator || known == "*")
        }
    }
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

/// Whether an answer may be shared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sharing {
    /// With everybody who asks the same.
    #[default]
    Public,
    /// With nobody: the request carries credentials.
    Private,
}

/// Answers GraphQL requests from the current generation, and over a supergraph where there is one.
pub struct Pipeline {
    catalog: Option<Arc<Catalog>>,
    federated: Supergraphs<Federated>,
    /// Whether no newer supergraph was found that could not be taken.
    serves_newest: AtomicBool,
    /// Connections to subgraphs.
    client: Client,
    planning: Planning,
    schema: Schema,
    config: Arc<Config>,
    documents: Documents,
    answers: Answers,
    /// Turns at executing.
    turns: Semaphore,
}

impl Pipeline {
    /// A pipeline that reads `catalog`, where there is one.
    ///
    /// # Errors
    /// [`DocumentError`] where the trusted documents cannot be read.
    pub fn new(catalog: Option<Arc<Catalog>>, config: Arc<Config>) -> Result<Self, DocumentError> {
        let planning = Planning {
            rules: Arc::new(Rules::new()),
            time: Duration::from_millis(config.limits.plan_ms_max),
            errors_max: config.limits.errors_max,
        };
        Ok(Self {
            catalog,
            federated: Supergraphs::new(),
            serves_newest: AtomicBool::new(true),
            client: Client::new(),
            planning,
            schema: graphql::schema(&config.graphql),
            documents: Documents::new(&config.graphql, &config.limits)?,
            answers: Answers::new(&config),
            turns: Semaphore::new(config.limits.requests_at_once_max),
            config,
        })
    }

    /// The current generation, where there is one.
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.catalog.as_ref()?.current()
    }

    /// What is read from, where there is a knowledge base.
    pub fn catalog(&self) -> Option<&Catalog> {
        self.catalog.as_deref()
    }

    /// Serves a supergraph from now on. Requests that run already end with the one before. What is
    /// asked these days and what is trusted is planned first.
    ///
    /// # Errors
    /// [`Breaking`] where some of that could not be answered any more, and the one before is to stay.
    pub(crate) async fn take(&self, supergraph: Supergraph) -> Result<(), Breaking> {
        let before = self.federated.current();
        let trusted: Vec<_> = self.documents.trusted().filter_map(Known::only).collect();
        let (planning, held) = (self.planning.clone(), before.clone());
        let checking = move || {
            let asked = held.as_ref().map(|before| before.known()).unwrap_or_default();
            let could = |known: &Known| held.as_ref().is_none_or(|before| before.can_plan(known));
            let known = trusted.into_iter().filter(could).chain(asked);
            let checked = breaking::check(&supergraph, known, &planning);
            (supergraph, checked)
        };
        // A panic of the planner ends within it; what else ends it is the end of the program.
        let Ok((supergraph, checked)) = tokio::task::spawn_blocking(checking).await else {
            tracing::warn!("whether a newer supergraph could be taken was not found out");
            self.not_taken();
            return Ok(());
        };
        if let Err(breaking) = checked {
            if before.is_some() && self.config.federation.breaking == config::Breaking::Refused {
                self.not_taken();
                return Err(breaking);
            }
            tracing::warn!(cause = %breaking, "a newer supergraph is taken");
        }
        let (config, client, planning) = (&self.config, &self.client, self.planning.clone());
        let newer = Federated::new(supergraph, config, client, planning, before.as_deref());
        self.federated.swap(newer);
        self.serves_newest.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// A newer supergraph was found that cannot be taken.
    pub(crate) fn not_taken(&self) {
        self.serves_newest.store(false, Ordering::Relaxed);
    }

    /// How it goes with those whose graphs are joined to ours.
    fn partners(&self, federated: Option<&Federated>) -> Partners {
        let joined = federated.map(|federated| Arc::clone(federated.remotes()));
        Partners::new(joined.unwrap_or_default(), self.serves_newest.load(Ordering::Relaxed))
    }

    /// Whether requests can be answered: from a generation, or without a knowledge base.
    pub fn is_ready(&self) -> bool {
        match &self.catalog {
            Some(catalog) => catalog.current().is_some(),
            None => self.federated.current().is_some(),
        }
    }

    /// How it goes with the subgraphs that are called over HTTP, by name; and how many plans are kept.
    pub(crate) fn subgraphs(&self) -> (Vec<(String, Health)>, usize) {
        let Some(federated) = self.federated.current() else { return (Vec::new(), 0) };
        let health = federated.remotes().iter();
        let health = health.map(|remote| (remote.name().to_string(), remote.health()));
        (health.collect(), federated.plans())
    }

    /// The limits that are kept.
    pub fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// Bytes of answers, and of documents, that are kept in memory.
    pub fn cached_bytes(&self) -> (u64, u64) {
        (self.answers.bytes(), self.documents.bytes())
    }

    /// Answers a request. Whatever goes wrong with it stays with it.
    pub async fn answer(&self, question: Question) -> Answer {
        let mut told = Told::default();
        let from = From { snapshot: self.snapshot(), federated: self.federated.current() };
        let outcome = if from.snapshot.is_none() && from.federated.is_none() {
            Outcome::Failed(Failure::unavailable(NO_GENERATION))
        } else {
            told.generation = from.snapshot.as_ref().map(|snapshot| snapshot.generation());
            self.outcome(question, from, &mut told).await
        };
        if !matches!(outcome, Outcome::Whole(_) | Outcome::NotModified) {
            told.validator = None;
        }
        Answer { outcome, told }
    }

    async fn outcome(&self, question: Question, from: From, told: &mut Told) -> Outcome {
        let text = match self.documents.text(&question.asked) {
            Ok(text) => text,
            Err(failure) => return Outcome::refused(failure.at(None)),
        };
        let now = self.config.clock.now();
        let validator = (question.sharing == Sharing::Public)
            .then(|| self.validator(&from, now, &text, &question))
            .flatten();
        if let Some(kept) = validator.and_then(|validator| self.answers.get(validator)) {
            told.kind = Some(OperationType::Query);
            told.operation_name = kept.operation_name;
            told.origin = Origin::Kept;
            told.validator = validator;
            let known = validator.is_some_and(|validator| question.knows(validator));
            return if known { Outcome::NotModified } else { kept.outcome };
        }

        let name = question.operation_name.as_deref();
        let operation = match self.documents.operation(&text, name).await {
            Ok(operation) => operation,
            Err(error) => return Outcome::refused(error),
        };
        told.kind = Some(operation.kind());
        told.operation_name = operation.name().map(str::to_owned);
        told.document = Some(blake3::hash(text.as_bytes()).to_hex()[..12].to_owned());
        if question.allowed == Allowed::Queries && operation.kind() != OperationType::Query {
            return Outcome::NotAllowed(Failure::bad_request("only queries may be sent by GET"));
        }
        if let Err(error) = self.check(&operation, &question.variables) {
            return Outcome::refused(error);
        }
        let known = validator.is_some_and(|validator| question.knows(validator));
        let asked = Executable { operation, variables: question.variables, now };
        let From { snapshot, federated } = from;
        if let Some(federated) = federated {
            let from = (&question.caller, &question.headers);
            let joined = self.joined(&federated, &text, &asked, snapshot.as_ref(), from).await;
            if let Some(outcome) = joined {
                return outcome;
            }
        }
        let Some(snapshot) = snapshot else {
            return Outcome::Failed(Failure::unavailable(NO_GENERATION));
        };
        match validator.filter(|_| answers::is_from_generation(&asked.operation)) {
            None => self.execute(asked, snapshot, self.deadline()).await,
            Some(validator) => {
                told.validator = Some(validator);
                if known {
                    return Outcome::NotModified;
                }
                self.shared(asked, snapshot, validator, told).await
            }
        }
    }

    /// Answers over a supergraph; nothing where the question is for our own graph alone.
    async fn joined(
        &self,
        federated: &Federated,
        text: &Arc<str>,
        asked: &Executable,
        snapshot: Option<&Arc<Snapshot>>,
        (caller, headers): (&Caller, &Headers),
    ) -> Option<Outcome> {
        let deadline = self.deadline();
        let Executable { operation, variables, now } = asked;
        if operation.kind() == OperationType::Subscription {
            return Some(Outcome::refused(no_subscriptions()));
        }
        let access = &federated.access(caller);
        let plan = match federated.plan(text, operation, variables, access).await {
            Ok(plan) => plan,
            Err(outcome) => return Some(outcome),
        };
        if federated.is_ours(&plan, operation) {
            return None;
        }
        let Ok(_turn) = self.turns.try_acquire() else {
            return Some(Outcome::Failed(Failure::busy()));
        };
        let context = snapshot.map(|snapshot| {
            let (config, partners) = (Arc::clone(&self.config), self.partners(Some(federated)));
            RequestContext::new(Arc::clone(snapshot), *now, config, partners)
        });
        let local = context.clone().map(|context| Local { schema: &self.schema, context });
        let sight = Sight { caller, access };
        let asking = Asking { headers, sight, local: local.as_ref() };
        let limits = &self.config.limits;
        let executed = federated.execute(&plan, operation, variables, asking, deadline, limits);
        let executed = async {
            match &context {
                Some(context) => context.run(executed).await,
                None => executed.await,
            }
        };
        let executed = executed.instrument(tracing::info_span!("execute"));
        let executed = AssertUnwindSafe(executed).catch_unwind().await;
        Some(executed.unwrap_or_else(|_panic| Outcome::Failed(Failure::internal())))
    }

    fn check(&self, operation: &Operation, variables: &Variables) -> Result<(), ServerError> {
        variables::check(&operation.definition().node.variable_definitions, variables)?;
        limit::check(operation, variables, &self.config.limits)?;
        if !self.config.graphql.introspection
            && operation.root_fields().iter().any(|name| name == "__schema" || name == "_service")
        {
            return Err(Failure::bad_request("introspection is switched off here").at(None));
        }
        Ok(())
    }

    /// Names the answer to a question of another door, made wholly from `snapshot` for `now`.
    pub(crate) fn validator_of(
        &self,
        snapshot: &Snapshot,
        now: Timestamp,
        question: &impl Serialize,
    ) -> Validator {
        self.answers.validator(snapshot, snapshot.time_step(now), question)
    }

    fn validator(
        &self,
        from: &From,
        now: Timestamp,
        document: &str,
        question: &Question,
    ) -> Option<Validator> {
        let snapshot = from.snapshot.as_ref()?;
        let operation_name = question.operation_name.as_deref();
        let supergraph = from.federated.as_ref().map(|federated| federated.digest());
        let asked = answers::Asked {
            document,
            operation_name,
            variables: &question.variables,
            supergraph: supergraph.as_ref().map(blake3::Hash::as_bytes),
        };
        Some(self.answers.validator(snapshot, snapshot.time_step(now), &asked))
    }

    /// Makes an answer once for all who ask for it now and later.
    async fn shared(
        &self,
        asked: Executable,
        snapshot: Arc<Snapshot>,
        validator: Validator,
        told: &mut Told,
    ) -> Outcome {
        let deadline = self.deadline();
        let joined = tokio::time::timeout_at(deadline, self.answers.join(validator)).await;
        match joined {
            Err(_elapsed) => self.too_slow(),
            Ok(Ok(kept)) => {
                told.origin = Origin::Shared;
                kept.outcome
            }
            Ok(Err(turn)) => {
                let outcome = self.execute(asked, snapshot, deadline).await;
                // What failed for want of time or room may go well for the next who waits.
                if matches!(outcome, Outcome::Whole(_) | Outcome::Partial { .. }) {
                    let operation_name = told.operation_name.clone();
                    let kept = Kept { outcome: outcome.clone(), operation_name };
                    self.answers.give(turn, validator, kept);
                }
                outcome
            }
        }
    }

    /// Executes a request within its time. A panic in it is caught here; the panic hook logs it.
    async fn execute(
        &self,
        asked: Executable,
        snapshot: Arc<Snapshot>,
        deadline: Instant,
    ) -> Outcome {
        let Ok(_turn) = self.turns.try_acquire() else {
            return Outcome::Failed(Failure::busy());
        };
        let Executable { operation, variables, now } = asked;
        let partners = self.partners(self.federated.current().as_deref());
        let context = RequestContext::new(snapshot, now, Arc::clone(&self.config), partners);
        let document = operation.document().clone();
        let document = variables::without_omitted(document, &operation, &variables);
        let variables = variables::with_defaults(variables, &operation);
        let mut request =
            Request::new(String::new()).variables(variables).data(Arc::clone(&context));
        request.operation_name = operation.name().map(str::to_owned);
        request.set_parsed_query(document);
        let span = tracing::info_span!("execute");
        let execution = context.run(self.schema.execute(request)).instrument(span);
        let execution = AssertUnwindSafe(execution).catch_unwind();
        match tokio::time::timeout_at(deadline, execution).await {
            Ok(Ok(response)) => sorted_out(response, self.config.limits.errors_max),
            Ok(Err(_panic)) => Outcome::Failed(Failure::internal()),
            Err(_elapsed) => self.too_slow(),
        }
    }

    /// When a request that begins now must be answered.
    fn deadline(&self) -> Instant {
        Instant::now() + Duration::from_millis(self.config.limits.request_ms_max)
    }

    fn too_slow(&self) -> Outcome {
        Outcome::Failed(Failure::limit("request_ms_max", self.config.limits.request_ms_max))
    }
}

/// What one request is answered from, whatever changes meanwhile.
struct From {
    snapshot: Option<Arc<Snapshot>>,
    federated: Option<Arc<Federated>>,
}

/// A request that was read and is within its limits.
struct Executable {
    operation: Arc<Operation>,
    variables: Variables,
    /// The instant for which it is answered.
    now: Timestamp,
}
