//! Instruction counts of the hot paths in `gateway/benches/hot_paths.rs`, measured by callgrind and
//! compared with a baseline.
//!
//! `UPDATE_PERFORMANCE=1 cargo it performance` records the current counts.

use std::{
    collections::BTreeMap,
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use serde_json::Value;

use crate::support::repository;

/// The target that executes the paths.
const TARGET: &str = "hot_paths";
/// Our own crates are compiled as in a release; dependencies are those of the development build.
const PACKAGES: [&str; 4] = ["schema", "indexer", "federation", "gateway"];
/// One unit per crate: a change in one place does not change what is inlined in another.
const PROFILE: [&str; 4] =
    ["opt-level=3", "codegen-units=1", "debug-assertions=false", "overflow-checks=false"];
/// Maximum difference from the recorded count, in percent.
const TOLERANCE_PERCENT: f64 = 3.0;
/// A path outside the tolerance is measured again: only a reproducible difference counts. The
/// baseline records the median of the same number of measurements.
const ROUNDS: usize = 3;
/// Number of concurrent callgrind processes.
const JOBS: usize = 2;
/// Schedules threads deterministically, in the order in which they become ready.
const VALGRIND: [&str; 3] =
    ["--tool=callgrind", "--callgrind-out-file=/dev/null", "--fair-sched=yes"];
/// Disables background threads, time-based release of memory and periodic sweeps of thread caches
/// in the allocator.
const ALLOCATOR: (&str, &str) = (
    "_RJEM_MALLOC_CONF",
    "background_thread:false,dirty_decay_ms:-1,muzzy_decay_ms:-1,tcache_gc_incr_bytes:1073741824",
);

/// A hot path, with the iterations of its two runs. The difference of their counts excludes the
/// set-up.
struct HotPath {
    name: &'static str,
    warm_up: u64,
    total: u64,
}

const fn hot_path(name: &'static str, warm_up: u64, total: u64) -> HotPath {
    HotPath { name, warm_up, total }
}

/// The slowest first.
const HOT_PATHS: [HotPath; 9] = [
    hot_path("ingest", 1, 2),
    hot_path("page", 5, 25),
    hot_path("facets", 5, 55),
    hot_path("search-total", 5, 55),
    hot_path("search", 5, 55),
    hot_path("suggest", 20, 220),
    hot_path("response-cache-hit", 20, 1_020),
    hot_path("cached-feed", 20, 1_020),
    hot_path("subgraph-call", 20, 120),
];

/// Instructions per iteration, by path.
type Counts = BTreeMap<String, u64>;

#[test]
fn hot_paths_must_execute_as_many_instructions_as_recorded() {
    if env::var_os("SKIP_PERFORMANCE").is_some() {
        return say("skipped: `SKIP_PERFORMANCE` is set");
    }
    if let Some(reason) = reason_to_skip() {
        assert!(env::var_os("REQUIRE_VALGRIND").is_none(), "{reason}");
        say(&format!("skipped: {reason}"));
        return;
    }
    let program = build();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let prepared = Command::new(&program).arg("prepare").arg(folder.path()).output();
    let prepared = prepared.expect("the program runs");
    assert!(prepared.status.success(), "{}", String::from_utf8_lossy(&prepared.stderr));

    let measure = |paths: &[&HotPath]| measure(&program, folder.path(), paths);
    let all: Vec<_> = HOT_PATHS.iter().collect();
    if env::var_os("UPDATE_PERFORMANCE").is_some() {
        let rounds: Vec<_> = (0..ROUNDS).map(|_| measure(&all)).collect();
        return record(&medians(&rounds));
    }
    let recorded = recorded();
    let mut outside = differences(&recorded, &measure(&all));
    for _ in 1..ROUNDS {
        let again: Vec<_> = all.iter().copied().filter(|p| outside.contains_key(p.name)).collect();
        if !again.is_empty() {
            outside = differences(&recorded, &measure(&again));
        }
    }
    let lines: Vec<_> = outside.into_values().collect();
    assert!(
        lines.is_empty(),
        "instructions per iteration differ from tests/it/baselines/performance.tsv by more than \
         {TOLERANCE_PERCENT} %:\n{}\nif that is intended, or an improvement to preserve, record it \
         with `UPDATE_PERFORMANCE=1 cargo it performance` and commit the file",
        lines.join("\n")
    );
}

/// The reason why counts cannot be compared on this machine.
fn reason_to_skip() -> Option<&'static str> {
    if !cfg!(target_arch = "x86_64") {
        return Some("the recorded counts are of x86_64");
    }
    let version = Command::new("valgrind").arg("--version").output();
    let runs = version.is_ok_and(|version| version.status.success());
    (!runs).then_some("`valgrind` is not installed")
}

/// Not `eprintln!`: the test harness would capture the line.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Builds the program that executes the paths, unless it is up to date.
fn build() -> PathBuf {
    let test = env::current_exe().expect("a path");
    let target = test.ancestors().nth(3).expect("the test lies in `deps` of a profile's folder");
    say(&format!("building the target `{TARGET}`, optimised"));
    let settings = PACKAGES.iter().flat_map(|package| {
        let setting = move |setting| format!("--config=profile.dev.package.{package}.{setting}");
        PROFILE.map(setting)
    });
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--locked", "--message-format=json-render-diagnostics"])
        .args(["--workspace", "--example", TARGET, "--target-dir"])
        .arg(target)
        .args(settings)
        // Incremental compilation may affect inlining, so it is the same everywhere.
        .env("CARGO_INCREMENTAL", "1")
        .current_dir(repository())
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "the target `{TARGET}` does not compile");
    let messages = String::from_utf8(output.stdout).expect("text");
    let executable = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_built = message["target"]["name"] == TARGET;
        is_built.then(|| message["executable"].as_str().map(PathBuf::from))?
    });
    executable.expect("cargo names what it built")
}

fn measure(program: &Path, folder: &Path, paths: &[&HotPath]) -> Counts {
    let runs: Vec<_> = paths
        .iter()
        .flat_map(|path| [(path.name, path.total), (path.name, path.warm_up)])
        .collect();
    let next = AtomicUsize::new(0);
    let job = || {
        std::iter::from_fn(|| runs.get(next.fetch_add(1, Ordering::Relaxed)))
            .map(|run| (*run, count(program, folder, *run)))
            .collect::<Vec<_>>()
    };
    let counted: BTreeMap<_, _> = thread::scope(|scope| {
        let jobs = [(); JOBS].map(|()| scope.spawn(job));
        jobs.into_iter().flat_map(|job| job.join().expect("no run fails")).collect()
    });
    let per_iteration = |path: &&HotPath| {
        let (total, warm_up) =
            (counted[&(path.name, path.total)], counted[&(path.name, path.warm_up)]);
        (path.name.to_owned(), (total - warm_up) / (path.total - path.warm_up))
    };
    paths.iter().map(per_iteration).collect()
}

/// Instructions of one run, including set-up, at low priority.
fn count(program: &Path, folder: &Path, (path, iterations): (&str, u64)) -> u64 {
    let output = Command::new("nice")
        .args(["-n", "10", "valgrind"])
        .args(VALGRIND)
        .arg(program)
        .args([path.as_ref(), folder.as_os_str()])
        .arg(iterations.to_string())
        .current_dir(repository())
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env(ALLOCATOR.0, ALLOCATOR.1)
        .output()
        .expect("valgrind runs");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{path}: {log}");
    let count = log.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    count.unwrap_or_else(|| panic!("{path}: no count in {log}"))
}

fn baseline() -> PathBuf {
    repository().join("tests/it/baselines/performance.tsv")
}

fn recorded() -> Counts {
    let text = fs::read_to_string(baseline()).expect("recorded counts");
    let line = |line: &str| {
        let (path, count) = line.split_once('\t').expect("two columns");
        (path.to_owned(), count.parse().expect("a number"))
    };
    text.lines().map(line).collect()
}

fn record(counts: &Counts) {
    let lines: Vec<_> = counts.iter().map(|(path, count)| format!("{path}\t{count}")).collect();
    fs::write(baseline(), lines.join("\n") + "\n").expect("writable");
}

fn medians(rounds: &[Counts]) -> Counts {
    let median = |path: &HotPath| {
        let mut counts: Vec<_> = rounds.iter().map(|counts| counts[path.name]).collect();
        counts.sort_unstable();
        (path.name.to_owned(), counts[counts.len() / 2])
    };
    HOT_PATHS.iter().map(median).collect()
}

/// A message for each path whose count is outside the tolerance.
#[expect(clippy::cast_precision_loss, reason = "a percentage needs no more precision")]
fn differences(recorded: &Counts, measured: &Counts) -> BTreeMap<String, String> {
    let line = |(path, measured): (&String, &u64)| {
        let Some(recorded) = recorded.get(path) else {
            return Some((path.clone(), format!("{path}: not recorded, measured {measured}")));
        };
        let percent = (*measured as f64 / *recorded as f64 - 1.0) * 100.0;
        (percent.abs() > TOLERANCE_PERCENT).then(|| {
            let line = format!("{path}: recorded {recorded}, measured {measured}, {percent:+.1} %");
            (path.clone(), line)
        })
    };
    measured.iter().filter_map(line).collect()
}

#[test]
fn a_count_must_neither_rise_nor_fall_by_more_than_the_tolerance() {
    let counts = |count| Counts::from([("search".to_owned(), count)]);
    let lines = |recorded: &Counts, count| {
        differences(recorded, &counts(count)).into_values().collect::<Vec<_>>()
    };
    let recorded = counts(1_000);
    for count in [971, 1_000, 1_029] {
        assert!(lines(&recorded, count).is_empty(), "{count}");
    }
    assert_eq!(lines(&recorded, 969), ["search: recorded 1000, measured 969, -3.1 %"]);
    assert_eq!(lines(&recorded, 1_031), ["search: recorded 1000, measured 1031, +3.1 %"]);
    assert_eq!(lines(&Counts::new(), 1), ["search: not recorded, measured 1"]);
}
