//! Results of a run, and their evaluation.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{client::Tally, operations::Class};

/// Maximum growth of memory in percent, unless it is below [`GROWTH_MIB_MAX`].
const GROWTH_PERCENT_MAX: u64 = 20;
/// Maximum growth of memory in MiB, unless it is below [`GROWTH_PERCENT_MAX`].
const GROWTH_MIB_MAX: u64 = 50;
/// Maximum number of additional open files at the end: generations are swapped meanwhile. Each
/// client may have one more connection, with a partial request.
const FILES_MORE_MAX: usize = 16;

/// Resource usage of a process, as in `/proc`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// Resident memory in KiB.
    resident: u64,
    /// Anonymous resident memory in KiB.
    anonymous: u64,
    /// Number of open files and connections.
    files: usize,
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

/// Results of a run.
pub(crate) struct Report {
    pub(crate) time: Duration,
    pub(crate) tallies: Vec<Tally>,
    /// Number of generations built.
    pub(crate) published: u64,
    /// Number of generations loaded by the program.
    pub(crate) swapped: u64,
    /// Errors in the log of the program.
    pub(crate) errors: Vec<String>,
    /// Usage after the warm-up.
    pub(crate) warm: Usage,
    /// Usage at the end.
    pub(crate) last: Usage,
}

impl Report {
    /// Prints the report. Returns failure if a check failed.
    pub(crate) fn print(&self) -> Result<ExitCode> {
        let mut out = io::stdout().lock();
        self.times(&mut out)?;
        self.responses(&mut out)?;
        let Self { warm, last, published, swapped, .. } = self;
        let mib = |kib: u64| kib / 1_024;
        writeln!(out, "\ngenerations: {published} published, {swapped} loaded meanwhile")?;
        writeln!(
            out,
            "resident memory: {} MiB after warming up, {} MiB at the end ({} and {} MiB anonymous)",
            mib(warm.resident),
            mib(last.resident),
            mib(warm.anonymous),
            mib(last.anonymous),
        )?;
        writeln!(out, "open files: {} after warming up, {} at the end", warm.files, last.files)?;
        let failures = self.failures();
        for one in &failures {
            writeln!(out, "FAILED: {one}")?;
        }
        if failures.is_empty() {
            writeln!(out, "passed")?;
            return Ok(ExitCode::SUCCESS);
        }
        Ok(ExitCode::FAILURE)
    }

    /// Requests per second and response times, by class.
    fn times(&self, out: &mut impl Write) -> Result<()> {
        let mut total = 0;
        writeln!(
            out,
            "{:<14} {:>9} {:>9} {:>9} {:>9}",
            "class", "requests", "p50 ms", "p99 ms", "max ms"
        )?;
        for class in Class::ALL {
            let times = self.tallies.iter().filter_map(|tally| tally.times.get(&class));
            let mut times: Vec<Duration> = times.flatten().copied().collect();
            times.sort_unstable();
            total += times.len();
            let ms =
                |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1_000.0);
            let at = |percent: usize| ms(times.get(times.len() * percent / 100));
            let (p50, p99, max) = (at(50), at(99), ms(times.last()));
            writeln!(out, "{class:<14} {:>9} {p50:>9.1} {p99:>9.1} {max:>9.1}", times.len())?;
        }
        let seconds = self.time.as_secs().max(1);
        let connections = self.tallies.len();
        writeln!(
            out,
            "{total} requests in {seconds} s over {connections} connections: {} requests/s",
            total as u64 / seconds,
        )?;
        Ok(())
    }

    /// Number of responses by class, status and code.
    fn responses(&self, out: &mut impl Write) -> Result<()> {
        let mut responses: BTreeMap<_, u64> = BTreeMap::new();
        for (key, count) in self.tallies.iter().flat_map(|tally| &tally.responses) {
            *responses.entry(key).or_default() += count;
        }
        writeln!(out)?;
        for ((class, status, code), count) in &responses {
            writeln!(out, "{class:<14} {status} {code:<26} {count:>8}")?;
        }
        let shed: u64 = responses
            .iter()
            .filter(|((_, status, _), _)| *status == 503)
            .map(|(_, count)| count)
            .sum();
        let partial_requests: u64 = self.tallies.iter().map(|tally| tally.partial_requests).sum();
        writeln!(out, "rejected with 503: {shed}; partial requests: {partial_requests}")?;
        Ok(())
    }

    /// Descriptions of all failed checks.
    fn failures(&self) -> Vec<String> {
        let Self { warm, last, .. } = self;
        let mut failures: Vec<String> =
            self.tallies.iter().flat_map(|tally| tally.reports.iter().cloned()).collect();
        let mismatches: u64 = self.tallies.iter().map(|tally| tally.mismatches).sum();
        if mismatches > failures.len() as u64 {
            failures.push(format!("{mismatches} unexpected responses in total"));
        }
        failures.extend(self.errors.iter().take(5).map(|error| format!("in the log: {error}")));
        let growth = last.resident.saturating_sub(warm.resident);
        let percent = growth * 100 / warm.resident.max(1);
        if percent >= GROWTH_PERCENT_MAX && growth >= GROWTH_MIB_MAX * 1_024 {
            failures.push(format!("resident memory grew by {percent} %, {} MiB", growth / 1_024));
        }
        if last.files > warm.files + FILES_MORE_MAX + self.tallies.len() {
            failures.push(format!(
                "{} files are open, {} were open after warming up",
                last.files, warm.files
            ));
        }
        // Most generations are loaded although one is published every second, because the program
        // polls twice as often.
        if self.swapped * 2 < self.published {
            failures.push(format!(
                "only {} of {} generations were loaded",
                self.swapped, self.published
            ));
        }
        failures
    }
}
