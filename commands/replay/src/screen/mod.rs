//! Which messages pass, and what is changed in requests on the way.

mod expression;
mod rules;

use std::collections::{HashSet, VecDeque};

use kefu_traffic::gor::{Kind, Record};

pub use self::expression::{Assignment, Expression};
pub(crate) use self::rules::Rules;
use crate::account::Reason;

/// So many requests that were left out are remembered, so that their answers are left out as well.
const REFUSED_MAX: usize = 1_000_000;

/// Rules, and which requests did not pass.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    rules: Rules,
    refused: HashSet<String>,
    order: VecDeque<String>,
}

impl Screen {
    pub(crate) fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Changes a message as the rules say, or says why it does not pass.
    pub(crate) fn apply(&mut self, record: &mut Record) -> Result<(), Reason> {
        if self.rules.is_empty() {
            return Ok(());
        }
        if record.kind != Kind::Request {
            return if self.refused.contains(&record.id) { Err(Reason::Filter) } else { Ok(()) };
        }
        let verdict = self.rules.request(record);
        match verdict {
            // An id may come again.
            Ok(()) if !self.refused.is_empty() => {
                self.refused.remove(&record.id);
            }
            Ok(()) => {}
            Err(_) => self.refuse(&record.id),
        }
        verdict
    }

    fn refuse(&mut self, id: &str) {
        if self.refused.insert(id.to_owned()) {
            self.order.push_back(id.to_owned());
        }
        if self.order.len() > REFUSED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.refused.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests;
