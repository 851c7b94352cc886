//! What nobody here wrote: clients, servers, a capture of them, and what another program reads in it.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use tempfile::TempDir;

use crate::support::{ports::free_port, random::eventually};

/// A server with everything that HTTP/1.1 has for bodies.
const SERVER: &str = r#"
import base64, gzip, hashlib, http.server, sys, time

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

    def websocket(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True
        while True:
            first, second = self.rfile.read(2)
            size = second & 127
            if size == 126:
                size = int.from_bytes(self.rfile.read(2), "big")
            mask = self.rfile.read(4)
            data = bytes(byte ^ mask[at % 4] for at, byte in enumerate(self.rfile.read(size)))
            length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
            self.wfile.write(bytes([first]) + length + data)
            if first & 15 == 8:
                return

    def do_GET(self):
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self.websocket()
        elif self.path.startswith("/gzip"):
            self.answer(200, gzip.compress(b"g" * 5000), **{"Content-Encoding": "gzip"})
        elif self.path.startswith("/br"):
            # A stream of brotli with what it says in clear.
            self.answer(200, b"\x0b\x02\x80hello\x03", **{"Content-Encoding": "br"})
        elif self.path.startswith("/chunks"):
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
pub(crate) fn without(what: &str) {
    eprintln!("not tested: {what} is not to be had");
}

fn run(program: &str, args: &[&str]) -> Option<Output> {
    Command::new(program).args(args).stdin(Stdio::null()).output().ok()
}

/// A process that ends with its test.
pub(crate) struct Process(pub(crate) Child);

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
    /// Where the server listened.
    pub(crate) port: u16,
    _folder: TempDir,
}

/// Captures on loopback what clients and a server of Python's library say to each other.
pub(crate) fn captured() -> Option<Capture> {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path())?;
    capture(folder, server.port, talk)
}

/// Captures on loopback what clients and nginx say to each other.
pub(crate) fn captured_from_nginx() -> Option<Capture> {
    let folder = tempfile::tempdir().unwrap();
    let (port, _nginx) = nginx(folder.path())?;
    capture(folder, port, talk_to_nginx)
}

/// A machine that is busy may drop packets; a capture is made at most so many times for one that has all.
const CAPTURES: usize = 5;

/// Captures what `talk` has clients say, and a last connection after it, until nothing of it was dropped.
fn capture(folder: TempDir, port: u16, talk: fn(u16, &Path)) -> Option<Capture> {
    for number in 0..CAPTURES {
        let path = folder.path().join(format!("real.{number}.pcap"));
        if captured_to(&path, port, talk)? == 0 {
            return Some(Capture { path, port, _folder: folder });
        }
    }
    panic!("the kernel dropped packets of each of {CAPTURES} captures");
}

/// Captures to a file; gives how many packets the kernel dropped.
fn captured_to(path: &Path, port: u16, talk: fn(u16, &Path)) -> Option<u64> {
    let folder = path.parent().unwrap();
    let said = path.with_extension("said");
    // Packets come in blocks, which hold many: one by one, each would take the room of the largest.
    let mut dump = Command::new("tcpdump")
        .args(["-i", "lo", "-U", "-B", "16384", "-s", "0", "-w"])
        .arg(path)
        .arg(format!("tcp port {port}"))
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
    talk(port, folder);
    // What was said last is in the file: a connection with a path of its own.
    exchange(port, "GET /ok/last HTTP/1.1\r\nHost: last\r\nConnection: close\r\n\r\n");
    eventually("the capture of what was said last", || {
        let bytes = fs::read(path).ok()?;
        let bytes = &bytes[bytes.len().saturating_sub(64 << 10)..];
        let find = |words: &[u8]| bytes.windows(words.len()).rposition(|window| window == words);
        let answer = find(b"ok /ok/last")?;
        // And the ends of the connection after it.
        (bytes.len() > answer + 200).then_some(())
    });
    // It counts what was dropped when it is asked to end.
    let mut dump = dump?;
    assert!(run("kill", &["-INT", &dump.0.id().to_string()]).is_some_and(|output| output.status.success()));
    eventually("the end of the capture", || dump.0.try_wait().unwrap());
    let said = fs::read_to_string(&said).unwrap();
    let dropped = said.lines().find(|line| line.ends_with("dropped by kernel"));
    Some(dropped.map_or(0, |line| line.split(' ').next().unwrap().parse().unwrap()))
}

/// Starts nginx with files, chunks, compression and a body that it asks for first; gives its port.
fn nginx(dir: &Path) -> Option<(u16, Process)> {
    let program = std::env::var("KEFU_NGINX").unwrap_or_else(|_| "nginx".to_owned());
    // Where it looks for what is named without a folder.
    let dir_text = dir.display();
    fs::create_dir(dir.join("files")).unwrap();
    fs::write(dir.join("files/large.txt"), vec![b'L'; 150_000]).unwrap();
    fs::write(dir.join("files/empty.txt"), "").unwrap();
    for _ in 0..5 {
        let port = free_port();
        let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let folders: String = kinds.map(|kind| format!("{kind}_temp_path {dir_text}/{kind};")).concat();
        let configuration = format!(
            "daemon off; master_process off; pid {dir_text}/pid; error_log /dev/null; events {{}}
             http {{ access_log off; {folders} types {{ text/plain txt; }} gzip_types text/plain; gzip_min_length 1;
             server {{ listen 127.0.0.1:{port}; root {dir_text}/files;
               location /ok {{ default_type text/none; return 200 'ok $request_uri'; }}
               location /gzip/ {{ gzip on; alias {dir_text}/files/; }}
               location /none {{ return 204; }}
               location /gone {{ return 301 /ok/gone; }}
               location /post {{ proxy_pass http://127.0.0.1:{port}/ok/proxied; }} }} }}"
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

/// Clients of nginx.
fn talk_to_nginx(port: u16, dir: &Path) {
    fs::write(dir.join("body"), vec![b'b'; 200_000]).unwrap();
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let body = format!("@{}", dir.join("body").display());
    let paths = ["/ok/1", "/large.txt", "/empty.txt", "/none", "/gone", "/missing"].map(url);
    let mut keep: Vec<&str> = vec!["-s"];
    for path in &paths {
        keep.extend(["-o", "/dev/null", path.as_str()]);
    }
    run("curl", &keep);
    run("curl", &["-s", "-o", "/dev/null", "--compressed", &url("/gzip/large.txt"), &url("/large.txt")]);
    run("curl", &["-s", "-o", "/dev/null", "-r", "10-99", &url("/large.txt")]);
    run("curl", &["-s", "-I", &url("/large.txt"), "--next", "-s", "-I", &url("/missing")]);
    run(
        "curl",
        &["-s", "-o", "/dev/null", "-H", "Expect: 100-continue", "--data-binary", &body, &url("/post")],
    );
    run(
        "curl",
        &["-s", "-o", "/dev/null", "-H", "Transfer-Encoding: chunked", "--data-binary", &body, &url("/post")],
    );
    run("curl", &["-s", "-o", "/dev/null", "-0", &url("/ok/old"), &url("/large.txt")]);
    for number in 0..10 {
        run("curl", &["-s", "-o", "/dev/null", &url(&format!("/ok/{number}")), &url("/large.txt")]);
    }
    pipe(port);
}

/// Clients of several kinds.
fn talk(port: u16, dir: &Path) {
    fs::write(dir.join("body"), vec![b'b'; 200_000]).unwrap();
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let body = format!("@{}", dir.join("body").display());
    let paths =
        ["/ok/1", "/chunks", "/gzip", "/br", "/none", "/same", "/missing?q=1", "/large", "/ok/2"].map(url);
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
    let script = WEBSOCKET.replace("URL", &format!("ws://127.0.0.1:{port}/ws"));
    let spoke = run("node", &["--experimental-websocket", "-e", &script]);
    if spoke.is_none_or(|output| !output.status.success()) {
        without("node with WebSockets");
    }
    pipe(port);
}

/// A client of WebSockets that sends messages and waits for each to come back.
const WEBSOCKET: &str = r#"
const socket = new WebSocket("URL");
const messages = ["hello", "茶".repeat(20), "x".repeat(3000), "bye"];
let at = 0;
const next = () => at < messages.length ? socket.send(messages[at++]) : socket.close();
socket.onopen = next;
socket.onmessage = next;
socket.onerror = () => process.exit(1);
socket.onclose = () => process.exit(0);
"#;

/// Sends requests one behind the other, without waiting.
fn pipe(port: u16) {
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
    /// Codings of answers that are compressed, and what their heads say of their lengths.
    pub(crate) compressed: Vec<(String, String)>,
    /// Texts of WebSocket messages.
    pub(crate) texts: Vec<String>,
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
    let names = ["http.content_encoding", "http.content_length_header"];
    let compressed = fields("http.response && http.content_encoding", &names)
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    let texts = fields("websocket.payload.text", &["websocket.payload.text"]);
    let texts = texts.iter().flat_map(|row| row[0].split('\u{1}').map(str::to_owned)).collect();
    let objects = path.with_extension("objects");
    let export = format!("http,{}", objects.display());
    let whole = ["-r", file, "-q", "-d", "tcp.port==1-65535,http", "-o", "http.decompress_body:FALSE"];
    run("tshark", &[&whole[..], &["--export-objects", &export]].concat()).unwrap();
    let body_lengths = fs::read_dir(&objects)
        .unwrap()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        // It gives out bodies of requests as well.
        .filter(|body| !body.starts_with(b"bbb") && !body.starts_with(b"name=value"))
        .map(|body| body.len())
        .collect();
    Some(Shark { requests, statuses, body_lengths, compressed, texts })
}
