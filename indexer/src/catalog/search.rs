//! One search: question ► places in the index ► records of the store ► a page with cursors.

use std::sync::Arc;

use jiff::tz::TimeZone;
use schema::{
    Cursor, CursorError, GenerationNumber, Hit, Interpretation, NodeId, Page, SearchPage,
    SearchQuery, SearchSort, SortValue, moment,
};

use super::{CatalogError, show::show, snapshot::Inside};
use crate::{
    index::{Forms, Found, Place, Plan, Search},
    language::Synonyms,
};

/// No page begins or ends deeper than this in a list; narrower questions reach everything.
pub const SEARCH_WINDOW_MAX: usize = 10_000;
/// Name of that limit towards clients.
const SEARCH_WINDOW: &str = "search_window";

pub(super) fn search(
    inside: &Inside,
    words: (&Synonyms, Forms),
    query: &SearchQuery,
) -> Result<SearchPage, CatalogError> {
    let question = question(query);
    if let Some(cursor) = query.page.cursor() {
        check(cursor, question, query.sort)?;
    }
    // The pages of one list are reckoned by one day, however long somebody reads.
    let day = query.page.cursor().map_or_else(|| today(query), |cursor| cursor.day);
    let (plan, interpretation) = match &query.words {
        Some(typed) => inside.index.plan(typed, words)?,
        None => (None, Interpretation::default()),
    };
    let asked = Asked { inside, query, plan: plan.as_ref(), day };
    let (found, range) = stretch(&asked)?;
    let mut hits = Vec::with_capacity(range.len());
    for (position, place) in found.places.iter().enumerate().take(range.end).skip(range.start) {
        let id = NodeId::from_bits(place.id).map_err(|e| CatalogError::Engine(e.to_string()))?;
        // Index and store are of one generation: a document without a record is damage.
        let record = inside
            .store
            .record(id)?
            .ok_or_else(|| CatalogError::Engine(format!("no record for `{id}`")))?;
        let cursor = Cursor {
            question,
            generation: inside.generation,
            day,
            position: u32::try_from(position).unwrap_or(u32::MAX),
            value: place.value.clone(),
            id,
        };
        hits.push(Hit {
            record: Arc::new(record),
            score: found.score(place),
            cursor,
            highlights: Vec::new(),
            explanation: None,
        });
    }
    show(&asked, &mut hits)?;
    Ok(SearchPage {
        hits,
        has_next: (range.end as u64) < found.total,
        has_previous: range.start > 0,
        total: query.wanted.total.then_some(found.total),
        interpretation,
        continued_from: older(query.page.cursor(), inside.generation),
        facets: found.facets,
    })
}

/// One search.
pub(super) struct Asked<'a> {
    pub(super) inside: &'a Inside,
    pub(super) query: &'a SearchQuery,
    /// What is looked up; `None` for everything.
    pub(super) plan: Option<&'a Plan>,
    /// Days since 1970, by which ages are reckoned.
    pub(super) day: i32,
}

/// Finds enough places to cut the page out of them.
fn stretch(asked: &Asked<'_>) -> Result<(Found, std::ops::Range<usize>), CatalogError> {
    let query = asked.query;
    let size = query.page.size();
    let hint = query.page.cursor().map_or(0, |cursor| cursor.position as usize);
    // Where the cursor stands is known from it; in a later generation it is only a first guess.
    let mut limit = match &query.page {
        Page::Forward { .. } => hint + 1 + size,
        Page::Backward { before: Some(_), .. } => hint + 1,
        Page::Backward { before: None, .. } => SEARCH_WINDOW_MAX,
        Page::Numbered { skipped, .. } => skipped.saturating_add(size),
    };
    loop {
        let beyond = limit > SEARCH_WINDOW_MAX;
        limit = limit.min(SEARCH_WINDOW_MAX);
        let found = find(asked, limit)?;
        let complete = found.places.len() as u64 == found.total;
        let cursor = query.page.cursor().map(place_of);
        let (range, enough) = match &query.page {
            Page::Forward { .. } => {
                let start = cursor.map_or(0, |place| found.first_after(query.sort, &place));
                let end = (start + size).min(found.places.len());
                (start..end, end - start == size)
            }
            Page::Backward { .. } => {
                let end = cursor
                    .map_or(found.places.len(), |place| found.first_not_before(query.sort, &place));
                (end.saturating_sub(size)..end, end < found.places.len())
            }
            Page::Numbered { skipped, .. } => {
                let start = (*skipped).min(found.places.len());
                let end = (start + size).min(found.places.len());
                (start..end, end - start == size)
            }
        };
        if enough || complete {
            return Ok((found, range));
        }
        if beyond || limit == SEARCH_WINDOW_MAX {
            let value = SEARCH_WINDOW_MAX as u64;
            return Err(CatalogError::Limit { name: SEARCH_WINDOW, value });
        }
        limit *= 2;
    }
}

pub(super) fn find(asked: &Asked<'_>, limit: usize) -> Result<Found, CatalogError> {
    let Asked { inside, query, plan, day } = *asked;
    let search = Search {
        plan,
        day,
        filter: &query.filter,
        sort: query.sort,
        now: query.now,
        limit,
        facets: query.wanted.facets,
    };
    Ok(inside.index.search(&search, &inside.times.seconds)?)
}

/// A number that two requests share if they ask for the same list, on every machine.
fn question(query: &SearchQuery) -> u64 {
    let words: Option<Vec<&str>> = query.words.as_deref().map(|w| w.split_whitespace().collect());
    let asked = postcard::to_stdvec(&(words, &query.filter, query.sort));
    let digest = blake3::hash(&asked.expect("plain data always has an encoding"));
    u64::from_le_bytes(digest.as_bytes()[..8].try_into().expect("a digest has 32 bytes"))
}

fn check(cursor: &Cursor, question: u64, sort: SearchSort) -> Result<(), CursorError> {
    let fits = matches!(
        (sort, &cursor.value),
        (SearchSort::Relevance, SortValue::Score(_))
            | (SearchSort::Title, SortValue::Text(_))
            | (SearchSort::Newest | SearchSort::Oldest | SearchSort::Start, SortValue::Number(_))
    );
    if fits && cursor.question == question { Ok(()) } else { Err(CursorError::OtherQuestion) }
}

fn place_of(cursor: &Cursor) -> Place {
    Place { value: cursor.value.clone(), id: cursor.id.to_bits() }
}

/// The generation of a cursor, where it is not the one that answers.
pub(super) fn older(cursor: Option<&Cursor>, now: GenerationNumber) -> Option<GenerationNumber> {
    cursor.map(|cursor| cursor.generation).filter(|generation| *generation != now)
}

/// Days since 1970 in Amsterdam.
pub(super) fn today(query: &SearchQuery) -> i32 {
    let home = moment::zone(moment::HOME_ZONE).unwrap_or(TimeZone::UTC);
    let date = query.now.to_zoned(home).date();
    let epoch = jiff::civil::date(1970, 1, 1);
    date.since(epoch).map_or(0, |span| span.get_days())
}
