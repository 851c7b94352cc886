//! What is wrong in a file is said with its line and what would be right.

use super::{load, of_kefu};
use crate::{Channel, lint};

const RIGHT: &str = "\
kefu_channel: 1
id: kik
name: KikChat
hosts: [api.kik.example]
secrets: [key]
receive:
  verify:
    - hmac: { key: secret.key, over: \"{raw}\", equals: header.x-kik-signature }
messages:
  map:
    external_id: \"= item.id\"
    sender: { id: \"= item.from\" }
    kind: text
    text: \"= item.text\"
send:
  text:
    post: https://api.kik.example/send
    json: { to: \"= msg.to\", text: \"= msg.text\" }
";

fn wrong(from: &str, to: &str) -> String {
    assert!(RIGHT.contains(from), "{from}");
    let errors = Channel::load(&RIGHT.replace(from, to)).expect_err(to);
    errors.iter().map(|error| format!("{error}\n")).collect()
}

#[test]
fn errors_name_the_line_the_key_and_what_is_near() {
    load(RIGHT);
    for (from, to, expected) in [
        ("hosts:", "host:", "4:1: unknown key `host`; did you mean `hosts`?"),
        ("    - hmac:", "    - hmca:", "8:7: receive.verify[0]: unknown key `hmca`; did you mean `hmac`?"),
        ("kefu_channel: 1", "kefu_channel: 2", "version 2 of the format is not known"),
        ("id: kik", "id: \"kik chat\"", "\"kik chat\" is no name"),
        (
            "secret.key,",
            "secret.kye,",
            "8:13: receive.verify.0.hmac: `secret.kye` is not among `secrets`; did you mean `key`?",
        ),
        ("over: \"{raw}\"", "over: \"{row}\"", "`row` names nothing"),
        ("over: \"{raw}\"", "over: \"{raw\"", "a `{` has no `}`"),
        ("= item.id", "= item.id |", "messages.map.external_id: not an expression"),
        ("= item.text", "= item.text | uper", "unknown filter `uper`; did you mean `upper`?"),
        ("= item.from", "= itm.from", "`itm` is not known here; did you mean `item`?"),
        ("= msg.text", "= secret.kez", "`secret.kez` is not among `secrets`; did you mean `key`?"),
        ("= msg.text", "= token.access", "`token.access` is not among `tokens`"),
        ("kind: text", "kind: txt", "13:11: messages.map.kind: there is no kind `txt`; did you mean `text`?"),
        (
            "https://api.kik.example/send",
            "https://evil.example/send",
            "17:11: send.text.post: its host is not among `hosts`",
        ),
        ("https://api.kik.example/send", "http://api.kik.example/send", "its host is not among `hosts`"),
        ("    post:", "    get:", "a get has none"),
        ("hmac: { key: secret.key,", "hash: {", "there is no secret in it"),
        (
            "    - hmac: { key: secret.key, over: \"{raw}\", equals: header.x-kik-signature }",
            "    - fresh: { value: header.t, within: 5m }",
            "a time alone proves nothing",
        ),
        ("  verify:\n", "  handshake: [{ on: GET, reply: { text: ok } }]\n  verify:\n", ""),
        ("send:\n", "limits: { body: 1GiB }\nsend:\n", "\"1GiB\" is no size such as"),
        ("send:\n", "window: { within: 2 days }\nsend:\n", "\"2 days\" is no time such as"),
        ("send:\n", "limits: { rate: fast }\nsend:\n", "\"fast\" is no rate such as"),
        ("  text:\n    post", "  unknown:\n    post", "messages of this kind are not sent"),
        ("kefu_channel: 1\n", "", "missing field `kefu_channel`"),
    ] {
        if expected.is_empty() {
            // A proof that is for all methods is for the handshake too.
            load(&RIGHT.replace(from, to));
            continue;
        }
        let said = wrong(from, to);
        assert!(said.contains(expected), "{to}: expected {expected:?} in {said}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let yaml = RIGHT
        .replace("secret.key,", "secret.kye,")
        .replace("= msg.to", "= mgs.to")
        .replace("kind: text", "kind: txt");
    let errors = Channel::load(&yaml).unwrap_err();
    assert_eq!(errors.iter().map(|error| error.line).collect::<Vec<_>>(), [8, 13, 18], "{errors:?}");
}

#[test]
fn a_get_needs_a_proof_of_its_own() {
    let yaml = RIGHT.replace("    - hmac:", "    - on: POST\n      hmac:");
    load(&yaml);
    let yaml = yaml.replace("receive:\n", "receive:\n  handshake: [{ on: GET, reply: { text: ok } }]\n");
    let errors = Channel::load(&yaml).unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        "7:15: receive.handshake.0: nothing proves that a GET is from the service; add it to `verify`"
    );
}

#[test]
fn advice_is_about_what_is_forgotten() {
    let yaml = RIGHT.replace("secrets: [key]", "secrets: [key, spare]");
    let advice = lint(&load(&yaml), &yaml);
    for about in [
        "secrets: `spare` is not used",
        "messages.dedupe",
        "receive.reply",
        "test: there is no example",
        "send.text.ok",
        "send.text.split",
    ] {
        assert!(advice.iter().any(|line| line.starts_with(about)), "{about}: {advice:#?}");
    }
    assert!(!advice.iter().any(|line| line.contains("`key`")), "{advice:#?}");
}

#[test]
fn nothing_that_was_given_is_shown() {
    let channel = of_kefu("feishu");
    let given = super::given(&channel);
    let shown = format!("{given:?}");
    assert!(shown.contains("app_secret") && !shown.contains("app_secret-value"), "{shown}");
}
