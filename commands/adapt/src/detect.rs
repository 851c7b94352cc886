//! `kefu adapt detect`: what bytes are, for people and for programs.

mod xml;

use std::io::Read as _;

use kefu_app::{App, Exit, Failure, Language, Text};
use kefu_wire::{
    Limits,
    thrift::{
        Protocol,
        detect::{Detection, Transport, detect, detect_whole},
        rpc,
        transport::{framed, header, ttheader},
    },
};
use serde_json::{Value, json};

pub(crate) use self::xml::Root;
use self::xml::Soap;
use crate::{
    PARTLY,
    args::{DetectArgs, ReportFormat},
    convert, shown,
};

/// As much of the input is looked at.
const LOOKED_AT: u64 = 17 << 20;

/// Prints what the input is.
pub(crate) fn run(app: &App, args: &DetectArgs) -> Result<Exit, Failure> {
    let path = shown::path_or_stream(args.input.as_deref());
    let (reader, _) = convert::open(path)?;
    let mut seen = Vec::new();
    reader.take(LOOKED_AT + 1).read_to_end(&mut seen).map_err(|error| convert::cannot_read(path, error))?;
    let is_whole = seen.len() as u64 <= LOOKED_AT;
    let told = look(&seen, is_whole, &Limits::default());
    app.print(&match args.format {
        ReportFormat::Json => format!("{}\n", told.to_json()),
        ReportFormat::Text => told.to_text(app.language()),
    })?;
    Ok(if told.is_known() { Exit::Ok } else { PARTLY })
}

/// What bytes are.
#[derive(Debug, Eq, PartialEq)]
enum Told {
    Thrift {
        protocol: Option<Protocol>,
        transport: Transport,
        content: Content,
    },
    Soap(Soap),
    Xml(Root),
    Json,
    /// JSON that Thrift's protocol of that name writes as well.
    JsonOrThrift,
    Http,
    Empty,
    Unknown,
}

/// What the first message is.
#[derive(Debug, Eq, PartialEq)]
enum Content {
    Message {
        kind: &'static str,
        service: Option<String>,
        method: String,
        sequence: i32,
        is_old: bool,
    },
    /// A message whose envelope cannot be read, and why.
    Unreadable(String),
    Struct,
}

fn look(seen: &[u8], is_whole: bool, limits: &Limits) -> Told {
    if seen.is_empty() {
        return Told::Empty;
    }
    if let Some(found) = detect(seen) {
        return message(found, seen, limits);
    }
    if let Some(told) = xml::look(seen, limits) {
        return told;
    }
    let text = seen.trim_ascii_start();
    if matches!(text.first(), Some(b'{' | b'[')) {
        let is_thrift = is_whole
            && detect_whole(seen, limits).is_some_and(|found| found.protocol == Some(Protocol::Json));
        return if is_thrift { Told::JsonOrThrift } else { Told::Json };
    }
    if let Ok(Some((frame, _))) = framed::decode(seen, limits)
        && !frame.is_empty()
        && let Some(found) = detect_whole(frame, limits)
    {
        return Told::Thrift {
            protocol: found.protocol,
            transport: Transport::Framed,
            content: Content::Struct,
        };
    }
    match detect_whole(seen, limits) {
        Some(found) if is_whole => {
            Told::Thrift { protocol: found.protocol, transport: found.transport, content: Content::Struct }
        }
        _ => Told::Unknown,
    }
}

/// Reads the envelope of the first message.
fn message(found: Detection, seen: &[u8], limits: &Limits) -> Told {
    let Detection { transport, protocol, is_old, .. } = found;
    // What is more than a message may be belongs to the next.
    let first = |bytes: &'_ [u8]| bytes.len().min(limits.message_bytes_max);
    let head = |protocol, bytes: &[u8]| match rpc::read_head(protocol, &bytes[..first(bytes)], limits) {
        Err(error) => Content::Unreadable(error.to_string()),
        Ok(head) => {
            let (service, method) = head.split();
            let kind = convert::kind_name(head.kind);
            let (service, method) = (service.map(str::to_owned), method.to_owned());
            Content::Message { kind, service, method, sequence: head.sequence, is_old }
        }
    };
    let content = match (transport, protocol) {
        (Transport::Http, _) => return Told::Http,
        (Transport::Unframed, Some(protocol)) => head(protocol, seen),
        (Transport::Framed, Some(protocol)) => head(protocol, seen.get(4..).unwrap_or_default()),
        (Transport::Header, _) => match header::decode(seen, limits) {
            Ok(Some((frame, _))) => head(frame.protocol, &frame.message),
            Ok(None) => Content::Unreadable("the frame is not all there".to_owned()),
            Err(error) => Content::Unreadable(error.to_string()),
        },
        (Transport::TtHeader, Some(protocol)) => match ttheader::decode(seen, limits) {
            Ok(Some((frame, _))) => head(protocol, &frame.message),
            Ok(None) => Content::Unreadable("the frame is not all there".to_owned()),
            Err(error) => Content::Unreadable(error.to_string()),
        },
        (_, None) => return Told::Unknown,
    };
    Told::Thrift { protocol, transport, content }
}

fn transport_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Unframed => "none",
        Transport::Framed => "framed",
        Transport::Header => "header",
        Transport::TtHeader => "ttheader",
        Transport::Http => "http",
    }
}

impl Told {
    /// Whether `kefu adapt convert` would know as well.
    fn is_known(&self) -> bool {
        matches!(self, Self::Thrift { .. } | Self::Soap(_) | Self::Xml(_) | Self::Json | Self::Http)
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Thrift { protocol, transport, content } => {
                let mut told = json!({
                    "format": "thrift",
                    "protocol": protocol.map(Protocol::name),
                    "transport": transport_name(*transport),
                    "content": if *content == Content::Struct { "struct" } else { "message" },
                });
                match content {
                    Content::Message { kind, service, method, sequence, is_old } => {
                        told["old"] = json!(is_old);
                        told["message"] = json!({ "kind": kind, "service": service, "method": method, "sequence": sequence });
                    }
                    Content::Unreadable(why) => told["error"] = json!(why),
                    Content::Struct => {}
                }
                told
            }
            Self::Soap(soap) => soap.to_json(),
            Self::Xml(root) => root.to_json(),
            Self::Json => json!({ "format": "json" }),
            Self::Http => json!({ "format": "http" }),
            Self::JsonOrThrift => json!({ "format": null, "may_be": ["json", "thrift"] }),
            Self::Empty | Self::Unknown => json!({ "format": null, "may_be": [] }),
        }
    }

    fn to_text(&self, language: Language) -> String {
        let text = match self {
            Self::Thrift { protocol, transport, content } => {
                let protocol = protocol.map_or("?", Protocol::name);
                let transport = transport_name(*transport);
                let (en, zh) = content.to_text();
                let (en, zh) = (shown::line(&en), shown::line(&zh));
                Text::new(
                    format!(
                        "format     thrift\nprotocol   {protocol}\ntransport  {transport}\ncontent    {en}"
                    ),
                    format!("格式  thrift\n协议  {protocol}\n传输  {transport}\n内容  {zh}"),
                )
            }
            Self::Soap(soap) => soap.to_text(),
            Self::Xml(root) => root.to_text(),
            Self::Json => Text::new("format     json", "格式  json"),
            Self::Http => Text::new(
                "format     http: give the body alone to convert it",
                "格式  http:要转换,请只提供其正文",
            ),
            Self::JsonOrThrift => Text::new(
                "cannot tell: it may be JSON or a struct in Thrift's own JSON; say --from to convert it",
                "无法判断:可能是 JSON,也可能是 Thrift 的 JSON 协议的结构;转换时请指明 --from",
            ),
            Self::Empty => Text::new("cannot tell: the input is empty", "无法判断:输入为空"),
            Self::Unknown => Text::new(
                "cannot tell: it is neither JSON nor XML nor one message or struct of Thrift; structs one after the other \
                 do not say what they are: try --protocol and --transport",
                "无法判断:既不是 JSON 或 XML,也不是 Thrift 的一条消息或一个结构;相连的结构不会说明自身格式,\
                 请用 --protocol 和 --transport 尝试",
            ),
        };
        format!("{}\n", text.in_language(language))
    }
}

impl Content {
    fn to_text(&self) -> (String, String) {
        match self {
            Self::Struct => ("a struct without an envelope".to_owned(), "没有信封的结构".to_owned()),
            Self::Unreadable(why) => {
                (format!("a message that is damaged: {why}"), format!("损坏的消息:{why}"))
            }
            Self::Message { kind, service, method, sequence, is_old } => {
                let service = service.as_ref().map(|service| format!("{service}:")).unwrap_or_default();
                let (old_en, old_zh) = if *is_old {
                    (", from before there were versions", ",无版本号的旧格式")
                } else {
                    ("", "")
                };
                (
                    format!("{kind} {service}{method}, sequence {sequence}{old_en}"),
                    format!("{kind} {service}{method},序号 {sequence}{old_zh}"),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(seen: &[u8]) -> Told {
        look(seen, true, &Limits::default())
    }

    #[test]
    fn messages_say_what_they_are() {
        let call = b"\x80\x01\0\x01\0\0\0\x06S:ping\0\0\0\x07\0";
        let text = told(call).to_text(Language::English);
        assert_eq!(
            text,
            "format     thrift\nprotocol   binary\ntransport  none\ncontent    call S:ping, sequence 7\n"
        );
        let framed = [&[0, 0, 0, 19], &call[..]].concat();
        assert_eq!(told(&framed).to_json()["transport"], "framed");
        assert_eq!(told(&framed).to_json()["message"]["method"], "ping");
        assert_eq!(told(&call[..9]).to_json()["format"], "thrift");
        assert!(told(&call[..9]).to_json()["error"].is_string());
    }

    #[test]
    fn what_cannot_be_told_is_said() {
        assert_eq!(told(&[8, 0, 1, 0, 0, 0, 5, 0]).to_json()["content"], "struct");
        assert_eq!(told(b" {\"a\":1}"), Told::Json);
        for unknown in [&b""[..], b"\xff\xff", b"{\"1\":{\"i32\":5}}", b"hello"] {
            let told = told(unknown);
            assert!(!told.is_known(), "{told:?}");
            assert!(told.to_text(Language::English).starts_with("cannot tell"), "{told:?}");
            assert!(told.to_json()["format"].is_null());
        }
        assert!(told(b"GET / HTTP/1.1\r\n").is_known());
    }
}
