//! Cost of fields: list sizes and searches.
//!
//! Fields are identified only by name, since limits are checked before validation determines their
//! types. A test compares this table with the contract.

use crate::graphql::PAGE_SIZE_DEFAULT;

/// Cost of a search, in fields.
pub(super) const SEARCH: u64 = 50;

/// How a field returns a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListSize {
    /// Default number of items.
    pub(super) items: u64,
    /// Whether the items are its direct children, not children of `nodes` or `edges`.
    pub(super) direct: bool,
}

/// The list size of a field.
pub(super) fn list_size(field: &str) -> ListSize {
    let (items, direct) = match field {
        "related" | "sharedPassages" | "mentionedIn" => (5, true),
        "suggest" => (8, true),
        "occurrences" => (10, true),
        "changes" => (100, false),
        _ => (PAGE_SIZE_DEFAULT as u64, false),
    };
    ListSize { items, direct }
}

/// Whether a field at `depth` (1 for root fields) runs a search. Below the root, `communities` is a
/// list of links.
pub(super) fn is_search(field: &str, depth: usize) -> bool {
    match field {
        "search" | "suggest" | "related" | "sharedPassages" | "articles" | "toolkits"
        | "events" | "content" => true,
        "communities" => depth == 1,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::{
        parse_schema,
        types::{BaseType, FieldDefinition, ServiceDocument, TypeKind, TypeSystemDefinition},
    };

    use super::*;

    fn fields(document: &ServiceDocument) -> impl Iterator<Item = (&str, &FieldDefinition)> {
        document.definitions.iter().flat_map(|definition| {
            let TypeSystemDefinition::Type(definition) = definition else { return Vec::new() };
            let fields = match &definition.node.kind {
                TypeKind::Object(object) => &object.fields,
                TypeKind::Interface(interface) => &interface.fields,
                _ => return Vec::new(),
            };
            let owner = definition.node.name.node.as_str();
            fields.iter().map(|field| (owner, &field.node)).collect()
        })
    }

    fn is_list(field: &FieldDefinition) -> bool {
        matches!(field.ty.node.base, BaseType::List(_))
    }

    #[test]
    fn every_field_that_searches_or_pages_must_have_its_price() {
        let sdl = crate::graphql::sdl();
        let document = parse_schema(&sdl).unwrap();
        let mut paged = 0;
        for (owner, field) in fields(&document) {
            let name = field.name.node.as_str();
            let first_argument = field.arguments.iter().find(|a| a.node.name.node == "first");
            let Some(first) = first_argument else { continue };
            paged += 1;
            let size = list_size(name);
            assert_eq!(size.direct, is_list(field), "{owner}.{name}");
            let default = first.node.default_value.as_ref().map(|value| value.node.to_string());
            let expected = default.unwrap_or_else(|| PAGE_SIZE_DEFAULT.to_string());
            assert_eq!(size.items.to_string(), expected, "{owner}.{name}");
            // These are read from the store in order: names, changes and occurrences.
            let is_read =
                ["themes", "audiences", "organisations", "people", "changes", "occurrences"]
                    .contains(&name)
                    || name == "mentionedIn";
            let depth = if owner == "Query" { 1 } else { 2 };
            assert_eq!(is_search(name, depth), !is_read, "{owner}.{name}");
        }
        assert!(paged >= 12, "{paged}");
    }
}
