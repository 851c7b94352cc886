//! `kefu migrate cutover --inbox`: one inbox after the other, while the first is chatted in and the second is fed.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    Migration,
    follow::{Follower, SCHEMA, following},
    mariadb::Mariadb,
    table,
};
use crate::support::{
    http,
    random::eventually,
    server::{Place, Server},
};

fn yaml(data: &Path) -> String {
    format!(
        "\
version: 1
sources:
  old: {{ kind: mysql, url_env: OLD_MYSQL_URL }}
target: {{ data_dir: {}, orphans: detach }}
copy: {{ rows: 200 }}
tables:
  - {{ from: visitor, to: visitor, columns: {{ external_id: code, name: name }} }}
  - from: talk
    to: conversation
    columns: {{ visitor: visitor_id, created_at: created_at }}
    fields: {{ inbox: {{ column: site, map: {{ '1': web, '2': shop }} }} }}
  - from: message
    to: message
    columns: {{ text: content, occurred_at: created_at, conversation: talk_id }}
    fields: {{ sender: {{ column: side, map: {{ kefu: bot, visitor: visitor }} }} }}
    filter:
      - {{ column: deleted, is: ['0'] }}
",
        data.display()
    )
}

/// Writes messages of the talks of a site until there is its fence, and says when the last of it is written.
fn write_until_fenced(socket: &Path, dir: &Path, site: u32, inbox: &str) {
    let mut client = Mariadb::client_of(socket).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut input = client.stdin.take().unwrap();
    let mut number = 0;
    loop {
        number += 1;
        let talk = number % 10 * 2 + site;
        let sql = format!(
            "INSERT INTO message (talk_id, content, side, created_at)
                VALUES ({talk}, '{inbox}-{number}', 'visitor', '2026-05-01' + INTERVAL {number} SECOND);
             UPDATE message SET content = CONCAT('{inbox}-c-{number} ', LEFT(content, 40))
                WHERE talk_id = {talk} AND content LIKE 'm-%' LIMIT 1;\n"
        );
        input.write_all(sql.as_bytes()).unwrap();
        input.flush().unwrap();
        // After something is written, so that there is always something to be compared.
        if dir.join(format!("fence-{inbox}")).exists() {
            break;
        }
        // About two hundred changes a second of both sites together.
        std::thread::sleep(Duration::from_millis(18));
    }
    drop(input);
    client.wait().unwrap();
    std::fs::write(dir.join(format!("quiet-{inbox}")), "").unwrap();
}

/// A fence that waits until the writer of its inbox is quiet.
fn fence(dir: &Path) -> String {
    let dir = dir.display();
    format!("touch {dir}/fence-$KEFU_INBOX; while [ ! -e {dir}/quiet-$KEFU_INBOX ]; do sleep 0.01; done")
}

/// What the old system says of both sites, without what was written too late: text, visitor, side, second, site.
fn said_there(mariadb: &Mariadb) -> Vec<Value> {
    let rows = mariadb.old(
        "SELECT content, code, IF(side = 'visitor', 0, 2), TIMESTAMPDIFF(SECOND, '1970-01-01', message.created_at), site
         FROM message JOIN talk ON talk.id = talk_id JOIN visitor ON visitor.id = visitor_id
         WHERE deleted = 0 AND content NOT LIKE 'late%' ORDER BY BINARY content",
    );
    let read = |line: &str| {
        let parts: Vec<_> = line.split('\t').collect();
        let number = |text: &str| text.parse::<i64>().unwrap();
        json!([parts[0], parts[1], number(parts[2]), number(parts[3]), number(parts[4])])
    };
    rows.lines().map(read).collect()
}

/// The same of the store, without what was written here.
fn said_here(migration: &Migration) -> Vec<Value> {
    let rows = migration.query(
        "SELECT text, visitor.external_id, sender_kind, log.created_at / 1000000, iif(slug = 'web', 1, 2)
         FROM log JOIN conversation ON conversation.key = log.conversation
         JOIN visitor ON visitor.key = conversation.visitor JOIN inbox ON inbox.key = conversation.inbox
         WHERE revision = 0 AND occurred_at IS NOT NULL AND text NOT LIKE 'early%' ORDER BY text",
    );
    rows.into_iter().map(Value::Array).collect()
}

/// A conversation that was brought over into this inbox.
fn imported(migration: &Migration, inbox: &str) -> String {
    let rows = migration.query(&format!(
        "SELECT conversation.id FROM conversation JOIN inbox ON inbox.key = conversation.inbox
         WHERE slug = '{inbox}' AND conversation.key IN (SELECT place FROM migrate_map WHERE entity = 4) LIMIT 1"
    ));
    let hex = rows[0][0].as_str().unwrap();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn message(number: u32, text: &str) -> Value {
    json!({"client_id": format!("00000000-0000-7000-8000-{number:012}"), "kind": "text", "text": text})
}

/// Waits until the daemon serves.
#[track_caller]
fn ready(server: &Server) {
    eventually("the daemon is ready", || {
        let answer = http::request(server.address, "GET", "/readyz", None, None).ok()?;
        (answer.status == 200).then_some(())
    });
}

/// Waits until what is written for a site now has come.
#[track_caller]
fn is_fed(mariadb: &Mariadb, migration: &Migration, text: &str) {
    mariadb.old(&format!(
        "INSERT INTO message (talk_id, content, side, created_at) VALUES (2, '{text}', 'kefu', '2026-06-01')"
    ));
    let sql = format!("SELECT count(*) FROM log WHERE text = '{text}'");
    eventually("what is written there comes", || (migration.query(&sql)[0][0] == 1).then_some(()));
}

fn migration_into(place: &Place, mariadb: &Mariadb) -> Migration {
    let data: PathBuf = place.path().join("data");
    let migration = Migration::of_server(&yaml(&data), &mariadb.url());
    std::os::unix::fs::symlink(&data, migration.data()).unwrap();
    migration
}

#[test]
fn inboxes_switch_one_by_one_while_one_is_chatted_in_and_the_other_is_fed() {
    let Some(mariadb) = Mariadb::logging() else { return };
    mariadb.old(SCHEMA);
    mariadb.old(
        "ALTER TABLE talk ADD COLUMN site int NOT NULL DEFAULT 1; UPDATE talk SET site = 2 - id % 2;
         INSERT INTO message (talk_id, content, side, created_at) VALUES (1, 'early', 'kefu', '2026-04-01')",
    );
    // The daemon's first start makes the store, and somebody who may look into it.
    let place = Place::new();
    let first = place.start();
    let admin = first.sign_in();
    first.stop();
    let migration = migration_into(&place, &mariadb);
    let follower = Follower::start(&migration);
    following(&migration);
    assert_eq!(migration.report(&["verify"], 0)["same"], true);

    // What is here so far can be looked at, beside the migrator.
    let standby = place.start_with(&["--standby"]);
    let (web, shop) = (imported(&migration, "web"), imported(&migration, "shop"));
    let path = |conversation: &str| format!("/api/v1/conversations/{conversation}/messages");
    eventually("the standby shows what is here", || {
        let page = standby.call("GET", &path(&shop), Some(&admin), None);
        (page.status == 200 && page.json()["items"].as_array()?.len() > 10).then_some(())
    });
    assert_eq!(standby.call("POST", &path(&shop), Some(&admin), Some(&message(1, "no"))).status, 503);

    let (dir, socket) = (migration.path().to_owned(), mariadb.socket());
    let writer = |site, inbox: &'static str| {
        let (dir, socket) = (dir.clone(), socket.clone());
        std::thread::spawn(move || write_until_fenced(&socket, &dir, site, inbox))
    };
    let (web_writer, shop_writer) = (writer(1, "web"), writer(2, "shop"));
    let fence = fence(&dir);

    // The first switch hands the store over to the daemon that waits.
    let report = migration.report(&["cutover", "--inbox", "web", "--fence", &fence], 0);
    web_writer.join().unwrap();
    assert_eq!((&report["cut_over"], &report["obstacles"]), (&json!(true), &json!([])), "{report:#}");
    assert!(report["compared"].as_u64() > Some(0), "{report:#}");
    eprintln!("web: nobody could write for {} ms", report["outage_ms"]);
    ready(&standby);

    // The one is chatted in, the other is fed and only read.
    let (visitor, conversation) = standby.visitor();
    standby.call("POST", &path(&conversation), Some(&visitor), Some(&message(2, "new 退款"))).expect(201);
    standby.call("POST", &path(&web), Some(&admin), Some(&message(3, "answer"))).expect(201);
    let refused = standby.call("POST", &path(&shop), Some(&admin), Some(&message(4, "no"))).expect(409);
    assert_eq!(refused["code"], "inbox_not_switched");
    let session = json!({"inbox": "shop", "visitor": {}});
    let refused = standby.call("POST", "/api/v1/widget/sessions", None, Some(&session)).expect(503);
    assert_eq!(refused["retry_after_ms"], 30_000);
    is_fed(&mariadb, &migration, "shop after the switch");

    // Neither end of the migrator nor of the daemon loses anything, or does it twice.
    follower.kill();
    let follower = Follower::start(&migration);
    is_fed(&mariadb, &migration, "shop after the end of the migrator");
    standby.kill();
    let server = place.start();
    ready(&server);
    is_fed(&mariadb, &migration, "shop after the end of the daemon");

    // What changes too late is no more than counted and listed.
    mariadb.old(
        "UPDATE message SET content = 'late change' WHERE content = 'early';
         INSERT INTO talk (id, visitor_id, created_at, site) VALUES (901, 3, '2026-07-01', 1);
         INSERT INTO message (talk_id, content, side, created_at) VALUES
            (1, 'late message', 'visitor', '2026-07-01'), (901, 'late talk', 'visitor', '2026-07-01')",
    );
    let status = eventually("late rows are counted", || {
        let status = migration.report(&["status"], 0);
        (table(&status, "old/message")["late"] == 3).then_some(status)
    });
    assert_eq!(table(&status, "old/talk")["late"], 1);
    assert_eq!(status["late"].as_array().unwrap().len(), 4, "{status:#}");
    assert!(
        status["inboxes"][1]["switched_at_us"].is_i64() && status["inboxes"][0]["switched_at_us"].is_null()
    );
    assert_eq!(table(&status, "old/message")["dead"], 0);

    let report = migration.report(&["cutover", "--inbox", "shop", "--fence", &fence], 0);
    shop_writer.join().unwrap();
    assert_eq!(report["cut_over"], true, "{report:#}");
    eprintln!("shop: nobody could write for {} ms", report["outage_ms"]);
    server.call("POST", &path(&shop), Some(&admin), Some(&message(5, "answer"))).expect(201);
    assert_eq!(said_here(&migration), said_there(&mariadb));
    let written =
        migration.query("SELECT text FROM log WHERE occurred_at IS NULL AND event IS NULL ORDER BY text");
    assert_eq!(json!(written), json!([["answer"], ["answer"], ["new 退款"]]));
    let early = migration.query("SELECT text FROM log WHERE text LIKE 'early%' OR text LIKE 'late%'");
    assert_eq!(json!(early), json!([["early"]]));

    // And then it is over.
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
    assert_eq!(migration.report(&["cutover", "--fence", "true"], 0)["cut_over"], true);
    follower.ended(0);
    assert_eq!(migration.report(&["status"], 0)["sources"][0]["state"], "cut_over");
    server.stop();
    place.check();
}

#[test]
fn an_inbox_is_switched_without_a_daemon_too_and_only_one_that_there_is() {
    let Some(mariadb) = Mariadb::logging() else { return };
    mariadb.old(SCHEMA);
    mariadb.old("ALTER TABLE talk ADD COLUMN site int NOT NULL DEFAULT 1; UPDATE talk SET site = 2 - id % 2");
    let place = Place::new();
    place.start().stop();
    let migration = migration_into(&place, &mariadb);
    let said = migration.refusal(&["cutover", "--inbox", "shpo", "--fence", "true"], 64);
    assert!(said.contains("the file names shop, web"), "{said}");
    let follower = Follower::start(&migration);
    following(&migration);
    follower.stop();
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
    assert_eq!(migration.report(&["cutover", "--inbox", "web", "--fence", "true"], 0)["cut_over"], true);
    // A repeated command says so, and puts up no fence.
    assert_eq!(migration.report(&["cutover", "--inbox", "web", "--fence", "false"], 0)["cut_over"], true);

    let server = place.start();
    let admin = server.sign_in();
    let follower = Follower::start(&migration);
    is_fed(&mariadb, &migration, "shop by the socket");
    let path = format!("/api/v1/conversations/{}/messages", imported(&migration, "shop"));
    assert_eq!(server.call("POST", &path, Some(&admin), Some(&message(1, "no"))).status, 409);
    follower.stop();
    server.stop();
    place.check();
}
