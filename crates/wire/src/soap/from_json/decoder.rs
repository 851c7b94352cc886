use base64::Engine as _;

use super::{
    super::{
        Options, Version, XOP, fragment,
        mtom::part_id,
        tape::{Kind, NodeId, Tape},
    },
    members::{Others, Slot},
    prefixes::Prefixes,
};
use crate::{
    Error, Limits, Problem, json,
    xml::{escape_text, is_ncname},
    xsd::{ANY_TYPE, Atom, Complex, Content, Element, QualifiedName, Schemas, TypeId, TypeKind, Value},
};

/// Writes the XML of values.
pub(super) struct Decoder<'s, 't, 'j> {
    pub(super) schemas: &'s Schemas,
    pub(super) tape: &'t Tape<'j>,
    pub(super) out: Vec<u8>,
    pub(super) prefixes: Prefixes<'s>,
    pub(super) limits: Limits,
    pub(super) strict: bool,
    /// The version whose encoding is in use.
    pub(super) encoded: Option<Version>,
    /// Values of members that are still to be written, of all open objects.
    pub(super) slots: Vec<Slot>,
    depth: usize,
    /// How long bytes must be that become parts of a package; none if none do.
    pub(super) attach_from: Option<usize>,
    /// Those that did.
    pub(super) attached: Vec<Vec<u8>>,
}

impl<'s, 't, 'j> Decoder<'s, 't, 'j> {
    /// What is written follows what `out` has.
    pub(super) fn new(
        schemas: &'s Schemas,
        tape: &'t Tape<'j>,
        limits: &Limits,
        options: &Options,
        mut out: Vec<u8>,
    ) -> Self {
        // Tags are a little longer than names in quotes.
        out.reserve(tape.len() + tape.len() / 2);
        Self {
            schemas,
            tape,
            out,
            prefixes: Prefixes::new(schemas),
            limits: *limits,
            strict: options.strict,
            encoded: None,
            slots: Vec::new(),
            depth: 0,
            attach_from: None,
            attached: Vec::new(),
        }
    }

    pub(super) fn malformed(&self, node: NodeId, rule: impl Into<std::borrow::Cow<'static, str>>) -> Error {
        Error::malformed(self.tape.offset(node), rule)
    }

    /// A name of a namespace that the schema may not have.
    pub(super) fn any_name(&mut self, namespace: &str, local: &str, node: NodeId) -> Result<String, Error> {
        let is_too_long = namespace.len() > self.limits.xml_namespace_bytes_max;
        if is_too_long || self.prefixes.others() >= self.limits.xml_declarations_max / 2 {
            let max = self.limits.xml_declarations_max as u64 / 2;
            return Err(Error::limit(
                self.tape.offset(node),
                "namespaces that the schema does not have",
                max,
            ));
        }
        if !is_ncname(local) {
            return Err(self.malformed(node, format!("{local:?} is no name")));
        }
        // What would have to be escaped is not read in the names of namespaces either.
        if namespace.contains(|c: char| c.is_control() || matches!(c, '<' | '>' | '&' | '"' | ' ')) {
            return Err(self.malformed(node, format!("{namespace:?} is no name of a namespace")));
        }
        Ok(self.prefixes.name(namespace, local))
    }

    /// The member of an object that has a name.
    pub(super) fn member(&self, object: NodeId, name: &str) -> Result<Option<NodeId>, Error> {
        let mut scratch = Vec::new();
        for (key, value) in self.tape.members(object) {
            if self.tape.string(key, &mut scratch)? == name {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// Writes an element.
    pub(super) fn element(&mut self, element: &'s Element, node: NodeId) -> Result<(), Error> {
        self.depth += 1;
        // The envelope and the body are around it.
        if self.depth + 3 > self.limits.xml_depth_max {
            let max = self.limits.xml_depth_max as u64;
            return Err(Error::limit(self.tape.offset(node), "levels of elements", max));
        }
        let result = self.tagged(Some(&element.name), element.ty, element.nillable, node);
        self.depth -= 1;
        result
    }

    /// Writes an element of a name; `item` of an array if it has none.
    fn tagged(
        &mut self,
        name: Option<&QualifiedName>,
        declared: TypeId,
        nillable: bool,
        node: NodeId,
    ) -> Result<(), Error> {
        let kind = self.tape.kind(node);
        let is_free = match &self.schemas.ty(declared).kind {
            TypeKind::Complex(complex) => complex.mixed || matches!(complex.content, Content::Any),
            TypeKind::Simple(_) => false,
        };
        let mut explicit = None;
        if kind == Kind::Object {
            if let Some(copy) = self.member(node, "$xml")? {
                let is_free_anyway = is_free || self.member(node, "$type")?.is_some();
                if !is_free_anyway {
                    return Err(self.malformed(node, "$xml stands for a value that has a type"));
                }
                return self.copy(copy, name);
            }
            if let Some(named) = self.member(node, "$type")? {
                explicit = Some(self.explicit_type(named, declared)?);
            }
        }
        let start = self.out.len();
        self.out.push(b'<');
        match name {
            Some(name) => self.prefixes.write(name, &mut self.out),
            None => self.out.extend_from_slice(b"item"),
        }
        let tag = start + 1..self.out.len();
        if kind == Kind::Null {
            if !nillable && !is_free {
                return Err(self.tape.unexpected(node, "a value, as the element is not nillable"));
            }
            self.prefixes.use_xsi();
            self.out.extend_from_slice(b" xsi:nil=\"true\"/>");
            return Ok(());
        }
        let ty = explicit.unwrap_or(declared);
        if self.schemas.ty(ty).is_abstract {
            return Err(
                self.malformed(node, "the type is abstract: $type must name one that is derived from it")
            );
        }
        let shown = explicit.or(self.encoded.and(Some(ty)).filter(|ty| *ty != ANY_TYPE));
        let is_array = matches!(&self.schemas.ty(ty).kind, TypeKind::Complex(complex) if matches!(complex.content, Content::Array(_)));
        if let Some(name) = shown.filter(|_| !is_array).and_then(|ty| self.schemas.ty(ty).name.as_ref()) {
            self.prefixes.use_xsi();
            self.out.extend_from_slice(b" xsi:type=\"");
            self.prefixes.write(name, &mut self.out);
            self.out.push(b'"');
        }
        self.content(ty, explicit.is_some(), node)?;
        self.out.extend_from_slice(b"</");
        self.out.extend_from_within(tag);
        self.out.push(b'>');
        Ok(())
    }

    fn explicit_type(&self, named: NodeId, declared: TypeId) -> Result<TypeId, Error> {
        let name = self.string(named)?;
        let (namespace, local) =
            name.strip_prefix('{').and_then(|rest| rest.split_once('}')).unwrap_or(("", &name));
        let found = self.schemas.find_type(namespace, local);
        let Some(ty) = found else {
            return Err(Error::unexpected(
                self.tape.offset(named),
                "a type of the schema",
                format!("{name:?}"),
            ));
        };
        if !self.schemas.is_derived(ty, declared) {
            return Err(self.malformed(named, format!("{name:?} is not derived from the declared type")));
        }
        Ok(ty)
    }

    /// Writes the attributes of a value, the end of the tag, and what is in it.
    fn content(&mut self, ty: TypeId, is_explicit: bool, node: NodeId) -> Result<(), Error> {
        let schemas = self.schemas;
        let complex = match &schemas.ty(ty).kind {
            TypeKind::Simple(_) => {
                self.out.push(b'>');
                let node = match self.tape.kind(node) {
                    Kind::Object if is_explicit => {
                        let text = self.member(node, "#text")?;
                        text.ok_or_else(|| self.tape.unexpected(node, "a member #text"))?
                    }
                    _ => node,
                };
                return self.text(ty, node);
            }
            TypeKind::Complex(complex) => complex,
        };
        match complex.content {
            Content::Array(item) => self.array(item, node),
            Content::Any => {
                if self.tape.kind(node) != Kind::String {
                    return Err(self.tape.unexpected(node, "a string, or an object with $xml or $type"));
                }
                self.out.push(b'>');
                self.text(crate::xsd::STRING, node)
            }
            _ if complex.mixed => Err(self.tape.unexpected(node, "an object with $xml")),
            Content::Simple(text) if self.tape.kind(node) != Kind::Object => {
                if let Some(missing) = complex.attributes.iter().find(|attribute| attribute.required) {
                    return Err(
                        Error::at(self.tape.offset(node), Problem::MissingField).in_field(&missing.json_name)
                    );
                }
                self.out.push(b'>');
                self.text(text, node)
            }
            _ => {
                let others = self.members(complex, node, false, true)?;
                self.out.push(b'>');
                self.body(complex, node, &others)
            }
        }
    }

    fn text(&mut self, ty: TypeId, node: NodeId) -> Result<(), Error> {
        let text = self.lexical(ty, node)?;
        if self.attach_from.is_some_and(|least| text.len() / 4 * 3 >= least)
            && self.attached.len() < self.limits.headers_max
            && self.is_binary(ty)
        {
            let bytes = json::BASE64.decode(&*text);
            self.attached.push(bytes.map_err(|_| self.tape.unexpected(node, "a string of base64"))?);
            let include =
                format!("<xop:Include xmlns:xop=\"{XOP}\" href=\"cid:{}\"/>", part_id(self.attached.len()));
            self.out.extend_from_slice(include.as_bytes());
            return Ok(());
        }
        escape_text(&text, &mut self.out)
            .map_err(|error| Error::at(self.tape.offset(node), error.problem().clone()))
    }

    fn is_binary(&self, ty: TypeId) -> bool {
        matches!(&self.schemas.ty(ty).kind, TypeKind::Simple(simple) if simple.value == Value::Atom(Atom::Base64))
    }

    /// Writes the content of an object whose slots are the last ones.
    pub(super) fn body(
        &mut self,
        complex: &'s Complex,
        object: NodeId,
        others: &Others,
    ) -> Result<(), Error> {
        let base = self.slots.len() - complex.members.len();
        match &complex.content {
            Content::Simple(text) => {
                let node = others.text.ok_or_else(|| {
                    Error::at(self.tape.offset(object), Problem::MissingField).in_field("#text")
                })?;
                self.text(*text, node).map_err(|error| error.in_field("#text"))?;
            }
            Content::Elements(particle) => {
                let mut any = others.any.clone().into_iter();
                self.particle(complex, particle, base, object, &mut any)?;
                for copy in any {
                    self.copy(copy, None)?;
                }
                let left =
                    complex.members.iter().zip(&self.slots[base..]).find(|(_, slot)| slot.remaining > 0);
                if let Some((member, slot)) = left {
                    let rule = "there are more values than the type allows here";
                    return Err(self.malformed(slot.next, rule).in_field(&member.json_name));
                }
            }
            _ => {}
        }
        for copy in &others.unknown {
            self.copy(*copy, None).map_err(|error| error.in_field("$unknown"))?;
        }
        self.slots.truncate(base);
        Ok(())
    }

    /// Writes an element that stands in the JSON as XML.
    pub(super) fn copy(&mut self, node: NodeId, name: Option<&QualifiedName>) -> Result<(), Error> {
        let text = self.string(node)?;
        let found = fragment::check(&text, self.tape.offset(node), self.depth + 3, &self.limits)?;
        if let Some(name) = name
            && (found.local != name.local || found.namespace != self.schemas.namespace(name.namespace))
        {
            let found = format!("{{{}}}{}", found.namespace, found.local);
            let expected = format!("the element {}", self.schemas.clark(name));
            return Err(Error::unexpected(self.tape.offset(node), expected, found));
        }
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn array(&mut self, item: Option<TypeId>, node: NodeId) -> Result<(), Error> {
        if self.tape.kind(node) != Kind::Array {
            return Err(self.tape.unexpected(node, "an array"));
        }
        let tape = self.tape;
        let count = tape.items(node).count();
        let schemas = self.schemas;
        if let Some(version) = self.encoded {
            self.prefixes.use_encoding(version);
            self.prefixes.use_xsi();
            let named = item.and_then(|item| schemas.ty(item).name.as_ref());
            let any = schemas.ty(ANY_TYPE).name.as_ref();
            let name = named.or(any);
            match version {
                Version::V11 => {
                    self.out.extend_from_slice(b" xsi:type=\"enc:Array\" enc:arrayType=\"");
                    name.into_iter().for_each(|name| self.prefixes.write(name, &mut self.out));
                    self.out.extend_from_slice(format!("[{count}]\"").as_bytes());
                }
                Version::V12 => {
                    self.out.extend_from_slice(b" enc:itemType=\"");
                    name.into_iter().for_each(|name| self.prefixes.write(name, &mut self.out));
                    self.out.extend_from_slice(format!("\" enc:arraySize=\"{count}\"").as_bytes());
                }
            }
        }
        self.out.push(b'>');
        self.depth += 1;
        if self.depth + 3 > self.limits.xml_depth_max {
            let max = self.limits.xml_depth_max as u64;
            return Err(Error::limit(tape.offset(node), "levels of elements", max));
        }
        for (index, value) in tape.items(node).enumerate() {
            self.tagged(None, item.unwrap_or(ANY_TYPE), true, value)
                .map_err(|error| error.in_element(index))?;
        }
        self.depth -= 1;
        Ok(())
    }
}
