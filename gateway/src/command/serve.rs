//! `wegwijzer serve`: answers questions until it is told to stop.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;
use indexer::run::{self, Accept, Intent, Mode, Request};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

use super::{
    CommandError, SourceArguments,
    index::{self, Summary},
    logging,
    progress::Console,
    telemetry::Traces,
};
use crate::{
    app::App,
    config::{Config, Overrides},
    pipeline::NO_GENERATION,
};

/// A question to begin with.
const EXAMPLE: &str = "{ search(query: \\\"klantreis\\\", first: 3) \
     { totalCount nodes { __typename title url } } }";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    from: SourceArguments,
    /// Where to listen, such as 127.0.0.1:8080 (or `WEGWIJZER_LISTEN`).
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// A supergraph that was composed elsewhere; followed while serving. Without a configuration it is
    /// all there is to serve (or `WEGWIJZER_SUPERGRAPH`).
    #[arg(long, value_name = "FILE")]
    supergraph: Option<PathBuf>,
}

/// Serves; builds the demo first where that is asked for.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, CommandError> {
    let flags = Overrides {
        listen: arguments.listen.clone(),
        supergraph: arguments.supergraph.clone(),
        ..Overrides::default()
    };
    let config = arguments.from.config(flags)?;
    // Its thread must run before the runtime, and send the last traces when that has ended.
    let traces = config.telemetry.as_ref().map(Traces::start).transpose();
    let traces = traces.map_err(CommandError::Telemetry)?;
    logging::start(&config.log, traces.as_ref());
    if arguments.from.demo {
        build_demo(&config)?;
    }
    Runtime::new()?.block_on(serve(config, arguments.from.demo))
}

/// Brings the generation of the demo up to date; a new day shifts its dates.
fn build_demo(config: &Config) -> Result<(), CommandError> {
    let request = Request {
        mode: Mode::Incremental,
        only: Vec::new(),
        intent: Intent::Publish,
        accept_removals: Accept::Refuse,
        accept_rejections: Accept::Refuse,
    };
    let report = run::build(&index::plan(config)?, &request, &Console::new())?;
    writeln!(io::stderr(), "{}\n", Summary(&report))?;
    Ok(())
}

async fn serve(config: Config, is_demo: bool) -> Result<ExitCode, CommandError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let app = App::build(config).await?;
    let address = app.address();
    if is_demo {
        writeln!(io::stderr(), "{}", invitation(address))?;
    }
    tracing::info!(%address, "listening");
    if !app.pipeline().is_ready() {
        tracing::warn!("{NO_GENERATION}");
    }
    let shutdown = async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: running requests may finish");
    };
    app.run(shutdown).await?;
    Ok(ExitCode::SUCCESS)
}

/// What to open and what to paste.
fn invitation(address: SocketAddr) -> String {
    format!(
        "Open http://{address}/ or ask a question:\n\n  \
         curl http://{address}/graphql -H 'content-type: application/json' \\\n    \
         -d '{{\"query\": \"{EXAMPLE}\"}}'\n\n\
         Stop with Ctrl-C.\n"
    )
}
