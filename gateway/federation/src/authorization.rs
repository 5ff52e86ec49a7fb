//! Authorization with `@authenticated` and `@requiresScopes`: callers, rules and grants.

mod rules;

use std::collections::BTreeSet;

pub use self::rules::Grants;
pub(crate) use self::rules::{AUTHENTICATED, AuthRule, AuthRules, REQUIRES_SCOPES};

/// The caller of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Caller {
    /// A caller without credentials.
    #[default]
    Anonymous,
    /// A caller with a valid token.
    Authenticated {
        /// The scopes of the token (`scope`, RFC 8693).
        scopes: BTreeSet<String>,
    },
}
