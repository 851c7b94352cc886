//! Statements of a dump: what tables are like, and their rows.

use std::{io::Read, ops::Range};

use super::lexer::{Fault, Lexer, Token};

/// Most columns of a table.
const COLUMNS_MAX: usize = 4096;

/// What a statement says that matters.
#[derive(Debug, PartialEq)]
pub(crate) enum Statement {
    /// What a table is like.
    Create(Created),
    /// A table has a key, which PostgreSQL says later.
    Key { table: String, is_primary: bool, columns: Vec<String> },
    /// Rows follow, between brackets or one a line.
    Rows { table: String, columns: Vec<String>, form: Form },
    /// Something else.
    Other,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    /// `INSERT`.
    Insert,
    /// `COPY`.
    Copy,
}

/// A table as `CREATE TABLE` says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Created {
    pub(crate) name: String,
    /// Columns and their types.
    pub(crate) columns: Vec<(String, String)>,
    pub(crate) not_null: Vec<String>,
    pub(crate) key: Vec<String>,
    pub(crate) unique: Vec<Vec<String>>,
}

/// A value of a row, in [`Row::bytes`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Null,
    Number(Range<usize>),
    Text(Range<usize>),
    Bytes(Range<usize>),
}

/// A row, whose memory is used again for the next one.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) cells: Vec<Cell>,
    pub(crate) bytes: Vec<u8>,
}

/// Reads the statements of a dump.
pub(crate) struct Reader<R> {
    pub(crate) lexer: Lexer<R>,
    /// The database that names mean which name none.
    database: String,
    /// What the session has set.
    pub(crate) session: Session,
}

/// What a dump says of itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Session {
    /// Times of `TIMESTAMP` are UTC.
    pub(crate) is_utc: bool,
    /// The character set of what is written, in lower case.
    pub(crate) charset: String,
    /// Whether a backslash in a text means something.
    pub(crate) has_escapes: bool,
}

impl Default for Session {
    fn default() -> Self {
        Self { is_utc: false, charset: "utf8mb4".to_owned(), has_escapes: true }
    }
}

impl<R: Read> Reader<R> {
    /// Of a lexer at the beginning of a statement, as far as `session` has come.
    pub(crate) fn new(mut lexer: Lexer<R>, database: &str, session: Session) -> Self {
        lexer.has_escapes = session.has_escapes;
        Self { lexer, database: database.to_owned(), session }
    }

    /// The database that is meant now.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// The next statement, at whose end the reader is then, but for rows: before the first one. None at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Statement>, Fault> {
        match self.lexer.next()? {
            Token::Eof => return Ok(None),
            Token::End => return Ok(Some(Statement::Other)),
            // What the client is told ends with its line.
            Token::Symbol(b'\\') => {
                self.lexer.line()?;
                return Ok(Some(Statement::Other));
            }
            Token::Word => {}
            _ => return self.other().map(Some),
        }
        let word = self.word();
        let statement = match word.as_str() {
            "delimiter" => {
                self.lexer.take_delimiter()?;
                return Ok(Some(Statement::Other));
            }
            "create" => self.create()?,
            "insert" | "replace" => return self.insert().map(Some),
            "copy" => return self.copy().map(Some),
            "alter" => self.alter()?,
            "use" => {
                let token = self.lexer.next()?;
                self.database = self.name(token)?;
                Statement::Other
            }
            "set" => self.set()?,
            _ => Statement::Other,
        };
        self.lexer.skip_statement()?;
        Ok(Some(statement))
    }

    fn other(&mut self) -> Result<Statement, Fault> {
        self.lexer.skip_statement()?;
        Ok(Statement::Other)
    }

    /// The last token as a word of SQL.
    fn word(&self) -> String {
        String::from_utf8_lossy(&self.lexer.value).to_ascii_lowercase()
    }

    /// Whether the last token is this word.
    fn is_word(&self, token: Token, word: &str) -> bool {
        token == Token::Word && self.lexer.value.eq_ignore_ascii_case(word.as_bytes())
    }

    /// What a token names.
    fn name(&self, token: Token) -> Result<String, Fault> {
        match token {
            Token::Word | Token::Name | Token::Text { is_double: true } => {
                let name = String::from_utf8(self.lexer.value.clone());
                name.map_err(|_| self.lexer.broken("a name is no UTF-8"))
            }
            _ => Err(self.lexer.broken("here should be a name")),
        }
    }

    /// A name that may name its database before it, and what comes behind it.
    fn table(&mut self, token: Token) -> Result<(String, Token), Fault> {
        let mut name = self.name(token)?;
        let mut database = self.database.clone();
        let mut next = self.lexer.next()?;
        if next == Token::Symbol(b'.') {
            let token = self.lexer.next()?;
            database = std::mem::replace(&mut name, self.name(token)?);
            next = self.lexer.next()?;
        }
        // The schema of PostgreSQL that nobody names.
        let is_plain = database.is_empty() || database == "public";
        Ok((if is_plain { name } else { format!("{database}.{name}") }, next))
    }

    /// Names between brackets, the first of which is read; none of a list that has more than names in it.
    fn names(&mut self) -> Result<Option<Vec<String>>, Fault> {
        let (mut names, mut is_plain) = (Vec::new(), true);
        let mut depth = 1;
        loop {
            match self.lexer.next()? {
                Token::Symbol(b')') if depth == 1 => return Ok(is_plain.then_some(names)),
                Token::Symbol(b')') => depth -= 1,
                Token::Symbol(b'(') => (depth, is_plain) = (depth + 1, false),
                Token::Symbol(b',') => {}
                Token::Eof | Token::End => return Err(self.lexer.broken("a list has no end")),
                token @ (Token::Name | Token::Text { is_double: true } | Token::Word) if depth == 1 => {
                    let is_order = ["asc", "desc"].contains(&self.word().as_str()) && token == Token::Word;
                    if !is_order {
                        names.push(self.name(token)?);
                    }
                    if names.len() > COLUMNS_MAX {
                        return Err(self.lexer.broken("a table has more columns than any may have"));
                    }
                }
                _ => is_plain = false,
            }
        }
    }

    fn set(&mut self) -> Result<Statement, Fault> {
        // `SET NAMES x`, and `SET a = b, c = d` with values of one word.
        let mut name = String::new();
        loop {
            match self.lexer.next()? {
                Token::End | Token::Eof => return Ok(Statement::Other),
                Token::Word => {
                    let word = self.word();
                    if name == "names" {
                        self.session.charset = word.clone();
                    }
                    self.assign(&name, &word);
                    name = word;
                }
                Token::Text { .. } => {
                    let word = self.word();
                    if name == "names" {
                        self.session.charset = word.clone();
                    }
                    self.assign(&name, &word);
                }
                Token::Symbol(b',') => name.clear(),
                _ => {}
            }
        }
    }

    fn assign(&mut self, name: &str, value: &str) {
        match name.trim_start_matches('@').trim_start_matches("session.") {
            "time_zone" if !value.starts_with('@') => self.session.is_utc = value == "+00:00",
            "timezone" => self.session.is_utc = value == "utc",
            "client_encoding" => self.session.charset = value.to_owned(),
            "sql_mode" if !value.starts_with('@') => {
                self.session.has_escapes = !value.contains("no_backslash_escapes");
            }
            "standard_conforming_strings" => self.session.has_escapes = value != "on",
            _ => {}
        }
        self.lexer.has_escapes = self.session.has_escapes;
    }

    fn create(&mut self) -> Result<Statement, Fault> {
        loop {
            let token = self.lexer.next()?;
            match token {
                Token::Word if ["or", "replace", "temporary", "unlogged"].contains(&self.word().as_str()) => {
                }
                Token::Word if self.is_word(token, "table") => break,
                _ => return Ok(Statement::Other),
            }
        }
        let mut token = self.lexer.next()?;
        while token == Token::Word && ["if", "not", "exists"].contains(&self.word().as_str()) {
            token = self.lexer.next()?;
        }
        let (name, next) = self.table(token)?;
        if next != Token::Symbol(b'(') {
            return Ok(Statement::Other);
        }
        let mut created = Created { name, ..Created::default() };
        while self.item(&mut created)? {}
        let is_sure = |columns: &Vec<String>| columns.iter().all(|name| created.not_null.contains(name));
        created.unique = created.unique.iter().filter(|columns| is_sure(columns)).cloned().collect();
        Ok(Statement::Create(created))
    }

    /// A column or a key; whether another one follows.
    fn item(&mut self, created: &mut Created) -> Result<bool, Fault> {
        let token = self.lexer.next()?;
        let word = if token == Token::Word { self.word() } else { String::new() };
        let is_key = |word: &str| {
            ["primary", "unique", "key", "index", "constraint", "fulltext", "spatial", "foreign", "check"]
                .contains(&word)
                || ["period", "exclude", "like"].contains(&word)
        };
        match token {
            Token::Symbol(b')') => Ok(false),
            Token::End | Token::Eof => Err(self.lexer.broken("a table has no end")),
            Token::Word if is_key(&word) => self.key(word, created),
            Token::Word | Token::Name | Token::Text { is_double: true } => {
                let name = self.name(token)?;
                if created.columns.len() >= COLUMNS_MAX {
                    return Err(self.lexer.broken("a table has more columns than any may have"));
                }
                self.column(name, created)
            }
            _ => Err(self.lexer.broken("here should be a column")),
        }
    }

    /// The type of a column and what else is said of it, up to the comma or the end.
    fn column(&mut self, name: String, created: &mut Created) -> Result<bool, Fault> {
        let (mut declared, mut rest, mut depth) = (String::new(), String::new(), 0);
        let mut is_type = true;
        loop {
            let token = self.lexer.next()?;
            match token {
                Token::Symbol(end @ (b',' | b')')) if depth == 0 => {
                    if rest.contains(" not null") {
                        created.not_null.push(name.clone());
                    }
                    if rest.contains(" primary key") {
                        created.key = vec![name.clone()];
                    } else if rest.contains(" unique") {
                        created.unique.push(vec![name.clone()]);
                    }
                    created.columns.push((name, declared));
                    return Ok(end == b',');
                }
                Token::End | Token::Eof => return Err(self.lexer.broken("a table has no end")),
                Token::Symbol(b'(') => depth += 1,
                Token::Symbol(b')') => depth -= 1,
                _ => {}
            }
            let word = self.word();
            // The type goes on as long as its own words do.
            let own = ["unsigned", "zerofill", "varying", "precision", "with", "without", "time", "zone"];
            is_type &= declared.is_empty()
                || depth > 0
                || matches!(token, Token::Symbol(_))
                || own.contains(&word.as_str());
            let written = match token {
                Token::Symbol(byte) => char::from(byte).to_string(),
                Token::Text { is_double: false } => {
                    format!("'{}'", String::from_utf8_lossy(&self.lexer.value))
                }
                _ => word,
            };
            let out = if is_type { &mut declared } else { &mut rest };
            // What a comment or a default says is nothing that the column is.
            if out.len() > 4096 || (!is_type && matches!(token, Token::Text { .. })) {
                continue;
            }
            if depth == 0 && !matches!(token, Token::Symbol(_)) && !(is_type && out.is_empty()) {
                out.push(' ');
            }
            out.push_str(&written);
        }
    }

    /// A key, up to the comma or the end.
    fn key(&mut self, mut word: String, created: &mut Created) -> Result<bool, Fault> {
        let (mut is_primary, mut is_unique) = (false, false);
        let mut depth = 0;
        loop {
            is_primary |= word == "primary";
            is_unique |= word == "unique";
            word.clear();
            match self.lexer.next()? {
                Token::Symbol(b'(') if depth == 0 && (is_primary || is_unique) => {
                    let columns = self.names()?;
                    if is_primary {
                        created.key = columns.unwrap_or_default();
                    } else {
                        created.unique.extend(columns);
                    }
                    (is_primary, is_unique) = (false, false);
                }
                Token::Symbol(b'(') => depth += 1,
                Token::Symbol(end @ (b',' | b')')) if depth == 0 => return Ok(end == b','),
                Token::Symbol(b')') => depth -= 1,
                Token::End | Token::Eof => return Err(self.lexer.broken("a table has no end")),
                Token::Word => word = self.word(),
                _ => {}
            }
        }
    }

    /// `ALTER TABLE ONLY t ADD CONSTRAINT c PRIMARY KEY (a, b)`.
    fn alter(&mut self) -> Result<Statement, Fault> {
        let token = self.lexer.next()?;
        if !self.is_word(token, "table") {
            return Ok(Statement::Other);
        }
        let mut token = self.lexer.next()?;
        while token == Token::Word && ["only", "if", "exists"].contains(&self.word().as_str()) {
            token = self.lexer.next()?;
        }
        if token == Token::End {
            return Ok(Statement::Other);
        }
        let (table, mut token) = self.table(token)?;
        let mut is_primary = None;
        loop {
            match token {
                Token::End | Token::Eof => return Ok(Statement::Other),
                Token::Word if self.is_word(token, "primary") => is_primary = Some(true),
                Token::Word if self.is_word(token, "unique") => is_primary = Some(false),
                Token::Symbol(b'(') => {
                    let (columns, Some(is_primary)) = (self.names()?, is_primary) else {
                        return Ok(Statement::Other);
                    };
                    let Some(columns) = columns else { return Ok(Statement::Other) };
                    return Ok(Statement::Key { table, is_primary, columns });
                }
                _ => {}
            }
            token = self.lexer.next()?;
        }
    }

    fn insert(&mut self) -> Result<Statement, Fault> {
        loop {
            let token = self.lexer.next()?;
            match token {
                Token::Word if self.is_word(token, "into") => break,
                Token::Word => {}
                Token::End | Token::Eof => return Ok(Statement::Other),
                _ => return self.other(),
            }
        }
        let token = self.lexer.next()?;
        let (table, mut next) = self.table(token)?;
        let mut columns = Vec::new();
        if next == Token::Symbol(b'(') {
            let names = self.names()?;
            columns = names.ok_or_else(|| self.lexer.broken("here should be names of columns"))?;
            next = self.lexer.next()?;
        }
        if !(self.is_word(next, "values") || self.is_word(next, "value")) {
            return Err(self.lexer.broken("here should be VALUES: rows that are selected cannot be read"));
        }
        Ok(Statement::Rows { table, columns, form: Form::Insert })
    }

    fn copy(&mut self) -> Result<Statement, Fault> {
        let token = self.lexer.next()?;
        let (table, mut next) = self.table(token)?;
        let mut columns = Vec::new();
        if next == Token::Symbol(b'(') {
            let names = self.names()?;
            columns = names.ok_or_else(|| self.lexer.broken("here should be names of columns"))?;
            next = self.lexer.next()?;
        }
        if !self.is_word(next, "from") {
            return Err(self.lexer.broken("here should be FROM"));
        }
        self.lexer.skip_statement()?;
        self.lexer.line()?;
        Ok(Statement::Rows { table, columns, form: Form::Copy })
    }

    /// The next row, if there is one.
    pub(crate) fn row(&mut self, form: Form, row: &mut Row) -> Result<bool, Fault> {
        row.cells.clear();
        row.bytes.clear();
        match form {
            Form::Insert => self.inserted(row),
            Form::Copy => self.copied(row),
        }
    }

    /// Passes over the rows that are left; returns how many they were.
    pub(crate) fn skip_rows(&mut self, form: Form) -> Result<u64, Fault> {
        self.lexer.keeps = false;
        let skipped = match form {
            Form::Insert => self.skip_inserted(),
            Form::Copy => self.skip_copied(),
        };
        self.lexer.keeps = true;
        skipped
    }

    fn skip_inserted(&mut self) -> Result<u64, Fault> {
        let (mut rows, mut depth) = (0, 0_u32);
        loop {
            match self.lexer.next()? {
                Token::Symbol(b'(') => {
                    rows += u64::from(depth == 0);
                    depth += 1;
                }
                Token::Symbol(b')') => depth = depth.saturating_sub(1),
                Token::End => return Ok(rows),
                Token::Eof => return Err(self.lexer.broken("it ends too early")),
                _ => {}
            }
        }
    }

    fn skip_copied(&mut self) -> Result<u64, Fault> {
        // Lines are told apart from the last one by what they say.
        self.lexer.keeps = true;
        let mut rows = 0;
        loop {
            if !self.lexer.line()? {
                return Err(self.lexer.broken("it ends too early"));
            }
            if self.lexer.value == b"\\." {
                return Ok(rows);
            }
            rows += 1;
        }
    }

    fn inserted(&mut self, row: &mut Row) -> Result<bool, Fault> {
        loop {
            match self.lexer.next()? {
                Token::Symbol(b'(') => break,
                Token::Symbol(b',') => {}
                Token::End => return Ok(false),
                Token::Eof => return Err(self.lexer.broken("it ends too early")),
                Token::Word => {
                    self.lexer.skip_statement()?;
                    return Ok(false);
                }
                _ => return Err(self.lexer.broken("here should be a row")),
            }
        }
        loop {
            self.value(row)?;
            match self.lexer.next()? {
                Token::Symbol(b',') => {}
                Token::Symbol(b')') => return Ok(true),
                Token::Eof => return Err(self.lexer.broken("it ends too early")),
                _ => return Err(self.lexer.broken("here should be a comma or the end of a row")),
            }
        }
    }

    fn value(&mut self, row: &mut Row) -> Result<(), Fault> {
        if row.cells.len() >= COLUMNS_MAX {
            return Err(self.lexer.broken("a row has more values than any may have"));
        }
        let begin = row.bytes.len();
        let mut token = self.lexer.next()?;
        let mut is_binary = false;
        if let Token::Symbol(sign @ (b'-' | b'+')) = token {
            token = self.lexer.next()?;
            if token != Token::Number {
                return Err(self.lexer.broken("here should be a number"));
            }
            if sign == b'-' {
                row.bytes.push(sign);
            }
        }
        // The character set of the text that follows.
        if token == Token::Word && self.lexer.value.first() == Some(&b'_') {
            is_binary = self.word() == "_binary";
            token = self.lexer.next()?;
            if !matches!(token, Token::Text { .. } | Token::Bytes) {
                return Err(self.lexer.broken("here should be a text"));
            }
        }
        let cell: fn(Range<usize>) -> Cell = match token {
            Token::Word => match self.word().as_str() {
                "null" => {
                    row.cells.push(Cell::Null);
                    return Ok(());
                }
                word @ ("true" | "false") => {
                    let digit = if word == "true" { b'1' } else { b'0' };
                    self.lexer.value.clear();
                    self.lexer.value.push(digit);
                    Cell::Number
                }
                _ => return Err(self.lexer.broken("a value is an expression, which cannot be read")),
            },
            Token::Number => Cell::Number,
            Token::Text { .. } if !is_binary => Cell::Text,
            Token::Text { .. } | Token::Bytes => Cell::Bytes,
            Token::Eof => return Err(self.lexer.broken("it ends too early")),
            _ => return Err(self.lexer.broken("here should be a value")),
        };
        row.bytes.extend_from_slice(&self.lexer.value);
        row.cells.push(cell(begin..row.bytes.len()));
        Ok(())
    }

    /// A line of values between tabs.
    fn copied(&mut self, row: &mut Row) -> Result<bool, Fault> {
        if !self.lexer.line()? {
            return Err(self.lexer.broken("it ends too early"));
        }
        if self.lexer.value == b"\\." {
            return Ok(false);
        }
        for field in self.lexer.value.split(|byte| *byte == b'\t') {
            if row.cells.len() >= COLUMNS_MAX {
                return Err(self.lexer.broken("a row has more values than any may have"));
            }
            if field == b"\\N" {
                row.cells.push(Cell::Null);
                continue;
            }
            let begin = row.bytes.len();
            unescape(field, &mut row.bytes);
            row.cells.push(Cell::Text(begin..row.bytes.len()));
        }
        Ok(true)
    }
}

/// A value of `COPY` without its escapes.
fn unescape(mut field: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = field.iter().position(|byte| *byte == b'\\') {
        out.extend_from_slice(&field[..at]);
        let (byte, length) = match &field[at + 1..] {
            [] => (b'\\', 0),
            [b'b', ..] => (0x08, 1),
            [b'f', ..] => (0x0c, 1),
            [b'n', ..] => (b'\n', 1),
            [b'r', ..] => (b'\r', 1),
            [b't', ..] => (b'\t', 1),
            [b'v', ..] => (0x0b, 1),
            [b'x', rest @ ..] if rest.first().is_some_and(u8::is_ascii_hexdigit) => {
                let (value, digits) = digits(rest, 16, 2);
                (value, digits + 1)
            }
            rest @ [b'0'..=b'7', ..] => digits(rest, 8, 3),
            [other, ..] => (*other, 1),
        };
        out.push(byte);
        field = &field[at + 1 + length..];
    }
    out.extend_from_slice(field);
}

/// The value of up to so many digits, and how many they are.
fn digits(bytes: &[u8], base: u32, most: usize) -> (u8, usize) {
    let digits = bytes.iter().take(most).map_while(|byte| char::from(*byte).to_digit(base));
    digits.fold((0_u8, 0), |(value, count), digit| {
        (value.wrapping_mul(base as u8).wrapping_add(digit as u8), count + 1)
    })
}

#[cfg(test)]
mod tests;
