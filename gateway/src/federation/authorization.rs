//! Authorization by `@authenticated` and `@requiresScopes`.

pub(crate) mod filter_operation;
pub(crate) mod rules;
