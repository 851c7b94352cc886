//! Agents whom notes call. Which conversations they have not looked at yet is a list of its own:
//! [`View::Mentioned`](crate::View::Mentioned).

use kefu_core::{AgentKey, ConversationKey};

/// A change of what agents are called to.
#[derive(Clone, Debug)]
pub enum MentionChange {
    /// A note calls them.
    Add {
        /// Whom.
        agents: Vec<AgentKey>,
        /// Where.
        conversation: ConversationKey,
        /// Number of the note.
        seq: u64,
    },
    /// An agent has looked at a conversation up to an entry.
    Seen {
        /// Who.
        agent: AgentKey,
        /// Where.
        conversation: ConversationKey,
        /// Number of the last entry.
        seq: u64,
    },
}
