//! The schema of a graph without subgraphs: validates documents, coerces variables and resolves
//! introspection exactly as a [`SupergraphRouter`](crate::SupergraphRouter) does.

use std::sync::Arc;

use async_graphql_value::{ConstValue as Value, Variables};
use graphql_tools::static_graphql::schema as ast;

use crate::{
    config::RouterConfig,
    operation::Operation,
    operation_planner::{OperationPlanner, PlanError},
    response_projection::with_introspection,
    router::{RequestError, check_kind, request_error},
    schema::{PublicSchema, SchemaError, parse_document, public_document},
    schema_excerpt::{SchemaIndex, ValidationSchema},
};

/// A schema that one server executes as a whole.
pub struct StandaloneSchema {
    validated: Arc<ValidatedSchema>,
    /// The types that clients see.
    public: PublicSchema,
    planner: OperationPlanner,
    errors_max: usize,
}

/// The schema against which documents are validated.
struct ValidatedSchema {
    document: ast::Document,
    index: SchemaIndex,
    types: PublicSchema,
}

impl StandaloneSchema {
    /// The schema of an SDL. Documents can also use the types of `hidden`, and the fields of its
    /// type `Query`, but clients do not see them.
    ///
    /// # Errors
    /// [`SchemaError`] if an SDL cannot be parsed.
    pub fn parse(sdl: &str, hidden: &str, config: &RouterConfig) -> Result<Self, SchemaError> {
        let public = parse_document(sdl)?;
        let whole = with_hidden(public.clone(), parse_document(hidden)?);
        let document = public_document(&whole, &whole);
        let mut types = PublicSchema::new(&whole, &document);
        let mut public = PublicSchema::new(&public, &public_document(&public, &public));
        for schema in [&mut types, &mut public] {
            schema.check_scalars(config.local.as_ref().map_or(&[], |local| local.scalars));
        }
        Ok(Self {
            public,
            validated: Arc::new(ValidatedSchema {
                index: SchemaIndex::new(&document),
                types,
                document,
            }),
            planner: OperationPlanner::new(config.plan_timeout),
            errors_max: config.errors_max,
        })
    }

    /// The types that clients see.
    pub fn types(&self) -> &PublicSchema {
        &self.public
    }

    /// Validates the document of an operation, unless that was done before; outside the runtime's
    /// worker threads.
    ///
    /// # Errors
    /// [`RequestError`] if it is invalid or a subscription.
    pub async fn validate(&self, operation: &Operation) -> Result<(), RequestError> {
        check_kind(&self.public, operation)?;
        let validation = async || {
            let (schema, planner) = (Arc::clone(&self.validated), self.planner.clone());
            let source = Arc::clone(operation.source());
            let validation = move || {
                let ValidatedSchema { document, index, types } = &*schema;
                planner.validate(&ValidationSchema { document, index, types }, &source).map(drop)
            };
            let validation = tokio::task::spawn_blocking(validation).await;
            validation
                .unwrap_or(Err(PlanError::Panicked))
                .map_err(|error| request_error(error, self.errors_max))
        };
        operation.validity().get_or_try_init(validation).await.map(|_valid| ())
    }

    /// Adds the introspection that an operation selects to the data of its other fields.
    pub fn with_introspection(
        &self,
        operation: &Operation,
        variables: &Variables,
        data: Value,
    ) -> Value {
        with_introspection(&self.public, operation, variables, data)
    }
}

fn with_hidden(mut public: ast::Document, hidden: ast::Document) -> ast::Document {
    let query = public.query_type_name().cloned().unwrap_or_default();
    for definition in hidden.definitions {
        let root = public.definitions.iter_mut().find_map(|root| match (root, &definition) {
            (
                ast::Definition::TypeDefinition(ast::TypeDefinition::Object(root)),
                ast::Definition::TypeDefinition(ast::TypeDefinition::Object(object)),
            ) if root.name == query && object.name == query => Some((root, &object.fields)),
            _ => None,
        });
        match root {
            Some((root, fields)) => root.fields.extend(fields.iter().cloned()),
            None => public.definitions.push(definition),
        }
    }
    public
}
