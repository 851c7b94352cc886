use std::{collections::HashMap, sync::Arc};

use kefu_core::Micros;

/// Visitors whose last message is remembered before those who are silent for long are forgotten.
const VISITORS_LEN: usize = 65_536;

/// How conversations are made of messages.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The column that refers to the visitor, and the table that it refers to.
    pub(crate) visitor: (usize, String),
    /// The same for the agent.
    pub(crate) agent: Option<(usize, String)>,
    /// After so many microseconds of silence a new one begins.
    pub(crate) gap: i64,
}

/// What each visitor's conversation of now is, while a table is read from its beginning.
#[derive(Debug, Default)]
pub(crate) struct Grouper {
    open: HashMap<Vec<u8>, Open>,
    newest: i64,
}

/// A conversation that goes on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Open {
    /// Key of its first message.
    pub(crate) first: Vec<u8>,
    /// When that was written.
    pub(crate) begun: Micros,
    /// When its last message was written.
    last: Micros,
    /// The agent's key; empty while no agent has written.
    pub(crate) agent: Vec<u8>,
    /// Where it came in.
    pub(crate) inbox: Arc<str>,
}

impl Grouper {
    /// Forgets a visitor, whose messages come once more from the first on.
    #[cfg(feature = "live")]
    pub(crate) fn forget(&mut self, visitor: &[u8]) {
        self.open.remove(visitor);
    }

    /// The conversation that the message `key` of a visitor belongs to.
    pub(crate) fn place(
        &mut self,
        group: &Group,
        visitor: &[u8],
        (agent, inbox): (&[u8], &Arc<str>),
        key: &[u8],
        at: Micros,
    ) -> &Open {
        self.newest = self.newest.max(at.0);
        if self.open.len() >= VISITORS_LEN && !self.open.contains_key(visitor) {
            let silent = self.newest.saturating_sub(group.gap);
            self.open.retain(|_, open| open.last.0 >= silent);
        }
        let new = || {
            let (agent, inbox) = (agent.to_vec(), Arc::clone(inbox));
            Open { first: key.to_vec(), begun: at, last: at, agent, inbox }
        };
        let open = self.open.entry(visitor.to_vec()).or_insert_with(new);
        if at.since(open.last) > group.gap || open.agent != agent || open.inbox != *inbox {
            *open = new();
        }
        open.last = open.last.max(at);
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_one_begins_after_a_silence_with_another_agent_and_in_another_inbox() {
        let group = Group { visitor: (0, "visitor".to_owned()), agent: None, gap: 600 };
        let (mut grouper, web, shop) = (Grouper::default(), "web".into(), "shop".into());
        let mut place = |visitor: &[u8], agent: &[u8], inbox: &Arc<str>, key: u8, at| {
            grouper.place(&group, visitor, (agent, inbox), &[key], Micros(at)).first[0]
        };
        assert_eq!(place(b"u", b"a", &web, 0, 0), 0);
        assert_eq!(place(b"u", b"a", &shop, 1, 0), 1);
        assert_eq!(place(b"u", b"a", &web, 2, 0), 2);
        let mut first = |visitor: &[u8], agent: &[u8], key: u8, at| place(visitor, agent, &web, key, at);
        assert_eq!(first(b"v", b"a", 1, 0), 1);
        assert_eq!(first(b"w", b"a", 2, 1), 2);
        assert_eq!(first(b"v", b"a", 3, 600), 1);
        assert_eq!(first(b"v", b"a", 4, 1201), 4);
        assert_eq!(first(b"v", b"b", 5, 1202), 5);
        // A clock that went back begins none.
        assert_eq!(first(b"v", b"b", 6, 1), 5);
    }
}
