//! `kefu adapt serve` from outside: a file that is checked, served, read again, and left.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, ChildStderr, Command, Stdio},
};

use serde_json::Value;

use super::text;
use crate::support::{kefu, root};

#[test]
fn a_file_is_checked_with_its_schemas() {
    let example = root().join("fixtures/good/bridge/bridge.yaml");
    let output = kefu().args(["adapt", "serve", "--check"]).arg(&example).output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let shown = text(&output.stdout);
    assert!(shown.contains("  getOrder (GET /shop/orders/{id})\n"), "{shown}");

    let dir = tempfile::tempdir().unwrap();
    let wrong = fs::read_to_string(&example).unwrap().replace("timeout: 2s", "timeuot: 2s");
    let path = dir.path().join("bridge.yaml");
    fs::write(&path, wrong).unwrap();
    let output = kefu().args(["adapt", "serve", "--check"]).arg(&path).output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    let said = text(&output.stderr);
    assert!(
        said.contains("bridge.yaml:25: unknown key `endpoints.0.timeuot`; did you mean `timeout`?"),
        "{said}"
    );
}

/// A bridge that runs, and the lines of its log.
struct Running {
    child: Child,
    log: BufReader<ChildStderr>,
}

impl Running {
    fn start(path: &std::path::Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kefu"));
        command.env_clear().args(["adapt", "serve", "--log-format", "json"]).arg(path);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        Self { child, log }
    }

    /// The next line of the log that says so.
    fn says(&mut self, what: &str) -> Value {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.log.read_line(&mut line).unwrap() > 0, "it ended without saying {what:?}");
            if line.contains(what) {
                return serde_json::from_str(&line).unwrap();
            }
        }
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[cfg(unix)]
#[test]
fn signals_read_the_file_again_and_end_the_bridge() {
    let dir = tempfile::tempdir().unwrap();
    let fixtures = root().join("fixtures/good/bridge");
    let path = dir.path().join("bridge.yaml");
    let write = |prefix: &str| {
        let text = format!(
            "listen: 127.0.0.1:0\nendpoints:\n  - name: shop\n    inbound: {{kind: json, path: {prefix}}}\n    \
             upstream: {{kind: thrift, idl: '{}/shop.thrift', address: '127.0.0.1:1'}}\n",
            fixtures.display()
        );
        fs::write(&path, text).unwrap();
    };
    write("/one");
    let mut bridge = Running::start(&path);
    let line = bridge.says("listening");
    let address = line["fields"]["address"].as_str().or(line["address"].as_str()).unwrap().to_owned();
    assert!(get(&address, "/one/touch").starts_with("HTTP/1.1 405 "));
    assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200 "));

    write("/two");
    bridge.signal("-HUP");
    bridge.says("read again");
    assert!(get(&address, "/one/touch").starts_with("HTTP/1.1 404 "));
    assert!(get(&address, "/two/touch").starts_with("HTTP/1.1 405 "));

    write("no path");
    bridge.signal("-HUP");
    bridge.says("the last good bridge file stays in force");
    assert!(get(&address, "/two/touch").starts_with("HTTP/1.1 405 "));

    bridge.signal("-TERM");
    assert_eq!(bridge.child.wait().unwrap().code(), Some(0));
}
