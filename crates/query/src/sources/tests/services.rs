//! Services of Python's own libraries, of spyne and of Apache.

use serde_json::json;

use super::{super::open, *};
use crate::source::{Filter, Keys, TroubleKind};

fn keyed(target: &Arc<Target>, column: usize, values: Vec<Given>) -> Fetch {
    Fetch { keys: Some(Keys { column, values }), ..everything(target) }
}

fn numbers(numbers: &[i64]) -> Vec<Given> {
    numbers.iter().copied().map(Given::Int).collect()
}

/// How often the services were called so far.
async fn calls(http: &dyn Source, kind: &str) -> u64 {
    let calls = target("Calls", vec![column(kind, Scalar::Int)], json!({"list": {"get": "/calls"}}));
    fetched(http, &everything(&calls)).await[0][0].parse().unwrap()
}

async fn hangs(source: &dyn Source, fetch: Fetch) {
    let begun = Instant::now();
    let error = refusal(source, &Fetch { deadline: begun + Duration::from_millis(400), ..fetch }).await;
    assert_eq!(error.kind, TroubleKind::Timeout, "{error}");
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_service_of_http_answers_by_keys_and_lists() {
    let Some((server, _)) = servers::services() else { return };
    let settings = json!({"base": format!("http://127.0.0.1:{}", server.port), "bytes_max": "1 MiB"});
    let source = open("http_json", &settings, server.dir.path()).await.unwrap();
    let mut columns = vec![
        column("id", Scalar::Int),
        column("author.id", Scalar::Int),
        column("author.name", Scalar::String),
        column("title", Scalar::String),
        column("tags", Scalar::String),
        column("written", Scalar::DateTime),
        column("price", Scalar::Decimal),
    ];
    columns[4].is_list = true;
    let access = json!({"access": {
        "by_keys": {"author_id": {"get": "/by-author", "query": {"authorIds": {"join": ","}}, "result": "data.items", "max": 4}},
        "by_key": {"id": {"get": "/articles/{id}"}},
        "list": {"get": "/search", "limit": "size"},
    }});
    let article = target("Article", columns.clone(), access);
    source.check(&article).unwrap();
    let abilities = source.abilities(&article);
    assert_eq!((abilities.lists, abilities.keys), (true, vec![(1, 4), (0, 1)]));
    let before = calls(&*source, "http").await;
    let all = numbers(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(fetched(&*source, &keyed(&article, 1, all)).await.len(), 100);
    // The count itself was the fourth.
    assert_eq!(calls(&*source, "http").await - before, 4);
    let found = fetched(&*source, &keyed(&article, 0, numbers(&[1, 500, 7]))).await;
    let moment = "@1795939200000000";
    let expected =
        ["1", "1", "'O'Brien <\"&\0😀'", "'{keys} $where 1'", r#"["退款","1"]"#, moment, "'12.50'"];
    assert_eq!(found[0], expected);
    assert_eq!((found.len(), found[1][0].as_str()), (2, "7"));
    let words = |text: &str| vec![("q".to_owned(), Given::Text(text.to_owned()))];
    let fetch = Fetch { arguments: words("$where 4"), limit: Some(3), ..everything(&article) };
    assert_eq!(fetched(&*source, &fetch).await.len(), 3);
    for hostile in ["&size=1#", "%00", "\"'{key}", "😀"] {
        let fetch = Fetch { arguments: words(hostile), ..everything(&article) };
        assert_eq!(fetched(&*source, &fetch).await.len(), 0, "{hostile}");
    }
    // A key never leaves its place in a path.
    let text = target(
        "Article",
        vec![column("id", Scalar::Id)],
        json!({"by_key": {"id": {"get": "/articles/{id}"}}}),
    );
    let other = open("http", &settings, server.dir.path()).await.unwrap();
    for hostile in ["1/../../calls", "1?x", "1%2f", "x\0"] {
        let found = fetched(&*other, &keyed(&text, 0, vec![Given::Text(hostile.to_owned())])).await;
        assert!(found.is_empty(), "{hostile}: {found:?}");
    }
    let posted = json!({"by_keys": {"id": {"post": "/lookup", "body": {"filter": {"ids": "{keys}"}}}}});
    let posted = target("Posted", columns.clone(), posted);
    assert_eq!(fetched(&*source, &keyed(&posted, 0, numbers(&[3, 4]))).await.len(), 2);
    let named = target(
        "Named",
        vec![column("title", Scalar::String), column("key", Scalar::Id)],
        json!({"by_keys": {"key": {"get": "/by-id", "arg": "ids", "keyed": true}}}),
    );
    let found = fetched(&*source, &keyed(&named, 1, numbers(&[5, 6]))).await;
    assert_eq!(found, [["'{keys} $where 5'", "'5'"], ["'{keys} $where 6'", "'6'"]]);
    let rename = json!({"post": "/articles/{id}/rename", "body": {"id": "{id}", "title": "{title}"}, "result": "article"});
    source.check_call(&rename, &["id", "title"], &article).unwrap();
    assert!(source.check_call(&rename, &["id"], &article).is_err());
    let arguments = [("id", Given::Int(7)), ("title", Given::Text("\"}, {keys}".to_owned()))];
    let rows = source.call(&change(&article, rename, &arguments)).await.unwrap();
    assert_eq!(shown(&rows)[0][3], "'\"}, {keys}'");
    for (path, kind) in [
        ("/busy", TroubleKind::Unavailable),
        ("/garbage", TroubleKind::Garbage),
        ("/much", TroubleKind::TooMuch),
        ("/nowhere", TroubleKind::Refused),
    ] {
        let wrong =
            target(path, vec![column("id", Scalar::Int)], json!({"list": {"get": path, "absent": ["204"]}}));
        assert_eq!(refusal(&*source, &everything(&wrong)).await.kind, kind, "{path}");
    }
    let slow = target("Slow", vec![column("id", Scalar::Int)], json!({"list": {"get": "/hang"}}));
    hangs(&*source, everything(&slow)).await;
    let filter = Some(Filter::All(Vec::new()));
    assert_eq!(refusal(&*source, &Fetch { filter, ..everything(&article) }).await.kind, TroubleKind::Refused);
}

#[tokio::test]
async fn operations_of_an_openapi_file_are_called_by_their_names() {
    let Some((server, _)) = servers::services() else { return };
    let file = format!(
        "openapi: 3.1.0\nservers: [{{url: 'http://127.0.0.1:{}'}}]\npaths:\n  /articles/{{id}}:\n    get: {{operationId: getArticle}}\n",
        server.port
    );
    std::fs::write(server.dir.path().join("kb.yaml"), file).unwrap();
    let source = open("http", &json!({"openapi": "kb.yaml"}), server.dir.path()).await.unwrap();
    let columns = vec![column("id", Scalar::Int), column("price", Scalar::Decimal)];
    let article = target("Article", columns.clone(), json!({"by_key": {"id": {"op": "getArticle"}}}));
    assert_eq!(fetched(&*source, &keyed(&article, 0, numbers(&[9, 100]))).await, [["9", "'12.50'"]]);
    assert_eq!(source.native(&keyed(&article, 0, Vec::new())).unwrap(), "GET /articles/{id}");
    for (access, text) in [
        (
            json!({"by_key": {"id": {"op": "getArticel"}}}),
            "by_key.id.op: there is no operation \"getArticel\", only: getArticle",
        ),
        (json!({"by_key": {"ID": {"op": "getArticle"}}}), "by_key.ID: the type has no such field"),
        (json!({"by_key": {"id": {"get": "articles"}}}), "by_key.id.get: a path begins with /"),
        (
            json!({"by_key": {"id": {}}}),
            "by_key.id.get: one of get, post, put, patch, delete and op must be there",
        ),
        (json!({}), "access: must have by_keys, by_key or list"),
    ] {
        let wrong = target("Wrong", columns.clone(), access);
        assert_eq!(source.check(&wrong).unwrap_err(), text);
    }
}

#[tokio::test]
async fn a_service_of_soap_answers_by_keys() {
    let Some((server, _)) = servers::services() else { return };
    let source = open("soap", &json!({"wsdl": "tickets.wsdl"}), server.dir.path()).await.unwrap();
    let http = json!({"base": format!("http://127.0.0.1:{}", server.port)});
    let http = open("http", &http, server.dir.path()).await.unwrap();
    let columns = vec![
        column("id", Scalar::Int),
        column("userId", Scalar::Int),
        column("subject", Scalar::String),
        column("status", Scalar::Enum(Arc::from(["OPEN".to_owned()]))),
        column("amount", Scalar::Decimal),
    ];
    let access = json!({"access": {
        "by_keys": {"userId": {"op": "TicketsByUsers", "arg": "userIds.integer", "result": "Ticket", "max": 100}},
        "by_key": {"id": {"op": "GetTicket", "absent": ["Client.NoTicket"]}},
    }});
    let ticket = target("Ticket", columns, access);
    source.check(&ticket).unwrap();
    let before = calls(&*http, "soap").await;
    assert_eq!(fetched(&*source, &keyed(&ticket, 1, numbers(&[1, 2, 3]))).await.len(), 30);
    assert_eq!(calls(&*http, "soap").await - before, 1);
    let found = fetched(&*source, &keyed(&ticket, 0, numbers(&[1, 100, 2]))).await;
    assert_eq!(found[0], ["1", "1", "'O'Brien <\"&😀 ${x}'", "'OPEN'", "'1.50'"]);
    assert_eq!((found.len(), found[1][0].as_str()), (2, "2"));
    let loud =
        target("Loud", vec![column("id", Scalar::Int)], json!({"by_key": {"id": {"op": "GetTicket"}}}));
    let error = refusal(&*source, &keyed(&loud, 0, numbers(&[100]))).await;
    assert_eq!(
        (error.kind, error.text.as_str()),
        (TroubleKind::Refused, "the service answered with the fault Client.NoTicket")
    );
    let rename = json!({"op": "RenameTicket"});
    source.check_call(&rename, &["id", "subject"], &ticket).unwrap();
    let subject = "]]></subject><id>5</id> & 😀";
    let arguments = [("id", Given::Int(7)), ("subject", Given::Text(subject.to_owned()))];
    let rows = source.call(&change(&ticket, rename, &arguments)).await.unwrap();
    assert_eq!(shown(&rows)[0][..3], ["7".to_owned(), "7".to_owned(), format!("'{subject}'")]);
    hangs(&*source, keyed(&ticket, 0, numbers(&[555]))).await;
    for (settings, path) in [
        (json!({"wsdl": "none.wsdl"}), "wsdl"),
        (json!({}), "wsdl"),
        (json!({"wsdl": "tickets.wsdl", "idl": "x"}), "idl"),
        (json!({"wsdl": "tickets.wsdl", "service": "Other"}), "service"),
        (json!({"wsdl": "tickets.wsdl", "version": "1.2"}), "version"),
        (json!({"wsdl": "tickets.wsdl", "endpoint": "tcp://x:1"}), "address"),
        (json!({"wsdl": "tickets.wsdl", "username": "x"}), "password_file"),
    ] {
        assert_eq!(
            open("soap", &settings, server.dir.path()).await.map(drop).unwrap_err().path,
            path,
            "{settings}"
        );
    }
}

#[tokio::test]
async fn a_service_of_thrift_answers_by_keys() {
    let Some((server, ports)) = servers::services() else { return };
    let idl = "struct Customer { 1: i64 id, 2: string name, 3: i32 level }\nexception NoCustomer {}\n\
        service Crm { list<Customer> byIds(1: list<i64> ids), Customer get(1: i64 id) throws (1: NoCustomer missing) }\n";
    std::fs::write(server.dir.path().join("crm.thrift"), idl).unwrap();
    let settings = json!({"idl": "crm.thrift", "service": "Crm", "addr": format!("127.0.0.1:{}", ports["thrift"]), "transport": "framed"});
    let source = open("thrift", &settings, server.dir.path()).await.unwrap();
    let columns =
        vec![column("id", Scalar::BigInt), column("name", Scalar::String), column("level", Scalar::Int)];
    let access = json!({"by_keys": {"id": {"op": "byIds", "arg": "ids"}}});
    let customer = target("Customer", columns.clone(), access);
    let found = fetched(&*source, &keyed(&customer, 0, numbers(&[1, 2, i64::MAX]))).await;
    assert_eq!(found[0], ["1", "'O'Brien \0😀'", "2"]);
    assert_eq!(found[2][0], i64::MAX.to_string());
    let one =
        target("One", columns.clone(), json!({"by_key": {"id": {"op": "get", "absent": ["NoCustomer"]}}}));
    assert_eq!(fetched(&*source, &keyed(&one, 0, numbers(&[5, 100, 6]))).await.len(), 2);
    let loud = target("Loud", columns.clone(), json!({"by_key": {"id": {"op": "get"}}}));
    let error = refusal(&*source, &keyed(&loud, 0, numbers(&[100]))).await;
    assert_eq!((error.kind, error.text.as_str()), (TroubleKind::Refused, "the service threw NoCustomer"));
    hangs(&*source, keyed(&one, 0, numbers(&[55]))).await;
    let wrong = target("Wrong", columns, json!({"by_key": {"id": {"op": "fetch"}}}));
    assert_eq!(source.check(&wrong).unwrap_err(), "by_key.id.op: the schema has no function \"fetch\"");
    assert_eq!(source.native(&keyed(&one, 0, Vec::new())).unwrap(), "Crm.get");
}

#[tokio::test]
async fn kinds_that_are_not_there_are_said() {
    let dir = std::path::Path::new(".");
    let error = open("oracle", &json!({}), dir).await.map(drop).unwrap_err();
    assert!(error.path == "kind" && error.text.contains("mysql"), "{error}");
}
