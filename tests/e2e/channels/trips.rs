//! A whole round over every service that comes with kefu: a customer writes, an agent answers, the service has it.
//!
//! The service refuses what does not have its token, and kefu refuses what is not signed with its secret.

use serde_json::{Value, json};

use super::{AES_KEY, HOSTS};
use crate::support::{
    random::Random,
    server::Place,
    vendor::{Asked, Connected, Desk, Said, Vendor, now_ms, says, usual},
};

/// A customer's message over a service, and what must come out of an agent's answer.
struct Trip {
    file: &'static str,
    secrets: Value,
    settings: Value,
    /// What the service posts.
    posts: String,
    /// What it is answered.
    reply: &'static str,
    /// Where the answer goes, and a part of what it says.
    sends: &'static str,
    says: Vec<(&'static str, Value)>,
}

const QUESTION: &str = "你好 & <世界>";
const ANSWER: &str = "您好 \"李女士\"\n请稍等";

fn trips(vendor: &Vendor) -> Vec<Trip> {
    let s = now_ms() / 1_000;
    let wechat = format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>{s}</CreateTime>\
         <MsgType>text</MsgType><Content><![CDATA[{QUESTION}]]></Content><MsgId>42</MsgId></xml>"
    );
    let content = json!({ "text": QUESTION }).to_string();
    vec![
        Trip {
            file: "webhook",
            secrets: json!({"webhook_key": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "send_key": "k1"}),
            settings: json!({"send_url": format!("http://{}/chat", vendor.address)}),
            posts: json!({"id": "m1", "from": {"id": "u1", "name": "李女士"}, "text": QUESTION}).to_string(),
            reply: "{\"ok\":true}",
            sends: "/chat",
            says: vec![("/to", json!("u1")), ("/text", json!(ANSWER))],
        },
        Trip {
            file: "wechat",
            secrets: json!({"token": "kefutoken", "app_secret": "s"}),
            settings: json!({"app_id": "wx1"}),
            posts: wechat.clone(),
            reply: "success",
            sends: "/cgi-bin/message/custom/send?access_token=T1",
            says: vec![("/touser", json!("o1")), ("/text/content", json!(ANSWER))],
        },
        Trip {
            file: "wechat-aes",
            secrets: json!({"token": "kefutoken", "app_secret": "s", "encoding_aes_key": AES_KEY}),
            settings: json!({"app_id": "wx1"}),
            posts: wechat,
            reply: "success",
            sends: "/cgi-bin/message/custom/send?access_token=T1",
            says: vec![("/touser", json!("o1")), ("/text/content", json!(ANSWER))],
        },
        Trip {
            file: "wecom-kf",
            secrets: json!({"token": "kefutoken", "encoding_aes_key": AES_KEY, "corp_secret": "s"}),
            settings: json!({"corp_id": "ww1"}),
            posts: "<xml><ToUserName>ww1</ToUserName><CreateTime>1</CreateTime><MsgType>event</MsgType>\
                    <Event>kf_msg_or_event</Event><Token>N1</Token><OpenKfId>wk1</OpenKfId></xml>"
                .to_owned(),
            reply: "success",
            sends: "/cgi-bin/kf/send_msg?access_token=T1",
            says: vec![
                ("/touser", json!("wm1")),
                ("/open_kfid", json!("wk1")),
                ("/text/content", json!(ANSWER)),
            ],
        },
        Trip {
            file: "feishu",
            secrets: json!({"app_secret": "s", "encrypt_key": "test key", "verification_token": "v1"}),
            settings: json!({"app_id": "cli_1"}),
            posts: json!({
                "schema": "2.0",
                "header": {"event_id": "e1", "event_type": "im.message.receive_v1", "token": "v1"},
                "event": {
                    "sender": {"sender_id": {"open_id": "ou_1"}, "sender_type": "user"},
                    "message": {
                        "message_id": "om_1", "chat_id": "oc_1", "create_time": format!("{s}000"),
                        "message_type": "text", "content": content,
                    },
                },
            })
            .to_string(),
            reply: "{}",
            sends: "/open-apis/im/v1/messages?receive_id_type=chat_id",
            says: vec![
                ("/receive_id", json!("oc_1")),
                ("/content", json!(json!({"text": ANSWER}).to_string())),
            ],
        },
        Trip {
            file: "dingtalk",
            secrets: json!({"app_secret": "this is a secret"}),
            settings: json!({}),
            posts: json!({
                "msgId": "msg1", "msgtype": "text", "text": {"content": QUESTION}, "conversationId": "cid1",
                "senderId": "x", "senderStaffId": "manager1", "senderNick": "小钉", "createAt": s * 1_000,
                "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=s1",
                "sessionWebhookExpiredTime": (s + 3_600) * 1_000,
            })
            .to_string(),
            reply: "{}",
            sends: "/robot/sendBySession?session=s1",
            says: vec![("/text/content", json!(ANSWER))],
        },
        Trip {
            file: "telegram",
            secrets: json!({"bot_token": "123:abc", "webhook_secret": "w1"}),
            settings: json!({}),
            posts: json!({"update_id": 1, "message": {
                "message_id": 5, "date": s, "chat": {"id": 99, "type": "private"},
                "from": {"id": 99, "first_name": "Wang"}, "text": QUESTION,
            }})
            .to_string(),
            reply: "",
            sends: "/bot123:abc/sendMessage",
            says: vec![("/chat_id", json!("99")), ("/text", json!(ANSWER))],
        },
        Trip {
            file: "chatwoot",
            secrets: json!({"webhook_secret": "hook", "access_token": "a1"}),
            settings: json!({"base_url": format!("http://{}", vendor.address), "account_id": "1"}),
            posts: json!({
                "event": "message_created", "id": 7, "message_type": "incoming", "content": QUESTION,
                "private": false, "created_at": s, "conversation": {"id": 12}, "account": {"id": 1},
                "sender": {"id": 3, "name": "李女士"},
            })
            .to_string(),
            reply: "{}",
            sends: "/api/v1/accounts/1/conversations/12/messages",
            says: vec![("/content", json!(ANSWER)), ("/message_type", json!("outgoing"))],
        },
        Trip {
            file: "line",
            secrets: json!({"channel_secret": "c1", "channel_access_token": "lt1"}),
            settings: json!({}),
            posts: json!({"destination": "U0", "events": [{
                "type": "message", "webhookEventId": "01FZ74A0TDDPYRVKNK77XKC3ZR", "timestamp": s * 1_000,
                "source": {"type": "user", "userId": "U1"}, "replyToken": "r1",
                "message": {"id": "468", "type": "text", "text": QUESTION},
            }]})
            .to_string(),
            reply: "",
            sends: "/v2/bot/message/push",
            says: vec![("/to", json!("U1")), ("/messages/0/text", json!(ANSWER))],
        },
        Trip {
            file: "whatsapp",
            secrets: json!({"app_secret": "as1", "verify_token": "v1", "access_token": "wt1"}),
            settings: json!({"phone_number_id": "106"}),
            // Somebody with a user name, who comes without a number.
            posts: json!({"object": "whatsapp_business_account", "entry": [{"changes": [{"value": {
                "metadata": {"phone_number_id": "106"}, "contacts": [{"profile": {"name": "Pablo"}}],
                "messages": [{
                    "from_user_id": "BR.1502", "id": "wamid.1", "timestamp": s.to_string(), "type": "text",
                    "text": {"body": QUESTION},
                }],
            }}]}]})
            .to_string(),
            reply: "",
            sends: "/v23.0/106/messages",
            says: vec![("/recipient", json!("BR.1502")), ("/text/body", json!(ANSWER))],
        },
        Trip {
            file: "email",
            secrets: json!({"user": "postmark", "password": "p1", "server_token": "st1"}),
            settings: json!({"from": "help@shop.example"}),
            posts: json!({
                "FromFull": {"Email": "Li@Example.com", "Name": "李女士"}, "Subject": "Order 7",
                "MessageID": "22c74902", "TextBody": QUESTION, "StrippedTextReply": "",
                "Headers": [{"Name": "Message-ID", "Value": "<a@example.com>"}],
            })
            .to_string(),
            reply: "",
            sends: "/email",
            says: vec![
                ("/To", json!("li@example.com")),
                ("/From", json!("help@shop.example")),
                ("/Subject", json!("Re: Order 7")),
                ("/TextBody", json!(ANSWER)),
                ("/Headers/0/Value", json!("<a@example.com>")),
            ],
        },
        Trip {
            file: "slack",
            secrets: json!({"signing_secret": "s1", "bot_token": "xoxb-1"}),
            settings: json!({}),
            posts: json!({"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": {
                "type": "message", "channel": "C1", "channel_type": "channel", "user": "U1",
                "text": QUESTION, "ts": "1531420618.000200",
            }})
            .to_string(),
            reply: "",
            sends: "/api/chat.postMessage",
            says: vec![
                ("/channel", json!("C1")),
                ("/thread_ts", json!("1531420618.000200")),
                ("/text", json!(ANSWER)),
            ],
        },
    ]
}

/// The list of WeCom: two pages, of which the first has nothing of a customer.
pub(super) fn with_pages(asked: &Asked) -> Said {
    if !asked.path.starts_with("/cgi-bin/kf/sync_msg") {
        return usual(asked);
    }
    let item = |id: &str, origin: u32| {
        json!({
            "msgid": id, "open_kfid": "wk1", "external_userid": "wm1", "send_time": now_ms() / 1_000,
            "origin": origin, "msgtype": "text", "text": {"content": QUESTION},
        })
    };
    says(&match asked.json()["cursor"].as_str() {
        Some("") => json!({"errcode": 0, "next_cursor": "c1", "has_more": 1, "msg_list": [item("m0", 5)]}),
        Some("c1") => json!({"errcode": 0, "next_cursor": "c2", "has_more": 0, "msg_list": [item("m1", 3)]}),
        _ => json!({"errcode": 0, "next_cursor": "c2", "has_more": 0, "msg_list": []}),
    })
}

#[test]
fn a_customer_is_answered_over_every_service() {
    let vendor = Vendor::with(with_pages);
    for trip in trips(&vendor) {
        let place = Place::with(&vendor.settings(&HOSTS));
        let server = place.start();
        let desk = Desk { server: &server, admin: server.sign_in() };
        let channel = Connected::to(&server, &desk.admin, trip.file, &trip.secrets, &trip.settings);
        // Somebody else posts it, who does not have the secrets.
        let forged = channel.try_forge(server.address, &trip.posts).unwrap();
        assert_eq!((forged.status, forged.body.as_str()), (401, ""), "{}", trip.file);
        // It comes twice, as services have it.
        for _ in 0..2 {
            assert_eq!(channel.post(&server, &trip.posts).body, trip.reply, "{}", trip.file);
        }
        let conversation = desk.conversation("你好");
        let said: Vec<_> = desk.messages(&conversation);
        let said: Vec<_> = said.iter().filter(|one| one["kind"] == "text").map(|one| &one["text"]).collect();
        assert_eq!(said, [QUESTION], "{}", trip.file);
        let asked_before = vendor.asked().len();
        desk.say(&conversation, &Random::new(1).id(), ANSWER).expect(201);
        let state = desk.all_are(&conversation, "sent");
        assert_eq!(state["channel"]["id"], channel.id.as_str(), "{state}");
        let sent: Vec<_> = vendor.asked().split_off(asked_before);
        let sent: Vec<_> = sent.iter().filter(|asked| asked.path.starts_with(trip.sends)).collect();
        assert_eq!(sent.len(), 1, "{}: {:?}", trip.file, vendor.asked());
        let is_relayed = HOSTS.contains(&sent[0].host.as_str());
        let has_own_address = ["webhook", "chatwoot"].contains(&trip.file);
        assert_eq!(is_relayed, !has_own_address, "{}: {:?}", trip.file, sent[0].host);
        for (pointer, value) in trip.says {
            assert_eq!(sent[0].json().pointer(pointer), Some(&value), "{}: {}", trip.file, sent[0].text());
        }
        server.stop();
        place.check();
    }
}

#[test]
fn an_address_is_verified_as_its_service_does_it() {
    let vendor = Vendor::start();
    let place = Place::with(&vendor.settings(&HOSTS));
    let server = place.start();
    let admin = server.sign_in();
    let secrets = json!({"app_secret": "as1", "verify_token": "v1", "access_token": "wt1"});
    let channel = Connected::to(&server, &admin, "whatsapp", &secrets, &json!({"phone_number_id": "106"}));
    let ask = |token: &str| {
        let query = format!("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}");
        server.call("GET", &format!("/channels/{}?{query}", channel.id), None, None)
    };
    let (right, wrong) = (ask("v1"), ask("v2"));
    assert_eq!((right.status, right.body.as_str()), (200, "1158201444"));
    assert_eq!((wrong.status, wrong.body.as_str()), (401, ""));
    server.stop();
}
