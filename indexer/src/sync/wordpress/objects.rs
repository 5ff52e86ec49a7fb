//! The objects of one type that the REST API shows.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::{
    RunError, Walk, WalkResult,
    api::{ApiError, PAGE_SIZE},
    census::{Census, ListedFields, ListedObject, census},
    landing::landing_terms,
    public_page::PageStatus,
    site::{ContentType, JoinedNames, LandingTerms},
};
use crate::{html_page::PageMetadata, sync::state::FetchedResource};

/// Maximum number of missing objects per type that are requested one by one; more of them wait for
/// the next complete run.
pub(super) const PROBES_MAX: usize = 50;
/// Seconds around a change in which a second change can have the same time.
const CLOCK_SECONDS: i64 = 5;
/// Types whose objects always have a page.
const TYPES_WITH_PAGES: [&str; 2] = ["post", "page"];
/// Number of objects without a page that show that their type has none.
const PAGES_TRIED: usize = 3;

/// A type, and what is joined to its objects.
pub(super) struct JoinedType<'a> {
    pub(super) content_type: &'a ContentType,
    pub(super) names: &'a JoinedNames,
    pub(super) landing: LandingTerms,
}

impl JoinedType<'_> {
    fn key(&self, id: u64) -> String {
        format!("{}/{id}", self.content_type.slug)
    }
}

/// Whether an object could have changed again in the second of its last change, after it was fetched;
/// both times are those of the host.
fn may_have_changed_since(version: &str, fetched_at: i64) -> bool {
    let changed_at = format!("{version}Z").parse::<Timestamp>();
    changed_at.is_ok_and(|at| fetched_at - at.as_second() < CLOCK_SECONDS)
}

impl Walk<'_> {
    /// Synchronises the objects of one type.
    pub(super) async fn walk_type(
        &self,
        (content_type, names): (&ContentType, &JoinedNames),
        is_renamed: bool,
        found: &mut WalkResult,
    ) -> Result<(), RunError> {
        let name = &content_type.slug;
        let is_joined = self.options.joins.iter().any(|join| join.content_type == *name);
        let fields = if is_joined { ListedFields::Names } else { ListedFields::Versions };
        let Some(census) = census(&self.api, &content_type.rest_base, fields).await? else {
            found.miss(format!("the list of `{name}` changed while it was read"));
            return Ok(());
        };
        if !self.has_pages(content_type, &census).await? {
            found.notes.push(format!("type without public pages: `{name}`"));
            return Ok(());
        }
        let joins = &self.options.joins;
        let landing = landing_terms(joins, (name, &census), names, &mut found.notes);
        let joined = JoinedType { content_type, names, landing };
        let is_current = |id: &u64, listed: &ListedObject| {
            self.known.get(&joined.key(*id)).is_some_and(|entry| {
                entry.version == listed.version
                    && !may_have_changed_since(&listed.version, entry.fetched_at)
            })
        };
        let (current, wanted): (Vec<_>, Vec<_>) =
            census.iter().partition(|(id, listed)| is_current(id, listed));
        found.present.extend(current.iter().map(|(id, _)| joined.key(**id)));
        // The landing pages may be others than before, although neither they nor the terms changed.
        if is_renamed || is_joined {
            self.refresh_names(&joined, &current, found)?;
        }
        for batch in wanted.chunks(PAGE_SIZE) {
            let ids: Vec<u64> = batch.iter().map(|(id, _)| **id).collect();
            self.fetch_objects(&joined, &ids, found).await?;
        }
        let prefix = format!("{name}/");
        let known = self.known.keys().filter_map(|key| key.strip_prefix(&prefix)?.parse().ok());
        let missing: Vec<u64> = known.filter(|id| !census.contains_key(id)).collect();
        self.confirm_removals(content_type, &missing, found).await
    }

    /// Whether the objects of a type have pages: some are only shown within other pages.
    async fn has_pages(
        &self,
        content_type: &ContentType,
        census: &Census,
    ) -> Result<bool, RunError> {
        if census.is_empty() || TYPES_WITH_PAGES.contains(&content_type.slug.as_str()) {
            return Ok(true);
        }
        for id in census.keys().take(PAGES_TRIED) {
            let path = format!("{}/{id}", content_type.rest_base);
            let object: Value = match self.api.get(&path).await {
                Err(ApiError::Gone { .. }) => continue,
                object => object?,
            };
            let link = object["link"].as_str().and_then(|link| link.parse().ok());
            match link {
                Some(link) if self.has_own_page(&link).await? => return Ok(true),
                _ => {}
            }
        }
        Ok(false)
    }

    /// Whether an address has a page of its own: instead of a missing one, some sites send the home page.
    async fn has_own_page(&self, link: &Url) -> Result<bool, ApiError> {
        let page = match self.api.web_page(link).await {
            Ok(page) => page,
            Err(ApiError::Gone { .. }) => return Ok(false),
            Err(ApiError::Moved { .. }) => return Ok(true),
            Err(error) => return Err(error),
        };
        let metadata = PageMetadata::read(&page.body);
        let canonical = metadata.canonical.as_deref().and_then(|text| link.join(text).ok());
        if let Some(canonical) = canonical {
            return Ok(canonical.path() != self.api.root.path());
        }
        let home = self.api.web_page(&self.api.root).await?;
        let is_home = PageMetadata::read(&home.body).title == metadata.title;
        Ok(home.body != page.body && !(is_home && metadata.title.is_some()))
    }

    /// Fetches objects by id, joins names and stores them. An object that is no longer in the response
    /// is neither present nor removed; one that the public must not find is removed.
    pub(super) async fn fetch_objects(
        &self,
        joined: &JoinedType<'_>,
        ids: &[u64],
        found: &mut WalkResult,
    ) -> Result<(), RunError> {
        let list = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let parameters = [("include", list.as_str()), ("orderby", "id"), ("order", "asc")];
        let collection = &joined.content_type.rest_base;
        let objects = self.api.page(collection, &parameters, 1).await?.objects;
        let fetched_at = self.api.host_time();
        let media = self.media(&objects).await?;
        let objects: BTreeMap<u64, Value> = objects
            .into_iter()
            .filter_map(|object| Some((object["id"].as_u64()?, object)))
            .filter(|(id, _)| ids.contains(id))
            .collect();
        let mut hidden: BTreeSet<u64> =
            objects.iter().filter(|(_, object)| !is_public(object)).map(|(id, _)| *id).collect();
        let mut unknown = BTreeSet::new();
        let candidates = objects.iter().filter(|(id, _)| !hidden.contains(id));
        for (id, status) in self.page_statuses(candidates.collect()).await? {
            match status {
                PageStatus::Public => {}
                PageStatus::Hidden => drop(hidden.insert(id)),
                PageStatus::Unknown(error) => {
                    unknown.insert(id);
                    found.miss(crate::with_causes(&error));
                }
            }
        }
        let known = unknown.iter().map(|id| joined.key(*id));
        found.present.extend(known.filter(|key| self.known.contains_key(key)));
        let hidden_keys: Vec<_> = hidden.iter().map(|id| joined.key(*id)).collect();
        let mut resources = Vec::new();
        for (id, object) in objects {
            if hidden.contains(&id) || unknown.contains(&id) {
                continue;
            }
            let key = joined.key(id);
            let version = object["modified_gmt"].as_str().unwrap_or_default().to_owned();
            let document = joined.names.join(object, &media, &joined.landing);
            found.present.insert(key.clone());
            resources.push(FetchedResource { key, version, body: document.to_string().into() });
        }
        let (state, source) = (self.context.state, self.context.source);
        found.changed += state.put(source, &resources, fetched_at)?;
        found.removed += state.remove(source, &hidden_keys)?;
        self.context.advance(ids.len());
        Ok(())
    }

    /// The images to which objects refer.
    async fn media(&self, objects: &[Value]) -> Result<BTreeMap<u64, Value>, RunError> {
        let ids: HashSet<u64> = objects
            .iter()
            .filter_map(|object| object["featured_media"].as_u64().filter(|id| *id > 0))
            .collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let list = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let fields = "id,source_url,alt_text,media_details";
        let parameters = [("include", list.as_str()), ("_fields", fields)];
        let images = match self.api.page("media", &parameters, 1).await {
            Ok(page) => page.objects,
            Err(error) if error.is_unauthorized() => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let image = |media: Value| {
            let id = media["id"].as_u64()?;
            let details = &media["media_details"];
            let image = serde_json::json!({
                "url": media["source_url"],
                "alt": media["alt_text"],
                "width": details["width"],
                "height": details["height"],
            });
            Some((id, image))
        };
        Ok(images.into_iter().filter_map(image).collect())
    }

    /// Joins the present names to objects that did not change themselves.
    fn refresh_names(
        &self,
        joined: &JoinedType<'_>,
        current: &[(&u64, &ListedObject)],
        found: &mut WalkResult,
    ) -> Result<(), RunError> {
        let (state, source) = (self.context.state, self.context.source);
        let mut resources = Vec::new();
        for (id, listed) in current {
            let key = joined.key(**id);
            let Some(body) = state.body(source, &key)? else { continue };
            let Ok(mut document) = serde_json::from_slice::<Value>(&body) else { continue };
            let image = document["image"].take();
            let media = document["object"]["featured_media"].as_u64().map(|id| (id, image));
            let media = media.into_iter().collect();
            let document = joined.names.join(document["object"].take(), &media, &joined.landing);
            let document = document.to_string().into_bytes();
            if document != body {
                let version = listed.version.clone();
                resources.push(FetchedResource { key, version, body: document });
            }
        }
        if !resources.is_empty() {
            found.changed += state.put(source, &resources, self.api.host_time())?;
        }
        Ok(())
    }

    /// Removes known objects of which the run has found nothing, if the host confirms that they are
    /// not public.
    pub(super) async fn confirm_removals(
        &self,
        content_type: &ContentType,
        ids: &[u64],
        found: &mut WalkResult,
    ) -> Result<(), RunError> {
        let key = |id: u64| format!("{}/{id}", content_type.slug);
        let is_missing =
            |key: &String| self.known.contains_key(key) && !found.present.contains(key);
        let missing: Vec<_> =
            ids.iter().map(|id| (*id, key(*id))).filter(|(_, key)| is_missing(key)).collect();
        let mut removed = Vec::new();
        for (id, key) in missing.into_iter().take(PROBES_MAX) {
            let path = format!("{}/{id}", content_type.rest_base);
            match self.api.get::<Value>(&path).await {
                Err(error) if error.is_removal() => removed.push(key),
                // It is public again: the next run finds it.
                Ok(_) => drop(found.present.insert(key)),
                Err(error) => return Err(error.into()),
            }
        }
        found.removed += self.context.state.remove(self.context.source, &removed)?;
        Ok(())
    }
}

/// Whether anybody may read an object.
fn is_public(object: &Value) -> bool {
    let is_published = object["status"].as_str().is_none_or(|status| status == "publish");
    is_published && object["content"]["protected"] != true
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn an_object_that_changed_just_before_it_was_fetched_must_be_fetched_again() {
        let version = "2026-11-28T08:00:00";
        let at = format!("{version}Z").parse::<Timestamp>().unwrap().as_second();
        for (seconds, expected) in [(-60, true), (0, true), (4, true), (5, false), (600, false)] {
            assert_eq!(may_have_changed_since(version, at + seconds), expected, "{seconds}");
        }
        assert!(!may_have_changed_since("", at));
    }
}
