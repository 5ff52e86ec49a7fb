//! Templates: where a canonical field gets its value from.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Names and values of the parts of a file's path, such as `year` = `2025`.
pub type PathCaptures = BTreeMap<String, String>;

/// A source field (`tags`, `place.city`), or a text with placeholders for parts of the path and
/// for source fields (`{year}-{month}-{day}`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

/// A stretch of a template or of a path pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text that stands for itself.
    Literal(String),
    /// The name between braces.
    Placeholder(String),
}

/// Why a template or a path pattern cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Nothing in it.
    #[error("template must not be empty; omit it instead")]
    Empty,
    /// A brace without its other half.
    #[error("unbalanced braces; write placeholders as {{slug}}: `{0}`")]
    UnbalancedBrace(String),
    /// Nothing to tell where one placeholder ends and the next begins.
    #[error("placeholders must be separated by text: `{0}`")]
    AdjacentPlaceholders(String),
    /// The same name twice.
    #[error("duplicate placeholder: `{0}`")]
    DuplicatePlaceholder(String),
    /// A name that cannot stand between braces in a pattern.
    #[error("invalid placeholder; use letters, digits and underscores: `{0}`")]
    InvalidPlaceholder(String),
}

impl Template {
    /// Reads a template. Without braces it is the name of a source field.
    ///
    /// # Errors
    /// [`TemplateError`] where it is empty or its braces do not fit.
    ///
    /// ```
    /// use indexer::ingest::config::Template;
    /// assert!(Template::new("https://www.example.nl/{slug}/").is_ok());
    /// assert!(Template::new("{year").is_err());
    /// ```
    pub fn new(text: &str) -> Result<Self, TemplateError> {
        let text = text.trim();
        if !text.contains(['{', '}']) && !text.is_empty() {
            return Ok(Self(vec![Piece::Placeholder(text.to_owned())]));
        }
        pieces(text).map(Self)
    }

    /// The name of the one field that it stands for, where it is no more than that.
    pub(crate) fn bare_name(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Piece::Placeholder(name)] => Some(name),
            _ => None,
        }
    }

    /// The value, or `None` where a part is missing. One placeholder alone keeps its type.
    pub fn value(&self, raw_fields: &Map<String, Value>, captures: &PathCaptures) -> Option<Value> {
        if let Some(name) = self.bare_name() {
            return lookup(name, raw_fields, captures);
        }
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Placeholder(name) => {
                    text.push_str(&scalar(&lookup(name, raw_fields, captures)?)?);
                }
            }
        }
        Some(Value::String(text))
    }
}

/// Cuts a text at its placeholders.
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let unbalanced = || TemplateError::UnbalancedBrace(text.to_owned());
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(['{', '}']) {
        let (literal, after) = rest.split_at(open);
        let (name, after) = after
            .strip_prefix('{')
            .and_then(|after| after.split_once('}'))
            .filter(|(name, _)| !name.trim().is_empty() && !name.contains('{'))
            .ok_or_else(unbalanced)?;
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal.to_owned()));
        }
        pieces.push(Piece::Placeholder(name.trim().to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest.to_owned()));
    }
    if pieces.is_empty() { Err(TemplateError::Empty) } else { Ok(pieces) }
}

/// A text or number as the text that it has in an address or a key; `None` for anything else and
/// for a text without content.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn lookup(name: &str, raw_fields: &Map<String, Value>, captures: &PathCaptures) -> Option<Value> {
    if let Some(captured) = captures.get(name) {
        return Some(Value::String(captured.clone()));
    }
    let value = raw_fields.get(name).cloned().or_else(|| {
        let mut names = name.split('.');
        let first = raw_fields.get(names.next()?)?;
        names.try_fold(first.clone(), |value, name| step(&value, name))
    })?;
    if is_missing(&value) { None } else { Some(value) }
}

/// One step along a dotted path; through a list it takes the step in each of its objects.
fn step(value: &Value, name: &str) -> Option<Value> {
    match value {
        Value::Object(object) => object.get(name).cloned(),
        Value::Array(list) => Some(list.iter().filter_map(|item| step(item, name)).collect()),
        _ => None,
    }
}

/// Whether a value says nothing: null, an empty text or an empty list.
pub(crate) fn is_missing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(template: &str) -> Option<Value> {
        let source = json!({
            "tags": ["a", "b"], "place": { "city": "Duinstad" }, "id": 7, "empty": " ",
            "authors": [{ "name": "Noor" }, { "nick": "x" }, { "name": "Sem" }],
            "dotted.name": "whole",
        });
        let captures = PathCaptures::from([("year".to_owned(), "2025".to_owned())]);
        Template::new(template).unwrap().value(source.as_object().unwrap(), &captures)
    }

    #[test]
    fn a_bare_name_must_preserve_the_type_of_its_source_field() {
        assert_eq!(value("tags"), Some(json!(["a", "b"])));
        assert_eq!(value("{tags}"), Some(json!(["a", "b"])));
        assert_eq!(value("place.city"), Some(json!("Duinstad")));
        assert_eq!(value("authors.name"), Some(json!(["Noor", "Sem"])));
        assert_eq!(value("dotted.name"), Some(json!("whole")));
    }

    #[test]
    fn placeholders_must_be_filled_from_path_captures_and_fields() {
        assert_eq!(value("/{year}/{ id }/"), Some(json!("/2025/7/")));
    }

    #[test]
    fn a_template_with_a_missing_value_must_yield_none() {
        for template in ["/{year}/{month}", "{empty}-x", "x{tags}", "nothing", "place.town"] {
            assert_eq!(value(template), None, "{template}");
        }
    }

    #[test]
    fn unbalanced_braces_must_be_rejected() {
        for text in ["{a", "a}", "{a{b}}", "{}", "{ }"] {
            assert_eq!(
                Template::new(text),
                Err(TemplateError::UnbalancedBrace(text.trim().to_owned()))
            );
        }
        assert_eq!(Template::new(" "), Err(TemplateError::Empty));
    }
}
