//! Servers of their own for tests, each ended with its test.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// A program that runs until it is dropped, and its folder.
pub(super) struct Server {
    child: Child,
    pub(super) dir: TempDir,
    pub(super) port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Says past the capture of output that a test has no server.
fn skip<T>(what: &str) -> Option<T> {
    assert!(std::env::var("KEFU_REQUIRE_PEERS").as_deref() != Ok("1"), "there is no {what}");
    drop(writeln!(std::io::stderr(), "SKIPPED: there is no {what}"));
    None
}

#[cfg(any(feature = "mysql", feature = "postgres", feature = "mongo"))]
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A user that servers run as which refuse to be root's.
#[cfg(feature = "postgres")]
const NOBODY: u32 = 65_534;

#[cfg(feature = "postgres")]
fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0
}

#[cfg(any(feature = "mysql", feature = "postgres"))]
fn done(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(feature = "mysql")]
impl Server {
    /// MariaDB, of Debian's `mariadb-server-core`.
    pub(super) fn mariadb() -> Option<Self> {
        let programs = ["/usr/sbin/mariadbd", "/usr/bin/mariadb-install-db"];
        if !programs.iter().all(|path| std::path::Path::new(path).exists()) {
            return skip("mariadbd");
        }
        let dir = TempDir::new().unwrap();
        let data = format!("--datadir={}", dir.path().join("data").display());
        let options =
            ["--no-defaults", "--user=root", "--auth-root-authentication-method=normal", "--skip-test-db"];
        done(Command::new("mariadb-install-db").args(options).arg(&data));
        let port = free_port();
        let child = Command::new("/usr/sbin/mariadbd")
            .args(["--no-defaults", "--user=root", "--bind-address=127.0.0.1", "--sql-mode="])
            .args(["--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=32M", &data])
            .arg(format!("--socket={}", dir.path().join("socket").display()))
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { child, dir, port })
    }
}

#[cfg(feature = "postgres")]
impl Server {
    /// PostgreSQL, of Debian's `postgresql-NN`; `KEFU_POSTGRES` names a folder of its programs.
    pub(super) fn postgres() -> Option<Self> {
        use std::os::unix::process::CommandExt as _;
        let Some(programs) = postgres_programs() else { return skip("postgres") };
        let dir = TempDir::new().unwrap();
        let as_nobody = |program: &str| {
            let mut command = Command::new(programs.join(program));
            command.current_dir(dir.path());
            if is_root() {
                command.uid(NOBODY).gid(NOBODY);
            }
            command
        };
        if is_root() {
            std::os::unix::fs::chown(dir.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        // Unpacked below a folder of root's, nobody else can run them.
        if !as_nobody("initdb")
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
        {
            return skip("postgres that others than root may run");
        }
        let data = dir.path().join("data");
        let options = ["--auth=trust", "--username=kefu", "--encoding=UTF8", "--locale=C", "--no-sync"];
        done(as_nobody("initdb").args(options).arg("-D").arg(&data));
        let port = free_port();
        let child = as_nobody("postgres")
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"])
            .args(["-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { child, dir, port })
    }
}

#[cfg(feature = "postgres")]
fn postgres_programs() -> Option<std::path::PathBuf> {
    let named = std::env::var_os("KEFU_POSTGRES").map(std::path::PathBuf::from);
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut all = named.into_iter().chain(installed.map(|version| version.path().join("bin")));
    all.find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

/// The Python that has the libraries of tests: `PYTHON`, or `python3`.
fn python() -> String {
    std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

fn has(module: &str) -> bool {
    let import =
        Command::new(python()).args(["-c", &format!("import {module}")]).stderr(Stdio::null()).status();
    import.is_ok_and(|status| status.success())
}

#[cfg(feature = "mongo")]
impl Server {
    /// SecantusDB of PyPI, which speaks MongoDB's protocol.
    pub(super) fn mongo() -> Option<Self> {
        if !has("secantus") {
            return skip("Python module secantus");
        }
        let dir = TempDir::new().unwrap();
        let port = free_port();
        let child = Command::new(std::path::Path::new(&python()).with_file_name("secantusd-py"))
            .args([
                "--host",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--standalone",
                "--log-level",
                "ERROR",
            ])
            .arg("--storage-path")
            .arg(dir.path().join("data"))
            .current_dir(dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { child, dir, port })
    }
}

/// The three services of `tests/python/services.py`, and the ports that it says.
pub(super) fn services() -> Option<(Server, Value)> {
    if !has("spyne, thrift") {
        return skip("Python modules spyne and thrift");
    }
    let dir = TempDir::new().unwrap();
    let mut child = Command::new(python())
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/services.py"))
        .arg(dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ports: Value = serde_json::from_str(&line).unwrap();
    let port = ports["http"].as_u64().and_then(|port| port.try_into().ok()).unwrap();
    Some((Server { child, dir, port }, ports))
}

/// Waits until a server answers.
#[cfg(any(feature = "mysql", feature = "postgres", feature = "mongo"))]
pub(super) async fn until<T, E: std::fmt::Display>(what: &str, ask: impl AsyncFn() -> Result<T, E>) -> T {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => assert!(std::time::Instant::now() < until, "{what}: {error}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
