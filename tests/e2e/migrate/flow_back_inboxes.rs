//! The way back of inboxes that were switched one by one: what was written in the first while the others were still fed is there, too.

use serde_json::{Value, json};

use super::{
    Migration,
    flow_back::{CHANGED, Office, SCHEMA, YAML, copy, migration, place_of, said_here, said_there, say},
    follow::Follower,
    mariadb::Mariadb,
};
use crate::support::{random::eventually, server::Place};

const INBOX: &str = "      inbox: { column: site, map: { '1': web, '2': shop } }\n";

/// With a column that says the inbox; what says nothing is of the second one.
fn yaml() -> String {
    let mut yaml = String::new();
    for line in YAML.lines() {
        yaml.push_str(&format!("{line}\n"));
        if line.starts_with("      state:") || line.starts_with("      priority:") {
            yaml.push_str(INBOX);
        }
    }
    yaml
}

const SITES: &str = "
ALTER TABLE talk ADD COLUMN site int NOT NULL DEFAULT 2;
ALTER TABLE issue ADD COLUMN site int NOT NULL DEFAULT 2;
UPDATE talk SET site = 1 WHERE id < 5;
UPDATE issue SET site = 1;
";

/// Writes a message and a ticket of the second inbox there, and waits until they are here.
fn feed(mariadb: &Mariadb, migration: &Migration, number: u32) {
    mariadb.old(&format!(
        "INSERT INTO message (talk_id, content, side, created_at, deleted)
            VALUES (5, 'fed-{number}', 'visitor', '2026-05-01' + INTERVAL {number} SECOND, 0);
         INSERT INTO issue (guest_id, title, body, created_at, changed_at) VALUES (5, 'fed-{number}', '', '2026-05-01', '2026-05-01')"
    ));
    let sql = format!(
        "SELECT (SELECT count(*) FROM log WHERE text = 'fed-{number}') + (SELECT count(*) FROM ticket WHERE subject = 'fed-{number}')"
    );
    eventually("what is written there comes", || (migration.query(&sql)[0][0] == 2).then_some(()));
}

/// What the old system says of the rows that were written here, with their inboxes.
const WRITTEN: &str = "
SELECT content, site, deleted FROM message JOIN talk ON talk.id = talk_id WHERE content LIKE 'new:%' ORDER BY BINARY content;
SELECT title, site FROM issue WHERE title LIKE '发票%' ORDER BY id;
SELECT COUNT(*) FROM talk; SELECT COUNT(*) FROM guest; SELECT COUNT(*) FROM message; SELECT COUNT(*) FROM issue;
";

/// Both inboxes are copied, and the first is switched.
fn switch_first(mariadb: &Mariadb, migration: &Migration) -> Place {
    let place = place_of(migration);
    mariadb.old(SCHEMA);
    mariadb.old(SITES);
    copy(migration);
    assert_eq!(migration.report(&["cutover", "--inbox", "web", "--fence", "true"], 0)["cut_over"], true);
    place
}

/// The old system counts; what is here follows it, brings over what was too late before, and finds nothing twice.
fn follow_on(mariadb: &Mariadb, migration: &Migration) {
    mariadb.old(
        "INSERT INTO message (talk_id, content, side, created_at, deleted) VALUES
            (1, 'after the return', 'visitor', '2026-06-01', 0), (5, 'after the return, too', 'visitor', '2026-06-01', 0)",
    );
    let there = said_there(mariadb);
    let follower = Follower::start(migration);
    eventually("both sides say the same", || (said_here(migration) == there).then_some(()));
    let none_is_late = || (migration.report(&["status"], 0)["late"] == Value::Null).then_some(());
    eventually("what was too late is here", none_is_late);
    follower.stop();
    let verified = migration.report(&["verify"], 0);
    assert_eq!(verified["same"], true, "{verified:#}");
    let count = |sql: &str| mariadb.old(sql).trim().parse::<u64>().unwrap();
    for (table, there) in [("visitor", "guest"), ("conversation", "talk"), ("ticket", "issue")] {
        let here = migration.query(&format!("SELECT count(*) FROM {table}"));
        assert_eq!(here[0][0], count(&format!("SELECT COUNT(*) FROM {there}")), "{table}");
    }
}

/// Works in the first inbox while the second is fed, beside a flow that is killed again and again if `is_flowing`.
fn work(mariadb: &Mariadb, migration: &Migration, office: &Office<'_>, is_flowing: bool) -> (String, String) {
    let flow = || is_flowing.then(|| Follower::of(migration.start_heard(&["flow-back"])));
    let mut flowing = flow();
    let (visitor, conversation) = office.server.visitor();
    say(office.server, &visitor, &conversation, 1, "new: 在吗 🙂");
    let is_there = |text: &str| {
        !is_flowing || mariadb.old(&format!("SELECT 1 FROM message WHERE content = '{text}'")) == "1\n"
    };
    let mut fed = 0;
    office.work(&is_there, &mut || {
        drop(flowing.take());
        flowing = flow();
        fed += 1;
        feed(mariadb, migration, fed);
    });
    mariadb.old(
        "INSERT INTO guest (code, name) VALUES ('v-6', 'fed');
         INSERT INTO talk (guest_id, created_at) SELECT id, '2026-05-02' FROM guest WHERE code = 'v-6';
         INSERT INTO message (talk_id, content, side, created_at, deleted)
            SELECT MAX(id), 'fed talk', 'visitor', '2026-05-02', 0 FROM talk;
         UPDATE message SET content = 'late change' WHERE content = 'm-7';
         INSERT INTO message (talk_id, content, side, created_at, deleted) VALUES (2, 'late message', 'visitor', '2026-05-03', 0)",
    );
    feed(mariadb, migration, 100);
    say(office.server, &visitor, &conversation, 2, "new: still there");
    eventually("it is there", || is_there("new: still there").then_some(()));
    drop(flowing);
    (visitor, conversation)
}

#[test]
fn a_return_after_inboxes_switched_one_by_one_loses_nothing_and_brings_nothing_twice() {
    let Some(mariadb) = Mariadb::logging() else { return };
    let migration = migration(&yaml(), &mariadb);
    let place = switch_first(&mariadb, &migration);
    let server = place.start();
    let office = Office::open(&migration, &server);
    let follower = Follower::start(&migration);
    let (visitor, conversation) = work(&mariadb, &migration, &office, false);
    let report = migration.report(&["cutover", "--inbox", "shop", "--fence", "true"], 0);
    assert_eq!(report["cut_over"], true, "{report:#}");
    say(&server, &office.li, &office.id("conversation", "v-5"), 3, "new: shop");
    assert_eq!(migration.report(&["cutover", "--fence", "true"], 0)["cut_over"], true);
    follower.ended(0);
    say(&server, &visitor, &conversation, 4, "new: the last one");
    drop(office);
    server.stop();

    let report = migration.report(&["rollback", "--unfence", "true"], 0);
    let flowed = &report["flowed"];
    assert_eq!((&report["saved"], &report["conflicts"]), (&json!(7), &json!(0)), "{report:#}");
    let made =
        ["messages", "conversations", "visitors", "tickets"].map(|what| flowed[what].as_u64().unwrap());
    assert_eq!(made, [6, 1, 1, 1], "{report:#}");
    let left = json!({ "a comment on a ticket": 1, "it was taken back before it was there": 1 });
    assert_eq!(flowed["left_for"], left, "{report:#}");
    let written = "\
new: edited\t1\t0\nnew: shop\t2\t0\nnew: still there\t1\t0\nnew: the last one\t1\t0\nnew: 在吗 🙂\t1\t0\nnew: 您好 🙂\t1\t0
发票\t1\n7\n7\n74\n8\n";
    assert_eq!(mariadb.old(WRITTEN), written);
    let changed = mariadb.old(CHANGED);
    assert!(changed.contains("1\t1\t1\t1\n2\t2\t0\t0\n王女士\t13900000000\n"), "{changed}");
    assert!(changed.contains("退款,已处理\twhere is it?\tclosed\t0\tv-1\t1\n"), "{changed}");
    assert!(changed.contains("发票\tplease\tdone\t1\tv-3\t1\n"), "{changed}");

    // The file has what was written since the first switch, and nothing of what the second was fed with.
    let saved = std::fs::read_to_string(report["file"].as_str().unwrap()).unwrap();
    let saved: Vec<Value> = saved.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = |what: &str| saved.iter().filter(|line| line["what"] == what).count();
    assert_eq!(["message", "edited", "recalled", "ticket"].map(count), [7, 0, 0, 2], "{saved:?}");

    follow_on(&mariadb, &migration);
    assert_eq!(mariadb.old(WRITTEN).replace("\n76\n", "\n74\n"), written);
    place.check();
}

#[test]
fn what_is_written_in_a_switched_inbox_flows_back_while_the_others_are_fed_and_is_not_taken_for_theirs() {
    let Some(mariadb) = Mariadb::logging() else { return };
    let migration = migration(&yaml(), &mariadb);
    let place = switch_first(&mariadb, &migration);
    let server = place.start();
    let office = Office::open(&migration, &server);
    let follower = Follower::start(&migration);
    work(&mariadb, &migration, &office, true);
    let report = migration.report(&["flow-back", "--once"], 0);
    assert_eq!(report["conflicts"], 0, "{report:#}");
    let written = "\
new: edited\t1\t0\nnew: recall\t1\t1\nnew: still there\t1\t0\nnew: 在吗 🙂\t1\t0\nnew: 您好 🙂\t1\t0
发票\t1\n7\n7\n73\n8\n";
    assert_eq!(mariadb.old(WRITTEN), written);
    feed(&mariadb, &migration, 101);
    // Only what others wrote there counts as late, and nothing that went there came back.
    let status = migration.report(&["status"], 0);
    assert_eq!(status["late"].as_array().map(Vec::len), Some(2), "{status:#}");
    let twice = "SELECT text FROM log WHERE event IS NULL AND text <> '' GROUP BY text HAVING count(*) > 1
        UNION ALL SELECT subject FROM ticket GROUP BY subject HAVING count(*) > 1";
    assert_eq!(json!(migration.query(twice)), json!([]));
    assert_eq!(migration.query("SELECT count(*) FROM visitor")[0][0], 7);
    let verified = migration.report(&["verify"], 0);
    assert_eq!(verified["same"], true, "{verified:#}");

    // The rest is switched as ever.
    let report = migration.report(&["cutover", "--fence", "true"], 0);
    assert_eq!(report["cut_over"], true, "{report:#}");
    follower.ended(0);
    say(&server, &office.li, &office.id("conversation", "v-5"), 3, "new: shop");
    drop(office);
    server.stop();
    let report = migration.report(&["rollback"], 0);
    assert_eq!((&report["flowed_back"], &report["conflicts"]), (&json!(6), &json!(0)), "{report:#}");
    let written =
        written.replace("new: still", "new: shop\t2\t0\nnew: still").replace("\n73\n8\n", "\n75\n9\n");
    assert_eq!(mariadb.old(WRITTEN), written);
    follow_on(&mariadb, &migration);
    place.check();
}

#[test]
fn a_return_before_the_last_switch_is_one_of_all_inboxes() {
    let Some(mariadb) = Mariadb::logging() else { return };
    let migration = migration(&yaml(), &mariadb);
    let place = switch_first(&mariadb, &migration);
    let server = place.start();
    let office = Office::open(&migration, &server);
    let follower = Follower::start(&migration);
    feed(&mariadb, &migration, 1);
    follower.stop();
    let (visitor, conversation) = server.visitor();
    say(&server, &visitor, &conversation, 1, "new: hello");
    drop(office);
    server.stop();
    let report = migration.report(&["rollback"], 0);
    assert_eq!((&report["was_cut_over"], &report["flowed_back"]), (&json!(true), &json!(1)), "{report:#}");
    assert_eq!(migration.report(&["status"], 0)["inboxes"][1]["switched_at_us"], Value::Null);
    follow_on(&mariadb, &migration);
    assert_eq!(mariadb.old("SELECT COUNT(*) FROM message WHERE content = 'new: hello'"), "1\n");
    place.check();
}
