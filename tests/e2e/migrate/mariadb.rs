//! A MariaDB of its own for a test, from Debian's `mariadb-server-core`, which starts nothing by itself.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::support::{ports::free_port, random::eventually};

/// A server with its data, ended with the test.
pub(crate) struct Mariadb {
    dir: TempDir,
    child: Child,
    port: u16,
    options: Vec<String>,
}

impl Mariadb {
    /// Starts a server; says why the test is skipped where there is none.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// The same with a binary log in rows, which its user may read.
    pub(crate) fn logging() -> Option<Self> {
        let mariadb = Self::start_with(&["--log-bin=mbin", "--binlog-format=ROW", "--server-id=7"])?;
        mariadb.sql("", "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO reader@'%'");
        Some(mariadb)
    }

    /// The same with more options.
    pub(crate) fn start_with(options: &[&str]) -> Option<Self> {
        if !["/usr/sbin/mariadbd", "/usr/bin/mariadb", "/usr/bin/mariadb-install-db"]
            .iter()
            .all(|path| Path::new(path).exists())
        {
            assert!(std::env::var("KEFU_REQUIRE_PEERS").as_deref() != Ok("1"), "there is no mariadbd");
            eprintln!("SKIPPED: there is no mariadbd");
            return None;
        }
        let dir = TempDir::new().unwrap();
        let installed = Command::new("mariadb-install-db")
            .args([
                "--no-defaults",
                "--user=root",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ])
            .arg(format!("--datadir={}", dir.path().join("data").display()))
            .arg(format!("--tmpdir={}", dir.path().display()))
            .output()
            .unwrap();
        assert!(installed.status.success(), "{}", super::shown(&installed));
        let port = free_port();
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let child = Self::spawn(dir.path(), port, &options);
        let mut mariadb = Self { dir, child, port, options };
        mariadb.wait();
        mariadb.sql(
            "",
            "CREATE DATABASE old; CREATE USER reader@'%' IDENTIFIED BY 'se:cret'; GRANT SELECT ON old.* TO reader@'%'",
        );
        Some(mariadb)
    }

    fn spawn(dir: &Path, port: u16, options: &[String]) -> Child {
        let log = std::fs::File::create(dir.join("log")).unwrap();
        Command::new("/usr/sbin/mariadbd")
            .args([
                "--no-defaults",
                "--user=root",
                "--bind-address=127.0.0.1",
                "--innodb-buffer-pool-size=64M",
            ])
            .args(["--innodb-flush-log-at-trx-commit=2", "--sql-mode=", "--max-allowed-packet=64M"])
            .arg(format!("--datadir={}", dir.join("data").display()))
            .arg(format!("--tmpdir={}", dir.display()))
            .arg(format!("--socket={}", dir.join("socket").display()))
            .arg(format!("--port={port}"))
            .args(options)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    fn wait(&mut self) {
        eventually("MariaDB answers", || {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!(
                    "mariadbd ended with {status}: {}",
                    std::fs::read_to_string(self.dir.path().join("log")).unwrap()
                );
            }
            self.try_sql("", "SELECT 1").ok()
        });
    }

    /// Kills the server and starts it again on its data.
    pub(crate) fn crash(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = Self::spawn(self.dir.path(), self.port, &self.options);
        self.wait();
    }

    /// Where clients of this machine find it.
    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("socket")
    }

    /// A client at such a socket that may do anything in the database `old`, and goes on after errors.
    pub(crate) fn client_of(socket: &Path) -> Command {
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "--user=root", "--default-character-set=utf8mb4", "--force"]);
        client.arg(format!("--socket={}", socket.display())).arg("old");
        client
    }

    /// The address for a user who may only read.
    pub(crate) fn url(&self) -> String {
        format!("mysql://reader:se%3Acret@127.0.0.1:{}/old", self.port)
    }

    /// How tools on this machine reach it.
    pub(crate) fn socket_arg(&self) -> String {
        format!("--socket={}", self.dir.path().join("socket").display())
    }

    /// Runs statements on the database `old`; returns what they print, columns between tabs.
    #[track_caller]
    pub(crate) fn old(&self, sql: &str) -> String {
        self.sql("old", sql)
    }

    #[track_caller]
    fn sql(&self, database: &str, sql: &str) -> String {
        self.try_sql(database, sql).unwrap_or_else(|error| panic!("{error}"))
    }

    fn try_sql(&self, database: &str, sql: &str) -> Result<String, String> {
        let mut client = Command::new("mariadb")
            .args([
                "--no-defaults",
                "--batch",
                "--raw",
                "--skip-column-names",
                "--default-character-set=utf8mb4",
            ])
            .args(["--user=root", "--max-allowed-packet=64M"])
            .arg(format!("--socket={}", self.dir.path().join("socket").display()))
            .arg(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        client.stdin.take().unwrap().write_all(sql.as_bytes()).map_err(|error| error.to_string())?;
        let output = client.wait_with_output().map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

impl Drop for Mariadb {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
