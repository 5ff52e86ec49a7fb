//! The operation that a request chooses from its document.

use std::collections::HashSet;

use async_graphql::{
    Name, Positioned, ServerError,
    parser::{
        parse_query,
        types::{
            DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
            SelectionSet,
        },
    },
};

use crate::failure::{Code, Failure};

/// A document with exactly one operation.
///
/// Invariant: the document holds no other operation and no fragment that the operation does not
/// reach. async-graphql 7.0 would check the others against variables that are not meant for them.
#[derive(Debug)]
pub(super) struct Operation {
    document: ExecutableDocument,
}

impl Operation {
    /// Reads a document and chooses the operation `name`, or the only one there is.
    pub(super) fn parse(text: &str, name: Option<&str>) -> Result<Self, ServerError> {
        let mut document = parse_query(text).map_err(|error| {
            let mut error = ServerError::from(error);
            error.extensions.get_or_insert_default().set("code", Code::BadRequest.name());
            error
        })?;
        match (&mut document.operations, name) {
            (DocumentOperations::Single(_), None) => {}
            (DocumentOperations::Multiple(operations), Some(name))
                if operations.contains_key(name) =>
            {
                operations.retain(|known, _| known == name);
            }
            (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {}
            (_, Some(name)) => {
                let message = format!("the document has no operation with this name: `{name}`");
                return Err(Failure::bad_request(message).at(None));
            }
            (_, None) => {
                let message = "the document has several operations; choose one by `operationName`";
                return Err(Failure::bad_request(message).at(None));
            }
        }
        let mut operation = Self { document };
        if name.is_some() {
            let reached = operation.reached_fragments();
            operation.document.fragments.retain(|name, _| reached.contains(name));
        }
        Ok(operation)
    }

    /// The operation itself.
    pub(super) fn definition(&self) -> &Positioned<OperationDefinition> {
        let (_, definition) =
            self.document.operations.iter().next().expect("a document has an operation");
        definition
    }

    /// What sort of operation.
    pub(super) fn kind(&self) -> OperationType {
        self.definition().node.ty
    }

    /// Its name, where the document gives one.
    pub(super) fn name(&self) -> Option<&str> {
        let (name, _) = self.document.operations.iter().next()?;
        name.map(Name::as_str)
    }

    /// The selections of a fragment.
    pub(super) fn fragment(&self, name: &Name) -> Option<&SelectionSet> {
        self.document.fragments.get(name).map(|fragment| &fragment.node.selection_set.node)
    }

    /// The document, to be executed.
    pub(super) fn into_document(self) -> ExecutableDocument {
        self.document
    }

    fn reached_fragments(&self) -> HashSet<Name> {
        let mut reached = HashSet::new();
        let mut open = vec![&self.definition().node.selection_set.node];
        while let Some(set) = open.pop() {
            for selection in &set.items {
                match &selection.node {
                    Selection::Field(field) => open.push(&field.node.selection_set.node),
                    Selection::InlineFragment(part) => open.push(&part.node.selection_set.node),
                    Selection::FragmentSpread(spread) => {
                        let name = &spread.node.fragment_name.node;
                        if reached.insert(name.clone()) {
                            open.extend(self.fragment(name));
                        }
                    }
                }
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_operation_must_be_left_alone_in_its_document() {
        let text = "query A { a ...f } query B { b ...g }
            fragment f on Query { x } fragment g on Query { ...h } fragment h on Query { y }";
        let operation = Operation::parse(text, Some("B")).unwrap();
        assert_eq!(operation.name(), Some("B"));
        let mut fragments: Vec<_> = operation.into_document().fragments.into_keys().collect();
        fragments.sort();
        assert_eq!(fragments, ["g", "h"]);
    }

    #[test]
    fn a_choice_that_is_missing_or_wrong_must_be_refused() {
        for (text, name) in [
            ("query A { a } query B { b }", None),
            ("query A { a }", Some("B")),
            ("{ a }", Some("A")),
            ("{ a", None),
        ] {
            let error = Operation::parse(text, name).unwrap_err();
            let code = error.extensions.as_ref().and_then(|values| values.get("code"));
            assert_eq!(code, Some(&Code::BadRequest.name().into()), "{text}");
        }
    }
}
