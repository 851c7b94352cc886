//! Rows that are written to MySQL and MariaDB, and notes of them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::{AtomicBool, Ordering},
};

use jiff::{Timestamp, tz::TimeZone};
use kefu_app::{Failure, Secret};
use kefu_core::Micros;
use sqlx::{
    AssertSqlSafe, Connection as _, MySql, Row as _,
    mysql::{MySqlArguments, MySqlConnection, MySqlDatabaseError, MySqlRow},
    query::Query,
};
use uuid::Uuid;

use super::{Column, KEYS, Server, bind, decoded, quoted, select};
use crate::{
    file::TimeUnit,
    settings::SourceSettings,
    source::{
        Request, SourceRow, refused,
        writing::{Cell, Cells, NOTES, Note, Unwritten, no_key, unwritable},
    },
    value::{Value, decode_key, encode_key},
};

/// Numbers of errors that are a row's own fault beside those whose class says so: it lacks a value, or has one that the column
/// does not take.
const OF_ROWS: [u16; 7] = [1265, 1364, 1366, 1406, 3819, 4025, 1292];

/// Numbers of errors that say that somebody else's transaction was in the way: it took too long, or waited for this one.
const IN_THE_WAY: [u16; 2] = [1205, 1213];

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
    /// Somebody else's transaction was in the way.
    is_passing: AtomicBool,
}

impl Writer {
    /// Calls the server under an address whose user may write.
    pub(crate) async fn open(settings: &SourceSettings, address: &Secret) -> Result<Self, Failure> {
        let server = Server::open(settings, address).await?;
        let connecting = MySqlConnection::connect_with(&server.options);
        let mut conn = match tokio::time::timeout(super::CONNECT, connecting).await {
            Ok(conn) => conn.map_err(|error| server.failure(error))?,
            Err(elapsed) => return Err(server.unavailable().because(elapsed)),
        };
        let make = format!(
            "CREATE TABLE IF NOT EXISTS {NOTES} (entity TINYINT NOT NULL, place BIGINT NOT NULL, row_table VARCHAR(255),
                row_key VARBINARY(2100), is_made TINYINT NOT NULL, there VARBINARY(16), here VARBINARY(16),
                problem VARCHAR(255), PRIMARY KEY (entity, place), KEY row_key (row_key(64))) DEFAULT CHARSET = utf8mb4"
        );
        let made = sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut conn).await;
        made.map_err(|error| server.failure(error))?;
        let is_passing = AtomicBool::new(false);
        Ok(Self { server, conn, targets: HashMap::new(), zone: settings.zone.clone(), is_passing })
    }

    /// What the server is.
    pub(crate) fn identity(&self) -> &str {
        self.server.identity()
    }

    pub(crate) async fn begin(&mut self) -> Result<(), Failure> {
        self.run("START TRANSACTION").await
    }

    pub(crate) async fn commit(&mut self) -> Result<(), Failure> {
        self.run("COMMIT").await
    }

    pub(crate) async fn undo(&mut self) -> Result<(), Failure> {
        self.run("ROLLBACK").await
    }

    pub(crate) async fn forget(&mut self) -> Result<(), Failure> {
        self.run("DROP TABLE kefu_flow_back").await
    }

    /// Whether what went wrong since this was asked passes, so that the transaction can be tried again. Of one that waited too
    /// long the server takes back the last statement alone: the rest has to be undone.
    pub(crate) fn is_passing(&self) -> bool {
        self.is_passing.swap(false, Ordering::Relaxed)
    }

    /// What a statement that failed comes to.
    fn failure(&self, error: sqlx::Error) -> Failure {
        self.note_passing(&error);
        self.server.failure(error)
    }

    fn note_passing(&self, error: &sqlx::Error) {
        let known =
            error.as_database_error().and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
        if known.is_some_and(|error| IN_THE_WAY.contains(&error.number())) {
            self.is_passing.store(true, Ordering::Relaxed);
        }
    }

    async fn run(&mut self, sql: &'static str) -> Result<(), Failure> {
        let ran = sqlx::raw_sql(sql).execute(&mut self.conn).await;
        ran.map(drop).map_err(|error| self.failure(error))
    }

    pub(crate) async fn notes(&mut self, after: (i64, i64), limit: u32) -> Result<Vec<Note>, Failure> {
        let sql = noted("entity > ? OR (entity = ? AND place > ?) ORDER BY entity, place LIMIT ?");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(after.0).bind(after.0).bind(after.1).bind(limit);
        self.read_notes(query).await
    }

    pub(crate) async fn notes_of(&mut self, entity: i64, places: &[i64]) -> Result<Vec<Note>, Failure> {
        let marks = vec!["?"; places.len()].join(", ");
        let query = sqlx::query(AssertSqlSafe(noted(&format!("entity = ? AND place IN ({marks})"))));
        let query = places.iter().fold(query.bind(entity), |query, place| query.bind(*place));
        self.read_notes(query).await
    }

    async fn read_notes(&mut self, query: Query<'_, MySql, MySqlArguments>) -> Result<Vec<Note>, Failure> {
        let rows = query.fetch_all(&mut self.conn).await.map_err(|error| self.failure(error))?;
        let notes: Result<_, sqlx::Error> = rows.iter().map(read_note).collect();
        notes.map_err(|error| self.server.failure(error))
    }

    pub(crate) async fn put(&mut self, notes: &[Note]) -> Result<(), Failure> {
        for notes in notes.chunks(KEYS) {
            let marks = vec!["(?, ?, ?, ?, ?, ?, ?, ?)"; notes.len()].join(", ");
            let sql = format!(
                "INSERT INTO {NOTES} (entity, place, row_table, row_key, is_made, there, here, problem) VALUES {marks}
                 ON DUPLICATE KEY UPDATE row_table = VALUES(row_table), row_key = VALUES(row_key),
                    is_made = VALUES(is_made), there = VALUES(there), here = VALUES(here),
                    problem = VALUES(problem)"
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for note in notes {
                let (table, key) = note.row.clone().unzip();
                let hash = |hash: Option<[u8; 16]>| hash.map(|hash| hash.to_vec());
                query = query.bind(note.entity).bind(note.place).bind(table).bind(key).bind(note.is_made);
                query = query.bind(hash(note.there)).bind(hash(note.here));
                query = query
                    .bind(note.problem.as_deref().map(|text| text.chars().take(255).collect::<String>()));
            }
            query.execute(&mut self.conn).await.map_err(|error| self.failure(error))?;
        }
        Ok(())
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

    pub(crate) async fn key_of(&mut self, table: &str) -> Result<Vec<String>, Failure> {
        Ok(self.target(table).await?.key)
    }

    pub(crate) async fn rows(
        &mut self,
        request: &Request,
        keys: &[Vec<u8>],
    ) -> Result<Vec<SourceRow>, Failure> {
        let target = self.target(&request.table).await?;
        let columns = |names: &[String]| -> Option<Vec<Column>> {
            names.iter().map(|name| target.columns.get(name).copied()).collect()
        };
        let (Some(key), Some(columns)) = (columns(&request.key), columns(&request.columns)) else {
            let table = &request.table;
            return Err(refused(
                format!("cannot read `{table}`: it does not have all of its columns any more"),
                format!("无法读取 `{table}`:缺少部分列"),
            ));
        };
        let one: Vec<_> = request.key.iter().map(|name| format!("{} = ?", quoted(name))).collect();
        let one = format!("({})", one.join(" AND "));
        let mut rows = Vec::new();
        for keys in keys.chunks(KEYS) {
            let keys: Vec<_> = keys.iter().filter_map(|key| decode_key(key)).collect();
            let wanted = vec![one.as_str(); keys.len()].join(" OR ");
            let sql = format!("{} WHERE {wanted} FOR UPDATE", select(request, &key, &columns));
            let query = sqlx::query(AssertSqlSafe(sql));
            let query = keys.iter().flatten().fold(query, bind);
            let found =
                query.fetch_all(&mut self.conn).await.map_err(|error| self.failed(&request.table, error))?;
            for row in &found {
                rows.push(decoded(row, &key, &columns).map_err(|error| self.server.failure(error))?.0);
            }
        }
        Ok(rows)
    }

    pub(crate) async fn add(
        &mut self,
        table: &str,
        key: &[String],
        row: &Cells,
        _: (Uuid, Micros),
    ) -> Result<Vec<u8>, Unwritten> {
        let target = self.target(table).await?;
        let values = self.values(&target, row);
        let names: Vec<_> = values.keys().map(|name| quoted(name)).collect();
        let marks = vec!["?"; names.len()].join(", ");
        let sql = format!("INSERT INTO {} ({}) VALUES ({marks})", quoted(table), names.join(", "));
        let query = values.values().fold(sqlx::query(AssertSqlSafe(sql)), bind);
        let done = query.execute(&mut self.conn).await.map_err(|error| self.unwritten(table, error))?;
        let of_key = |name: &String| {
            if target.numbered.as_ref() == Some(name) && !values.contains_key(name.as_str()) {
                return Some(Value::unsigned(done.last_insert_id()));
            }
            values.get(name.as_str()).cloned()
        };
        let values: Option<Vec<Value>> = key.iter().map(of_key).collect();
        let values = values.filter(|values| !values.is_empty()).ok_or_else(|| no_key(table, key))?;
        Ok(encode_key(&values))
    }

    pub(crate) async fn set(
        &mut self,
        table: &str,
        key_columns: &[String],
        key: &[u8],
        row: &Cells,
    ) -> Result<(), Unwritten> {
        let target = self.target(table).await?;
        let values = self.values(&target, row);
        let names: Vec<_> = values.keys().map(|name| format!("{} = ?", quoted(name))).collect();
        let wanted: Vec<_> = key_columns.iter().map(|name| format!("{} = ?", quoted(name))).collect();
        if names.is_empty() {
            return Ok(());
        }
        let sql = format!("UPDATE {} SET {} WHERE {}", quoted(table), names.join(", "), wanted.join(" AND "));
        let query = values.values().fold(sqlx::query(AssertSqlSafe(sql)), bind);
        let key = decode_key(key).unwrap_or_default();
        let query = key.iter().fold(query, bind);
        query.execute(&mut self.conn).await.map(drop).map_err(|error| self.unwritten(table, error))
    }

    /// Why a statement on a table failed.
    fn failed(&self, table: &str, error: sqlx::Error) -> Failure {
        self.note_passing(&error);
        match &error {
            sqlx::Error::Database(_) => unwritable(table).because(error),
            _ => self.server.failure(error),
        }
    }

    /// The same, where it may be the row's own fault.
    fn unwritten(&self, table: &str, error: sqlx::Error) -> Unwritten {
        if let sqlx::Error::Database(database) = &error
            && let Some(known) = database.try_downcast_ref::<MySqlDatabaseError>()
        {
            let class = known.code().and_then(|state| state.get(..2));
            if matches!(class, Some("22" | "23")) || OF_ROWS.contains(&known.number()) {
                return Unwritten::Row(format!("the server does not take it: {}", known.message()));
            }
        }
        Unwritten::Failure(self.failed(table, error))
    }

    /// Values as the columns take them; of columns that there are not, none.
    fn values<'r>(&self, target: &Target, row: &'r Cells) -> BTreeMap<&'r str, Value> {
        let value = |(name, cell): (&'r String, &Cell)| {
            let column = target.columns.get(name)?;
            Some((name.as_str(), self.value(*column, cell)))
        };
        row.iter().filter_map(value).collect()
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

/// The statement that reads notes under a condition.
pub(super) fn noted(condition: &str) -> String {
    format!(
        "SELECT CAST(entity AS SIGNED), place, CAST(row_table AS CHAR), row_key, CAST(is_made AS SIGNED), there, here,
            CAST(problem AS CHAR) FROM {NOTES} WHERE {condition}"
    )
}

pub(super) fn read_note(row: &MySqlRow) -> Result<Note, sqlx::Error> {
    let table: Option<String> = row.try_get_unchecked(2)?;
    let key: Option<Vec<u8>> = row.try_get_unchecked(3)?;
    let hash = |index| {
        let bytes: Option<Vec<u8>> = row.try_get_unchecked(index)?;
        Ok::<_, sqlx::Error>(bytes.and_then(|bytes| bytes.try_into().ok()))
    };
    Ok(Note {
        entity: row.try_get_unchecked(0)?,
        place: row.try_get_unchecked(1)?,
        row: table.zip(key),
        is_made: row.try_get_unchecked::<i64, _>(4)? != 0,
        there: hash(5)?,
        here: hash(6)?,
        problem: row.try_get_unchecked(7)?,
    })
}
