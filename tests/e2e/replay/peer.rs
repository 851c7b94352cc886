//! What nobody here wrote: clients, servers, a capture of them, and what another program reads in it.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use tempfile::TempDir;

use crate::support::random::eventually;

/// A server with everything that HTTP/1.1 has for bodies.
const SERVER: &str = r#"
import http.server, sys, time

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304 and status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        if self.path.startswith("/chunks"):
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if self.command == "HEAD":
                return
            for size in (1, 300, 20000):
                self.wfile.write(b"%x;x=y\r\n%s\r\n" % (size, b"c" * size))
            self.wfile.write(b"0\r\nTrailer: yes\r\n\r\n")
        elif self.path.startswith("/close"):
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"until the end " * 500)
            self.close_connection = True
        elif self.path.startswith("/same"):
            self.answer(304)
        elif self.path.startswith("/none"):
            self.answer(204)
        elif self.path.startswith("/large"):
            self.answer(200, b"L" * 150000)
        elif self.path.startswith("/ok"):
            self.answer(200, b"ok " + self.path.encode())
        else:
            self.answer(404, b"no")

    do_HEAD = do_GET

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(201, b"%d bytes" % len(body))

    do_PUT = do_POST

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + ".part", "w") as file:
    file.write(str(server.server_port))
import os
os.rename(sys.argv[1] + ".part", sys.argv[1])
server.serve_forever()
"#;

/// Says that a test is not made for want of something.
fn without(what: &str) {
    eprintln!("not tested: {what} is not to be had");
}

fn run(program: &str, args: &[&str]) -> Option<Output> {
    Command::new(program).args(args).stdin(Stdio::null()).output().ok()
}

/// A process that ends with its test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A server of Python's library.
pub(crate) struct Server {
    pub(crate) port: u16,
    _process: Process,
}

impl Server {
    pub(crate) fn start(dir: &Path) -> Option<Self> {
        let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let file = dir.join("port");
        let child = Command::new(python)
            .args(["-c", SERVER])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            without("python3");
            return None;
        };
        let process = Process(child);
        let port = eventually("the server's port", || fs::read_to_string(&file).ok());
        Some(Self { port: port.parse().unwrap(), _process: process })
    }
}

/// A capture in a folder of its own.
pub(crate) struct Capture {
    pub(crate) path: PathBuf,
    _folder: TempDir,
}

/// Captures on loopback what clients and a server say to each other.
pub(crate) fn captured() -> Option<Capture> {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path())?;
    let path = folder.path().join("real.pcap");
    let said = folder.path().join("said");
    let mut dump = Command::new("tcpdump")
        .args(["-i", "lo", "-U", "--immediate-mode", "-B", "16384", "-s", "0", "-w"])
        .arg(&path)
        .arg(format!("tcp port {}", server.port))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&said).unwrap())
        .spawn()
        .map(Process)
        .ok();
    // It says so when it listens, or ends because it may not.
    let is_listening = dump.as_mut().is_some_and(|dump| {
        eventually("a capture", || {
            let is_listening = fs::read_to_string(&said).unwrap().contains("listening on");
            let has_ended = dump.0.try_wait().unwrap().is_some();
            (is_listening || has_ended).then_some(is_listening && !has_ended)
        })
    });
    if !is_listening || run("curl", &["--version"]).is_none() {
        without("tcpdump with the right to capture, and curl");
        return None;
    }
    talk(server.port, folder.path());
    // What was said last is in the file: a connection with a path of its own.
    exchange(server.port, "GET /ok/last HTTP/1.1\r\nHost: last\r\nConnection: close\r\n\r\n");
    eventually("the capture of what was said last", || {
        let bytes = fs::read(&path).ok()?;
        let bytes = &bytes[bytes.len().saturating_sub(64 << 10)..];
        let find = |words: &[u8]| bytes.windows(words.len()).rposition(|window| window == words);
        let answer = find(b"ok /ok/last")?;
        // And the ends of the connection after it.
        (bytes.len() > answer + 200).then_some(())
    });
    drop(dump);
    Some(Capture { path, _folder: folder })
}

/// Clients of several kinds.
fn talk(port: u16, dir: &Path) {
    fs::write(dir.join("body"), vec![b'b'; 200_000]).unwrap();
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let body = format!("@{}", dir.join("body").display());
    let paths = ["/ok/1", "/chunks", "/none", "/same", "/missing?q=1", "/large", "/ok/2"].map(url);
    let mut keep: Vec<&str> = vec!["-s", "-o", "/dev/null"];
    for path in &paths {
        keep.extend(["-o", "/dev/null", path.as_str()]);
    }
    run("curl", &keep);
    run("curl", &["-s", "-I", &url("/large"), "--next", "-s", "-I", &url("/chunks")]);
    run("curl", &["-s", "-o", "/dev/null", &url("/close")]);
    // Large enough for curl to ask first, and a small one.
    run("curl", &["-s", "-H", "Expect: 100-continue", "--data-binary", &body, &url("/post")]);
    run("curl", &["-s", "-X", "PUT", "-d", "name=value", &url("/put")]);
    run("curl", &["-s", "-T", &dir.join("body").display().to_string(), &url("/upload")]);
    for number in 0..10 {
        run(
            "curl",
            &["-s", "-o", "/dev/null", &url(&format!("/ok/{number}")), &url(&format!("/chunks/{number}"))],
        );
    }
    // Requests one behind the other, without waiting.
    let one = |number: usize| format!("GET /ok/pipe/{number} HTTP/1.1\r\nHost: pipe\r\n\r\n");
    let mut pipe: String = (0..6).map(one).collect();
    pipe.push_str("GET /ok/pipe/end HTTP/1.1\r\nHost: pipe\r\nConnection: close\r\n\r\n");
    exchange(port, &pipe);
}

/// Sends something and reads until the server ends the connection.
fn exchange(port: u16, text: &str) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
}

/// What tshark reads in a capture.
pub(crate) struct Shark {
    /// Method, host and target.
    pub(crate) requests: Vec<(String, String, String)>,
    pub(crate) statuses: Vec<u64>,
    /// Lengths of bodies of answers, without those that are empty.
    pub(crate) body_lengths: Vec<usize>,
}

pub(crate) fn tshark(path: &Path) -> Option<Shark> {
    let file = path.to_str().unwrap();
    if run("tshark", &["--version"]).is_none() {
        without("tshark");
        return None;
    }
    let fields = |filter: &str, names: &[&str]| -> Vec<Vec<String>> {
        let mut args = vec!["-r", file, "-d", "tcp.port==1-65535,http", "-Y", filter, "-T", "fields"];
        args.extend(["-E", "occurrence=a", "-E", "aggregator=\u{1}"]);
        args.extend(names.iter().flat_map(|name| ["-e", *name]));
        let output = run("tshark", &args).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
    };
    let mut requests = Vec::new();
    for row in fields("http.request", &["http.request.method", "http.host", "http.request.uri"]) {
        // Several requests may be in one packet.
        let cells = |column: usize| row[column].split('\u{1}').map(str::to_owned);
        requests
            .extend(cells(0).zip(cells(1)).zip(cells(2)).map(|((method, host), uri)| (method, host, uri)));
    }
    let statuses = fields("http.response", &["http.response.code"])
        .iter()
        .flat_map(|row| row[0].split('\u{1}').map(|code| code.parse().unwrap()).collect::<Vec<_>>())
        .collect();
    let objects = path.with_extension("objects");
    let export = format!("http,{}", objects.display());
    run("tshark", &["-r", file, "-q", "-d", "tcp.port==1-65535,http", "--export-objects", &export]).unwrap();
    let body_lengths = fs::read_dir(&objects)
        .unwrap()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        // It gives out bodies of requests as well.
        .filter(|body| !body.starts_with(b"bbb") && !body.starts_with(b"name=value"))
        .map(|body| body.len())
        .collect();
    Some(Shark { requests, statuses, body_lengths })
}
