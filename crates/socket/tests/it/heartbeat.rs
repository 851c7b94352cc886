use std::{sync::Arc, time::Instant};

use kefu_protocol::ws::Opcode;
use kefu_socket::{Ended, Limits, Reason, Registry, Swept};

use crate::peer::{Event, patiently, registry, serve_echo};

const NOTHING: Swept = Swept { pinged: 0, dead: 0 };

#[tokio::test]
async fn a_silent_peer_is_pinged_once_and_then_dead() {
    let registry = registry();
    let (mut peer, outbox, task) = serve_echo(&registry).await;
    assert_eq!(registry.sweep(1024), NOTHING);
    assert_eq!(registry.sweep(1025), Swept { pinged: 1, dead: 0 });
    assert_eq!(registry.sweep(1026), NOTHING);
    assert_eq!(peer.next().await, Event::Ping);
    assert_eq!(registry.sweep(1054), NOTHING);
    assert_eq!(registry.sweep(1055), Swept { pinged: 0, dead: 1 });
    assert_eq!(patiently(task).await.unwrap(), Ended { reason: Reason::Dead, code: None });
    assert_eq!(peer.next().await, Event::End);
    assert!(outbox.is_closed());
    assert!(registry.is_empty());
    assert_eq!(registry.metrics().dead(), 1);
}

#[tokio::test]
async fn a_pong_is_a_sign_of_life() {
    let registry = registry();
    let (mut peer, outbox, _task) = serve_echo(&registry).await;
    for round in 1..4 {
        let now_s = 1000 + 25 * round;
        assert_eq!(registry.sweep(now_s), Swept { pinged: 1, dead: 0 });
        assert_eq!(peer.next().await, Event::Ping);
        peer.send(Opcode::Pong, &[]).await;
        // The pong has been read once what follows it comes back.
        peer.text("there").await;
        peer.expect_text("there").await;
        assert_eq!(outbox.idle_since(), now_s);
    }
}

#[tokio::test]
async fn a_peer_that_reads_nothing_either_is_reaped() {
    let registry = registry();
    let (peer, outbox, task) = serve_echo(&registry).await;
    // Its socket is full, so that not even the ping leaves.
    while outbox.bytes() < 200_000 {
        outbox.push(vec![0; 16 * 1024].into());
        tokio::task::yield_now().await;
    }
    assert_eq!(registry.sweep(1030).pinged, 1);
    assert_eq!(registry.sweep(1060).dead, 1);
    assert_eq!(patiently(task).await.unwrap().reason, Reason::Dead);
    assert_eq!(registry.metrics().bytes_queued(), 0);
    drop(peer);
}

#[test]
fn an_outbox_without_a_connection_is_forgotten() {
    let registry = registry();
    let outbox = registry.open();
    assert_eq!((registry.len(), registry.metrics().connections()), (1, 1));
    drop(outbox);
    assert_eq!((registry.len(), registry.metrics().connections()), (0, 0));

    let outbox = registry.open();
    assert_eq!(registry.sweep(2000).dead, 1);
    assert!(registry.is_empty());
    assert_eq!(registry.sweep(2001), NOTHING);
    assert!(outbox.is_closed());
    assert_eq!(Arc::strong_count(&registry), 2);
    drop(outbox);
    assert_eq!(Arc::strong_count(&registry), 1);
}

#[test]
fn sweeps_twenty_thousand() {
    let registry = Registry::new(Limits::default(), 0);
    let outboxes: Vec<_> = (0..20_000).map(|_| registry.open()).collect();
    let start = Instant::now();
    assert_eq!(registry.sweep(24), NOTHING);
    println!("a sweep over 20,000 connections takes {:?}", start.elapsed());
    let start = Instant::now();
    assert_eq!(registry.sweep(25).pinged, 20_000);
    println!("one that pings them all takes {:?}", start.elapsed());
    drop(outboxes);
    assert!(registry.is_empty());
}
