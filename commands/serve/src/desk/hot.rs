use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use kefu_core::{Audience, Conversation, ConversationKey, Entry, MessageKind, State, VisitorKey};
use kefu_store::{Store, StoreError, Writer};
use uuid::Uuid;

use crate::view::{LastMessage, VisitorBrief};

/// Sweeps, one a second, after which an unused conversation is forgotten: whoever needs it next reads it again.
const IDLE_SWEEPS: u32 = 20;

/// Capacity under which the maps are not worth shrinking.
const ROOM_KEPT: usize = 1024;

/// A conversation in memory: its head as of the last commit.
pub(super) struct Hot {
    pub(super) conversation: Arc<Conversation>,
    pub(super) visitor: Arc<VisitorBrief>,
    /// The last message that is no note.
    last_text: Option<LastMessage>,
    /// Few conversations have notes.
    last_note: Option<Box<LastMessage>>,
    /// The place in the queue that the visitor was told last; 0 when none.
    told_place: usize,
    /// The sweep in which it was last used.
    used: u32,
}

impl Hot {
    pub(super) fn new(conversation: Arc<Conversation>, visitor: Arc<VisitorBrief>) -> Self {
        Self { conversation, visitor, last_text: None, last_note: None, told_place: 0, used: 0 }
    }

    /// The last message that `audience` may see.
    pub(super) fn last_message(&self, audience: Audience) -> Option<&LastMessage> {
        let text = self.last_text.as_ref();
        match (audience, self.last_note.as_deref()) {
            (Audience::Agent, Some(note)) if text.is_none_or(|text| text.seq < note.seq) => Some(note),
            _ => text,
        }
    }

    /// Follows a change of a message, if it is one that lists show.
    pub(super) fn revise(&mut self, entry: &Entry) {
        let kept = [self.last_text.as_ref(), self.last_note.as_deref()];
        if kept.into_iter().flatten().any(|kept| kept.seq == entry.seq) {
            self.remember(entry);
        }
    }

    /// Follows an erasure: nothing is left of the messages that lists show but their places.
    pub(super) fn erase(&mut self) {
        self.last_text.iter_mut().chain(self.last_note.as_deref_mut()).for_each(LastMessage::erase);
    }

    /// Keeps what lists show of a message.
    pub(super) fn remember(&mut self, entry: &Entry) {
        if entry.event.is_some() {
            return;
        }
        let last = LastMessage::from(entry);
        match (entry.kind, &mut self.last_note) {
            (MessageKind::Note, Some(kept)) => **kept = last,
            (MessageKind::Note, slot) => *slot = Some(Box::new(last)),
            _ => self.last_text = Some(last),
        }
    }
}

/// The conversations in memory.
#[derive(Default)]
pub(super) struct HotSet {
    by_key: HashMap<ConversationKey, Box<Hot>>,
    by_id: HashMap<Uuid, ConversationKey>,
    sweep: u32,
}

impl HotSet {
    pub(super) fn key(&self, id: Uuid) -> Option<ConversationKey> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn get(&mut self, key: ConversationKey) -> Option<&Hot> {
        self.get_mut(key).map(|hot| &*hot)
    }

    pub(super) fn get_mut(&mut self, key: ConversationKey) -> Option<&mut Hot> {
        let hot = self.by_key.get_mut(&key)?;
        hot.used = self.sweep;
        Some(&mut **hot)
    }

    /// Conversations whose place in the queue has changed, at most `limit`; `place` knows it.
    pub(super) fn queue_places(
        &mut self,
        limit: usize,
        place: impl Fn(ConversationKey) -> usize,
    ) -> Vec<ConversationKey> {
        let waiting = self.by_key.iter_mut().filter(|(_, hot)| hot.conversation.state == State::Queued);
        let moved = waiting.filter_map(|(key, hot)| {
            let now = place(*key);
            (std::mem::replace(&mut hot.told_place, now) != now).then_some(*key)
        });
        moved.take(limit).collect()
    }

    /// Looks without marking it as used.
    pub(super) fn peek(&self, key: ConversationKey) -> Option<&Hot> {
        self.by_key.get(&key).map(|hot| &**hot)
    }

    /// Forgets who these visitors are.
    pub(super) fn forget_visitors(&mut self, visitors: &HashSet<VisitorKey>) {
        for hot in self.by_key.values_mut().filter(|hot| visitors.contains(&hot.conversation.visitor)) {
            let (id, inbox) = (hot.visitor.id, hot.visitor.inbox);
            let brief = VisitorBrief { id, name: "".into(), verified: false, inbox, erased: true };
            hot.visitor = Arc::new(brief);
        }
    }

    pub(super) fn insert(&mut self, mut hot: Hot) {
        hot.used = self.sweep;
        self.by_id.insert(hot.conversation.id, hot.conversation.key);
        self.by_key.insert(hot.conversation.key, Box::new(hot));
    }

    /// Forgets these: whoever needs one next reads it again.
    #[cfg(feature = "migrate")]
    pub(super) fn forget(&mut self, is_one: impl Fn(&Hot) -> bool) {
        let by_id = &mut self.by_id;
        self.by_key.retain(|_, hot| {
            let stays = !is_one(hot);
            if !stays {
                by_id.remove(&hot.conversation.id);
            }
            stays
        });
    }

    /// Forgets what was not used for [`IDLE_SWEEPS`] calls, or since the last one when there are more than `limit`.
    pub(super) fn sweep(&mut self, limit: usize) {
        let idle = if self.by_key.len() > limit { 0 } else { IDLE_SWEEPS };
        let (sweep, by_id) = (self.sweep, &mut self.by_id);
        self.by_key.retain(|_, hot| {
            let stays = sweep.wrapping_sub(hot.used) <= idle;
            if !stays {
                by_id.remove(&hot.conversation.id);
            }
            stays
        });
        if self.by_key.capacity() > ROOM_KEPT.max(self.by_key.len() * 4) {
            self.by_key.shrink_to_fit();
            self.by_id.shrink_to_fit();
        }
        self.sweep = self.sweep.wrapping_add(1);
    }

    /// Brings conversations into memory that are not there; unknown ids are passed over.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn load(
        &mut self,
        writer: &mut Writer,
        store: &Store,
        mut ids: Vec<Uuid>,
        mut keys: Vec<ConversationKey>,
    ) -> Result<(), StoreError> {
        ids.retain(|id| !self.by_id.contains_key(id));
        ids.sort_unstable();
        ids.dedup();
        keys.retain(|key| !self.by_key.contains_key(key));
        keys.sort_unstable();
        keys.dedup();
        let mut found = Vec::new();
        if !ids.is_empty() {
            found.extend(writer.conversations(&ids).await?);
        }
        if !keys.is_empty() {
            found.extend(writer.conversations_by_key(&keys).await?);
        }
        self.bring(found, store).await
    }

    /// Brings these heads into memory, with their visitors and last messages.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) async fn bring(&mut self, found: Vec<Conversation>, store: &Store) -> Result<(), StoreError> {
        if found.is_empty() {
            return Ok(());
        }
        let visitors: Vec<_> = found.iter().map(|conversation| conversation.visitor).collect();
        let briefs: HashMap<_, _> = store
            .visitors(&visitors)
            .await?
            .iter()
            .map(|v| (v.key, Arc::new(VisitorBrief::from(v))))
            .collect();
        let positions: Vec<_> = found
            .iter()
            .flat_map(|c| [c.last_message_pos, c.last_public_message_pos])
            .filter(|pos| *pos > 0)
            .collect();
        let entries = store.entries_at(&positions).await?;
        for conversation in found {
            // A conversation never stands without its visitor: they are made in one transaction.
            let Some(visitor) = briefs.get(&conversation.visitor) else { continue };
            self.insert(Hot::new(Arc::new(conversation), Arc::clone(visitor)));
        }
        for entry in entries {
            if let Some(hot) = self.by_key.get_mut(&entry.conversation) {
                hot.remember(&entry);
            }
        }
        Ok(())
    }
}

impl From<&kefu_core::Visitor> for VisitorBrief {
    fn from(visitor: &kefu_core::Visitor) -> Self {
        Self {
            id: visitor.id,
            name: Arc::clone(&visitor.name),
            verified: visitor.verified,
            inbox: visitor.inbox,
            erased: visitor.erased_at.is_some(),
        }
    }
}
