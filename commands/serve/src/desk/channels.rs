//! What comes from chat services, and what goes to them: within the group that it belongs to.
//!
//! A message that came is in the log, known by its hash, and in its thread in one transaction, so that it may come again
//! whenever its service thinks fit. A message for a service gets its row in the transaction of its entry.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
};

use kefu_core::{
    Audience, Content, ConversationKey, Entry, InboxKey, MessageKind, Micros, Principal, Rights, State,
    Visitor, VisitorKey,
};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{Change, ChannelChange, ChannelMedia, ChannelThread, StoreError};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{
    Desk,
    api::{Answer, Command, Send},
    batch::{Origin, Pending, Work, draft},
    task::Task,
};
use crate::{
    identity::Identity,
    problem::Problem,
    view::{VisitorBrief, timestamp},
    words::Screened,
};

/// What stands for a message that the list of words does not let pass: whoever wrote it at the service cannot be told.
const BLOCKED_TEXT: &str = "[…]";

/// Messages that came over a channel together.
pub(crate) struct Arrivals {
    /// The channel.
    pub(crate) channel: i64,
    /// Where its conversations are.
    pub(crate) inbox: InboxKey,
    /// The messages, in their order.
    pub(crate) messages: Vec<Arrival>,
    /// What else is written with them.
    pub(crate) changes: Vec<ChannelChange>,
}

/// A message that came over a channel.
pub(crate) struct Arrival {
    /// What tells it if it comes again.
    pub(crate) hash: [u8; 16],
    /// Until when it may.
    pub(crate) known_until: Micros,
    /// The service's name for the place.
    pub(crate) thread: String,
    /// The service's name for who wrote it.
    pub(crate) sender: String,
    /// The same, in a way that no other service says it.
    pub(crate) external_id: String,
    /// What they call themselves.
    pub(crate) name: Option<String>,
    /// What sending needs, as JSON.
    pub(crate) context: String,
    /// Until when it can be answered.
    pub(crate) reply_until: Option<Micros>,
    /// With how many messages.
    pub(crate) quota: Option<u32>,
    /// What it is called in the log.
    pub(crate) client_id: Uuid,
    /// What it says.
    pub(crate) what: Arrived,
}

/// What a message says.
pub(crate) enum Arrived {
    /// This.
    Message {
        content: Content,
        /// What the list of sensitive words says of it.
        screened: Option<Box<Screened>>,
    },
    /// What is in a file that is still to be fetched, as this says.
    File(String),
}

/// What handles share with the task.
#[derive(Default)]
pub(super) struct Shared {
    /// The inboxes that have channels: whatever is sent in others costs nothing.
    inboxes: RwLock<HashSet<InboxKey>>,
    /// Something is to be sent.
    sends: Notify,
}

/// What a group knows of threads before it is durable.
#[derive(Default)]
pub(super) struct Pieces {
    seen: HashSet<(i64, [u8; 16])>,
    threads: HashMap<(i64, String, String), (VisitorKey, ConversationKey)>,
    visitors: HashMap<(InboxKey, String), Visitor>,
    /// As the store has them.
    of_conversations: HashMap<ConversationKey, Option<ChannelThread>>,
}

impl Shared {
    fn has(&self, inbox: InboxKey) -> bool {
        self.inboxes.read().unwrap_or_else(PoisonError::into_inner).contains(&inbox)
    }

    fn is_empty(&self) -> bool {
        self.inboxes.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl Desk {
    /// Takes messages in; returns when those that had not come before are durable, with what is written beside them.
    pub(crate) async fn receive(&self, arrivals: Arrivals) -> Result<(), Problem> {
        self.ask(|reply| Command::Receive { arrivals: Box::new(arrivals), reply }).await
    }

    /// What the list of sensitive words says of a customer's message.
    pub(crate) fn screened_arrival(&self, content: &Content) -> Option<Box<Screened>> {
        self.words.message(Principal::Visitor(VisitorKey(0)), content)
    }

    /// Says which inboxes have channels.
    pub(crate) fn set_channel_inboxes(&self, inboxes: HashSet<InboxKey>) {
        *self.shared.channels.inboxes.write().unwrap_or_else(PoisonError::into_inner) = inboxes;
    }

    /// Waits until something is to be sent over a channel.
    pub(crate) async fn next_sends(&self) {
        self.shared.channels.sends.notified().await;
    }
}

impl Task {
    /// Adds messages that came over a channel to the group.
    pub(super) async fn receive(
        &mut self,
        arrivals: Arrivals,
        reply: Answer<()>,
        now: Micros,
        work: &mut Work,
    ) {
        let Arrivals { channel, inbox, messages, changes } = arrivals;
        if let Err(problem) = self.directory.check_switched(inbox, Audience::Visitor) {
            return drop(reply.send(Err(problem)));
        }
        for arrival in messages {
            // Those before it stay: when they come again they are known.
            if let Err(error) = self.take_in(channel, inbox, arrival, now, work).await {
                return drop(reply.send(Err(error.into())));
            }
        }
        work.changes.extend(changes.into_iter().map(Change::Channel));
        work.answers.push(Pending::Done { reply });
    }

    async fn take_in(
        &mut self,
        channel: i64,
        inbox: InboxKey,
        arrival: Arrival,
        now: Micros,
        work: &mut Work,
    ) -> Result<(), StoreError> {
        let is_known = work.pieces.seen.contains(&(channel, arrival.hash))
            || self.store.channel_has_seen(channel, arrival.hash, now).await?;
        if is_known {
            return Ok(());
        }
        let thread = (channel, arrival.thread.clone(), arrival.sender.clone());
        let known = match work.pieces.threads.get(&thread) {
            Some(known) => Some(*known),
            None => {
                let found = self.store.channel_thread(channel, &arrival.thread, &arrival.sender).await?;
                found.map(|thread| (thread.visitor, thread.conversation))
            }
        };
        let visitor = self.visitor_of(inbox, &arrival, known.map(|(visitor, _)| visitor), now, work).await?;
        let key = self.conversation_of(inbox, &visitor, known.map(|(_, key)| key), now, work).await?;
        work.pieces.seen.insert((channel, arrival.hash));
        work.pieces.threads.insert(thread, (visitor.key, key));
        let Arrival {
            hash, known_until, thread, sender, context, reply_until, quota, client_id, what, ..
        } = arrival;
        let (who, visitor_key) = (of_visitor(&visitor), visitor.key);
        let changes = [
            Change::Visitor(visitor),
            Change::Channel(ChannelChange::Seen { channel, hash, until: known_until }),
            Change::Channel(ChannelChange::Thread(Box::new(ChannelThread {
                key: 0,
                channel,
                thread,
                sender,
                visitor: visitor_key,
                conversation: key,
                context,
                last_at: now,
                reply_until,
                quota,
                sent: 0,
            }))),
        ];
        work.changes.extend(changes);
        match what {
            Arrived::Message { content, screened } => {
                self.metrics.messages(1);
                self.say_as(&who, key, client_id, content, screened.map(|one| *one), now, work);
            }
            Arrived::File(message) => {
                let media = ChannelMedia {
                    key: 0,
                    channel,
                    thread: 0,
                    conversation: key,
                    conversation_id: Uuid::nil(),
                    client_id,
                    message,
                    tries: 0,
                    next_at: now,
                };
                work.changes.push(Change::Channel(ChannelChange::Media(Box::new(media))));
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "what a message is made of")]
    fn say_as(
        &mut self,
        who: &Identity,
        key: ConversationKey,
        client_id: Uuid,
        content: Content,
        screened: Option<Screened>,
        now: Micros,
        work: &mut Work,
    ) {
        let Content { kind, text, data, .. } = content;
        let screened = screened.unwrap_or_default();
        let text = match screened.is_blocked {
            true => BLOCKED_TEXT.to_owned(),
            false => screened.text.unwrap_or(text),
        };
        let entry = draft(self.ids.next(now), who.principal, kind, text, Some(client_id), None, now);
        let entry = Entry { data: screened.data.or(data), ..entry };
        let seq = self.say(key, entry, Origin::Event, None, now, work);
        let id = work.touched.get(&key).map(|touched| touched.conversation.id);
        work.flag(who, id.unwrap_or_default(), seq, &screened.flagged, now);
    }

    /// Who wrote a message: whoever did so there before, or proved that name elsewhere, or somebody new.
    async fn visitor_of(
        &mut self,
        inbox: InboxKey,
        arrival: &Arrival,
        known: Option<VisitorKey>,
        now: Micros,
        work: &mut Work,
    ) -> Result<Visitor, StoreError> {
        let name = (inbox, arrival.external_id.clone());
        let found = match (work.pieces.visitors.get(&name), known) {
            (Some(visitor), _) => Some(visitor.clone()),
            (None, Some(key)) => self.store.visitor(key).await?,
            (None, None) => self.store.verified_visitor(inbox, &arrival.external_id).await?,
        };
        let mut visitor = found.filter(|visitor| visitor.erased_at.is_none()).unwrap_or_else(|| Visitor {
            key: self.writer.next_visitor_key(),
            id: self.ids.next(now),
            inbox,
            external_id: Some(arrival.external_id.clone()),
            verified: true,
            name: "".into(),
            email: String::new(),
            attributes: "{}".to_owned(),
            created_at: now,
            last_seen_at: now,
            erased_at: None,
        });
        visitor.last_seen_at = now;
        if let Some(name) = &arrival.name {
            visitor.name = name.as_str().into();
        }
        work.pieces.visitors.insert(name, visitor.clone());
        Ok(visitor)
    }

    /// The conversation that a message belongs to, touched: the one of its thread, or a new one when that has ended.
    async fn conversation_of(
        &mut self,
        inbox: InboxKey,
        visitor: &Visitor,
        known: Option<ConversationKey>,
        now: Micros,
        work: &mut Work,
    ) -> Result<ConversationKey, StoreError> {
        let mut before = None;
        if let Some(key) = known {
            if !work.touched.contains_key(&key) {
                self.hot.load(&mut self.writer, &self.store, Vec::new(), vec![key]).await?;
                if let Some(hot) = self.hot.get_mut(key) {
                    if hot.visitor.name != visitor.name && !hot.visitor.erased {
                        hot.visitor = Arc::new(VisitorBrief::from(visitor));
                    }
                    work.touch(&hot.conversation);
                }
            }
            before = work.touched.get(&key).map(|touched| Arc::clone(&touched.conversation));
        }
        let before = before.filter(|before| before.visitor == visitor.key);
        if let Some(head) = before.as_ref().filter(|head| head.state != State::Resolved) {
            return Ok(head.key);
        }
        let conversation = self.begin_conversation(inbox, visitor.key, before.as_deref(), now);
        let key = conversation.key;
        work.create(conversation, Arc::new(VisitorBrief::from(visitor)));
        Ok(key)
    }

    /// Gives the group's messages that may be for services their rows, and marks those that the group changes; says
    /// whether there are any.
    pub(super) fn queue_sends(&self, now: Micros, work: &mut Work) -> bool {
        if self.shared.channels.is_empty() {
            return false;
        }
        let queued = work.entries.iter().filter(|entry| self.goes_out(entry, work)).map(|entry| {
            let Entry { conversation, pos, seq, created_at, .. } = *entry;
            ChannelChange::Queue { conversation, pos, seq, at: created_at }
        });
        let revised = work.revised.iter().filter(|entry| self.goes_out(entry, work)).map(|entry| {
            let Entry { conversation, seq, .. } = *entry;
            ChannelChange::Revised { conversation, seq, at: now }
        });
        let changes: Vec<_> = queued.chain(revised).map(Change::Channel).collect();
        let has_sends = !changes.is_empty();
        work.changes.extend(changes);
        has_sends
    }

    /// Whether an entry of the group may be for the service of its conversation.
    fn goes_out(&self, entry: &Entry, work: &Work) -> bool {
        let is_ours = !matches!(entry.sender, Principal::Visitor(_)) && entry.kind.is_public_message();
        let inbox = || work.touched.get(&entry.conversation).map(|touched| touched.conversation.inbox);
        is_ours && inbox().is_some_and(|inbox| self.shared.channels.has(inbox))
    }

    /// Tells whoever sends.
    pub(super) fn tell_sends(&self) {
        self.shared.channels.sends.notify_one();
    }

    /// Why an agent's message would not reach the customer any more, if it would not.
    pub(super) async fn closed_window(
        &mut self,
        send: &Send,
        now: Micros,
        work: &mut Work,
    ) -> Option<Problem> {
        if self.shared.channels.is_empty() || send.who.audience() != Audience::Agent {
            return None;
        }
        if send.content.kind == MessageKind::Note {
            return None;
        }
        let key = self.hot.key(send.conversation)?;
        let inbox = self.hot.get(key)?.conversation.inbox;
        if !self.shared.channels.has(inbox) {
            return None;
        }
        match self.thread_in(key, work).await {
            Ok(thread) => closed(&thread?, now),
            Err(error) => Some(error.into()),
        }
    }

    /// The thread of a conversation as the group leaves it so far: what is in the group already counts.
    async fn thread_in(
        &mut self,
        key: ConversationKey,
        work: &mut Work,
    ) -> Result<Option<ChannelThread>, StoreError> {
        let Some(mut thread) = self.thread_of(key, work).await? else { return Ok(None) };
        let Some(quota) = thread.quota else { return Ok(Some(thread)) };
        let said: Vec<_> = work
            .entries
            .iter()
            .filter(|entry| self.goes_out(entry, work))
            .map(|entry| entry.conversation)
            .collect();
        for other in said {
            if thread.sent >= quota {
                break;
            }
            let is_same =
                other == key || self.thread_of(other, work).await?.is_some_and(|one| one.key == thread.key);
            thread.sent += u32::from(is_same);
        }
        Ok(Some(thread))
    }

    /// The thread of a conversation as the store has it; it is asked once in a group.
    async fn thread_of(
        &mut self,
        key: ConversationKey,
        work: &mut Work,
    ) -> Result<Option<ChannelThread>, StoreError> {
        if let Some(known) = work.pieces.of_conversations.get(&key) {
            return Ok(known.clone());
        }
        let thread = self.store.channel_thread_of(key).await?;
        work.pieces.of_conversations.insert(key, thread.clone());
        Ok(thread)
    }
}

/// Why the customer of a thread cannot be answered, if that is so.
fn closed(thread: &ChannelThread, now: Micros) -> Option<Problem> {
    let conflict = |detail: String| Some(Problem::new(ErrorCode::Conflict, detail));
    if let Some(until) = thread.reply_until.filter(|until| *until < now) {
        let until = serde_json::to_value(timestamp(until)).unwrap_or_default();
        let until = until.as_str().unwrap_or_default();
        return conflict(format!(
            "the chat service takes no answer any more: it took them until {until}, and will again once the customer \
             writes"
        ));
    }
    match (thread.left(), thread.quota) {
        (Some(0), Some(quota)) => conflict(format!(
            "the chat service takes no answer any more: it takes {quota} after each of the customer's messages"
        )),
        _ => None,
    }
}

fn of_visitor(visitor: &Visitor) -> Identity {
    Identity {
        principal: Principal::Visitor(visitor.key),
        id: visitor.id,
        name: Arc::clone(&visitor.name),
        role: None,
        rights: Rights::NONE,
        inbox: Some(visitor.inbox),
        session: Uuid::nil(),
        key: None,
    }
}
