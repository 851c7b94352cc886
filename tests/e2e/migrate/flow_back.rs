//! The way back: what is written here after a cutover is in the old system, and a return loses nothing of either side.

use serde_json::{Value, json};

use super::{
    Migration,
    follow::{Follower, following},
    mariadb::Mariadb,
};
use crate::support::{
    random::eventually,
    server::{Place, Server},
};

const YAML: &str = "\
version: 1
sources:
  old: { kind: mysql, url_env: OLD_MYSQL_URL, write_url_env: OLD_MYSQL_WRITE, timezone: Asia/Shanghai }
target: { data_dir: data }
tables:
  - { from: staff, to: agent, columns: { name: name, email: mail } }
  - { from: guest, to: visitor, columns: { external_id: code, name: name, created_at: born } }
  - { from: talk, to: conversation, columns: { visitor: guest_id, assignee: staff_id, created_at: created_at } }
  - from: message
    to: message
    columns: { text: content, occurred_at: created_at, conversation: talk_id, agent: staff_id }
    fields:
      sender: { column: side, map: { kefu: agent, visitor: visitor } }
    filter:
      - { column: deleted, is: ['0'] }
";

const SCHEMA: &str = "
CREATE TABLE staff (id int AUTO_INCREMENT PRIMARY KEY, name varchar(40), mail varchar(80)) DEFAULT CHARSET=utf8mb4;
CREATE TABLE guest (id int unsigned AUTO_INCREMENT PRIMARY KEY, code varchar(40) NOT NULL UNIQUE, name varchar(40),
    born int NOT NULL DEFAULT 0) DEFAULT CHARSET=utf8mb4;
CREATE TABLE talk (id int AUTO_INCREMENT PRIMARY KEY, guest_id int unsigned NOT NULL, staff_id int, created_at datetime);
CREATE TABLE message (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, talk_id int NOT NULL, content varchar(400),
    side enum('kefu','visitor') NOT NULL, staff_id int, created_at datetime, deleted tinyint NOT NULL DEFAULT 1)
    DEFAULT CHARSET=utf8mb4;
INSERT INTO staff (name, mail) VALUES ('小李', 'li@example.com');
INSERT INTO guest (code, name) SELECT CONCAT('v-', seq), '访客 🙂' FROM seq_1_to_5;
INSERT INTO talk (guest_id, staff_id, created_at) SELECT seq, 1, '2026-01-01' FROM seq_1_to_5;
INSERT INTO message (talk_id, content, side, staff_id, created_at, deleted)
    SELECT seq % 5 + 1, CONCAT('m-', seq), IF(seq % 2, 'kefu', 'visitor'), IF(seq % 2, 1, NULL),
        '2026-01-01' + INTERVAL seq SECOND, 0 FROM seq_1_to_60;
CREATE USER writer@'%' IDENTIFIED BY 'w';
GRANT SELECT, INSERT, CREATE, DROP ON old.* TO writer@'%';
";

/// What the old system says: text, visitor, staff, second.
fn said_there(mariadb: &Mariadb) -> Vec<Value> {
    let rows = mariadb.old(
        "SELECT content, code, IFNULL(staff.mail, ''), TIMESTAMPDIFF(SECOND, '1970-01-01', message.created_at) - 28800
         FROM message JOIN talk ON talk.id = talk_id JOIN guest ON guest.id = guest_id
         LEFT JOIN staff ON staff.id = message.staff_id AND side = 'kefu'
         WHERE deleted = 0 ORDER BY BINARY content",
    );
    let read = |line: &str| {
        let parts: Vec<_> = line.split('\t').collect();
        json!([parts[0], parts[1], parts[2], parts[3].parse::<i64>().unwrap()])
    };
    rows.lines().map(read).collect()
}

/// The same of the store, but for what nobody there could have said.
fn said_here(migration: &Migration) -> Vec<Value> {
    let rows = migration.query(
        "SELECT text, visitor.external_id, coalesce(agent.email, ''), log.created_at / 1000000
         FROM log JOIN conversation ON conversation.key = log.conversation
         JOIN visitor ON visitor.key = conversation.visitor
         LEFT JOIN agent ON sender_kind = 1 AND agent.key = sender
         WHERE revision = 0 AND event IS NULL AND text <> 'by nobody there' ORDER BY text",
    );
    rows.into_iter().map(Value::Array).collect()
}

fn migration(yaml: &str, mariadb: &Mariadb) -> Migration {
    let url = mariadb.url();
    let write = url.replace("reader:se%3Acret", "writer:w");
    Migration::with(yaml, &[("OLD_MYSQL_URL", &url), ("OLD_MYSQL_WRITE", &write)])
}

/// Copied, followed, compared and cut over.
fn cut_over(migration: &Migration, mariadb: &Mariadb) {
    mariadb.old(SCHEMA);
    let follower = Follower::start(migration);
    following(migration);
    follower.stop();
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
    assert_eq!(migration.report(&["cutover", "--fence", "true"], 0)["cut_over"], true);
}

fn say(server: &Server, token: &str, conversation: &str, number: u32, text: &str) {
    let client_id = format!("00000000-0000-7000-8000-{number:012}");
    let body = json!({ "client_id": client_id, "kind": "text", "text": text });
    server
        .call("POST", &format!("/api/v1/conversations/{conversation}/messages"), Some(token), Some(&body))
        .expect(201);
}

/// The agent who came from the old system, signed in.
fn staff(server: &Server, admin: &str) -> String {
    const PASSWORD: &str = "a password of its own";
    let agents = server.call("GET", "/api/v1/agents", Some(admin), None).expect(200);
    let agents = agents["items"].as_array().or_else(|| agents.as_array()).unwrap();
    let li = agents.iter().find(|agent| agent["email"] == "li@example.com").unwrap();
    let path = format!("/api/v1/agents/{}", li["id"].as_str().unwrap());
    server.call("PATCH", &path, Some(admin), Some(&json!({ "password": PASSWORD }))).expect(200);
    let body = json!({ "email": "li@example.com", "password": PASSWORD });
    let signed_in = server.call("POST", "/api/v1/auth/login", None, Some(&body)).expect(200);
    signed_in["token"].as_str().unwrap().to_owned()
}

#[test]
fn a_return_after_the_cutover_loses_nothing_that_was_written_on_either_side() {
    let Some(mariadb) = Mariadb::logging() else { return };
    let migration = migration(YAML, &mariadb);
    let place = Place::new();
    // Its first admin is there before anybody comes over.
    place.start().stop();
    std::os::unix::fs::symlink(place.path().join("data"), migration.data()).unwrap();
    cut_over(&migration, &mariadb);
    let server = place.start();
    let admin = server.sign_in();
    let li = staff(&server, &admin);
    let (visitor, conversation) = server.visitor();
    say(&server, &visitor, &conversation, 1, "new: 在吗 🙂");

    let flowing = Follower::of(migration.start_heard(&["flow-back"]));
    let count = || mariadb.old("SELECT COUNT(*) FROM message WHERE content LIKE 'new:%'");
    eventually("the message is there", || (count() == "1\n").then_some(()));
    let path = format!("/api/v1/conversations/{conversation}/accept");
    server.call("POST", &path, Some(&li), None).expect(200);
    say(&server, &li, &conversation, 2, "new: 您好");
    eventually("the answer is there", || (count() == "2\n").then_some(()));
    // Nobody there has this name, so no row could say who wrote it.
    say(&server, &admin, &conversation, 3, "by nobody there");
    flowing.kill();
    for number in 4..30 {
        say(&server, &visitor, &conversation, number, &format!("new: {number}"));
    }
    let report = migration.report(&["flow-back", "--once"], 0);
    assert_eq!(report["left"], 1, "{report:#}");
    assert_eq!(count(), "28\n");
    assert_eq!(migration.report(&["flow-back", "--once"], 0)["messages"], 0);
    say(&server, &visitor, &conversation, 30, "new: the last one");
    server.stop();

    let report = migration.report(&["rollback", "--unfence", "true"], 0);
    assert_eq!((&report["was_cut_over"], &report["saved"]), (&json!(true), &json!(30)), "{report:#}");
    assert_eq!((&report["flowed_back"], &report["left"]), (&json!(29), &json!(1)), "{report:#}");
    assert_eq!(count(), "29\n");
    assert_eq!(mariadb.old("SHOW TABLES LIKE 'kefu%'"), "");
    let rows = mariadb.old(
        "SELECT DISTINCT guest.code <> '', talk.staff_id, side, deleted FROM message JOIN talk ON talk.id = talk_id
         JOIN guest ON guest.id = guest_id WHERE content LIKE 'new:%' ORDER BY side",
    );
    assert_eq!(rows, "1\tNULL\tkefu\t0\n1\tNULL\tvisitor\t0\n");

    // The old system counts; what is here follows it, and knows its own messages again.
    mariadb.old(
        "INSERT INTO message (talk_id, content, side, created_at, deleted)
            SELECT talk_id, 'after the return', 'visitor', '2026-06-01', 0 FROM message WHERE content = 'new: the last one';
         UPDATE message SET content = 'new: 您好!' WHERE content = 'new: 您好'",
    );
    let there = said_there(&mariadb);
    assert_eq!(there.len(), 60 + 29 + 1);
    let follower = Follower::start(&migration);
    eventually("both sides say the same", || (said_here(&migration) == there).then_some(()));
    follower.stop();
    assert_eq!(migration.report(&["verify"], 0)["same"], true);

    // And it can be cut over again.
    let report = migration.report(&["cutover", "--fence", "true"], 0);
    assert_eq!(report["cut_over"], true, "{report:#}");
    let server = place.start();
    let (visitor, conversation) = server.visitor();
    say(&server, &visitor, &conversation, 1, "new: again");
    assert_eq!(migration.report(&["finalize"], 0)["messages"], 1);
    assert_eq!(mariadb.old("SELECT COUNT(*) FROM message WHERE content = 'new: again'"), "1\n");
    server.stop();
    place.check();
    for args in [&["rollback"][..], &["flow-back"], &["finalize"]] {
        assert!(migration.refusal(args, 3).contains("closed it"), "{args:?}");
    }
}

#[test]
fn a_return_before_the_cutover_drops_no_row() {
    let Some(mariadb) = Mariadb::logging() else { return };
    mariadb.old(SCHEMA);
    let migration = migration(YAML, &mariadb);
    let follower = Follower::start(&migration);
    following(&migration);
    follower.stop();
    let (here, there) = (said_here(&migration), said_there(&mariadb));
    assert_eq!((here.len(), &here), (60, &there));
    assert!(migration.refusal(&["flow-back"], 3).contains("kefu migrate cutover"));
    assert!(migration.refusal(&["finalize"], 3).contains("kefu migrate cutover"));
    let lifted = migration.path().join("lifted");
    let report = migration.report(&["rollback", "--unfence", &format!("touch {}", lifted.display())], 0);
    assert_eq!((&report["was_cut_over"], &report["saved"]), (&json!(false), &json!(0)));
    assert!(lifted.exists());
    assert_eq!((said_here(&migration), said_there(&mariadb)), (here, there));
    // Following goes on as if nothing had been.
    mariadb.old("UPDATE message SET content = 'm-1 changed' WHERE id = 1");
    let follower = Follower::start(&migration);
    eventually("the change is here", || (said_here(&migration) == said_there(&mariadb)).then_some(()));
    follower.stop();
}

#[test]
fn a_mapping_without_an_inverse_is_refused_by_the_name_of_its_field() {
    let Some(mariadb) = Mariadb::logging() else { return };
    let yaml = YAML
        .replace("columns: { text: content, occurred_at", "columns: { occurred_at")
        .replace("    fields:\n", "    fields:\n      text: { join: [content] }\n");
    let migration = migration(&yaml, &mariadb);
    cut_over(&migration, &mariadb);
    let plan = migration.report(&["plan"], 0);
    let obstacles = plan["sources"][0]["flow_back_obstacles"].to_string();
    assert!(obstacles.contains("`text` of `old/message` has no inverse"), "{obstacles}");
    let said = migration.refusal(&["flow-back"], 3);
    assert!(said.contains("`text` of `old/message` has no inverse"), "{said}");
    // What was written here is in the file at least, and it is said why it is nowhere else.
    let report = migration.report(&["rollback"], 0);
    assert_eq!((&report["was_cut_over"], &report["flowed_back"]), (&json!(true), &json!(0)));
    assert_eq!(report["flow_back_obstacles"].as_array().unwrap().len(), 1);
    assert_eq!(said_here(&migration), said_there(&mariadb));
}
