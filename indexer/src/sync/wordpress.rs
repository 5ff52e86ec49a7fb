//! Synchronises a WordPress site through its REST API: a census of ids per type, then the objects
//! that are new or changed. Absence from the census is confirmed by asking for the object.

mod api;
mod census;
mod site;

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use self::{
    api::{Api, ApiError, PAGE_SIZE},
    census::{Census, census},
    site::{ContentType, JoinedNames, content_types},
};
use super::{
    SyncContext, SyncError,
    run::{Completeness, SourceRun},
    state::{FetchedResource, ResourceEntry},
};

/// Maximum number of missing objects per type that are requested one by one; more of them wait for
/// the next complete run.
const PROBES_MAX: usize = 50;
/// Seconds around a change in which a second change can have the same time.
const CLOCK_SECONDS: i64 = 5;

/// What the run has found so far.
#[derive(Default)]
struct WalkResult {
    present: HashSet<String>,
    changed: u64,
    removed: u64,
    notes: Vec<String>,
    is_partial: bool,
}

/// Runs one source.
///
/// # Errors
/// [`SyncError`] if the state fails; what the host does wrong is in the run.
pub(super) async fn run(
    context: &SyncContext<'_>,
    types: &[String],
) -> Result<SourceRun, SyncError> {
    let api = Api {
        client: context.client,
        root: root(context.address),
        policy: Arc::clone(&context.policy),
        counters: Arc::clone(&context.counters),
    };
    let mut found = WalkResult::default();
    let result = walk(context, &api, types, &mut found).await;
    let completeness = match result {
        Ok(()) if found.is_partial => Completeness::Partial,
        Ok(()) => Completeness::Complete,
        Err(RunError::Sync(error)) => return Err(error),
        Err(RunError::Api(error)) => {
            found.notes.insert(0, crate::with_causes(&error));
            if found.present.is_empty() { Completeness::Failed } else { Completeness::Partial }
        }
    };
    let WalkResult { present, changed, removed, notes, .. } = found;
    context.finish(&present, (completeness, changed, removed), notes)
}

/// Why a run ends early.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Sync(#[from] SyncError),
}

/// The address of the site with a slash at its end.
fn root(address: &Url) -> Url {
    let mut root = address.clone();
    root.set_query(None);
    root.set_fragment(None);
    if !root.path().ends_with('/') {
        root.set_path(&format!("{}/", root.path()));
    }
    root
}

async fn walk(
    context: &SyncContext<'_>,
    api: &Api<'_>,
    types: &[String],
    found: &mut WalkResult,
) -> Result<(), RunError> {
    let shown = content_types(api, types).await?;
    for name in types.iter().filter(|name| !shown.iter().any(|one| one.slug == **name)) {
        found.is_partial = true;
        found.notes.push(format!("the site does not show this type in its REST API: `{name}`"));
    }
    let names = JoinedNames::fetch(api, &shown).await?;
    let known: BTreeMap<String, ResourceEntry> =
        context.state.entries(context.source).map_err(SyncError::from)?.into_iter().collect();
    let digest = names.digest();
    let stored = context
        .state
        .progress(context.source, context.digest)
        .map_err(SyncError::from)?
        .names_digest;
    let is_renamed = digest != stored;
    for content_type in &shown {
        let result =
            walk_type(context, api, (content_type, &names), (&known, is_renamed), found).await;
        match result {
            Err(RunError::Api(error)) if error.is_unauthorized() && types.is_empty() => {
                found.notes.push(format!("type without public objects: `{}`", content_type.slug));
            }
            Err(RunError::Api(error)) if !found.present.is_empty() => {
                found.is_partial = true;
                found.notes.push(crate::with_causes(&error));
            }
            other => other?,
        }
    }
    if is_renamed && !found.is_partial {
        context.state.set_names_digest(context.source, digest).map_err(SyncError::from)?;
    }
    Ok(())
}

/// Synchronises the objects of one type.
async fn walk_type(
    context: &SyncContext<'_>,
    api: &Api<'_>,
    (content_type, names): (&ContentType, &JoinedNames),
    (known, is_renamed): (&BTreeMap<String, ResourceEntry>, bool),
    found: &mut WalkResult,
) -> Result<(), RunError> {
    let key = |id: u64| format!("{}/{id}", content_type.slug);
    let Some(census) = census(api, &content_type.rest_base).await? else {
        found.is_partial = true;
        found.notes.push(format!("the list of `{}` changed while it was read", content_type.slug));
        return Ok(());
    };
    if !has_pages(api, content_type, &census).await? {
        found.notes.push(format!("type without public pages: `{}`", content_type.slug));
        return Ok(());
    }
    let is_current = |id: &u64, version: &String| {
        known.get(&key(*id)).is_some_and(|entry| {
            entry.version == *version && !may_have_changed_since(version, entry.fetched_at)
        })
    };
    let (current, wanted): (Vec<_>, Vec<_>) =
        census.iter().partition(|(id, version)| is_current(id, version));
    found.present.extend(current.iter().map(|(id, _)| key(**id)));
    if is_renamed {
        refresh_names(context, (content_type, names), &current, found)?;
    }
    for batch in wanted.chunks(PAGE_SIZE) {
        let ids: Vec<u64> = batch.iter().map(|(id, _)| **id).collect();
        fetch_objects(context, api, (content_type, names), &ids, found).await?;
    }
    let prefix = format!("{}/", content_type.slug);
    let missing: Vec<u64> = known
        .keys()
        .filter_map(|known| known.strip_prefix(&prefix)?.parse().ok())
        .filter(|id| !census.contains_key(id))
        .collect();
    confirm_removals(context, api, content_type, &missing, found).await
}

/// Types whose objects always have a page.
const TYPES_WITH_PAGES: [&str; 2] = ["post", "page"];
/// Number of objects without a page that show that their type has none.
const PAGES_TRIED: usize = 3;

/// Whether the objects of a type have pages: some are only shown within other pages.
async fn has_pages(
    api: &Api<'_>,
    content_type: &ContentType,
    census: &Census,
) -> Result<bool, RunError> {
    if census.is_empty() || TYPES_WITH_PAGES.contains(&content_type.slug.as_str()) {
        return Ok(true);
    }
    for id in census.keys().take(PAGES_TRIED) {
        let path = format!("{}/{id}", content_type.rest_base);
        let object: Value = match api.get(&path).await {
            Err(ApiError::Gone { .. }) => continue,
            object => object?,
        };
        let link = object["link"].as_str().and_then(|link| link.parse().ok());
        match link {
            Some(link) if api.has_page(&link).await? => return Ok(true),
            _ => {}
        }
    }
    Ok(false)
}

/// Whether an object could have changed again in the second of its last change, after it was fetched.
fn may_have_changed_since(version: &str, fetched_at: i64) -> bool {
    let changed_at = format!("{version}Z").parse::<Timestamp>();
    changed_at.is_ok_and(|at| fetched_at - at.as_second() < CLOCK_SECONDS)
}

/// Fetches objects by id, joins names and stores them. An object that is no longer in the response is
/// neither present nor removed; one that is protected by a password is removed.
async fn fetch_objects(
    context: &SyncContext<'_>,
    api: &Api<'_>,
    (content_type, names): (&ContentType, &JoinedNames),
    ids: &[u64],
    found: &mut WalkResult,
) -> Result<(), RunError> {
    let list = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let parameters = [("include", list.as_str()), ("orderby", "id"), ("order", "asc")];
    let objects = api.page(&content_type.rest_base, &parameters, 1).await?.objects;
    let media = media(api, &objects).await?;
    let (mut resources, mut hidden) = (Vec::new(), Vec::new());
    for object in objects {
        let Some(id) = object["id"].as_u64().filter(|id| ids.contains(id)) else { continue };
        let key = format!("{}/{id}", content_type.slug);
        let is_public = object["status"].as_str().is_none_or(|status| status == "publish");
        if object["content"]["protected"] == true || !is_public {
            hidden.push(key);
            continue;
        }
        let version = object["modified_gmt"].as_str().unwrap_or_default().to_owned();
        let document = names.join(object, &media);
        let body = document.to_string().into_bytes();
        found.present.insert(key.clone());
        resources.push(FetchedResource { key, version, body });
    }
    found.changed +=
        context.state.put(context.source, &resources, context.now).map_err(SyncError::from)?;
    found.removed += context.state.remove(context.source, &hidden).map_err(SyncError::from)?;
    context.advance(ids.len());
    Ok(())
}

/// The images to which objects refer.
async fn media(api: &Api<'_>, objects: &[Value]) -> Result<BTreeMap<u64, Value>, RunError> {
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
    let images = match api.page("media", &parameters, 1).await {
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
    context: &SyncContext<'_>,
    (content_type, names): (&ContentType, &JoinedNames),
    current: &[(&u64, &String)],
    found: &mut WalkResult,
) -> Result<(), RunError> {
    let mut resources = Vec::new();
    for (id, version) in current {
        let key = format!("{}/{id}", content_type.slug);
        let Some(body) = context.state.body(context.source, &key).map_err(SyncError::from)? else {
            continue;
        };
        let Ok(mut document) = serde_json::from_slice::<Value>(&body) else { continue };
        let image = document["image"].take();
        let media = document["object"]["featured_media"].as_u64().map(|id| (id, image));
        let joined = names.join(document["object"].take(), &media.into_iter().collect());
        let joined = joined.to_string().into_bytes();
        if joined != body {
            let version = (*version).clone();
            resources.push(FetchedResource { key, version, body: joined });
        }
    }
    if !resources.is_empty() {
        found.changed +=
            context.state.put(context.source, &resources, context.now).map_err(SyncError::from)?;
    }
    Ok(())
}

/// Removes objects that the census lacks, if the host confirms that they are not public.
async fn confirm_removals(
    context: &SyncContext<'_>,
    api: &Api<'_>,
    content_type: &ContentType,
    missing: &[u64],
    found: &mut WalkResult,
) -> Result<(), RunError> {
    let mut removed = Vec::new();
    for id in missing.iter().take(PROBES_MAX) {
        let path = format!("{}/{id}", content_type.rest_base);
        match api.get::<Value>(&path).await {
            Err(error) if error.is_removal() => removed.push(*id),
            // It is public again: the next run finds it.
            Ok(_) => {
                found.present.insert(format!("{}/{id}", content_type.slug));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let keys: Vec<_> = removed.iter().map(|id| format!("{}/{id}", content_type.slug)).collect();
    found.removed += context.state.remove(context.source, &keys).map_err(SyncError::from)?;
    Ok(())
}
