//! JSON to texts of simple types.

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

impl<'s> Decoder<'s, '_, '_> {
    /// The text of a value.
    pub(super) fn lexical(&mut self, ty: TypeId, node: NodeId) -> Result<String, Error> {
        match &self.schemas.ty(ty).kind {
            TypeKind::Simple(simple) => self.simple(simple, node),
            TypeKind::Complex(_) => self.string(node),
        }
    }

    pub(super) fn string(&self, node: NodeId) -> Result<String, Error> {
        if self.tape.kind(node) != Kind::String {
            return Err(self.tape.unexpected(node, "a string"));
        }
        self.tape.string(node, &mut Vec::new()).map(str::to_owned)
    }

    fn simple(&mut self, simple: &'s Simple, node: NodeId) -> Result<String, Error> {
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
                Ok(text)
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

    fn atom(&mut self, atom: Atom, node: NodeId) -> Result<String, Error> {
        let kind = self.tape.kind(node);
        let text = match kind {
            Kind::String => self.string(node)?,
            Kind::Number => self.tape.number(node).to_owned(),
            Kind::Boolean if self.tape.is_true(node) => "true".to_owned(),
            Kind::Boolean => "false".to_owned(),
            _ => return Err(self.tape.unexpected(node, expected(atom))),
        };
        let wrong = || match kind {
            Kind::String => {
                let short: String = text.chars().take(40).collect();
                Error::unexpected(self.tape.offset(node), expected(atom), format!("{short:?}"))
            }
            Kind::Number => Error::unexpected(self.tape.offset(node), expected(atom), text.clone()),
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
            (Atom::Double, Kind::Number) => Ok(text),
            (Atom::Double, Kind::String) => match text.as_str() {
                "NaN" => Ok(text),
                "Infinity" => Ok("INF".to_owned()),
                "-Infinity" => Ok("-INF".to_owned()),
                _ => Err(wrong()),
            },
            (Atom::Base64, Kind::String) => match json::BASE64.decode(&text) {
                Ok(bytes) => Ok(json::BASE64.encode(bytes)),
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
                    return Ok(local.to_owned());
                }
                self.any_name(namespace, local, node)
            }
            _ => Err(wrong()),
        }
    }
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
