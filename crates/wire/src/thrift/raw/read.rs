use crate::{
    Error, Limits,
    thrift::{
        TType,
        json::{Scanner, double_of_text, integer, parse_uuid},
        protocol::Writer,
    },
};

pub(super) fn structure(text: &str, limits: &Limits, writer: &mut impl Writer) -> Result<(), Error> {
    // A level of ours is up to three of JSON.
    let depth_max = limits.depth_max.saturating_mul(3).saturating_add(3);
    let scanner = Scanner::new(text, &Limits { depth_max, ..*limits });
    let (nodes, nodes_max) = (limits.nodes_max, limits.nodes_max);
    let mut reader = RawReader { scanner, writer, scratch: Vec::new(), bytes: Vec::new(), nodes, nodes_max };
    reader.structure()?;
    reader.scanner.end()
}

struct RawReader<'j, 'w, W> {
    scanner: Scanner<'j>,
    writer: &'w mut W,
    scratch: Vec<u8>,
    bytes: Vec<u8>,
    nodes: u64,
    nodes_max: u64,
}

impl<W: Writer> RawReader<'_, '_, W> {
    fn spend(&mut self) -> Result<(), Error> {
        let left = self.nodes.checked_sub(1);
        self.nodes =
            left.ok_or_else(|| Error::limit(self.scanner.offset(), "fields and elements", self.nodes_max))?;
        Ok(())
    }

    fn structure(&mut self) -> Result<(), Error> {
        self.scanner.enter(b'{', "a struct, which is an object")?;
        self.writer.struct_begin();
        if !self.scanner.eat(b'}') {
            loop {
                self.field()?;
                if !self.scanner.more(b'}')? {
                    break;
                }
            }
        }
        self.scanner.leave();
        self.writer.struct_end();
        Ok(())
    }

    fn field(&mut self) -> Result<(), Error> {
        self.spend()?;
        let at = self.scanner.offset();
        let name = self.scanner.string(&mut self.scratch, "the id of a field in quotes")?;
        let id =
            integer(name).filter(|(_, len)| *len == name.len()).and_then(|(id, _)| i16::try_from(id).ok());
        let id = id.ok_or_else(|| Error::unexpected(at, "an id of 16 bits", "another name"))?;
        self.scanner.expect(b':', "`:`")?;
        self.scanner.enter(b'{', "a type and its value, which are an object")?;
        let ttype = self.ttype()?;
        self.scanner.expect(b':', "`:`")?;
        self.writer.field_begin(ttype, id);
        self.value(ttype).map_err(|error| error.in_field(&id.to_string()))?;
        self.writer.field_end();
        self.scanner.leave();
        self.scanner.expect(b'}', "`}` after the value of a field")
    }

    fn ttype(&mut self) -> Result<TType, Error> {
        let at = self.scanner.offset();
        let name = self.scanner.string(&mut self.scratch, "the name of a type")?;
        let ttype = std::str::from_utf8(name).ok().and_then(TType::from_name);
        ttype.ok_or_else(|| Error::unexpected(at, "the name of a type", "another string"))
    }

    /// The type of elements, and null for none.
    fn element_type(&mut self) -> Result<Option<TType>, Error> {
        let ttype = if self.scanner.null() { None } else { Some(self.ttype()?) };
        self.scanner.expect(b',', "`,` after a type")?;
        Ok(ttype)
    }

    fn integer(&mut self, bits: u32) -> Result<i64, Error> {
        let value = self.scanner.integer()?;
        if value << (64 - bits) >> (64 - bits) != value {
            let offset = self.scanner.offset();
            return Err(Error::unexpected(offset, format!("an integer of {bits} bits"), value.to_string()));
        }
        Ok(value)
    }

    fn value(&mut self, ttype: TType) -> Result<(), Error> {
        match ttype {
            TType::Bool => {
                let value = self.scanner.boolean()?;
                self.writer.bool(value);
            }
            TType::I8 => {
                let value = self.integer(8)?;
                self.writer.i8(i8::try_from(value).unwrap_or_default());
            }
            TType::I16 => {
                let value = self.integer(16)?;
                self.writer.i16(i16::try_from(value).unwrap_or_default());
            }
            TType::I32 => {
                let value = self.integer(32)?;
                self.writer.i32(i32::try_from(value).unwrap_or_default());
            }
            TType::I64 => {
                let value = self.scanner.integer()?;
                self.writer.i64(value);
            }
            TType::Double => {
                let value = self.double()?;
                self.writer.double(value);
            }
            TType::String => self.string()?,
            TType::Uuid => {
                let at = self.scanner.offset();
                let text = self.scanner.string(&mut self.scratch, "a uuid in quotes")?;
                let uuid = std::str::from_utf8(text).ok().and_then(parse_uuid);
                self.writer.uuid(uuid.ok_or_else(|| Error::malformed(at, "the string is no uuid"))?);
            }
            TType::Struct => self.structure()?,
            TType::List | TType::Set => self.list()?,
            TType::Map => self.map()?,
        }
        Ok(())
    }

    fn double(&mut self) -> Result<f64, Error> {
        let at = self.scanner.offset();
        match self.scanner.peek() {
            Some(b'"') => {
                let text = self.scanner.string(&mut self.scratch, "a number")?;
                double_of_text(text).ok_or_else(|| Error::malformed(at, "the string is no number"))
            }
            Some(b'{') => {
                let bits = self.single("bits")?;
                u64::from_str_radix(&bits, 16)
                    .map(f64::from_bits)
                    .map_err(|_| Error::malformed(at, "the bits of a double are 16 hexadecimal digits"))
            }
            _ => self.scanner.double(),
        }
    }

    /// The text in an object of one member.
    fn single(&mut self, name: &'static str) -> Result<String, Error> {
        self.scanner.enter(b'{', "an object")?;
        let at = self.scanner.offset();
        if self.scanner.string(&mut self.scratch, "the name of a member")? != name.as_bytes() {
            return Err(Error::unexpected(at, name, "another member"));
        }
        self.scanner.expect(b':', "`:`")?;
        let text = self.scanner.string(&mut self.scratch, "a string")?;
        let text = String::from_utf8_lossy(text).into_owned();
        self.scanner.leave();
        self.scanner.expect(b'}', "`}`")?;
        Ok(text)
    }

    fn string(&mut self) -> Result<(), Error> {
        if self.scanner.peek() != Some(b'{') {
            let text = self.scanner.string(&mut self.scratch, "a string")?;
            self.writer.string(text);
            return Ok(());
        }
        self.scanner.enter(b'{', "an object")?;
        let at = self.scanner.offset();
        if self.scanner.string(&mut self.scratch, "b64")? != b"b64" {
            return Err(Error::unexpected(at, "b64", "another member"));
        }
        self.scanner.expect(b':', "`:`")?;
        self.scanner.base64(&mut self.scratch, &mut self.bytes)?;
        self.scanner.leave();
        self.scanner.expect(b'}', "`}`")?;
        self.writer.binary(&self.bytes);
        Ok(())
    }

    fn list(&mut self) -> Result<(), Error> {
        self.scanner.enter(b'[', "a type and elements, which are an array")?;
        let element = self.element_type()?;
        self.scanner.enter(b'[', "an array of elements")?;
        let mark = self.writer.list_begin(element, 0);
        let mut count = 0_u32;
        if !self.scanner.eat(b']') {
            let Some(element) = element else {
                return Err(self.scanner.error("no elements, as they have no type"));
            };
            loop {
                self.spend()?;
                self.value(element).map_err(|error| error.in_element(count as usize))?;
                count += 1;
                if !self.scanner.more(b']')? {
                    break;
                }
            }
        }
        self.writer.list_end(mark, count);
        self.scanner.leave();
        self.scanner.leave();
        self.scanner.expect(b']', "`]` after a list")
    }

    fn map(&mut self) -> Result<(), Error> {
        self.scanner.enter(b'[', "two types and entries, which are an array")?;
        let key = self.element_type()?;
        let value = self.element_type()?;
        self.scanner.enter(b'[', "an array of pairs")?;
        let mark = self.writer.map_begin(key, value, 0);
        let mut count = 0_u32;
        if !self.scanner.eat(b']') {
            let (Some(key), Some(value)) = (key, value) else {
                return Err(self.scanner.error("no entries, as they have no type"));
            };
            loop {
                self.spend()?;
                self.spend()?;
                self.pair(key, value).map_err(|error| error.in_element(count as usize))?;
                count += 1;
                if !self.scanner.more(b']')? {
                    break;
                }
            }
        }
        self.writer.map_end(mark, count);
        self.scanner.leave();
        self.scanner.leave();
        self.scanner.expect(b']', "`]` after a map")
    }

    fn pair(&mut self, key: TType, value: TType) -> Result<(), Error> {
        self.scanner.expect(b'[', "a pair, which is an array")?;
        self.value(key)?;
        self.scanner.expect(b',', "`,` between a key and its value")?;
        self.value(value)?;
        self.scanner.expect(b']', "`]` after a pair")
    }
}
