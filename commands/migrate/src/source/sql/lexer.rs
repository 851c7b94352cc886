//! Words, texts and numbers of a file of SQL, as MySQL, MariaDB and PostgreSQL write them.

use std::io::{self, Read};

/// Longest text, number or name in bytes.
pub(crate) const VALUE_BYTES_MAX: usize = (16 << 20) + (16 << 10);

/// Longest word or name in bytes.
const NAME_BYTES_MAX: usize = 1024;

const BUFFER_BYTES: usize = 256 << 10;

/// What is wrong with a file, and where.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It does not say what SQL says.
    Broken {
        /// The byte.
        at: u64,
        /// The line, from 1 on.
        line: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// It cannot be read.
    Unread(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Unread(error)
    }
}

/// What a file of SQL is made of. Words and values stand in [`Lexer::value`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Token {
    /// A word that is not quoted.
    Word,
    /// A name between backticks.
    Name,
    /// A text between quotes, without them; `is_double` says that a name may be meant.
    Text { is_double: bool },
    /// Bytes that were written as digits.
    Bytes,
    /// A number as it is written, without its sign.
    Number,
    /// Any other character.
    Symbol(u8),
    /// The statement ends here.
    End,
    /// The file ends here.
    Eof,
}

/// Reads tokens one after the other.
pub(crate) struct Lexer<R> {
    input: R,
    buffer: Box<[u8]>,
    /// What of the buffer is not read yet.
    at: usize,
    end: usize,
    /// Where in the file the buffer begins.
    start: u64,
    line: u64,
    /// What ends statements, `;` unless `DELIMITER` says something else.
    delimiter: Vec<u8>,
    /// The text of the last token.
    pub(crate) value: Vec<u8>,
    /// The beginning of the last comment of a whole line.
    comment: Vec<u8>,
    /// Comments say that this is a dump, and that it is whole.
    pub(crate) is_dump: bool,
    pub(crate) is_whole: bool,
    last: Token,
    /// Whether a backslash in a text means something.
    pub(crate) has_escapes: bool,
    /// Whether values are wanted; without, texts of any length are passed over.
    pub(crate) keeps: bool,
    /// Comments whose content counts and that are not over.
    open_comments: u32,
}

impl<R: Read> Lexer<R> {
    /// Of an input whose first byte is the byte `start` of a file, in this line.
    pub(crate) fn new(input: R, start: u64, line: u64) -> Self {
        Self {
            input,
            buffer: vec![0; BUFFER_BYTES].into(),
            at: 0,
            end: 0,
            start,
            line,
            delimiter: b";".to_vec(),
            value: Vec::new(),
            comment: Vec::new(),
            is_dump: false,
            is_whole: false,
            last: Token::Symbol(b' '),
            has_escapes: true,
            keeps: true,
            open_comments: 0,
        }
    }

    /// Where the next byte is.
    pub(crate) fn offset(&self) -> u64 {
        self.start + self.at as u64
    }

    /// The line that it is in.
    pub(crate) fn line_number(&self) -> u64 {
        self.line
    }

    pub(crate) fn broken(&self, what: &'static str) -> Fault {
        Fault::Broken { at: self.offset(), line: self.line, what }
    }

    /// Has at least `length` bytes in the buffer, unless the file ends before.
    fn fill(&mut self, length: usize) -> Result<&[u8], Fault> {
        while self.end - self.at < length {
            if self.at > 0 {
                self.buffer.copy_within(self.at..self.end, 0);
                self.start += self.at as u64;
                (self.at, self.end) = (0, self.end - self.at);
            }
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => break,
                Ok(more) => self.end += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(&self.buffer[self.at..self.end])
    }

    fn peek(&mut self) -> Result<Option<u8>, Fault> {
        if self.at < self.end {
            return Ok(Some(self.buffer[self.at]));
        }
        Ok(self.fill(1)?.first().copied())
    }

    fn starts_with(&mut self, bytes: &[u8]) -> Result<bool, Fault> {
        Ok(self.fill(bytes.len())?.starts_with(bytes))
    }

    fn skip(&mut self, bytes: usize) {
        let passed = &self.buffer[self.at..self.at + bytes];
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at += bytes;
    }

    fn push(&mut self, bytes: usize, most: usize) -> Result<(), Fault> {
        if self.keeps {
            if self.value.len() + bytes > most {
                return Err(self.broken("a value is longer than any may be"));
            }
            self.value.extend_from_slice(&self.buffer[self.at..self.at + bytes]);
        }
        self.skip(bytes);
        Ok(())
    }

    /// The next token.
    pub(crate) fn next(&mut self) -> Result<Token, Fault> {
        self.last = self.token()?;
        Ok(self.last)
    }

    fn token(&mut self) -> Result<Token, Fault> {
        self.skip_blank()?;
        self.value.clear();
        if self.is_at_delimiter()? {
            self.skip(self.delimiter.len());
            return Ok(Token::End);
        }
        let Some(byte) = self.peek()? else { return Ok(Token::Eof) };
        match byte {
            b'\'' => self.quoted(byte).map(|()| Token::Text { is_double: false }),
            b'"' => self.quoted(byte).map(|()| Token::Text { is_double: true }),
            b'`' => self.name().map(|()| Token::Name),
            b'0' if self.starts_with(b"0x")? => {
                self.skip(2);
                self.digits(16)?;
                Ok(Token::Bytes)
            }
            b'x' | b'X' | b'b' | b'B' if self.fill(2)?.get(1) == Some(&b'\'') => {
                let base = if matches!(byte, b'x' | b'X') { 16 } else { 2 };
                self.skip(2);
                self.digits(base)?;
                if self.peek()? != Some(b'\'') {
                    return Err(self.broken("digits are not closed by a quote"));
                }
                self.skip(1);
                Ok(Token::Bytes)
            }
            // PostgreSQL: a text with escapes, and one between tags.
            b'E' | b'e' if self.fill(2)?.get(1) == Some(&b'\'') => {
                self.skip(1);
                let had_escapes = std::mem::replace(&mut self.has_escapes, true);
                let text = self.quoted(b'\'');
                self.has_escapes = had_escapes;
                text.map(|()| Token::Text { is_double: false })
            }
            b'$' => self.tagged(),
            b'0'..=b'9' => self.number().map(|()| Token::Number),
            b'.' if self.fill(2)?.get(1).is_some_and(u8::is_ascii_digit) => {
                self.number().map(|()| Token::Number)
            }
            _ if is_word(byte) => self.word().map(|()| Token::Word),
            _ => {
                self.skip(1);
                Ok(Token::Symbol(byte))
            }
        }
    }

    fn is_at_delimiter(&mut self) -> Result<bool, Fault> {
        let delimiter = std::mem::take(&mut self.delimiter);
        let is_there = self.starts_with(&delimiter);
        self.delimiter = delimiter;
        is_there
    }

    /// Passes over blanks and comments; what stands in comments for certain servers counts.
    fn skip_blank(&mut self) -> Result<(), Fault> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c) => self.skip(1),
                Some(b'#') => self.skip_line()?,
                Some(b'-') => match *self.fill(3)? {
                    [_, b'-'] | [_, b'-', b' ' | b'\t' | b'\n' | b'\r', ..] => self.skip_line()?,
                    _ => return Ok(()),
                },
                Some(b'/') if self.starts_with(b"/*")? => self.comment_begins()?,
                Some(b'*') if self.open_comments > 0 && self.starts_with(b"*/")? => {
                    self.skip(2);
                    self.open_comments -= 1;
                }
                _ => return Ok(()),
            }
        }
    }

    fn skip_line(&mut self) -> Result<(), Fault> {
        self.take_line()?;
        let has = |words: &str| self.comment.windows(words.len()).any(|part| part == words.as_bytes());
        self.is_dump |= has("SQL dump") || has("DB dump") || has("database dump");
        self.is_whole |= has("Dump completed") || has("dump complete");
        Ok(())
    }

    fn take_line(&mut self) -> Result<(), Fault> {
        self.comment.clear();
        loop {
            let rest = self.fill(1)?;
            if rest.is_empty() {
                return Ok(());
            }
            let (length, is_over) = match rest.iter().position(|byte| *byte == b'\n') {
                Some(length) => (length, true),
                None => (rest.len(), false),
            };
            let kept = length.min(64 - self.comment.len().min(64));
            self.comment.extend_from_slice(&self.buffer[self.at..self.at + kept]);
            self.skip(length);
            if is_over {
                return Ok(());
            }
        }
    }

    /// `/*!40101 … */` counts for all servers from that version on; 999999 is no version.
    fn comment_begins(&mut self) -> Result<(), Fault> {
        let begin = self.fill(16)?;
        let version = match begin {
            [_, _, b'!', rest @ ..] | [_, _, b'M', b'!', rest @ ..] => Some((begin.len() - rest.len(), rest)),
            _ => None,
        };
        if let Some((head, rest)) = version {
            let digits = rest.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
            if !rest.starts_with(b"999999") {
                self.skip(head + digits);
                self.open_comments += 1;
                return Ok(());
            }
        }
        self.skip(2);
        loop {
            let rest = self.fill(2)?;
            let left = rest.len();
            if left < 2 {
                self.skip(left);
                return Err(self.broken("a comment has no end"));
            }
            let star = rest.iter().position(|byte| *byte == b'*').unwrap_or(rest.len());
            self.skip(star);
            if self.starts_with(b"*/")? {
                self.skip(2);
                return Ok(());
            }
            if self.peek()? == Some(b'*') {
                self.skip(1);
            }
        }
    }

    /// A text up to its quote; two of them are one of it.
    fn quoted(&mut self, quote: u8) -> Result<(), Fault> {
        self.skip(1);
        let escape = if self.has_escapes { b'\\' } else { quote };
        loop {
            let rest = self.fill(1)?;
            if rest.is_empty() {
                return Err(self.broken("a text has no end"));
            }
            let plain = rest.iter().position(|byte| *byte == quote || *byte == escape);
            self.push(plain.unwrap_or(self.end - self.at), VALUE_BYTES_MAX)?;
            if plain.is_none() {
                continue;
            }
            let (is_quote, second) = (self.buffer[self.at] == quote, self.fill(2)?.get(1).copied());
            match second {
                _ if is_quote && second != Some(quote) => {
                    self.skip(1);
                    return Ok(());
                }
                Some(_) if is_quote => {
                    self.skip(1);
                    self.push(1, VALUE_BYTES_MAX)?;
                }
                Some(second) => {
                    self.skip(2);
                    self.escaped(second)?;
                }
                None => return Err(self.broken("a text has no end")),
            }
        }
    }

    fn escaped(&mut self, second: u8) -> Result<(), Fault> {
        let byte = match second {
            b'0' => 0,
            b'b' => 0x08,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'Z' => 0x1a,
            other => other,
        };
        // They mean something only where patterns are looked for: elsewhere the backslash stays.
        if self.keeps && matches!(second, b'%' | b'_') {
            self.value.push(b'\\');
        }
        if !self.keeps {
            return Ok(());
        }
        if self.value.len() >= VALUE_BYTES_MAX {
            return Err(self.broken("a value is longer than any may be"));
        }
        self.value.push(byte);
        Ok(())
    }

    /// A text between two tags such as `$$` or `$body$`; a word, if there is no tag.
    fn tagged(&mut self) -> Result<Token, Fault> {
        self.push(1, NAME_BYTES_MAX)?;
        while self.peek()?.is_some_and(|byte| is_word(byte) && byte != b'$') {
            self.push(1, NAME_BYTES_MAX)?;
        }
        if self.peek()? != Some(b'$') {
            return Ok(Token::Word);
        }
        self.push(1, NAME_BYTES_MAX)?;
        let tag = std::mem::take(&mut self.value);
        loop {
            let rest = self.fill(tag.len())?;
            let left = rest.len();
            if left < tag.len() {
                self.skip(left);
                return Err(self.broken("a text has no end"));
            }
            if rest.starts_with(&tag) {
                self.skip(tag.len());
                return Ok(Token::Text { is_double: false });
            }
            let plain = 1 + rest[1..].iter().position(|byte| *byte == b'$').unwrap_or(rest.len() - 1);
            self.push(plain, VALUE_BYTES_MAX)?;
        }
    }

    /// A name up to its backtick; two of them are one of it.
    fn name(&mut self) -> Result<(), Fault> {
        self.skip(1);
        loop {
            match *self.fill(2)? {
                [b'`', b'`', ..] => {
                    self.skip(1);
                    self.push(1, NAME_BYTES_MAX)?;
                }
                [b'`', ..] => {
                    self.skip(1);
                    return Ok(());
                }
                [] => return Err(self.broken("a name has no end")),
                _ => self.push(1, NAME_BYTES_MAX)?,
            }
        }
    }

    fn word(&mut self) -> Result<(), Fault> {
        while self.peek()?.is_some_and(is_word) {
            self.push(1, NAME_BYTES_MAX)?;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        let mut last = 0;
        while let Some(byte) = self.peek()? {
            let is_sign = matches!(byte, b'+' | b'-') && matches!(last, b'e' | b'E');
            if !(byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E') || is_sign) {
                break;
            }
            last = byte;
            self.push(1, NAME_BYTES_MAX)?;
        }
        Ok(())
    }

    /// Bytes that are written as digits of base 16 or 2, the first of which may be short.
    fn digits(&mut self, base: u32) -> Result<(), Fault> {
        let per_byte = if base == 16 { 2 } else { 8 };
        let mut digits: usize = 0;
        while let Some(digit) = self.peek()?.and_then(|byte| char::from(byte).to_digit(base)) {
            if !self.keeps {
                self.skip(1);
                continue;
            }
            if digits.div_ceil(per_byte) >= VALUE_BYTES_MAX {
                return Err(self.broken("a value is longer than any may be"));
            }
            if digits.is_multiple_of(per_byte) {
                self.value.push(0);
            }
            if let Some(last) = self.value.last_mut() {
                *last = last.wrapping_mul(base as u8) | digit as u8;
            }
            digits += 1;
            self.skip(1);
        }
        if !digits.is_multiple_of(per_byte) {
            self.align(base, digits % per_byte);
        }
        Ok(())
    }

    /// The digits of the last byte are too few: it is the first one that is short in truth.
    fn align(&mut self, base: u32, last_digits: usize) {
        let bits = if base == 16 { last_digits * 4 } else { last_digits };
        let mut carry = 0_u16;
        let length = self.value.len();
        for (index, byte) in self.value.iter_mut().enumerate() {
            if index + 1 == length {
                *byte |= (carry << bits) as u8;
            } else {
                let both = carry << 8 | u16::from(*byte);
                carry = u16::from(*byte);
                *byte = (both >> (8 - bits)) as u8;
            }
        }
    }

    /// Passes over what is left of a statement.
    pub(crate) fn skip_statement(&mut self) -> Result<(), Fault> {
        while !matches!(self.last, Token::End | Token::Eof) {
            self.next()?;
        }
        Ok(())
    }

    /// Takes what `DELIMITER` says in the rest of its line: it is a word of the client, not of the server.
    pub(crate) fn take_delimiter(&mut self) -> Result<(), Fault> {
        self.value.clear();
        while let Some(byte) = self.peek()?.filter(|byte| *byte != b'\n') {
            if !byte.is_ascii_whitespace() {
                self.value.push(byte);
            }
            self.skip(1);
            if self.value.len() > 16 {
                return Err(self.broken("a delimiter is longer than any may be"));
            }
        }
        if self.value.is_empty() {
            return Err(self.broken("DELIMITER names none"));
        }
        self.delimiter = std::mem::take(&mut self.value);
        Ok(())
    }

    /// A line of its own without its end, in [`Lexer::value`]; whether there is one.
    pub(crate) fn line(&mut self) -> Result<bool, Fault> {
        self.value.clear();
        if self.fill(1)?.is_empty() {
            return Ok(false);
        }
        loop {
            let rest = self.fill(1)?;
            match rest.iter().position(|byte| *byte == b'\n') {
                Some(length) => {
                    self.push(length, VALUE_BYTES_MAX)?;
                    self.skip(1);
                    return Ok(true);
                }
                None if rest.is_empty() => return Ok(true),
                None => self.push(self.end - self.at, VALUE_BYTES_MAX)?,
            }
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'@') || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The tokens of a text with their values.
    fn tokens(sql: &[u8]) -> Vec<(Token, String)> {
        let mut lexer = Lexer::new(sql, 0, 1);
        let mut found = Vec::new();
        loop {
            let token = lexer.next().unwrap();
            if token == Token::Eof {
                return found;
            }
            found.push((token, String::from_utf8_lossy(&lexer.value).into_owned()));
        }
    }

    fn fault(sql: &[u8]) -> (u64, u64, &'static str) {
        let mut lexer = Lexer::new(sql, 0, 1);
        loop {
            match lexer.next() {
                Ok(Token::Eof) => panic!("nothing is wrong"),
                Ok(_) => {}
                Err(Fault::Broken { at, line, what }) => return (at, line, what),
                Err(Fault::Unread(error)) => panic!("{error}"),
            }
        }
    }

    const TEXT: Token = Token::Text { is_double: false };

    fn one(token: Token, value: &str) -> (Token, String) {
        (token, value.to_owned())
    }

    #[test]
    fn texts_say_what_their_escapes_mean() {
        assert_eq!(tokens(br"'it''s \'\\\n\0\Z\%\q'"), [one(TEXT, "it's '\\\n\0\u{1a}\\%q")]);
        assert_eq!(tokens(br#""a""b""#), [one(Token::Text { is_double: true }, "a\"b")]);
        assert_eq!(tokens(b"''"), [one(TEXT, "")]);
        let mut lexer = Lexer::new(&br"'a\'"[..], 0, 1);
        lexer.has_escapes = false;
        assert_eq!((lexer.next().unwrap(), lexer.value.as_slice()), (TEXT, &br"a\"[..]));
    }

    #[test]
    fn digits_are_bytes_and_an_odd_one_stands_first() {
        assert_eq!(
            tokens(b"0x4142 X'61' b'1000001'"),
            [one(Token::Bytes, "AB"), one(Token::Bytes, "a"), one(Token::Bytes, "A")]
        );
        assert_eq!(tokens(b"0x161"), [one(Token::Bytes, "\u{1}a")]);
        assert_eq!(tokens(b"b'101000001'"), [one(Token::Bytes, "\u{1}A")]);
        assert_eq!(tokens(b"x''"), [one(Token::Bytes, "")]);
        assert_eq!(
            tokens(b"$a$ '; $a$ $x E'\\n'"),
            [one(TEXT, " '; "), one(Token::Word, "$x"), one(TEXT, "\n")]
        );
    }

    #[test]
    fn comments_are_passed_over_but_for_those_that_servers_read() {
        let sql =
            b"-- a\n# b\n/* c * / */ /*!40101 SET NAMES utf8 */; /*M!999999\\- enable */ -1 /*M!100100 x*/";
        assert_eq!(
            tokens(sql),
            [
                one(Token::Word, "SET"),
                one(Token::Word, "NAMES"),
                one(Token::Word, "utf8"),
                one(Token::End, ""),
                one(Token::Symbol(b'-'), ""),
                one(Token::Number, "1"),
                one(Token::Word, "x"),
            ]
        );
        let mut lexer = Lexer::new(&b"x -- Dump completed on 2026"[..], 0, 1);
        while lexer.next().unwrap() != Token::Eof {}
        assert!(lexer.is_whole && !lexer.is_dump);
    }

    #[test]
    fn names_numbers_and_delimiters_are_told_apart() {
        assert_eq!(
            tokens(b"`a``b`,1.5e-3"),
            [one(Token::Name, "a`b"), one(Token::Symbol(b','), ""), one(Token::Number, "1.5e-3")]
        );
        let mut lexer = Lexer::new(&b" ;;\nBEGIN; END;;x"[..], 0, 1);
        lexer.take_delimiter().unwrap();
        lexer.skip_statement().unwrap();
        assert_eq!((lexer.next().unwrap(), lexer.value.as_slice()), (Token::Word, &b"x"[..]));
    }

    #[test]
    fn what_has_no_end_is_said_with_its_place() {
        assert_eq!(fault(b"a\n'bc"), (5, 2, "a text has no end"));
        assert_eq!(fault(b"'a\\"), (2, 1, "a text has no end"));
        assert_eq!(fault(b"/* a"), (4, 1, "a comment has no end"));
        assert_eq!(fault(b"/* ab*"), (6, 1, "a comment has no end"));
        assert_eq!(fault(b"$a$ b$"), (6, 1, "a text has no end"));
        assert_eq!(fault(b"\n\n`a"), (4, 3, "a name has no end"));
        assert_eq!(fault(b"x'4g'"), (3, 1, "digits are not closed by a quote"));
    }

    proptest! {
        /// What a server would write comes back, wherever buffers end.
        #[test]
        fn texts_come_back_as_they_were(text in proptest::collection::vec(any::<u8>(), 0..64), pad in 0..3_usize) {
            let mut sql = vec![b' '; (BUFFER_BYTES - 2 + pad) * usize::from(pad > 0)];
            sql.push(b'\'');
            for byte in &text {
                match byte {
                    0 => sql.extend(b"\\0"),
                    b'\n' => sql.extend(b"\\n"),
                    b'\'' | b'\\' | b'"' => sql.extend([b'\\', *byte]),
                    0x1a => sql.extend(b"\\Z"),
                    byte => sql.push(*byte),
                }
            }
            sql.push(b'\'');
            let mut lexer = Lexer::new(&sql[..], 0, 1);
            prop_assert_eq!(lexer.next().unwrap(), TEXT);
            prop_assert_eq!(&lexer.value, &text);
            prop_assert_eq!(lexer.next().unwrap(), Token::Eof);
        }

        #[test]
        fn no_bytes_panic(sql in "['`\"/*!0-9a-z;\\\\\n -]{0,40}") {
            let mut lexer = Lexer::new(sql.as_bytes(), 0, 1);
            while !matches!(lexer.next(), Ok(Token::Eof) | Err(_)) {}
        }
    }
}
