use base64::Engine as _;

use super::{
    BASE64, has_special,
    number::{integer, number_len},
};
use crate::{Error, Limits};

/// Reads JSON (RFC 8259) token by token, as whoever drives it expects.
///
/// Text without escapes is given as a slice of the input. The input is UTF-8 already.
pub(crate) struct Scanner<'j> {
    text: &'j str,
    position: usize,
    depth: u32,
    depth_max: u32,
    string_bytes_max: usize,
}

#[inline]
fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

impl<'j> Scanner<'j> {
    pub(crate) fn new(text: &'j str, limits: &Limits) -> Self {
        let Limits { depth_max, string_bytes_max, .. } = *limits;
        Self { text, position: 0, depth: 0, depth_max, string_bytes_max }
    }

    #[inline]
    pub(crate) fn offset(&self) -> usize {
        self.position
    }

    #[inline]
    fn bytes(&self) -> &'j [u8] {
        self.text.as_bytes()
    }

    #[inline]
    pub(crate) fn rest(&self) -> &'j [u8] {
        self.bytes().get(self.position..).unwrap_or_default()
    }

    /// Runs `ahead` and comes back to where it was.
    pub(crate) fn look_ahead<T>(&mut self, ahead: impl FnOnce(&mut Self) -> T) -> T {
        let (position, depth) = (self.position, self.depth);
        let result = ahead(self);
        (self.position, self.depth) = (position, depth);
        result
    }

    /// The next byte that is no blank, still to be read.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let bytes = self.bytes();
        while let Some(byte) = bytes.get(self.position) {
            if *byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(*byte);
            }
            self.position += 1;
        }
        None
    }

    /// An error at the next token.
    #[cold]
    pub(crate) fn error(&mut self, expected: &'static str) -> Error {
        let found = match self.peek() {
            None => return Error::truncated(self.position, "JSON"),
            Some(b'"') => "a string".to_owned(),
            Some(b'{') => "an object".to_owned(),
            Some(b'[') => "an array".to_owned(),
            Some(b'0'..=b'9' | b'-') => "a number".to_owned(),
            Some(b't' | b'f') => "a boolean".to_owned(),
            Some(b'n') => "null".to_owned(),
            Some(_) => {
                let found = self.text.get(self.position..).and_then(|text| text.chars().next());
                format!("{:?}", found.unwrap_or_default())
            }
        };
        Error::unexpected(self.position, expected, found)
    }

    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    #[inline]
    pub(crate) fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Error> {
        if self.eat(byte) { Ok(()) } else { Err(self.error(expected)) }
    }

    /// Reads exactly these bytes, if they come next.
    #[inline]
    pub(crate) fn eat_exact(&mut self, bytes: &[u8]) -> bool {
        let found = self.rest().starts_with(bytes);
        if found {
            self.position += bytes.len();
        }
        found
    }

    /// Begins an object or array; [`Self::leave`] ends the level.
    #[inline]
    pub(crate) fn enter(&mut self, open: u8, expected: &'static str) -> Result<(), Error> {
        self.expect(open, expected)?;
        self.depth += 1;
        if self.depth > self.depth_max {
            return Err(Error::limit(self.position, "levels of nesting", self.depth_max.into()));
        }
        Ok(())
    }

    /// How many objects and arrays are open.
    pub(crate) fn depth(&self) -> u32 {
        self.depth
    }

    /// Begins as if within so many objects and arrays.
    pub(crate) fn set_depth(&mut self, depth: u32) {
        self.depth = depth;
    }

    #[inline]
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// After a member: true if another follows, false if the object or array has ended.
    #[inline]
    pub(crate) fn more(&mut self, close: u8) -> Result<bool, Error> {
        match self.peek() {
            Some(b',') => {
                self.position += 1;
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.position += 1;
                Ok(false)
            }
            _ => Err(self.error(if close == b'}' { "`,` or `}`" } else { "`,` or `]`" })),
        }
    }

    /// Reads a string; `scratch` holds it if it has escapes.
    #[inline]
    pub(crate) fn string<'x>(
        &mut self,
        scratch: &'x mut Vec<u8>,
        expected: &'static str,
    ) -> Result<&'x [u8], Error>
    where
        'j: 'x,
    {
        Ok(self.string_or_scratch(scratch, expected)?.unwrap_or(scratch))
    }

    /// Reads a string: a slice of the input, or none if `scratch` holds it because it has escapes.
    #[inline]
    pub(crate) fn string_or_scratch(
        &mut self,
        scratch: &mut Vec<u8>,
        expected: &'static str,
    ) -> Result<Option<&'j [u8]>, Error> {
        self.expect(b'"', expected)?;
        let start = self.position;
        self.run();
        let bytes = self.bytes();
        if bytes.get(self.position) == Some(&b'"') {
            let text = &bytes[start..self.position];
            self.check_length(text.len(), start)?;
            self.position += 1;
            return Ok(Some(text));
        }
        self.escaped(start, scratch)?;
        Ok(None)
    }

    /// Goes on to the next quote, backslash or control character.
    #[inline]
    fn run(&mut self) {
        let bytes = self.bytes();
        let mut position = self.position;
        while let Some(chunk) = bytes.get(position..).and_then(|rest| rest.first_chunk::<8>()) {
            if has_special(*chunk) {
                break;
            }
            position += 8;
        }
        while let Some(byte) = bytes.get(position) {
            if is_special(*byte) {
                break;
            }
            position += 1;
        }
        self.position = position;
    }

    #[inline]
    fn check_length(&self, len: usize, start: usize) -> Result<(), Error> {
        if len > self.string_bytes_max {
            return Err(Error::limit(start, "bytes in a string", self.string_bytes_max as u64));
        }
        Ok(())
    }

    #[inline(never)]
    fn escaped(&mut self, start: usize, scratch: &mut Vec<u8>) -> Result<(), Error> {
        scratch.clear();
        let bytes = self.bytes();
        let mut from = start;
        loop {
            scratch.extend_from_slice(&bytes[from..self.position]);
            self.check_length(scratch.len(), start)?;
            match bytes.get(self.position) {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.position += 1;
                    self.escape(scratch)?;
                }
                Some(_) => {
                    return Err(Error::malformed(self.position, "a control character stands in a string"));
                }
                None => return Err(Error::truncated(self.position, "a string")),
            }
            from = self.position;
            self.run();
        }
    }

    fn escape(&mut self, scratch: &mut Vec<u8>) -> Result<(), Error> {
        let at = self.position;
        let byte = *self.bytes().get(at).ok_or_else(|| Error::truncated(at, "a string"))?;
        self.position += 1;
        scratch.push(match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 0x08,
            b'f' => 0x0C,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let mut code = self.hex()?;
                if matches!(code, 0xD800..0xDC00) && self.eat_exact(b"\\u") {
                    let low = self.hex()?;
                    if !matches!(low, 0xDC00..0xE000) {
                        return Err(Error::malformed(at, "a surrogate stands alone"));
                    }
                    code = 0x1_0000 + ((code - 0xD800) << 10 | (low - 0xDC00));
                }
                let c =
                    char::from_u32(code).ok_or_else(|| Error::malformed(at, "a surrogate stands alone"))?;
                scratch.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(Error::malformed(at, "this escape is unknown")),
        });
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, Error> {
        let at = self.position;
        let digits = self.rest().first_chunk::<4>().ok_or_else(|| Error::truncated(at, "an escape"))?;
        let mut code = 0;
        for digit in digits {
            let digit = char::from(*digit).to_digit(16);
            code = code << 4
                | digit.ok_or_else(|| Error::malformed(at, "four hexadecimal digits follow \\u"))?;
        }
        self.position += 4;
        Ok(code)
    }

    /// Reads an integer that fits `i64`.
    #[inline]
    pub(crate) fn integer(&mut self) -> Result<i64, Error> {
        let Some(b'0'..=b'9' | b'-') = self.peek() else { return Err(self.error("an integer")) };
        let (value, len) = integer(self.rest()).ok_or_else(|| self.number_error())?;
        if matches!(self.rest().get(len), Some(b'.' | b'e' | b'E')) {
            return Err(Error::unexpected(
                self.position,
                "an integer",
                "a number with a fraction or an exponent",
            ));
        }
        self.position += len;
        Ok(value)
    }

    #[cold]
    fn number_error(&self) -> Error {
        Error::unexpected(self.position, "an integer of 64 bits", "another number")
    }

    /// Reads a number of any form.
    #[inline]
    pub(crate) fn double(&mut self) -> Result<f64, Error> {
        if !matches!(self.peek(), Some(b'0'..=b'9' | b'-')) {
            return Err(self.error("a number"));
        }
        let start = self.position;
        let len =
            number_len(self.rest()).ok_or_else(|| Error::malformed(start, "this is no number of JSON"))?;
        let text = self.text.get(start..start + len).unwrap_or_default();
        self.position += len;
        let value: f64 = text.parse().map_err(|_| Error::malformed(start, "this is no number of JSON"))?;
        if value.is_infinite() {
            return Err(Error::malformed(start, "this number is too large for a double"));
        }
        Ok(value)
    }

    /// Reads `true` or `false`.
    #[inline]
    pub(crate) fn boolean(&mut self) -> Result<bool, Error> {
        match self.peek() {
            Some(b't') if self.eat_exact(b"true") => Ok(true),
            Some(b'f') if self.eat_exact(b"false") => Ok(false),
            _ => Err(self.error("true or false")),
        }
    }

    /// Reads `null`, if it comes next.
    #[inline]
    pub(crate) fn null(&mut self) -> bool {
        self.peek() == Some(b'n') && self.eat_exact(b"null")
    }

    /// Reads a string of base64 into `out`, which is emptied first.
    pub(crate) fn base64(&mut self, scratch: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), Error> {
        let _ = self.peek();
        let at = self.position;
        let text = self.string(scratch, "a string of base64")?;
        out.clear();
        BASE64
            .decode_vec(text, out)
            .map_err(|error| Error::malformed(at, format!("this is no base64: {error}")))
    }

    /// Skips one value of any kind.
    pub(crate) fn skip(&mut self, scratch: &mut Vec<u8>) -> Result<(), Error> {
        match self.peek() {
            Some(b'"') => self.string(scratch, "a value").map(drop),
            Some(b'0'..=b'9' | b'-') => {
                let len = number_len(self.rest());
                self.position +=
                    len.ok_or_else(|| Error::malformed(self.position, "this is no number of JSON"))?;
                Ok(())
            }
            Some(b't' | b'f') => self.boolean().map(drop),
            Some(b'n') if self.null() => Ok(()),
            Some(open @ (b'{' | b'[')) => {
                let close = open + 2;
                self.enter(open, "a value")?;
                if !self.eat(close) {
                    loop {
                        if open == b'{' {
                            self.string(scratch, "a name in quotes")?;
                            self.expect(b':', "`:`")?;
                        }
                        self.skip(scratch)?;
                        if !self.more(close)? {
                            break;
                        }
                    }
                }
                self.leave();
                Ok(())
            }
            _ => Err(self.error("a value")),
        }
    }

    /// Checks that nothing but blanks follows.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.error("the end of the JSON")),
        }
    }
}

#[cfg(test)]
mod tests;
