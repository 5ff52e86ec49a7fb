//! Filters as a test per dimension, so that one pass can tell which facets a document counts for.

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};
use schema::{EventPhase, Kind, NodeId, SearchFilter, event_moment};
use tantivy::DocId;

use super::{
    facet_ordinals::FacetOrdinals, fast_fields::FastFields, schema::source_hash,
    series::SeriesPhases,
};

/// The dimensions that have facets, each a bit in a [`Misses`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Dimension {
    Kind,
    ArticleForm,
    ToolkitForm,
    CommunityForm,
    EventForm,
    Theme,
    Community,
    Organisation,
    OrganisationKind,
    Layer,
    Audience,
    Language,
    Attendance,
    Year,
    Phase,
}

/// How many dimensions there are.
pub(super) const DIMENSION_COUNT: usize = Dimension::Phase as usize + 1;

/// Which dimensions a document fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FailedDimensions(u32);

impl FailedDimensions {
    /// Whether the document is a hit.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it fails more than one dimension, and so counts for no facet.
    pub(super) fn more_than_one(self) -> bool {
        self.0.count_ones() > 1
    }

    /// Whether the document counts for the facet of `dimension`: its own filter is left out.
    pub(super) fn none_except(self, dimension: Dimension) -> bool {
        self.0 & !(1 << dimension as u32) == 0
    }

    /// The first dimension that it fails, as a number.
    pub(super) fn first_index(self) -> usize {
        self.0.trailing_zeros() as usize
    }

    fn insert(&mut self, dimension: Dimension) {
        self.0 |= 1 << dimension as u32;
    }
}

/// A filter made ready: words as codes, days as instants.
pub(super) struct Filter {
    kinds: Vec<u64>,
    forms: [Vec<u64>; 4],
    /// Conditions on facet values: any of these. Those on forms and phases are apart.
    values: Vec<(Dimension, Vec<u64>)>,
    people: Vec<u64>,
    phases: Vec<EventPhase>,
    sources: Vec<u64>,
    from: Option<i64>,
    until: Option<i64>,
    now: i64,
}

/// The conditions of a filter on the facet values of one segment.
pub(super) struct FacetPredicate {
    /// The dimensions that have a condition.
    constrained_mask: u32,
    /// For each ordinal the bit of its dimension where it is wanted; empty without conditions.
    selected_bits: Vec<u32>,
}

/// The dimension of the forms of each kind, by the kind's code.
pub(super) const FORM_DIMENSIONS: [(Kind, Dimension); 4] = [
    (Kind::Article, Dimension::ArticleForm),
    (Kind::Toolkit, Dimension::ToolkitForm),
    (Kind::Community, Dimension::CommunityForm),
    (Kind::Event, Dimension::EventForm),
];

impl Filter {
    pub(super) fn new(filter: &SearchFilter, now: Timestamp) -> Self {
        let ids = |ids: &[NodeId]| ids.iter().map(|id| id.to_bits()).collect::<Vec<_>>();
        let kinds: Vec<_> = filter.kinds.iter().map(|k| k.code()).collect();
        let mut values = vec![
            (Dimension::Kind, kinds.clone()),
            (Dimension::Theme, ids(&filter.themes)),
            (Dimension::Community, ids(&filter.communities)),
            (Dimension::Organisation, ids(&filter.organisations)),
            (
                Dimension::OrganisationKind,
                filter.organisation_kinds.iter().map(|k| k.code()).collect(),
            ),
            (Dimension::Layer, filter.layers.iter().map(|l| l.code()).collect()),
            (Dimension::Audience, ids(&filter.audiences)),
            (Dimension::Language, filter.languages.iter().map(|l| l.code()).collect()),
            (Dimension::Attendance, filter.attendance.iter().map(|a| a.code()).collect()),
            (Dimension::Year, filter.years.iter().map(|y| year_value(i64::from(*y))).collect()),
        ];
        values.retain(|(_, wanted)| !wanted.is_empty());
        Self {
            kinds,
            forms: [
                filter.article_forms.iter().map(|f| f.code()).collect(),
                filter.toolkit_forms.iter().map(|f| f.code()).collect(),
                filter.community_forms.iter().map(|f| f.code()).collect(),
                filter.event_forms.iter().map(|f| f.code()).collect(),
            ],
            values,
            people: ids(&filter.people),
            phases: filter.phases.clone(),
            sources: filter.sources.iter().map(|s| source_hash(s.as_str())).collect(),
            from: filter.from.map(midnight),
            until: filter.until.map(|day| midnight(day.tomorrow().unwrap_or(day))),
            now: now.as_second(),
        }
    }

    /// The conditions on facet values, in the ordinals of one segment.
    pub(super) fn facet_predicate(&self, ordinals: &FacetOrdinals) -> FacetPredicate {
        let mut predicate = FacetPredicate { constrained_mask: 0, selected_bits: Vec::new() };
        for (dimension, wanted) in &self.values {
            let bit = 1 << *dimension as u32;
            predicate.constrained_mask |= bit;
            predicate.selected_bits.resize(ordinals.len(), 0);
            for ordinal in wanted.iter().filter_map(|value| ordinals.ordinal(*dimension, *value)) {
                predicate.selected_bits[ordinal as usize] = bit;
            }
        }
        predicate
    }

    /// Which dimensions a document with these facet values fails; `None` where it fails a
    /// condition that has no facet.
    pub(super) fn failed_dimensions(
        &self,
        fast_fields: &FastFields,
        (predicate, values): (&FacetPredicate, &[u32]),
        series: &SeriesPhases,
        doc: DocId,
    ) -> Option<FailedDimensions> {
        if !self.passes_without_facet(fast_fields, series, doc) {
            return None;
        }
        let mut failed = FailedDimensions(0);
        if predicate.constrained_mask != 0 {
            let matched = values
                .iter()
                .fold(0, |matched, ordinal| matched | predicate.selected_bits[*ordinal as usize]);
            failed.0 = predicate.constrained_mask & !matched;
        }
        if self.forms.iter().any(|forms| !forms.is_empty()) {
            self.check_forms(fast_fields, doc, &mut failed);
        }
        if !self.phases.is_empty() {
            let phase = self.phase(fast_fields, series, doc);
            if !phase.is_some_and(|phase| self.phases.contains(&phase)) {
                failed.insert(Dimension::Phase);
            }
        }
        Some(failed)
    }

    /// A form leaves out the other forms of its kind; documents of other kinds only where none of
    /// their own forms or their kind was asked for.
    fn check_forms(&self, fast_fields: &FastFields, doc: DocId, failed: &mut FailedDimensions) {
        let (kind, form) = (fast_fields.kind.first(doc), fast_fields.form.first(doc));
        for ((form_kind, dimension), wanted) in FORM_DIMENSIONS.iter().zip(&self.forms) {
            if wanted.is_empty() {
                continue;
            }
            let passes = if kind == Some(form_kind.code()) {
                matches_any(wanted, form)
            } else {
                let own =
                    kind.and_then(|k| usize::try_from(k).ok()).and_then(|k| self.forms.get(k));
                own.is_some_and(|forms| !forms.is_empty())
                    || kind.is_some_and(|k| self.kinds.contains(&k))
            };
            if !passes {
                failed.insert(*dimension);
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
            // A series is dated by each of its times; it has no end of its own.
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

    /// Where an event is in time; `None` for everything else.
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

/// A year as a facet value.
pub(super) fn year_value(year: i64) -> u64 {
    year.cast_unsigned()
}

/// Whether any value is wanted; everything is where nothing in particular is.
fn matches_any<T: PartialEq>(wanted: &[T], values: impl IntoIterator<Item = T>) -> bool {
    wanted.is_empty() || values.into_iter().any(|value| wanted.contains(&value))
}

/// The start of a day in Amsterdam, in seconds since 1970. The first and the last days that can be
/// written have none; they are before and after everything.
fn midnight(day: Date) -> i64 {
    let home = event_moment::zone(event_moment::HOME_ZONE).unwrap_or(TimeZone::UTC);
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
    fn the_first_and_last_days_of_all_must_stay_before_and_after_all_others() {
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
