//! Filters: one condition per facet, so that one pass finds all facets that a document counts for.

use std::collections::BTreeSet;

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};
use schema::{ColumnValue, EventPhase, Facet, Kind, SearchFilter, moment};
use tantivy::DocId;

use super::{
    facet_ordinals::FacetOrdinals, fast_fields::FastFields, schema::source_hash,
    series::SeriesPhases,
};

/// The facets whose condition a document fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FailedFacets(u32);

impl FailedFacets {
    /// Whether the document is a hit.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it fails several conditions, and so counts for no facet.
    pub(super) fn more_than_one(self) -> bool {
        self.0.count_ones() > 1
    }

    /// Whether the document counts for `facet`, ignoring the condition on that facet.
    pub(super) fn none_except(self, facet: Facet) -> bool {
        self.0 & !(1 << facet as u32) == 0
    }

    /// Index of the first facet whose condition it fails.
    pub(super) fn first_index(self) -> usize {
        self.0.trailing_zeros() as usize
    }

    fn insert(&mut self, facet: Facet) {
        self.0 |= 1 << facet as u32;
    }
}

/// A compiled filter: values as codes, days as instants.
pub(super) struct Filter {
    kinds: Vec<u64>,
    /// Selected forms by kind.
    forms: Vec<(Kind, Facet, Vec<u64>)>,
    /// Selected values of the other facets, except phases.
    values: Vec<(Facet, Vec<u64>)>,
    people: Vec<u64>,
    phases: Vec<EventPhase>,
    sources: Vec<u64>,
    from: Option<i64>,
    until: Option<i64>,
    now: i64,
}

/// The conditions of a filter on the facet values of one segment.
pub(super) struct FacetPredicate {
    /// One bit per facet that has a condition.
    constrained: u32,
    /// The bit of the facet for each selected ordinal, else 0; empty without conditions.
    selected_bits: Vec<u32>,
}

impl Filter {
    pub(super) fn new(filter: &SearchFilter, now: Timestamp) -> Self {
        let selected = |facet: &Facet| {
            Some((*facet, filter.selected(*facet))).filter(|(_, selected)| !selected.is_empty())
        };
        let (forms, values): (Vec<_>, Vec<_>) = Facet::ALL
            .iter()
            .filter(|facet| **facet != Facet::Phase)
            .filter_map(selected)
            .partition(|(facet, _)| facet.form_of().is_some());
        let form = |(facet, selected)| Some((Facet::form_of(facet)?, facet, sorted(selected)));
        Self {
            kinds: sorted(filter.selected(Facet::Kind)),
            forms: forms.into_iter().filter_map(form).collect(),
            values,
            people: sorted(filter.people.iter().map(|id| id.code())),
            phases: EventPhase::ALL.iter().copied().filter(|p| filter.phases.contains(p)).collect(),
            sources: sorted(filter.sources.iter().map(|s| source_hash(s.as_str()))),
            from: filter.from.map(midnight),
            until: filter.until.map(|day| midnight(day.tomorrow().unwrap_or(day))),
            now: now.as_second(),
        }
    }

    /// The conditions on facet values, as ordinals of one segment.
    pub(super) fn facet_predicate(&self, ordinals: &FacetOrdinals) -> FacetPredicate {
        let mut predicate = FacetPredicate { constrained: 0, selected_bits: Vec::new() };
        for (facet, selected) in &self.values {
            let bit = 1 << *facet as u32;
            predicate.constrained |= bit;
            predicate.selected_bits.resize(ordinals.len(), 0);
            for ordinal in selected.iter().filter_map(|value| ordinals.ordinal(*facet, *value)) {
                predicate.selected_bits[ordinal as usize] = bit;
            }
        }
        predicate
    }

    /// The facets whose condition a document with these facet values fails; `None` if it fails a
    /// condition on anything but a facet.
    pub(super) fn failed_facets(
        &self,
        fast_fields: &FastFields,
        (predicate, values): (&FacetPredicate, &[u32]),
        series: &SeriesPhases,
        doc: DocId,
    ) -> Option<FailedFacets> {
        if !self.passes_without_facet(fast_fields, series, doc) {
            return None;
        }
        let mut failed = FailedFacets(0);
        if predicate.constrained != 0 {
            let matched = values
                .iter()
                .fold(0, |matched, ordinal| matched | predicate.selected_bits[*ordinal as usize]);
            failed.0 = predicate.constrained & !matched;
        }
        if !self.forms.is_empty() {
            self.check_forms(fast_fields, doc, &mut failed);
        }
        if !self.phases.is_empty() {
            let phase = self.phase(fast_fields, series, doc);
            if !phase.is_some_and(|phase| self.phases.contains(&phase)) {
                failed.insert(Facet::Phase);
            }
        }
        Some(failed)
    }

    /// A selected form excludes the other forms of its kind, and documents of other kinds unless
    /// the filter selects their kind or one of its forms.
    fn check_forms(&self, fast_fields: &FastFields, doc: DocId, failed: &mut FailedFacets) {
        let (kind, form) = (fast_fields.kind.first(doc), fast_fields.form.first(doc));
        let is_selected = kind.is_some_and(|kind| {
            self.kinds.binary_search(&kind).is_ok()
                || self.forms.iter().any(|(own, ..)| own.code() == kind)
        });
        for (form_kind, facet, selected) in &self.forms {
            let passes = if kind == Some(form_kind.code()) {
                matches_any(selected, form)
            } else {
                is_selected
            };
            if !passes {
                failed.insert(*facet);
            }
        }
    }

    fn passes_without_facet(
        &self,
        fast_fields: &FastFields,
        series: &SeriesPhases,
        doc: DocId,
    ) -> bool {
        if !self.people.is_empty()
            && !matches_any(&self.people, fast_fields.people.values_for_doc(doc))
        {
            return false;
        }
        if !self.sources.is_empty()
            && !matches_any(&self.sources, fast_fields.sources.values_for_doc(doc))
        {
            return false;
        }
        if self.from.is_some() || self.until.is_some() {
            let fits = |dated: i64| {
                self.from.is_none_or(|from| dated >= from)
                    && self.until.is_none_or(|until| dated < until)
            };
            // A series matches by the date of any occurrence; only single events have an end.
            let is_series = fast_fields.ends.first(doc).is_none()
                && fast_fields.kind.first(doc) == Some(Kind::Event.code());
            let times = is_series.then(|| series.occurrences(fast_fields.id(doc))).flatten();
            return match times {
                Some(times) => times.iter().any(|(begins, _)| fits(*begins)),
                None => fast_fields.dated.first(doc).is_some_and(fits),
            };
        }
        true
    }

    /// The phase of an event; `None` for other documents.
    pub(super) fn phase(
        &self,
        fast_fields: &FastFields,
        series: &SeriesPhases,
        doc: DocId,
    ) -> Option<EventPhase> {
        if fast_fields.kind.first(doc)? != Kind::Event.code() {
            return None;
        }
        let Some(ends) = fast_fields.ends.first(doc) else {
            return series.phase(fast_fields.id(doc));
        };
        let begins = fast_fields.dated.first(doc)?;
        Some(match () {
            () if self.now < begins => EventPhase::Upcoming,
            () if self.now < ends => EventPhase::Ongoing,
            () => EventPhase::Past,
        })
    }
}

/// Sorted and without duplicates, for binary search.
fn sorted(values: impl IntoIterator<Item = u64>) -> Vec<u64> {
    values.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether any value is wanted; everything is where nothing in particular is.
fn matches_any(wanted: &[u64], values: impl IntoIterator<Item = u64>) -> bool {
    wanted.is_empty() || values.into_iter().any(|value| wanted.binary_search(&value).is_ok())
}

/// The start of a day in Amsterdam, in seconds since 1970. The first and last dates of the calendar
/// have no timestamp; they map to the minimum and maximum.
fn midnight(day: Date) -> i64 {
    let home = moment::zone(moment::HOME_ZONE).unwrap_or(TimeZone::UTC);
    let fallback = if day.year() < 0 { i64::MIN } else { i64::MAX };
    home.to_ambiguous_zoned(day.to_datetime(Time::midnight()))
        .compatible()
        .map_or(fallback, |zoned| zoned.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_first_and_last_dates_of_the_calendar_must_stay_in_order() {
        let days = [Date::MIN, date(-9999, 1, 2), date(1970, 1, 1), date(2026, 3, 2), Date::MAX];
        assert!(days.map(midnight).is_sorted(), "{:?}", days.map(midnight));
        let filter = |from, until| {
            Filter::new(
                &SearchFilter { from, until, ..SearchFilter::default() },
                Timestamp::UNIX_EPOCH,
            )
        };
        let until = filter(None, Some(Date::MIN)).until;
        assert!(until.is_some_and(|until| until < midnight(date(1, 1, 1))), "{until:?}");
        let from = filter(Some(Date::MIN), None).from;
        assert!(from.is_some_and(|from| from < midnight(date(1, 1, 1))), "{from:?}");
    }
}
