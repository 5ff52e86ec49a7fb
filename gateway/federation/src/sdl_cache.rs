//! Cache on disk of the last known SDL of each subgraph, so that after a restart an unavailable
//! subgraph can still be composed. All functions block.
//!
//! Invariant: an SDL is stored only after a supergraph with it was composed and loaded.

use std::{
    collections::HashMap,
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use crate::{
    bounded_file::{self, ReadFileError},
    config::SubgraphConfig,
};

/// Maximum size of an SDL file in bytes.
const SDL_BYTES_MAX: u64 = 4 << 20;

/// Cached SDLs by subgraph name.
pub(crate) struct SdlCache {
    folder: PathBuf,
    by_name: HashMap<String, String>,
}

impl SdlCache {
    /// Reads the cached SDLs of these subgraphs; unreadable files are rejected.
    pub(crate) fn read(folder: &Path, subgraphs: &[SubgraphConfig]) -> Self {
        let mut cache = Self { folder: folder.to_owned(), by_name: HashMap::new() };
        for SubgraphConfig { name, .. } in subgraphs {
            match bounded_file::read_text(&cache.path(name), SDL_BYTES_MAX) {
                Ok(sdl) => {
                    cache.by_name.insert(name.clone(), sdl);
                }
                Err(error) if error.is_not_found() => {}
                Err(error) => cache.reject(name, &error.to_string()),
            }
        }
        cache
    }

    /// The last known SDL of a subgraph.
    pub(crate) fn get(&self, name: &str) -> Option<&String> {
        self.by_name.get(name)
    }

    /// Updates the SDL of a subgraph. If the file cannot be written, this is logged, and the SDL is
    /// only cached in memory.
    pub(crate) fn update(&mut self, name: &str, sdl: &str) {
        if self.by_name.get(name).is_some_and(|cached| cached == sdl) {
            return;
        }
        if let Err(error) = self.write(name, sdl) {
            let path = self.path(name);
            tracing::warn!(subgraph = name, %error, path = %path.display(), "cannot cache SDL");
        }
        self.by_name.insert(name.to_owned(), sdl.to_owned());
    }

    /// Renames an unusable SDL file to `NAME.graphql.rejected`, so that it can be inspected and is
    /// not read at the next start.
    pub(crate) fn reject(&mut self, name: &str, reason: &str) {
        self.by_name.remove(name);
        let path = self.path(name);
        let rejected = self.folder.join(format!("{name}.graphql.rejected"));
        let renamed = fs::rename(&path, &rejected);
        tracing::error!(
            subgraph = name,
            reason,
            path = %path.display(),
            rejected = %rejected.display(),
            rename_error = renamed.err().map(|error| error.to_string()),
            "rejected cached SDL"
        );
    }

    /// Invariant: after a crash, the file has its old or its new content. Symbolic links are not
    /// followed.
    fn write(&self, name: &str, sdl: &str) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let unfinished = self.folder.join(format!("{name}.unfinished"));
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = fs::File::create_new(&unfinished)?;
        file.write_all(sdl.as_bytes())?;
        file.sync_all()?;
        fs::rename(unfinished, self.path(name))
    }

    /// Names consist of letters, digits and hyphens, so the path is inside the folder.
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.graphql"))
    }
}

/// Reads an SDL file.
///
/// # Errors
/// A message with the path.
pub(crate) fn read_sdl(path: &Path) -> Result<String, String> {
    let describe = |cause: ReadFileError| format!("cannot read SDL: {cause}: `{}`", path.display());
    bounded_file::read_text(path, SDL_BYTES_MAX).map_err(describe)
}
