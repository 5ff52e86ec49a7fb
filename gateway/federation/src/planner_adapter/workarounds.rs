//! Workarounds for faults of the planner crate, one file for each class of fault.

pub(super) mod inline_fragments;
pub(super) mod requires_behind_key;
pub(super) mod split_operation;
pub(super) mod union_members;
pub(super) mod unresolved_aliases;
