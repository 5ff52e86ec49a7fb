//! From sources to a generation that answers: building all of it, opening it, and publishing ten
//! changes.

use indexer::{
    catalog::{Catalog, Refreshed},
    run::{self, Outcome, Request, Silent},
};

use crate::{
    installation::{DOCUMENTS, Installation, live},
    measure::{Samples, Table, Taken, megabytes, written_bytes},
};

/// So many times ten changes are published.
const EDITIONS: usize = 6;

/// Builds the knowledge base if no earlier run did.
pub(crate) fn build(installation: &Installation, table: &mut Table) -> anyhow::Result<()> {
    table.head("publishing");
    let data = installation.data();
    if run::status(&data)?.current.is_some() {
        if Catalog::open(&data)?.current().is_some() {
            table.line("full build", None, "done by an earlier run, not measured");
            return Ok(());
        }
        // Another version of the program built it, which this one does not read.
        std::fs::remove_dir_all(&data)?;
    }
    installation.write_live(|_| 0)?;
    let plan = installation.plan(installation.data())?;
    let before = written_bytes();
    let (taken, report) = Taken::by(|| run::build(&plan, &Request::default(), &Silent));
    let report = report?;
    anyhow::ensure!(matches!(report.outcome, Outcome::Published(_)), "{:?}", report.outcome);
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more")]
    let rate = DOCUMENTS as f64 / taken.wall.as_secs_f64();
    let written = megabytes(written_bytes() - before);
    table.line("full build", Some(taken), &format!("{rate:.0} documents/s, {written} to disk"));
    Ok(())
}

/// Opens the generation: every byte checked, ready to answer.
pub(crate) fn open(installation: &Installation, table: &mut Table) -> anyhow::Result<Catalog> {
    let mut samples = Samples::default();
    for _ in 0..5 {
        let (taken, opened) = Taken::by(|| Catalog::open(&installation.data()));
        anyhow::ensure!(opened?.current().is_some(), "there is a generation");
        samples.add(taken);
    }
    table.row("open, every digest checked", &samples, &samples, "");
    Ok(Catalog::open(&installation.data())?)
}

/// Changes ten documents and publishes them, on hard links to the same generation.
pub(crate) fn change(installation: &Installation, table: &mut Table) -> anyhow::Result<()> {
    let data = installation.linked_data()?;
    let plan = installation.plan(data.clone())?;
    let catalog = Catalog::open(&data)?;
    let only_live = Request { only: vec![live()], ..Request::default() };
    let all_sources = Request::default();
    let mut built = [Samples::default(), Samples::default(), Samples::default()];
    let mut swapped = Samples::default();
    let mut written = Vec::new();
    for edition in 1..=EDITIONS {
        for (request, samples) in [&only_live, &all_sources].into_iter().zip(&mut built) {
            let edition = 2 * edition + usize::from(request.only.is_empty());
            installation
                .write_live(|n| if Installation::is_one_of_ten(n) { edition } else { 0 })?;
            let before = written_bytes();
            let (taken, report) = Taken::by(|| run::build(&plan, request, &Silent));
            let report = report?;
            written.push(written_bytes() - before);
            anyhow::ensure!(report.upserted == 10, "not 10 changes: {}", report.upserted);
            samples.add(taken);
            let (taken, refreshed) = Taken::by(|| catalog.refresh());
            anyhow::ensure!(matches!(refreshed?, Refreshed::Swapped(_)), "a new generation");
            swapped.add(taken);
        }
        let (taken, report) = Taken::by(|| run::build(&plan, &all_sources, &Silent));
        anyhow::ensure!(matches!(report?.outcome, Outcome::Unchanged(_)), "nothing changed");
        built[2].add(taken);
    }
    installation.write_live(|_| 0)?;
    drop(catalog);
    std::fs::remove_dir_all(data)?;
    written.sort_unstable();
    let written = format!("{} to disk", megabytes(written[written.len() / 2]));
    table.row("publish 10 changes, their source read", &built[0], &built[0], &written);
    table.row("publish 10 changes, all sources read", &built[1], &built[0], "");
    table.row("publish nothing, all sources read", &built[2], &built[0], "");
    table.row("swap to what was published", &swapped, &built[0], "");
    Ok(())
}
