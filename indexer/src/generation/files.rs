//! Digests of files, and checking a generation against its manifest.

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

use super::{FileSeal, GenerationError, MANIFEST_FILE, Manifest};

/// A file is read in pieces of this size, which stay in a processor's cache for the digest.
const PIECE_BYTES: usize = 1 << 20;
/// Two threads share in a longer stretch of a file than this, and so on: both reading and digesting
/// take their time.
const STRETCH_BYTES: u64 = 128 << 20;

/// Size and digest of a file. Read and not mapped: a disk that fails is an error, not a signal.
pub(crate) fn digest_file(path: &Path) -> Result<FileSeal, GenerationError> {
    let io = |cause| GenerationError::io("read", path)(cause);
    let file = File::open(path).map_err(io)?;
    let bytes = file.metadata().map_err(io)?.len();
    let digest = digest(&file, bytes, STRETCH_BYTES).map_err(io)?;
    Ok(FileSeal { bytes, digest: digest.to_hex().to_string() })
}

fn digest(file: &File, bytes: u64, stretch: u64) -> io::Result<blake3::Hash> {
    if bytes > stretch {
        let (left, right) = halves(file, 0..bytes, stretch)?;
        return Ok(merge_subtrees_root(&left, &right, Mode::Hash));
    }
    Ok(read(file, 0..bytes, blake3::Hasher::new())?.finalize())
}

fn halves(
    file: &File,
    range: Range<u64>,
    stretch: u64,
) -> io::Result<(ChainingValue, ChainingValue)> {
    let middle = range.start + left_subtree_len(range.end - range.start);
    thread::scope(|scope| {
        let left = scope.spawn(|| subtree(file, range.start..middle, stretch));
        let right = subtree(file, middle..range.end, stretch)?;
        Ok((left.join().expect("nothing in a digest panics")?, right))
    })
}

fn subtree(file: &File, range: Range<u64>, stretch: u64) -> io::Result<ChainingValue> {
    if range.end - range.start > stretch {
        let (left, right) = halves(file, range, stretch)?;
        return Ok(merge_subtrees_non_root(&left, &right, Mode::Hash));
    }
    let mut hasher = blake3::Hasher::new();
    hasher.set_input_offset(range.start);
    Ok(read(file, range, hasher)?.finalize_non_root())
}

fn read(file: &File, range: Range<u64>, mut hasher: blake3::Hasher) -> io::Result<blake3::Hasher> {
    let mut buffer = vec![0; PIECE_BYTES];
    let mut place = range.start;
    while place < range.end {
        let piece = usize::try_from(range.end - place).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
        file.read_exact_at(&mut buffer[..piece], place)?;
        hasher.update(&buffer[..piece]);
        place += piece as u64;
    }
    Ok(hasher)
}

/// Every file below `folder`, as paths relative to it with `/` between.
pub(crate) fn files_below(folder: &Path) -> Result<BTreeSet<String>, GenerationError> {
    let mut found = BTreeSet::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.map_err(|error| GenerationError::io("list", folder)(error.into()))?;
        if entry.file_type().is_dir() {
            continue;
        }
        let relative = entry.path().strip_prefix(folder).expect("below the folder walked");
        found.insert(relative.to_string_lossy().into_owned());
    }
    Ok(found)
}

/// Checks generations against their manifests. Remembers what it has read, so that a segment that
/// the next generation shares by a hard link is not read again.
#[derive(Debug, Default)]
pub(crate) struct Verifier {
    seen: Mutex<HashMap<(u64, u64), Seen>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    bytes: u64,
    modified: (i64, i64),
    digest: String,
}

impl Verifier {
    /// What is wrong with the files of the generation in `folder`; empty where all is well.
    pub(crate) fn damages(
        &self,
        folder: &Path,
        manifest: &Manifest,
    ) -> Result<Vec<String>, GenerationError> {
        let mut damages = Vec::new();
        let mut found = files_below(folder)?;
        found.remove(MANIFEST_FILE);
        for (name, seal) in &manifest.files {
            if !found.remove(name) {
                damages.push(format!("missing: `{name}`"));
            } else if self.seal_of(&folder.join(name))? != *seal {
                damages.push(format!("not as it was written: `{name}`"));
            }
        }
        damages.extend(found.into_iter().map(|name| format!("does not belong there: `{name}`")));
        Ok(damages)
    }

    fn seal_of(&self, path: &Path) -> Result<FileSeal, GenerationError> {
        let meta = fs::metadata(path).map_err(GenerationError::io("read", path))?;
        let place = (meta.dev(), meta.ino());
        let modified = (meta.mtime(), meta.mtime_nsec());
        let known = self.lock().get(&place).cloned();
        if let Some(seen) = known
            && (seen.bytes, seen.modified) == (meta.len(), modified)
        {
            return Ok(FileSeal { bytes: seen.bytes, digest: seen.digest });
        }
        let seal = digest_file(path)?;
        let seen = Seen { bytes: seal.bytes, modified, digest: seal.digest.clone() };
        self.lock().insert(place, seen);
        Ok(seal)
    }

    /// Forgets files that only removed generations had.
    pub(crate) fn forget_all_but(&self, folder: &Path, manifest: &Manifest) {
        let kept: BTreeSet<_> = manifest
            .files
            .keys()
            .filter_map(|name| fs::metadata(folder.join(name)).ok())
            .map(|meta| (meta.dev(), meta.ino()))
            .collect();
        self.lock().retain(|place, _| kept.contains(place));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(u64, u64), Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_must_be_that_of_all_bytes_however_many_threads_share_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for length in [0, 1, 1_024, 1_025, 4_096, 4_097, 60_000, 65_536, 3 * PIECE_BYTES + 7] {
            let bytes: Vec<u8> = (0..=250).cycle().take(length).collect();
            fs::write(&path, &bytes).unwrap();
            let seal = digest_file(&path).unwrap();
            assert_eq!(seal.bytes, length as u64);
            let expected = blake3::hash(&bytes);
            assert_eq!(seal.digest, expected.to_hex().to_string());
            let file = File::open(&path).unwrap();
            for stretch in [1_024, 4_096, 1 << 20] {
                let shared = digest(&file, length as u64, stretch).unwrap();
                assert_eq!(shared, expected, "{length} bytes in stretches of {stretch}");
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
