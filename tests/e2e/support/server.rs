//! The real daemon in a directory of its own, and what the system says of its process.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    http::{self, Answer},
    random::{eventually, patience},
    shim::Shim,
};

const EMAIL: &str = "lin@example.com";
const PASSWORD: &str = "correct horse battery staple";

/// Limits that only get in the way of load are lifted. A stop has nearly as long as a test waits for it: one that ends
/// at its deadline leaves the store unclosed.
const SETTINGS: &str = "  stop_timeout: 25s
  rate:
    visitor_messages: { per_minute: 0 }
    agent_messages: { per_minute: 0 }
    address_requests: { per_minute: 0 }
    address_sessions: { per_minute: 0 }
    login_address: { per_minute: 0 }
    login_account: { per_minute: 0 }
";

/// A place where one daemon after the other runs on the same store.
pub(crate) struct Place {
    dir: TempDir,
    settings: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// `settings` are lines of the `serve` section.
    pub(crate) fn with(settings: &str) -> Self {
        let settings = format!("serve:\n{SETTINGS}{settings}");
        Self { dir: tempfile::tempdir().unwrap(), settings }
    }

    /// `rates` are lines of the `serve.rate` group; what they leave out is limited as usual.
    pub(crate) fn limited(rates: &str) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), settings: format!("serve:\n  rate:\n{rates}") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kefu"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("KEFU_") {
                command.env_remove(&name);
            }
        }
        fs::write(self.path().join("kefu.yaml"), &self.settings).unwrap();
        command.current_dir(self.path()).args(args).arg("--data-dir").arg(self.path().join("data"));
        command
    }

    /// Starts the daemon.
    #[track_caller]
    pub(crate) fn start(&self) -> Server {
        self.start_with(&[])
    }

    /// Starts a daemon with further flags.
    #[track_caller]
    pub(crate) fn start_with(&self, flags: &[&str]) -> Server {
        let started = self.launch(None, flags);
        started.unwrap_or_else(|status| panic!("the daemon ended: {status}\n{}", self.log()))
    }

    /// Starts the daemon on the file layer.
    ///
    /// # Errors
    /// The status with which it ended before it listened.
    pub(crate) fn start_on(&self, shim: &Shim) -> Result<Server, ExitStatus> {
        self.launch(Some(shim), &[])
    }

    fn launch(&self, shim: Option<&Shim>, more: &[&str]) -> Result<Server, ExitStatus> {
        let log = File::options().create(true).append(true).open(self.log_path()).unwrap();
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(more);
        command.env("KEFU_ADMIN_EMAIL", EMAIL).env("KEFU_ADMIN_PASSWORD", PASSWORD);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        if let Some(shim) = shim {
            shim.apply(&mut command, self.path());
        }
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let (send, receive) = mpsc::channel();
        // Ends with the daemon.
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some((_, url)) = line.split_once("listening on http://") {
                    let address = url.split(['/', ' ']).next().unwrap_or_default();
                    // Nobody waits any more when patience has ended.
                    send.send(address.parse::<SocketAddr>().unwrap()).unwrap_or_default();
                }
            }
        });
        match receive.recv_timeout(patience()) {
            Ok(address) => Ok(Server { child, address, log: self.log_path() }),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(child.wait().unwrap()),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("the daemon does not listen\n{}", self.log());
            }
        }
    }

    /// Runs another command on the store to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Holds the store against its rules; a store that is not whole fails the test.
    #[track_caller]
    pub(crate) fn check(&self) {
        let output = self.run(&["serve", "check"]);
        assert!(
            output.status.success(),
            "the store is damaged: {}{}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
            self.log()
        );
    }

    fn log_path(&self) -> PathBuf {
        self.path().join("stderr.log")
    }

    /// The end of what the daemons here said.
    pub(crate) fn log(&self) -> String {
        end_of(&self.log_path())
    }
}

fn end_of(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

fn value_of(metrics: &str, name: &str) -> Option<f64> {
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    Some(value.trim().parse().unwrap())
}

/// A running daemon, killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Makes a request that must be answered.
    #[track_caller]
    pub(crate) fn call(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Answer {
        http::request(self.address, method, path, token, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Signs the admin in; returns its token.
    #[track_caller]
    pub(crate) fn sign_in(&self) -> String {
        let body = json!({ "email": EMAIL, "password": PASSWORD });
        let answer = self.call("POST", "/api/v1/auth/login", None, Some(&body)).expect(200);
        answer["token"].as_str().unwrap().to_owned()
    }

    /// A new visitor: its token and its conversation.
    #[track_caller]
    pub(crate) fn visitor(&self) -> (String, String) {
        self.try_visitor().expect("the daemon lets a visitor in")
    }

    /// The same, unless the daemon is gone or about to go.
    pub(crate) fn try_visitor(&self) -> Option<(String, String)> {
        let body = json!({ "inbox": "web", "visitor": {} });
        let answer =
            http::request(self.address, "POST", "/api/v1/widget/sessions", None, Some(&body)).ok()?;
        if answer.status == 503 {
            return None;
        }
        let opened = answer.expect(201);
        let text = |name: &str| opened[name].as_str().unwrap().to_owned();
        Some((text("token"), text("conversation_id")))
    }

    /// A metric, by the whole name with its labels.
    #[track_caller]
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.call("GET", "/metrics", None, None).body;
        value_of(&text, name).unwrap_or_else(|| panic!("no metric {name} in\n{text}"))
    }

    /// The same for what has no line before it is counted for the first time.
    #[track_caller]
    pub(crate) fn count(&self, name: &str) -> f64 {
        let text = self.call("GET", "/metrics", None, None).body;
        value_of(&text, name).unwrap_or_default()
    }

    /// Open WebSockets.
    pub(crate) fn sockets(&self) -> f64 {
        self.metric("kefu_connections{kind=\"chat\"}")
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// Open descriptors.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Takes all but so many descriptors from the process, those that are open included.
    pub(crate) fn limit_descriptors(&self, most: usize) {
        let (pid, limit) = (self.child.id().to_string(), format!("--nofile={most}:{most}"));
        assert!(Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap().success());
    }

    /// Processor time so far, in hundredths of a second.
    pub(crate) fn processor_time(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // After the name, which may hold anything: user and system time are the 12th and 13th, see proc(5).
        let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    /// Ends the process as nothing can prepare for.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The same for who holds on to the daemon: it is dead, but nobody has been told.
    #[track_caller]
    pub(crate) fn die(&self) {
        self.signal("KILL");
        let about = PathBuf::from(format!("/proc/{}", self.child.id()));
        // The first thread may be dead while others still hold on to files and locks.
        let is_dead = || {
            fs::read_to_string(about.join("stat")).unwrap().contains(") Z ")
                && fs::read_dir(about.join("task")).unwrap().count() == 1
        };
        eventually("the daemon is dead", || is_dead().then_some(()));
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Waits until the process has ended; `None` when it does not within `wait`.
    pub(crate) fn ended(&mut self, wait: Duration) -> Option<ExitStatus> {
        let deadline = std::time::Instant::now() + wait;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            if std::time::Instant::now() > deadline {
                return None;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Stops it as an operator would.
    #[track_caller]
    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        let status = self.ended(patience()).expect("the daemon stops when it is asked to");
        assert!(status.success(), "{status}");
    }

    /// Arms the file layer: the cut comes after so many further steps.
    pub(crate) fn arm(&self, place: &Place, steps: u64) {
        fs::write(place.path().join(".arm"), steps.to_string()).unwrap();
        self.signal("USR2");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            eprintln!("the end of the daemon's log:\n{}", end_of(&self.log));
        }
    }
}

/// Whether a daemon ended as the file layer ends it.
pub(crate) fn was_cut(status: ExitStatus) -> bool {
    status.code() == Some(137) && status.signal().is_none()
}

/// Waits until no WebSocket is left.
#[track_caller]
pub(crate) fn all_gone(server: &Server) {
    eventually("every WebSocket is gone", || (server.sockets() == 0.0).then_some(()));
}
