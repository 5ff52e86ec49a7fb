//! Composition errors with the type, field and subgraphs that they concern.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;

/// One reason why subgraphs cannot be composed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CompositionError {
    /// Description of the error.
    pub message: String,
    /// The type that it concerns, if any.
    #[serde(rename = "type")]
    pub type_name: Option<String>,
    /// The field of that type that it concerns, if any.
    pub field: Option<String>,
    /// Names of the subgraphs that it concerns.
    pub subgraphs: Vec<String>,
}

impl fmt::Display for CompositionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let coordinate = match (&self.type_name, &self.field) {
            (Some(name), Some(field)) => format!("{name}.{field}"),
            (Some(name), None) => name.clone(),
            _ => String::new(),
        };
        let subgraphs = self.subgraphs.join(", ");
        match (coordinate.as_str(), subgraphs.as_str()) {
            ("", "") => f.write_str(&self.message),
            ("", _) => write!(f, "[{subgraphs}] {}", self.message),
            (_, "") => write!(f, "{coordinate}: {}", self.message),
            _ => write!(f, "{coordinate} [{subgraphs}]: {}", self.message),
        }
    }
}

/// Names that can occur in an error message of the composition crate.
pub(super) struct SubgraphNames {
    subgraphs: Vec<String>,
    types: BTreeSet<String>,
}

impl SubgraphNames {
    pub(super) const fn new(subgraphs: Vec<String>, types: BTreeSet<String>) -> Self {
        Self { subgraphs, types }
    }

    /// Extracts the names of a type, field and subgraphs from an error message.
    pub(super) fn error(&self, message: &str) -> CompositionError {
        let mut error = CompositionError { message: message.to_owned(), ..Default::default() };
        let is_name_char = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        for word in message.split(|c| !is_name_char(c)).map(|word| word.trim_matches('.')) {
            let (owner, field) = word.split_once('.').map_or((word, None), |(o, f)| (o, Some(f)));
            let is_first = error.type_name.is_none() || (error.field.is_none() && field.is_some());
            if is_first && self.types.contains(owner) {
                error.type_name = Some(owner.to_owned());
                error.field = field.map(str::to_owned);
            } else if self.subgraphs.iter().any(|name| name == word)
                && !error.subgraphs.iter().any(|name| name == word)
            {
                error.subgraphs.push(word.to_owned());
            }
        }
        error
    }
}
