//! Merge: combine the records of one entity into one set of facts with one id.
//!
//! Identity: an id is minted once, from the first record of an entity. When entities are merged,
//! the oldest id remains and the others redirect to it; when an entity is split, the component that
//! contains the record from which the id was minted retains it.

mod fields;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    thread,
};

use schema::{NodeId, NodeKind, SourceName};

pub(crate) use fields::{Merged, merge};

use super::{
    announcement::{lacks_identity, records_affected_by_opening, records_with_openings},
    change_set::ChangeSet,
    context::{BuildContext, Extent},
    error::BuildError,
    infer_entities::connected_records,
    name_keys::{
        assumed_kind_key, is_key_between_sources, name_keys, parse_entity_key, url_of_key,
    },
    opening::is_opening_key,
    parallel,
};
use crate::{
    source_facts::Detail,
    store::{Identity, RecordKey, StoreError, StoreWriter},
};

/// Result of assigning ids.
#[derive(Debug, Default)]
pub(crate) struct Resolution {
    /// Ids whose records have to be rebuilt.
    pub(crate) to_rebuild: BTreeSet<NodeId>,
    /// Ids that no longer have records, each with its replacement.
    pub(crate) retired: BTreeMap<NodeId, Option<NodeId>>,
}

/// Groups the records of each entity and assigns each entity its id.
pub(crate) fn resolve_identities(
    store: &mut StoreWriter<'_>,
    changes: &mut ChangeSet,
    context: &BuildContext<'_>,
) -> Result<Resolution, BuildError> {
    let components = components(store, changes, context)?;
    let candidates = id_candidates(store, context, &components)?;
    let ids = assign_ids(store, &components, candidates)?;

    let mut resolution = Resolution::default();
    let mut abandoned: BTreeMap<NodeId, Option<NodeId>> = BTreeMap::new();
    for key in changes.records.keys() {
        if let Some(identity) = store.identity(key)? {
            abandoned.entry(identity.id).or_default();
        }
    }
    for (component, id) in components.iter().zip(&ids) {
        for key in &component.members {
            let old = store.identity(key)?.expect("every member was given an identity");
            if old.id != *id {
                store.put_identity(key, Identity { id: *id, ..old })?;
                abandoned.insert(old.id, Some(*id));
                // Mentions of this record by one of its names now resolve to another id.
                let facts = store.facts(key)?;
                let keys = facts.map(|f| name_keys(key, &f.facts, &context.aliases));
                changes.add_name_keys(keys.unwrap_or_default());
            }
        }
        store.set_members(*id, &component.members)?;
        store.redirect(*id, None)?;
        resolution.to_rebuild.insert(*id);
    }
    let ids: BTreeSet<_> = ids.into_iter().collect();
    for (id, replacement) in abandoned {
        if ids.contains(&id) {
            continue;
        }
        store.set_members(id, &[])?;
        let replacement = replacement.filter(|other| *other != id);
        // Without a replacement its redirects remain: the record may come back.
        if replacement.is_some() {
            for earlier in store.redirected_to(id)? {
                store.redirect(earlier, replacement)?;
            }
        }
        store.redirect(id, replacement)?;
        resolution.retired.insert(id, replacement);
    }
    Ok(resolution)
}

/// Records of one entity.
struct Component {
    kind: NodeKind,
    /// In the order of precedence.
    members: Vec<RecordKey>,
}

struct Member {
    key: RecordKey,
    kind: NodeKind,
    /// As [`crate::source_facts::Facts::is_kind_assumed`].
    is_kind_assumed: bool,
    lacks_identity: bool,
    is_event_with_start: bool,
}

/// The components that contain, or previously contained, a changed record.
fn components(
    store: &StoreWriter<'_>,
    changes: &ChangeSet,
    context: &BuildContext<'_>,
) -> Result<Vec<Component>, StoreError> {
    let mut seeds: BTreeSet<RecordKey> = changes.records.keys().cloned().collect();
    // In a full build, every record is changed.
    if changes.extent == Extent::Partial {
        seeds = with_dependents(store, changes, seeds)?;
    }
    let mut visited = BTreeSet::new();
    let mut components = Vec::new();
    thread::scope(|scope| {
        let read = move |key: RecordKey| member(store, context, key);
        for seed in parallel::map(scope, seeds, read) {
            let Some(seed) = seed? else { continue };
            let members = connected_members(store, context, seed, &mut visited)?;
            components.extend(split_incomplete_event(members).into_iter().filter_map(component));
        }
        Ok(components)
    })
}

/// Adds the records that are, were or may now be connected with changed ones.
fn with_dependents(
    store: &StoreWriter<'_>,
    changes: &ChangeSet,
    mut seeds: BTreeSet<RecordKey>,
) -> Result<BTreeSet<RecordKey>, StoreError> {
    seeds.extend(changes.former_members.iter().cloned());
    for key in changes.records.keys() {
        if let Some(stored) = store.facts(key)? {
            seeds.extend(records_with_openings(store, key, &stored.facts)?);
        }
    }
    for name in &changes.name_keys {
        // Whether a URL, a UID or an opening identifies a record depends on all records that have it.
        if is_key_between_sources(name) {
            seeds.extend(store.records_with_key(name)?);
        }
        // A record whose kind is assumed belongs to that of another kind at its URL, if there is one.
        if let Some(url) = url_of_key(name) {
            seeds.extend(store.records_with_key(&assumed_kind_key(url))?);
        }
        if is_opening_key(name) {
            seeds.extend(records_affected_by_opening(store, name)?);
        }
        // An alternative name of an entity connects it to records that are known only by that name.
        if let Some((kind, folded)) = parse_entity_key(name) {
            seeds.insert(RecordKey::inferred(kind, folded));
            seeds.extend(store.records_with_key(name)?);
            seeds.extend(store.records_with_key(&format!("also:{}/{folded}", kind.as_str()))?);
        }
    }
    // A connected record may have been part of a component that is now split.
    for key in seeds.clone() {
        if let Some(identity) = store.identity(&key)? {
            seeds.extend(store.members(identity.id)?);
        }
    }
    Ok(seeds)
}

/// The record with a key, and those that are directly connected with it.
fn member(
    store: &StoreWriter<'_>,
    context: &BuildContext<'_>,
    key: RecordKey,
) -> Result<Option<(Member, Vec<RecordKey>)>, StoreError> {
    let Some(stored) = store.facts(&key)? else { return Ok(None) };
    let connected = connected_records(store, &key, &stored.facts, &context.aliases)?;
    let member = Member {
        kind: stored.facts.kind(),
        is_kind_assumed: stored.facts.is_kind_assumed,
        lacks_identity: lacks_identity(&key, &stored.facts, &context.aliases),
        is_event_with_start: matches!(
            &stored.facts.detail,
            Detail::Event(event) if event.start.is_some()
        ),
        key,
    };
    Ok(Some((member, connected)))
}

/// The records that are connected with a record, directly or not.
fn connected_members(
    store: &StoreWriter<'_>,
    context: &BuildContext<'_>,
    (seed, mut pending): (Member, Vec<RecordKey>),
    visited: &mut BTreeSet<RecordKey>,
) -> Result<Vec<Member>, StoreError> {
    if !visited.insert(seed.key.clone()) {
        return Ok(Vec::new());
    }
    let mut members = vec![seed];
    while let Some(key) = pending.pop() {
        if !visited.insert(key.clone()) {
            continue;
        }
        let Some((member, connected)) = member(store, context, key)? else { continue };
        pending.extend(connected);
        members.push(member);
    }
    members.sort_by(|l, r| context.precedence(&l.key).cmp(&context.precedence(&r.key)));
    Ok(members)
}

/// Separates the other records, such as a page that is assumed to be an article, from an event of which no
/// record has a start: it cannot be published, and they can.
fn split_incomplete_event(members: Vec<Member>) -> Vec<Vec<Member>> {
    let is_event = kind_of(&members) == Some(NodeKind::Event);
    if !is_event || members.iter().any(|member| member.is_event_with_start) {
        return vec![members];
    }
    let (event, others) = members.into_iter().partition(|one| one.kind == NodeKind::Event);
    vec![event, others]
}

/// The kind of an entity: that of its first record, as in [`merge`].
fn kind_of(members: &[Member]) -> Option<NodeKind> {
    let deciding = members.iter().min_by_key(|one| (one.lacks_identity, one.is_kind_assumed));
    deciding.map(|member| member.kind)
}

/// An entity; `None` if it has no records.
fn component(members: Vec<Member>) -> Option<Component> {
    let kind = kind_of(&members)?;
    Some(Component { kind, members: members.into_iter().map(|member| member.key).collect() })
}

/// The ids that a component may be assigned, best first.
type IdCandidates = Vec<IdCandidate>;

#[derive(Debug, Clone, Copy)]
struct IdCandidate {
    id: NodeId,
    /// Whether the component contains the record from which the id was minted.
    minted_here: bool,
    /// Sequence number of the oldest record with this id.
    sequence: u64,
}

/// Assigns every new record its sequence number and lists the candidate ids of each component.
fn id_candidates(
    store: &mut StoreWriter<'_>,
    context: &BuildContext<'_>,
    components: &[Component],
) -> Result<Vec<IdCandidates>, BuildError> {
    let mut new_records = Vec::new();
    for component in components {
        for key in &component.members {
            if store.identity(key)?.is_none() {
                new_records.push((key, component.kind));
            }
        }
    }
    new_records.sort_by(|l, r| context.precedence(l.0).cmp(&context.precedence(r.0)));
    for (key, kind) in new_records {
        let identity = Identity { id: mint(store, key, kind)?, sequence: store.next_sequence()? };
        store.put_identity(key, identity)?;
    }
    let candidates = components.iter().map(|component| {
        let mut by_id: HashMap<NodeId, IdCandidate> = HashMap::new();
        for key in &component.members {
            let Identity { id, sequence } =
                store.identity(key)?.expect("every member was given an identity");
            // A record whose kind changed is a different entity.
            let same_kind = id.kind() == component.kind;
            let id = if same_kind { id } else { mint(store, key, component.kind)? };
            let candidate =
                by_id.entry(id).or_insert(IdCandidate { id, minted_here: false, sequence });
            candidate.sequence = candidate.sequence.min(sequence);
            candidate.minted_here |= !is_inferred(key)
                && (0..MINT_ATTEMPTS_CHECKED).any(|n| key.mint(component.kind, n) == id);
        }
        let mut sorted: Vec<_> = by_id.into_values().collect();
        sorted.sort_by_key(|candidate| (candidate.sequence, candidate.id));
        Ok(sorted)
    });
    candidates.collect()
}

fn is_inferred(key: &RecordKey) -> bool {
    key.source() == SourceName::inferred().as_str()
}

/// Number of minting attempts that are checked to recognise the record from which an id was minted.
const MINT_ATTEMPTS_CHECKED: u8 = 4;

/// Mints an id for a record that is not used by any other record.
fn mint(store: &StoreWriter<'_>, key: &RecordKey, kind: NodeKind) -> Result<NodeId, BuildError> {
    mint_unused_id(store, std::slice::from_ref(key), kind, &BTreeSet::new())
}

/// Assigns each component one of its candidate ids; each id to at most one component.
fn assign_ids(
    store: &StoreWriter<'_>,
    components: &[Component],
    candidates: Vec<IdCandidates>,
) -> Result<Vec<NodeId>, BuildError> {
    let mut ranked: Vec<(bool, u64, NodeId, usize)> = Vec::new();
    for (index, candidates) in candidates.into_iter().enumerate() {
        ranked.extend(candidates.into_iter().map(|c| (!c.minted_here, c.sequence, c.id, index)));
    }
    // Described entities come before mentioned ones. Within a component, the oldest id comes first;
    // for one id, the component that minted it.
    let is_described = |index: usize| components[index].members.iter().any(|key| !is_inferred(key));
    ranked.sort_by_key(|(not_minted, sequence, id, index)| {
        (!is_described(*index), *sequence, *not_minted, *id, *index)
    });
    let mut minters: HashMap<NodeId, usize> = HashMap::new();
    for (not_minted, _, id, index) in &ranked {
        if !not_minted {
            minters.entry(*id).or_insert(*index);
        }
    }
    let mut ids: Vec<Option<NodeId>> = vec![None; components.len()];
    let mut used_ids = BTreeSet::new();
    for (_, _, id, index) in ranked {
        let is_reserved =
            minters.get(&id).is_some_and(|owner| *owner != index && ids[*owner].is_none());
        if ids[index].is_none() && !is_reserved && used_ids.insert(id) {
            ids[index] = Some(id);
        }
    }
    let mut assigned_ids = Vec::with_capacity(ids.len());
    for (component, id) in components.iter().zip(ids) {
        let id = match id {
            Some(id) => id,
            None => mint_unused_id(store, &component.members, component.kind, &used_ids)?,
        };
        used_ids.insert(id);
        assigned_ids.push(id);
    }
    Ok(assigned_ids)
}

/// Mints an id from the first of `keys` that is not used by any record and is not in `used_ids`.
fn mint_unused_id(
    store: &StoreWriter<'_>,
    keys: &[RecordKey],
    kind: NodeKind,
    used_ids: &BTreeSet<NodeId>,
) -> Result<NodeId, BuildError> {
    for key in keys {
        for attempt in 0..=u8::MAX {
            let id = key.mint(kind, attempt);
            if !used_ids.contains(&id) && store.members(id)?.is_empty() {
                return Ok(id);
            }
        }
    }
    Err(BuildError::IdsInUse { key: keys.first().expect("a component is never empty").to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreFile;

    #[test]
    fn an_id_of_another_record_must_not_be_minted_again() {
        let folder = tempfile::tempdir().unwrap();
        let source = SourceName::new("s").unwrap();
        let (key, other) = (RecordKey::new(&source, "a"), RecordKey::new(&source, "b"));
        let file = StoreFile::create(folder.path()).unwrap();
        let minted = file.write(|store| {
            for attempt in 0..MINT_ATTEMPTS_CHECKED {
                let id = key.mint(NodeKind::Event, attempt);
                store.set_members(id, std::slice::from_ref(&other))?;
            }
            let minted = mint(store, &key, NodeKind::Event)?;
            for attempt in 0..=u8::MAX {
                let id = key.mint(NodeKind::Event, attempt);
                store.set_members(id, std::slice::from_ref(&other))?;
            }
            let error = mint(store, &key, NodeKind::Event).unwrap_err();
            assert!(error.to_string().ends_with("all ids of record `s:a` are in use"), "{error}");
            Ok::<_, BuildError>(minted)
        });
        assert_eq!(minted.unwrap(), key.mint(NodeKind::Event, MINT_ATTEMPTS_CHECKED));
    }
}
