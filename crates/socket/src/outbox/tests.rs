mod stream;

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
};

use bytes::{Buf as _, Bytes};
use kefu_protocol::ws::{CloseCode, PING, PONG, close_frame, text_frame};

use crate::{Limits, Outbox, Pushed, Registry, outbox::Phase, payload};

/// Counts how often it was woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

impl Woken {
    fn count(&self) -> usize {
        self.0.load(Relaxed)
    }
}

fn registry() -> Arc<Registry> {
    let limits = Limits { queue_bytes_max: 1000, queue_bytes_low: 200, ..Limits::default() };
    Registry::new(limits, 100)
}

/// A frame that counts `cost` bytes.
fn frame(cost: usize) -> Bytes {
    Bytes::from(vec![0; cost - size_of::<Bytes>()])
}

fn taken(outbox: &Outbox) -> Vec<Bytes> {
    outbox.take(Waker::noop()).frames
}

#[test]
fn is_small() {
    assert!(size_of::<Outbox>() <= 96, "{}", size_of::<Outbox>());
}

#[test]
fn one_frame_too_many_closes_as_slow_once() {
    let registry = registry();
    let outbox = registry.open();
    assert_eq!(outbox.push(frame(600)), Pushed::Queued);
    assert_eq!(outbox.push(frame(400)), Pushed::Queued);
    assert_eq!(outbox.bytes(), 1000);
    assert_eq!(outbox.push(frame(33)), Pushed::Slow);
    assert_eq!(outbox.push(frame(33)), Pushed::Closed);
    assert!(outbox.is_closed());
    assert_eq!(outbox.close_code(), Some(CloseCode::SLOW));
    assert_eq!(taken(&outbox), [close_frame(CloseCode::SLOW, "too slow")]);
    assert_eq!(registry.metrics().slow_closes(), 1);
}

#[test]
fn a_frame_beyond_the_limit_passes_an_empty_queue() {
    let outbox = registry().open();
    assert_eq!(outbox.push(frame(5000)), Pushed::Queued);
    assert_eq!(outbox.push(frame(33)), Pushed::Slow);
}

#[test]
fn what_is_being_written_counts() {
    let registry = registry();
    let outbox = registry.open();
    outbox.push(frame(900));
    let frames = taken(&outbox);
    assert_eq!(outbox.bytes(), 900);
    outbox.push(frame(100));
    outbox.put_back(frames, false);
    assert_eq!((outbox.bytes(), registry.metrics().bytes_queued()), (1000, 1000));
    assert_eq!(taken(&outbox), [frame(900), frame(100)]);
    outbox.put_back(Vec::new(), false);
    assert_eq!((outbox.bytes(), registry.metrics().bytes_queued()), (0, 0));
}

#[test]
fn a_slow_close_sends_the_rest_of_a_frame_that_was_begun() {
    let outbox = registry().open();
    outbox.push(frame(500));
    outbox.push(frame(400));
    let mut frames = taken(&outbox);
    frames[0].advance(100);
    let cut = frames[0].clone();
    outbox.put_back(frames, true);
    assert_eq!(outbox.push(frame(500)), Pushed::Slow);
    assert_eq!(taken(&outbox), [cut, close_frame(CloseCode::SLOW, "too slow")]);
}

#[test]
fn a_slow_close_during_a_write_does_the_same() {
    let outbox = registry().open();
    outbox.push(frame(500));
    outbox.push(frame(400));
    let mut frames = taken(&outbox);
    assert_eq!(outbox.push(frame(500)), Pushed::Slow);
    frames[0].advance(100);
    let cut = frames[0].clone();
    outbox.put_back(frames, true);
    let rest = outbox.take(Waker::noop());
    assert_eq!(rest.frames, [cut, close_frame(CloseCode::SLOW, "too slow")]);
    assert!(rest.is_cut);
    // The close frame itself may be cut; then nothing is dropped.
    outbox.put_back(rest.frames.clone(), true);
    assert_eq!(taken(&outbox), rest.frames);
}

#[test]
fn a_close_flushes_and_the_first_one_counts() {
    let outbox = registry().open();
    outbox.push(frame(500));
    outbox.close(CloseCode::RESTART, "restart");
    outbox.close(CloseCode::REPLACED, "replaced");
    assert_eq!(outbox.push(frame(33)), Pushed::Closed);
    assert_eq!(taken(&outbox), [frame(500), close_frame(CloseCode::RESTART, "restart")]);
    assert_eq!(outbox.close_code(), Some(CloseCode::RESTART));
}

#[test]
fn a_push_wakes_the_task_once_until_it_looks() {
    let outbox = registry().open();
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    outbox.take(&waker);
    outbox.push(frame(33));
    outbox.push(frame(33));
    assert_eq!(woken.count(), 1);
    // Within a turn nobody is woken.
    outbox.begin_turn();
    outbox.push(frame(33));
    assert_eq!(woken.count(), 1);
    // While the socket is full only a close wakes.
    let frames = outbox.take(&waker).frames;
    assert_eq!(frames.len(), 3);
    outbox.put_back(frames, false);
    outbox.push(frame(33));
    assert_eq!(woken.count(), 1);
    outbox.close(CloseCode::NORMAL, "");
    assert_eq!(woken.count(), 2);
}

#[test]
fn the_end_keeps_no_waker_and_no_frame() {
    let registry = registry();
    let outbox = registry.open();
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    outbox.take(&waker);
    outbox.push(frame(900));
    assert!(pin!(outbox.drained()).poll(&mut Context::from_waker(&waker)).is_pending());
    outbox.end();
    assert_eq!(woken.count(), 3);
    drop(waker);
    // A turn that was under way leaves none behind either.
    outbox.take(&Waker::from(Arc::clone(&woken)));
    assert_eq!(Arc::strong_count(&woken), 1);
    assert_eq!((outbox.bytes(), registry.metrics().bytes_queued()), (0, 0));
    assert_eq!((registry.len(), registry.metrics().connections()), (0, 0));
    outbox.put_back(vec![frame(500)], false);
    assert_eq!((outbox.bytes(), registry.metrics().bytes_queued()), (0, 0));
    assert!(matches!(outbox.begin_turn(), Phase::Ended));
}

#[test]
fn drained_resolves_at_the_low_water_mark_and_at_the_close() {
    let outbox = registry().open();
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    assert!(pin!(outbox.drained()).poll(&mut cx).is_ready());
    outbox.push(frame(201));
    let mut drained = pin!(outbox.drained());
    assert!(drained.as_mut().poll(&mut cx).is_pending());
    // Polled again and again, a task waits once.
    assert!(drained.as_mut().poll(&mut cx).is_pending());
    outbox.put_back(taken(&outbox), false);
    assert_eq!(woken.count(), 0);
    let mut frames = taken(&outbox);
    frames[0].advance(1);
    outbox.put_back(frames, true);
    assert_eq!(woken.count(), 1);
    assert!(drained.as_mut().poll(&mut cx).is_ready());

    outbox.push(frame(500));
    let mut drained = pin!(outbox.drained());
    assert!(drained.as_mut().poll(&mut cx).is_pending());
    outbox.close(CloseCode::NORMAL, "");
    assert_eq!(woken.count(), 2);
    assert!(drained.as_mut().poll(&mut cx).is_ready());
}

#[test]
fn another_transport_takes_whole_frames_and_lives_by_it() {
    let registry = registry();
    let outbox = registry.open();
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let cx = Context::from_waker(&waker);
    assert!(outbox.poll_frames(&cx, 2).is_pending());
    for text in ["one", "two", "three"] {
        outbox.push(text_frame(text));
    }
    assert_eq!(woken.count(), 1);
    registry.sweep(120);
    let texts = |poll| match poll {
        Poll::Ready(Some(frames)) => {
            Vec::from_iter(Vec::into_iter(frames).filter_map(|frame: Bytes| payload(&frame)))
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(texts(outbox.poll_frames(&cx, 2)), ["one", "two"]);
    assert_eq!(outbox.idle_since(), 120);
    assert_eq!(outbox.bytes(), 32 + 2 + 5);
    outbox.close(CloseCode::REPLACED, "");
    assert_eq!(texts(outbox.poll_frames(&cx, 2)), ["three"]);
    assert_eq!(outbox.poll_frames(&cx, 2), Poll::Ready(None));
    assert_eq!(registry.metrics().bytes_queued(), 0);
}

#[test]
fn payload_is_the_text_of_text_frames_only() {
    for len in [0, 1, 125, 126, 65_535, 65_536] {
        let text = "x".repeat(len);
        assert_eq!(payload(&text_frame(&text)).unwrap(), text);
    }
    assert_eq!(payload(&Bytes::from_static(PING)), None);
    assert_eq!(payload(&Bytes::from_static(PONG)), None);
    assert_eq!(payload(&close_frame(CloseCode::NORMAL, "")), None);
    assert_eq!(payload(&Bytes::new()), None);
    assert_eq!(payload(&Bytes::from_static(&[0x81])), None);
}
