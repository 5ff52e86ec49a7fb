//! Builds `GraphiQL` for the demo, in the background, where npm is installed.

use std::{
    path::Path,
    process::{Command, ExitStatus, Stdio},
    thread,
};

/// Starts a build of `GraphiQL` into `folder` if it does not exist. A build that fails is logged;
/// `/graphiql` then says how to build it.
pub(super) fn build_if_missing(folder: &Path) {
    let Some(package) = folder.parent().filter(|parent| parent.join("package.json").is_file())
    else {
        return;
    };
    if folder.exists() {
        return;
    }
    let package = package.to_owned();
    thread::spawn(move || {
        tracing::info!("building GraphiQL with npm; `/graphiql` works in about a minute");
        match run_npm(&package) {
            Ok(status) if status.success() => tracing::info!("GraphiQL is ready at `/graphiql`"),
            Ok(status) => tracing::warn!(%status, "GraphiQL could not be built"),
            Err(error) => tracing::info!(%error, "GraphiQL is not built: npm cannot be started"),
        }
    });
}

fn run_npm(package: &Path) -> std::io::Result<ExitStatus> {
    Command::new("npm")
        .arg("--prefix")
        .arg(package)
        .args(["run", "build", "--loglevel=error"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
}
