use crate::{Conversation, Permission, Principal, Rights, State};

/// What somebody wants to do with a conversation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// Read its head and its entries.
    Read,
    /// Write a text.
    Write,
    /// Write a note.
    Note,
    /// Take it from the queue.
    Accept,
    /// Transfer, set aside, end or take up again.
    Manage,
    /// Rate it.
    Rate,
}

/// Whether `who` may do `action` with `conversation`; `rights` are the agent's, if it is one.
#[must_use]
pub fn may(who: Principal, rights: Rights, action: Action, conversation: &Conversation) -> bool {
    match who {
        Principal::Visitor(visitor) => {
            conversation.visitor == visitor && matches!(action, Action::Read | Action::Write | Action::Rate)
        }
        Principal::Agent(agent) => {
            let own = conversation.assignee == Some(agent);
            let waiting = conversation.state == State::Queued;
            match action {
                Action::Rate => false,
                _ if rights.has(Permission::AllConversations) => true,
                _ if !rights.has(Permission::Chat) => false,
                Action::Read | Action::Accept => own || waiting,
                Action::Write | Action::Note | Action::Manage => own,
            }
        }
        Principal::Bot | Principal::System => true,
    }
}
