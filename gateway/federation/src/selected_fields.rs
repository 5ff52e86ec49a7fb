//! The fields that a fetch selects. Fields of a response that were not selected are dropped, so
//! that a subgraph cannot add data.

use std::collections::{BTreeSet, HashMap};

use async_graphql_value::{ConstValue as Value, Name, indexmap::IndexMap};

const TYPENAME: &str = "__typename";

/// The selected fields of an object, by response key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SelectedFields {
    fields: HashMap<Name, Self>,
    /// Fields that are selected only on some types.
    fragments: Vec<(BTreeSet<String>, Self)>,
}

/// A response without unselected fields.
#[derive(Debug, PartialEq)]
pub(crate) struct ProjectedResponse {
    pub(crate) data: Value,
    /// Number of dropped fields.
    pub(crate) dropped: u64,
}

impl SelectedFields {
    /// Adds a field, merging the selections below it.
    pub(crate) fn add_field(&mut self, key: &str, below: Self) {
        self.fields.entry(Name::new(key)).or_default().extend(below);
    }

    /// Adds fields that are selected on these types.
    pub(crate) fn add_fragment(&mut self, types: BTreeSet<String>, below: Self) {
        self.fragments.push((types, below));
    }

    fn extend(&mut self, more: Self) {
        for (key, below) in more.fields {
            self.fields.entry(key).or_default().extend(below);
        }
        self.fragments.extend(more.fragments);
    }

    /// The selection below a response key of the root.
    pub(crate) fn below(&self, key: &str) -> Option<&Self> {
        self.fields.get(key)
    }

    /// Drops unselected fields from a response.
    pub(crate) fn project(&self, data: &Value) -> ProjectedResponse {
        let mut dropped = 0;
        let data = project(&[self], data, &mut dropped);
        ProjectedResponse { data, dropped }
    }

    fn is_leaf(&self) -> bool {
        self.fields.is_empty() && self.fragments.is_empty()
    }

    /// The selections that apply to an object with the given type name. If `__typename` was
    /// selected but is missing, only unconditional selections apply.
    fn collect_for<'s>(&'s self, typename: Option<&str>, found: &mut Vec<&'s Self>) {
        found.push(self);
        for (types, below) in &self.fragments {
            let applies = match typename {
                Some(name) => types.contains(name),
                None => !self.fields.contains_key(TYPENAME) && !below.fields.contains_key(TYPENAME),
            };
            if applies {
                below.collect_for(typename, found);
            }
        }
    }
}

fn project(selected: &[&SelectedFields], value: &Value, dropped: &mut u64) -> Value {
    match value {
        Value::List(items) => {
            Value::List(items.iter().map(|item| project(selected, item, dropped)).collect())
        }
        // A custom scalar can have any shape.
        Value::Object(fields) if !selected.iter().all(|one| one.is_leaf()) => {
            let typename = match fields.get(TYPENAME) {
                Some(Value::String(name)) => Some(name.as_str()),
                _ => None,
            };
            let mut sets = Vec::new();
            for one in selected {
                one.collect_for(typename, &mut sets);
            }
            let mut object = IndexMap::with_capacity(fields.len());
            for (key, value) in fields {
                let below: Vec<_> = sets.iter().filter_map(|set| set.fields.get(key)).collect();
                if below.is_empty() {
                    *dropped += 1;
                } else {
                    object.insert(key.clone(), project(&below, value, dropped));
                }
            }
            Value::Object(object)
        }
        leaf => leaf.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Parses selections such as `a{b c} ...X{d}`; a word after `...` is a type.
    fn selected(text: &str) -> SelectedFields {
        fn set<'t>(words: &mut impl Iterator<Item = &'t str>) -> SelectedFields {
            let mut selected = SelectedFields::default();
            while let Some(word) = words.next() {
                let (name, opens) =
                    word.strip_suffix('{').map_or((word, false), |name| (name, true));
                if name == "}" {
                    break;
                }
                let below = if opens { set(words) } else { SelectedFields::default() };
                match name.strip_prefix("...") {
                    Some(types) => {
                        let types = types.split('|').map(str::to_owned).collect();
                        selected.add_fragment(types, below);
                    }
                    None => selected.add_field(name, below),
                }
            }
            selected
        }
        set(&mut text.split_whitespace())
    }

    #[test]
    fn a_response_must_have_what_was_selected_and_nothing_else() {
        for (selection, response, projected_data, dropped) in [
            // Fields at the root, in entities, nested and in lists.
            ("a", json!({ "a": 1, "catalog": {} }), json!({ "a": 1 }), 1),
            (
                "_entities{ ...T{ name } }",
                json!({ "_entities": [{ "name": "n", "title": "t" }, null, { "url": "u" }] }),
                json!({ "_entities": [{ "name": "n" }, null, {}] }),
                2,
            ),
            (
                "a{ b{ c } }",
                json!({ "a": [[{ "b": { "c": 1, "d": { "e": 2 } } }], [{ "x": 1 }]] }),
                json!({ "a": [[{ "b": { "c": 1 } }], [{}]] }),
                2,
            ),
            // Fields are matched by response key, not by name.
            (
                "x{ id }",
                json!({ "x": { "id": 1 }, "a": { "id": 2 } }),
                json!({ "x": { "id": 1 } }),
                1,
            ),
            // A custom scalar is preserved unchanged.
            (
                "a",
                json!({ "a": { "any": [1, { "b": 2 }] } }),
                json!({ "a": { "any": [1, { "b": 2 }] } }),
                0,
            ),
            // Repeated selections of a key are merged.
            (
                "a{ b } a{ c{ d } } ...T{ a{ c{ e } } }",
                json!({ "a": { "b": 1, "c": { "d": 2, "e": 3, "f": 4 } } }),
                json!({ "a": { "b": 1, "c": { "d": 2, "e": 3 } } }),
                1,
            ),
            // Values of other shapes are preserved; the schema rejects them later.
            ("a{ b }", json!({ "a": 7 }), json!({ "a": 7 }), 0),
            ("a", json!(null), json!(null), 0),
        ] {
            let response = Value::from_json(response).unwrap();
            let data = Value::from_json(projected_data).unwrap();
            let projected = selected(selection).project(&response);
            assert_eq!(projected, ProjectedResponse { data, dropped }, "{selection}");
        }
    }

    #[test]
    fn a_type_condition_must_hold_for_the_type_that_was_claimed() {
        let selection = selected("a{ __typename ...X|Y{ x } ...Z{ z ...X{ never } } }");
        for (object, expected) in [
            (json!({ "__typename": "X", "x": 1, "z": 2 }), json!({ "__typename": "X", "x": 1 })),
            (json!({ "__typename": "Y", "x": 1, "z": 2 }), json!({ "__typename": "Y", "x": 1 })),
            (
                json!({ "__typename": "Z", "x": 1, "z": 2, "never": 3 }),
                json!({ "__typename": "Z", "z": 2 }),
            ),
            (json!({ "__typename": "Other", "x": 1, "z": 2 }), json!({ "__typename": "Other" })),
            // `__typename` is selected but missing, or not a string.
            (json!({ "x": 1, "z": 2 }), json!({})),
            (json!({ "__typename": ["X"], "x": 1 }), json!({ "__typename": ["X"] })),
        ] {
            let response = Value::from_json(json!({ "a": object })).unwrap();
            let expected = Value::from_json(json!({ "a": expected })).unwrap();
            assert_eq!(selection.project(&response).data, expected, "{object}");
        }
        // Without `__typename` in the selection, the type cannot be checked.
        let untyped = selected("a{ ...X{ x } }");
        let response = Value::from_json(json!({ "a": { "x": 1, "y": 2 } })).unwrap();
        assert_eq!(untyped.project(&response).dropped, 1);
    }
}
