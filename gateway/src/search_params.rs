//! The query string of a search, shared by all interfaces for people and programs.
//!
//! Parameters are `q`, those of [`Facet`], `person from until sort wider literal page` and, for pages, `facet`;
//! lists repeat a parameter. Enum values are in lower case with hyphens (`practice-case`), entities
//! are ids, dates have the form `2026-03-02`.
//!
//! This module must not know pages, HTTP or GraphQL: it converts a text to conditions for the
//! catalog.

use std::{collections::BTreeSet, fmt::Write};

use indexer::catalog::SEARCH_QUERY_BYTES_MAX;
use jiff::{Timestamp, civil::Date};
use schema::{
    Facet, Kind, NodeId, NodeKind, Page, SearchExtras, SearchFilter, SearchQuery, SearchSort,
};
use url::form_urlencoded;

/// Maximum page number; more specific queries reach the other results.
pub const PAGE_MAX: usize = 50;
/// Maximum number of values read from one query string.
pub const VALUES_MAX: usize = 100;
/// Parameters of conditions other than facets; they follow the facets in a query string.
const OTHER_CONDITIONS: [&str; 3] = ["person", "from", "until"];

/// Value of `facet` for audiences of citizens, which pages list separately from professionals.
pub const CITIZEN_AUDIENCES: &str = "audience_citizen";

/// The facets with this parameter: several for `form`, none for other conditions.
pub fn facets_with_parameter(name: &str) -> impl Iterator<Item = Facet> {
    Facet::ALL.iter().copied().filter(move |facet| facet.parameter() == Some(name))
}

fn facet_parameters() -> impl Iterator<Item = &'static str> {
    Facet::ALL.iter().filter_map(|facet| facet.parameter())
}

/// Names of the parameters with conditions, in the order of a query string.
fn condition_parameters() -> impl Iterator<Item = &'static str> {
    facet_parameters().chain(OTHER_CONDITIONS)
}

/// Whether a parameter is a condition.
pub fn is_condition(name: &str) -> bool {
    condition_parameters().any(|known| known == name)
}

/// Whether a parameter is one of a search.
pub fn is_parameter(name: &str) -> bool {
    ["q", "sort", "wider", "literal", "page", "facet"].contains(&name) || is_condition(name)
}

/// The parameters of a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchParams {
    /// Search words, as typed.
    pub words: Option<String>,
    /// Filter with all conditions.
    pub filter: SearchFilter,
    /// Sort order, if one was chosen.
    pub sort: Option<SearchSort>,
    /// Whether wider matches count like exact ones.
    pub wider: bool,
    /// Whether words for a kind or a time are searched for like all other words.
    pub literal: bool,
    /// Page number, from 1.
    pub page: usize,
    /// The facet of which a page shows all values; does not affect the results.
    pub facet: Option<&'static str>,
    /// Conditions as parameters, without duplicates, in order.
    conditions: Vec<(&'static str, String)>,
}

/// An invalid parameter value, which is ignored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid value for `{name}`: `{value}`")]
pub struct InvalidParameter {
    /// Name of the parameter.
    pub name: &'static str,
    /// The invalid value, truncated.
    pub value: String,
}

impl SearchParams {
    /// Parses a query string. Invalid values are ignored and reported; unknown parameters are
    /// ignored.
    pub fn parse(query: &str) -> (Self, Vec<InvalidParameter>) {
        let mut params = Self { page: 1, ..Self::default() };
        let mut invalid = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()).take(VALUES_MAX) {
            let value = value.trim();
            if !value.is_empty()
                && let Err(name) = params.parse_value(&name, value)
            {
                let value = value.chars().take(80).collect();
                invalid.push(InvalidParameter { name, value });
            }
        }
        params.sort_conditions();
        (params, invalid)
    }

    /// Orders the conditions as in a query string.
    fn sort_conditions(&mut self) {
        let order = |name: &str| condition_parameters().position(|candidate| candidate == name);
        self.conditions.sort_by(|(one, l), (other, r)| (order(one), l).cmp(&(order(other), r)));
    }

    /// Sets one parameter; returns its name if the value is invalid.
    fn parse_value(&mut self, name: &str, value: &str) -> Result<(), &'static str> {
        match name {
            "q" if value.len() > SEARCH_QUERY_BYTES_MAX => return Err("q"),
            "q" => self.words = Some(value.to_owned()),
            "sort" => self.sort = Some(value.parse().map_err(|_| "sort")?),
            "wider" => self.wider = value.parse().map_err(|_| "wider")?,
            "literal" => self.literal = value.parse().map_err(|_| "literal")?,
            "page" => {
                let page = value.parse().ok().filter(|page| (1..=PAGE_MAX).contains(page));
                self.page = page.ok_or("page")?;
            }
            "facet" => {
                let mut names = facet_parameters().chain([CITIZEN_AUDIENCES]);
                self.facet = Some(names.find(|name| *name == value).ok_or("facet")?);
            }
            _ => {
                let Some(name) = condition_parameters().find(|candidate| *candidate == name) else {
                    return Ok(());
                };
                let url_value = self.add_condition(name, value).ok_or(name)?;
                let is_single = matches!(name, "from" | "until");
                self.conditions.retain(|(other, other_value)| {
                    *other != name || (!is_single && *other_value != url_value)
                });
                self.conditions.push((name, url_value));
            }
        }
        Ok(())
    }

    /// Adds a condition to the filter. Returns its text in a URL, or `None` for an invalid value.
    /// `training` is a form of both toolkits and events, and selects both.
    fn add_condition(&mut self, name: &str, value: &str) -> Option<String> {
        match name {
            "person" => {
                let id: NodeId = value.parse().ok()?;
                let is_new = !self.filter.people.contains(&id);
                (id.kind() == NodeKind::Person).then(|| {
                    self.filter.people.extend(is_new.then_some(id));
                    id.to_string()
                })
            }
            "from" => day(&mut self.filter.from, value),
            "until" => day(&mut self.filter.until, value),
            _ => facets_with_parameter(name)
                .filter_map(|facet| self.filter.select(facet, value))
                .last()
                .map(|value| to_url_value(&value.to_string())),
        }
    }

    /// Whether there are no words and no conditions.
    pub fn is_empty(&self) -> bool {
        self.words.is_none() && self.conditions.is_empty() && self.page == 1
    }

    /// The sort order: the chosen one, or else by relevance; without words, by start for events and
    /// newest first otherwise.
    pub fn order(&self) -> SearchSort {
        self.sort.unwrap_or(match &self.words {
            Some(_) => SearchSort::Relevance,
            None if self.filter.kinds == [Kind::Event] => SearchSort::Start,
            None => SearchSort::Newest,
        })
    }

    /// The query for a page of its results.
    pub fn to_query(&self, page: Page, extras: SearchExtras, now: Timestamp) -> SearchQuery {
        SearchQuery {
            words: self.words.clone(),
            filter: self.filter.clone(),
            sort: self.order(),
            wider: self.wider,
            literal: self.literal,
            page,
            extras,
            now,
        }
    }

    /// The conditions as parameters, without duplicates.
    pub fn conditions(&self) -> &[(&'static str, String)] {
        &self.conditions
    }

    /// The same search with other words, from its first page.
    #[must_use]
    pub fn with_words(&self, words: Option<&str>) -> Self {
        Self { words: words.map(str::to_owned), page: 1, facet: None, ..self.clone() }
    }

    /// The same search in another order.
    #[must_use]
    pub fn with_sort(&self, sort: SearchSort) -> Self {
        Self { sort: Some(sort), page: 1, facet: None, ..self.clone() }
    }

    /// The same search with wider matches, from its first page.
    #[must_use]
    pub fn with_wider(&self) -> Self {
        Self { wider: true, page: 1, facet: None, ..self.clone() }
    }

    /// The same search with all words taken literally, or interpreted, from its first page.
    #[must_use]
    pub fn with_literal_words(&self, literal: bool) -> Self {
        Self { literal, page: 1, facet: None, ..self.clone() }
    }

    /// Another page of the same search.
    #[must_use]
    pub fn with_page(&self, page: usize) -> Self {
        Self { page, facet: None, ..self.clone() }
    }

    /// The same search with all values of one facet shown.
    #[must_use]
    pub fn with_facet(&self, facet: &'static str) -> Self {
        Self { page: 1, facet: Some(facet), ..self.clone() }
    }

    /// The same search with one more condition, from its first page.
    #[must_use]
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut query = self.with_words(self.words.as_deref()).query_string();
        let _ = write!(query, "&{name}={value}");
        Self::parse(&query).0
    }

    /// The same search with the conditions of a filter on enum values and dates instead of those on
    /// the same facets, from its first page; `None` if a condition has no parameter.
    pub fn with_filter(&self, filter: &SearchFilter) -> Option<Self> {
        let mut conditions = Vec::new();
        for facet in Facet::ALL {
            for value in filter.selected_values(*facet) {
                conditions.push((facet.parameter()?, to_url_value(&value.to_string())));
            }
        }
        for (name, day) in [("from", filter.from), ("until", filter.until)] {
            conditions.extend(day.map(|day| (name, day.to_string())));
        }
        let mut fewer = self.clone();
        fewer.conditions.retain(|(name, _)| conditions.iter().all(|(other, _)| other != name));
        let fewer = Self::parse(&fewer.query_string()).0;
        Some(conditions.iter().fold(fewer, |params, (name, value)| params.with(name, value)))
    }

    /// The same search without one condition, from its first page.
    #[must_use]
    pub fn without(&self, name: &str, value: &str) -> Self {
        let mut fewer = self.with_words(self.words.as_deref());
        fewer.conditions.retain(|(other, other_value)| *other != name || other_value != value);
        Self::parse(&fewer.query_string()).0
    }

    /// The search within the conditions of another one: it has them where it has none of its own.
    ///
    /// # Errors
    /// The first parameter that goes beyond them.
    pub fn within(&self, outer: &Self) -> Result<Self, InvalidParameter> {
        let names: BTreeSet<&str> = outer.conditions.iter().map(|(name, _)| *name).collect();
        let has = |name: &str| self.conditions.iter().any(|(own, _)| *own == name);
        let is_within = |name: &str, value: &str| match name {
            // Dates in this form have the order of their texts.
            "from" => outer.conditions.iter().all(|(other, day)| *other != name || **day <= *value),
            "until" => {
                outer.conditions.iter().all(|(other, day)| *other != name || **day >= *value)
            }
            _ => outer.conditions.iter().any(|(other, own)| *other == name && own == value),
        };
        for (name, value) in self.conditions.iter().filter(|(name, _)| names.contains(name)) {
            if !is_within(name, value) {
                return Err(InvalidParameter { name, value: value.clone() });
            }
        }
        // Not by a query string: one with many values would lose the last of them.
        let mut inner = self.clone();
        for (name, value) in outer.conditions.iter().filter(|(name, _)| !has(name)) {
            let value = inner.add_condition(name, value).unwrap_or_else(|| value.clone());
            inner.conditions.push((name, value));
        }
        inner.sort_conditions();
        Ok(inner)
    }

    /// The same search for events, by start unless it has another order; `None` if it is for other
    /// kinds.
    pub fn events_only(&self) -> Option<Self> {
        let kinds = &self.filter.kinds;
        let has_events = kinds.is_empty() || kinds.contains(&Kind::Event);
        // Not by a query string: one with many values would lose the last of them.
        let mut events = self.clone();
        events.filter.kinds = vec![Kind::Event];
        events.conditions.retain(|(name, _)| *name != "kind");
        events.conditions.push(("kind", to_url_value(Kind::Event.name())));
        events.sort_conditions();
        events.sort = Some(self.sort.unwrap_or(SearchSort::Start));
        has_events.then_some(events)
    }

    /// The search with these words only, without conditions.
    #[must_use]
    pub fn words_only(&self) -> Self {
        Self { words: self.words.clone(), page: 1, ..Self::default() }
    }

    /// The normalised query string; empty for an empty search.
    pub fn query_string(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(words) = &self.words {
            query.append_pair("q", words);
        }
        for (name, value) in &self.conditions {
            query.append_pair(name, value);
        }
        if let Some(sort) = self.sort {
            query.append_pair("sort", &to_url_value(sort.name()));
        }
        if self.wider {
            query.append_pair("wider", "true");
        }
        if self.literal {
            query.append_pair("literal", "true");
        }
        if self.page > 1 {
            query.append_pair("page", &self.page.to_string());
        }
        if let Some(facet) = self.facet {
            query.append_pair("facet", facet);
        }
        query.finish()
    }
}

/// An enum value as written in a URL.
pub fn to_url_value(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

fn day(slot: &mut Option<Date>, value: &str) -> Option<String> {
    let day: Date = value.parse().ok()?;
    *slot = Some(day);
    Some(day.to_string())
}

#[cfg(test)]
mod tests {
    use schema::{EventForm, ToolkitForm};

    use super::*;

    #[test]
    fn a_query_string_must_be_normalised_whatever_its_order() {
        let (params, invalid) = SearchParams::parse(
            "year=2025&q=+klantreis+&kind=event&kind=ARTICLE&kind=event&form=practice-case&\
             from=2026-03-02&page=2&literal=true&wider=true&utm_source=x&sort=newest&theme=",
        );
        assert_eq!(invalid, []);
        assert_eq!(params.filter.kinds, [Kind::Event, Kind::Article]);
        assert_eq!(
            params.query_string(),
            "q=klantreis&kind=article&kind=event&form=practice-case&year=2025&from=2026-03-02&\
             sort=newest&wider=true&literal=true&page=2"
        );
        assert_eq!(
            SearchParams::parse(&params.query_string()).0.query_string(),
            params.query_string()
        );
        assert_eq!(params.without("kind", "event").filter.kinds, [Kind::Article]);
        assert_eq!(params.with("kind", "toolkit").page, 1);
    }

    #[test]
    fn an_invalid_value_must_be_reported_and_ignored() {
        for (query, name) in [
            ("kind=person", "kind"),
            ("theme=a000000000000", "theme"),
            ("person=a000000000000", "person"),
            ("theme=%3Cscript%3E", "theme"),
            ("year=many", "year"),
            ("from=2026-02-30", "from"),
            ("page=0", "page"),
            ("page=51", "page"),
            ("sort=best", "sort"),
            ("wider=yes", "wider"),
            ("literal=1", "literal"),
            ("facet=person", "facet"),
        ] {
            let (params, invalid) = SearchParams::parse(query);
            assert!(params.is_empty(), "{query}");
            assert_eq!(invalid.iter().map(|parameter| parameter.name).collect::<Vec<_>>(), [name]);
        }
    }

    #[test]
    fn a_search_must_stay_within_another() {
        let parse = |query: &str| SearchParams::parse(query).0;
        let outer = parse("kind=event&kind=toolkit&year=2026&from=2026-02-01&until=2026-11-30");
        for (query, expected) in [
            ("q=a", Ok("q=a&kind=event&kind=toolkit&year=2026&from=2026-02-01&until=2026-11-30")),
            (
                "kind=event&form=webinar&from=2026-03-02&until=2026-03-31&page=2",
                Ok("kind=event&form=webinar&year=2026&from=2026-03-02&until=2026-03-31&page=2"),
            ),
            ("kind=article", Err("kind")),
            ("kind=event&kind=article", Err("kind")),
            ("year=2025", Err("year")),
            ("from=2026-01-31", Err("from")),
            ("until=2026-12-01", Err("until")),
        ] {
            let found = parse(query).within(&outer);
            let found = found.map(|params| params.query_string()).map_err(|error| error.name);
            assert_eq!(found, expected.map(str::to_owned), "{query}");
        }
        assert_eq!(parse("q=a").within(&SearchParams::default()), Ok(parse("q=a")));
        // As many values as a query string may have.
        let years: Vec<_> = (1900..1999).map(|year| format!("&year={year}")).collect();
        let inner = parse(&format!("q=a{}", years.concat())).within(&parse("kind=event")).unwrap();
        assert_eq!(
            (inner.filter.kinds.as_slice(), inner.filter.years.len()),
            ([Kind::Event].as_slice(), 99)
        );
    }

    #[test]
    fn a_search_for_events_must_only_find_events() {
        let years: Vec<_> = (1900..2000).map(|year| format!("year={year}")).collect();
        let (many, _) = SearchParams::parse(&years.join("&"));
        assert_eq!(many.filter.years.len(), VALUES_MAX);
        let events = many.events_only().expect("it has no other kind");
        assert_eq!(
            (events.filter.kinds, events.filter.years.len()),
            (vec![Kind::Event], VALUES_MAX)
        );
        let events = |query: &str| Some(SearchParams::parse(query).0.events_only()?.query_string());
        for (query, expected) in [
            ("q=brief", Some("q=brief&kind=event&sort=start")),
            ("kind=event&sort=newest", Some("kind=event&sort=newest")),
            ("kind=article&kind=event&page=2", Some("kind=event&sort=start&page=2")),
            ("kind=article", None),
        ] {
            assert_eq!(events(query).as_deref(), expected, "{query}");
        }
    }

    #[test]
    fn a_form_that_two_kinds_have_must_find_both() {
        let (params, _) = SearchParams::parse("form=training");
        assert_eq!(params.filter.toolkit_forms, [ToolkitForm::Training]);
        assert_eq!(params.filter.event_forms, [EventForm::Training]);
    }

    #[test]
    fn without_words_what_is_to_come_or_new_must_go_first() {
        for (query, sort) in [
            ("q=a", SearchSort::Relevance),
            ("kind=event", SearchSort::Start),
            ("kind=article", SearchSort::Newest),
            ("q=a&sort=title", SearchSort::Title),
        ] {
            assert_eq!(SearchParams::parse(query).0.order(), sort, "{query}");
        }
    }

    #[test]
    fn every_facet_with_a_parameter_must_be_parsed_and_written() {
        for facet in Facet::ALL {
            let Some(name) = facet.parameter() else { continue };
            let value = match facet.entity_kind() {
                Some(kind) => NodeId::new(kind, 7).to_string(),
                None => {
                    ["event", "blog", "own", "training", "rijk", "past", "online", "2026", "nl"]
                        .into_iter()
                        .find(|value| facet.parse(value).is_some())
                        .unwrap()
                        .to_owned()
                }
            };
            let query = format!("{name}={value}&facet={name}");
            let (params, invalid) = SearchParams::parse(&query);
            assert_eq!((params.query_string(), invalid), (query, Vec::new()));
            assert_eq!(params.filter.selected(*facet).len(), 1, "{facet:?}");
        }
    }
}
