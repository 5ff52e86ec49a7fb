//! Rules on fragment spreads, replacing those of the validation crate: its list of cycles grows with
//! the square of the document, and its search for common types with the square of the schema.

use std::collections::{HashMap, HashSet};

use async_graphql_parser::Pos;
use graphql_tools::{parser::Pos as Position, static_graphql::query as ast};

use super::ERRORS_MAX;
use crate::{
    error::{ApiError, ErrorCode, GraphqlError},
    schema::{Definition, PublicSchema},
};

/// Maximum number of fragments that the description of a cycle names.
const CYCLE_NAMES_MAX: usize = 10;

/// The fragments of a document by name; of several with one name, the last.
type Fragments<'a> = HashMap<&'a str, &'a ast::FragmentDefinition>;

fn fragments(document: &ast::Document) -> Fragments<'_> {
    let fragments = document.definitions.iter().filter_map(|definition| match definition {
        ast::Definition::Fragment(fragment) => Some((fragment.name.as_str(), fragment)),
        ast::Definition::Operation(_) => None,
    });
    fragments.collect()
}

/// The spreads in a selection set, in order. Recurses once per level of selection sets.
fn spreads<'a>(set: &'a ast::SelectionSet, found: &mut Vec<&'a ast::FragmentSpread>) {
    for selection in &set.items {
        match selection {
            ast::Selection::Field(field) => spreads(&field.selection_set, found),
            ast::Selection::InlineFragment(fragment) => spreads(&fragment.selection_set, found),
            ast::Selection::FragmentSpread(spread) => found.push(spread),
        }
    }
}

/// Finds fragments that spread themselves (GraphQL, section 5.5.2.2): an error for each spread that
/// leads back to an open fragment, at most [`ERRORS_MAX`].
pub(super) fn cycles(document: &ast::Document) -> Vec<GraphqlError> {
    let fragments = fragments(document);
    let mut visited = HashSet::new();
    let mut errors = Vec::new();
    for definition in &document.definitions {
        let ast::Definition::Fragment(fragment) = definition else { continue };
        let mut path = Vec::new();
        path.extend(OpenFragment::of(fragment, &mut visited));
        // A path rather than recursion: a chain can be as long as the document.
        while let Some(open) = path.last_mut() {
            let Some(spread) = open.next() else {
                path.pop();
                continue;
            };
            let name = spread.fragment_name.as_str();
            if let Some(start) = path.iter().position(|open| open.name == name) {
                errors.push(cycle(&path[start..], spread));
                if errors.len() == ERRORS_MAX {
                    return errors;
                }
            } else if let Some(fragment) = fragments.get(name) {
                path.extend(OpenFragment::of(fragment, &mut visited));
            }
        }
    }
    errors
}

/// A fragment whose spreads are being followed.
struct OpenFragment<'a> {
    name: &'a str,
    spreads: Vec<&'a ast::FragmentSpread>,
    /// Number of spreads that were followed.
    followed: usize,
}

impl<'a> OpenFragment<'a> {
    /// Opens a fragment; `None` if it was visited before.
    fn of(fragment: &'a ast::FragmentDefinition, visited: &mut HashSet<&'a str>) -> Option<Self> {
        let name = fragment.name.as_str();
        let mut found = Vec::new();
        spreads(&fragment.selection_set, &mut found);
        visited.insert(name).then_some(Self { name, spreads: found, followed: 0 })
    }

    fn next(&mut self) -> Option<&'a ast::FragmentSpread> {
        self.followed += 1;
        self.spreads.get(self.followed - 1).copied()
    }
}

/// The error for the cycle of the fragments in `path`, which `closing` closes.
fn cycle(path: &[OpenFragment<'_>], closing: &ast::FragmentSpread) -> GraphqlError {
    let via = path.iter().skip(1).take(CYCLE_NAMES_MAX);
    let mut via: Vec<_> = via.map(|open| format!("\"{}\"", open.name)).collect();
    let others = path.len().saturating_sub(1 + CYCLE_NAMES_MAX);
    if others > 0 {
        via.push(format!("{others} others"));
    }
    let name = &closing.fragment_name;
    let mut message = format!("Cannot spread fragment \"{name}\" within itself");
    if !via.is_empty() {
        message = format!("{message} via {}", via.join(", "));
    }
    invalid(format!("{message}."), &[closing.position])
}

/// Finds fragments that no object can match (GraphQL, section 5.5.2.3), at most [`ERRORS_MAX`].
pub(super) fn impossible(types: &PublicSchema, document: &ast::Document) -> Vec<GraphqlError> {
    use ast::OperationDefinition as Operation;
    let mut search = ImpossibleSpreads {
        types,
        fragments: fragments(document),
        overlaps: HashMap::new(),
        errors: Vec::new(),
    };
    for definition in &document.definitions {
        let (on, set) = match definition {
            ast::Definition::Fragment(fragment) => {
                let ast::TypeCondition::On(on) = &fragment.type_condition;
                (Some(on), &fragment.selection_set)
            }
            ast::Definition::Operation(operation) => match operation {
                Operation::SelectionSet(set) => (Some(&types.query), set),
                Operation::Query(query) => (Some(&types.query), &query.selection_set),
                Operation::Mutation(mutation) => (types.mutation.as_ref(), &mutation.selection_set),
                Operation::Subscription(subscription) => {
                    (types.subscription.as_ref(), &subscription.selection_set)
                }
            },
        };
        search.read(on.and_then(|on| types.get(on)), set);
    }
    search.errors
}

struct ImpossibleSpreads<'a> {
    types: &'a PublicSchema,
    fragments: Fragments<'a>,
    /// Whether two types have common objects, by name.
    overlaps: HashMap<(&'a str, &'a str), bool>,
    errors: Vec<GraphqlError>,
}

impl<'a> ImpossibleSpreads<'a> {
    /// Recurses once per level of selection sets.
    fn read(&mut self, parent: Option<&'a Definition>, set: &'a ast::SelectionSet) {
        for selection in &set.items {
            match selection {
                ast::Selection::Field(field) => {
                    let fields = parent.and_then(Definition::fields);
                    let of = fields.and_then(|fields| fields.get(&field.name));
                    let of = of.and_then(|field| self.types.get(field.ty.name()));
                    self.read(of, &field.selection_set);
                }
                ast::Selection::InlineFragment(fragment) => {
                    let on = match &fragment.type_condition {
                        None => parent,
                        Some(ast::TypeCondition::On(on)) => self.types.get(on),
                    };
                    self.check(parent, on, None, fragment.position);
                    self.read(on, &fragment.selection_set);
                }
                ast::Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.fragments.get(spread.fragment_name.as_str()) else {
                        continue;
                    };
                    let ast::TypeCondition::On(on) = &fragment.type_condition;
                    let on = self.types.get(on);
                    self.check(parent, on, Some(&fragment.name), spread.position);
                }
            }
        }
    }

    fn check(
        &mut self,
        parent: Option<&'a Definition>,
        on: Option<&'a Definition>,
        fragment: Option<&str>,
        position: Position,
    ) {
        let (Some(parent), Some(on)) = (parent, on) else { return };
        if !parent.is_composite() || !on.is_composite() || self.errors.len() == ERRORS_MAX {
            return;
        }
        let types = self.types;
        let pair = (parent.name.as_str(), on.name.as_str());
        if *self.overlaps.entry(pair).or_insert_with(|| types.have_common_type(parent, on)) {
            return;
        }
        let fragment = fragment.map_or_else(String::new, |name| format!(" \"{name}\""));
        let message = format!(
            "Fragment{fragment} cannot be spread here as objects of type \"{}\" can never be of \
             type \"{}\".",
            parent.name, on.name
        );
        self.errors.push(invalid(message, &[position]));
    }
}

/// The error of an invalid document.
pub(super) fn invalid(message: String, positions: &[Position]) -> GraphqlError {
    let locations = positions.iter().map(|at| Pos { line: at.line, column: at.column }).collect();
    GraphqlError { locations, ..ApiError::new(ErrorCode::GraphqlValidationFailed, message).into() }
}
