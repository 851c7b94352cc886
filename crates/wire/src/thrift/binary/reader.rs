use std::borrow::Cow;

use super::VERSION;
use crate::{
    Error, Limits, Problem,
    thrift::{
        TType,
        protocol::{Budget, ListHead, MapHead, MessageHead, MessageKind, Protocol, Reader, check_message},
    },
};

/// The fewest bytes that a value takes.
fn bytes_min(ttype: TType) -> usize {
    match ttype {
        TType::Bool | TType::I8 | TType::Struct => 1,
        TType::I16 => 2,
        TType::I32 | TType::String => 4,
        TType::I64 | TType::Double => 8,
        TType::List | TType::Set => 5,
        TType::Map => 6,
        TType::Uuid => 16,
    }
}

/// Reads the binary protocol.
#[derive(Debug)]
pub struct BinaryReader<'a> {
    input: &'a [u8],
    rest: &'a [u8],
    budget: Budget,
}

impl<'a> BinaryReader<'a> {
    /// Reads from the start of `input`.
    ///
    /// # Errors
    /// It is longer than a message may be.
    pub fn new(input: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        check_message(input, limits)?;
        Ok(Self { input, rest: input, budget: Budget::new(limits) })
    }

    /// Says that more of the message may come.
    pub(crate) fn expect_more(&mut self) {
        self.budget.is_partial = true;
    }

    #[inline]
    fn take<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Error> {
        let Some((taken, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(Error::truncated(self.offset(), what));
        };
        self.rest = rest;
        Ok(*taken)
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let at = self.offset();
        let len = i32::from_be_bytes(self.take("a length")?);
        let Ok(len) = usize::try_from(len) else {
            return Err(Error::malformed(at, format!("the length {len} is negative")));
        };
        if len > self.budget.string_bytes_max {
            return Err(Error::limit(at, "bytes in a string", self.budget.string_bytes_max as u64));
        }
        let Some((bytes, rest)) = self.rest.split_at_checked(len) else {
            return Err(Error::truncated(self.input.len(), "a string"));
        };
        self.rest = rest;
        Ok(bytes)
    }

    fn name(&mut self) -> Result<Cow<'a, str>, Error> {
        let at = self.offset();
        let name = self.bytes()?;
        std::str::from_utf8(name).map(Cow::Borrowed).map_err(|_| Error::at(at, Problem::NotUtf8))
    }

    /// The type of elements; a container without any may have none.
    #[inline]
    fn element(&self, code: u8, count: i32, at: usize) -> Result<Option<TType>, Error> {
        match TType::from_code(code) {
            None if count != 0 || code > 16 => {
                Err(Error::malformed(at, format!("the type {code} of elements is unknown")))
            }
            ttype => Ok(ttype),
        }
    }

    #[inline]
    fn count(count: i32, at: usize) -> Result<u32, Error> {
        u32::try_from(count).map_err(|_| Error::malformed(at, format!("the count {count} is negative")))
    }
}

impl<'a> Reader<'a> for BinaryReader<'a> {
    const RAW: Option<Protocol> = Some(Protocol::Binary);

    #[inline]
    fn offset(&self) -> usize {
        self.input.len() - self.rest.len()
    }

    fn slice(&self, from: usize, to: usize) -> &'a [u8] {
        self.input.get(from..to).unwrap_or_default()
    }

    fn message_begin(&mut self) -> Result<MessageHead<'a>, Error> {
        let first =
            i32::from_be_bytes(*self.rest.first_chunk().ok_or_else(|| Error::truncated(0, "a message"))?);
        let (name, kind) = if first < 0 {
            let word = u32::from_be_bytes(self.take("a message")?);
            if word & 0xFFFF_0000 != VERSION {
                return Err(Error::unexpected(
                    0,
                    "version 1 of the binary protocol",
                    format!("0x{word:08x}"),
                ));
            }
            (self.name()?, word.to_be_bytes()[3])
        } else {
            let name = self.name()?;
            (name, self.take::<1>("a message")?[0])
        };
        let kind = MessageKind::from_code(kind).ok_or_else(|| {
            Error::malformed(self.offset(), format!("the kind {kind} of message is unknown"))
        })?;
        let sequence = i32::from_be_bytes(self.take("a message")?);
        Ok(MessageHead { name, kind, sequence })
    }

    fn message_end(&mut self) -> Result<(), Error> {
        Ok(())
    }

    #[inline]
    fn struct_begin(&mut self) -> Result<(), Error> {
        self.budget.enter(self.input.len() - self.rest.len())
    }

    #[inline]
    fn struct_end(&mut self) -> Result<(), Error> {
        self.budget.leave();
        Ok(())
    }

    #[inline]
    fn field_begin(&mut self) -> Result<Option<(TType, i16)>, Error> {
        let at = self.offset();
        if let Some(([code, high, low], rest)) = self.rest.split_first_chunk()
            && let Some(ttype) = TType::from_code(*code)
        {
            self.rest = rest;
            self.budget.spend(1, at)?;
            return Ok(Some((ttype, i16::from_be_bytes([*high, *low]))));
        }
        let [code] = self.take("a field")?;
        match TType::from_code(code) {
            None if code == 0 => Ok(None),
            None => Err(Error::malformed(at, format!("the type {code} of a field is unknown"))),
            Some(_) => Err(Error::truncated(at, "a field")),
        }
    }

    #[inline]
    fn field_end(&mut self) -> Result<(), Error> {
        Ok(())
    }

    #[inline]
    fn list_begin(&mut self) -> Result<ListHead, Error> {
        let at = self.offset();
        let [code, count @ ..] = self.take::<5>("a list")?;
        let count = i32::from_be_bytes(count);
        let element = self.element(code, count, at)?;
        let count = Self::count(count, at)?;
        self.budget.container(count, element.map_or(1, bytes_min), self.rest.len(), at)?;
        Ok(ListHead { element, count })
    }

    #[inline]
    fn list_end(&mut self) -> Result<(), Error> {
        self.budget.leave();
        Ok(())
    }

    #[inline]
    fn map_begin(&mut self) -> Result<MapHead, Error> {
        let at = self.offset();
        let [key, value, count @ ..] = self.take::<6>("a map")?;
        let count = i32::from_be_bytes(count);
        let key = self.element(key, count, at)?;
        let value = self.element(value, count, at)?;
        let count = Self::count(count, at)?;
        let bytes = key.map_or(1, bytes_min) + value.map_or(1, bytes_min);
        self.budget.container(count, bytes, self.rest.len(), at)?;
        self.budget.spend(count.into(), at)?;
        Ok(MapHead { key, value, count })
    }

    #[inline]
    fn map_end(&mut self) -> Result<(), Error> {
        self.budget.leave();
        Ok(())
    }

    #[inline]
    fn bool(&mut self) -> Result<bool, Error> {
        // Some writers have other bytes than 1 for true.
        Ok(self.take::<1>("a bool")? != [0])
    }

    #[inline]
    fn i8(&mut self) -> Result<i8, Error> {
        Ok(i8::from_be_bytes(self.take("an i8")?))
    }

    #[inline]
    fn i16(&mut self) -> Result<i16, Error> {
        Ok(i16::from_be_bytes(self.take("an i16")?))
    }

    #[inline]
    fn i32(&mut self) -> Result<i32, Error> {
        Ok(i32::from_be_bytes(self.take("an i32")?))
    }

    #[inline]
    fn i64(&mut self) -> Result<i64, Error> {
        Ok(i64::from_be_bytes(self.take("an i64")?))
    }

    #[inline]
    fn double(&mut self) -> Result<f64, Error> {
        Ok(f64::from_be_bytes(self.take("a double")?))
    }

    #[inline]
    fn string(&mut self) -> Result<Cow<'a, [u8]>, Error> {
        self.bytes().map(Cow::Borrowed)
    }

    #[inline]
    fn binary(&mut self) -> Result<Cow<'a, [u8]>, Error> {
        self.bytes().map(Cow::Borrowed)
    }

    #[inline]
    fn uuid(&mut self) -> Result<[u8; 16], Error> {
        self.take("a uuid")
    }

    fn end(&mut self) -> Result<(), Error> {
        match self.rest.len() {
            0 => Ok(()),
            rest => Err(Error::at(self.offset(), Problem::Trailing(rest))),
        }
    }
}
