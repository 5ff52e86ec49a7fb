//! Filters as a test per dimension, so that one pass can tell which facets a document counts for.

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};
use schema::{EventPhase, Kind, NodeId, SearchFilter, moment};
use tantivy::DocId;

use super::{columns::Columns, layout::source_code, ordinals::FacetOrdinals, series::SeriesPhases};

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
pub(super) const DIMENSIONS: usize = Dimension::Phase as usize + 1;

/// Which dimensions a document fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Misses(u32);

impl Misses {
    /// Whether the document is a hit.
    pub(super) fn none(self) -> bool {
        self.0 == 0
    }

    /// Whether it fails more than one dimension, and so counts for no facet.
    pub(super) fn several(self) -> bool {
        self.0.count_ones() > 1
    }

    /// Whether the document counts for the facet of `dimension`: its own filter is left out.
    pub(super) fn only(self, dimension: Dimension) -> bool {
        self.0 & !(1 << dimension as u32) == 0
    }

    /// The first dimension that it fails, as a number.
    pub(super) fn first(self) -> usize {
        self.0.trailing_zeros() as usize
    }

    fn miss(&mut self, dimension: Dimension) {
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
pub(super) struct Tests {
    /// The dimensions that have a condition.
    asked: u32,
    /// For each ordinal the bit of its dimension where it is wanted; empty without conditions.
    wanted: Vec<u32>,
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
            sources: filter.sources.iter().map(|s| source_code(s.as_str())).collect(),
            from: filter.from.map(midnight),
            until: filter.until.map(|day| midnight(day.tomorrow().unwrap_or(day))),
            now: now.as_second(),
        }
    }

    /// The conditions on facet values, in the ordinals of one segment.
    pub(super) fn tests(&self, ordinals: &FacetOrdinals) -> Tests {
        let mut tests = Tests { asked: 0, wanted: Vec::new() };
        for (dimension, wanted) in &self.values {
            let bit = 1 << *dimension as u32;
            tests.asked |= bit;
            tests.wanted.resize(ordinals.len(), 0);
            for ordinal in wanted.iter().filter_map(|value| ordinals.ordinal(*dimension, *value)) {
                tests.wanted[ordinal as usize] = bit;
            }
        }
        tests
    }

    /// Which dimensions a document with these facet values fails; `None` where it fails a
    /// condition that has no facet.
    pub(super) fn misses(
        &self,
        columns: &Columns,
        (tests, values): (&Tests, &[u32]),
        series: &SeriesPhases,
        doc: DocId,
    ) -> Option<Misses> {
        if !self.passes_without_facet(columns, series, doc) {
            return None;
        }
        let mut misses = Misses(0);
        if tests.asked != 0 {
            let found =
                values.iter().fold(0, |found, ordinal| found | tests.wanted[*ordinal as usize]);
            misses.0 = tests.asked & !found;
        }
        if self.forms.iter().any(|forms| !forms.is_empty()) {
            self.check_forms(columns, doc, &mut misses);
        }
        if !self.phases.is_empty() {
            let phase = self.phase(columns, series, doc);
            if !phase.is_some_and(|phase| self.phases.contains(&phase)) {
                misses.miss(Dimension::Phase);
            }
        }
        Some(misses)
    }

    /// A form leaves out the other forms of its kind; documents of other kinds only where none of
    /// their own forms or their kind was asked for.
    fn check_forms(&self, columns: &Columns, doc: DocId, misses: &mut Misses) {
        let (kind, form) = (columns.kind.first(doc), columns.form.first(doc));
        for ((of, dimension), wanted) in FORM_DIMENSIONS.iter().zip(&self.forms) {
            if wanted.is_empty() {
                continue;
            }
            let passes = if kind == Some(of.code()) {
                any(wanted, form)
            } else {
                let own =
                    kind.and_then(|k| usize::try_from(k).ok()).and_then(|k| self.forms.get(k));
                own.is_some_and(|forms| !forms.is_empty())
                    || kind.is_some_and(|k| self.kinds.contains(&k))
            };
            if !passes {
                misses.miss(*dimension);
            }
        }
    }

    fn passes_without_facet(&self, columns: &Columns, series: &SeriesPhases, doc: DocId) -> bool {
        if !self.people.is_empty() && !any(&self.people, columns.people.values_for_doc(doc)) {
            return false;
        }
        if !self.sources.is_empty() && !any(&self.sources, columns.sources.values_for_doc(doc)) {
            return false;
        }
        if self.from.is_some() || self.until.is_some() {
            let fits = |dated: i64| {
                self.from.is_none_or(|from| dated >= from)
                    && self.until.is_none_or(|until| dated < until)
            };
            // A series is dated by each of its times; it has no end of its own.
            let is_series = columns.ends.first(doc).is_none()
                && columns.kind.first(doc) == Some(Kind::Event.code());
            let times = is_series.then(|| series.of(columns.id(doc))).flatten();
            return match times {
                Some(times) => times.iter().any(|(begins, _)| fits(*begins)),
                None => columns.dated.first(doc).is_some_and(fits),
            };
        }
        true
    }

    /// Where an event is in time; `None` for everything else.
    pub(super) fn phase(
        &self,
        columns: &Columns,
        series: &SeriesPhases,
        doc: DocId,
    ) -> Option<EventPhase> {
        if columns.kind.first(doc)? != Kind::Event.code() {
            return None;
        }
        let Some(ends) = columns.ends.first(doc) else {
            return series.phase(columns.id(doc));
        };
        let begins = columns.dated.first(doc)?;
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
fn any<T: PartialEq>(wanted: &[T], values: impl IntoIterator<Item = T>) -> bool {
    wanted.is_empty() || values.into_iter().any(|value| wanted.contains(&value))
}

/// The start of a day in Amsterdam, in seconds since 1970. The first and the last days that can be
/// written have none; they are before and after everything.
fn midnight(day: Date) -> i64 {
    let home = moment::zone(moment::HOME_ZONE).unwrap_or(TimeZone::UTC);
    let otherwise = if day.year() < 0 { i64::MIN } else { i64::MAX };
    home.to_ambiguous_zoned(day.to_datetime(Time::midnight()))
        .compatible()
        .map_or(otherwise, |zoned| zoned.timestamp().as_second())
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
