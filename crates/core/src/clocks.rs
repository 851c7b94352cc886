//! What is measured against time in a conversation: how long it waits, how long until the first answer, how long
//! both sides have been silent.

use serde::{Deserialize, Serialize};

use crate::{ConversationKey, Micros, Principal, keys::KeyMap, timers::Timers};

/// How many alarms one call of [`Clocks::tick`] gives at most, but for those of the last conversation.
const TICK_MAX: usize = 256;

/// After how long an alarm that was not confirmed is given again.
const RETRY_US: i64 = 5_000_000;

/// The limits of an inbox, in microseconds. What is `None` is not watched; below zero counts as zero.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ClockRules {
    /// How long a conversation should wait at most.
    pub waiting_us: Option<i64>,
    /// How long until an agent first answers, from the visitor's first message, at most.
    pub first_response_us: Option<i64>,
    /// After how much silence the visitor is warned; only used when it comes before the end.
    pub warn_after_us: Option<i64>,
    /// After how much silence an open conversation ends.
    pub close_after_us: Option<i64>,
    /// Whose silence counts.
    pub silence: Silence,
}

/// Whose silence lets a conversation end.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Silence {
    /// The visitor's, who was answered: a visitor who waits for an answer is never sent away.
    #[default]
    Visitor,
    /// Whoever wrote last.
    Anybody,
}

/// What has a target.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Clock {
    /// From when it began to wait until somebody has it.
    Waiting,
    /// From the visitor's first message until an agent's.
    FirstResponse,
}

/// What is to be done about a conversation. The caller does it and says [`Clocks::confirm`]; until then it is
/// told again from time to time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Alarm {
    /// A target was missed; told once.
    Breach {
        /// Where.
        conversation: ConversationKey,
        /// Which target.
        clock: Clock,
        /// When it was missed.
        at: Micros,
    },
    /// Tell the visitor that the conversation will end.
    WarnIdle {
        /// Which.
        conversation: ConversationKey,
        /// When it will.
        closes_at: Micros,
    },
    /// End the conversation.
    CloseIdle {
        /// Which.
        conversation: ConversationKey,
    },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Waiting { since: Micros },
    Open { since: Micros },
    Resting,
}

#[derive(Debug)]
struct Watched {
    rules: ClockRules,
    phase: Phase,
    /// The visitor's first message.
    asked_at: Option<Micros>,
    is_answered: bool,
    /// The last message, and whether it was the visitor's.
    last: Option<(Micros, bool)>,
    warned_at: Option<Micros>,
    is_late_waiting: bool,
    is_late_answer: bool,
    /// Nothing is told again before.
    quiet_until: Micros,
}

/// The clocks of all conversations that have not ended.
///
/// After a restart the caller tells what it finds in the store in the order in which it happened: [`Clocks::waits`]
/// or [`Clocks::opens`], [`Clocks::wrote`] for the visitor's first message, the first answer and the last message,
/// and [`Clocks::confirm`] for the breaches that are on record.
#[derive(Debug, Default)]
pub struct Clocks {
    watched: KeyMap<ConversationKey, Watched>,
    timers: Timers<ConversationKey>,
}

impl Clocks {
    /// The conversation waits since `since`.
    pub fn waits(&mut self, conversation: ConversationKey, since: Micros, rules: ClockRules) {
        self.change(conversation, Some(rules), |watched| {
            if watched.phase != (Phase::Waiting { since }) {
                watched.phase = Phase::Waiting { since };
                watched.is_late_waiting = false;
                watched.warned_at = None;
            }
        });
    }

    /// Somebody has the conversation and works on it since `since`.
    pub fn opens(&mut self, conversation: ConversationKey, since: Micros, rules: ClockRules) {
        self.change(conversation, Some(rules), |watched| {
            if !matches!(watched.phase, Phase::Open { .. }) {
                watched.phase = Phase::Open { since };
                watched.warned_at = None;
            }
        });
    }

    /// The conversation was set aside: silence does not count.
    pub fn rests(&mut self, conversation: ConversationKey) {
        self.change(conversation, None, |watched| watched.phase = Phase::Resting);
    }

    /// The conversation has ended.
    pub fn ends(&mut self, conversation: ConversationKey) {
        self.watched.remove(&conversation);
        self.timers.set(conversation, None);
    }

    /// A message that the visitor sees was written. One of a bot breaks the silence but is no first answer; what
    /// kefu itself writes, such as the warning, changes nothing.
    pub fn wrote(&mut self, conversation: ConversationKey, by: Principal, at: Micros) {
        self.change(conversation, None, |watched| {
            let is_visitor = matches!(by, Principal::Visitor(_));
            match by {
                Principal::System => return,
                Principal::Visitor(_) => drop(watched.asked_at.get_or_insert(at)),
                Principal::Agent(_) => watched.is_answered = true,
                Principal::Bot => {}
            }
            if watched.last.is_none_or(|(last, _)| last <= at) {
                watched.last = Some((at, is_visitor));
            }
            watched.warned_at = None;
        });
    }

    /// An alarm was seen to at `now`.
    pub fn confirm(&mut self, alarm: &Alarm, now: Micros) {
        match *alarm {
            Alarm::Breach { conversation, clock, .. } => {
                self.change(conversation, None, |watched| match clock {
                    Clock::Waiting => watched.is_late_waiting = true,
                    Clock::FirstResponse => watched.is_late_answer = true,
                });
            }
            Alarm::WarnIdle { conversation, .. } => {
                self.change(conversation, None, |watched| watched.warned_at = Some(now));
            }
            Alarm::CloseIdle { conversation } => self.ends(conversation),
        }
    }

    /// When [`Clocks::tick`] next has something to tell.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Micros> {
        self.timers.next()
    }

    /// What has come due by `now`, earliest first. At most some hundred at once: while
    /// [`Clocks::next_deadline`] has passed, there is more.
    #[must_use]
    pub fn tick(&mut self, now: Micros) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        while alarms.len() < TICK_MAX
            && let Some(conversation) = self.timers.pop(now)
        {
            let Some(watched) = self.watched.get_mut(&conversation) else { continue };
            let due = watched.alarms(conversation).into_iter().flatten().filter(|(at, _)| *at <= now);
            let before = alarms.len();
            alarms.extend(due.map(|(_, alarm)| alarm));
            if alarms.len() > before {
                watched.quiet_until = now.plus(RETRY_US);
            }
            self.timers.set(conversation, watched.next(conversation));
        }
        alarms
    }

    /// How many conversations are watched.
    #[must_use]
    pub fn len(&self) -> usize {
        self.watched.len()
    }

    /// Whether nothing is watched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.watched.is_empty()
    }

    /// Changes a conversation's clocks; with `rules` also one that was not watched.
    fn change(
        &mut self,
        conversation: ConversationKey,
        rules: Option<ClockRules>,
        how: impl FnOnce(&mut Watched),
    ) {
        let watched = match rules {
            Some(rules) => {
                let watched = self.watched.entry(conversation).or_insert_with(|| Watched::new(rules));
                watched.rules = rules;
                watched
            }
            None => match self.watched.get_mut(&conversation) {
                Some(watched) => watched,
                None => return,
            },
        };
        how(watched);
        self.timers.set(conversation, watched.next(conversation));
    }
}

impl Watched {
    fn new(rules: ClockRules) -> Self {
        Self {
            rules,
            phase: Phase::Resting,
            asked_at: None,
            is_answered: false,
            last: None,
            warned_at: None,
            is_late_waiting: false,
            is_late_answer: false,
            quiet_until: Micros(i64::MIN),
        }
    }

    fn next(&self, conversation: ConversationKey) -> Option<Micros> {
        let next = self.alarms(conversation).into_iter().flatten().map(|(at, _)| at).min();
        next.map(|at| at.max(self.quiet_until))
    }

    /// Every alarm that is to come as things stand, and when.
    fn alarms(&self, conversation: ConversationKey) -> [Option<(Micros, Alarm)>; 3] {
        let breach = |at, clock| (at, Alarm::Breach { conversation, clock, at });
        let waiting = match (self.phase, self.rules.waiting_us) {
            (Phase::Waiting { since }, Some(target)) if !self.is_late_waiting => {
                Some(breach(since.plus(target.max(0)), Clock::Waiting))
            }
            _ => None,
        };
        let answer = match (self.asked_at, self.rules.first_response_us) {
            (Some(asked), Some(target)) if !self.is_answered && !self.is_late_answer => {
                Some(breach(asked.plus(target.max(0)), Clock::FirstResponse))
            }
            _ => None,
        };
        [waiting, answer, self.idle(conversation)]
    }

    fn idle(&self, conversation: ConversationKey) -> Option<(Micros, Alarm)> {
        let (Phase::Open { since }, Some((last, by_visitor))) = (self.phase, self.last) else { return None };
        if by_visitor && self.rules.silence == Silence::Visitor {
            return None;
        }
        // What was said long before somebody took it up is no silence.
        let silent_since = last.max(since);
        let close = self.rules.close_after_us?.max(0);
        let warn = self.rules.warn_after_us.map(|after| after.max(0)).filter(|warn| *warn < close);
        let closes_at = silent_since.plus(close);
        Some(match (warn, self.warned_at) {
            (Some(warn), None) => (silent_since.plus(warn), Alarm::WarnIdle { conversation, closes_at }),
            // A late warning leaves the visitor as much time as one in time.
            (Some(warn), Some(warned)) => {
                (closes_at.max(warned.plus(close - warn)), Alarm::CloseIdle { conversation })
            }
            (None, _) => (closes_at, Alarm::CloseIdle { conversation }),
        })
    }
}

#[cfg(test)]
mod tests;
