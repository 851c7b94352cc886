//! Callers that do not take their answers, over connections in memory that have room for a few bytes.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::*;

/// Bytes that a connection holds.
const ROOM: usize = 32;

/// A bridge of Thrift that waits for its callers for a moment; nobody is behind it.
fn server() -> (Arc<Server>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bridge.yaml");
    let idl = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/good/bridge/shop.thrift");
    let text = format!(
        "endpoints:
  - name: shop
    inbound: {{kind: thrift, listen: '127.0.0.1:0', idl: '{idl}'}}
    upstream: {{kind: json, address: 'http://127.0.0.1:1/'}}
"
    );
    std::fs::write(&path, text).unwrap();
    let Ok(mut server) = Server::load(&path) else { panic!("the file is right") };
    Arc::get_mut(&mut server).unwrap().answer_max = Duration::from_millis(20);
    (server, dir)
}

#[tokio::test]
async fn who_does_not_take_an_answer_over_http_loses_its_place() {
    let (server, _dir) = server();
    let (mut client, stream) = duplex(ROOM);
    let (_handle, stop) = Stop::new();
    let serving = tokio::spawn(server.serve_http(stream, stop));
    client.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let error = serving.await.unwrap().unwrap_err();
    assert!(format!("{error:?}").contains("TimedOut"), "{error:?}");
    let mut begun = Vec::new();
    client.read_to_end(&mut begun).await.unwrap();
    assert_eq!(begun.len(), ROOM, "as much as there was room for");
}

#[tokio::test]
async fn who_does_not_take_an_answer_over_thrift_loses_its_place() {
    let (server, _dir) = server();
    let (mut client, stream) = duplex(ROOM);
    let (_handle, stop) = Stop::new();
    let (endpoints, answer_max) = (server.bridge().endpoints.clone(), server.answer_max);
    let bridges = move || endpoints.clone();
    let serving = tokio::spawn(sides::thrift::serve(stream, bridges, stop, answer_max));
    // A framed call of a function that is not there.
    let call = b"\x80\x01\x00\x01\x00\x00\x00\x04nope\x00\x00\x00\x01\x00";
    client.write_all(&[&[0, 0, 0, u8::try_from(call.len()).unwrap()], &call[..]].concat()).await.unwrap();
    serving.await.unwrap().unwrap();
    let mut begun = Vec::new();
    client.read_to_end(&mut begun).await.unwrap();
    assert_eq!(begun.len(), ROOM, "as much as there was room for");
}
