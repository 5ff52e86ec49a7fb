//! What the indexer costs at a size that hurts: 100,000 documents. `cargo bench -p gateway` prints
//! the same lines and goes on to GraphQL and HTTP.
//!
//! The first run writes and builds the knowledge base below the target folder, later ones find
//! it there.

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
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let installation = Installation::open(Path::new(env!("CARGO_TARGET_TMPDIR")), &repository)?;
    let mut table = Table::default();
    table.calibrate();
    publishing::build(&installation, &mut table)?;
    let catalog = publishing::open(&installation, &mut table)?;
    publishing::change(&installation, &mut table)?;
    let runtime = searching::runtime()?;
    let snapshot = catalog.current().expect("it was just opened");
    let classes = runtime.block_on(searching::classes(&installation, &snapshot))?;
    let mut ways = searching::catalog_ways(&runtime, &snapshot);
    searching::measure(&classes, &mut ways, &mut table)?;
    language::suggesting(&runtime, &snapshot, &installation.words, &mut table)?;
    language::searching(&runtime, &snapshot, &classes, &mut table)?;
    let hard = language::classes(&installation.words);
    language::searching(&runtime, &snapshot, &hard, &mut table)?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("analysis");
    language::indexing(&runtime, &snapshot, (&installation.words, &folder), &mut table)?;
    table.calibrate();
    table.print()?;
    Ok(())
}
