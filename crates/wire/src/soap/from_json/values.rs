//! JSON to texts of simple types.

use std::borrow::Cow;

use base64::Engine as _;

use super::{
    super::tape::{Kind, NodeId},
    decoder::Decoder,
};
use crate::{
    Error, json,
    soap::to_json::{Integer, check, is_decimal, read_integer},
    xml::is_ncname,
    xsd::{Atom, Simple, TypeId, TypeKind, Value},
};

impl<'s, 'j> Decoder<'s, '_, 'j> {
    /// The text of a value.
    pub(super) fn lexical(&mut self, ty: TypeId, node: NodeId) -> Result<Cow<'j, str>, Error> {
        match &self.schemas.ty(ty).kind {
            TypeKind::Simple(simple) => self.simple(simple, node),
            TypeKind::Complex(_) => self.text_of(node),
        }
    }

    pub(super) fn string(&self, node: NodeId) -> Result<String, Error> {
        self.text_of(node).map(Cow::into_owned)
    }

    pub(super) fn text_of(&self, node: NodeId) -> Result<Cow<'j, str>, Error> {
        if self.tape.kind(node) != Kind::String {
            return Err(self.tape.unexpected(node, "a string"));
        }
        self.tape.text(node)
    }

    fn simple(&mut self, simple: &'s Simple, node: NodeId) -> Result<Cow<'j, str>, Error> {
        match &simple.value {
            Value::Atom(atom) => {
                let text = self.atom(*atom, node)?;
                check(&simple.facets, *atom, &text)
                    .map_err(|rule| Error::malformed(self.tape.offset(node), rule))?;
                Ok(text)
            }
            Value::List(item) => {
                if self.tape.kind(node) != Kind::Array {
                    return Err(self.tape.unexpected(node, "an array"));
                }
                let items: Vec<NodeId> = self.tape.items(node).collect();
                let mut text = String::new();
                for (index, item_node) in items.into_iter().enumerate() {
                    let one = self.lexical(*item, item_node).map_err(|error| error.in_element(index))?;
                    if one.is_empty() || one.contains([' ', '\t', '\n', '\r']) {
                        let rule = "an item of a list cannot be empty or have blanks";
                        return Err(Error::malformed(self.tape.offset(item_node), rule).in_element(index));
                    }
                    if index > 0 {
                        text.push(' ');
                    }
                    text.push_str(&one);
                }
                Ok(text.into())
            }
            Value::Union(types) => {
                for ty in types {
                    if let TypeKind::Simple(simple) = &self.schemas.ty(*ty).kind
                        && let Ok(text) = self.simple(simple, node)
                    {
                        return Ok(text);
                    }
                }
                Err(self.tape.unexpected(node, "a value of one of several types"))
            }
        }
    }

    fn atom(&mut self, atom: Atom, node: NodeId) -> Result<Cow<'j, str>, Error> {
        let kind = self.tape.kind(node);
        let text: Cow<'j, str> = match kind {
            Kind::String => self.tape.text(node)?,
            Kind::Number => self.tape.number(node).into(),
            Kind::Boolean if self.tape.is_true(node) => "true".into(),
            Kind::Boolean => "false".into(),
            _ => return Err(self.tape.unexpected(node, expected(atom))),
        };
        let wrong = || match kind {
            Kind::String => {
                let short: String = text.chars().take(40).collect();
                Error::unexpected(self.tape.offset(node), expected(atom), format!("{short:?}"))
            }
            Kind::Number => {
                Error::unexpected(self.tape.offset(node), expected(atom), text.clone().into_owned())
            }
            _ => self.tape.unexpected(node, expected(atom)),
        };
        match (atom, kind) {
            (Atom::String | Atom::Normalized | Atom::Token, Kind::String)
            | (Atom::Boolean, Kind::Boolean) => Ok(text),
            (Atom::Integer { min, max }, Kind::Number | Kind::String) => match read_integer(&text) {
                Some(Integer::Small(value)) if (min..=max).contains(&value) => Ok(text),
                Some(Integer::Large(true)) if max == i128::MAX => Ok(text),
                Some(Integer::Large(false)) if min == i128::MIN => Ok(text),
                _ => Err(wrong()),
            },
            (Atom::Decimal, Kind::Number | Kind::String) if is_decimal(&text) => Ok(text),
            (Atom::Double, Kind::Number) if is_finite(&text) => Ok(text),
            (Atom::Double, Kind::String) => match &*text {
                "NaN" => Ok(text),
                "Infinity" => Ok("INF".into()),
                "-Infinity" => Ok("-INF".into()),
                _ => Err(wrong()),
            },
            (Atom::Base64, Kind::String) => match json::BASE64.decode(&*text) {
                Ok(bytes) => Ok(json::BASE64.encode(bytes).into()),
                Err(_) => Err(wrong()),
            },
            (Atom::Hex, Kind::String)
                if text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
            {
                Ok(text)
            }
            (Atom::QName, Kind::String) => {
                let name = text.strip_prefix('{').and_then(|rest| rest.split_once('}'));
                let (namespace, local) = name.unwrap_or(("", &text));
                if !is_ncname(local) {
                    return Err(wrong());
                }
                if namespace.is_empty() {
                    return Ok(local.to_owned().into());
                }
                self.any_name(namespace, local, node).map(Cow::Owned)
            }
            _ => Err(wrong()),
        }
    }
}

/// Whether a number is one of a double, and not beyond them.
fn is_finite(text: &str) -> bool {
    // Few digits and no exponent cannot be beyond.
    let is_short = text.len() < 300 && !text.contains(['e', 'E']);
    is_short || text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn expected(atom: Atom) -> &'static str {
    match atom {
        Atom::String | Atom::Normalized | Atom::Token => "a string",
        Atom::Boolean => "true or false",
        Atom::Integer { .. } => "an integer within its bounds",
        Atom::Decimal => "a decimal number",
        Atom::Double => "a number",
        Atom::Base64 => "a string of base64",
        Atom::Hex => "a string of hexadecimal digits",
        Atom::QName => "a string like {namespace}name",
    }
}
