use std::sync::Arc;

use proptest::prelude::*;

use super::{Adapter as _, JsonAdapter, Kind, Message, SoapAdapter, ThriftAdapter};
use crate::{
    Limits, MemoryLoader, Registry,
    soap::{self, Direction, Version},
    thrift::{Options, Protocol, Schema, Unknown, idl},
    wsdl::{self, tests::definitions},
};

/// What `wrapped.wsdl` has, in the words of Thrift.
const IDL: &str = "
enum Status { new = 1, open = 2, done = 3 }
struct Ticket {
  1: required i64 id; 2: required string title; 3: optional Status status; 5: optional list<string> label;
  8: optional binary file; 9: optional list<Ticket> child
}
exception Refused { 1: required string why }
exception Lost { 1: string where }
service Tickets {
  i64 CreateTicket(1: required Ticket ticket, 2: optional bool urgent) throws (1: Refused refused, 2: Lost lost)
  oneway void Forget(1: i64 id)
}";

fn schema() -> Arc<Schema> {
    let loader = MemoryLoader::default().with("tickets.thrift", IDL);
    let (schema, _) = idl::load(&loader, "tickets.thrift", &[], &Limits::default()).expect("it is right");
    Arc::new(schema)
}

fn soap() -> SoapAdapter {
    let (definitions, _) = definitions("wrapped.wsdl");
    SoapAdapter::new(Arc::new(definitions), &Limits::default(), soap::Options::default())
        .bare(Direction::Reply)
}

fn thrift(protocol: Protocol) -> ThriftAdapter {
    let (limits, options) = (Limits::default(), Options::default());
    ThriftAdapter::service(schema(), "Tickets", None, protocol, &limits, &options).expect("it is there")
}

/// The built-in adapters, as a program makes them from its files.
fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.register("SOAP", Arc::new(soap()));
    registry.register("SOAP 1.2", Arc::new(soap().version(Version::V12)));
    registry.register("JSON", Arc::new(JsonAdapter::new("CreateTicket", Kind::Call, &Limits::default())));
    for protocol in [Protocol::Binary, Protocol::Compact, Protocol::Json] {
        registry.register(&format!("Thrift {}", protocol.name()), Arc::new(thrift(protocol)));
    }
    registry
}

fn message(kind: Kind, body: &str) -> Message {
    Message { name: "CreateTicket".to_owned(), kind, body: body.as_bytes().to_vec(), ..Message::default() }
}

fn body(message: &Message) -> &str {
    std::str::from_utf8(&message.body).expect("it is text")
}

#[test]
fn a_name_that_is_not_there_has_a_near_miss() {
    let registry = registry();
    assert!(registry.get("SOAP").is_ok());
    let said = |name| registry.get(name).err().expect("it is not there").to_string();
    assert_eq!(said("soap"), "there is no adapter \"soap\"; did you mean \"SOAP\"?");
    assert_eq!(said("Thrift binry"), "there is no adapter \"Thrift binry\"; did you mean \"Thrift binary\"?");
    assert!(
        said("x").ends_with(": there are JSON, SOAP, SOAP 1.2, Thrift binary, Thrift compact, Thrift json")
    );
}

#[test]
fn a_call_of_soap_is_one_of_thrift() {
    let xml = soap().from_internal(&message(Kind::Call, r#"{"ticket":{"id":7,"title":"a"},"urgent":true}"#));
    let call = soap().to_internal(&xml.expect("right")).expect("right");
    assert_eq!((call.name.as_str(), call.kind), ("CreateTicket", Kind::Call));
    let bytes = thrift(Protocol::Binary).from_internal(&call).expect("right");
    assert_eq!(thrift(Protocol::Binary).to_internal(&bytes).expect("right"), call);
    // One-way on both sides, without being told.
    let forget =
        Message { name: "Forget".to_owned(), kind: Kind::Oneway, body: b"{\"id\":1}".to_vec(), ..call };
    let xml = soap().from_internal(&forget).expect("right");
    assert_eq!(soap().to_internal(&xml).expect("right"), forget);
    let bytes = thrift(Protocol::Compact).from_internal(&forget).expect("right");
    assert_eq!(thrift(Protocol::Compact).to_internal(&bytes).expect("right"), forget);
}

#[test]
fn headers_stand_apart_from_the_body() {
    let json = JsonAdapter::new("CreateTicket", Kind::Call, &Limits::default());
    for text in [
        r#"{"$headers":{"Session":"abc"},"ticket":{"id":7,"title":"a"}}"#,
        r#"{ "ticket":{"id":7,"title":"a"} , "$headers": {"Session":"abc"} }"#,
    ] {
        let call = json.to_internal(text.as_bytes()).expect("right");
        assert_eq!(call.headers, [("Session".to_owned(), b"\"abc\"".to_vec())]);
        assert!(
            !body(&call).contains("$headers") && !body(&call).contains(','.to_string().repeat(2).as_str())
        );
        let xml = soap().from_internal(&call).expect("right");
        let again = soap().to_internal(&xml).expect("right");
        assert_eq!(again.headers, call.headers);
        assert_eq!(body(&again), r#"{"ticket":{"id":7,"title":"a"}}"#);
        let out = json.from_internal(&again).expect("right");
        assert_eq!(out, br#"{"$headers":{"Session":"abc"},"ticket":{"id":7,"title":"a"}}"#);
        // Thrift has no place for them, and says so unless it is told to drop what it cannot keep.
        let error = thrift(Protocol::Binary).from_internal(&again).expect_err("there is no place");
        assert_eq!(error.path(), "$headers");
        let options = Options { unknown_members: Unknown::Drop, ..Options::default() };
        let adapter =
            ThriftAdapter::service(schema(), "Tickets", None, Protocol::Binary, &Limits::default(), &options);
        assert!(adapter.expect("it is there").from_internal(&again).is_ok());
    }
    assert!(json.to_internal(br#"{"$headers":1}"#).is_err());
    assert!(json.to_internal(br#"{"$headers":{},"$headers":{}}"#).is_err());
    assert!(json.to_internal(b"{} {}").is_err());
}

#[test]
fn replies_are_bare_where_they_are_asked_to_be() {
    let xml = soap().from_internal(&message(Kind::Reply, "12")).expect("right");
    let reply = soap().to_internal(&xml).expect("right");
    assert_eq!((reply.kind, body(&reply)), (Kind::Reply, "12"));
    let bytes = thrift(Protocol::Json).from_internal(&reply).expect("right");
    assert_eq!(thrift(Protocol::Json).to_internal(&bytes).expect("right"), reply);
    let (definitions, _) = definitions("wrapped.wsdl");
    let whole = SoapAdapter::new(Arc::new(definitions), &Limits::default(), soap::Options::default());
    assert_eq!(body(&whole.to_internal(&xml).expect("right")), "{\"id\":12}");
}

#[test]
fn faults_are_exceptions_and_exceptions_faults() {
    let named = || soap().operation("CreateTicket").expect("it is there");
    let thrown = message(Kind::Fault, r#"{"$exception":"Refused","why":"busy"}"#);
    for version in [Version::V11, Version::V12] {
        let xml = named().version(version).from_internal(&thrown).expect("right");
        let fault = named().to_internal(&xml).expect("right");
        assert_eq!(fault.kind, Kind::Fault);
        assert!(body(&fault).contains(r#""detail":{"Refused":{"why":"busy"}}"#), "{}", body(&fault));
        let bytes = thrift(Protocol::Binary).from_internal(&fault).expect("right");
        assert_eq!(thrift(Protocol::Binary).to_internal(&bytes).expect("right"), thrown);
    }
    // An exception that the description lacks is told as a text, a fault that the IDL lacks as a failure.
    let lost = message(Kind::Fault, r#"{"$exception":"Lost","where":"<x>"}"#);
    let fault = named().to_internal(&named().from_internal(&lost).expect("right")).expect("right");
    assert!(
        body(&fault).contains(r##""#text":"{\"$exception\":\"Lost\",\"where\":\"<x>\"}""##),
        "{}",
        body(&fault)
    );
    let bytes = thrift(Protocol::Binary).from_internal(&fault).expect("right");
    let failure = thrift(Protocol::Binary).to_internal(&bytes).expect("right");
    assert_eq!(body(&failure), r#"{"$failure":{"type":6,"message":"Lost"}}"#);
    let fault = named().to_internal(&named().from_internal(&failure).expect("right")).expect("right");
    assert_eq!(body(&fault), r#"{"$fault":{"code":"Server","reason":{"en":"Lost"}}}"#);
    // A fault alone does not say whose it is.
    let xml = named().from_internal(&failure).expect("right");
    assert!(soap().to_internal(&xml).expect_err("nobody knows").to_string().contains("must be named"));
}

#[test]
fn the_operation_is_told_by_the_body() {
    let xml = soap().from_internal(&message(Kind::Call, r#"{"ticket":{"id":1,"title":""}}"#)).expect("right");
    assert_eq!(soap().to_internal(&xml).expect("right").name, "CreateTicket");
    let other = soap().operation("Forget").expect("it is there").to_internal(&xml);
    assert!(other.expect_err("it is another").to_string().contains("found {urn:tickets}CreateTicket"));
    let reply = soap().direction(Direction::Reply).to_internal(&xml);
    assert!(reply.is_err());
    assert!(soap().operation("Create").is_err());
    let blocks = soap().blocks(Arc::new(|| Ok(vec!["<x xmlns='urn:x'/>".to_owned()])));
    let xml = blocks.from_internal(&message(Kind::Call, r#"{"ticket":{"id":1,"title":""}}"#)).expect("right");
    assert!(String::from_utf8_lossy(&xml).contains("<soap:Header><x xmlns='urn:x'/></soap:Header>"));
}

#[test]
fn a_package_is_read_with_its_parts() {
    let xop = "<file><x:Include xmlns:x='http://www.w3.org/2004/08/xop/include' href='cid:1@x'/></file>";
    let envelope = format!(
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><t:CreateTicket xmlns:t='urn:tickets'>\
         <t:ticket xmlns='urn:tickets:data'><id>1</id><title/>{xop}</t:ticket></t:CreateTicket></s:Body></s:Envelope>"
    );
    let parts = format!(
        "--b\r\nContent-Type: application/xop+xml\r\nContent-ID: <0@x>\r\n\r\n{envelope}\r\n--b\r\nContent-ID: <1@x>\r\n\r\n\
         hi\r\n--b--\r\n"
    );
    let whole =
        format!("MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n boundary=\"b\"\r\n\r\n{parts}");
    for package in [parts, whole] {
        let call = soap().to_internal(package.as_bytes()).expect("right");
        assert_eq!(body(&call), r#"{"ticket":{"id":1,"title":"","file":"aGk="}}"#);
        let broken = package.replace("cid:1@x", "cid:2@x");
        let error = soap().to_internal(broken.as_bytes()).expect_err("there is no such part");
        assert_eq!(error.offset(), None, "{error}");
    }
}

#[test]
fn replies_are_the_same_by_a_description_of_the_idl() {
    let idl = "struct Row { 1: i32 n } service S { list<Row> rows() void ping() Row one() }";
    let loader = MemoryLoader::default().with("s.thrift", idl);
    let (schema, _) = idl::load(&loader, "s.thrift", &[], &Limits::default()).expect("right");
    let (spec, errors) =
        wsdl::of_thrift(&schema, schema.find_service("S").expect("there"), "urn:s", "http://s");
    assert_eq!(errors, []);
    let loader = MemoryLoader::default().with("s.wsdl", wsdl::emit(&spec).expect("right"));
    let (definitions, _) = wsdl::load(&loader, "s.wsdl", &Limits::default()).expect("right");
    let soap = SoapAdapter::new(Arc::new(definitions), &Limits::default(), soap::Options::default());
    let soap = soap.bare(Direction::Reply);
    let (schema, limits, options) = (Arc::new(schema), Limits::default(), Options::default());
    let thrift =
        ThriftAdapter::service(schema, "S", None, Protocol::Binary, &limits, &options).expect("there");
    for (name, json) in
        [("rows", r#"[{"n":1},{}]"#), ("rows", "[]"), ("ping", "null"), ("one", r#"{"n":1}"#), ("one", "{}")]
    {
        let reply = Message { name: name.to_owned(), ..message(Kind::Reply, json) };
        let bytes = thrift.from_internal(&reply).expect("right");
        let read = thrift.to_internal(&bytes).expect("right");
        let xml = soap.from_internal(&read).expect("right");
        let back = soap.to_internal(&xml).expect("right");
        assert_eq!((body(&back), &back), (json, &read), "{name}");
        assert_eq!(thrift.from_internal(&back).expect("right"), bytes, "{name}");
    }
}

/// Tickets that both sides can say.
fn ticket() -> impl Strategy<Value = String> {
    let text = "[a-z<>&\"\\\\客 ]{0,12}".prop_map(|text| serde_json::Value::from(text).to_string());
    let own = (any::<i64>(), text, prop::option::of(0..3_usize), prop::collection::vec("[a-c&]{0,3}", 0..3));
    let own = own.prop_map(|(id, title, status, labels)| {
        let status = status.map(|index| format!(",\"status\":{:?}", ["new", "open", "done"][index]));
        let labels = (!labels.is_empty()).then(|| format!(",\"label\":{}", serde_json::json!(labels)));
        format!("\"id\":{id},\"title\":{title}{}{}", status.unwrap_or_default(), labels.unwrap_or_default())
    });
    let leaf = own.clone().prop_map(|own| format!("{{{own}}}"));
    leaf.prop_recursive(3, 12, 3, move |inner| {
        (own.clone(), prop::collection::vec(inner, 1..3))
            .prop_map(|(own, children)| format!("{{{own},\"child\":[{}]}}", children.join(",")))
    })
}

proptest! {
    /// Whatever way a call takes through the registry, it is what it was.
    #[test]
    fn calls_come_back_from_every_adapter(ticket in ticket(), path in prop::collection::vec(0..6_usize, 1..5)) {
        let registry = registry();
        let names: Vec<String> = registry.names().map(str::to_owned).collect();
        let call = message(Kind::Call, &format!("{{\"ticket\":{ticket},\"urgent\":true}}"));
        let mut current = call.clone();
        for step in path {
            let adapter = registry.get(&names[step]).expect("it is there");
            let bytes = adapter.from_internal(&current).expect("it can be written");
            current = adapter.to_internal(&bytes).expect("it can be read");
        }
        prop_assert_eq!(body(&current), body(&call));
        prop_assert_eq!(current, call);
    }

    /// No input makes an adapter panic.
    #[test]
    fn any_input_is_answered(input in prop::collection::vec(any::<u8>(), 0..200)) {
        let registry = registry();
        for name in registry.names() {
            let adapter = registry.get(name).expect("it is there");
            if let Ok(message) = adapter.to_internal(&input) {
                let _answered = adapter.from_internal(&message);
            }
        }
    }
}
