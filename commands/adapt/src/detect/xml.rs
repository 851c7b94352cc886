//! What a document of XML is: an envelope, a description, a schema, or any other.

use kefu_app::Text;
use kefu_wire::{
    Limits,
    soap::{
        Version,
        mtom::{self, Package},
        peek::{self, Peeked},
    },
    wsdl::WSDL,
    xml::{Event, Reader},
    xsd::XSD,
};
use serde_json::{Value, json};

use super::Told;
use crate::shown;

/// What an envelope is.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Soap {
    is_package: bool,
    /// The beginning of the message, or why it cannot be read.
    peeked: Result<Peeked, String>,
}

/// The root element of a document.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Root {
    namespace: String,
    local: String,
}

impl Root {
    /// The root of a document, by its beginning; none if it has none.
    pub(crate) fn of(seen: &[u8]) -> Option<Self> {
        // What was cut off may have cut a character.
        let seen = match std::str::from_utf8(seen) {
            Err(error) if error.error_len().is_none() => &seen[..error.valid_up_to()],
            _ => seen,
        };
        let limits = Limits { message_bytes_max: usize::MAX, ..Limits::default() };
        let mut reader = Reader::new(seen, &limits).ok()?;
        loop {
            match reader.next().ok()? {
                Event::Start(name) => {
                    let (namespace, local) = (name.namespace.to_owned(), name.local.to_owned());
                    return Some(Self { namespace, local });
                }
                Event::Text(_) => {}
                Event::End | Event::Eof => return None,
            }
        }
    }

    /// Whether it is that of a schema of XML.
    pub(crate) fn is_schema(&self) -> bool {
        self.namespace == XSD && self.local == "schema"
    }

    pub(super) fn to_json(&self) -> Value {
        let Self { namespace, local } = self;
        json!({ "format": self.format(), "root": { "namespace": namespace, "name": local } })
    }

    pub(super) fn to_text(&self) -> Text {
        let Self { namespace, local } = self;
        let root = shown::line(&format!("{{{namespace}}}{local}"));
        let format = self.format();
        Text::new(format!("format     {format}\nroot       {root}"), format!("格式  {format}\n根    {root}"))
    }

    /// What documents with this root are called.
    fn format(&self) -> &'static str {
        match self.local.as_str() {
            "schema" if self.is_schema() => "xsd",
            "definitions" if self.namespace == WSDL => "wsdl",
            _ => "xml",
        }
    }
}

/// XML, or a package of it.
pub(super) fn look(seen: &[u8], limits: &Limits) -> Option<Told> {
    let peeked = |envelope: &[u8]| peek::peek(envelope, limits);
    if let Some(content_type) = mtom::content_type_of(seen) {
        let package = Package::read(&content_type, seen, limits);
        let peeked = package.and_then(|package| peeked(&package.root)).map_err(|error| error.to_string());
        return Some(Told::Soap(Soap { is_package: true, peeked }));
    }
    let text = seen.strip_prefix("\u{feff}".as_bytes()).unwrap_or(seen).trim_ascii_start();
    if !text.starts_with(b"<") {
        return None;
    }
    let root = Root::of(seen)?;
    Some(match peeked(seen) {
        Ok(found) => Told::Soap(Soap { is_package: false, peeked: Ok(found) }),
        Err(error) if root.local == "Envelope" => {
            Told::Soap(Soap { is_package: false, peeked: Err(error.to_string()) })
        }
        Err(_) => Told::Xml(root),
    })
}

fn version_name(version: Version) -> &'static str {
    match version {
        Version::V11 => "1.1",
        Version::V12 => "1.2",
    }
}

impl Soap {
    pub(super) fn to_json(&self) -> Value {
        let Self { is_package, peeked } = self;
        let mut told = json!({ "format": "soap", "package": is_package });
        match peeked {
            Ok(peeked) => {
                told["soap"] = json!(version_name(peeked.version));
                told["content"] = json!(if peeked.is_fault { "fault" } else { "message" });
                told["body"] = json!({ "namespace": peeked.namespace, "name": peeked.local });
            }
            Err(why) => told["error"] = json!(why),
        }
        told
    }

    pub(super) fn to_text(&self) -> Text {
        let (version, en, zh) = match &self.peeked {
            Err(why) => ("?", format!("a message that is damaged: {why}"), format!("损坏的消息:{why}")),
            Ok(peeked) => {
                let Peeked { version, namespace, local, is_fault, .. } = peeked;
                let version = version_name(*version);
                match (is_fault, local.is_empty()) {
                    (true, _) => (version, "a fault".to_owned(), "故障".to_owned()),
                    (false, true) => (version, "an empty body".to_owned(), "空的正文".to_owned()),
                    (false, false) => {
                        let name = format!("{{{namespace}}}{local}");
                        (version, name.clone(), name)
                    }
                }
            }
        };
        let (en, zh) = (shown::line(&en), shown::line(&zh));
        let (in_en, in_zh) =
            if self.is_package { ("\npackage    with attachments", "\n包装  带附件") } else { ("", "") };
        Text::new(
            format!("format     soap\nsoap       {version}{in_en}\ncontent    {en}"),
            format!("格式  soap\n版本  {version}{in_zh}\n内容  {zh}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use kefu_app::Language;

    use super::*;

    fn told(seen: &[u8]) -> Told {
        super::super::look(seen, true, &Limits::default())
    }

    #[test]
    fn xml_is_told_by_its_root() {
        let envelope = |namespace: &str, body: &str| {
            format!(
                "\u{feff}<?xml version='1.0'?><s:Envelope xmlns:s='{namespace}'><s:Header><x/></s:Header><s:Body>{body}"
            )
        };
        let soap = envelope("http://schemas.xmlsoap.org/soap/envelope/", "<Get xmlns='urn:a'/>");
        let text = told(soap.as_bytes()).to_text(Language::English);
        assert_eq!(text, "format     soap\nsoap       1.1\ncontent    {urn:a}Get\n");
        let fault = envelope("http://www.w3.org/2003/05/soap-envelope", "<s:Fault/>");
        let json = told(fault.as_bytes()).to_json();
        assert_eq!((&json["soap"], &json["content"]), (&json!("1.2"), &json!("fault")));
        let package = format!("--b\r\nContent-Type: text/xml\r\n\r\n{soap}\r\n--b--\r\n");
        assert!(told(package.as_bytes()).to_text(Language::English).contains("package    with attachments"));
        for (xml, format) in [
            ("<definitions xmlns='http://schemas.xmlsoap.org/wsdl/'>", "wsdl"),
            ("<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'/>", "xsd"),
            ("<!-- x --><a><b/></a>", "xml"),
        ] {
            assert_eq!(told(xml.as_bytes()).to_json()["format"], format);
        }
        assert!(told(b"<s:Envelope xmlns:s='urn:x'/>").to_json()["error"].is_string());
    }
}
