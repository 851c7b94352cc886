//! What happens after a commit: memory, routing, answers, frames.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use kefu_core::{
    Action, AgentKey, Audience, Content, Conversation, ConversationKey, Entry, Micros, Principal, State,
};
use kefu_protocol::frame::{self, Change, ServerFrame, Warning};
use kefu_socket::ConnectionId;
use kefu_store::OpenWork;
use uuid::Uuid;

use super::{
    api::{Reply, Sent, Snapshot},
    apply::{allowed, sees_all, serves},
    batch::{Origin, Pending, Work},
    connections::Peer,
    hot::Hot,
    task::Task,
};
use crate::{
    clock,
    identity::Identity,
    problem::Problem,
    readings::Look,
    view::{self, ConversationView, Directory, OfferView, QueueView, VisitorBrief},
};

/// A conversation whose head changed, to be told to those who list it.
pub(super) struct Hint {
    pub(super) conversation: ConversationKey,
    pub(super) change: Change,
    /// It waited before this group: those who list the queue have to hear of it.
    pub(super) was_queued: bool,
    /// Who had it before this group and has it no longer.
    pub(super) lost_by: Option<AgentKey>,
}

/// Frames of one entry, encoded once for each audience that needs another one: agents may get something masked.
#[derive(Default)]
struct Encoded {
    agent: Option<Bytes>,
    visitor: Option<Bytes>,
}

impl Encoded {
    fn for_audience(
        &mut self,
        audience: Audience,
        entry: &Entry,
        id: Uuid,
        visitor: &VisitorBrief,
        directory: &Directory,
    ) -> Option<Bytes> {
        if !audience.sees(entry.kind) {
            return None;
        }
        let (slot, other, other_audience) = match audience {
            Audience::Agent => (&mut self.agent, &self.visitor, Audience::Visitor),
            Audience::Visitor => (&mut self.visitor, &self.agent, Audience::Agent),
        };
        let frame = slot.get_or_insert_with(|| {
            let message = directory.message(entry, id, visitor, audience);
            match other {
                Some(frame) if directory.message(entry, id, visitor, other_audience) == message => {
                    frame.clone()
                }
                _ => ServerFrame::Message(message).encode(),
            }
        });
        Some(frame.clone())
    }
}

impl Task {
    /// Takes a committed group into memory and tells everybody.
    pub(super) fn deliver(&mut self, work: Work, now: Micros) {
        let Work { entries, origins, touched, answers, revised, erased, .. } = work;
        for entry in revised {
            if let Some(hot) = self.hot.get_mut(entry.conversation) {
                hot.revise(&entry);
            }
        }
        for key in erased {
            if let Some(hot) = self.hot.get_mut(key) {
                hot.erase();
            }
        }
        for (key, touched) in touched {
            let before = match self.hot.get_mut(key) {
                Some(hot) => Some(std::mem::replace(&mut hot.conversation, touched.conversation)),
                None => {
                    let Some(visitor) = touched.visitor else { continue };
                    self.subscribe_visitor(touched.conversation.visitor, key);
                    self.hot.insert(Hot::new(touched.conversation, visitor));
                    None
                }
            };
            if touched.is_row_changed {
                self.moved(key, before.as_deref(), now);
                self.bot_moved(key, before.as_deref());
            }
            if let Some(code) = touched.change {
                let was_queued = before.as_ref().is_some_and(|before| before.state == State::Queued);
                let assignee = self.hot.peek(key).and_then(|hot| hot.conversation.assignee);
                let lost_by =
                    before.as_ref().and_then(|before| before.assignee).filter(|lost| Some(*lost) != assignee);
                let change = view::change_word(code);
                self.hints.push(Hint { conversation: key, change, was_queued, lost_by });
            }
        }
        let sents = if answers.is_empty() {
            Vec::new()
        } else {
            entries.iter().map(|entry| Sent::from((entry, true))).collect()
        };
        for (entry, origin) in entries.iter().zip(origins) {
            self.note_clock(entry);
            self.deliver_entry(entry, origin);
        }
        for pending in answers {
            self.answer(pending, &sents, now);
        }
    }

    /// Sends an entry to all who hear of its conversation, and the ack to its sender.
    fn deliver_entry(&mut self, entry: &Entry, origin: Origin) {
        let Some(hot) = self.hot.get(entry.conversation) else { return };
        let (id, visitor) = (hot.conversation.id, Arc::clone(&hot.visitor));
        if hot.conversation.is_with_bot() {
            let inbox = hot.conversation.inbox;
            self.follow_bot(entry, inbox);
        }
        let mut encoded = Encoded::default();
        let directory = &self.directory;
        let sender = match &origin {
            Origin::Message { reply: Reply::Socket(connection), .. } => Some(*connection),
            _ => None,
        };
        self.hub.publish(&entry.conversation, sender, |conn| {
            let audience = conn.meta.who.audience();
            conn.meta
                .is_live()
                .then(|| encoded.for_audience(audience, entry, id, &visitor, directory))
                .flatten()
        });
        match origin {
            Origin::Message { reply: Reply::Socket(connection), warning, .. } => {
                let live = self.hub.get(connection).filter(|conn| conn.meta.is_live());
                let prev_seq = live.map(|conn| entry.prev_seq(conn.meta.who.audience()));
                self.push_ack(connection, entry, id, prev_seq, warning);
                self.metrics.acks(1);
            }
            Origin::Message { reply: Reply::Call(reply), warning, .. } => {
                drop(reply.send(Ok(Sent { warning, ..Sent::from((entry, false)) })));
                self.metrics.acks(1);
            }
            Origin::Event => {}
        }
        if let Some(hot) = self.hot.get_mut(entry.conversation) {
            hot.remember(entry);
        }
        let called = Content::mentions(entry.kind, entry.data.as_deref());
        if !called.is_empty() {
            self.call(entry.conversation, &called);
        }
    }

    /// Tells agents that a note calls them.
    fn call(&self, conversation: ConversationKey, agents: &[Uuid]) {
        let frame = self.hot.peek(conversation);
        let frame = frame.and_then(|hot| self.hint_frame(hot, Change::Mentioned, Audience::Agent));
        let Some(frame) = frame else { return };
        for connection in &self.agent_connections {
            let conn = self.hub.get(*connection).filter(|conn| agents.contains(&conn.meta.who.id));
            if let Some(conn) = conn {
                conn.outbox.push(frame.clone());
            }
        }
    }

    fn answer(&mut self, pending: Pending, sents: &[Sent], now: Micros) {
        match pending {
            Pending::Act { conversation, who, reply } => {
                let view = self.view(conversation, who.audience());
                drop(reply.send(view.ok_or_else(|| Problem::not_found("conversation"))));
            }
            Pending::Repeat { index, client_id, conversation, reply } => {
                let sent = sents[index];
                match reply {
                    Reply::Call(reply) => drop(reply.send(Ok(sent))),
                    Reply::Socket(connection) => {
                        self.push(connection, &ack(&sent, client_id, conversation, None))
                    }
                }
            }
            Pending::Opened { opened, reply } => drop(reply.send(Ok(opened))),
            Pending::Agent { agent, ends, reply } => {
                let view = self.agent_committed(&agent, ends, now);
                drop(reply.send(Ok(view)));
            }
            Pending::Team { team, ends, reply } => {
                self.team_committed(&team, ends, now);
                drop(reply.send(Ok(team)));
            }
            Pending::Inbox { inbox, reply } => {
                let key = inbox.key;
                self.change_directory(|directory| drop(directory.inboxes.insert(key, inbox.clone())));
                drop(reply.send(Ok(inbox)));
            }
            Pending::Role { role, reply } => {
                self.role_committed(&role, now);
                drop(reply.send(Ok(role)));
            }
            Pending::RoleGone { id, reply } => {
                self.change_directory(|directory| drop(directory.roles.remove(&id)));
                drop(reply.send(Ok(())));
            }
            Pending::EndSession { id, reply } => {
                self.close_session(id);
                drop(reply.send(Ok(())));
            }
            Pending::Done { reply } => drop(reply.send(Ok(()))),
            Pending::Watch { connection, watch } => {
                if let (Some(conn), Some(key)) =
                    (self.hub.get(connection), watch.id.and_then(|id| self.hot.key(id)))
                {
                    let who = &conn.meta.who;
                    self.shared.readings.note(who.key.unwrap_or(who.id), key, Look::Watch, now);
                }
                self.watch(connection, watch, true);
            }
            Pending::Read { conversation, who, seq, except } => {
                if let Some(hot) = self.hot.get(conversation) {
                    let conversation_id = hot.conversation.id;
                    let from = self.named(&who);
                    let frame = ServerFrame::Read(frame::Read { conversation_id, from, seq }).encode();
                    self.publish_hint(conversation, except, &frame);
                }
            }
        }
    }

    /// Follows a change of a conversation's row: queue, owner, and who hears of it.
    fn moved(&mut self, key: ConversationKey, before: Option<&Conversation>, now: Micros) {
        let Some(hot) = self.hot.get(key) else { return };
        let after = &hot.conversation;
        let queued = after.state == State::Queued;
        let waits_for = (after.team, after.priority, after.queued_at);
        let owner = |c: &Conversation| c.assignee.filter(|_| c.state != State::Resolved);
        let (owner_after, counts, assignee_after) = (owner(after), after.takes_capacity(), after.assignee);
        let owner_before = before.and_then(owner);
        let assignee_before = before.and_then(|before| before.assignee);
        let head = Arc::clone(after);
        let joined_before = before.map_or(&[][..], |before| &before.joined);
        for agent in joined_before.iter().filter(|agent| !head.joined.contains(agent)) {
            if let Some(desk) = self.desks.get_mut(agent) {
                desk.remove(&key);
            }
            self.unsubscribe_agent(*agent, key);
        }
        for agent in head.joined.iter().filter(|agent| !joined_before.contains(agent)) {
            self.desks.entry(*agent).or_default().insert(key);
            self.subscribe_agent(*agent, key);
        }
        if let Some(until) = before.and_then(|before| before.snoozed_until) {
            self.snoozed.remove(&(until, key));
        }
        self.snoozed.extend(head.snoozed_until.map(|until| (until, key)));
        let wait = self.wait_of(&OpenWork::from(&*head));
        self.watch_clock(&head);
        match owner_after {
            _ if queued => {
                // What is offered stays so, unless what it waits for has changed.
                let same = |before: &Conversation| {
                    before.state != State::Queued
                        || (before.team, before.priority, before.queued_at) == waits_for
                };
                if self.routing.offer_of(key).is_none() || !before.is_none_or(same) {
                    self.routing.wait(key, wait, now);
                }
            }
            Some(agent) => self.routing.own(key, agent, counts, now),
            None => self.routing.leave(key, now),
        }
        if owner_before != owner_after
            && let Some(desk) = owner_before.and_then(|agent| self.desks.get_mut(&agent))
        {
            desk.remove(&key);
        }
        if let Some(agent) = assignee_before.filter(|_| assignee_before != assignee_after) {
            self.unsubscribe_agent(agent, key);
        }
        // Also what nobody new gets: what was set aside when the daemon started is at no desk yet.
        if let Some(agent) = owner_after {
            self.desks.entry(agent).or_default().insert(key);
        }
        if let Some(agent) = assignee_after {
            self.subscribe_agent(agent, key);
        }
        self.part_from(&head);
    }

    /// Ends the watches of those who could read a conversation while it waited and may no longer.
    fn part_from(&mut self, head: &Conversation) {
        let rules = (&*self.directory, &self.routing);
        let may_read = |who: &Identity| allowed(rules, who, Action::Read, head).is_ok();
        let watchers = self.hub.subscribers(&head.key).filter(|(_, conn)| !may_read(&conn.meta.who));
        let watchers: Vec<_> = watchers.map(|(id, _)| id).collect();
        for connection in watchers {
            self.hub.unsubscribe(connection, &head.key);
        }
    }

    /// Tells of the changed heads: who hears of the conversation, who watches it, who lost it, and, when the
    /// queue is concerned, every agent who may take it.
    pub(super) fn flush_hints(&mut self) {
        for Hint { conversation, change, was_queued, lost_by } in std::mem::take(&mut self.hints) {
            let Some(hot) = self.hot.peek(conversation) else { continue };
            let head = &hot.conversation;
            let rules = (&*self.directory, &self.routing);
            let concerns_queue = was_queued || head.state == State::Queued;
            let (mut for_agents, mut for_colleagues, mut for_visitor) = (None, None, None);
            let mut frame = |audience| {
                let slot = if audience == Audience::Agent { &mut for_agents } else { &mut for_visitor };
                slot.get_or_insert_with(|| self.hint_frame(hot, change, audience)).clone()
            };
            self.hub.publish(&conversation, None, |conn| frame(conn.meta.who.audience()));
            for connection in &self.agent_connections {
                let Some(conn) = self.hub.get(*connection) else { continue };
                if conn.topics().contains(&conversation) {
                    continue;
                }
                let Peer { who, watches_all, watches_teams, .. } = &conn.meta;
                let serves = || serves(rules, who, head);
                let watches = head.team.is_some_and(|team| watches_teams.contains(&team));
                let frame = if *watches_all
                    || (watches && sees_all(who))
                    || lost_by.map(Principal::Agent) == Some(who.principal)
                    || (concerns_queue && serves())
                {
                    frame(Audience::Agent)
                } else if watches && serves() {
                    // It may know of it, but not what is said.
                    for_colleagues.get_or_insert_with(|| self.outline_frame(hot, change)).clone()
                } else {
                    None
                };
                frame.map(|frame| conn.outbox.push(frame));
            }
        }
    }

    /// `who`, as hints that go to both sides name it.
    pub(super) fn named<'a>(&self, who: &'a Identity) -> frame::Party<'a> {
        let party = who.party();
        match who.audience() {
            Audience::Visitor => frame::Party { name: self.directory.masking.text(&who.name), ..party },
            Audience::Agent => party,
        }
    }

    pub(super) fn hint_frame(&self, hot: &Hot, change: Change, audience: Audience) -> Option<Bytes> {
        if audience == Audience::Visitor
            && matches!(change, Change::Offered | Change::OfferMissed | Change::Overdue)
        {
            return None;
        }
        encode_hint(change, &self.view_of_hot(hot, audience))
    }

    /// A hint without what is said in the conversation.
    fn outline_frame(&self, hot: &Hot, change: Change) -> Option<Bytes> {
        let view = ConversationView { last_message: None, ..self.view_of_hot(hot, Audience::Agent) };
        encode_hint(change, &view)
    }

    /// Sends a frame without a number to all who hear of a conversation, except one.
    pub(super) fn publish_hint(
        &self,
        conversation: ConversationKey,
        except: Option<ConnectionId>,
        frame: &Bytes,
    ) {
        self.hub.publish(&conversation, except, |_| Some(frame.clone()));
    }

    /// A conversation as `audience` sees it.
    pub(super) fn view(&self, key: ConversationKey, audience: Audience) -> Option<ConversationView> {
        Some(self.view_of_hot(self.hot.peek(key)?, audience))
    }

    fn view_of_hot(&self, hot: &Hot, audience: Audience) -> ConversationView {
        let (head, last) = (&hot.conversation, hot.last_message(audience));
        let mut view = self.directory.conversation(head, &hot.visitor, last, audience);
        if head.state == State::Queued {
            view.queue = self.routing.outlook(head.key, clock::now()).map(|outlook| QueueView {
                position: outlook.position,
                wait_ms: outlook.wait_us.map(|wait_us| wait_us / 1000),
            });
            let offer = self.routing.offer_of(head.key).filter(|_| audience == Audience::Agent);
            view.offer = offer.and_then(|(agent, until)| {
                Some(OfferView { agent: self.directory.agent_ref(agent)?, until: view::timestamp(until) })
            });
        }
        view
    }

    /// A conversation's head for somebody who may read it.
    pub(super) fn snapshot(&mut self, who: &Identity, id: Uuid) -> Result<Snapshot, Problem> {
        let hot = self.hot.key(id).and_then(|key| self.hot.get(key));
        let hot = hot.ok_or_else(|| Problem::not_found("conversation"))?;
        allowed((&self.directory, &self.routing), who, Action::Read, &hot.conversation)?;
        Ok(Snapshot {
            conversation: Conversation::clone(&hot.conversation),
            visitor: Arc::clone(&hot.visitor),
        })
    }

    /// Acknowledges a durable message; a repeat has no `prev_seq`.
    pub(super) fn push_ack(
        &self,
        connection: ConnectionId,
        entry: &Entry,
        conversation: Uuid,
        prev_seq: Option<u64>,
        warning: Option<Warning>,
    ) {
        let Some(client_id) = entry.client_id else { return };
        let sent = Sent { warning, ..Sent::from((entry, false)) };
        self.push(connection, &ack(&sent, client_id, conversation, prev_seq));
    }

    /// Says that a frame of a connection was refused.
    pub(super) fn push_error(
        &self,
        connection: ConnectionId,
        client_id: Option<Uuid>,
        conversation_id: Option<Uuid>,
        problem: &Problem,
    ) {
        self.push(
            connection,
            &ServerFrame::Error(frame::Error {
                client_id,
                conversation_id,
                code: problem.code,
                message: Cow::Borrowed(&problem.detail),
                field: problem.field.map(Cow::Borrowed),
                retry_after_ms: problem.retry_after_ms,
            }),
        );
    }

    /// Sends a frame to one connection, if it is still there.
    pub(super) fn push(&self, connection: ConnectionId, frame: &ServerFrame<'_>) {
        if let Some(conn) = self.hub.get(connection) {
            // A full outbox closes its connection by itself.
            conn.outbox.push(frame.encode());
        }
    }
}

fn encode_hint(change: Change, view: &ConversationView) -> Option<Bytes> {
    let json = serde_json::value::to_raw_value(view).ok()?;
    let hint = frame::Conversation { change, conversation: Cow::Owned(json) };
    Some(ServerFrame::Conversation(hint).encode())
}

fn ack(sent: &Sent, client_id: Uuid, conversation_id: Uuid, prev_seq: Option<u64>) -> ServerFrame<'static> {
    ServerFrame::Ack(frame::Ack {
        client_id,
        conversation_id,
        seq: sent.seq,
        prev_seq,
        id: sent.id,
        created_at: view::timestamp(sent.created_at),
        warning: sent.warning,
    })
}
