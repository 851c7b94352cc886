use super::VERSION;
use crate::thrift::{
    TType,
    protocol::{MessageHead, Protocol, Writer},
};

/// Writes the binary protocol, with strict message headers.
#[derive(Debug)]
pub struct BinaryWriter<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> BinaryWriter<'o> {
    /// Writes to the end of `out`.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out }
    }

    /// Writes the message header that was before there were versions; some old servers know no other.
    pub fn old_message_begin(&mut self, head: &MessageHead<'_>) {
        self.string(head.name.as_bytes());
        self.out.push(head.kind as u8);
        self.i32(head.sequence);
    }

    #[inline]
    fn patch(&mut self, at: usize, count: u32) {
        if let Some(slot) = self.out.get_mut(at..at + 4) {
            slot.copy_from_slice(&count.to_be_bytes());
        }
    }
}

/// The code of a type, and 0 for none.
#[inline]
fn code(ttype: Option<TType>) -> u8 {
    ttype.map_or(0, TType::code)
}

impl Writer for BinaryWriter<'_> {
    const RAW: Option<Protocol> = Some(Protocol::Binary);
    type Mark = usize;

    fn message_begin(&mut self, head: &MessageHead<'_>) {
        self.out.extend_from_slice(&(VERSION | head.kind as u32).to_be_bytes());
        self.string(head.name.as_bytes());
        self.i32(head.sequence);
    }

    fn message_end(&mut self) {}

    #[inline]
    fn struct_begin(&mut self) {}

    #[inline]
    fn struct_end(&mut self) {
        self.out.push(0);
    }

    #[inline]
    fn field_begin(&mut self, ttype: TType, id: i16) {
        let [high, low] = id.to_be_bytes();
        self.out.extend_from_slice(&[ttype.code(), high, low]);
    }

    #[inline]
    fn field_end(&mut self) {}

    #[inline]
    fn list_begin(&mut self, element: Option<TType>, guess: u32) -> usize {
        let [a, b, c, d] = guess.to_be_bytes();
        self.out.extend_from_slice(&[code(element), a, b, c, d]);
        self.out.len() - 4
    }

    #[inline]
    fn list_end(&mut self, mark: usize, count: u32) {
        self.patch(mark, count);
    }

    #[inline]
    fn map_begin(&mut self, key: Option<TType>, value: Option<TType>, guess: u32) -> usize {
        let [a, b, c, d] = guess.to_be_bytes();
        self.out.extend_from_slice(&[code(key), code(value), a, b, c, d]);
        self.out.len() - 4
    }

    #[inline]
    fn map_end(&mut self, mark: usize, count: u32) {
        self.patch(mark, count);
    }

    #[inline]
    fn bool(&mut self, value: bool) {
        self.out.push(u8::from(value));
    }

    #[inline]
    fn i8(&mut self, value: i8) {
        self.out.push(value.cast_unsigned());
    }

    #[inline]
    fn i16(&mut self, value: i16) {
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    #[inline]
    fn i32(&mut self, value: i32) {
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    #[inline]
    fn i64(&mut self, value: i64) {
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    #[inline]
    fn double(&mut self, value: f64) {
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    #[inline]
    fn string(&mut self, value: &[u8]) {
        // Inputs are far below two gigabytes, by the limit on messages.
        let len = u32::try_from(value.len()).unwrap_or(u32::MAX);
        self.out.reserve(value.len() + 4);
        self.out.extend_from_slice(&len.to_be_bytes());
        self.out.extend_from_slice(value);
    }

    #[inline]
    fn binary(&mut self, value: &[u8]) {
        self.string(value);
    }

    #[inline]
    fn uuid(&mut self, value: [u8; 16]) {
        self.out.extend_from_slice(&value);
    }

    fn raw_field(&mut self, ttype: TType, id: i16, value: &[u8]) {
        self.field_begin(ttype, id);
        self.out.extend_from_slice(value);
    }
}
