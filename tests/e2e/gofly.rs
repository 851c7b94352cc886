//! A real go-fly, where somebody runs one on this machine: `KEFU_GOFLY` is its address, such as `http://127.0.0.1:8081`,
//! and `KEFU_GOFLY_MYSQL` that of its database. It is loaded, recorded, held against a rehearsal, and brought over. Its tables
//! get agents, visitors and messages: name one that nobody needs.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::{Value, json};

use crate::{
    migrate::{Migration, dispositions},
    support::{kefu, server::Place},
};

const PASSWORD: &str = "correct horse battery staple";

/// Where go-fly is and where its database is; says why the test is skipped where there is none.
fn gofly() -> Option<(String, String)> {
    let there = std::env::var("KEFU_GOFLY").and_then(|url| Ok((url, std::env::var("KEFU_GOFLY_MYSQL")?)));
    if there.is_err() {
        eprintln!("SKIPPED: KEFU_GOFLY and KEFU_GOFLY_MYSQL name no go-fly");
    }
    there.ok()
}

fn run(dir: &Path, words: &[&str]) -> Output {
    kefu().current_dir(dir).env_remove("GITHUB_STEP_SUMMARY").args(words).output().unwrap()
}

fn report(output: &Output, code: i32) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{}{said}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// A proxy that records; gives it and its address.
fn recorder(dir: &Path, upstream: &str) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kefu"))
        .current_dir(dir)
        .env("KEFU_LANG", "en")
        .args(["replay", "mirror", "--listen", "127.0.0.1:0", "--upstream", upstream, "-o", "old.gor"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let address = line.trim().rsplit(' ').next().unwrap().to_owned();
    std::thread::spawn(move || said.read_to_end(&mut Vec::new()));
    (child, address)
}

/// Loads it by its own protocol; `name` tells the agents and visitors of this run from those of others.
fn load(dir: &Path, url: &str, name: &str, rate: [&str; 2]) -> Value {
    let set = format!("run={name}");
    let words = ["bench", "run", "gofly", "--target", url, "--set", &set, "-r", rate[0], "-d", rate[1]];
    report(&run(dir, &[&words[..], &["--warmup", "0s", "--format", "json"]].concat()), 0)
}

#[test]
fn a_real_go_fly_is_loaded_recorded_rehearsed_and_brought_over() {
    let Some((url, mysql)) = gofly() else { return };
    let dir = tempfile::tempdir().unwrap();
    let name = format!("t{}", std::process::id());

    let loaded = load(dir.path(), &url, &format!("{name}l"), ["10", "2s"]);
    assert_eq!(loaded["flows"]["conversation"], json!({"done": 20, "failed": 0}), "{loaded:#}");

    let (mut recorder, address) = recorder(dir.path(), &url);
    // One agent after the other, so that nobody but the one whom a visitor chose can get the conversation.
    let recorded = load(dir.path(), &format!("http://{address}"), &name, ["1", "4s"]);
    assert_eq!(recorded["flows"]["conversation"], json!({"done": 4, "failed": 0}), "{recorded:#}");
    assert!(Command::new("kill").arg(recorder.id().to_string()).status().unwrap().success());
    assert!(recorder.wait().unwrap().success());

    let place = Place::new();
    let server = place.start_with(&["--shadow"]);
    let admin = server.sign_in();
    for number in 0..4 {
        let agent = json!({"email": format!("bench-{name}-{number}@go-fly.invalid"), "name": "Bench",
            "password": PASSWORD, "role": "agent"});
        server.call("POST", "/api/v1/agents", Some(&admin), Some(&agent)).expect(201);
    }
    fs::write(dir.path().join("password"), PASSWORD).unwrap();
    let candidate = format!("http://{}", server.address);
    let words =
        ["replay", "diff", "old.gor", "--candidate", &candidate, "--unsafe-methods", "--translate", "gofly"];
    let rules = ["--rules", "gofly", "--setting", "agent_password=@password", "--format", "json"];
    let compared = report(&run(dir.path(), &[&words[..], &rules[..]].concat()), 0);
    assert_eq!((&compared["differences"], &compared["unanswered"]), (&json!([]), &json!(0)), "{compared:#}");
    // Of each conversation four calls (signing in, coming, asking and answering), three messages and a sign of life.
    assert_eq!(compared["compared"], 4 * 8, "{compared:#}");

    let yaml = "version: 1\npreset: gofly\nsources:\n  old: { kind: mysql, url_env: OLD_MYSQL_URL }\n\
        target: { data_dir: data, orphans: detach }\n";
    let migration = Migration::of_server(yaml, &mysql);
    let brought = migration.report(&["run"], 0);
    let [mapped, filtered, dead] = dispositions(&brought, "old/message");
    assert!(mapped >= 48 && (filtered, dead) == (0, 0), "{brought:#}");
    let said = migration.query(&format!("SELECT count(*) FROM log WHERE text LIKE '%-{name}-%'"));
    assert_eq!(said[0][0], 8, "two of each conversation that was recorded");
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
}
