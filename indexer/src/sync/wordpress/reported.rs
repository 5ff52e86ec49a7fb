//! Reads only the objects that the site reported as changed.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    RunError, Walk, WalkResult,
    objects::JoinedType,
    site::{JoinedNames, LandingTerms, content_types},
};
use crate::sync::ChangedObject;

impl Walk<'_> {
    /// Reads reported objects. Returns whether they could be read by themselves; otherwise, the whole
    /// site must be: it was not yet read, or a type is not read object by object.
    pub(super) async fn reported(
        &self,
        types: &[String],
        objects: &BTreeSet<ChangedObject>,
        found: &mut WalkResult,
    ) -> Result<bool, RunError> {
        let is_read = |kind: &String| types.is_empty() || types.contains(kind);
        let mut ids = BTreeMap::<&str, Vec<u64>>::new();
        for object in objects.iter().filter(|object| is_read(&object.kind)) {
            ids.entry(&object.kind).or_default().push(object.id);
        }
        if ids.is_empty() {
            return Ok(true);
        }
        let is_joined =
            |kind: &str| self.options.joins.iter().any(|join| join.content_type == kind);
        let is_known = |kind: &str| {
            let prefix = format!("{kind}/");
            self.known
                .range(prefix.clone()..)
                .next()
                .is_some_and(|(key, _)| key.starts_with(&prefix))
        };
        if ids.keys().any(|kind| is_joined(kind) || !is_known(kind)) {
            return Ok(false);
        }
        let shown = content_types(&self.api, types).await?;
        let names = JoinedNames::fetch(&self.api, &shown, &self.options.joins).await?;
        // Other names, such as that of an author whose first post this is, are joined to the other
        // objects by the next run of the whole site, because their digest is not stored here.
        for (kind, ids) in ids {
            let Some(content_type) = shown.iter().find(|one| one.slug == kind) else {
                return Ok(false);
            };
            let joined =
                JoinedType { content_type, names: &names, landing: LandingTerms::default() };
            self.fetch_objects(&joined, &ids, found).await?;
            self.confirm_removals(content_type, &ids, found).await?;
        }
        Ok(true)
    }
}
