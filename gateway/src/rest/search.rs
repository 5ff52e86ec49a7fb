//! Results of a search as JSON.

use bytes::Bytes;
use indexer::catalog::Snapshot;
use jiff::Timestamp;
use poem_openapi::{Object, types::ToJSON};
use schema::{Cursor, Facet, FacetValue, Hit, Page, SearchExtras, SearchPage};

use super::{
    content::ContentJson,
    converter::RestConverter,
    scalar::{MatchClassName, SearchFieldName},
};
use crate::{
    blocking,
    config::Config,
    error::{ApiError, Result, from_catalog},
    http::search_request::SearchRequest,
    search_params::to_url_value,
};

/// Default number of results.
pub(super) const FIRST_DEFAULT: usize = 20;

/// Results of a search, in order.
#[derive(Object)]
#[oai(rename = "SearchResults", rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct ResultsJson {
    items: Vec<ResultJson>,
    /// Number of exact matches; of all matches if the wider ones count.
    total_count: u64,
    /// Number of wider matches.
    wider_count: u64,
    interpretation: InterpretationJson,
    /// Counts per facet, with `facets=true`.
    facets: Option<Vec<FacetJson>>,
    links: LinksJson,
    /// Number of the generation, which `export` accepts.
    generation: u64,
    /// The generation of `after`, if it differs: the list then continues after the same position.
    continued_from_generation: Option<u64>,
}

/// Links to this page and to the next one.
#[derive(Object)]
#[oai(rename = "Links", rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct LinksJson {
    /// URL of the next page; absent on the last one.
    pub(super) next: Option<String>,
    /// URL of the page for people with the same results.
    pub(super) page: Option<String>,
}

/// A result: content, and the passages with words of the query.
#[derive(Object)]
#[oai(rename = "SearchResult", rename_all = "camelCase")]
struct ResultJson {
    content: ContentJson,
    r#match: MatchClassName,
    /// Relevance; comparable only within one response.
    score: f32,
    passages: Vec<PassageJson>,
}

/// A passage of a record.
#[derive(Object)]
#[oai(rename = "Passage", rename_all = "camelCase")]
struct PassageJson {
    field: SearchFieldName,
    spans: Vec<SpanJson>,
}

/// Plain text, never HTML.
#[derive(Object)]
#[oai(rename = "Span", rename_all = "camelCase")]
struct SpanJson {
    text: String,
    /// Whether it matches the query.
    hit: bool,
}

/// How the words were interpreted.
#[derive(Object)]
#[oai(rename = "Interpretation", rename_all = "camelCase", skip_serializing_if_is_none)]
struct InterpretationJson {
    /// The words as typed.
    query: String,
    /// A similar query with more results.
    did_you_mean: Option<String>,
    /// The query that was executed, because the words as typed match nothing.
    corrected: Option<String>,
    ignored_words: Vec<String>,
    /// Labels of the vocabulary that were searched for as well.
    related_terms: Vec<String>,
}

/// Counts of one facet. They ignore the conditions on the facet itself.
#[derive(Object)]
#[oai(rename = "Facet", rename_all = "camelCase")]
struct FacetJson {
    /// Name of its parameter.
    parameter: String,
    values: Vec<FacetCountJson>,
}

/// A value of a facet.
#[derive(Object)]
#[oai(rename = "FacetCount", rename_all = "camelCase")]
struct FacetCountJson {
    /// Value for its parameter.
    value: String,
    count: u64,
    /// Whether it is a condition of this search.
    selected: bool,
}

/// A search for a program.
pub(super) struct RestSearch {
    pub(super) request: SearchRequest,
    pub(super) after: Option<Cursor>,
    /// Whether facets are counted.
    pub(super) facets: bool,
    /// The URL of this request without `after` and `page`.
    pub(super) base_url: String,
}

impl RestSearch {
    fn first(&self) -> usize {
        self.request.first.unwrap_or(FIRST_DEFAULT)
    }

    fn page(&self) -> Page {
        let (first, number) = (self.first(), self.request.search.page.max(1));
        match &self.after {
            None if number > 1 => Page::Offset { limit: first, offset: (number - 1) * first },
            after => Page::Forward { first, after: after.clone() },
        }
    }

    /// The results as JSON.
    pub(super) async fn run(
        &self,
        config: &Config,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<Bytes> {
        let search = &self.request.search;
        let extras = SearchExtras {
            total: true,
            facets: self.facets,
            highlights: true,
            ..SearchExtras::default()
        };
        let query = search.to_query(self.page(), extras, now);
        let found = snapshot.search(query).await.map_err(|error| from_catalog(&error))?;
        if let Some(partner) = &self.request.partner {
            partner.usage.record_search(found.total.unwrap_or_default());
        }
        let records: Vec<_> = found.hits.iter().map(|hit| hit.record.clone()).collect();
        let converter = RestConverter::load((config, snapshot), now, &records).await;
        let converter = converter.map_err(|error| from_catalog(&error))?;
        let results = self.results(&converter, found);
        Ok(to_bytes(results).await)
    }

    fn results(&self, converter: &RestConverter<'_>, found: SearchPage) -> ResultsJson {
        let interpretation = found.interpretation;
        let next = found.hits.last().filter(|_| found.has_next).map(|hit| {
            let separator = if self.base_url.contains('?') { '&' } else { '?' };
            format!("{}{separator}after={}", self.base_url, hit.cursor)
        });
        let requested = self.request.requested.query_string();
        let page = converter.config.public_url.as_str();
        let page =
            if requested.is_empty() { page.to_owned() } else { format!("{page}?{requested}") };
        ResultsJson {
            items: found.hits.iter().filter_map(|hit| result(converter, hit)).collect(),
            total_count: found.total.unwrap_or_default(),
            wider_count: found.wider_total.unwrap_or_default(),
            interpretation: InterpretationJson {
                query: interpretation.query,
                did_you_mean: interpretation.did_you_mean,
                corrected: interpretation.corrected,
                ignored_words: interpretation.ignored_words,
                related_terms: interpretation.related.into_iter().map(|term| term.label).collect(),
            },
            facets: found.facets.map(|facets| {
                Facet::ALL
                    .iter()
                    .filter_map(|facet| {
                        let counts =
                            facets.counts(*facet).into_iter().map(|count| FacetCountJson {
                                value: facet_value(count.value),
                                count: count.count,
                                selected: count.selected,
                            });
                        Some(FacetJson {
                            parameter: facet.parameter()?.to_owned(),
                            values: counts.collect(),
                        })
                    })
                    .collect()
            }),
            links: LinksJson { next, page: Some(page) },
            generation: converter.snapshot.generation().0,
            continued_from_generation: found.continued_from.map(|generation| generation.0),
        }
    }
}

fn result(converter: &RestConverter<'_>, hit: &Hit) -> Option<ResultJson> {
    let passages = hit.highlights.iter().flat_map(|highlight| {
        highlight.fragments.iter().map(|fragment| PassageJson {
            field: highlight.field.into(),
            spans: fragment
                .iter()
                .map(|span| SpanJson { text: span.text.clone(), hit: span.highlighted })
                .collect(),
        })
    });
    Some(ResultJson {
        content: converter.content(&hit.record)?,
        r#match: hit.match_class.into(),
        score: hit.score,
        passages: passages.collect(),
    })
}

/// A value as written in a query string.
fn facet_value(value: FacetValue) -> String {
    to_url_value(&value.to_string())
}

/// A cursor of a list.
///
/// # Errors
/// If it is none.
pub(crate) fn cursor(text: Option<String>) -> Result<Option<Cursor>> {
    let cursor = text.map(|text| text.parse::<Cursor>()).transpose();
    cursor.map_err(|error| ApiError::bad_user_input(format!("`after`: {error}")))
}

/// A value as JSON, serialised off the runtime.
pub(super) async fn to_bytes<T: ToJSON + Send + 'static>(value: T) -> Bytes {
    blocking::run(usize::MAX, move || Bytes::from(value.to_json_string())).await
}
