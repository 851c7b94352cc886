//! What bytes are: the protocol and the transport of a message, told from its beginning.

use super::{
    BinaryReader, CompactReader, TType,
    compact::{PROTOCOL_ID, VERSION},
    protocol::{MessageKind, Protocol, Reader},
    transport::{header, ttheader},
};
use crate::{Error, Limits};

/// What goes around a message.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Transport {
    /// Nothing.
    Unframed,
    /// A length.
    Framed,
    /// A header, which also names the protocol.
    Header,
    /// A header of kitex, whose message is of the binary protocol.
    TtHeader,
    /// HTTP; the message is the body.
    Http,
}

/// What bytes are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Detection {
    /// What goes around the message.
    pub transport: Transport,
    /// The format of the message; none where only the transport can be seen.
    pub protocol: Option<Protocol>,
    /// Whether it is a message with an envelope; else it is a struct alone.
    pub is_message: bool,
    /// Whether the envelope is the one of the binary protocol from before there were versions.
    pub is_old: bool,
}

impl Detection {
    fn message(transport: Transport, protocol: Protocol) -> Self {
        Self { transport, protocol: Some(protocol), is_message: true, is_old: false }
    }
}

/// Bytes that it takes at most to tell messages apart.
pub const BYTES_NEEDED: usize = 16;

/// Tells what a connection's first bytes are; none if they are nothing that is known, or too few.
///
/// # Example
/// `00 00 00 1a 80 01 00 01 …` is a framed message of the binary protocol.
#[must_use]
pub fn detect(input: &[u8]) -> Option<Detection> {
    if let Some(protocol) = versioned(input) {
        return Some(Detection::message(Transport::Unframed, protocol));
    }
    const METHODS: [&[u8]; 4] = [b"POST ", b"PUT ", b"GET ", b"HTTP/"];
    if METHODS.iter().any(|method| input.starts_with(method)) {
        return Some(Detection {
            transport: Transport::Http,
            protocol: None,
            is_message: true,
            is_old: false,
        });
    }
    let (first, rest) = input.split_first_chunk::<4>()?;
    if rest.starts_with(&header::MAGIC.to_be_bytes()) {
        let protocol = header_protocol(rest);
        return Some(Detection { transport: Transport::Header, protocol, is_message: true, is_old: false });
    }
    if rest.starts_with(&ttheader::MAGIC.to_be_bytes()) {
        return Some(Detection::message(Transport::TtHeader, Protocol::Binary));
    }
    if let Some(protocol) = versioned(rest) {
        return Some(Detection::message(Transport::Framed, protocol));
    }
    let old = |transport| Detection { is_old: true, ..Detection::message(transport, Protocol::Binary) };
    // A frame's length, then a name's, is more than a name's length, then its letters.
    if is_old_message(rest, Some(u32::from_be_bytes(*first))) {
        return Some(old(Transport::Framed));
    }
    is_old_message(input, None).then(|| old(Transport::Unframed))
}

/// As [`detect`], for bytes that are all there is: a struct without envelope is told, too.
#[must_use]
pub fn detect_whole(input: &[u8], limits: &Limits) -> Option<Detection> {
    if let Some(detection) = detect(input) {
        return Some(detection);
    }
    let protocol = [Protocol::Binary, Protocol::Compact].into_iter().find(|protocol| {
        let read = match protocol {
            Protocol::Compact => CompactReader::new(input, limits).and_then(whole_struct),
            _ => BinaryReader::new(input, limits).and_then(whole_struct),
        };
        read.is_ok()
    });
    let protocol = protocol.or_else(|| is_json_struct(input).then_some(Protocol::Json))?;
    let (transport, is_message, is_old) = (Transport::Unframed, false, false);
    Some(Detection { transport, protocol: Some(protocol), is_message, is_old })
}

fn whole_struct<'a>(mut reader: impl Reader<'a>) -> Result<(), Error> {
    reader.skip(TType::Struct)?;
    reader.end()
}

/// A message that says what it is.
fn versioned(input: &[u8]) -> Option<Protocol> {
    match input {
        [0x80, 0x01, _, kind, ..] if MessageKind::from_code(*kind).is_some() => Some(Protocol::Binary),
        [PROTOCOL_ID, second, ..]
            if second & 0x1F == VERSION && MessageKind::from_code(second >> 5).is_some() =>
        {
            Some(Protocol::Compact)
        }
        [b'[', b'1', b',', b'"', ..] => Some(Protocol::Json),
        _ => None,
    }
}

/// The protocol in a header, after magic, flags, sequence and size.
fn header_protocol(header: &[u8]) -> Option<Protocol> {
    match header.get(10)? {
        0 => Some(Protocol::Binary),
        1 => Some(Protocol::Json),
        2 => Some(Protocol::Compact),
        _ => None,
    }
}

/// The length of a name and the name; within a frame it is shorter than the frame.
fn is_old_message(input: &[u8], frame: Option<u32>) -> bool {
    let Some((len, name)) = input.split_first_chunk::<4>() else { return false };
    let len = u32::from_be_bytes(*len);
    // With the length, the kind, the sequence and a struct's end.
    let fits = frame.is_none_or(|frame| len.saturating_add(10) <= frame);
    let name = name.get(..name.len().min(len as usize)).unwrap_or_default();
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':');
    (1..=1024).contains(&len) && fits && !name.is_empty() && name.iter().all(is_name)
}

/// `{}` or an object that begins with a field's id and type.
fn is_json_struct(input: &[u8]) -> bool {
    let text = input.trim_ascii();
    let Some(inner) = text.strip_prefix(b"{").and_then(|text| text.strip_suffix(b"}")) else { return false };
    let inner = inner.trim_ascii();
    inner.is_empty() || (inner.starts_with(b"\"") && inner.get(1).is_some_and(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::{Detection, Transport, detect, detect_whole};
    use crate::{
        Limits,
        thrift::{
            ApplicationException, BinaryWriter, CompactWriter, JsonWriter, MessageHead, MessageKind,
            Protocol, Writer,
            transport::{
                framed,
                header::{self, HeaderFrame},
                ttheader::{self, TtHeaderFrame},
            },
        },
    };

    fn message(protocol: Protocol) -> Vec<u8> {
        fn write(mut writer: impl Writer) {
            writer.message_begin(&MessageHead { name: "ping".into(), kind: MessageKind::Call, sequence: 1 });
            ApplicationException::default().write(&mut writer);
            writer.message_end();
        }
        let mut out = Vec::new();
        match protocol {
            Protocol::Binary => write(BinaryWriter::new(&mut out)),
            Protocol::Compact => write(CompactWriter::new(&mut out)),
            Protocol::Json => write(JsonWriter::new(&mut out)),
        }
        out
    }

    fn frame(message: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let begin = framed::begin(&mut out);
        out.extend_from_slice(message);
        framed::end(&mut out, begin).expect("it is short");
        out
    }

    #[test]
    fn every_pair_of_protocol_and_transport_is_told() {
        for protocol in [Protocol::Binary, Protocol::Compact, Protocol::Json] {
            let message = message(protocol);
            let expected = |transport| Some(Detection::message(transport, protocol));
            assert_eq!(detect(&message), expected(Transport::Unframed), "{protocol:?}");
            assert_eq!(detect(&frame(&message)), expected(Transport::Framed), "{protocol:?}");
            let mut out = Vec::new();
            let headers = Vec::new();
            let frame = HeaderFrame { protocol, flags: 0, sequence: 1, headers, zlib: false, message };
            header::encode(&frame, &mut out).expect("it is short");
            assert_eq!(detect(&out), expected(Transport::Header), "{protocol:?}");
        }
        let message = message(Protocol::Binary);
        let mut out = Vec::new();
        let frame = TtHeaderFrame { sequence: 1, headers: Vec::new(), message };
        ttheader::encode(&frame, &mut out).expect("it is short");
        let expected = Detection::message(Transport::TtHeader, Protocol::Binary);
        assert_eq!(detect(&out), Some(expected));
    }

    #[test]
    fn old_messages_http_and_bare_structs() {
        let mut old = Vec::new();
        let mut writer = BinaryWriter::new(&mut old);
        writer.old_message_begin(&MessageHead {
            name: "S:get_x".into(),
            kind: MessageKind::Call,
            sequence: 1,
        });
        writer.struct_begin();
        writer.struct_end();
        let is_old = |bytes: &[u8]| detect(bytes).map(|found| (found.transport, found.is_old));
        assert_eq!(is_old(&old), Some((Transport::Unframed, true)));
        assert_eq!(is_old(&frame(&old)), Some((Transport::Framed, true)));
        assert_eq!(detect(b"POST /thrift HTTP/1.1\r\n").map(|found| found.transport), Some(Transport::Http));
        let limits = Limits::default();
        let bare =
            |bytes: &[u8]| detect_whole(bytes, &limits).map(|found| (found.protocol, found.is_message));
        assert_eq!(bare(&[8, 0, 1, 0, 0, 0, 5, 0]), Some((Some(Protocol::Binary), false)));
        assert_eq!(bare(&[0x15, 0x0A, 0]), Some((Some(Protocol::Compact), false)));
        assert_eq!(bare(b"{\"1\":{\"i32\":5}}"), Some((Some(Protocol::Json), false)));
        for unknown in [&b""[..], b"\xFF\xFF", b"<soap>", b"{\"a\":1}"] {
            assert_eq!(bare(unknown), None, "{unknown:?}");
        }
    }
}
