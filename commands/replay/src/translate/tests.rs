use std::sync::Arc;

use serde_json::json;

use super::{talk::Handshake, *};

fn translator(rest: &str) -> Translator {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.yaml");
    std::fs::write(&path, format!("kefu_translate: 1\nname: a\nsettings: {{inbox: web}}\n{rest}")).unwrap();
    Translator::load(&path, &[], "new:80".to_owned(), Rewrites { headers: Vec::new(), unsafe_methods: true })
        .unwrap()
}

fn record(connection: u16, payload: &str) -> Record {
    Record {
        kind: Kind::Request,
        id: format!("{connection:04x}{:020}", payload.len()),
        timestamp: 0,
        latency: None,
        extra: format!("c=10.0.0.1:{connection} s=10.0.0.2:80 n=0"),
        payload: payload.into(),
    }
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

const CALLS: &str = r#"
calls:
  - call: POST /old/login
    session: '= "user:" ~ request.form.user'
    request:
      method: POST
      path: /new/session
      json: {inbox: '= setting.inbox', name: '= request.form.user'}
    learn: {token: '= answer.json.token'}
    answer:
      status: '= 200 if answer.status == 201 else answer.status'
      json: {code: 200, token: '= recorded.json.token'}
  - call: GET /old/{what}/list
    session: '= "user:" ~ request.query.user'
    before:
      - {method: GET, path: /new/warm}
    request:
      method: GET
      path: '= "/new/" ~ params.what'
      headers: {Authorization: '= "Bearer " ~ session.token'}
  - call: GET /old/gone
    skip: nobody wants it
"#;

const LOGIN: &str =
    "POST /old/login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nuser=an%20na&x=1";

#[test]
fn calls_are_translated_there_and_back_with_what_was_learned() {
    let translator = translator(CALLS);
    let list = "GET /old/things/list?user=an+na HTTP/1.1\r\n\r\n";
    // Nothing was learned yet.
    assert_eq!(translator.request(record(2, list)).unwrap_err(), Untranslated);
    let login = translator.request(record(1, LOGIN)).unwrap();
    assert_eq!(
        text(&login.prepared.bytes),
        "POST /new/session HTTP/1.1\r\nHost: new:80\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n\
         {\"inbox\":\"web\",\"name\":\"an na\"}"
    );
    let answer = b"HTTP/1.1 201 Created\r\n\r\n{\"token\":\"new\"}".to_vec();
    let back = translator.answer(login, answer, Some(b"HTTP/1.1 200 OK\r\n\r\n{\"token\":\"old\"}"));
    assert_eq!(
        text(&back),
        "HTTP/1.1 200 \r\nContent-Type: application/json\r\n\r\n{\"code\":200,\"token\":\"old\"}"
    );
    // On another connection.
    let list = translator.request(record(2, list)).unwrap();
    assert_eq!(
        text(&list.prepared.bytes),
        "GET /new/things HTTP/1.1\r\nHost: new:80\r\nAuthorization: Bearer new\r\n\r\n"
    );
    assert_eq!(list.before.len(), 1);
    assert_eq!(translator.request(record(1, "GET /old/gone HTTP/1.1\r\n\r\n")).unwrap_err(), Untranslated);
    assert_eq!(translator.request(record(1, "GET /other/7 HTTP/1.1\r\n\r\n")).unwrap_err(), Untranslated);
    let left: Vec<_> = translator.left().into_iter().collect();
    assert_eq!(left[0].0, "GET /old/gone: nobody wants it");
    assert!(left[1].0.starts_with("GET /old/{what}/list: "), "{}", left[1].0);
    assert_eq!(left[2], ("GET /other/{id}: not in the translation".to_owned(), 1));
    assert_eq!(translator.lane(&record(1, LOGIN)), translator.lane(&record(9, LOGIN)), "by its session");
}

#[test]
fn cookies_of_a_session_are_those_that_the_new_system_set() {
    let translator = translator("cookies: true\notherwise: pass\ncalls: []\n");
    let page = "GET /a HTTP/1.1\r\ncookie: a=1; sid=old\r\nX: y\r\n\r\n";
    let first = translator.request(record(1, "POST /login HTTP/1.1\r\n\r\nx")).unwrap();
    assert_eq!(text(&first.prepared.bytes), "POST /login HTTP/1.1\r\n\r\nx");
    let answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=new; Path=/\r\n\r\nhello".to_vec();
    assert_eq!(translator.answer(first, answer.clone(), None), answer);
    let same = translator.request(record(1, page)).unwrap();
    assert_eq!(text(&same.prepared.bytes), "GET /a HTTP/1.1\r\nCookie: a=1; sid=new\r\nX: y\r\n\r\n");
    let other = translator.request(record(2, page)).unwrap();
    assert_eq!(text(&other.prepared.bytes), page);
}

#[test]
fn what_is_learned_may_be_another_sessions() {
    let translator = translator(
        "calls:\n  - call: POST /check\n    learn_in: '= \"token:\" ~ recorded.json.token'\n    \
         learn: {token: '= answer.json.token'}\n  - call: POST /say\n    session: '= \"token:\" ~ request.headers.token'\n    \
         others: {to: '= \"visitor:\" ~ request.form.to'}\n    \
         request: {method: POST, path: /say, headers: {token: '= session.token'}, text: '= to.name | default(\"nobody\")'}\n",
    );
    let check = translator.request(record(1, "POST /check HTTP/1.1\r\n\r\n")).unwrap();
    translator.answer(
        check,
        b"HTTP/1.1 200 OK\r\n\r\n{\"token\":\"new\"}".to_vec(),
        Some(b"HTTP/1.1 200 OK\r\n\r\n{\"token\":\"old\"}"),
    );
    let say = translator.request(record(2, "POST /say HTTP/1.1\r\nToken: old\r\n\r\n")).unwrap_err();
    assert_eq!(say, Untranslated, "whom it is for is not said");
    let say =
        "POST /say HTTP/1.1\r\nToken: old\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nto=x";
    let say = translator.request(record(2, say)).unwrap();
    assert!(
        text(&say.prepared.bytes).contains("token: new\r\n")
            && text(&say.prepared.bytes).ends_with("\r\n\r\nnobody")
    );
    assert_eq!(
        translator.lane(&record(1, LOGIN)),
        translator.lane(&record(2, LOGIN)),
        "all one after the other"
    );
}

#[test]
fn lists_are_made_item_by_item() {
    let translator = translator(
        "calls:\n  - call: GET /list\n    request: {method: GET, path: /items}\n    answer:\n      \
         lists: {all: {of: '= answer.json.found', item: {name: '= item.n', of: '= request.path'}}}\n      \
         json: {count: '= lists.all | length', list: '= lists.all'}\n",
    );
    let answer = |body: &str| {
        let asked = translator.request(record(1, "GET /list HTTP/1.1\r\n\r\n")).unwrap();
        let answer = translator.answer(asked, format!("HTTP/1.1 200 OK\r\n\r\n{body}").into_bytes(), None);
        text(&answer).split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    assert_eq!(
        answer("{\"found\":[{\"n\":1},{\"n\":2}]}"),
        "{\"count\":2,\"list\":[{\"name\":1,\"of\":\"/list\"},{\"name\":2,\"of\":\"/list\"}]}"
    );
    assert_eq!(answer("{\"found\":[]}"), "{\"count\":0,\"list\":[]}");
    assert_eq!(answer("{\"found\":7}"), "{\"found\":7}", "as it is, and counted");
    assert_eq!(translator.left().len(), 1);
}

#[test]
fn nothing_that_was_recorded_becomes_a_header_or_a_request_of_its_own() {
    let translator = translator(
        "calls:\n  - call: GET /a\n    request: {method: GET, path: '= \"/b/\" ~ request.query.x', headers: {y: '= request.query.y | default(\"\")'}}\n",
    );
    for query in ["x=1%20HTTP/1.1%0d%0aX:%20y", "x=1&y=1%0d%0az:2", "y=1"] {
        let request = format!("GET /a?{query} HTTP/1.1\r\n\r\n");
        assert!(translator.request(record(1, &request)).is_err(), "{query}");
    }
    let bytes = translator.request(record(1, "GET /a?x=1&y=2 HTTP/1.1\r\n\r\n")).unwrap().prepared.bytes;
    assert_eq!(text(&bytes), "GET /b/1 HTTP/1.1\r\nHost: new:80\r\ny: 2\r\n\r\n");
}

#[test]
fn settings_are_given_or_have_a_value() {
    let rewrites = || Rewrites { headers: Vec::new(), unsafe_methods: false };
    let load = |given: &[&str]| {
        let given: Vec<Setting> = given.iter().map(|text| text.parse().unwrap()).collect();
        Translator::load(Path::new("gofly"), &given, "new".to_owned(), rewrites())
    };
    assert!(load(&["agent_password=x"]).is_ok(), "the shipped one is right");
    assert_eq!(load(&[]).err().unwrap().exit(), Exit::Config);
    assert_eq!(load(&["agent_password=x", "nope=1"]).err().unwrap().exit(), Exit::Config);
}

#[test]
fn what_should_not_be_seen_on_a_command_line_is_read_from_a_file_or_from_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, "from the file\n").unwrap();
    let file = File::read("kefu_translate: 1\nname: a\nsettings: {agent-password: null, b: c}\ncalls: []\n")
        .unwrap();
    let of = |given: &str, variable: Option<&str>| {
        let given: Vec<Setting> = given.split_whitespace().map(|text| text.parse().unwrap()).collect();
        settings(&file, &given, |name| {
            (name == "KEFU_SETTING_AGENT_PASSWORD").then_some(variable?.to_owned())
        })
        .map(|values| values["agent-password"].as_str().unwrap().to_owned())
    };
    assert_eq!(of(&format!("agent-password=@{}", path.display()), None).unwrap(), "from the file");
    assert_eq!(of("", Some("from the environment")).unwrap(), "from the environment");
    assert_eq!(of("agent-password=a agent-password=b", Some("c")).unwrap(), "b");
    let said = |why: Text| why.in_language(Language::English).to_owned();
    assert!(said(of("", None).unwrap_err()).contains("KEFU_SETTING_AGENT_PASSWORD"));
    assert!(said(of("agent-password=@none", None).unwrap_err()).contains("cannot read none"));
    std::fs::write(&path, "x".repeat(70_000)).unwrap();
    assert!(said(of(&format!("agent-password=@{}", path.display()), None).unwrap_err()).contains("65536"));
}

#[test]
fn identifiers_are_the_same_for_the_same_request() {
    let one = uuid("a");
    assert_eq!((one.len(), one == uuid("a"), one == uuid("b")), (36, true, false));
    assert_eq!(&one[14..15], "8");
    assert_eq!(json!(one).as_str().map(str::len), Some(36));
}

const SOCKETS: &str = r#"
calls:
  - call: POST /old/login
    session: '= request.form.user'
    request: {method: POST, path: /new/session}
    learn: {token: '= answer.json.token', room: '= answer.json.room', name: '= request.form.user'}
sockets:
  - socket: GET /old/ws
    session: '= request.query.user'
    alone: true
    found: {other: {learned: room, is: '= message.json.room'}}
    before:
      - {method: PUT, path: /new/status, json: {is: on}}
    open:
      path: '= "/new/ws?token=" ~ session.token'
      headers: {sec-websocket-protocol: v1}
      ready: '= message.json.is == "ready"'
    name: '= message.json.is'
    says:
      - {when: '= message.text == "ping"', send: {is: ping}}
      - when: '= message.json.is == "say"'
        request: {method: POST, path: /new/say, json: {id: '= uuid', text: '= message.json.text'}}
        learn: {last: '= answer.json.id'}
        answer: {is: said, last: '= answer.json.id'}
      - {skip: nobody listens}
    hears:
      - {when: '= message.json.is == "hello"', reply: {is: here, again: '= message.json.of'}}
      - when: '= message.json.is == "text"'
        message: {is: text, from: '= other.name | default("nobody")', text: '= message.json.text'}
    unheard:
      - {when: '= message.json.is == "news"', skip: there are none}
"#;

fn handshake(query: &str) -> Record {
    record(
        1,
        &format!(
            "GET /old/ws?{query} HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n"
        ),
    )
}

#[test]
fn sockets_are_translated_there_and_back() {
    let translator = Arc::new(translator(SOCKETS));
    assert!(translator.has_sockets());
    assert!(translator.handshake(&handshake("user=a")).is_err(), "nothing was learned");
    let login = "POST /old/login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nuser=a";
    let login = translator.request(record(1, login)).unwrap();
    let answer = b"HTTP/1.1 200 OK\r\n\r\n{\"token\":\"t\",\"room\":\"r1\"}".to_vec();
    translator.answer(login, answer, None);
    let seat = translator.seat(&handshake("user=a")).unwrap();
    assert_eq!(seat, translator.seat(&handshake("user=a&again=1")).unwrap());
    assert!(seat.alone.is_some() && translator.seat(&record(1, LOGIN)).is_none());
    let Handshake { before, head, mut talk } = translator.handshake(&handshake("user=a")).unwrap();
    assert!(text(&before[0]).starts_with("PUT /new/status HTTP/1.1\r\n"));
    assert_eq!(
        text(&head),
        "GET /new/ws?token=t HTTP/1.1\r\nHost: new:80\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nsec-websocket-protocol: v1\r\n\r\n"
    );
    // What the new system says.
    let heard = talk.hear(br#"{"is":"hello","of":7}"#);
    assert_eq!(heard, Heard { reply: Some(br#"{"again":7,"is":"here"}"#.to_vec()), message: None });
    assert!(!talk.is_ready());
    assert_eq!((talk.hear(br#"{"is":"ready"}"#), talk.is_ready()), (Heard::default(), true));
    let said = talk.hear(br#"{"is":"text","room":"r1","text":"hi"}"#).message.unwrap();
    assert_eq!((text(&said), talk.name(&said).as_str()), (r#"{"from":"a","is":"text","text":"hi"}"#, "text"));
    let said = talk.hear(br#"{"is":"text","room":"r2","text":"hi"}"#).message.unwrap();
    assert!(text(&said).contains("nobody"));
    // What the client said.
    assert!(matches!(talk.say(b"ping").unwrap(), Said::Message(message) if message == br#"{"is":"ping"}"#));
    let Said::Request { bytes, is_safe, way } = talk.say(br#"{"is":"say","text":"hello"}"#).unwrap() else {
        panic!("it is a request")
    };
    assert!(text(&bytes).ends_with("\"text\":\"hello\"}") && !is_safe, "{}", text(&bytes));
    let answer = b"HTTP/1.1 201 Created\r\n\r\n{\"id\":9}".to_vec();
    assert_eq!(talk.answered(br#"{"is":"say"}"#, way, answer).unwrap(), br#"{"is":"said","last":9}"#);
    assert_eq!(talk.say(b"\xff\xfe").err(), Some(Untranslated));
    // What the old system said.
    assert!(talk.expects(br#"{"is":"text"}"#) && !talk.expects(br#"{"is":"news"}"#));
    assert_eq!(
        (talk.name(b"no json"), talk.name(br#"{"is":"a b/c"}"#)),
        ("message".to_owned(), "abc".to_owned())
    );
    translator.is_more(&handshake("user=a"), "text");
    let left: Vec<String> = translator.left().into_keys().collect();
    for why in ["nobody listens", "there are none", "text heard more often than it was recorded"] {
        assert!(left.contains(&format!("GET /old/ws: {why}")), "{left:?}");
    }
    assert_eq!(translator.request(handshake("user=a")).unwrap_err(), Untranslated);
    assert!(translator.left().contains_key("GET /old/ws: WebSocket sessions are not played here"));
}
