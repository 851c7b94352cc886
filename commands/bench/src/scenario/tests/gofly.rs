//! The preset for go-fly, against a server that does what go-fly does with the requests and frames of the preset.

use std::{
    collections::HashMap,
    io,
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard},
};

use clap::Parser as _;
use kefu_app::Stop;
use kefu_protocol::ws::{Incoming, Reader, Role, text_frame};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::mpsc::{UnboundedSender, unbounded_channel},
};

use super::{Line, Report, ScenarioSettings};
use crate::{
    args::Format,
    progress::Progress,
    testing::{Request, Requests, Server},
};

/// What go-fly keeps: names and passwords, visitors and whom they came to, one connection for each.
#[derive(Default)]
struct GoFly {
    agents: HashMap<String, String>,
    visitors: HashMap<String, String>,
    sockets: HashMap<String, UnboundedSender<String>>,
    /// Messages from each address: two are taken.
    addresses: HashMap<String, u32>,
    stored: usize,
    /// What comes over no socket, though it is stored.
    loses: Option<&'static str>,
}

type Shared = Arc<Mutex<GoFly>>;

fn lock(shared: &Shared) -> MutexGuard<'_, GoFly> {
    shared.lock().unwrap()
}

fn start(loses: Option<&'static str>) -> (Server, Shared) {
    let shared = Shared::new(Mutex::new(GoFly { loses, ..GoFly::default() }));
    let own = Arc::clone(&shared);
    (Server::start(move |requests| serve(requests, Arc::clone(&own))), shared)
}

async fn serve(mut requests: Requests, shared: Shared) -> io::Result<()> {
    while let Some(request) = requests.next().await? {
        let (_, path) = request.line.split_once(' ').unwrap();
        if let Some(name) = path.strip_prefix("/ws_kefu?token=token-") {
            let name = name.to_owned();
            return push(requests, &request, &shared, &name).await;
        }
        if let Some(name) = path.strip_prefix("/ws_visitor?visitor_id=") {
            let name = name.to_owned();
            return push(requests, &request, &shared, &name).await;
        }
        let answer = lock(&shared).answer(path, &request);
        requests.answer("200 OK", "Content-Type: application/json\r\n", &answer.to_string()).await?;
    }
    Ok(())
}

impl GoFly {
    fn answer(&mut self, path: &str, request: &Request) -> Value {
        let field = |name: &str| request.field(name).unwrap_or_default().to_owned();
        let failed = |why: &str| json!({"code": 400, "msg": why});
        match path {
            "/register" => {
                self.agents.insert(field("username"), field("password"));
                json!({"code": 200, "msg": "ok", "result": ""})
            }
            "/check" if self.agents.get(&field("username")) == Some(&field("password")) => {
                json!({"code": 200, "msg": "ok", "result": {"token": format!("token-{}", field("username"))}})
            }
            "/visitor_login" => {
                let (agent, visitor) = (field("to_id"), field("visitor_id"));
                let online = json!({"type": "userOnline", "data": {"uid": visitor, "username": "Guest"}});
                self.push(&agent, &online);
                self.visitors.insert(visitor, agent);
                json!({"code": 200, "msg": "ok", "result": {}})
            }
            "/2/message" => {
                let address = request.header("x-forwarded-for").unwrap_or("127.0.0.1").to_owned();
                let count = self.addresses.entry(address).or_default();
                *count += 1;
                if *count > 2 {
                    return failed("too often");
                }
                if self.visitors.get(&field("from_id")) != Some(&field("to_id")) || field("type") != "visitor"
                {
                    return failed("no such visitor");
                }
                self.stored += 1;
                self.message(&field("to_id"), &field("from_id"), "no", &field("content"));
                json!({"code": 200, "msg": "ok"})
            }
            "/kefu/message" => {
                let Some(agent) = request.header("token").and_then(|token| token.strip_prefix("token-"))
                else {
                    return failed("no token");
                };
                self.stored += 1;
                self.message(&field("to_id"), agent, "no", &field("content"));
                self.message(agent, &field("to_id"), "yes", &field("content"));
                json!({"code": 200, "msg": "ok"})
            }
            _ => failed("no such page"),
        }
    }

    fn message(&self, to: &str, id: &str, is_kefu: &str, content: &str) {
        if self.loses.is_some_and(|loses| content.contains(loses)) {
            return;
        }
        self.push(
            to,
            &json!({"type": "message", "data": {"id": id, "is_kefu": is_kefu, "content": content}}),
        );
    }

    fn push(&self, to: &str, frame: &Value) {
        if let Some(socket) = self.sockets.get(to) {
            drop(socket.send(frame.to_string()));
        }
    }
}

/// A connection: what is pushed goes out, and a ping is answered.
async fn push(requests: Requests, request: &Request, shared: &Shared, name: &str) -> io::Result<()> {
    let (sender, mut frames) = unbounded_channel();
    lock(shared).sockets.insert(name.to_owned(), sender.clone());
    let (mut input, mut output) = tokio::io::split(requests.upgrade(request, None).await?);
    let (mut reader, mut buffer) = (Reader::new(Role::Server, 1 << 16), vec![0; 4096]);
    loop {
        tokio::select! {
            Some(text) = frames.recv() => {
                output.write_all(&text_frame(text)).await?;
                output.flush().await?;
            }
            read = input.read(&mut buffer) => {
                let read = read?;
                let flow = reader.feed(&mut buffer[..read], |incoming| match incoming {
                    Incoming::Text(text) if text.contains("\"ping\"") => {
                        drop(sender.send(json!({"type": "pong", "data": null}).to_string()));
                        ControlFlow::Continue(())
                    }
                    Incoming::Close(_) => ControlFlow::Break(()),
                    _ => ControlFlow::Continue(()),
                });
                if read == 0 || !matches!(flow, Ok(ControlFlow::Continue(()))) {
                    return Ok(());
                }
            }
        }
    }
}

fn bench(server: &Server) -> Report {
    let url = server.url();
    let line = ["bench", "gofly", "--target", &url, "-r", "30", "-d", "500ms", "--warmup", "0s"];
    let settings = ScenarioSettings::new(&Line::parse_from(line).args).unwrap();
    let (_handle, stop) = Stop::new();
    super::super::run(settings, Progress::silent(), &stop).unwrap().unwrap()
}

#[test]
fn go_fly_is_driven_by_its_own_protocol() {
    let (server, shared) = start(None);
    let report = bench(&server);
    let text = report.to(Format::Text);
    let flow = &report.flows["conversation"];
    assert_eq!((flow.done, flow.failed), (15, 0), "{text}");
    for step in ["question delivered", "answer delivered", "sign of life"] {
        assert_eq!(report.steps[&format!("conversation/{step}")].latency_ms.count, 15, "{step}: {text}");
    }
    // Every request has an address of its own, or the third from one would have been refused.
    let state = lock(&shared);
    assert_eq!((state.stored, state.agents.len(), state.visitors.len()), (30, 15, 15));
    assert!(state.addresses.len() > 10, "{:?}", state.addresses);
}

#[test]
fn what_go_fly_stores_and_does_not_deliver_is_a_failure() {
    let (server, _shared) = start(Some("question"));
    let url = server.url();
    let dir = tempfile::TempDir::new().unwrap();
    let text =
        super::super::presets::text("gofly").unwrap().replace("target: http", "timeout: 200ms\ntarget: http");
    let flags = format!("--target {url} -r 20 -d 200ms --warmup 0s");
    let settings = super::settings(&dir, &text, &flags).unwrap();
    let (_handle, stop) = Stop::new();
    let report = super::super::run(settings, Progress::silent(), &stop).unwrap().unwrap();
    assert_eq!(report.flows["conversation"].failed, 4, "{}", report.to(Format::Text));
    assert_eq!(report.requests.unwrap().errors["timeout"], 4);
}
