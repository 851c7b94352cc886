//! Holds a conversation's log against what its senders know: the promise of the daemon, in one function.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
};

use serde_json::Value;

use super::server::Server;

/// An entry of a log, as a page shows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) seq: u64,
    pub(crate) prev_seq: u64,
    pub(crate) client_id: Option<String>,
    pub(crate) kind: String,
    pub(crate) text: String,
}

impl Entry {
    pub(crate) fn read(item: &Value) -> Self {
        let text = |name: &str| item[name].as_str().map(str::to_owned);
        Self {
            seq: item["seq"].as_u64().unwrap(),
            prev_seq: item["prev_seq"].as_u64().unwrap(),
            client_id: text("client_id"),
            kind: text("kind").unwrap(),
            text: text("text").unwrap(),
        }
    }
}

/// What a sender knows of a message of its own.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) conversation: String,
    pub(crate) client_id: String,
    pub(crate) text: String,
    /// The number that was acknowledged.
    pub(crate) acked: Option<u64>,
    /// The sender, and where the message came in its order; only those over the WebSocket have one.
    pub(crate) order: Option<(u64, u64)>,
}

/// Reads all of a conversation's log, in pages.
#[track_caller]
pub(crate) fn whole_log(server: &Server, token: &str, conversation: &str) -> Vec<Entry> {
    let mut log: Vec<Entry> = Vec::new();
    loop {
        let after = log.last().map_or(0, |entry| entry.seq);
        let path = format!("/api/v1/conversations/{conversation}/messages?after_seq={after}&limit=500");
        let page = server.call("GET", &path, Some(token), None).expect(200);
        log.extend(page["items"].as_array().unwrap().iter().map(Entry::read));
        if !page["has_more"].as_bool().unwrap() {
            return log;
        }
    }
}

/// What is wrong with a log as somebody sees it who may see all of it; nothing, if all is well.
///
/// `sent` is all that anybody ever sent to the conversation. Acknowledged messages must be there, under their
/// number and with their text; nothing may be there twice, or that nobody sent.
pub(crate) fn audit(conversation: &str, log: &[Entry], sent: &[Sent]) -> String {
    let mut wrong = String::new();
    let mut say = |text: String| writeln!(wrong, "{conversation}: {text}").unwrap();
    let mut places: HashMap<&str, Vec<&Entry>> = HashMap::new();
    for (expected, entry) in (1..).zip(log) {
        if entry.seq != expected || entry.prev_seq != expected - 1 {
            say(format!("after {} comes {} (prev_seq {})", expected - 1, entry.seq, entry.prev_seq));
            break;
        }
    }
    for entry in log {
        if let Some(client_id) = &entry.client_id {
            places.entry(client_id).or_default().push(entry);
        } else if entry.kind != "event" {
            say(format!("nobody sent {} {:?}", entry.seq, entry.text));
        }
    }
    let mut in_order: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    for message in sent.iter().filter(|message| message.conversation == conversation) {
        let found = places.remove(message.client_id.as_str()).unwrap_or_default();
        match (found.as_slice(), message.acked) {
            ([], Some(acked)) => say(format!("lost: {:?} was acknowledged as {acked}", message.text)),
            ([], None) => {}
            ([entry], acked) => {
                if entry.text != message.text {
                    say(format!("{} was changed: {:?}, not {:?}", entry.seq, entry.text, message.text));
                }
                if acked.is_some_and(|acked| acked != entry.seq) {
                    say(format!("{:?} was acknowledged as {acked:?}, but is {}", message.text, entry.seq));
                }
                if let Some(order) = message.order {
                    in_order.insert(order, entry.seq);
                }
            }
            (several, _) => say(format!("{:?} is there {} times", message.text, several.len())),
        }
    }
    for entry in places.into_values().flatten() {
        say(format!("a ghost: {} {:?}", entry.seq, entry.text));
    }
    let order: Vec<_> = in_order.into_iter().collect();
    for pair in order.windows(2) {
        let [((sender, _), before), ((other, _), after)] = pair else { continue };
        if sender == other && before > after {
            say(format!("what was sent first is {before}, what was sent later {after}"));
        }
    }
    wrong
}

/// [`audit`], and everything that was sent must be there.
pub(crate) fn audit_settled(conversation: &str, log: &[Entry], sent: &[Sent]) -> String {
    let mut wrong = audit(conversation, log, sent);
    for message in sent.iter().filter(|message| message.conversation == conversation) {
        if message.acked.is_none() {
            writeln!(wrong, "{conversation}: {:?} was never acknowledged", message.text).unwrap();
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case() -> (Vec<Entry>, Vec<Sent>) {
        let entry = |seq: u64, id: Option<&str>| Entry {
            seq,
            prev_seq: seq - 1,
            client_id: id.map(str::to_owned),
            kind: if id.is_some() { "text" } else { "event" }.to_owned(),
            text: id.unwrap_or("queued").to_uppercase(),
        };
        let sent = |id: &str, acked, order| Sent {
            conversation: "c".to_owned(),
            client_id: id.to_owned(),
            text: id.to_uppercase(),
            acked,
            order,
        };
        let log = vec![entry(1, Some("a")), entry(2, None), entry(3, Some("b")), entry(4, Some("d"))];
        let all = vec![
            sent("a", Some(1), Some((7, 0))),
            sent("b", Some(3), Some((7, 1))),
            sent("lost", None, Some((7, 2))),
            sent("d", None, Some((7, 3))),
        ];
        (log, all)
    }

    #[test]
    fn a_good_log_passes() {
        let (log, sent) = case();
        assert_eq!(audit("c", &log, &sent), "");
        assert!(audit_settled("c", &log, &sent).contains("never acknowledged"));
    }

    #[test]
    fn every_broken_promise_is_found() {
        type Break = fn(&mut Vec<Entry>, &mut Vec<Sent>);
        let breaks: [(&str, Break); 8] = [
            ("lost", |log, _| drop(log.remove(2))),
            ("comes 3", |log, _| drop(log.remove(1))),
            ("comes 3", |log, _| log.swap(1, 2)),
            ("2 times", |log, _| log[1].client_id = Some("a".to_owned())),
            ("changed", |log, _| log[0].text.push('!')),
            ("a ghost", |_, sent| drop(sent.pop())),
            ("but is 1", |_, sent| sent[0].acked = Some(3)),
            ("sent later", |_, sent| sent[0].order = Some((7, 9))),
        ];
        for (expected, damage) in breaks {
            let (mut log, mut sent) = case();
            damage(&mut log, &mut sent);
            let wrong = audit("c", &log, &sent);
            assert!(wrong.contains(expected), "{expected} was not found: {wrong:?}");
        }
    }
}
