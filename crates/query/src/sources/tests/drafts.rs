//! Drafts of configurations from what is there.

use serde_json::json;

use super::{
    super::{DraftSource, draft, open},
    *,
};

fn source(name: &str, kind: &str, settings: Value) -> DraftSource {
    DraftSource { name: name.to_owned(), kind: kind.to_owned(), settings }
}

const SHOP: [&str; 3] = [
    "CREATE TABLE users (id INTEGER PRIMARY KEY, full_name TEXT NOT NULL, created_at DATETIME, photo BLOB)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id), total NUMERIC)",
    "CREATE VIEW recent AS SELECT id FROM orders",
];

#[tokio::test]
async fn a_draft_of_tables_has_their_keys_and_relations() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.db"), b"").unwrap();
    let settings = json!({"file": "a.db"});
    let shop = open("sqlite", &settings, dir.path()).await.unwrap();
    let nothing = target("Nothing", vec![column("affected_rows", Scalar::BigInt)], json!({}));
    for statement in SHOP {
        shop.call(&change(&nothing, json!({"statement": statement}), &[])).await.unwrap();
    }
    let drafted = draft(&[source("shop", "sqlite", settings)], dir.path()).await.unwrap();
    let expected = r#"version: 1
sources:
  shop:
    kind: sqlite
    file: "a.db"
types:
  Order:
    source: shop
    table: "orders"
    key: [id]
    fields:
      id: { type: "BigInt!", filter: [eq, in] }
      userId: { type: "BigInt", column: "user_id", filter: [eq, in] }
      total: { type: "Decimal" }
    relations:
      user: { to: User, on: { userId: id } }
  Recent:
    source: shop
    table: "recent"
    fields:
      id: { type: "BigInt" }
  # photo: BLOB is left out
  User:
    source: shop
    table: "users"
    key: [id]
    fields:
      id: { type: "BigInt!", filter: [eq, in] }
      fullName: { type: "String!", column: "full_name" }
      createdAt: { type: "DateTime", column: "created_at" }
    relations:
      orders: { to: Order, many: true, on: { id: userId } }
query:
  order: { type: Order, by: [id] }
  orders: { type: Order, list: relay }
  recents: { type: Recent, list: plain }
  user: { type: User, by: [id] }
  users: { type: User, list: relay }
"#;
    assert_eq!(drafted, expected);
    let lost = draft(&[source("lost", "sqlite", json!({"file": "b.db"}))], dir.path()).await.unwrap_err();
    assert_eq!(lost.to_string(), "source `lost`: the file cannot be opened");
    let wrong = draft(&[source("wrong", "sqlite", json!({"fil": "b.db"}))], dir.path()).await.unwrap_err();
    assert!(wrong.to_string().starts_with("source `wrong`: unknown field `fil`"), "{wrong}");
}

#[tokio::test]
async fn a_draft_of_services_calls_their_operations() {
    let dir = tempfile::tempdir().unwrap();
    let idl = "enum Level { LOW = 1, HIGH = 2 }\nstruct Customer { 1: required i64 id, 2: string name, 3: Level level }\n\
        service Crm { list<Customer> byIds(1: list<i64> ids), Customer get(1: i64 id), list<Customer> search(1: string q, 2: i32 n), void ping() }\n";
    std::fs::write(dir.path().join("crm.thrift"), idl).unwrap();
    let openapi = r##"{"openapi": "3.0.3", "servers": [{"url": "http://kb.example"}], "paths": {
        "/articles/{id}": {"get": {"operationId": "getArticle", "parameters": [{"in": "path", "name": "id", "schema": {"type": "integer"}}],
            "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Article"}}}}}}},
        "/articles": {"get": {"operationId": "listArticles",
            "responses": {"200": {"content": {"application/json": {"schema": {"type": "object", "properties": {
                "items": {"type": "array", "items": {"$ref": "#/components/schemas/Article"}}}}}}}}}}},
        "components": {"schemas": {"Article": {"type": "object", "required": ["id"], "properties": {
            "id": {"type": "integer", "format": "int32"}, "customer_id": {"type": "integer"}, "title": {"type": "string"},
            "written": {"type": "string", "format": "date-time"}, "tags": {"type": "array", "items": {"type": "string"}}}}}}}"##;
    std::fs::write(dir.path().join("kb.json"), openapi).unwrap();
    let sources = [
        source("crm", "thrift", json!({"idl": "crm.thrift", "address": "127.0.0.1:1"})),
        source("kb", "http", json!({"openapi": "kb.json"})),
    ];
    let drafted = draft(&sources, dir.path()).await.unwrap();
    let expected = r#"version: 1
sources:
  crm:
    kind: thrift
    address: "127.0.0.1:1"
    idl: "crm.thrift"
  kb:
    kind: http
    openapi: "kb.json"
enums:
  CustomerLevel: ["LOW", "HIGH"]
types:
  # op: get finds it as well
  # search takes n, q
  Customer:
    source: crm
    access:
      by_keys: { id: { op: byIds, arg: ids } }
      list: { op: search }
    fields:
      id: { type: "BigInt!" }
      level: { type: "CustomerLevel" }
      name: { type: "String" }
  Article:
    source: kb
    access:
      list: { op: listArticles, result: items }
      by_key: { id: { op: getArticle, arg: id } }
    key: [id]
    fields:
      customerId: { type: "BigInt", column: "customer_id" }
      id: { type: "Int!" }
      tags: { type: "[String]" }
      title: { type: "String" }
      written: { type: "DateTime" }
query:
  customer: { type: Customer, by: [id] }
  customers: { type: Customer, list: plain }
  article: { type: Article, by: [id] }
  articles: { type: Article, list: relay }
"#;
    assert_eq!(drafted, expected);
}

#[tokio::test]
async fn a_draft_of_spynes_description_finds_rows_in_what_is_around_them() {
    let Some((server, _)) = servers::services() else { return };
    let sources = [source("tickets", "soap", json!({"wsdl": "tickets.wsdl"}))];
    let drafted = draft(&sources, server.dir.path()).await.unwrap();
    assert!(
        drafted.contains("by_keys: { userId: { op: TicketsByUsers, arg: userIds.integer, result: Ticket } }"),
        "{drafted}"
    );
    assert!(drafted.contains("by_key: { id: { op: GetTicket, arg: id } }"), "{drafted}");
    assert!(drafted.contains("amount: { type: \"Decimal\" }"), "{drafted}");
}

/// What all databases say of the same tables.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) async fn tables_are_drafted(name: &str, kind: &str, settings: Value) {
    let dir = std::path::Path::new(".");
    let opened = open(kind, &settings, dir).await.unwrap();
    let nothing = target("Nothing", vec![column("affected_rows", Scalar::BigInt)], json!({}));
    for statement in [
        "CREATE TABLE t_users (id BIGINT PRIMARY KEY, full_name VARCHAR(20) NOT NULL)",
        "CREATE TABLE t_orders (id INT PRIMARY KEY, user_id BIGINT, at TIMESTAMP NULL, FOREIGN KEY (user_id) REFERENCES t_users (id))",
    ] {
        opened.call(&change(&nothing, json!({"statement": statement}), &[])).await.unwrap();
    }
    let drafted = draft(&[source(name, kind, settings)], dir).await.unwrap();
    for line in [
        "    url: \"${OLD_SHOP_URL}\"",
        "    table: \"t_users\"",
        "      id: { type: \"BigInt!\", filter: [eq, in] }",
        "      fullName: { type: \"String!\", column: \"full_name\" }",
        "      at: { type: \"DateTime\" }",
        "      user: { to: User, on: { userId: id } }",
        "      orders: { to: Order, many: true, on: { id: userId } }",
        "  PeopleState: [\"SHUT\", \"OPEN\"]",
    ] {
        let is_there = drafted.lines().any(|drafted| drafted == line);
        assert!(is_there || (kind == "postgres" && line.contains("PeopleState")), "{line}\n{drafted}");
    }
}
