//! A server of MongoDB's protocol.

use ::mongodb::{
    Client,
    bson::{Bson, DateTime, Decimal128, Document, doc, oid::ObjectId},
};
use serde_json::json;

use super::{
    super::{DraftSource, draft, open},
    people::{self, Limits, NAMES},
    *,
};
use crate::source::{Comparison, Filter, Keys, TroubleKind};

/// A row as a document; what is null is null in one, and missing in the next.
fn document(row: &[Given]) -> Document {
    let mut document = Document::new();
    for (place, (name, value)) in NAMES.iter().zip(row).enumerate() {
        let name = if place == 0 { "_id" } else { name };
        let value = match value {
            Given::Null if place % 2 == 0 => continue,
            Given::Null => Bson::Null,
            Given::Int(number) => Bson::Int64(*number),
            Given::Unsigned(number) => Bson::Decimal128(number.to_string().parse().unwrap()),
            Given::Float(number) => Bson::Double(*number),
            Given::Moment(moment) => Bson::DateTime(DateTime::from_millis(moment.0 / 1_000)),
            Given::Text(text) if place == 5 => Bson::Decimal128(text.parse::<Decimal128>().unwrap()),
            Given::Text(text) => Bson::String(text.clone()),
            other => panic!("{other:?}"),
        };
        document.insert(name, value);
    }
    document
}

#[tokio::test]
async fn mongodb_answers_as_the_documents_say() {
    let Some(server) = servers::Server::mongo() else { return };
    let url = format!("mongodb://127.0.0.1:{}/?directConnection=true", server.port);
    let client = Client::with_uri_str(&url).await.unwrap();
    let database = client.database("old");
    servers::until("MongoDB answers", async || database.run_command(doc! {"ping": 1}).await).await;
    let limits = Limits { has_nul: true, big_max: i64::MAX.unsigned_abs() };
    let rows = people::rows(limits);
    database.collection("people").insert_many(rows.iter().map(|row| document(row))).await.unwrap();
    let source = open("mongodb", &json!({"url": url, "db": "old", "bytes_max": "1 MiB"}), server.dir.path())
        .await
        .unwrap();
    let target_people = people::people(json!({"collection": "people"}), "_id");
    people::checked(&*source, &target_people, &rows, limits).await;

    let id = ObjectId::new();
    let odd = doc! {
        "_id": id, "user": {"name": "O'Brien", "tags": ["退款", 1]}, "price": "1.2E+3".parse::<Decimal128>().unwrap(),
        "text": "$where", "n": 5_i32,
    };
    database
        .collection("odd")
        .insert_many([odd, doc! {"_id": "5", "text": "x"}, doc! {"_id": 5, "text": ["list"]}])
        .await
        .unwrap();
    let mut columns = vec![
        column("_id", Scalar::Id),
        column("user.name", Scalar::String),
        column("user.tags", Scalar::String),
        column("price", Scalar::Decimal),
        column("user", Scalar::Json),
    ];
    columns[2].is_list = true;
    let target_odd = target("Odd", columns, json!({"collection": "odd"}));
    let hex = id.to_hex();
    let keys = |texts: &[&str]| {
        let values = texts.iter().map(|text| Given::Text((*text).to_owned())).collect();
        Some(Keys { column: 0, values })
    };
    let found =
        fetched(&*source, &Fetch { keys: keys(&[&hex, "{\"$gt\": \"\"}"]), ..everything(&target_odd) }).await;
    let user = r#"{"name":"O'Brien","tags":["退款",1]}"#;
    assert_eq!(found, [[&format!("'{hex}'"), "'O'Brien'", r#"["退款","1"]"#, "'1200'", user]]);
    // A text and a number are one `ID`.
    assert_eq!(fetched(&*source, &Fetch { keys: keys(&["5"]), ..everything(&target_odd) }).await.len(), 2);
    let misfit = target("Misfit", vec![column("text", Scalar::String)], json!({"collection": "odd"}));
    let error = refusal(&*source, &everything(&misfit)).await;
    assert_eq!(
        (error.kind, error.text.as_str()),
        (TroubleKind::Garbage, "column `text` of `Misfit`: found a list where a single value is promised")
    );
    let hostile =
        Filter::Compare { column: 0, by: Comparison::Equal, values: vec![Given::Text("$where".to_owned())] };
    let fetch = Fetch { filter: Some(hostile), columns: vec![0], ..everything(&misfit) };
    assert_eq!(fetched(&*source, &fetch).await, [["'$where'"]]);
    assert!(source.native(&fetch).unwrap().starts_with("db.odd.find({text: {$eq: ?}}"));

    let settings = json!({"url": url, "db": "old"});
    let old = DraftSource { name: "old".to_owned(), kind: "mongodb".to_owned(), settings };
    let drafted = draft(&[old], server.dir.path()).await.unwrap();
    for line in [
        "    collection: \"people\"",
        "      id: { type: \"BigInt!\", column: \"_id\", filter: [eq, in] }",
        "      price: { type: \"Decimal\" }",
        "      userName: { type: \"String\", column: \"user.name\" }",
    ] {
        assert!(drafted.lines().any(|drafted| drafted == line), "{line}\n{drafted}");
    }

    let many: Vec<Document> = (0..5_000).map(|n| doc! {"_id": n, "text": "x".repeat(1_000)}).collect();
    database.collection("many").insert_many(many).await.unwrap();
    let target_many = target("Many", vec![column("_id", Scalar::Int)], json!({"collection": "many"}));
    people::bounded(&*source, &target_many).await;
    let long = target("Long", vec![column("text", Scalar::String)], json!({"collection": "many"}));
    assert_eq!(refusal(&*source, &everything(&long)).await.kind, TroubleKind::TooMuch);

    for (access, key) in [(json!({"collection": "a$b"}), "collection"), (json!({"table": "x"}), "table")] {
        let wrong = target("Wrong", vec![column("_id", Scalar::Id)], access);
        assert!(source.check(&wrong).unwrap_err().starts_with(key));
    }
    assert!(source.check_call(&json!({}), &[], &target_odd).is_err());
    for (settings, path) in [
        (json!({"url": "mongodb+srv://x", "db": "x"}), "url"),
        (json!({"url": "mongodb://u:secret@[", "db": "x"}), "url"),
        (json!({"url": url}), ""),
        (json!({"url": url, "db": "x", "dbs": "y"}), "dbs"),
    ] {
        let error = open("mongodb", &settings, server.dir.path()).await.map(drop).unwrap_err();
        assert!(error.path == path && !error.text.contains("secret"), "{error:?}");
    }
}

/// A server that is there and says nothing.
#[tokio::test]
async fn a_server_that_hangs_costs_the_deadline() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mongodb://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let source = open("mongodb", &json!({"url": url, "db": "old"}), std::path::Path::new(".")).await.unwrap();
    let target = target("Any", vec![column("_id", Scalar::Int)], json!({"collection": "any"}));
    let begun = Instant::now();
    let fetch = Fetch { deadline: begun + Duration::from_millis(300), ..everything(&target) };
    let error = refusal(&*source, &fetch).await;
    assert!(matches!(error.kind, TroubleKind::Timeout | TroubleKind::Unavailable), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}
