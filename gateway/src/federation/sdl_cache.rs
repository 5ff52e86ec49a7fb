//! What each partner said last of its graph, kept in the data folder: it is composed by that while it
//! is down, also when we begin anew.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::composer::read;
use crate::config::SubgraphConfig;

/// The folder within the data folder.
const FOLDER: &str = "partners";

/// The SDL of each partner, by name.
pub(crate) struct SdlCache {
    folder: PathBuf,
    by_name: HashMap<String, String>,
}

impl SdlCache {
    /// What partners said before we began.
    pub(crate) fn read(data: &Path, subgraphs: &[SubgraphConfig]) -> Self {
        let mut cache = Self { folder: data.join(FOLDER), by_name: HashMap::new() };
        for subgraph in subgraphs {
            let path = cache.path(&subgraph.name);
            if !path.exists() {
                continue;
            }
            match read(&path) {
                Ok(sdl) => {
                    cache.by_name.insert(subgraph.name.clone(), sdl);
                }
                Err(cause) => {
                    tracing::warn!(subgraph = subgraph.name, error = %cause, "cannot read cached SDL");
                }
            }
        }
        cache
    }

    /// What a partner said last.
    pub(crate) fn get(&self, name: &str) -> Option<&String> {
        self.by_name.get(name)
    }

    /// A partner says this now. What cannot be written is told in the log, and known until we end.
    pub(crate) fn update(&mut self, name: &str, sdl: &str) {
        if self.by_name.get(name).is_some_and(|cached| cached == sdl) {
            return;
        }
        if let Err(cause) = self.write(name, sdl) {
            let path = self.path(name);
            tracing::warn!(subgraph = name, error = %cause, path = %path.display(), "cannot cache SDL");
        }
        self.by_name.insert(name.to_owned(), sdl.to_owned());
    }

    /// Whole or not at all, whenever we are stopped.
    fn write(&self, name: &str, sdl: &str) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let unfinished = self.folder.join(format!("{name}.unfinished"));
        fs::write(&unfinished, sdl)?;
        fs::File::open(&unfinished)?.sync_all()?;
        fs::rename(unfinished, self.path(name))
    }

    /// Names are letters, digits and hyphens.
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.graphql"))
    }
}
