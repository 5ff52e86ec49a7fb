//! Why graphs do not fit together, with the parts that are meant.

use std::{collections::BTreeSet, fmt};

use cynic_parser::{TypeSystemDocument, type_system::Definition};
use serde::Serialize;

use super::SubgraphSdl;

/// One reason why subgraphs make no supergraph.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CompositionError {
    /// The reason, as a sentence.
    pub message: String,
    /// The type that is meant, where one is.
    #[serde(rename = "type")]
    pub type_name: Option<String>,
    /// The field of that type, where one is meant.
    pub field: Option<String>,
    /// Names of the subgraphs that are meant.
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

/// The names that a sentence of the composer can be about.
pub(super) struct SubgraphNames {
    subgraphs: Vec<String>,
    types: BTreeSet<String>,
}

impl SubgraphNames {
    pub(super) fn of(subgraphs: &[SubgraphSdl], documents: &[TypeSystemDocument]) -> Self {
        let definitions = documents.iter().flat_map(TypeSystemDocument::definitions);
        let types = definitions.filter_map(|definition| match definition {
            Definition::Type(one) | Definition::TypeExtension(one) => Some(one.name().to_owned()),
            _ => None,
        });
        let names = subgraphs.iter().map(|subgraph| subgraph.name.clone());
        Self { subgraphs: names.collect(), types: types.collect() }
    }

    /// What a sentence says, and what it is about.
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

    /// What a sentence about one subgraph says.
    pub(super) fn error_for_subgraph(&self, subgraph: &str, message: &str) -> CompositionError {
        CompositionError { subgraphs: vec![subgraph.to_owned()], ..self.error(message) }
    }
}
