//! Load test: many concurrent connections to the real program, hostile ones among them, while a
//! builder publishes a new generation every second.
//!
//! ```sh
//! cargo build --release && cargo run --release -p acceptance --bin load -- --seconds 60
//! ```
//!
//! A run has two phases. In the quiet phase, a few clients send searches and health checks at a
//! fixed interval. In the storm, the same clients do the same, next to:
//!
//! - many clients with operations, searches, suggestions and conditional requests, of whose
//!   requests a third are hostile;
//! - clients that request large responses and never read them, over HTTP/1.1 and HTTP/2;
//! - partial requests;
//! - a builder that publishes a new generation every second.
//!
//! The exit code is 1 if a response differs from the documentation, if a client gets a response
//! from an older generation than before, if memory or the number of open files grows, or if health
//! checks or searches become slow: `report` has the thresholds. With `--responses-only`, thresholds on
//! time and memory do not apply, so that a development build can be tested.
//!
//! With `--partners`, 50 partners search with their keys instead, and one of them sends 20 times the
//! requests that it may send.
//!
//! - `program`: the program and its sources; `usage`: its resource usage
//! - `connection`: a minimal HTTP client with keep-alive
//! - `operations`: requests of well-behaved clients
//! - `hostile`: requests of hostile clients
//! - `schedule`: requests at a fixed interval
//! - `client`: one client connection, and its checks of every response
//! - `http2`, `stalled`: clients that never read a response
//! - `partners`: partners, and a flood by one of them
//! - `tally`: what clients observe in a phase
//! - `report`: results of a run

mod client;
mod connection;
mod hostile;
mod http2;
mod operations;
mod partners;
mod program;
mod report;
mod rng;
mod schedule;
mod stalled;
mod tally;
mod usage;

use std::{
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use self::{
    client::Client,
    operations::Workload,
    program::{Installation, Program},
    report::Report,
    schedule::Schedule,
    tally::{Phase, Tally},
    usage::Usage,
};

/// Duration of the quiet phase, unless the storm is shorter.
const QUIET_TIME: Duration = Duration::from_secs(10);
/// Time in the storm of the first measurement of memory; half of a storm that is shorter than twice
/// this.
const FIRST_USAGE_TIME: Duration = Duration::from_secs(10);
/// Time before the end of the storm of the last measurement, while all connections are open.
const LAST_USAGE_TIME: Duration = Duration::from_secs(1);

/// Number of connections with searches at a fixed interval.
const SEARCH_CONNECTIONS: u32 = 4;
/// Interval between the searches on one connection.
const SEARCH_INTERVAL: Duration = Duration::from_millis(40);
/// Interval between health checks.
const HEALTH_INTERVAL: Duration = Duration::from_millis(20);

/// Seeds of the clients of each kind and phase: no two send the same searches.
const QUIET_SEED: u64 = 1_000_000;
const STORM_SEED: u64 = 2_000_000;

/// Duration of the storm, its number of connections with requests of all kinds, and whether
/// thresholds on time and memory apply; whether the run is about partners.
struct Arguments {
    time: Duration,
    connections: usize,
    checks_thresholds: bool,
    is_of_partners: bool,
}

impl Arguments {
    fn read(args: impl Iterator<Item = String>) -> Result<Self> {
        let mut arguments = Self {
            time: Duration::from_mins(1),
            connections: 64,
            checks_thresholds: true,
            is_of_partners: false,
        };
        let mut args = args.skip(1);
        while let Some(name) = args.next() {
            if name == "--responses-only" {
                arguments.checks_thresholds = false;
                continue;
            }
            if name == "--partners" {
                arguments.is_of_partners = true;
                continue;
            }
            let value: usize = args.next().unwrap_or_default().parse().with_context(|| {
                format!("`--seconds` and `--connections` need a number: `{name}`")
            })?;
            match name.as_str() {
                "--seconds" => arguments.time = Duration::from_secs(value as u64),
                "--connections" => arguments.connections = value.max(1),
                _ => bail!(
                    "unknown option, expected `--seconds`, `--connections`, `--partners` or `--responses-only`: `{name}`"
                ),
            }
        }
        Ok(arguments)
    }
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::read(std::env::args())?;
    if arguments.is_of_partners {
        return partners::run(arguments.time, arguments.checks_thresholds);
    }
    let installation = Arc::new(Installation::new()?);
    installation.build()?;
    let program = Program::serve(&installation)?;
    let workload = Arc::new(Workload::read(&installation, program.address)?);
    http2::check(program.address).context("the program does not serve HTTP/2")?;
    // In both phases, so that they differ in hostile and other clients only.
    let quiet_time = QUIET_TIME.min(arguments.time);
    let builds_end = Instant::now() + quiet_time + arguments.time;
    let sources = Arc::clone(&installation);
    let builder = thread::spawn(move || sources.build_every_second(builds_end));
    let quiet = run_quiet_phase(quiet_time, program.address, &workload)?;
    let report = run_storm(&arguments, builder, &program, &workload, quiet)?;
    report.print(arguments.checks_thresholds)
}

/// Runs the phase with paced requests only.
fn run_quiet_phase(time: Duration, address: SocketAddr, workload: &Arc<Workload>) -> Result<Phase> {
    let end = Instant::now() + time;
    let tallies = join(start_paced(QUIET_SEED, address, workload, end))?;
    Ok(Phase { time, tallies })
}

/// Runs the phase with all clients.
fn run_storm(
    arguments: &Arguments,
    builder: thread::JoinHandle<Result<u64>>,
    program: &Program,
    workload: &Arc<Workload>,
    quiet: Phase,
) -> Result<Report> {
    let started = Instant::now();
    let end = started + arguments.time;
    let mut clients = start_paced(STORM_SEED, program.address, workload, end);
    clients.extend((0..arguments.connections).map(|number| {
        let client = Client::new(number as u64, program.address, Arc::clone(workload));
        thread::spawn(move || client.run(end))
    }));
    let stalled = stalled::start(program.address, end);

    thread::sleep(FIRST_USAGE_TIME.min(arguments.time / 2));
    let first = Usage::of(program.id())?;
    let last_usage_at = end.checked_sub(LAST_USAGE_TIME).unwrap_or(end);
    thread::sleep(last_usage_at.saturating_duration_since(Instant::now()));
    let last = Usage::of(program.id())?;
    let tallies = join(clients)?;
    let storm = Phase { time: started.elapsed(), tallies };
    let stalled_connections: u32 = join(stalled)?.into_iter().sum();
    let published = builder.join().ok().context("the builder panicked")??;
    Ok(Report {
        quiet,
        storm,
        stalled_connections,
        published,
        swapped: program.swaps(),
        errors: program.errors(),
        first,
        last,
    })
}

/// Starts the clients whose response times are compared between the phases.
fn start_paced(
    seed: u64,
    address: SocketAddr,
    workload: &Arc<Workload>,
    end: Instant,
) -> Vec<JoinHandle<Tally>> {
    let client = |number: u32| Client::new(seed + u64::from(number), address, Arc::clone(workload));
    let mut clients: Vec<_> = (0..SEARCH_CONNECTIONS)
        .map(|number| {
            let offset = SEARCH_INTERVAL * number / SEARCH_CONNECTIONS;
            let schedule = Schedule::new(offset, SEARCH_INTERVAL, end);
            let client = client(number);
            thread::spawn(move || client.run_searches(schedule))
        })
        .collect();
    let schedule = Schedule::new(Duration::ZERO, HEALTH_INTERVAL, end);
    let prober = client(SEARCH_CONNECTIONS);
    clients.push(thread::spawn(move || prober.run_health_checks(schedule)));
    clients
}

/// The results of all threads.
fn join<T>(threads: Vec<JoinHandle<T>>) -> Result<Vec<T>> {
    threads.into_iter().map(|thread| thread.join().ok().context("a client panicked")).collect()
}
