//! MySQL and MariaDB.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{FutureExt as _, TryStreamExt as _, future::BoxFuture};
use jiff::civil;
use serde::Deserialize;
use serde_json::Value;
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Decode, Either,
    Executor as _, MySql, MySqlConnection, Row as _, Type, TypeInfo as _, ValueRef as _,
    mysql::{MySqlArguments, MySqlConnectOptions, MySqlDatabaseError, MySqlRow},
};
use tokio::time::timeout;

use super::{
    Common, Done, Driver, Mode, SqlRow, SqlSource, Take, Undone,
    bind::{Bind, Statement},
    connection_trouble,
    dialect::Dialect,
    seconds_until,
};
use crate::{
    source::{SourceError, TroubleKind},
    sources::{
        SourceOpenError,
        fit::Raw,
        settings::{Bytes, Count, read},
        trouble::{garbage, refused, timed_out, trouble},
        zone::Zone,
    },
};

/// How long a server may take to say at start what it is.
const GREET: Duration = Duration::from_secs(2);
/// How long a statement may take to be stopped.
const KILL: Duration = Duration::from_secs(2);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    url: String,
    pool: Option<Count>,
    #[serde(default)]
    bytes_max: Bytes,
    #[serde(default)]
    time_zone: Zone,
    #[serde(default)]
    read_only: bool,
}

/// A server.
pub(in crate::sources) struct MySqlDriver {
    options: MySqlConnectOptions,
    zone: Zone,
    has_windows: Arc<AtomicBool>,
}

pub(in crate::sources) struct Connection {
    inner: MySqlConnection,
    id: u64,
    is_maria: bool,
    /// What the server was told that a statement may take.
    seconds: u64,
}

impl Connection {
    async fn limit(&mut self, deadline: Instant) {
        let seconds = seconds_until(deadline);
        if seconds == self.seconds {
            return;
        }
        let sql = if self.is_maria {
            format!("SET SESSION max_statement_time = {seconds}")
        } else {
            format!("SET SESSION max_execution_time = {}", seconds * 1_000)
        };
        // Servers of before 5.7 know no limit: there the statement is only stopped from here.
        drop(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.inner).await);
        self.seconds = seconds;
    }
}

/// Opens a source; a server that answers says what it can.
pub(in crate::sources) async fn open(settings: &Value) -> Result<SqlSource<MySqlDriver>, SourceOpenError> {
    let settings: Settings = read(settings)?;
    let url = &settings.url;
    let is_known = ["mysql://", "mariadb://"].iter().any(|scheme| url.starts_with(scheme));
    // The driver's own words may repeat the address, and with it the password.
    let options = url.parse::<MySqlConnectOptions>().ok().filter(|_| is_known);
    let options = options.ok_or_else(|| {
        SourceOpenError::new("url", "must be of the form mysql://user:password@host:3306/database")
    })?;
    if options.get_database().is_none() {
        return Err(SourceOpenError::new("url", "must name a database"));
    }
    let options = options
        .charset("utf8mb4")
        .timezone(settings.time_zone.to_string())
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .disable_statement_logging();
    let driver =
        MySqlDriver { options, zone: settings.time_zone, has_windows: Arc::new(AtomicBool::new(true)) };
    // A server that does not answer yet is taken for one of our days.
    drop(timeout(GREET, driver.connect(Mode::Read)).await);
    let Settings { pool, bytes_max, time_zone, read_only, .. } = settings;
    let common = Common::new(pool, 16, bytes_max, time_zone, read_only);
    Ok(SqlSource::new(driver, common))
}

/// Whether a server of this version numbers rows within groups: MySQL from 8.0, MariaDB from 10.2.
fn has_windows(version: &str) -> bool {
    // Replication of old clients made MariaDB put a number of MySQL in front of its own.
    let own = version.strip_prefix("5.5.5-").unwrap_or(version);
    let mut numbers = own.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    let version_number = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version.contains("MariaDB") { version_number >= (10, 2) } else { version_number >= (8, 0) }
}

impl MySqlDriver {
    async fn connection(&self, mode: Mode) -> Result<Connection, sqlx::Error> {
        let mut inner = MySqlConnection::connect_with(&self.options).await?;
        let row =
            sqlx::query("SELECT CONNECTION_ID(), CAST(VERSION() AS CHAR)").fetch_one(&mut inner).await?;
        let id = row.try_get_unchecked(0)?;
        let version: String = row.try_get_unchecked(1)?;
        self.has_windows.store(has_windows(&version), Ordering::Relaxed);
        if mode == Mode::Read {
            sqlx::raw_sql("SET SESSION TRANSACTION READ ONLY").execute(&mut inner).await?;
        }
        let is_maria = version.contains("MariaDB");
        Ok(Connection { inner, id, is_maria, seconds: 0 })
    }
}

impl Driver for MySqlDriver {
    type Connection = Connection;

    fn dialect(&self) -> Dialect {
        Dialect::MySql
    }

    fn has_windows(&self) -> bool {
        self.has_windows.load(Ordering::Relaxed)
    }

    fn connect(&self, mode: Mode) -> BoxFuture<'_, Result<Connection, sqlx::Error>> {
        self.connection(mode).boxed()
    }

    fn run<'a>(
        &'a self,
        connection: &'a mut Connection,
        statement: &'a Statement,
        deadline: Instant,
        take: Take<'a>,
    ) -> BoxFuture<'a, Result<Done, Undone>> {
        Box::pin(async move {
            let arguments = arguments(&statement.binds).map_err(sqlx::Error::Encode)?;
            let query = sqlx::query_with::<MySql, _>(AssertSqlSafe(statement.sql.as_str()), arguments);
            connection.limit(deadline).await;
            let mut steps = connection.inner.fetch_many(query);
            let mut done = Done::default();
            while let Some(step) = steps.try_next().await? {
                match step {
                    Either::Left(result) => {
                        done.rows_affected += result.rows_affected();
                        done.last_id = Some(result.last_insert_id()).filter(|id| *id != 0);
                    }
                    Either::Right(row) => {
                        take(&Row { row: &row, zone: self.zone }).map_err(Undone::Stopped)?;
                    }
                }
            }
            Ok(done)
        })
    }

    fn interrupter(&self, connection: &Connection) -> Box<dyn FnOnce() + Send> {
        let (options, id) = (self.options.clone(), connection.id);
        Box::new(move || {
            let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
            drop(runtime.spawn(timeout(KILL, async move {
                if let Ok(mut connection) = MySqlConnection::connect_with(&options).await {
                    // It may be over by now.
                    drop(
                        sqlx::raw_sql(AssertSqlSafe(format!("KILL QUERY {id}")))
                            .execute(&mut connection)
                            .await,
                    );
                    drop(connection.close().await);
                }
            })));
        })
    }

    fn trouble(&self, error: &sqlx::Error) -> SourceError {
        let sqlx::Error::Database(database) = error else { return connection_trouble(error) };
        let Some(error) = database.try_downcast_ref::<MySqlDatabaseError>() else {
            return refused("the server refused");
        };
        let number = error.number();
        match number {
            1317 | 1969 | 3024 => timed_out(),
            1040 | 1053 | 1203 | 1205 | 1213 | 1226 => {
                trouble(TroubleKind::Unavailable, format!("the server is overloaded (error {number})"))
            }
            // These name tables and columns and nothing of a row.
            1044 | 1045 | 1049 | 1054 | 1142 | 1143 | 1146 | 1792 => {
                refused(format!("{} (error {number})", error.message()))
            }
            number => refused(format!("the server refused the statement (error {number})")),
        }
    }
}

fn arguments(binds: &[Bind]) -> Result<MySqlArguments, sqlx::error::BoxDynError> {
    let mut arguments = MySqlArguments::default();
    for bind in binds {
        match bind {
            Bind::Null => arguments.add(None::<i64>)?,
            Bind::Boolean(value) => arguments.add(*value)?,
            Bind::Int(number) => arguments.add(*number)?,
            Bind::Unsigned(number) => arguments.add(*number)?,
            Bind::Float(number) => arguments.add(*number)?,
            Bind::Text(text) => arguments.add(text.as_str())?,
            Bind::Bytes(bytes) => arguments.add(bytes.as_slice())?,
            Bind::Texts(_) => return Err("the server has no arrays".into()),
        }
    }
    Ok(arguments)
}

struct Row<'r> {
    row: &'r MySqlRow,
    zone: Zone,
}

impl SqlRow for Row<'_> {
    fn width(&self) -> usize {
        self.row.len()
    }

    fn name(&self, index: usize) -> &str {
        self.row.column(index).name()
    }

    fn raw(&self, index: usize) -> Result<Raw<'_>, SourceError> {
        self.read(index).map_err(|_| garbage(format!("column `{}` cannot be decoded", self.name(index))))
    }
}

impl Row<'_> {
    fn read(&self, index: usize) -> Result<Raw<'_>, sqlx::error::BoxDynError> {
        let value = self.row.try_get_raw(index)?;
        if value.is_null() {
            return Ok(Raw::Null);
        }
        let info = value.type_info().into_owned();
        let name = info.name();
        let bytes = |value| <&[u8] as Decode<MySql>>::decode(value);
        let text =
            |value| -> Result<_, sqlx::error::BoxDynError> { Ok(std::str::from_utf8(bytes(value)?)?.into()) };
        Ok(match name {
            "BIT" => Raw::Unsigned(<u64 as Decode<MySql>>::decode(value)?),
            "FLOAT" => Raw::Float(<f32 as Decode<MySql>>::decode(value)?.into()),
            "DOUBLE" => Raw::Float(<f64 as Decode<MySql>>::decode(value)?),
            "DECIMAL" => Raw::Decimal(text(value)?),
            "DATE" | "DATETIME" | "TIMESTAMP" => {
                let time = time(bytes(value)?).ok_or("a time that is none")?;
                if name == "DATE" {
                    Raw::Text(time.date().to_string().into())
                } else {
                    Raw::Moment(self.zone.moment(time).ok_or("a time that is none")?)
                }
            }
            // Texts that are compared byte by byte call themselves so as well.
            "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" | "GEOMETRY" => {
                let bytes = bytes(value)?;
                std::str::from_utf8(bytes)
                    .map_or_else(|_| Raw::Bytes(bytes.into()), |text| Raw::Text(text.into()))
            }
            "TIME" => return Err("a length of time is not read".into()),
            _ if <u64 as Type<MySql>>::compatible(&info) => {
                Raw::Unsigned(<u64 as Decode<MySql>>::decode(value)?)
            }
            _ if <i64 as Type<MySql>>::compatible(&info) => Raw::Int(<i64 as Decode<MySql>>::decode(value)?),
            _ => Raw::Text(text(value)?),
        })
    }
}

/// A time in the server's own bytes: as long as it needs to be, its length in front.
fn time(bytes: &[u8]) -> Option<civil::DateTime> {
    let (len, bytes) = bytes.split_first()?;
    let bytes = bytes.get(..usize::from(*len))?;
    let byte = |at: usize| bytes.get(at).map_or(Some(0), |byte| i8::try_from(*byte).ok());
    let year = i16::from_le_bytes(bytes.get(..2)?.try_into().ok()?);
    let micros = bytes.get(7..11).map_or(Some(0), |part| part.try_into().ok().map(i32::from_le_bytes))?;
    civil::DateTime::new(year, byte(2)?, byte(3)?, byte(4)?, byte(5)?, byte(6)?, micros.checked_mul(1_000)?)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_say_what_they_can_by_their_version() {
        for (version, expected) in [
            ("8.0.36", true),
            ("9.1.0-commercial", true),
            ("5.7.44-log", false),
            ("10.11.6-MariaDB-0+deb12u1", true),
            ("5.5.5-10.1.48-MariaDB", false),
            ("5.5.5-10.6.16-MariaDB-log", true),
            ("8.0.11-TiDB-v7.5.0", true),
            ("", false),
        ] {
            assert_eq!(has_windows(version), expected, "{version}");
        }
    }

    #[test]
    fn times_are_as_long_as_they_need_to_be() {
        let shown = |bytes: &[u8]| time(bytes).map(|time| time.to_string());
        assert_eq!(shown(&[4, 0xea, 7, 11, 29]).as_deref(), Some("2026-11-29T00:00:00"));
        assert_eq!(shown(&[7, 0xea, 7, 11, 29, 8, 1, 2]).as_deref(), Some("2026-11-29T08:01:02"));
        assert_eq!(
            shown(&[11, 0xea, 7, 11, 29, 8, 1, 2, 1, 0, 0, 0]).as_deref(),
            Some("2026-11-29T08:01:02.000001")
        );
        for wrong in [&[][..], &[4, 0], &[0], &[4, 0xea, 7, 200, 1], &[9, 1, 1, 1, 1, 1, 1, 1]] {
            assert_eq!(shown(wrong), None);
        }
    }
}
