//! What each request does to the group: rights, repeats, transitions.

use std::sync::Arc;

use kefu_core::{
    Action, Audience, Content, Conversation, ConversationKey, Entry, Event, EventCode, MessageKind, Micros,
    Permission, Principal, Rating, Revise, Revision, Routing, State, may, revise,
};
use kefu_protocol::frame::{self, ErrorCode, Warning};
use kefu_socket::ConnectionId;
use kefu_store::{FileChange, MentionChange};
use kefu_text::words::may_be_masked;
use uuid::Uuid;

use super::{
    api::{Act, Change, Reply, Send, Sent},
    batch::{Origin, Pending, Work, draft},
    bot::{Turn, bot_turn},
    deliver::Hint,
    files::{Found, check_file, file_of},
    task::Task,
};
use crate::{identity::Identity, problem::Problem, view::Directory, words::Screened};

impl Task {
    /// Adds a message to the group, or answers at once when it is a repeat or not allowed.
    pub(super) fn apply_send(
        &mut self,
        send: Send,
        earlier: Option<Entry>,
        file: Option<Found>,
        closed: Option<Problem>,
        now: Micros,
        work: &mut Work,
    ) {
        self.metrics.messages(1);
        let Some(key) = self.hot.key(send.conversation) else {
            return self.refuse(send.reply, send.client_id, Problem::not_found("conversation"));
        };
        let principal = send.who.principal;
        if let Some(entry) = earlier {
            return self.answer_repeat(send, &entry);
        }
        if let Some(&index) = work.sent.get(&(key, principal, send.client_id)) {
            let first = &work.entries[index];
            if !says(first, &send.content) {
                return self.refuse(send.reply, send.client_id, other_body());
            }
            let Send { client_id, conversation, reply, .. } = send;
            return work.answers.push(Pending::Repeat { index, client_id, conversation, reply });
        }
        let Some(hot) = self.hot.get(key) else { return };
        if hot.visitor.erased {
            let problem =
                Problem::new(ErrorCode::Conflict, "the customer was erased: nothing more is taken here");
            return self.refuse(send.reply, send.client_id, problem);
        }
        let action = match send.content.kind {
            MessageKind::Note if send.content.is_whisper() => Action::Oversee,
            MessageKind::Note => Action::Note,
            _ => Action::Write,
        };
        let rules = (&*self.directory, &self.routing);
        let current = work.current(&hot.conversation);
        let permitted = allowed(rules, &send.who, action, current)
            .and_then(|()| self.directory.check_switched(current.inbox, send.who.audience()));
        if let Err(problem) = permitted {
            return self.refuse(send.reply, send.client_id, problem);
        }
        let owner = work.current(&hot.conversation).assignee;
        if action == Action::Oversee && owner.is_none_or(|owner| Principal::Agent(owner) == principal) {
            let problem = Problem::new(ErrorCode::Conflict, "no other agent has the conversation");
            return self.refuse(send.reply, send.client_id, problem);
        }
        if let Some(problem) = closed {
            return self.refuse(send.reply, send.client_id, problem);
        }
        if send.content.asks && matches!(principal, Principal::Visitor(_)) {
            let problem = Problem::invalid("data", "buttons and questions are for agents to send");
            return self.refuse(send.reply, send.client_id, problem);
        }
        let called = match self.directory.called(&send.content, work.current(&hot.conversation)) {
            Ok(called) => called,
            Err(problem) => return self.refuse(send.reply, send.client_id, problem),
        };
        let file = file.map(|found| found.and_then(|file| check_file(&file, &send, key, work)));
        let file = match file.transpose() {
            Ok(file) => file,
            Err(problem) => return self.refuse(send.reply, send.client_id, problem),
        };
        let Content { kind, text, data, quote_seq, .. } = send.content;
        if quote_seq.is_some_and(|seq| seq == 0 || seq > hot.conversation.last_seq(send.who.audience())) {
            let problem = Problem::invalid("quote_seq", "there is no such message to quote");
            return self.refuse(send.reply, send.client_id, problem);
        }
        let screened = send.screened.map(|screened| *screened).unwrap_or_default();
        if screened.is_blocked {
            return self.refuse(send.reply, send.client_id, Screened::refusal("text"));
        }
        let warning = match () {
            () if screened.text.is_some() || screened.data.is_some() => Some(Warning::Masked),
            () if screened.is_warned => Some(Warning::SensitiveWords),
            () => None,
        };
        let (text, data) = (screened.text.unwrap_or(text), screened.data.or(data));
        work.touch(&hot.conversation);
        let draft = draft(self.ids.next(now), principal, kind, text, Some(send.client_id), None, now);
        let entry = Entry { data, quote_seq, ..draft };
        let origin = Origin::Message { client_id: send.client_id, reply: send.reply, warning };
        let seq = self.say(key, entry, origin, file, now, work);
        if !called.is_empty() {
            let change = MentionChange::Add { agents: called, conversation: key, seq };
            work.changes.push(kefu_store::Change::Mention(change));
        }
        work.flag(&send.who, send.conversation, seq, &screened.flagged, now);
        work.audit(send.audit.map(|audit| *audit), ("conversation", send.conversation));
    }

    /// Adds a message with all that follows from it to a conversation that this group has touched; returns its number.
    pub(super) fn say(
        &mut self,
        key: ConversationKey,
        entry: Entry,
        origin: Origin,
        file: Option<Uuid>,
        now: Micros,
        work: &mut Work,
    ) -> u64 {
        let (principal, kind) = (entry.sender, entry.kind);
        let Some(touched) = work.touched.get_mut(&key) else {
            unreachable!("a message is only added to a conversation that was touched before");
        };
        let turn = bot_turn(&self.directory, &touched.conversation, principal, &entry.text);
        let had_bot = touched.conversation.is_with_bot();
        let event = match turn {
            None => touched.head_mut().on_message(principal, kind, now),
            Some(_) => None,
        };
        if turn == Some(Turn::Meets) {
            self.meet_bot(key, now, work);
        }
        if let Some(client_id) = entry.client_id {
            work.sent.insert((key, principal, client_id), work.entries.len());
        }
        work.append(key, entry, origin);
        let seq = work.entries.last().map_or(0, |entry| entry.seq);
        if let Some(file) = file {
            work.attach(file);
        }
        if let Some(Turn::Leaves(by)) = turn {
            self.hand_over(key, by, now, work);
        }
        if let Some(event) = event {
            if had_bot {
                self.append_event(key, Event::of(EventCode::HandedOver), principal, now, work);
            }
            let by = if event.agent.is_some() { principal } else { Principal::System };
            self.append_event(key, event, by, now, work);
        }
        seq
    }

    /// Carries out a change of a conversation in the group.
    pub(super) fn apply_act(&mut self, change: Change, now: Micros, work: &mut Work) {
        let Change { who, conversation, act, connection, audit, reply } = change;
        let entries = work.entries.len();
        let outcome = self.act(&who, conversation, act, connection, now, work);
        if work.entries.len() > entries {
            work.audit(audit.map(|audit| *audit), ("conversation", conversation));
        }
        match (outcome, reply) {
            (Ok(conversation), Some(reply)) => work.answers.push(Pending::Act { conversation, who, reply }),
            (Err(problem), Some(reply)) => drop(reply.send(Err(problem))),
            (Err(problem), None) => {
                if let Some(connection) = connection {
                    self.push_error(connection, None, Some(conversation), &problem);
                }
            }
            (Ok(_), None) => {}
        }
    }

    fn act(
        &mut self,
        who: &Arc<Identity>,
        id: Uuid,
        act: Act,
        except: Option<ConnectionId>,
        now: Micros,
        work: &mut Work,
    ) -> Result<ConversationKey, Problem> {
        let key = self.hot.key(id).ok_or_else(|| Problem::not_found("conversation"))?;
        let hot = self.hot.get(key).ok_or_else(|| Problem::not_found("conversation"))?;
        let current = work.current(&hot.conversation);
        let action = match act {
            Act::Accept | Act::Decline => Action::Accept,
            Act::Rate { .. } => Action::Rate,
            Act::End => Action::End,
            // Whose message it is decides, see `kefu_core::revise`.
            Act::Read { .. } | Act::Revise { .. } => Action::Read,
            // Who has not joined changes nothing by it.
            Act::Leave => Action::Read,
            Act::Join | Act::TakeOver => Action::Oversee,
            Act::InviteRating => Action::Write,
            Act::TransferToTeam(_)
            | Act::Prioritise(_)
            | Act::Transfer(_)
            | Act::Pend(_)
            | Act::MarkUnread
            | Act::Resolve(_)
            | Act::Reopen => Action::Manage,
        };
        allowed((&self.directory, &self.routing), who, action, current)?;
        match self.directory.check_switched(current.inbox, who.audience()) {
            // What was looked at may be looked at again.
            Err(_) if matches!(act, Act::Read { .. }) => return Ok(key),
            switched => switched?,
        }
        let me = match who.principal {
            Principal::Agent(key) => Some(key),
            _ => None,
        };
        if matches!(act, Act::Accept) && current.assignee.is_some() && current.assignee == me {
            return Ok(key);
        }
        let target = match act {
            Act::Transfer(Some(id)) => {
                let agent = self.directory.agent(id).filter(|agent| !agent.disabled);
                Some(agent.ok_or_else(|| Problem::invalid("agent_id", "there is no such agent"))?.key)
            }
            _ => None,
        };
        let team = match act {
            Act::TransferToTeam(id) => {
                let team = self.directory.team(id);
                Some(team.ok_or_else(|| Problem::invalid("team_id", "there is no such team"))?.key)
            }
            _ => None,
        };
        let mut changed = current.clone();
        let mut said = None;
        let agent = || me.ok_or_else(Problem::forbidden);
        let event = match act {
            Act::Accept => Some(changed.assign(agent()?)?),
            Act::Transfer(_) => Some(changed.transfer(target, now)?),
            Act::Decline => {
                if !self.routing.decline(key, agent()?, now) {
                    let problem = Problem::new(ErrorCode::Conflict, "the conversation is not offered to you");
                    return Err(problem);
                }
                None
            }
            Act::TransferToTeam(_) => match team {
                Some(team) => Some(changed.transfer_to_team(team, now)?),
                None => None,
            },
            Act::Prioritise(priority) => {
                changed.priority = priority;
                None
            }
            Act::Join => changed.join(agent()?)?,
            Act::Leave => changed.leave(agent()?),
            Act::TakeOver => changed.take_over(agent()?)?,
            Act::Pend(until) => Some(changed.pend(until)?),
            Act::MarkUnread => {
                changed.marked_unread = true;
                None
            }
            Act::Resolve(ending) => {
                if let Some(inbox) = self.directory.inboxes.get(&changed.inbox) {
                    inbox.settings.wrap_up.takes(ending.as_deref().map(|ending| &ending.summary))?;
                }
                said = ending.map(|ending| Content::summary(&ending.summary, ending.note));
                Some(changed.resolve(now)?)
            }
            Act::End => changed.end(now)?,
            Act::Reopen => Some(changed.take_up(agent()?)?),
            Act::Rate { score, comment, flagged } => {
                let event = changed.rate(Rating { score, comment, created_at: now })?;
                // It stands beside the entry that tells of it, which is added next.
                work.flag(who, id, changed.last_seq(Audience::Agent) + 1, &flagged, now);
                Some(event)
            }
            Act::InviteRating if matches!(who.principal, Principal::Visitor(_)) => {
                return Err(Problem::forbidden());
            }
            Act::InviteRating => Some(changed.invite_rating()?),
            Act::Revise { entry, how, flagged } => {
                let committed = Arc::clone(&hot.conversation);
                let seq = entry.seq;
                self.revise(who, *entry, how, &committed, now, work)?;
                work.flag(who, id, seq, &flagged, now);
                return Ok(key);
            }
            Act::Read { seq } => {
                if changed.read(who.audience(), seq) {
                    let who = Arc::clone(who);
                    work.answers.push(Pending::Read { conversation: key, who, seq, except });
                }
                None
            }
        };
        let touched = work.touch(&hot.conversation);
        let before = &touched.conversation;
        let is_marked = (changed.priority, changed.marked_unread) != (before.priority, before.marked_unread);
        touched.is_row_changed |= is_marked;
        let bot_loses_it = touched.conversation.is_with_bot() && !changed.is_with_bot();
        let is_handed_over = bot_loses_it && changed.state != State::Resolved;
        touched.conversation = Arc::new(changed);
        if is_handed_over {
            self.append_event(key, Event::of(EventCode::HandedOver), who.principal, now, work);
        }
        if let Some(Content { kind, text, data, .. }) = said {
            let entry = draft(self.ids.next(now), who.principal, kind, text, None, None, now);
            work.append(key, Entry { data, ..entry }, Origin::Event);
        }
        if let Some(event) = event {
            self.append_event(key, event, who.principal, now, work);
        } else if is_marked {
            // No entry tells of it. Should the group not become durable, the hint says what was known before.
            self.hints.push(Hint {
                conversation: key,
                change: frame::Change::Updated,
                was_queued: false,
                lost_by: None,
            });
        }
        Ok(key)
    }

    /// Changes a message of an earlier group, and adds the entry that tells of it. What tells of a note is a
    /// note itself: visitors do not learn that there is one.
    fn revise(
        &mut self,
        who: &Identity,
        entry: Entry,
        how: Revise,
        conversation: &Arc<Conversation>,
        now: Micros,
        work: &mut Work,
    ) -> Result<(), Problem> {
        let (revision, event) = revise(who.principal, who.rights, &entry, &how, now)?;
        if work.revised.iter().any(|other| other.pos == entry.pos) {
            return Err(Problem::new(ErrorCode::Conflict, "the message is being changed already"));
        }
        let text = if let Revise::Edit(text) = how { text } else { String::new() };
        let pos = entry.pos;
        if let Some(id) = file_of(&entry).filter(|_| revision == Revision::Recalled) {
            work.changes.push(kefu_store::Change::File(FileChange::Remove(id)));
        }
        work.changes.push(kefu_store::Change::Revise { pos, revision, text: text.clone() });
        let kind = if entry.kind == MessageKind::Note { MessageKind::Note } else { MessageKind::Event };
        let told = self.directory.event_text(event, who.principal);
        let draft = draft(self.ids.next(now), who.principal, kind, told, None, Some(event), now);
        work.touch(conversation);
        work.append(conversation.key, draft, Origin::Event);
        work.revised.push(Entry { text, revision, ..entry });
        Ok(())
    }

    /// Adds a note that tells of something outside: visitors do not learn of it. Nothing is told in a conversation that
    /// is erased.
    pub(super) fn tell(
        &mut self,
        key: kefu_core::ConversationKey,
        event: Event,
        data: Box<str>,
        change: kefu_store::Change,
        now: Micros,
        work: &mut Work,
    ) {
        work.changes.push(change);
        let Some(hot) = self.hot.get(key).filter(|hot| !hot.visitor.erased) else { return };
        work.touch(&hot.conversation);
        let (by, text) = (Principal::System, self.directory.event_text(event, Principal::System));
        let entry = draft(self.ids.next(now), by, MessageKind::Note, text, None, Some(event), now);
        work.append(key, Entry { data: Some(data), ..entry }, Origin::Event);
    }

    /// Adds the entry of a change.
    pub(super) fn append_event(
        &mut self,
        key: ConversationKey,
        event: Event,
        by: Principal,
        now: Micros,
        work: &mut Work,
    ) {
        let text = self.directory.event_text(event, by);
        let entry = draft(self.ids.next(now), by, MessageKind::Event, text, None, Some(event), now);
        work.append(key, entry, Origin::Event);
    }

    fn answer_repeat(&mut self, send: Send, earlier: &Entry) {
        // What was revised later no longer says what was sent.
        if earlier.revision == Revision::Intact && !says(earlier, &send.content) {
            return self.refuse(send.reply, send.client_id, other_body());
        }
        match send.reply {
            Reply::Call(reply) => drop(reply.send(Ok(Sent::from((earlier, true))))),
            Reply::Socket(connection) => self.push_ack(connection, earlier, send.conversation, None, None),
        }
    }

    /// Answers a message that was not taken.
    pub(super) fn refuse(&mut self, reply: Reply, client_id: Uuid, problem: Problem) {
        match reply {
            Reply::Call(reply) => drop(reply.send(Err(problem))),
            Reply::Socket(connection) => self.push_error(connection, Some(client_id), None, &problem),
        }
    }
}

/// Whether `who` may do `action`; who may not even read is told that there is no such conversation.
pub(super) fn allowed(
    rules: (&Directory, &Routing),
    who: &Identity,
    action: Action,
    conversation: &Conversation,
) -> Result<(), Problem> {
    let serves = serves(rules, who, conversation);
    let may = |action| may(who.principal, who.rights, serves, action, conversation);
    if may(action) {
        return Ok(());
    }
    Err(if may(Action::Read) { Problem::forbidden() } else { Problem::not_found("conversation") })
}

/// Whether `conversation`, if it waits, is for `who` to take.
pub(super) fn serves(
    (directory, routing): (&Directory, &Routing),
    who: &Identity,
    conversation: &Conversation,
) -> bool {
    directory.serves(who.principal, conversation)
        || routing.offer_of(conversation.key).is_some_and(|(to, _)| Principal::Agent(to) == who.principal)
}

/// Whether `who` sees every conversation.
pub(super) fn sees_all(who: &Identity) -> bool {
    who.may(Permission::AllConversations)
}

/// Whether an entry says just this, or what is left of it with words masked.
fn says(entry: &Entry, content: &Content) -> bool {
    entry.says(content)
        || entry.kind == content.kind
            && entry.quote_seq == content.quote_seq
            && may_be_masked(&entry.text, &content.text)
            && match (entry.data.as_deref(), content.data.as_deref()) {
                (Some(masked), Some(data)) => may_be_masked(masked, data),
                (masked, data) => masked == data,
            }
}

fn other_body() -> Problem {
    Problem::new(ErrorCode::Conflict, "this client_id was used for another message")
}
