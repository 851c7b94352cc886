//! What an answer costs: 50 users with four fields and three tickets of three fields each, 11 KB of JSON.
//!
//! Beside it, the executor of `apollo-compiler` over the same values, and what it takes to refuse hostile queries.
//!
//!     cargo bench -p kefu-query --bench answer

#![expect(clippy::print_stdout, reason = "what was measured is the output")]

use std::collections::HashMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use apollo_compiler::resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::JsonMap;
use apollo_compiler::{ExecutableDocument, Schema};
use futures_util::FutureExt as _;
use kefu_query::{
    Abilities, Call, Cell, Engine, Explain, Fetch, Fetching, Request, Rows, RowsBuilder, Session, Source,
    Target,
};

const YAML: &str = r#"
version: 1
limits: { introspection: true }
sources: { desk: { kind: kefu } }
types:
  User:
    source: desk
    key: [id]
    fields:
      id: { type: "Int!" }
      name: { type: "String!", filter: true }
      email: { type: String }
      level: { type: "Int!" }
    relations:
      tickets: { to: Ticket, many: true, on: { id: userId } }
  Ticket:
    source: desk
    key: [id]
    fields: { id: { type: "Int!" }, userId: { type: "Int!" }, subject: { type: "String!" }, status: { type: "String!" } }
    relations:
      user: { to: User, on: { userId: id } }
query:
  users: { type: User, list: plain }
  user: { type: User, by: [id] }
"#;

const QUERY: &str = "{ users(first: 50) { id name email level tickets { id subject status } } }";
const USERS: i64 = 50;
const TICKETS: i64 = 3;

/// Has its rows at hand, so that what is measured is not the source.
struct AtHand;

impl Source for AtHand {
    fn abilities(&self, target: &Target) -> Abilities {
        Abilities {
            lists: true,
            limits: true,
            keys: (0..target.columns.len()).map(|column| (column, 500)).collect(),
            is_idempotent: true,
            ..Abilities::default()
        }
    }

    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> Fetching<'a> {
        async move { Ok(rows(fetch)) }.boxed()
    }

    fn call<'a>(&'a self, _call: &'a Call) -> Fetching<'a> {
        async { Ok(Rows::default()) }.boxed()
    }

    fn native(&self, _fetch: &Fetch) -> Option<String> {
        None
    }
}

fn rows(fetch: &Fetch) -> Rows {
    let mut rows = RowsBuilder::new(fetch.columns.len());
    let mut row = |values: HashMap<&str, Cell<'_>>| {
        for column in &fetch.columns {
            let name = fetch.target.columns[*column].field.as_str();
            rows.push(values[name]).expect("little text");
        }
    };
    for user in 0..USERS {
        if fetch.target.name == "User" {
            let (name, email) = (format!("user number {user}"), format!("user{user}@shop.example.com"));
            row(HashMap::from([
                ("id", Cell::Int(user)),
                ("name", Cell::Text(&name)),
                ("email", Cell::Text(&email)),
                ("level", Cell::Int(user % 7)),
            ]));
            continue;
        }
        for number in 0..TICKETS {
            let subject = format!("parcel {number} did not come");
            row(HashMap::from([
                ("id", Cell::Int(user * 10 + number)),
                ("userId", Cell::Int(user)),
                ("subject", Cell::Text(&subject)),
                ("status", Cell::Text("open")),
            ]));
        }
    }
    rows.finish()
}

/// The same for the executor of `apollo-compiler`.
enum Object {
    Query,
    User(i64),
    Ticket(i64),
}

impl ObjectValue for Object {
    fn type_name(&self) -> &str {
        match self {
            Self::Query => "Query",
            Self::User(_) => "User",
            Self::Ticket(_) => "Ticket",
        }
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        Ok(match (self, info.field_name()) {
            (Self::Query, _) => {
                ResolvedValue::list((0..USERS).map(|user| ResolvedValue::object(Self::User(user))))
            }
            (Self::User(user) | Self::Ticket(user), "id") => ResolvedValue::leaf(*user),
            (Self::User(user), "name") => ResolvedValue::leaf(format!("user number {user}")),
            (Self::User(user), "email") => ResolvedValue::leaf(format!("user{user}@shop.example.com")),
            (Self::User(user), "level") => ResolvedValue::leaf(user % 7),
            (Self::User(user), _) => {
                let tickets =
                    (0..TICKETS).map(move |number| ResolvedValue::object(Self::Ticket(user * 10 + number)));
                ResolvedValue::list(tickets)
            }
            (Self::Ticket(id), "subject") => ResolvedValue::leaf(format!("parcel {} did not come", id % 10)),
            (Self::Ticket(_), _) => ResolvedValue::leaf("open"),
        })
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let engine = Engine::open(YAML, Path::new("."), Some(Arc::new(AtHand))).await;
        let engine = engine.unwrap_or_else(|error| panic!("{error}"));
        answers(&engine).await;
        refusals(&engine).await;
    });
}

async fn answers(engine: &Engine) {
    const ROUNDS: u32 = 5_000;
    let session = Session::default();
    let first = engine.execute(&request(QUERY), &session).await;
    let schema = Schema::parse_and_validate(engine.sdl(), "schema.graphql").expect("the schema is valid");
    let document =
        ExecutableDocument::parse_and_validate(&schema, QUERY, "query").expect("the query is valid");
    let plainly = || {
        let none = JsonMap::new();
        let execution = Execution::new(&schema, &document).raw_variable_values(&none);
        let answer = execution.execute_sync(&Object::Query).expect("it executes");
        serde_json::to_vec(&answer).expect("it is JSON")
    };
    assert_eq!(first.body, plainly(), "both give the same");
    println!("answer of {} bytes", first.body.len());
    let before = engine.metrics();
    let begun = Instant::now();
    for _ in 0..ROUNDS {
        black_box(engine.execute(&request(QUERY), &session).await);
    }
    let whole = begun.elapsed() / ROUNDS;
    let after = engine.metrics();
    let fetch = Instant::now();
    println!("  written from rows          {:?}", (after.project - before.project) / ROUNDS);
    println!("  whole request              {whole:?}");
    for _ in 0..ROUNDS / 10 {
        black_box(plainly());
    }
    println!("  apollo's executor          {:?}", fetch.elapsed() / (ROUNDS / 10));
}

async fn refusals(engine: &Engine) {
    let many = |item: &dyn Fn(usize) -> String, count: usize| (0..count).map(item).collect::<String>();
    let bomb = many(&|n| format!("fragment F{n} on User {{ ...F{} ...F{} }} ", n + 1, n + 1), 25);
    let queries = [
        ("10,000 aliases", format!("{{ user(id: 1) {{ {} }} }}", many(&|n| format!("a{n}: id "), 10_000))),
        ("1,200 aliases", format!("{{ user(id: 1) {{ {} }} }}", many(&|n| format!("a{n}: id "), 1_200))),
        ("1,000 aliased roots", format!("{{ {} }}", many(&|n| format!("a{n}:user(id:1){{id}}"), 450))),
        ("4,900 fields", format!("{{ user(id: 1) {{ {} }} }}", "id ".repeat(4_900))),
        ("1,000 unknown directives", format!("{{ user(id: 1) {{ id {} }} }}", "@nope ".repeat(1_000))),
        ("700 @include", format!("{{ user(id: 1) {{ {} }} }}", "id @include(if: true) ".repeat(700))),
        ("3,000 levels", format!("{{ user(id: 1) {} id", "{ tickets { user ".repeat(3_000))),
        ("fragment bomb 2^25", format!("{{ user(id: 1) {{ ...F0 }} }} {bomb} fragment F25 on User {{ id }}")),
        ("huge literal", format!("{{ user(id: {}) {{ id }} }}", "9".repeat(60_000))),
        (
            "regular expression",
            format!("{{ users(where: {{name: {{matches: \"{}\"}}}}) {{ id }} }}", "(a+)+".repeat(5_000)),
        ),
        (
            "deep lists",
            format!("{{ users(first: 100) {{ {} id {} }} }}", "tickets { user { ".repeat(5), "}}".repeat(5)),
        ),
    ];
    println!("refused (slowest of 20)");
    for (name, query) in queries {
        let mut slowest = Duration::ZERO;
        let mut status = 0;
        for _ in 0..20 {
            let begun = Instant::now();
            status = engine.execute(&request(&query), &Session::default()).await.status;
            slowest = slowest.max(begun.elapsed());
        }
        println!("  {name:<26} {slowest:?} status {status}");
    }
}

fn request(query: &str) -> Request {
    Request {
        query: Some(query.to_owned()),
        operation_name: None,
        variables: serde_json::Map::new(),
        sha256: None,
        deadline: Instant::now() + Duration::from_secs(5),
        explain: Explain::None,
        allow_mutation: false,
    }
}
