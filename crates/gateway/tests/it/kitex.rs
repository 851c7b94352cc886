//! Against kitex of Go: `KEFU_KITEX=$(scripts/kitex-peer DIR) cargo test -p kefu-gateway --test it -- kitex`. Without it
//! the test says that it is skipped.

use std::process::Command;

use serde_json::json;

use crate::{
    peer::{Peer, run, skipped},
    peers::{json_calls, thrift_test, upstream},
    support::Bridge,
};

/// Their client, our bridge, their server, each in another way than the other; and JSON before their server.
#[tokio::test]
async fn kitex_meets_itself_and_json_over_a_bridge() {
    let Some(program) = std::env::var_os("KEFU_KITEX") else {
        skipped("KEFU_KITEX names no program of scripts/kitex-peer");
        return;
    };
    let program = |arguments: &[String]| {
        let mut command = Command::new(&program);
        command.args(arguments);
        command
    };
    let server = Peer::start(program(&["serve".to_owned()]));
    let ports: Vec<_> = server.said.as_object().unwrap().iter().collect();
    let idl = thrift_test();
    let mut text = "listen: 127.0.0.1:0\nendpoints:\n".to_owned();
    for (at, (way, _)) in ports.iter().enumerate() {
        let (other, port) = ports[(at + 1) % ports.len()];
        let upstream = upstream(other, port.as_u64().unwrap());
        text.push_str(&format!(
            "  - name: {way}
    inbound: {{kind: thrift, listen: '127.0.0.1:0', idl: '{idl}'}}
    upstream: {{kind: thrift, {upstream}}}
  - name: json-{way}
    inbound: {{kind: json, path: '/{way}'}}
    upstream: {{kind: thrift, idl: '{idl}', {upstream}}}
"
        ));
    }
    let bridge = Bridge::start(&text).await;
    let mut arguments = vec!["call".to_owned()];
    arguments.extend(ports.iter().map(|(way, _)| format!("{way}={}", bridge.address(way).port())));
    arguments.push(format!("ttheader-mux={}", bridge.address("binary-framed").port()));
    let said = run(program(&arguments)).await;
    assert_eq!((said.len(), ports.len()), (5, 4), "{said:#?}");
    json_calls(&server).await;
    // What kitex calls a business error is in the header alone: a bridge must not take it for an answer. Its neighbour is
    // the server that speaks with one.
    let client = bridge.client();
    let refused = client.post("/binary-framed/testException", json!({"arg": "business"})).await;
    assert_eq!(refused.status, 502, "{}", refused.text);
    assert!(refused.text.contains("business error 404: no such ticket"), "{}", refused.text);
}
