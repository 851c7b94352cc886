//! Sends a connection what it missed, from the log, at the pace at which it reads.

use std::sync::Arc;

use kefu_core::{Audience, Conversation};
use kefu_protocol::frame::ServerFrame;
use kefu_socket::{ConnectionId, Outbox, Pushed};
use kefu_store::{Range, Store, StoreError};
use tokio::sync::mpsc;

use super::{api::Command, connections::Positions, task::Task};
use crate::view::{Directory, VisitorBrief};

/// Entries read at once.
const PAGE_LEN: usize = 200;

/// After so many rounds the desk itself sends the few entries that came meanwhile.
const ROUNDS_MAX: u8 = 4;

/// A conversation of which a connection misses something.
struct Gap {
    conversation: Arc<Conversation>,
    visitor: Arc<VisitorBrief>,
    /// The last entry that the client holds.
    held: u64,
}

/// What a replay needs.
struct Replay {
    connection: ConnectionId,
    outbox: Arc<Outbox>,
    audience: Audience,
    directory: Arc<Directory>,
    store: Store,
    gaps: Vec<Gap>,
}

impl Task {
    /// Closes the gap between what a connection holds and the ends of its logs, then lets it hear
    /// everything live.
    pub(super) async fn advance(&mut self, connection: ConnectionId, mut positions: Positions, rounds: u8) {
        positions.append(&mut self.take_gained(connection));
        let Some(conn) = self.hub.get(connection) else { return };
        let audience = conn.meta.who.audience();
        let mut gaps = Vec::new();
        for key in conn.topics() {
            let Some(hot) = self.hot.peek(*key) else { continue };
            let Some((_, held)) = positions.iter().find(|(known, _)| known == key) else { continue };
            if hot.conversation.last_seq(audience) > *held {
                let (conversation, visitor) = (Arc::clone(&hot.conversation), Arc::clone(&hot.visitor));
                gaps.push(Gap { conversation, visitor, held: *held });
            }
        }
        if gaps.is_empty() {
            return self.go_live(connection);
        }
        let replay = Replay {
            connection,
            outbox: Arc::clone(&conn.outbox),
            audience,
            directory: Arc::clone(&self.directory),
            store: self.store.clone(),
            gaps,
        };
        if rounds < ROUNDS_MAX {
            let queue = self.queue.clone();
            drop(self.tracker.spawn(replay.run(positions, rounds, queue)));
            return;
        }
        // The last few entries are sent while nothing else can be committed.
        match replay.send_all(false).await {
            Ok(_) => self.go_live(connection),
            Err(error) => give_up(&replay.outbox, &error),
        }
    }
}

impl Replay {
    async fn run(self, mut positions: Positions, rounds: u8, queue: mpsc::WeakSender<Command>) {
        match self.send_all(true).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return give_up(&self.outbox, &error),
        }
        for gap in &self.gaps {
            if let Some(slot) = positions.iter_mut().find(|(key, _)| *key == gap.conversation.key) {
                slot.1 = gap.conversation.last_seq(self.audience);
            }
        }
        if let Some(queue) = queue.upgrade() {
            let replayed = Command::Replayed { connection: self.connection, positions, rounds: rounds + 1 };
            drop(queue.send(replayed).await);
        }
    }

    /// Sends all gaps; `paced` waits for the socket between frames. Returns whether the connection lives.
    async fn send_all(&self, paced: bool) -> Result<bool, StoreError> {
        for gap in &self.gaps {
            let end = gap.conversation.last_seq(self.audience);
            let mut held = gap.held;
            while held < end {
                let range = Range::After { seq: held, limit: PAGE_LEN };
                let page = self.store.messages(&gap.conversation, self.audience, range).await?;
                let Some(last) = page.items.last().map(|entry| entry.seq) else { break };
                for entry in &page.items {
                    if paced {
                        self.outbox.drained().await;
                    }
                    let id = gap.conversation.id;
                    let message = self.directory.message(entry, id, &gap.visitor, self.audience);
                    if self.outbox.push(ServerFrame::Message(message).encode()) != Pushed::Queued {
                        return Ok(false);
                    }
                }
                held = last;
            }
        }
        Ok(true)
    }
}

/// A replay that cannot read the log ends the connection: the client comes back and asks again.
fn give_up(outbox: &Outbox, error: &StoreError) {
    tracing::error!(error = error as &dyn std::error::Error, "cannot read what a connection missed");
    outbox.close(kefu_protocol::ws::CloseCode::RESTART, "the log cannot be read now");
}
