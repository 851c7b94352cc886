//! Fields that the schema does not have, kept as bytes by [`to_json`](crate::thrift::to_json).

use super::decoder::Decoder;
use crate::{
    Error, Problem,
    thrift::{
        BinaryReader, CompactReader, TType,
        copy::copy_value,
        protocol::{Protocol, Reader, Writer},
        schema::Struct,
    },
};

impl<W: Writer> Decoder<'_, '_, '_, W> {
    /// Reads `[{"id":9,"type":"list","b64":"…"}]` and writes the fields; says how many there were.
    pub(super) fn unknown_fields(&mut self, structure: &Struct) -> Result<usize, Error> {
        // These two levels are none of the message: they are not counted.
        self.scanner.expect(b'[', "an array of fields")?;
        let mut count = 0;
        if !self.scanner.eat(b']') {
            loop {
                self.unknown_field(structure).map_err(|error| error.in_element(count))?;
                count += 1;
                if !self.scanner.more(b']')? {
                    break;
                }
            }
        }
        Ok(count)
    }

    fn unknown_field(&mut self, structure: &Struct) -> Result<(), Error> {
        let start = self.scanner.offset();
        let (mut id, mut ttype, mut protocol) = (None, None, Protocol::Binary);
        let mut bytes = None;
        self.scanner.expect(b'{', "a field, which is an object")?;
        loop {
            let at = self.scanner.offset();
            let name = self.scanner.string(&mut self.scratch, "id, type, protocol or b64")?;
            match name {
                b"id" => {
                    self.scanner.expect(b':', "`:`")?;
                    id = Some(self.scanner.integer()?);
                }
                b"type" => {
                    self.scanner.expect(b':', "`:`")?;
                    let name = self.scanner.string(&mut self.scratch, "the name of a type")?;
                    ttype = std::str::from_utf8(name).ok().and_then(TType::from_name);
                }
                b"protocol" => {
                    self.scanner.expect(b':', "`:`")?;
                    protocol = match self.scanner.string(&mut self.scratch, "binary or compact")? {
                        b"binary" => Protocol::Binary,
                        b"compact" => Protocol::Compact,
                        _ => return Err(Error::unexpected(at, "binary or compact", "another protocol")),
                    };
                }
                b"b64" => {
                    self.scanner.expect(b':', "`:`")?;
                    self.scanner.base64(&mut self.scratch, &mut self.bytes)?;
                    bytes = Some(std::mem::take(&mut self.bytes));
                }
                _ => return Err(Error::unexpected(at, "id, type, protocol or b64", "another member")),
            }
            if !self.scanner.more(b'}')? {
                break;
            }
        }
        let missing = |name| Error::at(start, Problem::MissingField).in_field(name);
        let id = id.ok_or_else(|| missing("id"))?;
        let id =
            i16::try_from(id).map_err(|_| Error::unexpected(start, "an id of 16 bits", id.to_string()))?;
        let ttype = ttype.ok_or_else(|| missing("type"))?;
        let bytes = bytes.ok_or_else(|| missing("b64"))?;
        let known = structure.position_of_id(id).map(|position| &structure.fields()[position]);
        if let Some(field) = known.filter(|field| field.ty.wire() == ttype) {
            return Err(Error::malformed(start, format!("the field {id} is known as `{}`", field.name)));
        }
        self.write_unknown(id, ttype, protocol, &bytes)
            .map_err(|error| Error::malformed(start, format!("in the bytes of the field {id}: {error}")))
    }

    fn write_unknown(
        &mut self,
        id: i16,
        ttype: TType,
        protocol: Protocol,
        bytes: &[u8],
    ) -> Result<(), Error> {
        match protocol {
            Protocol::Compact => self.write_from(CompactReader::new(bytes, self.limits)?, id, ttype, bytes),
            _ => self.write_from(BinaryReader::new(bytes, self.limits)?, id, ttype, bytes),
        }
    }

    fn write_from<'b, R: Reader<'b>>(
        &mut self,
        mut reader: R,
        id: i16,
        ttype: TType,
        bytes: &[u8],
    ) -> Result<(), Error> {
        if R::RAW == W::RAW {
            // Whatever the bytes are, they must be one value before they go into a message.
            reader.skip(ttype)?;
            reader.end()?;
            self.writer.raw_field(ttype, id, bytes);
            return Ok(());
        }
        self.writer.field_begin(ttype, id);
        copy_value(&mut reader, ttype, self.writer)?;
        self.writer.field_end();
        reader.end()
    }
}
