//! A collection, indexed: built and searched in the ways in which everything is.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    time::{Duration, Instant},
};

use indexer::{
    catalog::{Catalog, CatalogError, OpenError, Snapshot},
    config::{self, SourceConfig},
    run::{self, Accept, BuildError, BuildLimits, Plan, Progress, Request},
};
use jiff::Timestamp;
use schema::{Page, SearchFilter, SearchQuery, SearchSort, Wanted};
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use url::Url;

use super::{
    Collection, Measures, Report,
    measure::LONG,
    typo::{Dice, with_typo},
};

/// So many searches before time is taken.
const WARM_UP: usize = 50;
/// Where the documents of a collection are said to be.
const ADDRESS: &str = "https://collection.invalid/";
const DOCUMENTS_FILE: &str = "documents.jsonl";

/// Why a collection cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The temporary knowledge base cannot be written.
    #[error("the knowledge base of the evaluation cannot be written: {0}")]
    Io(#[from] io::Error),
    /// It cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A search failed.
    #[error("a search failed: {0}")]
    Search(#[from] CatalogError),
    /// No question has a good document.
    #[error("no question of the collection has a document with a score of 1 or more")]
    Nothing,
}

/// A knowledge base with the documents of a collection, in a temporary folder.
pub struct Judged {
    collection: Collection,
    /// By address.
    ids: HashMap<Url, String>,
    catalog: Catalog,
    runtime: Runtime,
    rejected: u64,
    _folder: TempDir,
}

impl std::fmt::Debug for Judged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Judged").field("rejected", &self.rejected).finish_non_exhaustive()
    }
}

impl Judged {
    /// Builds the knowledge base. What cannot be indexed is counted and never found.
    ///
    /// # Errors
    /// [`EvaluateError`] where it cannot be built.
    pub fn index(collection: Collection, progress: &dyn Progress) -> Result<Self, EvaluateError> {
        let folder = tempfile::tempdir()?;
        let ids = write(&collection, folder.path())?;
        let data = folder.path().join("data");
        let plan = Plan {
            data: data.clone(),
            sources: config::plan_sources(&[source()], folder.path())
                .map_err(|error| io::Error::other(error.to_string()))?,
            aliases: Vec::new(),
            item_url: ADDRESS.parse().expect("it is written in this file"),
            limits: BuildLimits::default(),
            now: Timestamp::now(),
            dated: None,
        };
        let request = Request { accept_rejections: Accept::Allow, ..Request::default() };
        let built = run::build(&plan, &request, progress)?;
        let rejected = built.sources.iter().map(|source| source.rejected).sum();
        for rejection in built.rejections.iter().take(3) {
            progress.note(&format!("refused: {}: {}", rejection.location, rejection.reason));
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

    /// Asks every question that has a good document, with a typing mistake each where a seed is
    /// given.
    ///
    /// # Errors
    /// [`EvaluateError`] where a search fails, or where no question has a good document.
    pub fn evaluate(&self, typos: Option<u64>) -> Result<Report, EvaluateError> {
        let snapshot = self.catalog.current().ok_or(EvaluateError::Nothing)?;
        let mut per_query = BTreeMap::new();
        let mut took = Vec::new();
        let good = |id: &str| {
            let grades = self.collection.grades.get(id);
            grades.filter(|grades| grades.values().any(|grade| *grade > 0))
        };
        let questions = &self.collection.questions;
        for question in questions.iter().take(WARM_UP) {
            self.search(&snapshot, &question.text)?;
        }
        for question in questions {
            let Some(grades) = good(&question.id) else { continue };
            let text = match typos {
                Some(seed) => with_typo(&question.text, &mut Dice::of(seed, &question.id)),
                None => question.text.clone(),
            };
            let (found, time) = self.search(&snapshot, &text)?;
            took.push(time);
            per_query.insert(question.id.clone(), Measures::of(&found, grades));
        }
        if per_query.is_empty() {
            return Err(EvaluateError::Nothing);
        }
        took.sort_unstable();
        let percentile =
            |percent: usize| took[(took.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
        Ok(Report {
            mean: Measures::mean(&per_query.values().collect::<Vec<_>>()),
            median_ms: percentile(50),
            p99_ms: percentile(99),
            queries: per_query.len(),
            unjudged: questions.len() - per_query.len(),
            documents: snapshot.counts().content(),
            rejected: self.rejected,
            typos,
            per_query,
        })
    }

    /// The text of a question, as it is in the collection.
    pub fn question(&self, id: &str) -> Option<&str> {
        let mut questions = self.collection.questions.iter();
        questions.find(|question| question.id == id).map(|question| question.text.as_str())
    }

    /// The ids of the first documents found, and how long that took.
    fn search(
        &self,
        snapshot: &Snapshot,
        words: &str,
    ) -> Result<(Vec<&str>, Duration), EvaluateError> {
        let query = SearchQuery {
            words: Some(words.to_owned()),
            filter: SearchFilter::default(),
            sort: SearchSort::Relevance,
            page: Page::first(LONG),
            wanted: Wanted::default(),
            now: Timestamp::now(),
        };
        let begun = Instant::now();
        let page = self.runtime.block_on(snapshot.search(query))?;
        let took = begun.elapsed();
        let id = |url: &Url| self.ids.get(url).map_or("", String::as_str);
        let found = page.hits.iter().filter_map(|hit| hit.record.common());
        Ok((found.map(|common| id(&common.url)).collect(), took))
    }
}

/// Writes the documents as a source, and gives their ids by address.
fn write(collection: &Collection, folder: &Path) -> io::Result<HashMap<Url, String>> {
    let mut out = BufWriter::new(File::create(folder.join(DOCUMENTS_FILE))?);
    let mut ids = HashMap::new();
    for document in &collection.documents {
        let key = blake3::hash(document.id.as_bytes()).to_hex();
        let url: Url = format!("{ADDRESS}{key}").parse().expect("a digest is part of an address");
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

fn source() -> SourceConfig {
    let typed = format!("name = \"collection\"\nkind = \"jsonlines\"\npath = \"{DOCUMENTS_FILE}\"");
    toml::from_str(&typed).expect("it is written in this file")
}
