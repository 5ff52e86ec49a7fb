//! `wegwijzer serve`: serves requests until it receives a signal.

use std::{
    io::{self, Write},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;
use indexer::{ingest, ingest::BuildOptions};
use tokio::runtime::Runtime;

use super::{
    CommandError, SourceArguments, graphiql, index::Summary, logging, progress::Console,
    shutdown_signals::ShutdownSignals, socket_activation, sync, telemetry::Traces,
};
use crate::{
    app::App,
    config::{Config, Overrides, PrivateAddresses},
    pipeline::NO_GENERATION,
};

/// Sample query for the demo.
const EXAMPLE_QUERY: &str = "{ search(query: \\\"klantreis\\\", first: 3) \
     { totalCount nodes { __typename title url } } }";

#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    #[command(flatten)]
    from: SourceArguments,
    /// Address to listen on, such as 127.0.0.1:8080; not used on a socket of systemd. Environment
    /// variable: `WEGWIJZER_LISTEN`.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Precomposed supergraph file, reloaded when it changes; without a configuration file, only
    /// the supergraph is served. Environment variable: `WEGWIJZER_SUPERGRAPH`.
    #[arg(long, value_name = "FILE")]
    supergraph: Option<PathBuf>,
    /// Allow subgraphs in private networks, also with plain `http`.
    #[arg(long)]
    allow_private_addresses: bool,
}

/// Runs the server, after building the demo if it is requested.
pub(super) fn run(arguments: &ServeArguments) -> Result<ExitCode, CommandError> {
    // First, since it changes the environment, which no other thread may read meanwhile.
    let inherited = socket_activation::inherited_listener()?;
    let signals = ShutdownSignals::catch()?;
    let flags = Overrides {
        listen: arguments.listen.clone(),
        supergraph: arguments.supergraph.clone(),
        private_addresses: PrivateAddresses::of(arguments.allow_private_addresses),
        ..Overrides::default()
    };
    let config = arguments.from.config(flags)?;
    // The exporter thread must start before the runtime, and outlive it to send the last traces.
    let traces = config.telemetry.as_ref().map(Traces::start).transpose();
    let traces = traces.map_err(CommandError::Telemetry)?;
    logging::start(&config.log, traces.as_ref());
    if arguments.from.demo {
        build_demo(&config)?;
    }
    let runtime = Runtime::new()?;
    let served =
        runtime.block_on(runtime.spawn(serve(inherited, config, arguments.from.demo, signals)));
    // Does not wait for compositions and plans that are still being computed.
    runtime.shutdown_background();
    served.map_err(io::Error::other)?
}

/// Updates the generation of the demo, whose dates are relative to the current day.
fn build_demo(config: &Config) -> Result<(), CommandError> {
    let options = BuildOptions::default();
    let report = ingest::build(&sync::build_config(config)?, &options, &Console::new())?;
    writeln!(io::stderr(), "{}\n", Summary(&report))?;
    Ok(())
}

async fn serve(
    inherited: Option<TcpListener>,
    config: Config,
    is_demo: bool,
    signals: ShutdownSignals,
) -> Result<ExitCode, CommandError> {
    let graphiql_dir = config.graphql.graphiql_dir.clone();
    let schedule = if config.federation.supergraph_only { None } else { sync::schedule(&config)? };
    let hooks = schedule.clone().map(|schedule| sync::hooks(&config, schedule)).transpose()?;
    let mut app = App::build_on(inherited, config).await?;
    if let Some((schedule, hooks)) = schedule.zip(hooks) {
        app = app.with_task(move || schedule.run()).with_hooks(hooks);
    }
    if let Some(folder) = graphiql_dir.filter(|_| is_demo) {
        graphiql::build_if_missing(&folder);
    }
    let signal = signals.reported();
    let address = app.address();
    if is_demo {
        writeln!(io::stderr(), "{}", invitation(address))?;
    }
    tracing::info!(%address, "listening");
    // What is damaged or of another format is already in the log, with its remedy.
    let is_damaged = app.pipeline().catalog().is_some_and(|catalog| catalog.damage().is_some());
    if !app.pipeline().is_ready() && !is_damaged {
        tracing::warn!("{NO_GENERATION}");
    }
    let shutdown = async move {
        signal.await;
        tracing::info!("shutting down; waiting for running requests");
    };
    app.run(shutdown).await?;
    Ok(ExitCode::SUCCESS)
}

/// The address to open, and a sample query to paste.
fn invitation(address: SocketAddr) -> String {
    format!(
        "Open http://{address}/ or send a query:\n\n  \
         curl http://{address}/graphql -H 'content-type: application/json' \\\n    \
         -d '{{\"query\": \"{EXAMPLE_QUERY}\"}}'\n\n\
         Stop with Ctrl-C.\n"
    )
}
