//! Synchronises a WordPress site through its REST API: a census of ids per type, then the objects
//! that are new or changed. Absence from the census is confirmed by asking for the object. Types that
//! the API hides are read from the sitemap and their pages.

mod api;
mod census;
mod hidden_types;
mod landing;
mod objects;
mod options;
mod public_page;
mod reported;
mod site;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, atomic::AtomicI64},
};

use url::Url;

pub use self::options::{JoinBy, SitePreset, TermJoin, WordpressOptions};
use self::{
    api::{Api, ApiError},
    site::{JoinedNames, content_types},
};
use super::{
    Scope, SyncContext, SyncError,
    run::{Completeness, SourceRun},
    state::{ResourceEntry, StateError},
};

/// Maximum number of notes of one run.
const NOTES_MAX: usize = 50;

/// What the run has found so far.
#[derive(Default)]
struct WalkResult {
    present: HashSet<String>,
    changed: u64,
    removed: u64,
    notes: Vec<String>,
    is_partial: bool,
}

impl WalkResult {
    /// Something could not be read: absences of this run do not count.
    fn miss(&mut self, note: String) {
        self.is_partial = true;
        self.notes.push(note);
    }
}

/// The run of one source.
struct Walk<'a> {
    context: &'a SyncContext<'a>,
    api: Api<'a>,
    options: &'a WordpressOptions,
    /// What is stored of the source.
    known: BTreeMap<String, ResourceEntry>,
}

/// Runs one source.
///
/// # Errors
/// [`SyncError`] if the state fails; what the host does wrong is in the run.
pub(super) async fn run(
    context: &SyncContext<'_>,
    types: &[String],
    options: &WordpressOptions,
    scope: &Scope,
) -> Result<SourceRun, SyncError> {
    let api = Api::new(context);
    let known = context.state.entries(context.source)?.into_iter().collect();
    let walk = Walk { context, api, options, known };
    let mut found = WalkResult::default();
    let completeness = match walk.scope(types, scope, &mut found).await {
        Ok(()) if found.is_partial => Completeness::Partial,
        Ok(()) => Completeness::Complete,
        Err(RunError::Sync(error)) => return Err(error),
        Err(RunError::Api(error)) => {
            found.notes.insert(0, crate::with_causes(&error));
            if found.present.is_empty() { Completeness::Failed } else { Completeness::Partial }
        }
    };
    let WalkResult { present, changed, removed, mut notes, .. } = found;
    if notes.len() > NOTES_MAX {
        let more = notes.len() - NOTES_MAX;
        notes.truncate(NOTES_MAX);
        notes.push(format!("{more} more notes"));
    }
    context.finish(&present, (completeness, changed, removed), notes)
}

/// The number of objects of each type that a site at this address shows.
///
/// # Errors
/// Why its API cannot be read.
pub(super) async fn count(context: &SyncContext<'_>) -> Result<BTreeMap<String, usize>, String> {
    let api = Api::new(context);
    let error = |error: ApiError| crate::with_causes(&error);
    let mut counts = BTreeMap::new();
    for content_type in content_types(&api, &[]).await.map_err(error)? {
        match api.page(&content_type.rest_base, &[("_fields", "id")], 1).await {
            Ok(page) => {
                counts.insert(content_type.slug, page.total.unwrap_or(page.objects.len()));
            }
            Err(cause) if cause.is_unauthorized() => {}
            Err(cause) => return Err(error(cause)),
        }
    }
    Ok(counts)
}

/// Why a run ends early.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Sync(#[from] SyncError),
}

impl From<StateError> for RunError {
    fn from(error: StateError) -> Self {
        Self::Sync(error.into())
    }
}

impl<'a> Api<'a> {
    fn new(context: &'a SyncContext<'a>) -> Self {
        Self {
            client: context.client,
            root: root(context.address),
            policy: Arc::clone(&context.policy),
            counters: Arc::clone(&context.counters),
            host_time: AtomicI64::new(context.now.as_second()),
        }
    }
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

impl Walk<'_> {
    async fn scope(
        &self,
        types: &[String],
        scope: &Scope,
        found: &mut WalkResult,
    ) -> Result<(), RunError> {
        if let Scope::Objects(objects) = scope
            && self.reported(types, objects, found).await?
        {
            // What was not reported is not known.
            found.is_partial = true;
            return Ok(());
        }
        self.all(types, found).await
    }

    async fn all(&self, types: &[String], found: &mut WalkResult) -> Result<(), RunError> {
        let shown = content_types(&self.api, types).await?;
        let joins = &self.options.joins;
        let names = JoinedNames::fetch(&self.api, &shown, joins).await?;
        let is_shown = |name: &String| shown.iter().any(|one| one.slug == *name);
        for join in joins.iter().filter(|join| !is_shown(&join.content_type)) {
            found.notes.push(format!(
                "the site does not show this type in its REST API; check `[[source.join]]`: `{}`",
                join.content_type
            ));
        }
        let (state, source) = (self.context.state, self.context.source);
        let digest = names.digest();
        let is_renamed = digest != state.progress(source, self.context.digest)?.names_digest;
        for content_type in &shown {
            let result = self.walk_type((content_type, &names), is_renamed, found).await;
            match result {
                Err(RunError::Api(error)) if error.is_unauthorized() && types.is_empty() => {
                    let name = &content_type.slug;
                    found.notes.push(format!("type without public objects: `{name}`"));
                }
                other => Self::go_on(other, found)?,
            }
        }
        let hidden: Vec<&String> = types.iter().filter(|name| !is_shown(name)).collect();
        if !hidden.is_empty() {
            Self::go_on(self.walk_hidden_types(&hidden, found).await, found)?;
        }
        if is_renamed && !found.is_partial {
            state.set_names_digest(source, digest)?;
        }
        Ok(())
    }

    /// An error of the host ends the run only if nothing has been found yet.
    fn go_on(result: Result<(), RunError>, found: &mut WalkResult) -> Result<(), RunError> {
        match result {
            Err(RunError::Api(error)) if !found.present.is_empty() => {
                found.miss(crate::with_causes(&error));
                Ok(())
            }
            other => other,
        }
    }
}
