use std::borrow::Cow;

use super::{BOOL_FALSE, BOOL_TRUE, PROTOCOL_ID, VERSION, Varint, from_code, read_varint};
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
        TType::Double => 8,
        TType::Uuid => 16,
        _ => 1,
    }
}

/// Reads the compact protocol.
#[derive(Debug)]
pub struct CompactReader<'a> {
    input: &'a [u8],
    rest: &'a [u8],
    budget: Budget,
    /// The last field's id in this struct, and in those around it.
    last_id: i16,
    last_ids: Vec<i16>,
    /// The value of a bool field, which its header had.
    pending: Option<bool>,
}

impl<'a> CompactReader<'a> {
    /// Reads from the start of `input`.
    ///
    /// # Errors
    /// It is longer than a message may be.
    pub fn new(input: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        check_message(input, limits)?;
        Ok(Self {
            input,
            rest: input,
            budget: Budget::new(limits),
            last_id: 0,
            last_ids: Vec::new(),
            pending: None,
        })
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
    fn varint(&mut self, bits: u32) -> Result<u64, Error> {
        match read_varint(self.rest, bits) {
            Varint::Value(value, len) => {
                self.rest = &self.rest[len..];
                Ok(value)
            }
            Varint::Truncated => Err(Error::truncated(self.input.len(), "a number")),
            Varint::Overlong => {
                Err(Error::malformed(self.offset(), format!("this varint has more than {bits} bits")))
            }
        }
    }

    /// A zigzag number: 0, -1, 1, -2 and so on.
    #[inline]
    fn zigzag(&mut self, bits: u32) -> Result<i64, Error> {
        let value = self.varint(bits)?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// A count or length, which other readers take as a signed number of 32 bits.
    #[inline]
    fn size(&mut self) -> Result<u32, Error> {
        let at = self.offset();
        let size = self.varint(32)?;
        i32::try_from(size)
            .map(i32::cast_unsigned)
            .map_err(|_| Error::malformed(at, format!("the size {size} is negative for its reader")))
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let at = self.offset();
        let len = self.size()? as usize;
        if len > self.budget.string_bytes_max {
            return Err(Error::limit(at, "bytes in a string", self.budget.string_bytes_max as u64));
        }
        let Some((bytes, rest)) = self.rest.split_at_checked(len) else {
            return Err(Error::truncated(self.input.len(), "a string"));
        };
        self.rest = rest;
        Ok(bytes)
    }

    #[inline]
    fn element(code: u8, count: u32, at: usize) -> Result<Option<TType>, Error> {
        match from_code(code) {
            None if count != 0 => {
                Err(Error::malformed(at, format!("the type {code} of elements is unknown")))
            }
            ttype => Ok(ttype),
        }
    }
}

impl<'a> Reader<'a> for CompactReader<'a> {
    const RAW: Option<Protocol> = Some(Protocol::Compact);

    #[inline]
    fn offset(&self) -> usize {
        self.input.len() - self.rest.len()
    }

    fn slice(&self, from: usize, to: usize) -> &'a [u8] {
        self.input.get(from..to).unwrap_or_default()
    }

    fn message_begin(&mut self) -> Result<MessageHead<'a>, Error> {
        let [id, second] = self.take("a message")?;
        if id != PROTOCOL_ID || second & 0x1F != VERSION {
            let found = format!("0x{id:02x}{second:02x}");
            return Err(Error::unexpected(0, "version 1 of the compact protocol", found));
        }
        let kind = second >> 5;
        let kind = MessageKind::from_code(kind)
            .ok_or_else(|| Error::malformed(1, format!("the kind {kind} of message is unknown")))?;
        // Writers differ in whether the number is signed; its bits are the same.
        let sequence = u32::try_from(self.varint(32)?).unwrap_or_default().cast_signed();
        let at = self.offset();
        let name = std::str::from_utf8(self.bytes()?).map_err(|_| Error::at(at, Problem::NotUtf8))?;
        Ok(MessageHead { name: Cow::Borrowed(name), kind, sequence })
    }

    fn message_end(&mut self) -> Result<(), Error> {
        Ok(())
    }

    #[inline]
    fn struct_begin(&mut self) -> Result<(), Error> {
        self.budget.enter(self.input.len() - self.rest.len())?;
        self.last_ids.push(self.last_id);
        self.last_id = 0;
        Ok(())
    }

    #[inline]
    fn struct_end(&mut self) -> Result<(), Error> {
        self.budget.leave();
        self.last_id = self.last_ids.pop().unwrap_or_default();
        Ok(())
    }

    #[inline]
    fn field_begin(&mut self) -> Result<Option<(TType, i16)>, Error> {
        let at = self.offset();
        let [head] = self.take("a field")?;
        if head == 0 {
            return Ok(None);
        }
        let code = head & 0x0F;
        let ttype = from_code(code)
            .ok_or_else(|| Error::malformed(at, format!("the type {code} of a field is unknown")))?;
        let delta = i16::from(head >> 4);
        let id = if delta == 0 {
            i16::try_from(self.zigzag(16)?)
                .map_err(|_| Error::malformed(at, "the id of a field has more than 16 bits"))?
        } else {
            self.last_id
                .checked_add(delta)
                .ok_or_else(|| Error::malformed(at, "the id of a field has more than 16 bits"))?
        };
        self.last_id = id;
        self.pending = (ttype == TType::Bool).then_some(code == BOOL_TRUE);
        self.budget.spend(1, at)?;
        Ok(Some((ttype, id)))
    }

    #[inline]
    fn field_end(&mut self) -> Result<(), Error> {
        Ok(())
    }

    #[inline]
    fn list_begin(&mut self) -> Result<ListHead, Error> {
        let at = self.offset();
        let [head] = self.take("a list")?;
        let count = match head >> 4 {
            15 => self.size()?,
            count => u32::from(count),
        };
        let element = Self::element(head & 0x0F, count, at)?;
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
        let count = self.size()?;
        let types = if count == 0 { 0 } else { self.take::<1>("a map")?[0] };
        let key = Self::element(types >> 4, count, at)?;
        let value = Self::element(types & 0x0F, count, at)?;
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
        if let Some(value) = self.pending.take() {
            return Ok(value);
        }
        let at = self.offset();
        match self.take::<1>("a bool")? {
            [BOOL_TRUE] => Ok(true),
            // Some writers have 0 for false.
            [BOOL_FALSE | 0] => Ok(false),
            [other] => Err(Error::unexpected(at, "a bool, which is 1 or 2", other.to_string())),
        }
    }

    #[inline]
    fn i8(&mut self) -> Result<i8, Error> {
        Ok(i8::from_be_bytes(self.take("an i8")?))
    }

    #[inline]
    fn i16(&mut self) -> Result<i16, Error> {
        let at = self.offset();
        let value = self.zigzag(32)?;
        i16::try_from(value).map_err(|_| Error::malformed(at, format!("{value} has more than 16 bits")))
    }

    #[inline]
    fn i32(&mut self) -> Result<i32, Error> {
        let at = self.offset();
        let value = self.zigzag(32)?;
        i32::try_from(value).map_err(|_| Error::malformed(at, format!("{value} has more than 32 bits")))
    }

    #[inline]
    fn i64(&mut self) -> Result<i64, Error> {
        self.zigzag(64)
    }

    #[inline]
    fn double(&mut self) -> Result<f64, Error> {
        // Not big-endian, against the first specification: all implementations have it so.
        Ok(f64::from_le_bytes(self.take("a double")?))
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
