//! What a service covers and signs is read, and nothing else is.

use proptest::prelude::*;
use serde_json::json;

use super::{NOW_MS, given, of_kefu, receive_signed};
use crate::{
    Method, Plain, Request, SHIPPED, Seed, Verdict,
    crypto::{feishu_decrypt, feishu_encrypt, wx_decrypt, wx_encrypt},
    mapping::date_ms,
};

const KEY: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

#[test]
fn published_covers_are_made_and_taken_off() {
    let covered = "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg==";
    let text = "我是中文abcd123".as_bytes();
    assert_eq!(wx_encrypt(text, KEY, b"wxb11529c136998cb6", *b"aaaabbbbccccdddd").unwrap(), covered);
    // DingTalk's events have the same cover, and padding of more than 16 bytes.
    let covered = "1a3NBxmCFwkCJvfoQ7WhJHB+iX3qHPsc9JbaDznE1i03peOk1LaOQoRz3+nlyGNhwmwJ3vDMG+OzrHMeiZI7gTRWVdUBmfxjZ8Ej23JV\
                   Ya9VrYeJ5as7XM/ZpulX8NEQis44w53h1qAgnC3PRzM7Zc/D6Ibr0rgUathB6zRHP8PYrfgnNOS9PhSBdHlegK+AGGanfwjXuQ9+0pZcy\
                   0w9lQ==";
    let (key, id) = (b"4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij", b"suite4xxxxxxxxxxxxxxx");
    let plain = wx_decrypt(covered.as_bytes(), key, id).unwrap();
    let plain = String::from_utf8(plain).unwrap();
    assert_eq!(
        plain,
        r#"{"EventType":"check_create_suite_url","Random":"LPIdSnlF","TestSuiteKey":"suite4xxxxxxxxxxxxxxx"}"#
    );
    let parts: Vec<&[u8]> = vec![b"123456", b"1445827045067", b"nEXhMP4r", covered.as_bytes()];
    assert_eq!(crate::crypto::sha1_sorted(parts), "5a65ceeef9aab2d149439f82dc191dd6c5cbe2c0");
    assert_eq!(crate::crypto::sha1_sorted(vec![b"123", b"345"]), "9f537aeb751ec72605f57f94a2f6dc3e3958e1dd");
    assert_eq!(wx_decrypt(covered.as_bytes(), key, b"another"), None);
}

#[test]
fn dates_are_milliseconds() {
    for (text, ms) in [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-28T09:30:00.5+08:00", 1_795_829_400_500),
        ("2000-02-29 23:59:59.123456-01:00", 951_872_399_123),
        ("1969-12-31T23:59:59Z", -1_000),
    ] {
        assert_eq!(date_ms(text), Some(ms), "{text}");
    }
    for text in [
        "",
        "2026",
        "2026-13-01T00:00:00Z",
        "2026-11-28T09:30:00",
        "2026-11-28T25:30:00Z",
        "2026-11-28T09:30:00+8",
        "你好-11-28T09:30:00Z",
    ] {
        assert_eq!(date_ms(text), None, "{text}");
    }
}

#[test]
fn a_request_with_one_byte_changed_is_not_believed() {
    for (id, body) in [
        ("feishu", json!({"header": {"event_type": "x"}, "event": {}}).to_string()),
        ("webhook", json!({"id": "1", "from": {"id": "u"}}).to_string()),
        ("line", json!({"events": []}).to_string()),
        ("slack", json!({"event": {}}).to_string()),
        ("whatsapp", json!({"entry": []}).to_string()),
        ("chatwoot", json!({"event": "x"}).to_string()),
        ("wechat-aes", "<xml><MsgType>event</MsgType><Event>x</Event></xml>".to_owned()),
        ("wecom-kf", "<xml><Event>x</Event></xml>".to_owned()),
    ] {
        let channel = of_kefu(id);
        let given = given(&channel);
        let plain = Plain { body: body.into_bytes(), ..Plain::default() };
        let signed = channel.sign(&plain, &given, NOW_MS, Seed([7; 16])).unwrap();
        let refused = |request: &Request<'_>, now_ms| match channel.receive(request, &given, now_ms).verdict {
            Verdict::Accepted | Verdict::Handshake => false,
            Verdict::Unverified(_) | Verdict::Malformed(_) => true,
            other => panic!("{id}: {other:?}"),
        };
        assert!(!refused(&signed.request(), NOW_MS), "{id}");
        // What is inside is covered by the signature; blanks around a cover are not.
        let at = signed.body.iter().rposition(u8::is_ascii_alphanumeric).unwrap();
        let mut changed = signed.clone();
        changed.body[at.saturating_sub(20)] ^= 1;
        assert!(refused(&changed.request(), NOW_MS), "{id}");
        for index in 0..signed.headers.len() {
            let mut changed = signed.clone();
            changed.headers[index].1.insert(0, '1');
            assert!(refused(&changed.request(), NOW_MS), "{id}: {:?}", changed.headers);
        }
        if !matches!(id, "line" | "whatsapp") {
            assert!(
                refused(&signed.request(), NOW_MS + 3_600_000),
                "{id}: an old request is as good as a new one"
            );
        }
    }
}

#[test]
fn without_its_secrets_a_channel_believes_nobody() {
    for (id, yaml) in SHIPPED {
        let channel = super::load(yaml);
        let mut given = given(&channel);
        let request = Request { method: Method::Post, query: "", headers: &[], body: b"{}" };
        assert!(
            matches!(
                channel.receive(&request, &given, NOW_MS).verdict,
                Verdict::Unverified(_) | Verdict::Malformed(_)
            ),
            "{id}"
        );
        let name = channel.secrets().next().unwrap().to_owned();
        given.secrets.insert(name, String::new());
        let received = channel.receive(&request, &given, NOW_MS);
        assert_eq!(received.reply.status, 503, "{id}: an empty secret is none");
        let request = Request { method: Method::Put, ..request };
        assert_eq!(channel.receive(&request, &given, NOW_MS).reply.status, 405, "{id}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn covers_are_taken_off_again(text in proptest::collection::vec(any::<u8>(), 0..200), id in "[a-z0-9]{0,40}", random: [u8; 16]) {
        let covered = wx_encrypt(&text, KEY, id.as_bytes(), random).unwrap();
        prop_assert_eq!(wx_decrypt(covered.as_bytes(), KEY, id.as_bytes()), Some(text.clone()));
        let covered = feishu_encrypt(&text, id.as_bytes(), random);
        prop_assert_eq!(feishu_decrypt(covered.as_bytes(), id.as_bytes()), Some(text));
    }

    #[test]
    fn what_is_no_cover_is_none(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(wx_decrypt(&bytes, KEY, b"id"), None);
        drop(feishu_decrypt(&bytes, KEY));
    }

    #[test]
    fn texts_arrive_as_they_were_written(text in "\\PC{1,200}", id in "[a-zA-Z0-9]{1,20}") {
        let content = json!({"text": text}).to_string();
        let message = json!({"message_id": id, "chat_id": "c", "create_time": "1", "message_type": "text", "content": content});
        let sender = json!({"sender_id": {"open_id": "o"}, "sender_type": "user"});
        let body = json!({"header": {"event_id": id, "event_type": "im.message.receive_v1"}, "event": {"sender": sender, "message": message}});
        let received = receive_signed(&of_kefu("feishu"), body.to_string().as_bytes());
        prop_assert_eq!(&received.verdict, &Verdict::Accepted);
        prop_assert_eq!(&received.messages[0].text, &text);
        prop_assert_eq!(&received.messages[0].external_id, &id);
    }

    #[test]
    fn no_request_makes_a_channel_panic(
        body in proptest::collection::vec(any::<u8>(), 0..300),
        query in "\\PC{0,60}",
        value in "\\PC{0,60}",
        get: bool,
    ) {
        for (id, yaml) in SHIPPED {
            let channel = super::load(yaml);
            let names = ["x-lark-signature", "authorization", "webhook-signature", "webhook-id", "webhook-timestamp", "timestamp"];
            let headers = names.map(|name| (name.to_owned(), value.clone()));
            let method = if get { Method::Get } else { Method::Post };
            let request = Request { method, query: &query, headers: &headers, body: &body };
            let received = channel.receive(&request, &given(&channel), NOW_MS);
            prop_assert!(!matches!(received.verdict, Verdict::Accepted | Verdict::Handshake), "{id}");
            prop_assert!(received.messages.is_empty());
        }
    }
}

#[test]
fn whom_a_request_names_is_seen_beneath_its_cover() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let channel = of_kefu("wechat-aes");
    let given = given(&channel);
    let body = "<xml><FromUserName>o1-sender</FromUserName><Content>李四 asked</Content></xml>";
    let plain = Plain { body: body.as_bytes().to_vec(), ..Plain::default() };
    let signed = channel.sign(&plain, &given, NOW_MS, Seed([7; 16])).unwrap();
    let mentions = |list: &[&str]| channel.mentions(&signed.request(), &given, &names(list));
    assert_eq!(mentions(&["o1-sender"]), Some(true));
    assert_eq!(mentions(&["nobody", "asked"]), Some(true));
    assert_eq!(mentions(&["o2-sender", "o1", "李四"]), Some(false), "short names stand in much");
    let other = crate::Given { secrets: Default::default(), ..given.clone() };
    assert_eq!(channel.mentions(&signed.request(), &other, &names(&["x"])), None, "it cannot be uncovered");
    let webhook = of_kefu("webhook");
    let request = |body| Request { method: Method::Post, query: "user=li%40example.com", headers: &[], body };
    let mentions =
        |body, list: &[&str]| webhook.mentions(&request(body), &self::given(&webhook), &names(list));
    assert_eq!(
        mentions(b"{\"a\":[{\"\\u674e\\u5973\\u58eb\":1}]}", &["李女士"]),
        Some(true),
        "escaped, as a key"
    );
    assert_eq!(mentions(b"{\"from\":12}", &["12"]), Some(true));
    assert_eq!(mentions(b"{\"from\":13}", &["12"]), Some(false));
    assert_eq!(mentions(b"{}", &["li@example.com"]), Some(true), "in the address");
    assert_eq!(mentions(b"{\"from\":", &["12"]), None);
}
