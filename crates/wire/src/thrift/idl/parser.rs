//! Recursive descent over the IDL's grammar, with a limit on tokens and on nesting.

mod definitions;
mod types;
mod words;

use self::words::{is_keyword, is_keyword_always};
use super::{
    lexer::{Lexer, SyntaxError, Token},
    model::{File, Include, Name},
};
use crate::Limits;

/// Reads one file; `tokens` counts down over all files of a schema.
pub(super) fn parse(text: &str, limits: &Limits, tokens: &mut usize) -> Result<File, SyntaxError> {
    let mut parser = Parser {
        lexer: Lexer::new(text),
        at: 0,
        token: Token::End,
        doc: None,
        depth: 0,
        depth_max: limits.schema_depth_max,
        tokens,
        tokens_max: limits.schema_tokens_max,
        file: File::default(),
    };
    parser.advance()?;
    parser.headers()?;
    while parser.token != Token::End {
        parser.definition()?;
    }
    Ok(parser.file)
}

/// The parser looks one token ahead.
struct Parser<'a, 't> {
    lexer: Lexer<'a>,
    at: usize,
    token: Token<'a>,
    /// The documentation comment before the token.
    doc: Option<&'a str>,
    depth: u32,
    depth_max: u32,
    tokens: &'t mut usize,
    tokens_max: usize,
    file: File,
}

impl<'a> Parser<'a, '_> {
    fn count(&mut self) -> Result<(), SyntaxError> {
        *self.tokens = self.tokens.checked_sub(1).ok_or_else(|| {
            SyntaxError::new(self.at, format!("the schema has more than {} tokens", self.tokens_max))
        })?;
        Ok(())
    }

    fn advance(&mut self) -> Result<Token<'a>, SyntaxError> {
        self.count()?;
        let (at, next) = self.lexer.next()?;
        self.at = at;
        self.doc = self.lexer.take_doc();
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn error<T>(&self, expected: &str) -> Result<T, SyntaxError> {
        Err(SyntaxError::new(self.at, format!("expected {expected}, found {}", self.token.describe())))
    }

    fn warn(&mut self, at: usize, message: impl Into<String>) {
        self.file.warnings.push((at, message.into()));
    }

    fn is_symbol(&self, symbol: char) -> bool {
        self.token == Token::Symbol(symbol)
    }

    fn eat(&mut self, symbol: char) -> Result<bool, SyntaxError> {
        let found = self.is_symbol(symbol);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, symbol: char) -> Result<(), SyntaxError> {
        if self.eat(symbol)? { Ok(()) } else { self.error(&format!("`{symbol}`")) }
    }

    fn is_word(&self, word: &str) -> bool {
        self.token == Token::Word(word)
    }

    fn eat_word(&mut self, word: &str) -> Result<bool, SyntaxError> {
        let found = self.is_word(word);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    /// `,` or `;` or nothing.
    fn separator(&mut self) -> Result<(), SyntaxError> {
        if !self.eat(',')? {
            self.eat(';')?;
        }
        Ok(())
    }

    /// A name that is being defined.
    fn name(&mut self, what: &str) -> Result<Name, SyntaxError> {
        self.name_unless(is_keyword, what)
    }

    /// The name of a field, which may be most of the IDL's own words.
    fn field_name(&mut self) -> Result<Name, SyntaxError> {
        self.name_unless(is_keyword_always, "a field")
    }

    fn name_unless(&mut self, is_refused: fn(&str) -> bool, what: &str) -> Result<Name, SyntaxError> {
        let at = self.at;
        match self.token {
            Token::Word(word) if is_refused(word) => Err(SyntaxError::new(
                at,
                format!("`{word}` is a word of the language and cannot name {what}"),
            )),
            Token::Word(word) => {
                self.advance()?;
                Ok(Name { text: word.to_owned(), at })
            }
            _ => self.error(&format!("the name of {what}")),
        }
    }

    fn literal(&mut self, what: &str) -> Result<String, SyntaxError> {
        if !matches!(self.token, Token::Literal(_)) {
            return self.error(what);
        }
        match self.advance()? {
            Token::Literal(text) => Ok(text),
            _ => self.error(what),
        }
    }

    /// Goes one level down for as long as `inner` runs.
    fn nested<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        if self.depth == self.depth_max {
            return Err(SyntaxError::new(self.at, format!("more than {} levels of nesting", self.depth_max)));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn take_doc(&mut self) -> Option<String> {
        self.doc.take().map(|doc| {
            let lines = doc.lines().map(|line| line.trim().trim_start_matches('*').trim());
            let text = lines.collect::<Vec<_>>().join("\n");
            text.trim().to_owned()
        })
    }

    fn headers(&mut self) -> Result<(), SyntaxError> {
        loop {
            let at = self.at;
            match self.token {
                Token::Word("include") => {
                    self.advance()?;
                    let at = self.at;
                    let path = self.literal("the path of a file in quotes")?;
                    self.file.includes.push(Include { path, at });
                }
                Token::Word("cpp_include") => {
                    self.advance()?;
                    self.literal("the path of a header in quotes")?;
                }
                Token::Word("namespace") => self.namespace()?,
                Token::Word(word) if words::is_legacy_namespace(word) => {
                    self.warn(at, format!("`{word}` is deprecated; write `namespace`"));
                    self.legacy_namespace()?;
                }
                _ => return Ok(()),
            }
            // Not in the compiler's grammar, and often written.
            if self.is_symbol(';') || self.is_symbol(',') {
                self.warn(self.at, "a header line needs no separator");
                self.separator()?;
            }
        }
    }

    /// `namespace <language> <name>`; which languages there are is nothing to us.
    fn namespace(&mut self) -> Result<(), SyntaxError> {
        self.advance()?;
        let language = match self.token {
            Token::Word(word) => word,
            Token::Symbol('*') => "*",
            _ => return self.error("a language or `*`"),
        };
        if !words::is_language(language) {
            self.warn(self.at, format!("no generator named {language:?} is known for this namespace"));
        }
        self.legacy_namespace()?;
        self.annotations()?;
        Ok(())
    }

    /// The name of a namespace, after the token that is looked at.
    fn legacy_namespace(&mut self) -> Result<(), SyntaxError> {
        self.count()?;
        (self.at, self.token) = self.lexer.next_namespace()?;
        match self.token {
            // Old files have the name in quotes.
            Token::Word(_) | Token::Literal(_) => {
                self.advance()?;
                Ok(())
            }
            _ => self.error("the name of a namespace"),
        }
    }

    /// `(a.b = "c", bare)` or nothing.
    fn annotations(&mut self) -> Result<Vec<(String, String)>, SyntaxError> {
        let mut annotations = Vec::new();
        if !self.eat('(')? {
            return Ok(annotations);
        }
        while !self.eat(')')? {
            let Token::Word(key) = self.token else { return self.error("the name of an annotation or `)`") };
            self.advance()?;
            let value = if self.eat('=')? {
                self.literal("the value of an annotation in quotes")?
            } else {
                "1".to_owned()
            };
            annotations.push((key.to_owned(), value));
            self.separator()?;
        }
        Ok(annotations)
    }
}
