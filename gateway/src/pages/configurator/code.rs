//! Code that shows results, for pages, servers and programs.

use std::fmt::Write as _;

use schema::Facet;
use serde_json::{Map, Value, json};

use super::{CodeBlock, ConfiguratorRequest, ElementView, PageContext, Searched};
use crate::{pages::feed_links, search_params::SearchParams};

/// The query of the example for GraphQL.
const GRAPHQL_QUERY: &str = "query Results($query: String, $filter: SearchFilter, $sort: SearchSort! = RELEVANCE, \
     $first: Int, $wider: Boolean! = false, $literal: Boolean! = false) { \
     search(query: $query, filter: $filter, sort: $sort, first: $first, wider: $wider, literal: $literal) { \
     totalCount nodes { __typename title summary url } } }";

/// Writes code for one search.
pub(super) struct CodeWriter<'a> {
    pub(super) context: PageContext<'a>,
    pub(super) request: &'a ConfiguratorRequest,
    pub(super) searched: &'a Searched,
    pub(super) first: Option<usize>,
}

impl CodeWriter<'_> {
    /// All code, in the order of the page.
    pub(super) fn blocks(&self) -> Vec<CodeBlock> {
        let messages = self.context.messages;
        let block = |id, title: &str, explanation: &str, text| CodeBlock {
            id,
            title: messages.get(title).to_owned(),
            explanation: messages.get(explanation).to_owned(),
            text,
        };
        vec![
            block(
                "element",
                "configurator.element",
                "configurator.element_explanation",
                self.element(),
            ),
            block(
                "integrity",
                "configurator.integrity",
                "configurator.integrity_explanation",
                self.script_with_integrity(),
            ),
            block("frame", "configurator.frame", self.frame_explanation(), self.frame()),
            block(
                "fragment",
                "configurator.fragment",
                "configurator.fragment_explanation",
                format!("curl '{}'", self.embed_url("embed/fragment")),
            ),
            block("feeds", "configurator.feeds", "configurator.feeds_explanation", self.feeds()),
            block(
                "rest",
                "configurator.rest",
                "configurator.rest_explanation",
                format!("curl '{}'", self.url_with_key(self.file("v1/search"), "")),
            ),
            block(
                "graphql",
                "configurator.graphql",
                "configurator.graphql_explanation",
                self.graphql(),
            ),
        ]
    }

    fn feeds(&self) -> String {
        let context = PageContext { has_absolute_links: true, ..self.context };
        let feeds = feed_links::of_search(context, &self.searched.found);
        feeds.into_iter().map(|feed| feed.href).collect::<Vec<_>>().join("\n")
    }

    /// The absolute URL of a file that does not depend on the language.
    fn file(&self, path: &str) -> String {
        self.context.site.root_url(path)
    }

    fn element(&self) -> String {
        let mut attributes = String::new();
        let mut add = |name: &str, value: &str| {
            let value = html_escape::encode_double_quoted_attribute(value);
            let _ = write!(attributes, " {name}=\"{value}\"");
        };
        if !self.request.key.is_empty() {
            add("api-key", &self.request.key);
        }
        // The agenda adds its own conditions.
        let is_agenda = self.request.view == ElementView::Agenda;
        let search = if is_agenda {
            self.searched.requested.without("kind", "event")
        } else {
            self.searched.requested.clone()
        };
        let query = query(&search, self.first);
        if !query.is_empty() {
            add("query", &query);
        }
        if self.context.messages.language != self.context.site.config.default_language {
            add("lang", self.context.messages.language_code());
        }
        if self.request.view == ElementView::Results {
            attributes.push_str(" no-field");
        }
        let name = if is_agenda { "wegwijzer-agenda" } else { "wegwijzer-search" };
        let module = self.file("embed/v1/wegwijzer.js");
        let text = html_escape::encode_text(self.context.messages.get("configurator.fallback"));
        let results = self.results_url();
        let results = html_escape::encode_double_quoted_attribute(&results);
        format!(
            "<script type=\"module\" src=\"{module}\"></script>\n\
             <{name}{attributes}>\n  <a href=\"{results}\">{text}</a>\n</{name}>"
        )
    }

    /// The address of the results for visitors.
    fn results_url(&self) -> String {
        let language = self.context.messages.language;
        self.context.site.absolute(language, &crate::pages::search_path(&self.searched.found))
    }

    fn script_with_integrity(&self) -> String {
        let assets = &self.context.site.assets;
        let asset = assets.named("wegwijzer.js").expect("the module is an asset");
        let integrity = asset.integrity();
        let url = self.file(&format!("assets/{}", asset.hashed));
        format!(
            "<script type=\"module\" src=\"{url}\"\n  integrity=\"{integrity}\" crossorigin=\"anonymous\"></script>"
        )
    }

    /// The absolute URL of embedded results.
    fn embed_url(&self, path: &str) -> String {
        let language = self.context.messages.language;
        let url = self.context.site.absolute(language, path);
        let has_field = path != "embed/frame" || self.request.view == ElementView::Search;
        self.url_with_key(url, if has_field { "" } else { "field=false" })
    }

    /// A URL with the search, the number of results, another parameter and the key.
    fn url_with_key(&self, url: String, other: &str) -> String {
        let mut query = query(&self.searched.shown, self.first);
        if !other.is_empty() {
            query = joined(&query, other);
        }
        if !self.request.key.is_empty() {
            query = joined(&query, &format!("key={}", self.request.key));
        }
        if query.is_empty() { url } else { format!("{url}?{query}") }
    }

    fn frame(&self) -> String {
        let url = self.embed_url("embed/frame");
        let url = html_escape::encode_double_quoted_attribute(&url);
        let title = self.context.messages.get("configurator.frame_title");
        let title = html_escape::encode_double_quoted_attribute(title);
        format!(
            "<iframe src=\"{url}\"\n  title=\"{title}\" width=\"100%\" height=\"600\" loading=\"lazy\"></iframe>"
        )
    }

    fn frame_explanation(&self) -> &'static str {
        match &self.request.partner {
            Some(Ok(partner)) if partner.config.framing => "configurator.frame_explanation",
            Some(Ok(_)) => "configurator.frame_not_allowed",
            _ => "configurator.frame_without_key",
        }
    }

    fn graphql(&self) -> String {
        let found = &self.searched.found;
        let mut variables = Map::new();
        if let Some(words) = &found.words {
            variables.insert("query".to_owned(), json!(words));
        }
        variables.insert("filter".to_owned(), filter(found));
        variables.insert("sort".to_owned(), json!(found.order().name()));
        for (name, is_set) in [("wider", found.wider), ("literal", found.literal)] {
            if is_set {
                variables.insert(name.to_owned(), json!(true));
            }
        }
        variables.insert("first".to_owned(), json!(self.first.unwrap_or(super::FIRST_MAX)));
        let body = json!({ "query": GRAPHQL_QUERY, "variables": variables });
        let body = serde_json::to_string_pretty(&body).expect("values serialise to JSON");
        let url = self.file("graphql");
        // The quotation marks around the name keep the shell from changing the text.
        format!("curl '{url}' -H 'content-type: application/json' --data @- <<'EOF'\n{body}\nEOF")
    }
}

/// The query string of a search with a number of results.
pub(super) fn query(search: &SearchParams, first: Option<usize>) -> String {
    let query = search.query_string();
    match first {
        None => query,
        Some(first) => joined(&query, &format!("first={first}")),
    }
}

fn joined(query: &str, parameter: &str) -> String {
    if query.is_empty() { parameter.to_owned() } else { format!("{query}&{parameter}") }
}

/// The conditions of a search as `SearchFilter` of the contract.
fn filter(search: &SearchParams) -> Value {
    let mut filter = Map::new();
    for facet in Facet::ALL {
        let values = search.filter.selected_values(*facet).into_iter().map(|value| match value {
            schema::FacetValue::Year(year) => json!(year),
            value => json!(value.to_string()),
        });
        let values: Vec<Value> = values.collect();
        if !values.is_empty() {
            filter.insert(camel_case(facet.field()), Value::Array(values));
        }
    }
    let people: Vec<_> = search.filter.people.iter().map(|id| json!(id.to_string())).collect();
    if !people.is_empty() {
        filter.insert("people".to_owned(), Value::Array(people));
    }
    for (name, day) in [("from", search.filter.from), ("until", search.filter.until)] {
        if let Some(day) = day {
            filter.insert(name.to_owned(), json!(day.to_string()));
        }
    }
    Value::Object(filter)
}

/// The name of a field in the contract, such as `articleForms` for `article_forms`.
fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (first, rest) = part.split_at(1);
        text.push_str(&first.to_ascii_uppercase());
        text.push_str(rest);
    }
    text
}
