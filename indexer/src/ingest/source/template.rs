//! Templates: expressions for the values of canonical fields.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::{Map, Value};

use crate::json::{self, scalar};

/// Names and values of the components of a file's path, such as `year` = `2025`.
pub type PathCaptures = BTreeMap<String, String>;

/// A source field (`tags`, `place.city`), or a text with placeholders for segments of the path and
/// for source fields (`{year}-{month}-{day}`). A placeholder may list alternatives: `{slug|file}`
/// is the first of them that has a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
    target: Target,
}

/// The type of text that a template produces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Text,
    /// A URL: inserted values are percent-encoded.
    Url,
}

/// A literal or placeholder in a template or path pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Literal text.
    Literal(String),
    /// The name between braces.
    Placeholder(String),
}

/// Why a template or path pattern is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The template is empty.
    #[error("template must not be empty; omit it instead")]
    Empty,
    /// A brace is unmatched.
    #[error("unbalanced braces; write placeholders as {{slug}}: `{0}`")]
    UnbalancedBrace(String),
    /// No text separates two placeholders, so their boundary is ambiguous.
    #[error("placeholders must be separated by text: `{0}`")]
    AdjacentPlaceholders(String),
    /// A placeholder name occurs twice.
    #[error("duplicate placeholder: `{0}`")]
    DuplicatePlaceholder(String),
    /// A placeholder name is invalid in a pattern.
    #[error("invalid placeholder; use letters, digits and underscores: `{0}`")]
    InvalidPlaceholder(String),
}

impl Template {
    /// Parses a template. Without braces it is the name of a source field.
    ///
    /// # Errors
    /// [`TemplateError`] if it is empty or a brace is unmatched.
    ///
    /// ```
    /// use indexer::ingest::config::Template;
    /// assert!(Template::new("https://www.example.nl/{slug}/").is_ok());
    /// assert!(Template::new("{year").is_err());
    /// ```
    pub fn new(text: &str) -> Result<Self, TemplateError> {
        let text = text.trim();
        let pieces = if !text.contains(['{', '}']) && !text.is_empty() {
            vec![Piece::Placeholder(text.to_owned())]
        } else {
            pieces(text)?
        };
        Ok(Self { pieces, target: Target::Text })
    }

    /// Parses the template of a URL.
    ///
    /// # Errors
    /// As for [`Template::new`].
    pub fn url(text: &str) -> Result<Self, TemplateError> {
        Ok(Self { target: Target::Url, ..Self::new(text)? })
    }

    /// The placeholders, each with its alternatives.
    pub(crate) fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Placeholder(names) => Some(names.as_str()),
            Piece::Literal(_) => None,
        })
    }

    /// The name of the field, if the template consists of a single field name.
    pub(crate) fn bare_name(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Placeholder(name)] => Some(name),
            _ => None,
        }
    }

    /// The value, or `None` if a placeholder has none. A single placeholder preserves the type of
    /// its value.
    pub fn value(&self, raw_fields: &Map<String, Value>, captures: &PathCaptures) -> Option<Value> {
        if let Some(names) = self.bare_name() {
            return first_value(names, raw_fields, captures).map(|(value, _)| value);
        }
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => {
                    // Avoid a double slash if both the template and the value contain one.
                    let doubled = self.target == Target::Url && text.ends_with('/');
                    let literal = if doubled { literal.trim_start_matches('/') } else { literal };
                    text.push_str(literal);
                }
                Piece::Placeholder(names) => {
                    let (value, origin) = first_value(names, raw_fields, captures)?;
                    let value = scalar(&value)?;
                    match self.target {
                        Target::Text => text.push_str(&value),
                        Target::Url => push_encoded(&mut text, &value, origin),
                    }
                }
            }
        }
        Some(Value::String(text))
    }
}

/// Origin of the value of a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueOrigin {
    Path,
    Field,
}

/// The first alternative of a placeholder that has a value.
fn first_value(
    names: &str,
    raw_fields: &Map<String, Value>,
    captures: &PathCaptures,
) -> Option<(Value, ValueOrigin)> {
    alternatives(names).find_map(|name| match captures.get(name) {
        Some(text) => Some((Value::String(text.clone()), ValueOrigin::Path)),
        None => Some((lookup(name, raw_fields)?, ValueOrigin::Field)),
    })
}

/// The alternative names in a placeholder.
pub(crate) fn alternatives(names: &str) -> impl Iterator<Item = &str> {
    names.split('|').map(str::trim)
}

/// Appends a value to a URL. Characters of a file name are literal; the value of a field may
/// already be encoded, and one that begins with `/` is a path with its own query.
fn push_encoded(url: &mut String, value: &str, origin: ValueOrigin) {
    let is_path = origin == ValueOrigin::Field && value.starts_with('/');
    let value = if url.ends_with('/') { value.trim_start_matches('/') } else { value };
    let in_query = url.contains('?');
    for (at, letter) in value.char_indices() {
        let is_escape = || {
            let digits = value.get(at + 1..at + 3).unwrap_or_default();
            digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        };
        let is_plain = match letter {
            '/' | ':' | '@' | '!' | '$' | '\'' | '(' | ')' | '*' | ',' | ';' => true,
            '&' | '=' | '+' => !in_query,
            '?' | '#' => is_path,
            '%' => origin == ValueOrigin::Field && is_escape(),
            other => other.is_ascii_alphanumeric() || matches!(other, '-' | '.' | '_' | '~'),
        };
        if is_plain {
            url.push(letter);
        } else {
            let mut buffer = [0; 4];
            for byte in letter.encode_utf8(&mut buffer).bytes() {
                write!(url, "%{byte:02X}").expect("writing to a string cannot fail");
            }
        }
    }
}

/// Splits a text at its placeholders.
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

/// A string, number or boolean as written in the source.
pub(crate) fn written_form(value: &Value) -> Option<String> {
    match value {
        Value::Bool(flag) => Some(flag.to_string()),
        other => scalar(other),
    }
}

/// The value of a source field; a dotted name denotes a field of a nested object.
pub(crate) fn lookup(name: &str, raw_fields: &Map<String, Value>) -> Option<Value> {
    let value = raw_fields.get(name).cloned().or_else(|| {
        let mut names = name.split('.');
        let first = raw_fields.get(names.next()?)?;
        names.try_fold(first.clone(), |value, name| json::step(&value, name))
    })?;
    if is_missing(&value) { None } else { Some(value) }
}

/// Whether a value is null, an empty string or an empty list.
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
            "authors": [{ "name": "Noor" }, { "nick": "x" }, { "name": "Sem" }, "Kim"],
            "dotted.name": "whole", "author": "Piet", "slug": "kort",
        });
        let captures = PathCaptures::from([("year".to_owned(), "2025".to_owned())]);
        Template::new(template).unwrap().value(source.as_object().unwrap(), &captures)
    }

    #[test]
    fn a_bare_name_must_preserve_the_type_of_its_source_field() {
        assert_eq!(value("tags"), Some(json!(["a", "b"])));
        assert_eq!(value("{tags}"), Some(json!(["a", "b"])));
        assert_eq!(value("place.city"), Some(json!("Duinstad")));
        assert_eq!(value("authors.name"), Some(json!(["Noor", "Sem", "Kim"])));
        assert_eq!(value("author.name"), Some(json!("Piet")));
        assert_eq!(value("dotted.name"), Some(json!("whole")));
    }

    #[test]
    fn placeholders_must_be_filled_from_path_captures_and_fields() {
        assert_eq!(value("/{year}/{ id }/"), Some(json!("/2025/7/")));
    }

    #[test]
    fn the_first_alternative_with_a_value_must_be_taken() {
        assert_eq!(value("/{slug|year}/"), Some(json!("/kort/")));
        assert_eq!(value("/{ empty | nothing | year }/"), Some(json!("/2025/")));
        assert_eq!(value("{nothing|tags}"), Some(json!(["a", "b"])));
        assert_eq!(value("nothing|id"), Some(json!(7)));
        assert_eq!(value("/{nothing|empty}/"), None);
    }

    #[test]
    fn values_must_be_percent_encoded_in_urls_only() {
        let source = json!({
            "slug": "/a b/", "query": "a&b=c+d", "escaped": "caf%C3%A9 100%", "path": "/p?q=1#r",
        });
        let captures = PathCaptures::from(
            [("file", "c#-a"), ("text", "wat is é?"), ("percent", "100%25")]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let url = |template: &str| {
            let fields = source.as_object().unwrap();
            let value = Template::url(template).unwrap().value(fields, &captures);
            value.unwrap().as_str().unwrap().to_owned()
        };
        assert_eq!(url("https://x.nl/{file}/"), "https://x.nl/c%23-a/");
        assert_eq!(url("https://x.nl/{text}"), "https://x.nl/wat%20is%20%C3%A9%3F");
        assert_eq!(url("https://x.nl/{percent}/"), "https://x.nl/100%2525/");
        assert_eq!(url("https://x.nl/b/{slug}/"), "https://x.nl/b/a%20b/");
        assert_eq!(url("https://x.nl/?q={query}"), "https://x.nl/?q=a%26b%3Dc%2Bd");
        assert_eq!(url("https://x.nl/{escaped}"), "https://x.nl/caf%C3%A9%20100%25");
        assert_eq!(url("https://x.nl{path}"), "https://x.nl/p?q=1#r");
        let text = Template::new("{file}!").unwrap().value(&Map::new(), &captures);
        assert_eq!(text, Some(json!("c#-a!")));
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
