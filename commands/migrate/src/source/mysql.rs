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
mod write;

use std::{
    collections::BTreeMap,
    str::FromStr as _,
    time::{Duration, Instant},
};

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
    changes::Changes,
    log::Position,
    session::{Keyed, Session},
    write::Writer,
};
use super::{
    Page, Request, SourceRow, TableInfo,
    column::Column,
    paging::{ATTEMPTS, Measured, PAGE_BYTES_MAX, next_limit, pause},
    recopy, refused,
};
use crate::{
    settings::SourceSettings,
    value::{Value, decode_key, encode_key},
};

/// How long a server may take to answer the first call.
const CONNECT: Duration = Duration::from_secs(10);

/// How often it is looked whether a server has time.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Keys that one query asks for.
const KEYS: usize = 200;

/// A server and its database.
#[derive(Clone)]
pub(crate) struct Server {
    name: String,
    options: MySqlConnectOptions,
    /// The same for what the driver cannot.
    address: Address,
    identity: String,
    query_time: Duration,
    threads_running_max: u32,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({})", self.name)
    }
}

impl Column {
    /// The driver's own reading of times and decimals loses some of them: the server writes them as text.
    fn expression(self, column: &str) -> String {
        let quoted = quoted(column);
        match self {
            Self::Int => format!("CAST({quoted} AS SIGNED)"),
            Self::UInt | Self::Bit => format!("CAST({quoted} AS UNSIGNED)"),
            Self::Float => format!("CAST({quoted} AS DOUBLE)"),
            Self::Bytes => quoted,
            Self::Text | Self::Temporal { .. } => format!("CAST({quoted} AS CHAR)"),
        }
    }

    fn value(self, row: &MySqlRow, index: usize) -> Result<Value, sqlx::Error> {
        let value = match self {
            Self::Int => row.try_get_unchecked::<Option<i64>, _>(index)?.map(Value::Int),
            Self::UInt | Self::Bit => row.try_get_unchecked::<Option<u64>, _>(index)?.map(Value::unsigned),
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

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

impl Server {
    pub(crate) async fn open(settings: &SourceSettings, address: &Secret) -> Result<Self, Failure> {
        let name = settings.name.as_str();
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
        let mut server = Self {
            name: name.to_owned(),
            options,
            address,
            identity: String::new(),
            query_time: settings.query_time,
            threads_running_max: settings.threads_running_max,
        };
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

    /// How the columns of a request are read: those of the key, and the others.
    async fn readings(&self, request: &Request) -> Result<[Vec<Column>; 2], Failure> {
        let known = self.tables().await?;
        let Some(info) = known.into_iter().find(|table| table.name == request.table) else {
            let table = &request.table;
            return Err(refused(
                format!("cannot read `{table}`: there is no such table"),
                format!("无法读取 `{table}`:没有这个表"),
            ));
        };
        let column = |column: &String| {
            let found = info.columns.iter().find(|(name, _)| name == column);
            found.map(|(_, declared)| Column::of(declared)).ok_or_else(|| {
                let table = &request.table;
                refused(
                    format!("cannot read `{table}`: it has no column `{column}`"),
                    format!("无法读取 `{table}`:没有列 `{column}`"),
                )
            })
        };
        let key = request.key.iter().map(column).collect::<Result<_, _>>()?;
        let columns = request.columns.iter().map(column).collect::<Result<_, _>>()?;
        Ok([key, columns])
    }

    pub(crate) async fn read(&self, request: Request) -> Result<Cursor, Failure> {
        let [key, columns] = self.readings(&request).await?;
        let last = match request.position.as_deref().map(decode_key) {
            Some(None) => {
                return Err(refused("cannot go on: the position cannot be read", "无法继续:位置无法读取"));
            }
            Some(last) => last,
            None => None,
        };
        let behind = format!(" WHERE {}", behind(&request.key));
        let order: Vec<_> = request.key.iter().map(|name| quoted(name)).collect();
        let page = |condition: &str| {
            format!("{}{condition} ORDER BY {} LIMIT ?", select(&request, &key, &columns), order.join(", "))
        };
        // The first page shows how long rows are, and how fast the server is.
        let limit = request.page_rows.min(512);
        Ok(Cursor {
            conn: None,
            server: self.clone(),
            looked_at: None,
            statement: [page(""), page(&behind)],
            request,
            key,
            columns,
            last,
            limit,
        })
    }

    /// The rows with these keys, as far as they are there.
    pub(crate) async fn rows(&self, request: &Request, keys: &[Vec<u8>]) -> Result<Vec<SourceRow>, Failure> {
        let [key, columns] = self.readings(request).await?;
        let mut conn = self.connect().await?;
        let one: Vec<_> = request.key.iter().map(|name| format!("{} = ?", quoted(name))).collect();
        let one = format!("({})", one.join(" AND "));
        let mut rows = Vec::new();
        for keys in keys.chunks(KEYS) {
            let keys: Vec<_> = keys.iter().filter_map(|key| decode_key(key)).collect();
            if keys.is_empty() {
                continue;
            }
            let wanted = vec![one.as_str(); keys.len()].join(" OR ");
            let sql = format!("{} WHERE {wanted}", select(request, &key, &columns));
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for value in keys.iter().flatten() {
                query = bind(query, value);
            }
            let mut found = query.fetch(&mut conn);
            while let Some(row) = found.try_next().await.map_err(|error| self.failure(error))? {
                rows.push(decoded(&row, &key, &columns).map_err(|error| self.failure(error))?.0);
            }
        }
        Ok(rows)
    }

    /// Waits until the server runs few enough statements.
    async fn wait_for_time(&self, conn: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        if self.threads_running_max == 0 {
            return Ok(());
        }
        let mut is_said = false;
        loop {
            let row = sqlx::query("SHOW GLOBAL STATUS LIKE 'Threads_running'").fetch_one(&mut *conn).await?;
            let text: String = row.try_get_unchecked(1)?;
            if text.parse::<u32>().is_ok_and(|running| running <= self.threads_running_max) {
                return Ok(());
            }
            if !is_said {
                tracing::warn!(running = text, "the source has much to do: waiting");
                is_said = true;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// The columns of a row, those of the key first.
fn select(request: &Request, key: &[Column], columns: &[Column]) -> String {
    let names = request.key.iter().zip(key).chain(request.columns.iter().zip(columns));
    let list: Vec<_> = names.map(|(name, column)| column.expression(name)).collect();
    format!("SELECT {} FROM {}", list.join(", "), quoted(&request.table))
}

/// A row, and its key as values.
fn decoded(
    row: &MySqlRow,
    key: &[Column],
    columns: &[Column],
) -> Result<(SourceRow, Vec<Value>), sqlx::Error> {
    let value = |(index, column): (usize, &Column)| column.value(row, index);
    let mut key_values = Vec::with_capacity(key.len() + columns.len());
    for column in key.iter().chain(columns).enumerate() {
        key_values.push(value(column)?);
    }
    let values = key_values.split_off(key.len());
    Ok((SourceRow { key: encode_key(&key_values), values }, key_values))
}

/// That a row comes behind a key whose first value, first two, and so on are bound. `(a, b) > (?, ?)` is written out: older
/// servers read the whole table for it.
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
    key: Vec<Column>,
    columns: Vec<Column>,
    statement: [String; 2],
    last: Option<Vec<Value>>,
    limit: u32,
    /// When it was last looked whether the server has time.
    looked_at: Option<Instant>,
}

impl Cursor {
    /// A page; a connection that was lost is made anew, and the page read again.
    pub(crate) async fn next(&mut self) -> Result<Page, Failure> {
        let mut attempt = 1;
        loop {
            match self.page().await {
                Ok(page) => return Ok(page),
                Err(failure) if failure.exit() == Exit::Unavailable && attempt < ATTEMPTS => {
                    tracing::warn!(attempt, "the source does not answer, trying again");
                    self.conn = None;
                    tokio::time::sleep(pause(attempt)).await;
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
        if self.looked_at.is_none_or(|at| at.elapsed() >= LOOK_EVERY) {
            self.server.wait_for_time(conn).await.map_err(|error| self.server.failure(error))?;
            self.looked_at = Some(Instant::now());
        }
        let begun = Instant::now();
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
            let decoded = decoded(&row, &self.key, &self.columns);
            let (row, key) = decoded.map_err(|error| self.server.failure(error))?;
            bytes += row.values.iter().map(Value::weight).sum::<usize>();
            rows.push(row);
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
        let measured = Measured { rows: rows.len(), bytes, took: begun.elapsed() };
        self.limit = next_limit(self.limit, &measured, self.server.query_time, self.request.page_rows);
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
        let key = [Column::UInt, Column::Text];
        let columns = [Column::of("timestamp")];
        assert_eq!(
            select(&request, &key, &columns) + " WHERE " + &behind(&request.key),
            "SELECT CAST(`a` AS UNSIGNED), CAST(`b` AS CHAR), CAST(`at` AS CHAR) FROM `odd``name` \
             WHERE (`a` > ?) OR (`a` = ? AND `b` > ?)"
        );
    }
}
