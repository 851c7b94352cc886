//! One query over several systems against calls of each by hand, and a system that hangs.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    process::Command,
    sync::mpsc,
};

use serde_json::{Value, json};

use crate::support::{
    http,
    server::{Place, Server},
};

const YAML: &str = "\
version: 1
sources:
  users_db: { kind: sqlite, file: users.db, timeout: 10s }
  kb: { kind: http, base: \"http://KB\", timeout: 10s }
  slow: { kind: http, base: \"http://SLOW\", timeout: 1s }
  store: { kind: kefu }
types:
  User:
    source: users_db
    table: users
    key: [id]
    fields:
      id: { type: \"Int!\", sort: true }
      name: { type: \"String!\" }
    relations:
      articles: { to: Article, many: true, on: { id: authorId } }
      notes: { to: Note, many: true, on: { id: userId } }
  Article:
    source: kb
    access: { by_keys: { authorId: { get: /by-author, query: { ids: { join: \",\" } } } } }
    fields:
      authorId: { type: \"Int!\" }
      title: { type: \"String!\" }
  Note:
    source: slow
    access: { by_keys: { userId: { get: /notes, query: { ids: { join: \",\" } } } } }
    fields:
      userId: { type: \"Int!\" }
      text: { type: String }
  Agent:
    source: store
    access: { records: agents }
    key: [id]
    fields: { id: { type: \"ID!\" }, name: { type: \"String!\" } }
query:
  users: { type: User, list: plain, order: [{ id: asc }] }
  agents: { type: Agent, list: plain }
";

/// A service of JSON that answers on threads of its own, and tells what it was asked.
struct Service {
    address: SocketAddr,
    asked: mpsc::Receiver<Asked>,
}

/// A request as it came.
struct Asked {
    path: String,
    head: String,
    body: String,
}

impl Service {
    /// A knowledge service.
    fn knowledge() -> Self {
        Self::start(articles)
    }

    fn start(answer: fn(&str) -> Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, asked) = mpsc::channel();
        // Ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let tell = tell.clone();
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream);
                    loop {
                        let mut head = String::new();
                        while !head.ends_with("\r\n\r\n") {
                            if !reader.read_line(&mut head).is_ok_and(|read| read > 0) {
                                return;
                            }
                        }
                        let mut body = vec![
                            0;
                            header(&head, "content-length")
                                .map_or(0, |length| length.parse().unwrap())
                        ];
                        reader.read_exact(&mut body).unwrap();
                        let body = String::from_utf8(body).unwrap();
                        let path = head.split(' ').nth(1).unwrap().to_owned();
                        let answer = answer(&path).to_string();
                        tell.send(Asked { path, head, body }).unwrap_or_default();
                        let answer = format!(
                            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{answer}",
                            answer.len()
                        );
                        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, asked }
    }
}

/// A header of a head.
fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| {
        let (own, value) = line.split_once(':')?;
        own.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Two articles of each author that is asked for.
fn articles(path: &str) -> Value {
    let ids = path.split_once("ids=").map_or("", |(_, ids)| ids).replace("%2C", ",");
    let ids = ids.split(',').filter_map(|id| id.parse::<i64>().ok());
    ids.flat_map(|id| [1, 2].map(|n| json!({"authorId": id, "title": format!("答案 {id}.{n}")}))).collect()
}

/// A service that takes requests and never answers.
fn hanging() -> (SocketAddr, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, asked) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let tell = tell.clone();
            std::thread::spawn(move || {
                let mut byte = [0];
                if stream.read_exact(&mut byte).is_ok() {
                    tell.send(()).unwrap_or_default();
                }
                // Until the other side gives up.
                while stream.read(&mut byte).is_ok_and(|read| read > 0) {}
            });
        }
    });
    (address, asked)
}

pub(crate) fn python(script: &str, args: &[&str]) -> String {
    let output = Command::new("python3").arg("-c").arg(script).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn start(knowledge: &Service, slow: SocketAddr) -> (Place, Server, String) {
    start_with(YAML, knowledge, slow)
}

fn start_with(yaml: &str, knowledge: &Service, slow: SocketAddr) -> (Place, Server, String) {
    let place = Place::with("  graphql: { file: query.yaml }\n");
    let yaml = yaml.replace("KB", &knowledge.address.to_string()).replace("SLOW", &slow.to_string());
    fs::write(place.path().join("query.yaml"), yaml).unwrap();
    let file = place.path().join("users.db");
    let fill = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); \
        d.execute('CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)'); \
        d.executemany('INSERT INTO users VALUES (?, ?)', [(n, '客户 \"%d\"' % n) for n in range(1, 21)]); d.commit()";
    python(fill, &[file.to_str().unwrap()]);
    let server = place.start();
    let token = server.sign_in();
    (place, server, token)
}

/// The text of an answer, as it came.
fn ask(server: &Server, token: &str, query: &str) -> String {
    let answer =
        http::request(server.address, "POST", "/graphql", Some(token), Some(&json!({ "query": query })));
    answer.unwrap().body
}

#[test]
fn one_query_is_what_a_call_of_each_system_gives() {
    let knowledge = Service::knowledge();
    let (place, server, token) = start(&knowledge, hanging().0);
    let answer = ask(&server, &token, "{ users { id name articles { title authorId } } agents { name } }");
    // The same by hand.
    let file = place.path().join("users.db");
    let read = "import json, sqlite3, sys; print(json.dumps(sqlite3.connect(sys.argv[1]).execute( \
        'SELECT id, name FROM users ORDER BY id').fetchall()))";
    let rows: Vec<(i64, String)> = serde_json::from_str(&python(read, &[file.to_str().unwrap()])).unwrap();
    let text = |value: &Value| value.to_string();
    let users: Vec<_> = rows
        .iter()
        .map(|(id, name)| {
            let own = articles(&format!("/by-author?ids={id}"));
            let own: Vec<_> = own
                .as_array()
                .unwrap()
                .iter()
                .map(|one| format!("{{\"title\":{},\"authorId\":{id}}}", text(&one["title"])))
                .collect();
            format!("{{\"id\":{id},\"name\":{},\"articles\":[{}]}}", text(&json!(name)), own.join(","))
        })
        .collect();
    let agents = server.call("GET", "/api/v1/agents", Some(&token), None).expect(200);
    let agents = agents["items"].as_array().unwrap().iter();
    let agents: Vec<_> = agents.map(|agent| format!("{{\"name\":{}}}", text(&agent["name"]))).collect();
    let expected =
        format!("{{\"data\":{{\"users\":[{}],\"agents\":[{}]}}}}", users.join(","), agents.join(","));
    assert_eq!(answer, expected);
    let asked: Vec<_> = knowledge.asked.try_iter().collect();
    assert_eq!(asked.len(), 1, "twenty users cost one call");
    assert!(asked[0].path.starts_with("/by-author?"), "{}", asked[0].path);
}

#[test]
fn a_system_that_hangs_costs_only_its_own_fields() {
    let knowledge = Service::knowledge();
    let (slow, reached) = hanging();
    let (_place, server, token) = start(&knowledge, slow);
    let query = "{ users { id articles { title } notes { text } } agents { name } }";
    let asking = std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask(&server, &token, query));
        reached.recv().unwrap();
        // It hangs now; whoever does not ask it is answered.
        let other = ask(&server, &token, "{ users { name } }");
        assert!(other.contains("客户") && !other.contains("errors"), "{other}");
        asking.join().unwrap()
    });
    let answer: Value = serde_json::from_str(&asking).unwrap();
    assert_eq!(answer["data"]["users"][19]["articles"][0]["title"], "答案 20.1", "{answer}");
    assert!(answer["data"]["agents"][0]["name"].is_string());
    assert_eq!(answer["data"]["users"][0]["notes"], Value::Null);
    let error = &answer["errors"][0];
    assert_eq!(
        (&error["extensions"]["code"], &error["extensions"]["source"]),
        (&json!("SOURCE_TIMEOUT"), &json!("slow"))
    );
    assert_eq!(error["path"], json!(["users", 0, "notes"]), "{answer}");
}

/// The spans that a collector was told, until there is one that is called so.
fn spans(collector: &Service, last: &str) -> Vec<Value> {
    let mut spans = Vec::new();
    while !spans.iter().any(|span: &Value| span["name"] == last) {
        let Asked { path, head, body } =
            collector.asked.recv_timeout(crate::support::random::patience()).unwrap();
        assert_eq!((path.as_str(), header(&head, "content-type")), ("/v1/traces", Some("application/json")));
        let told: Value = serde_json::from_str(&body).unwrap();
        let resource = &told["resourceSpans"][0];
        let service = json!({ "key": "service.name", "value": { "stringValue": "desk" } });
        assert!(resource["resource"]["attributes"].as_array().unwrap().contains(&service), "{body}");
        spans.extend(resource["scopeSpans"][0]["spans"].as_array().unwrap().iter().cloned());
    }
    spans
}

#[test]
fn a_join_is_traced_from_who_asked_to_the_call_of_a_source() {
    let (knowledge, collector) = (Service::knowledge(), Service::start(|_| json!({})));
    let traces = format!("traces: {{ endpoint: \"http://{}\", service: desk }}\ntypes:\n", collector.address);
    let (_place, server, token) = start_with(&YAML.replace("types:\n", &traces), &knowledge, hanging().0);
    let (trace, caller) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let body =
        json!({ "query": "query Join { users { name articles { title } } agents { name } }" }).to_string();
    let ask = |flags: &str| {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             traceparent: 00-{trace}-{caller}-{flags}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        http::raw(server.address, &[head.as_bytes(), body.as_bytes()]).unwrap().expect(200);
        let asked = knowledge.asked.recv_timeout(crate::support::random::patience()).unwrap();
        header(&asked.head, "traceparent").unwrap().to_owned()
    };
    // Who does not record is not told of either, and the source learns whose call it is all the same.
    assert_eq!(ask("00"), format!("00-{trace}-{caller}-00"));
    let told = ask("01");
    let spans = spans(&collector, "query Join");
    assert_eq!(spans.len(), 7, "{spans:#?}");
    assert!(spans.iter().all(|span| span["traceId"] == trace), "{spans:#?}");
    let named = |name: &str| {
        spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("{name}: {spans:#?}"))
    };
    for (name, parent, kind) in [
        ("Query.users", "query Join", 1),
        ("users_db User", "Query.users", 3),
        ("User.articles", "Query.users", 1),
        ("kb Article", "User.articles", 3),
        ("Query.agents", "query Join", 1),
        ("store Agent", "Query.agents", 3),
    ] {
        let span = named(name);
        assert_eq!(
            (&span["parentSpanId"], &span["kind"]),
            (&named(parent)["spanId"], &json!(kind)),
            "{name}"
        );
        let time = |name: &str| span[name].as_str().unwrap().parse::<u128>().unwrap();
        assert!(time("startTimeUnixNano") <= time("endTimeUnixNano"), "{span}");
    }
    let root = named("query Join");
    assert_eq!((&root["parentSpanId"], &root["kind"]), (&json!(caller), &json!(2)));
    let path = json!({ "key": "graphql.field.path", "value": { "stringValue": "users.articles" } });
    assert!(named("User.articles")["attributes"].as_array().unwrap().contains(&path));
    let call = named("kb Article")["spanId"].as_str().unwrap();
    assert_eq!(told, format!("00-{trace}-{call}-01"));
    crate::support::random::eventually("what was told is counted", || {
        (server.metric("kefu_graphql_spans_total{outcome=\"sent\"}") == 7.0).then_some(())
    });
    assert_eq!(server.metric("kefu_graphql_field_calls_total{field=\"User.articles\"}"), 2.0);
}
