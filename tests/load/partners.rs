//! Many partners, one of which sends many times the requests that it may send.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::{
    connection::Connection,
    join,
    operations::{Class, Workload},
    program::{Installation, Program},
    rng::Rng,
    schedule::Schedule,
    tally::{Phase, Tally},
};

/// Number of partners.
const PARTNERS: u32 = 50;
/// Time between the searches of a partner that keeps to its rate.
const INTERVAL: Duration = Duration::from_millis(500);
/// Number of connections of the flood.
const CONNECTIONS: u32 = 20;
/// How many times its rate the flood has.
const EXCESS: u32 = 20;

/// The rate of the partner that floods, and its name.
#[derive(Clone, Copy)]
struct Rate {
    name: &'static str,
    per_second: u32,
    burst: u32,
    /// Maximum ratio between the 99th percentiles of the response times of the others, in percent.
    p99_percent_max: u128,
}

/// Rates of the partner that floods: by default, most of its requests are rejected; with a high
/// rate they are searches that fill the queue.
const RATES: [Rate; 2] = [
    Rate { name: "default rate", per_second: 10, burst: 50, p99_percent_max: 150 },
    Rate { name: "high rate", per_second: 100, burst: 2_000, p99_percent_max: 250 },
];

/// Runs each flood, between two phases without it.
pub(crate) fn run(time: Duration, checks_thresholds: bool) -> Result<ExitCode> {
    let mut is_passed = true;
    for rate in RATES {
        let installation = Installation::new()?;
        installation.configure(&configuration(rate))?;
        installation.build()?;
        let program = Program::serve(&installation)?;
        let workload = Arc::new(Workload::read(&installation, program.address)?);
        let searches = |number| Searches { address: program.address, seed: number, exceeded: None };
        // The first requests fill caches.
        searches(0).run(Duration::from_secs(3).min(time), &workload)?;
        let mut quiet = searches(1_000).run(time / 2, &workload)?;
        let busy = Searches { exceeded: Some(rate), ..searches(2_000) }.run(time, &workload)?;
        quiet.tallies.extend(searches(3_000).run(time / 2, &workload)?.tallies);
        is_passed &= print(rate, &quiet, &busy, checks_thresholds, program.errors())?;
    }
    Ok(if is_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn configuration(rate: Rate) -> String {
    let mut text = String::new();
    for number in 0..PARTNERS {
        let _ = write!(text, "\n[[partner]]\nname = \"p{number}\"\nkeys = [\"{}\"]\n", key(number));
        if number == 0 {
            let Rate { per_second, burst, .. } = rate;
            let _ = write!(text, "requests_per_second = {per_second}\nburst = {burst}\n");
        }
    }
    text
}

fn key(number: u32) -> String {
    format!("wk_partner_{number:08}")
}

/// The requests of one phase.
#[derive(Clone, Copy)]
struct Searches {
    address: SocketAddr,
    seed: u64,
    /// The rate that the first partner exceeds; without one, it sends nothing.
    exceeded: Option<Rate>,
}

impl Searches {
    fn run(self, time: Duration, workload: &Arc<Workload>) -> Result<Phase> {
        let end = Instant::now() + time;
        let mut clients: Vec<_> = (1..PARTNERS)
            .map(|number| {
                let schedule = Schedule::new(INTERVAL * number / PARTNERS, INTERVAL, end);
                self.client((number, 0), schedule, workload)
            })
            .collect();
        if let Some(rate) = self.exceeded {
            let interval = Duration::from_secs(1) * CONNECTIONS / (rate.per_second * EXCESS);
            clients.extend((0..CONNECTIONS).map(|number| {
                let schedule = Schedule::new(interval * number / CONNECTIONS, interval, end);
                self.client((0, number), schedule, workload)
            }));
        }
        Ok(Phase { time, tallies: join(clients)? })
    }

    /// A thread with the searches of a partner on one of its connections.
    fn client(
        self,
        (number, connection_number): (u32, u32),
        schedule: Schedule,
        workload: &Arc<Workload>,
    ) -> JoinHandle<Tally> {
        let workload = Arc::clone(workload);
        let class = if number == 0 { Class::Search } else { Class::PacedSearch };
        let mut rng = Rng(self.seed + u64::from(number) * 1_000_000 + u64::from(connection_number));
        let mut connection = Connection::new(self.address);
        thread::spawn(move || {
            let mut tally = Tally::default();
            for started in schedule {
                let request = workload.embedded_search(&mut rng, &key(number));
                let status = match connection.send(&request) {
                    Ok(reply) => reply.status,
                    Err(error) => {
                        tally.report(format!("{class}: {error}"));
                        continue;
                    }
                };
                *tally.responses.entry((class, status, String::new())).or_default() += 1;
                if status == 200 {
                    tally.times.entry(class).or_default().push(started.elapsed());
                }
            }
            tally
        })
    }
}

/// Prints the response times. Returns whether the others got their responses in time.
fn print(
    rate: Rate,
    quiet: &Phase,
    busy: &Phase,
    checks_thresholds: bool,
    mut failures: Vec<String>,
) -> Result<bool> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}: {EXCESS} times {} requests per second", rate.name, rate.per_second)?;
    for (name, phase) in [("quiet", quiet), ("flood", busy)] {
        for ((class, status, _), count) in phase.responses() {
            writeln!(out, "  {name} {class:<14} {status} {count:>8}")?;
        }
    }
    let p99 = |phase: &Phase| phase.p99(Class::PacedSearch).unwrap_or_default().as_micros();
    let (before, after) = (p99(quiet).max(1), p99(busy));
    let percent = after * 100 / before;
    writeln!(out, "  p99 of the others: {before} µs, {after} µs, {percent} %")?;
    let failed = |phase: &Phase| {
        let mismatches = phase.tallies.iter().map(|tally| tally.mismatches).sum::<u64>();
        mismatches + phase.count(|class, status| class == Class::PacedSearch && status != 200)
    };
    let failed = failed(quiet) + failed(busy);
    let limited = busy.count(|class, status| class == Class::Search && status == 429);
    if failed > 0 {
        failures.push(format!("{failed} requests of the others failed"));
    }
    if limited == 0 && rate.burst < rate.per_second * EXCESS {
        failures.push("no request of the flood was rejected with 429".to_owned());
    }
    if checks_thresholds && percent > rate.p99_percent_max {
        failures.push(format!("the others are slower: {percent} % of the quiet time"));
    }
    for failure in &failures {
        writeln!(out, "FAILED: {failure}")?;
    }
    Ok(failures.is_empty())
}
