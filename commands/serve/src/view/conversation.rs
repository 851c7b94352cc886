//! A conversation's head, as lists and hints show it.

use kefu_core::{Audience, Conversation, Entry, MessageKind, Micros, Principal, Priority, State};
use kefu_protocol::frame::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{AgentRef, Directory, InboxRef, PartyView, TeamRef, VisitorBrief, VisitorRef, timestamp};

/// How many characters of a message a list shows.
const PREVIEW_CHARS: usize = 160;

/// How many more are looked at: what is cut in two is then still known for what it is, and masked.
const MARGIN_CHARS: usize = 128;

/// Where a waiting conversation stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub(crate) struct QueueView {
    /// The place in the queue; 1 is next.
    pub(crate) position: usize,
    /// How long it will take at the pace of late; absent while nothing is known of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wait_ms: Option<i64>,
}

/// A conversation that an agent is asked to accept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OfferView {
    pub(crate) agent: AgentRef,
    /// Afterwards somebody else is asked.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) until: Timestamp,
}

/// The visitor's rating.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RatingView {
    /// 1 (bad) to 5 (good).
    pub(crate) score: u8,
    pub(crate) comment: String,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
}

/// The last text or note of a conversation, shortened.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Preview {
    pub(crate) seq: u64,
    #[schema(value_type = String, example = "text")]
    pub(crate) kind: MessageKind,
    pub(crate) text: String,
    pub(crate) from: PartyView,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
}

/// What lists show of a message. There is one for every conversation in memory: it holds no more than that.
#[derive(Clone, Debug)]
pub(crate) struct LastMessage {
    pub(crate) seq: u64,
    kind: MessageKind,
    sender: Principal,
    /// The beginning of the text.
    text: Box<str>,
    created_at: Micros,
}

impl LastMessage {
    /// Forgets what it said.
    pub(crate) fn erase(&mut self) {
        self.text = Box::default();
    }
}

impl From<&Entry> for LastMessage {
    fn from(entry: &Entry) -> Self {
        Self {
            seq: entry.seq,
            kind: entry.kind,
            sender: entry.sender,
            text: first_chars(&entry.text, PREVIEW_CHARS + MARGIN_CHARS).into(),
            created_at: entry.created_at,
        }
    }
}

/// A conversation's head, as one reader may see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ConversationView {
    pub(crate) id: Uuid,
    pub(crate) inbox: InboxRef,
    pub(crate) visitor: VisitorRef,
    /// `new`, `queued`, `open`, `pending` or `resolved`; what is `open` without an assignee is with the bot.
    #[schema(value_type = String, example = "open")]
    pub(crate) state: State,
    pub(crate) assignee: Option<AgentRef>,
    /// Agents who take part beside it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) joined: Vec<AgentRef>,
    /// The team that it waits for or was answered by; anybody when there is none.
    pub(crate) team: Option<TeamRef>,
    /// `low`, `normal`, `high` or `urgent`.
    #[schema(value_type = String, example = "normal")]
    pub(crate) priority: Priority,
    /// To whom it is offered, and until when: for agents only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offer: Option<OfferView>,
    /// While it waits: where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) queue: Option<QueueView>,
    /// The greatest `seq` that the reader may see.
    pub(crate) last_seq: u64,
    pub(crate) visitor_read_seq: u64,
    pub(crate) agent_read_seq: u64,
    pub(crate) last_message: Option<Preview>,
    /// Since when the visitor has no answer: for agents only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) unanswered_since: Option<Timestamp>,
    /// Until when it is set aside: for agents only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) snoozed_until: Option<Timestamp>,
    /// An agent marked it as unread, and none has read it since: for agents only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) marked_unread: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) queued_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) updated_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) resolved_at: Option<Timestamp>,
    pub(crate) rating: Option<RatingView>,
    /// Ids of its tags, for agents; hints leave them out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<Vec<Uuid>>,
}

impl Directory {
    /// A conversation as `audience` sees it; `last` is the last message that it may see.
    pub(crate) fn conversation(
        &self,
        conversation: &Conversation,
        visitor: &VisitorBrief,
        last: Option<&LastMessage>,
        audience: Audience,
    ) -> ConversationView {
        let masking = self.masking.of(audience);
        let for_agents = audience == Audience::Agent;
        ConversationView {
            id: conversation.id,
            inbox: self.inbox_ref(conversation.inbox),
            visitor: VisitorRef {
                id: visitor.id,
                name: masking.name(&visitor.name),
                verified: visitor.verified,
            },
            state: conversation.state,
            assignee: conversation.assignee.and_then(|key| self.agent_ref(key)),
            joined: conversation.joined.iter().filter_map(|key| self.agent_ref(*key)).collect(),
            team: conversation.team.and_then(|key| self.team_ref(key)),
            priority: conversation.priority,
            offer: None,
            queue: None,
            last_seq: conversation.last_seq(audience),
            visitor_read_seq: conversation.visitor_read_seq,
            agent_read_seq: conversation.agent_read_seq,
            last_message: last.map(|last| Preview {
                seq: last.seq,
                kind: last.kind,
                text: shorten(&masking.text(&last.text)).to_owned(),
                from: self.party(last.sender, visitor, audience).into(),
                created_at: timestamp(last.created_at),
            }),
            unanswered_since: conversation.unanswered_at.filter(|_| for_agents).map(timestamp),
            snoozed_until: conversation.snoozed_until.filter(|_| for_agents).map(timestamp),
            marked_unread: conversation.marked_unread && for_agents,
            queued_at: conversation.queued_at.map(timestamp),
            created_at: timestamp(conversation.created_at),
            updated_at: timestamp(conversation.updated_at),
            resolved_at: conversation.resolved_at.map(timestamp),
            rating: conversation.rating.as_ref().map(|rating| RatingView {
                score: rating.score,
                comment: masking.text(&rating.comment).into_owned(),
                created_at: timestamp(rating.created_at),
            }),
            tags: None,
        }
    }
}

/// The first [`PREVIEW_CHARS`] characters.
fn shorten(text: &str) -> &str {
    first_chars(text, PREVIEW_CHARS)
}

fn first_chars(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previews_are_cut_between_characters() {
        let text = "退".repeat(PREVIEW_CHARS + 5);
        assert_eq!(shorten(&text).chars().count(), PREVIEW_CHARS);
        assert_eq!(shorten("短"), "短");
    }
}
