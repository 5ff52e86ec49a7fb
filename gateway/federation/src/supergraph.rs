//! A supergraph that was loaded and can be planned over.

mod accessibility;
#[cfg(test)]
mod accessibility_tests;

use std::{slice, sync::Arc, time::Duration};

use graphql_tools::{
    parser::parse_query,
    static_graphql::{query, schema as ast},
};

use crate::{
    authorization::{AUTHENTICATED, AuthRules, REQUIRES_SCOPES},
    error::Cause,
    plan::Step,
    planner_adapter::{Planner, PlannerError, parse_supergraph},
    schema::{PublicSchema, argument},
};

/// A subgraph as the supergraph names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubgraphInfo {
    /// Its name, such as `pleio`.
    pub(crate) name: Arc<str>,
    /// Where it is asked; empty where the supergraph does not say.
    pub(crate) url: String,
}

/// A supergraph that was read: what clients see of it, and what makes plans over it.
pub struct Supergraph {
    planner: Planner,
    types: PublicSchema,
    graphs: Vec<SubgraphInfo>,
    digest: blake3::Hash,
}

/// Why a supergraph cannot be taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LoadError {
    /// It is no GraphQL schema.
    #[error("invalid SDL")]
    Syntax(#[source] Cause),
    /// It is a schema, but of no supergraph.
    #[error("no subgraphs (`enum join__Graph`); compose the supergraph from subgraphs first")]
    NoSubgraphs,
    /// There is nothing to ask.
    #[error("missing query type")]
    MissingQueryType,
    /// It has an argument that no plan here gives.
    #[error("unsupported `@fromContext` argument of `{0}`")]
    UnsupportedFromContext(String),
    /// Clients would see the name of something inaccessible.
    #[error("`{coordinate}` is accessible and refers to `{inaccessible}`, which is not")]
    InaccessibleReference {
        /// The type, field or argument that clients see.
        coordinate: String,
        /// The type, enum value or input field that they do not.
        inaccessible: String,
    },
    /// It says that it must not be served without something that is not done here.
    #[error("unsupported feature `{0}`: refusing to serve it unenforced")]
    UnsupportedFeature(String),
    /// The planner does not take it.
    #[error("planner rejected it")]
    Planner(#[source] Cause),
}

impl Supergraph {
    /// Reads a supergraph. A panic of the planner's crate over an odd one ends here.
    ///
    /// # Errors
    /// [`LoadError`] where it is none, or one over which no plans can be made.
    pub fn load(sdl: &str) -> Result<Self, LoadError> {
        let mut document = parse_supergraph(sdl).map_err(LoadError::Syntax)?;
        let graphs = graphs(&document);
        if graphs.is_empty() {
            return Err(LoadError::NoSubgraphs);
        }
        if document.query_type_name().is_none() {
            return Err(LoadError::MissingQueryType);
        }
        if let Some(feature) = unknown_feature(&document) {
            return Err(LoadError::UnsupportedFeature(feature));
        }
        if let Some(field) = find_from_context(&document) {
            return Err(LoadError::UnsupportedFromContext(field));
        }
        strip_provided_typenames(&mut document);
        let planner = Planner::new(&document).map_err(LoadError::Planner)?;
        if let Some((coordinate, inaccessible)) =
            accessibility::inaccessible_reference(planner.public_schema())
        {
            return Err(LoadError::InaccessibleReference { coordinate, inaccessible });
        }
        let types = PublicSchema::new(&document, planner.public_schema());
        Ok(Self { planner, types, graphs, digest: blake3::hash(sdl.as_bytes()) })
    }

    /// What clients see.
    pub(crate) fn types(&self) -> &PublicSchema {
        &self.types
    }

    /// The schema that clients see, to validate against.
    pub(crate) fn public(&self) -> &ast::Document {
        self.planner.public_schema()
    }

    /// Its subgraphs.
    pub(crate) fn graphs(&self) -> &[SubgraphInfo] {
        &self.graphs
    }

    /// The rules of who may see what.
    pub(crate) fn auth_rules(&self) -> &AuthRules {
        self.types.auth_rules()
    }

    /// Plans an operation of a valid document; `None` if nothing has to be fetched.
    ///
    /// # Errors
    /// [`PlannerError`] if there is no plan.
    pub(crate) fn plan(
        &self,
        document: &query::Document,
        operation: Option<&str>,
        timeout: Duration,
    ) -> Result<Option<Step>, PlannerError> {
        self.planner.plan(&self.types, document, operation, timeout)
    }

    /// A digest of its text.
    pub(crate) fn digest(&self) -> blake3::Hash {
        self.digest
    }
}

/// What a supergraph may want of who serves it. `context` is refused where a field uses it.
const FEATURES: [&str; 6] =
    ["link", "join", "inaccessible", "context", AUTHENTICATED, REQUIRES_SCOPES];

/// A feature without which a supergraph must not be served (`@link(for: SECURITY)` or `EXECUTION`) and
/// that is not known here, such as `https://specs.apollo.dev/policy/v0.1`; or one that keeps something
/// from clients, whose directives have other names here.
fn unknown_feature(document: &ast::Document) -> Option<String> {
    let directives = document.definitions.iter().filter_map(|definition| match definition {
        ast::Definition::SchemaDefinition(schema) => Some(&schema.directives),
        _ => None,
    });
    let links = directives.flatten().filter(|directive| directive.name == "link");
    let has = |link: &ast::Directive, wanted| link.arguments.iter().any(|(name, _)| name == wanted);
    let mut unknown = links.filter_map(|link| {
        let url = argument(slice::from_ref(link), "link", "url")?;
        let name = url.trim_end_matches('/').rsplit('/').nth(1).unwrap_or_default();
        let hides = [AUTHENTICATED, REQUIRES_SCOPES, "inaccessible"].contains(&name);
        let is_renamed = hides && (has(link, "as") || has(link, "import"));
        let is_unknown = has(link, "for") && !FEATURES.contains(&name);
        (is_unknown || is_renamed).then_some(url)
    });
    unknown.next()
}

/// The subgraphs that the values of `join__Graph` name.
fn graphs(document: &ast::Document) -> Vec<SubgraphInfo> {
    let values = document.definitions.iter().find_map(|definition| match definition {
        ast::Definition::TypeDefinition(ast::TypeDefinition::Enum(of))
            if of.name == "join__Graph" =>
        {
            Some(&of.values)
        }
        _ => None,
    });
    let graph = |value: &ast::EnumValue| {
        let named = |name| argument(&value.directives, "join__graph", name);
        let name = named("name").unwrap_or_else(|| value.name.clone());
        SubgraphInfo { name: name.into(), url: named("url").unwrap_or_default() }
    };
    values.into_iter().flatten().map(graph).collect()
}

/// A field with an argument that comes from what is around it. The planner would ask for it without.
fn find_from_context(document: &ast::Document) -> Option<String> {
    let takes_context = |field: &&ast::Field| {
        let join_fields =
            field.directives.iter().filter(|directive| directive.name == "join__field");
        let mut arguments = join_fields.flat_map(|directive| &directive.arguments);
        arguments.any(|(name, _)| name == "contextArguments")
    };
    document.definitions.iter().find_map(|definition| {
        let (name, fields) = match definition {
            ast::Definition::TypeDefinition(ast::TypeDefinition::Object(object)) => {
                (&object.name, &object.fields)
            }
            ast::Definition::TypeDefinition(ast::TypeDefinition::Interface(interface)) => {
                (&interface.name, &interface.fields)
            }
            _ => return None,
        };
        fields.iter().find(takes_context).map(|field| format!("{name}.{}", field.name))
    })
}

/// Leaves `__typename` out of what is provided: the planner looks for a field of that name, and whoever
/// answers for something answers for its type.
fn strip_provided_typenames(document: &mut ast::Document) {
    for definition in &mut document.definitions {
        let fields = match definition {
            ast::Definition::TypeDefinition(ast::TypeDefinition::Object(object)) => {
                &mut object.fields
            }
            ast::Definition::TypeDefinition(ast::TypeDefinition::Interface(interface)) => {
                &mut interface.fields
            }
            _ => continue,
        };
        let directives = fields.iter_mut().flat_map(|field| &mut field.directives);
        for directive in directives.filter(|directive| directive.name == "join__field") {
            directive.arguments.retain_mut(|(name, value)| match value {
                ast::Value::String(fields) if name == "provides" => {
                    without_typenames(fields).inspect(|less| fields.clone_from(less)).is_some()
                }
                _ => true,
            });
        }
    }
}

/// A set of fields without `__typename`, if anything is left of it.
fn without_typenames(fields: &str) -> Option<String> {
    if !fields.contains("__typename") {
        return Some(fields.to_owned());
    }
    let mut document = parse_query::<String>(&format!("{{ {fields} }}")).ok()?.into_static();
    let Some(query::Definition::Operation(query::OperationDefinition::SelectionSet(set))) =
        document.definitions.first_mut()
    else {
        return None;
    };
    remove_typenames(set);
    let is_empty = set.items.is_empty();
    let text = document.to_string();
    let inner = text.trim().trim_start_matches('{').strip_suffix('}')?;
    (!is_empty).then(|| inner.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn remove_typenames(set: &mut query::SelectionSet) {
    set.items.retain_mut(|item| {
        let below = match item {
            query::Selection::Field(field) if field.name == "__typename" => return false,
            query::Selection::Field(field) => &mut field.selection_set,
            query::Selection::InlineFragment(fragment) => &mut fragment.selection_set,
            query::Selection::FragmentSpread(_) => return true,
        };
        let had = !below.items.is_empty();
        remove_typenames(below);
        !had || !below.items.is_empty()
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provides_must_be_stripped_of_typenames() {
        for (fields, less) in [
            ("name", Some("name")),
            ("by { __typename name } on", Some("by { name } on")),
            ("__typename ... on Lane { name __typename }", Some("... on Lane { name }")),
            ("by { __typename }", None),
        ] {
            assert_eq!(without_typenames(fields).as_deref(), less, "{fields}");
        }
    }
}
