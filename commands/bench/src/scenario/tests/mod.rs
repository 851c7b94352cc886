//! Scenarios against a server that answers as it is asked to, and files with mistakes.

use std::collections::HashMap;

use clap::Parser as _;
use kefu_app::{Language, Stop};
use kefu_protocol::ws::{Incoming, Reader, Role, text_frame};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::ScenarioSettings;
use crate::{
    args::{Format, RunArgs},
    progress::Progress,
    report::Report,
    testing::{Io, Requests, Server},
};

mod chat;
mod gofly;

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    args: RunArgs,
}

fn settings(dir: &TempDir, text: &str, flags: &str) -> Result<ScenarioSettings, String> {
    let path = dir.path().join("s.yaml");
    std::fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    let line = ["bench", &path].into_iter().chain(flags.split_whitespace());
    ScenarioSettings::new(&Line::parse_from(line).args)
        .map_err(|failure| failure.line(Language::English).replace(&path, "s.yaml"))
}

fn bench(dir: &TempDir, text: &str, flags: &str) -> Report {
    let settings = settings(dir, text, flags).unwrap();
    let (_handle, stop) = Stop::new();
    super::run(settings, Progress::silent(), &stop).unwrap().unwrap()
}

/// Answers `POST /items` with an id, `GET /items/<id>` if it gave that one, and upgrades `/ws` to an echo.
fn server() -> (String, Server) {
    let server = Server::start(serve);
    (server.url(), server)
}

async fn serve(mut requests: Requests) -> std::io::Result<()> {
    while let Some(request) = requests.next().await? {
        if request.header("sec-websocket-key").is_some() {
            return echo(requests.upgrade(&request, None).await?).await;
        }
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let (status, more, answer) = match request.line.split_once(' ').unwrap().1 {
            "/items" => (
                "201 Created",
                "Location: /items/item-7\r\n",
                format!("{{\"id\": \"item-7\", \"was\": {body}}}"),
            ),
            "/items/item-7" => ("200 OK", "", "{\"name\": \"seven\"}".to_owned()),
            "/graphql" => ("200 OK", "", "{\"data\": {\"__typename\": \"Query\"}}".to_owned()),
            "/soap" => ("200 OK", "", body),
            "/webhook" => {
                ("202 Accepted", "", serde_json::from_str::<serde_json::Value>(&body).unwrap().to_string())
            }
            _ => ("404 Not Found", "", String::new()),
        };
        requests.answer(status, more, &answer).await?;
    }
    Ok(())
}

async fn echo(mut stream: Box<dyn Io>) -> std::io::Result<()> {
    stream.write_all(&text_frame("{\"hello\": \"world\"}")).await?;
    stream.flush().await?;
    let (mut reader, mut buffer) = (Reader::new(Role::Server, 1 << 20), vec![0; 4096]);
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        let mut answers = Vec::new();
        let flow = reader.feed(&mut buffer[..read], |incoming| {
            match incoming {
                Incoming::Text(text) => answers.extend_from_slice(&text_frame(format!("echo {text}"))),
                Incoming::Close(_) => return std::ops::ControlFlow::Break(()),
                _ => {}
            }
            std::ops::ControlFlow::Continue(())
        });
        stream.write_all(&answers).await?;
        stream.flush().await?;
        if !matches!(flow, Ok(std::ops::ControlFlow::Continue(()))) {
            return Ok(());
        }
    }
}

const SHOP: &str = r#"
load: {rate: 60, duration: 1s, warmup: 0s, concurrency: 50}
variables: {colour: blue}
data: {users: users.csv}
thresholds: ["errors == 0"]
flows:
  - name: buy
    weight: 2
    steps:
      - name: add
        request: POST /items
        body: '{"colour": "${colour}", "user": "${users.name}"}'
        expect_status: 201
        expect_body: '"user": "${users.name}"'
        capture: {item: /id, place: "header:location"}
      - request: GET ${place}
        expect_body: seven
      - think: 1ms..5ms
      - request: GET /items/${item}
  - name: talk
    steps:
      - websocket: /ws
      - receive: hello
        capture: {who: /hello}
      - send: ping ${who} ${number}
      - name: echo
        receive: echo ping world
      - close: 1000
"#;

fn shop() -> TempDir {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("users.csv"), "name,age\nAda,36\n\"Li, Na\",40\n").unwrap();
    dir
}

#[test]
fn flows_go_through_their_steps_with_what_they_kept() {
    let (target, _server) = server();
    let report = bench(&shop(), SHOP, &format!("--target {target}"));
    let text = report.to(Format::Text);
    let flows: Vec<_> =
        report.flows.iter().map(|(name, flows)| (name.as_str(), flows.done, flows.failed)).collect();
    assert_eq!(flows, [("buy", 40, 0), ("talk", 20, 0)], "{text}");
    let steps: Vec<_> = report
        .steps
        .iter()
        .map(|(name, steps)| (name.as_str(), steps.latency_ms.count, steps.failed))
        .collect();
    assert_eq!(
        steps,
        [
            ("buy/GET ${place}", 40, 0),
            ("buy/GET /items/${item}", 40, 0),
            ("buy/add", 40, 0),
            ("talk/echo", 20, 0),
            ("talk/receive", 20, 0),
            ("talk/websocket", 20, 0),
        ],
        "{text}"
    );
    let requests = report.requests.as_ref().unwrap();
    assert_eq!((requests.failed, report.latency_ms.unwrap().count), (0, 180));
    assert_eq!(
        requests.statuses,
        HashMap::from([("200".to_owned(), 80), ("201".to_owned(), 40)]).into_iter().collect()
    );
}

#[test]
fn a_flow_ends_at_its_first_failure_and_kinds_are_counted() {
    let (target, _server) = server();
    let flow = |step: &str| {
        let text = format!(
            "timeout: 200ms\nload: {{rate: 50, duration: 400ms, warmup: 0s}}\nflows:\n  - name: f\n    steps:\n      {step}\n      - request: GET /never\n"
        );
        let report = bench(&TempDir::new().unwrap(), &text, &format!("--target {target}"));
        assert_eq!(report.flows["f"].failed, 20, "{}", report.to(Format::Text));
        let requests = report.requests.unwrap();
        assert_eq!(requests.failed, 20);
        requests.errors.into_keys().next().unwrap()
    };
    assert_eq!(flow("- request: GET /none"), "expect_status");
    assert_eq!(flow("- {request: GET /items/item-7, expect_status: 204}"), "expect_status");
    assert_eq!(flow("- {request: GET /items/item-7, expect_body: eight}"), "expect_body");
    assert_eq!(flow("- {request: GET /items/item-7, capture: {x: /none}}"), "capture");
    assert_eq!(flow("- websocket: /ws\n      - receive: nothing of the kind"), "timeout");
    assert_eq!(flow("- {websocket: /ws, subprotocol: x}"), "not_opened");
}

#[test]
fn flows_without_a_turn_are_told() {
    let (target, _server) = server();
    let text = "timeout: 100ms\nload: {rate: 50, concurrency: 1, duration: 400ms, warmup: 0s}\nflows:\n  - steps:\n      - websocket: /ws\n      - receive: nothing of the kind\n";
    let report = bench(&TempDir::new().unwrap(), text, &format!("--target {target}"));
    let errors = &report.requests.as_ref().unwrap().errors;
    let [timeouts, unsent] = ["timeout", "unsent"].map(|kind| errors.get(kind).copied().unwrap_or(0));
    assert_eq!(timeouts + unsent, 20, "{}", report.to(Format::Text));
    assert!(unsent > 5, "{}", report.to(Format::Text));
}

#[test]
fn a_closed_loop_keeps_so_many_flows_going() {
    let (target, _server) = server();
    let text = "load: {duration: 3s, warmup: 0s, concurrency: 3}\nflows: [{steps: [{request: GET /items/item-7}]}]\n";
    let report = bench(&TempDir::new().unwrap(), text, &format!("--target {target}"));
    assert!(report.flows["flow 1"].done > 10, "{}", report.to(Format::Text));
    assert_eq!(report.requests.unwrap().scheduled_per_s, None);
}

#[test]
fn mistakes_have_a_line_and_a_near_miss() {
    let dir = shop();
    let problem = |from: &str, to: &str| {
        assert!(SHOP.contains(from), "{from}");
        settings(&dir, &SHOP.replacen(from, to, 1), "--target http://127.0.0.1:9").unwrap_err()
    };
    for (from, to, wanted) in [
        ("    weight: 2", "    wieght: 2", "s.yaml:8: unknown key `flows.0.wieght`; did you mean `weight`?"),
        ("rate: 60", "rate: many", "s.yaml:2: `load.rate`"),
        ("concurrency: 50", "profile: rmap", "s.yaml:2: `load.profile`"),
        (
            "name: add\n        request: POST /items",
            "name: add\n        request: /items",
            "must be a method and a path",
        ),
        (
            "${colour}",
            "${color}",
            "s.yaml:12: `flows.0.steps.0.body`: `color` stands for nothing here; known are address, colour,",
        ),
        ("{item: /id,", "{item: id,", "s.yaml:15: `flows.0.steps.0.capture.item`: must be a JSON pointer"),
        ("- websocket: /ws\n", "- think: 1s\n", "must come after a step that opens a `websocket`"),
        ("think: 1ms..5ms", "think: soon", "`flows.0.steps.2.think`: a length of time is"),
        ("- close: 1000", "- {close: 1000, think: 1s}", "must have exactly one of request, websocket"),
        ("- close: 1000", "- {close: 1000, expect_status: 200}", "has no meaning in a step with `close`"),
        (
            "errors == 0",
            "error == 0",
            "s.yaml:5: `thresholds`: `error == 0`, at character 1: unknown measure",
        ),
        ("users.csv", "none.csv", "s.yaml:4: `data.users`: none.csv: cannot read it"),
    ] {
        let found = problem(from, to);
        assert!(found.contains(wanted), "{to}: {found}");
    }
    let unset = settings(&dir, SHOP, "--target http://127.0.0.1:9 --set size=9").unwrap_err();
    assert!(unset.contains("cannot set `size`: the scenario has the variables colour"), "{unset}");
    let nowhere = settings(&dir, SHOP, "").unwrap_err();
    assert!(nowhere.contains("give --target"), "{nowhere}");
}

#[cfg(feature = "tls")]
#[test]
fn with_tls_as_without_it() {
    let server = Server::start_tls(serve);
    let authority = crate::testing::tls_file("authority.pem");
    let target = format!("https://localhost:{} --ca-file {}", server.address.port(), authority.display());
    let report = bench(&shop(), SHOP, &format!("--target {target}"));
    assert_eq!(report.requests.as_ref().unwrap().failed, 0, "{}", report.to(Format::Text));
    assert_eq!((report.flows["buy"].done, report.flows["talk"].done), (40, 20));
}

#[test]
fn sockets_of_a_flow_have_names() {
    let (target, _server) = server();
    let text = r#"
load: {rate: 20, duration: 500ms, warmup: 0s}
flows:
  - name: two
    steps:
      - {websocket: /ws, socket: left}
      - {websocket: /ws, socket: right}
      - {send: to the right, socket: right}
      - {send: to the left, socket: left}
      - {receive: echo to the left, socket: left}
      - {receive: echo to the right, socket: right}
      - {close: 1000, socket: left}
"#;
    let report = bench(&TempDir::new().unwrap(), text, &format!("--target {target}"));
    assert_eq!(
        (report.flows["two"].done, report.flows["two"].failed),
        (10, 0),
        "{}",
        report.to(Format::Text)
    );
    let dir = TempDir::new().unwrap();
    let wrong = settings(
        &dir,
        &text.replace("send: to the left, socket: left", "send: x, socket: middle"),
        "--target http://127.0.0.1:9",
    );
    assert!(wrong.unwrap_err().contains("must come after a step that opens a `websocket`"));
}

#[test]
fn presets_are_scenarios() {
    for name in ["chat", "chat-resume", "gofly", "graphql", "http", "soap", "webhook"] {
        let admin = ["--admin-email", "a@b.c", "--admin-password", "x"];
        let line = ["bench", name, "--target", "http://127.0.0.1:9"].into_iter().chain(admin);
        let line = Line::parse_from(line);
        let settings = ScenarioSettings::new(&line.args).map_err(|failure| failure.line(Language::English));
        assert!(settings.is_ok(), "{name}: {settings:?}");
    }
    // Those of kefu's own chat run against kefu itself, in the tests of the whole program.
    let (target, _server) = server();
    for flags in
        ["graphql", "http --set path=/items/item-7", "soap --set path=/soap --set call=<x/>", "webhook"]
    {
        let flags = ["bench"].into_iter().chain(flags.split_whitespace());
        let run = ["--target", &target, "--rate", "50", "--duration", "400ms", "--warmup", "0s"];
        let settings = ScenarioSettings::new(&Line::parse_from(flags.chain(run)).args).unwrap();
        let (_handle, stop) = Stop::new();
        let report = super::run(settings, Progress::silent(), &stop).unwrap().unwrap();
        assert_eq!(report.requests.as_ref().unwrap().failed, 0, "{}", report.to(Format::Text));
        assert!(report.flows.values().all(|flows| flows.done > 0), "{}", report.to(Format::Text));
    }
    let line = Line::parse_from(["bench", "chatt"]);
    let failure = ScenarioSettings::new(&line.args).unwrap_err().line(Language::English);
    assert!(failure.contains("neither a file nor one of chat, chat-resume"), "{failure}");
}
