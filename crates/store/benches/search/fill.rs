//! Makes a store as a busy site has it.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use kefu_core::{
    Agent, AgentKey, AgentStatus, Conversation, Entry, FieldVersions, Inbox, InboxKey, InboxSettings,
    MessageKind, Micros, Principal, Revision, Role, Visitor, VisitorKey,
};
use kefu_store::{Batch, Change, Opened, Writer};
use uuid::Uuid;

use crate::texts::{Random, Texts};

/// Conversations that are under way at any time.
pub(crate) const ACTIVE: usize = 3_000;

/// Messages of a conversation, on average.
pub(crate) const LENGTH: u64 = 10;

pub(crate) const AGENTS: i64 = 60;
pub(crate) const INBOXES: i64 = 5;

/// The first message's time, and how far apart they are: 10,000,000 take 116 days.
pub(crate) const BEGIN: i64 = 1_790_000_000_000_000;
pub(crate) const STEP: i64 = 1_000_000;

/// Conversations that come, are answered by an agent, and end.
pub(crate) struct Desk {
    active: Vec<Conversation>,
    /// Visitors with a row.
    visitors: i64,
    random: Random,
    texts: Texts,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { active: Vec::new(), visitors: 0, random: Random::new(1), texts: Texts::new() }
    }

    /// A transaction of `size` messages, with what they make of their conversations.
    pub(crate) fn batch(&mut self, writer: &mut Writer, size: usize) -> Batch {
        let mut batch = Batch::default();
        let mut grown = vec![false; ACTIVE];
        for pos in (writer.next_pos()..).take(size) {
            let now = Micros(BEGIN + pos * STEP);
            let mut index = self.random.below(ACTIVE as u64) as usize;
            if index >= self.active.len() || self.random.below(LENGTH) == 0 {
                index = self.replace(index, writer, now, &mut batch);
            }
            let head = &mut self.active[index];
            let kind = if self.random.below(25) == 0 { MessageKind::Note } else { MessageKind::Text };
            let agent = head.assignee.unwrap_or(AgentKey(1));
            let sender = match (kind, self.random.below(2)) {
                (MessageKind::Text, 0) => Principal::Visitor(head.visitor),
                _ => Principal::Agent(agent),
            };
            let mut entry = Entry {
                pos,
                conversation: head.key,
                seq: 0,
                prev_pos: 0,
                prev_public_seq: 0,
                id: Uuid::from_u64_pair(self.random.next(), pos.cast_unsigned()),
                client_id: Some(Uuid::from_u64_pair(pos.cast_unsigned(), self.random.next())),
                sender,
                kind,
                text: self.texts.message(&mut self.random),
                event: None,
                data: None,
                quote_seq: None,
                revision: Revision::Intact,
                created_at: now,
            };
            head.append(&mut entry, pos);
            batch.entries.push(entry);
            grown[index] = true;
        }
        // What began in this transaction stands among the new heads already.
        let new = batch.conversations.iter().enumerate().map(|(place, head)| (head.key, place));
        let new: HashMap<_, _> = new.collect();
        for (head, _) in self.active.iter().zip(grown).filter(|(_, grown)| *grown) {
            match new.get(&head.key) {
                Some(place) => batch.conversations[*place] = head.clone(),
                None => batch.grown.push(head.clone().into()),
            }
        }
        batch
    }

    /// Ends the conversation at `index` and begins another one there, or where there is room; returns where.
    fn replace(&mut self, index: usize, writer: &mut Writer, now: Micros, batch: &mut Batch) -> usize {
        let key = writer.next_conversation_key();
        let inbox = InboxKey(1 + (self.random.below(INBOXES as u64) as i64).min(self.random.below(5) as i64));
        // Every other conversation is of a visitor who was here before.
        let visitor = VisitorKey(1 + self.random.below(1 + key.0.cast_unsigned() / 2) as i64);
        while self.visitors < visitor.0 {
            self.visitors += 1;
            batch.changes.push(Change::Visitor(new_visitor(self.visitors, now)));
        }
        let id = Uuid::from_u128(u128::from(key.0.cast_unsigned()));
        let mut head = Conversation::new(key, id, inbox, visitor, now);
        head.on_message(Principal::Visitor(visitor), MessageKind::Text, now);
        let agent = AgentKey(1 + self.random.below(AGENTS as u64) as i64);
        head.assign(agent).expect("it waits");
        batch.conversations.push(head.clone());
        if index < self.active.len() {
            let mut ended = std::mem::replace(&mut self.active[index], head);
            ended.resolve(now).expect("it is open");
            batch.conversations.retain(|other| other.key != ended.key);
            batch.conversations.push(ended);
            index
        } else {
            self.active.push(head);
            self.active.len() - 1
        }
    }
}

/// Agents and inboxes, but for those that a server has made.
async fn people(opened: &Opened) -> Batch {
    let inboxes = opened.store.inboxes().await.expect("the inboxes are read").len() as i64;
    let agents = opened.store.agents().await.expect("the agents are read").len() as i64;
    let mut batch = Batch::default();
    let id = |kind: u64, key: i64| Uuid::from_u64_pair(kind, key.cast_unsigned());
    for key in inboxes + 1..=INBOXES {
        batch.changes.push(Change::Inbox(Box::new(Inbox {
            key: InboxKey(key),
            id: id(0x1b, key),
            slug: format!("shop-{key}"),
            name: format!("Shop {key}"),
            greeting: String::new(),
            origins: Vec::new(),
            identity_required: false,
            settings: InboxSettings::default(),
            sealed_secret: Vec::new(),
            versions: FieldVersions::default(),
            created_at: Micros(BEGIN),
        })));
    }
    for key in agents + 1..=AGENTS {
        batch.changes.push(Change::Agent(Agent {
            key: AgentKey(key),
            id: id(0xa9, key),
            name: format!("Agent {key}").into(),
            email: format!("agent-{key}@bench.invalid"),
            role: Role::Agent,
            custom_role: None,
            status: AgentStatus::Offline,
            status_reason: None,
            status_at: Micros(BEGIN),
            capacity: 100,
            disabled: false,
            teams: Vec::new(),
            skills: BTreeMap::new(),
            created_at: Micros(BEGIN),
        }));
    }
    batch
}

fn new_visitor(key: i64, now: Micros) -> Visitor {
    Visitor {
        key: VisitorKey(key),
        id: Uuid::from_u64_pair(0xf15, key.cast_unsigned()),
        inbox: InboxKey(1),
        external_id: None,
        verified: false,
        name: "".into(),
        email: String::new(),
        attributes: "{}".to_owned(),
        created_at: now,
        last_seen_at: now,
        erased_at: None,
    }
}

/// Fills an empty store with so many messages.
pub(crate) async fn fill(opened: &mut Opened, rows: usize) {
    let begun = Instant::now();
    let people = people(opened).await;
    let writer = &mut opened.writer;
    writer.commit(&people).await.expect("a commit succeeds");
    let mut desk = Desk::new();
    for done in (0..rows).step_by(4_096) {
        let batch = desk.batch(writer, 4_096.min(rows - done));
        writer.commit(&batch).await.expect("a commit succeeds");
    }
    println!("filled with {rows} messages in {:.1} s", begun.elapsed().as_secs_f64());
}
