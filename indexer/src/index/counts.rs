//! Counts the hits of a search, and the values of their facets.
//!
//! A facet count is the number of hits that a filter on the value would yield. A group of
//! near-duplicates counts once in the total, and once for every value that any of its matching
//! documents has. Wider matches have a total of their own.

use std::collections::HashSet;

use schema::{ColumnValue, EventPhase, Facet, MatchClass};
use tantivy::DocId;

use super::{
    collector::{Conditions, SegmentFastFields},
    facet_ordinals::ValueCounts,
    filter::{FacetPredicate, FailedFacets},
    query::scan::Match,
};

/// Number of hits, and counts per facet.
#[derive(Debug, Default)]
pub(super) struct HitCounts {
    ungrouped_exact: u64,
    ungrouped_wider: u64,
    /// Groups with an exact match.
    exact_groups: HashSet<u64>,
    /// Groups with a wider match.
    wider_groups: HashSet<u64>,
    /// Whether any document matches the words exactly, including those that a filter excludes.
    pub(super) has_exact: bool,
    /// Counts per facet and value of documents without a group; each value occurs once.
    facets: ValueCounts,
    /// Values of each group: group, index of the facet, code of the value.
    group_values: HashSet<(u64, usize, u64)>,
}

impl HitCounts {
    /// Number of hits that match exactly.
    pub(super) fn exact(&self) -> u64 {
        self.ungrouped_exact + self.exact_groups.len() as u64
    }

    /// Number of hits of which no document matches exactly.
    pub(super) fn wider(&self) -> u64 {
        self.ungrouped_wider + self.wider_groups.difference(&self.exact_groups).count() as u64
    }

    /// Counts per value of each facet.
    pub(super) fn facets(&self) -> ValueCounts {
        let mut facets = self.facets.clone();
        for (_, facet, value) in &self.group_values {
            facets[*facet].push((*value, 1));
        }
        for counts in &mut facets {
            counts.sort_unstable();
            counts.dedup_by(|later, earlier| {
                let is_same = later.0 == earlier.0;
                earlier.1 += if is_same { later.1 } else { 0 };
                is_same
            });
        }
        facets
    }
}

/// Counts the hits of one segment.
pub(super) struct SegmentCounter<'a> {
    fields: &'a SegmentFastFields,
    conditions: &'a Conditions,
    predicate: FacetPredicate,
    hits: &'a mut HitCounts,
    /// Counts by ordinal, if facets are selected.
    by_ordinal: Option<Vec<u32>>,
    phases: [u64; EventPhase::ALL.len()],
}

/// Whether a search counts the values of facets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FacetCounting {
    On,
    Off,
}

impl<'a> SegmentCounter<'a> {
    pub(super) fn new(
        fields: &'a SegmentFastFields,
        conditions: &'a Conditions,
        facets: FacetCounting,
        hits: &'a mut HitCounts,
    ) -> Self {
        let predicate = conditions.filter.facet_predicate(&fields.ordinals);
        let is_on = facets == FacetCounting::On;
        let by_ordinal = is_on.then(|| vec![0; fields.ordinals.len()]);
        let phases = [0; EventPhase::ALL.len()];
        Self { fields, conditions, predicate, hits, by_ordinal, phases }
    }

    pub(super) fn count(&mut self, matched: Match) {
        let Match { doc, class, .. } = matched;
        self.hits.has_exact |= class == MatchClass::Exact;
        let failed = self.conditions.failed_facets(self.fields, &self.predicate, doc);
        let Some(failed) = failed else { return };
        let group = self.conditions.group(self.fields, doc);
        let is_counted = class == MatchClass::Exact || self.conditions.include_wider;
        if is_counted && !failed.more_than_one() {
            self.count_values(doc, group, failed);
        }
        if !failed.is_empty() {
            return;
        }
        match (class, group) {
            (MatchClass::Exact, None) => self.hits.ungrouped_exact += 1,
            (MatchClass::Wider, None) => self.hits.ungrouped_wider += 1,
            (MatchClass::Exact, Some(group)) => drop(self.hits.exact_groups.insert(group)),
            (MatchClass::Wider, Some(group)) => drop(self.hits.wider_groups.insert(group)),
        }
    }

    /// Counts a document that fails at most one facet condition: for that facet, or for all facets.
    fn count_values(&mut self, doc: DocId, group: Option<u64>, failed: FailedFacets) {
        let Some(by_ordinal) = &mut self.by_ordinal else { return };
        let SegmentFastFields { fast_fields, ordinals } = self.fields;
        let values = ordinals.of_doc(doc);
        let counted_ordinals =
            if failed.is_empty() { 0..u32::MAX } else { ordinals.range(failed.first_index()) };
        let values_counted = values.iter().filter(|ordinal| counted_ordinals.contains(ordinal));
        match group {
            None => values_counted.for_each(|ordinal| by_ordinal[*ordinal as usize] += 1),
            Some(group) => self.hits.group_values.extend(values_counted.map(|ordinal| {
                let (facet, value) = ordinals.value(*ordinal);
                (group, facet, value)
            })),
        }
        let Conditions { filter, series, .. } = self.conditions;
        if failed.none_except(Facet::Phase)
            && ordinals.is_event(values)
            && let Some(phase) = filter.phase(fast_fields, series, doc)
        {
            match group {
                None => self.phases[phase as usize] += 1,
                Some(group) => {
                    self.hits.group_values.insert((group, Facet::Phase as usize, phase.code()));
                }
            }
        }
    }

    /// Adds the counts of the facets to those of the segments before.
    pub(super) fn finish(self) {
        let Some(by_ordinal) = &self.by_ordinal else { return };
        let counts = self.fields.ordinals.counts_by_facet(by_ordinal);
        for (facet, mut counts) in self.hits.facets.iter_mut().zip(counts) {
            facet.append(&mut counts);
        }
        let phases = EventPhase::ALL.iter().map(|phase| phase.code()).zip(self.phases);
        self.hits.facets[Facet::Phase as usize].extend(phases.filter(|(_, count)| *count > 0));
    }
}
