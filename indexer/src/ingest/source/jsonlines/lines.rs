//! The lines of a file: found once on all processors, then read where they are needed.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    num::NonZero,
    ops::Range,
    path::{Path, PathBuf},
    sync::LazyLock,
    thread,
};

use regex::bytes::Regex;

use super::super::{FetchError, files};

/// Maximum length of a line in bytes.
pub(crate) const LINE_BYTES_MAX: u64 = 1 << 20;
/// Size of the read buffer in bytes.
const BUFFER_BYTES: usize = 256 << 10;
/// Minimum number of bytes for each thread that looks for lines.
const BYTES_PER_THREAD_MIN: u64 = 4 << 20;

/// A text that can be the name of the field `op`: its letters can be escape sequences, and white
/// space and invisible characters in a name do not count.
static OP_NAME: LazyLock<Regex> = LazyLock::new(|| {
    const GAP: &str = r"(?:[^!-~]|\\u[0-9a-fA-F]{4}|\\[bfnrt])*";
    Regex::new(&format!(r#"(?-u)"{GAP}(?:o|\\u006[fF]){GAP}(?:p|\\u0070){GAP}""#))
        .expect("constant regex is valid, covered by tests")
});

/// A line that was found.
pub(super) struct FoundLine {
    /// Offset in bytes of its start.
    pub(super) offset: u64,
    /// Digest of its content.
    pub(super) content_hash: [u8; 32],
    /// Whether its object may have a field `op`.
    pub(super) may_have_op: bool,
}

/// Finds all lines of a file.
pub(super) fn find(path: &Path) -> Result<Vec<FoundLine>, FetchError> {
    let unreadable = |cause| FetchError::Unreadable { path: path.to_owned(), cause };
    let bytes = files::open(path)?.metadata().map_err(unreadable)?.len();
    let processors = thread::available_parallelism().map_or(1, NonZero::get) as u64;
    let threads = (bytes / BYTES_PER_THREAD_MIN).clamp(1, processors);
    find_on_threads(path, bytes, threads)
}

fn find_on_threads(path: &Path, bytes: u64, threads: u64) -> Result<Vec<FoundLine>, FetchError> {
    thread::scope(|scope| {
        let ranges = (0..threads).map(|index| {
            // A file that grows is read to its end.
            let end = if index + 1 == threads { u64::MAX } else { bytes * (index + 1) / threads };
            bytes * index / threads..end
        });
        let running: Vec<_> =
            ranges.map(|range| scope.spawn(move || find_in_range(path, range))).collect();
        let mut found = Vec::new();
        for thread in running {
            found.append(&mut thread.join().expect("reading does not panic")?);
        }
        Ok(found)
    })
}

/// The lines that begin in a range of bytes.
fn find_in_range(path: &Path, range: Range<u64>) -> Result<Vec<FoundLine>, FetchError> {
    let mut lines = Lines::open(path)?;
    if let Some(before) = range.start.checked_sub(1) {
        lines.seek(before)?;
        lines.skip_line()?;
    }
    let mut found = Vec::new();
    loop {
        let offset = lines.offset;
        if offset >= range.end {
            return Ok(found);
        }
        let Some(line) = lines.next_line()? else { return Ok(found) };
        let line = line.unwrap_or_default();
        let content_hash = content_hash(line);
        found.push(FoundLine { offset, content_hash, may_have_op: OP_NAME.is_match(line) });
    }
}

/// Digest of the content of a line.
pub(super) fn content_hash(line: &[u8]) -> [u8; 32] {
    *blake3::hash(line).as_bytes()
}

/// A line longer than [`LINE_BYTES_MAX`].
#[derive(Debug, Clone, Copy)]
pub(super) struct LineTooLong;

/// Reads the lines of a file.
pub(super) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    /// Offset in bytes at which `reader` is.
    offset: u64,
    line: Vec<u8>,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self, FetchError> {
        let reader = BufReader::with_capacity(BUFFER_BYTES, files::open(path)?);
        Ok(Self { path: path.to_owned(), reader, offset: 0, line: Vec::new() })
    }

    /// The line that begins at an offset, without its line end and without the byte order mark of
    /// the file; empty if the file has become shorter.
    pub(super) fn line_at(
        &mut self,
        offset: u64,
    ) -> Result<Result<&[u8], LineTooLong>, FetchError> {
        self.seek(offset)?;
        Ok(self.next_line()?.unwrap_or(Ok(b"")))
    }

    fn next_line(&mut self) -> Result<Option<Result<&[u8], LineTooLong>>, FetchError> {
        let start = self.offset;
        self.line.clear();
        let mut limited = self.reader.by_ref().take(LINE_BYTES_MAX + 1);
        let read = limited.read_until(b'\n', &mut self.line);
        self.advance(read)?;
        if self.offset == start {
            return Ok(None);
        }
        let has_line_end = self.line.pop_if(|last| *last == b'\n').is_some();
        if !has_line_end && self.line.len() as u64 > LINE_BYTES_MAX {
            self.skip_line()?;
            return Ok(Some(Err(LineTooLong)));
        }
        self.line.pop_if(|last| *last == b'\r');
        let mark = if start == 0 { "\u{feff}".as_bytes() } else { b"" };
        Ok(Some(Ok(self.line.strip_prefix(mark).unwrap_or(&self.line))))
    }

    fn skip_line(&mut self) -> Result<(), FetchError> {
        let skipped = self.reader.skip_until(b'\n');
        self.advance(skipped)
    }

    fn seek(&mut self, offset: u64) -> Result<(), FetchError> {
        let moved = match offset.checked_signed_diff(self.offset) {
            Some(distance) => self.reader.seek_relative(distance),
            None => self.reader.seek(SeekFrom::Start(offset)).map(drop),
        };
        moved.map_err(|cause| self.unreadable(cause))?;
        self.offset = offset;
        Ok(())
    }

    fn advance(&mut self, read: io::Result<usize>) -> Result<(), FetchError> {
        self.offset += read.map_err(|cause| self.unreadable(cause))? as u64;
        Ok(())
    }

    fn unreadable(&self, cause: io::Error) -> FetchError {
        FetchError::Unreadable { path: self.path.clone(), cause }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_lines_of_a_file_must_not_depend_on_the_number_of_threads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let long = "x".repeat(usize::try_from(LINE_BYTES_MAX).unwrap() + 5);
        for text in ["", "\n", "a", "\u{feff}a\r\n\n b\n", "a\nb", &format!("a\n{long}\r\nb\n")] {
            fs::write(&path, text).unwrap();
            let bytes = text.len() as u64;
            let find = |threads| {
                let found = find_on_threads(&path, bytes, threads).unwrap();
                found.iter().map(|line| (line.offset, line.content_hash)).collect::<Vec<_>>()
            };
            let expected = find(1);
            let lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines().map(|line| {
                content_hash(if line.len() > long.len() - 5 { b"" } else { line.as_bytes() })
            });
            let hashes: Vec<_> = expected.iter().map(|(_, hash)| *hash).collect();
            assert_eq!(hashes, lines.collect::<Vec<_>>(), "{bytes} bytes");
            for threads in 2..=9 {
                assert_eq!(find(threads), expected, "{bytes} bytes on {threads} threads");
            }
        }
    }

    #[test]
    fn a_field_op_must_be_recognised_however_it_is_written() {
        let is_op = |name: &str| OP_NAME.is_match(format!("{{\"a\":1,{name}:2}}").as_bytes());
        for name in [
            "\"op\"",
            "\" op\\t\"",
            "\"\\u006fp\"",
            "\"o\\u0070\"",
            "\"\\u006F\\u0070\"",
            "\"o\u{200b}p\"",
            "\"o\\u200bp\"",
            "\"\u{feff}op\u{ad}\"",
        ] {
            assert!(is_op(name), "{name}");
        }
        for name in ["\"oep\"", "\"pop\"", "\"kop\"", "\"o\",\"p\"", "\"top op\""] {
            assert!(!is_op(name), "{name}");
        }
    }
}
