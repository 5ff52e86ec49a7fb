//! Counters of reads, so that tests and operators see the cost of a request.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! read_metrics {
    ($($(#[$doc:meta])* $field:ident,)+) => {
        /// Number of reads of each kind. A batch counts as one read.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct ReadMetrics {
            $($(#[$doc])* pub $field: u64,)+
        }

        impl ReadMetrics {
            /// Every counter with its name.
            pub fn by_name(self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($field), self.$field)),+].into_iter()
            }

            /// Number of reads since an earlier value.
            #[must_use]
            pub fn since(self, before: Self) -> Self {
                Self { $($field: self.$field.saturating_sub(before.$field),)+ }
            }
        }

        /// Counters that are updated by each read.
        #[derive(Debug, Default)]
        pub(super) struct ReadCounters {
            $(pub(super) $field: ReadCounter,)+
        }

        impl ReadCounters {
            /// The current values.
            pub(super) fn metrics(&self) -> ReadMetrics {
                ReadMetrics { $($field: self.$field.0.load(Ordering::Relaxed),)+ }
            }
        }
    };
}

read_metrics! {
    /// Records by id.
    records,
    /// Full texts by id.
    bodies,
    /// Provenance by id.
    provenance,
    /// Links between records.
    links,
    /// Mentions of entities in texts.
    mentions,
    /// Ids by URL.
    urls,
    /// Records of a kind by name.
    names,
    /// Changes.
    changes,
    /// Searches.
    searches,
    /// Related content.
    related,
    /// Shared passages.
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
