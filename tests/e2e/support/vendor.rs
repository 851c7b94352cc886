//! Chat services that answer as theirs do: one small HTTP server for all of them, and what customers send over them.

use std::{
    collections::BTreeMap,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use kefu_channel::{Channel, Given, Method, Plain, Seed, Signed, shipped};
use kefu_wire::MemoryLoader;
use serde_json::{Value, json};

use super::{
    http::{self, Answer},
    random::eventually,
    server::Server,
};

/// A request that came to a service.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The host that it was for, as the relay names it; empty when there is none between.
    pub(crate) host: String,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What a service answers.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn says(json: &Value) -> Said {
    Said { status: 200, headers: Vec::new(), body: json.to_string().into_bytes() }
}

type Answers = dyn Fn(&Asked) -> Said + Send + Sync;

/// A chat service, or all of them.
pub(crate) struct Vendor {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Vendor {
    /// Answers as the services that come with kefu do when all is well.
    pub(crate) fn start() -> Self {
        Self::with(usual)
    }

    /// Ends with the test's process: nothing of it holds anything else.
    pub(crate) fn with(answers: impl Fn(&Asked) -> Said + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (kept, answers): (_, Arc<Answers>) = (Arc::clone(&asked), Arc::new(answers));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (kept, answers) = (Arc::clone(&kept), Arc::clone(&answers));
                std::thread::spawn(move || drop(serve(stream, &kept, &*answers)));
            }
        });
        Self { address, asked }
    }

    /// Everything that was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// What was asked at paths that begin so.
    pub(crate) fn asked_at(&self, path: &str) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.path.starts_with(path)).collect()
    }

    /// The lines of the configuration that have kefu ask this in the place of the real ones.
    pub(crate) fn settings(&self, hosts: &[&str]) -> String {
        let relays = hosts.iter().map(|host| format!("\"{host}=http://{}\"", self.address));
        format!("  channels:\n    relays: [{}]\n", relays.collect::<Vec<_>>().join(", "))
    }
}

fn serve(stream: TcpStream, kept: &Mutex<Vec<Asked>>, answers: &Answers) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let host = headers.get("x-forwarded-host").cloned().unwrap_or_default();
        let asked = Asked { host, path, headers, body };
        let said = answers(&asked);
        kept.lock().unwrap().push(asked);
        let mut head = format!("HTTP/1.1 {} x\r\ncontent-length: {}\r\n", said.status, said.body.len());
        for (name, value) in &said.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(&[head.as_bytes(), b"\r\n", &said.body].concat())?;
    }
}

/// What the services that come with kefu answer when all is well; without their token, nothing.
pub(crate) fn usual(asked: &Asked) -> Said {
    let path = asked.path.split('?').next().unwrap_or_default();
    if !is_allowed(asked, path) {
        let body = json!({"error": "no token"}).to_string().into_bytes();
        return Said { status: 401, headers: Vec::new(), body };
    }
    says(&match path {
        "/cgi-bin/stable_token" | "/cgi-bin/gettoken" => {
            json!({"errcode": 0, "access_token": "T1", "expires_in": 7200})
        }
        "/cgi-bin/message/custom/send" => json!({"errcode": 0, "errmsg": "ok"}),
        "/cgi-bin/kf/send_msg" => json!({"errcode": 0, "msgid": "m-sent"}),
        "/robot/sendBySession" => json!({"errcode": 0}),
        "/open-apis/auth/v3/tenant_access_token/internal" => {
            json!({"code": 0, "tenant_access_token": "t-1", "expire": 7200})
        }
        "/open-apis/im/v1/messages" => json!({"code": 0, "data": {"message_id": "om_sent"}}),
        "/v2/bot/message/push" => json!({"sentMessages": [{"id": "l-sent"}]}),
        "/email" => json!({"ErrorCode": 0, "MessageID": "p-sent"}),
        _ if path.starts_with("/v23.0/") => json!({"messages": [{"id": "wamid.sent"}]}),
        "/api/chat.postMessage" => json!({"ok": true, "channel": "C1", "ts": "1.1"}),
        _ if path.ends_with("/sendMessage") => json!({"ok": true, "result": {"message_id": 7}}),
        _ => json!({"ok": true, "id": "x-sent"}),
    })
}

/// Whether a request shows what the service gave, or what the operator has of it.
fn is_allowed(asked: &Asked, path: &str) -> bool {
    let has = |name: &str, value: &str| asked.headers.get(name).is_some_and(|found| found == value);
    let bearer = |token: &str| has("authorization", &format!("Bearer {token}"));
    match path {
        "/cgi-bin/message/custom/send" | "/cgi-bin/kf/send_msg" | "/cgi-bin/kf/sync_msg" => {
            asked.path.ends_with("?access_token=T1")
        }
        "/chat" => bearer("k1"),
        "/v2/bot/message/push" => bearer("lt1") && asked.headers.contains_key("x-line-retry-key"),
        "/email" => has("x-postmark-server-token", "st1"),
        _ if path.starts_with("/open-apis/im/") => bearer("t-1"),
        _ if path.starts_with("/api/chat.") => bearer("xoxb-1"),
        _ if path.starts_with("/api/v1/accounts/1/") => has("api_access_token", "a1"),
        _ if path.starts_with("/v23.0/") => bearer("wt1"),
        _ if path.starts_with("/bot") => path.starts_with("/bot123:abc/"),
        _ => true,
    }
}

/// A channel of a daemon, and what its service knows.
pub(crate) struct Connected {
    pub(crate) id: String,
    file: Channel,
    given: Given,
    /// How many requests it has made.
    made: Mutex<u64>,
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

impl Connected {
    /// Connects a service to the inbox `web`, by a file that comes with kefu.
    #[track_caller]
    pub(crate) fn to(server: &Server, admin: &str, file: &str, secrets: &Value, settings: &Value) -> Self {
        let channel = Channel::load(shipped(file).unwrap()).unwrap();
        Self::by(server, admin, channel, &json!({ "file": file }), secrets, settings)
    }

    /// Connects a system by a file of ours, and the description beside it.
    #[track_caller]
    pub(crate) fn to_system(
        server: &Server,
        admin: &str,
        (file, description): (&str, &str),
        secrets: &Value,
        settings: &Value,
    ) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/channels");
        let yaml = std::fs::read_to_string(format!("{folder}/{file}")).unwrap();
        Self::to_system_by(server, admin, (&yaml, description), secrets, settings)
    }

    /// The same by the text of a file.
    #[track_caller]
    pub(crate) fn to_system_by(
        server: &Server,
        admin: &str,
        (yaml, description): (&str, &str),
        secrets: &Value,
        settings: &Value,
    ) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/channels");
        let text = std::fs::read_to_string(format!("{folder}/{description}")).unwrap();
        let beside = MemoryLoader::default().with(description, text.as_str());
        let channel = Channel::load_with(yaml, &beside).unwrap();
        let source = json!({"yaml": yaml, "files": {description: text}});
        Self::by(server, admin, channel, &source, secrets, settings)
    }

    #[track_caller]
    fn by(
        server: &Server,
        admin: &str,
        file: Channel,
        source: &Value,
        secrets: &Value,
        settings: &Value,
    ) -> Self {
        let inboxes = server.call("GET", "/api/v1/inboxes", Some(admin), None).expect(200);
        let mut body = json!({
            "inbox_id": inboxes["items"][0]["id"], "enabled": true,
            "values": {"secrets": secrets, "settings": settings},
        });
        body.as_object_mut().unwrap().extend(source.as_object().unwrap().clone());
        let made = server.call("POST", "/api/v1/channels", Some(admin), Some(&body)).expect(201);
        assert_eq!(made["missing"], json!([]), "{made}");
        assert!(!made.to_string().contains(&format!("{secrets}")), "values are write only: {made}");
        let map = |values: &Value| {
            let values = values.as_object().unwrap().iter();
            values.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
        };
        Self {
            id: made["id"].as_str().unwrap().to_owned(),
            file,
            given: Given { secrets: map(secrets), settings: map(settings) },
            made: Mutex::new(0),
        }
    }

    /// A request as the service would make it.
    pub(crate) fn signed(&self, body: &str) -> Signed {
        self.signed_with(body, &self.given)
    }

    fn signed_with(&self, body: &str, given: &Given) -> Signed {
        let mut made = self.made.lock().unwrap();
        *made += 1;
        let mut seed = [7; 16];
        seed[..8].copy_from_slice(&made.to_be_bytes());
        let plain = Plain { method: Method::Post, body: body.as_bytes().to_vec(), ..Plain::default() };
        self.file.sign(&plain, given, now_ms(), Seed(seed)).unwrap()
    }

    /// Posts a request that is signed with other secrets than those of the service.
    ///
    /// # Errors
    /// There is no whole answer.
    pub(crate) fn try_forge(&self, address: SocketAddr, body: &str) -> io::Result<Answer> {
        // In the middle, so that a value stays of the form that it has.
        let other = |value: &String| {
            let (head, tail) = value.split_at(value.len() / 2);
            let letter = if tail.starts_with('a') { 'b' } else { 'a' };
            format!("{head}{letter}{}", &tail[1..])
        };
        let secrets = self.given.secrets.iter().map(|(name, value)| (name.clone(), other(value))).collect();
        let given = Given { secrets, settings: self.given.settings.clone() };
        self.deliver(address, self.signed_with(body, &given))
    }

    /// Posts a request of the service.
    ///
    /// # Errors
    /// There is no whole answer.
    pub(crate) fn try_post(&self, address: SocketAddr, body: &str) -> io::Result<Answer> {
        self.deliver(address, self.signed(body))
    }

    fn deliver(&self, address: SocketAddr, signed: Signed) -> io::Result<Answer> {
        let Signed { query, headers, body, .. } = signed;
        let mut head = format!(
            "POST /channels/{}?{query} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             Content-Length: {}\r\n",
            self.id,
            body.len()
        );
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        http::raw(address, &[head.as_bytes(), b"\r\n", &body])
    }

    /// Posts a request of the service, which must be taken.
    #[track_caller]
    pub(crate) fn post(&self, server: &Server, body: &str) -> Answer {
        let answer = self.try_post(server.address, body).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }
}

/// What agents see of a conversation.
pub(crate) struct Desk<'s> {
    pub(crate) server: &'s Server,
    pub(crate) admin: String,
}

impl Desk<'_> {
    /// Waits for a conversation whose visitor has this name or, without one, for any.
    #[track_caller]
    pub(crate) fn conversation(&self, text: &str) -> String {
        eventually("a conversation", || {
            let path = "/api/v1/conversations?view=all&limit=500";
            let found = self.server.call("GET", path, Some(&self.admin), None).expect(200);
            let items = found["items"].as_array().unwrap().clone();
            let has = |one: &&Value| one["last_message"].to_string().contains(text);
            items.iter().find(has).map(|one| one["id"].as_str().unwrap().to_owned())
        })
    }

    /// The log of a conversation.
    #[track_caller]
    pub(crate) fn messages(&self, conversation: &str) -> Vec<Value> {
        let path = format!("/api/v1/conversations/{conversation}/messages?limit=500");
        let page = self.server.call("GET", &path, Some(&self.admin), None).expect(200);
        page["items"].as_array().unwrap().clone()
    }

    /// Answers as an agent.
    #[track_caller]
    pub(crate) fn say(&self, conversation: &str, client_id: &str, text: &str) -> Answer {
        let body = json!({"client_id": client_id, "kind": "text", "text": text});
        let path = format!("/api/v1/conversations/{conversation}/messages");
        self.server.call("POST", &path, Some(&self.admin), Some(&body))
    }

    /// What is known of the channel of a conversation.
    #[track_caller]
    pub(crate) fn channel(&self, conversation: &str) -> Value {
        let path = format!("/api/v1/conversations/{conversation}/channel");
        self.server.call("GET", &path, Some(&self.admin), None).expect(200)
    }

    /// Waits until every message of a conversation has reached this state.
    #[track_caller]
    pub(crate) fn all_are(&self, conversation: &str, state: &str) -> Value {
        eventually("messages in their state", || {
            let channel = self.channel(conversation);
            let sends = channel["sends"].as_array().unwrap();
            let is_done = !sends.is_empty() && sends.iter().all(|send| send["state"] == state);
            is_done.then(|| channel.clone())
        })
    }
}
