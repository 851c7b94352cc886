//! The description of a service, with our address in it.

use std::borrow::Cow;

use http::{HeaderMap, StatusCode, header};
use kefu_wire::normalize;

use super::super::{HttpResponse, json, response};
use crate::{endpoint::SoapSide, outcome::Refusal};

const XML: &str = "text/xml; charset=utf-8";

/// The file that a query asks for: `wsdl` is the description, `wsdl=path` and `xsd=path` what it imports.
pub(super) fn asked_for(query: &str) -> Option<Option<String>> {
    let part = query.split('&').find(|part| {
        let name = part.split('=').next().unwrap_or_default();
        name.eq_ignore_ascii_case("wsdl") || name.eq_ignore_ascii_case("xsd")
    })?;
    Some(part.split_once('=').map(|(_, path)| path.to_owned()).filter(|path| !path.is_empty()))
}

/// Answers with a file of the description.
pub(super) fn answer(side: &SoapSide, headers: &HeaderMap, file: Option<&str>) -> HttpResponse {
    let found = match file {
        None => side.files.first(),
        Some(path) => side.files.iter().find(|(known, _)| escaped(known) == path || known == path),
    };
    let Some((path, bytes)) = found else {
        return json::problem(&Refusal::new("not_found", 404, "the description has no such file"));
    };
    match std::str::from_utf8(bytes) {
        Ok(text) => response(StatusCode::OK, XML, rewritten(side, path, text, &own_address(side, headers))),
        // Another encoding is left as it is.
        Err(_) => response(StatusCode::OK, "text/xml", bytes.clone()),
    }
}

/// Our address as the caller knows it: what it says in `Host`.
fn own_address(side: &SoapSide, headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_host = |host: &&str| {
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c))
    };
    let host = text(header::HOST.as_str()).filter(is_host).unwrap_or("localhost");
    let scheme = if text("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    format!("{scheme}://{host}{}", side.path)
}

/// A path in a query, with what may not stand there escaped.
fn escaped(path: &str) -> String {
    path.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// Puts our address where the service's stands, and where files are imported that we serve.
fn rewritten(side: &SoapSide, path: &str, text: &str, own: &str) -> String {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut out = String::with_capacity(text.len() + 256);
    let mut rest = text;
    while let Some(at) = rest.find("ocation=") {
        let (before, after) = rest.split_at(at + "ocation=".len());
        out.push_str(before);
        rest = after;
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
        let Some((value, after)) = rest[1..].split_once(quote) else { continue };
        out.push(quote);
        out.push_str(&replaced(side, folder, value, own));
        out.push(quote);
        rest = after;
    }
    out.push_str(rest);
    out
}

fn replaced<'v>(side: &SoapSide, folder: &str, value: &'v str, own: &str) -> Cow<'v, str> {
    let plain = value.replace("&amp;", "&");
    if side.ports().iter().any(|port| port.location == plain) {
        return own.to_owned().into();
    }
    let bare = plain.split(['?', '#']).next().unwrap_or_default();
    let imported = normalize(folder, bare).filter(|path| side.files.iter().any(|(known, _)| known == path));
    match imported {
        Some(path) => format!("{own}?wsdl={}", escaped(&path)).into(),
        None => Cow::Borrowed(value),
    }
}

#[cfg(test)]
mod tests {
    use super::asked_for;

    #[test]
    fn queries_for_descriptions() {
        assert_eq!(asked_for("wsdl"), Some(None));
        assert_eq!(asked_for("WSDL="), Some(None));
        assert_eq!(asked_for("singleWsdl&xsd=types/a.xsd"), Some(Some("types/a.xsd".to_owned())));
        assert_eq!(asked_for("x=wsdl"), None);
    }
}
