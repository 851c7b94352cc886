//! Channels of SOAP and Thrift against zeep and thriftpy2: `pip install zeep thriftpy2`, then
//! `cargo test -p kefu-channel --test systems`. `PYTHON` names another interpreter than `python3`.

#[path = "../../wire/tests/peer/mod.rs"]
mod peer;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use kefu_channel::{
    Channel, Given, HttpResponse, Next, Outbound, Plain, Received, Refusal, Seed, Tokens, Verdict,
};
use kefu_wire::MemoryLoader;
use serde_json::{Value, json};

use self::peer::{Interpreter, Peer};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/channels");
const NOW_MS: i64 = 1_700_000_000_000;

/// Starts the peer, if its libraries are on this machine.
fn start() -> Option<Peer> {
    let python = Interpreter {
        program: ("PYTHON", "python3"),
        check: ["-c", "import thriftpy2, zeep"],
        needs: "thriftpy2 and zeep",
    };
    let files = [format!("{FOLDER}/ticketdesk.wsdl"), format!("{FOLDER}/oldchat.thrift")];
    Peer::start(&python, "python/channel_peer.py", &files.each_ref().map(String::as_str))
}

fn channel(name: &str) -> (Channel, Given) {
    let read = |name: &str| std::fs::read_to_string(format!("{FOLDER}/{name}")).expect("it is there");
    let beside = MemoryLoader::default()
        .with("ticketdesk.wsdl", read("ticketdesk.wsdl"))
        .with("oldchat.thrift", read("oldchat.thrift"));
    let channel = Channel::load_with(&read(name), &beside).unwrap_or_else(|errors| panic!("{errors:?}"));
    let secrets = channel.secrets().map(|name| (name.to_owned(), "s3cret".to_owned())).collect();
    let settings =
        channel.settings().map(|name| (name.to_owned(), "http://old.example/x".to_owned())).collect();
    (channel, Given { secrets, settings })
}

fn receive(channel: &Channel, given: &Given, body: Vec<u8>) -> Received {
    let plain = Plain { body, ..Plain::default() };
    let signed = channel.sign(&plain, given, NOW_MS, Seed([7; 16])).expect("it can be signed");
    channel.receive(&signed.request(), given, NOW_MS)
}

fn called(channel: &Channel, given: &Given, message: &Outbound) -> Vec<u8> {
    match channel.send(message, given, &Tokens::new(), NOW_MS).expect("it can be sent") {
        Next::Call(request) => request.body,
        other => panic!("{other:?}"),
    }
}

fn answer(body: Vec<u8>) -> HttpResponse {
    HttpResponse { status: 200, headers: Vec::new(), body }
}

#[test]
fn zeep_posts_notes_and_understands_the_answer() {
    let Some(mut peer) = start() else { return };
    let (channel, given) = channel("ticketdesk.yaml");
    let note = json!({"id": 7, "ticket": "T-1", "customer": {"number": 42, "name": "李女士"}, "text": "a <&> b",
        "written": "2026-11-28T09:30:00+08:00"});
    let mut post = |token: &str| {
        let asked = json!({"system": "soap", "create": "NotesWritten", "token": token, "arguments": {"note": [note, note]}});
        peer.ask(&asked)["body"].as_str().expect("a body").as_bytes().to_vec()
    };
    let (right, wrong) = (post("s3cret"), post("guessed"));
    let received = receive(&channel, &given, right);
    assert_eq!(received.verdict, Verdict::Accepted);
    let texts: Vec<&str> = received.messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["a <&> b", "a <&> b"]);
    assert_eq!(
        (received.messages[0].at_ms, received.messages[0].sender.id.as_str()),
        (1_795_829_400_000, "42")
    );
    let body = String::from_utf8(received.reply.body).expect("it is text");
    let parsed = peer.ask(&json!({"system": "soap", "parse": "NotesWritten", "body": body}));
    assert_eq!(parsed, json!({"value": 2}));
    assert!(matches!(receive(&channel, &given, wrong).verdict, Verdict::Unverified(_)));
}

#[test]
fn thriftpy2_calls_and_is_called() {
    let Some(mut peer) = start() else { return };
    let (channel, given) = channel("oldchat.yaml");
    let bytes = |answer: &Value| BASE64.decode(answer["b64"].as_str().expect("bytes")).expect("base64");
    let line = json!({"id": 1, "room": 5, "user": 42, "nick": "李女士", "kind": 1, "text": "你好", "at_seconds": 1_795_829_400});
    for protocol in ["binary", "compact"] {
        let asked = json!({"system": "thrift", "do": "call", "protocol": protocol, "lines": [line]});
        let call = bytes(&peer.ask(&asked));
        let received = receive(&channel, &given, call);
        assert_eq!(received.verdict, Verdict::Accepted, "{protocol}");
        assert_eq!((received.messages[0].text.as_str(), received.messages[0].thread.as_str()), ("你好", "5"));
        let reply = BASE64.encode(&received.reply.body);
        let read = peer.ask(&json!({"system": "thrift", "do": "read", "protocol": protocol, "b64": reply}));
        assert_eq!(read, json!({"value": 1}), "{protocol}");
    }
    // What is sent is of the compact protocol, as the file says.
    let mut message = Outbound { thread: "5".to_owned(), text: "您好".to_owned(), ..Outbound::default() };
    let mut serve = |call: Vec<u8>| {
        let asked =
            json!({"system": "thrift", "do": "serve", "protocol": "compact", "b64": BASE64.encode(call)});
        bytes(&peer.ask(&asked))
    };
    let said = answer(serve(called(&channel, &given, &message)));
    assert_eq!(channel.sent(&message, Ok(&said), &given, 1), Ok(Some("5002".to_owned())));
    message.text = "flood".to_owned();
    let said = answer(serve(called(&channel, &given, &message)));
    match channel.sent(&message, Ok(&said), &given, 1) {
        Err(Refusal::Retry { reason, .. }) => assert!(reason.contains("too much"), "{reason}"),
        other => panic!("{other:?}"),
    }
}
