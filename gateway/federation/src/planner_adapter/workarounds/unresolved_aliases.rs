//! Checks the aliases that the planner generates for fields with the same name but different
//! arguments. If no later step reads an alias, its value would be missing or replaced by another.

use std::collections::BTreeSet;

use crate::plan::{EntityFetch, FetchKind, PathElement, RequiredSelection, Rewrite, Step};

const ALIAS_PREFIX: &str = "_internal_qp_alias_";

/// The generated aliases in the fetches of a step.
pub(crate) fn generated_aliases(step: &Step) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for fetch in step.fetches() {
        for (at, _) in fetch.document.match_indices(ALIAS_PREFIX) {
            let rest = &fetch.document[at + ALIAS_PREFIX.len()..];
            let number = rest.chars().take_while(char::is_ascii_digit);
            found.insert(format!("{ALIAS_PREFIX}{}", number.collect::<String>()));
        }
    }
    found
}

/// A generated alias that no step reads.
pub(crate) fn unresolved_alias(step: &Step) -> Option<String> {
    let mut resolved = BTreeSet::new();
    for fetch in step.fetches() {
        match &fetch.kind {
            FetchKind::Root { output_rewrites, .. } => {
                collect_renamed(output_rewrites, &mut resolved);
            }
            FetchKind::Entities { lists, .. } => {
                for EntityFetch { requires, output_rewrites, .. } in lists {
                    collect_required(requires, &mut resolved);
                    collect_renamed(output_rewrites, &mut resolved);
                }
            }
        }
    }
    generated_aliases(step).into_iter().find(|name| !resolved.contains(name))
}

fn collect_required(required: &[RequiredSelection], resolved: &mut BTreeSet<String>) {
    for selection in required {
        match selection {
            RequiredSelection::Field { name, selections, .. } => {
                resolved.insert(name.to_string());
                collect_required(selections, resolved);
            }
            RequiredSelection::InlineFragment { selections, .. } => {
                collect_required(selections, resolved);
            }
        }
    }
}

fn collect_renamed(changes: &[Rewrite], resolved: &mut BTreeSet<String>) {
    for change in changes {
        if let Rewrite::Rename { path, .. } = change
            && let Some(PathElement::Field(name)) = path.last()
        {
            resolved.insert(name.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_graphql_parser::types::OperationType;
    use async_graphql_value::Name;

    use super::*;
    use crate::{plan::Fetch, selected_fields::SelectedFields};

    fn fetch(document: &str, kind: FetchKind) -> Step {
        Step::Fetch(Box::new(Fetch {
            subgraph: "a".into(),
            document: document.into(),
            operation_type: OperationType::Query,
            variables: Vec::new(),
            kind,
        }))
    }

    #[test]
    fn an_unresolved_alias_must_be_found() {
        let root = || {
            let kind = FetchKind::Root {
                path: Vec::new(),
                response_keys: Arc::default(),
                selected: SelectedFields::default(),
                output_rewrites: Vec::new(),
            };
            fetch("{a{_internal_qp_alias_10: b(c: 1)}}", kind)
        };
        let name = "_internal_qp_alias_10";
        assert_eq!(unresolved_alias(&root()).as_deref(), Some(name));
        let selections = Vec::new();
        let required =
            RequiredSelection::Field { name: Name::new(name), key: Name::new("b"), selections };
        let list = EntityFetch {
            alias: "_entities".to_owned(),
            variable: Name::new("representations"),
            paths: Vec::new(),
            requires: vec![required],
            input_rewrites: Vec::new(),
            output_rewrites: Vec::new(),
            response_keys: Arc::default(),
        };
        let entities =
            FetchKind::Entities { lists: vec![list], selected: SelectedFields::default() };
        assert_eq!(unresolved_alias(&Step::Sequence(vec![root(), fetch("{d}", entities)])), None);
    }
}
