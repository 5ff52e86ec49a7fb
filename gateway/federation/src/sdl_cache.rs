//! The last known SDL of each subgraph on disk, so that a subgraph that is down is composed after a
//! restart, too. Every function blocks.
//!
//! Invariant: an SDL is stored after a supergraph was composed with it and loaded, never before.

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

/// Maximum length of an SDL file in bytes.
const SDL_BYTES_MAX: u64 = 4 << 20;

/// The SDL of each subgraph, by name.
pub(crate) struct SdlCache {
    folder: PathBuf,
    by_name: HashMap<String, String>,
}

impl SdlCache {
    /// Reads the cached SDL of these subgraphs; what cannot be read is set aside.
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

    /// Stores the SDL of a subgraph. If it cannot be written, that is logged, and the SDL is cached in
    /// memory alone.
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

    /// Renames a cached SDL that cannot be used to `NAME.graphql.rejected`, for somebody to look at, so
    /// that no later start meets it.
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

    /// Invariant: a crash leaves the old file or the new one, never a part. No link is followed.
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

    /// Names are letters, digits and hyphens.
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
