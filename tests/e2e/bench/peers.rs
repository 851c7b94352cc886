//! Against servers that others wrote: nginx (`KEFU_NGINX` names another program than `nginx`) and the Python libraries
//! `websockets` and Autobahn (`PYTHON` names another interpreter than `python3`). Without them the tests say so and pass.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use super::{bench, json};
use crate::support::{ports::free_port, random::eventually};

/// A program that ends with its value.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn without(what: &str) {
    eprintln!("SKIPPED: a test of kefu bench, for want of {what}");
}

/// nginx with an answer of its own, a file that takes many reads, and an end to connections after 100 requests.
fn nginx(dir: &Path) -> Option<(u16, Process)> {
    let program = std::env::var("KEFU_NGINX").unwrap_or_else(|_| "nginx".to_owned());
    let place = dir.display();
    fs::write(dir.join("large.txt"), vec![b'L'; 300_000]).unwrap();
    for _ in 0..5 {
        let port = free_port();
        let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let folders: String = kinds.map(|kind| format!("{kind}_temp_path {place}/{kind};")).concat();
        let configuration = format!(
            "daemon off; master_process off; pid {place}/pid; error_log /dev/null; events {{}}
             http {{ log_format line '$status $request'; access_log {place}/access.log line; {folders}
             keepalive_requests 100; server {{ listen 127.0.0.1:{port}; root {place};
               location /ok {{ return 200 'ok'; }} location /gone {{ return 410; }} location /none {{ return 204; }} }} }}"
        );
        fs::write(dir.join("nginx.conf"), configuration).unwrap();
        let child = Command::new(&program)
            .args(["-p", dir.to_str().unwrap(), "-e", "/dev/null", "-c"])
            .arg(dir.join("nginx.conf"))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            without("nginx");
            return None;
        };
        let mut process = Process(child);
        let is_there = eventually("nginx", || {
            let has_ended = process.0.try_wait().unwrap().is_some();
            let is_there = TcpStream::connect(("127.0.0.1", port)).is_ok();
            (has_ended || is_there).then_some(is_there && !has_ended)
        });
        // Somebody else may have taken the port meanwhile.
        if is_there {
            return Some((port, process));
        }
    }
    without("nginx on a port of its own");
    None
}

#[test]
fn nginx_has_seen_what_the_report_says() {
    let dir = TempDir::new().unwrap();
    let Some((port, _nginx)) = nginx(dir.path()) else { return };
    let seen = || fs::read_to_string(dir.path().join("access.log")).unwrap().lines().count() as u64;
    let mut sent = 0;
    for (flags, path, errors) in [
        ("-c 4 -n 1000", "ok", 0),
        ("-c 4 -r 500 -d 1s --warmup 0s", "ok", 0),
        ("-c 3 -n 60", "large.txt", 0),
        ("-c 3 -n 60 -m HEAD", "large.txt", 0),
        ("-c 2 -n 40", "none", 0),
        ("-c 2 -n 40 --no-keep-alive", "gone", 40),
    ] {
        let line = format!("http http://127.0.0.1:{port}/{path} {flags} --format json");
        let report = json(&bench(dir.path(), &line).stdout);
        let requests = &report["requests"];
        let answered = requests["answered"].as_u64().unwrap();
        assert_eq!((answered, requests["failed"].as_u64()), (answered.max(40), Some(errors)), "{report:#}");
        assert_eq!(report["latency_ms"]["count"], answered);
        sent += answered;
        eventually("the log of nginx", || (seen() == sent).then_some(()));
    }
    // It closes a connection after a hundred requests, and none of them is lost over that.
    let report = json(
        &bench(dir.path(), &format!("http http://127.0.0.1:{port}/ok -c 1 -n 350 --format json")).stdout,
    );
    assert_eq!(
        (&report["requests"]["answered"], &report["requests"]["opened"]),
        (&350.into(), &4.into()),
        "{report:#}"
    );
}

/// Echoes in capitals, in pieces if they are long, and writes down how each connection ended.
const WEBSOCKETS: &str = r#"
import asyncio
from websockets.asyncio.server import serve

async def echo(socket):
    try:
        async for text in socket:
            loud = text.upper()
            half = len(loud) // 2
            await socket.send([loud[:half], loud[half:]] if half > 100 else loud)
    finally:
        print("ended", socket.close_code, flush=True)

async def main():
    async with serve(echo, "127.0.0.1", 0, subprotocols=["echo.v1"], ping_interval=0.2) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()

asyncio.run(main())
"#;

/// The same of Autobahn, by whose authors the suite of that name is.
const AUTOBAHN: &str = r#"
import asyncio
from autobahn.asyncio.websocket import WebSocketServerFactory, WebSocketServerProtocol

class Echo(WebSocketServerProtocol):
    def onConnect(self, request):
        return "echo.v1" if "echo.v1" in request.protocols else None

    def onMessage(self, payload, is_binary):
        loud = payload.decode().upper().encode()
        self.sendMessage(loud, is_binary, fragmentSize=100)

    def onClose(self, was_clean, code, reason):
        print("ended", code, flush=True)

async def main():
    factory = WebSocketServerFactory("ws://127.0.0.1", protocols=["echo.v1"], loop=asyncio.get_running_loop())
    factory.protocol = Echo
    factory.setProtocolOptions(autoPingInterval=0.2, autoPingTimeout=10)
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Future()

asyncio.run(main())
"#;

const TALK: &str = r#"
load: {rate: 40, duration: 1s, warmup: 0s, concurrency: 100}
flows:
  - name: talk
    steps:
      - websocket: /anything
        subprotocol: echo.v1
      - send: hello ${number} ü
      - receive: HELLO ${number} Ü
      - think: 300ms
      - send: 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789 end ${number}
      - receive: END ${number}
      - close: CODE
"#;

/// Talks to a server in Python; gives how it says that its connections ended.
fn talked_to(server: &str, library: &str, code: &str) -> Option<Vec<String>> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_it = Command::new(&python).args(["-c", &format!("import {library}")]).output();
    if !has_it.is_ok_and(|output| output.status.success()) {
        without(&format!("{library} for Python"));
        return None;
    }
    let mut child = Command::new(&python)
        .args(["-c", server])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // A connection that is broken off is told at length.
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _server = Process(child);
    let port = lines.next().unwrap().unwrap();
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("talk.yaml"), TALK.replace("CODE", code)).unwrap();
    let report = json(
        &bench(dir.path(), &format!("run talk.yaml --target http://127.0.0.1:{port} --format json")).stdout,
    );
    assert_eq!(report["flows"]["talk"], serde_json::json!({"done": 40, "failed": 0}), "{report:#}");
    assert_eq!(report["steps"]["talk/receive"]["latency_ms"]["count"], 80, "{report:#}");
    Some(lines.take(40).map(Result::unwrap).collect())
}

#[test]
fn websockets_of_python_are_talked_to() {
    let Some(ended) = talked_to(WEBSOCKETS, "websockets.asyncio.server", "1000") else { return };
    assert_eq!(ended, ["ended 1000"; 40]);
}

#[test]
fn autobahn_is_talked_to() {
    let Some(ended) = talked_to(AUTOBAHN, "autobahn.asyncio.websocket", "4001") else { return };
    assert_eq!(ended, ["ended 4001"; 40]);
}

/// What breaks off says no goodbye, which the other side takes for a lost network.
#[test]
fn a_connection_that_breaks_off_is_a_lost_network_to_the_server() {
    let Some(ended) = talked_to(WEBSOCKETS, "websockets.asyncio.server", "0") else { return };
    assert_eq!(ended, ["ended 1006"; 40]);
}
