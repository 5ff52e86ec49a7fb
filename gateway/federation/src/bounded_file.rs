//! Reads files of untrusted kind and size: for a pipe without a writer, an endless device or a file
//! that grows while it is read, it returns an error.

use std::{fs::File, io, io::Read, path::Path};

use rustix::fs::{Mode, OFlags};

/// Error of reading a file.
#[derive(Debug, thiserror::Error)]
pub enum ReadFileError {
    /// It could not be opened or read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is a directory, a pipe, a socket or a device.
    #[error("not a regular file")]
    NotRegular,
    /// It exceeds the maximum length.
    #[error("file exceeds {bytes_max} bytes")]
    TooLarge {
        /// Maximum length in bytes.
        bytes_max: u64,
    },
    /// It is not UTF-8.
    #[error("file is not UTF-8 text")]
    NotText,
}

impl ReadFileError {
    /// Whether the file does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io(cause) if cause.kind() == io::ErrorKind::NotFound)
    }
}

/// Reads a regular file of at most `bytes_max` bytes. Opening a pipe does not block.
///
/// # Errors
/// [`ReadFileError`] if it is not a regular file, is too long or cannot be read.
pub fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, ReadFileError> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let descriptor = rustix::fs::open(path, flags, Mode::empty()).map_err(io::Error::from)?;
    let file = File::from(descriptor);
    if !file.metadata()?.is_file() {
        return Err(ReadFileError::NotRegular);
    }
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(ReadFileError::TooLarge { bytes_max });
    }
    Ok(bytes)
}

/// Reads a regular file of at most `bytes_max` bytes of UTF-8.
///
/// # Errors
/// As [`read`], and if it is not UTF-8.
pub fn read_text(path: &Path, bytes_max: u64) -> Result<String, ReadFileError> {
    String::from_utf8(read(path, bytes_max)?).map_err(|_| ReadFileError::NotText)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustix::fs::{CWD, FileType, mknodat};

    use super::*;

    #[test]
    fn only_a_regular_file_within_the_limit_must_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let pipe = path("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
        for special in [folder.path(), &pipe, Path::new("/dev/zero"), Path::new("/dev/null")] {
            let error = read(special, 10).unwrap_err();
            assert!(matches!(error, ReadFileError::NotRegular), "{}: {error}", special.display());
        }
        fs::write(path("full"), [b'a'; 10]).unwrap();
        assert_eq!(read_text(&path("full"), 10).unwrap(), "a".repeat(10));
        let error = read(&path("full"), 9).unwrap_err();
        assert_eq!(error.to_string(), "file exceeds 9 bytes");
        // A sparse file, so that nothing is written.
        File::create(path("sparse")).unwrap().set_len(1 << 40).unwrap();
        let error = read(&path("sparse"), 1_000).unwrap_err();
        assert!(matches!(error, ReadFileError::TooLarge { bytes_max: 1_000 }), "{error}");
        fs::write(path("binary"), [0xff]).unwrap();
        assert!(matches!(read_text(&path("binary"), 9), Err(ReadFileError::NotText)));
        assert!(read(&path("absent"), 9).unwrap_err().is_not_found());
    }
}
