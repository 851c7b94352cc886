//! The audit log passed on to syslog: each line as one message of RFC 5424, at least once.
//!
//! How far it was passed on is kept in the store, so a restart goes on where the last run ended. A receiver that is
//! away is tried again, less and less often; the desk never waits for it. Syslog has no acknowledgements: what a
//! receiver loses after it has taken it is lost there, and the audit log itself is the truth.

mod line;
mod receiver;

pub(crate) use receiver::Receiver;

use std::{convert::Infallible, io, time::Duration};

use kefu_store::{AccessChange, Change, RecordSet, Store};
use tokio::time::{sleep, timeout};

use crate::{desk::Desk, outgoing::Outgoing};
use line::Heading;
use receiver::Connection;

/// How often new lines are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Lines that are sent before their place is kept.
const LINES_MAX: usize = 256;

/// How long a receiver may take to be reached, and to take [`LINES_MAX`] lines.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pauses after failures: the first one, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Follows the audit log.
pub(crate) struct Follower {
    store: Store,
    desk: Desk,
    receiver: Receiver,
    outgoing: Outgoing,
    heading: Heading,
    connection: Option<Connection>,
    /// The store was asked how far the last run came.
    has_place: bool,
    /// The last line that was sent.
    sent: i64,
    /// The last one of the sending before: where to go on when what was sent last may be lost.
    sent_before: i64,
}

impl Follower {
    pub(crate) fn new(store: Store, desk: Desk, receiver: Receiver, outgoing: Outgoing) -> Self {
        let heading = Heading::of_this_process();
        Self {
            store,
            desk,
            receiver,
            outgoing,
            heading,
            connection: None,
            has_place: false,
            sent: 0,
            sent_before: 0,
        }
    }

    /// Passes lines on, for ever.
    pub(crate) async fn run(mut self) -> Infallible {
        let mut pause = PAUSES.0;
        loop {
            match self.step().await {
                Ok(true) => pause = PAUSES.0,
                Ok(false) => {
                    pause = PAUSES.0;
                    sleep(LOOK_EVERY).await;
                }
                Err(error) => {
                    // One line for each series of failures.
                    if pause == PAUSES.0 {
                        tracing::warn!(%error, receiver = %self.receiver, "the audit log cannot be passed on now");
                    }
                    self.connection = None;
                    self.sent = self.sent_before;
                    sleep(pause).await;
                    pause = (pause * 2).min(PAUSES.1);
                }
            }
        }
    }

    /// Sends what is new, up to [`LINES_MAX`] lines; says whether there may be more.
    async fn step(&mut self) -> io::Result<bool> {
        if !self.has_place {
            self.sent = self.store.audit_sent().await.map_err(io::Error::other)?;
            self.sent_before = self.sent;
            self.has_place = true;
        }
        if let Some(connection) = &self.connection {
            connection.check()?;
        }
        let lines = self.store.audit_lines(self.sent, LINES_MAX).await.map_err(io::Error::other)?;
        let Some(last) = lines.last() else { return Ok(false) };
        let held_back = self.outgoing.held_back("syslog", &self.receiver, || {
            format!("lines {} to {} of the audit log", self.sent + 1, last.number)
        });
        if held_back.is_none() && self.connection.is_none() {
            self.connection = Some(timeout(PATIENCE, self.receiver.connect()).await??);
        }
        if let Some(connection) = &mut self.connection {
            let heading = &self.heading;
            timeout(PATIENCE, connection.send(&lines, heading)).await??;
        }
        self.sent_before = self.sent;
        self.sent = last.number;
        let place = Change::Access(AccessChange::AuditSent(self.sent));
        let changes = held_back.into_iter().chain([place]).collect();
        let kept = self.desk.record(RecordSet { changes, audit: Vec::new() }).await;
        kept.map_err(io::Error::other)?;
        Ok(lines.len() == LINES_MAX)
    }
}

#[cfg(test)]
mod tests;
