//! Which request an answer belongs to.

use std::collections::VecDeque;

use super::Answered;
use crate::tcp::Position;

/// A request whose answer has not begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) answered: Answered,
    /// Where it begins.
    pub(super) offset: u64,
    /// What its sender had received by then.
    pub(super) acknowledged: Option<u64>,
    pub(super) is_head: bool,
    pub(super) is_connect: bool,
    pub(super) wants_upgrade: bool,
    /// Whether it was given.
    pub(super) is_given: bool,
}

/// The requests of a connection that wait, in their order.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    requests: u64,
    /// The acknowledgement of the last request, and what stands for it where several have the same.
    last: Option<(u32, u32)>,
    /// Where the last gap in what the server said begins.
    gap: Option<u64>,
    /// Requests that were given and will have no answer any more.
    pub(super) unanswered: u64,
}

impl Queue {
    /// Adds a request that begins at a place.
    pub(super) fn push(&mut self, at: Position, method: &str, wants_upgrade: bool, max: usize) -> Answered {
        let acknowledgement = match self.last {
            Some((raw, given)) if raw == at.acknowledgement => given.wrapping_add(1),
            _ => at.acknowledgement,
        };
        self.last = Some((at.acknowledgement, acknowledgement));
        let answered = Answered { number: self.requests, acknowledgement };
        self.requests += 1;
        if self.waiting.len() >= max.max(1) {
            self.pass();
        }
        self.waiting.push_back(Waiting {
            answered,
            offset: at.offset,
            acknowledged: at.acknowledged,
            is_head: method == "HEAD",
            is_connect: method == "CONNECT",
            wants_upgrade,
            is_given: false,
        });
        answered
    }

    /// Notes that a request was given; says whether it may end HTTP on the connection.
    pub(super) fn given(&mut self, of: Answered) -> bool {
        let Some(waiting) = self.waiting.iter_mut().rev().find(|waiting| waiting.answered == of) else {
            return false;
        };
        waiting.is_given = true;
        waiting.wants_upgrade || waiting.is_connect
    }

    /// Notes that a part of what the server said is missing in which answers may have begun.
    pub(super) fn gap(&mut self, offset: u64) {
        self.gap = Some(offset);
    }

    /// Takes out the request that an answer which begins here belongs to.
    pub(super) fn answered_by(&mut self, at: Position) -> Option<Waiting> {
        if let Some((gap, before)) = self.gap.zip(self.waiting.front().and_then(|first| first.acknowledged))
            && gap >= before
        {
            // Where an answer was lost, a request that came after it says so by what its sender had received.
            let is_later = |waiting: &Waiting| {
                waiting.acknowledged.is_some_and(|after| after > before && after <= at.offset)
            };
            if let Some(later) = self.waiting.iter().rposition(is_later) {
                let first = self.waiting[later].acknowledged;
                while self.waiting.front().is_some_and(|waiting| waiting.acknowledged != first) {
                    self.pass();
                }
            } else if self.waiting.get(1).is_some_and(|second| second.acknowledged.is_none_or(|at| at <= gap))
            {
                // Several were asked for at once, and nobody can say which answers are missing.
                return None;
            }
        }
        let first = self.waiting.front()?;
        // The server had not seen any of it: the answer is to a request that was lost.
        if at.acknowledged.is_some_and(|acknowledged| acknowledged <= first.offset) {
            return None;
        }
        self.waiting.pop_front()
    }

    /// Whether every request has its answer.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Gives up waiting for answers.
    pub(super) fn end(&mut self) {
        while !self.waiting.is_empty() {
            self.pass();
        }
    }

    fn pass(&mut self) {
        if let Some(first) = self.waiting.pop_front() {
            self.unanswered += u64::from(first.is_given);
        }
    }
}
