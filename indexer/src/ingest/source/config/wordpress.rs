//! Keys that only sources of the kind `wordpress` have.

use schema::{NodeKind, SourceName};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{ConfigError, Preset, SourceConfig, SourceKind};
use crate::sync::{JoinBy, SitePreset, TermJoin, WordpressOptions};

/// One `[[source.join]]` as written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinConfig {
    /// Name of the taxonomy.
    pub taxonomy: String,
    /// Type of the landing pages.
    #[serde(rename = "type")]
    pub content_type: String,
    /// What a term and its landing page have in common.
    #[serde(default)]
    pub by: JoinBy,
    /// Kind of the record.
    pub kind: String,
}

/// The options of a source; an error if a source of another kind has any.
pub(super) fn options(
    config: &SourceConfig,
    name: &SourceName,
) -> Result<WordpressOptions, ConfigError> {
    let SourceConfig { read_pages, preset, join, types, .. } = config;
    if config.kind != SourceKind::Wordpress {
        let keys = [
            ("read_pages", read_pages.is_some() && config.kind != SourceKind::Feed),
            ("preset", preset.is_some() && config.kind != SourceKind::Api),
            ("join", !join.is_empty()),
        ];
        let used = keys.into_iter().find(|(_, is_used)| *is_used);
        return match used {
            Some((key, _)) => {
                Err(ConfigError::KeyOfKind { source_name: name.clone(), key, kind: "wordpress" })
            }
            None => Ok(WordpressOptions::default()),
        };
    }
    let mut joins = Vec::<TermJoin>::new();
    for written in join {
        let error = |key, value: &str| {
            let (source_name, value) = (name.clone(), value.to_owned());
            ConfigError::Join { source_name, key, value }
        };
        let JoinConfig { taxonomy, content_type, by, kind } = written;
        if !is_name(taxonomy) {
            return Err(error("taxonomy", taxonomy));
        }
        let is_read = types.is_empty() || types.contains(content_type);
        if !is_name(content_type) || !is_read {
            return Err(error("type", content_type));
        }
        let found = NodeKind::ALL.into_iter().find(|known| known.as_str() == kind);
        let kind = found.ok_or_else(|| error("kind", kind))?;
        let is_same =
            |one: &TermJoin| one.taxonomy == *taxonomy && one.content_type == *content_type;
        if joins.iter().any(is_same) {
            return Err(error("taxonomy", taxonomy));
        }
        let (taxonomy, content_type) = (taxonomy.clone(), content_type.clone());
        joins.push(TermJoin { taxonomy, content_type, by: *by, kind });
    }
    let preset = match preset {
        None => None,
        Some(Preset::GebruikerCentraal) => Some(SitePreset::GebruikerCentraal),
        Some(Preset::Pleio) => {
            let (source_name, key) = (name.clone(), "preset = \"pleio\"");
            return Err(ConfigError::KeyOfKind { source_name, key, kind: "api" });
        }
    };
    Ok(WordpressOptions { read_pages: read_pages.unwrap_or(true), joins, preset })
}

/// Whether a text can be the name of a type or taxonomy.
fn is_name(text: &str) -> bool {
    let is_allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    (1..=32).contains(&text.len()) && text.bytes().all(is_allowed)
}
