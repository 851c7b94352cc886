//! Rows that are read again by their keys, as the copy reads them.

use std::{collections::HashSet, time::Duration};

use futures_util::TryStreamExt as _;
use kefu_app::Failure;
use sqlx::{
    AssertSqlSafe, Row as _,
    mysql::{MySqlConnection, MySqlDatabaseError},
};
use tokio::time::Instant;

use super::{
    Column, Server, behind, bind,
    columns::KeyPart,
    log::{Position, VISIBLE},
    quoted,
    write::{noted, read_note},
};
use crate::{
    source::{Note, PAGE_BYTES, PAGE_ROWS, Request, SourceRow},
    value::{Value, encode_key},
};

/// How long a server may take to show what is in its log.
const PATIENCE: Duration = Duration::from_secs(10);

/// Keys of one query; a statement is prepared for each of these numbers.
const SIZES: [usize; 4] = [1, 8, 64, 512];

/// Numbers of errors that say that nothing can be read of a table: there is none, or there was none when the snapshot was taken, or
/// nobody here may know.
const ABSENT: [u16; 3] = [1146, 1412, 1142];

/// A table whose rows are read again.
pub(crate) struct Keyed {
    request: Request,
    key: Vec<Column>,
    columns: Vec<Column>,
    list: String,
    /// Keys of the next query, by how long rows are.
    size: usize,
}

/// A connection that rows are read on.
pub(crate) struct Session {
    server: Server,
    conn: Option<MySqlConnection>,
}

impl Server {
    /// A connection to read rows again.
    pub(crate) fn session(&self) -> Session {
        Session { server: self.clone(), conn: None }
    }

    /// Prepares reading rows of a table again.
    pub(crate) async fn keyed(&self, request: Request) -> Result<Keyed, Failure> {
        let [key, columns] = self.readings(&request).await?;
        let names = request.key.iter().zip(&key).chain(request.columns.iter().zip(&columns));
        let list: Vec<_> = names.map(|(name, reading)| reading.expression(name)).collect();
        Ok(Keyed { list: list.join(", "), request, key, columns, size: SIZES[2] })
    }
}

impl Keyed {
    /// Up to so many keys may be asked for at once.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    fn select(&self, condition: &str) -> String {
        format!("SELECT {} FROM {} WHERE {condition}", self.list, quoted(&self.request.table))
    }

    /// That a row has one of `count` keys.
    fn is_one_of(&self, count: usize) -> String {
        match self.request.key.as_slice() {
            [name] => format!("{} IN ({})", quoted(name), vec!["?"; count].join(",")),
            names => {
                let equal: Vec<_> = names.iter().map(|name| format!("{} = ?", quoted(name))).collect();
                vec![format!("({})", equal.join(" AND ")); count].join(" OR ")
            }
        }
    }
}

impl Session {
    /// Begins to see everything that is in the log before `place`, if it was read there lately. Fails if the server does not
    /// show it for long: what is not seen would be lost.
    pub(crate) async fn begin(&mut self, place: &Position, read_at: Option<Instant>) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let conn = match &mut self.conn {
                Some(conn) => conn,
                None => self.conn.insert(self.server.connect().await?),
            };
            let seen = self.server.snapshot(conn).await.map_err(|error| self.server.failure(error))?;
            match seen {
                Some((file, offset)) => {
                    let seen = Position { file, offset, ..Position::default() };
                    if seen.has_reached(place) {
                        return Ok(());
                    }
                    if Instant::now() >= deadline {
                        let why = "it does not show yet what is in its binary log";
                        return Err(self.server.unavailable().because(why));
                    }
                    // It is in the log, and not committed yet: a moment later it is.
                    self.end().await?;
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                None => match read_at.filter(|read_at| read_at.elapsed() < VISIBLE) {
                    None => return Ok(()),
                    Some(read_at) => {
                        self.end().await?;
                        tokio::time::sleep_until(read_at + VISIBLE).await;
                    }
                },
            }
        }
    }

    /// Sees what comes from now on.
    pub(crate) async fn end(&mut self) -> Result<(), Failure> {
        match &mut self.conn {
            Some(conn) => {
                let ended = sqlx::raw_sql("COMMIT").execute(conn).await;
                ended.map(drop).map_err(|error| self.server.failure(error))
            }
            None => Ok(()),
        }
    }

    /// Has the next one use a new connection.
    pub(crate) fn reset(&mut self) {
        self.conn = None;
    }

    fn conn(&mut self) -> Result<&mut MySqlConnection, Failure> {
        self.conn.as_mut().ok_or_else(|| Failure::internal("rows are read without a beginning"))
    }

    /// The rows of these keys that there are, in the order of the server.
    pub(crate) async fn rows(
        &mut self,
        table: &mut Keyed,
        keys: &[Vec<Value>],
    ) -> Result<Vec<SourceRow>, Failure> {
        let (Some(first), Some(size)) = (keys.first(), SIZES.iter().find(|size| **size >= keys.len())) else {
            return Ok(Vec::new());
        };
        // A key that is asked for twice is found once.
        let asked = keys.iter().chain(std::iter::repeat_n(first, size - keys.len()));
        let sql = table.select(&table.is_one_of(*size));
        let values: Vec<&Value> = asked.flatten().collect();
        let rows = self.fetch(table, &sql, &values).await?;
        let bytes: usize = rows.iter().flat_map(|row| &row.values).map(Value::weight).sum();
        let fitting = PAGE_BYTES / (bytes / rows.len().max(1)).max(1);
        table.size = SIZES.into_iter().rev().find(|size| *size <= fitting).unwrap_or(1);
        Ok(rows)
    }

    /// The next rows that have `value` in `column`, in the order of their keys, behind one of these; fewer than a page
    /// at the end.
    pub(crate) async fn rows_of(
        &mut self,
        table: &Keyed,
        column: &str,
        value: &Value,
        after: Option<&[Value]>,
    ) -> Result<Vec<SourceRow>, Failure> {
        let names = &table.request.key;
        let mut condition = format!("{} = ?", quoted(column));
        let mut values = vec![value];
        if let Some(after) = after {
            condition += &format!(" AND ({})", behind(names));
            values.extend((1..=after.len()).flat_map(|length| &after[..length]));
        }
        let order: Vec<_> = names.iter().map(|name| quoted(name)).collect();
        let (select, order) = (table.select(&condition), order.join(", "));
        self.fetch(table, &format!("{select} ORDER BY {order} LIMIT {PAGE_ROWS}"), &values).await
    }

    async fn fetch(
        &mut self,
        table: &Keyed,
        sql: &str,
        values: &[&Value],
    ) -> Result<Vec<SourceRow>, Failure> {
        let query = values.iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, value| bind(query, value));
        let conn = self.conn()?;
        let mut rows = Vec::new();
        let read = async {
            let mut stream = query.fetch(conn);
            while let Some(row) = stream.try_next().await? {
                let readings = table.key.iter().chain(&table.columns).enumerate();
                let values = readings.map(|(index, reading)| reading.value(&row, index));
                let mut key = values.collect::<Result<Vec<_>, _>>()?;
                let values = key.split_off(table.key.len());
                rows.push(SourceRow { key: encode_key(&key), values });
            }
            Ok(())
        };
        read.await.map_err(|error| self.server.failure(error))?;
        Ok(rows)
    }

    /// What a flow back has noted of the rows of a table with these keys.
    pub(crate) async fn noted(&mut self, table: &str, keys: &[&[u8]]) -> Result<Vec<Note>, Failure> {
        let mut notes = Vec::new();
        for keys in keys.chunks(super::KEYS) {
            let marks = vec!["?"; keys.len()].join(", ");
            let sql = noted(&format!("row_table = ? AND row_key IN ({marks})"));
            let query = sqlx::query(AssertSqlSafe(sql)).bind(table);
            let query = keys.iter().fold(query, |query, key| query.bind(*key));
            let read = query.fetch_all(self.conn()?).await;
            match read.and_then(|rows| rows.iter().map(read_note).collect::<Result<Vec<_>, _>>()) {
                Ok(read) => notes.extend(read),
                Err(error) if is_absent(&error) => break,
                Err(error) => return Err(self.server.failure(error)),
            }
        }
        Ok(notes)
    }

    /// Makes values of what images have; the server converts texts of other charsets.
    pub(super) async fn resolve(&mut self, keys: &[Vec<KeyPart>]) -> Result<Vec<Vec<Value>>, Failure> {
        let foreign: HashSet<(&str, &[u8])> = keys
            .iter()
            .flatten()
            .filter_map(|part| match part {
                KeyPart::Foreign { charset, bytes } => Some((charset.as_str(), bytes.as_slice())),
                KeyPart::Value(_) => None,
            })
            .collect();
        let foreign: Vec<_> = foreign.into_iter().collect();
        let mut converted = std::collections::HashMap::new();
        for some in foreign.chunks(256) {
            let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            // A charset is a word of the catalogue, and what is read is written in digits.
            let list: Vec<_> = some
                .iter()
                .map(|(charset, bytes)| {
                    format!("CAST(CONVERT(_{charset} X'{}' USING utf8mb4) AS CHAR)", hex(bytes))
                })
                .collect();
            let conn = match &mut self.conn {
                Some(conn) => conn,
                None => self.conn.insert(self.server.connect().await?),
            };
            let sql = format!("SELECT {}", list.join(", "));
            let read = async {
                let row = sqlx::query(AssertSqlSafe(sql)).persistent(false).fetch_one(conn).await?;
                (0..some.len())
                    .map(|index| row.try_get_unchecked::<Option<String>, _>(index))
                    .collect::<Result<Vec<_>, _>>()
            };
            let texts = read.await.map_err(|error| self.server.failure(error))?;
            converted.extend(some.iter().copied().zip(texts.into_iter().map(Option::unwrap_or_default)));
        }
        let value = |part: &KeyPart| match part {
            KeyPart::Value(value) => value.clone(),
            KeyPart::Foreign { charset, bytes } => {
                let text = converted.get(&(charset.as_str(), bytes.as_slice()));
                Value::Text(text.cloned().unwrap_or_default())
            }
        };
        Ok(keys.iter().map(|key| key.iter().map(value).collect()).collect())
    }
}

fn is_absent(error: &sqlx::Error) -> bool {
    let known = error.as_database_error().and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
    known.is_some_and(|error| ABSENT.contains(&error.number()))
}
