//! What events say. Within a version fields are only added.

use kefu_protocol::frame::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::described::data;

data! {
    /// Who did something.
    pub(super) struct Party {
        /// `visitor`, `agent`, `bot` or `system`.
        kind: &'static str = "agent",
        /// Public id of a visitor or an agent.
        id: Option<Uuid>,
        /// The name now; may be empty.
        name: String = "Lin",
    }
}

data! {
    /// A visitor, as it is known now.
    pub(super) struct VisitorData {
        /// Public id.
        id: Uuid,
        /// Where it writes.
        inbox_id: Option<Uuid>,
        /// The company's own id of it.
        external_id: Option<String> = "u-1024",
        /// Whether that is proven.
        verified: bool,
        /// May be empty.
        name: String = "Wang Fang",
        /// May be empty.
        email: String = "fang@example.com",
        /// What else the company's page says of it.
        attributes: Map<String, Value>,
    }
}

data! {
    /// The conversation that it happened in.
    pub(super) struct ConversationData {
        /// Public id.
        id: Uuid,
        /// Where it came in.
        inbox_id: Option<Uuid>,
    }
}

data! {
    /// An agent.
    pub(super) struct AgentData {
        /// Public id.
        id: Uuid,
        /// The name now.
        name: String = "Lin",
        /// The address that it signs in with.
        email: String = "lin@example.com",
    }
}

data! {
    /// A team.
    pub(super) struct TeamData {
        /// Public id.
        id: Uuid,
        /// The name now.
        name: String = "Refunds",
    }
}

data! {
    /// A message or a note, as it is now.
    pub(super) struct MessageData {
        /// Public id.
        id: Uuid,
        /// Number in the conversation.
        seq: u64 = 4,
        /// `text`, `image`, `file`, `voice`, `video`, `location`, `card`, `form` or `note`.
        kind: &'static str = "text",
        /// Who wrote it.
        from: Party,
        /// The text; empty once it was taken back or erased.
        text: String = "Where is my parcel?",
        /// What it holds besides, by its kind.
        data: Option<Map<String, Value>>,
        /// Number of the message that it quotes.
        quote_seq: Option<u64>,
        /// What became of it: `intact`, `edited`, `recalled` or `erased`.
        revision: &'static str = "intact",
        /// When it was taken.
        created_at: Timestamp,
    }
}

data! {
    /// A conversation changed.
    pub(super) struct ConversationChanged {
        /// Which one.
        conversation: ConversationData,
        /// Whose it is.
        visitor: VisitorData,
        /// Number of the change in the conversation.
        seq: u64 = 2,
        /// Who did it.
        by: Party,
        /// The agent that it happened to: of an assignment, who has the conversation from now on.
        agent: Option<AgentData>,
        /// The team that the conversation is for from now on, where that is said.
        team: Option<TeamData>,
        /// When it is to be taken up again, where that is said.
        until: Option<Timestamp>,
    }
}

data! {
    /// A message or a note was written, changed or taken back.
    pub(super) struct MessageWritten {
        /// Where.
        conversation: ConversationData,
        /// Whose conversation it is.
        visitor: VisitorData,
        /// The message as it is now.
        message: MessageData,
        /// Who did it.
        by: Party,
    }
}

data! {
    /// A visitor gave a score.
    pub(super) struct Rated {
        /// Of which conversation.
        conversation: ConversationData,
        /// Who gave it.
        visitor: VisitorData,
        /// Number of the change in the conversation.
        seq: u64 = 9,
        /// The agent who had the conversation last.
        agent: Option<AgentData>,
        /// 1 (bad) to 5 (good).
        score: u8 = 5,
        /// What the visitor says of it; empty when it says nothing or rated again since.
        comment: String = "Quick and kind",
    }
}

data! {
    /// Something happened to a ticket in a system of others.
    pub(super) struct ExternalTicket {
        /// In which conversation it was asked for.
        conversation: ConversationData,
        /// Whose conversation it is.
        visitor: VisitorData,
        /// Number of the change in the conversation.
        seq: u64 = 7,
        /// What is known of the ticket.
        ticket: Option<Map<String, Value>>,
    }
}

data! {
    /// A ticket, as it is now.
    pub(super) struct TicketData {
        /// Public id.
        id: Uuid,
        /// What people say.
        number: i64 = 1024,
        /// Where it belongs.
        inbox_id: Option<Uuid>,
        /// The visitor whose it is.
        requester: Option<VisitorData>,
        /// Empty once it was erased.
        subject: String = "Refund of order 1024",
        /// `new`, `open`, `pending`, `solved` or `closed`.
        status: &'static str = "open",
        /// `low`, `normal`, `high` or `urgent`.
        priority: &'static str = "normal",
        /// Who works on it.
        assignee: Option<AgentData>,
        /// The team that it is for.
        team_id: Option<Uuid>,
        /// The conversations that belong to it.
        conversation_ids: Vec<Uuid>,
        /// When it is due.
        due_at: Option<Timestamp>,
        /// When it was made.
        created_at: Timestamp,
        /// When something last happened to it.
        updated_at: Timestamp,
        /// Rises with each change of a field.
        version: u64 = 2,
    }
}

data! {
    /// A field of a ticket that changed.
    pub(super) struct FieldChanged {
        /// Which one.
        field: &'static str = "status",
        /// What it was.
        before: Option<String> = "new",
        /// What it became.
        after: Option<String> = "open",
    }
}

data! {
    /// What was said about a ticket.
    pub(super) struct CommentData {
        /// Public id.
        id: Uuid,
        /// Who wrote it.
        from: Party,
        /// For agents only.
        internal: bool = false,
        /// Empty once it was erased.
        text: String = "The refund is on its way",
        /// When it was written.
        created_at: Timestamp,
    }
}

data! {
    /// Something happened to a ticket.
    pub(super) struct TicketChanged {
        /// Which one.
        ticket: TicketData,
        /// Who did it.
        by: Party,
        /// What changed.
        changes: Vec<FieldChanged>,
    }
}

data! {
    /// A ticket was commented on.
    pub(super) struct TicketCommented {
        /// Which one.
        ticket: TicketData,
        /// The comment.
        comment: CommentData,
    }
}

data! {
    /// A visitor said who it is, or that changed.
    pub(super) struct VisitorIdentified {
        /// Which one.
        visitor: VisitorData,
    }
}
