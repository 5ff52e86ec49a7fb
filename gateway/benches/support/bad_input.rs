//! Searches that are expensive on purpose, compared with ordinary queries of as many words.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use indexer::catalog::{SEARCH_WINDOW_MAX, Snapshot};
use jiff::civil::date;
use schema::{Kind, Page, SearchExtras, SearchFilter, SearchQuery, SearchSort};
use tokio::runtime::Runtime;

use crate::{
    measure::{DisplayDuration, Samples, Table, Timing},
    searching::query,
};

/// The slowest search of a class: at most this, and this many medians of ordinary queries.
const TIME_MAX: Duration = Duration::from_millis(50);
const MEDIANS_MAX: f64 = 5.0;
/// Each search counts with its fastest time.
const ROUNDS: usize = 3;
/// Number of texts whose words are counted, and of searches per class.
const TEXTS: usize = 2_000;
const SEARCHES: usize = 40;
/// Maximum number of words of a query.
const WORDS_MAX: usize = 32;

/// A class of searches.
struct Class {
    name: String,
    /// Number of words of the ordinary queries to compare with.
    words: usize,
    searches: Vec<SearchQuery>,
}

pub(crate) fn measure(
    runtime: &Runtime,
    snapshot: &Snapshot,
    queries: &[String],
    table: &mut Table,
) -> anyhow::Result<()> {
    let records = runtime.block_on(snapshot.records_after(None, TEXTS))?;
    let texts: Vec<&str> =
        records.iter().filter_map(|(_, body)| Some(body.as_ref()?.text.as_str())).collect();
    let classes = classes(&texts, queries);
    let hits = SearchExtras::default();
    for (title, extras) in [
        ("bad input, 10 hits", hits),
        ("bad input, with total and facets", SearchExtras { total: true, facets: true, ..hits }),
    ] {
        table.head(title);
        let time = |searches: &[SearchQuery]| time(runtime, snapshot, searches, extras);
        let mut ordinary = BTreeMap::new();
        for words in classes.iter().map(|class| class.words).collect::<BTreeSet<_>>() {
            let samples = time(&ordinary_queries(queries, words))?;
            table.row(&format!("ordinary queries of {words} words"), &samples, &samples, "");
            ordinary.insert(words, samples);
        }
        for Class { name, words, searches } in &classes {
            let (samples, base) = (time(searches)?, &ordinary[words]);
            let slowest = samples.percentile(100);
            let medians = slowest.as_secs_f64() / base.percentile(50).as_secs_f64();
            let is_over = slowest > TIME_MAX || medians > MEDIANS_MAX;
            let note = format!(
                "slowest {} = {medians:.1} medians of {words} words{}",
                DisplayDuration(slowest),
                if is_over { ", MISSED" } else { "" }
            );
            table.row(name, &samples, base, &note);
        }
    }
    Ok(())
}

fn time(
    runtime: &Runtime,
    snapshot: &Snapshot,
    searches: &[SearchQuery],
    extras: SearchExtras,
) -> anyhow::Result<Samples> {
    let mut samples = Samples::default();
    for search in searches {
        let mut fastest: Option<Timing> = None;
        for _ in 0..ROUNDS {
            let search = SearchQuery { extras, ..search.clone() };
            let (timing, page) = Timing::measure(|| runtime.block_on(snapshot.search(search)));
            page?;
            fastest = fastest.filter(|fastest| fastest.wall <= timing.wall).or(Some(timing));
        }
        samples.add(fastest.unwrap_or_default());
    }
    Ok(samples)
}

/// Queries of a number of words, which are those of the real queries.
fn ordinary_queries(queries: &[String], words: usize) -> Vec<SearchQuery> {
    let all: Vec<&str> = queries.iter().flat_map(|query| query.split_whitespace()).collect();
    let search = |words: &[&str]| plain(&words.join(" "));
    all.chunks_exact(words).take(SEARCHES).map(search).collect()
}

fn plain(words: &str) -> SearchQuery {
    query(words, SearchExtras::default())
}

/// The words of texts, most frequent first.
fn by_frequency<'a>(words: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in words.filter(|word| word.chars().all(char::is_lowercase)) {
        *counts.entry(word).or_default() += 1;
    }
    let mut words: Vec<_> = counts.into_iter().collect();
    words.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    words.into_iter().map(|(word, _)| word).collect()
}

fn classes(texts: &[&str], queries: &[String]) -> Vec<Class> {
    let common = by_frequency(texts.iter().flat_map(|text| text.split_whitespace()));
    let long: Vec<&str> = common.iter().copied().filter(|word| word.len() > 5).collect();
    let starts = |letters: usize| {
        let starts = common.iter().filter_map(|word| word.get(..letters));
        by_frequency(starts).into_iter().map(|start| format!("{start}*")).collect::<Vec<_>>()
    };
    let mut classes = Vec::new();
    let mut add = |name: String, words, searches: Vec<SearchQuery>| {
        classes.push(Class { name, words, searches });
    };
    for words in [1, 2, 5, WORDS_MAX] {
        let windows = long.windows(words).take(SEARCHES);
        add(
            format!("{words} of the most common words of 6 letters or more"),
            words,
            windows.clone().map(|words| plain(&words.join(" "))).collect(),
        );
        let misspelt = windows.map(|words| {
            let misspelt = words.iter().map(|word| format!("{}q{}", &word[..3], &word[3..]));
            plain(&misspelt.collect::<Vec<_>>().join(" "))
        });
        add(format!("{words} of them misspelt"), words, misspelt.collect());
    }
    let all = common.windows(WORDS_MAX).take(SEARCHES);
    let joined = |by: &'static str| move |words: &[&str]| plain(&words.join(by));
    add("32 of the most common words".to_owned(), WORDS_MAX, all.map(joined(" ")).collect());
    let any = long.windows(WORDS_MAX).take(SEARCHES).map(joined(" OR "));
    add("32 common words with OR".to_owned(), WORDS_MAX, any.collect());
    for letters in [1, 2, 3] {
        let prefixes = starts(letters);
        let searches = prefixes.iter().take(SEARCHES).map(|prefix| plain(prefix)).collect();
        add(format!("{letters} letters and `*`"), 1, searches);
        if let Some(prefixes) = prefixes.get(..WORDS_MAX) {
            add(
                format!("32 times {letters} letters and `*`"),
                WORDS_MAX,
                vec![plain(&prefixes.join(" "))],
            );
        }
    }
    for words in [2, 3, 5] {
        let stop_words: BTreeSet<&str> = common.iter().take(30).copied().collect();
        let phrases = texts.iter().flat_map(|text| {
            let all: Vec<&str> = text.split_whitespace().collect();
            let phrases = all.windows(words).map(<[&str]>::to_vec).collect::<Vec<_>>();
            phrases.into_iter().filter(|words| words.iter().all(|word| stop_words.contains(word)))
        });
        let phrases: BTreeSet<String> = phrases.map(|words| words.join(" ")).collect();
        let phrases = phrases.iter().take(SEARCHES).map(|words| plain(&format!("\"{words}\"")));
        add(format!("phrases of {words} stop words"), words, phrases.collect());
    }
    add_filters_and_pages(&long, queries, &mut classes);
    classes
}

/// Filters, orders and deep pages, of ordinary queries of two words, of a common word and of no
/// words.
fn add_filters_and_pages(common: &[&str], queries: &[String], classes: &mut Vec<Class>) {
    let two_words = ordinary_queries(queries, 2);
    let one_word: Vec<_> = common.iter().take(SEARCHES).map(|word| plain(word)).collect();
    let no_words = vec![SearchQuery { words: None, ..plain("") }];
    let filters = [
        ("matches nothing", SearchFilter { from: Some(date(2100, 1, 1)), ..Default::default() }),
        ("matches all", SearchFilter { kinds: vec![Kind::Article], ..Default::default() }),
    ];
    for (words, of, searches) in
        [(2, "2 words", two_words), (1, "a common word", one_word), (1, "no words", no_words)]
    {
        let mut add = |name: String, change: &dyn Fn(&mut SearchQuery)| {
            let mut searches = searches.clone();
            searches.iter_mut().for_each(change);
            classes.push(Class { name: format!("{of}, {name}"), words, searches });
        };
        for (name, filter) in &filters {
            add(format!("filter that {name}"), &|search| search.filter = filter.clone());
        }
        for offset in [490, 4_990, SEARCH_WINDOW_MAX - 10] {
            add(format!("10 hits after {offset}"), &|search| {
                search.page = Page::Offset { limit: 10, offset };
            });
        }
        for sort in [SearchSort::Newest, SearchSort::Start, SearchSort::Title] {
            add(format!("by {sort:?}"), &|search| search.sort = sort);
        }
    }
}
