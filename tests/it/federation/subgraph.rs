//! A subgraph that resolves operations from a JSON value, over HTTP.
//!
//! - `Query` and `Mutation` contain the fields of the root types, `entities` the entities by type,
//!   `is` the interfaces and unions of each type.
//! - A field with arguments is looked up as `name(argument: value)` first.
//! - `{"$text": "{weight} kg"}` is a template with fields of the representation.
//! - `{"$error": "message"}` fails. `{"$push": "log"}` appends its field to a log, `{"$log": true}`
//!   returns the log.
//! - A representation matches the entity whose `$key` fields are equal; without `$key`, the entity
//!   whose fields are all equal.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use async_graphql_parser::{
    parse_query,
    types::{ExecutableDocument, Field, OperationType, Selection, SelectionSet},
};
use serde_json::{Map, Value, json};

/// A server in the test process that records its requests.
#[derive(Clone)]
pub(crate) struct Subgraph {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<RecordedRequest>>>,
}

/// A recorded request.
#[derive(Debug, Clone)]
pub(crate) struct RecordedRequest {
    /// Request line and headers, in lower case.
    pub(crate) head: String,
    /// The body as it was sent.
    pub(crate) text: String,
    pub(crate) body: Value,
}

/// Writes the response to the n-th request (from 0).
type Responder = dyn Fn(usize, &RecordedRequest, &mut TcpStream) + Send + Sync;

impl Subgraph {
    /// A subgraph that resolves operations from data.
    pub(crate) fn with_data(data: Value) -> Self {
        let log = Mutex::new(Vec::new());
        Self::with_responder(move |_, request, stream| {
            let body = execute(&data, &request.body, &log).to_string();
            respond(stream, "200 OK", "application/json", &body);
        })
    }

    /// A subgraph with a custom responder.
    pub(crate) fn with_responder(
        responder: impl Fn(usize, &RecordedRequest, &mut TcpStream) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (recorded, responder): (_, Arc<Responder>) =
            (Arc::clone(&requests), Arc::new(responder));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (recorded, responder) = (Arc::clone(&recorded), Arc::clone(&responder));
                thread::spawn(move || {
                    let mut stream = stream;
                    let Some(request) = read(&mut stream) else { return };
                    let number = {
                        let mut recorded = recorded.lock().unwrap();
                        recorded.push(request.clone());
                        recorded.len() - 1
                    };
                    responder(number, &request, &mut stream);
                });
            }
        });
        Self { address, requests }
    }

    /// All recorded requests.
    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.lock().unwrap().clone()
    }

    /// Removes and returns the recorded requests.
    pub(crate) fn take_requests(&self) -> Vec<RecordedRequest> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

/// Writes a complete response.
pub(crate) fn respond(stream: &mut TcpStream, status: &str, media: &str, body: &str) {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {media}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}

fn read(stream: &mut TcpStream) -> Option<RecordedRequest> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                let text = String::from_utf8_lossy(&bytes[end + 4..]).into_owned();
                let body = serde_json::from_str(&text).unwrap_or_default();
                return Some(RecordedRequest { head, text, body });
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Execution of one operation.
struct Execution<'a> {
    data: &'a Value,
    document: ExecutableDocument,
    variables: Value,
    errors: Vec<Value>,
    log: &'a Mutex<Vec<String>>,
}

fn execute(data: &Value, body: &Value, log: &Mutex<Vec<String>>) -> Value {
    let query = body["query"].as_str().unwrap_or_default();
    let document = parse_query(query).unwrap_or_else(|error| panic!("{error}: {query}"));
    let variables = body["variables"].clone();
    let mut execution = Execution { data, document, variables, errors: Vec::new(), log };
    let (_, operation) = execution.document.operations.iter().next().unwrap();
    let operation = operation.node.clone();
    let root = match operation.ty {
        OperationType::Mutation => "Mutation",
        _ => "Query",
    };
    let mut fields = data[root].clone();
    if fields.is_null() {
        fields = json!({});
    }
    let set = &operation.selection_set.node;
    let data = execution.object(&fields, root, set, &Value::Null, &mut Vec::new());
    if execution.errors.is_empty() {
        json!({ "data": data })
    } else {
        json!({ "data": data, "errors": execution.errors })
    }
}

impl Execution<'_> {
    fn object(
        &mut self,
        of: &Value,
        type_name: &str,
        set: &SelectionSet,
        representation: &Value,
        path: &mut Vec<Value>,
    ) -> Value {
        let mut object = Map::new();
        self.collect(of, type_name, set, representation, path, &mut object);
        Value::Object(object)
    }

    fn collect(
        &mut self,
        of: &Value,
        type_name: &str,
        set: &SelectionSet,
        representation: &Value,
        path: &mut Vec<Value>,
        object: &mut Map<String, Value>,
    ) {
        for item in &set.items {
            if self.is_skipped(item) {
                continue;
            }
            match &item.node {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.to_string();
                    path.push(key.as_str().into());
                    let value = self.field(of, type_name, &field.node, representation, path);
                    path.pop();
                    match object.get_mut(&key) {
                        Some(existing) => merge(existing, value),
                        None => {
                            object.insert(key, value);
                        }
                    }
                }
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref().map(|on| on.node.on.node.as_str());
                    if on.is_none_or(|on| self.is(type_name, on)) {
                        let set = &inline.node.selection_set.node;
                        self.collect(of, type_name, set, representation, path, object);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = &spread.node.fragment_name.node;
                    let fragment = self.document.fragments[fragment].node.clone();
                    if self.is(type_name, fragment.type_condition.node.on.node.as_str()) {
                        let set = &fragment.selection_set.node;
                        self.collect(of, type_name, set, representation, path, object);
                    }
                }
            }
        }
    }

    fn is_skipped(&self, item: &async_graphql_parser::Positioned<Selection>) -> bool {
        item.node.directives().iter().any(|directive| {
            let value = directive.node.get_argument("if").unwrap();
            let condition = self.substitute_variables(&value.node.to_string()) == "true";
            match directive.node.name.node.as_str() {
                "skip" => condition,
                "include" => !condition,
                _ => false,
            }
        })
    }

    fn is(&self, type_name: &str, wanted: &str) -> bool {
        let interfaces = self.data["is"][type_name].as_array();
        type_name == wanted
            || interfaces.is_some_and(|all| all.iter().any(|one| one.as_str() == Some(wanted)))
    }

    fn field(
        &mut self,
        of: &Value,
        type_name: &str,
        field: &Field,
        representation: &Value,
        path: &mut Vec<Value>,
    ) -> Value {
        let name = field.name.node.as_str();
        let set = &field.selection_set.node;
        if name == "__typename" {
            return type_name.into();
        }
        if name == "_entities" {
            let representations = field.get_argument("representations").unwrap();
            let variable = representations.node.to_string();
            let list = self.variables[variable.trim_start_matches('$')].clone();
            let list = list.as_array().cloned().unwrap_or_default();
            let entities = list.iter().enumerate().map(|(index, representation)| {
                path.push(index.into());
                let entity = self.entity(representation, set, path);
                path.pop();
                entity
            });
            return entities.collect();
        }
        let mut with_arguments = name.to_owned();
        if !field.arguments.is_empty() {
            let arguments = field.arguments.iter();
            let arguments = arguments.map(|(name, value)| {
                format!("{}: {}", name.node, self.substitute_variables(&value.node.to_string()))
            });
            with_arguments = format!("{name}({})", arguments.collect::<Vec<_>>().join(", "));
        }
        let value = of.get(&with_arguments).or_else(|| of.get(name)).cloned().unwrap_or_default();
        self.value(&value, set, representation, path)
    }

    /// Replaces variables in a text with their values.
    fn substitute_variables(&self, text: &str) -> String {
        let Some(variables) = self.variables.as_object() else { return text.to_owned() };
        variables.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("${name}"), &value.to_string())
        })
    }

    fn value(
        &mut self,
        value: &Value,
        set: &SelectionSet,
        representation: &Value,
        path: &mut Vec<Value>,
    ) -> Value {
        match value {
            Value::Array(items) => {
                let items = items.iter().enumerate().map(|(index, item)| {
                    path.push(index.into());
                    let value = self.value(item, set, representation, path);
                    path.pop();
                    value
                });
                items.collect()
            }
            Value::Object(special) if special.contains_key("$text") => {
                fill_template(special["$text"].as_str().unwrap(), representation).into()
            }
            Value::Object(special) if special.contains_key("$error") => {
                self.errors.push(json!({ "message": special["$error"], "path": path }));
                Value::Null
            }
            Value::Object(special) if special.contains_key("$push") => {
                self.log.lock().unwrap().push(special["$push"].as_str().unwrap().to_owned());
                self.value(&special["then"], set, representation, path)
            }
            Value::Object(special) if special.contains_key("$log") => {
                self.log.lock().unwrap().join(" ").into()
            }
            Value::Object(of) => {
                let type_name = of.get("__typename").and_then(Value::as_str).unwrap_or("?");
                let type_name = type_name.to_owned();
                self.object(value, &type_name, set, representation, path)
            }
            leaf => leaf.clone(),
        }
    }

    fn entity(
        &mut self,
        representation: &Value,
        set: &SelectionSet,
        path: &mut Vec<Value>,
    ) -> Value {
        let type_name = representation["__typename"].as_str().unwrap_or_default();
        let entities = self.data["entities"].as_array().cloned().unwrap_or_default();
        let found = entities.into_iter().find(|entity| {
            let own = entity["__typename"].as_str().unwrap_or_default();
            (self.is(own, type_name) || self.is(type_name, own))
                && matches_representation(entity, representation)
        });
        match found {
            None => Value::Null,
            Some(entity) => {
                let own = entity["__typename"].as_str().unwrap_or_default().to_owned();
                self.object(&entity, &own, set, representation, path)
            }
        }
    }
}

/// Whether a representation matches an entity: all fields that both have are equal, restricted to
/// the fields in `$key` if there are any.
fn matches_representation(entity: &Value, representation: &Value) -> bool {
    let keys = entity["$key"].as_str().map(|keys| keys.split(' ').collect::<Vec<_>>());
    let Some(fields) = representation.as_object() else { return false };
    let mut compared = 0;
    for (key, value) in fields.iter().filter(|(key, _)| *key != "__typename") {
        let is_key = keys.as_ref().is_none_or(|keys| keys.contains(&key.as_str()));
        let Some(own) = entity.get(key).filter(|_| is_key) else { continue };
        if own.is_object() && own.as_object().is_some_and(|own| own.contains_key("$text")) {
            continue;
        }
        if !is_same(own, value) {
            return false;
        }
        compared += 1;
    }
    compared > 0
}

/// Whether a key field equals that of the representation.
fn is_same(own: &Value, other: &Value) -> bool {
    match (own, other) {
        (Value::Object(_), other) => matches_representation(own, other),
        (Value::Array(own), Value::Array(other)) => {
            own.len() == other.len()
                && own.iter().zip(other).all(|(own, other)| is_same(own, other))
        }
        (own, other) => own == other,
    }
}

/// Replaces `{field}` and `{field.field}` in a template with values of a representation.
fn fill_template(template: &str, representation: &Value) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap();
        text.push_str(before);
        let value = name.split('.').fold(representation, |value, key| match value {
            Value::Array(items) => &items[key.parse::<usize>().unwrap()],
            value => &value[key],
        });
        match value {
            Value::String(value) => text.push_str(value),
            value => text.push_str(&value.to_string()),
        }
        rest = after;
    }
    text + rest
}

fn merge(target: &mut Value, more: Value) {
    match (target, more) {
        (Value::Object(target), Value::Object(more)) => {
            for (key, value) in more {
                match target.get_mut(&key) {
                    Some(target) => merge(target, value),
                    None => {
                        target.insert(key, value);
                    }
                }
            }
        }
        (Value::Array(target), Value::Array(more)) => {
            target.iter_mut().zip(more).for_each(|(target, more)| merge(target, more));
        }
        _ => {}
    }
}
