//! Digests of files, and checking a generation against its manifest.

use std::{
    collections::{BTreeSet, HashMap},
    fs::{self, File},
    io::Read,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Mutex, PoisonError},
};

use super::{FileSeal, GenerationError, MANIFEST_FILE, Manifest};

/// Size and digest of a file.
pub(crate) fn digest_file(path: &Path) -> Result<FileSeal, GenerationError> {
    let io = |cause| GenerationError::io("read", path)(cause);
    let mut file = File::open(path).map_err(io)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer).map_err(io)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        bytes += read as u64;
    }
    Ok(FileSeal { bytes, digest: hasher.finalize().to_hex().to_string() })
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
