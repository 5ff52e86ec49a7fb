//! Names that a client may have meant instead of an unknown one in its document: arguments, enum
//! values and fields of input objects, and fields of the graph's own types.
//!
//! Validators name an unknown element in a sentence without an alternative, so the sentence is read.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    error::{ErrorCode, GraphqlError},
    schema::{Definition, PublicSchema, TypeKind},
};

/// Minimum similarity, from 0 to 1 (Jaro-Winkler), of a name that is suggested.
const SIMILARITY_MIN: f64 = 0.75;

/// An unknown element in the words of a validator.
enum UnknownElement<'m> {
    Argument { name: &'m str, field: &'m str, of: &'m str },
    EnumValue { name: &'m str, of: &'m str },
    InputField { name: &'m str, of: &'m str },
    Field { name: &'m str, of: &'m str },
}

static ARGUMENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"Unknown argument "(\w+)" on field "(?:(\w+)\.(\w+)"|(\w+)" of type "(\w+)")"#)
});
static ENUM_VALUE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"enumeration type "(?<of>\w+)" does not contain the value "(?<name>\w+)"|Value "(?<name2>\w+)" does not exist in "(?<of2>\w+)" enum"#,
    )
});
static INPUT_FIELD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"unknown field "(?<name>\w+)" of type "(?<of>\w+)"|Field "(?<name2>\w+)" is not defined by type "(?<of2>\w+)""#,
    )
});
static FIELD: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"Cannot query field "(?<name>\w+)" on type "(?<of>\w+)""#));

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("patterns are constants, covered by tests")
}

impl<'m> UnknownElement<'m> {
    fn in_message(message: &'m str) -> Option<Self> {
        if let Some(found) = ARGUMENT.captures(message) {
            let group = |at: usize| found.get(at).map(|group| group.as_str());
            let (of, field) = match (group(2), group(3)) {
                (Some(of), Some(field)) => (of, field),
                _ => (group(5)?, group(4)?),
            };
            return Some(Self::Argument { name: group(1)?, field, of });
        }
        let named = |pattern: &Regex| {
            let found = pattern.captures(message)?;
            let group = |name, other| {
                found.name(name).or_else(|| found.name(other)).map(|group| group.as_str())
            };
            Some((group("name", "name2")?, group("of", "of2")?))
        };
        named(&ENUM_VALUE)
            .map(|(name, of)| Self::EnumValue { name, of })
            .or_else(|| named(&INPUT_FIELD).map(|(name, of)| Self::InputField { name, of }))
            .or_else(|| named(&FIELD).map(|(name, of)| Self::Field { name, of }))
    }

    /// The name that is most similar to the unknown one.
    fn nearest(&self, types: &'m PublicSchema) -> Option<&'m str> {
        let keys = |of| types.get(of).map(|definition: &Definition| &definition.kind);
        match *self {
            Self::Argument { name, field, of } => {
                let field = types.get(of)?.fields()?.get(field)?;
                nearest(name, field.arguments.keys())
            }
            Self::EnumValue { name, of } => match keys(of)? {
                TypeKind::Enum { values } => nearest(name, values.keys()),
                _ => None,
            },
            Self::InputField { name, of } => match keys(of)? {
                TypeKind::Input { fields, .. } => nearest(name, fields.keys()),
                _ => None,
            },
            Self::Field { name, of } => nearest(name, types.get(of)?.fields()?.keys()),
        }
    }
}

/// Adds the most similar existing name to the message of a validator about an unknown one; `None` if
/// there is none, or the message has a suggestion.
fn with_suggestion(types: &PublicSchema, message: &str) -> Option<String> {
    if message.contains("Did you mean") {
        return None;
    }
    let nearest = UnknownElement::in_message(message)?.nearest(types)?;
    let message = message.trim_end_matches('.');
    Some(format!("{message}. Did you mean \"{nearest}\"?"))
}

impl PublicSchema {
    /// Adds the most similar existing name to a validation error about an unknown argument, enum value
    /// or field.
    pub fn add_suggestion(&self, error: &mut GraphqlError) {
        if error.error.code == ErrorCode::GraphqlValidationFailed
            && let Some(message) = with_suggestion(self, &error.error.message)
        {
            error.error.message = message;
        }
    }
}

/// The candidate that is most similar to a name, regardless of case.
pub(crate) fn nearest<'c>(
    name: &str,
    candidates: impl Iterator<Item = &'c String>,
) -> Option<&'c str> {
    let name = name.to_lowercase();
    candidates
        .map(|one| (strsim::jaro_winkler(&name, &one.to_lowercase()), one.as_str()))
        .filter(|(similarity, _)| *similarity >= SIMILARITY_MIN)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_element_must_get_the_nearest_name() {
        let sdl = "type Query { search(query: String, sort: Sort, filter: Filter): Int }
            enum Sort { NEWEST OLDEST RELEVANCE } input Filter { kinds: [String] layers: [String] }";
        let types = PublicSchema::parse(sdl).unwrap();
        for (message, expected) in [
            (r#"Unknown argument "quary" on field "search" of type "Query"."#, Some("query")),
            (r#"Unknown argument "Sort" on field "Query.search"."#, Some("sort")),
            (
                r#"Invalid value for argument "sort", enumeration type "Sort" does not contain the value "newest""#,
                Some("NEWEST"),
            ),
            (r#"Value "NEWST" does not exist in "Sort" enum."#, Some("NEWEST")),
            (r#"Field "kind" is not defined by type "Filter"."#, Some("kinds")),
            (r#"Cannot query field "serach" on type "Query"."#, Some("search")),
            (r#"Value "XYZZY" does not exist in "Sort" enum."#, None),
            (r#"Unknown argument "quary" on field "Query.nothing"."#, None),
            (r#"Unknown type "Sorting"."#, None),
        ] {
            let found = with_suggestion(&types, message);
            let end = expected.map(|name| format!("Did you mean \"{name}\"?"));
            match (&found, &end) {
                (Some(found), Some(end)) => assert!(found.ends_with(end), "{found}"),
                (None, None) => {}
                _ => panic!("{message}: {found:?}, expected {end:?}"),
            }
            if let Some(found) = found {
                assert_eq!(with_suggestion(&types, &found), None, "once only");
            }
        }
    }
}
