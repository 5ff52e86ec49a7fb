//! `wegwijzer verify`: verifies the checksums of all generations, and compares what is published with
//! its hosts.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    process::ExitCode,
};

use clap::Args;
use indexer::{
    admin,
    ingest::{Progress as _, UpstreamDifference, compare_upstream},
    sync::{Completeness, Scope, SyncConfig, Synchroniser},
};
use jiff::Timestamp;
use schema::SourceName;
use serde::Serialize;
use tokio::runtime::Runtime;

use super::{
    CommandError, ManageArguments, output,
    progress::Console,
    sync::{build_config, sync_config},
};
use crate::config::Config;

#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    #[command(flatten)]
    manage: ManageArguments,
    /// Fetch every source over the network again, and print what is missing, extra or stale in the
    /// current generation. Nothing is published.
    #[arg(long)]
    upstream: bool,
}

/// Prints the result; exits with a failure if anything is damaged, or differs from its host.
pub(super) fn run(arguments: &VerifyArguments) -> Result<ExitCode, CommandError> {
    let config = arguments.manage.config()?;
    if arguments.upstream {
        let comparisons = compare_sources(&config)?;
        output::result(&comparisons, arguments.manage.json)?;
        return Ok(exit_code(comparisons.0.values().all(Comparison::is_equal)));
    }
    let verification = admin::verify(&config.data)?;
    output::result(&verification, arguments.manage.json)?;
    Ok(exit_code(verification.is_intact()))
}

fn exit_code(is_success: bool) -> ExitCode {
    if is_success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A source compared with its host.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum Comparison {
    /// Everything was fetched.
    Compared(UpstreamDifference),
    /// The host could not be read completely, so that nothing can be said.
    NotFetched(Vec<String>),
}

impl Comparison {
    fn is_equal(&self) -> bool {
        matches!(self, Self::Compared(difference) if difference.is_empty())
    }
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Comparisons(BTreeMap<SourceName, Comparison>);

impl Display for Comparisons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, comparison) in &self.0 {
            match comparison {
                Comparison::Compared(difference) => writeln!(f, "{name}: {difference}")?,
                Comparison::NotFetched(notes) => {
                    writeln!(f, "{name}: not compared: {}", notes.join("; "))?;
                }
            }
        }
        if self.0.is_empty() {
            writeln!(f, "no source over the network is configured")?;
        }
        Ok(())
    }
}

/// Fetches every source into a folder of its own, which is removed afterwards.
fn compare_sources(config: &Config) -> Result<Comparisons, CommandError> {
    let folder = tempfile::tempdir()?;
    let synchroniser =
        Synchroniser::new(&SyncConfig { data: folder.path().to_owned(), ..sync_config(config) })?;
    let state = synchroniser.state()?;
    let (build, runtime, progress) = (build_config(config)?, Runtime::new()?, Console::new());
    let mut comparisons = BTreeMap::new();
    for source in &build.sources {
        let Some(network) = &source.network else { continue };
        progress.begin(&format!("fetch {}", source.name), None);
        let run = synchroniser.run(network, &Scope::All, Timestamp::now(), &progress);
        let run = runtime.block_on(run)?;
        progress.end();
        let comparison = if run.completeness == Completeness::Complete {
            Comparison::Compared(compare_upstream(&build, source, &state)?)
        } else {
            Comparison::NotFetched(run.notes)
        };
        comparisons.insert(source.name.clone(), comparison);
    }
    Ok(Comparisons(comparisons))
}
