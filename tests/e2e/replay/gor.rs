//! What was written for goreplay: middlewares in Python and for the shell, and goreplay itself where it can be had.

use std::{fs, path::Path, process::Command};

use super::{peer::without, replay, replayed, text};

/// A middleware as one writes it for goreplay: it drops what is private, changes a path and marks requests.
pub(crate) const PYTHON: &str = r#"
import sys
import binascii

def process(line):
    message = binascii.unhexlify(line.strip())
    header, payload = message.split(b"\n", 1)
    kind, ident, moment, latency = header.split(b" ")
    if kind == b"1":
        if payload.startswith(b"GET /private"):
            return
        payload = payload.replace(b"GET /old", b"GET /new", 1)
        payload = payload.replace(b"\r\n\r\n", b"\r\nX-Middleware: " + ident[-2:] + b"\r\n\r\n", 1)
    out = b" ".join([kind, ident, moment, latency]) + b"\n" + payload
    sys.stdout.write(binascii.hexlify(out).decode("ascii") + "\n")
    sys.stdout.flush()

for line in sys.stdin:
    process(line)
"#;

/// One for the shell, which says on standard error what it sees.
const SHELL: &str = r#"#!/usr/bin/env bash
function log {
    echo "[seen] $1" >&2
}
while read line; do
    decoded=$(echo -e "$line" | xxd -r -p)
    header=$(echo -e "$decoded" | head -n +1)
    log "$header"
    echo $line
done
"#;

fn recording(dir: &Path) {
    let one = |kind: u8, number: u32, payload: &str| {
        format!(
            "{kind} 0fa000500a000001000003{number:02x} 17000000000{number:02}000000 0 c=10.0.0.1:4000 s=10.0.0.2:80\n{payload}\n🐵🙈🙉\n"
        )
    };
    let all = [
        one(1, 1, "GET /old HTTP/1.1\r\nHost: a\r\n\r\n"),
        one(2, 1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        one(1, 2, "GET /private HTTP/1.1\r\nHost: a\r\n\r\n"),
        one(1, 3, "GET /other HTTP/1.1\r\nHost: a\r\n\r\n"),
    ];
    fs::write(dir.join("in.gor"), all.concat()).unwrap();
}

pub(crate) fn python() -> Option<String> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    if Command::new(&python).arg("--version").output().is_err() {
        without("python3");
        return None;
    }
    Some(python)
}

#[test]
fn a_middleware_in_python_runs_unchanged() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().unwrap();
    recording(dir.path());
    fs::write(dir.path().join("middleware.py"), PYTHON).unwrap();
    let command = format!("{python} middleware.py");
    let line = ["convert", "in.gor", "-o", "out.gor", "--format", "json", "--middleware", &command];
    let output = crate::support::kefu().current_dir(dir.path()).arg("replay").args(line).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["account"]["dropped"]["middleware"], 1, "{report}");
    assert_eq!(
        (report["account"]["seen"].as_u64(), report["account"]["emitted"].as_u64()),
        (Some(4), Some(3))
    );
    let written = fs::read_to_string(dir.path().join("out.gor")).unwrap();
    assert!(
        written.contains("GET /new HTTP/1.1\r\nHost: a\r\nX-Middleware: 01\r\n\r\n\n🐵🙈🙉"),
        "{written}"
    );
    assert!(written.contains(" c=10.0.0.1:4000 s=10.0.0.2:80\nGET /new"), "{written}");
    assert!(!written.contains("private") && written.contains("HTTP/1.1 200 OK"), "{written}");
    // The same by a command line of goreplay.
    let line = ["gor", "--input-file", "in.gor|1000%", "--middleware", &command, "--output-stdout"];
    let output = crate::support::kefu().current_dir(dir.path()).arg("replay").args(line).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("GET /new HTTP/1.1") && !text(&output.stdout).contains("private"));
}

#[test]
fn a_middleware_for_the_shell_runs_unchanged() {
    if ["bash", "xxd"].iter().any(|program| Command::new(program).arg("--version").output().is_err()) {
        without("bash and xxd");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    recording(dir.path());
    fs::write(dir.path().join("echo.sh"), SHELL).unwrap();
    let line = ["convert", "in.gor", "--middleware", "bash echo.sh"];
    let output = crate::support::kefu().current_dir(dir.path()).arg("replay").args(line).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(output.stdout, fs::read(dir.path().join("in.gor")).unwrap());
    assert_eq!(text(&output.stderr).matches("[seen] ").count(), 4);
}

#[test]
fn flags_that_cannot_be_had_say_what_to_use() {
    let dir = tempfile::tempdir().unwrap();
    recording(dir.path());
    for (line, says) in [
        ("gor --input-file in.gor --output-ws ws://a", "--output-tcp"),
        ("gor -input-file in.gor -output-kafka-host a", "kcat"),
        ("gor --input-file in.gor --output-htp a", "unknown flag --output-htp"),
        ("gor --input-file none.gor --output-stdout", "none.gor"),
    ] {
        let output = replay(dir.path(), line);
        assert_ne!(output.status.code(), Some(0), "{line}");
        assert!(text(&output.stderr).contains(says), "{line}: {}", text(&output.stderr));
    }
    let printed =
        replayed(dir.path(), "gor -input-file in.gor -output-stdout -http-allow-url ^/other -verbose 1");
    assert_eq!(printed.matches("🐵🙈🙉").count(), 1, "{printed}");
    let filtered = replayed(dir.path(), "convert in.gor --only-url ^/o --not-url ^/other --set-header X:y");
    assert_eq!((filtered.matches("X: y").count(), filtered.matches("🐵🙈🙉").count()), (1, 2), "{filtered}");
}
