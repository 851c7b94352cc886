//! The few shapes in which this crate talks to the driver.

use std::sync::Arc;

use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Arguments as _, AssertSqlSafe, SqlSafeStr};
use uuid::Uuid;

use crate::StoreError;

const ENCODES: &str = "integers, texts and blobs always encode";

/// The values bound to a statement, in order.
#[derive(Default)]
pub(crate) struct Args(SqliteArguments);

impl Args {
    pub(crate) fn with_capacity(values: usize) -> Self {
        let mut args = Self::default();
        args.0.reserve(values, 0);
        args
    }

    pub(crate) fn int(mut self, value: impl Into<Option<i64>>) -> Self {
        self.add_int(value);
        self
    }

    pub(crate) fn text(mut self, value: &str) -> Self {
        self.add_text(value);
        self
    }

    pub(crate) fn blob(mut self, value: &[u8]) -> Self {
        self.add_blob(value);
        self
    }

    /// The whole list as one value, for `json_each`.
    pub(crate) fn ints(self, values: impl Iterator<Item = i64>) -> Self {
        let mut json = String::from("[");
        for value in values {
            if json.len() > 1 {
                json.push(',');
            }
            json.push_str(&value.to_string());
        }
        json.push(']');
        self.text(&json)
    }

    /// The whole list as one value, for `unhex(json_each.value)`.
    pub(crate) fn uuids(self, values: &[Uuid]) -> Self {
        let mut json = String::from("[");
        for value in values {
            if json.len() > 1 {
                json.push(',');
            }
            json.push('"');
            json.push_str(value.simple().encode_lower(&mut Uuid::encode_buffer()));
            json.push('"');
        }
        json.push(']');
        self.text(&json)
    }

    pub(crate) fn add_int(&mut self, value: impl Into<Option<i64>>) {
        self.0.add(value.into()).expect(ENCODES);
    }

    pub(crate) fn add_text(&mut self, value: &str) {
        self.0.add(Arc::<str>::from(value)).expect(ENCODES);
    }

    pub(crate) fn add_opt_text(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.add_text(value),
            None => self.add_int(None),
        }
    }

    pub(crate) fn add_blob(&mut self, value: &[u8]) {
        self.0.add(value.to_vec()).expect(ENCODES);
    }

    pub(crate) fn add_opt_blob(&mut self, value: Option<&[u8]>) {
        self.0.add(value.map(<[u8]>::to_vec)).expect(ENCODES);
    }
}

/// Runs a statement; returns how many rows it changed.
pub(crate) async fn execute(
    conn: &mut SqliteConnection,
    sql: impl SqlSafeStr + Send,
    args: Args,
) -> Result<u64, StoreError> {
    Ok(sqlx::query_with(sql, args.0).execute(conn).await?.rows_affected())
}

/// All rows of a query.
pub(crate) async fn rows(
    conn: &mut SqliteConnection,
    sql: impl SqlSafeStr + Send,
    args: Args,
) -> Result<Vec<SqliteRow>, StoreError> {
    Ok(sqlx::query_with(sql, args.0).fetch_all(conn).await?)
}

/// The first row of a query.
pub(crate) async fn row(
    conn: &mut SqliteConnection,
    sql: impl SqlSafeStr + Send,
    args: Args,
) -> Result<Option<SqliteRow>, StoreError> {
    Ok(sqlx::query_with(sql, args.0).fetch_optional(conn).await?)
}

/// Runs statements without values that are not worth keeping prepared.
pub(crate) async fn script(
    conn: &mut SqliteConnection,
    sql: impl SqlSafeStr + Send,
) -> Result<(), StoreError> {
    sqlx::raw_sql(sql).execute(conn).await?;
    Ok(())
}

/// A query that joins given rows, prepared for a few numbers of rows; missing ones are `NULL`.
pub(crate) struct Join {
    columns: usize,
    sizes: [(usize, Arc<str>); 4],
}

impl Join {
    /// `head` ends before the list of rows, `tail` follows it.
    pub(crate) fn new(head: &str, columns: usize, tail: &str) -> Self {
        let sizes = [1, 16, 64, 256];
        Self {
            columns,
            sizes: sizes.map(|size| (size, format!("{head} {} {tail}", values(columns, size)).into())),
        }
    }

    /// What the query finds for `rows`; `bind` adds the columns of one.
    pub(crate) async fn rows<T>(
        &self,
        conn: &mut SqliteConnection,
        rows: &[T],
        bind: impl Fn(&mut Args, &T),
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let mut found = Vec::new();
        let largest = &self.sizes[self.sizes.len() - 1];
        for now in rows.chunks(largest.0) {
            let (size, sql) = self.sizes.iter().find(|(size, _)| *size >= now.len()).unwrap_or(largest);
            let mut args = Args::with_capacity(size * self.columns);
            for row in now {
                bind(&mut args, row);
            }
            // Values that are not bound are NULL.
            found.extend(self::rows(conn, AssertSqlSafe(Arc::clone(sql)), args).await?);
        }
        Ok(found)
    }
}

/// A list of so many rows to be bound.
pub(crate) fn values(columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    format!("VALUES {}", vec![row; rows].join(","))
}

/// An `INSERT` of many rows, prepared for a few numbers of rows: every statement costs a hop to the
/// connection's thread, and every number of rows a prepared statement.
pub(crate) struct Bulk {
    columns: usize,
    sizes: [(usize, Arc<str>); 5],
}

impl Bulk {
    /// `head` ends before `VALUES`, `tail` follows the rows.
    pub(crate) fn new(head: &str, columns: usize, tail: &str) -> Self {
        let sizes = [256, 64, 16, 4, 1];
        Self {
            columns,
            sizes: sizes.map(|size| (size, format!("{head} {} {tail}", values(columns, size)).into())),
        }
    }

    /// Inserts `rows`; `bind` adds the columns of one.
    pub(crate) async fn insert<T>(
        &self,
        conn: &mut SqliteConnection,
        mut rows: &[T],
        bind: impl Fn(&mut Args, &T),
    ) -> Result<(), StoreError> {
        for (size, sql) in &self.sizes {
            while rows.len() >= *size {
                let (now, later) = rows.split_at(*size);
                let mut args = Args::with_capacity(size * self.columns);
                for row in now {
                    bind(&mut args, row);
                }
                execute(conn, AssertSqlSafe(Arc::clone(sql)), args).await?;
                rows = later;
            }
        }
        Ok(())
    }
}
