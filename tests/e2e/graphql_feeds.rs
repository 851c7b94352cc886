//! Subscriptions over a socket, with the client of others: who hears of what, and until when.

use std::fs;

use serde_json::{Value, json};

use crate::{
    graphql::{node, url},
    graphql_sources::python,
    support::server::{Place, Server},
};

/// Messages, whose conversations have notes in a system of others.
const YAML: &str = "\
version: 1
sources:
  store: { kind: kefu }
  notes_db: { kind: sqlite, file: notes.db }
types:
  Message:
    source: store
    access: { records: messages }
    fields:
      conversationId: { type: \"ID!\" }
      seq: { type: \"Int!\" }
      text: { type: \"String!\" }
    relations:
      conversation: { to: Conversation, on: { conversationId: id } }
  Conversation:
    source: store
    access: { records: conversations }
    key: [id]
    fields: { id: { type: \"ID!\" } }
    relations:
      note: { to: Note, on: { id: conversation } }
  Note:
    source: notes_db
    table: notes
    key: [conversation]
    fields: { conversation: { type: \"ID!\" }, text: { type: String } }
query:
  conversation: { type: Conversation, by: [id] }
subscription:
  messageCreated:
    bus: message.*
    args: { conversationId: ID }
    where: { conversationId: conversation.id }
    key: { conversationId: conversation.id, seq: message.seq }
    type: Message
";

/// An agent with a role that has these permissions; its token.
fn agent(server: &Server, admin: &str, name: &str, permissions: &[&str]) -> String {
    let role = json!({ "name": name, "permissions": permissions });
    let role = server.call("POST", "/api/v1/roles", Some(admin), Some(&role)).expect(201);
    let (email, password) = (format!("{name}@example.com"), "correct horse battery");
    let agent = json!({ "email": email, "name": name, "password": password, "role": "agent" });
    let agent = server.call("POST", "/api/v1/agents", Some(admin), Some(&agent)).expect(201);
    let (path, patch) = (
        format!("/api/v1/agents/{}", agent["id"].as_str().unwrap()),
        json!({ "custom_role_id": role["id"] }),
    );
    server.call("PATCH", &path, Some(admin), Some(&patch)).expect(200);
    let sign_in = json!({ "email": email, "password": password });
    let signed_in = server.call("POST", "/api/v1/auth/login", None, Some(&sign_in)).expect(200);
    signed_in["token"].as_str().unwrap().to_owned()
}

/// A conversation that somebody has taken.
fn taken(server: &Server, by: &str, client_id: &str) -> (String, String) {
    let (visitor, conversation) = server.visitor();
    let path = format!("/api/v1/conversations/{conversation}");
    let message = json!({ "client_id": client_id, "kind": "text", "text": "你好" });
    server.call("POST", &format!("{path}/messages"), Some(&visitor), Some(&message)).expect(201);
    server.call("POST", &format!("{path}/accept"), Some(by), None).expect(200);
    (visitor, conversation)
}

#[test]
fn each_client_hears_what_it_asked_for_and_may_read_until_its_session_ends() {
    let place = Place::with("  graphql: { file: query.yaml }\n");
    fs::write(place.path().join("query.yaml"), YAML).unwrap();
    let file = place.path().join("notes.db");
    let fill = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); \
        d.execute('CREATE TABLE IF NOT EXISTS notes (conversation TEXT PRIMARY KEY, text TEXT)'); \
        d.executemany('INSERT INTO notes VALUES (?, ?)', [(c, 'note of ' + c) for c in sys.argv[2:]]); d.commit()";
    python(fill, &[file.to_str().unwrap()]);
    let server = place.start();
    let admin = server.sign_in();
    let few = agent(&server, &admin, "few", &["chat", "graphql"]);
    let nobody = agent(&server, &admin, "nobody", &["chat"]);
    let id = |number: u128| format!("00000000-0000-4000-8000-{number:012}");
    let (first, second) = (taken(&server, &admin, &id(1)), taken(&server, &admin, &id(2)));
    let own = taken(&server, &few, &id(3));
    python(fill, &[file.to_str().unwrap(), &first.1, &second.1]);
    let place_of = |(visitor, conversation): &(String, String)| json!({ "visitor": visitor, "conversation": conversation });
    let given = json!({ "admin": admin, "agent": few, "nobody": nobody, "first": place_of(&first),
        "second": place_of(&second), "own": place_of(&own) });
    let Some(out) = node("feeds.mjs", &[&url(&server, "ws"), &given.to_string()]) else { return };
    let learned: Value = serde_json::from_str(out.trim()).unwrap();
    let told = |text: &str, of: &(String, String), note: Value| json!({ "text": text, "conversation": { "id": of.1, "note": note } });
    let note = |of: &(String, String)| json!({ "text": format!("note of {}", of.1) });
    let (one, two) = (told("one", &second, note(&second)), told("two", &first, note(&first)));
    let three = told("three", &own, Value::Null);
    assert_eq!(learned["one"], json!([two]), "{out}");
    assert_eq!(learned["all"], json!([one, two, three]), "{out}");
    assert_eq!(learned["few"], json!([three]), "{out}");
    assert_eq!(learned["none"], json!({ "heard": [], "ended": 4403 }), "{out}");
    assert_eq!(
        learned["closed"],
        json!({ "code": 4403, "reason": "Forbidden: the session has ended" }),
        "{out}"
    );
}

#[test]
fn topics_and_values_that_no_event_has_are_mistakes() {
    let place = Place::with("  graphql: { file: query.yaml }\n");
    for (right, wrong, says) in [
        (
            "bus: message.*",
            "bus: message.made",
            "query.yaml:30: subscription.messageCreated: `bus`: there is no topic `message.made`",
        ),
        (
            "seq: message.seq",
            "seq: message.number",
            "query.yaml:30: subscription.messageCreated: no event of `message.*` has `message.number`",
        ),
        (
            "where: { conversationId",
            "where: { conversation",
            "subscription.messageCreated.where.conversation: `conversation` is none of `args`; did you mean `conversationId`?",
        ),
        (
            "key: { conversationId: conversation.id, seq",
            "key: { seq",
            "subscription.messageCreated.key: `store` does not find `Message` by `seq`",
        ),
    ] {
        assert!(YAML.contains(right), "{right}");
        fs::write(place.path().join("query.yaml"), YAML.replace(right, wrong)).unwrap();
        let output = place.run(&["serve", "--check-config"]);
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(78) && err.contains(says), "{wrong}: {err}");
    }
}
