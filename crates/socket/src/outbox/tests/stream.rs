//! What a peer reads, whatever the socket takes at a time: whole frames in order, the close last.

use std::task::Waker;

use bytes::{Buf as _, Bytes};
use kefu_protocol::ws::{CloseCode, close_frame};
use proptest::{collection::vec, prelude::*};

use super::registry;
use crate::{Outbox, Pushed};

#[derive(Clone, Debug)]
enum Step {
    Push(usize),
    /// The socket takes so many bytes, while so many frames are pushed.
    Write(usize, usize),
    Close(CloseCode),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1..300_usize).prop_map(Step::Push),
        8 => (0..600_usize, 0..4_usize).prop_map(|(bytes, pushes)| Step::Write(bytes, pushes)),
        1 => prop_oneof![Just(CloseCode::RESTART), Just(CloseCode::SLOW)].prop_map(Step::Close),
    ]
}

/// Pushes a frame that is told apart from its neighbours by its bytes.
fn push(outbox: &Outbox, len: usize, accepted: &mut Vec<Bytes>) {
    let frame = Bytes::from(vec![accepted.len() as u8; len]);
    if outbox.push(frame.clone()) == Pushed::Queued {
        accepted.push(frame);
    }
}

/// One turn of a transport whose socket takes `room` bytes.
fn write(outbox: &Outbox, mut room: usize, sent: &mut Vec<u8>, meanwhile: impl FnOnce()) {
    let mut taken = outbox.take(Waker::noop());
    meanwhile();
    let mut is_cut = taken.is_cut;
    while let Some(frame) = taken.frames.first_mut() {
        let count = frame.len().min(room);
        sent.extend(frame.split_to(count));
        room -= count;
        if frame.has_remaining() {
            is_cut |= count > 0;
            break;
        }
        is_cut = false;
        taken.frames.remove(0);
    }
    outbox.put_back(taken.frames, is_cut);
}

proptest! {
    #[test]
    fn is_whole_frames_and_a_close(steps in vec(step(), 1..60)) {
        let registry = registry();
        let outbox = registry.open();
        let mut accepted = Vec::new();
        let mut sent = Vec::new();
        for step in steps {
            match step {
                Step::Push(len) => push(&outbox, len, &mut accepted),
                Step::Write(room, pushes) => write(&outbox, room, &mut sent, || {
                    (0..pushes).for_each(|_| push(&outbox, 50, &mut accepted));
                }),
                Step::Close(code) => outbox.close(code, "too slow"),
            }
            prop_assert_eq!(registry.metrics().bytes_queued(), u64::from(outbox.bytes()));
            prop_assert!(outbox.is_closed() || outbox.bytes() <= 1000);
        }
        while outbox.bytes() > 0 {
            write(&outbox, usize::MAX, &mut sent, || ());
        }
        let mut rest = sent.as_slice();
        let mut received = 0;
        while let Some(after) = accepted.get(received).and_then(|frame| rest.strip_prefix(&frame[..])) {
            rest = after;
            received += 1;
        }
        match outbox.close_code() {
            None => prop_assert!(rest.is_empty() && received == accepted.len()),
            Some(code) => {
                prop_assert_eq!(rest, &close_frame(code, "too slow")[..]);
                prop_assert!(code == CloseCode::SLOW || received == accepted.len());
            }
        }
    }
}
