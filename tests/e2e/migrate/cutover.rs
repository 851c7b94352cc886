//! `kefu migrate cutover`: nothing that the old system took before its fence is missing behind it.

use std::{io::Write as _, path::Path, process::Stdio};

use serde_json::json;

use super::{
    Migration,
    follow::{Follower, SCHEMA, YAML, following, said_here, said_there},
    mariadb::Mariadb,
};
use crate::support::{random::eventually, server::Place};

/// Copied, followed and compared: ready.
fn ready(mariadb: &Mariadb) -> Migration {
    mariadb.old(SCHEMA);
    let migration = Migration::of_server(YAML, &mariadb.url());
    let follower = Follower::start(&migration);
    following(&migration);
    follower.stop();
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
    migration
}

/// Writes until there is a fence, and says when the last of it is written.
fn write_until_fenced(socket: &Path, dir: &Path) {
    let mut client = Mariadb::client_of(socket).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut input = client.stdin.take().unwrap();
    let mut number = 0;
    loop {
        number += 1;
        let sql = format!(
            "INSERT INTO message (talk_id, content, side, created_at) VALUES ({}, 'w-{number}', 'visitor', '2026-05-01');
             UPDATE message SET content = 'c-{number}' WHERE id = {};\n",
            number % 20 + 1,
            number % 1500 + 1
        );
        input.write_all(sql.as_bytes()).unwrap();
        input.flush().unwrap();
        // After something is written, so that there is always something to be compared.
        if dir.join("fence").exists() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    drop(input);
    client.wait().unwrap();
    std::fs::write(dir.join("quiet"), "").unwrap();
}

#[test]
fn what_was_written_up_to_the_fence_is_behind_it() {
    let Some(mariadb) = Mariadb::logging() else { return };
    let migration = ready(&mariadb);
    let (dir, socket) = (migration.path().to_owned(), mariadb.socket());
    let (fence, quiet) = (dir.join("fence"), dir.join("quiet"));
    let command =
        format!("touch {}; while [ ! -e {} ]; do sleep 0.01; done", fence.display(), quiet.display());
    let writer = std::thread::spawn(move || write_until_fenced(&socket, &dir));
    let report = migration.report(&["cutover", "--fence", &command], 0);
    writer.join().unwrap();
    assert_eq!((&report["cut_over"], &report["obstacles"]), (&json!(true), &json!([])));
    assert!(report["compared"].as_u64() > Some(0), "{report:#}");
    assert!(report["outage_ms"].as_u64() >= report["fence_ms"].as_u64(), "{report:#}");
    assert_eq!(said_here(&migration), said_there(&mariadb));

    // Now what is here counts: nothing more is read, whatever is asked.
    mariadb.old("DELETE FROM message");
    assert_eq!(migration.report(&["cutover", "--fence", "false"], 0)["cut_over"], true);
    for args in [&["run"][..], &["run", "--follow"], &["dead-letter", "retry"]] {
        assert!(migration.refusal(args, 3).contains("taken"), "{args:?}");
    }
    let status = migration.report(&["status"], 0);
    assert_eq!(status["sources"][0]["state"], "cut_over");

    // The way back: the old system counts again, and what it writes from then on comes over.
    let lifted = migration.path().join("lifted");
    let report = migration.report(&["rollback", "--unfence", &format!("touch {}", lifted.display())], 0);
    assert_eq!((&report["was_cut_over"], &report["saved"]), (&json!(true), &json!(0)));
    assert!(lifted.exists());
    assert_eq!(std::fs::read_to_string(report["file"].as_str().unwrap()).unwrap(), "");
    let follower = Follower::start(&migration);
    eventually("both sides are empty", || said_here(&migration).is_empty().then_some(()));
    follower.stop();
}

#[test]
fn a_cutover_that_is_not_ready_says_what_is_missing_and_puts_up_no_fence() {
    let Some(mariadb) = Mariadb::logging() else { return };
    mariadb.old(SCHEMA);
    mariadb.old(
        "INSERT INTO message (talk_id, content, side, created_at) VALUES (999, 'x', 'kefu', '2026-01-01')",
    );
    let (migration, rehearsal) = (Migration::of_server(YAML, &mariadb.url()), Place::new());
    rehearsal.start_with(&["--shadow"]).stop();
    std::os::unix::fs::symlink(rehearsal.path().join("data"), migration.data()).unwrap();
    migration.report(&["run"], 4);
    let fence = format!("touch {}", migration.path().join("fence").display());
    let report = migration.report(&["cutover", "--fence", &fence], 6);
    let obstacles = report["obstacles"].to_string();
    for wanted in
        ["kefu migrate run --follow", "1 rows are dead letters", "compared as a whole lately", "a rehearsal"]
    {
        assert!(obstacles.contains(wanted), "{wanted}: {obstacles}");
    }
    assert!(!migration.path().join("fence").exists());
}

#[test]
fn a_fence_that_fails_changes_nothing_and_a_crash_behind_it_is_repeated() {
    let Some(mariadb) = Mariadb::logging() else { return };
    let migration = ready(&mariadb);
    let said = migration.refusal(&["cutover", "--fence", "exit 3"], 6);
    assert!(said.contains("the fence failed: `exit 3`"), "{said}");
    let said = migration.refusal(&["cutover", "--fence", "exec sleep 60", "--fence-timeout", "50ms"], 6);
    assert!(said.contains("takes longer"), "{said}");
    mariadb.old("UPDATE message SET content = 'm-1 changed' WHERE id = 1");

    let fence = migration.path().join("fence");
    let command = format!("touch {}; exec sleep 10", fence.display());
    let mut child = migration.start(&["cutover", "--fence", &command]);
    eventually("the fence is up", || fence.exists().then_some(()));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(migration.report(&["status"], 0)["sources"][0]["state"], "following");
    assert_eq!(migration.report(&["cutover", "--fence", "true"], 0)["cut_over"], true);
    assert_eq!(said_here(&migration), said_there(&mariadb));
}
