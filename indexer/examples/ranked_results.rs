//! Prints ranked results bit by bit, so that the results of two programs can be compared with
//! `diff`.
//!
//! ```text
//! cargo run --release --workspace --example ranked_results -- DATA QUERIES.jsonl... > results.txt
//! ```
//!
//! It searches for the queries of the files, and for 2,000 queries that it composes of words in
//! the records: with phrases, prefixes, `OR`, exclusions, fields, filters and every order. The first
//! page is read without total and facets, and with them; then the pages 2, 5 and 50. The sort value
//! of a hit is printed in full (scores as bits), so that equal ones can be told.

#[path = "../../gateway/benches/support/random.rs"]
mod random;

use std::{
    env, fs,
    io::{self, BufWriter, Write},
    path::Path,
};

use anyhow::{Context, bail};
use indexer::catalog::{Catalog, CatalogError, Snapshot};
use schema::{
    Facet, Page, SearchExtras, SearchFilter, SearchPage, SearchQuery, SearchSort, SortValue,
};
use serde_json::Value;
use tokio::runtime::Runtime;

use random::SplitMix64;

/// Number of composed queries.
const COMPOSED: usize = 2_000;
/// Number of records from which their words are taken.
const SAMPLED_RECORDS: usize = 2_000;
/// Hits per page, and the later pages that are printed.
const PAGE_SIZE: usize = 10;
const LATER_PAGES: [usize; 3] = [2, 5, 50];

const SORTS: [SearchSort; 5] = [
    SearchSort::Relevance,
    SearchSort::Newest,
    SearchSort::Oldest,
    SearchSort::Start,
    SearchSort::Title,
];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let [data, ref files @ ..] = arguments[..] else {
        bail!("usage: `ranked_results DATA QUERIES.jsonl...`");
    };
    let catalog = Catalog::open(Path::new(data))?;
    dump(&runtime, &*catalog.current().context("no current generation")?, files)
}

fn read_queries(file: &str) -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(file).with_context(|| file.to_owned())?;
    let query = |line| {
        let line: Value = serde_json::from_str(line)?;
        Ok(line["text"].as_str().context("a query without `text`")?.to_owned())
    };
    text.lines().map(query).collect()
}

/// The first page for words by relevance.
fn query(words: &str) -> SearchQuery {
    SearchQuery {
        words: Some(words.to_owned()),
        filter: SearchFilter::default(),
        sort: SearchSort::Relevance,
        wider: false,
        literal: false,
        page: Page::first(PAGE_SIZE),
        extras: SearchExtras::default(),
        now: "2026-03-02T12:00:00+01:00".parse().expect("the literal is a valid timestamp"),
    }
}

fn dump(runtime: &Runtime, snapshot: &Snapshot, files: &[&str]) -> anyhow::Result<()> {
    let mut queries = Vec::new();
    for file in files {
        queries.extend(read_queries(file)?.iter().map(|words| query(words)));
    }
    queries.extend(composed(runtime, snapshot)?);
    let mut out = BufWriter::new(io::stdout().lock());
    for (number, query) in queries.iter().enumerate() {
        let SearchQuery { words, sort, filter, wider, literal, .. } = query;
        write!(out, "# {words:?} {sort:?} wider={wider} literal={literal}")?;
        let is_filtered = *filter != SearchFilter::default();
        writeln!(out, "{}", if is_filtered { format!(" {filter:?}") } else { String::new() })?;
        print_pages(runtime, snapshot, query, &mut out)?;
        if number % 100 == 99 {
            writeln!(io::stderr(), "{} of {} queries", number + 1, queries.len())?;
        }
    }
    Ok(out.flush()?)
}

fn print_pages(
    runtime: &Runtime,
    snapshot: &Snapshot,
    query: &SearchQuery,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let search = |page: Page, extras: SearchExtras| {
        runtime.block_on(snapshot.search(SearchQuery { page, extras, ..query.clone() }))
    };
    let none = SearchExtras::default();
    let counted = SearchExtras { total: true, facets: true, ..none };
    let first = search(query.page.clone(), none);
    print_page("first", &first, out)?;
    print_page("counted", &search(query.page.clone(), counted), out)?;
    if let Some(last) = first.ok().and_then(|page| page.hits.last().map(|hit| hit.cursor.clone())) {
        let after = Page::Forward { first: PAGE_SIZE, after: Some(last) };
        print_page("after the first", &search(after, none), out)?;
    }
    for number in LATER_PAGES {
        let page = Page::Offset { limit: PAGE_SIZE, offset: (number - 1) * PAGE_SIZE };
        print_page(&format!("page {number}"), &search(page, none), out)?;
    }
    Ok(())
}

fn print_page(
    name: &str,
    page: &Result<SearchPage, CatalogError>,
    out: &mut impl Write,
) -> io::Result<()> {
    let page = match page {
        Ok(page) => page,
        Err(error) => return writeln!(out, "{name}: {error}"),
    };
    writeln!(
        out,
        "{name}: total={:?} wider={:?} included={} next={} {:?} {:?}",
        page.total,
        page.wider_total,
        page.wider_included,
        page.has_next,
        page.interpretation.corrected,
        page.interpretation.preferences
    )?;
    for hit in &page.hits {
        let value = match &hit.cursor.value {
            SortValue::Score(score) => format!("{:08x} ({score})", score.to_bits()),
            SortValue::Number(number) => number.to_string(),
            SortValue::Text(text) => format!("{text:?}"),
        };
        let (id, class) = (hit.record.id(), hit.match_class);
        writeln!(out, "  {id} {value} {class:?} {:08x}", hit.score.to_bits())?;
    }
    for facet in page.facets.iter().flat_map(|facets| Facet::ALL.iter().map(move |f| (f, facets))) {
        let (facet, counts) = (facet.0, facet.1.counts(*facet.0));
        let counts = counts.iter().map(|count| format!(" {}={}", count.value, count.count));
        let counts = counts.collect::<String>();
        if !counts.is_empty() {
            writeln!(out, "  {}:{counts}", facet.field())?;
        }
    }
    Ok(())
}

/// Queries of words in the records, and filters on values in the facets.
fn composed(runtime: &Runtime, snapshot: &Snapshot) -> anyhow::Result<Vec<SearchQuery>> {
    let records = runtime.block_on(snapshot.records_after(None, SAMPLED_RECORDS))?;
    let texts = records.iter().map(|(record, body)| {
        let body = body.as_ref().map_or("", |body| body.text.as_str());
        let text = format!("{} {body}", record.name());
        text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    });
    let texts: Vec<_> = texts.filter(|text| !text.is_empty()).collect();
    let facets = SearchExtras { facets: true, ..SearchExtras::default() };
    let everything = SearchQuery { words: None, extras: facets, ..query("") };
    let facets = runtime.block_on(snapshot.search(everything))?.facets.context("no facets")?;
    let mut rng = SplitMix64(26);
    let compose = |number| {
        let words = compose_words(&texts, &mut rng);
        let mut query = query(&words);
        query.sort = if number % 2 == 0 { SORTS[0] } else { SORTS[number / 2 % SORTS.len()] };
        if rng.happens(30) {
            add_filter(&mut query.filter, &facets, &mut rng);
        }
        query.wider = rng.happens(20);
        query.literal = rng.happens(20);
        if rng.happens(2) {
            query.words = None;
        }
        query
    };
    Ok((0..COMPOSED).map(compose).collect())
}

/// One to six clauses, most of them plain words.
fn compose_words(texts: &[Vec<String>], rng: &mut SplitMix64) -> String {
    let mut clauses: Vec<String> = Vec::new();
    // Words of one text, or of several.
    let is_of_one_text = rng.happens(50);
    let mut text = &texts[rng.below(texts.len())];
    for _ in 0..=rng.below(6) {
        if !is_of_one_text {
            text = &texts[rng.below(texts.len())];
        }
        let start = rng.below(text.len());
        let word = &text[start];
        clauses.push(match rng.below(20) {
            0 | 1 => {
                let end = text.len().min(start + 2 + rng.below(3));
                format!("\"{}\"", text[start..end].join(" "))
            }
            2 => format!("{}*", word.chars().take(1 + rng.below(5)).collect::<String>()),
            3 | 4 => format!("{word} OR {}", text[rng.below(text.len())]),
            5 => format!("-{word}"),
            6 => {
                let field = ["titel", "thema", "organisatie", "persoon"][rng.below(4)];
                format!("{field}:{word}")
            }
            7 => format!("({word} OR {}) {}", text[rng.below(text.len())], text[0]),
            8 => format!("-\"{word} {}\"", text[rng.below(text.len())]),
            9 => format!("titel:\"{word} {}\"", text[(start + 1) % text.len()]),
            _ => word.clone(),
        });
    }
    clauses.join(" ")
}

/// Selects one or two values, or a range of days.
fn add_filter(filter: &mut SearchFilter, facets: &schema::Facets, rng: &mut SplitMix64) {
    for _ in 0..=rng.below(2) {
        let facet = Facet::ALL[rng.below(Facet::COUNT)];
        let counts = facets.counts(facet);
        if counts.is_empty() {
            let year = i16::try_from(2010 + rng.below(20)).expect("a year fits");
            filter.from = Some(jiff::civil::date(year, 6, 1));
        } else {
            filter.select(facet, &counts[rng.below(counts.len())].value.to_string());
        }
    }
}
