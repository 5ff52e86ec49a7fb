//! Entities from the responses of lookups: data and errors by the positions of the representations.

use std::collections::HashMap;

use async_graphql_value::{ConstValue, Name};

use super::lookups::{EntityField, Lookup, LookupKey, LookupRequest, RequestSection, RootField};
use crate::{
    error::{ApiError, PathSegment, cause, with_causes},
    mapping::ServiceMapping,
    response_value::{ResponseObject, ResponseValue},
    subgraph::{FetchError, SubgraphError, SubgraphResponse},
};

/// Maximum number of errors that are returned for the lists.
const ERRORS_MAX: usize = 1_000;

/// The lists of entities that are returned for the `_entities` fields of a plan.
pub(super) struct EntityLists<'a> {
    fields: &'a [EntityField<'a>],
    mapping: &'a ServiceMapping,
    lists: Vec<Vec<ResponseValue>>,
    errors: Vec<SubgraphError>,
}

/// The objects of a section, by key.
type Found<'r> = HashMap<String, &'r ResponseObject>;

/// What an error of the service concerns.
enum Concerned<'k, 'p> {
    /// The entities with a key; and the path within them.
    Entities(&'k LookupKey, &'p [PathSegment]),
    /// The entities of the section that were not found.
    Missing,
    /// Nothing of the section.
    Nothing,
}

impl<'a> EntityLists<'a> {
    /// Lists without any entity.
    pub(super) fn new(fields: &'a [EntityField<'a>], mapping: &'a ServiceMapping) -> Self {
        let lists =
            fields.iter().map(|field| vec![ResponseValue::Null; field.representations.len()]);
        Self { fields, mapping, lists: lists.collect(), errors: Vec::new() }
    }

    /// Adds the entities and errors of a response.
    pub(super) fn add(
        &mut self,
        request: &LookupRequest<'_>,
        response: &SubgraphResponse,
        service: &str,
    ) {
        let read = request.selected().read(&response.data);
        let data = read.map_or(ResponseValue::Null, |read| read.data);
        let mut absent = 0;
        for (number, section) in request.sections.iter().enumerate() {
            let objects = objects_of(section, number, &data);
            for key in section.keys {
                if let Some(object) = objects.found.get(&key.text) {
                    self.set_entities(section.lookup, key, object);
                }
            }
            let before = self.errors.len();
            let mut without_path = None;
            for error in &response.errors {
                match concerned(section, number, &data, error) {
                    Concerned::Entities(key, rest) => self.add_at(section, key, rest, error),
                    Concerned::Missing => without_path = without_path.or(Some(error)),
                    Concerned::Nothing => {}
                }
            }
            // One explains why an entity is missing, and there can be many of both.
            if let Some(error) = without_path {
                self.add_to_missing(section, section.keys, &objects.found, error);
            }
            if section.lookup.entity.lookup.is_list() && objects.malformed.is_empty() {
                let is_absent = |key: &&LookupKey| !objects.found.contains_key(&key.text);
                absent += section.keys.iter().filter(is_absent).count();
            }
            let reason = cause("objects or a list of them expected");
            let error = FetchError::MalformedResponse(reason);
            let is_unexplained = |key: &&LookupKey| {
                !objects.found.contains_key(&key.text) && !self.is_explained(section, key, before)
            };
            let unexplained: Vec<_> =
                objects.malformed.iter().copied().filter(is_unexplained).collect();
            if unexplained.is_empty() {
                continue;
            }
            let reason = with_causes(&error);
            tracing::warn!(subgraph = service, error = reason, "malformed subgraph response");
            let error = known_error(error.client_error(service));
            for key in unexplained {
                self.add_at(section, key, &[], &error);
            }
        }
        if absent > 0 && response.errors.is_empty() {
            let keys = absent as u64;
            tracing::warn!(subgraph = service, keys, "keys without an object in a lookup");
        }
    }

    /// Whether one of the errors from the number `first` on concerns the entities with a key.
    fn is_explained(&self, section: &RequestSection<'_>, key: &LookupKey, first: usize) -> bool {
        let field = self.fields[section.lookup.field].key.as_str();
        self.errors[first..].iter().any(|error| match error.path.as_slice() {
            [PathSegment::Field(name), PathSegment::Index(index), ..] => {
                name == field && key.entities.contains(index)
            }
            _ => false,
        })
    }

    /// Adds an error for all entities of a request that failed.
    pub(super) fn fail(&mut self, request: &LookupRequest<'_>, error: &ApiError) {
        let error = known_error(error.clone());
        for section in &request.sections {
            self.add_to_missing(section, section.keys, &Found::new(), &error);
        }
    }

    pub(super) fn into_response(self) -> SubgraphResponse {
        let keys = self.fields.iter().map(|field| field.key.clone());
        let mut data = ResponseObject::default();
        for (key, list) in keys.zip(self.lists) {
            data.insert(key, ResponseValue::List(list));
        }
        let mut json = Vec::new();
        ResponseValue::Object(data).write(&mut json);
        SubgraphResponse { data: json.into(), errors: self.errors }
    }

    /// Sets the entities with a key. Their type, and fields that the gateway knows, come from the
    /// representation.
    fn set_entities(&mut self, lookup: &Lookup<'_>, key: &LookupKey, object: &ResponseObject) {
        let (shape, entity) = (&lookup.shape, lookup.entity);
        let mut fields = ResponseObject::default();
        for (name, value) in object.iter() {
            if name == lookup.key_alias.as_str() || name == "__typename" {
                continue;
            }
            let value = match shape.fields.get(name) {
                Some((_, below)) if below.has_typename() => {
                    below.translate(value.clone(), None, self.mapping)
                }
                _ => value.clone(),
            };
            fields.insert(name.clone(), value);
        }
        for name in &shape.typenames {
            fields.insert(name.clone(), ResponseValue::string(&entity.extends));
        }
        let known =
            |(_, (name, _)): &(&Name, &(Name, _))| !entity.fields.contains_key(name.as_str());
        let known: Vec<_> = shape.fields.iter().filter(known).collect();
        for index in &key.entities {
            let mut fields = fields.clone();
            if let ConstValue::Object(representation) =
                &self.fields[lookup.field].representations[*index]
            {
                for (response_key, (name, _)) in &known {
                    if let Some(value) = representation.get(name) {
                        fields.insert((*response_key).clone(), ResponseValue::of(value));
                    }
                }
            }
            self.lists[lookup.field][*index] = ResponseValue::Object(fields);
        }
    }

    fn add_error(&mut self, path: Vec<PathSegment>, error: &SubgraphError) {
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(SubgraphError { path, ..error.clone() });
        }
    }

    /// Adds an error to the entities with a key, at a path within them.
    fn add_at(
        &mut self,
        section: &RequestSection<'_>,
        key: &LookupKey,
        rest: &[PathSegment],
        error: &SubgraphError,
    ) {
        let field = self.fields[section.lookup.field].key;
        for index in &key.entities {
            let start = [PathSegment::Field(field.to_string()), PathSegment::Index(*index)];
            let path = start.into_iter().chain(rest.iter().cloned()).collect();
            self.add_error(path, error);
        }
    }

    /// Adds an error to the entities that were not found; if there are none, to the whole list.
    fn add_to_missing(
        &mut self,
        section: &RequestSection<'_>,
        keys: &[LookupKey],
        found: &Found<'_>,
        error: &SubgraphError,
    ) {
        let mut missing = keys.iter().filter(|key| !found.contains_key(&key.text)).peekable();
        if missing.peek().is_none() {
            let field = self.fields[section.lookup.field].key;
            self.add_error(vec![PathSegment::Field(field.to_string())], error);
        }
        missing.for_each(|key| self.add_at(section, key, &[], error));
    }
}

/// What of a section an error of the service concerns: the entity that its path leads to, or else
/// those that were not found.
fn concerned<'k, 'p>(
    section: &RequestSection<'k>,
    number: usize,
    data: &ResponseValue,
    error: &'p SubgraphError,
) -> Concerned<'k, 'p> {
    let root = match error.path.split_first() {
        Some((PathSegment::Field(name), rest)) => {
            RootField::parse(name).map(|root| (root, name, rest))
        }
        _ => None,
    };
    // Without data, each error explains why all of it is missing.
    let (Some((root, name, rest)), ResponseValue::Object(data)) = (root, data) else {
        return Concerned::Missing;
    };
    if root.section != number {
        return Concerned::Nothing;
    }
    let names = names_below_root(section);
    let object = data.get(name).and_then(|value| object_at(value, &names, rest));
    let own_key = root.key.and_then(|index| section.keys.get(index));
    match (object, own_key) {
        (Some((_, rest)), Some(key)) => Concerned::Entities(key, rest),
        (None, Some(key)) => Concerned::Entities(key, &[]),
        (Some((fields, rest)), None) => {
            match fields.get(&section.lookup.key_alias).and_then(key_text) {
                // An error of an object that was not looked up concerns nobody.
                Some(text) => section
                    .keys
                    .iter()
                    .find(|key| key.text == text)
                    .map_or(Concerned::Nothing, |key| Concerned::Entities(key, rest)),
                None => Concerned::Missing,
            }
        }
        (None, None) => Concerned::Missing,
    }
}

/// An error with a known text for clients.
fn known_error(error: ApiError) -> SubgraphError {
    SubgraphError { message: String::new(), path: Vec::new(), code: None, local_error: Some(error) }
}

/// A key in a response as text; `None` if it cannot be a key.
fn key_text(value: &ResponseValue) -> Option<String> {
    let ResponseValue::Leaf(json) = value else { return None };
    if let Some(text) = value.as_str() {
        return Some(text.into_owned()).filter(|text| !text.is_empty());
    }
    let is_number = matches!(json.first(), Some(b'-' | b'0'..=b'9'));
    is_number.then(|| String::from_utf8_lossy(json).into_owned())
}

/// The objects in a response to a section.
struct SectionObjects<'r, 's> {
    found: Found<'r>,
    /// Keys for which the response has neither an object nor null.
    malformed: Vec<&'s LookupKey>,
}

/// The names of the fields from the root field to the objects.
fn names_below_root<'s>(section: &RequestSection<'s>) -> Vec<&'s str> {
    let steps = section.lookup.entity.lookup.steps().iter().skip(1);
    steps.map(|step| step.name.as_str()).collect()
}

fn objects_of<'r, 's>(
    section: &RequestSection<'s>,
    number: usize,
    data: &'r ResponseValue,
) -> SectionObjects<'r, 's> {
    let names = names_below_root(section);
    let key_of = |object: &ResponseObject| object.get(&section.lookup.key_alias).and_then(key_text);
    let value_of = |key| match data {
        ResponseValue::Object(data) => data.get(&RootField { section: number, key }.name()),
        _ => None,
    };
    let mut objects = SectionObjects { found: Found::new(), malformed: Vec::new() };
    if section.lookup.entity.lookup.is_list() {
        let mut add = |object: &'r ResponseObject| {
            // Of several objects with one key, the first counts.
            if let Some(text) = key_of(object) {
                objects.found.entry(text).or_insert(object);
            }
        };
        let is_valid = value_of(None).is_some_and(|value| visit_objects(value, &names, &mut add));
        if !is_valid {
            objects.malformed = section.keys.iter().collect();
        }
        return objects;
    }
    for (index, key) in section.keys.iter().enumerate() {
        match value_of(Some(index)).and_then(|value| single_object(value, &names)) {
            Some(SingleObject::Found(object)) if key_of(object).as_ref() == Some(&key.text) => {
                objects.found.insert(key.text.clone(), object);
            }
            Some(_) => {}
            None => objects.malformed.push(key),
        }
    }
    objects
}

/// What a lookup of one object returned.
enum SingleObject<'r> {
    Found(&'r ResponseObject),
    Null,
}

/// The object below the fields `names`, or null; `None` if there is anything else.
fn single_object<'r>(value: &'r ResponseValue, names: &[&str]) -> Option<SingleObject<'r>> {
    match (value, names) {
        (ResponseValue::Null, _) => Some(SingleObject::Null),
        (ResponseValue::Object(fields), []) => Some(SingleObject::Found(fields)),
        (ResponseValue::Object(fields), [name, rest @ ..]) => {
            single_object(fields.get(name)?, rest)
        }
        _ => None,
    }
}

/// Visits the objects below the fields `names`; `false` if there is anything but objects, lists and
/// null.
fn visit_objects<'r>(
    value: &'r ResponseValue,
    names: &[&str],
    add: &mut impl FnMut(&'r ResponseObject),
) -> bool {
    match (value, names) {
        (ResponseValue::Null, _) => true,
        (ResponseValue::List(items), _) => {
            // All are visited, although one is invalid.
            let invalid = items.iter().filter(|item| !visit_objects(item, names, add));
            invalid.count() == 0
        }
        (ResponseValue::Object(fields), [name, rest @ ..]) => {
            fields.get(name).is_some_and(|value| visit_objects(value, rest, add))
        }
        (ResponseValue::Object(fields), []) => {
            add(fields);
            true
        }
        _ => false,
    }
}

/// The object that a path leads to or into, below the fields `names`, and the rest of the path.
fn object_at<'r, 'p>(
    value: &'r ResponseValue,
    names: &[&str],
    path: &'p [PathSegment],
) -> Option<(&'r ResponseObject, &'p [PathSegment])> {
    match (value, names, path) {
        (ResponseValue::List(items), _, [PathSegment::Index(index), rest @ ..]) => {
            object_at(items.get(*index)?, names, rest)
        }
        (
            ResponseValue::Object(fields),
            [name, names @ ..],
            [PathSegment::Field(key), rest @ ..],
        ) if key == name => object_at(fields.get(name)?, names, rest),
        (ResponseValue::Object(fields), [], rest) => Some((fields, rest)),
        _ => None,
    }
}
