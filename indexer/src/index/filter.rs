//! Filters as a test per dimension, so that one pass can tell which facets a document counts for.

use jiff::{Timestamp, civil::Time, tz::TimeZone};
use schema::{EventPhase, Kind, NodeId, SearchFilter, moment};
use tantivy::DocId;

use super::{columns::Columns, layout::source_code, reader::SeriesPhases};

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
    Phase,
    Year,
}

/// Which dimensions a document fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Misses(u32);

impl Misses {
    /// Whether the document is a hit.
    pub(super) fn none(self) -> bool {
        self.0 == 0
    }

    /// Whether the document counts for the facet of `dimension`: its own filter is left out.
    pub(super) fn only(self, dimension: Dimension) -> bool {
        self.0 & !(1 << dimension as u32) == 0
    }

    fn miss(&mut self, dimension: Dimension) {
        self.0 |= 1 << dimension as u32;
    }
}

/// A filter made ready: words as codes, days as instants.
pub(super) struct Filter {
    kinds: Vec<u64>,
    forms: [Vec<u64>; 4],
    themes: Vec<u64>,
    communities: Vec<u64>,
    organisations: Vec<u64>,
    organisation_kinds: Vec<u64>,
    layers: Vec<u64>,
    audiences: Vec<u64>,
    people: Vec<u64>,
    languages: Vec<u64>,
    attendance: Vec<u64>,
    phases: Vec<EventPhase>,
    years: Vec<i64>,
    sources: Vec<u64>,
    from: Option<i64>,
    until: Option<i64>,
    now: i64,
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
        let ids = |ids: &[NodeId]| ids.iter().map(|id| id.to_bits()).collect();
        Self {
            kinds: filter.kinds.iter().map(|k| k.code()).collect(),
            forms: [
                filter.article_forms.iter().map(|f| f.code()).collect(),
                filter.toolkit_forms.iter().map(|f| f.code()).collect(),
                filter.community_forms.iter().map(|f| f.code()).collect(),
                filter.event_forms.iter().map(|f| f.code()).collect(),
            ],
            themes: ids(&filter.themes),
            communities: ids(&filter.communities),
            organisations: ids(&filter.organisations),
            organisation_kinds: filter.organisation_kinds.iter().map(|k| k.code()).collect(),
            layers: filter.layers.iter().map(|l| l.code()).collect(),
            audiences: ids(&filter.audiences),
            people: ids(&filter.people),
            languages: filter.languages.iter().map(|l| l.code()).collect(),
            attendance: filter.attendance.iter().map(|a| a.code()).collect(),
            phases: filter.phases.clone(),
            years: filter.years.iter().map(|y| i64::from(*y)).collect(),
            sources: filter.sources.iter().map(|s| source_code(s.as_str())).collect(),
            from: filter.from.map(midnight),
            until: filter.until.map(|day| midnight(day.tomorrow().unwrap_or(day))),
            now: now.as_second(),
        }
    }

    /// Which dimensions a document fails; `None` where it fails a condition that has no facet.
    pub(super) fn misses(
        &self,
        columns: &Columns,
        series: &SeriesPhases,
        doc: DocId,
    ) -> Option<Misses> {
        if !self.passes_without_facet(columns, doc) {
            return None;
        }
        let mut misses = Misses(0);
        let kind = columns.kind.first(doc);
        let mut check = |dimension, passes: bool| {
            if !passes {
                misses.miss(dimension);
            }
        };
        check(Dimension::Kind, any(&self.kinds, kind));
        self.check_forms(columns, doc, kind, &mut check);
        let sets = [
            (Dimension::Theme, &self.themes, &columns.themes),
            (Dimension::Community, &self.communities, &columns.communities),
            (Dimension::Organisation, &self.organisations, &columns.organisations),
            (Dimension::OrganisationKind, &self.organisation_kinds, &columns.organisation_kinds),
            (Dimension::Layer, &self.layers, &columns.layers),
            (Dimension::Audience, &self.audiences, &columns.audiences),
            (Dimension::Language, &self.languages, &columns.language),
            (Dimension::Attendance, &self.attendance, &columns.attendance),
        ];
        for (dimension, wanted, column) in sets {
            check(dimension, wanted.is_empty() || any(wanted, column.values_for_doc(doc)));
        }
        check(Dimension::Year, any(&self.years, columns.year.first(doc)));
        if !self.phases.is_empty() {
            check(
                Dimension::Phase,
                self.phase(columns, series, doc).is_some_and(|p| self.phases.contains(&p)),
            );
        }
        Some(misses)
    }

    /// A form leaves out the other forms of its kind; documents of other kinds only where none of
    /// their own forms or their kind was asked for.
    fn check_forms(
        &self,
        columns: &Columns,
        doc: DocId,
        kind: Option<u64>,
        check: &mut impl FnMut(Dimension, bool),
    ) {
        if self.forms.iter().all(Vec::is_empty) {
            return;
        }
        let form = columns.form.first(doc);
        for ((of, dimension), wanted) in FORM_DIMENSIONS.iter().zip(&self.forms) {
            if wanted.is_empty() {
                continue;
            }
            if kind == Some(of.code()) {
                check(*dimension, any(wanted, form));
            } else {
                let own =
                    kind.and_then(|k| usize::try_from(k).ok()).and_then(|k| self.forms.get(k));
                let asked_for = own.is_some_and(|forms| !forms.is_empty())
                    || kind.is_some_and(|k| self.kinds.contains(&k));
                check(*dimension, asked_for);
            }
        }
    }

    fn passes_without_facet(&self, columns: &Columns, doc: DocId) -> bool {
        if !self.people.is_empty() && !any(&self.people, columns.people.values_for_doc(doc)) {
            return false;
        }
        if !self.sources.is_empty() && !any(&self.sources, columns.sources.values_for_doc(doc)) {
            return false;
        }
        if self.from.is_some() || self.until.is_some() {
            let Some(dated) = columns.dated.first(doc) else { return false };
            return self.from.is_none_or(|from| dated >= from)
                && self.until.is_none_or(|until| dated < until);
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

/// Whether any value is wanted; everything is where nothing in particular is.
fn any<T: PartialEq>(wanted: &[T], values: impl IntoIterator<Item = T>) -> bool {
    wanted.is_empty() || values.into_iter().any(|value| wanted.contains(&value))
}

/// The start of a day in Amsterdam, in seconds since 1970.
fn midnight(day: jiff::civil::Date) -> i64 {
    let home = moment::zone(moment::HOME_ZONE).unwrap_or(TimeZone::UTC);
    home.to_ambiguous_zoned(day.to_datetime(Time::midnight()))
        .compatible()
        .map_or(i64::MAX, |zoned| zoned.timestamp().as_second())
}
