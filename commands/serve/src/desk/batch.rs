use std::{
    collections::{HashMap, hash_map},
    sync::Arc,
};

use kefu_core::{
    Assignment, Conversation, ConversationKey, CustomRole, Entry, Event, EventCode, MessageKind, Micros,
    Principal, Revision,
};
use kefu_protocol::frame::{Warning, Watch};
use kefu_socket::ConnectionId;
use kefu_store::{AuditRecord, Batch, RecordSet};
use uuid::Uuid;

use super::api::{Answer, OpenedVisitor, Reply, Sent};
use crate::{
    audit,
    identity::Identity,
    view::{AgentView, ConversationView, VisitorBrief},
};

/// One group of changes on its way to the store: nothing of it holds until it is committed.
pub(super) struct Work {
    pub(super) entries: Vec<Entry>,
    /// One for each entry: who is to be answered.
    pub(super) origins: Vec<Origin>,
    pub(super) changes: Vec<kefu_store::Change>,
    /// Records, and who waits for each set.
    pub(super) records: Vec<RecordSet>,
    pub(super) recorders: Vec<Option<Answer<()>>>,
    pub(super) touched: HashMap<ConversationKey, Touched>,
    pub(super) answers: Vec<Pending>,
    /// What agents are asked to accept once this group is durable.
    pub(super) offers: Vec<Assignment>,
    /// Entries of earlier groups as this one leaves them.
    pub(super) revised: Vec<Entry>,
    /// Conversations of which nothing that was said is left.
    pub(super) erased: Vec<ConversationKey>,
    /// Messages of this group by their identity, for repeats within the group.
    pub(super) sent: HashMap<(ConversationKey, Principal, Uuid), usize>,
    /// Files that messages of this group have.
    pub(super) files: Vec<Uuid>,
    /// Threads of channels that messages of this group belong to.
    #[cfg(feature = "channels")]
    pub(super) pieces: super::channels::Pieces,
    next_pos: i64,
}

/// A changed copy of a conversation.
pub(super) struct Touched {
    /// Shared with the committed one until it is changed, and from the commit on with the store.
    pub(super) conversation: Arc<Conversation>,
    /// More than growth: the whole row has to be written.
    pub(super) is_row_changed: bool,
    /// A conversation that this group makes, with its visitor.
    pub(super) visitor: Option<Arc<VisitorBrief>>,
    /// The last change of state in this group.
    pub(super) change: Option<EventCode>,
}

/// Where an entry comes from.
pub(super) enum Origin {
    /// A change: nobody waits for the entry itself.
    Event,
    /// A message whose sender waits for the outcome.
    Message { client_id: Uuid, reply: Reply, warning: Option<Warning> },
}

/// An answer that waits for the commit.
#[expect(clippy::large_enum_variant, reason = "a group has a few of them, and no message has one")]
pub(super) enum Pending {
    Act {
        conversation: ConversationKey,
        who: Arc<Identity>,
        reply: Answer<ConversationView>,
    },
    /// A repeat of the message at this index of the group.
    Repeat {
        index: usize,
        client_id: Uuid,
        conversation: Uuid,
        reply: Reply,
    },
    Opened {
        opened: OpenedVisitor,
        reply: Answer<OpenedVisitor>,
    },
    Agent {
        agent: kefu_core::Agent,
        ends: bool,
        reply: Answer<AgentView>,
    },
    Team {
        team: kefu_core::Team,
        ends: bool,
        reply: Answer<kefu_core::Team>,
    },
    Inbox {
        inbox: kefu_core::Inbox,
        reply: Answer<kefu_core::Inbox>,
    },
    Role {
        role: CustomRole,
        reply: Answer<CustomRole>,
    },
    RoleGone {
        id: Uuid,
        reply: Answer<()>,
    },
    EndSession {
        id: Uuid,
        reply: Answer<()>,
    },
    Done {
        reply: Answer<()>,
    },
    /// A watch that the audit log tells of.
    Watch {
        connection: ConnectionId,
        watch: Watch,
    },
    /// A read mark, for the others in the conversation.
    Read {
        conversation: ConversationKey,
        who: Arc<Identity>,
        seq: u64,
        except: Option<ConnectionId>,
    },
}

impl Touched {
    /// The conversation, to be changed: the first change makes the copy.
    pub(super) fn head_mut(&mut self) -> &mut Conversation {
        Arc::make_mut(&mut self.conversation)
    }
}

impl Work {
    pub(super) fn new(next_pos: i64) -> Self {
        Self {
            entries: Vec::new(),
            origins: Vec::new(),
            changes: Vec::new(),
            records: Vec::new(),
            recorders: Vec::new(),
            touched: HashMap::new(),
            answers: Vec::new(),
            revised: Vec::new(),
            erased: Vec::new(),
            offers: Vec::new(),
            sent: HashMap::new(),
            files: Vec::new(),
            #[cfg(feature = "channels")]
            pieces: super::channels::Pieces::default(),
            next_pos,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
            && self.changes.is_empty()
            && self.records.is_empty()
            && self.touched.is_empty()
            && self.answers.is_empty()
            && self.offers.is_empty()
    }

    /// The copy of a conversation in this group; `committed` is what it is a copy of.
    pub(super) fn touch(&mut self, committed: &Arc<Conversation>) -> &mut Touched {
        match self.touched.entry(committed.key) {
            hash_map::Entry::Occupied(slot) => slot.into_mut(),
            hash_map::Entry::Vacant(slot) => slot.insert(Touched {
                conversation: Arc::clone(committed),
                is_row_changed: false,
                visitor: None,
                change: None,
            }),
        }
    }

    /// A conversation as this group leaves it so far.
    pub(super) fn current<'a>(&'a self, committed: &'a Conversation) -> &'a Conversation {
        self.touched.get(&committed.key).map_or(committed, |touched| &touched.conversation)
    }

    /// Adds a line about `target` to the audit log.
    pub(super) fn audit(&mut self, record: Option<AuditRecord>, target: (&'static str, Uuid)) {
        let Some(record) = record else { return };
        let audit = vec![AuditRecord { target: Some(target), ..record }];
        self.records.push(RecordSet { changes: Vec::new(), audit });
        self.recorders.push(None);
    }

    /// Writes down which words of the list a message has, for supervisors.
    pub(super) fn flag(
        &mut self,
        who: &Identity,
        conversation: Uuid,
        seq: u64,
        words: &[String],
        now: Micros,
    ) {
        if words.is_empty() {
            return;
        }
        let (actor, detail) = (audit::actor(who), serde_json::json!({"seq": seq, "words": words}));
        let action = audit::FLAGGED_MESSAGE;
        let record = AuditRecord { at: now, actor, address: None, action, target: None, detail };
        self.audit(Some(record), ("conversation", conversation));
    }

    /// Adds a new conversation.
    pub(super) fn create(&mut self, conversation: Conversation, visitor: Arc<VisitorBrief>) {
        let (key, conversation) = (conversation.key, Arc::new(conversation));
        let touched = Touched { conversation, is_row_changed: true, visitor: Some(visitor), change: None };
        self.touched.insert(key, touched);
    }

    /// Adds an entry to a conversation of this group.
    pub(super) fn append(&mut self, conversation: ConversationKey, mut entry: Entry, origin: Origin) {
        let Some(touched) = self.touched.get_mut(&conversation) else {
            unreachable!("an entry is only added to a conversation that was touched before");
        };
        if let Some(event) = entry.event {
            touched.is_row_changed = true;
            touched.change = Some(event.code);
        }
        touched.head_mut().append(&mut entry, self.next_pos);
        self.next_pos += 1;
        self.entries.push(entry);
        self.origins.push(origin);
    }

    /// What the store has to write.
    pub(super) fn batch(&mut self) -> Batch {
        let mut batch = Batch {
            entries: std::mem::take(&mut self.entries),
            changes: std::mem::take(&mut self.changes),
            records: std::mem::take(&mut self.records),
            conversations: Vec::new(),
            grown: Vec::new(),
        };
        for touched in self.touched.values() {
            if touched.is_row_changed {
                batch.conversations.push(Conversation::clone(&touched.conversation));
            } else {
                batch.grown.push(Arc::clone(&touched.conversation));
            }
        }
        batch
    }
}

/// An entry that has no place yet.
pub(super) fn draft(
    id: Uuid,
    sender: Principal,
    kind: MessageKind,
    text: String,
    client_id: Option<Uuid>,
    event: Option<Event>,
    now: Micros,
) -> Entry {
    Entry {
        pos: 0,
        conversation: ConversationKey(0),
        seq: 0,
        prev_pos: 0,
        prev_public_seq: 0,
        id,
        client_id,
        sender,
        kind,
        text,
        event,
        data: None,
        quote_seq: None,
        revision: Revision::Intact,
        created_at: now,
    }
}

impl From<(&Entry, bool)> for Sent {
    fn from((entry, repeated): (&Entry, bool)) -> Self {
        Self { seq: entry.seq, id: entry.id, created_at: entry.created_at, repeated, warning: None }
    }
}
