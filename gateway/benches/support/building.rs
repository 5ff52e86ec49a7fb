//! Building with the program in a process of its own, and bare tantivy with the same documents.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;

use crate::{
    installation::{Installation, LIVE},
    measure::{Samples, Table, Timing, megabytes, number_after},
};

/// Interval between readings of the memory of a process, and of the bytes that it has written.
const READING_INTERVAL: Duration = Duration::from_millis(2);
/// Processor time in `/proc` is counted in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);
/// Number of builds of each kind of change.
const EDITIONS: usize = 3;

/// Resource usage of a process that has ended.
#[derive(Default)]
struct Usage {
    timing: Timing,
    /// Maximum resident memory in bytes.
    peak: u64,
    /// Bytes written to disk.
    written: u64,
}

impl Usage {
    fn note(&self) -> String {
        format!("{} at most, {} written", megabytes(self.peak), megabytes(self.written))
    }
}

/// A full build, runs that find changes, and the index of bare tantivy.
pub(crate) fn measure(installation: &Installation, table: &mut Table) -> anyhow::Result<()> {
    table.head("building (a process of its own)");
    let folder = installation.empty_folder("bare-tantivy-of-this-run")?;
    let (timing, built) = Timing::measure(|| installation.build_bare_tantivy(&folder));
    built?;
    fs::remove_dir_all(folder)?;
    table.line("index of bare tantivy, one thread, this process", Some(timing), "");

    let data = installation.empty_folder("data-of-this-run")?;
    installation.write_live(0, 0)?;
    let full = run(installation, &data, &[])?;
    table.line("full build", Some(full.timing), &full.note());
    let live: &[&str] = &["--source", "live"];
    let kinds = [
        ("10 changes, only their source read", 10, live),
        ("10 changes, all sources read", 10, &[]),
        ("1,000 changes, only their source read", LIVE, live),
        ("1,000 changes, all sources read", LIVE, &[]),
        ("no changes, all sources read", 0, &[]),
    ];
    let (mut edition, mut base) = (0, None);
    for (name, changes, arguments) in kinds {
        let (mut samples, mut last) = (Samples::default(), Usage::default());
        for _ in 0..EDITIONS {
            edition += 1;
            installation.write_live(0, 0)?;
            run(installation, &data, live)?;
            installation.write_live(changes, edition)?;
            last = run(installation, &data, arguments)?;
            samples.add(last.timing);
        }
        let base = base.get_or_insert_with(|| samples.clone());
        table.row(name, &samples, base, &last.note());
    }
    installation.write_live(0, 0)?;
    Ok(fs::remove_dir_all(data)?)
}

/// Runs `wegwijzer index`.
fn run(installation: &Installation, data: &Path, arguments: &[&str]) -> anyhow::Result<Usage> {
    let config = installation.write_config()?;
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_wegwijzer"))
        .arg("index")
        .args(["--config".as_ref(), config.as_os_str()])
        .args(["--data".as_ref(), data.as_os_str()])
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut usage = Usage::default();
    let folder = format!("/proc/{}", child.id());
    loop {
        let read = |name| fs::read_to_string(format!("{folder}/{name}")).unwrap_or_default();
        let peak = number_after(&read("status"), "VmHWM:").unwrap_or_default() * 1_024;
        usage.peak = usage.peak.max(peak);
        let written = number_after(&read("io"), "write_bytes:").unwrap_or_default();
        usage.written = usage.written.max(written);
        usage.timing.cpu = usage.timing.cpu.max(processor_time(&read("stat")).unwrap_or_default());
        if let Some(status) = child.try_wait()? {
            usage.timing.wall = began.elapsed();
            anyhow::ensure!(status.success(), "a build failed: {status}");
            return Ok(usage);
        }
        thread::sleep(READING_INTERVAL);
    }
}

/// Processor time in a file `stat` of `/proc`, whose second field is a name in brackets.
fn processor_time(stat: &str) -> anyhow::Result<Duration> {
    let (_, fields) = stat.rsplit_once(')').context("no name")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
    Ok(TICK * ticks.sum::<Result<u32, _>>()?)
}
