mod attributes;
mod children;
mod head;
mod texts;

pub(super) use self::texts::read_text;

use std::borrow::Cow;

use super::{refs::Refs, values::Values};
use crate::{
    Error, Limits, Problem, json,
    soap::{Options, XSI, fragment},
    xml::{Attribute, Event, Name, Reader},
    xsd::{Atom, Complex, Content, Element, ElementId, Schemas, TypeId, TypeKind, Value},
};

/// Binary parts that a message refers to.
pub(super) type Attachments<'a> = dyn Fn(&str) -> Option<&'a [u8]> + 'a;

/// Writes the JSON of elements.
pub(super) struct Encoder<'s, 'x> {
    pub(super) values: Values<'s>,
    pub(super) out: Vec<u8>,
    pub(super) limits: Limits,
    /// Elements that others refer to, if the encoding of SOAP is in use.
    pub(super) refs: Option<Refs<'x>>,
    pub(super) attachments: Option<&'x Attachments<'x>>,
    /// Members that were seen, of all open objects.
    seen: Vec<bool>,
    /// Elements that are open, those that were referred to among them.
    levels: usize,
    /// Bytes of declarations that may still be added to copies.
    budget: usize,
    /// How many elements were copied that their types do not name.
    unknown_count: usize,
}

impl<'s, 'x> Encoder<'s, 'x> {
    pub(super) fn new(schemas: &'s Schemas, limits: &Limits, options: &Options, out: Vec<u8>) -> Self {
        Self {
            values: Values { schemas, strict: options.strict },
            out,
            limits: *limits,
            refs: None,
            attachments: None,
            seen: Vec::new(),
            levels: 0,
            budget: limits.message_bytes_max,
            unknown_count: 0,
        }
    }

    fn schemas(&self) -> &'s Schemas {
        self.values.schemas
    }

    /// The value of the element that `reader` has just begun.
    pub(super) fn element(&mut self, reader: &mut Reader<'x>, element: &'s Element) -> Result<(), Error> {
        let default = element.default.as_deref().or(element.fixed.as_deref());
        self.value(reader, element.ty, default)
    }

    pub(super) fn element_of(&mut self, reader: &mut Reader<'x>, id: ElementId) -> Result<(), Error> {
        self.element(reader, self.values.schemas.element(id))
    }

    fn value(
        &mut self,
        reader: &mut Reader<'x>,
        declared: TypeId,
        default: Option<&str>,
    ) -> Result<(), Error> {
        self.levels += 1;
        if self.levels > self.limits.xml_depth_max {
            let max = self.limits.xml_depth_max as u64;
            return Err(Error::limit(reader.offset(), "levels of elements", max));
        }
        let result = if reader.attributes().is_empty() {
            self.typed(reader, declared, None, &[], default, None)
        } else {
            let attributes = reader.take_attributes();
            let result = self.with_attributes(reader, declared, default, &attributes);
            reader.return_attributes(attributes);
            result
        };
        self.levels -= 1;
        result
    }

    fn with_attributes(
        &mut self,
        reader: &mut Reader<'x>,
        declared: TypeId,
        default: Option<&str>,
        attributes: &[Attribute<'x>],
    ) -> Result<(), Error> {
        let head = self.head(reader, attributes)?;
        if let Some(href) = head.href {
            return self.referred(reader, &href, declared);
        }
        if head.nil {
            self.out.extend_from_slice(b"null");
            return expect_end(reader);
        }
        let Some(explicit) = head.explicit else {
            return self.typed(reader, declared, None, attributes, default, head.array_type);
        };
        let schemas = self.schemas();
        let is_array = matches!(&schemas.ty(declared).kind, TypeKind::Complex(complex) if matches!(complex.content, Content::Array(_)));
        let is_plain_array =
            is_array && schemas.ty(explicit).name.as_ref().is_some_and(|name| name.local == "Array");
        if is_plain_array || explicit == declared || self.is_twin(explicit, declared) {
            return self.typed(reader, declared, None, attributes, default, head.array_type);
        }
        if !schemas.is_derived(explicit, declared) {
            let name = |ty: TypeId| {
                schemas.ty(ty).name.as_ref().map_or("no name".to_owned(), |name| schemas.clark(name))
            };
            let expected = format!("a type derived from {}", name(declared));
            return Err(Error::unexpected(reader.offset(), expected, name(explicit)));
        }
        self.typed(reader, explicit, Some(explicit), attributes, default, head.array_type)
    }

    fn typed(
        &mut self,
        reader: &mut Reader<'x>,
        ty: TypeId,
        explicit: Option<TypeId>,
        attributes: &[Attribute<'x>],
        default: Option<&str>,
        array_type: Option<Cow<'x, str>>,
    ) -> Result<(), Error> {
        let schemas = self.schemas();
        match &schemas.ty(ty).kind {
            TypeKind::Simple(simple) => {
                if let Some(explicit) = explicit {
                    self.out.push(b'{');
                    self.type_member(explicit);
                    self.out.extend_from_slice(b",\"#text\":");
                }
                let is_binary = simple.value == Value::Atom(Atom::Base64);
                self.text_value(reader, ty, is_binary, default)?;
                if explicit.is_some() {
                    self.out.push(b'}');
                }
                Ok(())
            }
            TypeKind::Complex(complex) => match complex.content {
                Content::Array(item) => {
                    let item = match item {
                        Some(item) => Some(item),
                        None => array_type.and_then(|name| self.item_type(reader, &name)),
                    };
                    self.array(reader, item)
                }
                Content::Any => self.anything(reader, attributes, array_type),
                _ if complex.mixed => self.copied(reader),
                _ => {
                    self.out.push(b'{');
                    if let Some(explicit) = explicit {
                        self.type_member(explicit);
                    }
                    self.object(reader, complex, attributes, default)
                }
            },
        }
    }

    fn type_member(&mut self, ty: TypeId) {
        let schemas = self.schemas();
        if let Some(name) = &schemas.ty(ty).name {
            self.out.extend_from_slice(b"\"$type\":");
            json::write_text(&mut self.out, &schemas.clark(name));
        }
    }

    fn array(&mut self, reader: &mut Reader<'x>, item: Option<TypeId>) -> Result<(), Error> {
        self.out.push(b'[');
        let mut index = 0_usize;
        loop {
            match reader.next()? {
                Event::Start(_) => {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    self.value(reader, item.unwrap_or(crate::xsd::ANY_TYPE), None)
                        .map_err(|error| error.in_element(index))?;
                    index += 1;
                }
                Event::Text(text) => check_blank(reader, &text)?,
                Event::End | Event::Eof => break,
            }
        }
        self.out.push(b']');
        Ok(())
    }

    /// An element of any type: a text, an array that says what it holds, or a copy.
    fn anything(
        &mut self,
        reader: &mut Reader<'x>,
        attributes: &[Attribute<'x>],
        array_type: Option<Cow<'x, str>>,
    ) -> Result<(), Error> {
        if self.refs.is_some() && array_type.is_some() {
            let item = array_type.and_then(|name| self.item_type(reader, &name));
            return self.array(reader, item);
        }
        let is_plain = attributes.iter().all(|one| one.name.namespace == XSI && one.name.local != "type");
        if !is_plain {
            return self.copied(reader);
        }
        let (start, depth) = (reader.offset(), reader.depth());
        reader.begin_fragment()?;
        let mut text = Cow::Borrowed("");
        loop {
            match reader.next()? {
                Event::Text(part) if text.is_empty() => text = part,
                Event::Text(part) => text.to_mut().push_str(&part),
                Event::Start(_) => break,
                Event::End | Event::Eof => {
                    reader.end_fragment();
                    json::write_string(&mut self.out, text.as_bytes());
                    return Ok(());
                }
            }
        }
        // It has elements after all.
        while reader.depth() >= depth {
            reader.next()?;
        }
        self.copy(reader, start)
    }

    pub(super) fn copied(&mut self, reader: &mut Reader<'x>) -> Result<(), Error> {
        let start = reader.offset();
        reader.begin_fragment()?;
        reader.skip()?;
        self.copy(reader, start)
    }

    /// Writes a copy of the element that began at `start` and has just ended.
    fn copy(&mut self, reader: &mut Reader<'x>, start: usize) -> Result<(), Error> {
        self.out.extend_from_slice(b"{\"$xml\":");
        fragment::copy(reader, start, &mut self.budget, &mut self.out)?;
        self.out.push(b'}');
        Ok(())
    }

    fn comma(&mut self) {
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
    }

    fn key(&mut self, name: &str) {
        self.comma();
        json::write_string(&mut self.out, name.as_bytes());
        self.out.push(b':');
    }

    /// The members of an object that is begun already, and its end.
    pub(super) fn object(
        &mut self,
        reader: &mut Reader<'x>,
        complex: &'s Complex,
        attributes: &[Attribute<'x>],
        default: Option<&str>,
    ) -> Result<(), Error> {
        self.attributes(reader, complex, attributes)?;
        if let Content::Simple(text) = complex.content {
            self.key("#text");
            let is_binary = matches!(&self.schemas().ty(text).kind, TypeKind::Simple(simple) if simple.value == Value::Atom(Atom::Base64));
            self.text_value(reader, text, is_binary, default)?;
            self.out.push(b'}');
            return Ok(());
        }
        let base = self.seen.len();
        self.seen.resize(base + complex.members.len(), false);
        let result = self.children(reader, complex, base, None);
        self.end_object(reader, complex, base, result)
    }

    /// As [`Self::object`], of elements right in a body, the first of which is begun already.
    pub(super) fn object_begun(
        &mut self,
        reader: &mut Reader<'x>,
        complex: &'s Complex,
        first: Name<'x>,
    ) -> Result<(), Error> {
        let base = self.seen.len();
        self.seen.resize(base + complex.members.len(), false);
        let result = self.children(reader, complex, base, Some(first));
        self.end_object(reader, complex, base, result)
    }

    /// As [`Self::object`], of a body that has no elements.
    pub(super) fn object_of_nothing(
        &mut self,
        reader: &Reader<'x>,
        complex: &'s Complex,
    ) -> Result<(), Error> {
        let base = self.seen.len();
        self.seen.resize(base + complex.members.len(), false);
        self.end_object(reader, complex, base, Ok(()))
    }

    fn end_object(
        &mut self,
        reader: &Reader<'x>,
        complex: &'s Complex,
        base: usize,
        result: Result<(), Error>,
    ) -> Result<(), Error> {
        if result.is_ok() && self.values.strict {
            let missing = complex
                .members
                .iter()
                .zip(&self.seen[base..])
                .find(|(member, seen)| member.required && !**seen);
            if let Some((member, _)) = missing {
                return Err(Error::at(reader.offset(), Problem::MissingField).in_field(&member.json_name));
            }
        }
        self.seen.truncate(base);
        self.out.push(b'}');
        result
    }
}

#[cold]
fn unexpected_element(reader: &Reader<'_>, expected: &'static str, local: &str) -> Error {
    Error::unexpected(reader.offset(), expected, format!("the element {local:?}"))
}

pub(super) fn check_blank(reader: &Reader<'_>, text: &str) -> Result<(), Error> {
    if text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
        return Ok(());
    }
    Err(Error::unexpected(reader.offset(), "an element", "a text"))
}

/// Passes over blanks up to the end of an element that has no content.
pub(super) fn expect_end(reader: &mut Reader<'_>) -> Result<(), Error> {
    loop {
        match reader.next()? {
            Event::Text(text) => check_blank(reader, &text)?,
            Event::Start(name) => return Err(unexpected_element(reader, "no content", name.local)),
            Event::End | Event::Eof => return Ok(()),
        }
    }
}
