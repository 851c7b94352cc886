//! Tokens of the IDL, as the Apache compiler's lexer cuts them.

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// A word, which may have dots within: keywords are words, too.
    Word(&'a str),
    /// A decimal or hexadecimal integer.
    Integer(i64),
    /// A number with a point or an exponent.
    Double(f64),
    /// A text in single or double quotes, its escapes resolved.
    Literal(String),
    /// One of `: ; , { } ( ) = < > [ ] * &`.
    Symbol(char),
    /// The end of the file.
    End,
}

impl Token<'_> {
    /// How messages name it.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Word(word) => format!("`{word}`"),
            Self::Integer(value) => format!("the number {value}"),
            Self::Double(value) => format!("the number {value}"),
            Self::Literal(text) if text.len() <= 40 => format!("the text {text:?}"),
            Self::Literal(_) => "a text".to_owned(),
            Self::Symbol(symbol) => format!("`{symbol}`"),
            Self::End => "the end of the file".to_owned(),
        }
    }
}

/// Where in the file, and what is wrong there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SyntaxError {
    pub(super) at: usize,
    pub(super) message: String,
}

impl SyntaxError {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

/// Cuts a file into tokens, one at a time.
pub(super) struct Lexer<'a> {
    text: &'a str,
    position: usize,
    /// The last `/** … */` that no definition has taken yet.
    doc: Option<&'a str>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, position: if text.starts_with('\u{feff}') { 3 } else { 0 }, doc: None }
    }

    /// The documentation comment before the token that was given last.
    pub(super) fn take_doc(&mut self) -> Option<&'a str> {
        self.doc.take()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    /// The next token and where it begins.
    pub(super) fn next(&mut self) -> Result<(usize, Token<'a>), SyntaxError> {
        self.skip_blank()?;
        let at = self.position;
        let rest = self.rest();
        let Some(&first) = rest.as_bytes().first() else { return Ok((at, Token::End)) };
        let token = match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            b'0'..=b'9' | b'+' | b'-' | b'.' => self.number()?,
            b'"' | b'\'' => self.literal(first)?,
            b':' | b';' | b',' | b'{' | b'}' | b'(' | b')' | b'=' | b'<' | b'>' | b'[' | b']' | b'*'
            | b'&' => {
                self.position += 1;
                Token::Symbol(char::from(first))
            }
            _ => {
                let found = rest.chars().next().unwrap_or_default();
                return Err(SyntaxError::new(at, format!("unexpected character {found:?}")));
            }
        };
        Ok((at, token))
    }

    /// The next token where a namespace may stand: words with `-` within, which Smalltalk has.
    pub(super) fn next_namespace(&mut self) -> Result<(usize, Token<'a>), SyntaxError> {
        self.skip_blank()?;
        let at = self.position;
        let len = self
            .rest()
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
            .count();
        let word = &self.rest()[..len];
        if word.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | '-')) {
            self.position += len;
            return Ok((at, Token::Word(word)));
        }
        self.next()
    }

    fn skip_blank(&mut self) -> Result<(), SyntaxError> {
        loop {
            let bytes = self.text.as_bytes();
            while matches!(bytes.get(self.position), Some(b' ' | b'\t' | b'\r' | b'\n')) {
                self.position += 1;
            }
            if !matches!(bytes.get(self.position), Some(b'/' | b'#')) {
                return Ok(());
            }
            let trimmed = self.rest();
            if trimmed.starts_with("//") || trimmed.starts_with('#') {
                self.position += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if let Some(comment) = trimmed.strip_prefix("/*") {
                let Some(len) = comment.find("*/") else {
                    return Err(SyntaxError::new(self.position, "this comment has no end"));
                };
                // `/**/` and rows of stars are no documentation.
                let doc = comment[..len].strip_prefix('*');
                if let Some(doc) = doc.filter(|doc| !doc.trim_matches('*').trim().is_empty()) {
                    self.doc = Some(doc);
                }
                self.position += len + 4;
            } else {
                return Ok(());
            }
        }
    }

    fn word(&mut self) -> Token<'a> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let is_part =
            |index: usize| bytes.get(index).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let mut len = 0;
        while is_part(len) || (bytes.get(len) == Some(&b'.') && is_part(len + 1)) {
            len += 1;
        }
        self.position += len;
        Token::Word(&rest[..len])
    }

    fn number(&mut self) -> Result<Token<'a>, SyntaxError> {
        let at = self.position;
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let digits = |from: usize| {
            bytes.get(from..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count()
        };
        let signed = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
        let negative = bytes.first() == Some(&b'-');
        if bytes[signed..].starts_with(b"0x") {
            let from = signed + 2;
            let len = bytes[from..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            if len > 0 {
                self.position += from + len;
                // All 64 bits may be given, as a bit pattern.
                let value = u64::from_str_radix(&rest[from..from + len], 16)
                    .map_err(|_| SyntaxError::new(at, "this integer has more than 64 bits"))?;
                let value = value.cast_signed();
                return Ok(Token::Integer(if negative { value.wrapping_neg() } else { value }));
            }
        }
        let whole = digits(signed);
        let mut end = signed + whole;
        let mut is_double = false;
        if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
            end += 1 + digits(end + 1);
            is_double = true;
        }
        if end > signed && matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end + 1 + sign);
            if exponent > 0 {
                end += 1 + sign + exponent;
                is_double = true;
            }
        }
        if end == signed {
            return Err(SyntaxError::new(at, format!("unexpected character {:?}", char::from(bytes[0]))));
        }
        self.position += end;
        let text = rest[..end].trim_start_matches('+');
        if is_double {
            return text
                .parse()
                .map(Token::Double)
                .map_err(|_| SyntaxError::new(at, format!("{text} is no number")));
        }
        text.parse()
            .map(Token::Integer)
            .map_err(|_| SyntaxError::new(at, "this integer has more than 64 bits"))
    }

    fn literal(&mut self, quote: u8) -> Result<Token<'a>, SyntaxError> {
        let start = self.position;
        let mut value = String::new();
        let rest = self.rest();
        let mut chars = rest.char_indices().skip(1);
        while let Some((index, c)) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, 'r')) => value.push('\r'),
                    Some((_, 't')) => value.push('\t'),
                    Some((_, c @ ('"' | '\'' | '\\'))) => value.push(c),
                    other => {
                        let found = other.map_or_else(|| "the end".to_owned(), |(_, c)| format!("{c:?}"));
                        return Err(SyntaxError::new(
                            start + index,
                            format!(
                                "a backslash stands before n, r, t, a quote or a backslash, not before {found}"
                            ),
                        ));
                    }
                },
                '\n' => break,
                c if c == char::from(quote) => {
                    self.position += index + 1;
                    return Ok(Token::Literal(value));
                }
                c => value.push(c),
            }
        }
        Err(SyntaxError::new(start, "this text has no closing quote on its line"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Lexer, SyntaxError, Token};

    fn tokens(text: &str) -> Result<Vec<Token<'_>>, SyntaxError> {
        let mut lexer = Lexer::new(text);
        let mut tokens = Vec::new();
        loop {
            match lexer.next()?.1 {
                Token::End => return Ok(tokens),
                token => tokens.push(token),
            }
        }
    }

    #[test]
    fn numbers_are_cut_as_the_compiler_cuts_them() {
        let cases = [
            ("1", Token::Integer(1)),
            ("-0x10", Token::Integer(-16)),
            ("+7", Token::Integer(7)),
            ("0xFFFFFFFFFFFFFFFF", Token::Integer(-1)),
            ("-9223372036854775808", Token::Integer(i64::MIN)),
            (".5", Token::Double(0.5)),
            ("-1.5e-3", Token::Double(-0.0015)),
            ("1e5", Token::Double(1e5)),
        ];
        for (text, token) in cases {
            assert_eq!(tokens(text), Ok(vec![token]), "{text}");
        }
        for text in ["9223372036854775808", "0x1FFFFFFFFFFFFFFFF", "+", "1.", "."] {
            assert!(tokens(text).is_err(), "{text}");
        }
    }

    #[test]
    fn words_texts_and_comments() {
        let text = "\u{feff}a.b_1.C # unix\n// line\n/* block * / **/ 'it\\'s' \"say \\\"x\\\"\\n\" /**/ &*";
        let expected = [
            Token::Word("a.b_1.C"),
            Token::Literal("it's".to_owned()),
            Token::Literal("say \"x\"\n".to_owned()),
            Token::Symbol('&'),
            Token::Symbol('*'),
        ];
        assert_eq!(tokens(text), Ok(expected.to_vec()));
        for text in ["'open", "'a\nb'", "'\\x'", "/* open", "$", "客"] {
            assert!(tokens(text).is_err(), "{text}");
        }
    }
}
