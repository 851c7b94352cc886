//! Messages of RFC 5424.

use kefu_store::AuditLine;

/// Facility 10, security and authorization; severity 6, informational (RFC 5424 §6.2.1).
const PRIORITY: u32 = 10 * 8 + 6;

/// Most characters of a message's id (RFC 5424 §6).
const MESSAGE_ID_CHARS: usize = 32;

/// What all messages of a process begin with.
pub(super) struct Heading {
    host: String,
    process: u32,
}

impl Heading {
    pub(super) fn of_this_process() -> Self {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host: String = name.trim().chars().filter(char::is_ascii_graphic).take(255).collect();
        // The standard's word for what is not known.
        let host = if host.is_empty() { "-".to_owned() } else { host };
        Self { host, process: std::process::id() }
    }
}

/// A line of the audit log as one message of at most `bytes_max` bytes: the JSON of `kefu serve audit export`. Of a
/// line that would be longer, the detail is left out.
pub(super) fn message(line: &AuditLine, heading: &Heading, bytes_max: usize) -> String {
    let text = json(line);
    let head = head(line, heading);
    if head.len() + text.len() <= bytes_max {
        return head + &text;
    }
    let detail = serde_json::json!({"left_out": "too long"});
    head + &json(&AuditLine { detail, ..line.clone() })
}

fn json(line: &AuditLine) -> String {
    serde_json::to_string(line).expect("strings, numbers and JSON values are plain JSON")
}

fn head(line: &AuditLine, heading: &Heading) -> String {
    let at = jiff::Timestamp::from_microsecond(line.at_us).unwrap_or_default();
    let at = at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ");
    let id: String = line.action.chars().filter(char::is_ascii_graphic).take(MESSAGE_ID_CHARS).collect();
    let id = if id.is_empty() { "-".to_owned() } else { id };
    format!("<{PRIORITY}>1 {at} {} kefu {} {id} - ", heading.host, heading.process)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_line_is_one_message() {
        let heading = Heading { host: "desk-1".to_owned(), process: 7 };
        let line = AuditLine {
            number: 12,
            at_us: 1_790_000_000_123_456,
            actor_kind: "shell".to_owned(),
            actor_id: None,
            address: None,
            action: "agent.changed".to_owned(),
            target_kind: None,
            target_id: None,
            detail: json!({"name": "a\nb"}),
            hash: "00".to_owned(),
        };
        let text = message(&line, &heading, 8192);
        let (head, body) = text.split_once(" - {").unwrap();
        assert_eq!(head, "<86>1 2026-09-21T14:13:20.123456Z desk-1 kefu 7 agent.changed");
        assert!(!text.contains('\n'));
        assert_eq!(serde_json::from_str::<Value>(&format!("{{{body}")).unwrap()["number"], 12);
        let long = AuditLine { detail: json!("x".repeat(9000)), ..line };
        let text = message(&long, &heading, 2048);
        assert!(text.len() < 2048 && text.contains("left_out"), "{text}");
    }
}
