//! All tables of a database and their columns, as its catalogue has them.

use std::{collections::HashMap, time::Instant};

use futures_util::future::BoxFuture;

use super::{
    Driver, SqlRow, SqlSource,
    bind::Statement,
    dialect::{Dialect, Kind},
};
use crate::{source::SourceError, sources::fit::Raw};

/// A column of a table.
#[derive(Clone, Debug)]
pub(in crate::sources) struct TableColumn {
    pub(in crate::sources) table: String,
    pub(in crate::sources) name: String,
    pub(in crate::sources) declared: String,
    pub(in crate::sources) kind: Kind,
    /// Whether its type is only a hint at what it holds.
    pub(in crate::sources) is_dynamic: bool,
    pub(in crate::sources) is_nullable: bool,
    /// Whether it is of the primary key.
    pub(in crate::sources) is_key: bool,
    /// The table and column that it refers to.
    pub(in crate::sources) refers: Option<(String, String)>,
}

/// A database that says what is in it.
pub(in crate::sources) trait Catalogue: Send + Sync {
    /// The columns of all tables and views, table by table.
    fn columns(&self, deadline: Instant) -> BoxFuture<'_, Result<Vec<TableColumn>, SourceError>>;
}

/// Table, column, type, whether it may be null and whether it is of the key, in their order.
fn columns_of(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::MySql => {
            "SELECT CAST(TABLE_NAME AS CHAR), CAST(COLUMN_NAME AS CHAR), CAST(COLUMN_TYPE AS CHAR),
                CAST(IS_NULLABLE AS CHAR), CAST(COLUMN_KEY AS CHAR)
            FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
            ORDER BY TABLE_NAME, ORDINAL_POSITION"
        }
        Dialect::Postgres => {
            "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod),
                CASE WHEN a.attnotnull THEN 'NO' ELSE 'YES' END,
                CASE WHEN a.attnum = ANY (i.indkey) THEN 'PRI' ELSE '' END
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
            WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY 1, a.attnum"
        }
        Dialect::Sqlite { .. } => {
            "SELECT m.name, c.name, c.type, CASE c.\"notnull\" WHEN 1 THEN 'NO' ELSE 'YES' END,
                CASE WHEN c.pk > 0 THEN 'PRI' ELSE '' END
            FROM sqlite_master m JOIN pragma_table_info(m.name) c
            WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!'
            ORDER BY m.name, c.cid"
        }
    }
}

/// Table, column, and the table and column that it refers to, of keys of one column.
fn references_of(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::MySql => {
            "SELECT CAST(TABLE_NAME AS CHAR), CAST(COLUMN_NAME AS CHAR), CAST(REFERENCED_TABLE_NAME AS CHAR),
                CAST(REFERENCED_COLUMN_NAME AS CHAR)
            FROM information_schema.KEY_COLUMN_USAGE
            WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_SCHEMA = DATABASE()"
        }
        Dialect::Postgres => {
            "SELECT c.conrelid::regclass::text, a.attname::text, c.confrelid::regclass::text, b.attname::text
            FROM pg_constraint c
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
            JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
            WHERE c.contype = 'f' AND cardinality(c.conkey) = 1
                AND c.connamespace = current_schema()::regnamespace"
        }
        Dialect::Sqlite { .. } => {
            "SELECT m.name, f.\"from\", f.\"table\", COALESCE(f.\"to\", 'id')
            FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"
        }
    }
}

/// The texts of a row.
fn texts(row: &dyn SqlRow) -> Result<Vec<String>, SourceError> {
    let text = |index| match row.raw(index)? {
        Raw::Text(text) => Ok(text.into_owned()),
        _ => Ok(String::new()),
    };
    (0..row.width()).map(text).collect()
}

impl<D: Driver> Catalogue for SqlSource<D> {
    fn columns(&self, deadline: Instant) -> BoxFuture<'_, Result<Vec<TableColumn>, SourceError>> {
        Box::pin(async move {
            let dialect = self.driver.dialect();
            let statement = |sql: &str| Statement { sql: sql.to_owned(), binds: Vec::new() };
            let mut references = HashMap::new();
            let mut take = |row: &dyn SqlRow| {
                if let [table, column, to, on] = texts(row)?.as_slice() {
                    references.insert((table.clone(), column.clone()), (to.clone(), on.clone()));
                }
                Ok(())
            };
            self.read(&statement(references_of(dialect)), deadline, &mut take).await?;
            let mut columns = Vec::new();
            let mut take = |row: &dyn SqlRow| {
                if let [table, name, declared, nullable, key] = texts(row)?.as_slice() {
                    columns.push(TableColumn {
                        table: table.clone(),
                        name: name.clone(),
                        declared: declared.clone(),
                        kind: dialect.kind(declared),
                        is_dynamic: matches!(dialect, Dialect::Sqlite { .. }),
                        is_nullable: nullable == "YES",
                        is_key: key == "PRI",
                        refers: references.get(&(table.clone(), name.clone())).cloned(),
                    });
                }
                Ok(())
            };
            self.read(&statement(columns_of(dialect)), deadline, &mut take).await?;
            Ok(columns)
        })
    }
}
