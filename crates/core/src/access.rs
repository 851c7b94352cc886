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
    /// Whisper to its agent, join it or take it over.
    Oversee,
    /// Rate it.
    Rate,
    /// End it as its visitor.
    End,
}

/// Whether `who` may do `action` with `conversation`.
///
/// Of an agent, `rights` are what it may do, and `serves` whether the conversation would be its to take if it waits:
/// it waits for anybody or for a team of the agent, or was offered to it.
#[must_use]
pub fn may(
    who: Principal,
    rights: Rights,
    serves: bool,
    action: Action,
    conversation: &Conversation,
) -> bool {
    match who {
        Principal::Visitor(visitor) => {
            conversation.visitor == visitor
                && matches!(action, Action::Read | Action::Write | Action::Rate | Action::End)
        }
        Principal::Agent(agent) => {
            let own = conversation.assignee == Some(agent);
            let waits_for_it = conversation.state == State::Queued && serves;
            match action {
                Action::Rate | Action::End => false,
                _ if rights.has(Permission::AllConversations) => true,
                _ if !rights.has(Permission::Chat) => false,
                Action::Read | Action::Accept => own || waits_for_it,
                Action::Write | Action::Note | Action::Manage => own,
                Action::Oversee => false,
            }
        }
        Principal::Bot | Principal::System => true,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{AgentKey, ConversationKey, InboxKey, Micros, Role, VisitorKey};

    #[test]
    fn what_waits_for_another_team_does_not_exist_for_an_agent() {
        let agent = Principal::Agent(AgentKey(1));
        let (agents, supervisors) = (Role::Agent.rights(), Role::Supervisor.rights());
        let mut head =
            Conversation::new(ConversationKey(1), Uuid::nil(), InboxKey(1), VisitorKey(1), Micros(0));
        head.state = State::Queued;
        for action in [Action::Read, Action::Accept] {
            assert!(may(agent, agents, true, action, &head));
            assert!(!may(agent, agents, false, action, &head));
            assert!(may(agent, supervisors, false, action, &head));
        }
        head.state = State::Open;
        head.assignee = Some(AgentKey(1));
        assert!(may(agent, agents, false, Action::Manage, &head), "what it has is its own whatever the team");
        assert!(!may(agent, agents, true, Action::Oversee, &head));
        head.assignee = Some(AgentKey(2));
        assert!(!may(agent, agents, true, Action::Read, &head), "it waits no more");
        assert!(may(agent, supervisors, true, Action::Oversee, &head));
    }
}
