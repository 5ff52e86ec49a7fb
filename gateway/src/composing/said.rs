//! What each partner said last of its graph, kept in the data folder: it is composed by that while it
//! is down, also when we begin anew.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::read;
use crate::config::Subgraph;

/// The folder within the data folder.
const FOLDER: &str = "partners";

/// The SDL of each partner, by name.
pub(super) struct Said {
    folder: PathBuf,
    by_name: HashMap<String, String>,
}

impl Said {
    /// What partners said before we began.
    pub(super) fn read(data: &Path, partners: &[Subgraph]) -> Self {
        let mut said = Self { folder: data.join(FOLDER), by_name: HashMap::new() };
        for partner in partners {
            let path = said.path(&partner.name);
            if !path.exists() {
                continue;
            }
            match read(&path) {
                Ok(sdl) => {
                    said.by_name.insert(partner.name.clone(), sdl);
                }
                Err(cause) => {
                    tracing::warn!(partner = partner.name, %cause, "not known from before");
                }
            }
        }
        said
    }

    /// What a partner said last.
    pub(super) fn of(&self, name: &str) -> Option<&String> {
        self.by_name.get(name)
    }

    /// A partner says this now. What cannot be written is told in the log, and known until we end.
    pub(super) fn now(&mut self, name: &str, sdl: &str) {
        if self.by_name.get(name).is_some_and(|known| known == sdl) {
            return;
        }
        if let Err(cause) = self.write(name, sdl) {
            let path = self.path(name);
            tracing::warn!(partner = name, %cause, path = %path.display(), "not kept for later");
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
