//! `kill -9` of the migrator and of the server while others write: in the end every row is the same.

use std::{
    io::Write as _,
    process::Stdio,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    Migration,
    follow::{Follower, SCHEMA, YAML, following, said_here, said_there},
    mariadb::Mariadb,
};
use crate::support::random::{Random, Seed, scale};

/// Statements of a writer: every message has a number of its own in its text.
fn statements(random: &mut Random, writer: u64, next: &mut u64) -> String {
    let mut sql = String::new();
    for _ in 0..20 {
        *next += 1;
        let number = writer * 1_000_000 + *next;
        let id = 1 + random.below(1500 + *next);
        let talk = 1 + random.below(20);
        let insert = format!(
            "INSERT INTO message (talk_id, content, side, created_at)
             VALUES ({talk}, 'm-{number} 在吗 🙂', 'visitor', '2026-02-01' + INTERVAL {number} SECOND);"
        );
        sql += &match random.below(20) {
            0..=6 => insert,
            7..=11 => format!(
                "UPDATE message SET content = CONCAT('u-{number} ', LEFT(content, 200)) WHERE id = {id};"
            ),
            12..=14 => format!("DELETE FROM message WHERE id = {id};"),
            15 => format!(
                "UPDATE IGNORE message SET id = id + 5000000 + {} WHERE id = {id};",
                random.below(1000)
            ),
            16 => format!("START TRANSACTION; {insert} DELETE FROM message WHERE id = {id}; ROLLBACK;"),
            17 => format!("UPDATE message SET deleted = 1 - deleted WHERE id BETWEEN {id} AND {id} + 3;"),
            18 => format!(
                "START TRANSACTION; INSERT INTO visitor (code, name) VALUES ('w-{number}', 'new');
                 INSERT INTO talk (visitor_id, created_at) VALUES (LAST_INSERT_ID(), '2026-02-01');
                 INSERT INTO message (talk_id, content, side, created_at)
                 VALUES (LAST_INSERT_ID(), 'm-{number} first', 'visitor', '2026-02-01'); COMMIT;"
            ),
            _ => format!("UPDATE visitor SET name = 'n-{number}' WHERE id = {talk};"),
        };
        sql.push('\n');
    }
    if random.below(12) == 0 {
        sql += "FLUSH BINARY LOGS;\n";
    }
    sql
}

/// Writes until it is told to stop, whether or not there is a server.
fn write(client: impl Fn() -> std::process::Command, seed: u64, writer: u64, is_over: &AtomicBool) {
    let mut random = Random::new(seed ^ writer);
    let mut next = 0;
    while !is_over.load(Relaxed) {
        let sql = statements(&mut random, writer, &mut next);
        let child = client().stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut child = child.unwrap();
        drop(child.stdin.take().unwrap().write_all(sql.as_bytes()));
        child.wait().unwrap();
        // Not more than is followed in the end.
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn visitors_there(mariadb: &Mariadb) -> Vec<Value> {
    let rows = mariadb.old("SELECT code, name FROM visitor ORDER BY BINARY code");
    rows.lines().map(|line| line.split('\t').collect::<Vec<_>>()).map(|parts| json!(parts)).collect()
}

fn visitors_here(migration: &Migration) -> Vec<Value> {
    let rows =
        migration.query("SELECT external_id, name FROM visitor WHERE external_id IS NOT NULL ORDER BY 1");
    rows.into_iter().map(Value::Array).collect()
}

#[test]
fn killed_again_and_again_while_others_write_it_loses_nothing() {
    let Some(mut mariadb) = Mariadb::logging() else { return };
    mariadb.old(SCHEMA);
    let seed = Seed::choose();
    let mut random = Random::new(seed.0);
    let migration = Migration::of_server(YAML, &mariadb.url());
    let (kills, crashes) = (scale("KEFU_FOLLOW_KILLS", 6), scale("KEFU_FOLLOW_SERVER_KILLS", 1));
    let is_over = AtomicBool::new(false);
    let client = {
        let socket = mariadb.socket();
        move || Mariadb::client_of(&socket)
    };
    std::thread::scope(|scope| {
        // Whatever panics, the writers end.
        struct Over<'a>(&'a AtomicBool);
        impl Drop for Over<'_> {
            fn drop(&mut self) {
                self.0.store(true, Relaxed);
            }
        }
        let over = Over(&is_over);
        for writer in 1..=2 {
            let (client, is_over) = (&client, &is_over);
            let seed = seed.0;
            scope.spawn(move || write(client, seed, writer, is_over));
        }
        let (mut killed, mut crashed) = (0, 0);
        while killed < kills {
            let mut child = migration.start(&["run", "--follow"]);
            if killed % 3 == 1 {
                // Some of the kills are while it follows, whatever the machine does.
                following(&migration);
            }
            std::thread::sleep(Duration::from_millis(random.below(1500)));
            if crashed < crashes && killed * (crashes + 1) >= kills * (crashed + 1) {
                mariadb.crash();
                crashed += 1;
                std::thread::sleep(Duration::from_millis(random.below(1500)));
            }
            match child.try_wait().unwrap() {
                None => {
                    child.kill().unwrap();
                    killed += 1;
                }
                // It may give up on a server that is away, and nothing else.
                Some(status) => assert_eq!(status.code(), Some(69)),
            }
            child.wait().unwrap();
        }
        drop(over);
    });
    let follower = Follower::start(&migration);
    migration.until_followed(|| {
        let is_same = said_here(&migration) == said_there(&mariadb);
        let is_same = is_same && visitors_here(&migration) == visitors_there(&mariadb);
        is_same.then_some(()).ok_or_else(|| "not every row is the same".to_owned())
    });
    follower.stop();
    assert_eq!(migration.query("PRAGMA integrity_check")[0][0], "ok");
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
    println!("{} rows after {kills} kills and {crashes} crashes", said_there(&mariadb).len());
}
