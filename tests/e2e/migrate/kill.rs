//! `kill -9` at any moment, again and again: in the end every row is here once, and nothing else is.

use std::time::Duration;

use super::{Migration, dispositions, gofly, mariadb::Mariadb};
use crate::support::random::{Random, Seed, scale};

const GOFLY: &str = "\
version: 1
preset: gofly
sources:
  old: { kind: mysql, url_env: OLD_MYSQL_URL }
target: { data_dir: data, orphans: detach }
copy: { rows: 200 }
";

/// Conversations that have rows of their own: such a table goes on where it was.
const GENERIC: &str = "\
version: 1
sources:
  old: { kind: mysql, url_env: OLD_MYSQL_URL }
target: { data_dir: data, orphans: detach }
copy: { rows: 200 }
tables:
  - { from: user, to: agent, key: [name], columns: { name: name }, fields: { email: { template: '{name}@old' } } }
  - { from: visitor, to: visitor, key: [visitor_id], columns: { external_id: visitor_id, name: name } }
  - { from: talk, to: conversation, columns: { visitor: visitor_id, created_at: created_at } }
  - from: message
    to: message
    columns: { text: content, occurred_at: created_at, conversation: visitor_id }
    fields:
      sender: { column: mes_type, map: { kefu: agent, visitor: visitor } }
      agent: { column: kefu_id }
";

fn killed(yaml: &str, tables: &str) {
    let Some(mariadb) = Mariadb::start() else { return };
    gofly::fill(&mariadb, 40, 12_000);
    mariadb.old(tables);
    let seed = Seed::choose();
    let mut random = Random::new(seed.0);
    let migration = Migration::of_server(yaml, &mariadb.url());
    let mut kills = 0;
    while kills < scale("KEFU_MIGRATE_KILLS", 12) {
        let mut child = migration.start(&["run"]);
        std::thread::sleep(Duration::from_millis(random.below(900)));
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            kills += 1;
        }
        child.wait().unwrap();
    }
    // An even end, whichever pass the last kill was in.
    let report = migration.report(&["run"], 0);
    assert_eq!(dispositions(&report, "old/message"), [12_000, 0, 0]);
    assert_eq!(gofly::said_here(&migration), gofly::said_there(&mariadb));
    gofly::assert_sound(&migration);
    assert_eq!(migration.query("PRAGMA integrity_check")[0][0], "ok");
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
}

#[test]
fn killed_at_any_moment_it_goes_on_and_ends_with_every_row_once() {
    killed(
        GENERIC,
        "CREATE TABLE talk (visitor_id varchar(100) PRIMARY KEY, created_at datetime) DEFAULT CHARSET=utf8 AS SELECT visitor_id, created_at FROM visitor",
    );
}

#[test]
fn killed_while_conversations_are_made_of_messages_it_makes_the_same_ones() {
    killed(GOFLY, "SELECT 1");
}

#[test]
fn a_stop_ends_at_a_transaction_and_prints_the_command_that_goes_on() {
    let Some(mariadb) = Mariadb::start() else { return };
    gofly::fill(&mariadb, 40, 20_000);
    let yaml = GOFLY.replace("rows: 200", "rows: 20");
    // Slow, so that it can be stopped half-way.
    let slow = format!("{yaml}throttle: {{ rows_per_second: 300 }}\n");
    let migration = Migration::of_server(&slow, &mariadb.url());
    let child = migration.start_heard(&["run"]);
    crate::support::random::eventually("some rows are here", || {
        let status = migration.run(&["status", "--format", "json"]);
        let status: serde_json::Value = serde_json::from_slice(&status.stdout).ok()?;
        let tables = status["tables"].as_array()?;
        tables
            .iter()
            .any(|table| table["table"] == "old/message" && table["rows"].as_u64() > Some(0))
            .then_some(())
    });
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("stopped; go on with `kefu migrate run -f "), "{said}");
    migration.write(&yaml);
    migration.report(&["run"], 0);
    assert_eq!(gofly::said_here(&migration), gofly::said_there(&mariadb));
}
