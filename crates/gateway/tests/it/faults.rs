//! Upstreams that do not behave: Thrift servers by hand, which answer, lie and break off as they are told.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::support::{Bridge, Client};

/// What a server does with a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Does {
    /// Answers it, void.
    Answer,
    /// Answers another call.
    AnswerAnother,
    /// Breaks off in the middle of its answer.
    BreakOff,
    /// Says nothing and closes.
    Close,
    /// Answers and closes then.
    AnswerAndClose,
    /// Answers, and then says something that nobody asked for.
    SayMore,
    /// Says nothing, for ever.
    Wait,
}

/// A framed Thrift server of the binary protocol that does one thing after the other, the last one for ever; gives
/// its address and counts its connections and calls.
async fn server(does: &'static [Does]) -> (String, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (connections, calls) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counters = (Arc::clone(&connections), Arc::clone(&calls));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            counters.0.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(serve(stream, does, Arc::clone(&counters.1)));
        }
    });
    (address, connections, calls)
}

async fn serve(mut stream: TcpStream, does: &[Does], calls: Arc<AtomicUsize>) {
    loop {
        let mut len = [0; 4];
        if stream.read_exact(&mut len).await.is_err() {
            return;
        }
        let mut call = vec![0; u32::from_be_bytes(len) as usize];
        stream.read_exact(&mut call).await.unwrap();
        let number = calls.fetch_add(1, Ordering::Relaxed);
        let does = does.get(number).or(does.last()).copied().unwrap();
        // The name stands as in the call, after four bytes of version and kind.
        let name_len = u32::from_be_bytes(call[4..8].try_into().unwrap()) as usize;
        let mut reply = call[..8 + name_len + 4].to_vec();
        reply[3] = 2;
        reply.push(0);
        if does == Does::AnswerAnother {
            reply[8 + name_len] ^= 1;
        }
        let mut frame = u32::try_from(reply.len()).unwrap().to_be_bytes().to_vec();
        frame.extend_from_slice(&reply);
        match does {
            Does::Answer | Does::AnswerAnother | Does::AnswerAndClose => {
                stream.write_all(&frame).await.unwrap()
            }
            Does::SayMore => {
                frame.extend_from_slice(b"more");
                stream.write_all(&frame).await.unwrap();
            }
            Does::BreakOff => stream.write_all(&frame[..frame.len() - 3]).await.unwrap(),
            Does::Close => {}
            Does::Wait => std::future::pending().await,
        }
        if matches!(does, Does::BreakOff | Does::Close | Does::AnswerAndClose) {
            return;
        }
    }
}

async fn front(address: &str, more: &str) -> (Bridge, Client) {
    let bridge = Bridge::start(&format!(
        "listen: 127.0.0.1:0
endpoints:
  - name: shop
    inbound: {{kind: json, path: /shop}}
    upstream: {{kind: thrift, idl: '@/shop.thrift', address: '{address}'}}
    {more}
"
    ))
    .await;
    let client = bridge.client();
    (bridge, client)
}

async fn touch(client: &Client) -> (u16, String) {
    let answered = client.post("/shop/touch", json!({"id": 1})).await;
    (answered.status, answered.json["code"].as_str().unwrap_or_default().to_owned())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_connection_that_went_wrong_is_not_used_again() {
    for wrong in [Does::AnswerAnother, Does::BreakOff, Does::Close] {
        let does: &'static [Does] = Vec::leak(vec![Does::Answer, wrong, Does::Answer]);
        let (address, connections, _) = server(does).await;
        let (_bridge, client) = front(&address, "breaker: {failures: 0}").await;
        assert_eq!(touch(&client).await, refused(204, ""));
        assert_eq!(touch(&client).await, refused(502, "unreachable"), "{wrong:?}");
        assert_eq!(touch(&client).await, refused(204, ""), "{wrong:?}");
        assert_eq!(connections.load(Ordering::Relaxed), 2, "{wrong:?}");
    }
    for quietly_wrong in [Does::SayMore, Does::AnswerAndClose] {
        let does: &'static [Does] = Vec::leak(vec![quietly_wrong, Does::Answer]);
        let (address, connections, _) = server(does).await;
        let (bridge, client) = front(&address, "breaker: {failures: 0}").await;
        assert_eq!(touch(&client).await, refused(204, ""), "{quietly_wrong:?}");
        // The end of a connection takes its time to get here; meanwhile it is that call's to fail.
        let mut tries = 0;
        while touch(&client).await != refused(204, "") {
            tries += 1;
            assert!(tries < 3, "{quietly_wrong:?}");
        }
        assert_eq!(connections.load(Ordering::Relaxed), 2, "{quietly_wrong:?}");
        bridge.stop().await;
    }
}

#[tokio::test]
async fn only_what_does_no_harm_is_repeated() {
    let (address, _, calls) = server(&[Does::Close, Does::Answer]).await;
    let (_bridge, client) = front(&address, "retries: 3").await;
    assert_eq!(touch(&client).await, refused(502, "unreachable"));
    assert_eq!(calls.load(Ordering::Relaxed), 1);

    let (address, _, calls) = server(&[Does::Close, Does::Close, Does::Answer]).await;
    let (_bridge, client) = front(&address, "retries: 3\n    operations: {touch: {idempotent: true}}").await;
    assert_eq!(touch(&client).await, refused(204, ""));
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    let metrics = client.get("/metrics").await.text;
    assert!(metrics.contains("kefu_gateway_retries_total{endpoint=\"shop\"} 2"), "{metrics}");
    assert!(metrics.contains("upstream_errors_total{endpoint=\"shop\",kind=\"broken\"} 2"), "{metrics}");
}

#[tokio::test]
async fn an_upstream_that_fails_too_often_is_left_alone_for_a_while() {
    let (address, _, calls) = server(&[Does::Close, Does::Close, Does::Answer]).await;
    let (_bridge, client) = front(&address, "breaker: {failures: 2, pause: 1h}").await;
    for _ in 0..2 {
        assert_eq!(touch(&client).await, refused(502, "unreachable"));
    }
    let answered = client.post("/shop/touch", json!({"id": 1})).await;
    assert_eq!((answered.status, &answered.json["code"]), (503, &json!("unavailable")), "{}", answered.text);
    let pause: u32 = answered.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((3_590..=3_600).contains(&pause), "{pause}");
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    let ready = client.get("/readyz").await;
    assert_eq!((ready.status, &ready.json["endpoints"]["shop"]), (503, &json!("down")));
    assert_eq!(client.get("/healthz").await.status, 200);

    // The breaker's own pause is what is waited for.
    let (address, _, calls) = server(&[Does::Close, Does::Close, Does::Answer]).await;
    let (_bridge, client) = front(&address, "breaker: {failures: 2, pause: 300ms}").await;
    for _ in 0..2 {
        assert_eq!(touch(&client).await, refused(502, "unreachable"));
    }
    // It is open, or lets one try by now.
    let metrics = client.get("/metrics").await.text;
    let is = |state: u8| metrics.contains(&format!("breaker_state{{endpoint=\"shop\"}} {state}\n"));
    assert!(is(1) || is(2), "{metrics}");
    let deadline = tokio::time::Instant::now() + crate::support::PATIENCE;
    while touch(&client).await != refused(204, "") {
        assert!(tokio::time::Instant::now() < deadline);
    }
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    assert_eq!(client.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn an_upstream_that_says_nothing_is_not_waited_for() {
    let (address, connections, _) = server(&[Does::Wait, Does::Answer]).await;
    let (_bridge, client) = front(&address, "timeout: 2s").await;
    assert_eq!(touch(&client).await, refused(504, "timeout"));
    assert_eq!(touch(&client).await, refused(204, ""));
    assert_eq!(connections.load(Ordering::Relaxed), 2);
    // Nobody listens there: the port was given back.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (_bridge, client) = front(&closed.to_string(), "timeout: 5s").await;
    assert_eq!(touch(&client).await, refused(502, "unreachable"));
    // What a cloud keeps for its machines is not reached, whatever the file says.
    let (_bridge, client) = front("169.254.169.254:80", "timeout: 5s").await;
    assert_eq!(touch(&client).await, refused(502, "unreachable"));
}

#[tokio::test]
async fn too_many_calls_are_refused_and_long_ones_too() {
    let (address, _, calls) = server(&[Does::Wait, Does::Answer]).await;
    let (_bridge, client) = front(&address, "concurrency: 1\n    body: 1 KiB").await;
    let first = tokio::spawn({
        let client = _bridge.client();
        async move { touch(&client).await }
    });
    while calls.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    let answered = client.post("/shop/touch", json!({"id": 1})).await;
    assert_eq!((answered.status, &answered.json["code"]), (503, &json!("busy")), "{}", answered.text);
    assert_eq!(answered.headers["retry-after"], "1");
    first.abort();
    let long = json!({"id": 1, "x": "x".repeat(2000)});
    assert_eq!(client.post("/shop/touch", long).await.status, 413);
}
