//! Callers that do not behave, on a port of Thrift.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{Api, Bridge, PATIENCE};

async fn shop() -> (Api, Bridge) {
    let api = Api::start().await;
    let bridge = Bridge::start(&format!(
        "listen: 127.0.0.1:0
endpoints:
  - name: shop
    inbound: {{kind: thrift, listen: '127.0.0.1:0', path: /thrift, idl: '@/shop.thrift'}}
    upstream: {{kind: json, address: 'http://{}/api'}}
    body: 4 KiB
",
        api.address
    ))
    .await;
    (api, bridge)
}

/// Sends bytes and reads until the other side closes.
async fn sent(bridge: &Bridge, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(bridge.address("shop")).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    // A reset is an end as well.
    drop(tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it must end"));
    answer
}

/// A call of the binary protocol without a frame: `touch(id)`.
fn touch(name: &str, sequence: u8) -> Vec<u8> {
    let mut call = vec![0x80, 1, 0, 1, 0, 0, 0, u8::try_from(name.len()).unwrap()];
    call.extend_from_slice(name.as_bytes());
    call.extend_from_slice(&[0, 0, 0, sequence]);
    call.extend_from_slice(&[10, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0]);
    call
}

#[tokio::test]
async fn what_is_no_thrift_is_not_answered() {
    let (_api, bridge) = shop().await;
    for bytes in [
        &b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"[..],
        b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
        // A frame that claims to be longer than a message may be.
        b"\x7F\xFF\xFF\xFF\x80\x01\x00\x01\x00\x00\x00\x05touch",
        b"",
        b"\x80",
    ] {
        assert_eq!(sent(&bridge, bytes).await, b"", "{bytes:?}");
    }
}

#[tokio::test]
async fn calls_may_come_all_at_once_and_in_pieces() {
    let (_api, bridge) = shop().await;
    let calls = [touch("touch", 1), touch("none", 2), touch("touch", 3)];
    let answers = sent(&bridge, &calls.concat()).await;
    let mut expected = Vec::new();
    for (name, sequence) in [("touch", 1), ("none", 2), ("touch", 3)] {
        let mut reply = touch(name, sequence);
        reply.truncate(8 + name.len() + 4);
        if name == "touch" {
            reply[3] = 2;
            reply.push(0);
        } else {
            reply[3] = 3;
            let text = b"there is no function \"none\"";
            reply.extend_from_slice(&[11, 0, 1, 0, 0, 0, u8::try_from(text.len()).unwrap()]);
            reply.extend_from_slice(text);
            reply.extend_from_slice(&[8, 0, 2, 0, 0, 0, 1, 0]);
        }
        expected.extend(reply);
    }
    assert_eq!(answers, expected, "{}", String::from_utf8_lossy(&answers));

    let mut stream = TcpStream::connect(bridge.address("shop")).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for byte in touch("touch", 9) {
        stream.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut reply = [0; 18];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut reply)).await.unwrap().unwrap();
    assert_eq!(&reply[8..13], b"touch");
    assert_eq!(reply[16], 9);
}

#[tokio::test]
async fn a_call_that_is_too_long_ends_its_connection_and_a_bad_one_is_told() {
    let (_api, bridge) = shop().await;
    let mut long = touch("touch", 1);
    long.truncate(17);
    long.extend_from_slice(&[11, 0, 9, 0, 0, 0x20, 0]);
    long.extend(vec![b'x'; 0x2000]);
    assert_eq!(sent(&bridge, &long).await, b"");
    // The argument is of another type than the function's: unknown, and an API cannot be sent what has no name.
    let mut bad = touch("touch", 1);
    bad[17] = 2;
    bad.truncate(21);
    bad.push(0);
    let answer = String::from_utf8_lossy(&sent(&bridge, &bad).await).into_owned();
    assert!(answer.contains("touch"), "{answer}");
}
