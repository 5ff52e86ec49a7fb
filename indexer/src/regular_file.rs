//! Reads files written by others, whatever their paths refer to: a pipe without a writer does not
//! block, and a device or an endless file is an error.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::fs::OFlags;

/// Opens a regular file.
///
/// # Errors
/// If the file cannot be opened, or is a folder, a pipe, a socket or a device.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let file = File::options().read(true).custom_flags(flags(OFlags::NONBLOCK)).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}

/// Reads a regular file of at most `bytes_max` bytes.
///
/// # Errors
/// As for [`open`], and if the file is longer than `bytes_max`.
pub(crate) fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        let message = format!("file exceeds {bytes_max} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// Opens or creates a file for writing. A symbolic link, or anything else that is not a regular
/// file, is an error.
pub(crate) fn open_to_write(path: &Path) -> io::Result<File> {
    let file = File::options()
        .create(true)
        .read(true)
        .write(true)
        .truncate(false)
        .custom_flags(flags(OFlags::NOFOLLOW | OFlags::NONBLOCK))
        .open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}

fn flags(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn only_a_regular_file_within_the_limit_must_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        mknodat(CWD, path("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        for special in [folder.path(), &path("pipe"), Path::new("/dev/zero")] {
            let error = read(special, 10).unwrap_err().to_string();
            assert!(error.contains("not a regular file"), "{}: {error}", special.display());
        }
        fs::write(path("full"), [b'a'; 10]).unwrap();
        assert_eq!(read(&path("full"), 10).unwrap(), [b'a'; 10]);
        assert_eq!(read(&path("full"), 9).unwrap_err().to_string(), "file exceeds 9 bytes");
        // A sparse file: no data is written to disk.
        File::create(path("sparse")).unwrap().set_len(1 << 40).unwrap();
        assert!(read(&path("sparse"), 1_000).is_err());
    }

    #[test]
    fn a_symbolic_link_must_not_be_followed_to_write() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "untouched").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(open_to_write(&link).is_err());
        assert_eq!(fs::read_to_string(&target).unwrap(), "untouched");
        assert!(open_to_write(&folder.path().join("new")).is_ok());
    }
}
