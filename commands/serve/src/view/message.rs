//! Entries of a conversation's log, as frames and pages show them.

use std::borrow::Cow;

use kefu_core::{Audience, Entry, EventCode, MessageKind, Principal};
use kefu_protocol::frame::{self, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    AgentRef, Directory, PartyView, VisitorBrief, timestamp,
    words::{event_word, kind_word, revision_word},
};
use crate::masking::Masking;

/// What happened to a conversation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    /// `queued`, `assigned`, `transferred`, `pending`, `resolved`, `reopened`, `rated`, `rating_invited`, `edited`,
    /// `recalled`, `idle_warned`, `joined`, `left`, `taken_over`, `handed_over`, `erased`, or of a ticket in a system of
    /// others `ticket.external.created`, `….updated`, `….commented`, `….failed` or `….unknown`.
    #[schema(value_type = String, example = "assigned")]
    pub(crate) code: EventCode,
    /// The agent who has the conversation now; of `joined` and `left` the one who came or went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<AgentRef>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<PartyView>,
    /// The score of a rating.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) score: Option<u8>,
    /// Number of the message that an edit or recall is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seq: Option<u64>,
    /// Until when the conversation was set aside: for agents only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) until: Option<Timestamp>,
}

/// An entry of a conversation's log; the `message` frame without its type.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MessageView {
    pub(crate) conversation_id: Uuid,
    /// 1, 2, 3 … within the conversation.
    pub(crate) seq: u64,
    /// The number before it among those that the reader may see.
    pub(crate) prev_seq: u64,
    pub(crate) id: Uuid,
    /// The sender's own id of the message; events have none.
    pub(crate) client_id: Option<Uuid>,
    pub(crate) from: PartyView,
    #[schema(value_type = String, example = "text")]
    pub(crate) kind: MessageKind,
    /// The text; of an event its plain English fallback.
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) event: Option<EventView>,
    /// What it holds besides its text, by kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) data: Option<Box<RawValue>>,
    /// Number of the message that it quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quote_seq: Option<u64>,
    /// `edited`, `recalled` or `erased`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "edited")]
    pub(crate) revision: Option<frame::Revision>,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
}

impl Directory {
    /// `entry` as `audience` sees it.
    pub(crate) fn message<'a>(
        &'a self,
        entry: &'a Entry,
        conversation_id: Uuid,
        visitor: &'a VisitorBrief,
        audience: Audience,
    ) -> frame::Message<'a> {
        let masking = self.masking.of(audience);
        let event = entry.event.map(|event| frame::Event {
            code: event_word(event.code),
            agent: event.agent.and_then(|key| self.agent_name(key)),
            by: (entry.sender != Principal::System).then(|| self.party(entry.sender, visitor, audience)),
            score: event.score,
            seq: event.seq,
            until: event.until.filter(|_| audience == Audience::Agent).map(timestamp),
        });
        frame::Message {
            conversation_id,
            seq: entry.seq,
            prev_seq: entry.prev_seq(audience),
            id: entry.id,
            client_id: entry.client_id,
            from: self.party(entry.sender, visitor, audience),
            kind: kind_word(entry.kind),
            // What an event says is kefu's own.
            text: if event.is_some() { Cow::Borrowed(&entry.text) } else { masking.text(&entry.text) },
            event,
            data: self.data(entry, masking).map(frame::Json::new),
            quote_seq: entry.quote_seq,
            revision: revision_word(entry.revision),
            created_at: timestamp(entry.created_at),
        }
    }

    /// What an entry holds besides its text, as a reader gets it: masked, and a file with its address.
    fn data<'a>(&self, entry: &'a Entry, masking: Masking) -> Option<Cow<'a, str>> {
        let data = entry.data.as_deref()?;
        if entry.event.is_some() {
            // As with its text: numbers and addresses are not mistaken for somebody's.
            return Some(Cow::Borrowed(data));
        }
        if !entry.kind.has_file() {
            return Some(masking.data(data));
        }
        let data = masking.file(data);
        match self.links.add_to(&data) {
            Cow::Owned(linked) => Some(Cow::Owned(linked)),
            Cow::Borrowed(_) => Some(data),
        }
    }

    /// `entry` as an item of a page that `audience` reads.
    pub(crate) fn message_view(
        &self,
        entry: Entry,
        conversation_id: Uuid,
        visitor: &VisitorBrief,
        audience: Audience,
    ) -> MessageView {
        let from = PartyView::from(self.party(entry.sender, visitor, audience));
        self.view(entry, conversation_id, from, audience, self.masking.of(audience))
    }

    /// The same with nothing masked.
    pub(crate) fn whole_view(
        &self,
        entry: Entry,
        conversation_id: Uuid,
        from: PartyView,
        audience: Audience,
    ) -> MessageView {
        self.view(entry, conversation_id, from, audience, Masking::NONE)
    }

    fn view(
        &self,
        entry: Entry,
        conversation_id: Uuid,
        from: PartyView,
        audience: Audience,
        masking: Masking,
    ) -> MessageView {
        let data = self.data(&entry, masking).and_then(|data| RawValue::from_string(data.into_owned()).ok());
        MessageView {
            conversation_id,
            seq: entry.seq,
            prev_seq: entry.prev_seq(audience),
            id: entry.id,
            client_id: entry.client_id,
            event: entry.event.map(|event| EventView {
                code: event.code,
                agent: event.agent.and_then(|key| self.agent_ref(key)),
                by: (entry.sender != Principal::System).then(|| from.clone()),
                score: event.score,
                seq: event.seq,
                until: event.until.filter(|_| audience == Audience::Agent).map(timestamp),
            }),
            from,
            kind: entry.kind,
            // What an event says is kefu's own.
            text: if entry.event.is_some() { entry.text } else { masking.string(entry.text) },
            data,
            quote_seq: entry.quote_seq,
            revision: revision_word(entry.revision),
            created_at: timestamp(entry.created_at),
        }
    }
}
