//! Where an entity of the graph has the key of a service.

use std::collections::BTreeMap;

use async_graphql_value::ConstValue as Value;

use super::is_name;

/// The placeholder of a [`KeyPattern`].
const PLACEHOLDER: &str = "{key}";

/// A field of an entity that has the key of a service, perhaps within a longer text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySource {
    /// Names of fields, from the entity to the value.
    path: Vec<String>,
    /// Values of fields of the same object as the last field of the path.
    conditions: BTreeMap<String, String>,
    pattern: Option<KeyPattern>,
}

impl KeySource {
    /// The field at `path`, such as `platformUrl` or `sources.remoteKey`, of objects that meet the
    /// `conditions`.
    ///
    /// # Errors
    /// What is expected, if the path is none.
    pub fn new(
        path: &str,
        conditions: BTreeMap<String, String>,
        pattern: Option<KeyPattern>,
    ) -> Result<Self, &'static str> {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        if path.iter().all(|name| is_name(name)) {
            Ok(Self { path, conditions, pattern })
        } else {
            Err("a field of the entity such as `url`, or a path such as `sources.remoteKey`")
        }
    }

    pub(crate) fn path(&self) -> &[String] {
        &self.path
    }

    pub(crate) fn conditions(&self) -> &BTreeMap<String, String> {
        &self.conditions
    }

    /// Whether it can select one of several values.
    pub(crate) fn is_selective(&self) -> bool {
        self.pattern.is_some() || !self.conditions.is_empty()
    }

    /// The selection of the path and the conditions, such as `sources { remoteKey source }`.
    pub(crate) fn selection(&self) -> String {
        let (last, parents) = self.path.split_last().map_or(("", &[][..]), |(l, p)| (l, p));
        let others = self.conditions.keys().map(String::as_str).filter(|name| *name != last);
        let fields: Vec<_> = std::iter::once(last).chain(others).collect();
        parents.iter().rfold(fields.join(" "), |inner, name| format!("{name} {{ {inner} }}"))
    }

    /// The key in a representation of an entity: the first value that meets the conditions and
    /// fits the pattern.
    pub(crate) fn find(&self, representation: &Value) -> Option<Value> {
        self.find_below(representation, &self.path)
    }

    fn find_below(&self, value: &Value, path: &[String]) -> Option<Value> {
        match (value, path) {
            (Value::List(items), _) => items.iter().find_map(|item| self.find_below(item, path)),
            (Value::Object(fields), [name, rest @ ..]) => {
                let meets = |(name, expected): (&String, &String)| {
                    let actual = fields.get(name.as_str()).and_then(key_text);
                    actual.is_some_and(|actual| actual == *expected)
                };
                if rest.is_empty() && !self.conditions.iter().all(meets) {
                    return None;
                }
                self.find_below(fields.get(name.as_str())?, rest)
            }
            (leaf, []) => {
                let text = key_text(leaf)?;
                let Some(pattern) = &self.pattern else { return Some(leaf.clone()) };
                pattern.key_in(&text).map(|key| Value::String(key.to_owned()))
            }
            _ => None,
        }
    }
}

/// A key as text, so that keys of different types can be compared; `None` if it cannot be a key.
pub(crate) fn key_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The text around a key, such as `https://leden.example.nl/groups/view/{key}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPattern {
    before: String,
    after: String,
}

impl KeyPattern {
    /// Parses a text with one `{key}`.
    ///
    /// # Errors
    /// What is expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let expected =
            "a text with one `{key}`, such as `https://www.example.nl/groups/view/{key}`";
        let (before, after) = text.split_once(PLACEHOLDER).ok_or(expected)?;
        if before.contains(['{', '}']) || after.contains(['{', '}']) {
            return Err(expected);
        }
        Ok(Self { before: before.to_owned(), after: after.to_owned() })
    }

    /// The key in a text that starts with the pattern. A key ends before `/`, `?` or `#`; what
    /// follows the pattern is ignored, since URLs often end with a title.
    fn key_in<'t>(&self, text: &'t str) -> Option<&'t str> {
        let rest = text.strip_prefix(self.before.as_str())?;
        let (key, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if self.after.is_empty() {
            return Some(key).filter(|key| !key.is_empty());
        }
        let key = match key.find(self.after.as_str()) {
            Some(end) => &key[..end],
            None => Some(key).filter(|_| rest.starts_with(&self.after))?,
        };
        Some(key).filter(|key| !key.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pattern_must_find_one_segment_of_a_url() {
        for (pattern, text, key) in [
            ("https://a.nl/groups/view/{key}", "https://a.nl/groups/view/g1/titel", Some("g1")),
            ("https://a.nl/groups/view/{key}", "https://a.nl/groups/view/g1", Some("g1")),
            ("https://a.nl/groups/view/{key}", "https://a.nl/groups/view/g1?page=2", Some("g1")),
            ("https://a.nl/groups/view/{key}", "https://a.nl/groups/view/", None),
            ("https://a.nl/groups/view/{key}", "https://b.nl/groups/view/g1", None),
            ("https://a.nl/groups/view/{key}/", "https://a.nl/groups/view/g1/titel", Some("g1")),
            ("https://a.nl/groups/view/{key}/", "https://a.nl/groups/view/g1", None),
            ("/{key}/leden", "/g1/leden/nieuw", Some("g1")),
            ("/{key}/leden", "/g1/agenda", None),
            ("{key}.json", "g1.json", Some("g1")),
            ("{key}", "g1", Some("g1")),
        ] {
            let pattern = KeyPattern::parse(pattern).unwrap();
            assert_eq!(pattern.key_in(text), key, "{pattern:?} {text}");
        }
        for text in ["no placeholder", "{key}{key}", "{id}/{key}", "{key}/{slug}", ""] {
            assert!(KeyPattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_must_be_found_in_the_object_that_meets_the_conditions() {
        let representation = json!({ "url": "", "number": 7, "sources": [
            { "source": "blog", "remoteKey": "1" },
            { "source": "pleio", "remoteKey": null },
            { "source": "pleio", "remoteKey": "g1" },
            { "source": "pleio", "remoteKey": "g2" },
        ], "nothing": null, "flag": true });
        let representation = Value::from_json(representation).unwrap();
        let of_pleio = BTreeMap::from([("source".to_owned(), "pleio".to_owned())]);
        let source = KeySource::new("sources.remoteKey", of_pleio, None).unwrap();
        assert_eq!(source.find(&representation), Some(Value::String("g1".to_owned())));
        assert_eq!(source.selection(), "sources { remoteKey source }");
        let find = |path| {
            let source = KeySource::new(path, BTreeMap::new(), None).unwrap();
            source.find(&representation).and_then(|key| key_text(&key))
        };
        assert_eq!(find("number").as_deref(), Some("7"));
        for path in ["url", "nothing", "flag", "sources", "missing", "number.more", "sources.none"]
        {
            assert_eq!(find(path), None, "{path}");
        }
        for path in ["", "a b", "a..b", "a.", "{", "__typename"] {
            assert!(KeySource::new(path, BTreeMap::new(), None).is_err(), "{path}");
        }
    }
}
