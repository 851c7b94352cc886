//! What was said in two sessions, put side by side: messages of one name in their order.

use std::collections::{BTreeMap, VecDeque};

/// So many messages of a session wait for their counterparts; then the oldest have none.
const WAITING_MAX: usize = 1000;
/// More names of a session are one.
const NAMES_MAX: usize = 100;
const OTHERS: &str = "others";

/// Takes what is a pair, or has no counterpart: the name, what was recorded, and what was heard.
pub(crate) type Judge = Box<dyn FnMut(&str, Option<Vec<u8>>, Option<Vec<u8>>) + Send>;

/// What waits.
pub(crate) struct Matching {
    names: BTreeMap<String, Waiting>,
    judge: Judge,
}

/// What waits of one name; only one of them has anything.
#[derive(Debug, Default)]
struct Waiting {
    recorded: VecDeque<Vec<u8>>,
    heard: VecDeque<Vec<u8>>,
}

impl Matching {
    pub(crate) fn new(judge: Judge) -> Self {
        Self { names: BTreeMap::new(), judge }
    }

    /// Takes what the old system said.
    pub(crate) fn recorded(&mut self, name: String, message: Vec<u8>) {
        let (name, waiting) = entry(&mut self.names, name);
        if let Some(heard) = waiting.heard.pop_front() {
            return (self.judge)(&name, Some(message), Some(heard));
        }
        waiting.recorded.push_back(message);
        if waiting.recorded.len() > WAITING_MAX {
            (self.judge)(&name, waiting.recorded.pop_front(), None);
        }
    }

    /// Takes what the new system says, in the old one's words.
    pub(crate) fn heard(&mut self, name: String, message: Vec<u8>) {
        let (name, waiting) = entry(&mut self.names, name);
        if let Some(recorded) = waiting.recorded.pop_front() {
            return (self.judge)(&name, Some(recorded), Some(message));
        }
        waiting.heard.push_back(message);
        if waiting.heard.len() > WAITING_MAX {
            (self.judge)(&name, None, waiting.heard.pop_front());
        }
    }

    /// Whether everything that was recorded has its counterpart.
    pub(crate) fn is_complete(&self) -> bool {
        self.names.values().all(|waiting| waiting.recorded.is_empty())
    }

    /// Nothing more comes: what waits has no counterpart.
    pub(crate) fn end(self) {
        let Self { names, mut judge } = self;
        for (name, Waiting { recorded, heard }) in names {
            for message in recorded {
                judge(&name, Some(message), None);
            }
            for message in heard {
                judge(&name, None, Some(message));
            }
        }
    }
}

fn entry(names: &mut BTreeMap<String, Waiting>, name: String) -> (String, &mut Waiting) {
    let is_known = names.len() < NAMES_MAX || names.contains_key(&name);
    let name = if is_known { name } else { OTHERS.to_owned() };
    (name.clone(), names.entry(name).or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn messages_of_a_name_are_put_side_by_side_in_their_order() {
        let judged = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&judged);
        let text = |message: Option<Vec<u8>>| String::from_utf8(message.unwrap_or_default()).unwrap();
        let mut matching = Matching::new(Box::new(move |name, recorded, heard| {
            told.lock().unwrap().push(format!("{name} {}={}", text(recorded), text(heard)));
        }));
        for (is_heard, name, message) in [
            (false, "a", "1"),
            (true, "b", "x"),
            (false, "a", "2"),
            (true, "a", "one"),
            (false, "b", "7"),
            (true, "c", "more"),
        ] {
            let (name, message) = (name.to_owned(), message.into());
            if is_heard { matching.heard(name, message) } else { matching.recorded(name, message) }
        }
        assert!(!matching.is_complete());
        matching.end();
        assert_eq!(*judged.lock().unwrap(), ["a 1=one", "b 7=x", "a 2=", "c =more"]);
    }
}
