//! The `@join__…` directives of a supergraph: which subgraph has which element, and how it can be
//! resolved there.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    exposed_fields::ExposedFields,
    field_sets::FieldNames,
    overrides::Overrides,
    subgraph_schema::{SubgraphSchema, field_set},
    type_system::{
        AppliedDirective, DefinitionKind, EnumValueDef, FieldDef, Literal, SchemaDocument, TypeDef,
        has,
    },
};

/// Writes the directives of all elements of a supergraph.
pub(super) struct JoinDirectives<'a> {
    schemas: &'a [SubgraphSchema],
    overrides: &'a Overrides,
    exposed: &'a ExposedFields,
    /// Values of `join__Graph`.
    graphs: Vec<String>,
    /// Fields that each subgraph uses itself.
    used: Vec<FieldNames>,
}

impl<'a> JoinDirectives<'a> {
    pub(super) fn new(
        schemas: &'a [SubgraphSchema],
        overrides: &'a Overrides,
        exposed: &'a ExposedFields,
    ) -> Self {
        let used = schemas.iter().map(SubgraphSchema::used_fields).collect();
        Self { schemas, overrides, exposed, graphs: graph_values(schemas), used }
    }

    /// Adds the directives to `document`, and the enum of the subgraphs.
    pub(super) fn add(&self, document: &mut SchemaDocument) {
        for of in document.types.values_mut() {
            self.add_to_type(of);
        }
        let values = self.graphs.iter().zip(self.schemas).map(|(value, schema)| EnumValueDef {
            description: None,
            name: value.clone(),
            directives: vec![
                AppliedDirective::new("join__graph")
                    .with("name", text(&schema.name))
                    .with("url", text(&schema.url)),
            ],
        });
        let graphs = TypeDef {
            kind: DefinitionKind::Enum,
            description: None,
            name: "join__Graph".to_owned(),
            interfaces: Vec::new(),
            directives: Vec::new(),
            fields: Vec::new(),
            members: Vec::new(),
            values: values.collect(),
            is_extension: false,
        };
        document.types.insert(graphs.name.clone(), graphs);
    }

    fn graph(&self, directive: &str, graph: usize) -> AppliedDirective {
        AppliedDirective::new(directive).with("graph", Literal::Enum(self.graphs[graph].clone()))
    }

    fn add_to_type(&self, of: &mut TypeDef) {
        let definitions: Vec<(usize, &TypeDef)> = self
            .schemas
            .iter()
            .enumerate()
            .filter_map(|(graph, schema)| Some((graph, schema.types.get(&of.name)?)))
            .collect();
        for (graph, definition) in &definitions {
            let interfaces = definition.interfaces.iter();
            of.directives.extend(
                interfaces.map(|name| {
                    self.graph("join__implements", *graph).with("interface", text(name))
                }),
            );
        }
        if of.name == "Query" {
            // Every subgraph resolves entities.
            let all = 0..self.schemas.len();
            of.directives.extend(all.map(|graph| self.graph("join__type", graph)));
        } else {
            for (graph, definition) in &definitions {
                of.directives.extend(self.join_types(*graph, definition));
            }
        }
        for (graph, definition) in &definitions {
            let members = definition.members.iter();
            of.directives
                .extend(members.map(|name| {
                    self.graph("join__unionMember", *graph).with("member", text(name))
                }));
        }
        let mut graphs_of_values: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (graph, definition) in &definitions {
            for value in &definition.values {
                graphs_of_values.entry(&value.name).or_default().push(*graph);
            }
        }
        for value in &mut of.values {
            let graphs = graphs_of_values.remove(value.name.as_str()).unwrap_or_default();
            let joins = graphs.into_iter().map(|graph| self.graph("join__enumValue", graph));
            value.directives.extend(joins);
        }
        self.add_to_fields(of, &definitions);
    }

    /// One directive for each key, or one without a key.
    fn join_types(&self, graph: usize, of: &TypeDef) -> Vec<AppliedDirective> {
        let is_interface_object = has(&of.directives, "interfaceObject");
        let join_type = |key: Option<String>, is_resolvable: bool| {
            let mut join = self.graph("join__type", graph);
            if let Some(key) = key {
                join = join.with("key", text(&key));
            }
            for (argument, is_set, value) in [
                ("extension", of.is_extension, true),
                ("resolvable", !is_resolvable, false),
                ("isInterfaceObject", is_interface_object, true),
            ] {
                if is_set {
                    join = join.with(argument, Literal::Boolean(value));
                }
            }
            join
        };
        let keys = of.directives.iter().filter(|one| one.name == "key");
        let mut joins: Vec<_> = keys
            .filter_map(|key| {
                let is_resolvable = key.argument("resolvable") != Some(&Literal::Boolean(false));
                Some(join_type(Some(field_set(key)?.ok()?.to_string()), is_resolvable))
            })
            .collect();
        if let Some(is_resolvable) = self.exposed.key_by_type(&of.name, graph) {
            joins.push(join_type(Some("__typename".to_owned()), is_resolvable));
        }
        if joins.is_empty() {
            joins.push(join_type(None, true));
        }
        joins
    }

    fn add_to_fields(&self, of: &mut TypeDef, definitions: &[(usize, &TypeDef)]) {
        let mut sources: BTreeMap<&str, Vec<(usize, &FieldDef)>> = BTreeMap::new();
        for (graph, definition) in definitions {
            for field in &definition.fields {
                sources.entry(&field.name).or_default().push((*graph, field));
            }
        }
        let graphs_of_type =
            if of.name == "Query" { self.schemas.len() } else { definitions.len() };
        for field in &mut of.fields {
            let sources = sources.remove(field.name.as_str()).unwrap_or_default();
            let joins = self.join_fields(&of.name, field, &sources, graphs_of_type);
            field.directives.extend(joins);
        }
    }

    fn join_fields(
        &self,
        of: &str,
        field: &FieldDef,
        sources: &[(usize, &FieldDef)],
        graphs_of_type: usize,
    ) -> Vec<AppliedDirective> {
        if sources.is_empty() {
            // Only an `@interfaceObject` type has it.
            return vec![AppliedDirective::new("join__field")];
        }
        let types_differ = sources.iter().any(|(_, source)| source.ty != field.ty);
        let mut is_needed = types_differ || sources.len() < graphs_of_type;
        let mut joins = Vec::new();
        for (graph, source) in sources {
            let schema = &self.schemas[*graph];
            let is_external = has(&source.directives, "external");
            let is_overridden =
                !is_external && self.overrides.is_overridden(of, &field.name, &schema.name);
            let is_used = || self.used[*graph].contains(&(of.to_owned(), field.name.clone()));
            if is_overridden && !is_used() {
                is_needed = true;
                continue;
            }
            let mut join = self.graph("join__field", *graph);
            let plain = join.arguments.len();
            for name in ["requires", "provides"] {
                let directive = source.directives.iter().find(|one| one.name == name);
                if let Some(Ok(set)) = directive.and_then(field_set) {
                    join = join.with(name, text(&set.to_string()));
                }
            }
            if types_differ {
                join = join.with("type", text(&source.ty.to_string()));
            }
            if is_external {
                join = join.with("external", Literal::Boolean(true));
            }
            is_needed |= join.arguments.len() > plain || is_overridden;
            let overriding = source.directives.iter().find(|one| one.name == "override");
            if let Some(from) = overriding.and_then(|one| one.text("from")) {
                join = join.with("override", text(from));
            }
            if is_overridden {
                join = join.with("usedOverridden", Literal::Boolean(true));
            }
            joins.push(join);
        }
        if is_needed { joins } else { Vec::new() }
    }
}

fn text(text: &str) -> Literal {
    Literal::Text(text.to_owned())
}

/// Values of `join__Graph`: names of subgraphs in capitals, with a number if two are the same.
fn graph_values(schemas: &[SubgraphSchema]) -> Vec<String> {
    let mut known = BTreeSet::new();
    let value = |schema: &SubgraphSchema| {
        let valid = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        let plain: String = schema.name.chars().map(valid).collect();
        let numbered = (1..).map(|number| format!("{plain}_{number}"));
        let mut candidates = std::iter::once(plain.clone()).chain(numbered);
        let value = candidates.find(|one| !known.contains(one)).unwrap_or(plain);
        known.insert(value.clone());
        value
    };
    schemas.iter().map(value).collect()
}
