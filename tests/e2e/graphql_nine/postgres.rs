//! A PostgreSQL of its own for a test: `KEFU_POSTGRES` names a folder of its programs, or Debian has installed them.

use std::{
    io::Write as _,
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::support::{ports::free_port, random::eventually};

/// A user that it runs as: it refuses to be root's.
const NOBODY: u32 = 65_534;

/// A server with its data, ended with the test.
pub(super) struct Postgres {
    child: Child,
    // Removed once nothing is in it any more.
    _dir: TempDir,
    port: u16,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Postgres {
    /// Starts a server; says why the test is skipped where there is none.
    pub(super) fn start() -> Option<Self> {
        let dir = TempDir::new().unwrap();
        let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
        if is_root {
            std::os::unix::fs::chown(dir.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let as_nobody = |programs: &PathBuf, program: &str| {
            let mut command = Command::new(programs.join(program));
            command.current_dir(dir.path()).stdout(Stdio::null()).stderr(Stdio::null());
            if is_root {
                command.uid(NOBODY).gid(NOBODY);
            }
            command
        };
        // Unpacked below a folder of root's, nobody else can run them.
        let runs = |programs: &PathBuf| {
            as_nobody(programs, "initdb").arg("--version").status().is_ok_and(|status| status.success())
        };
        let Some(programs) = programs().filter(runs) else {
            assert!(std::env::var("KEFU_REQUIRE_PEERS").as_deref() != Ok("1"), "there is no postgres");
            drop(writeln!(std::io::stderr(), "SKIPPED: there is no postgres that can be run"));
            return None;
        };
        let data = dir.path().join("data");
        let options = ["--auth=trust", "--username=kefu", "--encoding=UTF8", "--locale=C", "--no-sync"];
        let made = as_nobody(&programs, "initdb").args(options).arg("-D").arg(&data).status().unwrap();
        assert!(made.success(), "initdb: {made}");
        let port = free_port();
        let child = as_nobody(&programs, "postgres")
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"])
            .args(["-p", &port.to_string()])
            .spawn()
            .unwrap();
        let server = Self { child, _dir: dir, port };
        eventually("PostgreSQL answers", || server.try_sql("SELECT 1").ok());
        Some(server)
    }

    pub(super) fn url(&self) -> String {
        format!("postgres://kefu@127.0.0.1:{}/postgres", self.port)
    }

    /// Runs statements; returns what they print, columns between tabs.
    #[track_caller]
    pub(super) fn sql(&self, sql: &str) -> String {
        self.try_sql(sql).unwrap_or_else(|error| panic!("{error}"))
    }

    fn try_sql(&self, sql: &str) -> Result<String, String> {
        let output = Command::new("psql")
            .args(["-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", sql])
            .arg(self.url())
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

fn programs() -> Option<PathBuf> {
    let named = std::env::var_os("KEFU_POSTGRES").map(PathBuf::from);
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut all = named.into_iter().chain(installed.map(|version| version.path().join("bin")));
    all.find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}
