//! How often a catalog was asked for what, so that tests and operators see what a request costs.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! read_metrics {
    ($($(#[$doc:meta])* $field:ident,)+) => {
        /// How often each kind of read was asked for. A call for many things at once counts once.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct ReadMetrics {
            $($(#[$doc])* pub $field: u64,)+
        }

        impl ReadMetrics {
            /// Each kind of read by its name.
            pub fn by_name(self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($field), self.$field)),+].into_iter()
            }

            /// What was asked for since `before`.
            #[must_use]
            pub fn since(self, before: Self) -> Self {
                Self { $($field: self.$field.saturating_sub(before.$field),)+ }
            }
        }

        /// Counts reads.
        #[derive(Debug, Default)]
        pub(super) struct ReadCounters {
            $(pub(super) $field: ReadCounter,)+
        }

        impl ReadCounters {
            /// What was counted so far.
            pub(super) fn metrics(&self) -> ReadMetrics {
                ReadMetrics { $($field: self.$field.0.load(Ordering::Relaxed),)+ }
            }
        }
    };
}

read_metrics! {
    /// Records by id.
    records,
    /// Long texts.
    bodies,
    /// Where records come from.
    provenance,
    /// What is linked to things.
    links,
    /// Ids by address.
    urls,
    /// Things of a kind by name.
    names,
    /// What changed.
    changes,
    /// Searches.
    searches,
    /// What is like things.
    related,
    /// What has passages in common with things.
    similar,
    /// Suggestions.
    suggestions,
}

/// Counts one kind of read.
#[derive(Debug, Default)]
pub(super) struct ReadCounter(AtomicU64);

impl ReadCounter {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
