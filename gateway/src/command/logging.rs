//! Logging to standard error, and tracing.

use std::{
    io::{self, IsTerminal},
    panic,
};

use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::telemetry::Traces;
use crate::config::{LogConfig, LogFormat};

/// Crates whose spans are traced; those of libraries are not.
const TRACED_CRATES: [&str; 3] = ["gateway", "federation", "indexer"];

/// Initialises logging, and logs panics: once, with the request in which they occurred.
pub(super) fn start(log: &LogConfig, traces: Option<&Traces>) {
    let filter: Targets =
        log.filter.parse().expect("the filter was checked with the configuration");
    let colours = io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(colours);
    let lines = match log.format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let ours = Targets::new().with_targets(TRACED_CRATES.map(|target| (target, LevelFilter::INFO)));
    let spans = traces.map(|traces| {
        tracing_opentelemetry::layer().with_tracer(traces.tracer()).with_filter(ours)
    });
    tracing_subscriber::registry().with(spans).with(lines.with_filter(filter)).init();
    panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("no message");
        let location = panic.location().map(ToString::to_string);
        tracing::error!(panic = message, location, "caught panic");
    }));
}
