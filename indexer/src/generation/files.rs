//! Digests of files, and checking a generation against its manifest.

use std::{
    collections::{BTreeSet, HashMap},
    fs::{self, File},
    io::Read,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

use super::{FileSeal, GenerationError, MANIFEST_FILE, Manifest};

/// A file is read in pieces of this size, which stay in a processor's cache for the digest.
const PIECE_BYTES: u64 = 1 << 20;
/// So many pieces may wait for the digest.
const PIECES_WAITING: usize = 4;

/// Size and digest of a file. One thread reads what another digests: both take about as long.
/// Read and not mapped: a disk that fails is an error, not a signal.
pub(crate) fn digest_file(path: &Path) -> Result<FileSeal, GenerationError> {
    let io = |cause| GenerationError::io("read", path)(cause);
    let mut file = File::open(path).map_err(io)?;
    let mut hasher = blake3::Hasher::new();
    let mut piece = Vec::new();
    let is_short = |read: usize| (read as u64) < PIECE_BYTES;
    let mut read = move |piece: &mut Vec<u8>| {
        piece.clear();
        file.by_ref().take(PIECE_BYTES).read_to_end(piece)
    };
    let length = read(&mut piece).map_err(io)?;
    hasher.update(&piece);
    if !is_short(length) {
        thread::scope(|scope| {
            let (give, given) = mpsc::sync_channel(PIECES_WAITING);
            let (empty, emptied) = mpsc::channel::<Vec<u8>>();
            scope.spawn(move || {
                loop {
                    let mut piece = emptied.try_recv().unwrap_or_default();
                    let length = read(&mut piece);
                    let is_last = length.as_ref().map_or(true, |length| is_short(*length));
                    // Nobody listens any more where reading failed.
                    if give.send(length.map(|_| piece)).is_err() || is_last {
                        break;
                    }
                }
            });
            for piece in given {
                let piece = piece.map_err(io)?;
                hasher.update(&piece);
                let _ = empty.send(piece);
            }
            Ok(())
        })?;
    }
    Ok(FileSeal { bytes: hasher.count(), digest: hasher.finalize().to_hex().to_string() })
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
    fn a_digest_must_be_that_of_all_bytes_whatever_the_length_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let piece = usize::try_from(PIECE_BYTES).unwrap();
        for length in [0, 1, piece - 1, piece, piece + 1, 3 * piece, 9 * piece + 7] {
            let bytes: Vec<u8> = (0..=250).cycle().take(length).collect();
            fs::write(&path, &bytes).unwrap();
            let seal = digest_file(&path).unwrap();
            assert_eq!(seal.bytes, length as u64);
            assert_eq!(seal.digest, blake3::hash(&bytes).to_hex().to_string());
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_must_be_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = digest_file(folder.path()).unwrap_err().to_string();
        assert!(error.contains("cannot read"), "{error}");
    }
}
