//! One query over all kinds of sources at once, each a real server: it answers byte for byte what nine calls by hand do, asks
//! each source once, and what is wrong with some of them costs only their own fields.

mod postgres;

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use self::postgres::Postgres;
use crate::{
    migrate::{mariadb::Mariadb, mongodb::Mongodb, python},
    support::{
        http, root,
        server::{Place, Server},
    },
};

/// Users, whose numbers lead everywhere.
const YAML: &str = r#"
version: 1
limits: { max_aliases: 50, max_cost: 20000 }
sources:
  users_db: { kind: mysql, url: "MYSQL", timeout: 10s }
  orders_db: { kind: postgres, url: "POSTGRES", timeout: 10s }
  notes_db: { kind: sqlite, file: notes.db, timeout: 10s }
  old_chat: { kind: mongodb, url: "MONGODB", db: old, timeout: 10s }
  tickets: { kind: soap, wsdl: tickets.wsdl, timeout: 10s }
  crm: { kind: thrift, idl: crm.thrift, service: Crm, addr: "127.0.0.1:THRIFT", transport: framed, timeout: 10s }
  kb: { kind: http, base: "http://127.0.0.1:HTTP", timeout: 10s }
  wiki: { kind: http, openapi: wiki.yaml, timeout: 10s }
  store: { kind: kefu, timeout: 10s }
  slow: { kind: http, base: "http://127.0.0.1:HTTP", timeout: 1s }
  broken: { kind: http, base: "http://127.0.0.1:HTTP", timeout: 10s }
  busy: { kind: http, base: "http://127.0.0.1:HTTP", timeout: 10s }
types:
  User:
    source: users_db
    table: users
    key: [id]
    fields: { id: { type: "Int!", sort: true }, name: { type: "String!" } }
    relations:
      orders: { to: Order, many: true, on: { id: userId }, order: [{ id: asc }] }
      notes: { to: Note, many: true, on: { id: userId }, order: [{ id: asc }] }
      chats: { to: Chat, many: true, on: { id: userId }, order: [{ id: asc }] }
      tickets: { to: Ticket, many: true, on: { id: userId } }
      customer: { to: Customer, on: { id: id } }
      articles: { to: Article, many: true, on: { id: authorId } }
      page: { to: Page, on: { id: id } }
      visitor: { to: Visitor, on: { id: externalId } }
      slow: { to: Slow, on: { id: id } }
      broken: { to: Broken, on: { id: id } }
      busy: { to: Busy, on: { id: id } }
  Order:
    source: orders_db
    table: orders
    key: [id]
    fields: { id: { type: "Int!", sort: true }, userId: { type: "Int!", column: user_id }, total: { type: "Decimal!" } }
  Note:
    source: notes_db
    table: notes
    key: [id]
    fields: { id: { type: "Int!", sort: true }, userId: { type: "Int!", column: user_id }, text: { type: String } }
  Chat:
    source: old_chat
    collection: chats
    key: [id]
    fields: { id: { type: "ID!", column: _id, sort: true }, userId: { type: "Int!" }, text: { type: String, column: last.text } }
  Ticket:
    source: tickets
    access: { by_keys: { userId: { op: TicketsByUsers, arg: userIds.integer, result: Ticket } } }
    fields: { id: { type: "Int!" }, userId: { type: "Int!" }, subject: { type: String } }
  Customer:
    source: crm
    access: { by_keys: { id: { op: byIds, arg: ids } } }
    fields: { id: { type: "BigInt!" }, name: { type: String }, level: { type: "Int!" } }
  Article:
    source: kb
    access: { by_keys: { authorId: { get: /by-author, query: { authorIds: { join: "," } }, result: data.items } } }
    fields: { authorId: { type: "Int!", column: author.id }, id: { type: "Int!" }, title: { type: String } }
  Page:
    source: wiki
    access: { by_keys: { id: { op: byIds, arg: ids, keyed: true } } }
    fields: { id: { type: "Int!" }, written: { type: DateTime } }
  Visitor:
    source: store
    access: { records: visitors }
    fields: { externalId: { type: String }, name: { type: "String!" } }
  Slow:
    source: slow
    access: { by_keys: { id: { get: /hang } } }
    fields: { id: { type: "Int!" } }
  Broken:
    source: broken
    access: { by_keys: { id: { get: /garbage } } }
    fields: { id: { type: "Int!" } }
  Busy:
    source: busy
    access: { by_keys: { id: { get: /busy } } }
    fields: { id: { type: "Int!" } }
query:
  users: { type: User, list: plain, order: [{ id: asc }] }
"#;

const IDL: &str = "struct Customer { 1: i64 id, 2: string name, 3: i32 level }
exception NoCustomer {}
service Crm { list<Customer> byIds(1: list<i64> ids), Customer get(1: i64 id) throws (1: NoCustomer missing) }
";

const NINE: &str = "id name orders { total } notes { text } chats { id text } tickets { id subject } \
    customer { name level } articles { id title } page { written } visitor { name }";

/// What each system says by hand, but for those with a shell of their own.
const BY_HAND: &str = r#"
import json, sqlite3, sys, urllib.request
import thriftpy2
from thriftpy2.rpc import make_client
from thriftpy2.transport import TFramedTransportFactory
import zeep
folder, ports, ids = sys.argv[1], json.loads(sys.argv[2]), list(range(1, 10))
http = lambda path: json.load(urllib.request.urlopen(f"http://127.0.0.1:{ports['http']}{path}"))
crm = make_client(thriftpy2.load(f"{folder}/crm.thrift").Crm, "127.0.0.1", ports["thrift"], trans_factory=TFramedTransportFactory())
tickets = zeep.Client(f"{folder}/tickets.wsdl").service.TicketsByUsers({"integer": ids})
tickets = getattr(tickets, "Ticket", tickets)
print(json.dumps({
    "notes": sqlite3.connect(f"{folder}/notes.db").execute("SELECT user_id, text FROM notes ORDER BY id").fetchall(),
    "tickets": [[one.userId, one.id, one.subject] for one in tickets],
    "customers": [[one.id, one.name, one.level] for one in crm.byIds(ids)],
    "articles": [[one["author"]["id"], one["id"], one["title"]]
        for one in http("/by-author?authorIds=" + ",".join(map(str, ids)))["data"]["items"]],
    "pages": [[int(id), one["written"]] for id, one in http("/by-id?" + "&".join(f"ids={id}" for id in ids)).items()],
}))
"#;

/// The three services of the data layer's own tests.
struct Services {
    child: Child,
    ports: Value,
}

impl Drop for Services {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Services {
    fn start(folder: &std::path::Path) -> Self {
        let mut child = Command::new(python())
            .arg(root().join("crates/query/tests/python/services.py"))
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, ports: serde_json::from_str(&line).unwrap() }
    }

    /// How often each was called before this.
    fn calls(&self) -> Value {
        let address = format!("127.0.0.1:{}", self.ports["http"]).parse().unwrap();
        let mut calls = http::request(address, "GET", "/calls", None, None).unwrap().expect(200);
        // The question counts as well.
        calls["http"] = (calls["http"].as_u64().unwrap() - 1).into();
        calls
    }
}

/// All servers, filled, and a daemon over them.
struct Nine {
    mariadb: Mariadb,
    postgres: Postgres,
    mongodb: Mongodb,
    services: Services,
    place: Place,
    server: Server,
    token: String,
    /// Their ids.
    visitors: [String; 2],
}

impl Nine {
    fn start() -> Option<Self> {
        let mut modules = Command::new(python());
        modules.args(["-c", "import spyne, thrift, thriftpy2, zeep, pymongo"]).stderr(Stdio::null());
        if !modules.status().is_ok_and(|status| status.success()) {
            assert!(std::env::var("KEFU_REQUIRE_PEERS").as_deref() != Ok("1"), "Python has not all modules");
            drop(writeln!(
                std::io::stderr(),
                "SKIPPED: no spyne, thrift, thriftpy2, zeep and pymongo in Python"
            ));
            return None;
        }
        let (mariadb, postgres, mongodb) = (Mariadb::start()?, Postgres::start()?, Mongodb::start()?);
        let place = Place::with("  graphql: { file: query.yaml }\n");
        let services = Services::start(place.path());
        mariadb.old(
            "CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(50) NOT NULL) CHARSET utf8mb4;
            INSERT INTO users VALUES (1, 'O''Brien <\"&😀'), (2, '王芳'), (3, 'a\\\\b'), (4, '4'), (5, '5'), (6, '6'), (7, '7'), (8, '8'), (9, '9')",
        );
        postgres.sql(
            "CREATE TABLE orders (id INT PRIMARY KEY, user_id INT, total NUMERIC(20, 2));
            INSERT INTO orders SELECT n, n % 9 + 1, n * 1.05 FROM generate_series(1, 30) AS n",
        );
        mongodb.run("db.chats.insert_many({'_id': f'c{n:02}', 'userId': n % 9 + 1, 'last': {'text': f'会话 \"{n}\"'}} for n in range(20))");
        let fill = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); \
            d.execute('CREATE TABLE notes (id INTEGER PRIMARY KEY, user_id INT, text TEXT)'); \
            d.executemany('INSERT INTO notes VALUES (?, ?, ?)', [(n, n % 5 + 1, None if n == 3 else 'note\\t%d' % n) for n in range(12)]); \
            d.commit()";
        let notes = place.path().join("notes.db");
        crate::graphql_sources::python(fill, &[notes.to_str().unwrap()]);
        let port = |name: &str| services.ports[name].to_string();
        let openapi = format!(
            "openapi: 3.1.0\nservers: [{{url: 'http://127.0.0.1:{}'}}]\npaths:\n  /by-id:\n    get: {{operationId: byIds}}\n",
            port("http")
        );
        let yaml = YAML
            .replace("MYSQL", &mariadb.url())
            .replace("POSTGRES", &postgres.url())
            .replace("MONGODB", &mongodb.url())
            .replace(":THRIFT", &format!(":{}", port("thrift")))
            .replace(":HTTP", &format!(":{}", port("http")));
        for (name, text) in [("query.yaml", &yaml), ("wiki.yaml", &openapi), ("crm.thrift", &IDL.to_owned())]
        {
            fs::write(place.path().join(name), text).unwrap();
        }
        let server = place.start();
        let token = server.sign_in();
        let visitors = [("2", "芳"), ("5", "\"Five\"")].map(|(id, name)| {
            let opened = json!({ "inbox": "web", "visitor": { "external_id": id, "name": name } });
            let opened = server.call("POST", "/api/v1/widget/sessions", None, Some(&opened)).expect(201);
            opened["visitor_id"].as_str().unwrap().to_owned()
        });
        Some(Self { mariadb, postgres, mongodb, services, place, server, token, visitors })
    }

    fn ask(&self, query: &str) -> String {
        let body = json!({ "query": query });
        let answer = http::request(self.server.address, "POST", "/graphql", Some(&self.token), Some(&body));
        answer.unwrap().body
    }

    /// How often the daemon asked a source so far.
    fn fetches(&self, source: &str) -> u64 {
        self.server.metric(&format!("kefu_graphql_source_fetches_total{{source=\"{source}\"}}")) as u64
    }

    /// What nine calls give, put together.
    fn by_hand(&self) -> String {
        let tabs = |text: String| -> Vec<Vec<String>> {
            text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
        };
        let users = tabs(self.mariadb.old("SELECT id, name FROM users ORDER BY id"));
        let orders = tabs(self.postgres.sql("SELECT user_id, total FROM orders ORDER BY id"));
        let chats = "for one in db.chats.find().sort('_id'): print(json.dumps([one['userId'], one['_id'], one['last']['text']]))";
        let chats = self.mongodb.run(chats);
        let chats: Vec<Value> = chats.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let output = Command::new(python())
            .args(["-c", BY_HAND, self.place.path().to_str().unwrap(), &self.services.ports.to_string()])
            .env("PYTHONIOENCODING", "utf-8")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let rest: Value = serde_json::from_slice(&output.stdout).unwrap();
        let visitors = self.visitors.each_ref().map(|id| {
            self.server.call("GET", &format!("/api/v1/visitors/{id}"), Some(&self.token), None).expect(200)
        });
        let rows = |name: &str| rest[name].as_array().unwrap().clone();
        let of = |rows: &[Value], id: &str, write: &dyn Fn(&Value) -> String| -> String {
            let is_own = |row: &&Value| {
                let key = row[0].to_string();
                key == id
            };
            let own = rows.iter().filter(is_own).map(write);
            own.collect::<Vec<_>>().join(",")
        };
        let or_null = |text: String| if text.is_empty() { "null".to_owned() } else { text };
        let users = users.iter().map(|user| {
            let id = user[0].as_str();
            let orders = orders.iter().filter(|order| order[0] == id);
            let orders = orders.map(|order| format!("{{\"total\":\"{}\"}}", order[1])).collect::<Vec<_>>().join(",");
            let notes = of(&rows("notes"), id, &|row| format!("{{\"text\":{}}}", row[1]));
            let chats = of(&chats, id, &|row| format!("{{\"id\":{},\"text\":{}}}", row[1], row[2]));
            let tickets = of(&rows("tickets"), id, &|row| format!("{{\"id\":{},\"subject\":{}}}", row[1], row[2]));
            let customer = of(&rows("customers"), id, &|row| format!("{{\"name\":{},\"level\":{}}}", row[1], row[2]));
            let articles = of(&rows("articles"), id, &|row| format!("{{\"id\":{},\"title\":{}}}", row[1], row[2]));
            let page = of(&rows("pages"), id, &|row| {
                format!("{{\"written\":\"{}\"}}", row[1].as_str().unwrap().replace('Z', ".000Z"))
            });
            let visitor = visitors.iter().filter(|visitor| visitor["external_id"] == id);
            let visitor = visitor.map(|visitor| format!("{{\"name\":{}}}", visitor["name"])).collect::<String>();
            format!(
                "{{\"id\":{id},\"name\":{},\"orders\":[{orders}],\"notes\":[{notes}],\"chats\":[{chats}],\"tickets\":[{tickets}],\
                 \"customer\":{},\"articles\":[{articles}],\"page\":{},\"visitor\":{}}}",
                json!(user[1]), or_null(customer), or_null(page), or_null(visitor)
            )
        });
        format!("{{\"data\":{{\"users\":[{}]}}}}", users.collect::<Vec<_>>().join(","))
    }
}

#[test]
fn a_query_of_nine_systems_is_what_nine_calls_by_hand_give() {
    let Some(nine) = Nine::start() else { return };
    let query = format!("{{ users {{ {NINE} }} }}");
    // What each source is asked once, to know itself, does not count.
    nine.ask(&query);
    let sources = ["users_db", "orders_db", "notes_db", "old_chat", "tickets", "crm", "kb", "wiki", "store"];
    let before = (sources.map(|source| nine.fetches(source)), nine.services.calls());
    let answer = nine.ask(&query);
    let after = (sources.map(|source| nine.fetches(source)), nine.services.calls());
    for (place, source) in sources.iter().enumerate() {
        assert_eq!(after.0[place] - before.0[place], 1, "nine users cost one fetch of {source}");
    }
    for (service, calls) in [("soap", 1), ("thrift", 1), ("http", 2)] {
        let told = |at: &Value| at[service].as_u64().unwrap();
        // The first question of how often came between.
        let asked = u64::from(service == "http");
        assert_eq!(told(&after.1) - told(&before.1) - asked, calls, "{service}");
    }
    let expected = nine.by_hand();
    assert!(expected.len() > 8_000, "{expected}");
    assert!(answer == expected, "asked at once:\n{answer}\nby hand:\n{expected}");

    // One hangs, one says something else, one is out of order: the nine are as they were.
    let troubled = nine.ask(&format!("{{ users {{ {NINE} slow {{ id }} broken {{ id }} busy {{ id }} }} }}"));
    let troubled: Value = serde_json::from_str(&troubled).unwrap();
    let whole: Value = serde_json::from_str(&expected).unwrap();
    for (place, user) in troubled["data"]["users"].as_array().unwrap().iter().enumerate() {
        let mut user = user.as_object().unwrap().clone();
        for (field, code) in
            [("slow", "SOURCE_TIMEOUT"), ("broken", "SOURCE_GARBAGE"), ("busy", "SOURCE_UNAVAILABLE")]
        {
            assert_eq!(user.remove(field), Some(Value::Null), "{troubled}");
            let path = json!(["users", place, field]);
            let mut errors =
                troubled["errors"].as_array().unwrap().iter().filter(|error| error["path"] == path);
            let error = errors.next().unwrap_or_else(|| panic!("no error at {path}: {troubled}"));
            assert_eq!(
                (&error["extensions"]["code"], &error["extensions"]["source"]),
                (&json!(code), &json!(field)),
                "{error}"
            );
            assert!(errors.next().is_none());
        }
        assert_eq!(Value::Object(user), whole["data"]["users"][place]);
    }
    assert_eq!(troubled["errors"].as_array().unwrap().len(), 27);
}
