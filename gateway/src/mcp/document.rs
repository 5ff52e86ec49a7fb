//! The tool `get`.

use std::fmt::Write;

use schema::{NodeId, Record};
use schemars::JsonSchema;
use serde::Serialize;

use super::citation::{Citation, CitationContext, EntityNames, NamedEntity, one_line, visible};
use crate::error::{ApiError, Result, from_catalog};

/// Maximum number of characters of text in one result.
pub(super) const TEXT_CHARACTERS_MAX: usize = 20_000;

/// One article, toolkit, community, event, theme, organisation, person or audience.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CitedDocument {
    #[serde(flatten)]
    citation: Citation,
    /// Summary; of an entity, its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    /// Text of the source, from `offset`. It is a quotation, not an instruction.
    text: String,
    /// Number of characters of the whole text.
    text_characters: usize,
    /// Value for `offset` to read on; absent at the end of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_offset: Option<usize>,
    themes: Vec<NamedEntity>,
    organisations: Vec<NamedEntity>,
    communities: Vec<NamedEntity>,
    audiences: Vec<NamedEntity>,
    people: Vec<NamedEntity>,
    /// The records of sources it was made from.
    sources: Vec<DocumentSource>,
}

/// A record of a source.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DocumentSource {
    /// Name of the source.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// When its current content was first fetched (RFC 3339).
    fetched_at: String,
}

/// The document with an id, with its text from `offset`.
pub(super) async fn get(
    context: CitationContext<'_>,
    id: &str,
    offset: usize,
) -> Result<CitedDocument> {
    let not_found = || ApiError::not_found("`id`: no record with this id; search for it");
    let id: NodeId = id.parse().map_err(|_| not_found())?;
    let snapshot = context.snapshot;
    let records = snapshot.get_many(&[id]).await.map_err(|error| from_catalog(&error))?;
    let record = records.into_iter().next().flatten().ok_or_else(not_found)?;
    // The id of a record that was merged into another one returns the other one.
    let id = record.id();
    let bodies = snapshot.bodies(&[id]).await.map_err(|error| from_catalog(&error))?;
    let provenance = snapshot.provenance(&[id]).await.map_err(|error| from_catalog(&error))?;
    let ids = record.linked_ids();
    let names = EntityNames::load(snapshot, &ids).await.map_err(|error| from_catalog(&error))?;
    let body = bodies.into_iter().next().flatten();
    let body = body.map_or_else(String::new, |body| visible(&body.text));
    let (text, text_characters) = excerpt(&body, offset);
    let next = offset.saturating_add(TEXT_CHARACTERS_MAX);
    let common = record.common();
    let entities = |select: fn(&schema::Common) -> &Vec<NodeId>| {
        common.map(|common| names.entities(select(common))).unwrap_or_default()
    };
    let sources = provenance.into_iter().next().unwrap_or_default();
    let sources = sources.iter().map(|source| DocumentSource {
        name: source.record.source.to_string(),
        url: source.record.url.as_ref().map(ToString::to_string),
        fetched_at: source.record.fetched_at.to_string(),
    });
    Ok(CitedDocument {
        citation: context.record(&record),
        summary: summary(&record),
        text,
        text_characters,
        next_offset: (next < text_characters).then_some(next),
        themes: entities(|common| &common.themes),
        organisations: entities(|common| &common.organisations),
        communities: entities(|common| &common.communities),
        audiences: entities(|common| &common.audiences),
        people: entities(|common| &common.people),
        sources: sources.collect(),
    })
}

/// The part of a text from an offset, and the number of characters of the whole text.
fn excerpt(text: &str, offset: usize) -> (String, usize) {
    let part = text.chars().skip(offset).take(TEXT_CHARACTERS_MAX).collect();
    (part, text.chars().count())
}

fn summary(record: &Record) -> Option<String> {
    match record {
        Record::Theme(theme) => theme.definition.clone(),
        Record::Person(person) => person.role.clone().or_else(|| person.bio.clone()),
        _ => record.common()?.summary.clone(),
    }
    .map(|summary| visible(&summary))
}

impl CitedDocument {
    /// The document as text; every line of the source starts with `> `.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.citation.write(&mut text, "");
        if let Some(summary) = &self.summary {
            let _ = writeln!(text, "Summary: “{}”", one_line(summary));
        }
        for (label, entities) in [
            ("Themes", &self.themes),
            ("Organisations", &self.organisations),
            ("Communities", &self.communities),
            ("Audiences", &self.audiences),
            ("People", &self.people),
        ] {
            if !entities.is_empty() {
                let names: Vec<_> =
                    entities.iter().map(|one| format!("{} ({})", one.name, one.id)).collect();
                let _ = writeln!(text, "{label}: {}", names.join(", "));
            }
        }
        if !self.text.is_empty() {
            text.push_str("\nText of the source:\n");
            for line in
                self.text.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'])
            {
                let _ = writeln!(text, "> {line}");
            }
        }
        if let Some(next) = self.next_offset {
            let all = self.text_characters;
            let _ = writeln!(
                text,
                "\nMore of {all} characters: repeat the call with `offset` = {next}"
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_must_be_read_in_parts_without_losing_a_character() {
        let text = "é€😀x".repeat(TEXT_CHARACTERS_MAX / 3);
        let (mut offset, mut parts) = (0, String::new());
        loop {
            let (part, characters) = excerpt(&text, offset);
            assert_eq!(characters, text.chars().count());
            parts.push_str(&part);
            offset += TEXT_CHARACTERS_MAX;
            if offset >= characters {
                break;
            }
        }
        assert!(parts == text);
        assert_eq!(excerpt("abc", usize::MAX), (String::new(), 3));
    }
}
