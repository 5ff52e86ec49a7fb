//! Workarounds for defects of the planner's crate, one file per class of defect.

pub(super) mod inline_fragments;
pub(super) mod requires_behind_key;
pub(super) mod split_operation;
pub(super) mod union_members;
pub(super) mod unresolved_aliases;
