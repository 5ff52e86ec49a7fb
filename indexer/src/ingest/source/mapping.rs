//! The mapping of source fields to canonical fields.
//!
//! A source field with the name of a canonical one is used without being mapped, unless the
//! configuration redefines it (a constant for `kind`, and `organisation_kind = "kind"`).

use std::collections::{BTreeMap, btree_map::Entry};

use serde_json::{Map, Value};

use crate::ingest::source::{
    field::{Field, FieldPath},
    template::{PathCaptures, Template, alternatives, is_missing, written_form},
};

/// Canonical fields and their values.
pub(crate) type Fields = BTreeMap<Field, Value>;

/// Replacement values for one field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ValueMap {
    /// Canonical values by lower-case source value.
    pub entries: BTreeMap<String, String>,
    /// Canonical value for all other source values.
    pub fallback: Option<String>,
}

impl ValueMap {
    /// Creates a value map from a table as configured, in which `"*"` stands for any other value.
    pub fn new(table: &BTreeMap<String, String>) -> Self {
        let mut entries: BTreeMap<_, _> =
            table.iter().map(|(from, to)| (from.trim().to_lowercase(), to.clone())).collect();
        let fallback = entries.remove("*");
        Self { entries, fallback }
    }

    /// Replaces a value, or each value of a list; `on_match` gets the entries that match.
    fn translate(&self, value: &mut Value, on_match: &mut dyn FnMut(&str)) {
        if let Value::Array(list) = value {
            for item in list {
                self.translate(item, on_match);
            }
        } else if let Some(text) = written_form(value) {
            let mapped = self.entries.get_key_value(&text.to_lowercase());
            if let Some((from, _)) = mapped {
                on_match(from);
            }
            if let Some(to) = mapped.map(|(_, to)| to).or(self.fallback.as_ref()) {
                *value = Value::String(to.clone());
            }
        }
    }
}

/// Conversion of source fields to canonical fields.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    /// Templates of canonical fields.
    pub fields: BTreeMap<FieldPath, Template>,
    /// Values of canonical fields that a record does not have.
    pub constants: BTreeMap<FieldPath, Value>,
    /// Replacement values by canonical field.
    pub values: BTreeMap<FieldPath, ValueMap>,
    /// Separator of values within a string, for fields that are lists.
    pub separator: Option<char>,
}

impl Mapping {
    /// The canonical fields of a record.
    #[cfg(test)]
    pub(crate) fn apply(&self, raw_fields: &Map<String, Value>, captures: &PathCaptures) -> Fields {
        self.apply_reporting(raw_fields, captures, |_, _| ())
    }

    /// The canonical fields of a record; `on_match` gets the entries of `values` that match.
    pub(crate) fn apply_reporting(
        &self,
        raw_fields: &Map<String, Value>,
        captures: &PathCaptures,
        mut on_match: impl FnMut(FieldPath, &str),
    ) -> Fields {
        let unmapped_field = |(name, value): (&String, &Value)| {
            // Match the draft flag regardless of case, so that no draft is published.
            let draft = name.eq_ignore_ascii_case(Field::Draft.name()).then_some(DRAFT);
            let target = FieldPath::from_name(name).or(draft).filter(|_| !is_missing(value))?;
            (!self.is_remapped(target, name)).then(|| (target, value.clone()))
        };
        let mut values: BTreeMap<FieldPath, Value> =
            raw_fields.iter().filter_map(unmapped_field).collect();
        for (target, template) in &self.fields {
            if let Some(value) = template.value(raw_fields, captures) {
                values.insert(*target, value);
            }
        }
        for (target, value) in &mut values {
            if let (true, Some(separator)) = (target.is_list(), self.separator) {
                split(value, separator);
            }
        }
        for (target, value_map) in &self.values {
            if let Some(value) = values.get_mut(target) {
                value_map.translate(value, &mut |entry| on_match(*target, entry));
            }
        }
        let mut fields = Fields::new();
        // Fields sort before their subfields, so that a subfield completes or corrects its field.
        for (target, value) in values {
            set(&mut fields, target, value);
        }
        for (target, value) in &self.constants {
            fill(&mut fields, *target, value);
        }
        fields
    }

    /// Whether a source field has another meaning than its name suggests: the configuration maps it
    /// to another field and sets a constant for the field of that name.
    fn is_remapped(&self, target: FieldPath, name: &str) -> bool {
        self.constants.contains_key(&target)
            && self.fields.values().any(|template| template.bare_name() == Some(name))
    }

    /// Whether the configuration has a template for a field.
    pub(crate) fn has_template(&self, field: Field) -> bool {
        self.fields.contains_key(&FieldPath { field, subfield: None })
    }

    /// The value of the template of a field for a record, if any.
    pub(crate) fn template_value(
        &self,
        field: Field,
        raw_fields: &Map<String, Value>,
        captures: &PathCaptures,
    ) -> Option<Value> {
        self.fields.get(&FieldPath { field, subfield: None })?.value(raw_fields, captures)
    }

    /// The operation of a record, if any.
    pub(crate) fn op(&self, raw_fields: &Map<String, Value>) -> Option<Value> {
        let mapped = self.template_value(Field::Op, raw_fields, &PathCaptures::new());
        let mut op = mapped.or_else(|| raw_fields.get(Field::Op.name()).cloned())?;
        if let Some(values) = self.values.get(&FieldPath { field: Field::Op, subfield: None }) {
            values.translate(&mut op, &mut |_| ());
        }
        Some(op).filter(|op| !is_missing(op))
    }

    /// Whether the configuration reads a source field with this name.
    pub(crate) fn reads(&self, name: &str) -> bool {
        self.fields
            .values()
            .flat_map(Template::placeholders)
            .flat_map(alternatives)
            .any(|n| n == name)
    }

    /// The names of the source fields that feed a field.
    pub(crate) fn sources_of(&self, field: Field) -> Vec<&str> {
        let templates = self.fields.iter().filter(|(target, _)| target.field == field);
        let mapped = templates.flat_map(|(_, template)| template.placeholders());
        mapped.flat_map(alternatives).chain([field.name()]).collect()
    }

    /// Whether a source field feeds a field that is a list.
    pub(crate) fn feeds_list(&self, name: &str) -> bool {
        FieldPath::from_name(name).is_some_and(FieldPath::is_list)
            || self
                .fields
                .iter()
                .any(|(target, template)| target.is_list() && template.bare_name() == Some(name))
    }
}

const DRAFT: FieldPath = FieldPath { field: Field::Draft, subfield: None };

/// Splits a string that contains several values into a list.
fn split(value: &mut Value, separator: char) {
    if let Value::String(text) = value
        && text.contains(separator)
    {
        let values = text.split(separator).map(str::trim).filter(|text| !text.is_empty());
        *value = values.collect();
    }
}

fn set(fields: &mut Fields, target: FieldPath, value: Value) {
    let Some(subfield) = target.subfield else {
        fields.insert(target.field, value);
        return;
    };
    let entry = fields.entry(target.field).or_insert_with(|| Value::Object(Map::new()));
    // A field that is not an object is left as it is; the type check will report it.
    if let Value::Object(object) = entry {
        object.insert(subfield.to_owned(), value);
    }
}

fn fill(fields: &mut Fields, target: FieldPath, value: &Value) {
    let is_set = match (fields.entry(target.field), target.subfield) {
        (Entry::Vacant(_), _) => false,
        (Entry::Occupied(_), None) => true,
        (Entry::Occupied(entry), Some(subfield)) => {
            entry.get().get(subfield).is_some_and(|value| !is_missing(value))
        }
    };
    if !is_set {
        set(fields, target, value.clone());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn apply(mapping: &Mapping, source: &Value) -> Value {
        let fields = mapping.apply(source.as_object().unwrap(), &PathCaptures::new());
        fields.into_iter().map(|(field, value)| (field.name().to_owned(), value)).collect()
    }

    fn target(name: &str) -> FieldPath {
        name.parse().unwrap()
    }

    fn template(text: &str) -> Template {
        Template::new(text).unwrap()
    }

    #[test]
    fn a_source_field_with_a_canonical_name_must_feed_it_without_being_mapped() {
        assert_eq!(apply(&Mapping::default(), &json!({ "Draft": true })), json!({ "draft": true }));
        let source = json!({ "title": "T", "unknown": 1, "summary": "", "place.city": "Duinstad" });
        let mapped = apply(&Mapping::default(), &source);
        assert_eq!(mapped, json!({ "title": "T", "place": { "city": "Duinstad" } }));
    }

    #[test]
    fn a_mapped_field_must_take_precedence_over_one_of_the_same_name() {
        let mapping = Mapping {
            fields: BTreeMap::from([
                (target("title"), template("kop")),
                (target("lead"), template("summary")),
                (target("summary"), template("absent")),
            ]),
            ..Mapping::default()
        };
        let mapped = apply(&mapping, &json!({ "title": "T", "kop": "K", "summary": "S" }));
        assert_eq!(mapped, json!({ "title": "K", "summary": "S", "lead": "S" }));
    }

    #[test]
    fn a_source_field_that_is_something_else_must_not_feed_its_own_name() {
        let mapping = Mapping {
            fields: BTreeMap::from([(target("organisation_kind"), template("kind"))]),
            constants: BTreeMap::from([(target("kind"), json!("organisation"))]),
            ..Mapping::default()
        };
        let mapped = apply(&mapping, &json!({ "kind": "LIBRARY" }));
        assert_eq!(mapped, json!({ "kind": "organisation", "organisation_kind": "LIBRARY" }));
    }

    #[test]
    fn only_a_field_that_is_a_list_must_be_split() {
        let mapping = Mapping { separator: Some('|'), ..Mapping::default() };
        let mapped =
            apply(&mapping, &json!({ "title": "A | B", "themes": "a | b|", "people": "P" }));
        assert_eq!(mapped, json!({ "title": "A | B", "themes": ["a", "b"], "people": "P" }));
    }

    #[test]
    fn constants_must_only_fill_what_is_missing() {
        let mapping = Mapping {
            constants: BTreeMap::from([
                (target("kind"), json!("article")),
                (target("place.city"), json!("Duinstad")),
                (target("place.name"), json!("Bibliotheek Noordoever")),
            ]),
            ..Mapping::default()
        };
        let mapped = apply(&mapping, &json!({ "kind": "event", "place": { "city": "Merenland" } }));
        assert_eq!(
            mapped,
            json!({
                "kind": "event",
                "place": { "city": "Merenland", "name": "Bibliotheek Noordoever" },
            })
        );
    }

    #[test]
    fn values_must_be_translated_in_texts_and_lists_without_regard_to_case() {
        let table = |pairs: &[(&str, &str)]| {
            let owned = pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
            ValueMap::new(&owned.collect())
        };
        let mapping = Mapping {
            values: BTreeMap::from([
                (target("form"), table(&[("Weblog", "BLOG"), ("*", "PAGE")])),
                (target("themes"), table(&[("cx", "klantbeleving")])),
            ]),
            ..Mapping::default()
        };
        let mapped = apply(&mapping, &json!({ "form": "WEBLOG ", "themes": ["CX", "inclusie"] }));
        assert_eq!(mapped, json!({ "form": "BLOG", "themes": ["klantbeleving", "inclusie"] }));
        assert_eq!(apply(&mapping, &json!({ "form": "x" })), json!({ "form": "PAGE" }));
        assert_eq!(apply(&mapping, &json!({ "title": "x" })), json!({ "title": "x" }));
        assert_eq!(apply(&mapping, &json!({ "form": 7 })), json!({ "form": "PAGE" }));
    }

    #[test]
    fn booleans_and_numbers_must_be_translated_by_their_written_form() {
        let table = [("false", "true"), ("TRUE", "false"), ("0", "true"), ("1.5", "false")];
        let table = table.map(|(from, to)| (from.to_owned(), to.to_owned()));
        let values = BTreeMap::from([(target("draft"), ValueMap::new(&table.into()))]);
        let mapping = Mapping { values, ..Mapping::default() };
        for (raw, draft) in [
            (json!(false), json!("true")),
            (json!(true), json!("false")),
            (json!(0), json!("true")),
            (json!(1.5), json!("false")),
            (json!([true, 0]), json!(["false", "true"])),
            (json!(7), json!(7)),
        ] {
            assert_eq!(apply(&mapping, &json!({ "draft": raw })), json!({ "draft": draft }));
        }
    }
}
