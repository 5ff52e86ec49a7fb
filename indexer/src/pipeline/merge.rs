//! Merge: records that tell of one thing become one set of facts, under one id.
//!
//! Identity: an id is minted once, from the record that is first to tell of a thing. When things
//! turn out to be one, the oldest id stays and the others lead to it; when one thing turns out to
//! be several, the part with the record that minted the id keeps it.

mod fields;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use schema::{NodeId, NodeKind, SourceName};

pub(crate) use fields::{Merged, merge};

use super::{Settings, Touched, names};
use crate::store::{Identity, RecordKey, StoreError, StoreWriter};

/// What identifying brought.
#[derive(Debug, Default)]
pub(crate) struct Identified {
    /// Ids whose records have to be made anew.
    pub(crate) stale: BTreeSet<NodeId>,
    /// Ids that nothing tells of any more, and the id that stands for each now.
    pub(crate) vanished: BTreeMap<NodeId, Option<NodeId>>,
}

/// Finds out which records are one thing, and gives each thing its id.
pub(crate) fn identify(
    store: &mut StoreWriter<'_>,
    touched: &mut Touched,
    settings: &Settings,
) -> Result<Identified, StoreError> {
    let components = components(store, touched, settings)?;
    let claims = claims(store, settings, &components)?;
    let ids = decide(store, &components, claims)?;

    let mut identified = Identified::default();
    let mut left: BTreeMap<NodeId, Option<NodeId>> = BTreeMap::new();
    for key in touched.records.keys() {
        if let Some(identity) = store.identity(key)? {
            left.entry(identity.id).or_default();
        }
    }
    for (component, id) in components.iter().zip(&ids) {
        for key in &component.members {
            let old = store.identity(key)?.expect("every member was given an order");
            if old.id != *id {
                store.put_identity(key, Identity { id: *id, ..old })?;
                left.insert(old.id, Some(*id));
                // Whoever mentions this record by one of its names is led elsewhere now.
                let facts = store.facts(key)?;
                let keys = facts.map(|f| names::keys(key, &f.facts, &settings.aliases));
                touched.names.extend(keys.unwrap_or_default());
            }
        }
        store.set_members(*id, &component.members)?;
        store.redirect(*id, None)?;
        identified.stale.insert(*id);
    }
    let ids: BTreeSet<_> = ids.into_iter().collect();
    for (id, now) in left {
        if ids.contains(&id) {
            continue;
        }
        store.set_members(id, &[])?;
        let now = now.filter(|now| *now != id);
        // Where nothing stands for it now, what led to it leads to it still: it may come back.
        if now.is_some() {
            for earlier in store.redirected_to(id)? {
                store.redirect(earlier, now)?;
            }
        }
        store.redirect(id, now)?;
        identified.vanished.insert(id, now);
    }
    Ok(identified)
}

/// Records that tell of one thing.
struct Component {
    kind: NodeKind,
    /// In the order of precedence.
    members: Vec<RecordKey>,
}

/// The components that any changed record is or was part of.
fn components(
    store: &StoreWriter<'_>,
    touched: &Touched,
    settings: &Settings,
) -> Result<Vec<Component>, StoreError> {
    let mut seeds: BTreeSet<RecordKey> = touched.records.keys().cloned().collect();
    seeds.extend(touched.former.iter().cloned());
    for name in &touched.names {
        // Another name of an entity joins it with what is known by that name alone.
        if let Some((kind, folded)) = names::entity(name) {
            seeds.insert(RecordKey::inferred(kind, folded));
            seeds.extend(store.holders(name)?);
            seeds.extend(store.holders(&format!("also:{}/{folded}", kind.word()))?);
        }
    }
    // A joined record may have been part of something that falls apart now.
    for key in seeds.clone() {
        if let Some(identity) = store.identity(&key)? {
            seeds.extend(store.members(identity.id)?);
        }
    }
    let mut visited = BTreeSet::new();
    let mut components = Vec::new();
    for seed in seeds {
        let Some(component) = component(store, settings, seed, &mut visited)? else { continue };
        components.push(component);
    }
    Ok(components)
}

fn component(
    store: &StoreWriter<'_>,
    settings: &Settings,
    seed: RecordKey,
    visited: &mut BTreeSet<RecordKey>,
) -> Result<Option<Component>, StoreError> {
    let mut members: Vec<(RecordKey, NodeKind)> = Vec::new();
    let mut open = vec![seed];
    while let Some(key) = open.pop() {
        if !visited.insert(key.clone()) {
            continue;
        }
        let Some(stored) = store.facts(&key)? else { continue };
        open.extend(names::neighbours(store, &key, &stored.facts, &settings.aliases)?);
        members.push((key, stored.facts.kind()));
    }
    members.sort_by(|l, r| settings.precedence(&l.0).cmp(&settings.precedence(&r.0)));
    let kind = members.first().map(|(_, kind)| *kind);
    let members = members.into_iter().map(|(key, _)| key).collect();
    Ok(kind.map(|kind| Component { kind, members }))
}

/// The ids that a component may have, best first.
type Claims = Vec<Claim>;

#[derive(Debug, Clone, Copy)]
struct Claim {
    id: NodeId,
    /// Whether the record that minted the id is in the component.
    minted_here: bool,
    /// How long the oldest record with this id is known.
    order: u64,
}

/// Gives every new record its place in time, and lists what each component may be called.
fn claims(
    store: &mut StoreWriter<'_>,
    settings: &Settings,
    components: &[Component],
) -> Result<Vec<Claims>, StoreError> {
    let mut fresh = Vec::new();
    for component in components {
        for key in &component.members {
            if store.identity(key)?.is_none() {
                fresh.push((key, component.kind));
            }
        }
    }
    fresh.sort_by(|l, r| settings.precedence(l.0).cmp(&settings.precedence(r.0)));
    for (key, kind) in fresh {
        let identity = Identity { id: mint(store, key, kind)?, order: store.take_order()? };
        store.put_identity(key, identity)?;
    }
    let claims = components.iter().map(|component| {
        let mut claims: HashMap<NodeId, Claim> = HashMap::new();
        for key in &component.members {
            let Identity { id, order } =
                store.identity(key)?.expect("every member was given an order");
            // A thing that its source calls another kind now is another thing.
            let same_kind = id.kind() == component.kind;
            let id = if same_kind { id } else { mint(store, key, component.kind)? };
            let claim = claims.entry(id).or_insert(Claim { id, minted_here: false, order });
            claim.order = claim.order.min(order);
            claim.minted_here |=
                !is_inferred(key) && (0..ATTEMPTS).any(|n| key.mint(component.kind, n) == id);
        }
        let mut claims: Vec<_> = claims.into_values().collect();
        claims.sort_by_key(|claim| (claim.order, claim.id));
        Ok(claims)
    });
    claims.collect()
}

fn is_inferred(key: &RecordKey) -> bool {
    key.source() == SourceName::inferred().as_str()
}

/// Ids are tried so many times before two hashes of 60 bits are taken to be one.
const ATTEMPTS: u8 = 4;

fn mint(store: &StoreWriter<'_>, key: &RecordKey, kind: NodeKind) -> Result<NodeId, StoreError> {
    for attempt in 0..ATTEMPTS {
        let id = key.mint(kind, attempt);
        if store.members(id)?.is_empty() {
            return Ok(id);
        }
    }
    Ok(key.mint(kind, 0))
}

/// Gives each component one of the ids it claims, each id to one component.
fn decide(
    store: &StoreWriter<'_>,
    components: &[Component],
    claims: Vec<Claims>,
) -> Result<Vec<NodeId>, StoreError> {
    let mut offers: Vec<(bool, u64, NodeId, usize)> = Vec::new();
    for (place, claims) in claims.into_iter().enumerate() {
        offers.extend(claims.into_iter().map(|c| (!c.minted_here, c.order, c.id, place)));
    }
    // What is described goes before what is only mentioned; for one component the oldest id goes
    // first; for one id the component that minted it.
    let described = |place: usize| components[place].members.iter().any(|key| !is_inferred(key));
    offers.sort_by_key(|(not_minted, order, id, place)| {
        (!described(*place), *order, *not_minted, *id, *place)
    });
    let mut minters: HashMap<NodeId, usize> = HashMap::new();
    for (not_minted, _, id, place) in &offers {
        if !not_minted {
            minters.entry(*id).or_insert(*place);
        }
    }
    let mut ids: Vec<Option<NodeId>> = vec![None; components.len()];
    let mut taken = BTreeSet::new();
    for (_, _, id, place) in offers {
        let kept_for_another =
            minters.get(&id).is_some_and(|minter| *minter != place && ids[*minter].is_none());
        if ids[place].is_none() && !kept_for_another && taken.insert(id) {
            ids[place] = Some(id);
        }
    }
    let mut decided = Vec::with_capacity(ids.len());
    for (component, id) in components.iter().zip(ids) {
        let id = match id {
            Some(id) => id,
            None => mint_another(store, component, &taken)?,
        };
        taken.insert(id);
        decided.push(id);
    }
    Ok(decided)
}

/// An id for a part that lost the id of the whole.
fn mint_another(
    store: &StoreWriter<'_>,
    component: &Component,
    taken: &BTreeSet<NodeId>,
) -> Result<NodeId, StoreError> {
    for key in &component.members {
        for attempt in 0..ATTEMPTS {
            let id = key.mint(component.kind, attempt);
            if !taken.contains(&id) && store.members(id)?.is_empty() {
                return Ok(id);
            }
        }
    }
    let first = component.members.first().expect("a component has a member");
    Ok(first.mint(component.kind, ATTEMPTS))
}
