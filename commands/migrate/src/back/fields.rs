//! The fields of what is here, by the names that mappings have for them.

use kefu_core::{MessageKind, Micros, TicketPriority, TicketStatus};
use kefu_store::import::{Entity, Record, Sender};
use uuid::Uuid;

/// Times that differ by less than this are the same: older systems count in seconds.
const SECOND_US: u64 = 1_000_000;

/// What a field is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field<'a> {
    Text(&'a str),
    Word(&'static str),
    Time(Option<Micros>),
    Reference(Entity, Option<Uuid>),
    /// A JSON object.
    Object(&'a str),
}

impl Field<'_> {
    /// Whether there is nothing to be said.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Text("") | Self::Time(None) | Self::Reference(_, None) | Self::Object("" | "{}"))
    }

    /// Whether it says the same, as far as older systems can tell.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Time(Some(one)), Self::Time(Some(two))) => one.0.abs_diff(two.0) < SECOND_US,
            (Self::Object(one), Self::Object(two)) => {
                let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
                read(one) == read(two)
            }
            _ => self == other,
        }
    }
}

/// All fields of a record that a row there could have.
pub(super) fn fields(record: &Record) -> Vec<(&'static str, Field<'_>)> {
    use Field::{Object, Reference, Text, Time, Word};
    match record {
        Record::Visitor(visitor) => vec![
            ("external_id", Text(visitor.external_id.as_deref().unwrap_or_default())),
            ("name", Text(&visitor.name)),
            ("email", Text(&visitor.email)),
            ("phone", Text(&visitor.phone)),
            ("attributes", Object(&visitor.attributes)),
            ("created_at", Time(Some(visitor.created_at))),
            ("last_seen_at", Time(Some(visitor.last_seen_at))),
        ],
        Record::Conversation(conversation) => vec![
            ("visitor", Reference(Entity::Visitor, Some(conversation.visitor))),
            ("assignee", Reference(Entity::Agent, conversation.assignee)),
            ("state", Word(conversation.state.as_str())),
            ("created_at", Time(Some(conversation.created_at))),
            ("resolved_at", Time(conversation.resolved_at)),
            ("inbox", Text(&conversation.inbox)),
        ],
        Record::Message(message) => {
            let (sender, agent) = match message.sender {
                Sender::Visitor => ("visitor", None),
                Sender::Agent(agent) => ("agent", Some(agent)),
                Sender::Bot => ("bot", None),
                Sender::System => ("system", None),
            };
            let kind = if message.kind == MessageKind::Note { "note" } else { "text" };
            vec![
                ("conversation", Reference(Entity::Conversation, Some(message.conversation))),
                ("sender", Word(sender)),
                ("agent", Reference(Entity::Agent, agent)),
                ("kind", Word(kind)),
                ("text", Text(&message.text)),
                ("occurred_at", Time(Some(message.occurred_at))),
            ]
        }
        Record::Ticket(ticket) => vec![
            ("requester", Reference(Entity::Visitor, ticket.requester)),
            ("assignee", Reference(Entity::Agent, ticket.assignee)),
            ("subject", Text(&ticket.subject)),
            ("body", Text(&ticket.body)),
            ("contact_name", Text(&ticket.contact_name)),
            ("contact_email", Text(&ticket.contact_email)),
            ("contact_phone", Text(&ticket.contact_phone)),
            ("status", Word(TicketStatus::as_str(ticket.status))),
            ("priority", Word(TicketPriority::as_str(ticket.priority))),
            ("created_at", Time(Some(ticket.created_at))),
            ("updated_at", Time(Some(ticket.updated_at))),
            ("inbox", Text(&ticket.inbox)),
        ],
        Record::Agent(_) | Record::Canned(_) | Record::Article(_) => Vec::new(),
    }
}

/// The fields of which a change here is one there, too.
pub(super) fn changing(entity: Entity) -> &'static [&'static str] {
    match entity {
        Entity::Visitor => &["name", "email", "phone", "attributes", "last_seen_at"],
        Entity::Conversation => &["assignee", "state", "resolved_at"],
        Entity::Message => &["text"],
        Entity::Ticket => &[
            "requester",
            "assignee",
            "subject",
            "body",
            "contact_name",
            "contact_email",
            "contact_phone",
            "status",
            "priority",
            "updated_at",
        ],
        Entity::Agent | Entity::Canned | Entity::Article => &[],
    }
}

/// Whether a new row would say the wrong thing without this field.
pub(super) fn is_needed(record: &Record, field: &str) -> bool {
    match record {
        Record::Message(message) => match field {
            // What is for agents alone must not be something that visitors see there.
            "kind" => message.kind == MessageKind::Note,
            "agent" => matches!(message.sender, Sender::Agent(_)),
            _ => true,
        },
        Record::Visitor(_) => false,
        // In another inbox it would be another company's.
        Record::Conversation(_) => matches!(field, "visitor" | "inbox"),
        Record::Ticket(_) => matches!(field, "subject" | "inbox"),
        Record::Agent(_) | Record::Canned(_) | Record::Article(_) => false,
    }
}

/// When something was made.
pub(super) fn made_at(record: &Record) -> Option<Micros> {
    match record {
        Record::Visitor(visitor) => Some(visitor.created_at),
        Record::Conversation(conversation) => Some(conversation.created_at),
        Record::Message(message) => Some(message.occurred_at),
        Record::Ticket(ticket) => Some(ticket.created_at),
        Record::Agent(_) | Record::Canned(_) | Record::Article(_) => None,
    }
}
