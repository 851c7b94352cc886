//! `THeaderTransport`: frames that name their protocol, may be compressed, and carry headers.
//!
//! Source: "THeader" specification, `doc/specs/HeaderFormat.md` of Apache Thrift.

use std::io::{Read as _, Write as _};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};

use crate::{
    Error, Limits, Problem,
    thrift::{
        compact::{Varint, read_varint, write_varint},
        protocol::Protocol,
    },
};

/// The two bytes after the length.
pub(crate) const MAGIC: u16 = 0x0FFF;

const TRANSFORM_ZLIB: u64 = 1;
const INFO_PADDING: u64 = 0;
const INFO_KEY_VALUE: u64 = 1;
/// Key and values that hold for the connection, as Facebook's implementation has them.
const INFO_PERSISTENT_KEY_VALUE: u64 = 2;

/// A frame of the header transport.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HeaderFrame {
    /// The format of the message.
    pub protocol: Protocol,
    /// Flags of the implementation.
    pub flags: u16,
    /// The number of the call.
    pub sequence: u32,
    /// Informational headers, in their order.
    pub headers: Vec<(String, String)>,
    /// Whether the message is compressed on the wire.
    pub zlib: bool,
    /// The message itself.
    pub message: Vec<u8>,
}

fn protocol_id(protocol: Protocol) -> u64 {
    match protocol {
        Protocol::Binary => 0,
        Protocol::Json => 1,
        Protocol::Compact => 2,
    }
}

/// The header, read from the front; offsets in errors count from the start of the frame.
struct Header<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Header<'a> {
    fn varint(&mut self) -> Result<u64, Error> {
        match read_varint(self.rest, 32) {
            Varint::Value(value, len) => {
                self.rest = &self.rest[len..];
                self.offset += len;
                Ok(value)
            }
            Varint::Truncated => Err(Error::truncated(self.offset, "a header")),
            Varint::Overlong => Err(Error::malformed(self.offset, "this varint has more than 32 bits")),
        }
    }

    fn text(&mut self) -> Result<String, Error> {
        let len = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        let Some((text, rest)) = self.rest.split_at_checked(len) else {
            return Err(Error::truncated(self.offset, "a header"));
        };
        let text = std::str::from_utf8(text).map_err(|_| Error::at(self.offset, Problem::NotUtf8))?;
        self.rest = rest;
        self.offset += len;
        Ok(text.to_owned())
    }
}

/// Cuts the first frame off a stream and says how many bytes it took; none if the frame is not all there.
///
/// # Errors
/// The frame is malformed, has a protocol or transform that is not supported, or is beyond a limit.
pub fn decode(input: &[u8], limits: &Limits) -> Result<Option<(HeaderFrame, usize)>, Error> {
    let Some((frame, consumed)) = super::framed::decode(input, limits)? else { return Ok(None) };
    let Some(([m1, m0, f1, f0, s3, s2, s1, s0, l1, l0], rest)) = frame.split_first_chunk::<10>() else {
        return Err(Error::truncated(consumed, "a header"));
    };
    if u16::from_be_bytes([*m1, *m0]) != MAGIC {
        return Err(Error::unexpected(4, "the magic 0x0fff of a header", format!("0x{m1:02x}{m0:02x}")));
    }
    let header_len = usize::from(u16::from_be_bytes([*l1, *l0])) * 4;
    let Some((header, payload)) = rest.split_at_checked(header_len) else {
        return Err(Error::truncated(consumed, "a header"));
    };
    let mut header = Header { rest: header, offset: 14 };
    let at = header.offset;
    let protocol = match header.varint()? {
        0 => Protocol::Binary,
        1 => Protocol::Json,
        2 => Protocol::Compact,
        other => return Err(Error::malformed(at, format!("the protocol {other} is not supported"))),
    };
    let mut zlib = 0;
    for _ in 0..header.varint()? {
        let at = header.offset;
        match header.varint()? {
            TRANSFORM_ZLIB => zlib += 1,
            other => return Err(Error::malformed(at, format!("the transform {other} is not supported"))),
        }
    }
    if zlib > 1 {
        return Err(Error::malformed(at, "the message is compressed more than once"));
    }
    let headers = read_headers(&mut header, limits)?;
    let message = if zlib == 1 { inflate(payload, limits, consumed)? } else { payload.to_vec() };
    let frame = HeaderFrame {
        protocol,
        flags: u16::from_be_bytes([*f1, *f0]),
        sequence: u32::from_be_bytes([*s3, *s2, *s1, *s0]),
        headers,
        zlib: zlib == 1,
        message,
    };
    Ok(Some((frame, consumed)))
}

fn read_headers(header: &mut Header<'_>, limits: &Limits) -> Result<Vec<(String, String)>, Error> {
    let mut headers = Vec::new();
    while !header.rest.is_empty() {
        let kind = header.varint()?;
        if kind == INFO_PADDING {
            break;
        }
        // A kind that is not known has a length that is not known: what follows is skipped.
        if !matches!(kind, INFO_KEY_VALUE | INFO_PERSISTENT_KEY_VALUE) {
            break;
        }
        for _ in 0..header.varint()? {
            if headers.len() == limits.headers_max {
                return Err(Error::limit(header.offset, "headers", limits.headers_max as u64));
            }
            headers.push((header.text()?, header.text()?));
        }
    }
    Ok(headers)
}

/// Decompresses with an eye on how large it gets.
fn inflate(payload: &[u8], limits: &Limits, offset: usize) -> Result<Vec<u8>, Error> {
    let by_ratio = payload.len().saturating_mul(limits.inflate_ratio_max);
    let bytes_max = limits.message_bytes_max.min(by_ratio);
    let mut message = Vec::new();
    let mut limited = ZlibDecoder::new(payload).take(bytes_max as u64 + 1);
    limited
        .read_to_end(&mut message)
        .map_err(|error| Error::malformed(offset, format!("the message cannot be decompressed: {error}")))?;
    if message.len() > bytes_max {
        return Err(Error::limit(offset, "bytes in a decompressed message", bytes_max as u64));
    }
    let consumed = limited.get_ref().total_in();
    if consumed != payload.len() as u64 {
        let left = payload.len() - usize::try_from(consumed).unwrap_or(payload.len());
        return Err(Error::at(offset, Problem::Trailing(left)));
    }
    Ok(message)
}

/// Writes a frame to the end of `out`.
///
/// # Errors
/// The headers, or the frame as a whole, are too long for their length.
pub fn encode(frame: &HeaderFrame, out: &mut Vec<u8>) -> Result<(), Error> {
    let mut header = Vec::new();
    write_varint(&mut header, protocol_id(frame.protocol));
    write_varint(&mut header, u64::from(frame.zlib));
    if frame.zlib {
        write_varint(&mut header, TRANSFORM_ZLIB);
    }
    if !frame.headers.is_empty() {
        write_varint(&mut header, INFO_KEY_VALUE);
        write_varint(&mut header, frame.headers.len() as u64);
        for text in frame.headers.iter().flat_map(|(key, value)| [key, value]) {
            write_varint(&mut header, text.len() as u64);
            header.extend_from_slice(text.as_bytes());
        }
    }
    header.resize(header.len().next_multiple_of(4), 0);
    let words = u16::try_from(header.len() / 4)
        .map_err(|_| Error::new(Problem::Limit { what: "bytes of headers", max: u64::from(u16::MAX) * 4 }))?;
    let begin = super::framed::begin(out);
    out.extend_from_slice(&MAGIC.to_be_bytes());
    out.extend_from_slice(&frame.flags.to_be_bytes());
    out.extend_from_slice(&frame.sequence.to_be_bytes());
    out.extend_from_slice(&words.to_be_bytes());
    out.extend_from_slice(&header);
    if frame.zlib {
        let mut encoder = ZlibEncoder::new(&mut *out, Compression::default());
        let written = encoder.write_all(&frame.message).and_then(|()| encoder.finish().map(drop));
        written.map_err(|error| Error::malformed(0, format!("the message cannot be compressed: {error}")))?;
    } else {
        out.extend_from_slice(&frame.message);
    }
    super::framed::end(out, begin)
}

#[cfg(test)]
mod tests {
    use super::{HeaderFrame, decode, encode};
    use crate::{ErrorKind, Limits, thrift::Protocol};

    fn frame(zlib: bool, message: Vec<u8>) -> HeaderFrame {
        let headers = vec![("trace".to_owned(), "客服".to_owned()), (String::new(), "x".repeat(200))];
        HeaderFrame { protocol: Protocol::Compact, flags: 0x1234, sequence: 7, headers, zlib, message }
    }

    #[test]
    fn frames_are_read_back() {
        for zlib in [false, true] {
            let frame = frame(zlib, b"a message, a message, a message".to_vec());
            let mut out = Vec::new();
            encode(&frame, &mut out).expect("it is short");
            let len = out.len();
            out.extend_from_slice(b"next");
            assert_eq!(decode(&out, &Limits::default()), Ok(Some((frame, len))));
            assert_eq!(decode(&out[..len - 1], &Limits::default()), Ok(None));
        }
    }

    #[test]
    fn a_bomb_is_not_inflated() {
        let mut out = Vec::new();
        encode(&frame(true, vec![0; 8 << 20]), &mut out).expect("it is short");
        let error = decode(&out, &Limits::default()).expect_err("it is beyond the ratio");
        assert_eq!(error.kind(), ErrorKind::Limit);
    }

    #[test]
    fn bytes_that_are_wrong_are_refused_without_panic() {
        let mut out = Vec::new();
        encode(&frame(true, b"a message".to_vec()), &mut out).expect("it is short");
        for index in 4..out.len() {
            for bit in 0..8 {
                let mut bytes = out.clone();
                bytes[index] ^= 1 << bit;
                let _frame = decode(&bytes, &Limits::default());
            }
        }
        let mut snappy = out.clone();
        snappy[16] = 3;
        assert!(decode(&snappy, &Limits::default()).is_err());
    }
}
