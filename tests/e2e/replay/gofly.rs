//! A recorded session of go-fly, replayed against the real daemon in a rehearsal: visitors and an agent sign in, talk and
//! read, and every difference of the answers is explained.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::replay;
use crate::support::server::Place;

/// Records of a session, as go-fly's calls are described.
#[derive(Default)]
struct Recording {
    text: String,
    count: u64,
}

impl Recording {
    fn add(&mut self, request: &str, answer: &Value) {
        self.count += 1;
        let (id, time) = (self.count, 1_700_000_000_000_000_000_u64 + self.count * 1_000_000);
        let body = answer.to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Type: application/json; charset=utf-8\r\n\
             Content-Length: {}\r\n",
            body.len()
        );
        write!(self.text, "1 {id:024x} {time} 0\n{request}{SEPARATOR}").unwrap();
        write!(self.text, "2 {id:024x} {} 0\n{head}\r\n{body}{SEPARATOR}", time + 500_000).unwrap();
    }

    fn get(&mut self, target: &str, answer: &Value) {
        self.add(&format!("GET {target} HTTP/1.1\r\nHost: old\r\n\r\n"), answer);
    }

    fn post(&mut self, target: &str, token: &str, form: &str, answer: &Value) {
        let token = if token.is_empty() { String::new() } else { format!("token: {token}\r\n") };
        self.add(
            &format!(
                "POST {target} HTTP/1.1\r\nHost: old\r\n{token}Content-Type: application/x-www-form-urlencoded\r\n\
                 Content-Length: {}\r\n\r\n{form}",
                form.len()
            ),
            answer,
        );
    }
}

const SEPARATOR: &str = "\n\u{1f435}\u{1f648}\u{1f649}\n";

impl Recording {
    /// Opens a WebSocket; gives its id.
    fn open(&mut self, target: &str) -> String {
        self.count += 1;
        let id = format!("{:024x}", self.count);
        let time = 1_700_000_000_000_000_000_u64 + self.count * 1_000_000;
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: old\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: b2xkb2xkb2xkb2xkb2xkbw==\r\n\r\n"
        );
        let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        write!(self.text, "1 {id} {time} 0\n{request}{SEPARATOR}").unwrap();
        write!(self.text, "2 {id} {time} 0\n{answer}{SEPARATOR}").unwrap();
        id
    }

    fn message(&mut self, kind: u8, id: &str, message: &Value) {
        self.count += 1;
        let time = 1_700_000_000_000_000_000_u64 + self.count * 1_000_000;
        write!(self.text, "{kind} {id} {time} 0 op=text\n{message}{SEPARATOR}").unwrap();
    }

    fn says(&mut self, id: &str, kind: &str, data: &Value) {
        self.message(4, id, &json!({"type": kind, "data": data}));
    }

    fn hears(&mut self, id: &str, kind: &str, data: &Value) {
        self.message(5, id, &json!({"type": kind, "data": data}));
    }
}

/// What go-fly answers to an agent who signs in.
fn signed_in() -> Value {
    let result = json!({"token": "eyJ.old.jwt", "created_at": 1_700_000_000});
    json!({"code": 200, "message": "Login successful", "result": result})
}

/// What it answers to a visitor who comes for the first time.
fn visitor() -> Value {
    let result = json!({
        "id": 0, "created_at": "0001-01-01T00:00:00Z", "updated_at": "0001-01-01T00:00:00Z", "deleted_at": null,
        "name": "Guest", "avator": "/static/images/2.png", "source_ip": "", "to_id": "lin", "visitor_id": "v-1",
        "status": 0, "refer": "", "city": "", "client_ip": "127.0.0.1", "extra": "",
    });
    json!({"code": 200, "msg": "ok", "result": result})
}

/// A visitor and an agent who are connected, and what each hears of the other; `wrong` is what the agent's answer was.
fn connected(wrong: Option<&str>) -> Recording {
    let mut recording = Recording::default();
    let ok = json!({"code": 200, "msg": "ok"});
    recording.post("/check", "", "username=lin&password=old", &signed_in());
    let agent = recording.open("/ws_kefu?token=eyJ.old.jwt");
    recording.says(&agent, "ping", &json!(""));
    recording.hears(&agent, "pong", &Value::Null);
    // Who comes for the first time is given an id.
    recording.post("/visitor_login", "", "to_id=lin&visitor_id=&refer=x", &visitor());
    recording.hears(
        &agent,
        "userOnline",
        &json!({"uid": "v-1", "username": "Guest", "avator": "", "last_message": ""}),
    );
    let visitor = recording.open("/ws_visitor?visitor_id=v-1");
    recording.hears(&visitor, "notice", &json!("Welcome!"));
    recording.says(&visitor, "ping", &json!("visitor:v-1"));
    recording.hears(&visitor, "pong", &Value::Null);
    let said = |id: &str, to: &str, content: &str, is_kefu: &str| {
        json!({"name": "Guest", "avator": "/a.png", "id": id, "visitor_id": "", "group": "", "time": "2023-11-14 22:13:20",
            "to_id": to, "content": content, "city": "", "client_ip": "", "refer": "", "is_kefu": is_kefu})
    };
    let form = "from_id=v-1&to_id=lin&type=visitor&content=Where+is+my+parcel%3F";
    recording.post("/2/message", "", form, &ok);
    recording.hears(&agent, "message", &said("v-1", "lin", "Where is my parcel?", "no"));
    let typing = json!({"from": "v-1", "to": "lin", "content": "I am st"});
    recording.says(&visitor, "inputing", &typing);
    recording.hears(&agent, "inputing", &typing);
    recording.says(&visitor, "kfOnline", &json!({"id": "v-1"}));
    let form = "to_id=v-1&type=kefu&content=It+is+on+its+way";
    recording.post("/kefu/message", "eyJ.old.jwt", form, &ok);
    recording.hears(&visitor, "message", &said("lin", "v-1", wrong.unwrap_or("It is on its way"), "no"));
    recording.hears(&agent, "message", &said("v-1", "v-1", "It is on its way", "yes"));
    recording.hears(&agent, "many pong", &Value::Null);
    recording
}

#[test]
fn what_go_fly_pushes_is_pushed_by_a_rehearsal() {
    let (exit, report) = compared(&connected(None));
    assert_eq!((exit, &report["differences"]), (Some(0), &json!([])), "{report:#}");
    // Four calls, two signs of life, three messages that were pushed and one that somebody types.
    assert_eq!((&report["compared"], &report["unanswered"]), (&json!(10), &json!(0)), "{report:#}");
    assert_eq!(
        report["untranslated"],
        json!({
            "GET /ws_kefu: kefu asks for signs of life by pings of the protocol": 1,
            "GET /ws_kefu: kefu tells of visitors once they write": 1,
            "GET /ws_visitor: go-fly takes no notice of it": 1,
            "GET /ws_visitor: the greeting is a setting of the inbox": 1,
        })
    );
}

#[test]
fn a_push_that_says_something_else_is_found() {
    let (exit, report) = compared(&connected(Some("what nobody said")));
    assert_eq!(exit, Some(1), "{report:#}");
    let differences = report["differences"].as_array().unwrap();
    assert_eq!(differences.len(), 1, "{report:#}");
    assert_eq!(differences[0]["endpoint"], "WS /ws_visitor/message");
    assert_eq!(differences[0]["field"], "body:/data/content");
    assert_eq!(differences[0]["examples"][0]["candidate"], "\"It is on its way\"");
}

/// A visitor and an agent; `wrong` is what the history says of the first message.
fn session(wrong: Option<&str>) -> Recording {
    let mut recording = Recording::default();
    let ok = json!({"code": 200, "msg": "ok"});
    recording.get("/login", &json!("<html>"));
    recording.post("/check", "", "username=lin&password=old", &signed_in());
    recording.post("/visitor_login", "", "to_id=lin&visitor_id=v-1&refer=x", &visitor());
    recording.get(
        "/notice?kefu_id=lin",
        &json!({"code": 200, "msg": "ok", "result": {"welcome": "How may I help you?"}}),
    );
    recording.post(
        "/2/message",
        "",
        "from_id=v-1&to_id=lin&type=visitor&content=%E4%BD%A0%E5%A5%BD+there",
        &ok,
    );
    recording.post("/2/message", "", "from_id=v-1&to_id=lin&type=visitor&content=Where+is+my+parcel%3F", &ok);
    recording.post("/kefu/message", "eyJ.old.jwt", "to_id=v-1&type=kefu&content=It+is+on+its+way", &ok);
    let message = |number: u64, kind: &str, content: &str| {
        json!({"id": number, "created_at": "2023-11-14T22:13:20Z", "updated_at": "2023-11-14T22:13:20Z",
            "deleted_at": null, "kefu_id": "lin", "visitor_id": "v-1", "content": content, "mes_type": kind,
            "status": "unread", "visitor_name": "Guest", "visitor_avator": "/a.png", "kefu_name": "Lin",
            "kefu_avator": "/b.png", "create_time": "2023-11-14 22:13:20"})
    };
    // The newest first, and no more than were asked for.
    let list = [
        message(3, "kefu", "It is on its way"),
        message(2, "visitor", "Where is my parcel?"),
        message(1, "visitor", wrong.unwrap_or("你好 there")),
    ];
    let page = |page: u64, list: &[Value]| json!({"code": 200, "msg": "ok", "result": {"count": 3, "page": page, "list": list, "pagesize": 2}});
    recording.get("/2/messagesPages?visitor_id=v-1&page=1&pagesize=2", &page(1, &list[..2]));
    recording.get("/2/messagesPages?visitor_id=v-1&page=2&pagesize=2", &page(2, &list[2..]));
    let said = |kind: &str, content: &str| {
        json!({"time": "2023-11-14 22:13:20", "content": content, "mes_type": kind, "visitor_name": "Guest",
            "visitor_avator": "/a.png", "kefu_name": "Lin", "kefu_avator": "/b.png"})
    };
    let all = [
        said("visitor", "你好 there"),
        said("visitor", "Where is my parcel?"),
        said("kefu", "It is on its way"),
    ];
    recording.get("/messages?visitorId=v-1", &json!({"code": 200, "msg": "ok", "result": all}));
    recording
}

/// Compares a recording with what a daemon in a rehearsal answers: the exit code and the report.
fn compared(recording: &Recording) -> (Option<i32>, Value) {
    let place = Place::new();
    let server = place.start_with(&["--shadow"]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("old.gor"), &recording.text).unwrap();
    let line = format!(
        "diff old.gor --candidate http://{} --unsafe-methods --translate gofly --rules gofly --format json \
         --timeout 60s --setting agent_domain=example.com --setting agent_password=correct_horse",
        server.address
    );
    // The password has blanks, which a line of words cannot have.
    let mut words: Vec<&str> = line.split_whitespace().collect();
    words.pop();
    let output = crate::support::kefu()
        .current_dir(folder.path())
        .arg("replay")
        .args(words)
        .arg("agent_password=correct horse battery staple")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let report = serde_json::from_str(&text);
    let report = report.unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), report)
}

#[test]
fn a_session_of_go_fly_is_answered_alike_by_a_rehearsal() {
    let (exit, report) = compared(&session(None));
    assert_eq!((exit, &report["differences"]), (Some(0), &json!([])), "{report:#}");
    assert_eq!((&report["compared"], &report["unanswered"]), (&json!(8), &json!(0)), "{report:#}");
    // What is not compared says why.
    assert_eq!(
        report["untranslated"],
        json!({
            "GET /login: pages are kefu's own": 1,
            "GET /notice: the greeting is a setting of the inbox": 1,
        })
    );
}

#[test]
fn what_a_rehearsal_answers_otherwise_is_found() {
    let (exit, report) = compared(&session(Some("what nobody said")));
    assert_eq!(exit, Some(1), "{report:#}");
    let differences = report["differences"].as_array().unwrap();
    assert_eq!(differences.len(), 1, "{report:#}");
    assert_eq!(differences[0]["field"], "body:/result/list/*/content");
    assert_eq!(differences[0]["examples"][0]["candidate"], "\"你好 there\"");
}

#[test]
fn a_translation_that_is_wrong_has_its_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("old.gor"), "").unwrap();
    std::fs::write(folder.path().join("t.yaml"), "kefu_translate: 1\nname: a\ncals: []\n").unwrap();
    let output = replay(folder.path(), "diff old.gor --candidate http://127.0.0.1:1 --translate t.yaml");
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("t.yaml:3:1") && said.contains("did you mean `calls`?"), "{said}");
}
