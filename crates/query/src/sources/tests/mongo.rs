//! A server of MongoDB's protocol.

use ::mongodb::{
    Client,
    bson::{Bson, DateTime, Decimal128, Document, doc, oid::ObjectId},
};
use kefu_core::Micros;
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
    changed(&*source, &json!({"url": url, "db": "old", "read_only": true}), server.dir.path()).await;
    for (settings, path) in [
        (json!({"url": "http://x", "db": "x"}), "url"),
        (json!({"url": "mongodb://u:secret@[", "db": "x"}), "url"),
        (json!({"url": url}), ""),
        (json!({"url": url, "db": "x", "dbs": "y"}), "dbs"),
    ] {
        let error = open("mongodb", &settings, server.dir.path()).await.map(drop).unwrap_err();
        assert!(error.path == path && !error.text.contains("secret"), "{error:?}");
    }
}

/// Documents are made, changed and removed, one at a time.
async fn changed(source: &dyn Source, reading: &serde_json::Value, dir: &std::path::Path) {
    let columns = vec![
        column("_id", Scalar::Id),
        column("visitor.city", Scalar::String),
        column("price", Scalar::Decimal),
        column("at", Scalar::DateTime),
    ];
    let notes = target("Note", columns, json!({"collection": "notes"}));
    let text = |text: &str| Given::Text(text.to_owned());
    let made = json!({"change": "insert"});
    source.check_call(&made, &["visitor_city", "price"], &notes).unwrap();
    let arguments = [
        ("visitor_city", text("$where")),
        ("price", text("12.50")),
        ("at", Given::Moment(Micros(1_796_000_000_123_000))),
    ];
    let rows = shown(&source.call(&change(&notes, made.clone(), &arguments)).await.unwrap());
    let id = rows[0][0].trim_matches('\'').to_owned();
    assert_eq!(
        (id.len(), &rows[0][1..]),
        (24, &["'$where'", "'12.50'", "@1796000000123000"].map(str::to_owned)[..])
    );
    assert_eq!(fetched(source, &everything(&notes)).await, rows);
    let update = json!({"change": "update", "by": ["_id"]});
    let changing =
        |id: &str, city: Given| change(&notes, update.clone(), &[("_id", text(id)), ("visitor_city", city)]);
    let rows = shown(&source.call(&changing(&id, text("上海"))).await.unwrap());
    assert_eq!(rows[0][1..3], ["'上海'", "'12.50'"]);
    let rows = shown(&source.call(&changing(&id, Given::Null)).await.unwrap());
    assert_eq!(rows[0][1], "-");
    assert!(source.call(&changing("53e37d08776f724e42000000", Given::Null)).await.unwrap().is_empty());
    let again = change(&notes, made.clone(), &[("_id", text(&id)), ("price", text("1"))]);
    let error = source.call(&again).await.unwrap_err();
    assert!(error.kind == TroubleKind::Refused && !error.text.contains(&id), "{error}");
    let remove = change(&notes, json!({"change": "delete", "by": ["_id"]}), &[("_id", text(&id))]);
    assert_eq!(shown(&source.call(&remove).await.unwrap()), rows);
    assert!(source.call(&remove).await.unwrap().is_empty());
    assert!(fetched(source, &everything(&notes)).await.is_empty());
    let reading = open("mongodb", reading, dir).await.unwrap();
    assert!(reading.check_call(&made, &["price"], &notes).is_err());
    assert_eq!(reading.call(&again).await.unwrap_err().kind, TroubleKind::Refused);
}

/// A name that cannot be looked up now may be found later.
#[tokio::test]
async fn an_address_is_looked_up_when_it_is_asked() {
    let settings = json!({"url": "mongodb+srv://user:secret@cluster.kefu.invalid", "db": "old"});
    let source = open("mongodb", &settings, std::path::Path::new(".")).await.unwrap();
    let target = target("Any", vec![column("_id", Scalar::Int)], json!({"collection": "any"}));
    let fetch = Fetch { deadline: Instant::now() + Duration::from_secs(5), ..everything(&target) };
    let error = refusal(&*source, &fetch).await;
    assert!(matches!(error.kind, TroubleKind::Timeout | TroubleKind::Unavailable), "{error}");
    assert!(!error.text.contains("secret"), "{error}");
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
    assert!(begun.elapsed() < Duration::from_secs(20));
}
