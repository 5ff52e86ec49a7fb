//! Sources and data of a knowledge base, stored in the target folder between runs.
//!
//! The documents are those of `../shared/bench/corpus.py`, real Dutch sentences, if that folder
//! exists next to the repository; otherwise they are generated.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;
use indexer::{
    bench_support::BareTantivy,
    catalog::Catalog,
    ingest::{
        self, BuildConfig, BuildLimits, BuildOptions, NoProgress,
        config::{SourceConfig, resolve_sources},
    },
};
use jiff::Timestamp;
use serde_json::Value;

use crate::{corpus::Corpus, measure::progress, random::SplitMix64, words::Vocabulary};

/// Number of documents in a separate small source whose content changes.
pub(crate) const LIVE: usize = 1_000;
/// Number of queries.
const QUERIES: usize = 600;
/// Increases with every change of the files below.
const VERSION: u32 = 2;

/// A folder with sources and a data folder.
pub(crate) struct Installation {
    folder: PathBuf,
    is_generated: bool,
    pub(crate) queries: Vec<String>,
}

impl Installation {
    /// Writes the sources, unless a previous run has done so.
    pub(crate) fn open(target: &Path, repository: &Path, documents: usize) -> anyhow::Result<Self> {
        let shared = repository.join("../shared");
        let script = shared.join("bench/corpus.py");
        let vocabulary = Vocabulary::load(&shared.join("lexicon"));
        let is_generated = !script.exists();
        let (origin, queries) = if is_generated {
            progress("no `../shared/bench/corpus.py`: documents and queries are generated");
            (vocabulary.origin, generated_queries(&vocabulary))
        } else {
            ("real", read_queries(&shared.join("relevance/lo-help-nl/queries.dev.jsonl"))?)
        };
        let folder = target.join(format!("knowledge-base-{VERSION}-{origin}-{documents}"));
        let installation = Self { folder, is_generated, queries };
        let done = installation.folder.join("sources-written");
        if !done.exists() {
            progress(&format!("writing {documents} documents"));
            let _ = fs::remove_dir_all(&installation.folder);
            fs::create_dir_all(&installation.folder)?;
            let all = installation.folder.join("all.jsonl");
            if is_generated {
                let mut out = BufWriter::new(File::create(&all)?);
                Corpus::new(&vocabulary).write(documents, &mut out)?;
                out.flush()?;
            } else {
                let mut python = Command::new("python3");
                let status = python.arg(script).arg(&all).arg(documents.to_string()).status()?;
                anyhow::ensure!(status.success(), "the corpus could not be written");
            }
            installation.divide(&all)?;
            File::create(done)?;
        }
        Ok(installation)
    }

    /// Divides the documents between the sources.
    fn divide(&self, all: &Path) -> anyhow::Result<()> {
        let lines = BufReader::new(File::open(all)?).lines().count();
        let create = |name| File::create(self.folder.join(name)).map(BufWriter::new);
        let (mut archive, mut live) = (create("archive.jsonl")?, create("live-0.jsonl")?);
        for (number, line) in BufReader::new(File::open(all)?).lines().enumerate() {
            let out = if number + LIVE < lines { &mut archive } else { &mut live };
            writeln!(out, "{}", line?)?;
        }
        fs::remove_file(all)?;
        archive.flush()?;
        live.flush()?;
        self.write_live(0, 0)
    }

    /// Writes the source whose content changes: the titles of some documents get a number.
    pub(crate) fn write_live(&self, changes: usize, edition: usize) -> anyhow::Result<()> {
        let text = fs::read_to_string(self.folder.join("live-0.jsonl"))?;
        let mut out = BufWriter::new(File::create(self.folder.join("live.jsonl"))?);
        for (number, line) in text.lines().enumerate() {
            // Evenly spread.
            if number * changes / LIVE == (number + 1) * changes / LIVE {
                writeln!(out, "{line}")?;
            } else {
                let mut record: Value = serde_json::from_str(line)?;
                let title = record["title"].as_str().context("a document without title")?;
                record["title"] = format!("{title} {edition}").into();
                writeln!(out, "{record}")?;
            }
        }
        Ok(out.flush()?)
    }

    /// The titles and bodies of the documents.
    fn documents(&self) -> anyhow::Result<impl Iterator<Item = [String; 2]>> {
        let open = |name| File::open(self.folder.join(name)).map(BufReader::new);
        let lines = open("archive.jsonl")?.lines().chain(open("live-0.jsonl")?.lines());
        Ok(lines.map(|line| {
            let line = line.expect("the file was written by an earlier run");
            let record: Value = serde_json::from_str(&line).expect("each line is an object");
            ["title", "body"].map(|name| record[name].as_str().unwrap_or_default().to_owned())
        }))
    }

    /// Writes the index of bare tantivy to an empty folder.
    pub(crate) fn build_bare_tantivy(&self, folder: &Path) -> anyhow::Result<()> {
        Ok(BareTantivy::build(folder, self.documents()?)?)
    }

    /// The index of bare tantivy; built by the first run.
    pub(crate) fn bare_tantivy(&self) -> anyhow::Result<BareTantivy> {
        let folder = self.folder.join("bare-tantivy");
        if !folder.exists() {
            progress("building the index of bare tantivy");
            let unfinished = self.empty_folder("bare-tantivy-unfinished")?;
            self.build_bare_tantivy(&unfinished)?;
            fs::rename(unfinished, &folder)?;
        }
        Ok(BareTantivy::open(&folder)?)
    }

    /// An empty folder with the given name.
    pub(crate) fn empty_folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.folder.join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The knowledge base; built by the first run, and again for a program with another format.
    pub(crate) fn catalog(&self) -> anyhow::Result<Catalog> {
        let catalog = Catalog::open(&self.data());
        if let Ok(catalog) = catalog
            && catalog.current().is_some()
        {
            return Ok(catalog);
        }
        progress("building the knowledge base");
        let data = self.empty_folder("data")?;
        self.write_live(0, 0)?;
        ingest::build(&self.build_config(data)?, &BuildOptions::default(), &NoProgress)?;
        Ok(Catalog::open(&self.data())?)
    }

    fn sources(&self) -> String {
        let constants = if self.is_generated { "" } else { "constants = { kind = 'article' }\n" };
        let source = |name| {
            format!(
                "[[source]]\nname = '{name}'\nkind = 'jsonlines'\npath = '{name}.jsonl'\n\
                 {constants}"
            )
        };
        source("archive") + &source("live")
    }

    /// Writes the configuration file. Responses are not cached.
    pub(crate) fn write_config(&self) -> std::io::Result<PathBuf> {
        let file = self.folder.join("wegwijzer.toml");
        let limits = "[limits]\nresponse_cache_bytes_max = 0\n";
        fs::write(&file, format!("data = 'data'\n{limits}{}", self.sources()))?;
        Ok(file)
    }

    /// Configuration of a build.
    fn build_config(&self, data: PathBuf) -> anyhow::Result<BuildConfig> {
        #[derive(serde::Deserialize)]
        struct Sources {
            source: Vec<SourceConfig>,
        }
        let Sources { source } = toml::from_str(&self.sources())?;
        Ok(BuildConfig {
            data,
            sources: resolve_sources(&source, &self.folder)?,
            aliases: Vec::new(),
            item_url: "http://127.0.0.1:8080/".parse()?,
            limits: BuildLimits::default(),
            now: now(),
            demo_date: None,
        })
    }
}

/// Time of all builds and queries.
pub(crate) fn now() -> Timestamp {
    "2026-03-02T12:00:00+01:00".parse().expect("the literal is a valid timestamp")
}

fn read_queries(file: &Path) -> anyhow::Result<Vec<String>> {
    let query = |line| {
        let line: Value = serde_json::from_str(line)?;
        Ok(line["text"].as_str().context("a query without text")?.to_owned())
    };
    fs::read_to_string(file)?.lines().take(QUERIES).map(query).collect()
}

/// Queries of one to five words.
fn generated_queries(vocabulary: &Vocabulary) -> Vec<String> {
    let mut rng = SplitMix64(11);
    let query = |number: usize| {
        let words = (0..=number % 5).map(|_| vocabulary.sample_content_word(&mut rng).to_owned());
        words.collect::<Vec<_>>().join(" ")
    };
    (0..QUERIES).map(query).collect()
}
