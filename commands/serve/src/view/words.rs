//! The words of the protocol for what the domain knows, and what events say in plain English.

use kefu_core::{Event, EventCode, MessageKind, Principal, Revision};
use kefu_protocol::frame;

use super::Directory;

/// The protocol's word for a kind as core's.
pub(crate) fn message_kind(kind: frame::SendKind) -> MessageKind {
    match kind {
        frame::SendKind::Text => MessageKind::Text,
        frame::SendKind::Note => MessageKind::Note,
        frame::SendKind::Location => MessageKind::Location,
        frame::SendKind::Card => MessageKind::Card,
        frame::SendKind::Form => MessageKind::Form,
        frame::SendKind::Image => MessageKind::Image,
        frame::SendKind::File => MessageKind::File,
        frame::SendKind::Voice => MessageKind::Voice,
        frame::SendKind::Video => MessageKind::Video,
    }
}

pub(super) fn kind_word(kind: MessageKind) -> frame::MessageKind {
    match kind {
        MessageKind::Text => frame::MessageKind::Text,
        MessageKind::Note => frame::MessageKind::Note,
        MessageKind::Event => frame::MessageKind::Event,
        MessageKind::Image => frame::MessageKind::Image,
        MessageKind::File => frame::MessageKind::File,
        MessageKind::Voice => frame::MessageKind::Voice,
        MessageKind::Video => frame::MessageKind::Video,
        MessageKind::Location => frame::MessageKind::Location,
        MessageKind::Card => frame::MessageKind::Card,
        MessageKind::Form => frame::MessageKind::Form,
    }
}

pub(super) fn revision_word(revision: Revision) -> Option<frame::Revision> {
    match revision {
        Revision::Intact => None,
        Revision::Edited => Some(frame::Revision::Edited),
        Revision::Recalled => Some(frame::Revision::Recalled),
        Revision::Erased => Some(frame::Revision::Erased),
    }
}

/// core's word for an event as the protocol's.
pub(super) fn event_word(code: EventCode) -> frame::EventCode {
    match code {
        EventCode::Queued => frame::EventCode::Queued,
        EventCode::Assigned => frame::EventCode::Assigned,
        EventCode::Transferred => frame::EventCode::Transferred,
        EventCode::Pending => frame::EventCode::Pending,
        EventCode::Resolved => frame::EventCode::Resolved,
        EventCode::Reopened => frame::EventCode::Reopened,
        EventCode::Rated => frame::EventCode::Rated,
        EventCode::RatingInvited => frame::EventCode::RatingInvited,
        EventCode::Edited => frame::EventCode::Edited,
        EventCode::Recalled => frame::EventCode::Recalled,
        EventCode::IdleWarned => frame::EventCode::IdleWarned,
        EventCode::Joined => frame::EventCode::Joined,
        EventCode::Left => frame::EventCode::Left,
        EventCode::TakenOver => frame::EventCode::TakenOver,
        EventCode::Erased => frame::EventCode::Erased,
        EventCode::HandedOver => frame::EventCode::HandedOver,
        EventCode::TicketCreated => frame::EventCode::TicketCreated,
        EventCode::TicketUpdated => frame::EventCode::TicketUpdated,
        EventCode::TicketCommented => frame::EventCode::TicketCommented,
        EventCode::TicketFailed => frame::EventCode::TicketFailed,
        EventCode::TicketUnknown => frame::EventCode::TicketUnknown,
    }
}

/// The hint that goes with an event.
pub(crate) fn change_word(code: EventCode) -> frame::Change {
    match code {
        EventCode::Queued => frame::Change::Queued,
        EventCode::Assigned => frame::Change::Assigned,
        EventCode::Transferred => frame::Change::Transferred,
        EventCode::Pending => frame::Change::Pending,
        EventCode::Resolved => frame::Change::Resolved,
        EventCode::Reopened => frame::Change::Reopened,
        EventCode::Rated => frame::Change::Rated,
        EventCode::TakenOver => frame::Change::TakenOver,
        EventCode::RatingInvited
        | EventCode::Edited
        | EventCode::Recalled
        | EventCode::IdleWarned
        | EventCode::Joined
        | EventCode::Left
        | EventCode::Erased
        | EventCode::HandedOver
        | EventCode::TicketCreated
        | EventCode::TicketUpdated
        | EventCode::TicketCommented
        | EventCode::TicketFailed
        | EventCode::TicketUnknown => frame::Change::Updated,
    }
}

impl Directory {
    /// What an event that is `by`'s doing says in plain English, for clients that do not know its code.
    pub(crate) fn event_text(&self, event: Event, by: Principal) -> String {
        let agent = event.agent.and_then(|key| self.agents.get(&key)).map_or("", |agent| &*agent.name);
        match (event.code, agent) {
            (EventCode::Queued, _) => "waiting for an agent".to_owned(),
            (EventCode::Assigned, name) => format!("{name} takes the conversation"),
            (EventCode::Transferred, "") => "back in the queue".to_owned(),
            (EventCode::Transferred, name) => format!("transferred to {name}"),
            (EventCode::Pending, _) if event.until.is_some() => "set aside until a time".to_owned(),
            (EventCode::Pending, _) => "set aside until something outside happens".to_owned(),
            (EventCode::Resolved, _) if matches!(by, Principal::Visitor(_)) => {
                "the visitor has ended the conversation".to_owned()
            }
            (EventCode::Resolved, _) => "the conversation has ended".to_owned(),
            (EventCode::Reopened, _) => "the conversation is taken up again".to_owned(),
            (EventCode::RatingInvited, _) => "a rating is asked for".to_owned(),
            (EventCode::Edited, _) => "a message was edited".to_owned(),
            (EventCode::Recalled, _) => "a message was recalled".to_owned(),
            (EventCode::IdleWarned, _) => {
                "nobody has written for a while: the conversation will end soon".to_owned()
            }
            (EventCode::Joined, name) => format!("{name} joins the conversation"),
            (EventCode::Left, name) => format!("{name} leaves the conversation"),
            (EventCode::TakenOver, name) => format!("{name} takes the conversation over"),
            (EventCode::Erased, _) => "what was said is erased".to_owned(),
            (EventCode::HandedOver, _) => "the bot hands the conversation to a person".to_owned(),
            (EventCode::Rated, _) => format!("rated {} of 5", event.score.unwrap_or(0)),
            // Which one, `data` says: that goes with an erasure.
            (EventCode::TicketCreated, _) => "a ticket is made in the other system".to_owned(),
            (EventCode::TicketUpdated, _) => "a ticket in the other system is changed".to_owned(),
            (EventCode::TicketCommented, _) => "a ticket in the other system is commented on".to_owned(),
            (EventCode::TicketFailed, _) => "the other system has not done what was asked".to_owned(),
            (EventCode::TicketUnknown, _) => {
                "it is not known whether the other system has done what was asked".to_owned()
            }
        }
    }
}
