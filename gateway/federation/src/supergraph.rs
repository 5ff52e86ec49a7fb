//! A loaded supergraph, on which operations can be planned.

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
    config::StringScalar,
    error::Cause,
    plan::Step,
    planner_adapter::{Planner, PlannerError, parse_supergraph},
    schema::{PublicSchema, argument, public_document},
    schema_excerpt::{SchemaIndex, ValidationSchema},
};

/// A subgraph as declared in the supergraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubgraphInfo {
    /// Name, such as `pleio`.
    pub(crate) name: Arc<str>,
    /// URL of its endpoint; empty if the supergraph does not declare it.
    pub(crate) url: String,
}

/// A loaded supergraph: its public schema and its planner.
pub struct Supergraph {
    planner: Planner,
    types: PublicSchema,
    public: ast::Document,
    public_index: SchemaIndex,
    graphs: Vec<SubgraphInfo>,
    digest: blake3::Hash,
}

/// The reason why a supergraph cannot be loaded.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LoadError {
    /// It is not a GraphQL schema.
    #[error("invalid SDL")]
    Syntax(#[source] Cause),
    /// It is a schema, but not a supergraph.
    #[error("no subgraphs (`enum join__Graph`); compose the supergraph from subgraphs first")]
    NoSubgraphs,
    /// It has no query type.
    #[error("missing query type")]
    MissingQueryType,
    /// It has a `@fromContext` argument, which this router cannot provide.
    #[error("unsupported `@fromContext` argument of `{0}`")]
    UnsupportedFromContext(String),
    /// Its public schema would contain the name of an inaccessible element.
    #[error("`{coordinate}` is accessible and refers to `{inaccessible}`, which is not")]
    InaccessibleReference {
        /// A type, field or argument of the public schema.
        coordinate: String,
        /// The inaccessible type, enum value or input field that it refers to.
        inaccessible: String,
    },
    /// It requires a feature that this router does not enforce.
    #[error("unsupported feature `{0}`: refusing to serve it unenforced")]
    UnsupportedFeature(String),
    /// The planner cannot use it.
    #[error("query planner rejected the supergraph")]
    Planner(#[source] Cause),
    /// It has a field that is resolved by a connector instead of a subgraph.
    #[error("unsupported `@{directive}` of `{coordinate}`: let a subgraph resolve it")]
    UnsupportedConnector {
        /// Name of the directive in the subgraph.
        directive: String,
        /// A type or field, or `schema`.
        coordinate: String,
    },
}

impl Supergraph {
    /// Loads a supergraph, and catches panics of the planner's crate.
    ///
    /// # Errors
    /// [`LoadError`] if it is invalid or unsupported.
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
        if let Some((directive, coordinate)) = find_connector(&document) {
            return Err(LoadError::UnsupportedConnector { directive, coordinate });
        }
        strip_provided_typenames(&mut document);
        let planner = Planner::new(&document).map_err(LoadError::Planner)?;
        if let Some((coordinate, inaccessible)) =
            accessibility::inaccessible_reference(planner.public_schema())
        {
            return Err(LoadError::InaccessibleReference { coordinate, inaccessible });
        }
        let public = public_document(&document, planner.public_schema());
        Ok(Self {
            types: PublicSchema::new(&document, &public),
            public_index: SchemaIndex::new(&public),
            public,
            planner,
            graphs,
            digest: blake3::hash(sdl.as_bytes()),
        })
    }

    /// The types of the public schema.
    pub(crate) fn types(&self) -> &PublicSchema {
        &self.types
    }

    /// Checks values of these scalars from now on.
    pub(crate) fn check_scalars(&mut self, scalars: &[StringScalar]) {
        self.types.check_scalars(scalars);
    }

    /// The public schema, for validation.
    pub(crate) fn validation_schema(&self) -> ValidationSchema<'_> {
        ValidationSchema { document: &self.public, index: &self.public_index, types: &self.types }
    }

    /// The subgraphs.
    pub(crate) fn graphs(&self) -> &[SubgraphInfo] {
        &self.graphs
    }

    /// The authorization rules.
    pub(crate) fn auth_rules(&self) -> &AuthRules {
        self.types.auth_rules()
    }

    /// Plans an operation of a valid document; `None` if nothing needs to be fetched.
    ///
    /// # Errors
    /// [`PlannerError`] if it cannot be planned.
    pub(crate) fn plan(
        &self,
        document: &query::Document,
        operation: Option<&str>,
        timeout: Duration,
    ) -> Result<Option<Step>, PlannerError> {
        self.planner.plan(&self.types, document, operation, timeout)
    }

    /// Hash of the SDL.
    pub(crate) fn digest(&self) -> blake3::Hash {
        self.digest
    }
}

/// Features that a supergraph can link to. `context` is only rejected if a field uses it.
const FEATURES: [&str; 6] =
    ["link", "join", "inaccessible", "context", AUTHENTICATED, REQUIRES_SCOPES];

/// Finds a required feature (`@link(for: SECURITY)` or `EXECUTION`) that this router does not
/// support, such as `https://specs.apollo.dev/policy/v0.1`; or a feature that restricts access
/// whose directives are renamed.
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

/// The subgraphs declared by the values of `join__Graph`.
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

/// Finds a field with a `@fromContext` argument, which the planner would silently omit.
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

/// Directives of Apollo Connectors: no subgraph resolves fields with them.
const CONNECTORS: [&str; 2] = ["connect", "source"];

/// Finds a directive of a connector, and where it stands.
fn find_connector(document: &ast::Document) -> Option<(String, String)> {
    let connector = |directives: &[ast::Directive]| {
        let mut names = directives
            .iter()
            .filter_map(|one| argument(slice::from_ref(one), "join__directive", "name"));
        names.find(|name| CONNECTORS.contains(&name.as_str()))
    };
    document.definitions.iter().find_map(|definition| {
        let (name, directives, fields) = match definition {
            ast::Definition::SchemaDefinition(schema) => {
                ("schema", &schema.directives, [].as_slice())
            }
            ast::Definition::TypeDefinition(ast::TypeDefinition::Object(object)) => {
                (object.name.as_str(), &object.directives, object.fields.as_slice())
            }
            ast::Definition::TypeDefinition(ast::TypeDefinition::Interface(interface)) => {
                (interface.name.as_str(), &interface.directives, interface.fields.as_slice())
            }
            _ => return None,
        };
        let of_type = connector(directives).map(|directive| (directive, name.to_owned()));
        of_type.or_else(|| {
            fields.iter().find_map(|field| {
                Some((connector(&field.directives)?, format!("{name}.{}", field.name)))
            })
        })
    })
}

/// Removes `__typename` from `@provides`: the planner expects it to be a declared field, and any
/// subgraph that resolves an object resolves its type.
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

/// Removes `__typename` from a field set; `None` if nothing is left.
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
