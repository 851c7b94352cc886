//! What of a connection the shadow gets: requests, and WebSocket sessions that the old system has agreed to.

use std::{collections::HashMap, sync::Arc};

use kefu_traffic::gor::{Kind, Record};
use tokio::sync::oneshot;

use super::{
    shadow::{Line, Shadow},
    statistics::{Fate, Reason},
};

/// The status by which a server agrees to another protocol.
const SWITCHED: u16 = 101;

/// Copies of what is said on one connection.
pub(super) struct Copies {
    shadow: Arc<Shadow>,
    connection: u64,
    /// Where answers are wanted, by the numbers of their requests.
    wanted: HashMap<u64, oneshot::Sender<Vec<u8>>>,
    /// A handshake that the old system has not answered.
    handshake: Option<(u64, Record)>,
    session: Option<Line>,
}

impl Copies {
    pub(super) fn new(shadow: Arc<Shadow>, connection: u64) -> Self {
        Self { shadow, connection, wanted: HashMap::new(), handshake: None, session: None }
    }

    /// Takes a request.
    pub(super) fn request(&mut self, record: Record, number: u64, wants_websocket: bool) {
        if wants_websocket && self.shadow.plays(&record) {
            match self.shadow.admits(&record, self.connection, number) {
                Ok(()) => {
                    self.shadow.statistics.queued();
                    self.handshake = Some((number, record));
                }
                Err(reason) => self.shadow.statistics.dropped(reason),
            }
        } else if let Some(sender) = self.shadow.take(record, self.connection, number) {
            self.wanted.insert(number, sender);
        }
    }

    /// Takes what the old system answers to a request.
    pub(super) fn response(&mut self, number: u64, status: u16, answer: Vec<u8>) {
        if let Some((asked, record)) = self.handshake.take_if(|(asked, _)| *asked <= number) {
            if asked == number && status == SWITCHED {
                self.session = self.shadow.open(record, self.connection);
            } else {
                self.shadow.statistics.ended(Fate::Dropped(Reason::Upgrade));
            }
        }
        if let Some(sender) = self.wanted.remove(&number) {
            // Nobody waits any more when the shadow has failed long ago.
            drop(sender.send(answer));
        }
        // Answers come in order: those that were passed over will not come.
        self.wanted.retain(|wanted, _| *wanted > number);
    }

    /// Takes a WebSocket message; one for which there is no room ends the session at the shadow.
    pub(super) fn message(&mut self, record: Record) {
        let is_said = record.kind == Kind::ToServer;
        let taken = match &self.session {
            Some(line) => line.take(&self.shadow, record),
            None => Err(Reason::NoSession),
        };
        self.shadow.statistics.said(is_said, taken);
        if taken == Err(Reason::QueueFull) {
            self.lost();
        }
    }

    /// Whether a session goes on.
    pub(super) fn has_session(&self) -> bool {
        self.session.is_some()
    }

    /// A message is missing: what would follow is another session.
    pub(super) fn lost(&mut self) {
        if let Some(line) = self.session.take() {
            line.end(true);
        }
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        if self.handshake.is_some() {
            self.shadow.statistics.ended(Fate::Dropped(Reason::Upgrade));
        }
        if let Some(line) = self.session.take() {
            line.end(false);
        }
    }
}
