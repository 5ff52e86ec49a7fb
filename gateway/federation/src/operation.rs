//! The operation of a request, selected from its document.

use std::{collections::HashSet, sync::Arc};

use async_graphql_parser::{
    Positioned, parse_query,
    types::{
        DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
        SelectionSet,
    },
};
use async_graphql_value::Name;
use tokio::sync::OnceCell;

use crate::{
    error::{ApiError, ErrorCode, GraphqlError},
    source_text,
    text_limits::check_document,
};

/// A document with exactly one operation.
///
/// Invariant: if the operation was selected by name, the document contains no other operation and
/// no fragment that it does not use, since conditions and arguments are read from all fragments.
#[derive(Debug)]
pub struct Operation {
    /// The whole document, rewritten so that every parser reads the same.
    source: Arc<str>,
    document: ExecutableDocument,
    /// Names of the root fields, including those in fragments.
    root_fields: Vec<Name>,
    /// Whether a field is `__schema` or `__type`, at any level.
    selects_introspection: bool,
    /// The types on which fragments are selected.
    type_conditions: HashSet<Name>,
    /// Set once the document is known to be valid in the graph without subgraphs.
    validity: OnceCell<()>,
}

impl Operation {
    /// Parses a document, and selects the operation `name` or the only one.
    ///
    /// # Errors
    /// [`GraphqlError`] for a syntax error, more than `tokens_max` tokens, nesting beyond
    /// [`NESTING_MAX`](crate::text_limits::NESTING_MAX), or if the operation cannot be selected.
    pub fn parse_within(
        text: &str,
        name: Option<&str>,
        tokens_max: usize,
    ) -> Result<Self, GraphqlError> {
        check_document(text, tokens_max)?;
        let source: Arc<str> = source_text::rewrite(text)?.into();
        let mut document = parse_query(&source).map_err(|error| parse_error(&error))?;
        match (&mut document.operations, name) {
            (DocumentOperations::Single(_), None) => {}
            (DocumentOperations::Multiple(operations), Some(name))
                if operations.contains_key(name) =>
            {
                operations.retain(|candidate, _| candidate == name);
            }
            (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {}
            (_, Some(name)) => {
                let message = format!("unknown operation: `{name}`");
                return Err(ApiError::new(ErrorCode::OperationResolutionFailure, message).into());
            }
            (_, None) => {
                let message = "document has several operations; select one with `operationName`";
                return Err(ApiError::new(ErrorCode::OperationResolutionFailure, message).into());
            }
        }
        let mut operation = Self {
            source,
            document,
            root_fields: Vec::new(),
            selects_introspection: false,
            type_conditions: HashSet::new(),
            validity: OnceCell::new(),
        };
        let (reached, selects_introspection) = operation.reached_fragments();
        if name.is_some() {
            operation.document.fragments.retain(|name, _| reached.contains(name));
        }
        operation.selects_introspection = selects_introspection;
        operation.type_conditions = operation.collect_type_conditions();
        operation.root_fields = operation.collect_root_fields();
        Ok(operation)
    }

    /// Parses a document from the operator, without a token limit.
    ///
    /// # Errors
    /// As [`Operation::parse_within`].
    pub fn parse(text: &str, name: Option<&str>) -> Result<Self, GraphqlError> {
        Self::parse_within(text, name, usize::MAX)
    }

    /// The text of the whole document, rewritten so that every parser reads the same.
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    pub(crate) fn validity(&self) -> &OnceCell<()> {
        &self.validity
    }

    /// The definition of the operation.
    pub fn definition(&self) -> &Positioned<OperationDefinition> {
        let (_, definition) =
            self.document.operations.iter().next().expect("a parsed document has an operation");
        definition
    }

    /// Query, mutation or subscription.
    pub fn kind(&self) -> OperationType {
        self.definition().node.ty
    }

    /// The name of the operation, if it has one.
    pub fn name(&self) -> Option<&str> {
        let (name, _) = self.document.operations.iter().next()?;
        name.map(Name::as_str)
    }

    /// The selections of a fragment.
    pub fn fragment(&self, name: &Name) -> Option<&SelectionSet> {
        self.document.fragments.get(name).map(|fragment| &fragment.node.selection_set.node)
    }

    /// The document for execution.
    pub fn document(&self) -> &ExecutableDocument {
        &self.document
    }

    /// Names of the root fields, including those in fragments, with repetitions.
    pub fn root_fields(&self) -> &[Name] {
        &self.root_fields
    }

    /// Whether a field, including those in fragments, is `__schema` or `__type`. Other objects than
    /// the root can have the type of the root, and its fields.
    pub fn selects_introspection(&self) -> bool {
        self.selects_introspection
    }

    /// The types on which fragments are selected.
    pub(crate) fn type_conditions(&self) -> &HashSet<Name> {
        &self.type_conditions
    }

    fn collect_type_conditions(&self) -> HashSet<Name> {
        let fragments = self.document.fragments.values().map(|fragment| &fragment.node);
        let mut open: Vec<_> =
            fragments.clone().map(|fragment| &fragment.selection_set.node).collect();
        let mut found: HashSet<_> =
            fragments.map(|fragment| fragment.type_condition.node.on.node.clone()).collect();
        open.push(&self.definition().node.selection_set.node);
        while let Some(set) = open.pop() {
            for selection in &set.items {
                match &selection.node {
                    Selection::Field(field) => open.push(&field.node.selection_set.node),
                    Selection::InlineFragment(fragment) => {
                        let condition = fragment.node.type_condition.as_ref();
                        found.extend(condition.map(|condition| condition.node.on.node.clone()));
                        open.push(&fragment.node.selection_set.node);
                    }
                    Selection::FragmentSpread(_) => {}
                }
            }
        }
        found
    }

    /// Counts a repeated fragment once: the complexity limit covers repetitions.
    fn collect_root_fields(&self) -> Vec<Name> {
        let mut found = Vec::new();
        let mut reached = HashSet::new();
        let mut open = vec![&self.definition().node.selection_set.node];
        while let Some(set) = open.pop() {
            for selection in &set.items {
                match &selection.node {
                    Selection::Field(field) => found.push(field.node.name.node.clone()),
                    Selection::InlineFragment(fragment) => {
                        open.push(&fragment.node.selection_set.node);
                    }
                    Selection::FragmentSpread(spread) => {
                        let name = &spread.node.fragment_name.node;
                        if reached.insert(name) {
                            open.extend(self.fragment(name));
                        }
                    }
                }
            }
        }
        found
    }

    /// The fragments that the operation uses, and whether it selects introspection.
    fn reached_fragments(&self) -> (HashSet<Name>, bool) {
        let mut selects_introspection = false;
        let mut reached = HashSet::new();
        let mut open = vec![&self.definition().node.selection_set.node];
        while let Some(set) = open.pop() {
            for selection in &set.items {
                match &selection.node {
                    Selection::Field(field) => {
                        selects_introspection |= is_introspection(&field.node.name.node);
                        open.push(&field.node.selection_set.node);
                    }
                    Selection::InlineFragment(fragment) => {
                        open.push(&fragment.node.selection_set.node);
                    }
                    Selection::FragmentSpread(spread) => {
                        let name = &spread.node.fragment_name.node;
                        if reached.insert(name.clone()) {
                            open.extend(self.fragment(name));
                        }
                    }
                }
            }
        }
        (reached, selects_introspection)
    }
}

/// Whether a field is resolved from the schema.
pub(crate) fn is_introspection(field: &str) -> bool {
    matches!(field, "__schema" | "__type")
}

/// Reduces a syntax error to one sentence; the parser also renders the full line of the document.
fn parse_error(error: &async_graphql_parser::Error) -> GraphqlError {
    use async_graphql_parser::Error;
    let rendered = error.to_string();
    let last = rendered.lines().last().unwrap_or_default().trim();
    let reason = last.strip_prefix("= ").unwrap_or(last);
    let reason: String = reason.chars().take(REASON_CHARACTERS_MAX).collect();
    let code = match error {
        Error::MultipleOperations { .. }
        | Error::OperationDuplicated { .. }
        | Error::FragmentDuplicated { .. } => ErrorCode::GraphqlValidationFailed,
        Error::MissingOperation => ErrorCode::OperationResolutionFailure,
        _ => ErrorCode::GraphqlParseFailed,
    };
    let position = error.positions().next();
    let error = match code {
        ErrorCode::GraphqlParseFailed => ApiError::parse_failed(&reason),
        code => ApiError::new(code, reason),
    };
    GraphqlError { locations: position.into_iter().collect(), ..error.into() }
}

/// Maximum number of characters of the parser's message.
const REASON_CHARACTERS_MAX: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_operation_must_be_the_only_one_in_its_document() {
        let text = "query A { a ...f } query B { b ...g }
            fragment f on Query { x } fragment g on Query { ...h } fragment h on Query { y }";
        let operation = Operation::parse(text, Some("B")).unwrap();
        assert_eq!(operation.name(), Some("B"));
        let mut fragments: Vec<_> = operation.document().fragments.keys().cloned().collect();
        fragments.sort();
        assert_eq!(fragments, ["g", "h"]);
    }

    #[test]
    fn introspection_must_be_found_behind_aliases_and_fragments() {
        for (text, expected) in [
            ("{ a: __type(name: \"T\") { name } }", true),
            ("{ ... { b: __schema { types { name } } } }", true),
            (
                "{ ...f } fragment f on Query { ...g } fragment g on Query { __type(name: \"T\") { name } }",
                true,
            ),
            ("{ __typename a { __typename } }", false),
        ] {
            assert_eq!(
                Operation::parse(text, None).unwrap().selects_introspection(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_syntax_error_must_be_one_sentence_with_its_position() {
        let text = format!("{{ a }}\n{{ b ! {} }}", "c ".repeat(1_000));
        let error = Operation::parse(&text, None).unwrap_err();
        assert_eq!((error.locations[0].line, error.locations[0].column), (2, 5));
        assert!(error.error.message.starts_with("invalid GraphQL document: expected"), "{error:?}");
        assert!(
            !error.error.message.contains('\n') && error.error.message.len() < 400,
            "{error:?}"
        );
    }

    #[test]
    fn a_missing_or_unknown_operation_name_must_be_rejected() {
        for (text, name, code) in [
            ("query A { a } query B { b }", None, ErrorCode::OperationResolutionFailure),
            ("query A { a }", Some("B"), ErrorCode::OperationResolutionFailure),
            ("{ a }", Some("A"), ErrorCode::OperationResolutionFailure),
            ("{ a", None, ErrorCode::GraphqlParseFailed),
        ] {
            let error = Operation::parse(text, name).unwrap_err();
            assert_eq!(error.error.code, code, "{text}");
        }
    }
}
