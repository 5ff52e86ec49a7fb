use std::{
    fmt::Debug,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_graphql_value::{ConstValue, Name, Variables};
use serde_json::{Value, json};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use super::{
    entities::EntityLists,
    lookups::{EntityField, Lookup, LookupRequest, RepresentationLists},
};
use crate::{
    error::PathSegment,
    mapping::{EntityMapping, KeySource, LookupQuery, ServiceMapping},
    operation::Operation,
    subgraph::{SubgraphError, SubgraphResponse},
};

const BY_LIST: &str = "query($keys: [ID!]!) { titles(isbns: $keys) }";
const PLAN: &str =
    "query($r: [_Any!]!) { _entities(representations: $r) { ... on Book { stock } } }";

/// A mapping of titles to books by their `id`.
fn mapping(lookup: &str) -> ServiceMapping {
    let entity = EntityMapping {
        service_type: "Title".to_owned(),
        extends: "Book".to_owned(),
        fields: [("stock".to_owned(), "stock".to_owned())].into(),
        key: "isbn".to_owned(),
        key_from: KeySource::new("id", [].into(), None).unwrap(),
        lookup: LookupQuery::parse(lookup).unwrap(),
    };
    ServiceMapping {
        entities: vec![entity],
        types: Vec::new(),
        queries: [].into(),
        mutations: [].into(),
        lookup_keys_max: 1_000,
    }
}

/// What `read` makes of the lookups of books with some ids, for a plan.
fn with_lookups<R>(
    plan: &str,
    lookup: &str,
    ids: &[Value],
    read: impl FnOnce(&Operation, &[LookupRequest<'_>], EntityLists<'_>) -> R,
) -> R {
    let mapping = mapping(lookup);
    let operation = Operation::parse(plan, None).unwrap();
    let books: Vec<_> = ids.iter().map(|id| json!({ "__typename": "Book", "id": id })).collect();
    let lists = [(Name::new("r"), json!(books).to_string().into())];
    let lists = RepresentationLists::parse(&lists).unwrap();
    let fields = EntityField::all_of(&operation.definition().node, &lists);
    let lookups = Lookup::all_of(&fields, &mapping);
    let requests = LookupRequest::split(&lookups, mapping.lookup_keys_max);
    read(&operation, &requests, EntityLists::new(&fields, &mapping))
}

/// The number of the entity at which an error is.
fn index(error: &SubgraphError) -> Option<usize> {
    match error.path[..] {
        [_, PathSegment::Index(index), ..] => Some(index),
        _ => None,
    }
}

fn error(message: &str, path: Vec<PathSegment>) -> SubgraphError {
    SubgraphError { message: message.to_owned(), path, code: None, local_error: None }
}

#[test]
fn errors_without_a_path_must_be_reported_once_for_each_key() {
    let ids: Vec<_> = (0..1_000).map(|id| json!(id.to_string())).collect();
    let errors: Vec<_> = (0..1_000).map(|one| error(&one.to_string(), Vec::new())).collect();
    for data in ["null", "{\"lookup0\": null}", "{\"lookup0\": []}", "{}"] {
        let response = SubgraphResponse { data: data.into(), errors: errors.clone() };
        let errors = with_lookups(PLAN, BY_LIST, &ids, |_, requests, mut lists| {
            lists.add(&requests[0], &response, "library");
            lists.into_response().errors
        });
        let indices: Vec<_> = errors.iter().map(index).collect();
        assert_eq!(indices, (0..1_000).map(Some).collect::<Vec<_>>(), "{data}");
        assert!(errors.iter().all(|error| error.message == "0"), "{data}");
    }
}

#[test]
fn errors_of_many_entities_must_be_limited() {
    // All books have one key, so each error concerns all of them.
    let ids = vec![json!("1"); 1_000];
    let path = || vec![PathSegment::Field("lookup0".to_owned()), PathSegment::Index(0)];
    let errors: Vec<_> = (0..1_000).map(|one| error(&one.to_string(), path())).collect();
    let data = "{\"lookup0\": [{\"key\": \"1\", \"stock\": null}]}";
    let response = SubgraphResponse { data: data.into(), errors };
    let errors = with_lookups(PLAN, BY_LIST, &ids, |_, requests, mut lists| {
        lists.add(&requests[0], &response, "library");
        lists.into_response().errors
    });
    assert_eq!(errors.len(), 1_000);
    assert_eq!(index(&errors[999]), Some(999));
}

#[test]
fn a_key_that_is_no_int_must_not_be_looked_up() {
    let lookup = "query($keys: [Int!]!) { numbers(numbers: $keys) }";
    let ids = [
        json!(7),
        json!("2147483647"),
        json!("2147483648"),
        json!(-2_147_483_649_i64),
        json!(i64::MIN),
        json!("many"),
        json!(1.5),
        json!("-2147483648"),
    ];
    let keys = with_lookups(PLAN, lookup, &ids, |operation, requests, _| {
        let client = Variables::default();
        let (_, variables) =
            requests[0].write(&operation.definition().node, &client, &mapping(lookup));
        variables[&Name::new("of_lookup0")].clone()
    });
    let expected = [7, 2_147_483_647, -2_147_483_648].map(ConstValue::from);
    assert_eq!(keys, ConstValue::List(expected.into()));
}

#[test]
fn variables_of_a_client_must_keep_their_names() {
    // The client gives no value for its variable, which has a default.
    let plan = "query($r: [_Any!]!, $of_lookup0: Boolean = true) { _entities(representations: $r) {
        ... on Book { stock @include(if: $of_lookup0) } } }";
    let document = with_lookups(plan, BY_LIST, &[json!("1")], |operation, requests, _| {
        let client = Variables::default();
        requests[0].write(&operation.definition().node, &client, &mapping(BY_LIST)).0
    });
    assert!(document.starts_with("query($of__lookup0: [ID!]! $of_lookup0: Boolean"), "{document}");
    assert!(document.contains("titles(isbns: $of__lookup0)"), "{document}");
    assert!(document.contains("@include(if: $of_lookup0)"), "{document}");
}

/// Counts warnings, and adds up their field `keys`.
#[derive(Default)]
struct Warnings {
    count: AtomicU64,
    keys: AtomicU64,
}

/// Warnings of one thread.
struct WarningLog(Arc<Warnings>);

impl Subscriber for WarningLog {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _span: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _span: &span::Id, _values: &span::Record<'_>) {}

    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        self.0.count.fetch_add(1, Ordering::Relaxed);
        event.record(&mut KeyCount(&self.0));
    }

    fn enter(&self, _span: &span::Id) {}

    fn exit(&self, _span: &span::Id) {}
}

struct KeyCount<'a>(&'a Warnings);

impl Visit for KeyCount<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "keys" {
            self.0.keys.fetch_add(value, Ordering::Relaxed);
        }
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn Debug) {}
}

#[test]
fn a_list_with_fewer_objects_than_keys_must_be_logged_once() {
    let ids: Vec<_> = (0..200).map(|id| json!(id.to_string())).collect();
    let objects = |count: usize| {
        let objects: Vec<_> =
            ids.iter().take(count).map(|id| json!({ "key": id, "stock": 1 })).collect();
        json!({ "lookup0": objects }).to_string()
    };
    for (data, errors, expected) in [
        (objects(200), vec![], (0, 0)),
        (objects(100), vec![], (1, 100)),
        (objects(0), vec![], (1, 200)),
        // An error explains why there are fewer.
        (objects(100), vec![error("no", Vec::new())], (0, 0)),
    ] {
        let response = SubgraphResponse { data: data.into(), errors };
        let warnings = Arc::new(Warnings::default());
        with_lookups(PLAN, BY_LIST, &ids, |_, requests, mut lists| {
            tracing::subscriber::with_default(WarningLog(Arc::clone(&warnings)), || {
                lists.add(&requests[0], &response, "library");
            });
        });
        let counts =
            (warnings.count.load(Ordering::Relaxed), warnings.keys.load(Ordering::Relaxed));
        assert_eq!(counts, expected);
    }
}
