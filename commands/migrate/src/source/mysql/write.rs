//! Rows that are written to a server: what was made here after a cutover, each with a note of what it is, in one
//! transaction.

use std::collections::{BTreeMap, HashMap};

use jiff::{Timestamp, tz::TimeZone};
use kefu_app::{Failure, Secret};
use kefu_core::Micros;
use sqlx::{
    AssertSqlSafe, Connection as _, Row as _,
    mysql::{MySqlConnection, MySqlRow},
};

use super::{Column, Server, bind, quoted};
use crate::{
    file::TimeUnit,
    settings::SourceSettings,
    source::refused,
    value::{Value, encode_key},
};

/// The table of notes.
pub(crate) const NOTES: &str = "kefu_flow_back";

/// What stands there for something that was made here.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Note {
    /// What it is, by the number that it has in the store.
    pub(crate) entity: i64,
    /// Its row number here, or its place in the log.
    pub(crate) place: i64,
    /// The table of its row, and its key; nothing, if no row can stand for it.
    pub(crate) row: Option<(String, Vec<u8>)>,
}

/// A value on its way to a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Value(Value),
    /// As the column has it: a number of this unit, or a time, in this zone if it says none.
    Time(Micros, TimeUnit),
}

/// A table that is written to.
#[derive(Clone, Debug)]
struct Target {
    key: Vec<String>,
    columns: HashMap<String, Column>,
    /// The column that the server numbers.
    numbered: Option<String>,
}

/// A connection that may write.
pub(crate) struct Writer {
    server: Server,
    conn: MySqlConnection,
    targets: HashMap<String, Target>,
    zone: TimeZone,
}

impl Writer {
    /// Calls the server under an address whose user may write.
    pub(crate) async fn open(
        settings: &SourceSettings,
        address: &Secret,
        zone: TimeZone,
    ) -> Result<Self, Failure> {
        let server = Server::open(settings, address).await?;
        let connecting = MySqlConnection::connect_with(&server.options);
        let mut conn = match tokio::time::timeout(super::CONNECT, connecting).await {
            Ok(conn) => conn.map_err(|error| server.failure(error))?,
            Err(elapsed) => return Err(server.unavailable().because(elapsed)),
        };
        let make = format!(
            "CREATE TABLE IF NOT EXISTS {NOTES} (entity TINYINT NOT NULL, place BIGINT NOT NULL, row_table VARCHAR(255),
                row_key VARBINARY(2100), PRIMARY KEY (entity, place)) DEFAULT CHARSET = utf8mb4"
        );
        let made = sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut conn).await;
        made.map_err(|error| server.failure(error))?;
        Ok(Self { server, conn, targets: HashMap::new(), zone })
    }

    /// What the server is: it must be the one that was read.
    pub(crate) fn identity(&self) -> &str {
        self.server.identity()
    }

    /// The last place of which there is a note.
    pub(crate) async fn last_place(&mut self, entity: i64) -> Result<i64, Failure> {
        let sql = format!("SELECT CAST(COALESCE(MAX(place), 0) AS SIGNED) FROM {NOTES} WHERE entity = ?");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(entity).fetch_one(&mut self.conn).await;
        let place = row.and_then(|row| row.try_get_unchecked(0));
        place.map_err(|error| self.server.failure(error))
    }

    /// Notes behind one of them, in their order, so many at most.
    pub(crate) async fn notes(&mut self, after: (i64, i64), limit: u32) -> Result<Vec<Note>, Failure> {
        let sql = format!(
            "SELECT CAST(entity AS SIGNED), place, CAST(row_table AS CHAR), row_key FROM {NOTES}
             WHERE entity > ? OR (entity = ? AND place > ?) ORDER BY entity, place LIMIT ?"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(after.0).bind(after.0).bind(after.1).bind(limit);
        let rows = query.fetch_all(&mut self.conn).await.map_err(|error| self.server.failure(error))?;
        let read = |row: &MySqlRow| {
            let (entity, place) = (row.try_get_unchecked(0)?, row.try_get_unchecked(1)?);
            let table: Option<String> = row.try_get_unchecked(2)?;
            let key: Option<Vec<u8>> = row.try_get_unchecked(3)?;
            Ok(Note { entity, place, row: table.zip(key) })
        };
        let notes: Result<_, sqlx::Error> = rows.iter().map(read).collect();
        notes.map_err(|error| self.server.failure(error))
    }

    /// The note of something, if there is one.
    pub(crate) async fn note(&mut self, entity: i64, place: i64) -> Result<Option<Note>, Failure> {
        let notes = self.notes((entity, place - 1), 1).await?;
        Ok(notes.into_iter().find(|note| (note.entity, note.place) == (entity, place)))
    }

    pub(crate) async fn begin(&mut self) -> Result<(), Failure> {
        self.run("START TRANSACTION").await
    }

    pub(crate) async fn commit(&mut self) -> Result<(), Failure> {
        self.run("COMMIT").await
    }

    /// Forgets all notes, once what they say is known elsewhere.
    pub(crate) async fn forget(&mut self) -> Result<(), Failure> {
        self.run("DROP TABLE kefu_flow_back").await
    }

    async fn run(&mut self, sql: &'static str) -> Result<(), Failure> {
        let ran = sqlx::raw_sql(sql).execute(&mut self.conn).await;
        ran.map(drop).map_err(|error| self.server.failure(error))
    }

    async fn target(&mut self, table: &str) -> Result<Target, Failure> {
        if let Some(target) = self.targets.get(table) {
            return Ok(target.clone());
        }
        let known = self.server.tables().await?;
        let Some(info) = known.into_iter().find(|info| info.name == table) else {
            return Err(refused(
                format!("cannot write to `{table}`: there is no such table"),
                format!("无法写入 `{table}`:没有这个表"),
            ));
        };
        const NUMBERED: &str = "SELECT CAST(COLUMN_NAME AS CHAR) FROM information_schema.COLUMNS
            WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND EXTRA LIKE '%auto_increment%'";
        let row = sqlx::query(NUMBERED).bind(table).fetch_optional(&mut self.conn).await;
        let row = row.map_err(|error| self.server.failure(error))?;
        let numbered = row.map(|row| row.try_get_unchecked(0)).transpose();
        let numbered = numbered.map_err(|error| self.server.failure(error))?;
        let columns = info.columns.iter().map(|(name, declared)| (name.clone(), Column::of(declared)));
        let target = Target { key: info.key, columns: columns.collect(), numbered };
        self.targets.insert(table.to_owned(), target.clone());
        Ok(target)
    }

    /// The columns of a table's key: these, or else those of the primary key.
    pub(crate) async fn key_of(&mut self, table: &str, key: &[String]) -> Result<Vec<String>, Failure> {
        if key.is_empty() { Ok(self.target(table).await?.key) } else { Ok(key.to_vec()) }
    }

    /// Adds a row and its note; returns the row's key, of these columns or else of the primary key.
    pub(crate) async fn add(
        &mut self,
        (entity, place): (i64, i64),
        table: &str,
        key: &[String],
        row: &BTreeMap<String, Cell>,
    ) -> Result<Vec<u8>, Failure> {
        let target = self.target(table).await?;
        let mut values: BTreeMap<&str, Value> = BTreeMap::new();
        for (name, cell) in row {
            let Some(column) = target.columns.get(name) else { continue };
            values.insert(name, self.value(*column, cell));
        }
        let names: Vec<_> = values.keys().map(|name| quoted(name)).collect();
        let marks = vec!["?"; names.len()].join(", ");
        let sql = format!("INSERT INTO {} ({}) VALUES ({marks})", quoted(table), names.join(", "));
        let query = values.values().fold(sqlx::query(AssertSqlSafe(sql)), |query, value| bind(query, value));
        let done = query.execute(&mut self.conn).await.map_err(|error| match &error {
            sqlx::Error::Database(_) => {
                refused(format!("cannot write to `{table}`"), format!("无法写入 `{table}`")).because(error)
            }
            _ => self.server.failure(error),
        })?;
        let of_key = |name: &String| {
            if target.numbered.as_ref() == Some(name) && !values.contains_key(name.as_str()) {
                return Some(Value::unsigned(done.last_insert_id()));
            }
            values.get(name.as_str()).cloned()
        };
        let key = if key.is_empty() { &target.key } else { key };
        let values: Option<Vec<Value>> = key.iter().map(of_key).collect();
        let Some(values) = values.filter(|values| !values.is_empty()) else {
            let names = key.join(", ");
            return Err(refused(
                format!(
                    "cannot write to `{table}`: its key ({names}) is neither numbered by the server nor a field here"
                ),
                format!("无法写入 `{table}`:其键({names})既不由服务器编号,也不对应此处的字段"),
            ));
        };
        let key = encode_key(&values);
        self.put(&Note { entity, place, row: Some((table.to_owned(), key.clone())) }).await?;
        Ok(key)
    }

    /// Writes a note down.
    pub(crate) async fn put(&mut self, note: &Note) -> Result<(), Failure> {
        let sql = format!("INSERT INTO {NOTES} (entity, place, row_table, row_key) VALUES (?, ?, ?, ?)");
        let (table, key) = note.row.clone().unzip();
        let query = sqlx::query(AssertSqlSafe(sql)).bind(note.entity).bind(note.place).bind(table).bind(key);
        query.execute(&mut self.conn).await.map(drop).map_err(|error| self.server.failure(error))
    }

    /// A value as the column takes it.
    fn value(&self, column: Column, cell: &Cell) -> Value {
        let (at, unit) = match cell {
            Cell::Value(Value::Text(text)) => {
                return match column {
                    Column::Int | Column::UInt | Column::Bit => {
                        text.parse().map_or_else(|_| Value::Text(text.clone()), Value::Int)
                    }
                    _ => Value::Text(text.clone()),
                };
            }
            Cell::Value(value) => return value.clone(),
            Cell::Time(at, unit) => (at, unit),
        };
        let Ok(moment) = Timestamp::from_microsecond(at.0) else { return Value::Null };
        match column {
            Column::Int | Column::UInt | Column::Bit | Column::Float => Value::Int(match unit {
                TimeUnit::Seconds => at.0.div_euclid(1_000_000),
                TimeUnit::Milliseconds => at.0.div_euclid(1_000),
                TimeUnit::Microseconds => at.0,
            }),
            Column::Temporal { is_utc } => {
                let zone = if is_utc { TimeZone::UTC } else { self.zone.clone() };
                Value::Text(zone.to_datetime(moment).strftime("%Y-%m-%d %H:%M:%S%.6f").to_string())
            }
            Column::Text | Column::Bytes => {
                Value::Text(self.zone.to_datetime(moment).strftime("%Y-%m-%d %H:%M:%S").to_string())
            }
        }
    }
}
