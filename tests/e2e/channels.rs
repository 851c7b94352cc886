//! Chat services: from a customer over the service to an agent and back, through kills, repeats and refusals.

mod amending;
mod systems;
mod thrift;
mod trips;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
};

use serde_json::json;

use crate::support::{
    random::{Random, eventually},
    server::Place,
    vendor::{Connected, Desk, Said, Vendor, now_ms, says},
};

const HOSTS: [&str; 9] = [
    "api.weixin.qq.com",
    "qyapi.weixin.qq.com",
    "open.feishu.cn",
    "oapi.dingtalk.com",
    "api.telegram.org",
    "slack.com",
    "api.line.me",
    "graph.facebook.com",
    "api.postmarkapp.com",
];

/// An EncodingAESKey, of 43 characters as they have.
const AES_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";

#[test]
fn what_is_not_from_the_service_is_not_believed_and_not_told_why() {
    let vendor = Vendor::start();
    let place = Place::with(&vendor.settings(&HOSTS));
    let server = place.start();
    let admin = server.sign_in();
    let (secrets, settings) = (json!({"token": "right", "app_secret": "s"}), json!({"app_id": "wx1"}));
    let channel = Connected::to(&server, &admin, "wechat", &secrets, &settings);
    let path = format!("/channels/{}", channel.id);
    for query in ["", "?signature=0&timestamp=1&nonce=1"] {
        let answer = server.call("POST", &format!("{path}{query}"), None, Some(&json!({})));
        assert_eq!((answer.status, answer.body.as_str()), (401, ""), "{query}");
    }
    assert_eq!(server.metric("kefu_channel_received_total{outcome=\"unverified\"}"), 2.0);
    assert_eq!(server.call("GET", "/channels/nobody", None, None).status, 404);
    assert_eq!(server.call("PUT", &path, None, None).status, 405);
    let turned_off = json!({"version": 1, "enabled": false});
    let own = format!("/api/v1/channels/{}", channel.id);
    server.call("PATCH", &own, Some(&admin), Some(&turned_off)).expect(200);
    assert_eq!(channel.try_post(server.address, "<xml/>").unwrap().status, 404);
    server.stop();
}

fn webhook(server: &crate::support::server::Server, vendor: &Vendor, admin: &str) -> Connected {
    let secrets = json!({"webhook_key": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "send_key": "k1"});
    let settings = json!({"send_url": format!("http://{}/chat", vendor.address)});
    Connected::to(server, admin, "webhook", &secrets, &settings)
}

#[test]
fn a_kill_among_what_comes_loses_nothing_and_doubles_nothing() {
    const CUSTOMERS: usize = 4;
    let vendor = Vendor::start();
    let place = Place::new();
    let mut server = place.start();
    let channel = webhook(&server, &vendor, &server.sign_in());
    let body = |customer: usize, number: usize| {
        json!({
            "id": format!("{customer}-{number}"), "from": {"id": format!("u{customer}")},
            "text": format!("c{customer} n{number}"),
        })
        .to_string()
    };
    let mut taken = BTreeSet::new();
    let mut next = [0; CUSTOMERS];
    for round in 1..=4 {
        let address = server.address;
        let enough = AtomicUsize::new(0);
        let outcomes = std::thread::scope(|scope| {
            let customers: Vec<_> = (0..CUSTOMERS)
                .map(|customer| {
                    let (channel, enough, body, first) = (&channel, &enough, &body, next[customer]);
                    scope.spawn(move || {
                        let mut number = first;
                        // What was not answered is sent again in the next round, as a service would.
                        while channel
                            .try_post(address, &body(customer, number))
                            .is_ok_and(|a| a.status == 200)
                        {
                            enough.fetch_add(1, Ordering::Relaxed);
                            number += 1;
                        }
                        number
                    })
                })
                .collect();
            eventually("messages", || (enough.load(Ordering::Relaxed) >= round * 10).then_some(()));
            server.die();
            customers.into_iter().map(|customer| customer.join().unwrap()).collect::<Vec<_>>()
        });
        for (customer, number) in outcomes.into_iter().enumerate() {
            taken.extend((next[customer]..number).map(|number| format!("c{customer} n{number}")));
            next[customer] = number;
        }
        server.kill();
        server = place.start();
    }
    for (customer, number) in next.iter().enumerate() {
        channel.post(&server, &body(customer, *number));
        taken.insert(format!("c{customer} n{number}"));
    }
    let desk = Desk { server: &server, admin: server.sign_in() };
    let mut found = BTreeMap::new();
    for customer in 0..CUSTOMERS {
        let conversation = desk.conversation(&format!("c{customer} n"));
        let mut after = 0;
        loop {
            let path = format!("/api/v1/conversations/{conversation}/messages?limit=500&after_seq={after}");
            let page = server.call("GET", &path, Some(&desk.admin), None).expect(200);
            let items = page["items"].as_array().unwrap();
            let Some(last) = items.last() else { break };
            after = last["seq"].as_u64().unwrap();
            for one in items.iter().filter(|one| one["kind"] == "text") {
                *found.entry(one["text"].as_str().unwrap().to_owned()).or_insert(0) += 1;
            }
        }
    }
    assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), taken);
    let doubled: Vec<_> = found.iter().filter(|(_, count)| **count != 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    server.stop();
    place.check();
}

#[test]
fn a_kill_among_what_goes_out_loses_nothing_and_keeps_the_order() {
    const ANSWERS: usize = 60;
    let vendor = Vendor::start();
    let place = Place::new();
    let mut server = place.start();
    let admin = server.sign_in();
    let channel = webhook(&server, &vendor, &admin);
    channel.post(&server, &json!({"id": "m1", "from": {"id": "u1"}, "text": "hello"}).to_string());
    let conversation = Desk { server: &server, admin: admin.clone() }.conversation("hello");
    let mut random = Random::new(3);
    for number in 0..ANSWERS {
        if number % 20 == 10 {
            let sent = vendor.asked().len();
            eventually("something goes out", || (vendor.asked().len() > sent || sent > 2).then_some(()));
            server.kill();
            server = place.start();
        }
        let desk = Desk { server: &server, admin: admin.clone() };
        desk.say(&conversation, &random.id(), &format!("n{number}")).expect(201);
    }
    let desk = Desk { server: &server, admin };
    desk.all_are(&conversation, "sent");
    let texts: Vec<String> =
        vendor.asked().iter().map(|asked| asked.json()["text"].as_str().unwrap().to_owned()).collect();
    let mut firsts = Vec::new();
    for text in &texts {
        if !firsts.contains(text) {
            firsts.push(text.clone());
        }
    }
    assert_eq!(firsts, (0..ANSWERS).map(|number| format!("n{number}")).collect::<Vec<_>>());
    println!("{} requests for {ANSWERS} answers", texts.len());
    // What comes twice comes under the same name.
    let names: BTreeSet<_> =
        vendor.asked().iter().map(|asked| asked.headers["idempotency-key"].clone()).collect();
    assert_eq!(names.len(), ANSWERS);
    server.stop();
    place.check();
}

#[test]
fn a_value_that_expired_is_got_anew_and_a_refusal_is_shown_and_tried_again() {
    let tokens = Arc::new(AtomicU32::new(0));
    let refused = Arc::new(AtomicU32::new(1));
    let (given, refusing) = (Arc::clone(&tokens), Arc::clone(&refused));
    let vendor = Vendor::with(move |asked| {
        if asked.path.starts_with("/cgi-bin/stable_token") {
            let number = given.fetch_add(1, Ordering::Relaxed) + 1;
            return says(&json!({"access_token": format!("T{number}"), "expires_in": 7200}));
        }
        if asked.path.ends_with("access_token=T1") {
            return says(&json!({"errcode": 42001, "errmsg": "access_token expired"}));
        }
        match (asked.json()["text"]["content"].as_str(), refusing.load(Ordering::Relaxed)) {
            (Some("refused"), 1) => says(&json!({"errcode": 45015, "errmsg": "response out of time limit"})),
            (Some("later"), 2) => {
                Said { status: 503, headers: vec![("retry-after", "1".to_owned())], body: Vec::new() }
            }
            _ => says(&json!({"errcode": 0})),
        }
    });
    let place = Place::with(&vendor.settings(&HOSTS));
    let server = place.start();
    let desk = Desk { server: &server, admin: server.sign_in() };
    let (secrets, settings) = (json!({"token": "t", "app_secret": "s"}), json!({"app_id": "wx1"}));
    let channel = Connected::to(&server, &desk.admin, "wechat", &secrets, &settings);
    let s = now_ms() / 1_000;
    channel.post(
        &server,
        &format!(
            "<xml><FromUserName>o1</FromUserName><CreateTime>{s}</CreateTime><MsgType>text</MsgType>\
             <Content>hello</Content><MsgId>1</MsgId></xml>"
        ),
    );
    let conversation = desk.conversation("hello");
    let mut random = Random::new(5);
    desk.say(&conversation, &random.id(), "first").expect(201);
    desk.all_are(&conversation, "sent");
    assert_eq!(tokens.load(Ordering::Relaxed), 2, "the expired one was got anew, once");
    // The service says no: the agent sees why, and what follows goes out nevertheless.
    let seq = desk.say(&conversation, &random.id(), "refused").expect(201)["seq"].as_u64().unwrap();
    desk.say(&conversation, &random.id(), "third").expect(201);
    let failed = eventually("a failure", || {
        let sends = desk.channel(&conversation)["sends"].as_array().unwrap().clone();
        let is_over = sends.iter().all(|send| send["state"] != "waiting") && sends.len() == 3;
        is_over.then(|| sends.into_iter().find(|send| send["seq"] == seq).unwrap())
    });
    assert_eq!(failed["state"], "failed");
    assert!(failed["error"].as_str().unwrap().contains("response out of time limit"), "{failed}");
    let own = format!("/api/v1/channels/{}", channel.id);
    let seen = server.call("GET", &own, Some(&desk.admin), None).expect(200);
    assert_eq!((&seen["failed"], &seen["waiting"]), (&json!(1), &json!(0)));
    refused.store(0, Ordering::Relaxed);
    let again = format!("/api/v1/conversations/{conversation}/messages/{seq}/send-again");
    assert_eq!(server.call("POST", &again, Some(&desk.admin), None).status, 204);
    desk.all_are(&conversation, "sent");
    assert_eq!(server.call("POST", &again, Some(&desk.admin), None).status, 409);
    // What fails for now waits as long as the service says.
    refused.store(2, Ordering::Relaxed);
    desk.say(&conversation, &random.id(), "later").expect(201);
    eventually("a try", || {
        let sends = desk.channel(&conversation)["sends"].as_array().unwrap().clone();
        let last = sends.last().unwrap();
        (last["state"] == "waiting" && last["tries"].as_u64().unwrap() > 0).then_some(())
    });
    refused.store(0, Ordering::Relaxed);
    desk.all_are(&conversation, "sent");
    server.stop();
}

#[test]
fn who_cannot_be_answered_any_more_is_not() {
    let vendor = Vendor::start();
    let place = Place::with(&vendor.settings(&HOSTS));
    let server = place.start();
    let desk = Desk { server: &server, admin: server.sign_in() };
    let (secrets, settings) = (json!({"token": "t", "app_secret": "s"}), json!({"app_id": "wx1"}));
    let channel = Connected::to(&server, &desk.admin, "wechat", &secrets, &settings);
    let message = |user: &str, s: i64, text: &str| {
        format!(
            "<xml><FromUserName>{user}</FromUserName><CreateTime>{s}</CreateTime><MsgType>text</MsgType>\
             <Content>{text}</Content><MsgId>{user}{s}</MsgId></xml>"
        )
    };
    let s = now_ms() / 1_000;
    channel.post(&server, &message("o1", s - 49 * 3_600, "long ago"));
    let old = desk.conversation("long ago");
    let mut random = Random::new(7);
    let refusal = desk.say(&old, &random.id(), "too late").expect(409);
    assert!(refusal["detail"].as_str().unwrap().contains("it took them until"), "{refusal}");
    channel.post(&server, &message("o2", s, "just now"));
    let fresh = desk.conversation("just now");
    assert_eq!(desk.channel(&fresh)["replies_left"], 5);
    for number in 0..5 {
        desk.say(&fresh, &random.id(), &format!("n{number}")).expect(201);
    }
    let state = desk.all_are(&fresh, "sent");
    assert_eq!(state["replies_left"], 0);
    assert!(state["reply_until"].is_string());
    let refusal = desk.say(&fresh, &random.id(), "one too many").expect(409);
    assert!(refusal["detail"].as_str().unwrap().contains("it takes 5 after each"), "{refusal}");
    channel.post(&server, &message("o2", s + 1, "still here"));
    assert_eq!(desk.channel(&fresh)["replies_left"], 5);
    desk.say(&fresh, &random.id(), "and so are we").expect(201);
    server.stop();
}

/// The smallest picture: one pixel of PNG.
const PIXEL: [u8; 69] = [
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0, 144,
    119, 83, 222, 0, 0, 0, 12, 73, 68, 65, 84, 120, 156, 99, 248, 255, 255, 63, 0, 5, 254, 2, 254, 13, 239,
    70, 184, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
];

#[test]
fn pictures_come_and_go_and_a_lost_one_is_a_text() {
    let vendor = Vendor::with(|asked| match asked.path.as_str() {
        path if path.contains("/getFile?file_id=lost") => says(&json!({"ok": false, "error_code": 400})),
        path if path.contains("/getFile") => says(&json!({"ok": true, "result": {"file_path": "a/b.png"}})),
        path if path.starts_with("/file/bot") => {
            Said { status: 200, headers: Vec::new(), body: PIXEL.to_vec() }
        }
        _ => says(&json!({"ok": true, "result": {"message_id": 8}})),
    });
    let settings = vendor.settings(&HOSTS);
    let place = Place::with(&format!("{settings}  files:\n    min_free: 0 B\n"));
    let server = place.start();
    let desk = Desk { server: &server, admin: server.sign_in() };
    let secrets = json!({"bot_token": "123:abc", "webhook_secret": "w1"});
    let channel = Connected::to(&server, &desk.admin, "telegram", &secrets, &json!({}));
    let photo = |update: u32, id: &str, caption: &str| {
        json!({"update_id": update, "message": {
            "message_id": update, "date": now_ms() / 1_000, "chat": {"id": 9, "type": "private"},
            "from": {"id": 9, "first_name": "Wang"}, "photo": [{"file_id": id}], "caption": caption,
        }})
        .to_string()
    };
    channel.post(&server, &photo(1, "large", "my order"));
    let conversation = desk.conversation("my order");
    let came = desk.messages(&conversation).into_iter().find(|one| one["kind"] == "image").unwrap();
    assert_eq!((&came["data"]["media_type"], &came["text"]), (&json!("image/png"), &json!("my order")));
    let file = came["data"]["file_id"].as_str().unwrap();
    let view = server.call("GET", &format!("/api/v1/files/{file}"), Some(&desk.admin), None).expect(200);
    assert_eq!(server.call("GET", view["url"].as_str().unwrap(), None, None).status, 200);
    // Once, whatever is repeated.
    channel.post(&server, &photo(1, "large", "my order"));
    channel.post(&server, &photo(2, "lost", "gone"));
    eventually("what stands for it", || {
        let said = desk.messages(&conversation);
        said.iter().any(|one| one["kind"] == "text" && one["text"] == "gone").then_some(())
    });
    assert_eq!(desk.messages(&conversation).iter().filter(|one| one["kind"] == "image").count(), 1);
    // And the other way round: what an agent uploads goes out as a picture.
    let uploaded = upload(&server, &desk.admin, &conversation);
    let body = json!({
        "client_id": Random::new(9).id(), "kind": "image", "text": "", "data": {"file_id": uploaded},
    });
    let path = format!("/api/v1/conversations/{conversation}/messages");
    server.call("POST", &path, Some(&desk.admin), Some(&body)).expect(201);
    desk.all_are(&conversation, "sent");
    let sent = vendor.asked_at("/bot123:abc/sendPhoto");
    assert_eq!(sent.len(), 1);
    assert!(sent[0].body.windows(PIXEL.len()).any(|window| window == PIXEL), "the picture is in it");
    server.stop();
    place.check();
}

fn upload(server: &crate::support::server::Server, token: &str, conversation: &str) -> String {
    let part = "--XYZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n";
    let body = [part.as_bytes(), &PIXEL, b"\r\n--XYZ--\r\n"].concat();
    let head = format!(
        "POST /api/v1/conversations/{conversation}/files HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\nContent-Type: multipart/form-data; boundary=XYZ\r\n\
         Content-Length: {}\r\n\r\n",
        server.address,
        body.len()
    );
    let answer = crate::support::http::raw(server.address, &[head.as_bytes(), &body]).unwrap();
    answer.expect(201)["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_list_is_read_on_from_where_a_kill_left_it() {
    let stuck = Arc::new(AtomicU32::new(1));
    let is_stuck = Arc::clone(&stuck);
    let vendor = Vendor::with(move |asked| {
        let is_second = asked.path.starts_with("/cgi-bin/kf/sync_msg") && asked.json()["cursor"] == "c1";
        if is_second && is_stuck.load(Ordering::Relaxed) == 1 {
            return Said { status: 500, headers: Vec::new(), body: Vec::new() };
        }
        trips::with_pages(asked)
    });
    let place = Place::with(&vendor.settings(&HOSTS));
    let server = place.start();
    let secrets = json!({"token": "kefutoken", "encoding_aes_key": AES_KEY, "corp_secret": "s"});
    let channel = Connected::to(&server, &server.sign_in(), "wecom-kf", &secrets, &json!({"corp_id": "ww1"}));
    channel.post(
        &server,
        "<xml><ToUserName>ww1</ToUserName><Event>kf_msg_or_event</Event><Token>N1</Token>\
         <OpenKfId>wk1</OpenKfId></xml>",
    );
    eventually("the second page is asked for", || {
        let asked = vendor.asked_at("/cgi-bin/kf/sync_msg");
        asked.iter().any(|asked| asked.json()["cursor"] == "c1").then_some(())
    });
    server.kill();
    stuck.store(0, Ordering::Relaxed);
    // Nobody tells of it again.
    let server = place.start();
    let desk = Desk { server: &server, admin: server.sign_in() };
    desk.conversation("你好");
    let from_start = vendor.asked_at("/cgi-bin/kf/sync_msg");
    let from_start = from_start.iter().filter(|asked| asked.json()["cursor"] == "").count();
    assert_eq!(from_start, 1, "the first page is durable");
    server.stop();
    place.check();
}

#[test]
fn a_rehearsal_sends_nothing_and_lists_what_it_would_have() {
    let vendor = Vendor::start();
    let place = Place::new();
    let server = place.start_with(&["--shadow"]);
    let desk = Desk { server: &server, admin: server.sign_in() };
    let channel = webhook(&server, &vendor, &desk.admin);
    channel.post(&server, &json!({"id": "m1", "from": {"id": "u1"}, "text": "hello"}).to_string());
    let conversation = desk.conversation("hello");
    desk.say(&conversation, &Random::new(1).id(), "hi").expect(201);
    desk.all_are(&conversation, "sent");
    assert!(vendor.asked().is_empty());
    let calls = server.call("GET", "/api/v1/shadow/calls", Some(&desk.admin), None).expect(200);
    assert_eq!(calls["items"][0]["kind"], "channel", "{calls}");
    server.stop();
}
