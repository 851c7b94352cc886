use std::sync::Arc;

use kefu_protocol::ws::Opcode;
use kefu_socket::{Flow, run};
use tokio::sync::mpsc;

use crate::peer::{Each, Event, Peer, connect, echo, frame, pair, patiently, registry, serve, serve_echo};

#[tokio::test]
async fn echoes_in_order() {
    let registry = registry();
    let (mut peer, _, _task) = serve_echo(&registry).await;
    peer.text("").await;
    peer.expect_text("").await;
    let burst: Vec<u8> = (0..2000).flat_map(|n: u32| frame(Opcode::Text, n.to_string().as_bytes())).collect();
    peer.write(&burst).await;
    for n in 0..2000_u32 {
        peer.expect_text(&n.to_string()).await;
    }
    let long = "long ".repeat(13_000);
    peer.text(&long).await;
    peer.expect_text(&long).await;
}

#[tokio::test]
async fn puts_cut_frames_and_fragments_together() {
    let registry = registry();
    let (mut peer, _, _task) = serve_echo(&registry).await;
    peer.stream.set_nodelay(true).unwrap();
    let mut bytes = frame(Opcode::Text, "你好".as_bytes());
    let mut first = frame(Opcode::Text, b"in ");
    first[0] &= 0x7F;
    bytes.extend(first);
    bytes.extend(frame(Opcode::Ping, b"between"));
    bytes.extend(frame(Opcode::Continuation, b"parts"));
    for byte in bytes {
        peer.write(&[byte]).await;
        tokio::task::yield_now().await;
    }
    peer.expect_text("你好").await;
    assert_eq!(peer.next().await, Event::Pong(b"between".to_vec()));
    peer.expect_text("in parts").await;
}

#[tokio::test]
async fn begins_with_what_followed_the_handshake() {
    let registry = registry();
    let (server, client) = pair().await;
    let outbox = registry.open();
    let mut leftover = frame(Opcode::Text, b"early");
    leftover.extend(&frame(Opcode::Text, b"cut")[..5]);
    let _task = tokio::spawn(run(server, &leftover, Arc::clone(&outbox), echo(&outbox)));
    let mut peer = Peer::new(client);
    peer.expect_text("early").await;
    peer.write(&frame(Opcode::Text, b"cut")[5..]).await;
    peer.expect_text("cut").await;
}

#[tokio::test]
async fn a_flood_of_pings_queues_one_pong() {
    let registry = registry();
    let (done, mut was_done) = mpsc::unbounded_channel();
    let (mut peer, outbox, _task) = serve(&registry, |_| {
        Each(move |_: &str| {
            done.send(()).unwrap();
            Flow::Continue
        })
    })
    .await;
    // More pongs than the socket takes while nobody reads them.
    const PINGS: u32 = 150_000;
    let mut body = [0; 125];
    for batch in 0..PINGS / 1000 {
        let mut pings = Vec::new();
        for n in 0..1000 {
            body[..4].copy_from_slice(&(batch * 1000 + n).to_be_bytes());
            pings.extend(frame(Opcode::Ping, &body));
        }
        peer.write(&pings).await;
    }
    peer.text("that was all").await;
    patiently(was_done.recv()).await.unwrap();
    assert!(outbox.bytes() < 300, "{}", outbox.bytes());
    assert!(!outbox.is_closed());
    let mut last = None;
    let mut count = 0;
    while last != Some(PINGS - 1) {
        let Event::Pong(body) = peer.next().await else { panic!("only pongs are due") };
        let number = u32::from_be_bytes(body[..4].try_into().unwrap());
        assert!(last < Some(number));
        last = Some(number);
        count += 1;
    }
    assert!(count < PINGS);
}

#[tokio::test]
async fn a_connection_is_a_small_future() {
    let registry = registry();
    let (_peer, outbox, connection) = connect(&registry, |_| Each(|_: &str| Flow::Continue)).await;
    let size = size_of_val(&connection);
    println!("a connection's future takes {size} bytes beside its handler");
    assert!(size <= 160);
    let ended = async move {
        let ended = connection.await;
        (ended, outbox)
    };
    assert!(size_of_val(&ended) <= 400, "{}", size_of_val(&ended));
}
