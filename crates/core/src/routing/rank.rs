use std::cmp::Reverse;

use super::rules::{Priority, Wait};
use crate::{ConversationKey, Micros};

/// A waiting conversation's place in the order: priority, then longest waiting.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Rank {
    priority: Reverse<Priority>,
    since: Micros,
    pub(super) conversation: ConversationKey,
}

impl Rank {
    pub(super) fn new(conversation: ConversationKey, wait: &Wait) -> Self {
        Self { priority: Reverse(wait.priority), since: wait.since, conversation }
    }
}
