//! Search: query ► ranked hits in the index ► records from the store ► page with cursors.

pub(super) mod annotate;

use std::sync::Arc;

use jiff::{Span, civil, civil::Date, tz::TimeZone};
use schema::{
    Cursor, CursorError, GenerationNumber, Hit, Interpretation, MatchClass, NodeId, Page,
    Preference, SearchPage, SearchQuery, SearchSort, SortValue, moment,
};

use self::annotate::annotate;
use super::{CatalogError, open_generation::OpenGeneration};
use crate::{
    analysis::Vocabulary,
    cancellation::Cancellation,
    index::{Plan, PlanOptions, RankedHit, Search, SearchResult},
};

/// Maximum depth of a page in a list of results. A narrower query makes the rest accessible.
pub const SEARCH_WINDOW_MAX: usize = 10_000;
/// Name of this limit in errors.
const SEARCH_WINDOW: &str = "search_window";
/// Maximum length of the words of a query in bytes, with their operators.
pub const SEARCH_QUERY_BYTES_MAX: usize = 1_000;
/// Name of that limit towards clients.
const SEARCH_QUERY: &str = "search_query_bytes_max";

pub(super) fn search(
    generation: &OpenGeneration,
    vocabulary: &Vocabulary,
    query: &SearchQuery,
    cancellation: &Cancellation,
) -> Result<SearchPage, CatalogError> {
    let query_hash = query_hash(query);
    if let Some(cursor) = query.page.cursor() {
        check_cursor(cursor, query_hash, query.sort)?;
    }
    // All pages of a list use the day of the first page, however long the user takes.
    let day = query.page.cursor().map_or_else(|| days_since_epoch(query), |cursor| cursor.day);
    let (plan, interpretation) = match &query.words {
        Some(typed) => {
            let today = (!query.literal).then(|| date_of(day));
            plan_query(generation, (vocabulary, today), typed, cancellation)?
        }
        None => (None, Interpretation::default()),
    };
    let preferences = &interpretation.preferences;
    let plan = plan.as_ref();
    let context = SearchContext { generation, query, plan, preferences, day, cancellation };
    let (results, range) = page_range(&context)?;
    let mut hits = Vec::with_capacity(range.len());
    for (position, ranked_hit) in results.hits.iter().enumerate().take(range.end).skip(range.start)
    {
        let id = NodeId::from_bits(ranked_hit.id)?;
        let record = generation.store.record(id)?.ok_or(CatalogError::MissingRecord(id))?;
        let cursor = Cursor {
            query_hash,
            generation: generation.number,
            day,
            position: u32::try_from(position).unwrap_or(u32::MAX),
            value: ranked_hit.value.clone(),
            id,
        };
        hits.push(Hit {
            record: Arc::new(record),
            score: results.score(ranked_hit),
            match_class: ranked_hit.class,
            cursor,
            highlights: Vec::new(),
            matched_part: None,
            explanation: None,
        });
    }
    annotate(&context, &mut hits)?;
    let about = match &query.words {
        Some(words) if query.extras.about => generation.names()?.entity_named(words),
        _ => None,
    };
    Ok(SearchPage {
        hits,
        has_next: (range.end as u64) < results.listed,
        has_previous: range.start > 0,
        total: query.extras.total.then_some(results.total),
        wider_total: query.extras.total.then_some(results.wider),
        wider_included: results.wider_included,
        about,
        interpretation,
        continued_from: previous_generation(query.page.cursor(), generation.number),
        facets: results.facets,
    })
}

/// Plans a query within the limit of its length, whichever interface it comes from. Without a day,
/// its words are taken literally.
pub(super) fn plan_query(
    generation: &OpenGeneration,
    (vocabulary, today): (&Vocabulary, Option<Date>),
    typed: &str,
    cancellation: &Cancellation,
) -> Result<(Option<Plan>, Interpretation), CatalogError> {
    if typed.len() > SEARCH_QUERY_BYTES_MAX {
        let value = SEARCH_QUERY_BYTES_MAX as u64;
        return Err(CatalogError::Limit { name: SEARCH_QUERY, value });
    }
    let visible = generation.store.visible_words(typed);
    let typed = &*visible;
    let options = PlanOptions { vocabulary, today, names: None, cancellation };
    let (plan, interpretation) = generation.index.plan(typed, options)?;
    if interpretation.corrected.is_none() {
        return Ok((plan, interpretation));
    }
    // A declared name is not a typing error, even if no text contains it.
    let names = generation.names()?;
    if !names.has_word_of(typed) {
        return Ok((plan, interpretation));
    }
    let names = Some(names.words());
    Ok(generation.index.plan(typed, PlanOptions { names, ..options })?)
}

/// One search.
pub(super) struct SearchContext<'a> {
    pub(super) generation: &'a OpenGeneration,
    pub(super) query: &'a SearchQuery,
    /// The compiled words; `None` matches everything.
    pub(super) plan: Option<&'a Plan>,
    /// What the words prefer.
    pub(super) preferences: &'a [Preference],
    /// Days since 1970, from which the age of content is computed.
    pub(super) day: i32,
    pub(super) cancellation: &'a Cancellation,
}

/// Searches until there are enough hits for the page.
fn page_range(
    context: &SearchContext<'_>,
) -> Result<(SearchResult, std::ops::Range<usize>), CatalogError> {
    let query = context.query;
    let size = query.page.size();
    let hint = query.page.cursor().map_or(0, |cursor| cursor.position as usize);
    // A cursor stores its position; in a later generation this is only an estimate.
    let mut limit = match &query.page {
        Page::Forward { .. } => hint + 1 + size,
        Page::Backward { before: Some(_), .. } => hint + 1,
        Page::Backward { before: None, .. } => SEARCH_WINDOW_MAX,
        Page::Offset { offset, .. } => offset.saturating_add(size),
    };
    loop {
        let exceeds_window = limit > SEARCH_WINDOW_MAX;
        limit = limit.min(SEARCH_WINDOW_MAX);
        let results = run_search(context, limit)?;
        let complete = results.hits.len() as u64 == results.listed;
        let cursor = query.page.cursor().map(cursor_position);
        let (range, is_full) = match &query.page {
            Page::Forward { .. } => {
                let start = cursor.map_or(0, |position| results.first_after(query.sort, &position));
                let end = (start + size).min(results.hits.len());
                (start..end, end - start == size)
            }
            Page::Backward { .. } => {
                let end = cursor.map_or(results.hits.len(), |position| {
                    results.first_not_before(query.sort, &position)
                });
                (end.saturating_sub(size)..end, end < results.hits.len())
            }
            Page::Offset { offset, .. } => {
                let start = (*offset).min(results.hits.len());
                let end = (start + size).min(results.hits.len());
                (start..end, end - start == size)
            }
        };
        if is_full || complete {
            return Ok((results, range));
        }
        if exceeds_window || limit == SEARCH_WINDOW_MAX {
            let value = SEARCH_WINDOW_MAX as u64;
            return Err(CatalogError::Limit { name: SEARCH_WINDOW, value });
        }
        limit *= 2;
    }
}

pub(super) fn run_search(
    context: &SearchContext<'_>,
    limit: usize,
) -> Result<SearchResult, CatalogError> {
    let SearchContext { generation, query, plan, preferences, day, cancellation } = *context;
    let filter = generation.store.visible_filter(&query.filter)?;
    let search = Search {
        plan,
        day,
        filter: &filter,
        preferences,
        sort: query.sort,
        wider: query.wider,
        now: query.now,
        limit,
        total: query.extras.total,
        facets: query.extras.facets,
        cancellation,
    };
    let mut result = generation.index.search(&search, &generation.event_times.seconds)?;
    if let Some(facets) = &mut result.facets {
        generation.store.hide_facets(facets)?;
    }
    Ok(result)
}

/// Hash that identifies a list of results: equal for equal queries, on every machine.
fn query_hash(query: &SearchQuery) -> u64 {
    let words: Option<Vec<&str>> = query.words.as_deref().map(|w| w.split_whitespace().collect());
    let encoded =
        postcard::to_stdvec(&(words, &query.filter, query.sort, query.wider, query.literal));
    let digest = blake3::hash(&encoded.expect("plain data always encodes"));
    u64::from_le_bytes(digest.as_bytes()[..8].try_into().expect("a digest has 32 bytes"))
}

fn check_cursor(cursor: &Cursor, query_hash: u64, sort: SearchSort) -> Result<(), CursorError> {
    let matches_sort = matches!(
        (sort, &cursor.value),
        (SearchSort::Relevance, SortValue::Score(_))
            | (SearchSort::Title, SortValue::Text(_))
            | (SearchSort::Newest | SearchSort::Oldest | SearchSort::Start, SortValue::Number(_))
    );
    if matches_sort && cursor.query_hash == query_hash {
        Ok(())
    } else {
        Err(CursorError::QueryMismatch)
    }
}

fn cursor_position(cursor: &Cursor) -> RankedHit {
    let (value, id) = (cursor.value.clone(), cursor.id.to_bits());
    RankedHit { value, id, class: MatchClass::Exact, address: None }
}

/// The generation of a cursor, if it is not the current one.
pub(super) fn previous_generation(
    cursor: Option<&Cursor>,
    now: GenerationNumber,
) -> Option<GenerationNumber> {
    cursor.map(|cursor| cursor.generation).filter(|generation| *generation != now)
}

/// Days since 1970 in Amsterdam.
pub(super) fn days_since_epoch(query: &SearchQuery) -> i32 {
    let home = moment::zone(moment::HOME_ZONE).unwrap_or(TimeZone::UTC);
    let date = query.now.to_zoned(home).date();
    let epoch = civil::date(1970, 1, 1);
    date.since(epoch).map_or(0, |span| span.get_days())
}

/// The date of a number of days since 1970. A cursor can contain any number.
pub(super) fn date_of(day: i32) -> Date {
    let epoch = civil::date(1970, 1, 1);
    let span = Span::new().try_days(day);
    span.and_then(|span| epoch.checked_add(span)).unwrap_or(epoch)
}
