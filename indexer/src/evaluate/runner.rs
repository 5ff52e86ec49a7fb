//! Evaluation of a collection, with the regular build and search.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    catalog::{Catalog, CatalogError, OpenError, Snapshot},
    ingest,
    ingest::{
        BuildConfig, BuildError, BuildLimits, BuildOptions, OnThreshold, Progress, config,
        config::{ConfigError, SourceConfig},
    },
};
use jiff::Timestamp;
use schema::{Page, SearchExtras, SearchFilter, SearchQuery, SearchSort};
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use url::Url;

use super::{
    Collection, EvaluationReport, Measures,
    metrics::RECALL_CUTOFF,
    typo::{SplitMix64, with_typo},
};

/// Number of searches before the measurement starts.
const WARM_UP_SEARCHES: usize = 50;
/// Base of the made-up URLs of the documents.
const BASE_URL: &str = "https://collection.invalid/";
const DOCUMENTS_FILE: &str = "documents.jsonl";

/// Failure of an evaluation.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The temporary knowledge base cannot be written.
    #[error("cannot write the knowledge base of the evaluation")]
    Io(#[from] io::Error),
    /// The source configuration is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The knowledge base cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The knowledge base cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A search failed.
    #[error("search failed")]
    Search(#[from] CatalogError),
    /// No query has a relevant document.
    #[error("no query of the collection has a document with a score of 1 or more")]
    NoJudgedQuery,
}

/// A knowledge base with the documents of a collection, in a temporary folder.
pub struct EvaluationRun {
    collection: Collection,
    /// Document ids by URL.
    ids: HashMap<Url, String>,
    catalog: Catalog,
    runtime: Runtime,
    rejected: u64,
    _folder: TempDir,
}

impl std::fmt::Debug for EvaluationRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EvaluationRun").field("rejected", &self.rejected).finish_non_exhaustive()
    }
}

impl EvaluationRun {
    /// Builds the knowledge base. Counts documents that cannot be indexed; no search returns them.
    ///
    /// # Errors
    /// [`EvaluateError`] if it cannot be built.
    pub fn index(collection: Collection, progress: &dyn Progress) -> Result<Self, EvaluateError> {
        let folder = tempfile::tempdir()?;
        let ids = write_documents(&collection, folder.path())?;
        let data = folder.path().join("data");
        let build_config = BuildConfig {
            data: data.clone(),
            sources: config::resolve_sources(&[source_config()], folder.path())?,
            aliases: Vec::new(),
            item_url: BASE_URL.parse().expect("the constant is a valid URL"),
            limits: BuildLimits::default(),
            now: Timestamp::now(),
            demo_date: None,
        };
        let options =
            BuildOptions { on_rejections: OnThreshold::Ignore, ..BuildOptions::default() };
        let built = ingest::build(&build_config, &options, progress)?;
        let rejected = built.sources.iter().map(|source| source.rejected).sum();
        for rejection in built.rejections.iter().take(3) {
            progress.note(&format!("rejected: {}: {}", rejection.location, rejection.reason));
        }
        let runtime = Builder::new_multi_thread().worker_threads(1).build()?;
        Ok(Self {
            collection,
            ids,
            catalog: Catalog::open(&data)?,
            runtime,
            rejected,
            _folder: folder,
        })
    }

    /// Runs all queries that have a relevant document, each with a typo if `typos` contains a seed.
    ///
    /// # Errors
    /// [`EvaluateError`] if a search fails or if no query has a relevant document.
    pub fn evaluate(&self, typos: Option<u64>) -> Result<EvaluationReport, EvaluateError> {
        let snapshot = self.catalog.current().ok_or(EvaluateError::NoJudgedQuery)?;
        let mut per_query = BTreeMap::new();
        let mut durations = Vec::new();
        let relevant_grades = |id: &str| {
            let grades = self.collection.grades.get(id);
            grades.filter(|grades| grades.values().any(|grade| *grade > 0))
        };
        let queries = &self.collection.judged_queries;
        for query in queries.iter().take(WARM_UP_SEARCHES) {
            self.search(&snapshot, &query.text)?;
        }
        for query in queries {
            let Some(grades) = relevant_grades(&query.id) else { continue };
            let text = match typos {
                Some(seed) => with_typo(&query.text, &mut SplitMix64::for_query(seed, &query.id)),
                None => query.text.clone(),
            };
            let (found, time) = self.search(&snapshot, &text)?;
            durations.push(time);
            per_query.insert(query.id.clone(), Measures::of(&found, grades));
        }
        if per_query.is_empty() {
            return Err(EvaluateError::NoJudgedQuery);
        }
        durations.sort_unstable();
        let percentile = |percent: usize| {
            durations[(durations.len() - 1) * percent / 100].as_secs_f64() * 1_000.0
        };
        Ok(EvaluationReport {
            mean: Measures::mean(&per_query.values().collect::<Vec<_>>()),
            median_ms: percentile(50),
            p99_ms: percentile(99),
            queries: per_query.len(),
            unjudged: queries.len() - per_query.len(),
            documents: snapshot.counts().content(),
            rejected: self.rejected,
            typos,
            per_query,
        })
    }

    /// The original text of a query.
    pub fn query_text(&self, id: &str) -> Option<&str> {
        let mut queries = self.collection.judged_queries.iter();
        queries.find(|query| query.id == id).map(|query| query.text.as_str())
    }

    /// The ids of the documents found, in order, and the duration of the search.
    fn search(
        &self,
        snapshot: &Snapshot,
        text: &str,
    ) -> Result<(Vec<&str>, Duration), EvaluateError> {
        let query = SearchQuery {
            words: Some(text.to_owned()),
            filter: SearchFilter::default(),
            sort: SearchSort::Relevance,
            wider: false,
            literal: false,
            page: Page::first(RECALL_CUTOFF),
            extras: SearchExtras::default(),
            now: Timestamp::now(),
        };
        let started = Instant::now();
        let page = self.runtime.block_on(snapshot.search(query))?;
        let elapsed = started.elapsed();
        let id = |url: &Url| self.ids.get(url).map_or("", String::as_str);
        let found = page.hits.iter().filter_map(|hit| hit.record.common());
        Ok((found.map(|common| id(&common.url)).collect(), elapsed))
    }
}

/// Writes the documents as a JSON Lines source; returns their ids by URL.
fn write_documents(collection: &Collection, folder: &Path) -> io::Result<HashMap<Url, String>> {
    let mut out = BufWriter::new(File::create(folder.join(DOCUMENTS_FILE))?);
    let mut ids = HashMap::new();
    for document in &collection.documents {
        let key = blake3::hash(document.id.as_bytes()).to_hex();
        let url: Url =
            format!("{BASE_URL}{key}").parse().expect("a hexadecimal digest is a valid URL path");
        let title = Some(&document.title).filter(|title| !title.trim().is_empty());
        let body = html_escape::encode_text(&document.text);
        let line = json!({
            "key": key.as_str(), "kind": "article", "url": url, "title": title,
            "body": format!("<p>{body}</p>"),
        });
        writeln!(out, "{line}")?;
        ids.insert(url, document.id.clone());
    }
    out.flush()?;
    Ok(ids)
}

fn source_config() -> SourceConfig {
    let toml_text =
        format!("name = \"collection\"\nkind = \"jsonlines\"\npath = \"{DOCUMENTS_FILE}\"");
    toml::from_str(&toml_text).expect("the constant is a valid source")
}
