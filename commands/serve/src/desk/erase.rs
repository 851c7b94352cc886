//! What an erasure asks of the desk.

use std::{collections::HashSet, sync::Arc};

use kefu_core::{ConversationKey, Event, EventCode, Micros, Principal, VisitorKey};
use kefu_store::{Belongings, PrivacyChange, Scrub, StoreError};

use super::{
    api::Answer,
    batch::{Pending, Work},
    task::Task,
};
use crate::problem::Problem;

impl Task {
    /// Ends what these visitors have open, and forgets who they are. From now on their conversations take nothing.
    pub(super) fn forget(&mut self, visitors: Vec<VisitorKey>) {
        for visitor in &visitors {
            self.close_connections_of(Principal::Visitor(*visitor));
        }
        self.hot.forget_visitors(&visitors.into_iter().collect::<HashSet<_>>());
    }

    /// Whether nothing forbids to end a conversation whose time is over. What the store has is what holds: only the desk
    /// writes.
    pub(super) async fn may_end(
        &self,
        key: ConversationKey,
        note: &PrivacyChange,
        now: Micros,
    ) -> Result<(), StoreError> {
        let is_due = matches!(note, PrivacyChange::Emptied { .. });
        if is_due && self.store.are_held(&Belongings::Conversation(key), now).await? {
            return Err(StoreError::Held);
        }
        Ok(())
    }

    /// Ends a conversation whose entries are erased, with an entry of its own for whoever holds them still.
    pub(super) fn end_erased(
        &mut self,
        key: ConversationKey,
        note: PrivacyChange,
        reply: Answer<()>,
        now: Micros,
        work: &mut Work,
    ) {
        let Some(hot) = self.hot.get(key) else {
            return drop(reply.send(Err(Problem::not_found("conversation"))));
        };
        let touched = work.touch(&hot.conversation);
        touched.is_row_changed = true;
        if let Some(rating) = &mut touched.head_mut().rating {
            rating.comment.clear();
        }
        let has_entries = touched.conversation.last_seq > 0;
        let ended = touched.head_mut().resolve(now).ok();
        if has_entries {
            for event in ended.into_iter().chain([Event::of(EventCode::Erased)]) {
                self.append_event(key, event, Principal::System, now, work);
            }
        }
        work.erased.push(key);
        work.changes.push(kefu_store::Change::Privacy(note));
        work.answers.push(Pending::Done { reply });
    }

    pub(super) async fn scrub(&mut self, scrub: Option<Arc<Scrub>>, reply: Answer<Arc<Scrub>>) {
        let scrubbed = self.writer.scrub(scrub).await.map_err(|error| match error {
            StoreError::Busy => Problem::unavailable("somebody reads the store: try again"),
            other => Problem::from(other),
        });
        // Whoever asked may have stopped waiting.
        reply.send(scrubbed).ok();
    }
}
