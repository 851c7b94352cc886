//! Events from outside: a real receiver, another implementation's look at the signature, and daemons that are killed.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{
    http,
    random::{Random, Seed, eventually, scale},
    server::{Place, Server},
};

const SECRET: &str = "a long random text";

/// A request that came.
#[derive(Clone, Debug)]
struct Got {
    delivery: String,
    timestamp: String,
    signature: String,
    body: String,
}

/// A web server that takes everything, for as long as the test runs.
struct Receiver {
    url: String,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Receiver {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&got);
        // Ends with the process of the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let all = Arc::clone(&all);
                std::thread::spawn(move || take(stream, &all));
            }
        });
        Self { url, got }
    }

    fn all(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

/// Takes the requests of one connection; whoever sends may be killed at any moment.
fn take(mut stream: TcpStream, all: &Mutex<Vec<Got>>) {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 16 * 1024]);
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let header = |wanted: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            lines
                .filter(|(name, _)| name.eq_ignore_ascii_case(wanted))
                .map(|(_, value)| value.to_owned())
                .next()
        };
        let length: usize = header("content-length").unwrap().parse().unwrap();
        let Some(body) = bytes.get(end + 4..end + 4 + length) else { continue };
        let body = String::from_utf8(body.to_vec()).unwrap();
        let wanted = |name: &str| header(name).unwrap();
        let (delivery, timestamp) = (wanted("x-kefu-delivery"), wanted("x-kefu-timestamp"));
        all.lock().unwrap().push(Got { delivery, timestamp, signature: wanted("x-kefu-signature"), body });
        bytes.drain(..end + 4 + length);
        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").is_err() {
            return;
        }
    }
}

fn place(receiver: &Receiver) -> Place {
    Place::with(&format!(
        "  events:
    allow_internal: true
    subscriptions:
      sales:
        topics: [message.created]
        url: \"{}\"
        secret: \"{SECRET}\"
",
        receiver.url
    ))
}

fn event(got: &Got) -> Value {
    serde_json::from_str(&got.body).unwrap()
}

fn text(got: &Got) -> String {
    event(got)["data"]["message"]["text"].as_str().unwrap().to_owned()
}

/// Everything that the log of a conversation has.
fn logged(server: &Server, token: &str, conversation: &str) -> BTreeSet<String> {
    let (mut texts, mut after) = (BTreeSet::new(), 0);
    loop {
        let path = format!("/api/v1/conversations/{conversation}/messages?after_seq={after}&limit=500");
        let page = server.call("GET", &path, Some(token), None).expect(200);
        let items = page["items"].as_array().unwrap();
        let Some(last) = items.last() else { return texts };
        after = last["seq"].as_u64().unwrap();
        let said = items.iter().filter(|item| item["kind"] == "text");
        texts.extend(said.map(|item| item["text"].as_str().unwrap().to_owned()));
    }
}

#[test]
fn another_implementation_finds_the_signature_good() {
    let receiver = Receiver::open();
    let place = place(&receiver);
    let server = place.start();
    let (token, conversation) = server.visitor();
    let body = json!({"client_id": Random::new(1).id(), "kind": "text", "text": "退款 \"now\""});
    let path = format!("/api/v1/conversations/{conversation}/messages");
    server.call("POST", &path, Some(&token), Some(&body)).expect(201);
    let got = eventually("the event comes", || receiver.all().pop());
    assert_eq!(text(&got), "退款 \"now\"");
    let check = "import hmac, hashlib, sys\n\
        secret, timestamp, signature = sys.argv[1:]\n\
        body = sys.stdin.buffer.read()\n\
        mac = hmac.new(secret.encode(), timestamp.encode() + b'.' + body, hashlib.sha256).hexdigest()\n\
        sys.exit(0 if hmac.compare_digest('sha256=' + mac, signature) else 1)\n";
    let python = Command::new("python3")
        .args(["-c", check, SECRET, &got.timestamp, &got.signature])
        .stdin(Stdio::piped())
        .spawn();
    let Ok(mut python) = python else {
        eprintln!("skipped: there is no python3 to check the signature with");
        return;
    };
    python.stdin.take().unwrap().write_all(got.body.as_bytes()).unwrap();
    assert!(python.wait().unwrap().success(), "{got:?}");
    server.stop();
}

#[test]
fn daemons_that_are_killed_lose_no_event_and_invent_none() {
    let seed = Seed::choose();
    let mut random = Random::new(seed.0);
    let receiver = Receiver::open();
    let place = place(&receiver);
    let (mut people, mut acked) = (Vec::new(), BTreeSet::new());
    let rounds = scale("KEFU_KILLS", 5);
    for round in 0..rounds {
        let server = place.start();
        if people.is_empty() {
            people = (0..4).map(|_| server.visitor()).collect();
        }
        let address = server.address;
        let senders: Vec<_> = people
            .iter()
            .enumerate()
            .map(|(person, (token, conversation))| {
                let (token, conversation, seed) = (token.clone(), conversation.clone(), random.next());
                std::thread::spawn(move || {
                    let mut random = Random::new(seed);
                    let path = format!("/api/v1/conversations/{conversation}/messages");
                    let mut sent = Vec::new();
                    // Until the daemon is gone.
                    for number in 0.. {
                        let text = format!("{round}.{person}.{number}");
                        let body = json!({"client_id": random.id(), "kind": "text", "text": text});
                        match http::request(address, "POST", &path, Some(&token), Some(&body)) {
                            Ok(answer) if answer.status == 201 => sent.push(text),
                            _ => break,
                        }
                    }
                    sent
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(random.between(20, 400)));
        server.kill();
        acked.extend(senders.into_iter().flat_map(|sender| sender.join().unwrap()));
    }
    let server = place.start();
    let logs: Vec<_> =
        people.iter().map(|(token, conversation)| logged(&server, token, conversation)).collect();
    let all: BTreeSet<String> = logs.into_iter().flatten().collect();
    assert!(acked.is_subset(&all) && !acked.is_empty());
    let told = || receiver.all().iter().map(text).collect::<BTreeSet<_>>();
    eventually("everything that was said is told", || told().is_superset(&all).then_some(()));
    assert_eq!(told(), all, "nothing is told that was not said");
    let (mut deliveries, mut events) = (BTreeMap::new(), BTreeMap::new());
    for got in receiver.all() {
        let id = event(&got)["id"].as_str().unwrap().to_owned();
        assert_eq!(deliveries.entry(id.clone()).or_insert_with(|| got.delivery.clone()), &got.delivery);
        assert_eq!(events.entry(text(&got)).or_insert_with(|| id.clone()), &id, "one thing, one event");
    }
    server.stop();
    place.check();
}

#[test]
fn the_shell_prints_what_happened_and_has_it_told_again() {
    let receiver = Receiver::open();
    let place = place(&receiver);
    let server = place.start();
    let (token, conversation) = server.visitor();
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let body = json!({"client_id": Random::new(2).id(), "kind": "text", "text": "hello"});
    server.call("POST", &path, Some(&token), Some(&body)).expect(201);
    let first = eventually("the event comes", || receiver.all().pop());
    let tail = ["serve", "events", "tail", "--since", "2020-01-01T00:00:00Z", "--once"];
    let json = [tail.as_slice(), &["--topic", "message.*", "--format", "json"]].concat();
    let output = place.run(&json);
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&line["id"], &line["data"]["message"]["text"]), (&event(&first)["id"], &json!("hello")));
    let text = String::from_utf8(place.run(&tail).stdout).unwrap();
    assert!(text.contains("conversation.created") && text.contains("conversation.queued"), "{text}");
    let replay = ["serve", "events", "replay", "sales", "--since", "2020-01-01T00:00:00Z"];
    let refused = place.run(&replay);
    assert_eq!(refused.status.code(), Some(75), "{}", String::from_utf8_lossy(&refused.stderr));
    server.stop();
    let unknown = place.run(&["serve", "events", "replay", "nobody", "--since", "2020-01-01T00:00:00Z"]);
    assert_eq!(unknown.status.code(), Some(2), "{}", String::from_utf8_lossy(&unknown.stderr));
    assert!(place.run(&replay).status.success());
    let dead = place.run(&["serve", "events", "dead-letter", "--retry", "--format", "json"]);
    let dead: Value = serde_json::from_slice(&dead.stdout).unwrap();
    assert_eq!(dead["items"], json!([]));
    let server = place.start();
    let again = eventually("it is told again", || receiver.all().get(1).cloned());
    assert_eq!((&again.delivery, &event(&again)["id"]), (&first.delivery, &event(&first)["id"]));
    server.stop();
}
