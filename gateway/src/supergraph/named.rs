//! Names that the planner gives to fields itself, where two that are asked for have one name and other
//! arguments. Each must be taken by somebody under that name, else another value stands in its place.

use std::collections::BTreeSet;

use crate::pipeline::plan::{Entities, Needed, Part, Rewrite, Step, Work};

const BEGIN: &str = "_internal_qp_alias_";

/// The names that are given in the questions of a step.
pub(super) fn given(step: &Step) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for fetch in step.fetches() {
        for (at, _) in fetch.document.match_indices(BEGIN) {
            let rest = &fetch.document[at + BEGIN.len()..];
            let number = rest.chars().take_while(char::is_ascii_digit);
            found.insert(format!("{BEGIN}{}", number.collect::<String>()));
        }
    }
    found
}

/// A name that is given and that nobody takes.
pub(super) fn untaken(step: &Step) -> Option<String> {
    let mut taken = BTreeSet::new();
    for fetch in step.fetches() {
        match &fetch.work {
            Work::Fields { after, .. } => note_renamed(after, &mut taken),
            Work::Entities(lists) => {
                for Entities { requires, after, .. } in lists {
                    note_needed(requires, &mut taken);
                    note_renamed(after, &mut taken);
                }
            }
        }
    }
    given(step).into_iter().find(|name| !taken.contains(name))
}

fn note_needed(needed: &[Needed], taken: &mut BTreeSet<String>) {
    for part in needed {
        match part {
            Needed::Field { name, below, .. } => {
                taken.insert(name.to_string());
                note_needed(below, taken);
            }
            Needed::Where { below, .. } => note_needed(below, taken),
        }
    }
}

fn note_renamed(changes: &[Rewrite], taken: &mut BTreeSet<String>) {
    for change in changes {
        if let Rewrite::Rename { way, .. } = change
            && let Some(Part::Field(name)) = way.last()
        {
            taken.insert(name.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_graphql::{Name, parser::types::OperationType};

    use super::*;
    use crate::pipeline::plan::Fetch;

    fn fetch(document: &str, work: Work) -> Step {
        Step::Fetch(Box::new(Fetch {
            subgraph: "a".into(),
            document: document.into(),
            kind: OperationType::Query,
            variables: Vec::new(),
            work,
        }))
    }

    #[test]
    fn a_name_that_nobody_takes_must_be_found() {
        let root = || {
            let work = Work::Fields { place: Vec::new(), keys: Arc::default(), after: Vec::new() };
            fetch("{a{_internal_qp_alias_10: b(c: 1)}}", work)
        };
        let name = "_internal_qp_alias_10";
        assert_eq!(untaken(&root()).as_deref(), Some(name));
        let below = Vec::new();
        let needed = Needed::Field { name: Name::new(name), key: Name::new("b"), below };
        let entities = Work::Entities(vec![Entities {
            key: "_entities".to_owned(),
            variable: Name::new("representations"),
            places: Vec::new(),
            requires: vec![needed],
            before: Vec::new(),
            after: Vec::new(),
            keys: Arc::default(),
        }]);
        assert_eq!(untaken(&Step::Sequence(vec![root(), fetch("{d}", entities)])), None);
    }
}
