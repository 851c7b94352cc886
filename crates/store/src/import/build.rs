//! A batch of an import on its way to a transaction.

use std::borrow::BorrowMut;
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::Arc;

use kefu_core::{
    Agent, AgentKey, AgentStatus, Conversation, Entry, InboxKey, Principal, Revision, State, Visitor,
    VisitorKey,
};
use uuid::Uuid;

use super::importer::{Importer, Known, Prepared, Refused};
use super::record::{
    AgentRecord, ArticleRecord, CannedRecord, ConversationRecord, Entity, MessageRecord, Record, Sender,
    TicketRecord, VisitorRecord,
};
use super::step::{MapRow, Rewritten, TicketPlaces};
use crate::Writer;

/// Conversations that an agent may have at once, until somebody says otherwise.
const CAPACITY: u32 = 5;

/// Why a record cannot be stored: a word and more about it.
type Refusal = (&'static str, String);

/// What is gathered of a batch.
pub(super) struct Building<'a, W: BorrowMut<Writer>> {
    importer: &'a mut Importer<W>,
    table: i64,
    next_pos: i64,
    /// Heads that are new or changed beyond growth.
    whole: HashMap<Uuid, Conversation>,
    /// Each is this building's alone until it is finished.
    grown: HashMap<Uuid, Arc<Conversation>>,
    prepared: Prepared,
}

impl<'a, W: BorrowMut<Writer>> Building<'a, W> {
    pub(super) fn new(importer: &'a mut Importer<W>, table: i64) -> Self {
        let next_pos = importer.writer().next_pos();
        let (whole, grown) = (HashMap::new(), HashMap::new());
        Self { importer, table, next_pos, whole, grown, prepared: Prepared::default() }
    }

    pub(super) fn refuse(&mut self, index: usize, code: &'static str, detail: impl Into<String>) {
        self.prepared.refused.push(Refused { index, code: code.into(), detail: detail.into() });
    }

    pub(super) fn note(&mut self, row: MapRow) {
        self.prepared.step.map.push(row);
    }

    /// A filter leaves out by now what this row was.
    pub(super) fn leave_out(&mut self, row: MapRow) {
        self.prepared.step.left_out.push(row);
        self.count();
    }

    /// Whether a record belongs to an inbox in which what is here counts.
    pub(super) fn is_switched(&self, record: &Record) -> bool {
        if self.importer.switched.is_empty() {
            return false;
        }
        let is_one = |inbox: &InboxKey| self.importer.switched.contains(inbox);
        let by_name = |slug: &str| self.importer.inboxes.get(slug).is_some_and(is_one);
        match record {
            Record::Conversation(conversation) => by_name(&conversation.inbox),
            Record::Ticket(ticket) => by_name(&ticket.inbox),
            Record::Message(message) => {
                let id = &message.conversation;
                let shared = || self.grown.get(id).or_else(|| self.importer.heads.get(id));
                let head = self.whole.get(id).or_else(|| shared().map(|head| &**head));
                match (head, &message.opens) {
                    (Some(head), _) => is_one(&head.inbox),
                    (None, Some(opens)) => by_name(&opens.1.inbox),
                    (None, None) => self.importer.late.contains(id),
                }
            }
            Record::Agent(_) | Record::Visitor(_) | Record::Canned(_) | Record::Article(_) => false,
        }
    }

    /// A row changed after its inbox was switched: that is all that becomes of it.
    pub(super) fn late(&mut self, key: &[u8], record: Option<&Record>) {
        let id = match record {
            Some(Record::Conversation(conversation)) => Some(conversation.id),
            _ => None,
        };
        self.prepared.step.late.push((self.table, key.to_vec(), id));
    }

    pub(super) fn count(&mut self) {
        self.prepared.written += 1;
    }

    pub(super) fn finish(self) -> Prepared {
        let mut prepared = self.prepared;
        prepared.heads.reserve(self.grown.len() + self.whole.len());
        prepared.heads.extend(self.whole.values().map(|head| Arc::new(head.clone())));
        prepared.heads.extend(self.grown.values().cloned());
        prepared.batch.conversations = self.whole.into_values().collect();
        // Who reads the store beside this has its rows as they are.
        match self.importer.is_beside {
            true => prepared.batch.conversations.extend(self.grown.into_values().map(Arc::unwrap_or_clone)),
            false => prepared.batch.grown = self.grown.into_values().collect(),
        }
        prepared
    }

    /// Adds what has to be written for `record`; returns its row number.
    pub(super) fn record(
        &mut self,
        record: &Record,
        before: Option<Known>,
        detach: bool,
    ) -> Result<i64, Refusal> {
        if before.is_some_and(|known| known.entity > 1 && known.entity != record.entity().number()) {
            return Err(("changed_kind", "it became something else before".to_owned()));
        }
        let place = before.map(|known| known.place);
        match record {
            Record::Agent(agent) => Ok(self.agent(agent, place)),
            Record::Visitor(visitor) => self.visitor(visitor, place),
            Record::Conversation(conversation) => self.conversation(conversation, place, detach),
            Record::Message(message) => {
                let is_back = before.is_some_and(Known::is_buried);
                self.message(message, place.map(|place| (place, is_back)), detach)
            }
            Record::Ticket(ticket) => self.ticket(ticket, place, detach),
            Record::Canned(canned) => self.canned(canned, place, detach),
            Record::Article(article) => Ok(self.article(article, place)),
        }
    }

    fn agent(&mut self, agent: &AgentRecord, place: Option<i64>) -> i64 {
        if let Some(place) = place {
            // What was set here since, such as its teams, stays.
            self.prepared.step.agents.push((place, agent.clone()));
            return place;
        }
        let key = self.importer.writer().next_agent_key();
        self.prepared.agents.push((agent.id, key));
        if !agent.password.is_empty() {
            self.prepared.step.passwords.push((key.0, agent.password.clone()));
        }
        self.prepared.step.new_agents.push(Agent {
            key,
            id: agent.id,
            name: agent.name.as_str().into(),
            email: agent.email.to_lowercase(),
            role: agent.role,
            custom_role: None,
            status: AgentStatus::Away,
            status_reason: None,
            status_at: agent.created_at,
            capacity: CAPACITY,
            disabled: agent.disabled,
            teams: Vec::new(),
            skills: Default::default(),
            created_at: agent.created_at,
        });
        key.0
    }

    fn visitor(&mut self, visitor: &VisitorRecord, place: Option<i64>) -> Result<i64, Refusal> {
        let inbox = self.inbox(&visitor.inbox)?;
        let key = place.map_or_else(|| self.importer.writer().next_visitor_key(), VisitorKey);
        self.prepared.visitors.push((visitor.id, key));
        self.prepared.step.visitors.push(Visitor {
            key,
            id: visitor.id,
            inbox,
            external_id: visitor.external_id.clone(),
            verified: visitor.verified,
            name: visitor.name.as_str().into(),
            email: visitor.email.clone(),
            attributes: visitor.attributes.clone(),
            created_at: visitor.created_at,
            last_seen_at: visitor.last_seen_at,
            erased_at: None,
        });
        if !visitor.phone.is_empty() || place.is_some() {
            self.prepared.step.phones.push((visitor.id, visitor.phone.clone(), visitor.created_at));
        }
        Ok(key.0)
    }

    fn conversation(
        &mut self,
        conversation: &ConversationRecord,
        place: Option<i64>,
        detach: bool,
    ) -> Result<i64, Refusal> {
        let (inbox, visitor) = (self.inbox(&conversation.inbox)?, self.visitor_key(conversation.visitor)?);
        let assignee = self.optional_agent(conversation.assignee, detach)?;
        let mut head = match self.importer.heads.get(&conversation.id) {
            Some(head) => Conversation::clone(head),
            None if place.is_some() => return Err(("gone", "it is not in the store any more".to_owned())),
            None => {
                let key = self.importer.writer().next_conversation_key();
                Conversation::new(key, conversation.id, inbox, visitor, conversation.created_at)
            }
        };
        if head.inbox != inbox {
            head.inbox = inbox;
            self.prepared.step.moved.push((head.key, inbox));
        }
        if conversation.state == State::Resolved && head.state != State::Resolved {
            (head.visitor_read_seq, head.agent_read_seq) = (head.last_public_seq, head.last_seq);
            head.unanswered_at = None;
        }
        head.state = conversation.state;
        head.assignee = assignee;
        head.queued_at = (conversation.state == State::Queued).then_some(conversation.created_at);
        head.resolved_at = conversation.resolved_at.filter(|_| conversation.state == State::Resolved);
        let key = head.key.0;
        self.whole.insert(conversation.id, head);
        Ok(key)
    }

    /// Adds a message, or changes the one at `before`, which may have been taken away; that one stays in the
    /// conversation that it was first put in.
    fn message(
        &mut self,
        message: &MessageRecord,
        before: Option<(i64, bool)>,
        detach: bool,
    ) -> Result<i64, Refusal> {
        let agent = match message.sender {
            Sender::Agent(id) => self.optional_agent(Some(id), detach)?,
            _ => None,
        };
        if let Some((pos, is_back)) = before {
            let sender = sender(message, agent, self.visitor_of(message)?);
            let MessageRecord { kind, text, data, occurred_at: at, .. } = message;
            let (kind, text, data, at) = (*kind, text.clone(), data.clone(), *at);
            self.prepared.step.rewritten.push(Rewritten { pos, kind, sender, text, data, at, is_back });
            return Ok(pos);
        }
        self.open(message, detach)?;
        let next_pos = self.next_pos;
        let head = match self.whole.entry(message.conversation) {
            Slot::Occupied(head) => head.into_mut(),
            Slot::Vacant(_) => match self.grown.entry(message.conversation) {
                Slot::Occupied(head) => Arc::make_mut(head.into_mut()),
                Slot::Vacant(slot) => match self.importer.heads.get(&message.conversation) {
                    Some(head) => Arc::make_mut(slot.insert(Arc::clone(head))),
                    None => return Err(("unknown_conversation", message.conversation.to_string())),
                },
            },
        };
        let sender = sender(message, agent, head.visitor);
        let mut entry = Entry {
            pos: 0,
            conversation: head.key,
            seq: 0,
            prev_pos: 0,
            prev_public_seq: 0,
            id: message.id,
            client_id: None,
            sender,
            kind: message.kind,
            text: message.text.clone(),
            event: None,
            data: message.data.as_deref().map(Box::from),
            quote_seq: None,
            revision: Revision::Intact,
            created_at: message.occurred_at,
        };
        append(head, &mut entry, next_pos, message.opens.is_some());
        self.next_pos += 1;
        self.prepared.batch.entries.push(entry);
        Ok(next_pos)
    }

    /// Whose conversation `message` is in.
    fn visitor_of(&self, message: &MessageRecord) -> Result<VisitorKey, Refusal> {
        let id = &message.conversation;
        let shared = || self.grown.get(id).or_else(|| self.importer.heads.get(id));
        let visitor =
            self.whole.get(id).map(|head| head.visitor).or_else(|| shared().map(|head| head.visitor));
        match (visitor, &message.opens) {
            (Some(visitor), _) => Ok(visitor),
            (None, Some(opens)) => self.visitor_key(opens.1.visitor),
            (None, None) => Err(("unknown_conversation", id.to_string())),
        }
    }

    /// Makes the conversation of `message`, where no row of the source stands for it.
    fn open(&mut self, message: &MessageRecord, detach: bool) -> Result<(), Refusal> {
        let Some(opens) = &message.opens else { return Ok(()) };
        let (key, conversation) = &**opens;
        let is_known =
            self.whole.contains_key(&conversation.id) || self.importer.heads.get(&conversation.id).is_some();
        if is_known {
            return Ok(());
        }
        let place = self.conversation(conversation, None, detach)?;
        // Of another table than those of sources: the message's own key names the message.
        let (table, entity) = (-self.table, Entity::Conversation.number());
        self.note(MapRow { table, key: key.clone(), entity, place, hash: None });
        Ok(())
    }

    fn ticket(&mut self, ticket: &TicketRecord, place: Option<i64>, detach: bool) -> Result<i64, Refusal> {
        let requester = match ticket.requester.map(|visitor| self.visitor_key(visitor)) {
            Some(Err(_)) if detach => None,
            requester => requester.transpose()?,
        };
        let assignee = self.optional_agent(ticket.assignee, detach)?;
        let places = TicketPlaces { inbox: self.inbox(&ticket.inbox)?, requester, assignee };
        let number = place.unwrap_or_else(|| self.importer.take_ticket());
        self.prepared.step.tickets.push((number, ticket.clone(), places));
        Ok(number)
    }

    fn canned(&mut self, canned: &CannedRecord, place: Option<i64>, detach: bool) -> Result<i64, Refusal> {
        let owner = self.optional_agent(canned.owner, detach)?;
        let key = place.unwrap_or_else(|| self.importer.take_canned());
        self.prepared.step.canned.push((key, canned.clone(), owner));
        Ok(key)
    }

    fn article(&mut self, article: &ArticleRecord, place: Option<i64>) -> i64 {
        let key = place.unwrap_or_else(|| self.importer.take_article());
        self.prepared.step.articles.push((key, article.clone()));
        key
    }

    fn inbox(&self, slug: &str) -> Result<InboxKey, Refusal> {
        let key = self.importer.inboxes.get(slug).copied();
        key.ok_or_else(|| ("unknown_inbox", slug.to_owned()))
    }

    fn visitor_key(&self, id: Uuid) -> Result<VisitorKey, Refusal> {
        let key = self.importer.visitors.get(&id).copied();
        key.ok_or_else(|| ("unknown_visitor", id.to_string()))
    }

    fn optional_agent(&self, id: Option<Uuid>, detach: bool) -> Result<Option<AgentKey>, Refusal> {
        let Some(id) = id else { return Ok(None) };
        match self.importer.agents.get(&id) {
            Some(key) => Ok(Some(*key)),
            None if detach => Ok(None),
            None => Err(("unknown_agent", id.to_string())),
        }
    }
}

/// Appends an entry; what has ended waits for nobody, and was read as far as that before was.
fn append(head: &mut Conversation, entry: &mut Entry, pos: i64, is_made: bool) {
    let before = (head.visitor_read_seq == head.last_public_seq, head.agent_read_seq == head.last_seq);
    let was_answered = head.unanswered_at.is_none();
    head.append(entry, pos);
    if head.state != State::Resolved {
        return;
    }
    if before.0 {
        head.visitor_read_seq = head.last_public_seq;
    }
    if before.1 {
        head.agent_read_seq = head.last_seq;
    }
    if was_answered {
        head.unanswered_at = None;
    }
    // It is not said when one ended that no row stands for.
    if is_made || head.resolved_at.is_none() {
        head.resolved_at = Some(head.updated_at);
    }
}

/// Who a message is of; nobody else than the bot, where the agent is not here.
fn sender(message: &MessageRecord, agent: Option<AgentKey>, visitor: VisitorKey) -> Principal {
    match (message.sender, agent) {
        (Sender::Visitor, _) => Principal::Visitor(visitor),
        (Sender::Agent(_), Some(agent)) => Principal::Agent(agent),
        (Sender::Agent(_) | Sender::Bot, _) => Principal::Bot,
        (Sender::System, _) => Principal::System,
    }
}
