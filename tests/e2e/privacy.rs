//! Erasures from outside: what a killed daemon leaves of one, and the commands.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::support::{
    http,
    random::eventually,
    server::{Place, Server},
};

const SECRET: &str = "zqprivate6222020200112233";

/// A visitor's conversation with `count` messages: the visitor's id and the conversation.
fn chat(server: &Server, count: u128) -> (String, String) {
    let body = json!({"inbox": "web", "visitor": {"name": SECRET}});
    let opened = server.call("POST", "/api/v1/widget/sessions", None, Some(&body)).expect(201);
    let text = |name: &str| opened[name].as_str().unwrap().to_owned();
    let path = format!("/api/v1/conversations/{}/messages", text("conversation_id"));
    for number in 1..=count {
        let id = format!("00000000-0000-7000-8000-{number:012x}");
        let body = json!({"client_id": id, "kind": "text", "text": format!("{SECRET} {number}")});
        server.call("POST", &path, Some(&text("token")), Some(&body)).expect(201);
    }
    (text("visitor_id"), text("conversation_id"))
}

/// How many files of the store hold what the visitor said.
fn traces(place: &Place) -> usize {
    traces_in(&place.path().join("data"))
}

fn traces_in(dir: &Path) -> usize {
    let holds = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    paths
        .map(|path| match path.is_dir() {
            true => traces_in(&path),
            // A socket that a killed daemon left holds nothing.
            false => (path.is_file() && holds(&fs::read(path).unwrap())).into(),
        })
        .sum()
}

/// Uploads a text as an agent.
fn upload(server: &Server, agent: &str, conversation: &str) -> Value {
    let head = "--XYZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"private.txt\"\r\n\
        Content-Type: text/plain\r\n\r\n";
    let body = format!("{head}{SECRET}\r\n--XYZ--\r\n");
    let request = format!(
        "POST /api/v1/conversations/{conversation}/files HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
         Authorization: Bearer {agent}\r\nContent-Type: multipart/form-data; boundary=XYZ\r\n\
         Content-Length: {}\r\n\r\n{body}",
        server.address,
        body.len()
    );
    http::raw(server.address, &[request.as_bytes()]).unwrap().expect(201)
}

fn messages(server: &Server, admin: &str, conversation: &str) -> Value {
    let path = format!("/api/v1/conversations/{conversation}/messages?after_seq=0&limit=500");
    server.call("GET", &path, Some(admin), None).expect(200)
}

#[test]
fn an_erasure_goes_on_after_the_daemon_was_killed() {
    let place = Place::new();
    let server = place.start();
    let (customer, conversation) = chat(&server, 700);
    let admin = server.sign_in();
    let path = format!("/api/v1/customers/{customer}");
    assert!(traces(&place) > 0);
    server.call("POST", &format!("{path}/erase"), Some(&admin), None).expect(202);
    server.kill();
    let server = place.start();
    let admin = server.sign_in();
    eventually("the erasure is finished", || {
        let state = server.call("GET", &format!("{path}/privacy"), Some(&admin), None).expect(200);
        (state["erasure"]["state"] == "finished").then_some(())
    });
    assert_eq!(traces(&place), 0);
    let page = messages(&server, &admin, &conversation);
    let items = page["items"].as_array().unwrap();
    assert!(items.iter().filter(|item| item["kind"] == "text").all(|item| item["revision"] == "erased"));
    server.stop();
    place.check();
}

#[test]
fn a_customer_is_exported_while_it_is_served_and_erased_while_it_is_not() {
    let place = Place::new();
    let server = place.start();
    let (customer, conversation) = chat(&server, 3);
    let admin = server.sign_in();
    let uploaded = upload(&server, &admin, &conversation);
    let export = ["serve", "privacy", "export", &customer, "--to", "customer.json", "--files", "files"];
    let exported = place.run(&export);
    assert!(exported.status.success(), "{exported:?}");
    let document: Value =
        serde_json::from_slice(&fs::read(place.path().join("customer.json")).unwrap()).unwrap();
    let file = &document["conversations"][0]["files"][0];
    assert_eq!(file["id"], uploaded["id"], "{document}");
    let bytes = fs::read(place.path().join("files").join(file["path"].as_str().unwrap())).unwrap();
    assert_eq!(bytes, SECRET.as_bytes());
    let messages = document["conversations"][0]["messages"].as_array().unwrap();
    assert_eq!(messages.iter().filter(|message| message["kind"] == "text").count(), 3, "{document}");
    let code = |args: &[&str]| place.run(args).status.code();
    assert_eq!(code(&["serve", "privacy", "export", &customer, "--to", "customer.json"]), Some(73));
    let erase = ["serve", "privacy", "erase", &customer, "--yes"];
    assert_eq!(code(&erase), Some(75), "a store in use");
    server.stop();
    assert_eq!(code(&erase[..4]), Some(64), "not confirmed");
    let nobody = "00000000-0000-7000-8000-000000000000";
    assert_eq!(code(&["serve", "privacy", "erase", nobody, "--yes"]), Some(2));
    assert!(traces(&place) > 0);
    let erased = place.run(&erase);
    assert!(erased.status.success(), "{erased:?}");
    assert_eq!(traces(&place), 0);
    place.check();
}
