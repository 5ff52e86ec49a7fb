//! Resource usage of a process, as in `/proc`.

use std::fs;

use anyhow::{Context, Result};

/// Resource usage of a process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// Resident memory in KiB.
    pub(crate) resident: u64,
    /// Anonymous resident memory in KiB.
    pub(crate) anonymous: u64,
    /// Number of open files and connections.
    pub(crate) files: usize,
}

impl Usage {
    /// Reads the usage of a process.
    pub(crate) fn of(process: u32) -> Result<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            number.with_context(|| format!("no {name} in the status of a process"))
        };
        Ok(Self {
            resident: kib("VmRSS:")?,
            anonymous: kib("RssAnon:")?,
            files: fs::read_dir(format!("/proc/{process}/fd"))?.count(),
        })
    }
}
