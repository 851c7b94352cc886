//! What the input is, where the flags leave it open.

use kefu_app::{Exit, Failure, Text};
use kefu_wire::{
    Limits,
    soap::mtom,
    thrift::{
        BinaryReader, CompactReader, JsonReader, Protocol, Reader, TType,
        detect::{self, Transport},
        rpc,
        transport::framed,
    },
};

use crate::args::{Format, TransportName};

/// What some programs write before JSON.
pub(super) const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Whether bytes are a struct of the schema in a format.
pub(super) type Fits<'k> = dyn Fn(Protocol, &[u8]) -> bool + 'k;

/// What the flags say.
#[derive(Clone, Copy)]
pub(super) struct Known<'k> {
    pub(super) from: Option<Format>,
    /// What the input may be.
    pub(super) formats: [Format; 2],
    pub(super) protocol: Option<Protocol>,
    pub(super) transport: Option<TransportName>,
    /// Whether messages may be structs without an envelope, and JSON of numbers and types is meant.
    pub(super) may_be_structs: bool,
    /// Whether JSON may be other than an object.
    pub(super) may_be_values: bool,
    /// Where messages are structs of a schema.
    pub(super) fits: Option<&'k Fits<'k>>,
}

/// What the input is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Told {
    Json,
    Soap {
        /// Whether it is a package of a message and its attachments.
        is_package: bool,
    },
    Thrift {
        protocol: Protocol,
        transport: TransportName,
        /// Whether what was seen has an envelope.
        has_envelope: bool,
    },
}

/// Why the input is not told.
#[derive(Debug)]
pub(super) enum NotTold {
    /// More of it may help.
    More,
    /// Nothing will.
    Failure(Failure),
}

/// Tells what the input is by its beginning, or by all of it.
pub(super) fn tell(known: Known<'_>, seen: &[u8], is_whole: bool, limits: &Limits) -> Result<Told, NotTold> {
    match known.from {
        Some(Format::Json) => Ok(Told::Json),
        Some(Format::Thrift) => thrift(known, seen, is_whole, limits),
        Some(Format::Soap) => soap(seen, is_whole),
        None if known.formats.contains(&Format::Soap) => match text(seen).first() {
            None if !is_whole => Err(NotTold::More),
            None | Some(b'<') => soap(seen, is_whole),
            Some(_) if mtom::content_type_of(seen).is_some() => soap(seen, is_whole),
            Some(_) if known.formats.contains(&Format::Json) => Ok(Told::Json),
            Some(_) => thrift(known, seen, is_whole, limits),
        },
        None => by_looks(known, seen, is_whole, limits),
    }
}

/// What stands there after a byte order mark and blanks.
fn text(seen: &[u8]) -> &[u8] {
    seen.strip_prefix(BYTE_ORDER_MARK).unwrap_or(seen).trim_ascii_start()
}

/// As many bytes hold the headers of a package.
const HEAD_BYTES: usize = 8 << 10;

fn soap(seen: &[u8], is_whole: bool) -> Result<Told, NotTold> {
    if !is_whole && seen.len() < HEAD_BYTES && text(seen).first() != Some(&b'<') {
        return Err(NotTold::More);
    }
    Ok(Told::Soap { is_package: mtom::content_type_of(seen).is_some() })
}

fn by_looks(known: Known<'_>, seen: &[u8], is_whole: bool, limits: &Limits) -> Result<Told, NotTold> {
    if !is_whole && seen.len() < detect::BYTES_NEEDED {
        return Err(NotTold::More);
    }
    if detect::detect(seen).is_some_and(|told| is_plausible(told.transport, seen, limits)) {
        return thrift(known, seen, is_whole, limits);
    }
    let text = text(seen);
    match text.first() {
        // Nothing at all converts to nothing.
        None if is_whole && seen.is_empty() => Ok(Told::Json),
        Some(b'{') => {
            let inner = text[1..].trim_ascii_start();
            let has_number = inner.first() == Some(&b'"') && inner.get(1).is_some_and(u8::is_ascii_digit);
            // No field of a schema begins with a digit.
            if has_number && known.fits.is_some() {
                return thrift(known, seen, is_whole, limits);
            }
            if has_number && known.may_be_structs {
                Err(NotTold::Failure(ambiguous()))
            } else {
                Ok(Told::Json)
            }
        }
        Some(b'[' | b'"' | b'-' | b'0'..=b'9' | b'n' | b't' | b'f') if known.may_be_values => Ok(Told::Json),
        _ => thrift(known, seen, is_whole, limits),
    }
}

fn thrift(known: Known<'_>, seen: &[u8], is_whole: bool, limits: &Limits) -> Result<Told, NotTold> {
    if let Some(told) = detect::detect(seen).filter(|told| is_plausible(told.transport, seen, limits)) {
        let transport = match told.transport {
            Transport::Unframed => TransportName::None,
            Transport::Framed => TransportName::Framed,
            Transport::Header => TransportName::Header,
            Transport::TtHeader => TransportName::Ttheader,
            Transport::Http => return Err(NotTold::Failure(http())),
        };
        // A header names the protocol of each message itself.
        let protocol = told.protocol.or((transport == TransportName::Header).then_some(Protocol::Binary));
        if let Some(protocol) = known.protocol.or(protocol) {
            let transport = known.transport.unwrap_or(transport);
            return Ok(Told::Thrift { protocol, transport, has_envelope: true });
        }
    }
    let told = |protocol, transport| Ok(Told::Thrift { protocol, transport, has_envelope: false });
    match (known.protocol, known.transport) {
        (Some(protocol), Some(transport)) => return told(protocol, transport),
        (None, Some(transport @ (TransportName::Header | TransportName::Ttheader))) => {
            return told(Protocol::Binary, transport);
        }
        _ => {}
    }
    if !is_whole && seen.len() < detect::BYTES_NEEDED {
        return Err(NotTold::More);
    }
    if known.transport != Some(TransportName::None)
        && let Ok(Some((frame, _))) = framed::decode(seen, limits)
        && !frame.is_empty()
    {
        let within = match known.protocol {
            Some(protocol) => is_struct(protocol, frame, limits).then_some(protocol),
            None => detect::detect_whole(frame, limits).and_then(|told| told.protocol),
        };
        if let Some(protocol) = within {
            return told(protocol, TransportName::Framed);
        }
    }
    if let Some(protocol) = first_that_fits(known, seen, limits) {
        return told(protocol, TransportName::None);
    }
    match (known.protocol, known.transport) {
        (Some(protocol), None) => told(protocol, TransportName::None),
        _ if !is_whole && seen.len() < limits.message_bytes_max => Err(NotTold::More),
        (None, None | Some(TransportName::None)) if is_whole && seen.is_empty() => {
            told(Protocol::Binary, TransportName::None)
        }
        (None, None | Some(TransportName::None)) if is_whole && known.may_be_structs => {
            match detect::detect_whole(seen, limits).and_then(|told| told.protocol) {
                Some(protocol) => told(protocol, TransportName::None),
                None => Err(NotTold::Failure(untold())),
            }
        }
        _ => Err(NotTold::Failure(untold())),
    }
}

/// The one format in which the first struct is one of the schema's, without a field that the schema lacks.
fn first_that_fits(known: Known<'_>, seen: &[u8], limits: &Limits) -> Option<Protocol> {
    let is_open = known.protocol.is_none() && matches!(known.transport, None | Some(TransportName::None));
    let fits = known.fits.filter(|_| is_open)?;
    let first_fits = |protocol: &Protocol| {
        let len = rpc::struct_len(*protocol, seen, limits).ok().flatten();
        len.and_then(|len| seen.get(..len)).is_some_and(|first| fits(*protocol, first))
    };
    let mut protocols = [Protocol::Binary, Protocol::Compact, Protocol::Json].into_iter().filter(first_fits);
    let first = protocols.next()?;
    // An empty struct is one in every format.
    protocols.next().is_none().then_some(first)
}

/// A struct may look like a frame by chance; the frame would then be of an absurd length.
fn is_plausible(transport: Transport, seen: &[u8], limits: &Limits) -> bool {
    let is_frame = matches!(transport, Transport::Framed | Transport::Header | Transport::TtHeader);
    let len = seen.first_chunk().map_or(0, |len| u32::from_be_bytes(*len));
    !is_frame || len as usize <= limits.message_bytes_max
}

fn is_struct(protocol: Protocol, bytes: &[u8], limits: &Limits) -> bool {
    fn whole<'a>(mut reader: impl Reader<'a>) -> bool {
        reader.skip(TType::Struct).and_then(|()| reader.end()).is_ok()
    }
    match protocol {
        Protocol::Binary => BinaryReader::new(bytes, limits).is_ok_and(whole),
        Protocol::Compact => CompactReader::new(bytes, limits).is_ok_and(whole),
        Protocol::Json => JsonReader::new(bytes, limits).is_ok_and(whole),
    }
}

fn failure(en: &str, zh: &str) -> Failure {
    Failure::new(
        Exit::Data,
        Text::new(format!("cannot tell what the input is: {en}"), format!("无法判断输入的格式:{zh}")),
    )
}

fn ambiguous() -> Failure {
    failure("it may be JSON or Thrift's own JSON", "可能是 JSON,也可能是 Thrift 的 JSON 协议")
        .hint(Text::new("say --from json or --from thrift", "请指明 --from json 或 --from thrift"))
}

fn http() -> Failure {
    failure("it is a message of HTTP", "这是 HTTP 报文")
        .hint(Text::new("give its body alone", "请只提供其正文"))
}

fn untold() -> Failure {
    failure("it is neither JSON nor Thrift that says what it is", "既不是 JSON,也不是能自行说明格式的 Thrift")
        .hint(Text::new(
            "say --from, and for Thrift --protocol and --transport",
            "请指明 --from;若是 Thrift,再指明 --protocol 和 --transport",
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Known<'_> = Known {
        from: None,
        formats: [Format::Thrift, Format::Json],
        protocol: None,
        transport: None,
        may_be_structs: true,
        may_be_values: false,
        fits: None,
    };
    const STRUCT: &[u8] = &[8, 0, 1, 0, 0, 0, 5, 0];

    fn told(known: Known<'_>, seen: &[u8]) -> Result<Told, String> {
        tell(known, seen, true, &Limits::default()).map_err(|why| format!("{why:?}"))
    }

    fn structs(protocol: Protocol, transport: TransportName) -> Told {
        Told::Thrift { protocol, transport, has_envelope: false }
    }

    #[test]
    fn json_and_thrift_are_told_by_their_looks() {
        assert_eq!(told(NOTHING, b" {\"id\":1}"), Ok(Told::Json));
        assert_eq!(told(NOTHING, STRUCT), Ok(structs(Protocol::Binary, TransportName::None)));
        let framed = [&[0, 0, 0, 8], STRUCT].concat();
        assert_eq!(told(NOTHING, &framed), Ok(structs(Protocol::Binary, TransportName::Framed)));
        let call = b"\x80\x01\0\x01\0\0\0\x04ping\0\0\0\x01\0";
        let (protocol, transport) = (Protocol::Binary, TransportName::None);
        assert_eq!(told(NOTHING, call), Ok(Told::Thrift { protocol, transport, has_envelope: true }));
        assert_eq!(told(NOTHING, b""), Ok(Told::Json));
        let values = Known { may_be_values: true, ..NOTHING };
        assert_eq!(told(values, b"[5]"), Ok(Told::Json));
    }

    #[test]
    fn what_the_flags_say_is_not_doubted() {
        let json = Known { from: Some(Format::Json), ..NOTHING };
        assert_eq!(told(json, STRUCT), Ok(Told::Json));
        let compact = Known { from: Some(Format::Thrift), protocol: Some(Protocol::Compact), ..NOTHING };
        assert_eq!(
            told(compact, b"\x15\x0a\0\x15\x0a\0"),
            Ok(structs(Protocol::Compact, TransportName::None))
        );
        let framed = Known { transport: Some(TransportName::Framed), ..compact };
        assert_eq!(told(framed, b"zzz"), Ok(structs(Protocol::Compact, TransportName::Framed)));
    }

    #[test]
    fn soap_is_told_from_json_and_from_thrift() {
        let with_json = Known { formats: [Format::Soap, Format::Json], ..NOTHING };
        let with_thrift = Known { formats: [Format::Soap, Format::Thrift], ..NOTHING };
        for known in [with_json, with_thrift] {
            for xml in ["<a/>", "\u{feff} <a/>", "\n<?xml version='1.0'?><a/>", ""] {
                assert_eq!(told(known, xml.as_bytes()), Ok(Told::Soap { is_package: false }), "{xml}");
            }
            let package = b"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\n";
            assert_eq!(told(known, package), Ok(Told::Soap { is_package: true }));
            assert_eq!(told(known, b"--b\r\n\r\n<a/>"), Ok(Told::Soap { is_package: true }));
            assert!(matches!(tell(known, b"\n", false, &Limits::default()), Err(NotTold::More)));
        }
        assert_eq!(told(with_json, b"{\"a\":1}"), Ok(Told::Json));
        assert_eq!(told(with_thrift, STRUCT), Ok(structs(Protocol::Binary, TransportName::None)));
    }

    #[test]
    fn structs_of_a_schema_are_told_by_the_first() {
        let two = [STRUCT, STRUCT].concat();
        let fits = |protocol, bytes: &[u8]| protocol == Protocol::Binary && bytes == STRUCT;
        let known = Known { fits: Some(&fits), ..NOTHING };
        assert_eq!(told(known, &two), Ok(structs(Protocol::Binary, TransportName::None)));
        let both = Known { fits: Some(&|_, _| true), ..NOTHING };
        assert!(told(both, b"\0\0").is_err(), "an empty struct may be of any format");
    }

    #[test]
    fn a_struct_that_looks_like_a_frame_is_none() {
        let number = b"\x0a\0\x01\0\x80\x01\0\x01\0\0\0\0";
        assert!(detect::detect(number).is_some());
        assert_eq!(told(NOTHING, number), Ok(structs(Protocol::Binary, TransportName::None)));
    }

    #[test]
    fn what_cannot_be_told_has_a_hint() {
        assert!(told(NOTHING, b"{\"1\":{\"i32\":5}}").unwrap_err().contains("--from"));
        assert!(told(NOTHING, &[STRUCT, STRUCT].concat()).unwrap_err().contains("--protocol"));
        assert!(told(NOTHING, b"POST /x HTTP/1.1\r\n").unwrap_err().contains("HTTP"));
        assert!(matches!(tell(NOTHING, &STRUCT[..3], false, &Limits::default()), Err(NotTold::More)));
    }
}
