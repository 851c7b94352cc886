//! The proxy as a process of its own: a shadow that is killed, the end by a signal, and the report.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use super::replayed;
use crate::support::server::Place;

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"status\":\"old\"}\n";

/// The old system: it answers everything alike.
fn upstream() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || {
                let mut stream = stream.unwrap();
                let reader = BufReader::new(stream.try_clone().unwrap());
                for line in reader.lines().map_while(Result::ok) {
                    if line.is_empty() && stream.write_all(ANSWER.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// A proxy at work.
struct Mirror {
    child: Child,
    address: SocketAddr,
}

impl Mirror {
    fn start(dir: &Path, line: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kefu"));
        command.current_dir(dir).env("KEFU_LANG", "en").args(["replay", "mirror", "--listen", "127.0.0.1:0"]);
        command.args(line.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().parse();
        let address = address.unwrap_or_else(|error| panic!("{line}: {error}"));
        // What it says later must not fill the pipe.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self { child, address }
    }

    fn ask(&self, count: u64) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        for _ in 0..count {
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: old\r\n\r\n").unwrap();
            let mut answer = vec![0; ANSWER.len()];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(answer, ANSWER.as_bytes());
        }
    }

    /// Ends it by a signal: its exit code and its report.
    fn end(mut self) -> (Option<i32>, Value) {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        let mut text = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        let exit = self.child.wait().unwrap().code();
        (exit, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}")))
    }
}

/// How many requests came to an end, by any of these names.
fn count(report: &Value, names: &[&str]) -> u64 {
    names.iter().filter_map(|name| report[*name].as_u64()).sum()
}

#[test]
fn a_shadow_that_is_killed_costs_clients_nothing_and_every_request_is_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new();
    let shadow = place.start();
    let line = format!("--upstream http://{} --shadow http://{} --format json", upstream(), shadow.address);
    let mirror = Mirror::start(folder.path(), &line);
    mirror.ask(50);
    shadow.kill();
    mirror.ask(50);
    let (exit, report) = mirror.end();
    assert_eq!((exit, &report["seen"]), (Some(0), &Value::from(100)), "{report:#}");
    let ended =
        ["answered", "failed_connect", "failed_closed", "failed_timeout", "dropped_queue_full", "in_flight"];
    assert_eq!(count(&report, &ended), 100, "{report:#}");
    assert!(count(&report, &["failed_connect", "failed_closed"]) >= 50, "{report:#}");
}

#[test]
fn a_mirror_compares_and_records() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new();
    let shadow = place.start();
    let line = format!(
        "--upstream http://{} --shadow http://{} --diff --format json --report live.html -o seen.gor",
        upstream(),
        shadow.address
    );
    let mirror = Mirror::start(folder.path(), &line);
    mirror.ask(10);
    let (exit, report) = mirror.end();
    assert_eq!((exit, &report["compared"]), (Some(1), &Value::from(10)), "{report:#}");
    let fields: Vec<&Value> =
        report["differences"].as_array().unwrap().iter().map(|finding| &finding["field"]).collect();
    assert!(fields.contains(&&Value::from("body")), "{report:#}");
    assert!(std::fs::read_to_string(folder.path().join("live.html")).unwrap().contains("GET /healthz"));
    // What was recorded can be compared again, with itself and without a server.
    let said = replayed(folder.path(), "diff seen.gor --candidate seen.gor --format json");
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["compared"], &said["differing"]), (&Value::from(10), &Value::from(0)), "{said:#}");
}
