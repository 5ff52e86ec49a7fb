//! File digests, and verification of a generation against its manifest.

use std::{
    collections::{BTreeSet, HashMap},
    fs::{self, File},
    io,
    ops::Range,
    os::unix::fs::{FileExt, MetadataExt},
    path::Path,
    sync::{Mutex, PoisonError},
    thread,
};

use blake3::hazmat::{
    ChainingValue, HasherExt, Mode, left_subtree_len, merge_subtrees_non_root, merge_subtrees_root,
};

use super::{Damage, FileDigest, GenerationError, MANIFEST_FILE, Manifest};
use crate::regular_file;

/// Size of a read in bytes; small enough to stay in the processor cache while it is digested.
const CHUNK_BYTES: usize = 1 << 20;
/// Maximum length in bytes that one thread digests; longer ranges are split in two, recursively.
/// Both reading and digesting take time.
const SEQUENTIAL_BYTES_MAX: u64 = 128 << 20;

/// Size and digest of a file. The file is read rather than mapped: a failing disk then causes an
/// error, not a signal.
pub(crate) fn digest_file(path: &Path) -> Result<FileDigest, GenerationError> {
    let io = |cause| GenerationError::io("read", path)(cause);
    let file = regular_file::open(path).map_err(io)?;
    let bytes = file.metadata().map_err(io)?.len();
    let digest = digest(&file, bytes, SEQUENTIAL_BYTES_MAX).map_err(io)?;
    Ok(FileDigest { bytes, digest: digest.to_hex().to_string() })
}

fn digest(file: &File, bytes: u64, sequential_bytes_max: u64) -> io::Result<blake3::Hash> {
    if bytes > sequential_bytes_max {
        let (left, right) = halves(file, 0..bytes, sequential_bytes_max)?;
        return Ok(merge_subtrees_root(&left, &right, Mode::Hash));
    }
    Ok(hash_range(file, 0..bytes, blake3::Hasher::new())?.finalize())
}

fn halves(
    file: &File,
    range: Range<u64>,
    sequential_bytes_max: u64,
) -> io::Result<(ChainingValue, ChainingValue)> {
    let middle = range.start + left_subtree_len(range.end - range.start);
    thread::scope(|scope| {
        let left = scope.spawn(|| subtree(file, range.start..middle, sequential_bytes_max));
        let right = subtree(file, middle..range.end, sequential_bytes_max)?;
        Ok((left.join().expect("hashing does not panic")?, right))
    })
}

fn subtree(file: &File, range: Range<u64>, sequential_bytes_max: u64) -> io::Result<ChainingValue> {
    if range.end - range.start > sequential_bytes_max {
        let (left, right) = halves(file, range, sequential_bytes_max)?;
        return Ok(merge_subtrees_non_root(&left, &right, Mode::Hash));
    }
    let mut hasher = blake3::Hasher::new();
    hasher.set_input_offset(range.start);
    Ok(hash_range(file, range, hasher)?.finalize_non_root())
}

fn hash_range(
    file: &File,
    range: Range<u64>,
    mut hasher: blake3::Hasher,
) -> io::Result<blake3::Hasher> {
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut offset = range.start;
    while offset < range.end {
        let chunk = usize::try_from(range.end - offset).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
        file.read_exact_at(&mut buffer[..chunk], offset)?;
        hasher.update(&buffer[..chunk]);
        offset += chunk as u64;
    }
    Ok(hasher)
}

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

#[derive(Debug, Clone, PartialEq, Eq)]
struct CachedDigest {
    bytes: u64,
    modified: (i64, i64),
    digest: String,
}

impl Verifier {
    /// Verifies that all files of the generation in `folder` are intact.
    pub(crate) fn check(&self, folder: &Path, manifest: &Manifest) -> Result<(), GenerationError> {
        let damage = self.damage(folder, manifest)?;
        if damage.is_empty() {
            return Ok(());
        }
        Err(GenerationError::Damaged { number: manifest.number, damage })
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
                self.lock().remove(&(meta.dev(), meta.ino()));
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
        let mut damage = Vec::new();
        let mut remaining = files_below(folder)?;
        remaining.remove(MANIFEST_FILE);
        for (name, expected) in &manifest.files {
            if !remaining.remove(name) {
                damage.push(Damage::MissingFile(name.clone()));
            } else if !self.matches(&folder.join(name), expected)? {
                damage.push(Damage::ChecksumMismatch(name.clone()));
            }
        }
        damage.extend(remaining.into_iter().map(Damage::UnexpectedFile));
        Ok(damage)
    }

    /// Whether a file has the size and digest in the manifest. The digest is computed only if the
    /// size matches.
    fn matches(&self, path: &Path, expected: &FileDigest) -> Result<bool, GenerationError> {
        let meta = fs::metadata(path).map_err(GenerationError::io("read", path))?;
        Ok(meta.is_file()
            && meta.len() == expected.bytes
            && self.cached_file_digest(path)? == *expected)
    }

    fn cached_file_digest(&self, path: &Path) -> Result<FileDigest, GenerationError> {
        let meta = fs::metadata(path).map_err(GenerationError::io("read", path))?;
        let inode = (meta.dev(), meta.ino());
        let modified = (meta.mtime(), meta.mtime_nsec());
        let cached = self.lock().get(&inode).cloned();
        if let Some(cached) = cached
            && (cached.bytes, cached.modified) == (meta.len(), modified)
        {
            return Ok(FileDigest { bytes: cached.bytes, digest: cached.digest });
        }
        let digest = digest_file(path)?;
        let entry = CachedDigest { bytes: digest.bytes, modified, digest: digest.digest.clone() };
        self.lock().insert(inode, entry);
        Ok(digest)
    }

    /// Removes cached digests of files that do not belong to the generation in `folder`.
    pub(crate) fn retain_only(&self, folder: &Path, manifest: &Manifest) {
        let inodes: BTreeSet<_> = manifest
            .files
            .keys()
            .filter_map(|name| fs::metadata(folder.join(name)).ok())
            .map(|meta| (meta.dev(), meta.ino()))
            .collect();
        self.lock().retain(|inode, _| inodes.contains(inode));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(u64, u64), CachedDigest>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_must_not_depend_on_how_many_threads_compute_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for length in [0, 1, 1_024, 1_025, 4_096, 4_097, 60_000, 65_536, 3 * CHUNK_BYTES + 7] {
            let bytes: Vec<u8> = (0..=250).cycle().take(length).collect();
            fs::write(&path, &bytes).unwrap();
            let file_digest = digest_file(&path).unwrap();
            assert_eq!(file_digest.bytes, length as u64);
            let expected = blake3::hash(&bytes);
            assert_eq!(file_digest.digest, expected.to_hex().to_string());
            let file = File::open(&path).unwrap();
            for sequential_bytes_max in [1_024, 4_096, 1 << 20] {
                let parallel = digest(&file, length as u64, sequential_bytes_max).unwrap();
                assert_eq!(
                    parallel, expected,
                    "{length} bytes, sequential up to {sequential_bytes_max}"
                );
            }
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_must_be_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = digest_file(folder.path()).unwrap_err().to_string();
        assert!(error.contains("cannot read"), "{error}");
    }
}
