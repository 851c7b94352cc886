//! The data layer of the real daemon: with clients of others, on the shell, and where its configuration is wrong.

use std::{fs, io::Write as _, process::Command};

use serde_json::{Value, json};

use crate::support::{
    root,
    server::{Place, Server},
};

/// kefu's own records alone.
const YAML: &str = "\
version: 1
sources:
  store: { kind: kefu }
types:
  Agent:
    source: store
    access: { records: agents }
    key: [id]
    fields:
      id: { type: \"ID!\" }
      name: { type: \"String!\" }
      role: { type: \"String!\" }
  Conversation:
    source: store
    access: { records: conversations }
    key: [id]
    fields:
      id: { type: \"ID!\", sort: true }
      state: { type: \"String!\", filter: true }
      updatedAt: { type: \"DateTime!\", sort: true }
query:
  agents: { type: Agent, list: plain }
  conversations: { type: Conversation, list: relay, order: [{ updatedAt: desc }] }
subscription:
  conversation:
    bus: [conversation.*, message.created]
    args: { id: \"ID!\" }
    where: { id: conversation.id }
    key: { id: conversation.id }
    type: Conversation
limits: { introspection: [admin] }
";

fn place() -> Place {
    let place = Place::with("  graphql:\n    file: query.yaml\n    graphiql: true\n");
    fs::write(place.path().join("query.yaml"), YAML).unwrap();
    place
}

/// The peer's packages, or nothing where they are not installed.
pub(crate) fn node(script: &str, args: &[&str]) -> Option<String> {
    let dir = root().join("tests/node");
    if !dir.join("node_modules/graphql-http").exists() {
        // Past the capture of output, so that it is seen.
        drop(writeln!(std::io::stderr(), "SKIPPED: no packages in tests/node: npm ci there"));
        return None;
    }
    let output = Command::new("node").arg(dir.join(script)).args(args).current_dir(&dir).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}: {out}{err}");
    Some(out.into_owned())
}

pub(crate) fn url(server: &Server, scheme: &str) -> String {
    format!("{scheme}://{}/graphql", server.address)
}

#[test]
fn the_audit_of_graphql_over_http_passes_in_full() {
    let place = place();
    let server = place.start();
    let token = server.sign_in();
    let Some(out) = node("audit.mjs", &[&url(&server, "http"), &token]) else { return };
    assert_eq!(out.trim(), r#"{"passed":61,"audits":61}"#, "{out}");
}

#[test]
fn the_client_of_graphql_ws_understands_the_socket() {
    let place = place();
    let server = place.start();
    let token = server.sign_in();
    let (visitor, conversation) = server.visitor();
    let args = [&*url(&server, "ws"), &token, &conversation, &visitor];
    let Some(out) = node("socket.mjs", &args) else { return };
    let learned: Value = serde_json::from_str(out.trim()).unwrap();
    let data = &learned["query"]["results"][0]["data"];
    assert_eq!(
        (&data["__typename"], data["agents"].as_array().map(Vec::len)),
        (&json!("Query"), Some(1)),
        "{out}"
    );
    assert_eq!(learned["many"], 20, "{out}");
    let changed = &learned["changed"]["data"]["conversation"];
    assert_eq!((&changed["id"], &changed["state"]), (&json!(conversation), &json!("queued")), "{out}");
    assert_eq!(learned["invalid"]["error"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{out}");
    for (what, code) in
        [("garbage", 4400), ("early", 4401), ("twice", 4429), ("same", 4400), ("silent", 4408)]
    {
        assert_eq!(learned[what], code, "{what}: {out}");
    }
    assert_eq!(learned["unknown"]["error"], 4403, "{out}");
}

#[test]
fn the_shell_asks_what_the_daemon_answers() {
    let place = place();
    let server = place.start();
    let token = server.sign_in();
    let query = "{ agents { name role } conversations { nodes { id } } }";
    let body = json!({ "query": query });
    let answer = server.call("POST", "/graphql", Some(&token), Some(&body)).expect(200);
    assert_eq!(answer["data"]["agents"][0]["role"], "admin", "{answer}");
    fs::write(place.path().join("all.graphql"), query).unwrap();
    let run = |args: &[&str]| {
        let output = place.run(args);
        let (out, err) = (output.stdout, String::from_utf8_lossy(&output.stderr).into_owned());
        (output.status.code(), String::from_utf8(out).unwrap(), err)
    };
    let (code, out, err) = run(&["serve", "query", "run", "all.graphql", "--format", "json"]);
    assert_eq!((code, serde_json::from_str::<Value>(&out).ok()), (Some(0), Some(answer)), "{out}{err}");
    let (code, out, err) = run(&["serve", "query", "run", "all.graphql", "--explain", "analyze"]);
    assert!(code == Some(0) && out.contains("\nPlan #") && out.contains("analyze: total"), "{out}{err}");
    let (code, out, err) = run(&["serve", "query", "explain", "all.graphql"]);
    assert!(code == Some(0) && out.starts_with("Plan #") && out.contains("store.Agent"), "{out}{err}");
    fs::write(place.path().join("bad.graphql"), "{ nothing }").unwrap();
    let (code, out, err) = run(&["serve", "query", "run", "bad.graphql"]);
    assert!(code == Some(1) && out.contains("GRAPHQL_VALIDATION_FAILED"), "{out}{err}");
}

#[test]
fn every_mistake_in_the_configuration_is_named() {
    let place = place();
    let wrong = YAML.replace(
        "source: store\n    access: { records: agents }",
        "source: stor\n    access: { records: agents }",
    );
    fs::write(place.path().join("query.yaml"), wrong.replace("\"ID!\", sort", "\"Id!\", sort")).unwrap();
    for args in [&["serve", "--listen", "127.0.0.1:0"][..], &["serve", "--check-config"]] {
        let output = place.run(args);
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{args:?}: {err}");
        assert!(err.contains("query.yaml:6: types.Agent.source: unknown source `stor`"), "{err}");
        assert!(err.contains("query.yaml:18: types.Conversation.fields.id.type: unknown type `Id`"), "{err}");
    }
}

#[test]
fn pages_come_from_the_daemon_alone() {
    let place = place();
    let server = place.start();
    let page = |path: &str, accept: &str| {
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: x\r\naccept: {accept}\r\nconnection: close\r\n\r\n");
        crate::support::http::raw(server.address, &[request.as_bytes()]).unwrap()
    };
    for path in ["/graphql", "/graphql/explain"] {
        let answer = page(path, "text/html,*/*;q=0.8");
        assert_eq!(answer.status, 200, "{path}");
        let text = answer.body;
        let named: Vec<_> = text.split('"').filter(|name| name.starts_with('/')).collect();
        assert!(!named.is_empty() && !text.contains("://") && !text.contains("<style"), "{text}");
        for name in named {
            assert_eq!(page(name, "*/*").status, 200, "{name}");
        }
    }
    assert_eq!(page("/graphql", "application/json").status, 401);
    assert_eq!(page("/graphql/assets/none.js", "*/*").status, 404);
}
