//! The members of an object: attributes, which are written at once, and elements, which wait for their places.

use super::{
    super::tape::{Kind, NodeId, Tape},
    decoder::Decoder,
};
use crate::{
    Error, Problem,
    xml::{escape_attribute, is_ncname},
    xsd::{Complex, Content},
};

/// The values of a member.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub(super) next: NodeId,
    pub(super) remaining: u32,
    pub(super) index: usize,
    /// Whether the JSON names the member.
    is_filled: bool,
}

/// The members of an object that are no elements of its type.
#[derive(Default)]
pub(super) struct Others {
    pub(super) text: Option<NodeId>,
    pub(super) any: Vec<NodeId>,
    pub(super) unknown: Vec<NodeId>,
}

impl<'s> Decoder<'s, '_, '_> {
    /// Reads the members of an object: writes attributes, and leaves slots for elements, which [`Self::body`] takes.
    pub(super) fn members(
        &mut self,
        complex: &'s Complex,
        object: NodeId,
        is_top: bool,
        has_tag: bool,
    ) -> Result<Others, Error> {
        if self.tape.kind(object) != Kind::Object {
            return Err(self.tape.unexpected(object, "an object"));
        }
        let base = self.slots.len();
        let empty = Slot { next: Tape::root(), remaining: 0, index: 0, is_filled: false };
        self.slots.resize(base + complex.members.len(), empty);
        let mut others = Others::default();
        let mut attributes: Vec<String> = Vec::new();
        let mut scratch = Vec::new();
        let tape = self.tape;
        let mut expected = 0_usize;
        for (key, value) in tape.members(object) {
            let name = tape.string(key, &mut scratch)?;
            // Members mostly come in the order of the schema.
            let ahead = complex.members.iter().skip(expected).take(4);
            let hint = ahead.zip(expected..).find(|(member, _)| member.json_name == name);
            let index = hint
                .map(|(_, index)| index)
                .or_else(|| complex.find_member(name).map(|index| index as usize));
            if let Some(index) = index {
                expected = index + 1;
                let member = &complex.members[index];
                if self.slots[base + index].is_filled {
                    return Err(self.malformed(key, "this name stands there twice").in_field(name));
                }
                let (next, remaining) = if member.many && tape.kind(value) == Kind::Array {
                    let count = u32::try_from(tape.items(value).count()).unwrap_or(u32::MAX);
                    (Tape::first(value), count)
                } else {
                    (value, 1)
                };
                self.slots[base + index] = Slot { next, remaining, index: 0, is_filled: true };
                continue;
            }
            match name {
                "$type" => {}
                "$headers" if is_top => {}
                "#text" if matches!(complex.content, Content::Simple(_)) => others.text = Some(value),
                "$any" if complex.has_any => {
                    others.any = self.copies(value).map_err(|error| error.in_field("$any"))?
                }
                "$unknown" if !self.strict => {
                    others.unknown = self.copies(value).map_err(|error| error.in_field("$unknown"))?;
                }
                attribute if attribute.starts_with('@') && has_tag => {
                    let name = attribute.to_owned();
                    if attributes.len() >= self.limits.xml_attributes_max {
                        let max = self.limits.xml_attributes_max as u64;
                        return Err(Error::limit(tape.offset(key), "attributes", max));
                    }
                    if attributes.contains(&name) {
                        return Err(self.malformed(key, "this name stands there twice").in_field(&name));
                    }
                    self.attribute(complex, &name, key, value).map_err(|error| error.in_field(&name))?;
                    attributes.push(name);
                }
                name => {
                    let error =
                        Error::unexpected(tape.offset(key), "a member of the type", format!("{name:?}"));
                    return Err(error);
                }
            }
        }
        let missing =
            complex.attributes.iter().find(|known| known.required && !attributes.contains(&known.json_name));
        if let Some(missing) = missing {
            return Err(Error::at(tape.offset(object), Problem::MissingField).in_field(&missing.json_name));
        }
        Ok(others)
    }

    fn copies(&self, array: NodeId) -> Result<Vec<NodeId>, Error> {
        if self.tape.kind(array) != Kind::Array {
            return Err(self.tape.unexpected(array, "an array"));
        }
        let items: Vec<NodeId> = self.tape.items(array).collect();
        let copy = |(index, item): (usize, NodeId)| {
            let found = if self.tape.kind(item) == Kind::Object { self.member(item, "$xml")? } else { None };
            found.ok_or_else(|| self.tape.unexpected(item, "an object with $xml").in_element(index))
        };
        items.into_iter().enumerate().map(copy).collect()
    }

    fn attribute(
        &mut self,
        complex: &'s Complex,
        name: &str,
        key: NodeId,
        value: NodeId,
    ) -> Result<(), Error> {
        let known = complex.attributes.iter().find(|known| known.json_name == name);
        self.out.push(b' ');
        let text = if let Some(known) = known {
            self.prefixes.write(&known.name, &mut self.out);
            self.lexical(known.ty, value)?
        } else {
            if !complex.any_attribute && self.strict {
                return Err(self.malformed(key, "the type has no such attribute"));
            }
            let name = name.strip_prefix('@').unwrap_or(name);
            let (namespace, local) =
                name.strip_prefix('{').and_then(|rest| rest.split_once('}')).unwrap_or(("", name));
            if !is_ncname(local) || (namespace.is_empty() && local == "xmlns") {
                return Err(self.malformed(key, format!("{local:?} is no name of an attribute")));
            }
            let is_own = matches!(namespace, super::super::XSI | crate::xml::XMLNS);
            if is_own
                || complex.attributes.iter().any(|known| {
                    known.name.local == local && self.schemas.namespace(known.name.namespace) == namespace
                })
            {
                return Err(self.malformed(key, "this attribute has another name in JSON"));
            }
            if namespace.is_empty() {
                self.out.extend_from_slice(local.as_bytes());
            } else {
                let name = self.any_name(namespace, local, key)?;
                self.out.extend_from_slice(name.as_bytes());
            }
            self.text_of(value)?
        };
        self.out.extend_from_slice(b"=\"");
        escape_attribute(&text, &mut self.out)
            .map_err(|error| Error::at(self.tape.offset(value), error.problem().clone()))?;
        self.out.push(b'"');
        Ok(())
    }
}
