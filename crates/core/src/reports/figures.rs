use super::{Durations, Fact, Occurrence};
use crate::ClockRules;

/// What was counted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Figures {
    /// Contacts that began.
    pub opened: u64,
    /// Times that an agent who had a contact wrote in it.
    pub handled: u64,
    /// Contacts that ended without any agent having answered the visitor.
    pub missed: u64,
    /// Contacts that ended while they still waited.
    pub abandoned: u64,
    /// Contacts that ended.
    pub resolved: u64,
    /// Those of them that ended because nobody wrote any more.
    pub resolved_by_clock: u64,
    /// Times that somebody handed a contact on.
    pub transfers: u64,
    /// Messages of visitors.
    pub messages_in: u64,
    /// Messages of agents.
    pub messages_out: u64,
    /// Messages of bots, and of kefu itself.
    pub messages_bot: u64,
    /// How long what was handed to an agent had waited.
    pub queue_wait: Durations,
    /// How long until an agent first answered.
    pub first_response: Durations,
    /// How long until an agent answered, each time.
    pub response: Durations,
    /// How long agents had contacts.
    pub handling: Durations,
    /// Times that visitors were asked for a rating.
    pub invited: u64,
    /// Ratings by score, 1 first.
    pub scores: [u64; 5],
    /// Waits that kept to the inbox's target.
    pub waiting_target: Met,
    /// First responses that kept to the inbox's target.
    pub first_response_target: Met,
}

/// How often a target was kept.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Met {
    /// So often.
    pub met: u64,
    /// Out of so many.
    pub of: u64,
}

impl Met {
    fn add(&mut self, micros: i64, target: Option<i64>) {
        if let Some(target) = target {
            self.of += 1;
            self.met += u64::from(micros <= target);
        }
    }

    /// What has come to nothing counts when the target had passed by then.
    fn fail(&mut self, micros: i64, target: Option<i64>) {
        self.of += u64::from(target.is_some_and(|target| micros > target));
    }

    /// The share, 0 to 1; `None` when there is nothing to hold against the target.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        share(self.met, self.of)
    }
}

impl Figures {
    /// Counts a fact of an inbox with these targets.
    pub fn add(&mut self, fact: &Fact, targets: ClockRules) {
        match fact.what {
            Occurrence::Opened => self.opened += 1,
            Occurrence::Waited(micros) => {
                self.queue_wait.add(micros);
                self.waiting_target.add(micros, targets.waiting_us);
            }
            Occurrence::Abandoned(micros) => {
                self.abandoned += 1;
                self.waiting_target.fail(micros, targets.waiting_us);
            }
            Occurrence::Handled => self.handled += 1,
            Occurrence::FirstResponse(micros) => {
                self.first_response.add(micros);
                self.first_response_target.add(micros, targets.first_response_us);
            }
            Occurrence::Response(micros) => self.response.add(micros),
            Occurrence::Held(micros) => self.handling.add(micros),
            Occurrence::Transferred => self.transfers += 1,
            Occurrence::Resolved { by_clock } => {
                self.resolved += 1;
                self.resolved_by_clock += u64::from(by_clock);
            }
            Occurrence::Missed(micros) => {
                self.missed += 1;
                self.first_response_target.fail(micros, targets.first_response_us);
            }
            Occurrence::Invited => self.invited += 1,
            Occurrence::Rated(score) => {
                if let Some(count) = self.scores.get_mut(usize::from(score).wrapping_sub(1)) {
                    *count += 1;
                }
            }
            Occurrence::Received => self.messages_in += 1,
            Occurrence::Sent => self.messages_out += 1,
            Occurrence::SentByBot => self.messages_bot += 1,
        }
    }

    /// How many ratings there are.
    #[must_use]
    pub fn ratings(&self) -> u64 {
        self.scores.iter().sum()
    }

    /// The mean of the ratings; `None` when there are none.
    #[must_use]
    pub fn mean_score(&self) -> Option<f64> {
        let sum: u64 = (1..).zip(self.scores).map(|(score, count)| score * count).sum();
        share(sum, self.ratings())
    }

    /// The share of ratings of 4 and 5; `None` when there are no ratings.
    #[must_use]
    pub fn satisfied(&self) -> Option<f64> {
        share(self.scores[3] + self.scores[4], self.ratings())
    }

    /// Ratings for each contact that ended; `None` when none did.
    #[must_use]
    pub fn participation(&self) -> Option<f64> {
        share(self.ratings(), self.resolved)
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
