//! The program as an operator starts it: time until ready, memory, and searches at a fixed rate.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use crate::{
    installation::Installation,
    loopback::{Client, ServerProcess, responses},
    measure::{DisplayDuration, Samples, Table, Timing, megabytes, progress},
    schedule::Schedule,
};

/// Number of starts.
const STARTS: usize = 5;
/// Number of searches before memory is measured, and of connections that send them.
const SEARCHES: usize = 10_000;
const CONNECTIONS: usize = 16;
/// Searches per second. The rate of the target is measured, and higher ones while p99 is below the
/// maximum; lower ones if it is not.
const RATES: [u32; 9] = [200, 300, 450, 600, 800, 1_000, 1_200, 1_600, 2_000];
const TARGET_RATE: u32 = 1_200;
const P99_MAX: Duration = Duration::from_millis(15);
/// Duration of a rate.
const RATE_TIME: Duration = Duration::from_secs(8);
/// Number of connections over which a rate is spread.
const OPEN_CONNECTIONS: u32 = 32;

pub(crate) fn measure(
    installation: &Installation,
    bodies: &[String],
    table: &mut Table,
) -> anyhow::Result<()> {
    table.head("serving (the program itself)");
    let mut starts = Samples::default();
    for _ in 0..STARTS {
        let began = Instant::now();
        let server = ServerProcess::start(installation)?;
        Client::connect(server.address)?.get("/health/ready")?;
        starts.add(Timing { wall: began.elapsed(), ..Timing::default() });
    }
    table.row("from start to ready", &starts, &starts, "");
    let server = ServerProcess::start(installation)?;
    let memory = |when: &str| {
        let (own, files) = server.memory()?;
        let (all, own, files) = (megabytes(own + files), megabytes(own), megabytes(files));
        anyhow::Ok(format!("{all}: {own} own, {files} of files, {when}"))
    };
    table.line("resident memory", None, &memory("when ready")?);
    let began = Instant::now();
    let times = responses(server.address, CONNECTIONS, bodies, |sent| sent < SEARCHES)?;
    let rate = per_second(times.len(), began.elapsed().as_secs_f64());
    table.line("resident memory", None, &memory("after 10,000 searches")?);
    let samples: Samples = times.into_iter().collect();
    let note = format!("{rate:.0} responses/s");
    table.row(&format!("{CONNECTIONS} connections, closed loop"), &samples, &samples, &note);
    open_loop(server.address, bodies, table)
}

/// Searches at fixed rates, whether or not earlier ones have been served.
fn open_loop(address: SocketAddr, bodies: &[String], table: &mut Table) -> anyhow::Result<()> {
    table.head("open loop: searches per second over HTTP");
    let mut highest = 0;
    let target = RATES.iter().position(|rate| *rate == TARGET_RATE).unwrap_or_default();
    let is_reached = at_rate(address, TARGET_RATE, bodies, table)?;
    let others: Vec<u32> = if is_reached {
        highest = TARGET_RATE;
        RATES[target + 1..].to_vec()
    } else {
        RATES[..target].iter().rev().copied().collect()
    };
    for rate in others {
        let is_within = at_rate(address, rate, bodies, table)?;
        if is_within {
            highest = rate;
        }
        // Rates rise until one is too high, or fall until one is not.
        if is_within != is_reached {
            break;
        }
    }
    let what = format!("highest of these rates with p99 of at most {}", DisplayDuration(P99_MAX));
    table.line(&what, None, &format!("{highest}/s; target {TARGET_RATE}/s"));
    Ok(())
}

/// Whether all searches at a rate are served, in time.
fn at_rate(
    address: SocketAddr,
    rate: u32,
    bodies: &[String],
    table: &mut Table,
) -> anyhow::Result<bool> {
    progress(&format!("{rate}/s"));
    let end = Instant::now() + RATE_TIME;
    let interval = Duration::from_secs(1) * OPEN_CONNECTIONS / rate;
    let work = |connection: u32| {
        let mut client = Client::connect(address)?;
        let (mut samples, mut failures) = (Vec::new(), 0_usize);
        let offset = interval * connection / OPEN_CONNECTIONS;
        let bodies = bodies.iter().cycle().skip(connection as usize * 19);
        for (due, body) in Schedule::new(offset, interval, end).zip(bodies) {
            match client.post_graphql(body) {
                Ok(_) => samples.push(due.elapsed()),
                Err(_) => failures += 1,
            }
        }
        anyhow::Ok((samples, failures))
    };
    let results = thread::scope(|scope| {
        let work = &work;
        let threads = (0..OPEN_CONNECTIONS).map(|number| scope.spawn(move || work(number)));
        let threads: Vec<_> = threads.collect();
        let join = threads.into_iter().map(|thread| thread.join().expect("no client panics"));
        join.collect::<anyhow::Result<Vec<_>>>()
    })?;
    let failures: usize = results.iter().map(|(_, failures)| failures).sum();
    let times: Vec<Duration> = results.into_iter().flat_map(|(times, _)| times).collect();
    let seconds = (RATE_TIME + end.elapsed()).as_secs_f64();
    let served = per_second(times.len(), seconds);
    let samples: Samples = times.into_iter().collect();
    let note = format!("{served:.0}/s served, {failures} rejected");
    table.row(&format!("{rate}/s"), &samples, &samples, &note);
    Ok(failures == 0 && samples.percentile(99) <= P99_MAX)
}

#[expect(clippy::cast_precision_loss, reason = "a rate needs no more")]
fn per_second(count: usize, seconds: f64) -> f64 {
    count as f64 / seconds
}
