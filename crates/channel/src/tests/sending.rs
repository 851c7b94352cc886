//! An agent's message on its way, and what answers mean.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{NOW_MS, given, load, of_kefu};
use crate::{
    Amendment, Channel, FaultKind, Fetched, HttpResponse, Inbound, Kind, Media, Next, Outbound, Pull,
    Refusal, Sender, Tokens,
};

fn answer(status: u16, body: &Value) -> HttpResponse {
    HttpResponse { status, headers: Vec::new(), body: body.to_string().into_bytes() }
}

fn text(text: &str) -> Outbound {
    let id = "019a0000-0000-7000-8000-000000000001".to_owned();
    Outbound {
        id,
        to: "u1".to_owned(),
        thread: "t1".to_owned(),
        text: text.to_owned(),
        ..Outbound::default()
    }
}

#[test]
fn a_token_comes_first_and_is_renewed_in_time() {
    let channel = of_kefu("wechat");
    let given = given(&channel);
    let mut tokens = Tokens::new();
    let Next::Token { name, request } = channel.send(&text("hi"), &given, &tokens, NOW_MS).unwrap() else {
        panic!("there is no token yet");
    };
    assert_eq!(
        (name.as_str(), request.url.as_str()),
        ("access", "https://api.weixin.qq.com/cgi-bin/stable_token")
    );
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["secret"], "app_secret-value");
    assert!(!format!("{request:?}").contains("app_secret-value"));

    let refused = answer(200, &json!({"errcode": 40125, "errmsg": "invalid appsecret"}));
    let fault = channel.token("access", Ok(&refused), &given, 1, NOW_MS).unwrap_err();
    assert!(
        matches!(&fault, Refusal::Failed { reason } if reason.contains("invalid appsecret")),
        "{fault:?}"
    );
    let got = answer(200, &json!({"access_token": "T", "expires_in": 7200}));
    let token = channel.token("access", Ok(&got), &given, 1, NOW_MS).unwrap();
    assert_eq!(token.renew_at_ms, NOW_MS + 5_760_000);
    tokens.insert(name, token);
    let Next::Call(request) = channel.send(&text("hi"), &given, &tokens, NOW_MS).unwrap() else {
        panic!("it is there")
    };
    assert!(request.url.ends_with("?access_token=T"), "{}", request.url);
    assert!(matches!(channel.send(&text("hi"), &given, &tokens, NOW_MS + 5_760_000), Ok(Next::Token { .. })));
    let ended = answer(200, &json!({"errcode": 42001}));
    assert_eq!(
        channel.sent(&text("hi"), Ok(&ended), &given, 1),
        Err(Refusal::RefreshTokens { names: vec!["access".to_owned()] })
    );
    // A token that is refused again and again is no reason to go on for ever.
    assert!(matches!(channel.sent(&text("hi"), Ok(&ended), &given, 5), Err(Refusal::Failed { .. })));
}

#[test]
fn a_picture_is_uploaded_first() {
    let channel = of_kefu("wecom-kf");
    let given = given(&channel);
    let token = channel.token(
        "access",
        Ok(&answer(200, &json!({"errcode": 0, "access_token": "T", "expires_in": 7200}))),
        &given,
        1,
        NOW_MS,
    );
    let tokens = Tokens::from([("access".to_owned(), token.unwrap())]);
    let media =
        Media { name: Some("猫.png".to_owned()), mime: Some("image/png".to_owned()), ..Media::default() };
    let context = json!({"open_kfid": "wk1"});
    let mut message = Outbound { kind: Kind::Image, media: Some(media), context, ..text("") };
    let Next::Upload(request) = channel.send(&message, &given, &tokens, NOW_MS).unwrap() else {
        panic!("it goes first")
    };
    let at = request.file_at.unwrap();
    let mut body = request.body.clone();
    body.splice(at..at, *b"PNG");
    let body = String::from_utf8(body).unwrap();
    assert_eq!(
        body,
        "--kefu-part-019a0000000070008000000000000001\r\ncontent-disposition: form-data; name=\"media\"; filename=\"猫.png\"\r\n\
         content-type: image/png\r\n\r\nPNG\r\n--kefu-part-019a0000000070008000000000000001--\r\n"
    );
    message.uploaded = Some(
        channel
            .uploaded(&message, Ok(&answer(200, &json!({"errcode": 0, "media_id": "M"}))), &given, 1)
            .unwrap(),
    );
    let Next::Call(request) = channel.send(&message, &given, &tokens, NOW_MS).unwrap() else {
        panic!("it is there")
    };
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["image"]["media_id"], "M");
    // What the file does not say how to send goes as a text.
    let video = Outbound { kind: Kind::Video, text: "[视频] https://a.example/1".to_owned(), ..message };
    let Next::Call(request) = channel.send(&video, &given, &tokens, NOW_MS).unwrap() else {
        panic!("it is a text")
    };
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        (&body["msgtype"], &body["text"]["content"]),
        (&json!("text"), &json!("[视频] https://a.example/1"))
    );
}

#[test]
fn no_request_leaves_for_a_host_that_the_file_does_not_name() {
    let channel = of_kefu("dingtalk");
    let given = given(&channel);
    for webhook in [
        "https://evil.example/robot",
        "http://oapi.dingtalk.com/robot",
        "https://oapi.dingtalk.com@evil.example/",
        "https://oapi.dingtalk.com.evil.example/",
        "https://oapi.dingtalk.com:8443/",
        "https://127.0.0.1/",
        "file:///etc/passwd",
        "",
    ] {
        let message = Outbound { context: json!({"webhook": webhook}), ..text("hi") };
        let fault = channel.send(&message, &given, &Tokens::new(), NOW_MS).expect_err(webhook);
        assert_eq!(fault.kind, FaultKind::Setup, "{webhook}: {fault}");
    }
    let channel = load(
        "kefu_channel: 1\nid: a\nname: a\nhosts: [a.example]\nsend:\n  text:\n    post: https://a.example/\n    headers: { x-a: \"= msg.text\" }\n",
    );
    let fault = channel.send(&text("a\r\nx-b: c"), &given, &Tokens::new(), NOW_MS).unwrap_err();
    assert_eq!(fault.key, "send.text.headers.x-a");
}

#[test]
fn answers_say_whether_to_try_again() {
    let channel = of_kefu("feishu");
    let given = given(&channel);
    let sent = |answer: &HttpResponse, tries| channel.sent(&text("hi"), Ok(answer), &given, tries);
    let ok = answer(200, &json!({"code": 0, "data": {"message_id": "om"}}));
    assert_eq!(sent(&ok, 1), Ok(Some("om".to_owned())));
    // A name that cannot be read must not send the message again.
    assert_eq!(sent(&answer(200, &json!({"code": 0})), 1), Ok(None));
    let waits = |answer: &HttpResponse, tries| match sent(answer, tries) {
        Err(Refusal::Retry { after_ms, .. }) => after_ms,
        other => panic!("{other:?}"),
    };
    let limit = answer(200, &json!({"code": 99991400}));
    assert_eq!([1, 2, 3, 4].map(|tries| waits(&limit, tries)), [1_000, 2_000, 4_000, 8_000]);
    assert!(matches!(sent(&limit, 5), Err(Refusal::Failed { .. })));
    let mut busy = answer(503, &Value::Null);
    busy.headers.push(("Retry-After".to_owned(), "30".to_owned()));
    assert_eq!(waits(&busy, 1), 30_000);
    busy.headers[0].1 = "99999999999999999".to_owned();
    assert_eq!(waits(&busy, 1), 3_600_000);
    assert!(matches!(
        channel.sent(&text("hi"), Err("no answer within 10 s"), &given, 1),
        Err(Refusal::Retry { .. })
    ));
    let Err(Refusal::Failed { reason }) =
        sent(&answer(400, &json!({"code": 230001, "msg": "bad\u{1b}[2J"})), 1)
    else {
        panic!("it is not taken");
    };
    assert!(reason.contains("400") && reason.contains("230001") && !reason.contains('\u{1b}'), "{reason}");
}

fn inbound(kind: Kind, media: Media) -> Inbound {
    Inbound {
        dedupe: String::new(),
        external_id: "om/1".to_owned(),
        thread: "t".to_owned(),
        sender: Sender { id: "u".to_owned(), ..Sender::default() },
        at_ms: 0,
        kind,
        text: String::new(),
        media: Some(media),
        location: None,
        event: None,
        reply_to: None,
        reply_until_ms: None,
        context: Value::Null,
    }
}

#[test]
fn files_are_fetched_step_by_step() {
    let channel = of_kefu("whatsapp");
    let given = given(&channel);
    assert_eq!(channel.fetch_steps(), 2);
    let message = inbound(Kind::Image, Media { id: Some("m 1".to_owned()), ..Media::default() });
    let fetch =
        |step, value: &Value| match channel.fetch(&message, step, value, &given, &Tokens::new(), NOW_MS) {
            Ok(Next::Call(request)) => Ok(request.url),
            Ok(other) => panic!("{other:?}"),
            Err(fault) => Err(fault),
        };
    assert_eq!(fetch(0, &Value::Null).unwrap(), "https://graph.facebook.com/v23.0/m%201");
    let url = "https://lookaside.fbsbx.com/whatsapp?mid=1";
    assert_eq!(
        channel.fetched(0, Ok(&answer(200, &json!({"url": url}))), &given, 1),
        Ok(Fetched::Value(json!(url)))
    );
    assert_eq!(fetch(1, &json!(url)).unwrap(), url);
    assert!(fetch(1, &json!("https://evil.example/")).is_err());
    assert_eq!(
        channel.fetched(
            1,
            Ok(&HttpResponse { status: 200, headers: Vec::new(), body: vec![0xff] }),
            &given,
            1
        ),
        Ok(Fetched::File)
    );
    assert!(channel.fetched(1, Ok(&answer(404, &Value::Null)), &given, 1).is_err());
    let wechat = of_kefu("wechat");
    let given = super::given(&wechat);
    assert!(
        wechat.fetched(0, Ok(&answer(200, &json!({"errcode": 40007}))), &given, 1).is_err(),
        "an error is no file"
    );
}

#[test]
fn lists_are_read_page_by_page() {
    let channel = of_kefu("wecom-kf");
    let given = given(&channel);
    let pull = Pull { list: "wk1".to_owned(), notice: json!({"token": "N", "open_kfid": "wk1"}) };
    let token = channel.token(
        "access",
        Ok(&answer(200, &json!({"errcode": 0, "access_token": "T", "expires_in": 7200}))),
        &given,
        1,
        NOW_MS,
    );
    let tokens = Tokens::from([("access".to_owned(), token.unwrap())]);
    for cursor in [None, Some("c1")] {
        let Next::Call(request) = channel.pull(&pull, cursor, &given, &tokens, NOW_MS).unwrap() else {
            panic!("it is there")
        };
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(
            body,
            json!({"cursor": cursor.unwrap_or_default(), "token": "N", "limit": 1000, "open_kfid": "wk1"})
        );
    }
    let page = answer(200, &json!({"errcode": 0, "next_cursor": "c2", "has_more": 1, "msg_list": []}));
    let pulled = channel.pulled(&pull, Ok(&page), &given, 1, NOW_MS).unwrap();
    assert_eq!((pulled.cursor.as_deref(), pulled.more, pulled.messages.len()), (Some("c2"), true, 0));
    let ended = answer(200, &json!({"errcode": 42001}));
    let refused = channel.pulled(&pull, Ok(&ended), &given, 1, NOW_MS);
    assert_eq!(refused, Err(Refusal::RefreshTokens { names: vec!["access".to_owned()] }));
}

fn splitting(rule: &str) -> Channel {
    load(&format!(
        "kefu_channel: 1\nid: a\nname: a\nhosts: [a.example]\nsend:\n  text:\n    post: https://a.example/\n    split: {rule}\n"
    ))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn parts_together_are_the_whole(words in "[a-z 你好。😀\n]{0,300}", max in 16_usize..60) {
        for (rule, size) in [
            (format!("{{ max_bytes: {max} }}"), str::len as fn(&str) -> usize),
            (format!("{{ max_chars: {max} }}"), (|text: &str| text.chars().count()) as fn(&str) -> usize),
        ] {
            let parts = splitting(&rule).parts(&text(&words));
            prop_assert_eq!(parts.iter().map(|part| part.text.as_str()).collect::<String>(), words.clone());
            if parts.len() < 20 {
                prop_assert!(parts.iter().all(|part| size(&part.text) <= max));
            }
            let ids: std::collections::BTreeSet<_> = parts.iter().map(|part| &part.id).collect();
            prop_assert_eq!(ids.len(), parts.len());
            prop_assert!(parts.iter().all(|part| part.id.len() == 36));
        }
    }
}

#[test]
fn what_a_service_has_is_changed_by_its_name() {
    let channel = of_kefu("telegram");
    let (given, tokens) = (given(&channel), Tokens::new());
    assert!(channel.amends(Amendment::Edit) && channel.amends(Amendment::Recall) && channel.has_check());
    let message = Outbound { sent: Some("7".to_owned()), ..text("second") };
    let amend = |message: &Outbound| channel.amend(Amendment::Edit, message, &given, &tokens, NOW_MS);
    let Ok(Next::Call(request)) = amend(&message) else { panic!("it has no token") };
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!((&body["message_id"], &body["text"]), (&json!(7), &json!("second")));
    assert!(amend(&text("second")).is_err(), "without a name there is nothing to change");
    let amended = |status, said: &Value, tries| {
        channel.amended(Amendment::Edit, Ok(&answer(status, said)), &given, tries)
    };
    assert_eq!(amended(200, &json!({"ok": true}), 1), Ok(()));
    assert_eq!(amended(400, &json!({"ok": false, "description": "message is not modified"}), 1), Ok(()));
    assert!(matches!(amended(429, &json!({"ok": false}), 1), Err(Refusal::Retry { .. })));
    assert!(matches!(amended(400, &json!({"ok": false}), 1), Err(Refusal::Failed { .. })));
    let wechat = of_kefu("wechat");
    assert!(!wechat.amends(Amendment::Edit) && !wechat.has_check());
    let refused =
        wechat.amend(Amendment::Edit, &message, &self::given(&wechat), &tokens, NOW_MS).unwrap_err();
    assert!(refused.to_string().contains("cannot change messages"), "{refused}");
}

#[test]
fn a_check_has_the_values_that_the_service_gave() {
    let channel = load(
        "kefu_channel: 1\nid: a\nname: A\nhosts: [a.example]\nsecrets: [key]\n\
         tokens: {access: {post: 'https://a.example/token', json: {key: = secret.key}, value: = resp.t, ttl: 60}}\n\
         send: {text: {post: 'https://a.example/send', json: {text: = msg.text}}}\n\
         check: {get: 'https://a.example/me', headers: {authorization: = token.access}, ok: resp.ok}\n",
    );
    let (given, none) = (given(&channel), Tokens::new());
    let Ok(Next::Token { name, request }) = channel.check(&given, &none, NOW_MS) else {
        panic!("none is there")
    };
    assert_eq!(
        (name.as_str(), &request),
        ("access", &channel.token_request("access", &given, NOW_MS).unwrap())
    );
    let got = channel.token("access", Ok(&answer(200, &json!({"t": "T"}))), &given, 1, NOW_MS).unwrap();
    let tokens = Tokens::from([(name, got)]);
    let Ok(Next::Call(request)) = channel.check(&given, &tokens, NOW_MS) else { panic!("it is there") };
    assert_eq!(request.headers, [("authorization".to_owned(), "T".to_owned())]);
    assert_eq!(channel.checked(Ok(&answer(200, &json!({"ok": true}))), &given), Ok(()));
    assert!(channel.checked(Ok(&answer(200, &json!({"ok": false}))), &given).is_err());
}
