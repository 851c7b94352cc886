//! What fuzzers try of NSQ: what reads and writes bytes, without the client around it.

#[path = "nsq/frame.rs"]
mod frame;
#[path = "nsq/layer.rs"]
mod layer;
#[path = "nsq/snappy.rs"]
mod snappy;

use bytes::BytesMut;
use frame::{Frame, FrameError, decode};
use layer::Layer;

/// Takes bytes for what comes from an nsqd, plain and compressed.
///
/// # Panics
/// It matters how they are cut, something grows, or what is compressed is not read as it was.
pub fn nsq(bytes: &[u8]) {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let whole = frames(std::iter::once(bytes));
    assert_eq!(whole, frames(bytes.chunks(usize::from(choice) + 1)));
    for make in [Layer::snappy, || Layer::deflate(6)] {
        let (mut raw, mut plain, mut layer) = (BytesMut::from(bytes), BytesMut::new(), make());
        while layer.read(&mut raw, &mut plain).unwrap_or(false) {
            assert!(plain.len() <= 1 << 17, "a step made {} bytes", plain.len());
            plain.clear();
        }
        let (mut ours, mut theirs, mut raw) = (make(), make(), BytesMut::new());
        ours.write(&mut BytesMut::from(bytes), &mut raw).expect("there is room in memory");
        plain.clear();
        while theirs.read(&mut raw, &mut plain).expect("what was written can be read") {}
        assert_eq!(plain, bytes);
    }
}

fn frames<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Frame>, Option<FrameError>) {
    let (mut input, mut layer, mut raw, mut found) =
        (BytesMut::new(), Layer::Plain, BytesMut::new(), Vec::new());
    for piece in pieces {
        raw.extend_from_slice(piece);
        loop {
            match decode(&mut input) {
                Ok(Some(frame)) => found.push(frame),
                Ok(None) if matches!(layer.read(&mut raw, &mut input), Ok(true)) => {}
                Ok(None) => break,
                Err(error) => return (found, Some(error)),
            }
        }
    }
    (found, None)
}
