//! The outline of each subgraph that the composition crate receives: names, signatures and
//! interfaces, after the modules below have resolved what the crate rejects or loses. Everything
//! else is added to the result from the subgraphs themselves.

mod enum_values;
mod implementations;
mod inputs;
mod output_types;
mod sharing;

use std::collections::BTreeSet;

use async_graphql_value::indexmap::IndexMap;
use graphql_composition::{Subgraphs, render_federated_sdl};

use super::{
    CompositionError,
    overrides::Overrides,
    subgraph_schema::SubgraphSchema,
    type_system::{AppliedDirective, DefinitionKind, FieldDef, SchemaDocument, TypeDef, has},
};

/// Link that makes the crate apply the rules of Federation 2.
const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", \
     import: [\"@shareable\"])\n";

/// The outlines of all subgraphs, in their order.
pub(super) struct Outlines<'a> {
    schemas: &'a [SubgraphSchema],
    types: Vec<IndexMap<String, TypeDef>>,
    errors: Vec<CompositionError>,
}

/// A field of a type, by subgraph and index.
#[derive(Debug, Clone, Copy)]
struct FieldPosition {
    graph: usize,
    index: usize,
}

impl<'a> Outlines<'a> {
    /// Outlines that can be composed, with the errors of what cannot.
    pub(super) fn of(schemas: &'a [SubgraphSchema], overrides: &Overrides) -> Self {
        // Subscriptions are rejected elsewhere; the crate has rules of its own for them.
        let types = schemas.iter().map(|schema| {
            let types = schema.types.iter().filter(|(name, _)| *name != "Subscription");
            types.map(|(name, of)| (name.clone(), outline(of))).collect()
        });
        let mut outlines = Self { schemas, types: types.collect(), errors: Vec::new() };
        outlines.check_kinds();
        outlines.lend_fields_of_interface_objects();
        output_types::unify(&mut outlines);
        inputs::unify(&mut outlines);
        enum_values::unify(&mut outlines);
        implementations::check(&mut outlines);
        sharing::check(&mut outlines, overrides);
        outlines
    }

    /// The errors of what cannot be composed.
    pub(super) fn take_errors(&mut self) -> Vec<CompositionError> {
        std::mem::take(&mut self.errors)
    }

    /// Composes outlines without errors with the crate.
    ///
    /// # Errors
    /// Messages of the crate.
    pub(super) fn compose(self) -> Result<String, Vec<String>> {
        let mut ingested = Subgraphs::default();
        let mut messages = Vec::new();
        for (schema, types) in self.schemas.iter().zip(self.types) {
            let document = SchemaDocument { types, ..SchemaDocument::default() };
            let sdl = format!("{LINK}{document}");
            if let Err(error) = ingested.ingest_str(&sdl, &schema.name, Some(&schema.url)) {
                messages.push(error.to_string());
            }
        }
        let composed = graphql_composition::compose(&mut ingested);
        messages.extend(composed.diagnostics().iter_errors().map(str::to_owned));
        match composed.into_result() {
            Ok(graph) if messages.is_empty() => {
                Ok(render_federated_sdl(&graph).expect("writing to a `String` cannot fail"))
            }
            _ => Err(messages),
        }
    }

    /// Names of all types, with the subgraphs that have them.
    fn by_name(&self) -> IndexMap<String, Vec<usize>> {
        let mut names: IndexMap<String, Vec<usize>> = IndexMap::new();
        for (graph, types) in self.types.iter().enumerate() {
            for name in types.keys() {
                names.entry(name.clone()).or_default().push(graph);
            }
        }
        names
    }

    /// The fields of a type by name, with their positions.
    fn fields(&self, name: &str, graphs: &[usize]) -> IndexMap<String, Vec<FieldPosition>> {
        let mut fields: IndexMap<String, Vec<FieldPosition>> = IndexMap::new();
        for graph in graphs {
            for (index, field) in self.types[*graph][name].fields.iter().enumerate() {
                let position = FieldPosition { graph: *graph, index };
                fields.entry(field.name.clone()).or_default().push(position);
            }
        }
        fields
    }

    /// Copies of a field, with the subgraphs that have it.
    fn copies(&self, name: &str, positions: &[FieldPosition]) -> Vec<(usize, FieldDef)> {
        let copy =
            |at: &FieldPosition| (at.graph, self.types[at.graph][name].fields[at.index].clone());
        positions.iter().map(copy).collect()
    }

    /// Changes a field in all subgraphs that have it.
    fn change(&mut self, name: &str, positions: &[FieldPosition], change: impl Fn(&mut FieldDef)) {
        for at in positions {
            if let Some(of) = self.types[at.graph].get_mut(name) {
                change(&mut of.fields[at.index]);
            }
        }
    }

    fn report(&mut self, name: &str, field: Option<&str>, graphs: &[usize], message: String) {
        let graphs: BTreeSet<usize> = graphs.iter().copied().collect();
        self.errors.push(CompositionError {
            message,
            type_name: Some(name.to_owned()),
            field: field.map(str::to_owned),
            subgraphs: graphs.iter().map(|graph| self.schemas[*graph].name.clone()).collect(),
        });
    }

    /// `TYPE in NAME`, for each subgraph.
    fn listed<T: ToString>(&self, found: &[(usize, T)]) -> String {
        let listed = found.iter().map(|(graph, what)| {
            format!("`{}` in `{}`", what.to_string(), self.schemas[*graph].name)
        });
        listed.collect::<Vec<_>>().join(", ")
    }

    /// Reports types of different kinds, and leaves only the first kind.
    fn check_kinds(&mut self) {
        for (name, graphs) in self.by_name() {
            let kinds: Vec<_> =
                graphs.iter().map(|graph| (*graph, self.types[*graph][&name].kind)).collect();
            let other = kinds.iter().find(|(_, kind)| *kind != kinds[0].1).copied();
            let Some(other) = other else { continue };
            let listed = self.listed(&[kinds[0], other].map(|(graph, kind)| (graph, kind.noun())));
            let message = format!("has different kinds: {listed}; rename it in one of them");
            self.report(&name, None, &[kinds[0].0, other.0], message);
            for (graph, _) in kinds.iter().filter(|(_, kind)| *kind != kinds[0].1) {
                self.types[*graph].shift_remove(&name);
            }
        }
    }

    /// Gives the fields of an `@interfaceObject` type to the objects of its interface.
    fn lend_fields_of_interface_objects(&mut self) {
        let all = || self.schemas.iter().flat_map(|schema| schema.types.values());
        let lenders = all().filter(|of| has(&of.directives, "interfaceObject"));
        let lenders: BTreeSet<&str> = lenders.map(|of| of.name.as_str()).collect();
        let mut objects: IndexMap<&str, Vec<&TypeDef>> = IndexMap::new();
        for of in all() {
            if of.kind == DefinitionKind::Interface && lenders.contains(of.name.as_str()) {
                objects.entry(&of.name).or_default();
            }
            if of.kind == DefinitionKind::Object {
                for interface in of.interfaces.iter().filter(|one| lenders.contains(one.as_str())) {
                    objects.entry(interface).or_default().push(of);
                }
            }
        }
        for (graph, schema) in self.schemas.iter().enumerate() {
            for lender in schema.types.values().filter(|of| has(&of.directives, "interfaceObject"))
            {
                let Some(objects) = objects.get(lender.name.as_str()) else {
                    let message = "is an `@interfaceObject`, but no subgraph has an interface of \
                        that name: define it there with the same `@key`";
                    self.report(&lender.name, None, &[graph], message.to_owned());
                    continue;
                };
                for object in objects {
                    self.lend(graph, &lender.name, object);
                }
            }
        }
    }

    /// Gives the fields of an `@interfaceObject` type to one object.
    fn lend(&mut self, graph: usize, lender: &str, object: &TypeDef) {
        let types = &mut self.types[graph];
        let Some(lent) = types.get(lender).map(|of| of.fields.clone()) else { return };
        let known = types.entry(object.name.clone()).or_insert_with(|| {
            let interfaces = vec![lender.to_owned()];
            let bare = TypeDef { fields: Vec::new(), ..object.clone() };
            TypeDef { interfaces, ..outline(&bare) }
        });
        let names: BTreeSet<String> = known.fields.iter().map(|field| field.name.clone()).collect();
        known.fields.extend(lent.into_iter().filter(|field| !names.contains(&field.name)));
    }
}

impl DefinitionKind {
    const fn noun(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Object => "type",
            Self::Interface => "interface",
            Self::Union => "union",
            Self::Enum => "enum",
            Self::InputObject => "input",
        }
    }
}

/// A type without descriptions and directives. Fields of objects are shareable: [`sharing`] checks
/// which may be. An `@interfaceObject` is outlined as the interface.
fn outline(of: &TypeDef) -> TypeDef {
    let is_interface = has(&of.directives, "interfaceObject");
    let kind = if is_interface { DefinitionKind::Interface } else { of.kind };
    let directives = if kind == DefinitionKind::Object {
        vec![AppliedDirective::new("shareable")]
    } else {
        Vec::new()
    };
    let bare =
        |field: &FieldDef| FieldDef { description: None, directives: Vec::new(), ..field.clone() };
    let fields = of.fields.iter().map(|field| FieldDef {
        arguments: field.arguments.iter().map(bare).collect(),
        directives: directives.clone(),
        ..bare(field)
    });
    let mut values = of.values.clone();
    for value in &mut values {
        value.description = None;
        value.directives.clear();
    }
    TypeDef {
        kind,
        description: None,
        directives: Vec::new(),
        fields: fields.collect(),
        values,
        is_extension: false,
        ..of.clone()
    }
}
