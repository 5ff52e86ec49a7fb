//! Filters of a search page: facets, dates, and the active filters.

use jiff::{ToSpan, civil::Date};
use schema::{Facets, Kind};

use super::super::{
    PageContext,
    facets::{FacetBuilder, FacetView},
    layout::Link,
    search_href,
};
use crate::{messages::home_day, search_params::SearchParams};

/// The filter form and its current values.
pub(super) struct FiltersView {
    pub(super) facets: Vec<FacetView>,
    /// Whether one facet is shown with all its values.
    pub(super) shows_all_options: bool,
    /// ISO 8601 date, or empty.
    pub(super) from: String,
    /// ISO 8601 date, or empty.
    pub(super) until: String,
    pub(super) active: Vec<ActiveFilter>,
    pub(super) clear_href: String,
    /// Preset periods of events, each with whether it is selected.
    pub(super) presets: Vec<(Link, bool)>,
}

/// An active filter, and the link that removes it.
pub(super) struct ActiveFilter {
    pub(super) label: String,
    pub(super) href: String,
    pub(super) remove_label: String,
}

impl FiltersView {
    pub(super) fn new(
        context: PageContext<'_>,
        parameters: &SearchParams,
        facet_builder: &FacetBuilder<'_>,
        facets: &Facets,
    ) -> Self {
        let date = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let has_presets = parameters.filter.kinds == [Kind::Event];
        Self {
            facets: facet_builder.build(facets),
            shows_all_options: parameters.facet.is_some(),
            from: date(parameters.filter.from),
            until: date(parameters.filter.until),
            active: active(context, parameters, facet_builder),
            clear_href: search_href(context, &parameters.words_only()),
            presets: if has_presets { presets(context, parameters) } else { Vec::new() },
        }
    }
}

fn active(
    context: PageContext<'_>,
    parameters: &SearchParams,
    facet_builder: &FacetBuilder<'_>,
) -> Vec<ActiveFilter> {
    let active_filter = |(name, value): &(&'static str, String)| {
        let label = facet_builder.condition_label(name, value);
        ActiveFilter {
            href: search_href(context, &parameters.without(name, value)),
            remove_label: context.messages.format("search.remove", "label", &label),
            label,
        }
    };
    parameters.conditions().iter().map(active_filter).collect()
}

/// This week, this month, this quarter, and all events that have not ended.
fn presets(context: PageContext<'_>, parameters: &SearchParams) -> Vec<(Link, bool)> {
    let today = home_day(context.now);
    let without_dates =
        parameters.conditions().iter().fold(parameters.clone(), |remaining, (name, value)| {
            match *name {
                "from" | "until" | "phase" => remaining.without(name, value),
                _ => remaining,
            }
        });
    let monday = today.saturating_sub((i64::from(today.weekday().to_monday_zero_offset())).days());
    let month = today.first_of_month();
    let quarter = Date::new(today.year(), (today.month() - 1) / 3 * 3 + 1, 1).unwrap_or(month);
    let periods = [
        ("search.preset_week", monday, monday.saturating_add(6.days())),
        ("search.preset_month", month, month.last_of_month()),
        ("search.preset_quarter", quarter, quarter.saturating_add(2.months()).last_of_month()),
    ];
    let mut presets: Vec<_> = periods
        .into_iter()
        .map(|(key, from, until)| {
            let is_selected =
                parameters.filter.from == Some(from) && parameters.filter.until == Some(until);
            let preset =
                without_dates.with("from", &from.to_string()).with("until", &until.to_string());
            (
                Link {
                    href: search_href(context, &preset),
                    text: context.messages.get(key).to_owned(),
                },
                is_selected,
            )
        })
        .collect();
    let upcoming = without_dates.with("phase", "upcoming").with("phase", "ongoing");
    let is_selected = upcoming.conditions() == parameters.conditions();
    let text = context.messages.get("search.presets_all").to_owned();
    presets.push((Link { href: search_href(context, &upcoming), text }, is_selected));
    presets
}
