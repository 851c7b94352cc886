use std::{
    iter::{Peekable, Skip, StepBy, Take},
    time::Duration,
};

use kefu_traffic::Arrivals;

/// When requests are to be sent.
#[derive(Clone, Debug)]
pub(crate) enum Pace {
    /// When they are due: an open loop.
    Open(Due),
    /// Whenever a connection is free: a closed loop.
    Closed,
}

/// One process's part of the arrivals.
pub(crate) type Due = Take<StepBy<Skip<Arrivals>>>;

/// Part `number` of `of` equal ones, each arrival belonging to the next; at most so many of it.
pub(crate) fn part(arrivals: Arrivals, number: u32, of: u32, most: u64) -> Due {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    arrivals.skip(number as usize).step_by(of as usize).take(most)
}

/// What is due, and what of it waits.
///
/// However many wait takes no memory: the same times are gone through twice, once to see that they are due and once
/// when their turn has come.
#[derive(Debug)]
pub(crate) enum Queue {
    Open { notice: Box<Peekable<Due>>, turn: Box<Due>, waiting: u64 },
    Closed { left: u64 },
}

impl Queue {
    pub(crate) fn new(pace: &Pace, requests: u64) -> Self {
        match pace {
            Pace::Open(due) => Self::Open {
                notice: Box::new(due.clone().peekable()),
                turn: Box::new(due.clone()),
                waiting: 0,
            },
            Pace::Closed => Self::Closed { left: requests },
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    /// When the next request is due that has not been noticed.
    pub(crate) fn next_due(&mut self) -> Option<Duration> {
        match self {
            Self::Open { notice, .. } => notice.peek().copied(),
            Self::Closed { .. } => None,
        }
    }

    /// Notices that a request is due, if one is.
    pub(crate) fn notice(&mut self, now: Duration) -> Option<Duration> {
        let Self::Open { notice, waiting, .. } = self else { return None };
        let due = notice.next_if(|due| *due <= now)?;
        *waiting += 1;
        Some(due)
    }

    /// Whether a request was noticed and not taken.
    pub(crate) fn has_waiting(&self) -> bool {
        matches!(self, Self::Open { waiting: 1.., .. })
    }

    /// Whether there is something to take, noticed or not.
    pub(crate) fn is_waiting(&self, now: Duration, end: Duration) -> bool {
        match self {
            Self::Open { waiting, .. } => *waiting > 0,
            Self::Closed { left } => *left > 0 && now < end,
        }
    }

    /// Takes the request whose turn it is, and says when it was due.
    pub(crate) fn take(&mut self, now: Duration, end: Duration) -> Option<Duration> {
        match self {
            Self::Open { turn, waiting, .. } => {
                *waiting = waiting.checked_sub(1)?;
                turn.next()
            }
            Self::Closed { left } => {
                if now >= end {
                    return None;
                }
                *left = left.checked_sub(1)?;
                Some(now)
            }
        }
    }

    /// Nothing more is to be sent.
    pub(crate) fn stop(&mut self) {
        *self = Self::Closed { left: 0 };
    }

    /// Whether nothing more is to be sent.
    pub(crate) fn is_over(&mut self, now: Duration, end: Duration) -> bool {
        self.next_due().is_none() && !self.is_waiting(now, end)
    }
}

/// A span of a run, from its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) from: Duration,
    pub(crate) to: Duration,
}

impl Window {
    pub(crate) const NEVER: Self = Self { from: Duration::MAX, to: Duration::MAX };

    pub(crate) fn holds(&self, at: Duration) -> bool {
        self.from <= at && at < self.to
    }
}
