//! What a query prefers: documents that meet a preference get a higher score.

use jiff::Timestamp;
use schema::Preference;
use tantivy::DocId;

use super::{
    facet_ordinals::FacetOrdinals,
    fast_fields::FastFields,
    filter::{FacetPredicate, FailedFacets, Filter},
    series::SeriesPhases,
};

/// Factor by which each preference that a document meets increases its score.
const PREFERENCE_FACTOR: f32 = 2.0;

/// The compiled preferences of a query.
pub(super) struct Preferences(Vec<Filter>);

/// The preferences of a query for one segment.
pub(super) struct SegmentPreferences(Vec<FacetPredicate>);

impl Preferences {
    pub(super) fn new(preferences: &[Preference], now: Timestamp) -> Self {
        Self(preferences.iter().map(|preference| Filter::new(&preference.filter, now)).collect())
    }

    /// The preferences in terms of the facet values of a segment.
    pub(super) fn for_segment(&self, ordinals: &FacetOrdinals) -> SegmentPreferences {
        SegmentPreferences(self.0.iter().map(|filter| filter.facet_predicate(ordinals)).collect())
    }

    /// The factor for a document that meets all of them.
    pub(super) fn max_factor(&self) -> f32 {
        self.0.iter().map(|_| PREFERENCE_FACTOR).product()
    }

    /// The factor by which preferences increase the score of a document with these facet values.
    pub(super) fn factor(
        &self,
        fast_fields: &FastFields,
        (SegmentPreferences(predicates), values): (&SegmentPreferences, &[u32]),
        series: &SeriesPhases,
        doc: DocId,
    ) -> f32 {
        let mut factor = 1.0;
        for (filter, predicate) in self.0.iter().zip(predicates) {
            let failed = filter.failed_facets(fast_fields, (predicate, values), series, doc);
            if failed.is_some_and(FailedFacets::is_empty) {
                factor *= PREFERENCE_FACTOR;
            }
        }
        factor
    }
}
