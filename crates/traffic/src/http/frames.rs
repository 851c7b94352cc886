//! WebSocket frames as an onlooker sees them: whole messages, also those that were compressed (RFC 6455, RFC 7692).

use flate2::{Decompress, FlushDecompress, Status};

use super::Dropped;
use crate::tcp::Side;

/// A frame about the connection has at most so many bytes.
const CONTROL_MAX: u64 = 125;
/// What every compressed message ends with, and what is not sent of it.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
/// How much room a message that is decompressed gets at once.
const ROOM: usize = 4 << 10;

/// What both sides have agreed on about the compression of messages.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Deflate {
    /// Each message of the client is compressed by itself.
    pub client_is_alone: bool,
    /// Each message of the server is.
    pub server_is_alone: bool,
}

impl Deflate {
    /// Reads it out of `Sec-WebSocket-Extensions`.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        value.split(|byte| *byte == b',').find_map(|extension| {
            let mut words = extension.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            words.next().filter(|name| name.eq_ignore_ascii_case(b"permessage-deflate"))?;
            let mut agreed = Self::default();
            for word in words {
                agreed.client_is_alone |= word.eq_ignore_ascii_case(b"client_no_context_takeover");
                agreed.server_is_alone |= word.eq_ignore_ascii_case(b"server_no_context_takeover");
            }
            Some(agreed)
        })
    }
}

/// What one side says over a WebSocket.
#[derive(Debug)]
pub(super) struct Frames {
    side: Side,
    message_max: usize,
    inflater: Option<Inflater>,
    /// A frame that is not whole yet.
    rest: Vec<u8>,
    /// A message of which frames are still to come.
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    is_text: bool,
    is_compressed: bool,
    bytes: Vec<u8>,
}

/// The head of a frame.
struct Header {
    is_last: bool,
    is_compressed: bool,
    opcode: u8,
    mask: Option<[u8; 4]>,
    len: usize,
    payload_len: usize,
}

impl Frames {
    /// Messages of more than `message_max` bytes are not followed.
    pub(super) fn new(side: Side, message_max: usize, deflate: Option<Deflate>) -> Self {
        let inflater = deflate.map(|agreed| Inflater {
            state: None,
            is_alone: if side == Side::Client { agreed.client_is_alone } else { agreed.server_is_alone },
        });
        Self { side, message_max, inflater, rest: Vec::new(), begun: None }
    }

    /// Whether neither a frame nor a message is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.rest.is_empty() && self.begun.is_none()
    }

    /// Bytes of frames and messages under way.
    pub(super) fn held(&self) -> usize {
        self.rest.len() + self.begun.as_ref().map_or(0, |begun| begun.bytes.len())
    }

    /// Takes bytes, and hands each message to `each`: whether it is text, and what it says.
    ///
    /// # Errors
    ///
    /// What follows cannot be understood.
    pub(super) fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(bool, Vec<u8>)) -> Result<(), Dropped> {
        let mut bytes = if self.rest.is_empty() {
            bytes.to_vec()
        } else {
            self.rest.extend_from_slice(bytes);
            std::mem::take(&mut self.rest)
        };
        let mut at = 0;
        while let Some(header) = self.header(&bytes[at..])? {
            let begin = at + header.len;
            let Some(payload) = bytes.get_mut(begin..begin + header.payload_len) else { break };
            at = begin + header.payload_len;
            if let Some((is_text, message)) = self.frame(&header, payload)? {
                each(is_text, message);
            }
        }
        bytes.drain(..at);
        self.rest = bytes;
        Ok(())
    }

    /// Reads the head of a frame, once it is whole.
    fn header(&self, bytes: &[u8]) -> Result<Option<Header>, Dropped> {
        let [first, second, ..] = *bytes else { return Ok(None) };
        let (is_last, is_compressed, opcode) = (first & 0x80 != 0, first & 0x40 != 0, first & 0x0f);
        let (is_masked, short) = (second & 0x80 != 0, second & 0x7f);
        let is_control = opcode & 8 != 0;
        let may_be_compressed = matches!(opcode, 1 | 2) && self.inflater.is_some();
        let is_known = first & 0x30 == 0
            && matches!(opcode, 0..=2 | 8..=10)
            && (!is_compressed || may_be_compressed)
            && is_masked == (self.side == Side::Client)
            && (is_last || !is_control)
            && (is_control || (opcode == 0) == self.begun.is_some());
        if !is_known {
            return Err(Dropped::Malformed);
        }
        let length_end = match short {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        let len = if is_masked { length_end + 4 } else { length_end };
        let Some(head) = bytes.get(..len) else { return Ok(None) };
        let payload_len = match &head[2..length_end] {
            [] => u64::from(short),
            more => more.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        };
        if is_control && payload_len > CONTROL_MAX {
            return Err(Dropped::Malformed);
        }
        let before = self.begun.as_ref().map_or(0, |begun| begun.bytes.len());
        let room = self.message_max.saturating_sub(if is_control { 0 } else { before });
        let payload_len = usize::try_from(payload_len).ok().filter(|len| is_control || *len <= room);
        let payload_len = payload_len.ok_or(Dropped::Limit)?;
        let mask = head[length_end..].first_chunk::<4>().copied();
        Ok(Some(Header { is_last, is_compressed, opcode, mask, len, payload_len }))
    }

    /// Takes a frame; gives the message that it ends.
    fn frame(&mut self, header: &Header, payload: &mut [u8]) -> Result<Option<(bool, Vec<u8>)>, Dropped> {
        if header.opcode & 8 != 0 {
            return Ok(None);
        }
        if let Some(mask) = header.mask {
            payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        }
        let begun = self.begun.get_or_insert_with(|| Begun {
            is_text: header.opcode == 1,
            is_compressed: header.is_compressed,
            bytes: Vec::new(),
        });
        begun.bytes.extend_from_slice(payload);
        let Some(Begun { is_text, is_compressed, mut bytes }) = self.begun.take_if(|_| header.is_last) else {
            return Ok(None);
        };
        if let (Some(inflater), true) = (&mut self.inflater, is_compressed) {
            bytes = inflater.inflate(&bytes, self.message_max)?;
        }
        if is_text && str::from_utf8(&bytes).is_err() {
            return Err(Dropped::Malformed);
        }
        Ok(Some((is_text, bytes)))
    }
}

/// Decompresses the messages of one side.
#[derive(Debug)]
struct Inflater {
    /// What earlier messages have left; there is none before the first compressed one.
    state: Option<Box<Decompress>>,
    is_alone: bool,
}

impl Inflater {
    fn inflate(&mut self, message: &[u8], max: usize) -> Result<Vec<u8>, Dropped> {
        let state = self.state.get_or_insert_with(|| Box::new(Decompress::new(false)));
        let mut out = Vec::new();
        for mut rest in [message, &TAIL] {
            loop {
                if out.len() == out.capacity() {
                    out.reserve(ROOM);
                }
                let (before, len) = (state.total_in(), out.len());
                let status = state.decompress_vec(rest, &mut out, FlushDecompress::Sync);
                let status = status.map_err(|_| Dropped::Malformed)?;
                // No more than there was, which is a usize.
                let used = (state.total_in() - before) as usize;
                rest = &rest[used..];
                if out.len() > max {
                    return Err(Dropped::Limit);
                }
                if status == Status::StreamEnd {
                    state.reset(false);
                }
                if rest.is_empty() && out.len() < out.capacity() {
                    break;
                }
                if used == 0 && out.len() == len && status != Status::StreamEnd {
                    return Err(Dropped::Malformed);
                }
            }
        }
        if self.is_alone {
            state.reset(false);
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compress, Compression, FlushCompress};
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// Compresses as one side of a connection does.
    struct Deflater(Compress, bool);

    impl Deflater {
        fn message(&mut self, message: &[u8]) -> Vec<u8> {
            let mut out = Vec::with_capacity(message.len() * 2 + 100);
            self.0.compress_vec(message, &mut out, FlushCompress::Sync).unwrap();
            out.truncate(out.len() - TAIL.len());
            if self.1 {
                self.0.reset();
            }
            out
        }
    }

    fn frame(first: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
        let mut out = vec![first];
        let bit = if mask.is_some() { 0x80 } else { 0 };
        match payload.len() {
            len @ 0..126 => out.push(len as u8 | bit),
            len => {
                out.push(126 | bit);
                out.extend(u16::try_from(len).unwrap().to_be_bytes());
            }
        }
        out.extend(mask.iter().flatten());
        let mask = mask.unwrap_or_default();
        out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        out
    }

    proptest! {
        #[test]
        fn compressed_messages_are_read_however_they_are_cut(
            messages in vec((vec(0..4_u8, 0..300), any::<bool>(), 1..100_usize), 1..8),
            is_alone in any::<bool>(),
            piece in 1..50_usize,
        ) {
            let mut deflater = Deflater(Compress::new(Compression::best(), false), is_alone);
            let mask = Some([1, 2, 3, 4]);
            let mut bytes = Vec::new();
            for (message, is_compressed, len) in &messages {
                let payload = if *is_compressed { deflater.message(message) } else { message.clone() };
                let parts: Vec<&[u8]> = payload.chunks(*len).collect();
                let parts = if parts.is_empty() { vec![&[][..]] } else { parts };
                for (place, part) in parts.iter().enumerate() {
                    let opcode = if place == 0 { 2 | u8::from(*is_compressed) << 6 } else { 0 };
                    let fin = if place + 1 == parts.len() { 0x80 } else { 0 };
                    bytes.extend(frame(opcode | fin, part, mask));
                    bytes.extend(frame(0x89, b"?", mask));
                }
            }
            let agreed = Deflate { client_is_alone: is_alone, server_is_alone: false };
            let mut frames = Frames::new(Side::Client, 1000, Some(agreed));
            let mut read = Vec::new();
            for piece in bytes.chunks(piece) {
                prop_assert_eq!(frames.feed(piece, |is_text, message| read.push((is_text, message))), Ok(()));
            }
            prop_assert!(frames.is_idle());
            let expected: Vec<_> = messages.into_iter().map(|(message, ..)| (false, message)).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn any_frames_are_taken(bytes in vec(any::<u8>(), 0..200), is_client in any::<bool>(), is_deflated in any::<bool>()) {
            let side = if is_client { Side::Client } else { Side::Server };
            let mut frames = Frames::new(side, 100, is_deflated.then(Deflate::default));
            let read = frames.feed(&bytes, |_, message| assert!(message.len() <= 100));
            prop_assert!(read.is_err() || frames.rest.len() <= bytes.len());
        }
    }

    #[test]
    fn what_is_agreed_on_is_read() {
        let told = |value: &str| Deflate::parse(value.as_bytes());
        assert_eq!(told("x-frames, Permessage-Deflate; client_max_window_bits=12"), Some(Deflate::default()));
        let both = Deflate { client_is_alone: true, server_is_alone: true };
        assert_eq!(
            told("permessage-deflate;server_no_context_takeover; client_no_context_takeover"),
            Some(both)
        );
        assert_eq!(told("permessage-bzip2"), None);
    }

    #[test]
    fn what_is_not_followed_says_why() {
        let fed = |deflate: Option<Deflate>, bytes: &[u8]| {
            Frames::new(Side::Server, 1000, deflate).feed(bytes, |_, _| {})
        };
        let bomb = Deflater(Compress::new(Compression::best(), false), true).message(&[b'a'; 100_000]);
        assert_eq!(fed(Some(Deflate::default()), &frame(0xc1, &bomb, None)), Err(Dropped::Limit));
        assert_eq!(fed(None, &frame(0xc1, b"abc", None)), Err(Dropped::Malformed), "nothing was agreed on");
        assert_eq!(fed(Some(Deflate::default()), &frame(0xc1, b"\xff\xff", None)), Err(Dropped::Malformed));
        assert_eq!(fed(None, &frame(0x81, &[b'a'; 1001], None)), Err(Dropped::Limit));
        assert_eq!(fed(None, &frame(0x81, b"\xff", None)), Err(Dropped::Malformed), "no text");
        assert_eq!(fed(None, &frame(0x80, b"a", None)), Err(Dropped::Malformed), "of no message");
        assert_eq!(fed(None, &frame(0x81, b"a", Some([0; 4]))), Err(Dropped::Malformed), "masked");
        assert_eq!(fed(None, &[0x89, 126, 0, 126]), Err(Dropped::Malformed), "a ping that is too long");
        // A last block, as RFC 7692 allows it.
        let mut last = Vec::with_capacity(100);
        let mut compress = Compress::new(Compression::best(), false);
        compress.compress_vec(b"hello", &mut last, FlushCompress::Finish).unwrap();
        last.push(0);
        let mut read = Vec::new();
        let mut frames = Frames::new(Side::Server, 1000, Some(Deflate::default()));
        let twice = frame(0xc1, &last, None).repeat(2);
        assert_eq!(frames.feed(&twice, |_, message| read.push(message)), Ok(()));
        assert_eq!(read, [b"hello", b"hello"]);
    }
}
