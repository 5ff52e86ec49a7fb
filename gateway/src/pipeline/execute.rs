//! Runs a plan: asks subgraphs, side by side where the plan allows it, and gathers what they answer
//! into one value, with everything that went wrong and where.

mod merge;
mod place;
mod represent;
mod rewrite;
mod trouble;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use async_graphql::{PathSegment, Value, Variables, indexmap::IndexMap};
use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use tokio::time::Instant;

use self::{
    merge::merge,
    place::{at, places},
    represent::Representations,
};
pub(super) use self::{
    place::{Path, Segment},
    trouble::{PROBLEMS_MAX, Problem, Troubles, Why},
};
use super::{
    plan::{Entities, Fetch, Part, Plan, Rewrite, Step, Work},
    service::{Asking, Services},
};
use crate::{
    failure::Failure,
    subgraph::{CallError, Reply, Told},
};

/// What subgraphs answered, and what went wrong.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) data: Value,
    pub(super) troubles: Troubles,
}

/// One run of a plan.
pub(super) struct Execution<'a> {
    pub(super) services: &'a Services,
    pub(super) asking: Asking<'a>,
    /// Values of the client's variables.
    pub(super) variables: &'a Variables,
    /// When the whole must be done.
    pub(super) deadline: Instant,
    /// So many calls may be made.
    pub(super) calls_max: usize,
    calls: AtomicUsize,
    gathered: Mutex<Gathered>,
}

/// Which things of a list of entities go where in the answer.
struct Targets<'a> {
    entities: &'a Entities,
    /// Where, and the number of its representation.
    places: Vec<(Path, usize)>,
    count: usize,
}

impl<'a> Execution<'a> {
    pub(super) fn new(
        services: &'a Services,
        asking: Asking<'a>,
        variables: &'a Variables,
        deadline: Instant,
        calls_max: usize,
    ) -> Self {
        let data = Value::Object(IndexMap::new());
        let gathered = Mutex::new(Gathered { data, troubles: Troubles::default() });
        Self {
            services,
            asking,
            variables,
            deadline,
            calls_max,
            calls: AtomicUsize::new(0),
            gathered,
        }
    }

    /// Runs a plan to its end.
    pub(super) async fn run(self, plan: &Plan) -> Gathered {
        if let Some(step) = &plan.root {
            self.step(step).await;
        }
        self.gathered.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn step<'s>(&'s self, step: &'s Step) -> BoxFuture<'s, ()> {
        async move {
            match step {
                Step::Sequence(steps) => {
                    for step in steps {
                        self.step(step).await;
                    }
                }
                Step::Parallel(steps) => {
                    join_all(steps.iter().map(|step| self.step(step))).await;
                }
                Step::Condition { variable, then, otherwise } => {
                    let holds = self.variables.get(variable) == Some(&Value::Boolean(true));
                    if let Some(step) = if holds { then } else { otherwise } {
                        self.step(step).await;
                    }
                }
                Step::Fetch(fetch) => match &fetch.work {
                    Work::Fields { place, after, .. } => self.fields(fetch, place, after).await,
                    Work::Entities(lists) => self.entities(fetch, lists).await,
                },
            }
        }
        .boxed()
    }

    /// Asks for fields of the root.
    async fn fields(&self, fetch: &Fetch, place: &[Part], after: &[Rewrite]) {
        let Work::Fields { keys, .. } = &fetch.work else { return };
        let places = || places(&self.gathered().data, place);
        if places().is_empty() {
            return;
        }
        let answer = self.call(fetch, self.variables_of(fetch)).await;
        let places = places();
        let reply = match answer {
            Ok(reply) => reply,
            Err(problem) => return self.gathered().troubles.all_of(places, keys, problem),
        };
        let mut data = reply.data.clone();
        for rewrite in after {
            rewrite::apply(rewrite, &mut data);
        }
        let mut gathered = self.gathered();
        if data == Value::Null && reply.errors.is_empty() {
            let problem = Self::unusable(fetch, "`data` is null and nothing says why");
            return gathered.troubles.all_of(places, keys, problem);
        }
        for told in &reply.errors {
            let problem = self.told(fetch, told);
            if told.path.is_empty() {
                gathered.troubles.all_of(places.clone(), keys, problem);
                continue;
            }
            for place in &places {
                gathered.troubles.at(below(place, &told.path), problem.clone());
            }
        }
        if data == Value::Null {
            return gathered.troubles.unknown(places, keys);
        }
        for place in &places {
            if let Some(target) = at(&mut gathered.data, place) {
                merge(target, &data);
            }
        }
    }

    /// Asks for more of things that are there: each thing once, all lists in one question.
    async fn entities(&self, fetch: &Fetch, lists: &[Entities]) {
        let mut variables = self.variables_of(fetch);
        let mut targets = Vec::new();
        for entities in lists {
            let mut gathered = self.gathered();
            let mut found = Representations::default();
            for place in &entities.places {
                found.find(&gathered.data, place, entities);
            }
            let Representations { list, places, nameless, .. } = found;
            gathered.troubles.unasked(nameless, &entities.keys);
            targets.push(Targets { entities, places, count: list.len() });
            variables.insert(entities.variable.clone(), Value::List(list));
        }
        if targets.iter().all(|targets| targets.count == 0) {
            return;
        }
        let answer = self.call(fetch, variables).await;
        let mut gathered = self.gathered();
        match answer {
            Err(problem) => {
                for Targets { entities, places, .. } in targets {
                    let places = places.into_iter().map(|(place, _)| place).collect();
                    gathered.troubles.all_of(places, &entities.keys, problem.clone());
                }
            }
            Ok(reply) => {
                for targets in targets {
                    self.take(&mut gathered, fetch, &reply, targets);
                }
            }
        }
    }

    /// Puts one list of entities where it belongs.
    fn take(&self, gathered: &mut Gathered, fetch: &Fetch, reply: &Reply, targets: Targets<'_>) {
        let Targets { entities, places, count } = targets;
        if count == 0 {
            return;
        }
        let everywhere = || places.iter().map(|(place, _)| place.clone()).collect();
        let mut explained = false;
        for told in &reply.errors {
            let problem = self.told(fetch, told);
            match told.path.as_slice() {
                [PathSegment::Field(key), PathSegment::Index(index), rest @ ..]
                    if *key == entities.key =>
                {
                    for (place, _) in places.iter().filter(|(_, number)| number == index) {
                        if rest.is_empty() {
                            let place = vec![place.clone()];
                            gathered.troubles.all_of(place, &entities.keys, problem.clone());
                        } else {
                            gathered.troubles.at(below(place, rest), problem.clone());
                        }
                    }
                }
                [PathSegment::Field(key), ..] if *key != entities.key && is_other(fetch, key) => {
                    continue;
                }
                _ => gathered.troubles.all_of(everywhere(), &entities.keys, problem),
            }
            explained = true;
        }
        let list = match &reply.data {
            Value::Object(data) => data.get(entities.key.as_str()),
            _ => None,
        };
        let list = match list {
            Some(Value::List(list)) if list.len() == count => list,
            _ if explained => return gathered.troubles.unknown(everywhere(), &entities.keys),
            _ => {
                let problem = Self::unusable(fetch, "it has no list of the things asked for");
                return gathered.troubles.all_of(everywhere(), &entities.keys, problem);
            }
        };
        let mut unknown = Vec::new();
        for (place, number) in &places {
            let Some(Value::Object(_)) = list.get(*number) else {
                unknown.push(place.clone());
                continue;
            };
            let mut entity = list[*number].clone();
            for rewrite in &entities.after {
                rewrite::apply(rewrite, &mut entity);
            }
            if let Some(target) = at(&mut gathered.data, place) {
                merge(target, &entity);
            }
        }
        gathered.troubles.unknown(unknown, &entities.keys);
    }

    async fn call(&self, fetch: &Fetch, variables: Variables) -> Result<Arc<Reply>, Problem> {
        let service = Some(Arc::clone(&fetch.subgraph));
        if self.calls.fetch_add(1, Ordering::Relaxed) >= self.calls_max {
            let failure = Failure::limit("subgraph_calls_max", self.calls_max as u64);
            return Err(Problem { failure, service });
        }
        let answer = self.services.ask(fetch, &variables, &self.asking, self.deadline).await;
        answer.map_err(|error| Problem { failure: failure(&fetch.subgraph, &error), service })
    }

    fn variables_of(&self, fetch: &Fetch) -> Variables {
        let mut chosen = Variables::default();
        for name in &fetch.variables {
            if let Some(value) = self.variables.get(name) {
                chosen.insert(name.clone(), value.clone());
            }
        }
        chosen
    }

    /// An answer that cannot be used.
    fn unusable(fetch: &Fetch, why: &str) -> Problem {
        let error = CallError::NotGraphql(why.to_owned());
        tracing::warn!(subgraph = %fetch.subgraph, cause = %error, "a subgraph failed");
        let failure = failure(&fetch.subgraph, &error);
        Problem { failure, service: Some(Arc::clone(&fetch.subgraph)) }
    }

    /// An error that a subgraph told, as clients may see it.
    fn told(&self, fetch: &Fetch, told: &Told) -> Problem {
        let Told { message, code, ours, .. } = told;
        if let Some(failure) = ours {
            return Problem { failure: failure.clone(), service: None };
        }
        tracing::info!(subgraph = %fetch.subgraph, ?message, ?code, "a subgraph told an error");
        let shown = if self.services.shows_messages() && !message.is_empty() {
            message.clone()
        } else {
            format!("the subgraph `{}` could not answer this", fetch.subgraph)
        };
        let failure = Failure::subgraph_error(shown);
        Problem { failure, service: Some(Arc::clone(&fetch.subgraph)) }
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an error belongs to another list of the same question.
fn is_other(fetch: &Fetch, key: &str) -> bool {
    matches!(&fetch.work, Work::Entities(lists) if lists.iter().any(|list| list.key == key))
}

/// A place below another, by the path that a subgraph tells.
fn below(place: &Path, path: &[PathSegment]) -> Path {
    let segment = |segment: &PathSegment| match segment {
        PathSegment::Field(key) => Segment::Key(key.as_str().into()),
        PathSegment::Index(index) => Segment::Index(*index),
    };
    place.iter().cloned().chain(path.iter().map(segment)).collect()
}

/// What a client is told about a subgraph that gave no answer; the log has the cause.
fn failure(subgraph: &str, error: &CallError) -> Failure {
    match error {
        CallError::TooSlow(_) => {
            Failure::subgraph_unavailable(format!("the subgraph `{subgraph}` took too long"))
        }
        CallError::NotGraphql(_) | CallError::TooLong(_) => Failure::subgraph_bad_answer(format!(
            "the subgraph `{subgraph}` gave an answer that cannot be used"
        )),
        CallError::Status(status) if *status < 500 => Failure::subgraph_bad_answer(format!(
            "the subgraph `{subgraph}` gave an answer that cannot be used"
        )),
        _ => Failure::subgraph_unavailable(format!("the subgraph `{subgraph}` is not available")),
    }
}
