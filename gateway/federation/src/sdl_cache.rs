//! The last known SDL of each subgraph on disk, so that a subgraph that is down is composed after a
//! restart, too. Every function blocks.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::config::SubgraphConfig;

/// Maximum length of an SDL file in bytes.
const SDL_BYTES_MAX: u64 = 4 << 20;

/// The SDL of each subgraph, by name.
pub(crate) struct SdlCache {
    folder: PathBuf,
    by_name: HashMap<String, String>,
}

impl SdlCache {
    /// Reads the cached SDL of these subgraphs; what cannot be read is logged.
    pub(crate) fn read(folder: &Path, subgraphs: &[SubgraphConfig]) -> Self {
        let mut cache = Self { folder: folder.to_owned(), by_name: HashMap::new() };
        for subgraph in subgraphs {
            let path = cache.path(&subgraph.name);
            if !path.exists() {
                continue;
            }
            match read_sdl(&path) {
                Ok(sdl) => {
                    cache.by_name.insert(subgraph.name.clone(), sdl);
                }
                Err(error) => {
                    tracing::warn!(subgraph = subgraph.name, error, "cannot read cached SDL");
                }
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

    /// Invariant: a crash leaves the old file or the new one, never a part.
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

/// Reads an SDL file.
///
/// # Errors
/// A message with the path.
pub(crate) fn read_sdl(path: &Path) -> Result<String, String> {
    let read_error =
        |cause: &dyn std::fmt::Display| format!("cannot read SDL: {cause}: `{}`", path.display());
    let bytes = fs::metadata(path).map_err(|cause| read_error(&cause))?.len();
    if bytes > SDL_BYTES_MAX {
        return Err(read_error(&format!("file exceeds {SDL_BYTES_MAX} bytes")));
    }
    fs::read_to_string(path).map_err(|cause| read_error(&cause))
}
