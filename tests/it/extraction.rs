//! The main content of pages that real site generators made of our own articles, which
//! `tests/extraction/generate.sh` writes to the folder in `EXTRACTION_PAGES`.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use indexer::ingest::{
    config::{ResolvedSource, SourceConfig, resolve_sources},
    fuzz_support::{ReadItem, read_website_page},
};

use crate::support::files_below;

/// Minimum of the mean F1 of all pages.
const MEAN_MIN: f64 = 0.95;
/// Minimum share of the pages of tags, categories, authors and months that are omitted.
const LISTS_MIN: f64 = 0.98;
/// F1 below which a page is named.
const LISTED_F1_BELOW: f64 = 0.95;

/// A page with its F1, and whether its title was found.
struct PageResult {
    name: String,
    generator: String,
    f1: f64,
    precision: f64,
    recall: f64,
    has_title: bool,
}

#[test]
fn the_main_content_of_generated_pages_must_be_found() {
    let Some(folder) = std::env::var_os("EXTRACTION_PAGES").map(PathBuf::from) else {
        let line = b"skipped: no generated pages; set EXTRACTION_PAGES\n";
        std::io::stderr().write_all(line).expect("stderr");
        return;
    };
    let pages = files_below(&folder).into_iter();
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "html"));
    let results: Vec<PageResult> = pages.map(|page| measure(&folder, &page)).collect();
    assert!(!results.is_empty(), "no pages in {}", folder.display());
    let mean = |results: &[&PageResult]| {
        results.iter().map(|result| result.f1).sum::<f64>() / number(results.len())
    };
    let mut by_generator = BTreeMap::<&str, Vec<&PageResult>>::new();
    for result in &results {
        by_generator.entry(&result.generator).or_default().push(result);
    }
    let mut report = String::new();
    for (generator, results) in &by_generator {
        let titles = results.iter().filter(|result| result.has_title).count();
        let lowest = results.iter().map(|result| result.f1).fold(1.0, f64::min);
        let (count, mean) = (results.len(), mean(results));
        let _ = writeln!(
            report,
            "{generator:28} {count:4} pages, F1 {mean:.3}, lowest {lowest:.3}, {titles} titles"
        );
    }
    for PageResult { name, f1, precision, recall, .. } in &results {
        if *f1 < LISTED_F1_BELOW {
            let _ = writeln!(
                report,
                "{name}: F1 {f1:.3}, precision {precision:.3}, recall {recall:.3}"
            );
        }
    }
    let (all, count) = (results.iter().collect::<Vec<_>>(), by_generator.len());
    let mean = mean(&all);
    let titles = results.iter().filter(|result| result.has_title).count();
    let _ = writeln!(
        report,
        "{} pages of {count} generators: mean F1 {mean:.4}, {titles} titles",
        all.len()
    );
    std::io::stderr().write_all(report.as_bytes()).expect("stderr");
    assert!(mean >= MEAN_MIN, "{report}");
}

#[test]
fn pages_that_list_others_must_be_omitted() {
    let folder = std::env::var_os("EXTRACTION_PAGES").map(PathBuf::from);
    let Some(folder) = folder.map(|pages| pages.with_file_name("lists")) else { return };
    let source = source(&folder);
    let (mut omitted, mut read) = (0, Vec::new());
    for page in files_below(&folder) {
        let name = page.strip_prefix(&folder).expect("below the folder").display().to_string();
        let (_, path) = name.split_once('/').expect("a folder for each generator");
        let address = format!("https://site.example/{path}").parse().expect("an address");
        let html = fs::read(&page).expect("a page");
        match read_website_page(&address, &html, &source) {
            ReadItem::Record { .. } => read.push(name),
            _ => omitted += 1,
        }
    }
    let (all, report) = (omitted + read.len(), read.join("\n"));
    let line = format!("{omitted} of {all} lists omitted; read as articles:\n{report}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("stderr");
    assert!(all > 0 && number(omitted) >= LISTS_MIN * number(all), "{line}");
}

/// The source of the pages.
fn source(folder: &Path) -> ResolvedSource {
    let config: SourceConfig = toml::from_str(
        "name = 'site'\nkind = 'website'\naddress = 'https://site.example/'\nlanguage = 'NL'",
    )
    .expect("a source");
    resolve_sources(&[config], folder).expect("a source").remove(0)
}

/// Compares the words of a page's main content with those of its article.
fn measure(folder: &Path, page: &Path) -> PageResult {
    let name = page.strip_prefix(folder).expect("below the folder").display().to_string();
    let article = fs::read_to_string(page.with_extension("txt")).expect("a text");
    let (title, article) = article.split_once('\n').expect("a title and a text");
    let source = source(folder);
    let address = format!("https://site.example/{name}").parse().expect("an address");
    let html = fs::read(page).expect("a page");
    let (found_title, text) = match read_website_page(&address, &html, &source) {
        ReadItem::Record { title, body, .. } => {
            (title.unwrap_or_default(), body.map(|body| body.text).unwrap_or_default())
        }
        _ => (String::new(), String::new()),
    };
    if let Some(dump) = std::env::var_os("EXTRACTION_DUMP") {
        let path = PathBuf::from(dump).join(name.replace('/', "_") + ".txt");
        fs::write(path, format!("{found_title}\n{text}\n")).expect("a file");
    }
    let (expected, found) = (words(article), words(&text));
    let common: usize =
        expected.iter().map(|(word, count)| *count.min(found.get(word).unwrap_or(&0))).sum();
    let share = |words: &HashMap<String, usize>| {
        let all: usize = words.values().sum();
        if all == 0 { 0.0 } else { number(common) / number(all) }
    };
    let (precision, recall) = (share(&found), share(&expected));
    let f1 = if common == 0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) };
    let generator = name.split('/').next().unwrap_or_default().to_owned();
    let has_title = found_title.split_whitespace().eq(title.split_whitespace());
    PageResult { name, generator, f1, precision, recall, has_title }
}

/// The number of times that each word occurs.
fn words(text: &str) -> HashMap<String, usize> {
    let mut words = HashMap::new();
    for word in text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
    {
        *words.entry(word.to_lowercase()).or_default() += 1;
    }
    words
}

/// A count as a number for a share.
fn number(count: usize) -> f64 {
    u32::try_from(count).expect("a small count").into()
}
