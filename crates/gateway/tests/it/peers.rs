//! Against libraries that nobody here wrote: `pip install thrift thriftpy2 spyne zeep`, then
//! `cargo test -p kefu-gateway --test it -- peers`.
//!
//! `PYTHON` names another interpreter than `python3`, such as that of a virtual environment. Without a library its
//! tests say that they are skipped.

use std::process::{Command, Stdio};

use http::Method;
use serde_json::{Map, Value, json};

use crate::{
    peer::{Peer, run, skipped},
    support::{Api, Bridge, Client, fixture},
};

fn python() -> String {
    std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

fn has(library: &str) -> bool {
    let import =
        Command::new(python()).args(["-c", &format!("import {library}")]).stderr(Stdio::null()).status();
    let is_there = import.is_ok_and(|status| status.success());
    if !is_there {
        skipped(&format!("{} has no module named {library}", python()));
    }
    is_there
}

fn script(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(python());
    command.arg(format!("{}/tests/python/{name}", env!("CARGO_MANIFEST_DIR"))).args(arguments);
    command
}

/// How a bridge speaks in one of their ways: the address's scheme, protocol, transport, and whether it is multiplexed.
pub(crate) fn upstream(way: &str, port: u64) -> String {
    let (protocol, transport) = way.rsplit_once('-').unwrap();
    let address = match transport {
        "http" => format!("http://127.0.0.1:{port}/"),
        _ => format!("127.0.0.1:{port}"),
    };
    let protocol_name = match protocol.trim_start_matches("multi-") {
        "accel" | "header" => "binary",
        "accelc" | "headerc" => "compact",
        "ttheader" => "binary",
        other => other,
    };
    let transport = match (protocol, transport) {
        ("header" | "headerc", _) => "header",
        ("ttheader", _) => "ttheader",
        (_, "framed") => "framed",
        _ => "unframed",
    };
    let multiplexed = if protocol.starts_with("multi") { ", multiplexed: ThriftTest" } else { "" };
    let transport =
        if address.starts_with("http") { String::new() } else { format!(", transport: {transport}") };
    format!("address: '{address}', protocol: {protocol_name}{transport}{multiplexed}")
}

pub(crate) fn thrift_test() -> String {
    format!("{}/tests/python/thrift_test.thrift", env!("CARGO_MANIFEST_DIR"))
}

/// Their client, our bridge, their server: in every pair of protocol and transport that the library has.
#[tokio::test]
async fn apaches_client_and_server_meet_over_a_bridge_in_every_way() {
    if !has("thrift") {
        return;
    }
    let server = Peer::start(script("apache.py", &["serve"]));
    let ports = server.said.as_object().unwrap();
    let idl = thrift_test();
    let mut text = "listen: 127.0.0.1:0\nendpoints:\n".to_owned();
    for (way, port) in ports {
        let upstream = upstream(way, port.as_u64().unwrap());
        text.push_str(&format!(
            "  - name: {way}
    inbound: {{kind: thrift, listen: '127.0.0.1:0', path: '/{way}', idl: '{idl}'}}
    upstream: {{kind: thrift, {upstream}}}
"
        ));
    }
    let bridge = Bridge::start(&text).await;
    let mut ways = Map::new();
    for way in ports.keys() {
        let address = if way.ends_with("http") { bridge.address("http") } else { bridge.address(way) };
        ways.insert(way.clone(), json!(["127.0.0.1", address.port(), format!("/{way}")]));
    }
    let said = run(script("apache.py", &["call", &Value::Object(ways).to_string()])).await;
    assert_eq!(said.len(), ports.len(), "{said:#?}");
    assert_eq!(ports.len(), 26, "{ports:#?}");
    println!("{}", said.join("\n"));
}

/// JSON, our bridge, their server: the same service from outside of Thrift.
#[tokio::test]
async fn json_calls_apaches_server() {
    if !has("thrift") {
        return;
    }
    let server = Peer::start(script("apache.py", &["serve"]));
    json_calls(&server).await;
}

/// Calls a server of the test service by JSON, in each way that it serves.
pub(crate) async fn json_calls(server: &Peer) {
    let ports = server.said.as_object().unwrap();
    let idl = thrift_test();
    let mut text = "listen: 127.0.0.1:0\nendpoints:\n".to_owned();
    for (way, port) in ports {
        let upstream = upstream(way, port.as_u64().unwrap());
        text.push_str(&format!(
            "  - name: {way}
    inbound: {{kind: json, path: '/{way}'}}
    upstream: {{kind: thrift, idl: '{idl}', {upstream}}}
    operations: {{testI64: {{method: GET, path: '/numbers/{{thing}}'}}}}
"
        ));
    }
    let bridge = Bridge::start(&text).await;
    let client = bridge.client();
    for way in ports.keys() {
        json_calls_in(&client, way).await;
    }
}

async fn json_calls_in(client: &Client, way: &str) {
    let xtruct = json!({"string_thing": "客服", "byte_thing": 1, "i32_thing": -3, "i64_thing": -5});
    let crazy = json!({"userMap": {"ONE": 1, "EIGHT": 8}, "xtructs": [xtruct]});
    let answered = client.get(&format!("/{way}/numbers/-9223372036854775808")).await;
    assert_eq!((answered.status, answered.text.as_str()), (200, "-9223372036854775808"), "{way}");
    let answered = client.post(&format!("/{way}/testInsanity"), json!({ "argument": crazy })).await;
    let empty = json!({"userMap": {}, "xtructs": []});
    let expected = json!({"1": {"TWO": crazy, "THREE": crazy}, "2": {"SIX": empty}});
    assert_eq!((answered.status, &answered.json), (200, &expected), "{way}: {}", answered.text);
    let arguments = json!({"arg0": "Xception2", "arg1": ""});
    let answered = client.post(&format!("/{way}/testMultiException"), arguments).await;
    assert_eq!(answered.status, 422, "{way}: {}", answered.text);
    assert_eq!(answered.json["exception"]["errorCode"], 2002, "{way}");
    assert_eq!(answered.json["exception"]["$exception"], "Xception2", "{way}");
    let answered = client.post(&format!("/{way}/testException"), json!({"arg": "TException"})).await;
    assert_eq!(answered.status, 502, "{way}: {}", answered.text);
    let oneway = client.post(&format!("/{way}/testOneway"), json!({"secondsToSleep": 0})).await;
    assert_eq!(oneway.status, 202, "{way}: {}", oneway.text);
    assert_eq!(client.call(Method::POST, &format!("/{way}/testVoid"), "{}").await.status, 204, "{way}");
}

/// Their client, our bridge, their server, both of thriftpy2 and with the interface file of the example.
#[tokio::test]
async fn thriftpy2_meets_itself_over_a_bridge() {
    if !has("thriftpy2") {
        return;
    }
    let idl = fixture("shop.thrift").display().to_string();
    let server = Peer::start(script("thriftpy2_shop.py", &["serve", &idl]));
    let ports = server.said.as_object().unwrap();
    let mut text = "listen: 127.0.0.1:0\nendpoints:\n".to_owned();
    for (way, port) in ports {
        text.push_str(&format!(
            "  - name: {way}
    inbound: {{kind: thrift, listen: '127.0.0.1:0', idl: '{idl}'}}
    upstream: {{kind: thrift, {}}}
",
            upstream(way, port.as_u64().unwrap())
        ));
    }
    let bridge = Bridge::start(&text).await;
    for way in ports.keys() {
        let port = bridge.address(way).port().to_string();
        let said = run(script("thriftpy2_shop.py", &["call", &idl, way, &port])).await;
        assert_eq!(said, ["ok"], "{way}");
    }
}

/// zeep reads the description that we serve and calls what it says, over both versions of SOAP.
#[tokio::test]
async fn zeep_calls_a_bridge_by_its_own_description() {
    if !has("zeep") {
        return;
    }
    let api = Api::start().await;
    let bridge = Bridge::start(&format!(
        "listen: 127.0.0.1:0
endpoints:
  - name: tickets
    inbound: {{kind: soap, path: /soap/tickets, wsdl: '@/tickets.wsdl'}}
    upstream: {{kind: json, address: 'http://{}/api'}}
    operations:
      GetTicket: {{method: GET, path: '/tickets/{{id}}', result: ticket, statuses: {{NoTicket: 404}}}}
",
        api.address
    ))
    .await;
    let wsdl = format!("http://{}/soap/tickets?wsdl", bridge.address("http"));
    let said = run(script("zeep_client.py", &[&wsdl])).await;
    assert_eq!(said, ["Tickets11 ok", "Tickets12 ok"]);
    let commented = api.wait_for("/api/Comment").await;
    assert_eq!(commented, json!({"id": 7, "text": ["a", "b <&>"]}));
}

/// Our client reads the description that spyne makes and calls it, over both versions of SOAP.
#[tokio::test]
async fn json_calls_spyne_by_its_own_description() {
    if !has("spyne") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let dir_path = dir.path().display().to_string();
    let server = Peer::start(script("spyne_server.py", &[&dir_path]));
    std::fs::write(dir.path().join("password"), "geheim\n").unwrap();
    let mut text = "listen: 127.0.0.1:0\nendpoints:\n".to_owned();
    for (version, port) in server.said.as_object().unwrap() {
        text.push_str(&format!(
            "  - name: v{}
    inbound: {{kind: json, path: '/{version}'}}
    upstream:
      kind: soap
      wsdl: '{dir_path}/{version}.wsdl'
      address: 'http://127.0.0.1:{port}/'
      username: shop
      password_file: '{dir_path}/password'
      password_form: digest
      validity: 5m
    operations:
      get_ticket: {{method: GET, path: '/tickets/{{id}}', result: get_ticketResult}}
",
            version.replace('.', "-")
        ));
    }
    let bridge = Bridge::start(&text).await;
    let client = bridge.client();
    for version in ["1.1", "1.2"] {
        let answered = client.get(&format!("/{version}/tickets/7")).await;
        let ticket =
            json!({"id": 7, "subject": "打印机 <&>", "tags": {"string": ["a", "b"]}, "price": "1.50"});
        assert_eq!((answered.status, &answered.json), (200, &ticket), "{}", answered.text);
        let answered = client.post(&format!("/{version}/create_ticket"), json!({"ticket": ticket})).await;
        assert_eq!(
            (answered.status, &answered.json),
            (200, &json!({"create_ticketResult": 7})),
            "{}",
            answered.text
        );
        let answered = client.get(&format!("/{version}/tickets/404")).await;
        assert_eq!(answered.json["code"], "fault", "{}", answered.text);
        assert_eq!(answered.status, 422, "{}", answered.text);
        assert!(answered.json["$fault"]["reason"]["en"].as_str().unwrap().contains("no ticket 404"));
    }
}
