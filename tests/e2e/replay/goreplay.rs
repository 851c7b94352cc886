//! goreplay itself, which scripts/test builds where Go is: it replays what kefu has written and kefu reads what it has
//! written, to the last record, and one middleware runs with both.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use super::{
    gor::{PYTHON, python},
    live::{Echo, recording},
    messages,
    peer::{Process, without},
    replayed,
};
use crate::support::random::eventually;

const RECORDS: u64 = 60;
const SEPARATOR: &str = "\n🐵🙈🙉\n";

fn goreplay() -> Option<PathBuf> {
    let path = std::env::var_os("KEFU_GOREPLAY").map_or_else(|| "gor".into(), PathBuf::from);
    if Command::new(&path).arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        without("goreplay");
        return None;
    }
    Some(path)
}

/// A goreplay that runs until its test is over; what it says on standard output and error is in files of these names.
fn start(program: &Path, dir: &Path, args: &[&str]) -> Process {
    let child = Command::new(program)
        .current_dir(dir)
        .args(args)
        .stdin(Stdio::null())
        .stdout(File::create(dir.join("stdout")).unwrap())
        .stderr(File::create(dir.join("stderr")).unwrap())
        .spawn();
    Process(child.unwrap())
}

/// Waits until it has written so many records to its standard output.
fn written(dir: &Path, count: u64) {
    eventually("what goreplay writes", || {
        let text = fs::read(dir.join("stdout")).unwrap();
        let text = String::from_utf8_lossy(&text).into_owned();
        (text.matches(SEPARATOR).count() as u64 >= count).then_some(())
    });
}

/// How many messages there are of each kind, target or status, and body.
fn counted(messages: &[Value]) -> BTreeMap<String, u64> {
    let mut counted = BTreeMap::new();
    for message in messages {
        let field = |name: &str| message[name].to_string();
        let text = ["type", "target", "status", "body"].map(field).join(" ");
        *counted.entry(text).or_default() += 1;
    }
    counted
}

#[test]
fn every_flag_that_goreplay_tells_of_is_taken_or_says_what_to_use() {
    let Some(program) = goreplay() else { return };
    let told = Command::new(&program).arg("--help").output().unwrap();
    let told = String::from_utf8([told.stdout, told.stderr].concat()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut count = 0;
    for line in told.lines().filter_map(|line| line.strip_prefix("  -")) {
        let name = line.split_whitespace().next().unwrap();
        // What follows would be the value of a flag that takes one.
        let output = super::replay(dir.path(), &format!("gor --{name}=x"));
        let said = String::from_utf8(output.stderr).unwrap();
        // The line is refused, or where it leads is not there.
        assert!(matches!(output.status.code(), Some(64 | 69)), "--{name}: {said}");
        assert!(!said.contains("unknown flag"), "--{name}: {said}");
        count += 1;
    }
    assert!(count > 80, "{told}");
}

#[test]
fn goreplay_replays_what_kefu_has_written() {
    let Some(program) = goreplay() else { return };
    let dir = tempfile::tempdir().unwrap();
    recording(dir.path(), RECORDS);
    replayed(dir.path(), "convert in.gor -o ours.gor.gz");
    let server = Echo::start();
    let target = format!("http://127.0.0.1:{}", server.port);
    let _gor =
        start(&program, dir.path(), &["--input-file", "ours.gor.gz", "--output-http", target.as_str()]);
    eventually("every request", || (server.asked().len() as u64 >= RECORDS).then_some(()));
    let mut expected: Vec<String> = (0..RECORDS).map(|number| format!("/live/{number}")).collect();
    expected.sort();
    assert_eq!(server.asked(), expected);
}

#[test]
fn kefu_reads_the_files_of_goreplay_to_the_last_record() {
    let Some(program) = goreplay() else { return };
    let dir = tempfile::tempdir().unwrap();
    recording(dir.path(), RECORDS);
    // It ends a file only when it ends itself.
    let args = ["--input-file", "in.gor", "--output-file", "theirs.gor", "--exit-after", "3s"];
    let mut gor = start(&program, dir.path(), &args);
    assert!(gor.0.wait().unwrap().success());
    let theirs = messages(dir.path(), "theirs*.gor");
    assert_eq!(counted(&theirs), counted(&messages(dir.path(), "in.gor")));
}

#[test]
fn kefu_reads_what_goreplay_captures() {
    let Some(program) = goreplay() else { return };
    let dir = tempfile::tempdir().unwrap();
    recording(dir.path(), RECORDS);
    let server = Echo::start();
    let address = format!("127.0.0.1:{}", server.port);
    let args = [
        "--input-raw",
        &address,
        "--input-raw-track-response",
        "--output-stdout",
        "--output-file",
        "theirs.gor",
    ];
    let mut gor = start(&program, dir.path(), &args);
    let is_listening = eventually("goreplay's capture", || {
        let said = ["stdout", "stderr"].map(|name| fs::read(dir.path().join(name)).unwrap()).concat();
        let has_ended = gor.0.try_wait().unwrap().is_some();
        (String::from_utf8_lossy(&said).contains("BPF Filter") || has_ended).then_some(!has_ended)
    });
    if !is_listening {
        return without("a capture by goreplay");
    }
    replayed(dir.path(), &format!("run in.gor -t http://{address} --rate 200 --no-mark --timeout 60s"));
    written(dir.path(), 2 * RECORDS);
    // It ends a file only when it ends itself.
    let pid = gor.0.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    gor.0.wait().unwrap();
    let report = replayed(dir.path(), "inspect theirs*.gor --format json");
    let report: Value = serde_json::from_str(&report).unwrap();
    for name in ["requests", "responses", "pairs"] {
        assert_eq!(report[name], RECORDS, "{name}: {report:#}");
    }
}

#[test]
fn a_middleware_does_the_same_with_goreplay_and_with_kefu() {
    let (Some(program), Some(python)) = (goreplay(), python()) else { return };
    let dir = tempfile::tempdir().unwrap();
    let one = |number: u32, target: &str| {
        let (id, time) = (format!("0fa000500a000001000003{number:02x}"), 17_000_000_000 + u64::from(number));
        format!("1 {id} {time}00000000 0\nGET {target} HTTP/1.1\r\nHost: a\r\n\r\n{SEPARATOR}")
    };
    let all = [one(1, "/old"), one(2, "/private"), one(3, "/other"), one(4, "/old/more")];
    fs::write(dir.path().join("in.gor"), all.concat()).unwrap();
    fs::write(dir.path().join("middleware.py"), PYTHON).unwrap();
    let command = format!("{python} middleware.py");
    let args = ["--input-file", "in.gor", "--middleware", &command, "--output-stdout"];
    let gor = start(&program, dir.path(), &args);
    written(dir.path(), 3);
    drop(gor);
    fs::rename(dir.path().join("stdout"), dir.path().join("theirs.gor")).unwrap();
    let line = ["replay", "convert", "in.gor", "-o", "ours.gor", "--middleware", &command];
    let output = crate::support::kefu().current_dir(dir.path()).args(line).output().unwrap();
    assert!(output.status.success());
    let of = |file: &str| {
        let told = |message: &Value| format!("{} {}", message["target"], message["headers"]);
        let mut all: Vec<String> = messages(dir.path(), file).iter().map(told).collect();
        all.sort();
        all
    };
    assert_eq!(of("ours.gor"), of("theirs.gor"));
    assert_eq!(of("ours.gor").len(), 3);
}
