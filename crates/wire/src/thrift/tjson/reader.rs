use std::borrow::Cow;

use base64::Engine as _;

use super::{VERSION, from_name};
use crate::{
    Error, Limits, Problem,
    thrift::{
        TType,
        json::{BASE64, Scanner, double_of_text, parse_uuid},
        protocol::{Budget, ListHead, MapHead, MessageHead, MessageKind, Protocol, Reader, check_message},
    },
};

/// What the next value is part of.
#[derive(Clone, Copy, Debug)]
enum Context {
    /// A struct; whether a field was read.
    Struct(bool),
    Field,
    /// A list after its head, so that a comma comes before every element.
    List,
    /// A map: how many keys and values were read.
    Map(u64),
}

/// Reads `TJSONProtocol`.
pub struct JsonReader<'a> {
    scanner: Scanner<'a>,
    len: usize,
    budget: Budget,
    contexts: Vec<Context>,
    scratch: Vec<u8>,
}

impl<'a> JsonReader<'a> {
    /// Reads from the start of `input`.
    ///
    /// # Errors
    /// It is not UTF-8, or longer than a message may be.
    pub fn new(input: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        check_message(input, limits)?;
        let text =
            std::str::from_utf8(input).map_err(|error| Error::at(error.valid_up_to(), Problem::NotUtf8))?;
        // A level of ours is up to four of JSON; base64 is longer than what it holds.
        let scanner_limits = Limits {
            depth_max: limits.depth_max.saturating_mul(4).saturating_add(4),
            string_bytes_max: limits.string_bytes_max.saturating_mul(2),
            ..*limits
        };
        Ok(Self {
            scanner: Scanner::new(text, &scanner_limits),
            len: input.len(),
            budget: Budget::new(limits),
            contexts: Vec::new(),
            scratch: Vec::new(),
        })
    }

    /// Reads what separates this value from the one before.
    fn before_value(&mut self) -> Result<(), Error> {
        match self.contexts.last_mut() {
            None | Some(Context::Struct(_) | Context::Field) => Ok(()),
            Some(Context::List) => self.scanner.expect(b',', "`,` before an element"),
            Some(Context::Map(read)) => {
                let before = *read;
                *read += 1;
                if before % 2 == 1 {
                    self.scanner.expect(b':', "`:`")
                } else if before > 0 {
                    self.scanner.expect(b',', "`,` before an entry")
                } else {
                    Ok(())
                }
            }
        }
    }

    fn text(&mut self, expected: &'static str) -> Result<Cow<'a, [u8]>, Error> {
        Ok(match self.scanner.string_or_scratch(&mut self.scratch, expected)? {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(self.scratch.clone()),
        })
    }

    fn ttype(&mut self) -> Result<TType, Error> {
        let at = self.scanner.offset();
        let name = self.scanner.string(&mut self.scratch, "the name of a type")?;
        from_name(name).ok_or_else(|| {
            Error::unexpected(at, "the name of a type", format!("{:?}", String::from_utf8_lossy(name)))
        })
    }

    /// A number of up to `bits` bits, which stands in quotes where it is the key of a map.
    fn number(&mut self, bits: u32) -> Result<i64, Error> {
        self.before_value()?;
        self.bare_number(bits)
    }

    fn bare_number(&mut self, bits: u32) -> Result<i64, Error> {
        let quoted = self.scanner.eat(b'"');
        let at = self.scanner.offset();
        let value = self.scanner.integer()?;
        if quoted {
            self.scanner.expect(b'"', "`\"` after a number")?;
        }
        let unused = 64 - bits;
        if value << unused >> unused != value {
            return Err(Error::malformed(at, format!("{value} has more than {bits} bits")));
        }
        Ok(value)
    }

    fn count(&mut self, bytes_min: usize) -> Result<u32, Error> {
        let at = self.scanner.offset();
        let count = self.scanner.integer()?;
        let count = u32::try_from(count).map_err(|_| Error::malformed(at, format!("{count} is no count")))?;
        self.budget.container(count, bytes_min, self.len - self.scanner.offset(), at)?;
        Ok(count)
    }

    fn check_length(&self, at: usize, len: usize) -> Result<(), Error> {
        if len > self.budget.string_bytes_max {
            return Err(Error::limit(at, "bytes in a string", self.budget.string_bytes_max as u64));
        }
        Ok(())
    }
}

impl<'a> Reader<'a> for JsonReader<'a> {
    const RAW: Option<Protocol> = None;

    fn offset(&self) -> usize {
        self.scanner.offset()
    }

    fn slice(&self, _: usize, _: usize) -> &'a [u8] {
        &[]
    }

    fn message_begin(&mut self) -> Result<MessageHead<'a>, Error> {
        self.scanner.enter(b'[', "a message, which is an array")?;
        let at = self.scanner.offset();
        let version = self.scanner.integer()?;
        if version != VERSION {
            return Err(Error::unexpected(at, "version 1 of the JSON protocol", version.to_string()));
        }
        self.scanner.expect(b',', "`,`")?;
        let name = match self.text("the name of a function")? {
            Cow::Borrowed(name) => String::from_utf8_lossy(name),
            Cow::Owned(name) => Cow::Owned(String::from_utf8_lossy(&name).into_owned()),
        };
        self.scanner.expect(b',', "`,`")?;
        let at = self.scanner.offset();
        let kind = self.bare_number(8)?;
        let kind = u8::try_from(kind)
            .ok()
            .and_then(MessageKind::from_code)
            .ok_or_else(|| Error::malformed(at, format!("the kind {kind} of message is unknown")))?;
        self.scanner.expect(b',', "`,`")?;
        let sequence = i32::try_from(self.bare_number(32)?).unwrap_or_default();
        self.scanner.expect(b',', "`,`")?;
        Ok(MessageHead { name, kind, sequence })
    }

    fn message_end(&mut self) -> Result<(), Error> {
        self.scanner.leave();
        self.scanner.expect(b']', "`]` after a message")
    }

    fn struct_begin(&mut self) -> Result<(), Error> {
        self.before_value()?;
        self.budget.enter(self.scanner.offset())?;
        self.scanner.enter(b'{', "a struct, which is an object")?;
        self.contexts.push(Context::Struct(false));
        Ok(())
    }

    fn struct_end(&mut self) -> Result<(), Error> {
        self.budget.leave();
        self.scanner.leave();
        self.contexts.pop();
        self.scanner.expect(b'}', "`}` after a struct")
    }

    fn field_begin(&mut self) -> Result<Option<(TType, i16)>, Error> {
        if self.scanner.peek() == Some(b'}') {
            return Ok(None);
        }
        if let Some(Context::Struct(any)) = self.contexts.last_mut() {
            if *any {
                self.scanner.expect(b',', "`,` or `}`")?;
            }
            *any = true;
        }
        self.budget.spend(1, self.scanner.offset())?;
        if self.scanner.peek() != Some(b'"') {
            return Err(self.scanner.error("the id of a field in quotes"));
        }
        let id = i16::try_from(self.bare_number(16)?).unwrap_or_default();
        self.scanner.expect(b':', "`:`")?;
        self.scanner.enter(b'{', "a field, which is an object")?;
        let ttype = self.ttype()?;
        self.scanner.expect(b':', "`:`")?;
        self.contexts.push(Context::Field);
        Ok(Some((ttype, id)))
    }

    fn field_end(&mut self) -> Result<(), Error> {
        self.contexts.pop();
        self.scanner.leave();
        self.scanner.expect(b'}', "`}` after a field")
    }

    fn list_begin(&mut self) -> Result<ListHead, Error> {
        self.before_value()?;
        self.scanner.enter(b'[', "a list, which is an array")?;
        let element = self.ttype()?;
        self.scanner.expect(b',', "`,`")?;
        let count = self.count(2)?;
        self.contexts.push(Context::List);
        Ok(ListHead { element: Some(element), count })
    }

    fn list_end(&mut self) -> Result<(), Error> {
        self.budget.leave();
        self.contexts.pop();
        self.scanner.leave();
        self.scanner.expect(b']', "`]` after as many elements as the list said")
    }

    fn map_begin(&mut self) -> Result<MapHead, Error> {
        self.before_value()?;
        self.scanner.enter(b'[', "a map, which is an array")?;
        let key = self.ttype()?;
        self.scanner.expect(b',', "`,`")?;
        let value = self.ttype()?;
        self.scanner.expect(b',', "`,`")?;
        let at = self.scanner.offset();
        let count = self.count(3)?;
        self.budget.spend(count.into(), at)?;
        self.scanner.expect(b',', "`,`")?;
        self.scanner.enter(b'{', "the entries of a map, which are an object")?;
        self.contexts.push(Context::Map(0));
        Ok(MapHead { key: Some(key), value: Some(value), count })
    }

    fn map_end(&mut self) -> Result<(), Error> {
        self.budget.leave();
        self.contexts.pop();
        self.scanner.leave();
        self.scanner.leave();
        self.scanner.expect(b'}', "`}` after as many entries as the map said")?;
        self.scanner.expect(b']', "`]` after a map")
    }

    fn bool(&mut self) -> Result<bool, Error> {
        self.before_value()?;
        if matches!(self.scanner.peek(), Some(b't' | b'f')) {
            return self.scanner.boolean();
        }
        Ok(self.bare_number(32)? != 0)
    }

    fn i8(&mut self) -> Result<i8, Error> {
        Ok(i8::try_from(self.number(8)?).unwrap_or_default())
    }

    fn i16(&mut self) -> Result<i16, Error> {
        Ok(i16::try_from(self.number(16)?).unwrap_or_default())
    }

    fn i32(&mut self) -> Result<i32, Error> {
        Ok(i32::try_from(self.number(32)?).unwrap_or_default())
    }

    fn i64(&mut self) -> Result<i64, Error> {
        self.number(64)
    }

    fn double(&mut self) -> Result<f64, Error> {
        self.before_value()?;
        if self.scanner.peek() != Some(b'"') {
            // What Python's library writes, against JSON and the other libraries.
            const NAMES: [(&[u8], f64); 3] =
                [(b"nan", f64::NAN), (b"inf", f64::INFINITY), (b"-inf", f64::NEG_INFINITY)];
            let name = NAMES.iter().find(|(name, _)| self.scanner.eat_exact(name));
            return name.map_or_else(|| self.scanner.double(), |(_, value)| Ok(*value));
        }
        let at = self.scanner.offset();
        let text = self.scanner.string(&mut self.scratch, "a number")?;
        double_of_text(text).ok_or_else(|| Error::malformed(at, "this is no number"))
    }

    fn string(&mut self) -> Result<Cow<'a, [u8]>, Error> {
        self.before_value()?;
        let at = self.scanner.offset();
        let text = self.text("a string")?;
        self.check_length(at, text.len())?;
        Ok(text)
    }

    fn binary(&mut self) -> Result<Cow<'a, [u8]>, Error> {
        self.before_value()?;
        let at = self.scanner.offset();
        let text = self.text("a string of base64")?;
        let bytes = BASE64
            .decode(&text)
            .map_err(|error| Error::malformed(at, format!("this is no base64: {error}")))?;
        self.check_length(at, bytes.len())?;
        Ok(Cow::Owned(bytes))
    }

    fn uuid(&mut self) -> Result<[u8; 16], Error> {
        self.before_value()?;
        let at = self.scanner.offset();
        let text = self.text("a uuid in quotes")?;
        std::str::from_utf8(&text)
            .ok()
            .and_then(parse_uuid)
            .ok_or_else(|| Error::malformed(at, "this is no uuid"))
    }

    fn end(&mut self) -> Result<(), Error> {
        self.scanner.end()
    }
}
