//! Sources and data of a knowledge base, stored in the target folder between runs.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use indexer::ingest::{
    BuildConfig, BuildLimits,
    config::{SourceConfig, resolve_sources},
};
use jiff::Timestamp;
use schema::SourceName;

use crate::{
    corpus::{Corpus, VERSION},
    words::Vocabulary,
};

/// Number of documents.
pub(crate) const DOCUMENTS: usize = 100_000;
/// Number of documents in a separate small source whose content changes.
const LIVE: usize = 1_000;

const SOURCES: &str = r#"
[[source]]
name = "entities"
kind = "jsonlines"
path = "entities.jsonl"

[[source]]
name = "archive"
kind = "jsonlines"
path = "archive.jsonl"

[[source]]
name = "live"
kind = "jsonlines"
path = "live.jsonl"
"#;

/// A folder with sources and a data folder.
pub(crate) struct Installation {
    folder: PathBuf,
    pub(crate) vocabulary: Vocabulary,
}

impl Installation {
    /// Writes the sources, unless a previous run has done so.
    pub(crate) fn open(target: &Path, repository: &Path) -> io::Result<Self> {
        let vocabulary = Vocabulary::load(&repository.join("../shared/lexicon"));
        let name = format!("knowledge-base-{VERSION}-{}-{DOCUMENTS}", vocabulary.origin);
        let installation = Self { folder: target.join(name), vocabulary };
        let done = installation.folder.join("sources-written");
        if !done.exists() {
            let _ = fs::remove_dir_all(&installation.folder);
            fs::create_dir_all(&installation.folder)?;
            let corpus = Corpus::new(&installation.vocabulary);
            let live = DOCUMENTS - LIVE;
            installation.write("entities.jsonl", |out| corpus.write_entities(out))?;
            installation
                .write("archive.jsonl", |out| corpus.write_documents((0, live), |_| 0, out))?;
            installation.write_live(|_| 0)?;
            File::create(done)?;
        }
        Ok(installation)
    }

    fn write(
        &self,
        name: &str,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut out = BufWriter::new(File::create(self.folder.join(name))?);
        write(&mut out)?;
        out.flush()
    }

    /// Writes the source whose content changes, each document in its edition.
    pub(crate) fn write_live(&self, edition: impl Fn(usize) -> usize) -> io::Result<()> {
        let range = (DOCUMENTS - LIVE, DOCUMENTS);
        self.write("live.jsonl", |out| {
            Corpus::new(&self.vocabulary).write_documents(range, edition, out)
        })
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Whether a number is one of ten documents in the source whose content changes.
    pub(crate) fn is_one_of_ten(number: usize) -> bool {
        number % (LIVE / 10) == 7
    }

    /// A second data folder with hard links to the same files, which never change.
    pub(crate) fn linked_data(&self) -> io::Result<PathBuf> {
        let (from, to) = (self.data(), self.folder.join("data-of-this-run"));
        match fs::remove_dir_all(&to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => link_folder(&from, &to)?,
        }
        Ok(to)
    }

    /// Writes the configuration file.
    pub(crate) fn write_config(&self) -> io::Result<PathBuf> {
        let file = self.folder.join("wegwijzer.toml");
        fs::write(&file, format!("data = \"data\"\n{SOURCES}"))?;
        Ok(file)
    }

    /// Configuration of a build.
    pub(crate) fn build_config(&self, data: PathBuf) -> anyhow::Result<BuildConfig> {
        #[derive(serde::Deserialize)]
        struct Sources {
            source: Vec<SourceConfig>,
        }
        let Sources { source } = toml::from_str(&fs::read_to_string(self.write_config()?)?)?;
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

/// Name of the source whose content changes.
pub(crate) fn live() -> SourceName {
    SourceName::new("live").expect("`live` is a valid source name")
}

/// Time of all builds and queries.
pub(crate) fn now() -> Timestamp {
    "2026-03-02T12:00:00+01:00".parse().expect("the literal is a valid timestamp")
}

/// Creates hard links to the files below `from`.
fn link_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        // The lock file is modified in place; all other files are replaced.
        if entry.file_type()?.is_dir() {
            link_folder(&source, &target)?;
        } else if entry.file_name() != "builder.lock" {
            fs::hard_link(&source, &target)?;
        }
    }
    Ok(())
}
