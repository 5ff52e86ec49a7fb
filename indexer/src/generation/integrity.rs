//! Verification of a generation against its manifest.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    panic::resume_unwind,
    path::Path,
    sync::{Mutex, PoisonError},
    thread,
};

use super::{
    Damage, FileDigest, GenerationError, MANIFEST_FILE, Manifest,
    damage::is_index_file,
    digest::{FileToDigest, Retention, digest_files},
    manifest::index_file_name,
};
use crate::{
    block_hashes::BlockHashes,
    regular_file,
    store::{BASE_FILE, BLOCKS_FILE},
};

/// Paths of all files below `folder`, relative to it, with `/` as the separator.
pub(crate) fn files_below(folder: &Path) -> Result<BTreeSet<String>, GenerationError> {
    let mut paths = BTreeSet::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.map_err(|error| GenerationError::io("list", folder)(error.into()))?;
        if entry.file_type().is_dir() {
            continue;
        }
        let relative =
            entry.path().strip_prefix(folder).expect("the walk yields only paths below its root");
        paths.insert(relative.to_string_lossy().into_owned());
    }
    Ok(paths)
}

/// Size in bytes from which the base of a store is verified block by block when it is opened for
/// reading: reading it as a whole would take longer than anything else.
pub(super) const BLOCKWISE_BYTES_MIN: u64 = 16 << 20;
/// Maximum size in bytes of the file with block hashes, those of a base of 512 GiB.
const BLOCK_HASHES_BYTES_MAX: u64 = 256 << 20;

/// When the base of a store is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreCheck {
    /// At once, as a whole.
    Whole,
    /// Each block when it is first read, if the generation has the hashes of its blocks.
    Blockwise,
}

/// Verifies generations against their manifests. Caches digests, so that a segment that the next
/// generation shares through a hard link is not read again.
#[derive(Debug, Default)]
pub(crate) struct Verifier {
    cache: Mutex<HashMap<(u64, u64), CachedDigest>>,
}

#[derive(Debug)]
struct CachedDigest {
    modified: (i64, i64),
    digest: FileDigest,
}

impl Verifier {
    /// Verifies that all files of the generation in `folder` are intact.
    pub(crate) fn check(&self, folder: &Path, manifest: &Manifest) -> Result<(), GenerationError> {
        no_damage(manifest, self.damage(folder, manifest, StoreCheck::Whole)?)
    }

    /// Verifies that the base of the store in `folder` is intact.
    pub(crate) fn check_base(
        &self,
        folder: &Path,
        manifest: &Manifest,
    ) -> Result<(), GenerationError> {
        let is_base = |name: &str| name == BASE_FILE;
        let none = BTreeSet::new();
        let comparison = self.compare(folder, manifest, is_base, &none, StoreCheck::Whole)?;
        no_damage(manifest, comparison.damage)
    }

    /// The hashes of the blocks of a base that was not verified as a whole.
    pub(crate) fn blocks(
        &self,
        folder: &Path,
        manifest: &Manifest,
    ) -> Result<Option<BlockHashes>, GenerationError> {
        let path = folder.join(BASE_FILE);
        let meta = fs::metadata(&path).map_err(GenerationError::io("read", &path))?;
        let Some(expected) = manifest.files.get(BASE_FILE) else { return Ok(None) };
        if !manifest.files.contains_key(BLOCKS_FILE) || self.has_digest(&meta, expected) {
            return Ok(None);
        }
        let path = folder.join(BLOCKS_FILE);
        let bytes = regular_file::read(&path, BLOCK_HASHES_BYTES_MAX)
            .map_err(GenerationError::io("read", &path))?;
        let is_genuine =
            |hashes: &BlockHashes| *hashes.file_digest().to_hex().as_str() == *expected.digest;
        let hashes = BlockHashes::from_bytes(&bytes).filter(is_genuine);
        let damage = || vec![Damage::ChecksumMismatch(BLOCKS_FILE.to_owned())];
        let damaged = || GenerationError::Damaged { number: manifest.number, damage: damage() };
        hashes.map(Some).ok_or_else(damaged)
    }

    /// Like [`check`](Self::check), but leaves the base of a store to be verified by its
    /// [`blocks`](Self::blocks); calls `open_index` once the index is verified, while the other
    /// files are, with the content of the files in `wanted` by their names within its folder.
    pub(crate) fn check_while<T: Send>(
        &self,
        folder: &Path,
        manifest: &Manifest,
        wanted: &BTreeSet<&str>,
        open_index: impl FnOnce(BTreeMap<String, Vec<u8>>) -> T + Send,
    ) -> Result<T, GenerationError> {
        let FileComparison { mut damage, contents } =
            self.compare(folder, manifest, is_index_file, wanted, StoreCheck::Blockwise)?;
        let is_index_intact = damage.is_empty();
        let opened = thread::scope(|scope| {
            let opening = is_index_intact.then(|| scope.spawn(|| open_index(contents)));
            let rest = |name: &str| !is_index_file(name);
            let (none, check) = (BTreeSet::new(), StoreCheck::Blockwise);
            damage.extend(self.compare(folder, manifest, rest, &none, check)?.damage);
            Ok(opening.map(|opening| opening.join().unwrap_or_else(|panic| resume_unwind(panic))))
        })?;
        no_damage(manifest, damage)?;
        Ok(opened.expect("an index without damage was opened"))
    }

    /// Like [`check`](Self::check), but reads every file again: a failing disk changes bytes
    /// without changing the modification time.
    pub(crate) fn recheck(
        &self,
        folder: &Path,
        manifest: &Manifest,
    ) -> Result<(), GenerationError> {
        for name in manifest.files.keys() {
            if let Ok(meta) = fs::metadata(folder.join(name)) {
                self.lock().remove(&inode(&meta));
            }
        }
        self.check(folder, manifest)
    }

    /// All differences between the files in `folder` and the manifest.
    pub(super) fn damage(
        &self,
        folder: &Path,
        manifest: &Manifest,
        check: StoreCheck,
    ) -> Result<Vec<Damage>, GenerationError> {
        Ok(self.compare(folder, manifest, |_| true, &BTreeSet::new(), check)?.damage)
    }

    /// Compares the files in `folder` that `is_selected` selects by their names with the manifest.
    /// A digest is computed only of a file whose size matches.
    fn compare(
        &self,
        folder: &Path,
        manifest: &Manifest,
        is_selected: impl Fn(&str) -> bool,
        wanted: &BTreeSet<&str>,
        check: StoreCheck,
    ) -> Result<FileComparison, GenerationError> {
        let has_blocks = manifest.files.contains_key(BLOCKS_FILE);
        let mut comparison = FileComparison::default();
        let mut unexpected = files_below(folder)?;
        unexpected.retain(|name| name != MANIFEST_FILE && is_selected(name));
        let (mut unread, mut files) = (Vec::new(), Vec::new());
        for (name, expected) in manifest.files.iter().filter(|(name, _)| is_selected(name)) {
            if !unexpected.remove(name) {
                comparison.damage.push(Damage::MissingFile(name.clone()));
                continue;
            }
            let path = folder.join(name);
            let meta = fs::metadata(&path).map_err(GenerationError::io("read", &path))?;
            if !meta.is_file() || meta.len() != expected.bytes {
                comparison.damage.push(Damage::ChecksumMismatch(name.clone()));
            } else if index_file_name(name).is_some_and(|name| wanted.contains(name)) {
                unread.push((name, expected, meta));
                files.push(FileToDigest { path, retention: Retention::Retain });
            } else if name == BASE_FILE
                && has_blocks
                && check == StoreCheck::Blockwise
                && !self.was_read(&meta)
            {
                // Its blocks are verified when they are read.
            } else if !self.has_digest(&meta, expected) {
                unread.push((name, expected, meta));
                files.push(FileToDigest { path, retention: Retention::Discard });
            }
        }
        for ((name, expected, meta), found) in unread.into_iter().zip(digest_files(&files)?) {
            if found.digest == *expected {
                let index_name = index_file_name(name).unwrap_or(name);
                comparison
                    .contents
                    .extend(found.content.map(|bytes| (index_name.to_owned(), bytes)));
            } else {
                comparison.damage.push(Damage::ChecksumMismatch(name.clone()));
            }
            let entry = CachedDigest { modified: modified(&meta), digest: found.digest };
            self.lock().insert(inode(&meta), entry);
        }
        comparison.damage.extend(unexpected.into_iter().map(Damage::UnexpectedFile));
        Ok(comparison)
    }

    /// Whether a file was read as a whole, intact or not.
    fn was_read(&self, meta: &Metadata) -> bool {
        let cache = self.lock();
        cache.get(&inode(meta)).is_some_and(|cached| cached.modified == modified(meta))
    }

    /// Whether the digest of a file is known and is the expected one.
    fn has_digest(&self, meta: &Metadata, expected: &FileDigest) -> bool {
        self.lock()
            .get(&inode(meta))
            .is_some_and(|cached| cached.modified == modified(meta) && cached.digest == *expected)
    }

    /// Removes cached digests of files that do not belong to the generation in `folder`.
    pub(crate) fn retain_only(&self, folder: &Path, manifest: &Manifest) {
        let inodes: BTreeSet<_> = manifest
            .files
            .keys()
            .filter_map(|name| fs::metadata(folder.join(name)).ok())
            .map(|meta| inode(&meta))
            .collect();
        self.lock().retain(|inode, _| inodes.contains(inode));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(u64, u64), CachedDigest>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn no_damage(manifest: &Manifest, damage: Vec<Damage>) -> Result<(), GenerationError> {
    if damage.is_empty() {
        return Ok(());
    }
    Err(GenerationError::Damaged { number: manifest.number, damage })
}

/// The differences between a generation and its manifest, and the content of its intact files.
#[derive(Default)]
struct FileComparison {
    damage: Vec<Damage>,
    /// Content of the files of the index that were requested.
    contents: BTreeMap<String, Vec<u8>>,
}

fn inode(meta: &Metadata) -> (u64, u64) {
    (meta.dev(), meta.ino())
}

fn modified(meta: &Metadata) -> (i64, i64) {
    (meta.mtime(), meta.mtime_nsec())
}
