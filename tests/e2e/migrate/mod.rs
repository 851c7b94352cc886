//! `kefu migrate`, against dumps and, where there are any, a real MariaDB and a server of MongoDB. What is in the store afterwards is told by
//! plain SQL of Python's own `sqlite3`, which knows nothing of kefu.

mod bad_input;
mod cutover;
mod dump;
mod flow_back;
mod flow_back_inboxes;
mod flow_back_mongo;
mod follow;
mod follow_kill;
mod gofly;
mod inboxes;
mod kill;
pub(crate) mod mariadb;
mod mongo;
pub(crate) mod mongodb;
mod passwords;
mod sql;
mod types;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{kefu, random::patience, shim::Shim};

/// The Python that has the tools of the tests: `PYTHON`, or `python3`.
pub(crate) fn python() -> String {
    std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// A migration file and the store that it fills.
pub(crate) struct Migration {
    dir: TempDir,
    /// Variables of the environment.
    variables: Vec<(String, String)>,
}

impl Migration {
    pub(crate) fn new(yaml: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let migration = Self { dir, variables: Vec::new() };
        migration.write(yaml);
        migration
    }

    /// With the address of a server in the variable `OLD_MYSQL_URL`.
    pub(crate) fn of_server(yaml: &str, url: &str) -> Self {
        Self::with(yaml, &[("OLD_MYSQL_URL", url)])
    }

    /// With these variables.
    pub(crate) fn with(yaml: &str, variables: &[(&str, &str)]) -> Self {
        let mut migration = Self::new(yaml);
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        migration.variables.extend(variables);
        migration
    }

    pub(crate) fn write(&self, yaml: &str) {
        std::fs::write(self.path().join("migrate.yaml"), yaml).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Runs `kefu migrate …` on the file.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let mut command = kefu();
        command.arg("migrate").args(args).arg("-f").arg(self.path().join("migrate.yaml"));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.output().unwrap()
    }

    /// The same, over a file layer that can have the disk full.
    pub(crate) fn run_on(&self, shim: &Shim, args: &[&str]) -> Output {
        let mut command = self.process(args);
        shim.apply(&mut command, &self.data());
        command.stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap()
    }

    /// The same as a process that can be killed.
    pub(crate) fn start(&self, args: &[&str]) -> std::process::Child {
        self.process(args).stderr(Stdio::null()).spawn().unwrap()
    }

    /// The same, and what it says is kept.
    pub(crate) fn start_heard(&self, args: &[&str]) -> std::process::Child {
        self.process(args).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn process(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kefu"));
        command.arg("migrate").args(args).arg("-f").arg(self.path().join("migrate.yaml"));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdout(Stdio::null());
        command
    }

    /// Runs it, expects this exit code, and reads its report.
    #[track_caller]
    pub(crate) fn report(&self, args: &[&str], code: i32) -> Value {
        let output = self.run(&[args, &["--format", "json"]].concat());
        assert_eq!(output.status.code(), Some(code), "{}", shown(&output));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", shown(&output)))
    }

    /// Runs it, expects this exit code, and returns what it said on standard error.
    #[track_caller]
    pub(crate) fn refusal(&self, args: &[&str], code: i32) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(code), "{}", shown(&output));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// The dead letters.
    #[track_caller]
    pub(crate) fn letters(&self) -> Vec<Value> {
        let output = self.run(&["dead-letter", "list"]);
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        let lines = String::from_utf8(output.stdout).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Asks again and again until it is so; panics with what is not when patience ends, which begins anew while changes come.
    #[track_caller]
    pub(crate) fn until_followed(&self, mut ask: impl FnMut() -> Result<(), String>) {
        let (begun, mut known, mut moved) = (Instant::now(), Value::Null, Instant::now());
        while let Err(problem) = ask() {
            let changes = self.report(&["status"], 0)["sources"][0]["changes"].take();
            if changes != known {
                (known, moved) = (changes, Instant::now());
            }
            assert!(moved.elapsed() < patience() && begun.elapsed() < patience() * 10, "{problem}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// The rows of a query on the store, each as its columns.
    #[track_caller]
    pub(crate) fn query(&self, sql: &str) -> Vec<Vec<Value>> {
        // Whoever may write would also close the store, if it is the last: that is left to kefu.
        const SCRIPT: &str = "import json, pathlib, sqlite3, sys
mode = 'ro' if sys.argv[2].lstrip().startswith(('SELECT', 'PRAGMA')) else 'rw'
uri = pathlib.Path(sys.argv[1]).absolute().as_uri() + '?mode=' + mode
db = sqlite3.connect(uri, timeout=60, uri=True)
db.text_factory = str
for row in db.execute(sys.argv[2]):
    print(json.dumps([v.hex() if isinstance(v, bytes) else v for v in row], ensure_ascii=False))
db.commit()";
        let output = Command::new(python())
            .args(["-c", SCRIPT])
            .arg(self.data().join("kefu.db"))
            .arg(sql)
            .env("PYTHONIOENCODING", "utf-8")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", shown(&output));
        let lines = String::from_utf8(output.stdout).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

pub(crate) fn shown(output: &Output) -> String {
    format!(
        "{}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A table of a report.
#[track_caller]
pub(crate) fn table<'r>(report: &'r Value, name: &str) -> &'r Value {
    let tables = report["tables"].as_array().unwrap();
    tables.iter().find(|table| table["table"] == name).unwrap_or_else(|| panic!("no {name} in {report:#}"))
}

/// What became of the rows of a table: mapped, filtered, dead.
#[track_caller]
pub(crate) fn dispositions(report: &Value, name: &str) -> [u64; 3] {
    let table = table(report, name);
    ["mapped", "filtered", "dead"].map(|word| table[word].as_u64().unwrap())
}
