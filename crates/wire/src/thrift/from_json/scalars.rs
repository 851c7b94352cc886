//! Values that are neither structs nor containers, and the keys of maps.

use super::decoder::Decoder;
use crate::{
    Error,
    thrift::{
        json::{double_of_text, integer, parse_uuid},
        protocol::Writer,
        schema::{EnumId, Schema, Type},
    },
};

impl<W: Writer> Decoder<'_, '_, '_, W> {
    #[inline]
    pub(super) fn integer(&mut self, bits: u32) -> Result<i64, Error> {
        let value = self.scanner.integer()?;
        let unused = 64 - bits;
        if value << unused >> unused != value {
            return Err(self.too_wide(value, bits));
        }
        Ok(value)
    }

    #[cold]
    fn too_wide(&self, value: i64, bits: u32) -> Error {
        Error::unexpected(self.scanner.offset(), format!("an integer of {bits} bits"), value.to_string())
    }

    #[inline]
    pub(super) fn i64(&mut self) -> Result<i64, Error> {
        if self.scanner.peek() != Some(b'"') {
            return self.scanner.integer();
        }
        let at = self.scanner.offset();
        let text = self.scanner.string(&mut self.scratch, "an integer")?;
        whole_integer(text).ok_or_else(|| Error::malformed(at, "the string is no integer of 64 bits"))
    }

    #[inline]
    pub(super) fn double(&mut self) -> Result<f64, Error> {
        if self.scanner.peek() != Some(b'"') {
            return self.scanner.double();
        }
        let at = self.scanner.offset();
        let text = self.scanner.string(&mut self.scratch, "a number")?;
        match text {
            b"NaN" | b"Infinity" | b"-Infinity" => Ok(double_of_text(text).unwrap_or_default()),
            _ => Err(Error::unexpected(
                at,
                "a number, \"NaN\", \"Infinity\" or \"-Infinity\"",
                "another string",
            )),
        }
    }

    pub(super) fn uuid(&mut self) -> Result<(), Error> {
        let at = self.scanner.offset();
        let text = self.scanner.string(&mut self.scratch, "a uuid in quotes")?;
        let uuid = std::str::from_utf8(text).ok().and_then(parse_uuid);
        self.writer.uuid(uuid.ok_or_else(|| Error::malformed(at, "the string is no uuid"))?);
        Ok(())
    }

    #[inline]
    pub(super) fn enumeration(&mut self, id: EnumId) -> Result<i32, Error> {
        if self.scanner.peek() != Some(b'"') {
            let value = self.integer(32)?;
            return Ok(i32::try_from(value).unwrap_or_default());
        }
        let at = self.scanner.offset();
        let text = self.scanner.string(&mut self.scratch, "the name of a value")?;
        number_of_name(self.schema, id, text).ok_or_else(|| no_such_value(self.schema, id, text, at))
    }

    /// The key of a map, which is a member's name.
    pub(super) fn key(&mut self, key: Type) -> Result<(), Error> {
        let at = self.scanner.offset();
        let text = self.scanner.string(&mut self.scratch, "a key in quotes")?;
        let bits = match key {
            Type::I8 => 8,
            Type::I16 => 16,
            Type::I32 => 32,
            Type::I64 => 64,
            Type::Bool => {
                match text {
                    b"true" => self.writer.bool(true),
                    b"false" => self.writer.bool(false),
                    _ => return Err(Error::unexpected(at, "true or false as a key", "another key")),
                }
                return Ok(());
            }
            Type::Enum(id) => {
                let number = number_of_name(self.schema, id, text)
                    .or_else(|| whole_integer(text).and_then(|number| i32::try_from(number).ok()))
                    .ok_or_else(|| no_such_value(self.schema, id, text, at))?;
                self.writer.i32(number);
                return Ok(());
            }
            _ => {
                self.writer.string(text);
                return Ok(());
            }
        };
        let value =
            whole_integer(text).filter(|value| value << (64 - bits) >> (64 - bits) == *value).ok_or_else(
                || Error::unexpected(at, format!("an integer of {bits} bits as a key"), "another key"),
            )?;
        match key {
            Type::I8 => self.writer.i8(i8::try_from(value).unwrap_or_default()),
            Type::I16 => self.writer.i16(i16::try_from(value).unwrap_or_default()),
            Type::I32 => self.writer.i32(i32::try_from(value).unwrap_or_default()),
            _ => self.writer.i64(value),
        }
        Ok(())
    }
}

/// An integer that is all of a text.
fn whole_integer(text: &[u8]) -> Option<i64> {
    integer(text).filter(|(_, len)| *len == text.len()).map(|(value, _)| value)
}

fn number_of_name(schema: &Schema, id: EnumId, name: &[u8]) -> Option<i32> {
    schema.enumeration(id).number_of(std::str::from_utf8(name).ok()?)
}

#[cold]
fn no_such_value(schema: &Schema, id: EnumId, name: &[u8], at: usize) -> Error {
    let expected = format!("a value of the enum `{}`", schema.enumeration(id).name);
    Error::unexpected(at, expected, format!("{:?}", String::from_utf8_lossy(name)))
}
