use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AgentKey, Content, ConversationKey, Micros, Principal, TeamKey};

/// What an entry of a conversation's log is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageKind {
    /// Written by one side for the other.
    Text,
    /// Internal: seen by agents only.
    Note,
    /// A change of the conversation, see [`Event`].
    Event,
    /// A picture.
    Image,
    /// A file.
    File,
    /// A voice message.
    Voice,
    /// A video.
    Video,
    /// A place.
    Location,
    /// A product or an order.
    Card,
    /// Questions to the visitor, or its answers.
    Form,
}

impl MessageKind {
    /// Whether one side wrote it for the other: neither a note nor an event.
    #[must_use]
    pub fn is_public_message(self) -> bool {
        !matches!(self, Self::Note | Self::Event)
    }

    /// Whether such a message is a file that was uploaded before.
    #[must_use]
    pub fn has_file(self) -> bool {
        matches!(self, Self::Image | Self::File | Self::Voice | Self::Video)
    }
}

/// What became of an entry after it was written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Revision {
    /// Nothing.
    #[default]
    Intact,
    /// Its sender changed the text.
    Edited,
    /// It was taken back: the text is gone from view.
    Recalled,
    /// It was erased for good; only its place is left.
    Erased,
}

/// Which view of a conversation a reader has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Audience {
    /// Everything but notes.
    Visitor,
    /// Everything.
    Agent,
}

impl Audience {
    /// Whether a reader of this audience may see entries of `kind`.
    #[must_use]
    pub fn sees(self, kind: MessageKind) -> bool {
        self == Self::Agent || kind != MessageKind::Note
    }
}

/// A durable change of a conversation, as its log keeps it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Event {
    /// What happened.
    pub code: EventCode,
    /// The agent that it happened to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentKey>,
    /// The score of a rating, 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// The entry that it is about, for edits and recalls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The team that the conversation is for from here on, so that later moves do not change what is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamKey>,
    /// When it is to be taken up again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Micros>,
}

impl Event {
    /// A change that has no more to it than what it is.
    #[must_use]
    pub fn of(code: EventCode) -> Self {
        Self { code, agent: None, score: None, seq: None, team: None, until: None }
    }
}

/// The kinds of change that a log keeps.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventCode {
    /// Waits for an agent.
    Queued,
    /// An agent took it or got it.
    Assigned,
    /// Moved from one agent to another, or back to the queue.
    Transferred,
    /// Waits for something outside.
    Pending,
    /// Ended.
    Resolved,
    /// Taken up again.
    Reopened,
    /// The visitor gave a score.
    Rated,
    /// The visitor is asked for a score.
    RatingInvited,
    /// The sender of a message changed its text.
    Edited,
    /// A message was taken back.
    Recalled,
    /// Nobody has written for a while: the conversation will end.
    IdleWarned,
    /// An agent takes part beside the one who has it.
    Joined,
    /// An agent who took part does so no longer.
    Left,
    /// An agent took it from whoever had it.
    TakenOver,
    /// Everything that was said before is erased for good.
    Erased,
    /// The bot has it no longer: it is for people from here on.
    HandedOver,
    /// A ticket was made in a system of others.
    #[serde(rename = "ticket.external.created")]
    TicketCreated,
    /// A ticket in a system of others was changed.
    #[serde(rename = "ticket.external.updated")]
    TicketUpdated,
    /// A ticket in a system of others was commented on.
    #[serde(rename = "ticket.external.commented")]
    TicketCommented,
    /// What was asked of a system of others is not done.
    #[serde(rename = "ticket.external.failed")]
    TicketFailed,
    /// Nobody knows whether what was asked of a system of others is done.
    #[serde(rename = "ticket.external.unknown")]
    TicketUnknown,
}

impl EventCode {
    /// The word that stands for it in frames.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Assigned => "assigned",
            Self::Transferred => "transferred",
            Self::Pending => "pending",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
            Self::Rated => "rated",
            Self::RatingInvited => "rating_invited",
            Self::Edited => "edited",
            Self::Recalled => "recalled",
            Self::IdleWarned => "idle_warned",
            Self::Joined => "joined",
            Self::Left => "left",
            Self::TakenOver => "taken_over",
            Self::Erased => "erased",
            Self::HandedOver => "handed_over",
            Self::TicketCreated => "ticket.external.created",
            Self::TicketUpdated => "ticket.external.updated",
            Self::TicketCommented => "ticket.external.commented",
            Self::TicketFailed => "ticket.external.failed",
            Self::TicketUnknown => "ticket.external.unknown",
        }
    }
}

/// One entry of a conversation's log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Global position in the store's log; 0 until the entry is written.
    pub pos: i64,
    /// The conversation.
    pub conversation: ConversationKey,
    /// 1, 2, 3 … within the conversation, with no gap.
    pub seq: u64,
    /// Position of the entry before it in the same conversation; 0 for the first.
    pub prev_pos: i64,
    /// The greatest `seq` below this one that a visitor may see; 0 when there is none.
    pub prev_public_seq: u64,
    /// UUIDv7, or UUIDv5 of its source key when imported.
    pub id: Uuid,
    /// The sender's own id of the message; events have none.
    pub client_id: Option<Uuid>,
    /// Who wrote or did it.
    pub sender: Principal,
    /// What it is.
    pub kind: MessageKind,
    /// The text; for an event its plain English fallback.
    pub text: String,
    /// The change, for [`MessageKind::Event`] and for notes that tell of what visitors do not hear of: the change of
    /// another note, or what became of a ticket in a system of others.
    pub event: Option<Event>,
    /// What the message holds besides its text, as JSON; see [`Content`](crate::Content).
    pub data: Option<Box<str>>,
    /// `seq` of the entry that it quotes.
    pub quote_seq: Option<u64>,
    /// What became of it.
    pub revision: Revision,
    /// When the daemon took it.
    pub created_at: Micros,
}

impl Entry {
    /// Whether it says just this.
    #[must_use]
    pub fn says(&self, content: &Content) -> bool {
        self.kind == content.kind
            && self.text == content.text
            && self.data == content.data
            && self.quote_seq == content.quote_seq
    }

    /// The number before this entry's among those that `audience` may see.
    #[must_use]
    pub fn prev_seq(&self, audience: Audience) -> u64 {
        match audience {
            Audience::Agent => self.seq - 1,
            Audience::Visitor => self.prev_public_seq,
        }
    }
}
