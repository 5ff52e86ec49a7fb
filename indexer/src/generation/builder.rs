//! Construction of a generation: verify the base ► stage ► link or copy its files ► digest ►
//! publish. Builds, compaction and rollback differ only in what they write in between.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use schema::GenerationNumber;

use super::{
    BuildLock, Damage, DataFolder, FORMAT, FileDigest, GenerationError, INDEX_FOLDER, Manifest,
    StoreCheck, Verifier, damage::is_index_file, publish::Staging,
};
use crate::{
    block_hashes::BlockHashes,
    store::{BASE_FILE, BLOCKS_FILE, OVERLAY_FILE},
};

/// A verified generation that serves as the base of a new one.
#[derive(Debug)]
pub(crate) struct BaseGeneration {
    pub(crate) manifest: Manifest,
    pub(crate) folder: PathBuf,
    /// Damage to the index, which can be rebuilt from the store.
    pub(crate) index_damage: Vec<Damage>,
    /// The block hashes of the base of the store, unless it was verified as a whole.
    pub(crate) blocks: Option<BlockHashes>,
}

impl BaseGeneration {
    /// Opens a generation whose files are intact, except possibly those of the index; see
    /// [`verify_rest`](Self::verify_rest).
    pub(crate) fn open(
        data: &DataFolder,
        number: GenerationNumber,
        check: StoreCheck,
    ) -> Result<Self, GenerationError> {
        let folder = data.generation(number);
        let manifest = Manifest::read(&folder, number)?;
        let verifier = Verifier::default();
        let damage = verifier.damage(&folder, &manifest, check)?;
        let (index_damage, damage): (Vec<_>, Vec<_>) =
            damage.into_iter().partition(Damage::is_in_index);
        if !damage.is_empty() {
            return Err(GenerationError::Damaged { number, damage });
        }
        let blocks = verifier.blocks(&folder, &manifest)?;
        Ok(Self { manifest, folder, index_damage, blocks })
    }

    /// Verifies what [`open`](Self::open) left to be verified by blocks.
    pub(crate) fn verify_rest(&self) -> Result<(), GenerationError> {
        match self.blocks {
            Some(_) => Verifier::default().check_base(&self.folder, &self.manifest),
            None => Ok(()),
        }
    }

    /// Opens a generation whose files are all intact.
    pub(crate) fn open_intact(
        data: &DataFolder,
        number: GenerationNumber,
    ) -> Result<Self, GenerationError> {
        let base = Self::open(data, number, StoreCheck::Whole)?;
        if base.index_damage.is_empty() {
            return Ok(base);
        }
        Err(GenerationError::Damaged { number, damage: base.index_damage })
    }

    /// Size of a file of the base in bytes; zero if the file does not exist.
    pub(crate) fn file_bytes(&self, name: &str) -> u64 {
        self.manifest.files.get(name).map_or(0, |digest| digest.bytes)
    }

    pub(crate) fn index_folder(&self) -> PathBuf {
        self.folder.join(INDEX_FOLDER)
    }
}

/// A generation under construction; its folder is removed unless it is published.
#[derive(Debug)]
pub(crate) struct GenerationBuilder<'a> {
    staging: Staging<'a>,
    number: GenerationNumber,
    /// Digests of files that are hard links to files of the base.
    inherited: BTreeMap<String, FileDigest>,
}

impl<'a> GenerationBuilder<'a> {
    /// Creates the folder of the new generation, with an empty index folder.
    pub(crate) fn begin(data: &'a DataFolder, lock: &BuildLock) -> Result<Self, GenerationError> {
        let number = data.next_number()?;
        let staging = Staging::begin(data, lock)?;
        let builder = Self { staging, number, inherited: BTreeMap::new() };
        let index = builder.index_folder();
        fs::create_dir(&index).map_err(GenerationError::io("create", &index))?;
        Ok(builder)
    }

    /// The number under which the generation will be published.
    pub(crate) fn number(&self) -> GenerationNumber {
        self.number
    }

    pub(crate) fn folder(&self) -> &Path {
        self.staging.path()
    }

    pub(crate) fn index_folder(&self) -> PathBuf {
        self.folder().join(INDEX_FOLDER)
    }

    /// Hard-links the immutable base file of the store and copies its overlay.
    pub(crate) fn share_store(&mut self, base: &BaseGeneration) -> Result<(), GenerationError> {
        self.link(base, BASE_FILE)?;
        if base.manifest.files.contains_key(BLOCKS_FILE) {
            self.link(base, BLOCKS_FILE)?;
        }
        if base.manifest.files.contains_key(OVERLAY_FILE) {
            self.copy(base, OVERLAY_FILE)?;
        }
        Ok(())
    }

    /// Hard-links the immutable segments of the index and copies the small files that list them.
    pub(crate) fn share_index(&mut self, base: &BaseGeneration) -> Result<(), GenerationError> {
        for name in base.manifest.files.keys().filter(|name| is_index_file(name)) {
            if Path::new(name).extension().is_some_and(|extension| extension == "json") {
                self.copy(base, name)?;
            } else {
                self.link(base, name)?;
            }
        }
        Ok(())
    }

    fn link(&mut self, base: &BaseGeneration, name: &str) -> Result<(), GenerationError> {
        let from = base.folder.join(name);
        fs::hard_link(&from, self.folder().join(name))
            .map_err(GenerationError::io("link", &from))?;
        let digest = base.manifest.files.get(name).cloned();
        self.inherited.extend(digest.map(|digest| (name.to_owned(), digest)));
        Ok(())
    }

    fn copy(&self, base: &BaseGeneration, name: &str) -> Result<(), GenerationError> {
        let from = base.folder.join(name);
        fs::copy(&from, self.folder().join(name)).map_err(GenerationError::io("copy", &from))?;
        Ok(())
    }

    /// Digests all files and fills in the format, number and digests of the manifest.
    pub(crate) fn seal(&self, manifest: Manifest) -> Result<Manifest, GenerationError> {
        let files = self.staging.digest_files(&self.inherited)?;
        Ok(Manifest { format: FORMAT, number: self.number, files, ..manifest })
    }

    /// Publishes the generation as the current one, with the manifest returned by [`Self::seal`].
    pub(crate) fn publish(self, manifest: &Manifest) -> Result<GenerationNumber, GenerationError> {
        self.staging.publish(manifest)
    }
}
