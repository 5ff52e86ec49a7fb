//! Turns a folder under construction into the current generation, in steps that are each atomic:
//! sync every file ► write the manifest ► rename the folder ► replace `CURRENT` ► remove the
//! oldest.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use schema::GenerationNumber;

use super::{
    BuildLock, DataFolder, FileDigest, GenerationError, MANIFEST_FILE, Manifest,
    digest::{FileToDigest, Retention, digest_files},
    durable::sync,
    integrity::{BLOCKWISE_BYTES_MIN, files_below},
};
use crate::store::{BASE_FILE, BLOCKS_FILE};

/// The folder of a generation under construction.
#[derive(Debug)]
pub(crate) struct Staging<'a> {
    data: &'a DataFolder,
    path: PathBuf,
    published: bool,
}

impl<'a> Staging<'a> {
    /// Creates an empty folder, which is removed unless it is published.
    pub(crate) fn begin(data: &'a DataFolder, _lock: &BuildLock) -> Result<Self, GenerationError> {
        let path = data.staging();
        fs::create_dir(&path).map_err(GenerationError::io("create", &path))?;
        Ok(Self { data, path, published: false })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Digests of all files. Digests in `inherited` are reused without reading the files, which are
    /// hard links to those of the base.
    pub(crate) fn digest_files(
        &self,
        inherited: &BTreeMap<String, FileDigest>,
    ) -> Result<BTreeMap<String, FileDigest>, GenerationError> {
        let (mut digests, mut names, mut written) = (BTreeMap::new(), Vec::new(), Vec::new());
        for name in files_below(&self.path)? {
            if let Some(digest) = inherited.get(&name) {
                digests.insert(name, digest.clone());
                continue;
            }
            let path = self.path.join(&name);
            sync(&path)?;
            written.push(FileToDigest { path, retention: Retention::Discard });
            names.push(name);
        }
        for (name, file) in names.into_iter().zip(digest_files(&written)?) {
            if name == BASE_FILE && file.digest.bytes >= BLOCKWISE_BYTES_MIN {
                let hashes = file.blocks.as_bytes();
                self.write(BLOCKS_FILE, hashes)?;
                digests.insert(BLOCKS_FILE.to_owned(), FileDigest::of(hashes));
            }
            digests.insert(name, file.digest);
        }
        Ok(digests)
    }

    /// Writes a new file, and syncs it.
    fn write(&self, name: &str, content: &[u8]) -> Result<(), GenerationError> {
        let path = self.path.join(name);
        let mut file = File::create_new(&path).map_err(GenerationError::io("write", &path))?;
        let written = file.write_all(content).and_then(|()| file.sync_all());
        written.map_err(GenerationError::io("write", &path))
    }

    /// Publishes the folder under the number in the manifest and makes it current.
    pub(crate) fn publish(
        mut self,
        manifest: &Manifest,
    ) -> Result<GenerationNumber, GenerationError> {
        fail::fail_point!("publish-built", |_| std::process::abort());
        self.write(MANIFEST_FILE, &manifest.to_bytes())?;
        fail::fail_point!("publish-manifest", |_| std::process::abort());
        sync_folders(&self.path)?;
        fail::fail_point!("publish-synced", |_| std::process::abort());
        let target = self.data.generation(manifest.number);
        fs::rename(&self.path, &target).map_err(GenerationError::io("rename", &target))?;
        fail::fail_point!("publish-renamed", |_| std::process::abort());
        sync(self.data.root())?;
        fail::fail_point!("publish-rename-synced", |_| std::process::abort());
        self.data.set_current(manifest.number)?;
        self.published = true;
        fail::fail_point!("publish-current", |_| std::process::abort());
        Ok(manifest.number)
    }
}

impl Drop for Staging<'_> {
    fn drop(&mut self) {
        if !self.published {
            // The next builder removes what cannot be removed now.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn sync_folders(folder: &Path) -> Result<(), GenerationError> {
    for entry in walkdir::WalkDir::new(folder).contents_first(true) {
        let entry = entry.map_err(|error| GenerationError::io("list", folder)(error.into()))?;
        if entry.file_type().is_dir() {
            sync(entry.path())?;
        }
    }
    Ok(())
}
