//! PostgreSQL.

use std::time::{Duration, Instant};

use futures_util::{FutureExt as _, TryStreamExt as _, future::BoxFuture};
use kefu_core::Micros;
use serde::Deserialize;
use serde_json::Value;
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Either, Executor as _,
    PgConnection, Postgres, Row as _, TypeInfo as _, ValueRef as _,
    postgres::{PgArguments, PgConnectOptions, PgDatabaseError, PgRow, PgTypeKind},
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

/// How long a statement may take to be stopped.
const CANCEL: Duration = Duration::from_secs(2);

/// Microseconds from 1970 to 2000, where the server's times begin.
const YEAR_2000: i64 = 946_684_800_000_000;

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
pub(in crate::sources) struct PostgresDriver {
    options: PgConnectOptions,
    zone: Zone,
}

pub(in crate::sources) struct Connection {
    inner: PgConnection,
    pid: i32,
    /// What the server was told that a statement may take.
    seconds: u64,
}

impl Connection {
    async fn limit(&mut self, deadline: Instant) -> Result<(), sqlx::Error> {
        let seconds = seconds_until(deadline);
        if seconds != self.seconds {
            let sql = format!("SET statement_timeout = '{seconds}s'");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.inner).await?;
            self.seconds = seconds;
        }
        Ok(())
    }
}

/// Opens a source.
pub(in crate::sources) fn open(settings: &Value) -> Result<SqlSource<PostgresDriver>, SourceOpenError> {
    let settings: Settings = read(settings)?;
    let url = &settings.url;
    let is_known = ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
    // The driver's own words may repeat the address, and with it the password.
    let options = url.parse::<PgConnectOptions>().ok().filter(|_| is_known);
    let options = options.ok_or_else(|| {
        SourceOpenError::new("url", "must be of the form postgres://user:password@host:5432/database")
    })?;
    let driver = PostgresDriver {
        options: options.application_name("kefu").disable_statement_logging(),
        zone: settings.time_zone,
    };
    let Settings { pool, bytes_max, time_zone, read_only, .. } = settings;
    let common = Common::new(pool, 16, bytes_max, time_zone, read_only);
    Ok(SqlSource::new(driver, common))
}

impl PostgresDriver {
    async fn connection(&self, mode: Mode) -> Result<Connection, sqlx::Error> {
        let mut inner = PgConnection::connect_with(&self.options).await?;
        let read_only = if mode == Mode::Read { "on" } else { "off" };
        let sql = format!("SET DateStyle = 'ISO'; SET default_transaction_read_only = {read_only}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut inner).await?;
        let row = sqlx::query("SELECT pg_backend_pid()").fetch_one(&mut inner).await?;
        Ok(Connection { inner, pid: row.try_get(0)?, seconds: 0 })
    }
}

impl Driver for PostgresDriver {
    type Connection = Connection;

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn has_windows(&self) -> bool {
        true
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
            let query = sqlx::query_with::<Postgres, _>(AssertSqlSafe(statement.sql.as_str()), arguments);
            connection.limit(deadline).await?;
            let mut steps = connection.inner.fetch_many(query);
            let mut done = Done::default();
            while let Some(step) = steps.try_next().await? {
                match step {
                    Either::Left(result) => done.rows_affected += result.rows_affected(),
                    Either::Right(row) => {
                        take(&Row { row: &row, zone: self.zone }).map_err(Undone::Stopped)?;
                    }
                }
            }
            Ok(done)
        })
    }

    fn interrupter(&self, connection: &Connection) -> Box<dyn FnOnce() + Send> {
        let (options, pid) = (self.options.clone(), connection.pid);
        Box::new(move || {
            let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
            drop(runtime.spawn(timeout(CANCEL, async move {
                if let Ok(mut connection) = PgConnection::connect_with(&options).await {
                    // It may be over by now.
                    let sql = format!("SELECT pg_cancel_backend({pid})");
                    drop(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await);
                    drop(connection.close().await);
                }
            })));
        })
    }

    fn trouble(&self, error: &sqlx::Error) -> SourceError {
        let sqlx::Error::Database(database) = error else { return connection_trouble(error) };
        let Some(error) = database.try_downcast_ref::<PgDatabaseError>() else {
            return refused("the server refused");
        };
        match error.code() {
            "57014" => timed_out(),
            code if ["08", "53", "57", "40"].iter().any(|class| code.starts_with(class)) => {
                trouble(TroubleKind::Unavailable, format!("the server is not well (state {code})"))
            }
            // These name tables and columns and nothing of a row.
            code @ ("42P01" | "42703" | "42501" | "28000" | "28P01" | "3D000" | "25006" | "42883") => {
                refused(format!("{} (state {code})", error.message()))
            }
            code => refused(format!("the server refused the statement (state {code})")),
        }
    }
}

fn arguments(binds: &[Bind]) -> Result<PgArguments, sqlx::error::BoxDynError> {
    let mut arguments = PgArguments::default();
    for bind in binds {
        match bind {
            Bind::Null => arguments.add(None::<String>)?,
            Bind::Boolean(value) => arguments.add(*value)?,
            Bind::Int(number) => arguments.add(*number)?,
            Bind::Unsigned(number) => arguments.add(number.to_string())?,
            Bind::Float(number) => arguments.add(*number)?,
            Bind::Text(text) => arguments.add(text.as_str())?,
            Bind::Texts(texts) => arguments.add(texts.as_slice())?,
            Bind::Bytes(bytes) => arguments.add(bytes.as_slice())?,
        }
    }
    Ok(arguments)
}

struct Row<'r> {
    row: &'r PgRow,
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
        self.read(index).map_err(|error| {
            let column = self.name(index);
            match error {
                Unread::Kind(kind) => garbage(format!(
                    "column `{column}` is of type {kind}, which the statement must cast to text"
                )),
                Unread::Value => garbage(format!("column `{column}` cannot be decoded")),
            }
        })
    }
}

/// Why a value is not read.
enum Unread {
    Kind(String),
    Value,
}

impl Row<'_> {
    /// What the server sends is in the byte order of the network.
    fn read(&self, index: usize) -> Result<Raw<'_>, Unread> {
        let value = self.row.try_get_raw(index).map_err(|_| Unread::Value)?;
        if value.is_null() {
            return Ok(Raw::Null);
        }
        let info = value.type_info().into_owned();
        let bytes = value.as_bytes().map_err(|_| Unread::Value)?;
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| Unread::Value);
        Ok(match info.name() {
            "BOOL" => Raw::Boolean(bytes != [0]),
            "INT2" => Raw::Int(i16::from_be_bytes(exact(bytes)?).into()),
            "INT4" => Raw::Int(i32::from_be_bytes(exact(bytes)?).into()),
            "INT8" => Raw::Int(i64::from_be_bytes(exact(bytes)?)),
            "OID" => Raw::Int(u32::from_be_bytes(exact(bytes)?).into()),
            "FLOAT4" => Raw::Float(f32::from_be_bytes(exact(bytes)?).into()),
            "FLOAT8" => Raw::Float(f64::from_be_bytes(exact(bytes)?)),
            "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "UNKNOWN" | "JSON" => Raw::Text(text(bytes)?.into()),
            "JSONB" => Raw::Text(text(bytes.strip_prefix(&[1]).ok_or(Unread::Value)?)?.into()),
            "BYTEA" => Raw::Bytes(bytes.into()),
            "UUID" => Raw::Text(uuid(exact(bytes)?).into()),
            "TIMESTAMPTZ" => Raw::Moment(moment(i64::from_be_bytes(exact(bytes)?))?),
            "TIMESTAMP" => {
                let time = moment(i64::from_be_bytes(exact(bytes)?))?;
                let time = Zone::default().time(time).and_then(|time| self.zone.moment(time));
                Raw::Moment(time.ok_or(Unread::Value)?)
            }
            "DATE" => {
                let days = i64::from(i32::from_be_bytes(exact(bytes)?));
                let moment = moment(days.checked_mul(86_400_000_000).ok_or(Unread::Value)?)?;
                Raw::Text(Zone::default().time(moment).ok_or(Unread::Value)?.date().to_string().into())
            }
            _ if matches!(info.kind(), PgTypeKind::Enum(_)) => Raw::Text(text(bytes)?.into()),
            name => return Err(Unread::Kind(name.to_owned())),
        })
    }
}

fn exact<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Unread> {
    bytes.try_into().map_err(|_| Unread::Value)
}

/// A moment of the server's; its `infinity` is none.
fn moment(micros: i64) -> Result<Micros, Unread> {
    if micros == i64::MAX || micros == i64::MIN {
        return Err(Unread::Value);
    }
    micros.checked_add(YEAR_2000).map(Micros).ok_or(Unread::Value)
}

fn uuid(bytes: [u8; 16]) -> String {
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
