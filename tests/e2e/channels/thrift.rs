//! A system that speaks Thrift, with Apache's library for Python: `pip install thrift`; `PYTHON` names another interpreter
//! than `python3`. Without it these tests say that they are skipped.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::mpsc,
};

use serde_json::{Value, json};

use crate::support::{
    ports::free_port,
    random::{Random, eventually, patience},
    root,
    server::Place,
    vendor::{Connected, Desk},
};

fn python() -> String {
    std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// The old system, until it is dropped.
struct OldChat {
    child: Child,
    said: mpsc::Receiver<Value>,
}

impl OldChat {
    /// Starts it, if its library is there.
    fn start() -> Option<(Self, Value)> {
        let import = Command::new(python()).args(["-c", "import thrift"]).stderr(Stdio::null()).status();
        if !import.is_ok_and(|status| status.success()) {
            // Past the capture of output, so that it is seen.
            drop(writeln!(std::io::stderr(), "SKIPPED: {} has no module named thrift", python()));
            return None;
        }
        let mut command = Command::new(python());
        command.arg(root().join("tests/e2e/python/oldchat.py"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (send, said) = mpsc::channel();
        // Ends with the system.
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // Nobody hears any more when the test has ended.
                send.send(serde_json::from_str(&line).unwrap()).unwrap_or_default();
            }
        });
        let old = Self { child, said };
        let ports = old.hears();
        Some((old, ports))
    }

    /// What it says next.
    #[track_caller]
    fn hears(&self) -> Value {
        self.said.recv_timeout(patience()).expect("the old system says something")
    }

    /// Has a customer write something, and says what became of it.
    #[track_caller]
    fn writes(&mut self, to: &str, secret: &str, id: u32, text: &str) -> Value {
        let line = json!({"id": id, "room": 5, "user": 42, "nick": "李女士", "kind": 1, "text": text,
            "at_seconds": 1_795_829_400});
        let told = json!({"to": to, "secret": secret, "lines": [line]});
        writeln!(self.child.stdin.as_mut().unwrap(), "{told}").unwrap();
        self.hears()
    }
}

impl Drop for OldChat {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn fixture(name: &str) -> String {
    fs::read_to_string(root().join("fixtures/channels").join(name)).unwrap()
}

#[test]
fn a_system_behind_thrift_is_a_channel() {
    let Some((mut old, ports)) = OldChat::start() else { return };
    let place = Place::new();
    let server = place.start();
    let admin = server.sign_in();
    let settings = json!({"chat_url": format!("http://127.0.0.1:{}/outbox", ports["http"])});
    let file = ("oldchat.yaml", "oldchat.thrift");
    let channel = Connected::to_system(&server, &admin, file, &json!({"chat_secret": "s3cret"}), &settings);
    let url = format!("http://{}/channels/{}", server.address, channel.id);
    assert_eq!(old.writes(&url, "guessed", 1, "nobody"), json!({"failed": 401}));
    for _ in 0..2 {
        assert_eq!(old.writes(&url, "s3cret", 1, "你好 <世界>"), json!({"taken": 1}));
    }
    let desk = Desk { server: &server, admin };
    let conversation = desk.conversation("你好 <世界>");
    assert_eq!(desk.messages(&conversation).iter().filter(|one| one["text"] == "你好 <世界>").count(), 1);
    let mut random = Random::new(1);
    desk.say(&conversation, &random.id(), "您好 & 欢迎").expect(201);
    let said = &old.hears()["said"];
    assert_eq!((&said["room"], &said["text"]), (&json!(5), &json!("您好 & 欢迎")));
    assert_eq!(said["secret"], "s3cret");
    desk.all_are(&conversation, "sent");
    // Refused for now, by an exception that says so: it is tried again, under the same name.
    desk.say(&conversation, &random.id(), "flood").expect(201);
    let (first, second) = (old.hears(), old.hears());
    assert_eq!(first, second);
    assert_eq!(first["said"]["text"], "flood");
    desk.all_are(&conversation, "sent");
    desk.say(&conversation, &random.id(), "closed").expect(201);
    let failed = eventually("a failure", || {
        let sends = desk.channel(&conversation)["sends"].as_array().unwrap().clone();
        sends.into_iter().find(|send| send["state"] == "failed")
    });
    assert!(failed["error"].as_str().unwrap().contains("the room is closed"), "{failed}");
    server.stop();
    place.check();
}

/// The bridges of docs/channels.md: one before the channel, one before the system.
fn bridges(port: u16, outbox: &Value, inbox: Option<(&str, u16)>) -> String {
    let mut text = format!(
        "endpoints:
  - name: oldchat-outbox
    inbound: {{kind: thrift, idl: oldchat.thrift, service: Outbox}}
    upstream: {{kind: thrift, address: '127.0.0.1:{outbox}', transport: framed}}
"
    );
    if let Some((channel, listen)) = inbox {
        text.push_str(&format!(
            "  - name: oldchat-inbox
    public: true
    inbound: {{kind: thrift, listen: '127.0.0.1:{listen}', idl: oldchat.thrift, service: Inbox}}
    upstream: {{kind: thrift, address: 'http://127.0.0.1:{port}/channels/{channel}', authorization_file: chat.secret}}
"
        ));
    }
    text
}

#[test]
fn a_system_that_speaks_thrift_over_tcp_is_a_channel_behind_two_bridges() {
    let Some((mut old, ports)) = OldChat::start() else { return };
    let place = Place::with("  gateway: [bridge.yaml]\n");
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    write("oldchat.thrift", &fixture("oldchat.thrift"));
    write("chat.secret", "s3cret\n");
    write("bridge.yaml", &bridges(0, &ports["tcp"], None));
    let server = place.start();
    let admin = server.sign_in();
    let key = json!({"name": "oldchat", "scopes": ["gateway"]});
    let key = server.call("POST", "/api/v1/keys", Some(&admin), Some(&key)).expect(201)["token"].clone();
    let yaml = fixture("oldchat.yaml")
        .replace(
            "{ x-chat-secret: \"= secret.chat_secret\" }",
            "{ authorization: \"= 'Bearer ' ~ secret.gateway_key\" }",
        )
        .replace("x-chat-secret", "authorization")
        .replace("secrets: [chat_secret]", "secrets: [chat_secret, gateway_key]");
    let address = server.address;
    let settings = json!({"chat_url": format!("http://{address}/gateway/oldchat-outbox")});
    let secrets = json!({"chat_secret": "s3cret", "gateway_key": key});
    let file = (yaml.as_str(), "oldchat.thrift");
    let channel = Connected::to_system_by(&server, &admin, file, &secrets, &settings);
    let free = SocketAddr::from(([127, 0, 0, 1], free_port()));
    write("bridge.yaml", &bridges(address.port(), &ports["tcp"], Some((&channel.id, free.port()))));
    server.signal("HUP");
    let taken = eventually("the bridge listens", || {
        let taken = old.writes(&free.to_string(), "", 1, "你好");
        taken.get("taken").cloned()
    });
    assert_eq!(taken, json!(1));
    let desk = Desk { server: &server, admin };
    let conversation = desk.conversation("你好");
    desk.say(&conversation, &Random::new(2).id(), "您好").expect(201);
    let said = &old.hears()["said"];
    assert_eq!((&said["room"], &said["text"]), (&json!(5), &json!("您好")));
    desk.all_are(&conversation, "sent");
    server.stop();
    place.check();
}
