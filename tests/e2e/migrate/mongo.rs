//! `kefu migrate` with servers of MongoDB: copied, followed and cut over, as PyMongo sees them.

use std::{
    io::Write as _,
    process::Stdio,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    Migration, dispositions,
    follow::{Follower, following, said_here},
    mongodb::Mongodb,
    table,
};
use crate::support::random::{Random, Seed, eventually, scale};

const YAML: &str = "\
version: 1
sources:
  chat: { kind: mongodb, url_env: OLD_MONGO_URL }
target: { data_dir: data, orphans: detach }
copy: { rows: 100 }
tables:
  - { from: guests, to: visitor, columns: { external_id: code, name: name } }
  - { from: chats, to: conversation, columns: { visitor: guest, created_at: opened } }
  - from: said
    to: message
    columns: { text: body.text, occurred_at: at, conversation: chat }
    fields:
      sender: { column: side, map: { kefu: bot, visitor: visitor } }
    filter:
      - { column: deleted, is_not: ['true'] }
";

const CHAT: &str = "
db.guests.insert_many([{'_id': oid(n), 'code': 'v-%d' % n, 'name': '访客 🙂'} for n in range(20)])
db.chats.insert_many([{'_id': oid(100 + n), 'guest': oid(n), 'opened': at(0)} for n in range(20)])
db.said.insert_many([{'_id': oid(1000 + n), 'chat': oid(100 + n % 20), 'body': {'text': 'm-%d' % n}, 'at': at(n),
                      'side': 'kefu' if n % 2 else 'visitor'} for n in range(450)])
";

fn migration(mongodb: &Mongodb) -> Migration {
    Migration::with(YAML, &[("OLD_MONGO_URL", &mongodb.url())])
}

/// What the old system says: text, visitor, side, second.
fn said_there(mongodb: &Mongodb) -> Vec<Value> {
    let said = mongodb.run(
        "
guests = {guest['_id']: guest['code'] for guest in db.guests.find()}
chats = {chat['_id']: guests[chat['guest']] for chat in db.chats.find()}
rows = [[doc['body']['text'], chats[doc['chat']], 0 if doc['side'] == 'visitor' else 2,
         int((doc['at'] - datetime.datetime(1970, 1, 1)).total_seconds())]
        for doc in db.said.find({'deleted': {'$ne': True}})]
print(json.dumps(sorted(rows, key=lambda row: row[0].encode()), ensure_ascii=False))",
    );
    serde_json::from_str(&said).unwrap()
}

#[test]
fn a_server_of_mongodb_is_copied_whatever_its_ids_are() {
    let Some(mongodb) = Mongodb::start() else { return };
    mongodb.run(
        "
import uuid
ids = [1, 1.5, '1', oid(7), Int64(2 ** 40), True, {'a': 1}, None, at(0), Decimal128('2.50'), b'\\x00\\x01', float('nan'),
       Binary.from_uuid(uuid.UUID(int=7)), float('-inf'), MinKey(), -3, 'z', False]
db.guests.insert_many([{'_id': key, 'name': 'guest %d' % n, 'tags': ['a', {'b.c': n, '': None}], 'money': Decimal128('12.50')}
                       for n, key in enumerate(ids)])
db.chats.insert_many([{'_id': oid(100 + n), 'guest': key, 'opened': at(n)} for n, key in enumerate(ids) if key is not None])
db.said.insert_many([{'_id': n, 'chat': oid(100 + n % 7), 'body': {'text': 'm-%d 你好' % n}, 'at': at(n)} for n in range(600)])
db.said.insert_one({'_id': 'large', 'chat': oid(100), 'body': {'text': 'x' * (3 << 20)}, 'at': at(0)})",
    );
    let yaml = YAML
        .replace(
            "external_id: code, name: name } }",
            "name: name }, fields: { attributes: { object: [tags, money] } } }",
        )
        .replace("    fields:\n      sender: { column: side, map: { kefu: bot, visitor: visitor } }\n", "");
    let migration = Migration::with(&yaml, &[("OLD_MONGO_URL", &mongodb.url())]);
    let plan = migration.report(&["plan"], 0);
    assert_eq!(plan["sources"][0]["live"], true);
    let obstacles = plan["sources"][0]["follow_obstacles"].to_string();
    assert!(obstacles.contains("some `_id` of `guests`"), "{obstacles}");
    assert_eq!(table(&plan, "chat/said")["rows_estimate"], 601);
    let report = migration.report(&["run"], 4);
    // A text of 3 MiB is a dead letter; nothing else is.
    assert_eq!(dispositions(&report, "chat/guests"), [18, 0, 0]);
    assert_eq!(dispositions(&report, "chat/chats"), [17, 0, 0]);
    assert_eq!(dispositions(&report, "chat/said"), [600, 0, 1]);
    assert_eq!(migration.query("SELECT count(*) FROM log WHERE event IS NULL"), [[json!(600)]]);
    let guest = migration.query("SELECT attributes FROM visitor WHERE name = 'guest 3'");
    let attributes: Value = serde_json::from_str(guest[0][0].as_str().unwrap()).unwrap();
    assert_eq!(attributes, json!({"tags": ["a", {"b.c": 3, "": null}], "money": "12.50"}));
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
    // What changed is picked up by the next run, and seen by a comparison before that.
    mongodb.run("db.guests.update_one({'_id': oid(7)}, {'$set': {'name': 'renamed'}})\ndb.said.delete_one({'_id': 5})");
    let verified = migration.report(&["verify"], 4);
    let counts = |name, what| table(&verified, name)[what].clone();
    assert_eq!((counts("chat/guests", "different"), counts("chat/said", "extra")), (json!(1), json!(1)));
    let report = migration.report(&["run"], 4);
    assert_eq!(table(&report, "chat/guests")["written"], 1);
    assert!(migration.refusal(&["run", "--follow"], 3).contains("cannot be followed (minKey"));
}

#[test]
fn what_changes_at_a_server_of_mongodb_is_here_a_moment_later() {
    let Some(mongodb) = Mongodb::start() else { return };
    mongodb.run(CHAT);
    let migration = migration(&mongodb);
    assert_eq!(migration.report(&["plan"], 0)["sources"][0]["follow_obstacles"], json!([]));
    let follower = Follower::start(&migration);
    following(&migration);
    assert_eq!(said_here(&migration), said_there(&mongodb));
    mongodb.run(
        "
db.guests.insert_one({'_id': 'new', 'code': 'v-new', 'name': 'new'})
db.chats.insert_one({'_id': 7.5, 'guest': 'new', 'opened': at(9)})
db.said.insert_one({'_id': Int64(2 ** 60), 'chat': 7.5, 'body': {'text': 'm-new 退款'}, 'at': at(9), 'side': 'visitor'})
db.said.update_one({'_id': oid(1000)}, {'$set': {'body.text': 'm-0 changed'}})
db.said.replace_one({'_id': oid(1001)}, {'chat': oid(101), 'body': {'text': 'm-1 replaced'}, 'at': at(1), 'side': 'kefu'})
db.said.delete_one({'_id': oid(1002)})
db.said.update_one({'_id': oid(1003)}, {'$set': {'deleted': True}})
db.said.delete_one({'_id': oid(1004)})
db.said.insert_one({'_id': oid(1004), 'chat': oid(104), 'body': {'text': 'm-4 again'}, 'at': at(4), 'side': 'visitor'})
db.guests.update_one({'_id': oid(3)}, {'$set': {'name': 'renamed'}})
db.other.insert_one({'_id': 1})",
    );
    let there = said_there(&mongodb);
    eventually("the changes are here", || (said_here(&migration) == there).then_some(()));
    eventually("the name is here", || {
        let name = migration.query("SELECT name FROM visitor WHERE external_id = 'v-3'");
        (name == [[json!("renamed")]]).then_some(())
    });
    follower.stop();
    assert_eq!(migration.report(&["verify"], 0)["same"], true);

    // What happens while nobody follows comes over afterwards, and then it can be cut over.
    mongodb.run("db.said.update_many({'side': 'kefu'}, {'$set': {'at': at(777)}})");
    let follower = Follower::start(&migration);
    let there = said_there(&mongodb);
    eventually("the changes are here", || (said_here(&migration) == there).then_some(()));
    follower.stop();
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
    assert!(migration.refusal(&["cutover", "--read-only"], 3).contains("no such switch"));
    mongodb.run("db.said.update_one({'_id': oid(1010)}, {'$set': {'body.text': 'the last word'}})");
    let report = migration.report(&["cutover", "--fence", "true"], 0);
    assert_eq!(report["cut_over"], true, "{report:#}");
    assert!(report["compared"].as_u64() > Some(0), "{report:#}");
    assert_eq!(said_here(&migration), said_there(&mongodb));
}

#[test]
fn two_servers_with_the_same_keys_come_over_side_by_side() {
    let (Some(one), Some(two)) = (Mongodb::start(), Mongodb::start()) else { return };
    for (mongodb, name) in [(&one, "one"), (&two, "two")] {
        mongodb.run(&format!(
            "
db.guests.insert_many([{{'_id': n, 'code': '{name}-%d' % n, 'name': '{name}'}} for n in range(5)])
db.chats.insert_many([{{'_id': n, 'guest': n, 'opened': at(0)}} for n in range(5)])
db.said.insert_many([{{'_id': n, 'chat': n % 5, 'body': {{'text': '{name}-m-%d' % n}}, 'at': at(n), 'side': 'visitor'}} for n in range(50)])"
        ));
    }
    let (head, tables) = YAML.split_once("tables:\n").unwrap();
    let head = head.replace(
        "  chat: { kind: mongodb, url_env: OLD_MONGO_URL }\n",
        "  one: { kind: mongodb, url_env: ONE }\n  two: { kind: mongodb, url_env: TWO }\n",
    );
    let of = |source: &str| {
        let mut tables = tables.to_owned();
        for name in ["guests", "chats", "said"] {
            let named = format!("from: {name}, source: {source}, alias: {source}-{name},");
            tables = tables.replace(&format!("from: {name},"), &named);
            let lines = format!("from: {name}\n    source: {source}\n    alias: {source}-{name}\n");
            tables = tables.replace(&format!("from: {name}\n"), &lines);
        }
        tables
            .replace(
                "columns: { visitor: guest, created_at: opened }",
                &format!("columns: {{ created_at: opened }}, fields: {{ visitor: {{ column: guest, refers_to: {source}-guests }} }}"),
            )
            .replace(", conversation: chat }", " }")
            .replace("    fields:\n", &format!("    fields:\n      conversation: {{ column: chat, refers_to: {source}-chats }}\n"))
    };
    let yaml = format!("{head}tables:\n{}{}", of("one"), of("two"));
    let migration = Migration::with(&yaml, &[("ONE", &one.url()), ("TWO", &two.url())]);
    let follower = Follower::start(&migration);
    following(&migration);
    one.run("db.said.update_one({'_id': 7}, {'$set': {'body.text': 'one changed'}})");
    two.run("db.said.delete_one({'_id': 7})");
    eventually("both changes are here", || {
        let texts = migration.query("SELECT text FROM log WHERE revision = 0 AND event IS NULL AND (text LIKE '%m-7' OR text LIKE '%changed')");
        (texts == [[json!("one changed")]]).then_some(())
    });
    follower.stop();
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
    assert_eq!(
        migration.query("SELECT count(*) FROM log WHERE revision = 0 AND event IS NULL"),
        [[json!(99)]]
    );
}

#[test]
fn a_place_that_the_server_no_longer_has_is_said_and_never_an_empty_success() {
    let Some(mongodb) = Mongodb::start_with(&["--oplog-max-entries", "100"]) else { return };
    mongodb.run(CHAT);
    let migration = migration(&mongodb);
    let follower = Follower::start(&migration);
    // SecantusDB says that its log is cut of tokens alone, and not of times.
    eventually("there is a token", || {
        let positions = migration.run(&["status", "--format", "json"]);
        String::from_utf8_lossy(&positions.stdout).contains("\"token\"").then_some(())
    });
    follower.stop();
    // It looks at its log every thousand changes.
    mongodb.run("for _ in range(2): db.noise.insert_many([{'n': n} for n in range(1100)])");
    let said = migration.refusal(&["run", "--follow"], 3);
    assert!(said.contains("no longer has") && said.contains("--recopy"), "{said}");
    mongodb.run("db.said.delete_one({'_id': oid(1000)})\ndb.said.update_one({'_id': oid(1001)}, {'$set': {'body.text': 'x'}})");
    let recopying = migration.start_heard(&["run", "--follow", "--recopy"]);
    let follower = Follower::of(recopying);
    let there = said_there(&mongodb);
    eventually("everything is here again", || (said_here(&migration) == there).then_some(()));

    // A collection that is dropped is not a collection without documents.
    mongodb.run("db.said.drop()");
    let said = follower.ended(3);
    assert!(said.contains("`said` was changed as a whole (`drop`)"), "{said}");
    assert_eq!(said_here(&migration), there);
}

#[test]
fn an_address_that_cannot_be_used_is_said_without_its_password() {
    for (url, code, words) in [
        ("mongodb://u:se-cret@127.0.0.1:1/old?serverSelectionTimeoutMS=200", 69, "cannot read source `chat`"),
        ("mongodb://u:se-cret@127.0.0.1:1", 78, "it names no database"),
        ("mysql://u:se-cret@127.0.0.1:1/old", 78, "mongodb+srv://"),
        ("mongodb://u:se-cret@127.0.0.1:1/old?tls=perhaps", 78, "cannot use the address"),
    ] {
        let migration = Migration::with(YAML, &[("OLD_MONGO_URL", url)]);
        let said = migration.refusal(&["plan"], code);
        assert!(said.contains(words) && !said.contains("se-cret"), "{url}: {said}");
    }
}

/// What a writer does: every message has a number of its own in its text.
fn script(random: &mut Random, writer: u64, next: &mut u64) -> String {
    let mut script = String::new();
    for _ in 0..20 {
        *next += 1;
        let number = writer * 1_000_000 + *next;
        let id = 1000 + random.below(450 + *next);
        let chat = 100 + random.below(20);
        let doc = format!(
            "'chat': oid({chat}), 'body': {{'text': 'm-{number} 在吗 🙂'}}, 'at': at({number}), 'side': 'visitor'"
        );
        script += &match random.below(10) {
            0..=3 => format!("db.said.insert_one({{{doc}}})"),
            4..=5 => {
                format!("db.said.update_one({{'_id': oid({id})}}, {{'$set': {{'body.text': 'u-{number}'}}}})")
            }
            6 => format!("db.said.delete_one({{'_id': oid({id})}})"),
            // A message stays in its conversation.
            7 => format!(
                "db.said.replace_one({{'_id': oid({id})}}, {{{}}}, upsert=True)",
                doc.replace(&format!("oid({chat})"), &format!("oid({})", 100 + (id - 1000) % 20))
            ),
            8 => format!(
                "db.said.update_one({{'_id': oid({id})}}, {{'$set': {{'deleted': {}}}}})",
                ["True", "False"][(number % 2) as usize]
            ),
            _ => format!(
                "db.guests.update_one({{'_id': oid({})}}, {{'$set': {{'name': 'n-{number}'}}}})",
                chat - 100
            ),
        };
        script.push('\n');
    }
    script
}

#[test]
fn killed_again_and_again_while_others_write_to_mongodb_it_loses_nothing() {
    let Some(mut mongodb) = Mongodb::start() else { return };
    mongodb.run(CHAT);
    let seed = Seed::choose();
    let mut random = Random::new(seed.0);
    let migration = migration(&mongodb);
    let (kills, crashes) = (scale("KEFU_FOLLOW_KILLS", 4), scale("KEFU_FOLLOW_SERVER_KILLS", 1));
    let is_over = AtomicBool::new(false);
    let clients: Vec<_> = (0..2).map(|_| mongodb.client()).collect();
    std::thread::scope(|scope| {
        // Whatever panics, the writers end.
        struct Over<'a>(&'a AtomicBool);
        impl Drop for Over<'_> {
            fn drop(&mut self) {
                self.0.store(true, Relaxed);
            }
        }
        let over = Over(&is_over);
        for (writer, mut client) in (1..).zip(clients) {
            let (is_over, seed) = (&is_over, seed.0);
            scope.spawn(move || {
                let mut random = Random::new(seed ^ writer);
                let mut next = 0;
                while !is_over.load(Relaxed) {
                    let lines = script(&mut random, writer, &mut next);
                    let tried = lines
                        .lines()
                        .map(|line| format!("try: {line}\nexcept pymongo.errors.PyMongoError: pass\n"));
                    let mut child = client.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
                    drop(child.stdin.take().unwrap().write_all(tried.collect::<String>().as_bytes()));
                    child.wait().unwrap();
                    // Not more than is followed in the end.
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
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
                mongodb.crash();
                crashed += 1;
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
    let there = said_there(&mongodb);
    migration.until_followed(|| {
        let here = said_here(&migration);
        if here == there {
            return Ok(());
        }
        let missing: Vec<_> = there.iter().filter(|row| !here.contains(row)).collect();
        let extra: Vec<_> = here.iter().filter(|row| !there.contains(row)).collect();
        Err(format!("missing {missing:?}, extra {extra:?}"))
    });
    follower.stop();
    assert_eq!(migration.query("PRAGMA integrity_check")[0][0], "ok");
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
    println!("{} rows after {kills} kills and {crashes} crashes", there.len());
}
