//! A server that speaks MongoDB's protocol, for a test: a real `mongod` where there is one, else SecantusDB of PyPI, which has
//! change streams and their end, and no shards.

use std::{
    io::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use super::python;
use crate::support::{ports::free_port, random::eventually};

/// A server with its data, ended with the test.
pub(crate) struct Mongodb {
    dir: TempDir,
    child: Child,
    port: u16,
    options: Vec<String>,
    is_real: bool,
}

impl Mongodb {
    /// Starts a server; says why the test is skipped where there is none.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// The same with options that only SecantusDB has: of a real one there is none then.
    pub(crate) fn start_with(options: &[&str]) -> Option<Self> {
        let has = |program: &str, args: &[&str]| {
            let mut command = Command::new(program);
            command.args(args).stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        let is_real =
            options.is_empty() && has("mongod", &["--version"]) && has(&python(), &["-c", "import pymongo"]);
        if !is_real && !has(&python(), &["-c", "import secantus, pymongo"]) {
            assert!(
                std::env::var("KEFU_REQUIRE_PEERS").as_deref() != Ok("1"),
                "there is no server of MongoDB"
            );
            eprintln!("SKIPPED: there is neither mongod nor SecantusDB (PyPI)");
            return None;
        }
        let dir = TempDir::new().unwrap();
        let port = free_port();
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let child = Self::spawn(dir.path(), port, &options, is_real);
        let mut server = Self { dir, child, port, options, is_real };
        server.wait();
        Some(server)
    }

    fn spawn(dir: &Path, port: u16, options: &[String], is_real: bool) -> Child {
        let log = std::fs::File::options().create(true).append(true).open(dir.join("log")).unwrap();
        let data = dir.join("data");
        std::fs::create_dir_all(&data).unwrap();
        let mut command = if is_real {
            let mut command = Command::new("mongod");
            command.args(["--bind_ip", "127.0.0.1", "--replSet", "rs", "--dbpath"]).arg(&data);
            command
        } else {
            let mut command = Command::new(python());
            command
                .args(["-m", "secantus", "--host", "127.0.0.1", "--sync-on-commit", "--storage-path"])
                .arg(&data);
            command.args(options);
            command
        };
        command.arg("--port").arg(port.to_string());
        command.stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    fn wait(&mut self) {
        eventually("MongoDB answers", || {
            let answer = std::net::TcpStream::connect(("127.0.0.1", self.port)).ok();
            if let Some(status) = self.child.try_wait().unwrap() {
                let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap();
                panic!("the server ended with {status}: {log}");
            }
            answer
        });
        if self.is_real {
            self.run(
                "import pymongo
admin = pymongo.MongoClient(client.address[0], client.address[1], directConnection=True).admin
try: admin.command('replSetInitiate')
except pymongo.errors.OperationFailure as error: assert error.code == 23",
            );
        }
    }

    /// Kills the server and starts it again on its data.
    pub(crate) fn crash(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = Self::spawn(self.dir.path(), self.port, &self.options, self.is_real);
        self.wait();
    }

    /// Its address, with the database `old`.
    pub(crate) fn url(&self) -> String {
        format!("mongodb://127.0.0.1:{}/old", self.port)
    }

    /// A client that runs a script of Python, in which `db` is the database `old`.
    pub(crate) fn client(&self) -> Command {
        const BEFORE: &str = "
import sys, json, datetime, pymongo, bson
from bson import ObjectId, Int64, Decimal128, Binary, MinKey, Timestamp
client = pymongo.MongoClient('127.0.0.1', int(sys.argv[1]), directConnection=True, serverSelectionTimeoutMS=20000)
db = client.old
oid = lambda number: ObjectId('%024x' % number)
at = lambda second: datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=second)
exec(sys.stdin.read())
";
        let mut command = Command::new(python());
        command.args(["-c", BEFORE]).arg(self.port.to_string()).env("PYTHONIOENCODING", "utf-8");
        command
    }

    /// Runs a script; returns what it prints.
    #[track_caller]
    pub(crate) fn run(&self, script: &str) -> String {
        let mut client = self.client();
        let mut child =
            client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", super::shown(&output));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Mongodb {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
