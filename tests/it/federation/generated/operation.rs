//! Random valid operations with every syntax form of a query.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    arguments::Variables,
    definitions::{Definitions, Kind, base_name},
    scope::Scope,
};
use crate::support::Rng;

/// Maximum depth of nested fields.
const DEPTH_MAX: u32 = 6;
/// Approximate maximum number of fields.
const FIELDS_MAX: u32 = 50;
/// Aliases, some of which are names of other fields.
const ALIASES: [&str; 10] =
    ["x", "y", "id", "name", "title", "code", "town", "no", "label", "badge"];

/// An operation with the values of its variables.
#[derive(Debug)]
pub(super) struct GeneratedOperation {
    pub(super) query: String,
    pub(super) variables: Value,
    /// Including default values.
    pub(super) all_variables: Value,
}

/// A selection.
#[derive(Debug, Clone)]
pub(super) enum Selection {
    Field(SelectedField),
    /// An inline fragment, with or without a type condition.
    InlineFragment(Option<String>, String, Vec<Selection>),
    /// A fragment spread, by number.
    FragmentSpread(usize, String),
}

/// A selected field.
#[derive(Debug, Clone)]
pub(super) struct SelectedField {
    pub(super) key: String,
    pub(super) name: String,
    /// The parent type, and whether it is an object type.
    pub(super) parent_type: (String, bool),
    /// Arguments, as GraphQL.
    pub(super) arguments: String,
    /// Type, as GraphQL.
    pub(super) ty: String,
    pub(super) directives: String,
    pub(super) set: Vec<Selection>,
}

/// A fragment definition.
#[derive(Debug)]
pub(super) struct Fragment {
    pub(super) on: String,
    pub(super) set: Vec<Selection>,
}

struct Generator<'a> {
    definitions: &'a Definitions,
    rng: &'a mut Rng,
    variables: Variables,
    fragments: Vec<Fragment>,
    fields: u32,
    alias_count: u32,
}

/// Generates an operation.
pub(super) fn generate(definitions: &Definitions, rng: &mut Rng) -> GeneratedOperation {
    let mut generator = Generator {
        definitions,
        rng,
        variables: Variables::default(),
        fragments: Vec::new(),
        fields: 0,
        alias_count: 0,
    };
    let set = generator.set("Query", &mut Scope::default(), 0);
    let mut query = String::new();
    let _ = write!(query, "query{} ", generator.variables.definitions());
    write_set(&mut query, &set);
    for (number, fragment) in generator.fragments.iter().enumerate() {
        let _ = write!(query, " fragment f{number} on {} ", fragment.on);
        write_set(&mut query, &fragment.set);
    }
    let variables = generator.variables.values();
    GeneratedOperation { query, variables, all_variables: generator.variables.all_values() }
}

impl Generator<'_> {
    fn chance(&mut self, percent: u64) -> bool {
        self.rng.below(100) < percent
    }

    /// Selections on a type that can be merged with those in `scope`.
    fn set(&mut self, type_name: &str, scope: &mut Scope, depth: u32) -> Vec<Selection> {
        let mut items = Vec::new();
        for _ in 0..=self.rng.below(4) {
            if self.fields >= FIELDS_MAX {
                break;
            }
            items.extend(match self.rng.below(20) {
                0..=12 => self.field(type_name, scope, depth),
                13 => Some(self.typename(type_name, scope)),
                14..=16 => self.inline_fragment(type_name, scope, depth),
                _ => self.fragment(type_name, scope, depth),
            });
        }
        if items.is_empty() {
            items.push(self.typename(type_name, scope));
        }
        items
    }

    fn typename(&mut self, type_name: &str, scope: &mut Scope) -> Selection {
        let selected = SelectedField {
            key: "__typename".to_owned(),
            name: "__typename".to_owned(),
            parent_type: (type_name.to_owned(), self.is_object(type_name)),
            arguments: String::new(),
            ty: "String!".to_owned(),
            directives: String::new(),
            set: Vec::new(),
        };
        Selection::Field(self.with_unique_key(selected, scope))
    }

    fn is_object(&self, type_name: &str) -> bool {
        self.definitions.get(type_name).is_some_and(|one| one.kind == Kind::Object)
    }

    fn field(&mut self, type_name: &str, scope: &mut Scope, depth: u32) -> Option<Selection> {
        let fields = &self.definitions.get(type_name)?.fields;
        if fields.is_empty() {
            return None;
        }
        let field = &fields[usize::try_from(self.rng.below(fields.len() as u64)).unwrap()];
        let ty = base_name(&field.ty.node);
        let composite = self.definitions.get(ty).is_some_and(|one| one.kind != Kind::Enum);
        if composite && depth >= DEPTH_MAX {
            return None;
        }
        self.fields += 1;
        let arguments = self.variables.arguments(field, self.definitions, self.rng);
        let selected = SelectedField {
            key: field.name.node.to_string(),
            name: field.name.node.to_string(),
            parent_type: (type_name.to_owned(), self.is_object(type_name)),
            arguments,
            ty: field.ty.node.to_string(),
            directives: self.directives(),
            set: Vec::new(),
        };
        let mut selected = self.with_unique_key(selected, scope);
        if composite {
            selected.set = self.set(ty, scope.below(&selected.key), depth + 1);
        }
        Some(Selection::Field(selected))
    }

    /// Gives a field a response name that is unused in its scope.
    fn with_unique_key(&mut self, mut selected: SelectedField, scope: &mut Scope) -> SelectedField {
        if self.chance(30) {
            self.rng.pick(&ALIASES).clone_into(&mut selected.key);
        }
        while !scope.try_add(&selected) {
            self.alias_count += 1;
            selected.key = format!("a{}", self.alias_count);
        }
        selected
    }

    fn directives(&mut self) -> String {
        if !self.chance(12) {
            return String::new();
        }
        let directive = self.rng.pick(&["skip", "include"]);
        let condition = self.chance(if directive == "skip" { 30 } else { 70 });
        let condition = if self.chance(50) {
            self.variables.declare("Boolean!", json!(condition).into(), self.rng)
        } else {
            condition.to_string()
        };
        format!(" @{directive}(if: {condition})")
    }

    /// A type that has an object type in common with `type_name`. Excludes unions, because
    /// async-graphql does not recognise their members.
    fn overlapping_type(&mut self, type_name: &str) -> String {
        let own = self.definitions.objects(type_name);
        let others = self.definitions.types.iter().filter(|(name, one)| {
            matches!(one.kind, Kind::Object | Kind::Interface)
                && self.definitions.objects(name).iter().any(|object| own.contains(object))
        });
        let others: Vec<&str> = others.map(|(name, _)| name.as_str()).collect();
        self.rng.pick(&others).to_owned()
    }

    fn inline_fragment(
        &mut self,
        type_name: &str,
        scope: &mut Scope,
        depth: u32,
    ) -> Option<Selection> {
        if depth >= DEPTH_MAX {
            return None;
        }
        let on = self.chance(85).then(|| self.overlapping_type(type_name));
        let directives = self.directives();
        let set = self.set(on.as_deref().unwrap_or(type_name), scope, depth + 1);
        Some(Selection::InlineFragment(on, directives, set))
    }

    /// A new fragment, or an existing one.
    fn fragment(&mut self, type_name: &str, scope: &mut Scope, depth: u32) -> Option<Selection> {
        if depth >= DEPTH_MAX {
            return None;
        }
        let directives = self.directives();
        if self.chance(40) && !self.fragments.is_empty() {
            let number = self.rng.below(self.fragments.len() as u64);
            let number = usize::try_from(number).unwrap();
            let own = self.definitions.objects(type_name);
            let on = self.definitions.objects(&self.fragments[number].on);
            let mut extended = scope.clone();
            if on.iter().any(|object| own.contains(object))
                && extended.try_add_all(&self.fragments[number].set, &self.fragments)
            {
                *scope = extended;
                return Some(Selection::FragmentSpread(number, directives));
            }
        }
        let on = self.overlapping_type(type_name);
        let set = self.set(&on, scope, depth + 1);
        self.fragments.push(Fragment { on, set });
        Some(Selection::FragmentSpread(self.fragments.len() - 1, directives))
    }
}

fn write_set(text: &mut String, set: &[Selection]) {
    text.push('{');
    for item in set {
        match item {
            Selection::Field(selected) => {
                let alias = if selected.key == selected.name {
                    String::new()
                } else {
                    format!("{}: ", selected.key)
                };
                let SelectedField { name, arguments, directives, .. } = selected;
                let _ = write!(text, " {alias}{name}{arguments}{directives}");
                if !selected.set.is_empty() {
                    text.push(' ');
                    write_set(text, &selected.set);
                }
            }
            Selection::InlineFragment(on, directives, set) => {
                let on = on.as_ref().map(|on| format!(" on {on}")).unwrap_or_default();
                let _ = write!(text, " ...{on}{directives} ");
                write_set(text, set);
            }
            Selection::FragmentSpread(number, directives) => {
                let _ = write!(text, " ...f{number}{directives}");
            }
        }
    }
    text.push_str(" }");
}
