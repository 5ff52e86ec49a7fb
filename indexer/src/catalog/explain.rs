//! Where one piece of content stands in the answer to a question, or why it does not.

use jiff::Timestamp;
use schema::{
    Explanation, Interpretation, NodeId, Page, Record, SearchFilter, SearchQuery, SearchSort,
    Wanted,
};

use super::{
    CatalogError, SEARCH_WINDOW_MAX,
    search::{Asked, find, today},
    snapshot::Inside,
};
use crate::{
    index::{Absence, Forms, Found, IndexReader, Look, explanation},
    language::Synonyms,
};

/// What became of one piece of content when a question was asked.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The content.
    pub record: Record,
    /// Its place in the list, from one; `None` where it is not listed.
    pub place: Option<u64>,
    /// How many are listed.
    pub total: u64,
    /// Its score; zero where it is not listed.
    pub score: f32,
    /// What each word brought; `None` where the question asks for nothing.
    pub explanation: Option<Explanation>,
    /// Why it is not listed, where it is not.
    pub absence: Option<Absence>,
    /// What is listed in its place, where that is why.
    pub instead: Option<Record>,
    /// What was made of the words.
    pub interpretation: Interpretation,
}

/// `None` where there is no content with this id.
pub(super) fn explain(
    inside: &Inside,
    synonyms: &Synonyms,
    (words, id): (&str, NodeId),
    now: Timestamp,
) -> Result<Option<Standing>, CatalogError> {
    let record = inside.store.record(inside.store.resolve(id)?)?;
    let Some(record) = record.filter(|record| record.common().is_some()) else { return Ok(None) };
    let query = SearchQuery {
        words: Some(words.to_owned()),
        filter: SearchFilter::default(),
        sort: SearchSort::Relevance,
        page: Page::Forward { first: SEARCH_WINDOW_MAX, after: None },
        wanted: Wanted::default(),
        now,
    };
    let (plan, interpretation) = inside.index.plan(words, (synonyms, Forms::All))?;
    let day = today(&query);
    let asked = Asked { inside, query: &query, plan: plan.as_ref(), day };
    let found = find(&asked, SEARCH_WINDOW_MAX)?;
    let bits = record.id().to_bits();
    let place = found.places.iter().position(|place| place.id == bits);
    let score = place.map_or(0.0, |place| found.score(&found.places[place]));
    let mut standing = Standing {
        place: place.map(|place| place as u64 + 1),
        total: found.total,
        score,
        explanation: None,
        absence: None,
        instead: None,
        interpretation,
        record,
    };
    if let Some(plan) = &plan {
        let matches = inside.index.matches(plan, &[bits], Look::PlacesAndScores)?;
        let raised = IndexReader::raised(&standing.record, &inside.times.seconds, now, day);
        let matches = matches.into_iter().next().unwrap_or_default();
        let reasons = explanation(&standing.record, (plan, &matches), (score, raised));
        standing.explanation = Some(reasons);
        if place.is_none() {
            standing.absence = Some(inside.index.absence(plan, &matches)?);
            standing.instead = instead(inside, bits, &found)?;
            if let Some(record) = &standing.instead {
                standing.absence = Some(Absence::SameAs(record.id()));
            }
        }
    }
    Ok(Some(standing))
}

/// The near-duplicate that is listed in the place of a document.
fn instead(inside: &Inside, bits: u64, found: &Found) -> Result<Option<Record>, CatalogError> {
    let Some(group) = inside.index.group(bits)? else { return Ok(None) };
    for place in &found.places {
        if inside.index.group(place.id)? == Some(group) {
            let id = NodeId::from_bits(place.id);
            let id = id.map_err(|error| CatalogError::Engine(error.to_string()))?;
            return Ok(inside.store.record(id)?);
        }
    }
    Ok(None)
}
