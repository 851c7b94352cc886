//! `kefu bench` from outside: exit codes, processes that share a load, reports in every form, comparisons, and Ctrl-C.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

mod peers;

use crate::support::{kefu, server::Place};

/// A server that answers everything, and that `/missing` is not there; it ends with the tests.
struct Server {
    url: String,
    requests: Arc<AtomicU64>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counter = Arc::clone(&counter);
                std::thread::spawn(move || answer(&stream, &counter));
            }
        });
        Self { url, requests }
    }

    fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

fn answer(stream: &TcpStream, counter: &AtomicU64) {
    let (mut lines, mut is_missing) = (BufReader::new(stream).lines(), false);
    while let Some(Ok(line)) = lines.next() {
        is_missing |= line.starts_with("GET /missing ");
        if line.is_empty() {
            counter.fetch_add(1, Ordering::Relaxed);
            let status = if is_missing { "404 Not Found" } else { "200 OK" };
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok");
            let mut stream = stream;
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// An address where nobody listens, and both ends of a connection that keep its port from others.
fn nobody() -> (SocketAddr, [TcpStream; 2]) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let near = TcpStream::connect(address).unwrap();
    let (far, _) = listener.accept().unwrap();
    (address, [near, far])
}

fn bench(dir: &Path, line: &str) -> Output {
    let words = line.split_whitespace();
    kefu().current_dir(dir).env_remove("GITHUB_STEP_SUMMARY").arg("bench").args(words).output().unwrap()
}

fn code(dir: &Path, line: &str) -> Option<i32> {
    bench(dir, line).status.code()
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)))
}

#[test]
fn exit_codes_are_a_gates_own() {
    let (server, dir) = (Server::start(), TempDir::new().unwrap());
    let url = &server.url;
    let run = |flags: &str| code(dir.path(), &format!("http {url} -c 4 -n 40 {flags}"));
    assert_eq!(run("--threshold errors==0 --threshold p50<10s"), Some(0));
    assert_eq!(run("--require errors==0"), Some(0));
    assert_eq!(run("--threshold p50<0.001us"), Some(1));
    assert_eq!(run("--threshold p98<1"), Some(3));
    assert_eq!(run("--rates 5"), Some(3));
    assert_eq!(run("--body-file /none"), Some(3));
    assert_eq!(code(dir.path(), "http http://192.0.2.1/ -n 1"), Some(3));
    assert_eq!(code(dir.path(), "chat --url http://192.0.2.1 --agents 0"), Some(3));
    assert_eq!(code(dir.path(), "http"), Some(3));
    assert_eq!(code(dir.path(), "compare none.json none.json"), Some(3));
    let (gone, _held) = nobody();
    assert_eq!(code(dir.path(), &format!("http http://{gone}/ -n 1")), Some(2));
}

#[test]
fn a_run_ends_when_a_condition_cannot_hold_any_more() {
    let dir = TempDir::new().unwrap();
    let (gone, _held) = nobody();
    let line = |url: &str, flags: &str| {
        format!("http {url} -c 2 -d 1h --warmup 0s --format json --abort-on-fail {flags}")
    };
    // A server that refuses everything, alone and with the load in two processes.
    for procs in ["", "--procs 2"] {
        let server = Server::start();
        let url = format!("{}missing", server.url);
        let output = bench(dir.path(), &line(&url, &format!("--threshold errors==0 {procs}")));
        let report = json(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{report:#}");
        assert_eq!(
            (&report["interrupted"], &report["thresholds"][0]["holds"]),
            (&false.into(), &false.into())
        );
        let notes = report["notes"].to_string();
        assert!(notes.contains("errors==0 could not hold any more"), "{notes}");
    }
    assert_eq!(code(dir.path(), &line(&format!("http://{gone}/"), "")), Some(3), "it needs a condition");
}

#[test]
fn a_server_is_watched_by_its_metrics() {
    let (place, dir) = (Place::new(), TempDir::new().unwrap());
    let server = place.start();
    let line = format!(
        "http http://{0}/healthz -c 2 -d 2s --warmup 0s --server-metrics http://{0}/metrics \
         --threshold rss_mb<10000 --threshold cpu_per_message<1000ms --format json",
        server.address
    );
    let output = bench(dir.path(), &line);
    let report = json(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    assert!(
        report["server"]["rss_mb"].as_f64().unwrap() > 1.0 && report["server"]["pid"].is_null(),
        "{report:#}"
    );
    let nothing = Server::start();
    let line = format!("http {0} -n 1 --server-metrics {0}", nothing.url);
    assert_eq!(code(dir.path(), &line), Some(3));
}

#[test]
fn processes_share_a_load_and_report_as_one() {
    let (server, dir) = (Server::start(), TempDir::new().unwrap());
    let line = format!("http {} -c 6 -r 600 -d 1s --warmup 0s --procs 3 --format json", server.url);
    let output = bench(dir.path(), &line);
    let report = json(&output.stdout);
    let requests = &report["requests"];
    assert_eq!((&requests["answered"], &requests["processes"]), (&600.into(), &3.into()), "{report:#}");
    assert_eq!((&requests["connections"], &requests["opened"]), (&6.into(), &6.into()));
    assert_eq!((&report["latency_ms"]["count"], server.requests()), (&600.into(), 600));
    let (gone, _held) = nobody();
    assert_eq!(code(dir.path(), &format!("http http://{gone}/ -c 4 -n 8 --procs 2")), Some(2));
}

#[test]
fn reports_come_in_every_form_and_from_one_another() {
    let (server, dir) = (Server::start(), TempDir::new().unwrap());
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    let forms = "-o r.json -o r.md -o r.txt -o r.csv -o r.xml -o r.html -o r.hdr";
    let line =
        format!("http {}?a=<b>&c -c 4 -r 200 -d 2s --warmup 0s --threshold errors==0 {forms}", server.url);
    bench(dir.path(), &line);
    let report = json(read("r.json").as_bytes());
    for part in ["latency_ms", "service_ms"] {
        for figure in ["p50", "p90", "p99", "p999", "max"] {
            assert!(report[part][figure].is_number(), "{part}.{figure}: {report:#}");
        }
    }
    assert_eq!(report["figures"]["errors"], 0.0);
    let html = read("r.html");
    assert!(html.contains("<polyline") && html.contains("?a=&lt;b&gt;&amp;c"), "{html}");
    for outside in ["<script", "<link", "src=", "@import", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(read("r.xml").contains("<testcase classname=\"kefu bench http\" name=\"errors==0\"/>"));
    assert!(read("r.csv").starts_with("at_s,answered,failed,") && read("r.csv").lines().count() == 3);
    assert!(read("r.hdr").contains("Tag=latency,0.000,2.000,") && read("r.hdr").contains(",HISTFAAA"));
    for name in ["r.md", "r.html", "r.xml", "r.csv", "r.hdr", "r.txt"] {
        let again = format!("again.{name}");
        assert_eq!(code(dir.path(), &format!("report r.json -o {again}")), Some(0));
        assert_eq!(read(&again), read(name), "{name}");
    }
}

#[test]
fn repeated_runs_are_compared_and_the_ci_is_told() {
    let (server, dir) = (Server::start(), TempDir::new().unwrap());
    let mut runs = String::new();
    for _ in 0..5 {
        let output = bench(dir.path(), &format!("http {} -c 2 -n 50 --format json", server.url));
        runs += std::str::from_utf8(&output.stdout).unwrap();
    }
    // By so much that no run, whatever held it up, is as slow.
    let slower = runs.replace("\"p99\": ", "\"p99\": 9000000");
    fs::write(dir.path().join("base.json"), &runs).unwrap();
    fs::write(dir.path().join("slower.json"), slower).unwrap();
    fs::write(dir.path().join("one.json"), runs.split_inclusive("\n}\n").next().unwrap()).unwrap();
    let metrics = "--metric p99 --metric error_rate";
    assert_eq!(code(dir.path(), &format!("compare base.json base.json {metrics} --tolerance 1000")), Some(0));
    assert_eq!(code(dir.path(), &format!("compare base.json one.json {metrics}")), Some(2));
    let summary = dir.path().join("summary.md");
    let output = kefu()
        .current_dir(dir.path())
        .env("GITHUB_STEP_SUMMARY", &summary)
        .args(["bench", "compare", "base.json", "slower.json", "--metric", "p99"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(fs::read_to_string(summary).unwrap().contains("| **worse** |"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_run_with_the_report_so_far() {
    let dir = TempDir::new().unwrap();
    for procs in ["1", "2"] {
        let server = Server::start();
        let child = Command::new(env!("CARGO_BIN_EXE_kefu"))
            .current_dir(dir.path())
            .env_remove("GITHUB_STEP_SUMMARY")
            .args(["bench", "http", &server.url, "-c", "2", "-r", "500", "-d", "1h", "--warmup", "0s"])
            .args(["--format", "json", "--procs", procs])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while server.requests() < 200 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130));
        let report = json(&output.stdout);
        assert_eq!(
            (&report["interrupted"], &report["requests"]["failed"]),
            (&true.into(), &0.into()),
            "{report:#}"
        );
        assert!(report["requests"]["answered"].as_u64().unwrap() >= 190, "{report:#}");
    }
}

/// Who may make agents.
const ADMIN: &str = "--admin-email lin@example.com --admin-password-file password";

#[test]
fn processes_share_a_chat_and_what_one_sends_another_may_get() {
    let (place, dir) = (Place::new(), TempDir::new().unwrap());
    fs::write(dir.path().join("password"), "correct horse battery staple\n").unwrap();
    let server = place.start();
    let target = format!("--url http://{}", server.address);
    let line = format!(
        "chat {target} {ADMIN} --visitors 12 --agents 4 --rate 100 --duration 1s --warmup 200ms --procs 3 \
         --source-addresses 2 --threshold loss==0 --threshold duplicates==0 --threshold gaps==0 --format json"
    );
    let report = json(&bench(dir.path(), &line).stdout);
    let (messages, found) = (&report["messages"], &report["connections"]);
    // One for each conversation, a hundred, and some of the warm-up.
    assert_eq!(
        (&messages["sent"], &messages["delivered"]),
        (&messages["acked"], &messages["acked"]),
        "{report:#}"
    );
    assert_eq!(
        (&report["latency_ms"]["count"], &messages["nonsense"]),
        (&100.into(), &0.into()),
        "{report:#}"
    );
    assert_eq!((&found["open"], &found["visitors"], &found["lost"]), (&16.into(), &12.into(), &0.into()));
    assert!(
        report["thresholds"].as_array().unwrap().iter().all(|checked| checked["holds"] == true),
        "{report:#}"
    );

    let line =
        format!("chat {target} --idle --visitors 30 --steps 10,30 --duration 1s --procs 2 --format json");
    let report = json(&bench(dir.path(), &line).stdout);
    assert_eq!(
        (&report["connections"]["open"], &report["connections"]["lost"]),
        (&30.into(), &0.into()),
        "{report:#}"
    );
    let steps = report["idle"]["steps"].as_array().unwrap();
    assert!(steps.len() == 2 && steps.iter().all(|step| step["rss_mb"].is_number()), "{report:#}");
}

#[test]
fn processes_share_a_scenario() {
    let (server, dir) = (Server::start(), TempDir::new().unwrap());
    let url = server.url.trim_end_matches('/');
    let flags = "-r 60 -d 1s --warmup 0s --procs 3 --set path=/page --format json";
    let report = json(&bench(dir.path(), &format!("run http --target {url} {flags}")).stdout);
    let done = report["flows"]["page"]["done"].as_u64().unwrap();
    assert_eq!(
        (done, server.requests(), &report["requests"]["processes"]),
        (done, done, &3.into()),
        "{report:#}"
    );
    assert!((30..=90).contains(&done), "{report:#}");
}

#[test]
fn visitors_of_the_presets_are_served_by_kefu() {
    let (place, dir) = (Place::new(), TempDir::new().unwrap());
    fs::write(dir.path().join("password"), "correct horse battery staple\n").unwrap();
    let server = place.start();
    for (preset, messages) in [("chat", 80), ("chat-resume", 80)] {
        // The preset as it is copied and changed: a step may take longer on a machine that has other work.
        let shown = bench(dir.path(), &format!("run {preset} --show")).stdout;
        let file = format!("timeout: 60s\n{}", std::str::from_utf8(&shown).unwrap());
        fs::write(dir.path().join("patient.yaml"), file).unwrap();
        let line = format!(
            "run patient.yaml --target http://{} {ADMIN} -r 20 -d 1s --warmup 0s --format json",
            server.address
        );
        let report = json(&bench(dir.path(), &line).stdout);
        assert_eq!(report["flows"]["visitor"], serde_json::json!({"done": 20, "failed": 0}), "{report:#}");
        // What comes to an agent after the measured part is not measured.
        assert_eq!(report["flows"]["agent"]["failed"], 0, "{report:#}");
        let found = &report["messages"];
        assert_eq!((&found["sent"], &found["delivered"]), (&messages.into(), &messages.into()), "{report:#}");
        let thresholds = report["thresholds"].as_array().unwrap();
        assert!(
            thresholds.len() == 5 && thresholds.iter().all(|checked| checked["holds"] == true),
            "{report:#}"
        );
    }
    assert_eq!(code(dir.path(), "run chatt"), Some(3));
    fs::write(dir.path().join("wrong.yaml"), "flows:\n  - nmae: x\n").unwrap();
    let output = bench(dir.path(), "run wrong.yaml --target http://127.0.0.1:9");
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("wrong.yaml:2: unknown key `flows.0.nmae`; did you mean `name`?"), "{said}");
    assert!(String::from_utf8_lossy(&bench(dir.path(), "run soap --show").stdout).contains("soap:Envelope"));
}
