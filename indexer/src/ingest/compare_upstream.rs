//! Compares what is published of a source with what its host has now.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
};

use serde::Serialize;

use super::{
    BuildError,
    base_generation::Base,
    config::{BuildConfig, ResolvedSource},
    normalise::{NormaliseContext, normalise},
    source::{self, KnownInputs, SourceItem, survey::Survey},
    suppress::record_key,
};
use crate::{
    generation::{DataFolder, StoreCheck},
    progress::NoProgress,
    suppression::Suppression,
    sync::SyncState,
};

/// Maximum number of keys of each kind that are printed.
const KEYS_SHOWN: usize = 20;

/// The difference between what is published of a source and what its host has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UpstreamDifference {
    /// Number of records that are equal.
    pub equal: u64,
    /// Keys of records that the host has and that are not published.
    pub missing: Vec<String>,
    /// Keys of records that are published and that the host does not have.
    pub extra: Vec<String>,
    /// Keys of records whose content differs.
    pub stale: Vec<String>,
    /// Keys of records that the host has and that cannot be used as they are.
    pub rejected: Vec<String>,
}

impl UpstreamDifference {
    /// Whether everything that can be used is published, and nothing else.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty() && self.stale.is_empty()
    }
}

impl Display for UpstreamDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lists = [
            ("missing", &self.missing),
            ("extra", &self.extra),
            ("stale", &self.stale),
            ("rejected", &self.rejected),
        ];
        write!(f, "{} equal", self.equal)?;
        for (name, keys) in lists {
            write!(f, ", {} {name}", keys.len())?;
        }
        for (name, keys) in lists {
            for key in keys.iter().take(KEYS_SHOWN) {
                write!(f, "\n  {name}: {key}")?;
            }
            if let Some(hidden) = keys.len().checked_sub(KEYS_SHOWN).filter(|hidden| *hidden > 0) {
                write!(f, "\n  and {hidden} more {name}; --json lists them")?;
            }
        }
        Ok(())
    }
}

/// Compares the current generation with `fetched`, the state of a complete run that began with
/// nothing.
///
/// # Errors
/// [`BuildError`] if the generation or what was fetched cannot be read.
pub fn compare_upstream(
    config: &BuildConfig,
    source: &ResolvedSource,
    fetched: &SyncState,
) -> Result<UpstreamDifference, BuildError> {
    let base = Base::choose(&DataFolder::new(&config.data), StoreCheck::Blockwise, &NoProgress)?;
    let published = match &base {
        Some(base) => base.store.content_hashes(&source.name)?,
        None => BTreeMap::new(),
    };
    let suppression = Suppression::read(&config.data)?;
    let remote_key =
        |key: &str| record_key(&suppression, &source.name, key).remote_key().to_owned();
    let mut difference = UpstreamDifference::default();
    let mut unseen = published.clone();
    let survey = Survey::default();
    let error = |cause| BuildError::Source { name: source.name.clone(), cause };
    let context = NormaliseContext { shift_days: config.shift_days() };
    for item in
        source::records(source, Some(fetched), KnownInputs::default(), &survey).map_err(error)?
    {
        let record = match item.map_err(error)? {
            SourceItem::Record(record) => record,
            SourceItem::Rejected(rejection) => {
                let key = rejection.key.unwrap_or(rejection.location);
                unseen.remove(&remote_key(&key));
                difference.rejected.push(key);
                continue;
            }
            SourceItem::Skipped { .. }
            | SourceItem::Deleted { .. }
            | SourceItem::Unchanged { .. } => continue,
        };
        let key = remote_key(&record.key);
        unseen.remove(&key);
        let list = match published.get(&key) {
            _ if normalise(&record, source, &context).is_err() => &mut difference.rejected,
            None => &mut difference.missing,
            Some(hash) if *hash == record.content_hash => {
                difference.equal += 1;
                continue;
            }
            Some(_) => &mut difference.stale,
        };
        list.push(key);
    }
    difference.extra = unseen.into_keys().collect();
    Ok(difference)
}
