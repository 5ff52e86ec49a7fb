//! Facets: what one can refine a search by, with what one would find.

use schema::{FacetCount, Facets, NodeId, Perspective, Record};

use super::{PageContext, messages::Messages, record_lookup::RecordsById, search_href};
use crate::search_params::{SearchParams, to_url_value};

/// So many values of a facet are shown before it is folded.
const VISIBLE_OPTIONS: usize = 6;
/// From so many values on a facet can be searched.
const SEARCHABLE_OPTIONS_MIN: usize = 10;
/// Of more values than this, those that are folded come only when they are asked for.
const OPTIONS_SENT_MAX: usize = 16;

/// One facet.
pub(super) struct FacetView {
    /// Its parameter.
    pub(super) name: &'static str,
    /// Distinguishes facets with one parameter.
    pub(super) key: &'static str,
    pub(super) title: String,
    pub(super) visible: Vec<FacetOptionView>,
    pub(super) collapsed: Vec<FacetOptionView>,
    /// The page that has all values, where this one has not.
    pub(super) all_href: Option<String>,
    pub(super) searchable: bool,
    /// What unfolds it.
    pub(super) more_label: String,
    /// The label of its own search field.
    pub(super) search_label: String,
}

/// One value.
pub(super) struct FacetOptionView {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) count: String,
    pub(super) selected: bool,
}

/// Every thing that facets name on a page. What a page leaves out is not looked up.
pub(super) fn referenced_ids(facets: &Facets, parameters: &SearchParams) -> Vec<NodeId> {
    let lists = [
        visible_values("theme", &facets.themes, parameters),
        visible_values("community", &facets.communities, parameters),
        visible_values("organisation", &facets.organisations, parameters),
        facets.audiences.iter().collect(),
    ];
    lists.into_iter().flatten().map(|facet| facet.value).collect()
}

/// The values of a list that a page shows, most first: of a long one the first few and what was
/// chosen, unless all were asked for.
fn visible_values<'a>(
    key: &str,
    list: &'a [FacetCount<NodeId>],
    parameters: &SearchParams,
) -> Vec<&'a FacetCount<NodeId>> {
    let shows_all = list.len() <= OPTIONS_SENT_MAX || parameters.facet == Some(key);
    let values = list.iter().enumerate();
    let values =
        values.filter(|(index, facet)| shows_all || *index < VISIBLE_OPTIONS || facet.selected);
    values.map(|(_, facet)| facet).collect()
}

/// Makes the facets of one page.
pub(super) struct FacetBuilder<'a> {
    pub(super) messages: &'static Messages,
    pub(super) records_by_id: &'a RecordsById,
    /// What is asked; one facet may be asked for with all its values.
    pub(super) parameters: &'a SearchParams,
    pub(super) context: PageContext<'a>,
}

impl FacetBuilder<'_> {
    /// All facets that say something.
    pub(super) fn build(&self, facets: &Facets) -> Vec<FacetView> {
        macro_rules! enum_rows {
            ($list:expr, $section:literal) => {
                $list.iter().map(|facet| {
                    let variant = facet.value.name();
                    (
                        to_url_value(variant),
                        self.messages.enum_label($section, variant),
                        facet.count,
                        facet.selected,
                    )
                })
            };
        }
        let rows = |values: Vec<&FacetCount<NodeId>>| -> Vec<FacetRow> {
            let row = |facet: &FacetCount<NodeId>| {
                let name = self.records_by_id.get(facet.value)?.name().to_owned();
                Some((facet.value.to_string(), name, facet.count, facet.selected))
            };
            values.into_iter().filter_map(row).collect()
        };
        let record_facet = |key, list: &[FacetCount<NodeId>]| {
            let visible = visible_values(key, list, self.parameters);
            let hidden_count = list.len() - visible.len();
            self.facet_with_hidden(key, key, rows(visible), hidden_count)
        };
        let forms = enum_rows!(facets.article_forms, "form")
            .chain(enum_rows!(facets.toolkit_forms, "form"))
            .chain(enum_rows!(facets.community_forms, "form"))
            .chain(enum_rows!(facets.event_forms, "form"));
        let (professional, citizen): (Vec<_>, Vec<_>) =
            facets.audiences.iter().partition(|facet| {
                !matches!(self.records_by_id.get(facet.value).map(|record| &**record),
                    Some(Record::Audience(audience)) if audience.perspective == Perspective::Citizen)
            });
        let years = facets.years.iter().map(|facet| {
            let year = facet.value.to_string();
            (year.clone(), year, facet.count, facet.selected)
        });
        let views = [
            self.facet("kind", "kind", enum_rows!(facets.kinds, "kinds").collect()),
            self.facet("form", "form", merge_rows(forms)),
            record_facet("theme", &facets.themes),
            record_facet("community", &facets.communities),
            record_facet("organisation", &facets.organisations),
            self.facet("layer", "layer", enum_rows!(facets.layers, "layer").collect()),
            self.facet("audience", "audience", rows(professional)),
            self.facet("audience", "audience_citizen", rows(citizen)),
            self.facet("phase", "phase", enum_rows!(facets.phases, "phase").collect()),
            self.facet(
                "attendance",
                "attendance",
                enum_rows!(facets.attendance, "attendance").collect(),
            ),
            self.facet("year", "year", years.collect()),
            self.facet("language", "language", enum_rows!(facets.languages, "language").collect()),
        ];
        views.into_iter().flatten().collect()
    }

    fn facet(
        &self,
        name: &'static str,
        key: &'static str,
        rows: Vec<FacetRow>,
    ) -> Option<FacetView> {
        self.facet_with_hidden(name, key, rows, 0)
    }

    /// A facet that has so many more values than the rows.
    fn facet_with_hidden(
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
        // One that would be folded alone takes no more room than what unfolds it.
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

    /// What a chosen condition is called.
    pub(super) fn condition_label(&self, name: &str, value: &str) -> String {
        let variant = value.to_ascii_uppercase().replace('-', "_");
        match name {
            "kind" => self.messages.enum_label("kinds", &variant),
            "form" | "layer" | "language" | "attendance" | "phase" => {
                self.messages.enum_label(name, &variant)
            }
            "from" | "until" => {
                let day =
                    value.parse().map_or_else(|_| value.to_owned(), |day| self.messages.day(day));
                format!("{} {day}", self.messages.enum_label("facet", name))
            }
            "year" => value.to_owned(),
            _ => value.parse().map_or_else(|_| value.to_owned(), |id| self.records_by_id.name(id)),
        }
    }
}

/// Value, label, count, whether it is chosen.
type FacetRow = (String, String, u64, bool);

/// Rows with one value as one row.
fn merge_rows(rows: impl Iterator<Item = FacetRow>) -> Vec<FacetRow> {
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

/// The ids that conditions name.
pub(super) fn condition_ids(parameters: &SearchParams) -> Vec<NodeId> {
    let filter = &parameters.filter;
    let lists = [
        &filter.themes,
        &filter.communities,
        &filter.organisations,
        &filter.audiences,
        &filter.people,
    ];
    lists.into_iter().flatten().copied().collect()
}
