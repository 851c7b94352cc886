//! Captures as traffic goes by, on loopback: nothing is missing, what is ours is left out, and who may not is told why.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{ChildStderr, Command, Stdio},
    sync::{Arc, Mutex},
};

use serde_json::Value;

use super::{
    folder, messages,
    peer::{Process, without},
    replay, replayed, text,
};
use crate::support::random::scale;

/// A server that answers every request with its target, and keeps what it was asked.
pub(crate) struct Echo {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Echo {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, told) = (stream.unwrap(), Arc::clone(&told));
                std::thread::spawn(move || answer(stream, &told));
            }
        });
        Self { port, asked }
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }
}

fn answer(mut stream: TcpStream, told: &Mutex<Vec<String>>) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    let mut target = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line).unwrap_or_default() == 0 {
            return;
        }
        if let Some(asked) = line.strip_prefix("GET ") {
            target = asked.split(' ').next().unwrap().to_owned();
        }
        if line.trim().is_empty() {
            told.lock().unwrap().push(target.clone());
            let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{target}", target.len());
            if stream.write_all(text.as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// Writes a recording of requests on 16 connections.
pub(crate) fn recording(dir: &Path, count: u64) {
    let mut all = String::new();
    for number in 0..count {
        let id = format!("{:08x}{number:016x}", number % 16);
        let client = 1000 + number % 16;
        all.push_str(&format!(
            "1 {id} {number}000000 0 c=10.0.0.1:{client} s=10.0.0.2:80\nGET /live/{number} HTTP/1.1\r\nHost: live\r\n\r\n\n\
             🐵🙈🙉\n"
        ));
    }
    fs::write(dir.join("in.gor"), all).unwrap();
}

/// A command that listens.
struct Listening {
    child: Process,
    stderr: BufReader<ChildStderr>,
}

impl Listening {
    /// Starts `kefu replay …`, and waits until it listens; none if that cannot be here.
    fn start(dir: &Path, line: &str) -> Option<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kefu"))
            .current_dir(dir)
            .env_remove("KEFU_LANG")
            .arg("replay")
            .args(line.split_whitespace())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map(Process)
            .unwrap();
        let mut stderr = BufReader::new(child.0.stderr.take().unwrap());
        let mut said = String::new();
        loop {
            let from = said.len();
            if stderr.read_line(&mut said).unwrap() == 0 {
                assert_eq!(child.0.wait().unwrap().code(), Some(69), "{said}");
                without(&format!("a capture on loopback ({})", said.trim()));
                return None;
            }
            if said[from..].contains("capturing on ") {
                return Some(Self { child, stderr });
            }
        }
    }

    /// Interrupts it, and gives its exit code, what it printed, and what it said after that.
    fn end(mut self) -> (Option<i32>, String, String) {
        let pid = self.child.0.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let (mut printed, mut said) = (String::new(), String::new());
        self.stderr.read_to_string(&mut said).unwrap();
        self.child.0.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        (self.child.0.wait().unwrap().code(), printed, said)
    }
}

fn holds(account: &Value) {
    let dropped: u64 =
        account["dropped"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    let count = |name: &str| account[name].as_u64().unwrap();
    assert_eq!(count("seen"), count("emitted") + dropped + count("in_flight"), "{account}");
}

#[test]
fn nothing_is_missing_of_what_goes_by_on_loopback() {
    let count = scale("KEFU_REPLAY_LIVE", 2000);
    let dir = tempfile::tempdir().unwrap();
    recording(dir.path(), count);
    let server = Echo::start();
    let line = format!("capture --interface lo --port {} -o out.gor --redact off --format json", server.port);
    let Some(capture) = Listening::start(dir.path(), &line) else { return };
    let line = format!(
        "run in.gor -t http://127.0.0.1:{} --rate 2000 --no-mark --timeout 60s --format json",
        server.port
    );
    let sent: Value = serde_json::from_str(&replayed(dir.path(), &line)).unwrap();
    assert_eq!((sent["answered"].as_u64(), server.asked().len() as u64), (Some(count), count));
    let (code, printed, said) = capture.end();
    assert_eq!(code, Some(0), "{said}");
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(report["interfaces"][0]["dropped"], 0, "{report:#}");
    assert_eq!(
        (report["requests"].as_u64(), report["responses"].as_u64()),
        (Some(count), Some(count)),
        "{report:#}"
    );
    assert_eq!(report["capture"]["messages"]["unanswered"], 0, "{report:#}");
    holds(&report["account"]);
    let recorded = messages(dir.path(), "out.gor");
    let targets = |kind: &str, field: &str| -> BTreeSet<String> {
        let of_kind = recorded.iter().filter(|message| message["type"] == kind);
        of_kind.map(|message| message[field].as_str().unwrap().to_owned()).collect()
    };
    let asked: BTreeSet<String> = server.asked().into_iter().collect();
    assert_eq!(targets("request", "target"), asked);
    assert_eq!(targets("response", "body"), asked);
}

/// A server that answers each request with its body.
fn mirror_of_bodies() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || {
                let mut stream = stream.unwrap();
                while let Some((_, body)) = message(&mut stream) {
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                    stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
                }
            });
        }
    });
    port
}

/// The first line and the body of what comes next.
fn message(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    let mut byte = [0; 1];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let len = head.split_once("Content-Length: ")?.1.lines().next()?.parse().unwrap();
    let mut body = vec![0; len];
    stream.read_exact(&mut body).ok()?;
    Some((head, body))
}

#[test]
fn bodies_of_a_mebibyte_are_captured_whole() {
    let count = scale("KEFU_REPLAY_BODIES", 12);
    let dir = tempfile::tempdir().unwrap();
    let port = mirror_of_bodies();
    let line = format!("capture --interface lo --port {port} -o out.gor --redact off --format json");
    let Some(capture) = Listening::start(dir.path(), &line) else { return };
    let body: Vec<u8> =
        (0..1_u32 << 18).flat_map(|word| word.wrapping_mul(0x9e37_79b9).to_be_bytes()).collect();
    for client in 0..4 {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        for number in (client..count).step_by(4) {
            let head = format!("POST /{number} HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
            assert!(message(&mut stream).unwrap().1 == body, "the server answers with what it got");
        }
    }
    let (code, printed, said) = capture.end();
    assert_eq!(code, Some(0), "{said}");
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(report["interfaces"][0]["dropped"], 0, "{report:#}");
    let counts = (report["requests"].as_u64(), report["responses"].as_u64());
    assert_eq!(counts, (Some(count), Some(count)), "{report:#}");
    let bytes = fs::read(dir.path().join("out.gor")).unwrap();
    let bodies = bytes.windows(body.len()).filter(|window| window[..16] == body[..16]);
    assert_eq!(bodies.filter(|window| *window == body).count() as u64, 2 * count);
}

#[test]
fn what_kefu_replays_itself_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    recording(dir.path(), 50);
    let server = Echo::start();
    let line = format!("capture --interface lo --port {} -o out.gor --format json", server.port);
    let Some(capture) = Listening::start(dir.path(), &line) else { return };
    replayed(
        dir.path(),
        &format!("run in.gor -t http://127.0.0.1:{} --speed max --timeout 60s", server.port),
    );
    let (code, printed, said) = capture.end();
    assert_eq!(code, Some(0), "{said}");
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((report["requests"].as_u64(), report["own_replays"].as_u64()), (Some(0), Some(100)));
    holds(&report["account"]);
}

#[test]
fn a_command_line_of_goreplay_mirrors_what_goes_by() {
    let dir = tempfile::tempdir().unwrap();
    recording(dir.path(), 500);
    let (old, new) = (Echo::start(), Echo::start());
    let line = format!(
        "gor --input-raw 127.0.0.1:{} --output-http http://127.0.0.1:{} --http-disallow-url ^/live/7$",
        old.port, new.port
    );
    let Some(mirror) = Listening::start(dir.path(), &line) else { return };
    let line = format!("run in.gor -t http://127.0.0.1:{} --rate 2000 --no-mark --timeout 60s", old.port);
    replayed(dir.path(), &line);
    let (code, _, said) = mirror.end();
    assert_eq!(code, Some(0), "{said}");
    let mut expected = old.asked();
    expected.retain(|target| target != "/live/7");
    assert_eq!(new.asked(), expected, "{said}");
    assert!(said.contains("499 answered (200 × 499)"), "{said}");
}

#[test]
fn who_may_not_capture_is_told_what_is_missing() {
    let dir = folder();
    let output = replay(dir.path(), "capture --interface none0 --exit-after 1s");
    assert_eq!(output.status.code(), Some(69));
    let said = text(&output.stderr).to_owned();
    if said.contains("without libpcap") {
        without("libpcap");
        return;
    }
    assert!(said.contains("none0"), "{said}");
    let output = replay(dir.path(), "capture --interface lo --bpf no-filter --exit-after 1s");
    assert_eq!(output.status.code(), Some(69));
    let limited = Command::new("setpriv")
        .args(["--bounding-set=-net_raw", "--inh-caps=-net_raw", env!("CARGO_BIN_EXE_kefu")])
        .args(["replay", "capture", "--interface", "lo", "--exit-after", "1s"])
        .env_remove("KEFU_LANG")
        .output();
    let Some(output) = limited.ok().filter(|output| !text(&output.stderr).contains("setpriv:")) else {
        without("setpriv as root");
        return;
    };
    assert_eq!(output.status.code(), Some(69));
    let said = text(&output.stderr);
    assert!(said.contains("CAP_NET_RAW") && said.contains("setcap cap_net_raw+ep"), "{said}");
}
