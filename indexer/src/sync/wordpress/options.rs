//! Options of sources of the kind `wordpress`.

use schema::NodeKind;
use schemars::JsonSchema;
use serde::Deserialize;

/// Options of a WordPress site, as validated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordpressOptions {
    /// Whether the page of each new or changed object is requested, unless the object itself states
    /// whether search engines may show it.
    pub read_pages: bool,
    /// Terms that are one record with their landing page; the first that fits a page counts.
    pub joins: Vec<TermJoin>,
    /// What the site's own types are.
    pub preset: Option<SitePreset>,
}

impl Default for WordpressOptions {
    fn default() -> Self {
        Self { read_pages: true, joins: Vec::new(), preset: None }
    }
}

/// Makes one record of each term of a taxonomy and its landing page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermJoin {
    /// Name of the taxonomy.
    pub taxonomy: String,
    /// Name of the type of the landing pages.
    pub content_type: String,
    /// What a term and its landing page have in common.
    pub by: JoinBy,
    /// The kind of the record.
    pub kind: NodeKind,
}

/// What a term and its landing page have in common.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum JoinBy {
    /// The last segment of their addresses.
    #[default]
    Slug,
    /// Name and title.
    Name,
}

/// Types and taxonomies of a family of sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SitePreset {
    /// The sites of Gebruiker Centraal.
    GebruikerCentraal,
}
