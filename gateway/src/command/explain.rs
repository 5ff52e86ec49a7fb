//! `wegwijzer explain`: why a query finds an item, or why it does not.

use std::process::ExitCode;

use clap::Args;
use indexer::catalog::{Catalog, CatalogError, RankExplanation, Snapshot};
use schema::{Language, NodeId};
use serde_json::json;
use tokio::runtime::Builder;
use url::Url;

use super::{CommandError, ManageArguments, output};
use crate::{explanation_text, messages::Messages, vocabulary};

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// Query, as typed into the search form.
    query: String,
    /// Id or URL of the item.
    #[arg(value_name = "ID")]
    content: String,
    #[command(flatten)]
    manage: ManageArguments,
}

/// Explains the rank of one item.
pub(super) fn run(arguments: &ExplainArguments) -> Result<ExitCode, CommandError> {
    let config = arguments.manage.config()?;
    let catalog = Catalog::open(&config.data)?;
    catalog.set_vocabulary(vocabulary::read(config.vocabulary.as_deref())?);
    let nothing_published = || CommandError::NothingPublished(config.data.clone());
    let snapshot = catalog.current().ok_or_else(nothing_published)?;
    let runtime = Builder::new_multi_thread().worker_threads(1).build()?;
    let (query, content) = (&arguments.query, &arguments.content);
    let rank_explanation = runtime.block_on(async {
        let Some(id) = resolve_id(&snapshot, content).await? else { return Ok(None) };
        snapshot.explain(query.clone(), id, config.clock.now()).await
    })?;
    let rank_explanation =
        rank_explanation.ok_or_else(|| CommandError::NoContent(content.clone()))?;
    let text =
        explanation_text::describe_rank(Messages::of(Language::Nl), &rank_explanation, query);
    if arguments.manage.json {
        output::json(&as_json(&rank_explanation, query, &text))?;
    } else {
        output::text(text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Parses an id, or looks up the id of a URL.
async fn resolve_id(snapshot: &Snapshot, text: &str) -> Result<Option<NodeId>, CatalogError> {
    if let Ok(id) = text.parse() {
        return Ok(Some(id));
    }
    let Ok(url) = text.parse::<Url>() else { return Ok(None) };
    Ok(snapshot.by_urls(&[url]).await?.into_iter().next().flatten())
}

fn as_json(rank_explanation: &RankExplanation, query: &str, text: &str) -> serde_json::Value {
    let term_json = |term: &schema::TermMatch| {
        let reasons: Vec<_> = term
            .reasons
            .iter()
            .map(|reason| json!({ "kind": reason.kind.name(), "text": reason.text, "rule": reason.rule }))
            .collect();
        json!({ "word": term.word, "score": term.score, "reasons": reasons })
    };
    let words = rank_explanation.explanation.iter().flat_map(|explanation| &explanation.words);
    json!({
        "query": query,
        "id": rank_explanation.record.id().to_string(),
        "title": rank_explanation.record.name(),
        "rank": rank_explanation.rank,
        "total": rank_explanation.total,
        "match": rank_explanation.match_class.map(schema::MatchClass::name),
        "score": rank_explanation.score,
        "words": words.map(term_json).collect::<Vec<_>>(),
        "text": text,
    })
}
