//! Bodies that want to cost much.

use serde_json::json;

use super::{load, of_kefu, receive_signed};
use crate::{Channel, FaultKind, Verdict};

const MIB: usize = 1 << 20;

fn verdict(id: &str, body: &[u8]) -> Verdict {
    let received = receive_signed(&of_kefu(id), body);
    assert!(received.messages.len() <= 1_000);
    received.verdict
}

#[test]
fn large_bodies_are_read_within_limits() {
    let deep_json = ["[".repeat(MIB / 2), "{\"a\":".repeat(MIB / 8)];
    for body in &deep_json {
        assert!(matches!(verdict("webhook", body.as_bytes()), Verdict::Malformed(_)));
    }
    let deep_xml = "<a>".repeat(MIB / 4);
    assert!(matches!(verdict("wechat", deep_xml.as_bytes()), Verdict::Malformed(_)));
    let doctype = "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\">]><xml>&a;</xml>";
    assert!(matches!(verdict("wechat", doctype.as_bytes()), Verdict::Malformed(_)));
    let many = format!("<xml>{}</xml>", "<a/>".repeat(MIB / 8));
    assert_eq!(verdict("wechat", many.as_bytes()), Verdict::Accepted);
    let many = format!("{{\"x\":[{}1]}}", "{},".repeat(MIB / 4));
    assert_eq!(verdict("webhook", many.as_bytes()), Verdict::Accepted);
    let too_large = vec![b' '; MIB + 1];
    assert_eq!(verdict("webhook", &too_large), Verdict::TooLarge);
}

#[test]
fn items_are_limited() {
    let items: Vec<_> = (0..1_001).map(|id| json!({"id": id, "from": {"id": "u"}, "text": "x"})).collect();
    let Verdict::Malformed(fault) = verdict("webhook", json!({"messages": items}).to_string().as_bytes())
    else {
        panic!("it is too much");
    };
    assert_eq!(fault.kind, FaultKind::Limit);
    let entry = json!([{"changes": [{"value": {"messages": vec![json!({}); 2_000]}}]}]);
    assert!(matches!(
        verdict("whatsapp", json!({"entry": entry}).to_string().as_bytes()),
        Verdict::Malformed(_)
    ));
}

#[test]
fn an_item_that_cannot_be_read_does_not_lose_the_others() {
    let body = json!({"messages": [{"id": "1"}, {"id": "2", "from": {"id": "u"}, "text": "x"}, 7]});
    let received = receive_signed(&of_kefu("webhook"), body.to_string().as_bytes());
    assert_eq!(received.messages.len(), 1);
    let refused: Vec<_> = received.refused.iter().map(|one| (one.index, one.fault.key.as_str())).collect();
    assert_eq!(refused, [(0, "messages.map.sender.id"), (2, "messages.map.external_id")]);
    assert_eq!(received.reply.status, 200);
}

#[test]
fn expressions_have_a_budget() {
    for expression in [
        "'x' * 100000000",
        "(item.a | join) * 1000",
        "item.a | map('upper') | sort | map('lower') | sort | map('upper') | sort | join",
    ] {
        let yaml = format!(
            "kefu_channel: 1\nid: a\nname: a\nsecrets: [k]\nlimits: {{ body: 1MiB }}\nreceive:\n  verify:\n    - hmac: {{ key: secret.k, over: \"{{raw}}\", equals: header.s }}\n\
             messages:\n  map:\n    external_id: \"= {expression}\"\n    sender: {{ id: u }}\n    kind: text\n"
        );
        let channel = load(&yaml);
        let body = json!({"a": vec!["x"; 10_000]}).to_string();
        let received = receive_signed(&channel, body.as_bytes());
        let fault = &received.refused[0].fault;
        assert!(
            fault.message.contains("too many steps") || fault.kind == FaultKind::Limit,
            "{expression}: {fault:?}"
        );
    }
}

#[test]
fn names_and_texts_are_limited() {
    let long = "x".repeat(100_000);
    let body = json!({"id": "1", "from": {"id": "u", "name": long, "phone": long}, "text": long});
    let received = receive_signed(&of_kefu("webhook"), body.to_string().as_bytes());
    let message = &received.messages[0];
    assert_eq!(message.text.len(), 64 << 10);
    assert_eq!(message.sender.name.as_ref().unwrap().len(), 4_096);
    assert!(message.sender.alt.is_empty());
    let body = json!({"id": long, "from": {"id": "u"}});
    let received = receive_signed(&of_kefu("webhook"), body.to_string().as_bytes());
    assert_eq!(received.refused[0].fault.kind, FaultKind::Limit);
}

#[test]
fn aliases_do_not_make_a_file_large() {
    let list = "x, ".repeat(1_000);
    let mut yaml = format!("a0: &a0 [{list}]\n");
    for level in 1..12 {
        let before = level - 1;
        yaml.push_str(&format!("a{level}: &a{level} [*a{before}, *a{before}, *a{before}, *a{before}]\n"));
    }
    let error = Channel::load(&yaml).unwrap_err().remove(0);
    assert_eq!(error.message, "more than 50000 values");
    let error = Channel::load(&"[".repeat(200_000)).unwrap_err().remove(0);
    assert!(error.message.contains("nest too deep"), "{error}");
}
