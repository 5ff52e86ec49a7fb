//! `wegwijzer index`: builds a generation from the sources.

use std::{
    fmt::{self, Display, Write},
    io::{self, Write as _},
    process::ExitCode,
};

use clap::Args;
use indexer::{
    admin, ingest,
    ingest::config::SourceKind,
    ingest::{
        BuildError, BuildInput, BuildOptions, Mode, OnThreshold, Outcome, PublishMode,
        REJECTIONS_MAX, Rejection, Report, SourceReport,
    },
    sync::{Completeness, RepeatedBlock, SyncError, Synchroniser},
    with_causes,
};
use schema::SourceName;
use serde_json::json;
use tokio::runtime::Runtime;

use super::{
    CommandError, SourceArguments, logging, output,
    progress::Console,
    shutdown_signals::ShutdownSignals,
    sync::{self, RunSummary, build_config},
};
use crate::config::{Config, Overrides};

/// Maximum number of rejections in the text output.
const REJECTIONS_SHOWN: usize = 20;
/// Number of notes of one kind on a source that are shown to people.
const UNREAD_SHOWN: usize = 5;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag as it is typed")]
pub(super) struct IndexArguments {
    #[command(flatten)]
    from: SourceArguments,
    /// Read and rebuild everything, not only what changed.
    #[arg(long)]
    full: bool,
    /// Read only this source; can be repeated.
    #[arg(long = "source", value_name = "NAME")]
    sources: Vec<String>,
    /// Do not fetch sources over the network; read what was last fetched.
    #[arg(long)]
    offline: bool,
    /// Then keep running: read each source again at its interval, and publish what changed.
    #[arg(long, conflicts_with_all = ["full", "sources", "offline", "dry_run", "json"])]
    watch: bool,
    /// Report what would change, without publishing.
    #[arg(long)]
    dry_run: bool,
    /// Publish even if more records are removed than `limits.removals_percent` allows.
    #[arg(long)]
    allow_removals: bool,
    /// Publish even if more records are rejected than `limits.rejections_percent` allows.
    #[arg(long)]
    allow_rejections: bool,
    /// Then print the text that many pages of a website repeat, which is left out of their content.
    #[arg(long, conflicts_with = "json")]
    report: bool,
    /// Print the full report as JSON.
    #[arg(long)]
    json: bool,
}

/// Builds a generation and prints the report.
pub(super) fn run(arguments: &IndexArguments) -> Result<ExitCode, CommandError> {
    let config = arguments.from.config(Overrides::default())?;
    logging::start(&config.log, None);
    let signals = arguments.watch.then(ShutdownSignals::catch).transpose()?;
    let result = build(arguments, &config);
    let Some(signals) = signals else { return result };
    // A later run may succeed, so an error is only printed.
    if let Err(error) = result {
        writeln!(io::stderr(), "wegwijzer: {}", with_causes(&error))?;
    }
    let Some(schedule) = sync::schedule(&config)? else { return Err(CommandError::NoSchedule) };
    let runtime = Runtime::new()?;
    let signal = signals.reported();
    runtime.block_on(async move {
        tokio::select! {
            () = schedule.run() => {}
            () = signal => {}
        }
    });
    // A build that is interrupted publishes nothing.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

/// Fetches and builds once.
fn build(arguments: &IndexArguments, config: &Config) -> Result<ExitCode, CommandError> {
    let options = build_options(arguments)?;
    let runs = if arguments.offline {
        Vec::new()
    } else {
        sync::run(config, &options.only, &Console::new())?
    };
    for run in &runs {
        writeln!(io::stderr(), "{}", RunSummary(run))?;
    }
    let failed = runs.iter().filter(|(_, run)| run.completeness == Completeness::Failed);
    let failed: Vec<_> = failed.map(|(name, _)| name.clone()).collect();
    let only = options.only.len();
    let selected = if only > 0 { only } else { config.sources.len() };
    if !failed.is_empty() && failed.len() == selected {
        return Err(CommandError::NotFetched(failed));
    }
    match ingest::build(&build_config(config)?, &options, &Console::new()) {
        Ok(report) if arguments.json => output::json(&report)?,
        Ok(report) => output::text(Summary(&report))?,
        Err(error) => {
            if let BuildError::Rejections { report, rejections, .. } = &error {
                if arguments.json {
                    output::json(&json!({ "rejections": rejections }))?;
                } else {
                    output::text(Rejections { listed: rejections, total: report.rejected })?;
                }
            }
            return Err(error.into());
        }
    }
    if arguments.report {
        output::text(RepeatedText::read(config)?)?;
    }
    match admin::status(&config.data)?.held_at {
        Some(held_at) if arguments.dry_run => Err(CommandError::OnHold(held_at)),
        _ if !failed.is_empty() => Err(CommandError::NotFetched(failed)),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn build_options(arguments: &IndexArguments) -> Result<BuildOptions, CommandError> {
    let on_threshold = |allowed| if allowed { OnThreshold::Ignore } else { OnThreshold::Fail };
    let names = arguments.sources.iter().map(|name| SourceName::new(name));
    Ok(BuildOptions {
        mode: if arguments.full { Mode::Full } else { Mode::Incremental },
        input: BuildInput::Sources,
        only: names.collect::<Result<_, _>>()?,
        publish_mode: if arguments.dry_run { PublishMode::DryRun } else { PublishMode::Publish },
        on_removals: on_threshold(arguments.allow_removals),
        on_rejections: on_threshold(arguments.allow_rejections),
        sync_state: None,
    })
}

/// The text that many pages of a source repeat.
struct RepeatedText(Vec<(SourceName, Vec<RepeatedBlock>)>);

impl RepeatedText {
    fn read(config: &Config) -> Result<Self, CommandError> {
        let sources = config.resolve_sources()?.into_iter();
        let names = sources.filter(|one| one.kind == SourceKind::Website).map(|one| one.name);
        let state = Synchroniser::new(&sync::sync_config(config))?.state()?;
        let blocks = |name: SourceName| {
            let blocks = state.repeated_blocks(&name).map_err(SyncError::from)?;
            Ok((name, blocks))
        };
        Ok(Self(names.map(blocks).collect::<Result<_, SyncError>>()?))
    }
}

impl Display for RepeatedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, blocks) in &self.0 {
            writeln!(f, "{name}: {} blocks of text are repeated, and left out", blocks.len())?;
            for RepeatedBlock { pages, text, .. } in blocks {
                writeln!(f, "{pages:>7} pages: {text}")?;
            }
        }
        if self.0.is_empty() {
            writeln!(f, "no source of kind `website` is configured")?;
        }
        Ok(())
    }
}

/// Formats a report as text.
pub(super) struct Summary<'a>(pub(super) &'a Report);

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(report) = self;
        write!(f, "{}", sources(report)?)?;
        let total = report.sources.iter().map(|source| source.rejected).sum();
        write!(f, "{}", Rejections { listed: &report.rejections, total })?;
        for source in &report.sources {
            write!(f, "{}", Unread(source))?;
        }
        if !report.unresolved.is_empty() {
            let number = report.unresolved.len();
            writeln!(f, "{number} names could not be resolved; --json lists them")?;
        }
        for name in &report.ambiguous_names {
            let entities = name.entities.join("`, `");
            writeln!(
                f,
                "name of several entities, not recognised in texts: `{}`: `{entities}`",
                name.name
            )?;
        }
        let (upserted, removed) = (report.upserted, report.removed);
        match report.outcome {
            Outcome::Published(number) => {
                write!(f, "published generation {number}: {upserted} upserted, {removed} removed")
            }
            Outcome::Unchanged(number) => {
                write!(f, "nothing changed; generation {number} stays current")
            }
            Outcome::DryRun => {
                write!(f, "dry run: {upserted} would be upserted, {removed} removed")
            }
        }
    }
}

/// Formats the first rejections as text.
pub(super) struct Rejections<'a> {
    pub(super) listed: &'a [Rejection],
    /// Number of rejections, including those that are not listed.
    pub(super) total: u64,
}

impl Display for Rejections<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.listed.iter().take(REJECTIONS_SHOWN);
        for Rejection { source, location, reason, .. } in shown.clone() {
            writeln!(f, "rejected: {source}, {location}: {reason}")?;
        }
        match self.total.saturating_sub(shown.len() as u64) {
            0 => Ok(()),
            hidden => writeln!(
                f,
                "and {hidden} more; --json lists the first {REJECTIONS_MAX} of each source"
            ),
        }
    }
}

/// What was left unread of a source, and what was not used of its configuration, for people.
struct Unread<'a>(&'a SourceReport);

impl Display for Unread<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(source) = self;
        for (what, notes) in [("unread", &source.unread), ("unused", &source.unused)] {
            for note in notes.iter().take(UNREAD_SHOWN) {
                writeln!(f, "{what}: {}, {note}", source.name)?;
            }
            let hidden = notes.len().saturating_sub(UNREAD_SHOWN);
            if hidden > 0 {
                writeln!(f, "and {hidden} more; --json lists them")?;
            }
        }
        Ok(())
    }
}

/// Formats the record counts of each source as a table.
fn sources(report: &Report) -> Result<String, fmt::Error> {
    const COLUMNS: [&str; 6] = ["new", "changed", "unchanged", "removed", "rejected", "skipped"];
    let names = report.sources.iter().map(|source| source.name.as_str().len());
    let width = names.chain(["source".len()]).max().unwrap_or_default();
    let mut table = format!("{:width$}", "source");
    for column in COLUMNS {
        write!(table, "  {column:>9}")?;
    }
    table.push('\n');
    for source in &report.sources {
        write!(table, "{:width$}", source.name.as_str())?;
        let (new, changed, unchanged) = (source.new, source.changed, source.unchanged);
        let (removed, rejected, skipped) = (source.removed, source.rejected, source.skipped);
        for number in [new, changed, unchanged, removed, rejected, skipped] {
            write!(table, "  {number:>9}")?;
        }
        table.push('\n');
    }
    Ok(table)
}
