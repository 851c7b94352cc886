//! What was learned in each session.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::{Map, Value};

/// More sessions are not kept: the oldest are forgotten.
const SESSIONS_MAX: usize = 100_000;
/// A larger value is not learned.
const VALUE_BYTES_MAX: usize = 16 << 10;
/// Sessions are found by texts that are no longer.
const FOUND_BYTES_MAX: usize = 256;
/// So many cookies of a session are kept.
const COOKIES_MAX: usize = 64;

/// What is known, by session.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    known: HashMap<String, Session>,
    order: VecDeque<String>,
    /// Which session has learned a text last, by its name and the text.
    by: HashMap<(String, String), String>,
}

/// What is known of one session.
#[derive(Debug, Default)]
pub(super) struct Session {
    values: Map<String, Value>,
    cookies: BTreeMap<String, String>,
}

impl Sessions {
    /// What was learned in a session, by name.
    pub(super) fn values(&self, session: &str) -> Value {
        Value::Object(self.known.get(session).map(|session| session.values.clone()).unwrap_or_default())
    }

    /// What was learned in the session that has learned a text under a name; nothing if none has.
    pub(super) fn found(&self, name: &str, text: &str) -> Value {
        let session = self.by.get(&(name.to_owned(), text.to_owned()));
        session.map_or_else(|| Value::Object(Map::new()), |session| self.values(session))
    }

    /// Learns a value.
    pub(super) fn learn(&mut self, session: &str, name: &str, value: Value) {
        if value.to_string().len() > VALUE_BYTES_MAX {
            return;
        }
        let text = value.as_str().filter(|text| text.len() <= FOUND_BYTES_MAX).map(str::to_owned);
        let before = self.session(session).values.insert(name.to_owned(), value);
        self.forget_found(session, name, before);
        if let Some(text) = text {
            self.by.insert((name.to_owned(), text), session.to_owned());
        }
    }

    /// What a session does not have any more is not found there.
    fn forget_found(&mut self, session: &str, name: &str, value: Option<Value>) {
        if let Some(Value::String(text)) = value {
            let place = (name.to_owned(), text);
            if self.by.get(&place).is_some_and(|of| of == session) {
                self.by.remove(&place);
            }
        }
    }

    /// Learns a cookie by what an answer sets.
    pub(super) fn learn_cookie(&mut self, session: &str, line: &str) {
        let pair = line.split(';').next().unwrap_or_default();
        let Some((name, value)) = pair.split_once('=') else { return };
        let (name, value) = (name.trim(), value.trim());
        let cookies = &mut self.session(session).cookies;
        if value.len() <= VALUE_BYTES_MAX && (cookies.len() < COOKIES_MAX || cookies.contains_key(name)) {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// The value of a header `Cookie` with what was learned in place of what was recorded; none if nothing was.
    pub(super) fn cookie(&self, session: &str, recorded: &str) -> Option<String> {
        let cookies = &self.known.get(session)?.cookies;
        let mut is_changed = false;
        let pairs = recorded.split(';').map(|pair| {
            let name = pair.split('=').next().unwrap_or_default().trim();
            match cookies.get(name) {
                Some(value) => {
                    is_changed = true;
                    format!("{name}={value}")
                }
                None => pair.trim().to_owned(),
            }
        });
        let value = pairs.collect::<Vec<_>>().join("; ");
        is_changed.then_some(value)
    }

    fn session(&mut self, session: &str) -> &mut Session {
        if !self.known.contains_key(session) {
            if self.order.len() >= SESSIONS_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                let forgotten = self.known.remove(&oldest).unwrap_or_default();
                for (name, value) in forgotten.values {
                    self.forget_found(&oldest, &name, Some(value));
                }
            }
            self.order.push_back(session.to_owned());
        }
        self.known.entry(session.to_owned()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_and_cookies_are_of_their_sessions() {
        let mut sessions = Sessions::default();
        sessions.learn("a", "token", json!("new"));
        sessions.learn("a", "huge", json!("x".repeat(VALUE_BYTES_MAX)));
        sessions.learn_cookie("a", "sid=new; Path=/; HttpOnly");
        assert_eq!(sessions.values("a"), json!({"token": "new"}));
        assert_eq!(sessions.values("b"), json!({}));
        assert_eq!(sessions.cookie("a", "x=1; sid=old").as_deref(), Some("x=1; sid=new"));
        assert_eq!(sessions.cookie("a", "x=1"), None);
        assert_eq!(sessions.cookie("b", "sid=old"), None);
    }

    #[test]
    fn sessions_are_found_by_what_they_have_learned() {
        let mut sessions = Sessions::default();
        sessions.learn("a", "conversation", json!("c1"));
        sessions.learn("a", "id", json!("v1"));
        sessions.learn("b", "conversation", json!("c2"));
        assert_eq!(sessions.found("conversation", "c1"), json!({"conversation": "c1", "id": "v1"}));
        assert_eq!(sessions.found("conversation", "c3"), json!({}));
        assert_eq!(sessions.found("id", "c1"), json!({}));
        sessions.learn("a", "conversation", json!("c3"));
        assert_eq!(sessions.found("conversation", "c1"), json!({}));
        assert_eq!(sessions.found("conversation", "c3")["id"], "v1");
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut sessions = Sessions::default();
        for number in 0..=SESSIONS_MAX {
            sessions.learn(&number.to_string(), "n", json!(number));
        }
        assert_eq!((sessions.known.len(), sessions.order.len()), (SESSIONS_MAX, SESSIONS_MAX));
        assert!(sessions.by.is_empty(), "only texts are found");
        assert_eq!((sessions.values("0"), sessions.values("1")), (json!({}), json!({"n": 1})));
    }
}
