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

pub(super) const YAML: &str = "\
version: 1
sources:
  old: { kind: mysql, url_env: OLD_MYSQL_URL, write_url_env: OLD_MYSQL_WRITE, timezone: Asia/Shanghai }
target: { data_dir: data }
tables:
  - { from: staff, to: agent, columns: { name: name, email: mail } }
  - { from: guest, to: visitor, columns: { external_id: code, name: name, phone: phone, created_at: born } }
  - from: talk
    to: conversation
    columns: { visitor: guest_id, assignee: staff_id, created_at: created_at, resolved_at: ended_at }
    fields:
      state: { column: status, map: { '0': open, '1': resolved } }
  - from: message
    to: message
    columns: { text: content, occurred_at: created_at, conversation: talk_id, agent: staff_id }
    fields:
      sender: { column: side, map: { kefu: agent, visitor: visitor } }
    filter:
      - { column: deleted, is: ['0'], gone: '1' }
  - from: issue
    to: ticket
    columns: { requester: guest_id, assignee: staff_id, subject: title, body: body, created_at: created_at, updated_at: changed_at }
    fields:
      status: { column: state, map: { new: new, open: open, done: solved, closed: closed } }
      priority: { column: level, map: { '0': normal, '1': urgent } }
";

pub(super) const SCHEMA: &str = "
CREATE TABLE staff (id int AUTO_INCREMENT PRIMARY KEY, name varchar(40), mail varchar(80)) DEFAULT CHARSET=utf8mb4;
CREATE TABLE guest (id int unsigned AUTO_INCREMENT PRIMARY KEY, code varchar(40) NOT NULL UNIQUE, name varchar(40),
    phone varchar(40), born int NOT NULL DEFAULT 0) DEFAULT CHARSET=utf8mb4;
CREATE TABLE talk (id int AUTO_INCREMENT PRIMARY KEY, guest_id int unsigned NOT NULL, staff_id int, created_at datetime,
    status tinyint NOT NULL DEFAULT 0, ended_at datetime);
CREATE TABLE message (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, talk_id int NOT NULL, content varchar(400),
    side enum('kefu','visitor') NOT NULL, staff_id int, created_at datetime, deleted tinyint NOT NULL DEFAULT 1)
    DEFAULT CHARSET=utf8mb4;
CREATE TABLE issue (id int AUTO_INCREMENT PRIMARY KEY, guest_id int unsigned, staff_id int, title varchar(80) NOT NULL, body text,
    state varchar(10) NOT NULL DEFAULT 'new', level tinyint NOT NULL DEFAULT 0, created_at datetime NOT NULL, changed_at datetime)
    DEFAULT CHARSET=utf8mb4;
INSERT INTO staff (name, mail) VALUES ('小李', 'li@example.com'), ('小王', 'wang@example.com');
INSERT INTO guest (code, name) SELECT CONCAT('v-', seq), '访客 🙂' FROM seq_1_to_5;
INSERT INTO talk (guest_id, staff_id, created_at) SELECT seq, 1, '2026-01-01' FROM seq_1_to_5;
INSERT INTO message (talk_id, content, side, staff_id, created_at, deleted)
    SELECT seq % 5 + 1, CONCAT('m-', seq), IF(seq % 2, 'kefu', 'visitor'), IF(seq % 2, 1, NULL),
        '2026-01-01' + INTERVAL seq SECOND, 0 FROM seq_1_to_60;
INSERT INTO issue (guest_id, staff_id, title, body, created_at, changed_at)
    VALUES (1, 1, '退款', 'where is it?', '2026-01-01', '2026-01-01');
CREATE USER writer@'%' IDENTIFIED BY 'w';
GRANT SELECT, INSERT, UPDATE, CREATE, DROP ON old.* TO writer@'%';
";

/// What the old system says: text, visitor, staff, second.
pub(super) fn said_there(mariadb: &Mariadb) -> Vec<Value> {
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
pub(super) fn said_here(migration: &Migration) -> Vec<Value> {
    let rows = migration.query(
        "SELECT text, visitor.external_id, coalesce(agent.email, ''), log.created_at / 1000000
         FROM log JOIN conversation ON conversation.key = log.conversation
         JOIN visitor ON visitor.key = conversation.visitor
         LEFT JOIN agent ON sender_kind = 1 AND agent.key = sender
         WHERE revision < 2 AND event IS NULL AND text <> 'by nobody there' ORDER BY text",
    );
    rows.into_iter().map(Value::Array).collect()
}

pub(super) fn migration(yaml: &str, mariadb: &Mariadb) -> Migration {
    let url = mariadb.url();
    let write = url.replace("reader:se%3Acret", "writer:w");
    Migration::with(yaml, &[("OLD_MYSQL_URL", &url), ("OLD_MYSQL_WRITE", &write)])
}

/// A place for daemons whose store the migration fills; its first admin is there before anybody comes over.
pub(super) fn place_of(migration: &Migration) -> Place {
    let place = Place::new();
    place.start().stop();
    std::os::unix::fs::symlink(place.path().join("data"), migration.data()).unwrap();
    place
}

/// Copied, followed and compared.
pub(super) fn copy(migration: &Migration) {
    let follower = Follower::start(migration);
    following(migration);
    follower.stop();
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
}

/// The same, and cut over.
pub(super) fn cut_over(migration: &Migration) {
    copy(migration);
    assert_eq!(migration.report(&["cutover", "--fence", "true"], 0)["cut_over"], true);
}

pub(super) fn say(server: &Server, token: &str, conversation: &str, number: u32, text: &str) {
    let client_id = format!("00000000-0000-7000-8000-{number:012}");
    let body = json!({ "client_id": client_id, "kind": "text", "text": text });
    server
        .call("POST", &format!("/api/v1/conversations/{conversation}/messages"), Some(token), Some(&body))
        .expect(201);
}

/// The id of an agent, by log-in name.
pub(super) fn agent_id(server: &Server, admin: &str, email: &str) -> String {
    let agents = server.call("GET", "/api/v1/agents", Some(admin), None).expect(200);
    let agents = agents["items"].as_array().or_else(|| agents.as_array()).unwrap();
    let agent = agents.iter().find(|agent| agent["email"] == email).unwrap();
    agent["id"].as_str().unwrap().to_owned()
}

/// The agent who came from the old system, signed in.
pub(super) fn staff(server: &Server, admin: &str) -> String {
    const PASSWORD: &str = "a password of its own";
    let path = format!("/api/v1/agents/{}", agent_id(server, admin, "li@example.com"));
    server.call("PATCH", &path, Some(admin), Some(&json!({ "password": PASSWORD }))).expect(200);
    let body = json!({ "email": "li@example.com", "password": PASSWORD });
    let signed_in = server.call("POST", "/api/v1/auth/login", None, Some(&body)).expect(200);
    signed_in["token"].as_str().unwrap().to_owned()
}

#[test]
fn a_return_after_the_cutover_loses_nothing_that_was_written_on_either_side() {
    let Some(mariadb) = Mariadb::logging() else { return };
    let migration = migration(YAML, &mariadb);
    let place = place_of(&migration);
    mariadb.old(SCHEMA);
    cut_over(&migration);
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
    flowing.kill();
    // Nobody there has this name, so no row could say who wrote it.
    say(&server, &admin, &conversation, 3, "by nobody there");
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
    // Who took the conversation since has it there, too.
    assert_eq!(rows, "1\t1\tkefu\t0\n1\t1\tvisitor\t0\n");

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
        .replace("      sender:", "      text: { join: [content] }\n      sender:");
    let migration = migration(&yaml, &mariadb);
    mariadb.old(SCHEMA);
    cut_over(&migration);
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

/// What has been done here, and what somebody else did there.
pub(super) struct Office<'a> {
    pub(super) migration: &'a Migration,
    pub(super) server: &'a Server,
    pub(super) admin: String,
    pub(super) li: String,
}

impl<'a> Office<'a> {
    /// Signs the admin in, and the agent who came from the old system.
    pub(super) fn open(migration: &'a Migration, server: &'a Server) -> Self {
        let admin = server.sign_in();
        let li = staff(server, &admin);
        Self { migration, server, admin, li }
    }

    /// The public id of a visitor, or of its conversation, by the company's own id.
    pub(super) fn id(&self, what: &str, code: &str) -> String {
        let rows = self.migration.query(&format!(
            "SELECT {what}.id FROM conversation JOIN visitor ON visitor.key = visitor WHERE external_id = '{code}'"
        ));
        let hex = rows[0][0].as_str().unwrap();
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }

    /// Where a message is in the conversation that it is in.
    pub(super) fn message(&self, text: &str) -> String {
        let rows = self.migration.query(&format!(
            "SELECT external_id, seq FROM log JOIN conversation ON conversation.key = conversation
             JOIN visitor ON visitor.key = visitor WHERE text = '{text}'"
        ));
        let conversation = self.id("conversation", rows[0][0].as_str().unwrap());
        format!("/api/v1/conversations/{conversation}/messages/{}", rows[0][1])
    }

    pub(super) fn call(
        &self,
        who: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
        status: u16,
    ) -> Value {
        let answer = self.server.call(method, path, Some(who), body);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap_or_default()
    }

    /// Everything that agents change of what came over; after each change a flow is killed, or may be.
    pub(super) fn work(&self, is_there: &dyn Fn(&str) -> bool, after_each: &mut dyn FnMut()) -> Value {
        let Self { server, admin, li, .. } = self;
        let of = |code: &str| format!("/api/v1/conversations/{}", self.id("conversation", code));
        for (number, text) in (100..).zip(["new: 您好 🙂", "new: edit", "new: recall"]) {
            say(server, li, &self.id("conversation", "v-1"), number, text);
        }
        eventually("they are there", || is_there("new: recall").then_some(()));
        self.call(li, "PATCH", &self.message("new: edit"), Some(&json!({ "text": "new: edited" })), 204);
        after_each();
        self.call(admin, "DELETE", &self.message("new: recall"), None, 204);
        self.call(li, "POST", &format!("{}/resolve", of("v-1")), None, 200);
        after_each();
        let wang = agent_id(server, admin, "wang@example.com");
        self.call(li, "POST", &format!("{}/transfer", of("v-2")), Some(&json!({ "agent_id": wang })), 200);
        let customer = format!("/api/v1/customers/{}", self.id("visitor", "v-3"));
        let version = self.call(admin, "GET", &customer, None, 200)["version"].clone();
        let named = json!({ "version": version, "name": "王女士", "phone": "13900000000" });
        self.call(admin, "PATCH", &customer, Some(&named), 200);
        after_each();
        let requester = self.id("visitor", "v-3");
        let new =
            json!({ "subject": "发票", "body": "please", "requester_id": requester, "priority": "urgent" });
        let ticket = self.call(admin, "POST", "/api/v1/tickets", Some(&new), 201);
        let path = format!("/api/v1/tickets/{}", ticket["id"].as_str().unwrap());
        after_each();
        let solved = json!({ "version": ticket["version"], "status": "solved" });
        self.call(admin, "PATCH", &path, Some(&solved), 200);
        let comment = json!({ "text": "it was sent", "internal": false });
        self.call(admin, "POST", &format!("{path}/comments"), Some(&comment), 201);
        // What came over changes in the same way.
        let rows = self.migration.query("SELECT id, version FROM ticket WHERE subject = '退款'");
        let hex = rows[0][0].as_str().unwrap();
        let id = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
        let closed = json!({ "version": rows[0][1], "status": "closed", "subject": "退款,已处理" });
        self.call(admin, "PATCH", &format!("/api/v1/tickets/{id}"), Some(&closed), 200);
        after_each();
        ticket
    }
}

/// What agents change, as the old system has it.
pub(super) const CHANGED: &str = "
SELECT content, deleted FROM message WHERE content LIKE 'new:%' ORDER BY id;
SELECT id, staff_id, status, ended_at IS NOT NULL FROM talk WHERE id IN (1, 2) ORDER BY id;
SELECT name, phone FROM guest WHERE code = 'v-3';
SELECT title, body, state, level, code, changed_at > '2026-02-01' FROM issue LEFT JOIN guest ON guest.id = guest_id ORDER BY issue.id;
";

#[test]
fn what_is_changed_here_is_changed_there_whatever_kills_it_and_nothing_differs_after_the_return() {
    let Some(mariadb) = Mariadb::logging() else { return };
    let migration = migration(YAML, &mariadb);
    let place = place_of(&migration);
    mariadb.old(SCHEMA);
    cut_over(&migration);
    let server = place.start();
    let office = Office::open(&migration, &server);
    let mut flowing = Some(Follower::of(migration.start_heard(&["flow-back"])));
    let (visitor, conversation) = server.visitor();
    say(&server, &visitor, &conversation, 1, "new: to be taken back");
    let count = || mariadb.old("SELECT COUNT(*) FROM message WHERE content LIKE 'new:%'");
    eventually("the message is there", || (count() == "1\n").then_some(()));
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let said = server.call("GET", &path, Some(&visitor), None).expect(200);
    let seq = said["items"].as_array().unwrap().iter().find(|entry| entry["kind"] == "text").unwrap()["seq"]
        .clone();
    office.call(&visitor, "DELETE", &format!("{path}/{seq}"), None, 204);
    let is_there =
        |text: &str| mariadb.old(&format!("SELECT 1 FROM message WHERE content = '{text}'")) == "1\n";
    office.work(&is_there, &mut || {
        flowing.take().expect("one is running").kill();
        flowing = Some(Follower::of(migration.start_heard(&["flow-back"])));
    });
    flowing.take().expect("one is running").kill();
    let report = migration.report(&["flow-back", "--once"], 0);
    assert_eq!(report["conflicts"], 0, "{report:#}");
    let wanted = "\
new: to be taken back\t1\nnew: 您好 🙂\t0\nnew: edited\t0\nnew: recall\t1
1\t1\t1\t1\n2\t2\t0\t0
王女士\t13900000000
退款,已处理\twhere is it?\tclosed\t0\tv-1\t1\n发票\tplease\tdone\t1\tv-3\t1\n";
    assert_eq!(mariadb.old(CHANGED), wanted);
    // What was said is not said again.
    let report = migration.report(&["flow-back", "--once"], 0);
    assert_eq!((&report["changed"], &report["messages"]), (&json!(0), &json!(0)), "{report:#}");
    drop(office);
    server.stop();

    let report = migration.report(&["rollback", "--unfence", "true"], 0);
    let flowed = &report["flowed"];
    assert_eq!(
        (&report["flowed_back"], &flowed["tickets"], &report["conflicts"]),
        (&json!(4), &json!(1), &json!(0))
    );
    assert_eq!(flowed["left_for"], json!({ "a comment on a ticket": 1 }), "{report:#}");
    assert_eq!(mariadb.old(CHANGED), wanted);
    let saved = std::fs::read_to_string(report["file"].as_str().unwrap()).unwrap();
    let saved: Vec<Value> = saved.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let whats = |what: &str| saved.iter().filter(|line| line["what"] == what).collect::<Vec<_>>();
    assert_eq!(
        (whats("message").len(), whats("edited").len(), whats("recalled").len()),
        (4, 0, 0),
        "what was written here is saved as it is by now: {saved:?}"
    );
    assert_eq!(whats("ticket").len(), 2);
    assert!(whats("visitor").iter().any(|line| line["now"]["name"] == "王女士" && line["key"] == "3"));
    assert!(
        whats("conversation").iter().any(|line| line["assignee"] == "wang@example.com" && line["key"] == "2")
    );

    // The old system counts; what is here follows it, knows its own rows again, and both sides are the same.
    mariadb.old("UPDATE message SET content = 'm-6 changed' WHERE content = 'm-6'");
    let follower = Follower::start(&migration);
    eventually("both sides say the same", || (said_here(&migration) == said_there(&mariadb)).then_some(()));
    follower.stop();
    let verified = migration.report(&["verify"], 0);
    assert_eq!(verified["same"], true, "{verified:#}");
    assert_eq!(migration.query("SELECT count(*) FROM ticket"), [[json!(2)]]);
    place.check();
}

#[test]
fn a_row_that_somebody_changed_behind_the_fence_is_told_of_and_never_overwritten() {
    let Some(mariadb) = Mariadb::logging() else { return };
    let migration = migration(YAML, &mariadb);
    let place = place_of(&migration);
    mariadb.old(SCHEMA);
    cut_over(&migration);
    let server = place.start();
    let office = Office::open(&migration, &server);
    for number in 1..4 {
        say(&server, &office.li, &office.id("conversation", "v-1"), number, &format!("new: {number}"));
    }
    assert_eq!(migration.report(&["flow-back", "--once"], 0)["messages"], 3);
    let gone = format!(
        "message {}: it was deleted there",
        mariadb.old("SELECT id FROM message WHERE content = 'new: 2'").trim()
    );
    mariadb.old(
        "UPDATE message SET content = 'by somebody' WHERE content = 'new: 1';
         DELETE FROM message WHERE content = 'new: 2';
         UPDATE guest SET name = 'somebody' WHERE code = 'v-4'",
    );
    for text in ["new: 1", "new: 2", "new: 3"] {
        office.call(&office.admin, "DELETE", &office.message(text), None, 204);
    }
    let customer = format!("/api/v1/customers/{}", office.id("visitor", "v-4"));
    let named = json!({ "version": office.call(&office.admin, "GET", &customer, None, 200)["version"], "name": "here" });
    office.call(&office.admin, "PATCH", &customer, Some(&named), 200);
    // A name that the column does not take: the rest goes on without it.
    let long = json!({ "subject": "x".repeat(120), "requester_id": office.id("visitor", "v-1") });
    office.call(&office.admin, "POST", "/api/v1/tickets", Some(&long), 201);
    mariadb.old("SET GLOBAL sql_mode = 'STRICT_ALL_TABLES'");
    let report = migration.report(&["flow-back", "--once"], 0);
    assert_eq!(
        (&report["conflicts"], &report["changed"], &report["left"]),
        (&json!(3), &json!(1), &json!(1)),
        "{report:#}"
    );
    let said = report["conflicting"].to_string();
    assert!(said.contains("guest 4: it was changed there") && said.contains(&gone), "{said}");
    assert!(
        report["left_for"].to_string().contains("the server does not take it: Data too long"),
        "{report:#}"
    );
    let rows = mariadb.old("SELECT content, deleted FROM message WHERE id > 60 ORDER BY id; SELECT name FROM guest WHERE code = 'v-4'");
    assert_eq!(rows, "by somebody\t0\nnew: 3\t1\nsomebody\n");
    server.stop();
    // They are counted on the way back, too, although another process met them.
    let report = migration.report(&["rollback"], 0);
    assert_eq!((&report["conflicts"], &report["left"]), (&json!(3), &json!(1)), "{report:#}");
}
