//! Facets: the values that refine a search, with the number of hits of each.

use schema::{Facet, FacetCount, FacetValue, Facets, NodeId, NodeKind, Perspective, Record};

use super::{PageContext, record_lookup::RecordsById, search_href};
use crate::{
    messages::Messages,
    search_params::{CITIZEN_AUDIENCES, SearchParams, facets_with_parameter, to_url_value},
};

/// Number of values shown before the facet is folded.
const VISIBLE_OPTIONS: usize = 6;
/// Minimum number of values for which a facet has its own search field.
const SEARCHABLE_OPTIONS_MIN: usize = 10;
/// Maximum number of values per facet in a page; a longer list has its folded values on a page of
/// its own.
const OPTIONS_SENT_MAX: usize = 12;

/// A facet on a page.
pub(super) struct FacetView {
    /// Its URL parameter.
    pub(super) name: &'static str,
    /// Distinguishes facets that share a parameter.
    pub(super) key: &'static str,
    pub(super) title: String,
    pub(super) visible: Vec<FacetOptionView>,
    pub(super) collapsed: Vec<FacetOptionView>,
    /// Link to the page with all values, if this page omits some.
    pub(super) all_href: Option<String>,
    pub(super) searchable: bool,
    /// Label of the button that unfolds the facet.
    pub(super) more_label: String,
    pub(super) search_label: String,
}

/// A value of a facet on a page.
pub(super) struct FacetOptionView {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) count: String,
    pub(super) selected: bool,
}

/// The entities named in the facets of a page. Omitted values are not looked up.
pub(super) fn referenced_ids(facets: &Facets, parameters: &SearchParams) -> Vec<NodeId> {
    let visible = |facet: &Facet| visible_counts(*facet, facets, parameters).0;
    let entity = |count: FacetCount<FacetValue>| match count.value {
        FacetValue::Entity(id) => Some(id),
        FacetValue::Name(_) | FacetValue::Year(_) => None,
    };
    Facet::ALL.iter().flat_map(visible).filter_map(entity).collect()
}

/// The counts that a page shows for a facet, and the number of values it omits. A long list of
/// entities is cut to the first and the selected ones, unless `parameters` request every value.
/// Audiences are never omitted, since a page divides them into two lists.
fn visible_counts(
    facet: Facet,
    facets: &Facets,
    parameters: &SearchParams,
) -> (Vec<FacetCount<FacetValue>>, usize) {
    let mut counts = facets.counts(facet);
    let total = counts.len();
    let is_abridged = total > OPTIONS_SENT_MAX
        && facet.entity_kind().is_some_and(|kind| kind != NodeKind::Audience)
        && parameters.facet != facet.parameter();
    if is_abridged {
        let mut rank = 0;
        counts.retain(|count| {
            rank += 1;
            count.selected || rank <= VISIBLE_OPTIONS
        });
    }
    let hidden = total - counts.len();
    (counts, hidden)
}

/// Builds the facets of one page.
pub(super) struct FacetBuilder<'a> {
    pub(super) messages: &'a Messages,
    pub(super) records_by_id: &'a RecordsById,
    /// The search, which may request every value of one facet.
    pub(super) parameters: &'a SearchParams,
    pub(super) context: PageContext<'a>,
}

impl FacetBuilder<'_> {
    /// Every facet that offers a choice. Facets that share a parameter are merged; audiences are
    /// split in two.
    pub(super) fn build(&self, facets: &Facets) -> Vec<FacetView> {
        let mut views = Vec::new();
        for group in Facet::ALL.chunk_by(|one, next| one.parameter() == next.parameter()) {
            let Some(name) = group[0].parameter() else { continue };
            let visible = group.iter().map(|facet| visible_counts(*facet, facets, self.parameters));
            let (counts, hidden): (Vec<_>, Vec<_>) = visible.unzip();
            let counts = counts.into_iter().flatten();
            if group == [Facet::Audience] {
                let (citizens, professionals) = counts.partition(|count| self.is_citizen(count));
                views.push(self.facet(name, name, self.rows(name, professionals), 0));
                views.push(self.facet(name, CITIZEN_AUDIENCES, self.rows(name, citizens), 0));
            } else {
                let mut rows = self.rows(name, counts.collect());
                if group.len() > 1 {
                    rows = merge_rows(rows);
                }
                views.push(self.facet(name, name, rows, hidden.iter().sum()));
            }
        }
        views.into_iter().flatten().collect()
    }

    fn is_citizen(&self, count: &FacetCount<FacetValue>) -> bool {
        let FacetValue::Entity(id) = count.value else { return false };
        matches!(self.records_by_id.get(id).map(|record| &**record),
            Some(Record::Audience(audience)) if audience.perspective == Perspective::Citizen)
    }

    /// One row per value. Entities that no longer exist are left out.
    fn rows(&self, name: &str, counts: Vec<FacetCount<FacetValue>>) -> Vec<FacetRow> {
        let row = |FacetCount { value, count, selected }: FacetCount<FacetValue>| {
            let url_value = to_url_value(&value.to_string());
            Some((url_value, self.label(name, value)?, count, selected))
        };
        counts.into_iter().filter_map(row).collect()
    }

    /// The label of a value of a parameter's facet; `None` for an entity without a record.
    fn label(&self, parameter: &str, value: FacetValue) -> Option<String> {
        // `kind` is the label of one hit, `kinds` of several.
        let section = if parameter == "kind" { "kinds" } else { parameter };
        match value {
            FacetValue::Name(name) => Some(self.messages.enum_label(section, name)),
            FacetValue::Entity(id) => Some(self.records_by_id.get(id)?.name().to_owned()),
            FacetValue::Year(year) => Some(year.to_string()),
        }
    }

    /// A facet with these rows and `hidden_count` omitted values; `None` if it offers no choice.
    fn facet(
        &self,
        name: &'static str,
        key: &'static str,
        rows: Vec<FacetRow>,
        hidden_count: usize,
    ) -> Option<FacetView> {
        let mut options: Vec<_> = rows
            .into_iter()
            .filter(|(_, _, count, selected)| *count > 0 || *selected)
            .map(|(value, label, count, selected)| {
                let count = self.messages.number(count);
                FacetOptionView { value, label, count, selected }
            })
            .collect();
        let is_useful = options.len() > 1 || options.iter().any(|option| option.selected);
        if !is_useful {
            return None;
        }
        options.sort_by_key(|option| !option.selected);
        let title = self.messages.enum_label("facet", key);
        let total = options.len() + hidden_count;
        let is_truncated = total > OPTIONS_SENT_MAX && self.parameters.facet != Some(key);
        let selected_count = options.iter().filter(|option| option.selected).count();
        // A single folded value would take as much room as the button that unfolds it.
        let visible_count = match total {
            _ if self.parameters.facet == Some(key) || total == VISIBLE_OPTIONS + 1 => total,
            _ => selected_count.max(VISIBLE_OPTIONS),
        };
        let mut collapsed = options.split_off(visible_count.min(options.len()));
        if is_truncated {
            collapsed.clear();
        }
        let all_href = || search_href(self.context, &self.parameters.with_facet(key));
        Some(FacetView {
            name,
            key,
            searchable: total >= SEARCHABLE_OPTIONS_MIN,
            more_label: self.messages.format(
                "search.more",
                "count",
                &self.messages.number(total as u64),
            ),
            search_label: self.messages.format("search.narrow", "facet", &title.to_lowercase()),
            all_href: (is_truncated && options.len() < total)
                .then(|| format!("{}#facet-{key}", all_href())),
            title,
            visible: options,
            collapsed,
        })
    }

    /// The label of a selected filter value.
    pub(super) fn condition_label(&self, name: &str, value: &str) -> String {
        let label = match name {
            "from" | "until" => value
                .parse()
                .ok()
                .map(|day| self.messages.day(day))
                .map(|day| format!("{} {day}", self.messages.enum_label("facet", name))),
            "person" => value.parse().ok().map(|id| self.records_by_id.name(id)),
            _ => facets_with_parameter(name)
                .find_map(|facet| facet.parse(value))
                .and_then(|value| self.label(name, value)),
        };
        label.unwrap_or_else(|| value.to_owned())
    }
}

/// Value, label, count, and whether it is selected.
type FacetRow = (String, String, u64, bool);

/// Merges rows with the same value; highest count first.
fn merge_rows(rows: Vec<FacetRow>) -> Vec<FacetRow> {
    let mut merged: Vec<FacetRow> = Vec::new();
    for row in rows {
        match merged.iter_mut().find(|existing| existing.0 == row.0) {
            Some(existing) => existing.2 += row.2,
            None => merged.push(row),
        }
    }
    merged.sort_by_key(|row| std::cmp::Reverse(row.2));
    merged
}

/// The ids in the filter values of a search.
pub(super) fn condition_ids(parameters: &SearchParams) -> Vec<NodeId> {
    parameters.conditions().iter().filter_map(|(_, value)| value.parse().ok()).collect()
}
