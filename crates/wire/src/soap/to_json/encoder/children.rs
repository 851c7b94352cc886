//! The elements of an object.

use super::{Encoder, check_blank, unexpected_element};
use crate::{
    Error,
    limits::UNKNOWN_MAX,
    xml::{Event, Name, Reader},
    xsd::{Complex, Element, Member},
};

impl<'s, 'x> Encoder<'s, 'x> {
    pub(super) fn children(
        &mut self,
        reader: &mut Reader<'x>,
        complex: &'s Complex,
        base: usize,
        mut first: Option<Name<'x>>,
    ) -> Result<(), Error> {
        let schemas = self.schemas();
        let mut place = Place::default();
        let (mut any, mut unknown) = (Vec::new(), Vec::new());
        let mut buffers: Vec<(u32, Vec<u8>)> = Vec::new();
        loop {
            let name = match first.take() {
                Some(name) => name,
                None => match reader.next()? {
                    Event::Start(name) => name,
                    Event::Text(text) => {
                        check_blank(reader, &text)?;
                        continue;
                    }
                    Event::End | Event::Eof => break,
                },
            };
            let is_it = |index: u32| {
                let member: &Member = complex.members.get(index as usize)?;
                let element = schemas.element(member.element);
                let is_it = element.name.local == name.local
                    && schemas.namespace(element.name.namespace) == name.namespace;
                is_it.then_some((index, member, element))
            };
            let found = if place.foreign == Some(name) {
                None
            } else {
                is_it(place.last)
                    .or_else(|| is_it(place.last.wrapping_add(1)))
                    .or_else(|| complex.names.find(name.local).find_map(is_it))
            };
            let Some((index, member, element)) = found else {
                place.foreign = Some(name);
                self.other(
                    reader,
                    complex.has_any,
                    name.local,
                    if complex.has_any { &mut any } else { &mut unknown },
                )?;
                continue;
            };
            place.last = index;
            let was_seen = std::mem::replace(&mut self.seen[base + index as usize], true);
            if complex.interleaved && member.many {
                self.apart(reader, index, element, &mut buffers)
                    .map_err(|error| error.in_field(&member.json_name))?;
                continue;
            }
            if place.open == Some(index) {
                self.out.push(b',');
                place.index += 1;
            } else {
                if place.open.take().is_some() {
                    self.out.push(b']');
                }
                if was_seen {
                    let rule = if member.many {
                        "others stand between elements of this name"
                    } else {
                        "this element stands there twice"
                    };
                    return Err(Error::malformed(reader.offset(), rule).in_field(&member.json_name));
                }
                self.key(&member.json_name);
                if member.many {
                    self.out.push(b'[');
                    place.open = Some(index);
                    place.index = 0;
                }
            }
            self.element(reader, element).map_err(|error| {
                let error = if member.many { error.in_element(place.index) } else { error };
                error.in_field(&member.json_name)
            })?;
        }
        if place.open.is_some() {
            self.out.push(b']');
        }
        buffers.sort_by_key(|(index, _)| *index);
        for (index, buffer) in &buffers {
            self.key(&complex.members[*index as usize].json_name);
            self.out.push(b'[');
            self.out.extend_from_slice(buffer);
            self.out.push(b']');
        }
        for (name, items) in [("$any", any), ("$unknown", unknown)] {
            if !items.is_empty() {
                self.key(name);
                self.out.push(b'[');
                append(&mut self.out, items);
                self.out.push(b']');
            }
        }
        Ok(())
    }

    /// An element that may alternate with others: kept until the object ends.
    fn apart(
        &mut self,
        reader: &mut Reader<'x>,
        index: u32,
        element: &'s Element,
        buffers: &mut Vec<(u32, Vec<u8>)>,
    ) -> Result<(), Error> {
        let at = buffers.iter().position(|(known, _)| *known == index).unwrap_or_else(|| {
            buffers.push((index, Vec::new()));
            buffers.len() - 1
        });
        if !buffers[at].1.is_empty() {
            buffers[at].1.push(b',');
        }
        std::mem::swap(&mut self.out, &mut buffers[at].1);
        let result = self.element(reader, element);
        std::mem::swap(&mut self.out, &mut buffers[at].1);
        result
    }

    /// An element that the type does not name.
    pub(in crate::soap::to_json) fn other(
        &mut self,
        reader: &mut Reader<'x>,
        is_allowed: bool,
        local: &str,
        items: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if self.values.strict && !is_allowed {
            return Err(unexpected_element(reader, "an element of the type", local));
        }
        if self.unknown_count == UNKNOWN_MAX {
            let what = "elements that the schema does not have";
            return Err(Error::limit(reader.offset(), what, UNKNOWN_MAX as u64));
        }
        self.unknown_count += 1;
        if !items.is_empty() {
            items.push(b',');
        }
        std::mem::swap(&mut self.out, items);
        let result = self.copied(reader);
        std::mem::swap(&mut self.out, items);
        result
    }
}

/// Adds bytes; what is longer stays where it is in memory.
fn append(out: &mut Vec<u8>, mut bytes: Vec<u8>) {
    if bytes.len() > out.len() {
        bytes.splice(0..0, out.drain(..));
        *out = bytes;
    } else {
        out.extend_from_slice(&bytes);
    }
}

/// Where an object is.
struct Place<'x> {
    /// The member whose array is open.
    open: Option<u32>,
    /// The item of it.
    index: usize,
    /// The member that came last.
    last: u32,
    /// The element that came last of those that are no members; there may be many.
    foreign: Option<Name<'x>>,
}

impl Default for Place<'_> {
    fn default() -> Self {
        Self { open: None, index: 0, last: u32::MAX, foreign: None }
    }
}
