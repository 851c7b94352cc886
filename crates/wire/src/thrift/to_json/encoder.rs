use std::borrow::Cow;

use super::Reply;
use crate::{
    Error, Limits, Problem,
    limits::UNKNOWN_MAX,
    thrift::{
        BinaryReader, BinaryWriter, TType,
        copy::copy_value,
        from_json, json,
        options::{I64Style, Options, Unknown},
        protocol::{Protocol, Reader},
        schema::{EnumId, Function, Schema, Seen, Struct, StructId, StructKind, Type},
    },
};

/// A field that the schema does not have.
struct UnknownField<'a> {
    id: i16,
    ttype: TType,
    bytes: Cow<'a, [u8]>,
}

/// Reads a wire format with one hand and writes JSON with the other.
pub(super) struct Encoder<'s, 'o, 'a> {
    schema: &'s Schema,
    options: &'s Options,
    out: &'o mut Vec<u8>,
    /// Those of this struct, after those of the structs around it.
    unknown: Vec<UnknownField<'a>>,
    /// How many there were in the whole message.
    unknown_count: usize,
    /// Bytes of defaults that were filled in.
    filled: usize,
}

/// Bytes of defaults in a message.
const FILLED_MAX: usize = 16 << 20;

impl<'s, 'o, 'a> Encoder<'s, 'o, 'a> {
    pub(super) fn new(schema: &'s Schema, options: &'s Options, out: &'o mut Vec<u8>) -> Self {
        Self { schema, options, out, unknown: Vec::new(), unknown_count: 0, filled: 0 }
    }

    pub(super) fn structure<R: Reader<'a>>(&mut self, reader: &mut R, id: StructId) -> Result<(), Error> {
        let structure = self.schema.structure(id);
        let fields = structure.fields();
        let unknown_from = self.unknown.len();
        let mut seen = Seen::default();
        let mut members = 0_u32;
        let mut next = 0;
        reader.struct_begin()?;
        self.out.push(b'{');
        let start = self.out.len();
        if structure.kind == StructKind::Exception {
            self.out.extend_from_slice(b"\"$exception\":");
            json::write_text(self.out, &structure.name);
        }
        while let Some((ttype, id)) = reader.field_begin()? {
            members += 1;
            let position = match fields.get(next) {
                Some(field) if field.id == id => Some(next),
                _ => structure.position_of_id(id),
            };
            match position.map(|position| (position, &fields[position])) {
                Some((position, field)) if field.ty.wire() == ttype => {
                    next = position + 1;
                    if !seen.insert(position) {
                        return Err(
                            Error::malformed(reader.offset(), "the field comes twice").in_field(&field.name)
                        );
                    }
                    let key = if self.out.len() == start { &field.key[1..] } else { &field.key };
                    self.out.extend_from_slice(key);
                    self.value(reader, field.ty).map_err(|error| error.in_field(&field.name))?;
                }
                _ => self.unknown_field(reader, ttype, id)?,
            }
            reader.field_end()?;
        }
        reader.struct_end()?;
        if let Some(field) = structure.missing(&seen) {
            return Err(Error::at(reader.offset(), Problem::MissingField).in_field(&field.name));
        }
        if structure.kind == StructKind::Union {
            if members != 1 {
                let rule = format!("the union `{}` has exactly one field, not {members}", structure.name);
                return Err(Error::malformed(reader.offset(), rule));
            }
        } else if self.options.fill_defaults && structure.has_defaults() {
            self.fill_defaults(structure, &seen, start)?;
        }
        if self.unknown.len() > unknown_from {
            self.write_unknown::<R>(unknown_from, start);
        }
        self.out.push(b'}');
        Ok(())
    }

    pub(super) fn reply<R: Reader<'a>>(
        &mut self,
        reader: &mut R,
        function: &Function,
    ) -> Result<Reply, Error> {
        let structure = self.schema.structure(function.result);
        let mut reply = None;
        reader.struct_begin()?;
        while let Some((ttype, id)) = reader.field_begin()? {
            let position = structure.position_of_id(id);
            match position.map(|position| &structure.fields()[position]) {
                Some(field) if field.ty.wire() == ttype && reply.is_none() => {
                    self.value(reader, field.ty).map_err(|error| error.in_field(&field.name))?;
                    let is_success = id == 0 && function.returns.is_some();
                    reply = Some(if is_success { Reply::Success } else { Reply::Exception });
                }
                Some(field) if reply.is_some() => {
                    return Err(
                        Error::malformed(reader.offset(), "a result has one field").in_field(&field.name)
                    );
                }
                _ if self.options.unknown_fields == Unknown::Drop => reader.skip(ttype)?,
                _ => {
                    let rule = format!("the result has an undeclared field {id} of type {}", ttype.name());
                    return Err(Error::malformed(reader.offset(), rule));
                }
            }
            reader.field_end()?;
        }
        reader.struct_end()?;
        match reply {
            Some(reply) => Ok(reply),
            None if function.returns.is_none() => {
                self.out.extend_from_slice(b"null");
                Ok(Reply::Success)
            }
            None => Err(Error::at(reader.offset(), Problem::MissingField).in_field("success")),
        }
    }

    #[inline(never)]
    fn unknown_field<R: Reader<'a>>(&mut self, reader: &mut R, ttype: TType, id: i16) -> Result<(), Error> {
        let from = reader.offset();
        match self.options.unknown_fields {
            Unknown::Drop => return reader.skip(ttype),
            Unknown::Refuse => {
                let rule = format!("the schema has no field {id} of type {}", ttype.name());
                return Err(Error::malformed(from, rule));
            }
            Unknown::Keep if self.unknown_count == UNKNOWN_MAX => {
                return Err(Error::limit(from, "fields that the schema does not have", UNKNOWN_MAX as u64));
            }
            Unknown::Keep => self.unknown_count += 1,
        }
        let bytes = if R::RAW == Some(Protocol::Compact) && ttype == TType::Bool {
            // The header had the value; as bytes it is what an element of a list is.
            Cow::Borrowed(if reader.bool()? { &[1][..] } else { &[2] })
        } else if R::RAW.is_some() {
            reader.skip(ttype)?;
            Cow::Borrowed(reader.slice(from, reader.offset()))
        } else {
            let mut bytes = Vec::new();
            copy_value(reader, ttype, &mut BinaryWriter::new(&mut bytes))?;
            Cow::Owned(bytes)
        };
        self.unknown.push(UnknownField { id, ttype, bytes });
        Ok(())
    }

    #[inline(never)]
    fn write_unknown<R: Reader<'a>>(&mut self, from: usize, start: usize) {
        let comma: &[u8] = if self.out.len() == start { b"" } else { b"," };
        self.out.extend_from_slice(comma);
        self.out.extend_from_slice(b"\"$unknown\":[");
        for (index, field) in self.unknown.drain(from..).enumerate() {
            self.out.extend_from_slice(if index == 0 { b"{\"id\":" } else { b",{\"id\":" });
            json::write_i64(self.out, field.id.into());
            self.out.extend_from_slice(b",\"type\":");
            json::write_text(self.out, field.ttype.name());
            if let Some(protocol) = R::RAW.filter(|protocol| *protocol != Protocol::Binary) {
                self.out.extend_from_slice(b",\"protocol\":");
                json::write_text(self.out, protocol.name());
            }
            self.out.extend_from_slice(b",\"b64\":");
            json::write_base64(self.out, &field.bytes);
            self.out.push(b'}');
        }
        self.out.push(b']');
    }

    #[inline(never)]
    fn fill_defaults(&mut self, structure: &Struct, seen: &Seen, start: usize) -> Result<(), Error> {
        for (position, field) in structure.fields().iter().enumerate() {
            let Some(default) = field.default.as_ref().filter(|_| !seen.contains(position)) else { continue };
            let key = if self.out.len() == start { &field.key[1..] } else { &field.key };
            self.out.extend_from_slice(key);
            self.filled += default.len();
            if self.filled > FILLED_MAX {
                return Err(Error::new(Problem::Limit { what: "bytes of defaults", max: FILLED_MAX as u64 }));
            }
            if self.options.i64_style == I64Style::Number {
                self.out.extend_from_slice(default.as_bytes());
                continue;
            }
            // Through the wire and back, so that it has the style that was asked for.
            let mut bytes = Vec::new();
            let limits = Limits::default();
            let mut writer = BinaryWriter::new(&mut bytes);
            from_json::value(self.schema, field.ty, default, &mut writer, &limits, self.options)
                .map_err(|error| error.in_field(&field.name))?;
            let mut reader = BinaryReader::new(&bytes, &limits)?;
            Encoder::new(self.schema, self.options, self.out).value(&mut reader, field.ty)?;
        }
        Ok(())
    }

    #[inline]
    fn value<R: Reader<'a>>(&mut self, reader: &mut R, ty: Type) -> Result<(), Error> {
        match ty {
            Type::Bool => self.out.extend_from_slice(if reader.bool()? { b"true" } else { b"false" }),
            Type::I8 => json::write_i64(self.out, reader.i8()?.into()),
            Type::I16 => json::write_i64(self.out, reader.i16()?.into()),
            Type::I32 => json::write_i64(self.out, reader.i32()?.into()),
            Type::I64 => self.write_i64(reader.i64()?),
            Type::Double => json::write_double(self.out, reader.double()?),
            Type::String => self.string(reader)?,
            Type::Binary => json::write_base64(self.out, &reader.binary()?),
            Type::Uuid => json::write_uuid(self.out, reader.uuid()?),
            Type::Enum(id) => self.enumeration(reader.i32()?, id),
            Type::Struct(id) => self.structure(reader, id)?,
            Type::List(id) | Type::Set(id) => self.list(reader, self.schema.element(id))?,
            Type::Map(id) => self.map(reader, self.schema.pair(id))?,
        }
        Ok(())
    }

    #[inline]
    fn write_i64(&mut self, value: i64) {
        let as_string = match self.options.i64_style {
            I64Style::Number => false,
            I64Style::String => true,
            I64Style::JsSafe => value.unsigned_abs() > 1 << 53,
        };
        if as_string {
            self.out.push(b'"');
        }
        json::write_i64(self.out, value);
        if as_string {
            self.out.push(b'"');
        }
    }

    #[inline]
    fn string<R: Reader<'a>>(&mut self, reader: &mut R) -> Result<(), Error> {
        let text = reader.string()?;
        if json::write_string(self.out, &text) {
            Ok(())
        } else {
            Err(Error::at(reader.offset(), Problem::NotUtf8))
        }
    }

    #[inline]
    fn enumeration(&mut self, number: i32, id: EnumId) {
        match self.schema.enumeration(id).quoted_name_of(number) {
            Some(name) => self.out.extend_from_slice(name),
            None => json::write_i64(self.out, number.into()),
        }
    }

    fn list<R: Reader<'a>>(&mut self, reader: &mut R, element: Type) -> Result<(), Error> {
        let head = reader.list_begin()?;
        if head.element != Some(element.wire()) && head.count > 0 {
            return Err(mismatch(reader.offset(), "elements", element, head.element));
        }
        self.out.push(b'[');
        for index in 0..head.count {
            if index > 0 {
                self.out.push(b',');
            }
            self.value(reader, element).map_err(|error| error.in_element(index as usize))?;
        }
        self.out.push(b']');
        reader.list_end()
    }

    fn map<R: Reader<'a>>(&mut self, reader: &mut R, (key, value): (Type, Type)) -> Result<(), Error> {
        let head = reader.map_begin()?;
        if head.count > 0 {
            if head.key != Some(key.wire()) {
                return Err(mismatch(reader.offset(), "keys", key, head.key));
            }
            if head.value != Some(value.wire()) {
                return Err(mismatch(reader.offset(), "values", value, head.value));
            }
        }
        let is_object = key.is_object_key();
        self.out.push(if is_object { b'{' } else { b'[' });
        for index in 0..head.count {
            if index > 0 {
                self.out.push(b',');
            }
            self.entry(reader, key, value, is_object).map_err(|error| error.in_element(index as usize))?;
        }
        self.out.push(if is_object { b'}' } else { b']' });
        reader.map_end()
    }

    #[inline]
    fn entry<R: Reader<'a>>(
        &mut self,
        reader: &mut R,
        key: Type,
        value: Type,
        is_object: bool,
    ) -> Result<(), Error> {
        if !is_object {
            self.out.push(b'[');
            self.value(reader, key)?;
            self.out.push(b',');
            self.value(reader, value)?;
            self.out.push(b']');
            return Ok(());
        }
        if key == Type::String {
            self.string(reader)?;
        } else {
            let from = self.out.len();
            self.value(reader, key)?;
            if self.out.get(from) != Some(&b'"') {
                self.out.insert(from, b'"');
                self.out.push(b'"');
            }
        }
        self.out.push(b':');
        self.value(reader, value)
    }
}

#[cold]
fn mismatch(offset: usize, what: &str, expected: Type, found: Option<TType>) -> Error {
    let found = found.map_or("none", TType::name);
    Error::unexpected(
        offset,
        format!("{what} of type {}", expected.wire().name()),
        format!("{what} of type {found}"),
    )
}
