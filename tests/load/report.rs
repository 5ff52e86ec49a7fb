//! Results of a run, and their evaluation.

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use anyhow::Result;

use crate::{
    operations::Class,
    tally::{Phase, percentile},
    usage::Usage,
};

/// Maximum 99th percentile of the response times of `/health/live` during the storm.
const HEALTH_P99_MAX: Duration = Duration::from_millis(50);
/// Maximum ratio between the 99th percentiles of the response times of paced searches: during the
/// storm, and in the quiet phase.
const SEARCH_P99_RATIO_MAX: u32 = 3;
/// Maximum percentage of paced searches that are rejected with 503 during the storm.
const REJECTED_PERCENT_MAX: u64 = 1;
/// Maximum resident memory at the end of the storm, in percent of that at its first measurement.
const RESIDENT_PERCENT_MAX: u64 = 110;
/// Maximum number of additional open files at the end: generations are swapped meanwhile. Each
/// client may have one more connection, with a partial request.
const FILES_MORE_MAX: usize = 16;

/// Results of a run.
pub(crate) struct Report {
    /// The phase with paced requests only.
    pub(crate) quiet: Phase,
    /// The phase with all clients.
    pub(crate) storm: Phase,
    /// Number of connections whose client read no response.
    pub(crate) stalled_connections: u32,
    /// Number of generations built.
    pub(crate) published: u64,
    /// Number of generations loaded by the program.
    pub(crate) swapped: u64,
    /// Errors in the log of the program.
    pub(crate) errors: Vec<String>,
    /// Usage at the first measurement, when the caches are full.
    pub(crate) first: Usage,
    /// Usage at the end.
    pub(crate) last: Usage,
}

impl Report {
    /// Prints the report. Returns failure if a check failed; the thresholds are optional.
    pub(crate) fn print(&self, checks_thresholds: bool) -> Result<ExitCode> {
        let mut out = io::stdout().lock();
        writeln!(out, "quiet phase")?;
        print_times(&self.quiet, &mut out)?;
        writeln!(out, "\nstorm")?;
        print_times(&self.storm, &mut out)?;
        self.print_responses(&mut out)?;
        self.print_figures(&mut out)?;
        let mut failures = self.failures();
        if checks_thresholds {
            failures.extend(self.slow_responses());
            failures.extend(self.growth());
        }
        for one in &failures {
            writeln!(out, "FAILED: {one}")?;
        }
        if failures.is_empty() {
            writeln!(out, "passed")?;
            return Ok(ExitCode::SUCCESS);
        }
        Ok(ExitCode::FAILURE)
    }

    /// Number of responses by class, status and code.
    fn print_responses(&self, out: &mut impl Write) -> Result<()> {
        writeln!(out)?;
        for ((class, status, code), count) in self.storm.responses() {
            writeln!(out, "{class:<14} {status} {code:<29} {count:>8}")?;
        }
        let rejected = self.storm.count(|_, status| status == 503);
        let partial_requests: u64 =
            self.storm.tallies.iter().map(|tally| tally.partial_requests).sum();
        writeln!(
            out,
            "rejected with 503: {rejected}; partial requests: {partial_requests}; connections that \
             read no response: {}",
            self.stalled_connections
        )?;
        Ok(())
    }

    /// The figures that have a threshold.
    fn print_figures(&self, out: &mut impl Write) -> Result<()> {
        let Self { quiet, storm, first, last, published, swapped, .. } = self;
        writeln!(out, "\ngenerations: {published} published, {swapped} loaded meanwhile")?;
        for class in [Class::Health, Class::PacedSearch] {
            let (quiet, storm) = (ms(quiet.p99(class)), ms(storm.p99(class)));
            writeln!(
                out,
                "{class}: p99 {quiet:.1} ms in the quiet phase, {storm:.1} ms in the storm"
            )?;
        }
        let (rejected, total) = self.paced_searches();
        writeln!(out, "{} in the storm: {rejected} of {total} rejected", Class::PacedSearch)?;
        let mib = |kib: u64| kib / 1_024;
        writeln!(
            out,
            "resident memory: {} MiB first, {} MiB at the end ({} and {} MiB anonymous)",
            mib(first.resident),
            mib(last.resident),
            mib(first.anonymous),
            mib(last.anonymous),
        )?;
        writeln!(out, "open files: {} first, {} at the end", first.files, last.files)?;
        Ok(())
    }

    /// Number of paced searches in the storm: rejected, and all.
    fn paced_searches(&self) -> (u64, u64) {
        let count = |is_counted: fn(u16) -> bool| {
            self.storm.count(|class, status| class == Class::PacedSearch && is_counted(status))
        };
        (count(|status| status == 503), count(|_| true))
    }

    /// Descriptions of all failed checks of responses.
    fn failures(&self) -> Vec<String> {
        let tallies = || self.quiet.tallies.iter().chain(&self.storm.tallies);
        let mut failures: Vec<String> =
            tallies().flat_map(|tally| tally.reports.iter().cloned()).collect();
        let mismatches: u64 = tallies().map(|tally| tally.mismatches).sum();
        if mismatches > failures.len() as u64 {
            failures.push(format!("{mismatches} unexpected responses in total"));
        }
        failures.extend(self.errors.iter().take(5).map(|error| format!("in the log: {error}")));
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

    /// The health check and the paced searches against their thresholds.
    fn slow_responses(&self) -> Vec<String> {
        let mut failures = Vec::new();
        match self.storm.p99(Class::Health) {
            None => failures.push("no health check was served in the storm".to_owned()),
            Some(p99) if p99 > HEALTH_P99_MAX => failures.push(format!(
                "p99 of health checks in the storm: {:.1} ms, maximum {:.1} ms",
                ms(Some(p99)),
                ms(Some(HEALTH_P99_MAX))
            )),
            Some(_) => {}
        }
        match (self.quiet.p99(Class::PacedSearch), self.storm.p99(Class::PacedSearch)) {
            (Some(quiet), Some(storm)) if storm > quiet * SEARCH_P99_RATIO_MAX => {
                failures.push(format!(
                    "p99 of paced searches in the storm: {:.1} ms, maximum {:.1} ms, which is \
                     {SEARCH_P99_RATIO_MAX} times the quiet phase",
                    ms(Some(storm)),
                    ms(Some(quiet * SEARCH_P99_RATIO_MAX))
                ));
            }
            (Some(_), Some(_)) => {}
            _ => failures.push("no paced search was served in a phase".to_owned()),
        }
        let (rejected, total) = self.paced_searches();
        if rejected * 100 > total * REJECTED_PERCENT_MAX {
            failures.push(format!(
                "{rejected} of {total} paced searches were rejected in the storm, maximum \
                 {REJECTED_PERCENT_MAX} %"
            ));
        }
        failures
    }

    /// Memory and open files against their thresholds.
    fn growth(&self) -> Vec<String> {
        let Self { first, last, storm, .. } = self;
        let mut failures = Vec::new();
        let resident_max = first.resident * RESIDENT_PERCENT_MAX / 100;
        if last.resident > resident_max {
            failures.push(format!(
                "resident memory at the end: {} KiB, maximum {resident_max} KiB, which is \
                 {RESIDENT_PERCENT_MAX} % of the first measurement",
                last.resident
            ));
        }
        let files_max = first.files + FILES_MORE_MAX + storm.tallies.len();
        if last.files > files_max {
            failures.push(format!("open files at the end: {}, maximum {files_max}", last.files));
        }
        failures
    }
}

/// Requests per second and response times, by class.
fn print_times(phase: &Phase, out: &mut impl Write) -> Result<()> {
    let mut total = 0;
    writeln!(
        out,
        "{:<14} {:>9} {:>9} {:>9} {:>9}",
        "class", "responses", "p50 ms", "p99 ms", "max ms"
    )?;
    for class in Class::ALL {
        let times = phase.times(class);
        if times.is_empty() {
            continue;
        }
        total += times.len();
        let at = |percent: usize| ms(percentile(&times, percent));
        let (p50, p99, max) = (at(50), at(99), ms(times.last().copied()));
        writeln!(out, "{class:<14} {:>9} {p50:>9.1} {p99:>9.1} {max:>9.1}", times.len())?;
    }
    let seconds = phase.time.as_secs().max(1);
    let connections = phase.tallies.len();
    writeln!(
        out,
        "{total} responses in {seconds} s over {connections} connections: {} per second",
        total as u64 / seconds,
    )?;
    Ok(())
}

/// Milliseconds; 0 if there is no time.
fn ms(time: Option<Duration>) -> f64 {
    time.map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
}
