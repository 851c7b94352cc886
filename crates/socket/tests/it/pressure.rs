use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use kefu_protocol::ws::{CloseCode, Opcode, text_frame};
use kefu_socket::{Flow, Limits, Pushed, Reason, Registry};
use tokio::sync::Notify;

use crate::peer::{Each, Event, frame, limits, patiently, serve, serve_echo};

fn narrow() -> Arc<Registry> {
    Registry::new(Limits { queue_bytes_max: 64 * 1024, queue_bytes_low: 16 * 1024, ..limits() }, 0)
}

#[tokio::test]
async fn a_slow_reader_is_closed_and_others_are_not() {
    let registry = narrow();
    let (mut slow, outbox, task) = serve_echo(&registry).await;
    let (mut other, _, _other_task) = serve_echo(&registry).await;
    let body = "x".repeat(4000);
    let mut queued = 0;
    loop {
        match outbox.push(text_frame(format!("{queued} {body}"))) {
            Pushed::Queued => queued += 1,
            Pushed::Slow => break,
            Pushed::Closed => panic!("it was told as closed before it was slow"),
        }
        if queued % 8 == 0 {
            other.text("quick").await;
            other.expect_text("quick").await;
        }
    }
    assert_eq!(outbox.push(text_frame("more")), Pushed::Closed);
    // Whole frames in order, then the close: the peer can tell what it has.
    let mut received = 0;
    loop {
        match slow.next().await {
            Event::Text(text) => {
                assert_eq!(text.split(' ').next(), Some(received.to_string().as_str()));
                received += 1;
            }
            Event::Close(close) => {
                assert_eq!(close, Some((CloseCode::SLOW.0, "too slow".to_owned())));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(received < queued, "what waited was dropped");
    slow.close(4008).await;
    let ended = patiently(task).await.unwrap();
    assert_eq!((ended.reason, ended.code), (Reason::Closed, Some(CloseCode::SLOW)));
    assert_eq!(registry.metrics().slow_closes(), 1);
    assert_eq!(registry.metrics().bytes_queued(), 0);
    other.text("still here").await;
    other.expect_text("still here").await;
}

#[tokio::test]
async fn a_slow_reader_that_never_reads_is_left() {
    let registry = narrow();
    let (peer, outbox, task) = serve_echo(&registry).await;
    while outbox.push(vec![0; 16 * 1024].into()) == Pushed::Queued {
        tokio::task::yield_now().await;
    }
    let ended = patiently(task).await.unwrap();
    assert_eq!((ended.reason, ended.code), (Reason::Closed, Some(CloseCode::SLOW)));
    assert!(registry.is_empty());
    drop(peer);
}

#[tokio::test]
async fn pages_are_sent_as_the_socket_drains() {
    let registry = narrow();
    let (mut peer, outbox, _task) = serve_echo(&registry).await;
    const PAGES: u32 = 2000;
    let sender = tokio::spawn(async move {
        let body = "x".repeat(8000);
        for page in 0..PAGES {
            outbox.drained().await;
            for part in 0..2 {
                assert_eq!(outbox.push(text_frame(format!("{page}.{part} {body}"))), Pushed::Queued);
            }
        }
    });
    for page in 0..PAGES {
        for part in 0..2 {
            let Event::Text(text) = peer.next().await else { panic!("a page is due") };
            assert!(text.starts_with(&format!("{page}.{part} ")));
        }
    }
    patiently(sender).await.unwrap();
    assert_eq!(registry.metrics().slow_closes(), 0);
}

#[tokio::test]
async fn nothing_is_read_while_the_handler_waits() {
    let registry = narrow();
    let go = Arc::new(Notify::new());
    let count = Arc::new(AtomicU32::new(0));
    let (mut peer, outbox, _task) = serve(&registry, |outbox| {
        let (outbox, go, count) = (Arc::clone(outbox), Arc::clone(&go), Arc::clone(&count));
        Each(move |text: &str| {
            count.fetch_add(1, Relaxed);
            outbox.push(text_frame(text));
            let go = Arc::clone(&go);
            Flow::Wait(Box::pin(async move { go.notified().await }))
        })
    })
    .await;
    // Two in one segment, one in its own.
    let mut bytes = frame(Opcode::Text, b"one");
    bytes.extend(frame(Opcode::Text, b"two"));
    peer.write(&bytes).await;
    peer.expect_text("one").await;
    peer.text("three").await;
    for n in 0..10 {
        outbox.push(text_frame(n.to_string()));
        peer.expect_text(&n.to_string()).await;
    }
    assert_eq!(count.load(Relaxed), 1);
    go.notify_one();
    peer.expect_text("two").await;
    assert_eq!(count.load(Relaxed), 2);
    go.notify_one();
    peer.expect_text("three").await;
    // A close does not wait for the handler.
    outbox.close(CloseCode::RESTART, "");
    peer.expect_close(1012).await;
    peer.close(1012).await;
    assert_eq!(peer.next().await, Event::End);
    assert_eq!(Arc::strong_count(&go), 1, "neither the handler nor what it waited for is left");
}

#[tokio::test]
async fn a_handler_that_waits_for_its_own_outbox_holds_back_a_peer_that_does_not_read() {
    let registry = narrow();
    let (mut peer, outbox, _task) = serve(&registry, |outbox| {
        let outbox = Arc::clone(outbox);
        Each(move |text: &str| {
            assert_eq!(outbox.push(text_frame(text)), Pushed::Queued);
            let outbox = Arc::clone(&outbox);
            Flow::Wait(Box::pin(async move { outbox.drained().await }))
        })
    })
    .await;
    let (mut reader, mut writer) = peer.stream.into_split();
    let text = "x".repeat(20_000);
    let bytes = frame(Opcode::Text, text.as_bytes());
    let sender = tokio::spawn(async move {
        for _ in 0..1000 {
            tokio::io::AsyncWriteExt::write_all(&mut writer, &bytes).await.unwrap();
        }
        writer
    });
    // Every one comes back, however late they are read.
    let expected = 1000 * text_frame(&text).len();
    let mut received = 0;
    let mut buffer = vec![0; 64 * 1024];
    while received < expected {
        let read = tokio::io::AsyncReadExt::read(&mut reader, &mut buffer);
        received += patiently(read).await.unwrap();
    }
    let writer = patiently(sender).await.unwrap();
    peer.stream = reader.reunite(writer).unwrap();
    assert!(!outbox.is_closed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pushes_from_many_tasks_keep_the_order_of_each() {
    let registry = narrow();
    let (mut peer, outbox, _task) = serve_echo(&registry).await;
    const PUSHERS: usize = 4;
    const FRAMES: u32 = 5000;
    let pushers: Vec<_> = (0..PUSHERS)
        .map(|pusher| {
            let outbox = Arc::clone(&outbox);
            tokio::spawn(async move {
                for n in 0..FRAMES {
                    outbox.drained().await;
                    let text = format!("{pusher} {n} {}", "x".repeat(n as usize % 2000));
                    assert_eq!(outbox.push(text_frame(text)), Pushed::Queued);
                }
            })
        })
        .collect();
    let mut next = [0; PUSHERS];
    for _ in 0..PUSHERS * FRAMES as usize {
        let Event::Text(text) = peer.next().await else { panic!("only text is due") };
        let mut words = text.split(' ').map(|word| word.parse::<usize>());
        let (pusher, n) = (words.next().unwrap().unwrap(), words.next().unwrap().unwrap());
        assert_eq!(n, next[pusher]);
        next[pusher] += 1;
    }
    for pusher in pushers {
        patiently(pusher).await.unwrap();
    }
}
