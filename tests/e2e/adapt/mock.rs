//! `kefu adapt channel mock` from outside: what it posts to kefu, and what it answers kefu.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use super::text;
use crate::support::{kefu, root};

/// A mock that runs, and the lines that it writes.
struct Running {
    child: Child,
    typed: ChildStdin,
    said: BufReader<ChildStdout>,
    address: String,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kefu"));
        command.env_clear().args(["adapt", "channel", "mock", "--listen", "127.0.0.1:0"]).args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let typed = child.stdin.take().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let address = line.strip_prefix("listening on http://").and_then(|rest| rest.split(' ').next());
        let address = address.unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { child, typed, said, address }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line
    }

    /// What it answers kefu.
    fn asked(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Takes one request as kefu would: its head and its body.
fn take(kefu: &TcpListener) -> (String, String) {
    let (stream, _) = kefu.accept().unwrap();
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).unwrap() > 0, "{head}");
    }
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap()];
    stream.read_exact(&mut body).unwrap();
    stream
        .get_mut()
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\ndone")
        .unwrap();
    (head, String::from_utf8(body).unwrap())
}

#[test]
fn what_is_typed_arrives_signed_and_what_kefu_sends_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let channel = root().join("fixtures/channels/kikchat.yaml").to_str().unwrap().to_owned();
    fs::write(path("kik.env"), "signing_key=k\nclient_secret=s\nclient_id=c\nmock_url=unused\n").unwrap();
    let kefu_side = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("http://{}/in/kikchat", kefu_side.local_addr().unwrap());
    let (values, copy) = (path("kik.env"), path("local.yaml"));
    let example = "the address is checked by a ping";
    let mut mock = Running::start(&[
        &channel,
        "--values",
        &values,
        "--to",
        &to,
        "--deliver",
        example,
        "--write-file",
        &copy,
    ]);

    let (head, body) = take(&kefu_side);
    assert!(head.starts_with("POST /in/kikchat HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nx-kik-signature: v2="), "{head}");
    assert_eq!(body, r#"{"nonce":"n1","op":"ping"}"#);
    assert_eq!(mock.line(), format!("> {example}: 200 OK done\n"));

    mock.typed.write_all("在吗 \"<b>\"\n".as_bytes()).unwrap();
    let (head, body) = take(&kefu_side);
    assert!(head.contains("\r\nx-kik-time: "), "{head}");
    assert!(body.contains(r#"\"t\":\"在吗 \\\"<b>\\\"\""#), "{body}");
    assert_eq!(mock.line(), "> 在吗 \"<b>\": 200 OK done\n");

    // The copy can be used, and its requests go to the mock.
    let linted = kefu().args(["adapt", "channel", "lint", &copy]).output().unwrap();
    assert_eq!(linted.status.code(), Some(0), "{}", text(&linted.stderr));
    let copy = fs::read_to_string(&copy).unwrap();
    assert!(copy.contains("= setting.mock_url ~ '/api.kikchat.example/v3/'"), "{copy}");
    let answer = mock.asked(
        "POST /api.kikchat.example/oauth HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 3\r\n\r\na=b",
    );
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("\"access_token\":\"mock-1\""),
        "{answer}"
    );
    assert_eq!(mock.line(), "< POST /api.kikchat.example/oauth: tokens.bearer, 200\n");
    assert_eq!(mock.line(), "  a=b\n");
    let answer = mock.asked(
        "POST /api.kikchat.example/v3/eu%2F1/messages HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}",
    );
    assert!(answer.ends_with(r#"{"mid":"k3","status":"queued"}"#), "{answer}");
    assert_eq!(mock.line(), "< POST /api.kikchat.example/v3/eu%2F1/messages: send.text, 200\n");
    assert_eq!(mock.line(), "  {}\n");
    let answer = mock.asked("GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");

    let status = Command::new("kill").args(["-TERM", &mock.child.id().to_string()]).status().unwrap();
    assert!(status.success());
    assert_eq!(mock.child.wait().unwrap().code(), Some(0));
}

#[test]
fn an_example_that_is_not_there_is_said_before_anything_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let values = dir.path().join("line.env");
    fs::write(&values, "channel_secret=s\nchannel_access_token=t\n").unwrap();
    let mut command = kefu();
    command.args([
        "adapt",
        "channel",
        "mock",
        "line",
        "--to",
        "http://127.0.0.1:1/",
        "--deliver",
        "nothing",
        "--values",
    ]);
    let output = command.arg(&values).output().unwrap();
    assert_eq!(output.status.code(), Some(65));
    assert!(
        text(&output.stderr).contains("there is no example \"nothing\" of a request"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_bridge_is_described_with_its_address() {
    let bridge = root().join("fixtures/good/bridge/bridge.yaml");
    let run = |more: &[&str]| {
        let mut command = kefu();
        command
            .args(["adapt", "wsdl"])
            .arg(&bridge)
            .args(["--address", "https://bridge.example/"])
            .args(more);
        command.output().unwrap()
    };
    let output = run(&[]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let wsdl = text(&output.stdout);
    assert!(wsdl.contains("location=\"https://bridge.example/soap/tickets\""), "{wsdl}");
    assert!(
        wsdl.contains("schemaLocation=\"https://bridge.example/soap/tickets?wsdl=tickets.xsd\""),
        "{wsdl}"
    );
    let output = run(&["--endpoint", "shop"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output.stderr).contains("these do: tickets-soap"), "{}", text(&output.stderr));
}
