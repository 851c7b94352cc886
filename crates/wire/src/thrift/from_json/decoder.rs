use super::Scanner;
use crate::{
    Error, Limits, Problem,
    thrift::{
        options::{Options, Unknown},
        protocol::Writer,
        schema::{Field, Function, Requiredness, Schema, Seen, Struct, StructId, StructKind, Type},
        to_json::Reply,
    },
};

/// Reads JSON with one hand and writes a wire format with the other.
pub(super) struct Decoder<'s, 'j, 'w, W> {
    pub(super) schema: &'s Schema,
    pub(super) options: &'s Options,
    pub(super) scanner: Scanner<'j>,
    pub(super) writer: &'w mut W,
    pub(super) limits: &'s Limits,
    /// Fields and elements that may still come.
    nodes: u64,
    /// Bytes of defaults that were filled in.
    filled: usize,
    /// A text whose escapes were resolved.
    pub(super) scratch: Vec<u8>,
    /// What base64 stood for.
    pub(super) bytes: Vec<u8>,
}

impl<'s, 'j, 'w, W: Writer> Decoder<'s, 'j, 'w, W> {
    pub(super) fn new(
        schema: &'s Schema,
        options: &'s Options,
        json: &'j str,
        limits: &'s Limits,
        writer: &'w mut W,
    ) -> Self {
        Self {
            schema,
            options,
            scanner: Scanner::new(json, limits),
            writer,
            limits,
            nodes: limits.nodes_max,
            filled: 0,
            scratch: Vec::new(),
            bytes: Vec::new(),
        }
    }

    pub(super) fn end(&mut self) -> Result<(), Error> {
        self.scanner.end()
    }

    #[inline]
    fn spend(&mut self) -> Result<(), Error> {
        match self.nodes.checked_sub(1) {
            Some(left) => {
                self.nodes = left;
                Ok(())
            }
            None => Err(Error::limit(self.scanner.offset(), "fields and elements", self.limits.nodes_max)),
        }
    }

    pub(super) fn reply(&mut self, function: &Function) -> Result<Reply, Error> {
        let result = self.schema.structure(function.result);
        let mut scratch = Vec::new();
        let exception = self.scanner.look_ahead(|scanner| {
            let is_exception = scanner.eat(b'{') && scanner.string(&mut scratch, "").ok()? == b"$exception";
            if !is_exception || !scanner.eat(b':') {
                return None;
            }
            let name = scanner.string(&mut scratch, "").ok()?;
            result.fields().iter().find(|field| {
                let is_success = field.id == 0 && function.returns.is_some();
                !is_success && self.schema.is_named(field.ty, name)
            })
        });
        self.writer.struct_begin();
        let reply = if let Some(field) = exception {
            self.field(field)?;
            Reply::Exception
        } else {
            let success = result.position_of_id(0).map(|position| &result.fields()[position]);
            match success.filter(|_| function.returns.is_some()) {
                Some(field) => self.field(field)?,
                None if self.scanner.null() => {}
                None => return Err(self.scanner.error("null, for a function that returns nothing")),
            }
            Reply::Success
        };
        self.writer.struct_end();
        Ok(reply)
    }

    fn field(&mut self, field: &Field) -> Result<(), Error> {
        self.writer.field_begin(field.ty.wire(), field.id);
        self.value(field.ty)?;
        self.writer.field_end();
        Ok(())
    }

    #[inline]
    pub(super) fn value(&mut self, ty: Type) -> Result<(), Error> {
        match ty {
            Type::Bool => {
                let value = self.scanner.boolean()?;
                self.writer.bool(value);
            }
            Type::I8 => {
                let value = self.integer(8)?;
                self.writer.i8(i8::try_from(value).unwrap_or_default());
            }
            Type::I16 => {
                let value = self.integer(16)?;
                self.writer.i16(i16::try_from(value).unwrap_or_default());
            }
            Type::I32 => {
                let value = self.integer(32)?;
                self.writer.i32(i32::try_from(value).unwrap_or_default());
            }
            Type::I64 => {
                let value = self.i64()?;
                self.writer.i64(value);
            }
            Type::Double => {
                let value = self.double()?;
                self.writer.double(value);
            }
            Type::String => {
                let text = self.scanner.string(&mut self.scratch, "a string")?;
                self.writer.string(text);
            }
            Type::Binary => {
                self.scanner.base64(&mut self.scratch, &mut self.bytes)?;
                self.writer.binary(&self.bytes);
            }
            Type::Uuid => self.uuid()?,
            Type::Enum(id) => {
                let value = self.enumeration(id)?;
                self.writer.i32(value);
            }
            Type::Struct(id) => self.structure(id)?,
            Type::List(id) | Type::Set(id) => self.list(self.schema.element(id))?,
            Type::Map(id) => self.map(self.schema.pair(id))?,
        }
        Ok(())
    }

    fn list(&mut self, element: Type) -> Result<(), Error> {
        self.scanner.enter(b'[', "an array")?;
        // Fewer than 15 elements take one byte in the compact protocol.
        let mark = self.writer.list_begin(Some(element.wire()), 1);
        let mut count = 0_u32;
        if !self.scanner.eat(b']') {
            loop {
                self.spend()?;
                self.value(element).map_err(|error| error.in_element(count as usize))?;
                count += 1;
                if !self.scanner.more(b']')? {
                    break;
                }
            }
        }
        self.scanner.leave();
        self.writer.list_end(mark, count);
        Ok(())
    }

    fn map(&mut self, (key, value): (Type, Type)) -> Result<(), Error> {
        let is_object = key.is_object_key();
        let (open, close) = if is_object { (b'{', b'}') } else { (b'[', b']') };
        let expected = if is_object { "an object" } else { "an array of pairs" };
        self.scanner.enter(open, expected)?;
        let mark = self.writer.map_begin(Some(key.wire()), Some(value.wire()), 1);
        let mut count = 0_u32;
        if !self.scanner.eat(close) {
            loop {
                self.spend()?;
                self.spend()?;
                self.entry(key, value, is_object).map_err(|error| error.in_element(count as usize))?;
                count += 1;
                if !self.scanner.more(close)? {
                    break;
                }
            }
        }
        self.scanner.leave();
        self.writer.map_end(mark, count);
        Ok(())
    }

    #[inline]
    fn entry(&mut self, key: Type, value: Type, is_object: bool) -> Result<(), Error> {
        if is_object {
            self.key(key)?;
            self.scanner.expect(b':', "`:`")?;
            return self.value(value);
        }
        self.scanner.expect(b'[', "a pair, which is an array")?;
        self.value(key)?;
        self.scanner.expect(b',', "`,` between a key and its value")?;
        self.value(value)?;
        self.scanner.expect(b']', "`]` after a pair")
    }

    fn structure(&mut self, id: StructId) -> Result<(), Error> {
        let structure = self.schema.structure(id);
        let fields = structure.fields();
        self.scanner.enter(b'{', "an object")?;
        self.writer.struct_begin();
        let mut seen = Seen::default();
        let mut members = 0_usize;
        let mut next = 0;
        if !self.scanner.eat(b'}') {
            loop {
                self.spend()?;
                let position = match self.scanner.peek().and(fields.get(next)) {
                    Some(field) if self.scanner.eat_exact(&field.key[1..]) => Some(next),
                    _ => self.member(structure, &mut members)?,
                };
                if let Some(position) = position {
                    next = position + 1;
                    let field = &fields[position];
                    self.known_member(field, position, &mut seen, &mut members)
                        .map_err(|error| error.in_field(&field.name))?;
                }
                if !self.scanner.more(b'}')? {
                    break;
                }
            }
        }
        self.scanner.leave();
        if structure.kind == StructKind::Union {
            if members != 1 {
                let rule = format!("the union `{}` has exactly one member, not {members}", structure.name);
                return Err(Error::malformed(self.scanner.offset(), rule));
            }
        } else if structure.has_defaults() {
            self.fill_defaults(structure, &mut seen)?;
        }
        if let Some(field) = structure.missing(&seen) {
            return Err(Error::at(self.scanner.offset(), Problem::MissingField).in_field(&field.name));
        }
        self.writer.struct_end();
        Ok(())
    }

    #[inline]
    fn known_member(
        &mut self,
        field: &Field,
        position: usize,
        seen: &mut Seen,
        members: &mut usize,
    ) -> Result<(), Error> {
        if self.scanner.null() {
            return Ok(());
        }
        if !seen.insert(position) {
            return Err(Error::malformed(self.scanner.offset(), "the member comes twice"));
        }
        *members += 1;
        self.field(field)
    }

    /// A member that is not the one that is expected next: its position if the schema has it, else it is dealt with.
    #[inline(never)]
    fn member(&mut self, structure: &Struct, members: &mut usize) -> Result<Option<usize>, Error> {
        let at = self.scanner.offset();
        let name = self.scanner.string(&mut self.scratch, "the name of a member in quotes")?;
        let name = std::str::from_utf8(name).map_err(|_| Error::at(at, Problem::NotUtf8))?;
        if let Some(position) = structure.position_of_name(name) {
            self.scanner.expect(b':', "`:`")?;
            return Ok(Some(position));
        }
        match name {
            "$unknown" => {
                self.scanner.expect(b':', "`:`")?;
                *members += self.unknown_fields(structure).map_err(|error| error.in_field("$unknown"))?;
            }
            "$exception" if structure.kind == StructKind::Exception => {
                self.scanner.expect(b':', "`:`")?;
                let at = self.scanner.offset();
                let name = self.scanner.string(&mut self.scratch, "the name of an exception")?;
                if !is_name(&structure.name, name) {
                    let found = format!("{:?}", String::from_utf8_lossy(name));
                    return Err(Error::unexpected(at, format!("the exception {:?}", structure.name), found));
                }
            }
            name if self.options.unknown_members == Unknown::Drop => {
                let name = name.to_owned();
                self.scanner.expect(b':', "`:`")?;
                self.scanner.skip(&mut self.scratch).map_err(|error| error.in_field(&name))?;
            }
            name => {
                let rule = format!("`{}` has no field {name:?}", structure.name);
                return Err(Error::malformed(at, rule));
            }
        }
        Ok(None)
    }

    /// Writes defaults where generated code would: always what is required, more if the options say so.
    #[inline(never)]
    fn fill_defaults(&mut self, structure: &Struct, seen: &mut Seen) -> Result<(), Error> {
        for (position, field) in structure.fields().iter().enumerate() {
            let is_sent = match field.requiredness {
                Requiredness::Required => true,
                Requiredness::Default => self.options.fill_defaults,
                Requiredness::Optional => false,
            };
            let Some(default) = field.default.as_ref().filter(|_| is_sent && !seen.contains(position)) else {
                continue;
            };
            seen.insert(position);
            self.filled += default.len();
            let max = self.limits.message_bytes_max;
            if self.filled > max {
                return Err(Error::limit(self.scanner.offset(), "bytes of defaults", max as u64));
            }
            let mut decoder =
                Decoder::new(self.schema, self.options, default, self.limits, &mut *self.writer);
            // A default may lead to defaults: they spend what the message may spend.
            decoder.scanner.set_depth(self.scanner.depth() + 1);
            decoder.nodes = self.nodes;
            decoder.filled = self.filled;
            decoder.spend()?;
            decoder.field(field).map_err(|error| error.in_field(&field.name))?;
            (self.nodes, self.filled) = (decoder.nodes, decoder.filled);
        }
        Ok(())
    }
}

/// A name with or without the prefix of its file.
fn is_name(full: &str, name: &[u8]) -> bool {
    full.as_bytes() == name || full.rsplit('.').next().unwrap_or(full).as_bytes() == name
}

impl Schema {
    fn is_named(&self, ty: Type, name: &[u8]) -> bool {
        matches!(ty, Type::Struct(id) if is_name(&self.structure(id).name, name))
    }
}
