//! `TTHeader`, the transport of kitex: frames like those of THeader, with numbers of fixed width and headers of its own.
//!
//! Source: "TTHeader" in the reference of kitex, <https://www.cloudwego.io/docs/kitex/reference/transport_protocol_ttheader/>.

use super::framed;
use crate::{Error, Limits, Problem};

/// The two bytes after the length.
pub(crate) const MAGIC: u16 = 0x1000;

/// The binary protocol, the only one of Thrift that kitex has here.
const PROTOCOL_BINARY: u8 = 0;
const INFO_PADDING: u8 = 0;
const INFO_KEY_VALUE: u8 = 0x01;
/// Headers whose names are numbers, which servers and proxies of kitex have among themselves.
const INFO_NUMBER_VALUE: u8 = 0x10;
const INFO_ACCESS_TOKEN: u8 = 0x11;

/// A frame, whose message is of the binary protocol.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TtHeaderFrame {
    /// The number of the call.
    pub sequence: u32,
    /// Headers with names, in their order.
    pub headers: Vec<(String, String)>,
    /// The message itself, without the length that may stand before it once more.
    pub message: Vec<u8>,
}

/// The header, read from the front; offsets in errors count from the start of the frame.
struct Header<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Header<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let Some((taken, rest)) = self.rest.split_at_checked(len) else {
            return Err(Error::truncated(self.offset, "a header"));
        };
        self.rest = rest;
        self.offset += len;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        Ok(self.take(1)?[0])
    }

    fn number(&mut self) -> Result<u16, Error> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn text(&mut self) -> Result<&'a str, Error> {
        let len = self.number()?;
        let at = self.offset;
        std::str::from_utf8(self.take(len.into())?).map_err(|_| Error::at(at, Problem::NotUtf8))
    }
}

/// Cuts the first frame off a stream and says how many bytes it took; none if the frame is not all there.
///
/// # Errors
/// The frame is malformed, has another protocol than the binary one or a transform, or is beyond a limit.
pub fn decode(input: &[u8], limits: &Limits) -> Result<Option<(TtHeaderFrame, usize)>, Error> {
    let Some((frame, consumed)) = framed::decode(input, limits)? else { return Ok(None) };
    let Some(([m1, m0, _, _, s3, s2, s1, s0, l1, l0], rest)) = frame.split_first_chunk::<10>() else {
        return Err(Error::truncated(consumed, "a header"));
    };
    if u16::from_be_bytes([*m1, *m0]) != MAGIC {
        return Err(Error::unexpected(4, "the magic 0x1000 of a TTHeader", format!("0x{m1:02x}{m0:02x}")));
    }
    let header_len = usize::from(u16::from_be_bytes([*l1, *l0])) * 4;
    let Some((header, payload)) = rest.split_at_checked(header_len) else {
        return Err(Error::truncated(consumed, "a header"));
    };
    let mut header = Header { rest: header, offset: 14 };
    match header.byte()? {
        PROTOCOL_BINARY => {}
        other => return Err(Error::malformed(14, format!("the protocol {other} is not supported"))),
    }
    match header.byte()? {
        0 => {}
        _ => return Err(Error::malformed(15, "transforms of a TTHeader are not supported")),
    }
    let headers = read_headers(&mut header, limits)?;
    let message = without_length(payload).to_vec();
    let sequence = u32::from_be_bytes([*s3, *s2, *s1, *s0]);
    Ok(Some((TtHeaderFrame { sequence, headers, message }, consumed)))
}

fn read_headers(header: &mut Header<'_>, limits: &Limits) -> Result<Vec<(String, String)>, Error> {
    let mut headers = Vec::new();
    let mut count = 0;
    while !header.rest.is_empty() {
        let at = header.offset;
        let entries = match header.byte()? {
            INFO_PADDING => continue,
            kind @ (INFO_KEY_VALUE | INFO_NUMBER_VALUE) => (kind, header.number()?),
            INFO_ACCESS_TOKEN => {
                header.text()?;
                continue;
            }
            other => return Err(Error::malformed(at, format!("headers of the kind {other} are not known"))),
        };
        for _ in 0..entries.1 {
            if count == limits.headers_max {
                return Err(Error::limit(header.offset, "headers", limits.headers_max as u64));
            }
            count += 1;
            if entries.0 == INFO_KEY_VALUE {
                headers.push((header.text()?.to_owned(), header.text()?.to_owned()));
            } else {
                header.number()?;
                header.text()?;
            }
        }
    }
    Ok(headers)
}

/// The message of a payload, which kitex calls framed if its length stands before it; no message begins with its length.
fn without_length(payload: &[u8]) -> &[u8] {
    match payload.split_first_chunk() {
        Some((len, message)) if u32::from_be_bytes(*len) as usize == message.len() => message,
        _ => payload,
    }
}

/// Writes a frame to the end of `out`.
///
/// # Errors
/// The headers, or the frame as a whole, are too long for their length.
pub fn encode(frame: &TtHeaderFrame, out: &mut Vec<u8>) -> Result<(), Error> {
    let too_long = |what, max: u32| Error::new(Problem::Limit { what, max: max.into() });
    let number = |len: usize| {
        u16::try_from(len).map(u16::to_be_bytes).map_err(|_| too_long("bytes in a header", u16::MAX.into()))
    };
    let mut header = vec![PROTOCOL_BINARY, 0];
    if !frame.headers.is_empty() {
        header.push(INFO_KEY_VALUE);
        header.extend_from_slice(&number(frame.headers.len())?);
        for text in frame.headers.iter().flat_map(|(key, value)| [key, value]) {
            header.extend_from_slice(&number(text.len())?);
            header.extend_from_slice(text.as_bytes());
        }
    }
    header.resize(header.len().next_multiple_of(4), 0);
    let words =
        u16::try_from(header.len() / 4).map_err(|_| too_long("bytes of headers", u32::from(u16::MAX) * 4))?;
    let begin = framed::begin(out);
    out.extend_from_slice(&MAGIC.to_be_bytes());
    // Flags, of which none says anything about a single message.
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&frame.sequence.to_be_bytes());
    out.extend_from_slice(&words.to_be_bytes());
    out.extend_from_slice(&header);
    out.extend_from_slice(&frame.message);
    framed::end(out, begin)
}

#[cfg(test)]
mod tests {
    use super::{TtHeaderFrame, decode, encode};
    use crate::Limits;

    const MESSAGE: &[u8] = b"\x80\x01\0\x01\0\0\0\x04ping\0\0\0\x07\0";

    fn frame() -> TtHeaderFrame {
        let headers = vec![("trace".to_owned(), "客服".to_owned()), (String::new(), "x".repeat(200))];
        TtHeaderFrame { sequence: 7, headers, message: MESSAGE.to_vec() }
    }

    #[test]
    fn frames_are_read_back() {
        for frame in [frame(), TtHeaderFrame { headers: Vec::new(), ..frame() }] {
            let mut out = Vec::new();
            encode(&frame, &mut out).expect("it is short");
            let len = out.len();
            out.extend_from_slice(b"next");
            assert_eq!(decode(&out, &Limits::default()), Ok(Some((frame, len))));
            assert_eq!(decode(&out[..len - 1], &Limits::default()), Ok(None));
        }
    }

    /// As kitex writes it: numbered headers, a token, padding, and a message with its length.
    #[test]
    fn what_only_kitex_needs_is_passed_over() {
        let mut header =
            b"\0\0\x10\0\x02\0\x03\0\x04kefu\0\x09\0\x04ping\x11\0\x02tk\x01\0\x01\0\x01a\0\x01b".to_vec();
        header.resize(header.len().next_multiple_of(4), 0);
        let mut payload = u32::try_from(MESSAGE.len()).expect("it is short").to_be_bytes().to_vec();
        payload.extend_from_slice(MESSAGE);
        let words = u16::try_from(header.len() / 4).expect("it is short").to_be_bytes();
        let inner = [b"\x10\0\0\0\0\0\0\x07", &words[..], &header, &payload].concat();
        let bytes = [&u32::try_from(inner.len()).expect("it is short").to_be_bytes()[..], &inner].concat();
        let headers = vec![("a".to_owned(), "b".to_owned())];
        let expected = TtHeaderFrame { sequence: 7, headers, message: MESSAGE.to_vec() };
        assert_eq!(decode(&bytes, &Limits::default()), Ok(Some((expected, bytes.len()))));
        let few = Limits { headers_max: 2, ..Limits::default() };
        assert!(decode(&bytes, &few).expect_err("it has three").to_string().contains("headers"));
    }

    #[test]
    fn bytes_that_are_wrong_are_refused_without_panic() {
        let mut out = Vec::new();
        encode(&frame(), &mut out).expect("it is short");
        for index in 4..out.len() {
            for bit in 0..8 {
                let mut bytes = out.clone();
                bytes[index] ^= 1 << bit;
                let _frame = decode(&bytes, &Limits::default());
            }
        }
        let mut streaming = out.clone();
        streaming[14] = 0x10;
        let error = decode(&streaming, &Limits::default()).expect_err("a struct alone is no message");
        assert_eq!(error.to_string(), "the protocol 16 is not supported, at byte 14");
        let mut long = frame();
        long.headers.push(("x".repeat(1 << 16), String::new()));
        assert!(encode(&long, &mut Vec::new()).is_err());
    }
}
