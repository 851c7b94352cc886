//! MySQL and MariaDB: pages of rows behind the last key, in short queries, and what changes while that goes on.

mod changes;
mod columns;
mod ddl;
mod event;
mod image;
mod log;
mod session;
mod tls;
mod wire;

use std::{collections::BTreeMap, str::FromStr as _, time::Duration};

use futures_util::TryStreamExt as _;
use kefu_app::{Exit, Failure, Secret, Text};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, MySql, Row as _,
    mysql::{MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlRow},
    query::Query,
};

#[cfg(fuzzing)]
pub(crate) use self::event::fuzz;
use self::wire::Address;
pub(crate) use self::{
    changes::{Changes, Dirty, Watched},
    log::Position,
    session::{Keyed, PAGE_ROWS, Session},
};
use super::{PAGE_BYTES, Page, Request, SourceRow, TableInfo, refused};
use crate::value::{Value, decode_key, encode_key};

/// How long a server may take to answer the first call, and how often a lost connection is made anew.
const CONNECT: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 5;

/// Bytes of one page that are read before the next page is made smaller.
const PAGE_BYTES_MAX: usize = 4 * PAGE_BYTES;

/// A server and its database.
pub(crate) struct Server {
    name: String,
    options: MySqlConnectOptions,
    /// The same for what the driver cannot.
    address: Address,
    identity: String,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({})", self.name)
    }
}

/// How a column is read.
#[derive(Clone, Copy, Debug)]
enum Reading {
    Int,
    UInt,
    Float,
    Text,
    Bytes,
    Temporal { is_utc: bool },
}

impl Reading {
    /// Of a type as the catalogue writes it: `bigint(20) unsigned`.
    fn of(declared: &str) -> Self {
        let word = declared.split(['(', ' ']).next().unwrap_or_default();
        match word {
            "tinyint" | "smallint" | "mediumint" | "int" | "integer" | "bigint" => {
                if declared.contains("unsigned") { Self::UInt } else { Self::Int }
            }
            "bit" => Self::UInt,
            "float" | "double" | "real" => Self::Float,
            "date" | "datetime" | "time" | "year" => Self::Temporal { is_utc: false },
            "timestamp" => Self::Temporal { is_utc: true },
            "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Self::Bytes,
            _ => Self::Text,
        }
    }

    /// The driver's own reading of times and decimals loses some of them: the server writes them as text.
    fn expression(self, column: &str) -> String {
        let quoted = quoted(column);
        match self {
            Self::Int => format!("CAST({quoted} AS SIGNED)"),
            Self::UInt => format!("CAST({quoted} AS UNSIGNED)"),
            Self::Float => format!("CAST({quoted} AS DOUBLE)"),
            Self::Bytes => quoted,
            Self::Text | Self::Temporal { .. } => format!("CAST({quoted} AS CHAR)"),
        }
    }

    fn value(self, row: &MySqlRow, index: usize) -> Result<Value, sqlx::Error> {
        let value = match self {
            Self::Int => row.try_get_unchecked::<Option<i64>, _>(index)?.map(Value::Int),
            Self::UInt => row.try_get_unchecked::<Option<u64>, _>(index)?.map(unsigned),
            Self::Float => row.try_get_unchecked::<Option<f64>, _>(index)?.map(Value::Float),
            Self::Bytes => row.try_get_unchecked::<Option<Vec<u8>>, _>(index)?.map(Value::Bytes),
            Self::Text | Self::Temporal { .. } => {
                let bytes = row.try_get_unchecked::<Option<Vec<u8>>, _>(index)?;
                bytes.map(|bytes| match (String::from_utf8(bytes), self) {
                    (Ok(text), Self::Temporal { is_utc }) => Value::Temporal { text, is_utc },
                    (Ok(text), _) => Value::Text(text),
                    (Err(error), _) => Value::Bytes(error.into_bytes()),
                })
            }
        };
        Ok(value.unwrap_or(Value::Null))
    }
}

fn unsigned(value: u64) -> Value {
    i64::try_from(value).map_or(Value::UInt(value), Value::Int)
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

impl Server {
    pub(crate) async fn open(name: &str, address: &Secret) -> Result<Self, Failure> {
        let is_known = ["mysql://", "mariadb://"].iter().any(|scheme| address.reveal().starts_with(scheme));
        let options = MySqlConnectOptions::from_str(address.reveal()).ok().filter(|_| is_known);
        let options = options.ok_or_else(|| {
            // The driver's own words may repeat the address.
            Failure::new(
                Exit::Config,
                Text::new(
                    format!("cannot use the address of source `{name}`"),
                    format!("无法使用来源 `{name}` 的地址"),
                ),
            )
            .hint(Text::new(
                "it has the form mysql://user:password@host:3306/database",
                "其格式为 mysql://user:password@host:3306/database",
            ))
        })?;
        if options.get_database().is_none() {
            return Err(Failure::new(
                Exit::Config,
                Text::new(
                    format!("cannot use the address of source `{name}`: it names no database"),
                    format!("无法使用来源 `{name}` 的地址:未写明数据库"),
                ),
            ));
        }
        let options = options.charset("utf8mb4").disable_statement_logging();
        let address = Address::of(&options, address.reveal());
        let mut server = Self { name: name.to_owned(), options, address, identity: String::new() };
        let mut conn = server.connect().await?;
        let sql = "SELECT CAST(@@hostname AS CHAR), CAST(DATABASE() AS CHAR)";
        let row = sqlx::query(sql).fetch_one(&mut conn).await.map_err(|error| server.failure(error))?;
        let text = |index| row.try_get_unchecked::<String, _>(index).unwrap_or_default();
        let uuid = sqlx::query("SHOW VARIABLES LIKE 'server_uuid'").fetch_optional(&mut conn).await;
        let uuid = uuid.map_err(|error| server.failure(error))?;
        let uuid = uuid.and_then(|row| row.try_get_unchecked::<String, _>(1).ok());
        server.identity = format!("mysql:{}/{}", uuid.unwrap_or_else(|| text(0)), text(1));
        Ok(server)
    }

    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    fn address(&self) -> &Address {
        &self.address
    }

    fn database(&self) -> &str {
        self.options.get_database().unwrap_or_default()
    }

    /// The same server for somebody else.
    fn again(&self) -> Self {
        Self {
            name: self.name.clone(),
            options: self.options.clone(),
            address: self.address.clone(),
            identity: self.identity.clone(),
        }
    }

    async fn connect(&self) -> Result<MySqlConnection, Failure> {
        let connecting = async {
            let mut conn = MySqlConnection::connect_with(&self.options).await?;
            sqlx::query("SET SESSION TRANSACTION READ ONLY").execute(&mut conn).await?;
            Ok(conn)
        };
        match tokio::time::timeout(CONNECT, connecting).await {
            Ok(Ok(conn)) => Ok(conn),
            Ok(Err(error)) => Err(self.failure(error)),
            Err(elapsed) => Err(self.unavailable().because(elapsed)),
        }
    }

    fn unavailable(&self) -> Failure {
        let name = &self.name;
        Failure::new(
            Exit::Unavailable,
            Text::new(format!("cannot read source `{name}`"), format!("无法读取来源 `{name}`")),
        )
    }

    fn failure(&self, error: sqlx::Error) -> Failure {
        match &error {
            sqlx::Error::Database(_) => {
                let name = &self.name;
                refused(format!("cannot read source `{name}`"), format!("无法读取来源 `{name}`"))
                    .because(error)
            }
            _ => self.unavailable().because(error),
        }
    }

    pub(crate) async fn tables(&self) -> Result<Vec<TableInfo>, Failure> {
        const TABLES: &str = "SELECT CAST(TABLE_NAME AS CHAR), CAST(TABLE_ROWS AS UNSIGNED),
                CAST(DATA_LENGTH AS UNSIGNED)
            FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME";
        const COLUMNS: &str =
            "SELECT CAST(TABLE_NAME AS CHAR), CAST(COLUMN_NAME AS CHAR), CAST(COLUMN_TYPE AS CHAR)
            FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
            ORDER BY TABLE_NAME, ORDINAL_POSITION";
        const KEYS: &str =
            "SELECT CAST(TABLE_NAME AS CHAR), CAST(INDEX_NAME AS CHAR), CAST(COLUMN_NAME AS CHAR),
                CAST(NULLABLE AS CHAR)
            FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND NON_UNIQUE = 0
            ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX";
        let mut conn = self.connect().await?;
        let mut tables: BTreeMap<String, TableInfo> = BTreeMap::new();
        let text = |row: &MySqlRow, index| row.try_get_unchecked::<Option<String>, _>(index);
        let read = async {
            for row in sqlx::query(TABLES).fetch_all(&mut conn).await? {
                let name = text(&row, 0)?.unwrap_or_default();
                let (rows, bytes) = (row.try_get_unchecked(1)?, row.try_get_unchecked(2)?);
                tables.insert(name.clone(), TableInfo { name, rows, bytes, ..TableInfo::default() });
            }
            for row in sqlx::query(COLUMNS).fetch_all(&mut conn).await? {
                if let Some(table) = tables.get_mut(&text(&row, 0)?.unwrap_or_default()) {
                    table
                        .columns
                        .push((text(&row, 1)?.unwrap_or_default(), text(&row, 2)?.unwrap_or_default()));
                }
            }
            let mut keys: BTreeMap<(String, String), (Vec<String>, bool)> = BTreeMap::new();
            for row in sqlx::query(KEYS).fetch_all(&mut conn).await? {
                let at = (text(&row, 0)?.unwrap_or_default(), text(&row, 1)?.unwrap_or_default());
                let key = keys.entry(at).or_default();
                key.0.push(text(&row, 2)?.unwrap_or_default());
                key.1 |= text(&row, 3)?.as_deref() == Some("YES");
            }
            for ((table, index), (columns, may_be_null)) in keys {
                let Some(table) = tables.get_mut(&table) else { continue };
                if index == "PRIMARY" {
                    table.key = columns;
                } else if !may_be_null {
                    table.unique.push(columns);
                }
            }
            Ok(())
        };
        read.await.map_err(|error: sqlx::Error| self.failure(error))?;
        Ok(tables.into_values().collect())
    }

    /// How the columns of the key and the others are read.
    async fn readings(&self, request: &Request) -> Result<(Vec<Reading>, Vec<Reading>), Failure> {
        let known = self.tables().await?;
        let Some(info) = known.into_iter().find(|table| table.name == request.table) else {
            let table = &request.table;
            return Err(refused(
                format!("cannot read `{table}`: there is no such table"),
                format!("无法读取 `{table}`:没有这个表"),
            ));
        };
        let reading = |column: &String| {
            let found = info.columns.iter().find(|(name, _)| name == column);
            let reading = found.map(|(_, declared)| Reading::of(declared));
            reading.ok_or_else(|| {
                let table = &request.table;
                refused(
                    format!("cannot read `{table}`: it has no column `{column}`"),
                    format!("无法读取 `{table}`:没有列 `{column}`"),
                )
            })
        };
        let key = request.key.iter().map(reading).collect::<Result<Vec<_>, _>>()?;
        let columns = request.columns.iter().map(reading).collect::<Result<Vec<_>, _>>()?;
        Ok((key, columns))
    }

    pub(crate) async fn read(&self, request: Request) -> Result<Cursor, Failure> {
        let (key, columns) = self.readings(&request).await?;
        let last = match request.position.as_deref().map(decode_key) {
            Some(None) => {
                return Err(refused("cannot go on: the position cannot be read", "无法继续:位置无法读取"));
            }
            Some(last) => last,
            None => None,
        };
        // The first page shows how long rows are.
        let limit = request.page_rows.min(512);
        Ok(Cursor {
            conn: None,
            server: self.again(),
            statement: [select(&request, &key, &columns, false), select(&request, &key, &columns, true)],
            request,
            key,
            columns,
            last,
            limit,
        })
    }
}

/// A page from the beginning, or behind a key. `(a, b) > (?, ?)` is written out: older servers read the whole table for
/// it.
fn select(request: &Request, key: &[Reading], columns: &[Reading], is_behind: bool) -> String {
    let names = request.key.iter().zip(key).chain(request.columns.iter().zip(columns));
    let list: Vec<_> = names.map(|(name, reading)| reading.expression(name)).collect();
    let mut sql = format!("SELECT {} FROM {}", list.join(", "), quoted(&request.table));
    if is_behind {
        sql += &format!(" WHERE {}", behind(&request.key));
    }
    let order: Vec<_> = request.key.iter().map(|name| quoted(name)).collect();
    sql + &format!(" ORDER BY {} LIMIT ?", order.join(", "))
}

/// That a row comes behind a key whose first value, first two, and so on are bound.
fn behind(key: &[String]) -> String {
    let alternatives = (0..key.len()).map(|last| {
        let equal = key[..last].iter().map(|name| format!("{} = ?", quoted(name)));
        let greater = format!("{} > ?", quoted(&key[last]));
        equal.chain([greater]).collect::<Vec<_>>().join(" AND ")
    });
    format!("({})", alternatives.collect::<Vec<_>>().join(") OR ("))
}

/// A table that is being read.
pub(crate) struct Cursor {
    server: Server,
    conn: Option<MySqlConnection>,
    request: Request,
    key: Vec<Reading>,
    columns: Vec<Reading>,
    statement: [String; 2],
    last: Option<Vec<Value>>,
    limit: u32,
}

impl Cursor {
    /// A page; a connection that was lost is made anew a few times, and the page read again.
    pub(crate) async fn next(&mut self) -> Result<Page, Failure> {
        let mut attempt = 1;
        loop {
            match self.page().await {
                Ok(page) => return Ok(page),
                Err(failure) if failure.exit() == Exit::Unavailable && attempt < ATTEMPTS => {
                    tracing::warn!(attempt, "the source does not answer, trying again");
                    self.conn = None;
                    tokio::time::sleep(Duration::from_millis(200 << attempt)).await;
                    attempt += 1;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    async fn page(&mut self) -> Result<Page, Failure> {
        let conn = match &mut self.conn {
            Some(conn) => conn,
            None => self.conn.insert(self.server.connect().await?),
        };
        let sql = &self.statement[usize::from(self.last.is_some())];
        let mut query = sqlx::query(AssertSqlSafe(sql.as_str()));
        if let Some(last) = &self.last {
            for length in 1..=last.len() {
                for value in &last[..length] {
                    query = bind(query, value);
                }
            }
        }
        let mut stream = query.bind(self.limit).fetch(conn);
        let (mut rows, mut bytes, mut is_cut) = (Vec::with_capacity(self.limit as usize), 0, false);
        let mut last = None;
        loop {
            let row = stream.try_next().await.map_err(|error| self.server.failure(error))?;
            let Some(row) = row else { break };
            let read = |(index, reading): (usize, &Reading)| reading.value(&row, index);
            let all = self.key.iter().chain(&self.columns).enumerate().map(read);
            let mut key = all.collect::<Result<Vec<_>, _>>().map_err(|error| self.server.failure(error))?;
            let values = key.split_off(self.key.len());
            bytes += values.iter().map(Value::weight).sum::<usize>();
            rows.push(SourceRow { key: encode_key(&key), values });
            last = Some(key);
            if bytes >= PAGE_BYTES_MAX {
                is_cut = true;
                break;
            }
        }
        drop(stream);
        if is_cut {
            // What is on its way is not worth waiting for.
            self.conn = None;
        }
        let is_end = !is_cut && rows.len() < self.limit as usize;
        let fitting = PAGE_BYTES / (bytes / rows.len().max(1)).max(1);
        self.limit = u32::try_from(fitting).unwrap_or(u32::MAX).clamp(1, self.request.page_rows);
        let position = last.as_ref().map(encode_key);
        self.last = last.or(self.last.take());
        Ok(Page { rows, position, is_end })
    }
}

fn bind<'q>(query: Query<'q, MySql, MySqlArguments>, value: &Value) -> Query<'q, MySql, MySqlArguments> {
    match value {
        Value::Null => query.bind(None::<i64>),
        Value::Bool(value) => query.bind(*value),
        Value::Int(value) | Value::Moment(value) => query.bind(*value),
        Value::UInt(value) => query.bind(*value),
        Value::Float(value) => query.bind(*value),
        Value::Text(text) | Value::Json(text) | Value::Temporal { text, .. } => query.bind(text.clone()),
        Value::Bytes(bytes) => query.bind(bytes.clone()),
        Value::ObjectId(id) => query.bind(id.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_behind_a_composite_key_are_written_out() {
        let request = Request {
            table: "odd`name".to_owned(),
            key: vec!["a".to_owned(), "b".to_owned()],
            columns: vec!["at".to_owned()],
            position: None,
            page_rows: 10,
        };
        let key = [Reading::UInt, Reading::Text];
        let columns = [Reading::of("timestamp")];
        assert_eq!(
            select(&request, &key, &columns, true),
            "SELECT CAST(`a` AS UNSIGNED), CAST(`b` AS CHAR), CAST(`at` AS CHAR) FROM `odd``name` \
             WHERE (`a` > ?) OR (`a` = ? AND `b` > ?) ORDER BY `a`, `b` LIMIT ?"
        );
    }

    #[test]
    fn types_are_read_by_what_the_catalogue_says() {
        assert!(matches!(Reading::of("bigint(20) unsigned"), Reading::UInt));
        assert!(matches!(Reading::of("tinyint(1)"), Reading::Int));
        assert!(matches!(Reading::of("decimal(65,30)"), Reading::Text));
        assert!(matches!(Reading::of("enum('a','b')"), Reading::Text));
        assert!(matches!(Reading::of("timestamp"), Reading::Temporal { is_utc: true }));
        assert!(matches!(Reading::of("datetime(6)"), Reading::Temporal { is_utc: false }));
    }
}
