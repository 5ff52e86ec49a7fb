//! The fields that a fetch selects. The response of the fetch is read along them: other fields are
//! dropped, so that a subgraph cannot add data.

use std::{borrow::Cow, cell::Cell, collections::BTreeSet, fmt};

use async_graphql_value::Name;
use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::response_value::{ResponseObject, ResponseValue, TYPENAME, string_of};

/// The selected fields of an object, by response key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SelectedFields {
    /// In the order of the document, which is usually that of the response.
    fields: Vec<(Name, Self)>,
    /// Fields that are selected only on some types.
    fragments: Vec<(BTreeSet<String>, Self)>,
}

/// A response without unselected fields.
#[derive(Debug, PartialEq)]
pub(crate) struct ProjectedResponse {
    pub(crate) data: ResponseValue,
    /// Number of dropped fields.
    pub(crate) dropped: u64,
}

impl SelectedFields {
    /// Adds a field, merging the selections below it.
    pub(crate) fn add_field(&mut self, key: &str, below: Self) {
        match self.fields.iter_mut().find(|(name, _)| name == key) {
            Some((_, existing)) => existing.extend(below),
            None => self.fields.push((Name::new(key), below)),
        }
    }

    /// Adds fields that are selected on these types.
    pub(crate) fn add_fragment(&mut self, types: BTreeSet<String>, below: Self) {
        self.fragments.push((types, below));
    }

    fn extend(&mut self, more: Self) {
        for (key, below) in more.fields {
            self.add_field(&key, below);
        }
        self.fragments.extend(more.fragments);
    }

    /// Reads the selected fields of a response from its JSON text.
    ///
    /// # Errors
    /// A syntax error in the text.
    pub(crate) fn read(&self, json: &Bytes) -> Result<ProjectedResponse, serde_json::Error> {
        let dropped = Cell::new(0);
        let reader = ValueReader { selected: &[self], json, dropped: &dropped };
        let mut text = serde_json::Deserializer::from_slice(json);
        let data = reader.deserialize(&mut text)?;
        text.end()?;
        Ok(ProjectedResponse { data, dropped: dropped.get() })
    }

    /// The only fragment of a selection without other fields, as for entities of one type.
    fn single_fragment(&self) -> Option<&(BTreeSet<String>, Self)> {
        match self.fragments.as_slice() {
            [one] if self.fields.is_empty() && one.1.fragments.is_empty() => Some(one),
            _ => None,
        }
    }

    fn is_leaf(&self) -> bool {
        self.fields.is_empty() && self.fragments.is_empty()
    }

    /// The position of a field; `next` is the most likely one.
    fn position(&self, next: usize, key: &str) -> Option<usize> {
        match self.fields.get(next) {
            Some((name, _)) if name == key => Some(next),
            _ => self.fields.iter().position(|(name, _)| name == key),
        }
    }

    fn field(&self, key: &str) -> Option<&(Name, Self)> {
        self.fields.iter().find(|(name, _)| name == key)
    }

    /// The selections that apply to an object with the given type name. If `__typename` was
    /// selected but is missing, only unconditional selections apply.
    fn collect_for<'s>(&'s self, type_name: Option<&str>, found: &mut Vec<&'s Self>) {
        found.push(self);
        for (types, below) in &self.fragments {
            let applies = match type_name {
                Some(name) => types.contains(name),
                None => self.field(TYPENAME).is_none() && below.field(TYPENAME).is_none(),
            };
            if applies {
                below.collect_for(type_name, found);
            }
        }
    }
}

/// Reads a value with the selections that apply to it.
#[derive(Clone, Copy)]
struct ValueReader<'s> {
    selected: &'s [&'s SelectedFields],
    /// The text that is read; leaves are slices of it.
    json: &'s Bytes,
    dropped: &'s Cell<u64>,
}

impl ValueReader<'_> {
    /// Reads an object whose selections do not depend on its type, in one pass.
    fn read_fields<'de, A: MapAccess<'de>>(
        self,
        selected: &SelectedFields,
        mut map: A,
    ) -> Result<ResponseObject, A::Error> {
        // Without memory for fields that a response of many empty objects does not have.
        let mut object = ResponseObject::default();
        let mut next = 0;
        while let Some(position) = map.next_key_seed(KeyReader { selected, next })? {
            let Some(position) = position else {
                map.next_value::<IgnoredAny>()?;
                self.dropped.set(self.dropped.get() + 1);
                continue;
            };
            let (name, below) = &selected.fields[position];
            let value = map.next_value_seed(ValueReader { selected: &[below], ..self })?;
            if position >= next {
                object.push(name.clone(), value);
                next = position + 1;
            } else {
                object.insert(name.clone(), value);
            }
        }
        Ok(object)
    }

    /// Reads an object of which everything is selected on the same types.
    fn read_fragment<'de, A: MapAccess<'de>>(
        self,
        (types, selected): &(BTreeSet<String>, SelectedFields),
        map: A,
    ) -> Result<ResponseObject, A::Error> {
        let object = self.read_fields(selected, map)?;
        let applies = match object.type_name() {
            Some(name) => types.contains(&*name),
            None => selected.field(TYPENAME).is_none(),
        };
        if applies {
            return Ok(object);
        }
        self.dropped.set(self.dropped.get() + object.len() as u64);
        Ok(ResponseObject::default())
    }

    /// Reads an object whose selections depend on its type, which can be its last field.
    fn read_by_type<'de, A: MapAccess<'de>>(self, mut map: A) -> Result<ResponseObject, A::Error> {
        let mut entries: Vec<(FieldKey<'de>, &'de RawValue)> = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        let type_name = entries.iter().rfind(|(FieldKey(key), _)| key == TYPENAME);
        let type_name = type_name.and_then(|(_, json)| string_of(json.get().as_bytes()));
        let mut sets = Vec::new();
        for one in self.selected {
            one.collect_for(type_name.as_deref(), &mut sets);
        }
        let mut object = ResponseObject::with_capacity(entries.len());
        for (FieldKey(key), json) in &entries {
            let found: Vec<_> = sets.iter().filter_map(|set| set.field(key)).collect();
            let Some((name, _)) = found.first() else {
                self.dropped.set(self.dropped.get() + 1);
                continue;
            };
            let below: Vec<_> = found.iter().map(|(_, below)| below).collect();
            let reader = ValueReader { selected: &below, ..self };
            let value = reader.deserialize(&mut serde_json::Deserializer::from_str(json.get()));
            object.insert(name.clone(), value.map_err(A::Error::custom)?);
        }
        Ok(object)
    }
}

impl<'de> DeserializeSeed<'de> for ValueReader<'_> {
    type Value = ResponseValue;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<ResponseValue, D::Error> {
        if !self.selected.iter().all(|one| one.is_leaf()) {
            return json.deserialize_any(self);
        }
        let text = <&RawValue>::deserialize(json)?.get();
        if has_unpaired_surrogate(text) {
            return Err(D::Error::custom("unpaired surrogate in a string"));
        }
        Ok(match text {
            "null" => ResponseValue::Null,
            text => ResponseValue::Leaf(self.json.slice_ref(text.as_bytes())),
        })
    }
}

/// Whether JSON text has an escape that is half of a character, which strict parsers reject.
fn has_unpaired_surrogate(json: &str) -> bool {
    let mut rest = json;
    let mut awaits_second = false;
    while let Some(at) = rest.find('\\') {
        let escape = &rest[at + 1..];
        let code =
            escape.strip_prefix('u').and_then(|hex| u16::from_str_radix(hex.get(..4)?, 16).ok());
        let is_second = matches!(code, Some(0xDC00..=0xDFFF));
        if is_second != (awaits_second && at == 0) {
            return true;
        }
        awaits_second = matches!(code, Some(0xD800..=0xDBFF));
        let length = if code.is_some() { 5 } else { 1 };
        rest = escape.get(length..).unwrap_or_default();
    }
    awaits_second
}

/// A value with fields. Scalars are rejected later, since the schema has an object there.
impl<'de> Visitor<'de> for ValueReader<'_> {
    type Value = ResponseValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ResponseValue, A::Error> {
        let object = match self.selected {
            [one] if one.fragments.is_empty() => self.read_fields(one, map)?,
            [one] => match one.single_fragment() {
                Some(fragment) => self.read_fragment(fragment, map)?,
                None => self.read_by_type(map)?,
            },
            _ => self.read_by_type(map)?,
        };
        Ok(ResponseValue::Object(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<ResponseValue, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            items.push(item);
        }
        Ok(ResponseValue::List(items))
    }

    fn visit_unit<E: Error>(self) -> Result<ResponseValue, E> {
        Ok(ResponseValue::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<ResponseValue, E> {
        Ok(ResponseValue::Leaf(value.to_string().into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<ResponseValue, E> {
        Ok(ResponseValue::Leaf(value.to_string().into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<ResponseValue, E> {
        Ok(ResponseValue::Leaf(value.to_string().into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<ResponseValue, E> {
        Ok(ResponseValue::Leaf(value.to_string().into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<ResponseValue, E> {
        Ok(ResponseValue::string(value))
    }
}

/// Finds the position of a field by its key; `None` if it was not selected.
struct KeyReader<'s> {
    selected: &'s SelectedFields,
    next: usize,
}

impl<'de> DeserializeSeed<'de> for KeyReader<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Option<usize>, D::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyReader<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Option<usize>, E> {
        Ok(self.selected.position(self.next, key))
    }
}

/// The key of a field, copied only if it has escapes.
#[derive(Deserialize)]
struct FieldKey<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::response_value::test_support::json_text;

    fn read(selected: &SelectedFields, response: &serde_json::Value) -> ProjectedResponse {
        selected.read(&response.to_string().into()).unwrap()
    }

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
            let projected = read(&selected(selection), &response);
            let data = json_text(&projected.data);
            assert_eq!(
                (data, projected.dropped),
                (projected_data.to_string(), dropped),
                "{selection}"
            );
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
            let projected = read(&selection, &json!({ "a": object }));
            let expected = json!({ "a": expected }).to_string();
            assert_eq!(json_text(&projected.data), expected, "{object}");
        }
        // Without `__typename` in the selection, the type cannot be checked.
        let untyped = selected("a{ ...X{ x } }");
        assert_eq!(read(&untyped, &json!({ "a": { "x": 1, "y": 2 } })).dropped, 1);
    }

    #[test]
    fn leaves_must_be_slices_of_the_response() {
        let text = r#"{ "a" : { "b" : [ 1.0, -0, 12345678901234567890123 ], "c":"\u00e9" } }"#;
        let json = Bytes::from(text);
        let projected = selected("a{ b c }").read(&json).unwrap();
        assert_eq!(
            json_text(&projected.data),
            r#"{"a":{"b":[ 1.0, -0, 12345678901234567890123 ],"c":"\u00e9"}}"#
        );
    }

    #[test]
    fn a_repeated_key_must_have_its_last_value() {
        for selection in ["a b", "...X{ a b }"] {
            let json = Bytes::from(r#"{"a":1,"b":2,"\u0061":3}"#);
            let projected = selected(selection).read(&json).unwrap();
            assert_eq!(json_text(&projected.data), r#"{"a":3,"b":2}"#, "{selection}");
        }
    }

    #[test]
    fn invalid_json_must_be_an_error() {
        for json in ["", "{", r#"{"a":tru}"#, r#"{"a":1}}"#, r#"{"a":"\x"}"#, "{\"a\":\"\u{1}\"}"] {
            assert!(selected("a").read(&Bytes::from(json)).is_err(), "{json}");
        }
    }

    #[test]
    fn halves_of_characters_must_be_rejected() {
        for (json, is_unpaired) in [
            (r#""plain""#, false),
            (r#""\u00e9\n\\""#, false),
            (r#""\ud83d\ude00""#, false),
            (r#""\ud83d\ude00\ud83d\ude00x""#, false),
            (r#""\\ud800""#, false),
            (r#""\ud800""#, true),
            (r#""\ud800x""#, true),
            (r#""\ud800 \udc00""#, true),
            (r#""\udc00""#, true),
            (r#""\ud83d\ud83d\ude00""#, true),
            (r#"["\ud83d\ude00",{"a":"\uDFFF"}]"#, true),
        ] {
            assert_eq!(has_unpaired_surrogate(json), is_unpaired, "{json}");
            let read = selected("a").read(&format!("{{\"a\":{json}}}").into());
            assert_eq!(read.is_err(), is_unpaired, "{json}");
        }
    }
}
