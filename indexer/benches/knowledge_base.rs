//! Benchmarks of the indexer with 100,000 documents. `cargo bench -p gateway` prints the same
//! lines, followed by GraphQL and HTTP.
//!
//! The first run generates and builds the knowledge base in the target folder; later runs reuse it.
//! `cargo bench -p indexer -- language` measures only text analysis and suggestions; the other
//! sections are `publishing` and `searching`.

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/installation.rs"]
mod installation;
#[path = "support/language.rs"]
mod language;
#[path = "support/measure.rs"]
mod measure;
#[path = "support/publishing.rs"]
mod publishing;
#[path = "support/searching.rs"]
mod searching;
#[path = "support/words.rs"]
mod words;

use std::path::Path;

use installation::Installation;
use measure::Table;

fn main() -> anyhow::Result<()> {
    let selected: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let is_selected =
        |section: &str| selected.is_empty() || selected.iter().any(|name| name == section);
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let installation = Installation::open(target, &repository)?;
    let mut table = Table::default();
    table.calibrate();
    publishing::build(&installation, &mut table)?;
    let catalog = publishing::open(&installation, &mut table)?;
    if is_selected("publishing") {
        publishing::change(&installation, &mut table)?;
    }
    let runtime = searching::runtime()?;
    let snapshot = catalog.current().expect("the catalog was just opened");
    let mut classes = runtime.block_on(searching::classes(&installation, &snapshot))?;
    if is_selected("searching") {
        let mut variants = searching::catalog_variants(&runtime, &snapshot);
        searching::measure(&classes, &mut variants, &mut table)?;
    }
    if is_selected("language") {
        let words = &installation.vocabulary;
        language::suggesting(&runtime, &snapshot, words, &mut table)?;
        classes.extend(language::classes(words));
        language::searching(&runtime, &snapshot, &classes, &mut table)?;
        language::indexing(&runtime, &snapshot, (words, &target.join("analysis")), &mut table)?;
    }
    table.calibrate();
    table.print()?;
    Ok(())
}
