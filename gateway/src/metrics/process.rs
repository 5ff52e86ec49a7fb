//! The standard metrics of a process, named after
//! <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>.

use std::{fmt, fs, str::FromStr};

use prometheus_client::{collector::Collector, encoding::DescriptorEncoder, registry::Unit};

use super::scrape::Samples;

/// Clock ticks per second in `/proc` (`USER_HZ`), the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Reads process metrics from `/proc`; omitted if it is unavailable.
#[derive(Debug)]
pub(super) struct ProcessCollector;

impl Collector for ProcessCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut samples = Samples(encoder);
        let Some(process) = Process::read() else { return Ok(()) };
        let (seconds, bytes) = (|| Some(Unit::Seconds), || Some(Unit::Bytes));
        samples.counter(
            ("process_cpu", seconds()),
            "User and system CPU time spent",
            process.cpu_seconds,
        )?;
        samples.gauge(
            ("process_start_time", seconds()),
            "Start time of the process since unix epoch",
            process.start_time_seconds,
        )?;
        samples.gauge(
            ("process_resident_memory", bytes()),
            "Resident memory size",
            process.resident_bytes,
        )?;
        samples.gauge(
            ("process_virtual_memory", bytes()),
            "Virtual memory size",
            process.virtual_bytes,
        )?;
        samples.gauge(
            ("process_open_fds", None),
            "Number of open file descriptors",
            process.open_fds,
        )?;
        samples.gauge(
            ("process_max_fds", None),
            "Maximum number of open file descriptors",
            process.max_fds,
        )
    }
}

struct Process {
    cpu_seconds: f64,
    start_time_seconds: f64,
    resident_bytes: u64,
    virtual_bytes: u64,
    open_fds: u64,
    max_fds: u64,
}

impl Process {
    /// Reads `/proc`; see proc(5).
    fn read() -> Option<Self> {
        let file = |path| fs::read_to_string(path).ok();
        let stat = file("/proc/self/stat")?;
        // The program name is in parentheses and can contain any character; `state` is field 3.
        let fields: Vec<_> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let seconds = |field: usize| {
            let ticks = fields.get(field - 3)?.parse::<f64>().ok()?;
            Some(ticks / TICKS_PER_SECOND)
        };
        let status = file("/proc/self/status")?;
        let boot_time: f64 = first_number(&file("/proc/stat")?, "btime")?;
        Some(Self {
            cpu_seconds: seconds(14)? + seconds(15)?,
            start_time_seconds: boot_time + seconds(22)?,
            resident_bytes: first_number::<u64>(&status, "VmRSS:")? * 1_024,
            virtual_bytes: first_number::<u64>(&status, "VmSize:")? * 1_024,
            open_fds: fs::read_dir("/proc/self/fd").ok()?.count() as u64,
            max_fds: first_number(&file("/proc/self/limits")?, "Max open files")?,
        })
    }
}

/// The number after `name` at the start of a line.
fn first_number<T: FromStr>(text: &str, name: &str) -> Option<T> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_ascii_whitespace().next()?.parse().ok()
}
