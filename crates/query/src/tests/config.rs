//! What is wrong with a configuration is told, all of it, with line and path.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::tables::{ALL, Data, Tables};
use super::{YAML, open};
use crate::{ConfigError, Engine, config};

fn mistakes(yaml: &str) -> String {
    match config::load(yaml, &|name| (name == "HOST").then(|| "example.com".to_owned())) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn the_schema_is_what_the_file_says() {
    let names = ["users_db", "conv", "tickets", "kb"];
    let sources = names.map(|name| (name.to_owned(), Arc::new(Tables::new(Data::new(), ALL))));
    let engine = open(YAML, &BTreeMap::from(sources)).await;
    insta::assert_snapshot!(engine.sdl());
}

#[test]
fn all_mistakes_are_told_with_line_and_path() {
    let yaml = r#"version: 2
limits: { max_dept: 3 }
sources:
  db: { kind: mysql, timeout: 2, url: "${NOWHERE}" }
  db: { kind: mysql }
types:
  User:
    source: bd
    key: [id, idd]
    tabel: users
    fields:
      id: { type: "Int!", filter: [eq, equals, contains] }
      name: { type: "Strin", mask: email }
      when: { type: "DateTime", sort: maybe }
      9lives: { type: "Int" }
    row_policy: { agent: "tenant = 1", guest: "id = 'x'", admin: "id <> 3" }
query:
  user: { type: Usr, by: [id] }
  users: { type: User }
mutation:
  close: { source: db, args: { id: "Int!" } }
"#;
    insta::assert_snapshot!(mistakes(yaml));
}

#[test]
fn relations_are_checked_once_types_are_known() {
    let yaml = r#"version: 1
sources:
  db: { kind: mysql, url: "mysql://${HOST}/x" }
types:
  User:
    source: db
    fields:
      id: { type: "Int!" }
      born: { type: "Date" }
      tags: { type: "[String]" }
    relations:
      id: { to: User, on: { id: id } }
      friends: { to: User, many: true, on: { id: idd }, page: relai }
      peers: { to: User, many: true, on: { id: id }, page: relay, order: [{ idd: up }], filter: true }
      cohort: { to: User, on: { born: id } }
      tagged: { to: User, on: { tags: id, id: id } }
query:
  users: { type: User, list: plain, by: [id] }
"#;
    insta::assert_snapshot!(mistakes(yaml));
}

#[test]
fn what_is_no_yaml_or_too_large_is_told() {
    insta::assert_snapshot!(mistakes("version: [1"));
    insta::assert_snapshot!(mistakes(""));
    insta::assert_snapshot!(mistakes("a: &a [1]\nb: !tag x\n"));
    assert!(mistakes(&"a".repeat(2 << 20)).contains("more than 1048576 bytes"));
    assert!(mistakes(&"[".repeat(1_000)).contains("brackets"));
    let aliases = (0..30).map(|n| format!("a{}: &a{} [*a{n}, *a{n}]\n", n + 1, n + 1)).collect::<String>();
    assert!(!mistakes(&format!("a0: &a0 [1]\n{aliases}")).is_empty());
}

async fn opened(yaml: &str, skill: super::Skill) -> Result<Engine, ConfigError> {
    let source = Arc::new(Tables::new(Data::new(), skill));
    Engine::open_with(yaml, async |_kind, settings| match settings["name"].as_str() {
        Some("kb") => Err(("name".to_owned(), "there is no such thing".to_owned())),
        _ => Ok(Arc::clone(&source) as Arc<dyn crate::Source>),
    })
    .await
}

#[tokio::test]
async fn a_source_that_does_not_open_is_told_with_its_line() {
    let error = opened(YAML, ALL).await.map(drop).unwrap_err().in_file("query.yaml".as_ref());
    assert_eq!(error.to_string(), "query.yaml:7: sources.kb.name: there is no such thing");
    let error = Engine::open(YAML, "/".as_ref(), None).await.map(drop).unwrap_err();
    assert_eq!(error.mistakes.len(), 4);
}

#[test]
fn what_subscriptions_hear_is_checked() {
    let yaml = r#"version: 1
sources:
  db: { kind: mysql, url: "mysql://${HOST}/x" }
types:
  User:
    source: db
    table: users
    fields: { id: { type: "Int!" }, tags: { type: "[String]" } }
query:
  users: { type: User, list: plain }
subscription:
  a: { bus: "User.Seen", args: { id: "Int" }, key: { id: a..b }, type: User }
  b: { bus: user.*, args: { id: "Int", more: JSON }, where: { idd: user.id, more: user.more }, key: { idd: user.id }, type: User }
  c: { bus: [user.seen, ">"], key: { tags: tags }, type: User }
  d: { bus: user.seen, type: User }
"#;
    let told = mistakes(yaml);
    for expected in [
        "12: subscription.a: `where` does not say which value of an event `id` asks for",
        "12: subscription.a.bus: `User` is not a word of a topic",
        "12: subscription.a.key.id: a path with dots such as `conversation.id` is needed",
        "13: subscription.b.where.idd: `idd` is none of `args`; did you mean `id`?",
        "13: subscription.b.where.more: `more` is `JSON`, which equals nothing",
        "13: subscription.b.key.idd: unknown field `idd`; did you mean `id`?",
        "14: subscription.c.key.tags: objects are not found by lists or `JSON`",
        "15: subscription.d: `key` is missing",
    ] {
        assert!(told.contains(expected), "{expected}\n{told}");
    }
}

#[test]
fn traces_go_where_the_file_or_the_environment_says() {
    let file = |traces: &str| {
        let yaml = YAML.replace("types:\n", &format!("{traces}types:\n"));
        let variable =
            |name: &str| (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| "http://env:4318".to_owned());
        config::load(&yaml, &variable).map(|model| model.traces)
    };
    let of_environment = file("").unwrap().unwrap();
    assert_eq!(of_environment.endpoint.to_string(), "http://env:4318/v1/traces");
    assert_eq!((of_environment.service.as_str(), of_environment.per_mille), ("kefu", 1_000));
    let of_file = file("traces: { endpoint: \"https://c:4318/otel/\", service: desk, per_mille: 5 }\n")
        .unwrap()
        .unwrap();
    assert_eq!(of_file.endpoint.to_string(), "https://c:4318/otel/v1/traces");
    assert_eq!((of_file.service.as_str(), of_file.per_mille), ("desk", 5));
    let wrong = file("traces: { endpoint: collector, per_mille: 2000, name: x }\n").unwrap_err().to_string();
    for expected in
        ["traces: `endpoint` is no address", "traces.per_mille: a whole number", "traces.name: unknown key"]
    {
        assert!(wrong.contains(expected), "{wrong}");
    }
    assert!(config::load(YAML, &|_| None).unwrap().traces.is_none());
}
