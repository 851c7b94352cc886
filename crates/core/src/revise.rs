use crate::{Entry, Event, EventCode, MessageKind, Micros, Permission, Principal, Revision, Rights};

/// How long a sender may take back a message.
pub const RECALL_WINDOW_SECONDS: i64 = 2 * 60;

/// How long a sender may change the text of a message.
pub const EDIT_WINDOW_SECONDS: i64 = 15 * 60;

/// A change of a message that was sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Revise {
    /// Another text.
    Edit(String),
    /// It is taken back.
    Recall,
}

/// Why a message stays as it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unrevised {
    /// It is somebody else's.
    #[error("only its sender may change a message")]
    Foreign,
    /// It is too old.
    #[error("the message is too old to be changed")]
    TooLate,
    /// It is an event, has no text of its own, or was taken back.
    #[error("this message cannot be changed")]
    Fixed,
}

/// Whether `who` may change `entry` so at `now`; returns what it becomes and the event that tells of it.
///
/// A sender may edit texts and notes for [`EDIT_WINDOW_SECONDS`] and take back any message for
/// [`RECALL_WINDOW_SECONDS`]. Who sees all conversations may take back what agents wrote at any time.
///
/// # Errors
/// When it may not be changed so.
pub fn revise(
    who: Principal,
    rights: Rights,
    entry: &Entry,
    how: &Revise,
    now: Micros,
) -> Result<(Revision, Event), Unrevised> {
    if entry.kind == MessageKind::Event
        || matches!(entry.revision, Revision::Recalled | Revision::Erased)
        || entry.client_id.is_none()
    {
        return Err(Unrevised::Fixed);
    }
    let own = entry.sender == who;
    let age = |seconds: i64| now.0 - entry.created_at.0 <= seconds * 1_000_000;
    let (revision, code) = match how {
        Revise::Edit(_) if !own => return Err(Unrevised::Foreign),
        Revise::Edit(_) if !matches!(entry.kind, MessageKind::Text | MessageKind::Note) => {
            return Err(Unrevised::Fixed);
        }
        Revise::Edit(_) if !age(EDIT_WINDOW_SECONDS) => return Err(Unrevised::TooLate),
        Revise::Edit(_) => (Revision::Edited, EventCode::Edited),
        Revise::Recall => {
            let oversees = rights.has(Permission::AllConversations)
                && matches!(entry.sender, Principal::Agent(_) | Principal::Bot);
            if !own && !oversees {
                return Err(Unrevised::Foreign);
            }
            if !oversees && !age(RECALL_WINDOW_SECONDS) {
                return Err(Unrevised::TooLate);
            }
            (Revision::Recalled, EventCode::Recalled)
        }
    };
    Ok((revision, Event { seq: Some(entry.seq), ..Event::of(code) }))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{AgentKey, ConversationKey, Role, VisitorKey};

    fn entry(sender: Principal, kind: MessageKind) -> Entry {
        Entry {
            pos: 1,
            conversation: ConversationKey(1),
            seq: 7,
            prev_pos: 0,
            prev_public_seq: 0,
            id: Uuid::nil(),
            client_id: Some(Uuid::nil()),
            sender,
            kind,
            text: "x".to_owned(),
            event: None,
            data: None,
            quote_seq: None,
            revision: Revision::Intact,
            created_at: Micros(0),
        }
    }

    #[test]
    fn windows_owners_and_kinds() {
        let (visitor, agent) = (Principal::Visitor(VisitorKey(1)), Principal::Agent(AgentKey(1)));
        let other = Principal::Agent(AgentKey(2));
        let edit = Revise::Edit("y".to_owned());
        let at = |seconds: i64| Micros(seconds * 1_000_000);
        let (nobody, agents, supervisors) = (Rights::NONE, Role::Agent.rights(), Role::Supervisor.rights());
        let text = |sender| entry(sender, MessageKind::Text);
        let code = |result: Result<(Revision, Event), Unrevised>| result.map(|(_, event)| event.code);
        for (who, rights, entry, how, now, expected) in [
            (visitor, nobody, text(visitor), &Revise::Recall, at(120), Ok(EventCode::Recalled)),
            (visitor, nobody, text(visitor), &Revise::Recall, at(121), Err(Unrevised::TooLate)),
            (visitor, nobody, text(visitor), &edit, at(900), Ok(EventCode::Edited)),
            (visitor, nobody, text(visitor), &edit, at(901), Err(Unrevised::TooLate)),
            (visitor, nobody, text(agent), &Revise::Recall, at(1), Err(Unrevised::Foreign)),
            (other, agents, text(agent), &edit, at(1), Err(Unrevised::Foreign)),
            (other, supervisors, text(agent), &edit, at(1), Err(Unrevised::Foreign)),
            (other, supervisors, text(agent), &Revise::Recall, at(9999), Ok(EventCode::Recalled)),
            (other, supervisors, text(visitor), &Revise::Recall, at(1), Err(Unrevised::Foreign)),
            (agent, agents, entry(agent, MessageKind::Card), &edit, at(1), Err(Unrevised::Fixed)),
            (agent, agents, entry(agent, MessageKind::Card), &Revise::Recall, at(1), Ok(EventCode::Recalled)),
            (agent, agents, entry(agent, MessageKind::Event), &Revise::Recall, at(1), Err(Unrevised::Fixed)),
        ] {
            assert_eq!(code(revise(who, rights, &entry, how, now)), expected);
        }
        let gone = Entry { revision: Revision::Recalled, ..text(agent) };
        assert_eq!(revise(agent, agents, &gone, &edit, at(1)), Err(Unrevised::Fixed));
        let (revision, event) = revise(agent, agents, &text(agent), &edit, at(1)).unwrap();
        assert_eq!((revision, event.seq), (Revision::Edited, Some(7)));
    }
}
