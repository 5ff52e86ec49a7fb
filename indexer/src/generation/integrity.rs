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
        self.check_while(folder, manifest, &BTreeSet::new(), drop)
    }

    /// Like [`check`](Self::check); calls `open_index` once the index is verified, while the other
    /// files are, with the content of the files in `wanted` by their names within its folder.
    pub(crate) fn check_while<T: Send>(
        &self,
        folder: &Path,
        manifest: &Manifest,
        wanted: &BTreeSet<&str>,
        open_index: impl FnOnce(BTreeMap<String, Vec<u8>>) -> T + Send,
    ) -> Result<T, GenerationError> {
        let FileComparison { mut damage, contents } =
            self.compare(folder, manifest, is_index_file, wanted)?;
        let is_index_intact = damage.is_empty();
        let opened = thread::scope(|scope| {
            let opening = is_index_intact.then(|| scope.spawn(|| open_index(contents)));
            let rest = |name: &str| !is_index_file(name);
            damage.extend(self.compare(folder, manifest, rest, &BTreeSet::new())?.damage);
            Ok(opening.map(|opening| opening.join().unwrap_or_else(|panic| resume_unwind(panic))))
        })?;
        opened
            .filter(|_| damage.is_empty())
            .ok_or(GenerationError::Damaged { number: manifest.number, damage })
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
    ) -> Result<Vec<Damage>, GenerationError> {
        Ok(self.compare(folder, manifest, |_| true, &BTreeSet::new())?.damage)
    }

    /// Compares the files in `folder` that `is_selected` selects by their names with the manifest.
    /// A digest is computed only of a file whose size matches.
    fn compare(
        &self,
        folder: &Path,
        manifest: &Manifest,
        is_selected: impl Fn(&str) -> bool,
        wanted: &BTreeSet<&str>,
    ) -> Result<FileComparison, GenerationError> {
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
