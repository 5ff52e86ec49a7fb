//! `wegwijzer explain`: why content is found for a question, or why it is not.

use std::process::ExitCode;

use clap::Args;
use indexer::catalog::{Catalog, CatalogError, Snapshot, Standing};
use schema::NodeId;
use serde_json::json;
use tokio::runtime::Builder;
use url::Url;

use super::{CommandError, ManageArguments, output};
use crate::{explanation, synonyms};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The question, as it would be typed into a search box.
    query: String,
    /// The id of the content, or its address.
    #[arg(value_name = "ID")]
    content: String,
    #[command(flatten)]
    installation: ManageArguments,
}

/// Explains one piece of content.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, CommandError> {
    let config = arguments.installation.config()?;
    let catalog = Catalog::open(&config.data)?;
    catalog.set_synonyms(synonyms::read(config.synonyms.as_deref())?);
    let nothing = || CommandError::NothingPublished(config.data.clone());
    let snapshot = catalog.current().ok_or_else(nothing)?;
    let runtime = Builder::new_multi_thread().worker_threads(1).build()?;
    let (query, content) = (&arguments.query, &arguments.content);
    let standing = runtime.block_on(async {
        let Some(id) = id(&snapshot, content).await? else { return Ok(None) };
        snapshot.explain(query.clone(), id, config.clock.now()).await
    })?;
    let standing = standing.ok_or_else(|| CommandError::NoContent(content.clone()))?;
    if arguments.installation.json {
        output::json(&as_json(&standing, query))?;
    } else {
        output::text(explanation::standing(&standing, query))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The id that was typed, or the one that an address leads to.
async fn id(snapshot: &Snapshot, typed: &str) -> Result<Option<NodeId>, CatalogError> {
    if let Ok(id) = typed.parse() {
        return Ok(Some(id));
    }
    let Ok(url) = typed.parse::<Url>() else { return Ok(None) };
    Ok(snapshot.by_urls(&[url]).await?.into_iter().next().flatten())
}

fn as_json(standing: &Standing, query: &str) -> serde_json::Value {
    let word = |word: &schema::WordMatch| {
        let ways: Vec<_> = word.ways.iter().map(|way| &way.text).collect();
        json!({ "word": word.word, "score": word.score, "ways": ways })
    };
    let words = standing.explanation.iter().flat_map(|explanation| &explanation.words);
    json!({
        "query": query,
        "id": standing.record.id().to_string(),
        "title": standing.record.name(),
        "place": standing.place,
        "total": standing.total,
        "score": standing.score,
        "words": words.map(word).collect::<Vec<_>>(),
        "text": explanation::standing(standing, query),
    })
}
