use std::sync::Arc;

use kefu_protocol::ws::{CloseCode, Opcode, text_frame};
use kefu_socket::{Ended, Limits, Pushed, Reason, Registry};

use crate::peer::{Event, connect, echo, frame, limits, patiently, registry, serve_echo};

fn ended(reason: Reason, code: impl Into<Option<u16>>) -> Ended {
    Ended { reason, code: code.into().map(CloseCode) }
}

#[tokio::test]
async fn the_handler_closes() {
    let registry = registry();
    let (mut peer, outbox, task) = serve_echo(&registry).await;
    let mut bytes = frame(Opcode::Text, b"before");
    bytes.extend(frame(Opcode::Text, b"close"));
    bytes.extend(frame(Opcode::Text, b"after"));
    peer.write(&bytes).await;
    peer.expect_text("before").await;
    assert_eq!(peer.next().await, Event::Close(Some((4003, "as told".to_owned()))));
    assert_eq!(outbox.push(text_frame("late")), Pushed::Closed);
    assert!(!task.is_finished());
    peer.close(4003).await;
    assert_eq!(peer.next().await, Event::End);
    assert_eq!(patiently(task).await.unwrap(), ended(Reason::Closed, 4003));
    assert!(registry.is_empty());
}

#[tokio::test]
async fn the_outbox_closes_behind_what_is_queued() {
    let registry = registry();
    let (mut peer, outbox, task) = serve_echo(&registry).await;
    outbox.push(text_frame("last"));
    outbox.close(CloseCode::RESTART, "restart");
    peer.expect_text("last").await;
    peer.expect_close(1012).await;
    // What a peer still says is skimmed for its close.
    peer.text("unheard").await;
    peer.close(1012).await;
    assert_eq!(peer.next().await, Event::End);
    assert_eq!(patiently(task).await.unwrap(), ended(Reason::Closed, 1012));
}

#[tokio::test]
async fn the_peer_closes() {
    let registry = registry();
    let (mut peer, outbox, task) = serve_echo(&registry).await;
    peer.close(1001).await;
    peer.expect_close(1001).await;
    assert_eq!(peer.next().await, Event::End);
    assert_eq!(patiently(task).await.unwrap(), ended(Reason::ByPeer, 1001));
    assert!(outbox.is_closed());

    let (mut peer, _, task) = serve_echo(&registry).await;
    peer.send(Opcode::Close, &[]).await;
    assert_eq!(peer.next().await, Event::Close(None));
    assert_eq!(peer.next().await, Event::End);
    assert_eq!(patiently(task).await.unwrap(), ended(Reason::ByPeer, None));
    assert!(registry.is_empty());
}

#[tokio::test]
async fn a_peer_that_never_answers_the_close_is_left() {
    let registry = registry();
    let (mut peer, outbox, task) = serve_echo(&registry).await;
    outbox.close(CloseCode::NORMAL, "");
    peer.expect_close(1000).await;
    assert_eq!(peer.next().await, Event::End);
    assert_eq!(patiently(task).await.unwrap(), ended(Reason::Closed, 1000));
}

#[tokio::test]
async fn the_stream_ends_without_a_close() {
    let registry = registry();
    let (peer, outbox, task) = serve_echo(&registry).await;
    drop(peer);
    assert_eq!(patiently(task).await.unwrap(), ended(Reason::Lost, None));
    assert!(outbox.is_closed());
    assert_eq!(outbox.push(text_frame("late")), Pushed::Closed);
}

#[tokio::test]
async fn what_is_not_allowed_closes() {
    let registry = Registry::new(Limits { message_bytes_max: 100, ..limits() }, 0);
    let mut unmasked = frame(Opcode::Text, b"bare");
    unmasked[1] &= 0x7F;
    for (bytes, code) in [
        (frame(Opcode::Binary, b"bytes"), 4000),
        (frame(Opcode::Text, &[b'x'; 101]), 4000),
        (frame(Opcode::Text, b"\xFF"), 1007),
        (frame(Opcode::Close, &[0]), 1002),
        (unmasked, 1002),
    ] {
        let (mut peer, _, task) = serve_echo(&registry).await;
        peer.text("fine").await;
        peer.write(&bytes).await;
        // What it sends on must not reset the connection before the close frame is read.
        peer.write(&[0xFF; 1000]).await;
        peer.expect_text("fine").await;
        peer.expect_close(code).await;
        drop(peer);
        assert_eq!(patiently(task).await.unwrap(), ended(Reason::Protocol, code));
    }
    assert!(registry.is_empty());
}

#[tokio::test]
async fn a_dropped_connection_ends_its_outbox() {
    let registry = registry();
    let (mut peer, outbox, connection) = connect(&registry, echo).await;
    drop(connection);
    assert!(outbox.is_closed());
    assert!(registry.is_empty());
    assert_eq!(peer.next().await, Event::End);

    let (_peer, outbox, task) = serve_echo(&registry).await;
    tokio::task::yield_now().await;
    task.abort();
    assert!(patiently(task).await.unwrap_err().is_cancelled());
    assert!(outbox.is_closed());
    // Only this test refers to it: not the registry, not a waker.
    assert_eq!(Arc::strong_count(&outbox), 1);
    assert_eq!(registry.metrics().connections(), 0);
}
