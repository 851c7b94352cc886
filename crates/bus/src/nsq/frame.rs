//! What nsqd says: frames of its protocol V2. Bytes in, values out.
//!
//! <https://nsq.io/clients/tcp_protocol_spec.html>

use bytes::{Buf as _, Bytes, BytesMut};

/// Bytes of a frame at most: nsqd takes messages of 1 MiB as it comes, and may be told to take larger ones.
pub(super) const FRAME_BYTES_MAX: usize = 8 << 20;

/// Bytes before a message's body: time, attempts and id.
const MESSAGE_HEAD_BYTES: usize = 26;

/// The id of a message, in text as nsqd writes it.
pub(super) type MessageId = [u8; 16];

/// One frame.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Frame {
    /// An answer, or a sign of life.
    Response(Bytes),
    /// Something did not work.
    Error(Bytes),
    /// A message.
    Message {
        /// Its id with this nsqd.
        id: MessageId,
        /// How often it was sent, this time included.
        attempts: u16,
        /// What it says.
        body: Bytes,
    },
}

/// Bytes are no frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum FrameError {
    #[error("a frame of {0} bytes")]
    Size(u32),
    #[error("a frame of kind {0}")]
    Kind(u32),
    #[error("a message of {0} bytes, which is less than its head")]
    Message(usize),
}

/// Takes the next frame out of `input`; none until all of it is there.
pub(super) fn decode(input: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
    let Some((head, _)) = input.split_first_chunk::<4>() else { return Ok(None) };
    let size = u32::from_be_bytes(*head);
    if !(4..=FRAME_BYTES_MAX).contains(&(size as usize)) {
        return Err(FrameError::Size(size));
    }
    let whole = 4 + size as usize;
    if input.len() < whole {
        // Large frames come in pieces; room for all of it is made once.
        input.reserve(whole - input.len());
        return Ok(None);
    }
    let mut frame = input.split_to(whole).freeze();
    frame.advance(4);
    match frame.get_u32() {
        0 => Ok(Some(Frame::Response(frame))),
        1 => Ok(Some(Frame::Error(frame))),
        2 if frame.len() < MESSAGE_HEAD_BYTES => Err(FrameError::Message(frame.len())),
        2 => {
            // The time is when nsqd got it; events have one of their own.
            frame.advance(8);
            let attempts = frame.get_u16();
            let mut id = MessageId::default();
            frame.copy_to_slice(&mut id);
            Ok(Some(Frame::Message { id, attempts, body: frame }))
        }
        kind => Err(FrameError::Kind(kind)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u32, body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(body.len() + 4).unwrap();
        [&size.to_be_bytes()[..], &kind.to_be_bytes(), body].concat()
    }

    #[test]
    fn frames_are_read_as_they_are_documented() {
        let message = [&7_i64.to_be_bytes()[..], &3_u16.to_be_bytes(), b"0123456789abcdef", b"body"].concat();
        let bytes = [frame(0, b"OK"), frame(1, b"E_INVALID why"), frame(2, &message)].concat();
        let mut input = BytesMut::from(&bytes[..]);
        assert_eq!(decode(&mut input), Ok(Some(Frame::Response(Bytes::from_static(b"OK")))));
        assert_eq!(decode(&mut input), Ok(Some(Frame::Error(Bytes::from_static(b"E_INVALID why")))));
        let expected =
            Frame::Message { id: *b"0123456789abcdef", attempts: 3, body: Bytes::from_static(b"body") };
        assert_eq!(decode(&mut input), Ok(Some(expected)));
        assert_eq!((decode(&mut input), input.len()), (Ok(None), 0));
    }

    #[test]
    fn what_is_no_frame_is_refused_before_it_is_stored() {
        for (bytes, expected) in [
            (vec![0, 0, 0, 3], FrameError::Size(3)),
            (vec![0xFF; 4], FrameError::Size(u32::MAX)),
            (frame(3, b""), FrameError::Kind(3)),
            (frame(2, &[0; 25]), FrameError::Message(25)),
        ] {
            let mut input = BytesMut::from(&bytes[..]);
            assert_eq!(decode(&mut input), Err(expected));
            assert!(input.capacity() < 1024);
        }
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_bytes_are_cut(
            frames in proptest::collection::vec((0_u32..3, proptest::collection::vec(any::<u8>(), 26..80)), 0..6),
            cut in 1_usize..50,
        ) {
            let bytes: Vec<u8> = frames.iter().flat_map(|(kind, body)| frame(*kind, body)).collect();
            let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
                let (mut input, mut found) = (BytesMut::new(), Vec::new());
                for piece in pieces {
                    input.extend_from_slice(piece);
                    while let Some(frame) = decode(&mut input).unwrap() {
                        found.push(frame);
                    }
                }
                found
            };
            let whole = read(&mut std::iter::once(&bytes[..]));
            prop_assert_eq!(whole.len(), frames.len());
            prop_assert_eq!(read(&mut bytes.chunks(cut)), whole);
        }
    }
}
