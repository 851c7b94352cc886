use std::collections::HashMap;

use kefu_core::{
    AgentKey, Conversation, ConversationKey, Entry, InboxKey, MessageKind, Micros, Principal, Revision,
    TeamKey, Ticket, Visitor, VisitorKey,
};
use kefu_protocol::frame::Timestamp;
use kefu_store::{EventScenes, Happened, TicketComment, TicketHistory};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use sha1::{Digest as _, Sha1};
use uuid::{Builder, Uuid};

use super::Kind;
use super::data::{
    AgentData, CommentData, ConversationChanged, ConversationData, ExternalTicket, FieldChanged, MessageData,
    MessageWritten, Party, Rated, TeamData, TicketChanged, TicketCommented, TicketData, VisitorData,
    VisitorIdentified,
};
use crate::{Event, Topic};

/// Names of what entries only have numbers of.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) agents: HashMap<AgentKey, AgentData>,
    pub(super) teams: HashMap<TeamKey, TeamData>,
    pub(super) inboxes: HashMap<InboxKey, Uuid>,
}

/// What is known of the conversations of some entries.
#[derive(Debug, Default)]
pub(super) struct Scenes {
    conversations: HashMap<ConversationKey, Conversation>,
    visitors: HashMap<VisitorKey, Visitor>,
}

impl From<EventScenes> for Scenes {
    fn from(scenes: EventScenes) -> Self {
        Self {
            conversations: scenes.conversations.into_iter().map(|head| (head.key, head)).collect(),
            visitors: scenes.visitors.into_iter().map(|visitor| (visitor.key, visitor)).collect(),
        }
    }
}

impl Scenes {
    pub(super) fn of(&self, conversation: ConversationKey) -> Option<(&Conversation, &Visitor)> {
        let head = self.conversations.get(&conversation)?;
        Some((head, self.visitors.get(&head.visitor)?))
    }
}

/// The id (UUIDv5) of what `kind` tells of something that has an id of its own: the same whoever makes it.
fn id(of: Uuid, kind: Kind, part: i64) -> Uuid {
    let mut hash = Sha1::new();
    hash.update(of.as_bytes());
    hash.update(kind.topic());
    hash.update(part.to_be_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    Builder::from_sha1_bytes(bytes).into_uuid()
}

fn event(id: Uuid, kind: Kind, key: Uuid, position: Option<i64>, at: Micros, data: &impl Serialize) -> Event {
    let topic: Topic = kind.topic().parse().expect("a test parses every topic of the catalogue");
    let data: Box<RawValue> = to_raw_value(data).expect("texts, numbers and lists are plain JSON");
    Event { id, topic, key: key.to_string(), position, at, version: kind.version(), data }
}

/// The event that `kind` makes of an entry; `about` is the message that an edit or a recall names.
pub(super) fn of_entry(
    kind: Kind,
    entry: &Entry,
    about: Option<&Entry>,
    (head, visitor): (&Conversation, &Visitor),
    names: &Names,
) -> Event {
    let conversation = ConversationData { id: head.id, inbox_id: names.inboxes.get(&head.inbox).copied() };
    let whose = names.visitor(visitor);
    let by = names.party(entry.sender, Some(visitor));
    let agent = entry.event.and_then(|event| event.agent).and_then(|key| names.agents.get(&key).cloned());
    let position = Some(entry.pos);
    let (id, key, at) = (id(entry.id, kind, 0), head.id, entry.created_at);
    match kind {
        Kind::MessageCreated
        | Kind::MessageEdited
        | Kind::MessageRecalled
        | Kind::NoteCreated
        | Kind::NoteEdited
        | Kind::NoteRecalled => {
            let message = names.message(about.unwrap_or(entry), visitor);
            event(id, kind, key, position, at, &MessageWritten { conversation, visitor: whose, message, by })
        }
        Kind::ChatRated => {
            let last = head.last_assignee.and_then(|key| names.agents.get(&key).cloned());
            // The head has the words of the last rating alone.
            let rating = head.rating.as_ref().filter(|rating| rating.created_at == entry.created_at);
            let data = Rated {
                conversation,
                visitor: whose,
                seq: entry.seq,
                agent: agent.or(last),
                score: entry.event.and_then(|event| event.score).unwrap_or_default(),
                comment: rating.map(|rating| rating.comment.clone()).unwrap_or_default(),
            };
            event(id, kind, key, position, at, &data)
        }
        Kind::ExternalCreated
        | Kind::ExternalUpdated
        | Kind::ExternalCommented
        | Kind::ExternalFailed
        | Kind::ExternalUnknown => {
            let ticket = entry.data.as_deref().and_then(object);
            let data = ExternalTicket { conversation, visitor: whose, seq: entry.seq, ticket };
            event(id, kind, key, position, at, &data)
        }
        _ => {
            let data = ConversationChanged {
                conversation,
                visitor: whose,
                seq: entry.seq,
                by,
                agent,
                team: entry.event.and_then(|event| event.team).and_then(|key| names.teams.get(&key).cloned()),
                until: entry.event.and_then(|event| event.until).map(timestamp),
            };
            event(id, kind, key, position, at, &data)
        }
    }
}

/// What happened to a ticket: the change or the comment.
#[derive(Debug)]
pub(super) enum OfTicket {
    Changed(Vec<TicketHistory>),
    Commented(TicketComment),
}

pub(super) fn of_ticket(
    happened: &Happened,
    ticket: &Ticket,
    requester: Option<&Visitor>,
    what: OfTicket,
    conversations: Vec<Uuid>,
    names: &Names,
) -> Event {
    let kind = Kind::of_record(happened.kind);
    let data = TicketData {
        id: ticket.id,
        number: ticket.number,
        inbox_id: names.inboxes.get(&ticket.inbox).copied(),
        requester: requester.map(|visitor| names.visitor(visitor)),
        subject: ticket.subject.clone(),
        status: ticket.status.as_str(),
        priority: ticket.priority.as_str(),
        assignee: ticket.assignee.and_then(|key| names.agents.get(&key).cloned()),
        team_id: ticket.team,
        conversation_ids: conversations,
        due_at: ticket.due_at.map(timestamp),
        created_at: timestamp(ticket.created_at),
        updated_at: timestamp(ticket.updated_at),
        version: ticket.version,
    };
    let by = names.party(happened.actor, requester);
    match what {
        OfTicket::Changed(lines) => {
            let changes = lines.into_iter().map(|TicketHistory { line, .. }| FieldChanged {
                field: line.field.as_str(),
                before: line.before,
                after: line.after,
            });
            let data = TicketChanged { ticket: data, by, changes: changes.collect() };
            let id = id(ticket.id, kind, happened.keys.0);
            event(id, kind, ticket.id, None, happened.at, &data)
        }
        OfTicket::Commented(comment) => {
            let id = id(comment.id, kind, 0);
            let comment = CommentData {
                id: comment.id,
                from: by,
                internal: comment.internal,
                text: comment.text,
                created_at: timestamp(comment.created_at),
            };
            event(id, kind, ticket.id, None, happened.at, &TicketCommented { ticket: data, comment })
        }
    }
}

pub(super) fn of_visitor(happened: &Happened, visitor: &Visitor, names: &Names) -> Event {
    let kind = Kind::VisitorIdentified;
    let id = id(visitor.id, kind, happened.at.0);
    event(id, kind, visitor.id, None, happened.at, &VisitorIdentified { visitor: names.visitor(visitor) })
}

impl Names {
    fn visitor(&self, visitor: &Visitor) -> VisitorData {
        VisitorData {
            id: visitor.id,
            inbox_id: self.inboxes.get(&visitor.inbox).copied(),
            external_id: visitor.external_id.clone(),
            verified: visitor.verified,
            name: visitor.name.to_string(),
            email: visitor.email.clone(),
            attributes: object(&visitor.attributes).unwrap_or_default(),
        }
    }

    fn party(&self, who: Principal, visitor: Option<&Visitor>) -> Party {
        match who {
            Principal::Visitor(key) => {
                let visitor = visitor.filter(|visitor| visitor.key == key);
                let name = visitor.map(|visitor| visitor.name.to_string()).unwrap_or_default();
                Party { kind: "visitor", id: visitor.map(|visitor| visitor.id), name }
            }
            Principal::Agent(key) => {
                let agent = self.agents.get(&key);
                let name = agent.map(|agent| agent.name.clone()).unwrap_or_default();
                Party { kind: "agent", id: agent.map(|agent| agent.id), name }
            }
            Principal::Bot => Party { kind: "bot", id: None, name: String::new() },
            Principal::System => Party { kind: "system", id: None, name: String::new() },
        }
    }

    fn message(&self, entry: &Entry, visitor: &Visitor) -> MessageData {
        MessageData {
            id: entry.id,
            seq: entry.seq,
            kind: kind_word(entry.kind),
            from: self.party(entry.sender, Some(visitor)),
            text: entry.text.clone(),
            data: entry.data.as_deref().and_then(object),
            quote_seq: entry.quote_seq,
            revision: match entry.revision {
                Revision::Intact => "intact",
                Revision::Edited => "edited",
                Revision::Recalled => "recalled",
                Revision::Erased => "erased",
            },
            created_at: timestamp(entry.created_at),
        }
    }
}

fn kind_word(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Text => "text",
        MessageKind::Note => "note",
        MessageKind::Event => "event",
        MessageKind::Image => "image",
        MessageKind::File => "file",
        MessageKind::Voice => "voice",
        MessageKind::Video => "video",
        MessageKind::Location => "location",
        MessageKind::Card => "card",
        MessageKind::Form => "form",
    }
}

fn object(json: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(json).ok()
}

fn timestamp(at: Micros) -> Timestamp {
    Timestamp::from_micros(at.0)
}
