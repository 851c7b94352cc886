use std::future::{Future, pending};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::warn;

/// A handler that hears; ends when it is dropped, and then what was under way is told again.
#[must_use = "nothing is heard any more once it is dropped"]
pub struct Subscription {
    stop: watch::Sender<Option<Instant>>,
    ready: watch::Receiver<bool>,
    task: JoinHandle<()>,
}

/// Tells the task of a subscription when it is to end.
pub(crate) struct Stopping(watch::Receiver<Option<Instant>>);

impl Subscription {
    /// Starts a task that says when its servers know the group, and that ends when it is to.
    pub(crate) fn start<F: Future<Output = ()> + Send + 'static>(
        run: impl FnOnce(watch::Sender<bool>, Stopping) -> F,
    ) -> Self {
        let (stop, stopped) = watch::channel(None);
        let (ready_set, ready) = watch::channel(false);
        Self { stop, ready, task: tokio::spawn(run(ready_set, Stopping(stopped))) }
    }

    /// Waits until the servers know the group: what is told from then on is heard.
    pub async fn ready(&mut self) {
        if self.ready.wait_for(|ready| *ready).await.is_err() {
            // The task is gone, so it never will be.
            pending::<()>().await;
        }
    }

    /// Whether the servers knew the group once.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// Hears no more, waits for what is with the handler, at most as long as `grace`, and gives the rest back.
    pub async fn stop(mut self, grace: Duration) {
        self.stop.send_replace(Some(Instant::now() + grace));
        if let Err(error) = (&mut self.task).await {
            warn!(%error, "a subscription did not end as it should");
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Stopping {
    /// Waits for the end, and says until when to be done.
    pub(crate) async fn deadline(&mut self) -> Instant {
        let deadline = self.0.wait_for(Option::is_some).await.map(|deadline| *deadline);
        match deadline {
            Ok(deadline) => deadline.unwrap_or_else(Instant::now),
            // Its owner is gone, and the task is aborted.
            Err(_) => pending().await,
        }
    }
}
