//! Embeds a hash of the sources in the program, so that no build serves responses cached by
//! another.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
};

/// Files that affect responses, relative to this crate.
const SOURCES: [&str; 6] =
    ["src", "web", "federation/src", "../indexer/src", "../schema/src", "../Cargo.lock"];

fn main() -> io::Result<()> {
    let manifest_dir = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
        let mut files = Vec::new();
        collect_files(&Path::new(&manifest_dir).join(source), &mut files)?;
        files.sort();
        for file in files {
            fs::read(file)?.hash(&mut hasher);
        }
    }
    println!("cargo::rustc-env=WEGWIJZER_BUILD={:016x}", hasher.finish());
    Ok(())
}

fn collect_files(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        collect_files(&entry?.path(), files)?;
    }
    Ok(())
}
