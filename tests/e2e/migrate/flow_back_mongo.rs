//! The same way back to a server of MongoDB, as PyMongo sees it.

use serde_json::{Value, json};

use super::{
    Migration,
    flow_back::{Office, cut_over, place_of, say},
    follow::Follower,
    mongodb::Mongodb,
};
use crate::support::random::eventually;

const YAML: &str = "\
version: 1
sources:
  chat: { kind: mongodb, url_env: OLD_MONGO_URL, write_url_env: OLD_MONGO_URL }
target: { data_dir: data }
tables:
  - { from: staff, to: agent, columns: { name: name, email: mail } }
  - { from: guests, to: visitor, columns: { external_id: code, name: profile.name, phone: profile.phone } }
  - from: chats
    to: conversation
    columns: { visitor: guest, assignee: staff, created_at: opened, resolved_at: ended }
    fields:
      state: { column: status, map: { '0': open, '1': resolved } }
  - from: said
    to: message
    columns: { text: body.text, occurred_at: at, conversation: chat, agent: staff }
    fields:
      sender: { column: side, map: { kefu: agent, visitor: visitor } }
    filter:
      - { column: deleted, is_not: ['true'] }
  - from: issues
    to: ticket
    columns: { requester: guest, assignee: staff, subject: title, body: text, created_at: at, updated_at: changed }
    fields:
      status: { column: state, map: { new: new, open: open, done: solved, closed: closed } }
      priority: { column: level, map: { '0': normal, '1': urgent } }
";

const CHAT: &str = "
db.staff.insert_many([{'_id': 1, 'name': '小李', 'mail': 'li@example.com'}, {'_id': 2, 'name': '小王', 'mail': 'wang@example.com'}])
db.guests.insert_many([{'_id': oid(n), 'code': 'v-%d' % n, 'profile': {'name': '访客 🙂', 'phone': None}} for n in range(1, 6)])
db.chats.insert_many([{'_id': oid(100 + n), 'guest': oid(n), 'staff': 1, 'opened': at(0), 'status': 0, 'ended': None} for n in range(1, 6)])
db.said.insert_many([{'_id': oid(1000 + n), 'chat': oid(101 + n % 5), 'body': {'text': 'm-%d' % n, 'html': False}, 'at': at(n),
                      'side': 'kefu' if n % 2 else 'visitor', 'staff': 1 if n % 2 else None, 'deleted': False} for n in range(1, 61)])
db.issues.insert_one({'_id': oid(3000), 'guest': oid(1), 'staff': 1, 'title': '退款', 'text': 'where is it?', 'state': 'new',
                      'level': Decimal128('0'), 'at': at(0), 'changed': at(0)})
";

/// What agents change, as the old system has it, with the types of what was written.
const CHANGED: &str = "
codes = {guest['_id']: guest['code'] for guest in db.guests.find()}
rows = [[doc['body']['text'], doc.get('deleted', False)] for doc in db.said.find().sort('_id', 1)
        if doc['body']['text'].startswith('new:')]
chats = [[doc['staff'], doc['status'], type(doc['ended']).__name__] for doc in db.chats.find({'_id': {'$in': [oid(101), oid(102)]}}).sort('_id', 1)]
guest = db.guests.find_one({'code': 'v-3'})['profile']
issues = [[doc['title'], doc['text'], doc['state'], str(doc['level']), type(doc['level']).__name__, codes[doc['guest']],
           type(doc['at']).__name__, doc['changed'] > at(86400 * 31)] for doc in db.issues.find().sort('title', 1)]
new = [[type(doc['_id']).__name__, type(doc['at']).__name__, sorted(doc['body'])] for doc in db.said.find({'body.text': {'$regex': '^new'}})]
print(json.dumps([sorted(rows), chats, guest, issues, new[0]], ensure_ascii=False))";

/// What the old system says: text, visitor, second.
fn said_there(mongodb: &Mongodb) -> Vec<Value> {
    let said = mongodb.run(
        "
guests = {guest['_id']: guest['code'] for guest in db.guests.find()}
chats = {chat['_id']: guests[chat['guest']] for chat in db.chats.find()}
rows = [[doc['body']['text'], chats[doc['chat']], int((doc['at'] - datetime.datetime(1970, 1, 1)).total_seconds())]
        for doc in db.said.find({'deleted': {'$ne': True}})]
print(json.dumps(sorted(rows, key=lambda row: row[0].encode()), ensure_ascii=False))",
    );
    serde_json::from_str(&said).unwrap()
}

fn said_here(migration: &Migration) -> Vec<Value> {
    let rows = migration.query(
        "SELECT text, visitor.external_id, log.created_at / 1000000
         FROM log JOIN conversation ON conversation.key = log.conversation
         JOIN visitor ON visitor.key = conversation.visitor WHERE revision < 2 AND event IS NULL ORDER BY text",
    );
    rows.into_iter().map(Value::Array).collect()
}

#[test]
fn what_is_written_and_changed_here_is_in_mongodb_whatever_kills_it_and_nothing_differs_after_the_return() {
    let Some(mongodb) = Mongodb::start() else { return };
    mongodb.run(CHAT);
    let migration = Migration::with(YAML, &[("OLD_MONGO_URL", &mongodb.url())]);
    let place = place_of(&migration);
    cut_over(&migration);
    let plan = migration.report(&["plan"], 0);
    assert_eq!(plan["sources"][0].get("flow_back_obstacles"), None, "{plan:#}");

    let server = place.start();
    let office = Office::open(&migration, &server);
    let mut flowing = Some(Follower::of(migration.start_heard(&["flow-back"])));
    let (visitor, conversation) = server.visitor();
    for number in 1..20 {
        say(&server, &visitor, &conversation, number, &format!("new: {number}"));
    }
    let count = || mongodb.run("print(db.said.count_documents({'body.text': {'$regex': '^new'}}))");
    eventually("some messages are there", || (count() != "0\n").then_some(()));
    let is_there = |text: &str| {
        mongodb.run(&format!("print(db.said.count_documents({{'body.text': '{text}'}}))")) == "1\n"
    };
    office.work(&is_there, &mut || {
        flowing.take().expect("one is running").kill();
        flowing = Some(Follower::of(migration.start_heard(&["flow-back"])));
    });
    flowing.take().expect("one is running").kill();
    let report = migration.report(&["flow-back", "--once"], 0);
    assert_eq!(report["conflicts"], 0, "{report:#}");
    assert_eq!(count(), "22\n");
    let there: Value = serde_json::from_str(&mongodb.run(CHANGED)).unwrap();
    let rows = there[0].as_array().unwrap();
    assert_eq!(rows.len(), 22);
    assert!(
        rows.contains(&json!(["new: recall", true])) && rows.contains(&json!(["new: edited", false])),
        "{there:#}"
    );
    assert!(rows.contains(&json!(["new: 您好 🙂", false])), "{there:#}");
    assert_eq!(there[1], json!([[1, 1, "datetime"], [2, 0, "NoneType"]]));
    assert_eq!(there[2], json!({ "name": "王女士", "phone": "13900000000" }));
    let issues = json!([
        ["发票", "please", "done", "1", "Decimal128", "v-3", "datetime", true],
        ["退款,已处理", "where is it?", "closed", "0", "Decimal128", "v-1", "datetime", true],
    ]);
    assert_eq!(there[3], issues);
    assert_eq!(there[4], json!(["ObjectId", "datetime", ["text"]]));
    let report = migration.report(&["flow-back", "--once"], 0);
    assert_eq!((&report["changed"], &report["messages"]), (&json!(0), &json!(0)), "{report:#}");

    // Behind the fence somebody changes a row all the same.
    mongodb.run("db.said.update_one({'body.text': 'new: edited'}, {'$set': {'body.text': 'by somebody'}})");
    office.call(&office.admin, "DELETE", &office.message("new: edited"), None, 204);
    let report = migration.report(&["flow-back", "--once"], 0);
    assert_eq!((&report["conflicts"], &report["changed"]), (&json!(1), &json!(0)), "{report:#}");
    let text =
        mongodb.run("doc = db.said.find_one({'body.text': 'by somebody'})\nprint(doc.get('deleted', False))");
    assert_eq!(text, "False\n");
    mongodb.run("db.said.update_one({'body.text': 'by somebody'}, {'$set': {'deleted': True}})");
    drop(office);
    server.stop();

    let report = migration.report(&["rollback", "--unfence", "true"], 0);
    assert_eq!((&report["flowed_back"], &report["saved"]), (&json!(22), &json!(22)), "{report:#}");
    assert_eq!(report["flowed"]["left_for"], json!({ "a comment on a ticket": 1 }), "{report:#}");
    assert_eq!(mongodb.run("print([name for name in db.list_collection_names() if 'kefu' in name])"), "[]\n");
    mongodb.run("db.said.update_one({'_id': oid(1006)}, {'$set': {'body.text': 'm-6 changed'}})");
    let follower = Follower::start(&migration);
    eventually("both sides say the same", || (said_here(&migration) == said_there(&mongodb)).then_some(()));
    follower.stop();
    let verified = migration.report(&["verify"], 0);
    assert_eq!(verified["same"], true, "{verified:#}");
    assert_eq!(migration.query("SELECT count(*) FROM ticket"), [[json!(2)]]);
    place.check();
}
