//! `kefu adapt serve`: bridges between protocols, from a file.

use std::{path::PathBuf, sync::Arc};

use clap::ValueHint;
use kefu_app::{App, Exit, Failure, Language, Stop};
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
        let reading = read_again(Arc::clone(&server), stop.clone(), language);
        server.open().await?;
        tokio::select! {
            () = server.run(stop) => {}
            () = reading => {}
        }
        Ok(Exit::Ok)
    })?
}

/// Reads the file again at every SIGHUP; never ends by itself.
///
/// They are caught from this call on, not from the first time that what it returns is polled: whoever sees the bridge
/// listen may send one.
#[cfg(unix)]
fn read_again(server: Arc<Server>, stop: Stop, language: Language) -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};

    let caught = signal(SignalKind::hangup());
    if let Err(error) = &caught {
        tracing::warn!(%error, "the bridge file cannot be read again");
    }
    async move {
        if let Ok(mut hangups) = caught {
            while hangups.recv().await.is_some() && !stop.is_requested() {
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
        std::future::pending().await
    }
}

/// There is no such signal; never ends.
#[cfg(not(unix))]
fn read_again(server: Arc<Server>, stop: Stop, language: Language) -> impl Future<Output = ()> {
    drop((server, stop, language));
    std::future::pending()
}
