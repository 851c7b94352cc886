//! Files of SQL that `mysqldump`, `mariadb-dump` or `pg_dump` wrote, compressed or not.
//!
//! The file is read once to know which tables it has and where their rows are; each table is then read from there.

mod lexer;
mod statement;

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use kefu_app::{Exit, Failure, Text};

use self::{
    lexer::{Fault, Lexer},
    statement::{Cell, Created, Form, Reader, Row, Session, Statement},
};
use super::{
    PAGE_BYTES, Page, Request, SourceRow, TableInfo,
    column::Column,
    refused,
    stream::{newest, opened, opened_at, unreadable},
    tails::Tails,
};
use crate::value::{Value, encode_key};

type Input = Box<dyn Read + Send>;

/// A file of SQL.
#[derive(Debug)]
pub(crate) struct SqlDump {
    path: PathBuf,
    identity: String,
    index: OnceLock<BTreeMap<String, Table>>,
    tails: Tails,
}

/// A table of the file.
#[derive(Clone, Debug, Default)]
struct Table {
    created: Created,
    rows: u64,
    /// Where statements with its rows follow each other.
    parts: Vec<Part>,
}

/// Statements with rows of one table that follow each other.
#[derive(Clone, Debug)]
struct Part {
    begin: u64,
    line: u64,
    end: u64,
    session: Session,
    database: String,
}

impl SqlDump {
    pub(crate) fn open(path: &Path, tails: &Tails) -> Result<Self, Failure> {
        let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
        let name = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let (size, changed) = (metadata.len(), newest(&metadata));
        let identity = format!("sqldump:{} {size} bytes of {changed}", name.display());
        Ok(Self { path: path.to_owned(), identity, index: OnceLock::new(), tails: tails.clone() })
    }

    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    pub(crate) fn tables(&self) -> Result<Vec<TableInfo>, Failure> {
        let info = |(name, table): (&String, &Table)| TableInfo {
            name: name.clone(),
            columns: table.created.columns.clone(),
            key: table.created.key.clone(),
            unique: table.created.unique.clone(),
            rows: Some(table.rows),
            bytes: Some(table.parts.iter().map(|part| part.end - part.begin).sum()),
            is_open: false,
        };
        Ok(self.index()?.iter().map(info).collect())
    }

    fn index(&self) -> Result<&BTreeMap<String, Table>, Failure> {
        match self.index.get() {
            Some(index) => Ok(index),
            None => {
                let index = self.look_through()?;
                Ok(self.index.get_or_init(|| index))
            }
        }
    }

    /// Reads the file as a whole.
    fn look_through(&self) -> Result<BTreeMap<String, Table>, Failure> {
        let (input, _) = opened(&self.path)?;
        let mut reader = Reader::new(Lexer::new(input, 0, 1), "", Session::default());
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        let looked = self.look_at(&mut reader, &mut tables);
        looked.or_else(|failure| if self.tails.end_at(&failure) { Ok(()) } else { Err(failure) })?;
        if tables.is_empty() {
            let shown = self.path.display();
            return Err(refused(
                format!("cannot read {shown}: it has no statement CREATE TABLE, so it is no dump of SQL"),
                format!("无法读取 {shown}:其中没有 CREATE TABLE 语句,不是 SQL 转储"),
            ));
        }
        Ok(without_database(tables))
    }

    fn look_at(
        &self,
        reader: &mut Reader<Input>,
        tables: &mut BTreeMap<String, Table>,
    ) -> Result<(), Failure> {
        let mut last: Option<String> = None;
        loop {
            let (begin, line) = (reader.lexer.offset(), reader.lexer.line_number());
            let statement = reader.next().map_err(|fault| self.damaged(fault))?;
            let Some(statement) = statement else { break };
            match statement {
                Statement::Create(created) => {
                    let name = created.name.clone();
                    tables.entry(name).or_default().created = created;
                }
                Statement::Key { table, is_primary, columns } => {
                    let created = &mut tables.entry(table).or_default().created;
                    if is_primary {
                        created.key = columns;
                    } else if columns.iter().all(|column| created.not_null.contains(column)) {
                        created.unique.push(columns);
                    }
                }
                Statement::Rows { table: name, form, .. } => {
                    self.check_charset(&reader.session)?;
                    let (session, database) = (reader.session.clone(), reader.database().to_owned());
                    let rows = reader.skip_rows(form);
                    let end = reader.lexer.offset();
                    let table = tables.entry(name.clone()).or_default();
                    table.rows += *rows.as_ref().unwrap_or(&0);
                    match table
                        .parts
                        .last_mut()
                        .filter(|part| last.as_deref() == Some(name.as_str()) && part.session == session)
                    {
                        Some(part) => part.end = end,
                        None => table.parts.push(Part { begin, line, end, session, database }),
                    }
                    // The rows before a damage may be read.
                    rows.map_err(|fault| self.damaged(fault))?;
                    last = Some(name);
                    continue;
                }
                Statement::Other => continue,
            }
            last = None;
        }
        if reader.lexer.is_dump && !reader.lexer.is_whole {
            return Err(self.damaged(reader.lexer.broken("it ends too early: its last line is not there")));
        }
        Ok(())
    }

    fn check_charset(&self, session: &Session) -> Result<(), Failure> {
        if ["utf8mb4", "utf8mb3", "utf8", "ascii", "binary", "us_ascii"].contains(&session.charset.as_str()) {
            return Ok(());
        }
        let (shown, charset) = (self.path.display(), &session.charset);
        Err(refused(
            format!("cannot read {shown}: it is written in {charset}"),
            format!("无法读取 {shown}:其字符集为 {charset}"),
        )
        .hint(Text::new(
            "dump it again with --default-character-set=utf8mb4",
            "请使用 --default-character-set=utf8mb4 重新转储",
        )))
    }

    fn damaged(&self, fault: Fault) -> Failure {
        let shown = self.path.display();
        match fault {
            Fault::Broken { at, line, what } => Failure::new(
                Exit::Data,
                Text::new(
                    format!("cannot read {shown}: line {line}, byte {at}: {what}"),
                    format!("无法读取 {shown}:第 {line} 行(字节 {at}):{what}"),
                ),
            )
            .hint(Text::new("dump it again", "请重新转储")),
            Fault::Unread(error) => unreadable(&self.path, error),
        }
    }

    pub(crate) fn read(&self, request: Request) -> Result<Cursor, Failure> {
        let index = self.index()?;
        let table = index.get(&request.table).ok_or_else(|| {
            let table = &request.table;
            refused(
                format!("cannot read `{table}`: the dump has no such table"),
                format!("无法读取 `{table}`:转储中没有这个表"),
            )
        })?;
        let position = request.position.as_deref().map(Position::read);
        let position = match position {
            Some(None) => {
                return Err(refused("cannot go on: the position cannot be read", "无法继续:位置无法读取"));
            }
            Some(position) => position,
            None => None,
        };
        let mut parts = table.parts.clone();
        if let Some(position) = &position {
            parts.retain(|part| part.end > position.statement);
        }
        parts.reverse();
        let tails = self.tails.clone();
        let dump = Self { path: self.path.clone(), identity: String::new(), index: OnceLock::new(), tails };
        Ok(Cursor { dump, table: table.clone(), request, parts, position, open: None })
    }
}

/// The tables by their names alone, if all are of one database.
fn without_database(tables: BTreeMap<String, Table>) -> BTreeMap<String, Table> {
    let database = tables
        .keys()
        .next()
        .and_then(|name| name.split_once('.'))
        .map(|(database, _)| format!("{database}."));
    match database.filter(|database| tables.keys().all(|name| name.starts_with(database.as_str()))) {
        Some(database) => {
            tables.into_iter().map(|(name, table)| (name[database.len()..].to_owned(), table)).collect()
        }
        None => tables,
    }
}

/// Where reading goes on: in which statement, and behind which of its bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Position {
    statement: u64,
    line: u64,
    row: u64,
}

impl Position {
    fn write(self) -> Vec<u8> {
        [self.statement, self.line, self.row].map(u64::to_be_bytes).concat()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (statement, rest) = bytes.split_first_chunk()?;
        let (line, rest) = rest.split_first_chunk()?;
        let row = rest.try_into().ok()?;
        let number = u64::from_be_bytes;
        Some(Self { statement: number(*statement), line: number(*line), row: number(row) })
    }
}

/// A table that is being read.
pub(crate) struct Cursor {
    dump: SqlDump,
    table: Table,
    request: Request,
    /// What is left to be read, the next part last.
    parts: Vec<Part>,
    /// Where an earlier reading ended.
    position: Option<Position>,
    open: Option<OpenPart>,
}

/// A part that is being read.
struct OpenPart {
    reader: Reader<Input>,
    end: u64,
    /// The statement whose rows come next, if one has begun.
    rows: Option<OpenRows>,
    row: Row,
}

/// A statement whose rows are being read.
struct OpenRows {
    begin: u64,
    line: u64,
    form: Form,
    /// Which value each field is, those of the key first, and how it is read.
    fields: Vec<(usize, Column)>,
    /// How many values a row has.
    width: usize,
    is_utc: bool,
}

impl Cursor {
    pub(crate) fn next(&mut self) -> Result<Page, Failure> {
        let mut page = Page::default();
        let mut bytes = 0;
        while page.rows.len() < self.request.page_rows as usize && bytes < PAGE_BYTES {
            let row = self.row();
            match row
                .or_else(|failure| if self.dump.tails.end_at(&failure) { Ok(None) } else { Err(failure) })?
            {
                Some(row) => {
                    bytes += row.values.iter().map(Value::weight).sum::<usize>();
                    page.rows.push(row);
                }
                None => {
                    page.is_end = true;
                    return Ok(page);
                }
            }
        }
        if let Some(OpenPart { reader, rows: Some(rows), .. }) = &self.open {
            let position = Position { statement: rows.begin, line: rows.line, row: reader.lexer.offset() };
            page.position = Some(position.write());
        }
        Ok(page)
    }

    /// The next row of the table.
    fn row(&mut self) -> Result<Option<SourceRow>, Failure> {
        loop {
            let Some(open) = &mut self.open else {
                let Some(part) = self.parts.pop() else { return Ok(None) };
                self.open = Some(self.enter(part)?);
                continue;
            };
            let Some(rows) = &open.rows else {
                if open.reader.lexer.offset() >= open.end {
                    self.open = None;
                    continue;
                }
                self.statement()?;
                continue;
            };
            let is_there =
                open.reader.row(rows.form, &mut open.row).map_err(|fault| self.dump.damaged(fault))?;
            if !is_there {
                open.rows = None;
                continue;
            }
            if open.row.cells.len() != rows.width {
                let fault =
                    open.reader.lexer.broken("a row has more or fewer values than its table has columns");
                return Err(self.dump.damaged(fault));
            }
            // What an earlier reading had already.
            if self.position.is_some_and(|position| open.reader.lexer.offset() <= position.row) {
                continue;
            }
            let value = |&(index, column): &(usize, Column)| value(&open.row, index, column, rows.is_utc);
            let mut key: Vec<_> = rows.fields.iter().map(value).collect();
            let values = key.split_off(self.request.key.len());
            return Ok(Some(SourceRow { key: encode_key(&key), values }));
        }
    }

    fn enter(&self, part: Part) -> Result<OpenPart, Failure> {
        let begun = self.position.filter(|position| position.statement >= part.begin);
        let (begin, line) =
            begun.map_or((part.begin, part.line), |position| (position.statement, position.line));
        let lexer = Lexer::new(opened_at(&self.dump.path, begin)?, begin, line);
        let reader = Reader::new(lexer, &part.database, part.session);
        Ok(OpenPart { reader, end: part.end, rows: None, row: Row::default() })
    }

    /// Goes to the rows of the next statement that has any.
    fn statement(&mut self) -> Result<(), Failure> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let (begin, line) = (open.reader.lexer.offset(), open.reader.lexer.line_number());
        let statement = open.reader.next().map_err(|fault| self.dump.damaged(fault))?;
        let Some(Statement::Rows { columns, form, .. }) = statement else {
            if statement.is_none() {
                open.end = 0;
            }
            return Ok(());
        };
        let created = &self.table.created.columns;
        let names: Vec<&str> = if columns.is_empty() {
            created.iter().map(|(name, _)| name.as_str()).collect()
        } else {
            columns.iter().map(String::as_str).collect()
        };
        let mut fields = Vec::new();
        for name in self.request.key.iter().chain(&self.request.columns) {
            let Some(index) = names.iter().position(|known| known == name) else {
                let table = &self.request.table;
                return Err(refused(
                    format!("cannot read `{table}`: its rows have no column `{name}`"),
                    format!("无法读取 `{table}`:其数据没有列 `{name}`"),
                ));
            };
            let declared = created.iter().find(|(known, _)| known == name);
            fields.push((index, declared.map_or(Column::Text, |(_, declared)| Column::of(declared))));
        }
        // PostgreSQL says of each time which zone it is in, or its writer keeps UTC.
        let is_utc = open.reader.session.is_utc || form == Form::Copy;
        open.rows = Some(OpenRows { begin, line, form, fields, width: names.len(), is_utc });
        Ok(())
    }
}

/// What a value is in a column of this kind.
fn value(row: &Row, index: usize, column: Column, is_utc: bool) -> Value {
    let (bytes, is_number) = match &row.cells[index] {
        Cell::Null => return Value::Null,
        Cell::Number(range) => (&row.bytes[range.clone()], true),
        Cell::Text(range) | Cell::Bytes(range) => (&row.bytes[range.clone()], false),
    };
    if column == Column::Bit && !is_number && bytes.len() <= 8 {
        return Value::unsigned(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) if column != Column::Bytes => text,
        _ => return Value::Bytes(bytes.to_vec()),
    };
    let whole = || Value::Text(text.to_owned());
    match column {
        Column::Int => text.parse().map_or_else(|_| whole(), Value::Int),
        Column::UInt | Column::Bit => text.parse().map_or_else(|_| whole(), Value::unsigned),
        Column::Float => text.parse().map_or_else(|_| whole(), Value::Float),
        // `2026-01-01 00:00:00+08` names its zone.
        Column::Temporal { .. } if text.get(19..).is_some_and(|rest| rest.contains(['+', '-'])) => {
            Value::Text(text.replacen(' ', "T", 1))
        }
        Column::Temporal { is_utc: of_server } => {
            Value::Temporal { text: text.to_owned(), is_utc: of_server && is_utc }
        }
        Column::Text | Column::Bytes => whole(),
    }
}

/// What a file says, statement by statement and row by row, for fuzzers.
#[cfg(feature = "fuzzing")]
pub(crate) fn said(input: impl Read) -> Vec<String> {
    let mut reader = Reader::new(Lexer::new(input, 0, 1), "", Session::default());
    let (mut said, mut row) = (Vec::new(), Row::default());
    loop {
        match reader.next() {
            Ok(Some(statement)) => {
                said.push(format!("{statement:?}"));
                let Statement::Rows { form, .. } = statement else { continue };
                loop {
                    match reader.row(form, &mut row) {
                        Ok(true) => said.push(format!("{row:?}")),
                        Ok(false) => break,
                        Err(fault) => {
                            said.push(format!("{fault:?}"));
                            return said;
                        }
                    }
                }
            }
            Ok(None) => return said,
            Err(fault) => {
                said.push(format!("{fault:?}"));
                return said;
            }
        }
    }
}
