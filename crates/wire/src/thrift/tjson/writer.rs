use base64::Engine as _;

use super::{VERSION, name};
use crate::thrift::{
    TType, json,
    protocol::{MessageHead, Protocol, Writer},
};

/// What the next value is part of.
#[derive(Clone, Copy, Debug)]
enum Context {
    /// A struct; whether a field was written.
    Struct(bool),
    Field,
    /// A list after its head, so that a comma comes before every element.
    List,
    /// A map: how many keys and values were written.
    Map(u64),
}

/// Where a container's size stands.
#[derive(Clone, Copy, Debug)]
pub struct JsonMark {
    at: usize,
    len: usize,
    guess: u32,
}

/// Writes `TJSONProtocol`.
///
/// A string that is not UTF-8 is written as bytes are, in base64: the format does not tell them apart.
#[derive(Debug)]
pub struct JsonWriter<'o> {
    out: &'o mut Vec<u8>,
    contexts: Vec<Context>,
}

impl<'o> JsonWriter<'o> {
    /// Writes to the end of `out`.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, contexts: Vec::new() }
    }

    /// Writes what separates this value from the one before; says whether it is the key of a map.
    fn before_value(&mut self) -> bool {
        match self.contexts.last_mut() {
            None | Some(Context::Struct(_) | Context::Field) => false,
            Some(Context::List) => {
                self.out.push(b',');
                false
            }
            Some(Context::Map(written)) => {
                let before = *written;
                *written += 1;
                if before > 0 {
                    self.out.push(if before % 2 == 1 { b':' } else { b',' });
                }
                before % 2 == 0
            }
        }
    }

    fn number(&mut self, value: i64) {
        let is_key = self.before_value();
        if is_key {
            self.out.push(b'"');
        }
        json::write_i64(self.out, value);
        if is_key {
            self.out.push(b'"');
        }
    }

    fn base64(&mut self, value: &[u8]) {
        let text = base64::engine::general_purpose::STANDARD_NO_PAD.encode(value);
        json::write_text(self.out, &text);
    }

    fn count(&mut self, guess: u32) -> JsonMark {
        let at = self.out.len();
        json::write_i64(self.out, guess.into());
        JsonMark { at, len: self.out.len() - at, guess }
    }

    fn patch(&mut self, mark: JsonMark, count: u32) {
        if count != mark.guess {
            let mut digits = Vec::new();
            json::write_i64(&mut digits, count.into());
            self.out.splice(mark.at..mark.at + mark.len, digits);
        }
    }
}

impl Writer for JsonWriter<'_> {
    const RAW: Option<Protocol> = None;
    type Mark = JsonMark;

    fn message_begin(&mut self, head: &MessageHead<'_>) {
        self.out.push(b'[');
        json::write_i64(self.out, VERSION);
        self.out.push(b',');
        json::write_text(self.out, &head.name);
        self.out.push(b',');
        json::write_i64(self.out, i64::from(head.kind as u8));
        self.out.push(b',');
        json::write_i64(self.out, head.sequence.into());
        self.out.push(b',');
    }

    fn message_end(&mut self) {
        self.out.push(b']');
    }

    fn struct_begin(&mut self) {
        self.before_value();
        self.out.push(b'{');
        self.contexts.push(Context::Struct(false));
    }

    fn struct_end(&mut self) {
        self.out.push(b'}');
        self.contexts.pop();
    }

    fn field_begin(&mut self, ttype: TType, id: i16) {
        if let Some(Context::Struct(any)) = self.contexts.last_mut() {
            if *any {
                self.out.push(b',');
            }
            *any = true;
        }
        self.out.push(b'"');
        json::write_i64(self.out, id.into());
        self.out.extend_from_slice(b"\":{\"");
        self.out.extend_from_slice(name(Some(ttype)).as_bytes());
        self.out.extend_from_slice(b"\":");
        self.contexts.push(Context::Field);
    }

    fn field_end(&mut self) {
        self.out.push(b'}');
        self.contexts.pop();
    }

    fn list_begin(&mut self, element: Option<TType>, guess: u32) -> JsonMark {
        self.before_value();
        self.out.push(b'[');
        json::write_text(self.out, name(element));
        self.out.push(b',');
        self.contexts.push(Context::List);
        self.count(guess)
    }

    fn list_end(&mut self, mark: JsonMark, count: u32) {
        self.contexts.pop();
        self.out.push(b']');
        self.patch(mark, count);
    }

    fn map_begin(&mut self, key: Option<TType>, value: Option<TType>, guess: u32) -> JsonMark {
        self.before_value();
        self.out.push(b'[');
        json::write_text(self.out, name(key));
        self.out.push(b',');
        json::write_text(self.out, name(value));
        self.out.push(b',');
        let mark = self.count(guess);
        self.out.extend_from_slice(b",{");
        self.contexts.push(Context::Map(0));
        mark
    }

    fn map_end(&mut self, mark: JsonMark, count: u32) {
        self.contexts.pop();
        self.out.extend_from_slice(b"}]");
        self.patch(mark, count);
    }

    fn bool(&mut self, value: bool) {
        self.number(value.into());
    }

    fn i8(&mut self, value: i8) {
        self.number(value.into());
    }

    fn i16(&mut self, value: i16) {
        self.number(value.into());
    }

    fn i32(&mut self, value: i32) {
        self.number(value.into());
    }

    fn i64(&mut self, value: i64) {
        self.number(value);
    }

    fn double(&mut self, value: f64) {
        let is_key = self.before_value() && value.is_finite();
        if is_key {
            self.out.push(b'"');
        }
        json::write_double(self.out, value);
        if is_key {
            self.out.push(b'"');
        }
    }

    fn string(&mut self, value: &[u8]) {
        self.before_value();
        if !json::write_string(self.out, value) {
            self.base64(value);
        }
    }

    fn binary(&mut self, value: &[u8]) {
        self.before_value();
        self.base64(value);
    }

    fn uuid(&mut self, value: [u8; 16]) {
        self.before_value();
        json::write_uuid(self.out, value);
    }

    /// Never called, as [`Self::RAW`] says.
    fn raw_field(&mut self, _: TType, _: i16, _: &[u8]) {}
}
