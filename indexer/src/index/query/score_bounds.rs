//! Upper bounds of the scores of terms.
//!
//! The share of its weight that a term adds to a score is below one, and rarely close to it. The
//! highest share in a segment is known once all postings of the term were read.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU32, Ordering},
    },
};

use tantivy::{index::SegmentId, schema::Field};

/// Maximum number of terms whose bounds are stored, over all segments.
const TERMS_MAX: usize = 65_536;
/// Minimum number of documents of a term whose bound is stored.
const DOC_FREQ_MIN: usize = 512;

/// A term in a segment, by the beginning of its postings.
pub(super) type TermKey = (SegmentId, Field, usize);

/// The highest share of its weight that each frequent term adds to a score.
#[derive(Debug, Default)]
pub(crate) struct ScoreBounds(RwLock<HashMap<TermKey, ScoreBound>>);

/// Upper bound of the share of its weight that a term adds to a score; one until it is known.
#[derive(Debug, Clone)]
pub(super) struct ScoreBound(Arc<AtomicU32>);

impl Default for ScoreBound {
    fn default() -> Self {
        Self(Arc::new(AtomicU32::new(1.0_f32.to_bits())))
    }
}

impl ScoreBound {
    pub(super) fn get(&self) -> f32 {
        f32::from_bits(self.0.load(Ordering::Relaxed))
    }

    pub(super) fn set(&self, share: f32) {
        self.0.store(share.to_bits(), Ordering::Relaxed);
    }
}

impl ScoreBounds {
    /// The bound of a term that occurs in `doc_freq` documents.
    pub(super) fn of_term(&self, key: TermKey, doc_freq: usize) -> ScoreBound {
        if doc_freq < DOC_FREQ_MIN {
            return ScoreBound::default();
        }
        let bounds = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(bound) = bounds.get(&key) {
            return bound.clone();
        }
        drop(bounds);
        let mut bounds = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if bounds.len() >= TERMS_MAX {
            bounds.clear();
        }
        bounds.entry(key).or_default().clone()
    }
}
