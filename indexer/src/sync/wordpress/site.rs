//! What a site offers: its types with their taxonomies, and the names to which objects refer by
//! number.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    api::{Api, ApiError},
    options::TermJoin,
};

/// Types that hold no content of their own, or that only editors use.
const NO_CONTENT: [&str; 2] = ["attachment", "nav_menu_item"];
/// Prefix of the types that belong to WordPress's own editor.
const EDITOR_PREFIX: &str = "wp_";

/// Fields of objects that are not stored: long, or different in each response.
const UNUSED_FIELDS: [&str; 4] = ["_links", "guid", "yoast_head", "yoast_head_json"];

/// A type of object.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ContentType {
    /// Its name, such as `post`.
    #[serde(default)]
    pub(super) slug: String,
    /// Its path below `/wp/v2/`.
    pub(super) rest_base: String,
    #[serde(default)]
    pub(super) taxonomies: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Taxonomy {
    rest_base: String,
}

/// Terms by the number of their landing page, as stored with its object.
pub(super) type LandingTerms = BTreeMap<u64, Value>;

/// The names to which objects refer by number.
pub(super) struct JoinedNames {
    /// By taxonomy: the path of its collection, which is the key in an object, and its terms.
    terms: BTreeMap<String, (String, BTreeMap<u64, Value>)>,
    authors: BTreeMap<u64, Value>,
}

/// The types of a site that hold content: the configured ones, or else all that it shows.
pub(super) async fn content_types(
    api: &Api<'_>,
    configured: &[String],
) -> Result<Vec<ContentType>, ApiError> {
    let types: BTreeMap<String, ContentType> = api.get("types").await?;
    let is_content = |name: &str| !NO_CONTENT.contains(&name) && !name.starts_with(EDITOR_PREFIX);
    let is_used = |name: &String| {
        if configured.is_empty() { is_content(name) } else { configured.contains(name) }
    };
    Ok(types.into_iter().filter(|(name, _)| is_used(name)).map(|(_, one)| one).collect())
}

impl JoinedNames {
    /// Fetches the terms of all taxonomies of the types and of the joins, and the authors. Renaming a term does not
    /// change the objects that have it, so names are fetched in every run.
    pub(super) async fn fetch(
        api: &Api<'_>,
        types: &[ContentType],
        joins: &[TermJoin],
    ) -> Result<Self, ApiError> {
        let taxonomies: BTreeMap<String, Taxonomy> = api.get("taxonomies").await?;
        let used = types.iter().flat_map(|one| &one.taxonomies);
        let joined = joins.iter().map(|join| &join.taxonomy);
        let used: BTreeSet<&String> = used.chain(joined).collect();
        let mut terms = BTreeMap::new();
        for name in used {
            let Some(Taxonomy { rest_base }) = taxonomies.get(name) else { continue };
            let fields = ("_fields", "id,name,slug,link");
            let order = [("orderby", "id"), ("order", "asc"), fields];
            match api.all(rest_base, &order).await {
                Ok(found) => {
                    terms.insert(name.clone(), (rest_base.clone(), by_id(found)));
                }
                Err(error) if error.is_unauthorized() => {}
                Err(error) => return Err(error),
            }
        }
        let authors = match api.all("users", &[("_fields", "id,name,slug")]).await {
            Ok(found) => by_id(found),
            Err(error) if error.is_unauthorized() => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        Ok(Self { terms, authors })
    }

    /// Digest of all names.
    pub(super) fn digest(&self) -> u64 {
        let text = serde_json::to_vec(&(&self.terms, &self.authors)).unwrap_or_default();
        xxh3_64(&text)
    }

    /// The terms of a taxonomy; `None` if the site does not show it.
    pub(super) fn terms_of(&self, taxonomy: &str) -> Option<&BTreeMap<u64, Value>> {
        self.terms.get(taxonomy).map(|(_, terms)| terms)
    }

    /// Adds to an object the names of terms, author and image, and the term whose landing page it is.
    pub(super) fn join(
        &self,
        mut object: Value,
        media: &BTreeMap<u64, Value>,
        landing: &LandingTerms,
    ) -> Value {
        let landing = object["id"].as_u64().and_then(|id| landing.get(&id)).cloned();
        let mut joined = serde_json::Map::new();
        for (taxonomy, (key, terms)) in &self.terms {
            let ids = object[key.as_str()].as_array().into_iter().flatten();
            let found: Vec<_> =
                ids.filter_map(|id| terms.get(&id.as_u64()?)).map(|term| &term["name"]).collect();
            if !found.is_empty() {
                joined.insert(taxonomy.clone(), json!(found));
            }
        }
        let author = object["author"].as_u64().and_then(|id| self.authors.get(&id));
        let author = author.map(|author| author["name"].clone());
        let image = object["featured_media"].as_u64().and_then(|id| media.get(&id)).cloned();
        if let Some(fields) = object.as_object_mut() {
            for name in UNUSED_FIELDS {
                fields.remove(name);
            }
        }
        json!({
            "object": object, "terms": joined, "author": author, "image": image, "landing": landing,
        })
    }
}

fn by_id(objects: Vec<Value>) -> BTreeMap<u64, Value> {
    objects.into_iter().filter_map(|object| Some((object["id"].as_u64()?, object))).collect()
}
