//! Names of parts of a request, for what happens before expressions may see it.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Error as _};

use super::{Given, Request, body::Body, url};

/// A part of a request, or a value that the operator gave.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Reference {
    /// The body as it came.
    Raw,
    /// A header, by its name in lower case.
    Header(String),
    /// A parameter of the address.
    Query(String),
    /// A secret.
    Secret(String),
    /// A setting.
    Setting(String),
    /// A member of the body, before it is decrypted.
    Body(Vec<String>),
}

/// What references are looked up in.
#[derive(Clone, Copy)]
pub(super) struct Sources<'r> {
    pub(super) request: Request<'r>,
    pub(super) query: &'r [(String, String)],
    pub(super) given: &'r Given,
    pub(super) body: Option<&'r Body>,
}

impl Reference {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (root, name) = text.split_once('.').unwrap_or((text, ""));
        let reference = match (root, name) {
            ("raw", "") => return Ok(Self::Raw),
            (_, "") => None,
            ("header", name) => Some(Self::Header(name.to_ascii_lowercase())),
            ("query", name) => Some(Self::Query(name.to_owned())),
            ("secret", name) => Some(Self::Secret(name.to_owned())),
            ("setting", name) => Some(Self::Setting(name.to_owned())),
            ("body", path) => Some(Self::Body(path.split('.').map(str::to_owned).collect())),
            _ => None,
        };
        reference.ok_or_else(|| {
            format!(
                "`{text}` names nothing; write raw, or header., query., secret., setting. or body. and a name"
            )
        })
    }

    /// What it names; `None` if that is not there.
    pub(super) fn find<'r>(&self, sources: &Sources<'r>) -> Option<Cow<'r, [u8]>> {
        let bytes: Cow<'r, [u8]> = match self {
            Self::Raw => sources.request.body.into(),
            Self::Header(name) => header(sources.request.headers, name)?.as_bytes().into(),
            Self::Query(name) => url::parameter(sources.query, name)?.as_bytes().into(),
            Self::Secret(name) => sources.given.secrets.get(name)?.as_bytes().into(),
            Self::Setting(name) => sources.given.settings.get(name)?.as_bytes().into(),
            Self::Body(path) => {
                let mut value = sources.body?.value.clone();
                for name in path {
                    value = value.get_attr(name).ok()?;
                }
                value.as_str()?.as_bytes().to_vec().into()
            }
        };
        Some(bytes)
    }
}

/// The first header of this name.
pub(super) fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A text with references in braces, such as `v0:{header.x-time}:{raw}`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Template(pub(super) Vec<Piece>);

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Part(Reference),
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let close = rest[open..].find('}').ok_or("a `{` has no `}`")? + open;
            if open > 0 {
                pieces.push(Piece::Text(rest[..open].to_owned()));
            }
            pieces.push(Piece::Part(Reference::parse(&rest[open + 1..close])?));
            rest = &rest[close + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// Shows it piece by piece; the reference that names nothing, if one does.
    pub(super) fn feed(&self, sources: &Sources<'_>, see: &mut dyn FnMut(&[u8])) -> Result<(), Reference> {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => see(text.as_bytes()),
                Piece::Part(reference) => see(&reference.find(sources).ok_or_else(|| reference.clone())?),
            }
        }
        Ok(())
    }

    pub(super) fn references(&self) -> impl Iterator<Item = &Reference> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Part(reference) => Some(reference),
        })
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Raw => out.write_str("raw"),
            Self::Header(name) => write!(out, "header.{name}"),
            Self::Query(name) => write!(out, "query.{name}"),
            Self::Secret(name) => write!(out, "secret.{name}"),
            Self::Setting(name) => write!(out, "setting.{name}"),
            Self::Body(path) => write!(out, "body.{}", path.join(".")),
        }
    }
}
