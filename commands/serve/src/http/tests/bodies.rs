//! Every field of every body that the document of the API describes: of another type, in another encoding and beyond its
//! limit it is refused, and the answer names it.

use std::collections::HashMap;

use axum::{body::Body, extract::Request};
use http::Method;
use kefu_core::Role;
use serde_json::{Map, Value, json};
use tower::ServiceExt as _;

use super::office::{Guest, Office};

/// More characters than any field takes, and fewer bytes than a body may have.
const TOO_LONG: usize = 60_000;

/// Fields whose values are free, so that none is of the wrong type.
const FREE: [&str; 2] =
    ["post /api/v1/conversations/{id}/messages data", "post /api/v1/stream/{connection_id} "];

/// Fields of which the end is left out instead, as the document says: nobody chooses what pages call themselves.
const CUT: [&str; 1] = ["post /api/v1/widget/pages title"];

/// Fields that are compared with something known: what is not equal is refused alike, however long it is.
const SECRET: [&str; 10] = [
    "delete /api/v1/auth/totp code",
    "delete /api/v1/auth/totp password",
    "post /api/v1/auth/login password",
    "post /api/v1/auth/totp password",
    "post /api/v1/setup token",
    "post /api/v1/widget/sessions inbox",
    "post /api/v1/widget/sessions jwt",
    "post /api/v1/widget/sessions visitor.hmac",
    "post /api/v1/widget/sessions visitor.jwt",
    "put /api/v1/auth/password current",
];

/// The ticket system of others, which this office has none of.
const NOT_HERE: &str = "/external-tickets";

/// A body of an operation, with the way to one of its fields.
struct Field {
    method: Method,
    /// As in the document.
    operation: String,
    path: String,
    way: Vec<String>,
    schema: Value,
    /// What else the body has to have.
    body: Value,
}

impl Field {
    fn name(&self) -> String {
        self.way.join(".")
    }

    /// The body with this value in the field; nothing else, if it is to be read first.
    fn with(&self, value: Value, others: bool) -> Value {
        let mut body = if others { self.body.clone() } else { json!({}) };
        let mut place = &mut body;
        for name in &self.way {
            if !place.is_object() {
                *place = json!({});
            }
            place = &mut place[name];
        }
        *place = value;
        body
    }
}

/// The document's schema behind references and beside `null`.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(name) = schema["$ref"].as_str() {
        let pointer = name.trim_start_matches('#');
        return resolved(document, document.pointer(pointer).unwrap());
    }
    let other = schema["oneOf"].as_array().and_then(|any| any.iter().find(|one| one["type"] != "null"));
    match other {
        Some(other) if schema["oneOf"].as_array().is_some_and(|any| any.len() == 2) => {
            resolved(document, other)
        }
        _ => schema,
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect()
        }
        _ => Vec::new(),
    }
}

/// A value that such a field could have.
fn sample(document: &Value, schema: &Value, name: &str) -> Value {
    let schema = resolved(document, schema);
    match name {
        "password" => return json!("correct horse battery"),
        "texts" => return json!({"zh": {"title": "x", "body": "x"}}),
        "value" => return json!("+8613800000000"),
        "key" => return json!("second"),
        _ => {}
    }
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match (types(schema).first().copied(), schema["format"].as_str()) {
        (Some("string"), Some("uuid")) => json!("00000000-0000-7000-8000-000000000009"),
        (Some("string"), Some("date-time")) => json!("2099-01-01T00:00:00Z"),
        (Some("string"), _) if name.contains("email") => json!("grace@example.com"),
        (Some("string"), _) => json!("x"),
        (Some("integer" | "number"), _) => schema.get("minimum").cloned().unwrap_or(json!(1)),
        (Some("boolean"), _) => json!(true),
        (Some("array"), _) => json!([]),
        (Some("object"), _) => whole(document, schema),
        _ => json!({}),
    }
}

/// An object with what it has to have.
fn whole(document: &Value, schema: &Value) -> Value {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let fields = required.map(|name| (name.to_owned(), sample(document, &schema["properties"][name], name)));
    Value::Object(fields.collect::<Map<_, _>>())
}

/// Every field of every body.
fn fields(document: &Value, office: &Known) -> Vec<Field> {
    let mut fields = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let schema = resolved(document, schema);
            if !schema["properties"].is_object() {
                continue;
            }
            let mut body = whole(document, schema);
            office.place(&mut body);
            let mut todo = vec![(Vec::new(), schema.clone())];
            while let Some((way, schema)) = todo.pop() {
                for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                    let schema = resolved(document, schema).clone();
                    let way: Vec<_> = way.iter().cloned().chain([name.clone()]).collect();
                    todo.push((way.clone(), schema.clone()));
                    fields.push(Field {
                        method: method.to_uppercase().parse().unwrap(),
                        operation: format!("{method} {path}"),
                        path: office.path(path),
                        way,
                        schema,
                        body: body.clone(),
                    });
                }
            }
        }
    }
    fields
}

/// How a card is shown, which a sample cannot guess.
fn card_view() -> Value {
    json!({"kind": "fields", "at": "user", "rows": [{"label": {"en": "x", "zh-CN": "x"}, "path": "name"}]})
}

/// Things that paths can name.
struct Known {
    guest: Guest,
    agent: String,
    /// One of each other collection, by its name.
    made: HashMap<&'static str, String>,
}

impl Known {
    /// Makes one of each collection whose members can be changed.
    async fn make(office: &Office, document: &Value, admin: &str, guest: Guest, agent: String) -> Self {
        let collections = [
            "articles",
            "canned-replies",
            "categories",
            "inboxes",
            "channels",
            "roles",
            "tags",
            "teams",
            "tickets",
            #[cfg(feature = "events")]
            "subscriptions",
            #[cfg(feature = "graphql")]
            "cards",
        ];
        let mut known = Self { guest, agent, made: HashMap::new() };
        for collection in collections {
            let path = format!("/api/v1/{collection}");
            let schema =
                &document["paths"][&path]["post"]["requestBody"]["content"]["application/json"]["schema"];
            let mut body = whole(document, resolved(document, schema));
            match collection {
                "tickets" => body["conversation_ids"] = json!([known.guest.conversation]),
                "channels" => body["file"] = json!("webhook"),
                "subscriptions" => body["url"] = json!("https://hooks.example.com/kefu"),
                "cards" => body["view"] = card_view(),
                _ => {}
            }
            known.place(&mut body);
            let (status, answer) =
                call(office, Method::POST, &path, admin, body.to_string().into_bytes()).await;
            assert_eq!(status, 201, "{path} {body}: {answer}");
            known.made.insert(collection, answer["id"].as_str().unwrap().to_owned());
        }
        known
    }

    /// Puts what there is in the place of what a sample makes up.
    fn place(&self, body: &mut Value) {
        if body["inbox_id"].is_string() {
            body["inbox_id"] = json!(self.made["inboxes"]);
        }
    }

    fn path(&self, path: &str) -> String {
        let collection = path.split('/').nth(3).unwrap_or_default();
        let id = match collection {
            "conversations" => self.guest.conversation.to_string(),
            "customers" | "visitors" => self.guest.id.to_string(),
            "agents" => self.agent.clone(),
            _ => self.made.get(collection).cloned().unwrap_or_default(),
        };
        let path = path.replace("{id}", &id).replace("{seq}", "1").replace("{language}", "zh");
        let path = path.replace("{number}", "0");
        path.replace("{connection_id}", "00000000-0000-7000-8000-000000000007")
    }

    /// Who may use an operation.
    fn token<'a>(&'a self, operation: &str, admin: &'a str) -> &'a str {
        let is_visitor = ["/widget/", "/rating", "/vote"].iter().any(|part| operation.contains(part));
        if is_visitor { &self.guest.token } else { admin }
    }
}

async fn send(office: &Office, field: &Field, token: &str, body: Vec<u8>) -> (u16, Value) {
    call(office, field.method.clone(), &field.path, token, body).await
}

async fn call(office: &Office, method: Method, path: &str, token: &str, body: Vec<u8>) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("content-type", "application/json");
    let request = request.header("authorization", format!("Bearer {token}"));
    let response = office.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

#[tokio::test]
async fn every_field_that_is_wrong_is_refused_by_its_name() {
    let office = Office::open().await;
    let admin_id = office.agent("zhao", Role::Admin).await;
    let admin = office.token_of(admin_id).await;
    let agent = office.agent("lin", Role::Agent).await.to_string();
    let document: Value = serde_json::from_str(include_str!("../../../../../docs/openapi.json")).unwrap();
    let guest = office.taken_by(&admin).await;
    let known = Known::make(&office, &document, &admin, guest, agent).await;
    let fields = fields(&document, &known);
    assert!(fields.len() > 150, "{}", fields.len());
    let mut wrong = Vec::new();
    for field in &fields {
        let (name, token) = (field.name(), known.token(&field.operation, &admin));
        let place = format!("{} {name}", field.operation);
        let mut note = |what: &str, status: u16, answer: &Value| {
            wrong.push(format!("{place}: {what}: {status} {answer}"));
        };
        let types = types(&field.schema);
        let other = match types.first() {
            Some(&"string") => json!(7.5),
            Some(_) => json!("x"),
            None => continue,
        };
        let is_named = |answer: &Value| {
            let named = answer["field"].as_str().unwrap_or_default();
            // A part of it, or what it is a part of.
            !named.is_empty()
                && (named.starts_with(&name) || name.starts_with(named) || name.ends_with(named))
        };
        if !FREE.contains(&place.as_str()) {
            let (status, answer) =
                send(&office, field, token, field.with(other, false).to_string().into_bytes()).await;
            if status != 400 || !is_named(&answer) {
                note("another type", status, &answer);
            }
        }
        if types == ["string"] {
            let body = field.with(json!("@"), false).to_string();
            let body: Vec<u8> = body.bytes().map(|byte| if byte == b'@' { 0xff } else { byte }).collect();
            let (status, answer) = send(&office, field, token, body).await;
            if status != 400 || answer["detail"].as_str().is_none_or(str::is_empty) {
                note("another encoding", status, &answer);
            }
            let mut long = field.with(json!("字".repeat(TOO_LONG)), true);
            if field.way.last().is_some_and(|name| name == "hmac") {
                // It is the proof of another one.
                long["visitor"]["external_id"] = json!("x");
            }
            let (status, answer) = send(&office, field, token, long.to_string().into_bytes()).await;
            let is_refused = match status {
                400 | 413 | 422 => is_named(&answer),
                404 if field.operation.contains(NOT_HERE) => true,
                401 | 403 | 404 | 409 => SECRET.contains(&place.as_str()),
                _ => CUT.contains(&place.as_str()),
            };
            if !is_refused {
                note("too long", status, &answer);
            }
        }
        if types == ["array"] && field.schema["items"]["type"] == "string" {
            for item in [json!(7.5), json!("字".repeat(TOO_LONG))] {
                let body = field.with(json!([item]), true).to_string().into_bytes();
                let (status, answer) = send(&office, field, token, body).await;
                if !matches!(status, 400 | 413 | 422) || !is_named(&answer) {
                    note("a wrong item", status, &answer);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), fields.len(), wrong.join("\n"));
}
