//! Workarounds for faults of the planner crate, one file for each class of fault.

pub(crate) mod inline_fragments;
pub(crate) mod requires_behind_key;
pub(crate) mod split_operation;
pub(crate) mod union_members;
pub(crate) mod unresolved_aliases;
