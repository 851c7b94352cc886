use std::io::Write as _;

use tokio::sync::watch;

use crate::Exit;

/// The wish to stop, as a command sees it: cheap to clone, and true for ever once it is there.
#[derive(Clone, Debug)]
pub struct Stop {
    receiver: watch::Receiver<bool>,
}

/// The other end of a [`Stop`].
#[derive(Clone, Debug)]
pub struct StopHandle {
    sender: watch::Sender<bool>,
}

impl Stop {
    /// Makes a stop signal and the handle that gives it.
    pub fn new() -> (StopHandle, Self) {
        let (sender, receiver) = watch::channel(false);
        (StopHandle { sender }, Self { receiver })
    }

    /// Waits until somebody wants the command to stop; pends for ever when nobody can any more.
    pub async fn requested(mut self) {
        if self.receiver.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Says whether the wish is already there.
    pub fn is_requested(&self) -> bool {
        *self.receiver.borrow()
    }
}

impl StopHandle {
    /// Asks for a stop.
    pub fn request(&self) {
        self.sender.send_replace(true);
    }
}

/// Turns the first SIGTERM or SIGINT into a stop request; the second ends the process at once.
///
/// They are caught from this call on, not from the first time that what it returns is polled: whoever sees the command
/// at work may signal it.
#[cfg(unix)]
pub(crate) fn watch_signals(handle: StopHandle) -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{SignalKind, signal};

    let caught = signal(SignalKind::terminate())
        .and_then(|terminate| Ok((terminate, signal(SignalKind::interrupt())?)));
    if let Err(error) = &caught {
        tracing::warn!(%error, "a signal ends the process without a graceful stop");
    }
    async move {
        if let Ok((terminate, interrupt)) = caught {
            follow(handle, terminate, interrupt).await;
        }
    }
}

#[cfg(unix)]
async fn follow(
    handle: StopHandle,
    mut terminate: tokio::signal::unix::Signal,
    mut interrupt: tokio::signal::unix::Signal,
) {
    for first in [true, false] {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        if first {
            tracing::info!(signal = name, "stopping; a second signal ends the process at once");
            handle.request();
        }
    }
    drop(writeln!(std::io::stderr(), "kefu: ended at once by a second signal"));
    std::process::exit(i32::from(Exit::Interrupted.code()));
}

/// Turns the first ctrl-c into a stop request; the second ends the process at once.
#[cfg(not(unix))]
pub(crate) async fn watch_signals(handle: StopHandle) {
    for first in [true, false] {
        if tokio::signal::ctrl_c().await.is_err() {
            return;
        }
        if first {
            handle.request();
        }
    }
    drop(writeln!(std::io::stderr(), "kefu: ended at once by a second signal"));
    std::process::exit(i32::from(Exit::Interrupted.code()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_seen_by_all_clones_before_and_after() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (handle, stop) = Stop::new();
        let early = stop.clone();
        assert!(!stop.is_requested());
        runtime.block_on(async {
            tokio::join!(early.requested(), async { handle.request() });
            stop.clone().requested().await;
        });
        assert!(stop.is_requested());
    }
}
