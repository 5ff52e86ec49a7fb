//! Time measurement, and a table of results.
//!
//! The speed of a machine varies within minutes. Therefore variants to compare are measured
//! alternately within one run, and the table starts and ends with a calibration loop that does not
//! depend on this program. Ratios of adjacent lines are reliable, absolute values are not.

use std::{
    fmt::{self, Write as _},
    io::{self, Write},
    time::{Duration, Instant},
};

use cpu_time::ProcessTime;

use crate::random::SplitMix64;

/// Wall-clock time, and processor time of all threads of this process.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timing {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

impl Timing {
    /// Measures the execution of `work`.
    pub(crate) fn measure<T>(work: impl FnOnce() -> T) -> (Self, T) {
        let (began, cpu) = (Instant::now(), ProcessTime::now());
        let output = work();
        (Self { wall: began.elapsed(), cpu: cpu.elapsed() }, output)
    }
}

/// Reports what takes long, while it runs.
pub(crate) fn progress(what: &str) {
    let _ = writeln!(io::stderr(), "... {what}");
}

/// The value of a field in a file of `/proc`.
pub(crate) fn number_after(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Several measurements of one operation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<Timing>);

impl Samples {
    pub(crate) fn add(&mut self, timing: Timing) {
        self.0.push(timing);
    }

    fn walls(&self) -> Vec<Duration> {
        let mut walls: Vec<_> = self.0.iter().map(|timing| timing.wall).collect();
        walls.sort();
        walls
    }

    /// A percentile of the wall-clock times; 100 for the maximum.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let walls = self.walls();
        let last = walls.len().saturating_sub(1);
        walls.get((walls.len() * percent / 100).min(last)).copied().unwrap_or_default()
    }

    fn mean_cpu(&self) -> Duration {
        let sum: Duration = self.0.iter().map(|timing| timing.cpu).sum();
        sum.checked_div(u32::try_from(self.0.len()).unwrap_or(u32::MAX)).unwrap_or_default()
    }
}

impl FromIterator<Duration> for Samples {
    /// Measurements of other processes.
    fn from_iter<T: IntoIterator<Item = Duration>>(walls: T) -> Self {
        Self(walls.into_iter().map(|wall| Timing { wall, ..Timing::default() }).collect())
    }
}

/// Results of a run.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<[String; 7]>,
}

impl Table {
    /// Starts a table, and prints the one before.
    pub(crate) fn head(&mut self, what: &str) {
        self.print();
        progress(what);
        let titles = [what, "median", "p99", "x median", "cpu (mean)", "x cpu", ""];
        self.rows.push([""; 7].map(str::to_owned));
        self.rows.push(titles.map(str::to_owned));
    }

    /// Adds a line for several measurements, with the ratios of medians and of mean processor times
    /// to `base`.
    pub(crate) fn row(&mut self, what: &str, samples: &Samples, base: &Samples, note: &str) {
        let (median, base_median) = (samples.percentile(50), base.percentile(50));
        // Processor time of other processes is not measured.
        let has_cpu = !base.mean_cpu().is_zero();
        let cpu = has_cpu.then(|| DisplayDuration(samples.mean_cpu()).to_string());
        let cpu_ratio = has_cpu.then(|| ratio(samples.mean_cpu(), base.mean_cpu()));
        self.rows.push([
            what.to_owned(),
            DisplayDuration(median).to_string(),
            DisplayDuration(samples.percentile(99)).to_string(),
            ratio(median, base_median),
            cpu.unwrap_or_default(),
            cpu_ratio.unwrap_or_default(),
            note.to_owned(),
        ]);
    }

    /// Adds a line for a single measurement, or without one.
    pub(crate) fn line(&mut self, what: &str, timing: Option<Timing>, note: &str) {
        let [wall, cpu] = [timing.map(|timing| timing.wall), timing.map(|timing| timing.cpu)]
            .map(|time| time.map(|time| DisplayDuration(time).to_string()).unwrap_or_default());
        let empty = String::new;
        self.rows.push([what.to_owned(), wall, empty(), empty(), cpu, empty(), note.to_owned()]);
    }

    /// Measures a fixed loop, which shows the current speed of the machine.
    pub(crate) fn calibrate(&mut self) {
        let mut samples = Samples::default();
        for _ in 0..20 {
            let (timing, sum) = Timing::measure(|| {
                let mut rng = SplitMix64(1);
                (0..5_000_000).fold(0, |sum: u64, _| sum ^ rng.next_u64())
            });
            assert_ne!(sum, 0, "the loop must not be optimised away");
            samples.add(timing);
        }
        self.row("a fixed loop (calibration)", &samples, &samples, "");
    }

    pub(crate) fn print(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        let width = |column: usize| {
            rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
        };
        let widths: [usize; 7] = std::array::from_fn(width);
        for [what, numbers @ .., note] in &rows {
            let mut line = format!("{what:<0$}", widths[0]);
            for (number, width) in numbers.iter().zip(&widths[1..]) {
                let _ = write!(line, "  {number:>width$}");
            }
            let _ = writeln!(io::stdout(), "{}", format!("{line}  {note}").trim_end());
        }
    }
}

/// The ratio of two times.
fn ratio(time: Duration, base: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() / base.as_secs_f64())
}

/// Formats a duration with three digits and a unit.
pub(crate) struct DisplayDuration(pub(crate) Duration);

impl fmt::Display for DisplayDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_secs_f64() * 1e6;
        let (value, unit) = match micros {
            0.0..1e3 => (micros, "µs"),
            1e3..1e6 => (micros / 1e3, "ms"),
            _ => (micros / 1e6, "s"),
        };
        let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
        write!(f, "{value:.digits$} {unit}")
    }
}

/// Formats a number of bytes in megabytes.
#[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
