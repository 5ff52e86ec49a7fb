//! Publishing: a full build, opening the generation, and incremental builds with ten changes.

use indexer::{
    admin,
    catalog::{Catalog, Refreshed},
    ingest,
    ingest::{BuildOptions, NoProgress, Outcome},
};

use crate::{
    installation::{DOCUMENTS, Installation, live},
    measure::{Samples, Table, Timing, megabytes, written_bytes},
};

/// Number of editions of the ten changes.
const EDITIONS: usize = 6;

/// Builds the knowledge base, unless a previous run has done so.
pub(crate) fn build(installation: &Installation, table: &mut Table) -> anyhow::Result<()> {
    table.head("publishing");
    let data = installation.data();
    if admin::status(&data)?.current.is_some() {
        if Catalog::open(&data)?.current().is_some() {
            table.line("full build", None, "done by an earlier run, not measured");
            return Ok(());
        }
        // Built by another version of the program, whose format is not supported.
        std::fs::remove_dir_all(&data)?;
    }
    installation.write_live(|_| 0)?;
    let config = installation.build_config(installation.data())?;
    let before = written_bytes();
    let (timing, report) =
        Timing::measure(|| ingest::build(&config, &BuildOptions::default(), &NoProgress));
    let report = report?;
    anyhow::ensure!(matches!(report.outcome, Outcome::Published(_)), "{:?}", report.outcome);
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more")]
    let rate = DOCUMENTS as f64 / timing.wall.as_secs_f64();
    let written = megabytes(written_bytes() - before);
    table.line("full build", Some(timing), &format!("{rate:.0} documents/s, {written} to disk"));
    Ok(())
}

/// Opens the generation, including the verification of all checksums.
pub(crate) fn open(installation: &Installation, table: &mut Table) -> anyhow::Result<Catalog> {
    let mut samples = Samples::default();
    for _ in 0..5 {
        let (timing, opened) = Timing::measure(|| Catalog::open(&installation.data()));
        anyhow::ensure!(opened?.current().is_some(), "no current generation");
        samples.add(timing);
    }
    table.row("open, every digest checked", &samples, &samples, "");
    Ok(Catalog::open(&installation.data())?)
}

/// Changes ten documents and publishes them, with hard links to the same generation.
pub(crate) fn change(installation: &Installation, table: &mut Table) -> anyhow::Result<()> {
    let data = installation.linked_data()?;
    let config = installation.build_config(data.clone())?;
    let catalog = Catalog::open(&data)?;
    let only_live = BuildOptions { only: vec![live()], ..BuildOptions::default() };
    let all_sources = BuildOptions::default();
    let mut built = [Samples::default(), Samples::default(), Samples::default()];
    let mut swapped = Samples::default();
    let mut written = Vec::new();
    for edition in 1..=EDITIONS {
        for (request, samples) in [&only_live, &all_sources].into_iter().zip(&mut built) {
            let edition = 2 * edition + usize::from(request.only.is_empty());
            installation
                .write_live(|n| if Installation::is_one_of_ten(n) { edition } else { 0 })?;
            let before = written_bytes();
            let (timing, report) = Timing::measure(|| ingest::build(&config, request, &NoProgress));
            let report = report?;
            written.push(written_bytes() - before);
            anyhow::ensure!(report.upserted == 10, "expected 10 changes: {}", report.upserted);
            samples.add(timing);
            let (timing, refreshed) = Timing::measure(|| catalog.refresh());
            anyhow::ensure!(
                matches!(refreshed?, Refreshed::Swapped(_)),
                "the catalog did not swap to the new generation"
            );
            swapped.add(timing);
        }
        let (timing, report) =
            Timing::measure(|| ingest::build(&config, &all_sources, &NoProgress));
        anyhow::ensure!(
            matches!(report?.outcome, Outcome::Unchanged(_)),
            "published a generation without changes"
        );
        built[2].add(timing);
    }
    installation.write_live(|_| 0)?;
    drop(catalog);
    std::fs::remove_dir_all(data)?;
    written.sort_unstable();
    let written = format!("{} to disk", megabytes(written[written.len() / 2]));
    table.row("publish 10 changes, their source read", &built[0], &built[0], &written);
    table.row("publish 10 changes, all sources read", &built[1], &built[0], "");
    table.row("publish nothing, all sources read", &built[2], &built[0], "");
    table.row("swap to the published generation", &swapped, &built[0], "");
    Ok(())
}
