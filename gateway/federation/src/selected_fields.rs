//! The fields that a fetch selects. The response of the fetch is read along them: other fields are
//! dropped, so that a subgraph cannot add data.

use std::{borrow::Cow, collections::BTreeSet};

use async_graphql_value::Name;
use bytes::Bytes;
use memchr::memchr;
use serde::de::Error as _;

use crate::{
    response_value::{ResponseObject, ResponseValue, TYPENAME, string_of},
    text_limits::json_string_end,
};

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

    /// Reads the selected fields of a response from its JSON text, which is known to be valid: the
    /// whole body was parsed, or the text is our own.
    ///
    /// # Errors
    /// If a string has half of a character.
    pub(crate) fn read(&self, json: &Bytes) -> Result<ProjectedResponse, serde_json::Error> {
        let has_escapes = memchr(b'\\', json).is_some();
        let mut reader = ResponseReader { json, at: 0, has_escapes, dropped: 0 };
        let data = reader.value(&[self])?;
        Ok(ProjectedResponse { data, dropped: reader.dropped })
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
    fn position(&self, next: usize, key: &[u8]) -> Option<usize> {
        match self.fields.get(next) {
            Some((name, _)) if name.as_bytes() == key => Some(next),
            _ => self.fields.iter().position(|(name, _)| name.as_bytes() == key),
        }
    }

    fn field(&self, key: &[u8]) -> Option<&(Name, Self)> {
        self.fields.iter().find(|(name, _)| name.as_bytes() == key)
    }

    /// The selections that apply to an object with the given type name. If `__typename` was
    /// selected but is missing, only unconditional selections apply.
    fn collect_for<'s>(&'s self, type_name: Option<&str>, found: &mut Vec<&'s Self>) {
        found.push(self);
        for (types, below) in &self.fragments {
            let applies = match type_name {
                Some(name) => types.contains(name),
                None => [self, below].iter().all(|set| set.field(TYPENAME.as_bytes()).is_none()),
            };
            if applies {
                below.collect_for(type_name, found);
            }
        }
    }
}

/// Reads a response along selections. Leaves are slices of its text.
struct ResponseReader<'r> {
    json: &'r Bytes,
    at: usize,
    has_escapes: bool,
    /// Number of dropped fields.
    dropped: u64,
}

impl<'r> ResponseReader<'r> {
    /// Reads a value with the selections that apply to it. A scalar where the schema has an object
    /// is rejected later.
    fn value(&mut self, selected: &[&SelectedFields]) -> Result<ResponseValue, serde_json::Error> {
        let is_leaf = selected.iter().all(|one| one.is_leaf());
        match self.peek() {
            Some(b'{') if !is_leaf => Ok(ResponseValue::Object(self.object(selected)?)),
            Some(b'[') if !is_leaf => self.list(selected),
            _ => self.leaf(),
        }
    }

    fn leaf(&mut self) -> Result<ResponseValue, serde_json::Error> {
        let start = self.at;
        self.skip_value();
        let text = &self.json[start..self.at];
        if self.has_escapes && std::str::from_utf8(text).is_ok_and(has_unpaired_surrogate) {
            return Err(serde_json::Error::custom("unpaired surrogate in a string"));
        }
        Ok(match text {
            b"null" => ResponseValue::Null,
            _ => ResponseValue::Leaf(self.json.slice(start..self.at)),
        })
    }

    fn list(&mut self, selected: &[&SelectedFields]) -> Result<ResponseValue, serde_json::Error> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') | None => break,
                Some(_) => items.push(self.value(selected)?),
            }
        }
        self.step();
        Ok(ResponseValue::List(items))
    }

    fn object(
        &mut self,
        selected: &[&SelectedFields],
    ) -> Result<ResponseObject, serde_json::Error> {
        self.at += 1;
        match selected {
            [one] if one.fragments.is_empty() => self.fields(one),
            [one] => match one.single_fragment() {
                Some(fragment) => self.fragment(fragment),
                None => self.fields_by_type(selected),
            },
            _ => self.fields_by_type(selected),
        }
    }

    /// Reads an object whose selections do not depend on its type, in one pass.
    fn fields(&mut self, selected: &SelectedFields) -> Result<ResponseObject, serde_json::Error> {
        let mut object = ResponseObject::default();
        let mut next = 0;
        while let Some(key) = self.key()? {
            let Some(position) = selected.position(next, &key) else {
                self.skip_value();
                self.dropped += 1;
                continue;
            };
            let (name, below) = &selected.fields[position];
            let value = self.value(&[below])?;
            // A response of many empty objects needs no memory for their fields.
            if object.is_empty() {
                object.reserve(selected.fields.len());
            }
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
    fn fragment(
        &mut self,
        (types, selected): &(BTreeSet<String>, SelectedFields),
    ) -> Result<ResponseObject, serde_json::Error> {
        let object = self.fields(selected)?;
        let applies = match object.type_name() {
            Some(name) => types.contains(&*name),
            None => selected.field(TYPENAME.as_bytes()).is_none(),
        };
        if applies {
            return Ok(object);
        }
        self.dropped += object.len() as u64;
        Ok(ResponseObject::default())
    }

    /// Reads an object whose selections depend on its type, which can be its last field.
    fn fields_by_type(
        &mut self,
        selected: &[&SelectedFields],
    ) -> Result<ResponseObject, serde_json::Error> {
        let mut entries = Vec::new();
        while let Some(key) = self.key()? {
            self.peek();
            let start = self.at;
            self.skip_value();
            entries.push((key, start..self.at));
        }
        let end = self.at;
        let type_name = entries.iter().rfind(|(key, _)| **key == *TYPENAME.as_bytes());
        let type_name = type_name.and_then(|(_, text)| string_of(&self.json[text.clone()]));
        let mut sets = Vec::new();
        for one in selected {
            one.collect_for(type_name.as_deref(), &mut sets);
        }
        let mut object = ResponseObject::with_capacity(entries.len());
        for (key, text) in &entries {
            let found: Vec<_> = sets.iter().filter_map(|set| set.field(key)).collect();
            let Some((name, _)) = found.first() else {
                self.dropped += 1;
                continue;
            };
            let below: Vec<_> = found.iter().map(|(_, below)| below).collect();
            self.at = text.start;
            object.insert(name.clone(), self.value(&below)?);
        }
        self.at = end;
        Ok(object)
    }

    /// The next byte that is no whitespace.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.json.get(self.at..)?;
        let at = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))?;
        self.at += at;
        Some(rest[at])
    }

    /// The key of the next field of an object, with the colon after it; `None` at its end.
    fn key(&mut self) -> Result<Option<Cow<'r, [u8]>>, serde_json::Error> {
        if self.peek() == Some(b',') {
            self.at += 1;
        }
        if self.peek() != Some(b'"') {
            self.step();
            return Ok(None);
        }
        let start = self.at;
        self.skip_value();
        let text = &self.json[start..self.at];
        if self.peek() == Some(b':') {
            self.at += 1;
        }
        match text {
            [b'"', key @ .., b'"'] if !self.has_escapes => Ok(Some(Cow::Borrowed(key))),
            _ => Ok(Some(Cow::Owned(serde_json::from_slice::<String>(text)?.into_bytes()))),
        }
    }

    fn step(&mut self) {
        self.at = (self.at + 1).min(self.json.len());
    }

    /// Moves to the end of the next value.
    fn skip_value(&mut self) {
        self.peek();
        let mut depth = 0_usize;
        while let Some(rest) = self.json.get(self.at..).filter(|rest| !rest.is_empty()) {
            self.at += match rest[0] {
                b'"' => (json_string_end(rest, 0) + 1).min(rest.len()),
                b'{' | b'[' => {
                    depth += 1;
                    1
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    1
                }
                _ => 1 + rest[1..].iter().take_while(|byte| is_within_scalar(**byte)).count(),
            };
            if depth == 0 {
                return;
            }
        }
    }
}

/// Whether a byte after the first one of a number, `true`, `false` or `null` belongs to it.
fn is_within_scalar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-')
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
        let text = r#"{ "x" : { "y" : [ 1 ] } ,
            "a" : { "x" : 1 , "b" : [ 1.0, -0, 12345678901234567890123 ], "c":"\u00e9" } }"#;
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
    fn a_text_that_ends_early_must_be_read_to_its_end() {
        let text = r#"{"a":{"b":[1.0,{"c":"d\"e"}],"f":null},"g":[[{"h":true}]]}"#;
        for selection in ["a{ b f } g{ h }", "a g", "...X{ a{ b } } ...Y{ g{ h } }"] {
            for length in 0..=text.len() {
                let _ = selected(selection).read(&Bytes::from(&text[..length]));
                let _ = selected(selection).read(&Bytes::from(&text[length..]));
            }
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
