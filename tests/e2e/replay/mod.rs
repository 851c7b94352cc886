//! `kefu replay` from outside: captures of real clients and servers beside what tshark says of them, damaged files, and
//! what is refused.

mod disturb;
mod gofly;
mod gor;
mod goreplay;
mod live;
mod mirror;
mod peer;

use std::{fs, path::Path, process::Output};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;
use tempfile::TempDir;

use self::disturb::Disturbed;
use crate::support::kefu;

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Runs `kefu replay` with words between spaces.
fn replay(dir: &Path, line: &str) -> Output {
    let words: Vec<&str> = line.split_whitespace().collect();
    kefu().current_dir(dir).arg("replay").args(words).output().unwrap()
}

fn replayed(dir: &Path, line: &str) -> String {
    let output = replay(dir, line);
    assert_eq!(output.status.code(), Some(0), "{line}: {}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

/// The messages of a capture as lines of JSON.
fn messages(dir: &Path, file: &str) -> Vec<Value> {
    let lines = replayed(dir, &format!("convert {file} --to ndjson"));
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What matters of each message, in an order of its own: its id, and the rest.
fn essence(messages: &[Value]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = messages
        .iter()
        .map(|message| {
            let field = |name: &str| message[name].to_string();
            // An answer whose request is missing has an id of its own.
            let id = if message["flags"].is_null() { field("id") } else { String::new() };
            let rest = ["type", "method", "target", "status", "headers", "body", "body_base64"].map(field);
            (id, rest.join(" "))
        })
        .collect();
    all.sort();
    all
}

#[test]
fn tshark_agrees_on_a_capture_of_real_clients_and_a_real_server() {
    let Some(capture) = peer::captured() else { return };
    tshark_agrees(&capture);
}

#[test]
fn tshark_agrees_on_a_capture_of_nginx() {
    let Some(capture) = peer::captured_from_nginx() else { return };
    tshark_agrees(&capture);
}

fn tshark_agrees(capture: &peer::Capture) {
    let Some(shark) = peer::tshark(&capture.path) else { return };
    let dir = capture.path.parent().unwrap();
    let file = capture.path.file_name().unwrap().to_str().unwrap();
    let ours = messages(dir, file);
    let requests: Vec<&Value> = ours.iter().filter(|message| message["type"] == "request").collect();
    let responses: Vec<&Value> = ours.iter().filter(|message| message["type"] == "response").collect();
    assert!(requests.len() > 30, "{}", requests.len());
    let header = |message: &Value, name: &str| {
        let headers = message["headers"].as_array().unwrap();
        let found = headers.iter().find(|pair| pair[0].as_str().unwrap().eq_ignore_ascii_case(name));
        found.map(|pair| pair[1].as_str().unwrap().to_owned()).unwrap_or_default()
    };
    let mut told: Vec<_> = requests
        .iter()
        .map(|message| {
            let word = |name: &str| message[name].as_str().unwrap().to_owned();
            (word("method"), header(message, "host"), word("target"))
        })
        .collect();
    let mut expected = shark.requests;
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
    let mut statuses: Vec<_> = responses.iter().map(|message| message["status"].as_u64().unwrap()).collect();
    // tshark counts interim answers as well.
    let mut expected: Vec<u64> =
        shark.statuses.into_iter().filter(|status| !(100..200).contains(status) || *status == 101).collect();
    statuses.sort_unstable();
    expected.sort_unstable();
    assert_eq!(statuses, expected);
    let len = |message: &Value| {
        let encoded = message["body_base64"].as_str().map(|text| BASE64_STANDARD.decode(text).unwrap().len());
        encoded.or_else(|| message["body"].as_str().map(str::len)).unwrap_or_default()
    };
    // What is compressed tshark does not give out as it was: its coding, and the length if the head has one.
    let coding = |message: &Value| header(message, "content-encoding");
    let compressed = responses.iter().filter(|message| !coding(message).is_empty());
    let mut told: Vec<_> =
        compressed.clone().map(|message| (coding(message), header(message, "content-length"))).collect();
    let mut expected = shark.compressed;
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
    for message in compressed {
        let said = header(message, "content-length");
        assert!(said.is_empty() || said == len(message).to_string() || len(message) == 0, "{message}");
    }
    let plain = responses.iter().filter(|message| coding(message).is_empty());
    let mut bodies: Vec<_> = plain.map(|message| len(message)).filter(|len| *len > 0).collect();
    let mut expected = shark.body_lengths;
    bodies.sort_unstable();
    expected.sort_unstable();
    assert_eq!(bodies, expected);
    let mut texts: Vec<_> = ours
        .iter()
        .filter(|message| message["type"] == "to_server" || message["type"] == "to_client")
        .map(|message| message["body"].as_str().unwrap().to_owned())
        .collect();
    let mut expected = shark.texts;
    texts.sort();
    expected.sort();
    assert_eq!(texts, expected);
    // Every answer has its request.
    assert!(responses.iter().all(|message| message["flags"].is_null()));
    let report: Value =
        serde_json::from_str(&replayed(dir, &format!("inspect {file} --format json"))).unwrap();
    assert_eq!(report["requests"], requests.len());
    assert_eq!(report["pairs"], responses.len());
}

#[test]
fn disorder_and_repetition_change_nothing_and_loss_costs_what_it_touches() {
    let Some(capture) = peer::captured() else { return };
    let dir = capture.path.parent().unwrap();
    let file = capture.path.file_name().unwrap().to_str().unwrap();
    // Who of two opened a connection is not to be guessed: the first that is seen of it may be anything.
    let port = capture.port;
    let all = messages(dir, &format!("{file} --port {port}"));
    // A WebSocket cannot be followed behind what is missing of it.
    let frames =
        all.iter().filter(|message| message["method"].is_null() && message["status"].is_null()).count();
    let whole = essence(&all);
    for seed in 1..=5 {
        let Disturbed { bytes, .. } = disturb::shuffled(&fs::read(&capture.path).unwrap(), seed);
        fs::write(dir.join("shuffled.pcap"), bytes).unwrap();
        let shuffled = essence(&messages(dir, &format!("shuffled.pcap --port {port}")));
        let beyond = |some: &[(String, String)], others: &[(String, String)]| -> Vec<String> {
            let strange = some.iter().filter(|message| !others.contains(message));
            strange.map(|(id, rest)| format!("{id} {}", rest.chars().take(300).collect::<String>())).collect()
        };
        let (missing, strange) = (beyond(&whole, &shuffled), beyond(&shuffled, &whole));
        assert!(missing.is_empty() && strange.is_empty(), "seed {seed}: {missing:#?} {strange:#?}");
        assert_eq!(shuffled.len(), whole.len(), "seed {seed}");
    }
    for seed in 1..=5 {
        let Disturbed { bytes, lost } = disturb::thinned(&fs::read(&capture.path).unwrap(), seed);
        fs::write(dir.join("thinned.pcap"), bytes).unwrap();
        let left = essence(&messages(dir, &format!("thinned.pcap --port {port}")));
        // A segment may hold several messages of a pipeline; the others are untouched.
        let missing = whole.len() - left.len();
        assert!(
            missing <= lost * 4 + frames,
            "seed {seed}: {lost} segments cost {missing} of {}",
            whole.len()
        );
        let is_of_whole = |(id, rest): &&(String, String)| {
            whole.iter().any(|(known, same)| same == rest && (id.is_empty() || id == known))
        };
        let strange: Vec<_> = left.iter().filter(|message| !is_of_whole(message)).collect();
        assert!(strange.is_empty(), "seed {seed}: {strange:#?}");
        let report = replayed(dir, &format!("inspect thinned.pcap --port {port} --format json"));
        let report: Value = serde_json::from_str(&report).unwrap();
        for kind in ["requests", "responses"] {
            let account = &report["capture"]["messages"][kind];
            let count = |name: &str| account[name].as_u64().unwrap();
            let dropped: u64 = ["gap", "limit", "malformed", "cut"].into_iter().map(count).sum();
            assert_eq!(count("seen"), count("emitted") + dropped, "{account}");
        }
    }
}

const GOR: &str = "\
1 0fa000500a000001000003e8 1700000000000000000 0
GET /users/17?token=a HTTP/1.1\r
Host: a\r
Authorization: Bearer abcdef\r
\r

🐵🙈🙉
2 0fa000500a000001000003e8 1700000000050000000 1000
HTTP/1.1 404 Not Found\r
Content-Length: 2\r
\r
no
🐵🙈🙉
";

fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.gor"), GOR).unwrap();
    dir
}

#[test]
fn records_are_converted_byte_for_byte_and_only_their_owner_reads_them() {
    let dir = folder();
    assert_eq!(replayed(dir.path(), "convert a.gor"), GOR);
    replayed(dir.path(), "convert a.gor -o b.gor.gz");
    replayed(dir.path(), "convert a.gor -o /dev/null --replace");
    assert_eq!(replayed(dir.path(), "convert b.gor.gz"), GOR);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(dir.path().join("b.gor.gz")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let output = replay(dir.path(), "convert a.gor -o b.gor.gz");
    assert_eq!(output.status.code(), Some(73));
    assert!(text(&output.stderr).contains("--replace"));
    let two = replayed(dir.path(), "convert a.gor b.gor.gz");
    assert_eq!(two.len(), GOR.len() * 2);
    let redacted = replayed(dir.path(), "convert a.gor --redact authorization");
    assert!(redacted.contains(" redacted=1\nGET") && !redacted.contains("abcdef"), "{redacted}");
}

#[test]
fn an_archive_has_pairs_and_lines_have_messages() {
    let dir = folder();
    let archive: Value = serde_json::from_str(&replayed(dir.path(), "convert a.gor --to har")).unwrap();
    let entries = archive["log"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["request"]["url"], "http://a/users/17?token=a");
    assert_eq!(entries[0]["response"]["status"], 404);
    assert_eq!(entries[0]["response"]["content"]["text"], "no");
    assert_eq!(entries[0]["timings"]["wait"], 50.0);
    let lines = messages(dir.path(), "a.gor");
    assert_eq!((lines.len(), lines[1]["status"].as_u64()), (2, Some(404)));
}

#[test]
fn inspection_counts_for_people_and_programs() {
    let dir = folder();
    let report: Value = serde_json::from_str(&replayed(dir.path(), "inspect a.gor --format json")).unwrap();
    for (name, count) in [("requests", 1), ("responses", 1), ("pairs", 1), ("errors", 1), ("damaged", 0)] {
        assert_eq!(report[name], count, "{name}");
    }
    assert_eq!(report["account"]["seen"], 2);
    assert_eq!(report["endpoints"][0]["endpoint"], "GET /users/{id}");
    assert_eq!(report["statuses"]["404"], 1);
    let shown = replayed(dir.path(), "inspect a.gor");
    assert!(shown.contains("GET /users/{id}") && shown.contains("404 × 1"), "{shown}");
}

#[test]
fn damaged_input_is_read_as_far_as_it_goes_and_says_where_it_ends() {
    let dir = folder();
    fs::write(dir.path().join("cut.gor"), &GOR[..GOR.len() - 20]).unwrap();
    let output = replay(dir.path(), "convert cut.gor");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("HTTP/1.1 404 Not Found"));
    let said = text(&output.stderr);
    assert!(
        said.contains("cut.gor: the last record has no separator; the file may be cut off, at byte "),
        "{said}"
    );
    fs::write(dir.path().join("x.pcap"), [&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0][..], &[0; 30]].concat())
        .unwrap();
    let output = replay(dir.path(), "inspect x.pcap");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("x.pcap: the file ends within a packet header, at byte 24"));
    fs::write(dir.path().join("x.txt"), "GET / HTTP/1.1").unwrap();
    for (line, code, says) in [
        ("inspect x.txt", 65, "neither .gor nor pcap nor pcapng"),
        ("inspect none.gor", 74, "none.gor"),
        ("inspect *.none", 74, "no file has such a name"),
        ("inspect a.gor x.pcap", 65, "cannot be read together"),
        ("capture -i a.gor", 65, "kefu replay convert"),
        ("run a.gor -t http://192.0.2.1", 4, "--allow-host 192.0.2.1"),
        ("run a.gor -t ftp://127.0.0.1", 64, "http://127.0.0.1:8080"),
        ("convert a.gor --redact off,cards", 64, "--redact off"),
    ] {
        let output = replay(dir.path(), line);
        assert_eq!(output.status.code(), Some(code), "{line}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(says), "{line}: {}", text(&output.stderr));
    }
}

#[test]
fn a_recording_is_sent_to_a_server() {
    let dir = folder();
    let Some(server) = peer::Server::start(dir.path()) else { return };
    let line =
        format!("run a.gor -t http://127.0.0.1:{} -o out.gor --timeout 60s --format json", server.port);
    let report: Value = serde_json::from_str(&replayed(dir.path(), &line)).unwrap();
    assert_eq!((report["sent"].as_u64(), report["statuses"]["404"].as_u64()), (Some(1), Some(1)));
    let answers = messages(dir.path(), "out.gor");
    assert_eq!((answers[0]["type"].as_str(), answers[0]["status"].as_u64()), (Some("replayed"), Some(404)));
}
