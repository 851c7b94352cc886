//! The engine over tables in memory.

mod config;
mod hostile;
mod oracle;
mod plans;
mod queries;
mod tables;
mod trouble;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kefu_core::Micros;
use serde_json::{Value as Json, json};

use crate::scalar::Value;
use crate::source::Source;
use crate::{Engine, Explain, Request, Response, Session};
use tables::{Data, Skill, Tables};

/// Users, their conversations, tickets and articles, each from a source of its own.
const YAML: &str = include_str!("tests/desk.yaml");

/// Sources by name.
struct Desk {
    engine: Engine,
    sources: BTreeMap<String, Arc<Tables>>,
}

impl Desk {
    async fn open(skill: Skill) -> Self {
        Self::with(YAML, skill).await
    }

    async fn with(yaml: &str, skill: Skill) -> Self {
        let names = ["users_db", "conv", "tickets", "kb"];
        let sources = names.map(|name| (name.to_owned(), Arc::new(Tables::new(data(), skill))));
        let sources = BTreeMap::from(sources);
        let engine = open(yaml, &sources).await;
        Self { engine, sources }
    }

    async fn run(&self, query: &str, variables: Json) -> Json {
        self.run_as(query, variables, &session("admin")).await
    }

    async fn run_as(&self, query: &str, variables: Json, session: &Session) -> Json {
        parsed(&self.engine.execute(&request(query, variables), session).await)
    }

    /// How often each source was asked since the last time.
    fn fetches(&self) -> BTreeMap<&str, usize> {
        let counts = self.sources.iter().map(|(name, source)| (name.as_str(), source.take_fetches().len()));
        counts.filter(|(_, count)| *count > 0).collect()
    }
}

async fn open(yaml: &str, sources: &BTreeMap<String, Arc<Tables>>) -> Engine {
    let opened = Engine::open_with(yaml, async |_kind, settings| {
        let name = settings["name"].as_str().unwrap_or_default();
        Ok(Arc::clone(&sources[name]) as Arc<dyn Source>)
    });
    opened.await.unwrap_or_else(|error| panic!("{error}"))
}

fn request(query: &str, variables: Json) -> Request {
    let Json::Object(variables) = variables else { panic!("variables are an object") };
    Request {
        query: Some(query.to_owned()),
        operation_name: None,
        variables,
        sha256: None,
        deadline: Instant::now() + Duration::from_secs(30),
        explain: Explain::None,
        allow_mutation: true,
    }
}

fn session(role: &str) -> Session {
    let values = BTreeMap::from([("tenant".to_owned(), Value::Int(1))]);
    Session { roles: vec![role.to_owned()], values, scope: role.to_owned() }
}

fn parsed(response: &Response) -> Json {
    serde_json::from_slice(&response.body)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&response.body)))
}

/// 30 users of 3 tenants, each with as many conversations as its number has ones in binary, two tickets, and an article
/// for each third.
fn data() -> Data {
    let row = |cells: Vec<(&str, Value)>| -> BTreeMap<String, Value> {
        cells.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    };
    let text = |text: String| Value::Text(text);
    let mut data = Data::new();
    for user in 1..=30_i64 {
        data.entry("User".to_owned()).or_default().push(row(vec![
            ("id", Value::Int(user)),
            ("name", text(format!("user {user}"))),
            ("email", if user % 7 == 0 { Value::Null } else { text(format!("user{user}@example.com")) }),
            ("level", Value::Int(user % 5)),
            ("created_at", Value::Moment(Micros(1_700_000_000_000_000 + user * 1_500_000))),
            ("tenant_id", Value::Int(user % 3)),
        ]));
        for number in 0..i64::from(user.count_ones()) {
            data.entry("Conversation".to_owned()).or_default().push(row(vec![
                ("_id", text(format!("c{user}-{number}"))),
                ("userId", Value::Int(user)),
                ("lastMessage", text(format!("\"hello\" {number}\n"))),
                ("lastAt", Value::Moment(Micros(1_700_000_000_000_000 - number * 1_000_000 + user))),
            ]));
        }
        for number in 0..2 {
            data.entry("Ticket".to_owned()).or_default().push(row(vec![
                ("id", Value::Int(user * 10 + number)),
                // The service has numbers as texts.
                ("userId", text(user.to_string())),
                ("subject", text(format!("ticket {number} of {user}"))),
                ("status", text(if number == 0 { "OPEN" } else { "CLOSED" }.to_owned())),
            ]));
        }
        if user % 3 == 0 {
            data.entry("Article".to_owned()).or_default().push(row(vec![
                ("id", Value::Int(user)),
                ("authorId", Value::Int(user)),
                ("title", text(format!("article {user}"))),
                ("tags", Value::Json(json!(["a", "b"]))),
            ]));
        }
    }
    data
}
