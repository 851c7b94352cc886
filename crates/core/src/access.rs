use crate::{Conversation, Principal, Role, State};

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

/// Whether `who` may do `action` with `conversation`; `role` is the agent's, if it is one.
#[must_use]
pub fn may(who: Principal, role: Option<Role>, action: Action, conversation: &Conversation) -> bool {
    match who {
        Principal::Visitor(visitor) => {
            conversation.visitor == visitor && matches!(action, Action::Read | Action::Write | Action::Rate)
        }
        Principal::Agent(agent) => {
            let own = conversation.assignee == Some(agent);
            let waiting = conversation.state == State::Queued;
            match (role, action) {
                (None, _) | (_, Action::Rate) => false,
                (Some(Role::Supervisor | Role::Admin), _) => true,
                (Some(Role::Agent), Action::Read | Action::Accept) => own || waiting,
                (Some(Role::Agent), Action::Write | Action::Note | Action::Manage) => own,
            }
        }
        Principal::Bot | Principal::System => true,
    }
}
