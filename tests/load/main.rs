//! Load test: many concurrent connections to the real program, while a builder publishes a new
//! generation every second.
//!
//! ```sh
//! cargo build --release && cargo run --release -p acceptance --bin load -- --seconds 60
//! ```
//!
//! One request in ten is hostile. The exit code is 1 if a response differs from the documentation,
//! if a client gets a response from an older generation than before, or if memory or the number of
//! open files grows.
//!
//! - `program`: the program, its sources, and its resource usage
//! - `connection`: a minimal HTTP client with keep-alive
//! - `operations`: requests of well-behaved clients
//! - `hostile`: requests of hostile clients
//! - `client`: one client connection, and its checks of every response
//! - `report`: results of a run

mod client;
mod connection;
mod hostile;
mod operations;
mod program;
mod report;
mod rng;

use std::{
    process::ExitCode,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use self::{
    client::Client,
    operations::Workload,
    program::{Installation, Program},
    report::{Report, Usage},
};

/// Number of connections and duration of the run.
struct Arguments {
    time: Duration,
    connections: usize,
}

impl Arguments {
    fn read(args: impl Iterator<Item = String>) -> Result<Self> {
        let mut arguments = Self { time: Duration::from_mins(1), connections: 64 };
        let mut args = args.skip(1);
        while let Some(name) = args.next() {
            let value: usize = args.next().unwrap_or_default().parse().with_context(|| {
                format!("`--seconds` and `--connections` need a number: `{name}`")
            })?;
            match name.as_str() {
                "--seconds" => arguments.time = Duration::from_secs(value as u64),
                "--connections" => arguments.connections = value.max(1),
                _ => bail!("unknown option, expected `--seconds` or `--connections`: `{name}`"),
            }
        }
        Ok(arguments)
    }

    /// Caches fill during the warm-up; growth is measured from its end.
    fn warm_up(&self) -> Duration {
        (self.time / 4).min(Duration::from_secs(15))
    }
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::read(std::env::args())?;
    let installation = Arc::new(Installation::new()?);
    installation.build()?;
    let program = Program::serve(&installation)?;
    let workload = Arc::new(Workload::read(&installation, program.address)?);
    let begun = Instant::now();
    let end = begun + arguments.time;
    let clients: Vec<_> = (0..arguments.connections)
        .map(|number| {
            let client = Client::new(number as u64, program.address, Arc::clone(&workload));
            thread::spawn(move || client.run(end))
        })
        .collect();
    let sources = Arc::clone(&installation);
    let builder = thread::spawn(move || sources.build_every_second(end));

    thread::sleep(arguments.warm_up());
    let warm = Usage::of(program.id())?;
    thread::sleep(
        end.saturating_duration_since(Instant::now()).saturating_sub(Duration::from_secs(1)),
    );
    // While the connections are still open.
    let last = Usage::of(program.id())?;
    let mut tallies = Vec::new();
    for client in clients {
        tallies.push(client.join().ok().context("a client panicked")?);
    }
    let published = builder.join().ok().context("the builder panicked")??;
    let report = Report {
        time: begun.elapsed(),
        tallies,
        published,
        swapped: program.swaps(),
        errors: program.errors(),
        warm,
        last,
    };
    report.print()
}
