use super::{BOOL_FALSE, BOOL_TRUE, PROTOCOL_ID, VERSION, code, write_varint};
use crate::thrift::{
    TType,
    protocol::{MessageHead, Protocol, Writer},
};

/// Writes the compact protocol.
#[derive(Debug)]
pub struct CompactWriter<'o> {
    out: &'o mut Vec<u8>,
    /// The last field's id in this struct, and in those around it.
    last_id: i16,
    last_ids: Vec<i16>,
    /// The id of a bool field, whose value its header will have.
    pending: Option<i16>,
}

/// Where a container's header stands, and what is in it besides its size.
#[derive(Clone, Copy, Debug)]
pub struct CompactMark {
    /// Where it begins.
    at: usize,
    /// Its length for the guessed size.
    len: usize,
    guess: u32,
    types: u8,
}

/// A header of a list with any size: at most six bytes.
fn list_head(types: u8, count: u32) -> ([u8; 6], usize) {
    let mut head = [0; 6];
    if count < 15 {
        head[0] = count.to_le_bytes()[0] << 4 | types;
        return (head, 1);
    }
    head[0] = 0xF0 | types;
    let len = put_varint(&mut head[1..], count);
    (head, 1 + len)
}

/// A header of a map: an empty one has no types.
fn map_head(types: u8, count: u32) -> ([u8; 6], usize) {
    let mut head = [0; 6];
    if count == 0 {
        return (head, 1);
    }
    let len = put_varint(&mut head, count);
    head[len] = types;
    (head, len + 1)
}

fn put_varint(out: &mut [u8], mut value: u32) -> usize {
    for (index, slot) in out.iter_mut().enumerate() {
        let low = value.to_le_bytes()[0];
        value >>= 7;
        if value == 0 {
            *slot = low & 0x7F;
            return index + 1;
        }
        *slot = low | 0x80;
    }
    out.len()
}

impl<'o> CompactWriter<'o> {
    /// Writes to the end of `out`.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, last_id: 0, last_ids: Vec::new(), pending: None }
    }

    #[inline]
    fn field_head(&mut self, code: u8, id: i16) {
        let delta = i32::from(id) - i32::from(self.last_id);
        match u8::try_from(delta) {
            Ok(delta @ 1..=15) => self.out.push(delta << 4 | code),
            _ => {
                self.out.push(code);
                self.zigzag(id.into());
            }
        }
        self.last_id = id;
    }

    #[inline]
    fn zigzag(&mut self, value: i64) {
        write_varint(self.out, (value << 1 ^ value >> 63).cast_unsigned());
    }

    #[inline]
    fn begin(&mut self, types: u8, guess: u32, (head, len): ([u8; 6], usize)) -> CompactMark {
        let at = self.out.len();
        self.out.extend_from_slice(&head[..len]);
        CompactMark { at, len, guess, types }
    }

    /// Writes a container's header anew; what follows moves if its length is another.
    #[inline]
    fn patch(&mut self, mark: CompactMark, (head, len): ([u8; 6], usize)) {
        if len == mark.len {
            self.out[mark.at..mark.at + len].copy_from_slice(&head[..len]);
        } else {
            self.out.splice(mark.at..mark.at + mark.len, head[..len].iter().copied());
        }
    }
}

impl Writer for CompactWriter<'_> {
    const RAW: Option<Protocol> = Some(Protocol::Compact);
    type Mark = CompactMark;

    fn message_begin(&mut self, head: &MessageHead<'_>) {
        self.out.extend_from_slice(&[PROTOCOL_ID, (head.kind as u8) << 5 | VERSION]);
        write_varint(self.out, head.sequence.cast_unsigned().into());
        self.string(head.name.as_bytes());
    }

    fn message_end(&mut self) {}

    #[inline]
    fn struct_begin(&mut self) {
        self.last_ids.push(self.last_id);
        self.last_id = 0;
    }

    #[inline]
    fn struct_end(&mut self) {
        self.out.push(0);
        self.last_id = self.last_ids.pop().unwrap_or_default();
    }

    #[inline]
    fn field_begin(&mut self, ttype: TType, id: i16) {
        if ttype == TType::Bool {
            self.pending = Some(id);
        } else {
            self.field_head(code(Some(ttype)), id);
        }
    }

    #[inline]
    fn field_end(&mut self) {}

    #[inline]
    fn list_begin(&mut self, element: Option<TType>, guess: u32) -> CompactMark {
        let types = code(element);
        self.begin(types, guess, list_head(types, guess))
    }

    #[inline]
    fn list_end(&mut self, mark: CompactMark, count: u32) {
        if count != mark.guess {
            self.patch(mark, list_head(mark.types, count));
        }
    }

    #[inline]
    fn map_begin(&mut self, key: Option<TType>, value: Option<TType>, guess: u32) -> CompactMark {
        let types = code(key) << 4 | code(value);
        self.begin(types, guess, map_head(types, guess))
    }

    #[inline]
    fn map_end(&mut self, mark: CompactMark, count: u32) {
        if count != mark.guess {
            self.patch(mark, map_head(mark.types, count));
        }
    }

    #[inline]
    fn bool(&mut self, value: bool) {
        let code = if value { BOOL_TRUE } else { BOOL_FALSE };
        match self.pending.take() {
            Some(id) => self.field_head(code, id),
            None => self.out.push(code),
        }
    }

    #[inline]
    fn i8(&mut self, value: i8) {
        self.out.push(value.cast_unsigned());
    }

    #[inline]
    fn i16(&mut self, value: i16) {
        self.zigzag(value.into());
    }

    #[inline]
    fn i32(&mut self, value: i32) {
        self.zigzag(value.into());
    }

    #[inline]
    fn i64(&mut self, value: i64) {
        self.zigzag(value);
    }

    #[inline]
    fn double(&mut self, value: f64) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    #[inline]
    fn string(&mut self, value: &[u8]) {
        write_varint(self.out, value.len() as u64);
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

    /// A bool's value is one byte, as in a list.
    fn raw_field(&mut self, ttype: TType, id: i16, value: &[u8]) {
        self.field_begin(ttype, id);
        if ttype == TType::Bool {
            self.bool(value == [BOOL_TRUE]);
        } else {
            self.out.extend_from_slice(value);
        }
    }
}
