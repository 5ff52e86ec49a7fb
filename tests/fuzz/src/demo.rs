//! The demo as two generations, one week apart, opened once per process.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use gateway::{
    clock::Clock,
    config::{Config, Overrides},
    pipeline::Pipeline,
};
use indexer::{
    catalog::{Catalog, Snapshot},
    ingest,
    ingest::{BuildConfig, BuildLimits, NoProgress},
};
use jiff::{Timestamp, ToSpan};
use schema::{
    NodeId, NodeKind, Page, Record, SearchExtras, SearchFilter, SearchQuery, SearchSort,
    normalisation,
};
use tokio::runtime::{Builder, Runtime};

/// The demo, built on first use.
pub static DEMO: LazyLock<Demo> = LazyLock::new(Demo::build);

/// Two generations of the demo, and input for queries.
pub struct Demo {
    /// Runtime for all requests.
    pub runtime: Runtime,
    /// Configuration with a fixed clock.
    pub config: Config,
    /// Serves the current generation.
    pub pipeline: Arc<Pipeline>,
    /// The previous generation and the current one.
    pub snapshots: [Arc<Snapshot>; 2],
    /// All ids in the current generation.
    pub ids: Vec<NodeId>,
    /// URLs of content.
    pub urls: Vec<String>,
    /// Words of titles and names.
    pub words: Vec<String>,
    /// Cursors of searches for everything, and of lists by name.
    pub cursors: Vec<String>,
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Noon in Amsterdam on the date of the fixtures.
pub fn clock() -> Timestamp {
    "2026-03-02T12:00:00+01:00".parse().expect("an instant")
}

impl Demo {
    fn build() -> Self {
        let data = tempfile::tempdir().expect("a temporary folder");
        let overrides = Overrides {
            data: Some(data.path().to_owned()),
            listen: Some("127.0.0.1:0".to_owned()),
            ..Overrides::default()
        };
        let file = repository().join("fixtures/demo.toml");
        let mut config = Config::load(Some(&file), &overrides).expect("the demo is valid");
        config.clock = Clock::Fixed(clock());
        let catalog = Catalog::open(&config.data).expect("an empty folder");
        let [previous, current] = [-7, 0].map(|days| {
            let now = clock() + (24 * days).hours();
            ingest::build(&plan(&config, now), &ingest::BuildOptions::default(), &NoProgress)
                .expect("the demo builds");
            catalog.refresh().expect("the generation opens");
            catalog.current().expect("a generation")
        });
        // Open files remain readable, so nothing is left behind when the process is killed.
        drop(data);
        let runtime =
            Builder::new_multi_thread().worker_threads(1).enable_time().build().expect("a runtime");
        let records = runtime.block_on(records(&current));
        let cursors = runtime.block_on(cursors(&[&previous, &current]));
        let pipeline = Pipeline::new(Some(Arc::new(catalog)), Arc::new(config.clone()));
        let pipeline = Arc::new(pipeline.expect("no trusted documents"));
        Self {
            runtime,
            config,
            pipeline,
            snapshots: [previous, current],
            ids: records.iter().map(|record| record.id()).collect(),
            urls: records.iter().filter_map(|r| Some(r.common()?.url.to_string())).collect(),
            words: words(&records),
            cursors,
        }
    }

    /// The ids of one kind.
    pub fn ids_of(&self, kind: NodeKind) -> Vec<NodeId> {
        self.ids.iter().copied().filter(|id| id.kind() == kind).collect()
    }
}

fn plan(config: &Config, now: Timestamp) -> BuildConfig {
    BuildConfig {
        data: config.data.clone(),
        sources: config.resolve_sources().expect("sources"),
        aliases: config.aliases.clone(),
        item_url: config.public_url.clone(),
        limits: BuildLimits::default(),
        now,
        demo_date: config.demo_date,
    }
}

/// A search for everything.
pub fn everything() -> SearchQuery {
    SearchQuery {
        words: None,
        filter: SearchFilter::default(),
        sort: SearchSort::Title,
        wider: false,
        literal: false,
        page: Page::first(5_000),
        extras: SearchExtras::default(),
        now: clock(),
    }
}

/// All records of a generation.
async fn records(snapshot: &Snapshot) -> Vec<Arc<Record>> {
    let page = snapshot.search(everything()).await.expect("a search");
    let mut records: Vec<_> = page.hits.into_iter().map(|hit| hit.record).collect();
    for kind in NodeKind::ALL.into_iter().filter(|kind| !kind.is_content()) {
        let names =
            snapshot.list_by_name(kind, String::new(), Page::first(5_000)).await.expect("names");
        records.extend(names.entries.into_iter().map(|(record, _)| record));
    }
    records
}

/// The words of all names, without duplicates.
fn words(records: &[Arc<Record>]) -> Vec<String> {
    let names = records.iter().flat_map(|record| record.name().split_whitespace());
    names.map(normalisation::name).collect::<BTreeSet<_>>().into_iter().collect()
}

/// A few cursors of every list without required arguments.
async fn cursors(snapshots: &[&Snapshot]) -> Vec<String> {
    let mut cursors = Vec::new();
    for snapshot in snapshots {
        for sort in SearchSort::ALL {
            let page = SearchQuery { sort: *sort, page: Page::first(40), ..everything() };
            let page = snapshot.search(page).await.expect("a search");
            cursors.extend(page.hits.iter().step_by(13).map(|hit| hit.cursor.to_string()));
        }
        for kind in [NodeKind::Organisation, NodeKind::Person] {
            let names =
                snapshot.list_by_name(kind, String::new(), Page::first(5)).await.expect("names");
            cursors.extend(names.entries.iter().map(|(_, cursor)| cursor.to_string()));
        }
    }
    cursors
}
