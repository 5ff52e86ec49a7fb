//! `wegwijzer vocabulary`: checks the vocabulary, looks up a word, lists unused entries.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use indexer::catalog::{Catalog, Vocabulary, VocabularyEntry};
use serde_json::json;
use tokio::runtime::Builder;

use super::{CommandError, ManageArguments, output};
use crate::vocabulary;

#[derive(Debug, Args)]
pub(super) struct VocabularyArguments {
    #[command(subcommand)]
    command: VocabularyCommand,
}

#[derive(Debug, Subcommand)]
enum VocabularyCommand {
    /// Check all files; exit with 1 if a line is invalid. Doubtful lines are reported as well.
    Check {
        #[command(flatten)]
        manage: ManageArguments,
    },
    /// Print the entries with a word or phrase, in any inflected form.
    Lookup {
        /// The word or phrase.
        #[arg(value_name = "WORD", required = true, num_args = 1..)]
        words: Vec<String>,
        #[command(flatten)]
        manage: ManageArguments,
    },
    /// Print the entries that find nothing: no text of the current generation has their terms.
    Unused {
        #[command(flatten)]
        manage: ManageArguments,
    },
}

/// Runs a subcommand.
pub(super) fn run(arguments: &VocabularyArguments) -> Result<ExitCode, CommandError> {
    match &arguments.command {
        VocabularyCommand::Check { manage } => check(manage),
        VocabularyCommand::Lookup { words, manage } => lookup(&words.join(" "), manage),
        VocabularyCommand::Unused { manage } => unused(manage),
    }
}

fn read(manage: &ManageArguments) -> Result<Vocabulary, CommandError> {
    let config = manage.config()?;
    Ok(vocabulary::read(config.vocabulary.as_deref())?)
}

fn check(manage: &ManageArguments) -> Result<ExitCode, CommandError> {
    let vocabulary = read(manage)?;
    let warnings = vocabulary.warnings();
    if manage.json {
        let warnings: Vec<_> = warnings
            .iter()
            .map(|warning| json!({ "line": warning.line.to_string(), "reason": warning.reason }))
            .collect();
        output::json(&json!({ "entries": vocabulary.len(), "warnings": warnings }))?;
    } else {
        for warning in &warnings {
            output::text(format_args!("{}: warning: {}", warning.line, warning.reason))?;
        }
        let (entries, warnings) = (vocabulary.len(), warnings.len());
        output::text(format_args!("{entries} entries are valid, {warnings} warnings"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn lookup(phrase: &str, manage: &ManageArguments) -> Result<ExitCode, CommandError> {
    let entries = read(manage)?.lookup(phrase);
    if manage.json {
        let entries: Vec<_> = entries
            .iter()
            .map(|entry| {
                json!({
                    "line": entry.line.to_string(),
                    "weight": entry.class.name().to_lowercase(),
                    "direction": direction(entry),
                    "labels": entry.labels,
                })
            })
            .collect();
        output::json(&entries)?;
    } else if entries.is_empty() {
        output::text(format_args!("no entry has `{phrase}`"))?;
    } else {
        for entry in &entries {
            output::text(describe(entry))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn unused(manage: &ManageArguments) -> Result<ExitCode, CommandError> {
    let config = manage.config()?;
    let vocabulary = read(manage)?;
    let snapshot = Catalog::open(&config.data)?
        .current()
        .ok_or_else(|| CommandError::NothingPublished(config.data.clone()))?;
    let runtime = Builder::new_multi_thread().worker_threads(1).build()?;
    let unused = runtime.block_on(snapshot.unused_vocabulary(vocabulary))?;
    if manage.json {
        let unused: Vec<_> = unused.iter().map(|entry| entry.line.to_string()).collect();
        output::json(&unused)?;
    } else {
        for entry in &unused {
            output::text(describe(entry))?;
        }
        output::text(format_args!("{} entries are not used", unused.len()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn direction(entry: &VocabularyEntry) -> &'static str {
    if entry.is_forward { "forward" } else { "both" }
}

/// `english.csv:12  same, forward: policy > beleid`.
fn describe(entry: &VocabularyEntry) -> String {
    let (first, others) = entry.labels.split_first().expect("an entry has at least two labels");
    let arrow = if entry.is_forward { ">" } else { "=" };
    let (line, weight) = (&entry.line, entry.class.name().to_lowercase());
    format!("{line}  {weight}, {}: {first} {arrow} {}", direction(entry), others.join(" | "))
}
