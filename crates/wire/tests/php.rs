//! Against PHP's SOAP extension, which speaks rpc/encoded: `apt-get install php-cli php-soap`, then
//! `cargo test -p kefu-wire --test php`. `PHP` names another interpreter than `php`. Without it its tests say that they
//! are skipped.

mod described;
mod peer;

use std::{fs, path::Path};

use kefu_wire::{
    Limits, MemoryLoader,
    soap::{Direction, Version},
    wsdl::{self, Definitions, FieldSpec, OperationSpec, ServiceSpec, TypeSpec},
};
use serde_json::{Value, json};

use self::peer::{Interpreter, Peer};

const PHP: Interpreter<'_> = Interpreter {
    program: ("PHP", "php"),
    check: ["-r", "exit(extension_loaded('soap') ? 0 : 1);"],
    needs: "its SOAP extension",
};

/// Starts the peer, if PHP and its extension are on this machine.
fn start() -> Option<Peer> {
    Peer::start(&PHP, "php/peer.php", &[])
}

/// Asks for what must not fail.
fn ask(php: &mut Peer, request: &Value) -> Value {
    let answer = php.ask(request);
    assert_eq!(answer["error"], Value::Null, "{request}");
    answer
}

/// A description in a file, as PHP wants it, and as we read it.
struct Described {
    path: String,
    definitions: Definitions,
}

impl Described {
    fn new(folder: &Path, name: &str, wsdl: &str) -> Self {
        let path = folder.join(name);
        fs::write(&path, wsdl).expect("the folder can be written to");
        let loader = MemoryLoader::default().with(name, wsdl);
        let (definitions, _) =
            wsdl::load(&loader, name, &Limits::default()).unwrap_or_else(|errors| panic!("{errors}"));
        Self { path: path.to_str().expect("it is UTF-8").to_owned(), definitions }
    }

    fn write(&self, name: &str, direction: Direction, json: &Value) -> String {
        described::write(&self.definitions, name, direction, Version::V11, json)
    }

    fn read(&self, name: &str, direction: Direction, xml: &Value) -> Value {
        described::read(&self.definitions, name, direction, xml.as_str().expect("a body"), false)
    }
}

#[test]
fn php_speaks_rpc_encoded_with_us() {
    let Some(mut php) = start() else { return };
    let folder = tempfile::tempdir().expect("there is a place for it");
    let rpc = Described::new(folder.path(), "rpc.wsdl", include_str!("wsdl/rpc.wsdl"));
    let items = json!([{"name": "a <&> 客", "next": {"name": "b", "next": null}}, {"name": "c"}]);
    let arguments = json!([3, items, ["x", "y"]]);

    // Their client: its request is read, and our reply to it is understood.
    let asked = ask(&mut php, &json!({"wsdl": rpc.path, "call": "Sort", "arguments": arguments}));
    let request = rpc.read("Sort", Direction::Request, &asked["body"]);
    assert_eq!(request["count"], 3);
    assert_eq!(request["items"][0]["next"]["name"], "b");
    assert_eq!(request["items"][0]["name"], "a <&> 客");
    assert_eq!((&request["items"][1]["name"], &request["tags"]), (&json!("c"), &json!(["x", "y"])));
    for reply in [
        json!([{"name": "one", "next": {"name": "two"}}, {"name": "three"}]),
        json!([]),
        json!([{"name": "only"}]),
    ] {
        let written = rpc.write("Sort", Direction::Reply, &json!({ "return": reply }));
        let answer = ask(
            &mut php,
            &json!({"wsdl": rpc.path, "call": "Sort", "arguments": arguments, "reply": written}),
        );
        let names = |value: &Value| -> Vec<Value> {
            value.as_array().into_iter().flatten().map(|item| item["name"].clone()).collect()
        };
        assert_eq!(names(&answer["value"]), names(&reply), "{answer}");
        assert_eq!(answer["value"][0]["next"]["name"], reply[0]["next"]["name"], "{answer}");
    }
    let fault = json!({"$fault": {"code": "Client", "reason": {"en": "no & never"}}});
    let written = rpc.write("Sort", Direction::Reply, &fault);
    let answer =
        ask(&mut php, &json!({"wsdl": rpc.path, "call": "Sort", "arguments": arguments, "reply": written}));
    assert_eq!(answer["fault"], "no & never");

    // Their server: it understands our request, and its reply is read, also what it refers to.
    let ours = |count: i32| {
        rpc.write("Sort", Direction::Request, &json!({"count": count, "items": items, "tags": ["x"]}))
    };
    for (count, expected) in [(1, vec!["c", "a <&> 客", "x"]), (2, vec!["c", "a <&> 客", "c", "x"])] {
        let answer = ask(&mut php, &json!({"wsdl": rpc.path, "serve": ours(count)}));
        let reply = rpc.read("Sort", Direction::Reply, &answer["body"]);
        let names: Vec<&str> = reply["return"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|item| item["name"].as_str())
            .collect();
        assert_eq!(names, expected, "{answer}");
        assert_eq!(reply["return"][1]["next"]["name"], "b");
        assert_eq!(answer["body"].as_str().expect("a body").contains("href=\"#"), count == 2, "{answer}");
    }
    let answer = ask(&mut php, &json!({"wsdl": rpc.path, "serve": ours(-1)}));
    let reply = rpc.read("Sort", Direction::Reply, &answer["body"]);
    assert_eq!(reply["$fault"]["reason"]["en"], "no <-1> items");
}

#[test]
fn php_calls_and_serves_what_we_emit() {
    let Some(mut php) = start() else { return };
    let folder = tempfile::tempdir().expect("there is a place for it");
    let field = FieldSpec::new;
    let line = TypeSpec::Object(vec![field("name", TypeSpec::String), field("count", TypeSpec::Integer)]);
    let service = ServiceSpec {
        name: "Tickets".to_owned(),
        namespace: "urn:kefu".to_owned(),
        location: "http://localhost/soap".to_owned(),
        types: vec![("Line".to_owned(), line)],
        operations: vec![OperationSpec {
            name: "Create".to_owned(),
            input: vec![
                field("title", TypeSpec::String),
                FieldSpec { many: true, ..field("line", TypeSpec::Named("Line".to_owned())) },
            ],
            output: Some(vec![field("id", TypeSpec::Integer)]),
            ..OperationSpec::default()
        }],
        ..ServiceSpec::default()
    };
    let described = Described::new(folder.path(), "kefu.wsdl", &wsdl::emit(&service).expect("right"));
    let order = json!({"title": "a", "line": [{"name": "x", "count": 1}]});
    let asked = ask(&mut php, &json!({"wsdl": described.path, "call": "Create", "arguments": [order]}));
    assert_eq!(described.read("Create", Direction::Request, &asked["body"]), order);
    let written = described.write("Create", Direction::Reply, &json!({"id": 7}));
    let answer = ask(
        &mut php,
        &json!({"wsdl": described.path, "call": "Create", "arguments": [order], "reply": written}),
    );
    assert_eq!(answer["value"], json!({"id": 7}));
    let request = described.write("Create", Direction::Request, &order);
    let answer = ask(&mut php, &json!({"wsdl": described.path, "serve": request}));
    assert_eq!(described.read("Create", Direction::Reply, &answer["body"]), json!({"id": 2}));
}
