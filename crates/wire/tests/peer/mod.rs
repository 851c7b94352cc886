//! Programs in other languages, which answer each line of JSON with one.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::Value;

/// What runs a peer.
pub(crate) struct Interpreter<'a> {
    /// The variable that names another one, and the usual one.
    pub(crate) program: (&'a str, &'a str),
    /// Arguments with which it says whether it has what the peer needs.
    pub(crate) check: [&'a str; 2],
    /// What that is.
    pub(crate) needs: &'a str,
}

/// A peer that runs.
pub(crate) struct Peer {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts a script of this folder, if what it needs is on this machine.
    pub(crate) fn start(interpreter: &Interpreter<'_>, script: &str, arguments: &[&str]) -> Option<Self> {
        let Interpreter { program: (variable, usual), check, needs } = interpreter;
        let program = std::env::var(variable).unwrap_or_else(|_| (*usual).to_owned());
        let found = Command::new(&program).args(check).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            // Past the capture of output, so that it is seen.
            drop(writeln!(std::io::stderr(), "SKIPPED: {program} with {needs} is not on this machine"));
            return None;
        }
        let mut child = Command::new(&program)
            .arg(format!("{}/tests/{script}", env!("CARGO_MANIFEST_DIR")))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it was just found");
        let requests = child.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Some(Self { child, requests, answers })
    }

    pub(crate) fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.requests, "{request}").expect("the peer reads");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the peer answers");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no answer to {request}: {line}"))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}
