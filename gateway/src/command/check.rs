//! `wegwijzer check`: validates the configuration.

use std::process::ExitCode;

use clap::Args;
use federation::config::masked;
use indexer::ingest::check_sources;
use serde_json::json;

use super::{CommandError, SourceArguments, output};
use crate::{config::Overrides, vocabulary};

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    from: SourceArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Validates the configuration, reads its sources, and prints a summary or everything that is wrong.
pub(super) fn run(arguments: &CheckArguments) -> Result<ExitCode, CommandError> {
    let config = arguments.from.config(Overrides::default())?;
    let check = check_sources(&config.sources, &config.folder);
    if !check.errors.is_empty() {
        if arguments.json {
            output::json(&json!({ "errors": check.errors, "warnings": check.warnings }))?;
        }
        return Err(CommandError::InvalidSources(check.errors));
    }
    let sources = config.resolve_sources()?;
    let vocabulary = vocabulary::read(config.vocabulary.as_deref())?;
    if arguments.json {
        let sources: Vec<_> = sources
            .iter()
            .map(|source| match &source.network {
                Some(network) => json!({ "name": source.name, "address": network.address }),
                None => json!({ "name": source.name, "path": source.path }),
            })
            .collect();
        output::json(&json!({
            "data": config.data,
            "listen": config.listen,
            "publicUrl": config.public_url,
            "sources": sources,
            "subgraphs": config.subgraphs.iter().map(|one| json!({ "name": one.name, "url": masked(&one.url) })).collect::<Vec<_>>(),
            "vocabulary": vocabulary.len(),
            "warnings": check.warnings,
        }))?;
    } else {
        output::text(format_args!("public_url  {}", config.public_url))?;
        output::text(format_args!("listen      {}", config.listen))?;
        output::text(format_args!("data        {}", config.data.display()))?;
        for source in &sources {
            let location = match &source.network {
                Some(network) => network.address.to_string(),
                None => source.path.display().to_string(),
            };
            output::text(format_args!("source      {} from {location}", source.name))?;
        }
        for subgraph in &config.subgraphs {
            let url = masked(&subgraph.url);
            output::text(format_args!("subgraph    {} at {url}", subgraph.name))?;
        }
        let folder = config.vocabulary.as_ref();
        let folder = folder.map(|path| format!(" and {}", path.display())).unwrap_or_default();
        let entries = vocabulary.len();
        output::text(format_args!("vocabulary  {entries} entries, built-in files{folder}"))?;
        for warning in &check.warnings {
            output::text(format_args!("warning     {warning}"))?;
        }
        output::text("configuration is valid")?;
    }
    Ok(ExitCode::SUCCESS)
}
