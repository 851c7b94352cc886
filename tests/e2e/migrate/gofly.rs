use serde_json::{Value, json};

use super::{Migration, dispositions, mariadb::Mariadb, table};
use crate::support::random::Random;

const YAML: &str = "\
version: 1
preset: gofly
sources:
  old: { kind: mysql, url_env: OLD_MYSQL_URL, timezone: Asia/Shanghai }
target: { data_dir: data, orphans: detach }
";

/// The tables of go-fly as they are today.
pub(crate) const SCHEMA: &str = "
CREATE TABLE user (id int(11) NOT NULL AUTO_INCREMENT, name varchar(50) NOT NULL DEFAULT '',
  password varchar(50) NOT NULL DEFAULT '', nickname varchar(50) NOT NULL DEFAULT '',
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at timestamp NULL DEFAULT NULL,
  deleted_at timestamp NULL DEFAULT NULL, avator varchar(100) NOT NULL DEFAULT '',
  PRIMARY KEY (id), UNIQUE KEY idx_name (name)) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE visitor (id int(11) NOT NULL AUTO_INCREMENT, name varchar(50) NOT NULL DEFAULT '',
  avator varchar(500) NOT NULL DEFAULT '', source_ip varchar(50) NOT NULL DEFAULT '',
  to_id varchar(50) NOT NULL DEFAULT '', created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at timestamp NULL DEFAULT NULL, deleted_at timestamp NULL DEFAULT NULL,
  visitor_id varchar(100) NOT NULL DEFAULT '', status tinyint(4) NOT NULL DEFAULT 0,
  refer varchar(500) NOT NULL DEFAULT '', city varchar(100) NOT NULL DEFAULT '',
  client_ip varchar(100) NOT NULL DEFAULT '', extra varchar(2048) NOT NULL DEFAULT '',
  PRIMARY KEY (id), UNIQUE KEY visitor_id (visitor_id)) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE message (id int(11) NOT NULL AUTO_INCREMENT, kefu_id varchar(100) NOT NULL DEFAULT '',
  visitor_id varchar(100) NOT NULL DEFAULT '', content varchar(2048) NOT NULL DEFAULT '',
  created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, updated_at timestamp NULL DEFAULT NULL,
  deleted_at timestamp NULL DEFAULT NULL, mes_type enum('kefu','visitor') NOT NULL DEFAULT 'visitor',
  status enum('read','unread') NOT NULL DEFAULT 'unread', PRIMARY KEY (id),
  KEY kefu_id (kefu_id), KEY visitor_id (visitor_id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE reply_group (id int(11) NOT NULL AUTO_INCREMENT, group_name varchar(50) NOT NULL DEFAULT '',
  user_id varchar(50) NOT NULL DEFAULT '', PRIMARY KEY (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8;
CREATE TABLE reply_item (id int(11) NOT NULL AUTO_INCREMENT, content varchar(1024) NOT NULL DEFAULT '',
  group_id int(11) NOT NULL DEFAULT 0, user_id varchar(50) NOT NULL DEFAULT '',
  item_name varchar(50) NOT NULL DEFAULT '', PRIMARY KEY (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8;
INSERT INTO user (name, nickname, deleted_at) VALUES ('agent', '小李', NULL), ('kefu2', '', NULL),
  ('gone', 'Gone', '2025-01-01 00:00:00');
INSERT INTO reply_group (group_name, user_id) VALUES ('常见问题', 'agent');
INSERT INTO reply_item (content, group_id, user_id, item_name) VALUES ('今天发货 face[微笑]', 1, 'agent', '发货'),
  ('orphan', 99, 'nobody', 'x');
";

/// Visitors and messages: one in a hundred is of an agent who is not there, one in ten shares its second.
pub(crate) fn fill(mariadb: &Mariadb, visitors: u64, messages: u64) {
    let mut random = Random::new(7);
    let mut sql = String::from(SCHEMA);
    for visitor in 0..visitors {
        sql += &format!(
            "INSERT INTO visitor (name, visitor_id, created_at, updated_at, refer, city, extra)
             VALUES ('{}', 'v-{visitor}', '2026-01-01 00:00:00', {}, 'Direct Link', '中国 北京', '');\n",
            if visitor % 5 < 3 { "Guest" } else { "北京网友" },
            if visitor % 50 == 0 { "NULL" } else { "'2026-02-01 00:00:00'" },
        );
    }
    let mut second = 0;
    for chunk in 0..messages.div_ceil(1000) {
        sql += "INSERT INTO message (kefu_id, visitor_id, content, created_at, mes_type) VALUES ";
        let rows = (chunk * 1000..((chunk + 1) * 1000).min(messages)).map(|number| {
            second += if random.below(10) == 0 { 0 } else { random.below(40) };
            let agent = match random.below(100) {
                0 => "unknown",
                1..=30 => "kefu2",
                _ => "agent",
            };
            let text = match random.below(20) {
                0 => format!("m-{number} face[微笑]"),
                1 => format!("m-{number} img[/static/upload/2026November/a.png]"),
                2 => format!("m-{number} 👨‍👩‍👧 退款"),
                _ => format!("m-{number} 什么时候发货?"),
            };
            let side = if random.below(100) < 45 { "kefu" } else { "visitor" };
            format!(
                "('{agent}', 'v-{}', '{text}', FROM_UNIXTIME({}), '{side}')",
                random.below(visitors),
                1_770_000_000 + second
            )
        });
        sql += &rows.collect::<Vec<_>>().join(",\n");
        sql += ";\n";
    }
    mariadb.old(&sql);
}

/// What the old system says of its messages, by its own SQL: number, visitor, agent's side, second.
pub(crate) fn said_there(mariadb: &Mariadb) -> Vec<Value> {
    let rows = mariadb.old(
        "SELECT SUBSTRING_INDEX(SUBSTRING(content, 3), ' ', 1), visitor_id,
            CASE WHEN mes_type = 'visitor' THEN 0 WHEN kefu_id = 'unknown' THEN 2 ELSE 1 END,
            IF(mes_type = 'visitor' OR kefu_id = 'unknown', '', kefu_id), UNIX_TIMESTAMP(created_at)
         FROM message ORDER BY id",
    );
    let read = |line: &str| {
        let parts: Vec<_> = line.split('\t').collect();
        let number = |text: &str| text.parse::<i64>().unwrap();
        json!([number(parts[0]), parts[1], number(parts[2]), parts[3], number(parts[4])])
    };
    rows.lines().map(read).collect()
}

/// The same of the store, ordered by the number in the text.
pub(crate) fn said_here(migration: &Migration) -> Vec<Value> {
    let rows = migration.query(
        "SELECT CAST(substr(text, 3) AS INTEGER), visitor.external_id, sender_kind,
            coalesce(substr(agent.email, 1, instr(agent.email, '@') - 1), ''), log.created_at / 1000000
         FROM log JOIN conversation ON conversation.key = log.conversation
         JOIN visitor ON visitor.key = conversation.visitor
         LEFT JOIN agent ON sender_kind = 1 AND agent.key = sender ORDER BY 1",
    );
    rows.into_iter().map(Value::Array).collect()
}

/// Every conversation is 1, 2, 3 …, in the order of the source, and its head knows its end.
#[track_caller]
pub(crate) fn assert_sound(migration: &Migration) {
    let broken = migration.query(
        "SELECT 'gap', conversation, seq FROM (SELECT conversation, seq, pos, prev_pos,
            row_number() OVER by_pos AS number, lag(pos, 1, 0) OVER by_pos AS before,
            CAST(substr(text, 3) AS INTEGER) AS said, lag(CAST(substr(text, 3) AS INTEGER), 1, -1) OVER by_pos AS said_before
            FROM log WINDOW by_pos AS (PARTITION BY conversation ORDER BY pos))
         WHERE seq <> number OR prev_pos <> before OR said <= said_before
         UNION ALL SELECT 'head', key, last_seq FROM conversation
         WHERE last_seq <> (SELECT count(*) FROM log WHERE conversation = key)
            OR last_pos <> (SELECT max(pos) FROM log WHERE conversation = key)
         UNION ALL SELECT 'map', source_table, count(*) FROM migrate_map WHERE entity = 5
            GROUP BY place HAVING count(*) > 1
         UNION ALL SELECT 'lost', pos, 0 FROM log WHERE pos NOT IN (SELECT place FROM migrate_map WHERE entity = 5)",
    );
    assert_eq!(broken, Vec::<Vec<Value>>::new());
}

#[test]
fn a_database_of_go_fly_comes_over_and_is_the_same() {
    let Some(mariadb) = Mariadb::start() else { return };
    fill(&mariadb, 60, 3000);
    let migration = Migration::of_server(YAML, &mariadb.url());
    let plan = migration.report(&["plan"], 0);
    assert_eq!(plan["can_run"], true);
    let report = migration.report(&["run"], 0);
    assert_eq!(dispositions(&report, "old/message"), [3000, 0, 0]);
    assert_eq!(dispositions(&report, "old/user"), [3, 0, 0]);
    assert_eq!(dispositions(&report, "old/visitor"), [60, 0, 0]);
    assert_eq!(dispositions(&report, "old/reply_item"), [2, 0, 0]);
    assert!(table(&report, "old/message")["changed"]["markup in content"].as_u64().unwrap() > 100);

    assert_eq!(said_here(&migration), said_there(&mariadb));
    assert_sound(&migration);
    let emoji = migration.query("SELECT count(*) FROM log WHERE instr(text, '👨‍👩‍👧') > 0")[0][0].as_u64();
    assert_eq!(
        emoji,
        mariadb.old("SELECT COUNT(*) FROM message WHERE content LIKE '%退款%'").trim().parse().ok()
    );
    let agents = migration.query("SELECT name, email, disabled FROM agent ORDER BY email");
    let agents: Vec<_> = agents.into_iter().map(Value::Array).collect();
    assert_eq!(
        agents,
        [
            json!(["小李", "agent@go-fly.invalid", 0]),
            json!(["Gone", "gone@go-fly.invalid", 1]),
            json!(["kefu2", "kefu2@go-fly.invalid", 0])
        ]
    );
    let canned = migration.query("SELECT folder, title, text, owner <> 0 FROM canned_reply ORDER BY key");
    assert_eq!(canned[0], [json!("常见问题"), json!("发货"), json!("今天发货 [微笑]"), json!(1)]);
    assert_eq!(canned[1], [json!(""), json!("x"), json!("orphan"), json!(0)]);
    // A silence of more than ten minutes, or another agent, ends a conversation.
    let silent = migration.query(
        "SELECT count(*) FROM (SELECT created_at - lag(created_at) OVER (PARTITION BY conversation ORDER BY seq) AS gap
         FROM log) WHERE gap > 600000000",
    );
    assert_eq!(silent[0][0], 0);

    // Again: nothing is written, and both sides are the same.
    let again = migration.report(&["run"], 0);
    let written: u64 =
        again["tables"].as_array().unwrap().iter().map(|table| table["written"].as_u64().unwrap()).sum();
    assert_eq!(written, 0);
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
    let status = migration.report(&["status"], 0);
    assert_eq!((&status["done"], &table(&status, "old/message")["pass"]), (&json!(true), &json!(2)));
}

#[test]
fn what_changed_meanwhile_is_found_and_brought_over() {
    let Some(mariadb) = Mariadb::start() else { return };
    fill(&mariadb, 10, 500);
    let migration = Migration::of_server(YAML, &mariadb.url());
    migration.report(&["run"], 0);
    mariadb.old(
        "UPDATE message SET content = 'm-100 changed' WHERE id = 101;
         INSERT INTO message (kefu_id, visitor_id, content, mes_type) VALUES ('agent', 'v-1', 'm-500 new', 'visitor');
         DELETE FROM reply_item WHERE id = 2;",
    );
    let verified = migration.report(&["verify", "--retry-after", "10ms"], 4);
    let message = table(&verified, "old/message");
    assert_eq!(
        (&message["different"], &message["missing"], &message["extra"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(message["differences"][0]["key"], "101");
    assert_eq!(message["differences"][0]["fields"]["text"][0], "m-100 changed");
    assert_eq!(table(&verified, "old/reply_item")["extra"], 1);
    let report = migration.report(&["run"], 0);
    assert_eq!(table(&report, "old/message")["written"], 2);
    assert_eq!(said_here(&migration), said_there(&mariadb));
    assert_eq!(migration.report(&["verify", "--tables", "message"], 0)["same"], true);
}

/// Faults that are planted in the store: a byte, two rows that swap what they say, a row that is gone.
#[test]
fn verify_finds_a_flipped_byte_swapped_rows_and_a_lost_one() {
    let Some(mariadb) = Mariadb::start() else { return };
    fill(&mariadb, 10, 2000);
    let migration = Migration::of_server(YAML, &mariadb.url());
    migration.report(&["run"], 0);
    let place = |key: &str| {
        let sql =
            format!("SELECT place FROM migrate_map WHERE entity = 5 AND hex(key) = '20800000000000{key}'");
        migration.query(&sql)[0][0].as_i64().unwrap()
    };
    let [flipped, one, other, lost] = ["0010", "0020", "0030", "0040"].map(place);
    migration.query(&format!("UPDATE log SET text = 'x' || substr(text, 2) WHERE pos = {flipped}"));
    migration.query(&format!(
        "WITH old AS MATERIALIZED (SELECT pos, text FROM log WHERE pos IN ({one}, {other}))
         UPDATE log SET text = (SELECT text FROM old WHERE old.pos = {one} + {other} - log.pos)
         WHERE pos IN ({one}, {other})"
    ));
    migration.query(&format!("DELETE FROM log WHERE pos = {lost}"));
    let verified = migration.report(&["verify", "--retry-after", "10ms"], 4);
    let message = table(&verified, "old/message");
    let mut keys: Vec<_> =
        message["differences"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    keys.sort_unstable();
    assert_eq!((keys, &message["different"]), (vec!["16", "32", "48", "64"], &json!(4)), "{message:#}");
}

#[test]
fn what_differs_is_repaired_and_said_in_every_form() {
    let Some(mariadb) = Mariadb::start() else { return };
    fill(&mariadb, 10, 500);
    let migration = Migration::of_server(YAML, &mariadb.url());
    migration.report(&["run"], 0);
    migration.query("UPDATE log SET text = '<b>' || text WHERE pos IN (3, 70)");
    migration.query("UPDATE visitor SET name = 'x' WHERE key = 2");
    mariadb.old(
        "INSERT INTO message (kefu_id, visitor_id, content, mes_type) VALUES ('agent', 'v-1', 'm-500 new', 'visitor')",
    );
    let said = migration.path().join("verify.html");
    let args = ["verify", "--retry-after", "10ms", "--report", said.to_str().unwrap()];
    let verified = migration.report(&args, 4);
    let counts =
        |table: &Value| json!([table["different"], table["missing"], table["repaired"], table["settled"]]);
    assert_eq!(counts(table(&verified, "old/message")), json!([2, 1, 0, 0]));
    let html = std::fs::read_to_string(&said).unwrap();
    assert!(html.contains("NOT the same") && html.contains("&lt;b&gt;m-") && !html.contains("<b>"), "{html}");

    let verified = migration.report(&["verify", "--retry-after", "10ms", "--repair"], 0);
    assert_eq!(counts(table(&verified, "old/message")), json!([0, 0, 3, 0]));
    assert_eq!(counts(table(&verified, "old/visitor")), json!([0, 0, 1, 0]));
    let message = table(&verified, "old/message");
    assert_eq!(message["source_hash"], message["target_hash"]);
    assert_eq!(said_here(&migration), said_there(&mariadb));
    assert_sound(&migration);
}

#[test]
fn a_comparison_that_was_stopped_goes_on_where_it_was() {
    let Some(mariadb) = Mariadb::start() else { return };
    fill(&mariadb, 10, 6000);
    // A table with conversations of its own, which need not be read from its beginning.
    let yaml =
        "version: 1\nsources:\n  old: { kind: mysql, url_env: OLD_MYSQL_URL }\ncopy: { rows: 100 }\ntables:
  - { from: message, to: visitor, columns: { name: content } }\n";
    let migration = Migration::of_server(yaml, &mariadb.url());
    migration.report(&["run"], 0);
    migration.query("UPDATE visitor SET name = 'x' WHERE key = 5");
    // Slow, so that it can be stopped half-way.
    migration.write(&format!("{yaml}throttle: {{ rows_per_second: 100 }}\n"));
    let progress = migration.data().join("migrate/verify-progress.json");
    let child = migration.start_heard(&["verify"]);
    crate::support::random::eventually("some rows are compared", || progress.exists().then_some(()));
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("stopped; go on with `kefu migrate verify -f "), "{said}");

    migration.write(yaml);
    let output = migration.run(&["verify", "--retry-after", "10ms", "--format", "json"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("the comparison goes on behind "), "{said}");
    let resumed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(!progress.exists());
    // Anew, and the same comes of it.
    let verified = migration.report(&["verify", "--retry-after", "10ms"], 4);
    let message = table(&verified, "old/message");
    assert_eq!(json!([message["source_rows"], message["different"]]), json!([6000, 1]));
    assert_eq!(table(&resumed, "old/message"), message);
}

#[test]
fn while_there_is_a_file_called_pause_nothing_is_read() {
    let Some(mariadb) = Mariadb::start() else { return };
    fill(&mariadb, 10, 300);
    let migration = Migration::of_server(YAML, &mariadb.url());
    let pause = migration.data().join("migrate/pause");
    std::fs::create_dir_all(pause.parent().unwrap()).unwrap();
    std::fs::write(&pause, "").unwrap();
    let mut child = migration.start_heard(&["run"]);
    let mut said = String::new();
    let mut heard = std::io::BufReader::new(child.stderr.take().unwrap());
    std::io::BufRead::read_line(&mut heard, &mut said).unwrap();
    assert!(said.contains("paused until ") && said.contains("migrate/pause is gone"), "{said}");
    assert_eq!(migration.report(&["status"], 0)["done"], false);
    std::fs::remove_file(&pause).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(said_here(&migration), said_there(&mariadb));
}

/// A mapping that is wrong in itself is the same on both sides: only who asks the two databases finds it.
#[test]
fn the_oracle_of_these_tests_finds_a_fault_in_the_mapping_itself() {
    let Some(mariadb) = Mariadb::start() else { return };
    fill(&mariadb, 10, 300);
    let wrong = format!(
        "{YAML}tables:
  - from: message
    to: message
    key: [id]
    columns: {{ occurred_at: created_at, text: content }}
    fields:
      sender: {{ column: mes_type, map: {{ kefu: visitor, visitor: agent }} }}
      agent: {{ column: kefu_id, refers_to: user }}
    conversations: {{ visitor: visitor_id, visitors: visitor, agent: kefu_id, agents: user }}
"
    );
    let migration = Migration::of_server(&wrong, &mariadb.url());
    migration.report(&["run"], 0);
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
    assert_ne!(said_here(&migration), said_there(&mariadb));
}
