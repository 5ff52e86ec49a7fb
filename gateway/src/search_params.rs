//! The query string of a search: one meaning behind every door that people and programs use.
//!
//! `q kind form theme community organisation layer audience person language attendance phase year
//! from until sort page`, and for pages `facet`; what is a list may be repeated. A word of a vocabulary
//! is written in lower case with hyphens (`practice-case`), a thing by its id, a day as `2026-03-02`.
//!
//! This module must not know pages, HTTP or GraphQL: a text in, conditions for the catalog out.

use std::{fmt::Write, str::FromStr};

use jiff::civil::Date;
use schema::{
    ArticleForm, CommunityForm, EventForm, Kind, NodeId, NodeKind, SearchFilter, SearchSort,
    ToolkitForm,
};
use url::form_urlencoded;

/// People may turn to this page and no further; narrower questions reach everything.
pub const PAGE_MAX: usize = 50;
/// At most so many values are read from one query string.
pub const VALUES_MAX: usize = 100;
/// At most so many bytes of words are looked for.
pub const WORDS_BYTES_MAX: usize = 1_000;

/// Parameters that hold conditions, in the order in which they are written.
pub const CONDITIONS: [&str; 14] = [
    "kind",
    "form",
    "theme",
    "community",
    "organisation",
    "layer",
    "audience",
    "person",
    "language",
    "attendance",
    "phase",
    "year",
    "from",
    "until",
];

/// Facets of a page. Those of audiences are two, with one parameter.
pub const FACETS: [&str; 12] = [
    "kind",
    "form",
    "theme",
    "community",
    "organisation",
    "layer",
    "audience",
    "audience_citizen",
    "phase",
    "attendance",
    "year",
    "language",
];

/// What a query string asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchParams {
    /// The words, as typed.
    pub words: Option<String>,
    /// The conditions.
    pub filter: SearchFilter,
    /// The order, where one was chosen.
    pub sort: Option<SearchSort>,
    /// Which page, from 1.
    pub page: usize,
    /// The facet of which a page shows all values. It changes nothing in what is found.
    pub facet: Option<&'static str>,
    /// Conditions as they are written, each once, in order.
    conditions: Vec<(&'static str, String)>,
}

/// A value that means nothing; the rest of the query string holds without it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid value for `{name}`: `{value}`")]
pub struct InvalidParameter {
    /// Of which parameter.
    pub name: &'static str,
    /// What was given, shortened.
    pub value: String,
}

impl SearchParams {
    /// Reads a query string. What fits no parameter is left out and named; parameters with other
    /// names mean nothing here.
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
        let order = |name: &str| CONDITIONS.iter().position(|candidate| *candidate == name);
        params.conditions.sort_by(|(one, l), (other, r)| (order(one), l).cmp(&(order(other), r)));
        (params, invalid)
    }

    /// Takes one value; else the parameter that it does not fit.
    fn parse_value(&mut self, name: &str, value: &str) -> Result<(), &'static str> {
        match name {
            "q" if value.len() > WORDS_BYTES_MAX => return Err("q"),
            "q" => self.words = Some(value.to_owned()),
            "sort" => self.sort = Some(value.parse().map_err(|_| "sort")?),
            "page" => {
                let page = value.parse().ok().filter(|page| (1..=PAGE_MAX).contains(page));
                self.page = page.ok_or("page")?;
            }
            "facet" => {
                let facet = FACETS.into_iter().find(|candidate| *candidate == value);
                self.facet = Some(facet.ok_or("facet")?);
            }
            _ => {
                let Some(name) = CONDITIONS.into_iter().find(|candidate| *candidate == name) else {
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

    /// Adds one condition to the filter; how it is written, or nothing where it cannot be read.
    fn add_condition(&mut self, name: &str, value: &str) -> Option<String> {
        let filter = &mut self.filter;
        match name {
            "kind" => enum_value(&mut filter.kinds, value),
            "form" => form(filter, value),
            "theme" => entity(&mut filter.themes, NodeKind::Theme, value),
            "community" => entity(&mut filter.communities, NodeKind::Community, value),
            "organisation" => entity(&mut filter.organisations, NodeKind::Organisation, value),
            "audience" => entity(&mut filter.audiences, NodeKind::Audience, value),
            "person" => entity(&mut filter.people, NodeKind::Person, value),
            "layer" => enum_value(&mut filter.layers, value),
            "language" => enum_value(&mut filter.languages, value),
            "attendance" => enum_value(&mut filter.attendance, value),
            "phase" => enum_value(&mut filter.phases, value),
            "year" => {
                let year: i16 = value.parse().ok()?;
                push_unique(&mut filter.years, year);
                Some(year.to_string())
            }
            "from" => day(&mut filter.from, value),
            "until" => day(&mut filter.until, value),
            _ => None,
        }
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.words.is_none() && self.conditions.is_empty() && self.page == 1
    }

    /// The order: the chosen one, else best first; without words what is to come or what is new.
    pub fn order(&self) -> SearchSort {
        self.sort.unwrap_or(match &self.words {
            Some(_) => SearchSort::Relevance,
            None if self.filter.kinds == [Kind::Event] => SearchSort::Start,
            None => SearchSort::Newest,
        })
    }

    /// The conditions as they are written, each once.
    pub fn conditions(&self) -> &[(&'static str, String)] {
        &self.conditions
    }

    /// The same question with other words, from its first page on.
    #[must_use]
    pub fn with_words(&self, words: Option<&str>) -> Self {
        Self { words: words.map(str::to_owned), page: 1, facet: None, ..self.clone() }
    }

    /// The same question in another order.
    #[must_use]
    pub fn with_sort(&self, sort: SearchSort) -> Self {
        Self { sort: Some(sort), page: 1, facet: None, ..self.clone() }
    }

    /// The same question on another page.
    #[must_use]
    pub fn with_page(&self, page: usize) -> Self {
        Self { page, facet: None, ..self.clone() }
    }

    /// The same question with all values of one facet shown.
    #[must_use]
    pub fn with_facet(&self, facet: &'static str) -> Self {
        Self { page: 1, facet: Some(facet), ..self.clone() }
    }

    /// The same question with one more condition, from its first page on.
    #[must_use]
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut query = self.with_words(self.words.as_deref()).query_string();
        let _ = write!(query, "&{name}={value}");
        Self::parse(&query).0
    }

    /// The same question without one condition, from its first page on.
    #[must_use]
    pub fn without(&self, name: &str, value: &str) -> Self {
        let mut fewer = self.with_words(self.words.as_deref());
        fewer.conditions.retain(|(other, other_value)| *other != name || other_value != value);
        Self::parse(&fewer.query_string()).0
    }

    /// Only the words, without any condition.
    #[must_use]
    pub fn words_only(&self) -> Self {
        Self { words: self.words.clone(), page: 1, ..Self::default() }
    }

    /// The question as a query string, always written the same way; empty where nothing is asked.
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
        if self.page > 1 {
            query.append_pair("page", &self.page.to_string());
        }
        if let Some(facet) = self.facet {
            query.append_pair("facet", facet);
        }
        query.finish()
    }
}

/// A word of a vocabulary as it is written in an address.
pub fn to_url_value(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

fn push_unique<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if !list.contains(&value) {
        list.push(value);
    }
}

fn enum_value<T: FromStr + PartialEq + ToString>(list: &mut Vec<T>, value: &str) -> Option<String> {
    let parsed: T = value.parse().ok()?;
    let text = to_url_value(&parsed.to_string());
    push_unique(list, parsed);
    Some(text)
}

/// A form of any kind of content; `training` is one of toolkits and of events, and finds both.
fn form(filter: &mut SearchFilter, value: &str) -> Option<String> {
    let mut found = None;
    found = enum_value::<ArticleForm>(&mut filter.article_forms, value).or(found);
    found = enum_value::<ToolkitForm>(&mut filter.toolkit_forms, value).or(found);
    found = enum_value::<CommunityForm>(&mut filter.community_forms, value).or(found);
    enum_value::<EventForm>(&mut filter.event_forms, value).or(found)
}

fn entity(list: &mut Vec<NodeId>, kind: NodeKind, value: &str) -> Option<String> {
    let id: NodeId = value.parse().ok().filter(|id: &NodeId| id.kind() == kind)?;
    push_unique(list, id);
    Some(id.to_string())
}

fn day(slot: &mut Option<Date>, value: &str) -> Option<String> {
    let day: Date = value.parse().ok()?;
    *slot = Some(day);
    Some(day.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_string_must_be_normalised_whatever_its_order() {
        let (params, invalid) = SearchParams::parse(
            "year=2025&q=+klantreis+&kind=event&kind=ARTICLE&kind=event&form=practice-case&\
             from=2026-03-02&page=2&utm_source=x&sort=newest&theme=",
        );
        assert_eq!(invalid, []);
        assert_eq!(params.filter.kinds, [Kind::Event, Kind::Article]);
        assert_eq!(
            params.query_string(),
            "q=klantreis&kind=article&kind=event&form=practice-case&year=2025&from=2026-03-02&\
             sort=newest&page=2"
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
            ("facet=person", "facet"),
        ] {
            let (params, invalid) = SearchParams::parse(query);
            assert!(params.is_empty(), "{query}");
            assert_eq!(invalid.iter().map(|parameter| parameter.name).collect::<Vec<_>>(), [name]);
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
}
