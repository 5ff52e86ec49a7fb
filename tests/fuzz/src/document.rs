//! Mostly valid GraphQL documents. Fields, arguments and types are those of the schema, so that
//! documents pass validation and reach the execution.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    sync::{Arc, LazyLock},
};

use async_graphql_parser::{
    parse_schema,
    types::{
        BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind, TypeSystemDefinition,
    },
};
use schema::NodeKind;
use serde_json::{Map, Value, json};

use crate::{
    byte_source::ByteSource,
    cursor,
    demo::{Demo, repository},
};

/// Maximum depth of nested fields, slightly above the limit.
const DEPTH_MAX: usize = 17;
/// Maximum number of fields and fragment spreads, enough to exceed the limits.
const SELECTIONS_MAX: usize = 300;
/// Maximum number of fragments in a document.
const FRAGMENTS_MAX: usize = 6;

/// The types of the schema by name.
static CONTRACT: LazyLock<BTreeMap<String, ContractType>> = LazyLock::new(contract);

/// A type of the schema.
enum ContractType {
    /// Object, interface or union: its fields, and its possible object types.
    Composite { fields: Vec<FieldDefinition>, types: Vec<String> },
    /// Enum, with its values.
    Enum(Vec<String>),
    /// Input object, with its fields.
    Input(Vec<InputValueDefinition>),
}

fn contract() -> BTreeMap<String, ContractType> {
    let text = std::fs::read_to_string(repository().join("schema/schema.graphql"));
    let document = parse_schema(text.expect("the contract")).expect("valid SDL");
    let mut types = BTreeMap::new();
    let mut members: Vec<(String, String)> = Vec::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.to_string();
        let kind = match definition.node.kind {
            TypeKind::Object(object) => {
                members
                    .extend(object.implements.iter().map(|i| (i.node.to_string(), name.clone())));
                composite(object.fields.into_iter().map(|field| field.node))
            }
            TypeKind::Interface(interface) => {
                composite(interface.fields.into_iter().map(|field| field.node))
            }
            TypeKind::Union(union) => {
                members.extend(union.members.iter().map(|m| (name.clone(), m.node.to_string())));
                composite(std::iter::empty())
            }
            TypeKind::Enum(enumeration) => ContractType::Enum(
                enumeration.values.iter().map(|value| value.node.value.node.to_string()).collect(),
            ),
            TypeKind::InputObject(input) => {
                ContractType::Input(input.fields.into_iter().map(|field| field.node).collect())
            }
            TypeKind::Scalar => continue,
        };
        types.insert(name, kind);
    }
    for (of, member) in members {
        if let Some(ContractType::Composite { types, .. }) = types.get_mut(&of) {
            types.push(member);
        }
    }
    types
}

fn composite(fields: impl Iterator<Item = FieldDefinition>) -> ContractType {
    ContractType::Composite { fields: fields.collect(), types: Vec::new() }
}

/// A document and its variables.
#[derive(Debug)]
pub struct Document {
    /// Text of the document.
    pub text: String,
    /// Variables, as an object.
    pub variables: Value,
}

/// A document generated from bytes.
pub fn generate(source: &mut ByteSource<'_>, demo: &Demo) -> Document {
    let mut writer = Writer {
        with_mistakes: source.one_in(3),
        source,
        demo,
        selection_count: 0,
        declared: String::new(),
        variables: Map::new(),
        fragments: Vec::new(),
    };
    let mut selections = writer.selections("Query", 0);
    if writer.source.one_in(16) {
        selections.insert_str(1, writer.source.pick::<&str>(INTROSPECTIONS));
    }
    let mut text = String::new();
    let mut next = 0;
    while let Some((name, on, None)) = writer.fragments.get(next).cloned() {
        let body = writer.selections(&on, 3);
        writer.fragments[next].2 = Some(Arc::from(body.as_str()));
        let _ = write!(text, "\nfragment {name} on {on} {body}");
        next += 1;
    }
    let declared = match writer.declared.as_str() {
        "" => String::new(),
        declared => format!("({declared})"),
    };
    let text = format!("query Drawn{declared} {selections}{text}");
    Document { text, variables: Value::Object(writer.variables) }
}

/// Introspection queries.
const INTROSPECTIONS: &[&str] = &[
    "__type(name: \"Event\") { fields { name args { name } type { ofType { name } } } }",
    "__schema { types { name enumValues { name } inputFields { name } possibleTypes { name } } }",
    "__schema { queryType { fields { type { fields { type { fields { name } } } } } } }",
    "_service { sdl }",
];

/// Generator of one document.
struct Writer<'a, 'b, 'c> {
    source: &'a mut ByteSource<'b>,
    demo: &'c Demo,
    /// Whether the document may contain errors; a single one makes it invalid.
    with_mistakes: bool,
    selection_count: usize,
    declared: String,
    variables: Map<String, Value>,
    /// Name, type condition, and selections as soon as they are generated.
    fragments: Vec<(String, String, Option<Arc<str>>)>,
}

impl Writer<'_, '_, '_> {
    /// `true` with a probability of 1 in `times`, if the document may contain errors.
    fn makes_mistake(&mut self, times: usize) -> bool {
        self.with_mistakes && self.source.one_in(times)
    }

    /// Selections on a composite type, with braces.
    fn selections(&mut self, on: &str, depth: usize) -> String {
        let Some(ContractType::Composite { fields, types }) = CONTRACT.get(on) else {
            return String::new();
        };
        let mut text = "{ ".to_owned();
        let mut used = BTreeSet::new();
        let count = 1 + self.source.below(if depth == 0 { 4 } else { 7 });
        for _ in 0..count {
            self.selection_count += 1;
            match self.source.below(16) {
                12 => self.inline_fragment(&mut text, on, types, depth),
                13 => self.spread(&mut text, on, types),
                14 => text.push_str("__typename "),
                15 if self.makes_mistake(4) => text.push_str("unknown "),
                _ if fields.is_empty() => self.inline_fragment(&mut text, on, types, depth),
                _ => self.field(&mut text, fields, depth, &mut used),
            }
            if self.selection_count > SELECTIONS_MAX || self.source.is_done() {
                break;
            }
        }
        text.push('}');
        text
    }

    fn inline_fragment(&mut self, text: &mut String, on: &str, types: &[String], depth: usize) {
        let on =
            if types.is_empty() || self.source.one_in(8) { on } else { self.source.pick(types) };
        if depth >= DEPTH_MAX || self.selection_count > SELECTIONS_MAX {
            text.push_str("__typename ");
            return;
        }
        let directive = self.directive();
        let selections = self.selections(on, depth + 1);
        let _ = write!(text, "... on {on}{directive} {selections} ");
    }

    /// Spreads an existing fragment, possibly recursively, or a new one.
    fn spread(&mut self, text: &mut String, on: &str, types: &[String]) {
        let fitting = |name: &String| name == on || types.contains(name);
        let existing = self.fragments.iter().find(|(_, of, _)| fitting(of)).map(|(name, ..)| name);
        let name = match existing {
            Some(name) => name.clone(),
            None if self.fragments.len() < FRAGMENTS_MAX => {
                let on = if types.is_empty() { on } else { self.source.pick(types) };
                let name = format!("F{}", self.fragments.len());
                self.fragments.push((name.clone(), on.to_owned(), None));
                name
            }
            None => {
                text.push_str("__typename ");
                return;
            }
        };
        let _ = write!(text, "...{name}{} ", self.directive());
    }

    fn field<'f>(
        &mut self,
        text: &mut String,
        fields: &'f [FieldDefinition],
        depth: usize,
        used: &mut BTreeSet<&'f str>,
    ) {
        let field = self.source.pick(fields);
        let of = base(&field.ty.node);
        let is_composite = matches!(CONTRACT.get(of), Some(ContractType::Composite { .. }));
        if is_composite && (depth >= DEPTH_MAX || self.selection_count > SELECTIONS_MAX) {
            text.push_str("__typename ");
            return;
        }
        let name = field.name.node.as_str();
        // The same field twice would need the same arguments.
        let is_again = !used.insert(name) && !self.with_mistakes;
        let alias = match self.source.below(10) {
            9 if self.with_mistakes => "a: ".to_owned(),
            8 => format!("a{}: ", self.selection_count),
            _ if is_again => format!("a{}: ", self.selection_count),
            _ => String::new(),
        };
        let arguments =
            self.arguments(&field.arguments.iter().map(|a| &a.node).collect::<Vec<_>>());
        let directive = self.directive();
        let selections = if is_composite { self.selections(of, depth + 1) } else { String::new() };
        let _ = write!(text, "{alias}{name}{arguments}{directive} {selections} ");
    }

    fn directive(&mut self) -> String {
        match self.source.below(24) {
            20 => " @include(if: true)".to_owned(),
            21 => " @skip(if: true)".to_owned(),
            22 => {
                let value = json!(self.source.one_in(2));
                format!(" @skip(if: {})", self.variable("Boolean!", value))
            }
            23 if self.makes_mistake(4) => " @nowhere".to_owned(),
            _ => String::new(),
        }
    }

    fn arguments(&mut self, definitions: &[&InputValueDefinition]) -> String {
        let mut text = String::new();
        let paged_backward = self.source.one_in(4);
        for argument in definitions {
            let name = argument.name.node.as_str();
            let is_opposite_direction = if paged_backward {
                matches!(name, "first" | "after")
            } else {
                matches!(name, "last" | "before")
            };
            let is_required = !argument.ty.node.nullable && argument.default_value.is_none();
            let is_present = if is_required {
                !self.makes_mistake(16)
            } else if is_opposite_direction {
                self.makes_mistake(16)
            } else if matches!(name, "after" | "before") {
                self.source.one_in(if self.with_mistakes { 2 } else { 12 })
            } else {
                self.source.one_in(3)
            };
            if is_present {
                let (literal, value) = self.value(name, &argument.ty.node);
                let literal = if self.source.one_in(4) {
                    self.variable(&argument.ty.node.to_string(), value)
                } else {
                    literal
                };
                let _ = write!(text, "{name}: {literal} ");
            }
        }
        if text.is_empty() { text } else { format!("({text})") }
    }

    /// Declares a variable with a value. Returns its name with the dollar sign.
    fn variable(&mut self, of: &str, value: Value) -> String {
        let name = format!("v{}", self.variables.len());
        let _ = write!(self.declared, "${name}: {of} ");
        self.variables.insert(name.clone(), value);
        format!("${name}")
    }

    /// A value of a type, as a literal and as JSON.
    fn value(&mut self, name: &str, of: &Type) -> (String, Value) {
        if self.makes_mistake(16) {
            let invalid =
                [json!(null), json!(-1), json!("a \"\\\u{0}"), json!([[1]]), json!({"a": 1.5})];
            let invalid = self.source.pick(&invalid).clone();
            return (literal(&invalid), invalid);
        }
        match &of.base {
            BaseType::List(item) => {
                let count = if self.makes_mistake(16) { 102 } else { self.source.below(4) };
                let items = (0..count).map(|_| self.value(name, item)).collect::<Vec<_>>();
                let (literals, values): (Vec<_>, Vec<_>) = items.into_iter().unzip();
                (format!("[{}]", literals.join(", ")), Value::Array(values))
            }
            BaseType::Named(of) => match CONTRACT.get(of.as_str()) {
                Some(ContractType::Enum(values)) => {
                    let value = self.source.pick(values).clone();
                    (value.clone(), Value::String(value))
                }
                Some(ContractType::Input(fields)) => {
                    let count = self.source.below(4);
                    let mut literals = String::new();
                    let mut values = Map::new();
                    for _ in 0..count {
                        let field = self.source.pick(fields);
                        let name = field.name.node.to_string();
                        if !values.contains_key(&name) {
                            let (literal, value) = self.value(&name, &field.ty.node);
                            let _ = write!(literals, "{name}: {literal} ");
                            values.insert(name, value);
                        }
                    }
                    (format!("{{{literals}}}"), Value::Object(values))
                }
                _ => {
                    let value = self.scalar(name, of.as_str());
                    (literal(&value), value)
                }
            },
        }
    }

    fn scalar(&mut self, name: &str, of: &str) -> Value {
        let is_invalid = self.makes_mistake(4);
        let source = &mut *self.source;
        match (of, name) {
            ("Int", "years") => json!(source.pick(&[2026, 2025, 2024, 0, -1, i16::MIN])),
            ("Int", _) if is_invalid => {
                json!(source.pick(&[100, 101, -1, 32_768, i32::MIN, i32::MAX]))
            }
            ("Int", _) => json!(source.pick(&[3, 1, 2, 10, 0, 20])),
            ("Boolean", _) => json!(source.one_in(2)),
            ("Float", _) => json!(0.5),
            ("URL", _) => json!(source.pick(&self.demo.urls)),
            ("Date", _) => {
                json!(source.pick(&["2026-01-01", "2025-06-15", "-009999-01-01", "9999-12-31"]))
            }
            ("ID", "sources") => json!(source.pick(&["blog", "events", "nowhere"])),
            ("ID", _) if is_invalid => json!(source.text(14)),
            ("ID", name) => match kind_of(name) {
                Some(kind) => json!(source.pick(&self.demo.ids_of(kind)).to_string()),
                None => json!(source.pick(&self.demo.ids).to_string()),
            },
            (_, "after" | "before") => json!(self.cursor()),
            _ => match source.below(6) {
                0 => json!(source.pick(&self.demo.words)),
                1 => json!(source.text(30)),
                2 => json!(source.pick(&self.demo.words).chars().take(3).collect::<String>()),
                _ => {
                    let words = &self.demo.words;
                    json!(format!("{} {}", source.pick(words), source.pick(words)))
                }
            },
        }
    }

    /// A cursor of a search for everything, of a list by name, of changes, or an invalid one.
    fn cursor(&mut self) -> String {
        match self.source.below(4) {
            0 | 1 => self.source.pick(&self.demo.cursors).clone(),
            2 => self.source.pick(&["1-0", "2-5", "ffff-0", "2-ffffffff"]).to_string(),
            _ => cursor::generate(self.source).to_string(),
        }
    }
}

/// The kind of the ids that an argument accepts.
fn kind_of(argument: &str) -> Option<NodeKind> {
    match argument {
        "themes" => Some(NodeKind::Theme),
        "communities" => Some(NodeKind::Community),
        "organisations" => Some(NodeKind::Organisation),
        "people" => Some(NodeKind::Person),
        "audiences" => Some(NodeKind::Audience),
        _ => None,
    }
}

fn base(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(item) => base(item),
    }
}

/// Converts JSON to a GraphQL literal; only the names of object fields differ.
fn literal(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name}: {}", literal(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// Variables with the names that the example operations use.
pub fn default_variables(demo: &Demo) -> Value {
    let id = demo.ids[0].to_string();
    let theme = demo.ids_of(NodeKind::Theme)[0].to_string();
    json!({
        "query": "klantreis", "prefix": "klantr", "first": 3, "url": demo.urls[0], "id": id,
        "ids": [theme], "filter": {}, "sort": "RELEVANCE", "forms": [], "withFacets": true,
    })
}
