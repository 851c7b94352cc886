//! `kefu adapt serve`: bridges between protocols, from a file.

use std::path::PathBuf;

use clap::ValueHint;
use kefu_app::{App, Exit, Failure, Stop};
use kefu_gateway::Server;

use crate::{schema::eprintln_line, shown};

const EXAMPLES: &str = "\
Examples:
  kefu adapt serve bridge.yaml --check    check the file and all schemas that it names
  kefu adapt serve bridge.yaml
  kill -HUP <pid>                         read the file again, without losing a call

Exit codes: 69 an address is taken, 78 the file or a schema cannot be used.";

/// What `kefu adapt serve` is to do.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ServeArgs {
    /// File that describes the bridges
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,

    /// Check the file and all schemas that it names, list the operations, and exit
    #[arg(long)]
    pub check: bool,
}

/// Serves the file until the stop.
pub(crate) fn run(app: &App, args: &ServeArgs) -> Result<Exit, Failure> {
    let server = Server::load(&args.file)?;
    if args.check {
        for warning in server.warnings() {
            eprintln_line(&shown::line(&format!("warning: {warning}")));
        }
        let text: String = server.describe().lines().map(|line| shown::line(line) + "\n").collect();
        app.print(&text)?;
        return Ok(Exit::Ok);
    }
    for warning in server.warnings() {
        tracing::warn!("{}", shown::line(&warning.to_string()));
    }
    let stop = app.stop();
    let language = app.language();
    app.block_on(async move {
        server.open().await?;
        tokio::select! {
            () = server.run(stop.clone()) => {}
            () = read_again(&server, stop, language) => {}
        }
        Ok(Exit::Ok)
    })?
}

/// Reads the file again at every SIGHUP; never ends by itself.
async fn read_again(server: &std::sync::Arc<Server>, stop: Stop, language: kefu_app::Language) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::hangup()) {
            Ok(mut hangup) => {
                while hangup.recv().await.is_some() && !stop.is_requested() {
                    match server.reload().await {
                        Ok(()) => tracing::info!("the bridge file is read again"),
                        Err(failure) => {
                            tracing::error!(
                                error = failure.line(language),
                                "the last good bridge file stays in force"
                            );
                        }
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "the bridge file cannot be read again"),
        }
    }
    #[cfg(not(unix))]
    drop((server, stop, language));
    std::future::pending().await
}
