//! Against libraries for Python: `pip install zeep spyne`, then `cargo test -p kefu-wire --test soap`.
//!
//! `PYTHON` names another interpreter than `python3`, such as that of a virtual environment. Without the libraries
//! the tests say that they are skipped. spyne is the service: it emits the description, reads what we write and
//! writes what we read. zeep is the client, by our descriptions.

mod described;
mod peer;

use std::sync::Arc;

use kefu_wire::{
    Limits, MemoryLoader,
    adapter::{Adapter as _, Kind, Message, SoapAdapter, ThriftAdapter},
    soap::{Direction, Options, Version},
    thrift::{self, Protocol, idl},
    wsdl::{self, Definitions, FieldSpec, OperationSpec, ServiceSpec, TypeSpec},
};
use serde_json::{Value, json};

use self::{
    described::write,
    peer::{Interpreter, Peer},
};

/// Starts the peer, if its library is on this machine.
fn start(library: &str, script: &str) -> Option<Peer> {
    let import = format!("import {library}");
    let python = Interpreter { program: ("PYTHON", "python3"), check: ["-c", &import], needs: library };
    Peer::start(&python, &format!("python/{script}"), &[])
}

fn read(definitions: &Definitions, name: &str, direction: Direction, xml: &str) -> Value {
    described::read(definitions, name, direction, xml, true)
}

fn load(wsdl: &str) -> Definitions {
    let loader = MemoryLoader::default().with("a.wsdl", wsdl);
    let (definitions, warnings) =
        wsdl::load(&loader, "a.wsdl", &Limits::default()).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(warnings, []);
    definitions
}

#[test]
fn spyne_answers() {
    let Some(mut spyne) = start("spyne", "spyne_peer.py") else { return };
    for version in [Version::V11, Version::V12] {
        let name = if version == Version::V11 { "1.1" } else { "1.2" };
        let wsdl = spyne.ask(&json!({"wsdl": name}));
        let definitions = load(wsdl["wsdl"].as_str().expect("a description"));
        let orders = [
            json!({"order": {"number": 9_007_199_254_740_993_i64, "title": " a <&> \"b\" 客服 ", "price": "10.50",
                "paid": true, "made": "2026-01-31T23:59:59+08:00", "data": "/+8=", "ratio": -0.5,
                "lines": {"Line": [{"name": "x", "count": 1}, {"name": "y", "count": -2}]}}}),
            json!({"order": {"number": 0, "title": "", "lines": {"Line": [{"name": "only"}]}}}),
            json!({"order": {"number": 1}}),
        ];
        for order in &orders {
            let request = write(&definitions, "echo", Direction::Request, version, order);
            let answer = spyne.ask(&json!({"call": name, "body": request}));
            let reply =
                read(&definitions, "echo", Direction::Reply, answer["body"].as_str().expect("a body"));
            assert_eq!(reply["echoResult"], order["order"], "{answer}");
        }
        let numbers = json!({"count": 3});
        let request = write(&definitions, "numbers", Direction::Request, version, &numbers);
        let answer = spyne.ask(&json!({"call": name, "body": request}));
        let reply = read(&definitions, "numbers", Direction::Reply, answer["body"].as_str().expect("a body"));
        assert_eq!(reply, json!({"numbersResult": {"integer": [0, 1, 2]}}));
        let request = write(&definitions, "fail", Direction::Request, version, &json!({}));
        let answer = spyne.ask(&json!({"call": name, "body": request}));
        let reply = read(&definitions, "fail", Direction::Reply, answer["body"].as_str().expect("a body"));
        assert!(
            reply["$fault"]["reason"]["en"].as_str().is_some_and(|text| text.contains("no <way>")),
            "{reply}"
        );
    }
}

#[test]
fn zeep_asks() {
    let Some(mut zeep) = start("zeep", "zeep_peer.py") else { return };
    let wsdl = include_str!("wsdl/wrapped.wsdl");
    // zeep does not pass over a port without a binding.
    let wsdl = wsdl.replace("<port name=\"Plain\" binding=\"tns:None\"/>", "");
    let definitions = load(&wsdl);
    let loaded = zeep.ask(&json!({ "wsdl": wsdl }));
    assert_eq!(loaded, json!({"loaded": true}));
    let plain = json!({"ticket": {"id": 7, "title": "a < b", "label": ["one", "two"],
        "due": "2026-01-31T23:59:59Z", "child": [{"id": 8, "title": "c"}]}, "urgent": true});
    let answer = zeep.ask(&json!({"create": "CreateTicket", "arguments": plain}));
    let request =
        read(&definitions, "CreateTicket", Direction::Request, answer["body"].as_str().expect("a body"));
    assert_eq!(request, plain);
    // And what we write is what zeep understands.
    let reply = write(
        &definitions,
        "CreateTicket",
        Direction::Reply,
        Version::V11,
        &json!({"id": 12_345_678_901_i64}),
    );
    assert_eq!(
        zeep.ask(&json!({"parse": "CreateTicket", "body": reply})),
        json!({"value": 12_345_678_901_i64})
    );
    let fault =
        json!({"$fault": {"code": "Client", "reason": {"en": "no"}, "detail": {"Refused": {"why": "busy"}}}});
    let reply = write(&definitions, "CreateTicket", Direction::Reply, Version::V11, &fault);
    assert_eq!(
        zeep.ask(&json!({"parse": "CreateTicket", "body": reply})),
        json!({"fault": "no", "why": "busy"})
    );
}

#[test]
fn zeep_reads_what_we_emit() {
    let Some(mut zeep) = start("zeep", "zeep_peer.py") else { return };
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
                FieldSpec { required: false, ..field("status", TypeSpec::Enum(vec!["new".to_owned()])) },
                FieldSpec { nullable: true, ..field("urgent", TypeSpec::Boolean) },
            ],
            output: Some(vec![field("id", TypeSpec::Integer)]),
            ..OperationSpec::default()
        }],
        ..ServiceSpec::default()
    };
    let wsdl = wsdl::emit(&service).expect("right");
    let definitions = load(&wsdl);
    for (port, version) in [("TicketsSoap11", Version::V11), ("TicketsSoap12", Version::V12)] {
        assert_eq!(zeep.ask(&json!({ "wsdl": wsdl, "port": port })), json!({"loaded": true}));
        let order = json!({"title": "a", "line": [{"name": "x", "count": 1}, {"name": "y", "count": 2}], "status": "new",
            "urgent": null});
        let answer = zeep.ask(&json!({"create": "Create", "arguments": order}));
        let request =
            read(&definitions, "Create", Direction::Request, answer["body"].as_str().expect("a body"));
        assert_eq!(request, order);
        let reply = write(&definitions, "Create", Direction::Reply, version, &json!({"id": 7}));
        assert_eq!(zeep.ask(&json!({"parse": "Create", "body": reply})), json!({"value": 7}));
    }
}

#[test]
fn zeep_calls_a_service_of_thrift_by_its_description() {
    let Some(mut zeep) = start("zeep", "zeep_peer.py") else { return };
    let idl = "enum Status { NEW, DONE } struct Line { 1: required string name; 2: i32 count }
        struct Order { 1: required i64 id; 2: optional list<Line> lines; 3: Status status; 4: optional Order next }
        exception Refused { 1: string why }
        service Shop {
          i64 create(1: required Order order, 2: optional bool urgent) throws (1: Refused refused)
          list<Line> find(1: i64 id)
        }";
    let loader = MemoryLoader::default().with("shop.thrift", idl);
    let (schema, _) = idl::load(&loader, "shop.thrift", &[], &Limits::default()).expect("the IDL is right");
    let service = schema.find_service("Shop").expect("it is there");
    let (spec, errors) = wsdl::of_thrift(&schema, service, "urn:shop", "http://localhost/shop");
    assert_eq!(errors, []);
    let wsdl = wsdl::emit(&spec).expect("right");
    let definitions = Arc::new(load(&wsdl));
    let (limits, options) = (Limits::default(), thrift::Options::default());
    let schema = Arc::new(schema);
    let thrift = ThriftAdapter::service(schema, "Shop", None, Protocol::Binary, &limits, &options);
    let thrift = thrift.expect("it is there");
    for (port, version) in [("ShopSoap11", Version::V11), ("ShopSoap12", Version::V12)] {
        assert_eq!(zeep.ask(&json!({ "wsdl": wsdl, "port": port })), json!({"loaded": true}));
        let soap = SoapAdapter::new(Arc::clone(&definitions), &limits, Options { strict: true });
        let soap = soap.version(version).bare(Direction::Reply);
        let order = json!({"order": {"id": 7, "lines": [{"name": "x", "count": 1}, {"name": "y", "count": -2}],
            "status": "DONE", "next": {"id": 8}}, "urgent": true});
        let asked = zeep.ask(&json!({"create": "create", "arguments": order}));
        let call = soap.to_internal(asked["body"].as_str().expect("a body").as_bytes()).expect("it is right");
        let bytes = thrift.from_internal(&call).expect("it is right");
        let call = thrift.to_internal(&bytes).expect("it is right");
        assert_eq!(serde_json::from_slice::<Value>(&call.body).expect("it is JSON"), order);
        // What the service answers is what zeep understands.
        for (name, kind, body, value) in [
            ("create", Kind::Reply, "12345678901", json!(12_345_678_901_i64)),
            ("find", Kind::Reply, "[]", json!([])),
        ] {
            let (name, body) = (name.to_owned(), body.as_bytes().to_vec());
            let reply = Message { name: name.clone(), kind, body, ..Message::default() };
            let reply = thrift.to_internal(&thrift.from_internal(&reply).expect("right")).expect("right");
            let xml = String::from_utf8(soap.from_internal(&reply).expect("right")).expect("it is text");
            assert_eq!(zeep.ask(&json!({"parse": name, "body": xml})), json!({ "value": value }));
        }
        let body = br#"{"$exception":"Refused","why":"busy"}"#.to_vec();
        let fault = Message { name: "create".to_owned(), kind: Kind::Fault, body, ..Message::default() };
        let xml = String::from_utf8(soap.from_internal(&fault).expect("right")).expect("it is text");
        let said = zeep.ask(&json!({"parse": "create", "body": xml, "namespace": "urn:shop"}));
        assert_eq!(said, json!({"fault": "Refused", "why": "busy"}));
    }
}
