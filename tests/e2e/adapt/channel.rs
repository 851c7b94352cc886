//! A channel from a captured message to a signed request, as the guide in docs/channels.md goes.

use super::{Shop, text};

const CAPTURED: &str =
    r#"{"batch":[{"msgId":"m1","from":{"id":"u1","name":"Li"},"text":"hi","timestamp":1700000000}]}"#;

#[test]
fn a_captured_message_becomes_a_channel_that_is_tested_and_signed() {
    let shop = Shop::new();
    shop.write("captured.json", CAPTURED);
    let made = shop.adapt("channel new kik --from captured.json -o kik.yaml", "");
    assert_eq!((made.status.code(), text(&made.stderr)), (Some(0), ""));
    let again = shop.adapt("channel new kik --from captured.json -o kik.yaml", "");
    assert_eq!(again.status.code(), Some(73), "what is there stays");
    let tested = shop.adapt("channel test kik.yaml", "");
    assert_eq!(
        (tested.status.code(), text(&tested.stdout)),
        (Some(0), "ok     kik.yaml: the captured message\n")
    );
    let linted = shop.adapt("channel lint --strict kik.yaml", "");
    assert_eq!((linted.status.code(), text(&linted.stdout)), (Some(0), ""));

    shop.write("kik.env", "webhook_secret=s\napi_key=k\n");
    let line = "channel sign kik.yaml --values kik.env --url http://127.0.0.1:1/in/kik --time 1700000000";
    let signed = shop.adapt(&format!("{line} --body captured.json"), "");
    let curl = text(&signed.stdout);
    assert!(curl.starts_with("curl -sS -X POST 'http://127.0.0.1:1/in/kik' -H 'x-signature: "), "{curl}");
    assert!(curl.trim_end().ends_with(&format!("--data-binary '{CAPTURED}'")), "{curl}");
    let unset = shop.adapt("channel sign kik.yaml --url http://127.0.0.1:1/", CAPTURED);
    assert_eq!(unset.status.code(), Some(65));
    assert!(text(&unset.stderr).contains("secret.webhook_secret has no value"), "{}", text(&unset.stderr));
}

#[test]
fn what_is_wrong_in_a_channel_is_said_with_its_line() {
    let shop = Shop::new();
    let yaml = shop.adapt("channel new shop --like feishu", "").stdout;
    let yaml = text(&yaml).replace("text: 你好,", "text: 再见,");
    shop.write("shop.yaml", &yaml);
    let tested = shop.adapt("channel test shop.yaml", "");
    assert_eq!(tested.status.code(), Some(1));
    assert!(
        text(&tested.stdout).contains("messages.0.text: expected \"再见\", found \"你好\""),
        "{}",
        text(&tested.stdout)
    );
    shop.write(
        "shop.yaml",
        yaml.replace("encrypt_key: test key", "encrypt_kye: test key")
            .replace("  decrypt:\n", "  decrytp:\n"),
    );
    let linted = shop.adapt("channel lint shop.yaml", "");
    assert_eq!(linted.status.code(), Some(78));
    assert!(
        text(&linted.stderr)
            .contains("shop.yaml:12:3: receive: unknown key `decrytp`; did you mean `decrypt`?"),
        "{}",
        text(&linted.stderr)
    );
    let listed = shop.adapt("channel list", "");
    assert!(text(&listed.stdout).contains("telegram     off  Telegram\n"), "{}", text(&listed.stdout));
}
