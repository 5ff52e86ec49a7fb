//! Crash-safe writes: synced to disk, complete or absent.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::Path,
};

use super::GenerationError;

/// Writes a file atomically: a reader sees either the old or the new content.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), GenerationError> {
    let temporary_path = path.with_extension("new");
    let io = |cause| GenerationError::io("write", &temporary_path)(cause);
    // Removes the leftover of a killed process, or a symbolic link, rather than write through it.
    match fs::remove_file(&temporary_path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(io(cause)),
        _ => {}
    }
    let mut file = File::create_new(&temporary_path).map_err(io)?;
    file.write_all(bytes).map_err(io)?;
    file.sync_all().map_err(io)?;
    drop(file);
    fail::fail_point!("publish-pointer-written", |_| std::process::abort());
    fs::rename(&temporary_path, path).map_err(GenerationError::io("replace", path))?;
    path.parent().map_or(Ok(()), sync)
}

/// Waits until a file or folder has been flushed to disk.
pub(super) fn sync(path: &Path) -> Result<(), GenerationError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(GenerationError::io("sync", path))
}
