//! Merging the fields of several records: precedence and provenance of each field.

use schema::{Moment, Origin, Provenance, SourceName};

use crate::{
    source_facts::{
        ArticleFacts, AudienceFacts, CommunityFacts, Detail, EventFacts, Facts, OrganisationFacts,
        PersonFacts, ThemeFacts, ToolkitFacts,
    },
    store::StoredFacts,
};

/// Merged facts of several records, with the provenance of each field.
pub(crate) struct Merged {
    pub(crate) facts: Facts,
    pub(crate) provenance: Vec<Provenance>,
    pub(crate) sources: Vec<SourceName>,
    pub(crate) origin: Origin,
}

/// Merges the facts of the records of one entity, given in order of precedence; `trust` is that of
/// a source. Records that are inferred to be this entity only add to the others. The kind is that of
/// the first record that states it.
pub(crate) fn merge(
    mut records: Vec<StoredFacts>,
    trust: impl Fn(&SourceName) -> i32,
    is_inferred: impl Fn(&StoredFacts) -> bool,
) -> Option<Merged> {
    records.sort_by_key(&is_inferred);
    for date in [published_at, modified_at] {
        prefer_precise_date(&mut records, &trust, date);
    }
    let deciding =
        records.iter().min_by_key(|one| (is_inferred(one), one.facts.is_kind_assumed))?;
    let detail = empty_detail(&deciding.facts.detail);
    let mut records = records.into_iter();
    let first = records.next()?;
    let has_text = !is_inferred(&first);
    let declared = first.record.source != SourceName::inferred();
    let mut merger = FieldMerger { provided: Vec::new() };
    let mut facts = Facts::empty(detail);
    let mut sources = Vec::new();
    let mut provenance = Vec::new();
    for stored in std::iter::once(first).chain(records) {
        let inferred = stored.record.source == SourceName::inferred();
        if declared && inferred {
            continue;
        }
        let is_member = declared && has_text && is_inferred(&stored);
        let origin = if is_member { Origin::Inferred } else { Origin::Declared };
        merger.merge_facts(&mut facts, stored.facts);
        if !inferred {
            sources.push(stored.record.source.clone());
        }
        let fields = std::mem::take(&mut merger.provided);
        let fields = fields.into_iter().map(str::to_owned).collect();
        provenance.push(Provenance { record: stored.record, fields, origin });
    }
    sources.sort();
    sources.dedup();
    let origin = if declared { Origin::Declared } else { Origin::Inferred };
    Some(Merged { facts, provenance, sources, origin })
}

/// Removes a date from the records before the one that states it most precisely: `2025-03-01` gives
/// way to a time on that day from a source with the same trust.
fn prefer_precise_date(
    records: &mut [StoredFacts],
    trust: impl Fn(&SourceName) -> i32,
    date: fn(&mut Facts) -> &mut Option<Moment>,
) {
    let mut preferred: Option<(Moment, i32)> = None;
    let mut position = 0;
    for (index, stored) in records.iter_mut().enumerate() {
        let Some(moment) = date(&mut stored.facts) else { continue };
        let trust = trust(&stored.record.source);
        let is_preferred = preferred
            .as_ref()
            .is_none_or(|(other, other_trust)| trust == *other_trust && moment.refines(other));
        if is_preferred {
            preferred = Some((moment.clone(), trust));
            position = index;
        }
    }
    for stored in &mut records[..position] {
        *date(&mut stored.facts) = None;
    }
}

fn published_at(facts: &mut Facts) -> &mut Option<Moment> {
    &mut facts.published_at
}

fn modified_at(facts: &mut Facts) -> &mut Option<Moment> {
    &mut facts.modified_at
}

fn empty_detail(detail: &Detail) -> Detail {
    match detail {
        Detail::Article(_) => Detail::Article(ArticleFacts::default()),
        Detail::Toolkit(_) => Detail::Toolkit(ToolkitFacts::default()),
        Detail::Community(_) => Detail::Community(CommunityFacts::default()),
        Detail::Event(_) => Detail::Event(EventFacts::default()),
        Detail::Theme(_) => Detail::Theme(ThemeFacts::default()),
        Detail::Organisation(_) => Detail::Organisation(OrganisationFacts::default()),
        Detail::Person(_) => Detail::Person(PersonFacts::default()),
        Detail::Audience(_) => Detail::Audience(AudienceFacts::default()),
    }
}

/// Merges fields and tracks which of them the current record provided.
struct FieldMerger {
    provided: Vec<&'static str>,
}

/// A single value, from the first record that has it. The same applies to structured lists, since
/// items from different sources cannot be combined.
macro_rules! first {
    ($merging:ident, $into:expr, $from:expr, $($field:ident),+) => {$(
        if MergeField::is_missing(&$into.$field) && !MergeField::is_missing(&$from.$field) {
            $into.$field = $from.$field;
            $merging.provided.push(stringify!($field));
        }
    )+};
}

/// A list of names: the union over all records.
macro_rules! union {
    ($merging:ident, $into:expr, $from:expr, $($field:ident),+) => {$(
        let mut is_new = false;
        for name in $from.$field {
            if !$into.$field.iter().any(|n| schema::normalisation::name(n) == schema::normalisation::name(&name)) {
                $into.$field.push(name);
                is_new = true;
            }
        }
        if is_new {
            $merging.provided.push(stringify!($field));
        }
    )+};
}

trait MergeField {
    fn is_missing(&self) -> bool;
}

impl<T> MergeField for Option<T> {
    fn is_missing(&self) -> bool {
        self.is_none()
    }
}

impl<T> MergeField for Vec<T> {
    fn is_missing(&self) -> bool {
        self.is_empty()
    }
}

impl FieldMerger {
    fn merge_facts(&mut self, into: &mut Facts, from: Facts) {
        let this = &mut *self;
        first!(
            this,
            into,
            from,
            title,
            derived_title,
            predecessor,
            translation_of,
            summary,
            url,
            slug,
            language,
            published_at,
            modified_at,
            image,
            body
        );
        union!(this, into, from, themes, audiences, communities, organisations, people, hashtags);
        match (&mut into.detail, from.detail) {
            (Detail::Article(into), Detail::Article(from)) => {
                first!(this, into, from, form, lead, quotes, references, resources, reports_on);
                union!(this, into, from, authors, interviewees);
            }
            (Detail::Toolkit(into), Detail::Toolkit(from)) => {
                first!(
                    this,
                    into,
                    from,
                    form,
                    external_url,
                    steps,
                    resources,
                    guidelines,
                    origin_community,
                    maturity
                );
                union!(this, into, from, maintainers, aliases);
            }
            (Detail::Community(into), Detail::Community(from)) => {
                first!(
                    this,
                    into,
                    from,
                    form,
                    short_name,
                    question,
                    purpose,
                    founded,
                    member_count,
                    access,
                    join_url,
                    platform_url,
                    layers
                );
                union!(this, into, from, origin_organisations, coordinators, related, aliases);
                first!(this, into, from, variant_of);
            }
            (Detail::Event(into), Detail::Event(from)) => self.merge_event(into, from),
            (into, from) => self.merge_entity(into, from),
        }
    }

    fn merge_event(&mut self, into: &mut EventFacts, from: EventFacts) {
        let this = self;
        // Start, end and rule depend on each other, so they come from the same record.
        if into.start.is_none() && from.start.is_some() {
            (into.end, into.series) = (None, None);
            first!(this, into, from, start, end, series);
        }
        first!(
            this,
            into,
            from,
            uid,
            form,
            status,
            attendance,
            place,
            online_url,
            registration,
            price,
            sessions,
            open_to_non_members,
            recording
        );
        union!(this, into, from, organisers, speakers);
    }

    fn merge_entity(&mut self, into: &mut Detail, from: Detail) {
        let this = self;
        match (into, from) {
            (Detail::Theme(into), Detail::Theme(from)) => {
                first!(this, into, from, definition, broader);
                union!(this, into, from, alt_labels);
            }
            (Detail::Organisation(into), Detail::Organisation(from)) => {
                first!(this, into, from, kind, layer, parent);
                union!(this, into, from, abbreviations, aliases, alliances);
            }
            (Detail::Person(into), Detail::Person(from)) => {
                first!(this, into, from, role, bio);
            }
            (Detail::Audience(into), Detail::Audience(from)) => {
                first!(this, into, from, perspective);
            }
            // A record of another kind with the same URL: the one of higher precedence wins.
            _ => {}
        }
    }
}
