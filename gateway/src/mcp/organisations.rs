//! The tool `who_has_done_this`: organisations with passages about what they did.

use std::fmt::Write;

use schema::{NodeId, Page, Record, SearchExtras, SearchSort};
use schemars::JsonSchema;
use serde::Serialize;

use super::citation::{Citation, CitationContext, EntityNames, NamedEntity, quote};
use crate::{
    error::{ApiError, Result, from_catalog},
    http::search_request::SearchRequest,
    organisation_passage,
    search_params::SearchParams,
};

/// Default number of organisations.
pub(super) const FIRST_DEFAULT: usize = 5;
/// Maximum number of organisations.
pub(super) const FIRST_MAX: usize = 20;
/// Maximum number of records of one organisation.
const RECORDS_MAX: usize = 3;
/// Number of its best records that are searched for a passage that names it.
const CANDIDATES_MAX: usize = 8;
/// Organisations that are compared, for each one in the result.
const COMPARED_PER_RESULT: usize = 2;

/// Organisations in the texts that match: first those that a passage names, with the most texts first.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrganisationList {
    organisations: Vec<OrganisationWork>,
    /// Number of organisations in the texts that match, at most 100.
    total_count: usize,
}

/// An organisation with the best texts about it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OrganisationWork {
    organisation: NamedEntity,
    /// Number of matching texts about it.
    count: u64,
    records: Vec<WorkRecord>,
}

/// A text about an organisation.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct WorkRecord {
    #[serde(flatten)]
    citation: Citation,
    /// Whether the passage names the organisation. If not, read the text with `get` before you
    /// state that the organisation did it.
    names_organisation: bool,
}

/// The organisations of a search.
pub(super) async fn find(
    context: CitationContext<'_>,
    request: &SearchRequest,
) -> Result<OrganisationList> {
    let search = &request.search;
    if search.words.is_none() && search.conditions().is_empty() {
        return Err(ApiError::bad_user_input(
            "state what was done: `q`, or a condition like `theme`",
        ));
    }
    if search.page > 1 {
        return Err(ApiError::bad_user_input(
            "`page`: leave it out; `first` has more organisations",
        ));
    }
    let extras = SearchExtras { total: true, facets: true, ..SearchExtras::default() };
    let query = search.to_query(Page::first(1), extras, context.now);
    let found = context.snapshot.search(query).await.map_err(|error| from_catalog(&error))?;
    if let Some(partner) = &request.partner {
        partner.usage.record_search(found.total.unwrap_or_default());
    }
    let chosen = &search.filter.organisations;
    let counts = found.facets.unwrap_or_default().organisations.into_iter();
    // Counts of a facet ignore the conditions on it.
    let counts: Vec<_> = counts
        .filter(|one| one.count > 0 && (chosen.is_empty() || chosen.contains(&one.value)))
        .collect();
    let first = request.first.unwrap_or(FIRST_DEFAULT);
    let compared = counts.iter().take(first * COMPARED_PER_RESULT);
    let ids: Vec<_> = compared.clone().map(|one| one.value).collect();
    let names = EntityNames::load(context.snapshot, &ids).await;
    let names = names.map_err(|error| from_catalog(&error))?;
    let mut organisations = Vec::new();
    for one in compared {
        if let Some(organisation) = names.entities(&[one.value]).pop() {
            let records = records(context, search, one.value, &organisation.name).await?;
            organisations.push(OrganisationWork { organisation, count: one.count, records });
        }
    }
    // A stable sort: among equals, those with the most texts first.
    organisations.sort_by_key(|one| !one.records.iter().any(|record| record.names_organisation));
    organisations.truncate(first);
    Ok(OrganisationList { organisations, total_count: counts.len() })
}

/// The best texts about an organisation, those with a passage that names it first.
async fn records(
    context: CitationContext<'_>,
    search: &SearchParams,
    id: NodeId,
    organisation: &str,
) -> Result<Vec<WorkRecord>> {
    let mut own = search.clone();
    own.filter.organisations = vec![id];
    own.sort = own.sort.or(own.words.is_none().then_some(SearchSort::Newest));
    let query = own.to_query(Page::first(CANDIDATES_MAX), SearchExtras::default(), context.now);
    let found = context.snapshot.search(query).await.map_err(|error| from_catalog(&error))?;
    let records: Vec<_> = found.hits.into_iter().map(|hit| hit.record).collect();
    let words = search.words.as_deref().unwrap_or_default();
    let passages = organisation_passage::find(context.snapshot, &records, organisation, words);
    let passages = passages.await.map_err(|error| from_catalog(&error))?;
    let work = |(record, passage): (
        &std::sync::Arc<Record>,
        organisation_passage::OrganisationPassage,
    )| {
        let text = quote(&passage.spans);
        WorkRecord {
            citation: Citation {
                passage: (!text.is_empty()).then_some(text),
                ..context.record(record)
            },
            names_organisation: passage.names_organisation,
        }
    };
    let mut work: Vec<_> = records.iter().zip(passages).map(work).collect();
    // A stable sort: among equals, the best first.
    work.sort_by_key(|record| !record.names_organisation);
    work.truncate(RECORDS_MAX);
    Ok(work)
}

impl OrganisationList {
    /// The organisations as text.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{} organisations.\n", self.total_count);
        for one in &self.organisations {
            let NamedEntity { id, name } = &one.organisation;
            let _ = writeln!(text, "\n{name} ({id}): {} texts", one.count);
            for record in &one.records {
                record.citation.write(&mut text, "- ");
                if !record.names_organisation {
                    text.push_str("  The passage does not name the organisation.\n");
                }
            }
        }
        text
    }
}
