//! Tickets in a system of others: with spyne behind the example of the documentation, and over crashes.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json};

use crate::support::{
    random::{Random, eventually},
    root,
    server::{Place, Server},
};

fn python() -> String {
    std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

fn has_spyne() -> bool {
    let import = Command::new(python()).args(["-c", "import spyne"]).stderr(Stdio::null()).status();
    let is_there = import.is_ok_and(|status| status.success());
    if !is_there {
        // Past the capture of output, so that it is seen.
        drop(writeln!(std::io::stderr(), "SKIPPED: {} has no module named spyne", python()));
    }
    is_there
}

/// spyne as a ticket system, until it is dropped.
struct Spyne {
    child: Child,
    ports: Value,
}

impl Spyne {
    fn start(port: Option<u64>) -> Self {
        let mut command = Command::new(python());
        command.arg(root().join("tests/e2e/python/ticket_server.py")).args(port.map(|port| port.to_string()));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, ports: serde_json::from_str(&line).expect("it says where it listens") }
    }

    fn port(&self, version: &str) -> u64 {
        self.ports[version].as_u64().unwrap()
    }
}

impl Drop for Spyne {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A place with the example, for a service at `address`.
fn example(address: &str, version: &str) -> Place {
    let settings = "  gateway: [bridge.yaml]\n  ticket_service: tickets.yaml\n";
    let place = Place::with(settings);
    let source = root().join("fixtures/good/ticket-service");
    for name in ["bridge.yaml", "tickets.wsdl", "tickets.yaml"] {
        let text = fs::read_to_string(source.join(name)).unwrap();
        let text = text.replace("http://127.0.0.1:9092/", address);
        let text = text.replace("version: \"1.1\"", &format!("version: \"{version}\""));
        let text = text.replace("timeout: 5s", "timeout: 30s").replace("failures: 5", "failures: 0");
        fs::write(place.path().join(name), text).unwrap();
    }
    place
}

/// Has the bridge wait `now` for an answer, where it waited `before`.
fn change_timeout(place: &Place, server: &Server, before: &str, now: &str) {
    let path = place.path().join("bridge.yaml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(&format!("timeout: {before}"), &format!("timeout: {now}"))).unwrap();
    let reloads = || server.count("kefu_gateway_reloads_total{outcome=\"used\"}");
    let count = reloads();
    server.signal("HUP");
    eventually("the bridge file is read again", || (reloads() > count).then_some(()));
}

/// An agent at work on the conversation of a customer whom the company's site has proven to be `id`.
struct Work<'s> {
    server: &'s Server,
    token: String,
    customer: String,
    conversation: String,
    random: Random,
}

impl<'s> Work<'s> {
    fn begin(server: &'s Server, id: &str) -> Self {
        let token = server.sign_in();
        let inboxes = server.call("GET", "/api/v1/inboxes", Some(&token), None).expect(200);
        let inbox = inboxes["items"][0]["id"].as_str().unwrap();
        let path = format!("/api/v1/inboxes/{inbox}/secret");
        let secret = server.call("POST", &path, Some(&token), None).expect(200);
        let secret = secret["secret"].as_str().unwrap();
        let proof = "import hmac,sys; print(hmac.new(sys.argv[1].encode(), sys.argv[2].encode(), 'sha256').hexdigest())";
        let proof = Command::new(python()).args(["-c", proof, secret, id]).output().unwrap();
        let proof = String::from_utf8(proof.stdout).unwrap();
        let visitor = json!({"external_id": id, "hmac": proof.trim(), "name": "王芳"});
        Self::of(server, token, &json!({"inbox": "web", "visitor": visitor}))
    }

    fn of(server: &'s Server, token: String, session: &Value) -> Self {
        let opened = server.call("POST", "/api/v1/widget/sessions", None, Some(session)).expect(201);
        let text = |name: &str| opened[name].as_str().unwrap().to_owned();
        let mut work = Self {
            server,
            token,
            customer: text("visitor_id"),
            conversation: text("conversation_id"),
            random: Random::new(7),
        };
        let message = json!({"client_id": work.random.id(), "kind": "text", "text": "你好"});
        let path = format!("/api/v1/conversations/{}/messages", work.conversation);
        server.call("POST", &path, Some(&text("token")), Some(&message)).expect(201);
        work
    }

    fn tickets(&self, more: &str) -> Value {
        let path = format!("/api/v1/customers/{}/external-tickets{more}", self.customer);
        self.server.call("GET", &path, Some(&self.token), None).expect(200)
    }

    /// Asks for something and waits until it is in one of `states`.
    fn ask(&mut self, method: &str, path: &str, mut body: Value, states: &[&str]) -> Value {
        body["client_id"] = json!(self.random.id());
        let path = format!("/api/v1/conversations/{}/external-tickets{path}", self.conversation);
        let asked = self.server.call(method, &path, Some(&self.token), Some(&body)).expect(202);
        let again = self.server.call(method, &path, Some(&self.token), Some(&body)).expect(202);
        assert_eq!(again["id"], asked["id"], "what is asked twice is asked once");
        self.wait(asked["id"].as_str().unwrap(), states)
    }

    fn wait(&self, id: &str, states: &[&str]) -> Value {
        let path = format!("/api/v1/conversations/{}/external-tickets", self.conversation);
        eventually("it is so far", || {
            let all = self.server.call("GET", &path, Some(&self.token), None).expect(200);
            let one = all["items"].as_array().unwrap().iter().find(|one| one["id"] == id).cloned();
            one.filter(|one| states.contains(&one["state"].as_str().unwrap_or_default()))
        })
    }

    fn decide(&self, id: &str, what: &str, status: u16) {
        let path = format!("/api/v1/conversations/{}/external-writes/{id}/{what}", self.conversation);
        self.server.call("POST", &path, Some(&self.token), None).expect(status);
    }

    /// What the conversation tells of tickets elsewhere: the code, the number and the reason.
    fn told(&self) -> Vec<(String, Value, Value)> {
        let path = format!("/api/v1/conversations/{}/messages?after_seq=0&limit=500", self.conversation);
        let page = self.server.call("GET", &path, Some(&self.token), None).expect(200);
        let events = page["items"].as_array().unwrap().iter().filter_map(|item| {
            let code = item["event"]["code"].as_str()?.strip_prefix("ticket.external.")?;
            Some((code.to_owned(), item["data"]["number"].clone(), item["data"]["reason"].clone()))
        });
        events.collect()
    }
}

#[test]
fn tickets_behind_spyne_are_made_listed_commented_and_changed() {
    if !has_spyne() {
        return;
    }
    for version in ["1.1", "1.2"] {
        let spyne = Spyne::start(None);
        let place = example(&format!("http://127.0.0.1:{}/", spyne.port(version)), version);
        let server = place.start();
        let mut work = Work::begin(&server, "u-7");
        assert_eq!(work.tickets("")["items"], json!([]));
        let body = json!({
            "subject": "打印机 <&>", "body": "坏了\n请修", "priority": "urgent", "assignee": "王工",
        });
        let made = work.ask("POST", "", body, &["done"]);
        let number = made["ticket"].as_str().unwrap().to_owned();
        let listed = work.tickets("");
        let ticket = &listed["items"][0];
        assert_eq!(
            (&ticket["number"], &ticket["subject"], &ticket["status"], &ticket["priority"]),
            (&json!(number), &json!("打印机 <&>"), &json!("open"), &json!("urgent")),
            "{listed}"
        );
        assert_eq!(ticket["assignee"], "王工", "{listed}");
        assert_eq!(listed["service"]["assigns"], json!(["create", "update"]));
        assert_eq!(ticket["created_at"], "2027-01-02T03:04:05.000Z");
        assert_eq!(ticket["url"], format!("https://tickets.example/t/{number}"));
        let comment = json!({"text": "客户补充:<双面>", "internal": true});
        work.ask("POST", &format!("/{number}/comments"), comment, &["done"]);
        let change = json!({"status": "pending", "priority": "high", "assignee": "周工"});
        work.ask("PATCH", &format!("/{number}"), change, &["done"]);
        let details = work.tickets(&format!("/{number}"));
        let (ticket, comments) = (&details["ticket"], &details["comments"]);
        assert_eq!(
            (&ticket["status"], &ticket["priority"], &ticket["assignee"]),
            (&json!("pending"), &json!("high"), &json!("周工"))
        );
        let texts: Vec<_> = comments.as_array().unwrap().iter().map(|one| one["text"].clone()).collect();
        assert_eq!(texts, ["坏了\n请修", "客户补充:<双面>"], "{details}");

        let refused = work.ask("POST", "", json!({"subject": "refuse"}), &["failed"]);
        assert!(refused["reason"].as_str().unwrap().contains("no tickets about this"), "{refused}");
        assert!(!refused["reason"].as_str().unwrap().contains("13800138000"), "{refused}");
        work.decide(refused["id"].as_str().unwrap(), "dismiss", 200);
        work.decide(refused["id"].as_str().unwrap(), "repeat", 409);

        // It is done, but nobody says so in time: that is for an agent to find out. Whatever is to be answered has more
        // time than this, before and after.
        change_timeout(&place, &server, "30s", "1s");
        let unknown = work.ask("POST", "", json!({"subject": "slow"}), &["unknown"]);
        let late = eventually("the late one is listed", || {
            let listed = work.tickets("?fresh=true");
            (listed["items"].as_array().unwrap().len() == 2).then_some(listed)
        });
        assert_eq!(late["errors"], json!([]));
        work.decide(unknown["id"].as_str().unwrap(), "dismiss", 200);
        let told = work.told();
        let codes: Vec<_> = told.iter().map(|(code, ..)| code.as_str()).collect();
        assert_eq!(codes, ["created", "commented", "updated", "failed", "unknown"]);
        assert!(told[..3].iter().all(|(_, told, _)| *told == number), "{told:?}");

        // Somebody else's tickets are not there.
        let other = Work::begin(&server, "slow");
        let slow = other.tickets("");
        assert_eq!((&slow["items"], &slow["errors"][0]["code"]), (&json!([]), &json!("timeout")));
        let path = format!("/api/v1/customers/{}/external-tickets/{number}", other.customer);
        server.call("GET", &path, Some(&other.token), None).expect(404);
        change_timeout(&place, &server, "1s", "30s");

        // What is asked for while nobody is there is done when somebody is.
        let port = spyne.port("1.1");
        drop(spyne);
        let down = work.tickets("?fresh=true");
        assert_eq!(down["errors"][0]["code"], "unreachable", "{down}");
        if version == "1.1" {
            let body = json!({"client_id": work.random.id(), "subject": "later"});
            let path = format!("/api/v1/conversations/{}/external-tickets", work.conversation);
            let asked = server.call("POST", &path, Some(&work.token), Some(&body)).expect(202);
            let _spyne = Spyne::start(Some(port));
            work.wait(asked["id"].as_str().unwrap(), &["done"]);
            assert_eq!(work.tickets("?fresh=true")["items"][0]["subject"], "later");
        }
        server.stop();
    }
}

/// A ticket system of JSON that makes tickets, and says so or not.
struct Fake {
    address: SocketAddr,
    made: Arc<Mutex<Vec<String>>>,
    is_silent: Arc<AtomicBool>,
}

impl Fake {
    fn start(address: &str) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let fake = Self {
            address: listener.local_addr().unwrap(),
            made: Arc::default(),
            is_silent: Arc::new(AtomicBool::new(false)),
        };
        let (made, is_silent) = (Arc::clone(&fake.made), Arc::clone(&fake.is_silent));
        // Ends with the process.
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming().map_while(Result::ok) {
                held.extend(answer(stream, &made, &is_silent));
            }
        });
        fake
    }

    fn made(&self) -> Vec<String> {
        self.made.lock().unwrap().clone()
    }
}

/// Answers one request, or keeps its connection.
fn answer(mut stream: TcpStream, made: &Mutex<Vec<String>>, is_silent: &AtomicBool) -> Option<TcpStream> {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut line, mut len) = (String::new(), 0);
    while reader.read_line(&mut line).unwrap_or(0) > 2 {
        if let Some((_, value)) = line.to_lowercase().split_once("content-length:") {
            len = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; len];
    reader.read_exact(&mut body).ok()?;
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut made = made.lock().unwrap();
    made.push(asked["title"].as_str().unwrap_or_default().to_owned());
    if is_silent.load(Ordering::Relaxed) {
        return Some(stream);
    }
    let answer = json!({"no": made.len()}).to_string();
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n";
    drop(write!(stream, "{head}content-length: {}\r\n\r\n{answer}", answer.len()));
    None
}

/// A place whose ticket system only makes tickets, without a mark by which it would know one again.
fn plain(address: SocketAddr) -> Place {
    let place = Place::with("  gateway: [bridge.yaml]\n  ticket_service: tickets.yaml\n");
    let bridge = format!(
        "endpoints:
  - name: desk
    inbound: {{kind: internal}}
    upstream: {{kind: json, address: 'http://{address}/'}}
    operations: {{list: {{method: GET, path: /tickets}}, create: {{path: /tickets}}}}
    breaker: {{failures: 0}}
    timeout: 60s
"
    );
    let tickets = "kefu_tickets: 1
name: Desk
bridge: desk
ticket: {number: = item.no}
list: {operation: list, arguments: {customer: = customer.id}, items: = result.items}
create: {operation: create, arguments: {title: = subject}, number: = result.no}
";
    fs::write(place.path().join("bridge.yaml"), bridge).unwrap();
    fs::write(place.path().join("tickets.yaml"), tickets).unwrap();
    place
}

#[test]
fn what_was_asked_for_survives_a_kill_and_is_sent_once() {
    // An address that nobody has: it is given back.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let place = plain(address);
    let server = place.start();
    let session = json!({"inbox": "web"});
    let mut work = Work::of(&server, server.sign_in(), &session);
    let body = json!({"client_id": work.random.id(), "subject": "before the kill"});
    let path = format!("/api/v1/conversations/{}/external-tickets", work.conversation);
    let asked = server.call("POST", &path, Some(&work.token), Some(&body)).expect(202);
    let id = asked["id"].as_str().unwrap().to_owned();
    // Nobody answered, which is noted: killed before that it would not know whether it was sent. The third pause is long
    // enough for the kill to come before the next try.
    eventually("it was tried", || {
        let all = server.call("GET", &path, Some(&work.token), None).expect(200);
        let one = all["items"].as_array().unwrap().iter().find(|one| one["id"] == *id).cloned()?;
        let is_tried = one["tries"].as_u64().is_some_and(|tries| tries >= 3);
        (one["state"] == "waiting" && is_tried).then_some(())
    });
    let Work { conversation, customer, .. } = work;
    server.kill();

    let fake = Fake::start(&address.to_string());
    assert_eq!(fake.address, address);
    let server = place.start();
    let token = server.sign_in();
    let mut work = Work { server: &server, token, customer, conversation, random: Random::new(8) };
    let done = work.wait(&id, &["done"]);
    assert_eq!((&done["ticket"], fake.made()), (&json!("1"), vec!["before the kill".to_owned()]));
    assert_eq!(work.told(), [("created".to_owned(), json!("1"), Value::Null)]);

    // Killed while it is on its way: whether it was made nobody knows, so it is not sent again.
    fake.is_silent.store(true, Ordering::Relaxed);
    let body = json!({"client_id": work.random.id(), "subject": "on its way"});
    let asked = server.call("POST", &path, Some(&work.token), Some(&body)).expect(202);
    let id = asked["id"].as_str().unwrap().to_owned();
    eventually("it has arrived", || (fake.made().len() == 2).then_some(()));
    let Work { conversation, customer, .. } = work;
    server.kill();
    fake.is_silent.store(false, Ordering::Relaxed);
    let server = place.start();
    let token = server.sign_in();
    let work = Work { server: &server, token, customer, conversation, random: Random::new(9) };
    let unknown = work.wait(&id, &["unknown"]);
    assert!(unknown["reason"].as_str().unwrap().contains("stopped while it was being sent"), "{unknown}");
    assert_eq!(fake.made(), ["before the kill", "on its way"]);
    work.decide(&id, "repeat", 202);
    work.wait(&id, &["done"]);
    assert_eq!(fake.made(), ["before the kill", "on its way", "on its way"]);
    let codes: Vec<_> = work.told().into_iter().map(|(code, ..)| code).collect();
    assert_eq!(codes, ["created", "unknown", "created"]);
    server.stop();
    place.check();
}
