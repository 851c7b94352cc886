//! `kefu migrate run --follow`: what changes at the source is here a moment later, whatever its keys are.

use std::process::{Child, Command};

use serde_json::{Value, json};

use super::{Migration, dispositions, gofly, mariadb::Mariadb, shown, table};
use crate::support::random::eventually;

pub(super) const YAML: &str = "\
version: 1
sources:
  old: { kind: mysql, url_env: OLD_MYSQL_URL }
target: { data_dir: data, orphans: detach }
copy: { rows: 200 }
tables:
  - { from: visitor, to: visitor, columns: { external_id: code, name: name } }
  - { from: talk, to: conversation, columns: { visitor: visitor_id, created_at: created_at } }
  - from: message
    to: message
    columns: { text: content, occurred_at: created_at, conversation: talk_id }
    fields:
      sender: { column: side, map: { kefu: bot, visitor: visitor } }
    filter:
      - { column: deleted, is: ['0'] }
";

pub(super) const SCHEMA: &str = "
CREATE TABLE visitor (id int unsigned AUTO_INCREMENT PRIMARY KEY, code varchar(40) NOT NULL UNIQUE, name varchar(40))
    DEFAULT CHARSET=utf8mb4;
CREATE TABLE talk (id int AUTO_INCREMENT PRIMARY KEY, visitor_id int unsigned NOT NULL, created_at datetime);
CREATE TABLE message (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, talk_id int NOT NULL, content varchar(400),
    side enum('kefu','visitor'), created_at datetime, deleted tinyint NOT NULL DEFAULT 0) DEFAULT CHARSET=utf8mb4;
INSERT INTO visitor (code, name) SELECT CONCAT('v-', seq), '访客 🙂' FROM seq_1_to_20;
INSERT INTO talk (visitor_id, created_at) SELECT seq, '2026-01-01' FROM seq_1_to_20;
INSERT INTO message (talk_id, content, side, created_at)
    SELECT seq % 20 + 1, CONCAT('m-', seq), IF(seq % 2, 'kefu', 'visitor'), '2026-01-01' + INTERVAL seq SECOND
    FROM seq_1_to_1500;
";

/// What the old system says: text, visitor, side, second.
pub(super) fn said_there(mariadb: &Mariadb) -> Vec<Value> {
    let rows = mariadb.old(
        "SELECT content, code, IF(side = 'visitor', 0, 2), TIMESTAMPDIFF(SECOND, '1970-01-01', message.created_at)
         FROM message JOIN talk ON talk.id = talk_id JOIN visitor ON visitor.id = visitor_id
         WHERE deleted = 0 ORDER BY BINARY content",
    );
    let read = |line: &str| {
        let parts: Vec<_> = line.split('\t').collect();
        let number = |text: &str| text.parse::<i64>().unwrap();
        json!([parts[0], parts[1], number(parts[2]), number(parts[3])])
    };
    rows.lines().map(read).collect()
}

/// The same of the store; what was taken away is not there.
pub(super) fn said_here(migration: &Migration) -> Vec<Value> {
    let rows = migration.query(
        "SELECT text, visitor.external_id, sender_kind, log.created_at / 1000000
         FROM log JOIN conversation ON conversation.key = log.conversation
         JOIN visitor ON visitor.key = conversation.visitor WHERE revision = 0 AND event IS NULL ORDER BY text",
    );
    rows.into_iter().map(Value::Array).collect()
}

/// A migrator that follows, stopped with the test.
pub(super) struct Follower(Option<Child>);

impl Follower {
    pub(super) fn start(migration: &Migration) -> Self {
        Self::of(migration.start_heard(&["run", "--follow"]))
    }

    /// One that was started.
    pub(super) fn of(child: Child) -> Self {
        Self(Some(child))
    }

    /// Stops it in order.
    #[track_caller]
    pub(super) fn stop(mut self) -> String {
        let child = self.0.take().unwrap();
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", shown(&output));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Kills it.
    pub(super) fn kill(self) {
        drop(self);
    }

    /// Waits until it ends by itself.
    #[track_caller]
    pub(super) fn ended(mut self, code: i32) -> String {
        let output = self.0.take().unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", shown(&output));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// Waits until the source is followed.
#[track_caller]
pub(super) fn following(migration: &Migration) -> Value {
    eventually("the source is followed", || {
        let output = migration.run(&["status", "--format", "json"]);
        let status: Value = serde_json::from_slice(&output.stdout).ok()?;
        (status["sources"][0]["state"] == "following").then_some(status)
    })
}

/// Waits until a query of the store says this.
#[track_caller]
fn until(migration: &Migration, sql: &str, wanted: &Value) {
    let mut last = Value::Null;
    let deadline = std::time::Instant::now() + crate::support::random::patience();
    while std::time::Instant::now() < deadline {
        last = json!(migration.query(sql));
        if last == *wanted {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("{sql}: {last}, and not {wanted}");
}

#[test]
fn what_changes_at_the_source_is_here_a_moment_later() {
    let Some(mariadb) = Mariadb::logging() else { return };
    mariadb.old(SCHEMA);
    let migration = Migration::of_server(YAML, &mariadb.url());
    let plan = migration.report(&["plan"], 0);
    assert_eq!(plan["sources"][0]["follow_obstacles"], json!([]));
    let follower = Follower::start(&migration);
    following(&migration);
    mariadb.old(
        "INSERT INTO visitor (id, code, name) VALUES (100, 'v-new', 'new');
         INSERT INTO talk (id, visitor_id, created_at) VALUES (100, 100, '2026-02-01');
         INSERT INTO message (id, talk_id, content, side, created_at) VALUES
            (18446744073709551600, 100, 'm-new 退款', 'visitor', '2026-02-01'), (9001, 3, 'm-old', 'kefu', '2026-02-01');
         UPDATE message SET content = 'm-1 changed' WHERE id = 1;
         DELETE FROM message WHERE id = 2;
         UPDATE message SET id = 9100 WHERE id = 3;
         UPDATE message SET deleted = 1 WHERE id = 4;
         UPDATE visitor SET name = 'renamed' WHERE id = 1;
         START TRANSACTION; INSERT INTO message (id, talk_id, content) VALUES (9200, 1, 'never'); ROLLBACK;
         FLUSH BINARY LOGS;
         DELETE FROM message WHERE id = 5; INSERT INTO message VALUES (5, 6, 'm-5 again', 'kefu', '2026-03-01', 0);
         UPDATE message SET deleted = 0 WHERE id = 4;
         UPDATE message SET deleted = 1 WHERE id = 6;",
    );
    eventually("both sides are the same", || (said_here(&migration) == said_there(&mariadb)).then_some(()));
    until(&migration, "SELECT name FROM visitor WHERE external_id = 'v-1'", &json!([["renamed"]]));
    // A deleted visitor has no name any more, and what it wrote is still in its place.
    mariadb.old("DELETE FROM visitor WHERE id = 100");
    until(&migration, "SELECT count(*) FROM visitor WHERE external_id = 'v-new'", &json!([[0]]));
    let said = follower.stop();
    assert!(said.contains("following old: "), "{said}");
    assert!(said.contains("stopped; go on with `kefu migrate run -f "), "{said}");
    assert!(said.contains(" --follow`"), "{said}");
    mariadb.old("INSERT INTO visitor (id, code, name) VALUES (100, 'v-new', 'back')");

    // What came while it was away comes when it goes on, and nothing is read twice.
    let follower = Follower::start(&migration);
    until(&migration, "SELECT name FROM visitor WHERE external_id = 'v-new'", &json!([["back"]]));
    follower.stop();
    let status = migration.report(&["status"], 0);
    assert_eq!(table(&status, "old/message")["pass"], 1);
    assert_eq!(table(&status, "old/message")["gone"], 2);
    assert_eq!(dispositions(&status, "old/visitor"), [21, 0, 0]);
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
    assert_eq!(migration.query("PRAGMA integrity_check")[0][0], "ok");
}

#[test]
fn keys_of_all_kinds_are_followed() {
    let Some(mariadb) = Mariadb::logging() else { return };
    mariadb.old(
        "CREATE TABLE a (k binary(8) PRIMARY KEY, name varchar(20), mail varchar(20));
         CREATE TABLE b (k varchar(20) CHARACTER SET latin1 PRIMARY KEY, name varchar(20));
         CREATE TABLE c (x mediumint, y char(10) CHARACTER SET gbk, name varchar(20), PRIMARY KEY (x, y));
         CREATE TABLE d (pad decimal(20,6), at datetime(3), f float, b bit(9), t text, e enum('x','y'), g json,
            k varchar(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, name varchar(20));",
    );
    let yaml = "\
version: 1
sources:
  old: { kind: mysql, url_env: OLD_MYSQL_URL }
target: { data_dir: data }
tables:
  - { from: a, to: agent, columns: { name: name, email: mail } }
  - { from: b, to: visitor, columns: { external_id: k, name: name } }
  - { from: c, to: visitor, columns: { external_id: y, name: name } }
  - { from: d, to: visitor, columns: { external_id: k, name: name } }
";
    let migration = Migration::of_server(yaml, &mariadb.url());
    let follower = Follower::start(&migration);
    following(&migration);
    mariadb.old(
        "INSERT INTO a VALUES (X'0102030000000000', 'one', 'one@x'), (X'0102030000000001', 'two', 'two@x');
         INSERT INTO b VALUES ('café', 'latin'), ('gone', 'gone');
         INSERT INTO c VALUES (-7, '中文', 'gbk'), (-8, '中文', 'other');
         INSERT INTO d VALUES (-1.5, '2026-01-01 10:00:00.123', 1.5, b'101', REPEAT('x', 70000), 'y', '{\"a\":1}', '键1', 'utf8'),
            (NULL, NULL, NULL, NULL, NULL, NULL, NULL, '键', 'other');",
    );
    until(&migration, "SELECT count(*) FROM visitor WHERE name <> ''", &json!([[6]]));
    mariadb.old(
        "UPDATE a SET name = 'uno' WHERE k = X'0102030000000000'; DELETE FROM a WHERE k = X'0102030000000001';
         UPDATE b SET name = 'Latin' WHERE k = 'café'; DELETE FROM b WHERE k = 'gone';
         UPDATE c SET x = -9 WHERE x = -7; DELETE FROM c WHERE x = -8;
         UPDATE d SET name = 'UTF8' WHERE k = '键1'; DELETE FROM d WHERE k = '键';",
    );
    until(&migration, "SELECT name, disabled FROM agent ORDER BY key", &json!([["uno", 0], ["two", 1]]));
    let wanted = json!([["café", "Latin"], ["中文", "gbk"], ["键1", "UTF8"]]);
    until(
        &migration,
        "SELECT external_id, name FROM visitor WHERE external_id IS NOT NULL ORDER BY name = 'UTF8', name = 'gbk'",
        &wanted,
    );
    follower.stop();
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
}

#[test]
fn conversations_made_of_messages_go_on_where_they_were() {
    let Some(mariadb) = Mariadb::logging() else { return };
    gofly::fill(&mariadb, 20, 600);
    let yaml = "\
version: 1
preset: gofly
sources:
  old: { kind: mysql, url_env: OLD_MYSQL_URL }
target: { data_dir: data, orphans: detach }
";
    let migration = Migration::of_server(yaml, &mariadb.url());
    let follower = Follower::start(&migration);
    following(&migration);
    // The second one is within ten minutes of the first one, the third is not.
    let said = |number: u64, visitor: &str, second: u64| {
        mariadb.old(&format!(
            "INSERT INTO message (kefu_id, visitor_id, content, created_at, mes_type)
             VALUES ('agent', '{visitor}', 'm-{number} hi', FROM_UNIXTIME({second}), 'visitor')"
        ));
    };
    for (number, second) in [(1001, 1_780_000_000), (1003, 1_780_000_300), (1005, 1_780_002_000)] {
        said(number, "v-1", second);
        said(number + 1, "v-2", second);
    }
    mariadb.old(
        "INSERT INTO reply_group (group_name, user_id) VALUES ('新', 'agent');
         UPDATE reply_group SET group_name = '问题' WHERE id = 1;
         UPDATE message SET content = 'm-1 changed' WHERE content LIKE 'm-1 %';",
    );
    eventually("both sides are the same", || {
        (gofly::said_here(&migration) == gofly::said_there(&mariadb)).then_some(())
    });
    until(&migration, "SELECT folder FROM canned_reply WHERE title = '发货'", &json!([["问题"]]));
    follower.stop();
    gofly::assert_sound(&migration);
    let made = "SELECT count(DISTINCT conversation) FROM log WHERE text LIKE 'm-100_ hi' AND created_at > 1779000000000000";
    assert_eq!(migration.query(made)[0][0], 4);
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
}

#[test]
fn a_log_that_cannot_be_followed_is_named_with_what_helps() {
    let Some(mariadb) = Mariadb::start() else { return };
    mariadb.old(SCHEMA);
    let migration = Migration::of_server(YAML, &mariadb.url());
    let plan = migration.report(&["plan"], 0);
    assert!(plan["sources"][0]["follow_obstacles"][0].as_str().unwrap().contains("`log_bin`"), "{plan:#}");
    let said = migration.refusal(&["run", "--follow"], 3);
    assert!(said.contains("the server writes no binary log"), "{said}");
    drop(mariadb);

    let options = ["--log-bin=mbin", "--binlog-format=MIXED", "--server-id=7", "--log-bin-compress=ON"];
    let Some(mariadb) = Mariadb::start_with(&options) else { return };
    mariadb.old(SCHEMA);
    mariadb.old("SET GLOBAL binlog_row_image = 'MINIMAL'");
    let yaml = YAML.replace("{ from: visitor,", "{ from: visitor, key: [code],");
    let migration = Migration::of_server(&yaml, &mariadb.url());
    let plan = migration.report(&["plan"], 0);
    let obstacles = plan["sources"][0]["follow_obstacles"].to_string();
    for wanted in [
        "binlog_format is MIXED",
        "SET GLOBAL log_bin_compress = 'OFF'",
        "SET GLOBAL binlog_row_image = 'FULL'",
        "GRANT REPLICATION SLAVE",
    ] {
        assert!(obstacles.contains(wanted), "{wanted}: {obstacles}");
    }
    assert!(migration.refusal(&["run", "--follow"], 3).contains("binlog_format"));
    // Without following it is copied all the same.
    migration.write(YAML);
    migration.report(&["run"], 0);
}

#[test]
fn a_position_that_is_lost_stops_it_and_a_new_copy_finds_what_was_deleted_meanwhile() {
    let Some(mariadb) = Mariadb::logging() else { return };
    mariadb.old(SCHEMA);
    let migration = Migration::of_server(YAML, &mariadb.url());
    let follower = Follower::start(&migration);
    following(&migration);
    follower.stop();
    mariadb.old("DELETE FROM message WHERE id = 7; UPDATE message SET content = 'm-8 changed' WHERE id = 8");
    mariadb.old("FLUSH BINARY LOGS; FLUSH BINARY LOGS");
    // The server keeps a file for as long as it takes somebody for reading it.
    eventually("the file is purged", || {
        mariadb.old("PURGE BINARY LOGS TO 'mbin.000003'");
        (!mariadb.old("SHOW BINARY LOGS").contains("mbin.000001")).then_some(())
    });
    let said = migration.refusal(&["run", "--follow"], 3);
    assert!(said.contains("the server has purged that file"), "{said}");
    assert!(said.contains("kefu migrate run --follow --recopy"), "{said}");

    let follower = Migration::start_heard(&migration, &["run", "--follow", "--recopy"]);
    let follower = Follower(Some(follower));
    eventually("both sides are the same", || (said_here(&migration) == said_there(&mariadb)).then_some(()));
    follower.stop();
    assert_eq!(migration.report(&["verify"], 0)["same"], true);

    // Files of the same names that another history is in are no place to go on at.
    mariadb.old("RESET MASTER");
    mariadb.old("INSERT INTO visitor (code) SELECT CONCAT('w-', seq) FROM seq_1_to_2000");
    mariadb.old("FLUSH BINARY LOGS; FLUSH BINARY LOGS; FLUSH BINARY LOGS; FLUSH BINARY LOGS");
    let said = migration.refusal(&["run", "--follow"], 3);
    assert!(said.contains("cannot follow source `old` from mbin."), "{said}");
}

#[test]
fn a_table_that_is_changed_itself_stops_it() {
    let Some(mariadb) = Mariadb::logging() else { return };
    mariadb.old(SCHEMA);
    let migration = Migration::of_server(YAML, &mariadb.url());
    let follower = Follower::start(&migration);
    following(&migration);
    mariadb.old("CREATE TABLE other LIKE message; ALTER TABLE other ADD COLUMN x int; DROP TABLE other");
    mariadb.old("UPDATE message SET content = 'm-1 changed' WHERE id = 1");
    until(&migration, "SELECT count(*) FROM log WHERE text = 'm-1 changed'", &json!([[1]]));
    mariadb.old("ALTER TABLE message ADD COLUMN mood int FIRST");
    let said = follower.ended(3);
    assert!(said.contains("was changed by `ALTER TABLE message ADD COLUMN mood int FIRST`"), "{said}");
    assert!(said.contains("--recopy"), "{said}");
}

#[test]
fn a_dead_letter_comes_to_life_once_what_it_refers_to_is_there() {
    let Some(mariadb) = Mariadb::logging() else { return };
    mariadb.old(SCHEMA);
    mariadb.old("INSERT INTO message (id, talk_id, content, side, created_at) VALUES (8000, 777, 'early', 'kefu', '2026-01-01')");
    let migration = Migration::of_server(YAML, &mariadb.url());
    let follower = Follower::start(&migration);
    following(&migration);
    assert_eq!(migration.query("SELECT count(*) FROM log WHERE text = 'early'")[0][0], 0);
    mariadb.old("INSERT INTO talk (id, visitor_id, created_at) VALUES (777, 1, '2026-01-01')");
    until(&migration, "SELECT count(*) FROM log WHERE text = 'early'", &json!([[1]]));
    follower.stop();
    assert_eq!(dispositions(&migration.report(&["status"], 0), "old/message"), [1501, 0, 0]);
}

/// A change of a table that becomes several things once changed only one of them.
#[test]
fn a_change_of_a_table_that_becomes_several_things_changes_all_of_them() {
    const CHATS: &str = "\
version: 1
sources:
  old: { kind: mysql, url_env: OLD_MYSQL_URL }
target: { data_dir: data }
tables:
  - { from: chat, alias: guest, to: visitor, columns: { external_id: id, name: nick } }
  - { from: chat, alias: talk, to: conversation, columns: { visitor: id, created_at: began } }
";
    let Some(mariadb) = Mariadb::logging() else { return };
    mariadb.old(
        "CREATE TABLE chat (id int AUTO_INCREMENT PRIMARY KEY, nick varchar(40), began datetime);
         INSERT INTO chat (nick, began) SELECT CONCAT('n-', seq), '2026-01-01' FROM seq_1_to_5",
    );
    let migration = Migration::of_server(CHATS, &mariadb.url());
    let follower = Follower::start(&migration);
    following(&migration);
    mariadb.old(
        "INSERT INTO chat (id, nick, began) VALUES (100, 'new', '2026-02-01');
         UPDATE chat SET nick = 'renamed' WHERE id = 1; DELETE FROM chat WHERE id = 2",
    );
    let people =
        "SELECT external_id, name FROM visitor WHERE external_id IN ('1', '100') ORDER BY external_id";
    until(&migration, people, &json!([["1", "renamed"], ["100", "new"]]));
    let talks =
        "SELECT count(*) FROM conversation JOIN visitor ON visitor.key = visitor WHERE external_id = '100'";
    until(&migration, talks, &json!([[1]]));
    eventually("both are gone", || {
        let status = migration.report(&["status"], 0);
        (table(&status, "old/guest")["gone"] == 1 && table(&status, "old/talk")["gone"] == 1).then_some(())
    });
    follower.stop();
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
}
