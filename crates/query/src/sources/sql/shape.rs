//! What a table's columns are.

use std::collections::HashMap;

use super::{
    bind::{Bind, Statement},
    dialect::{Dialect, Kind},
};
use crate::{
    source::{Column, SourceError},
    sources::{trouble::refused, zone::Zone},
};

/// A table and the kinds of its columns.
#[derive(Debug)]
pub(super) struct Shape {
    /// Its name in quotes.
    pub(super) table: String,
    /// The offset of its times that name none.
    pub(super) zone: Zone,
    name: String,
    /// None while nobody has asked the server.
    columns: Option<HashMap<String, Kind>>,
}

impl Shape {
    /// Of no columns while nobody has asked the server.
    pub(super) fn new(
        dialect: Dialect,
        name: &str,
        zone: Zone,
        columns: Option<HashMap<String, Kind>>,
    ) -> Self {
        Self { table: dialect.table(name), zone, name: name.to_owned(), columns }
    }

    /// The column beneath a column of a target, and its kind.
    pub(super) fn column<'c>(&self, column: &'c Column) -> Result<(&'c str, Kind), SourceError> {
        let Some(columns) = &self.columns else {
            return Ok((super::split(column).map_or(&column.name, |(head, _)| head), Kind::Text));
        };
        // The names of columns are compared as the servers do.
        let find = |name: &str| {
            let found = columns.get(name).or_else(|| {
                columns.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, kind)| kind)
            });
            found.copied()
        };
        let name = super::split(column).map_or(column.name.as_str(), |(head, _)| head);
        match find(name) {
            Some(kind) => Ok((name, kind)),
            None => Err(refused(format!("the table `{}` has no column `{name}`", self.name))),
        }
    }
}

/// The statement that asks for names and types of a table's columns.
pub(super) fn catalogue(dialect: Dialect, table: &str) -> Statement {
    match dialect {
        Dialect::MySql => {
            let (schema, name) = match table.split_once('.') {
                Some((schema, name)) => ("?", [schema, name].as_slice().to_vec()),
                None => ("DATABASE()", vec![table]),
            };
            let sql = format!(
                "SELECT CAST(COLUMN_NAME AS CHAR), CAST(COLUMN_TYPE AS CHAR) FROM information_schema.COLUMNS \
                 WHERE TABLE_SCHEMA = {schema} AND TABLE_NAME = ?"
            );
            let binds = name.into_iter().map(|part| Bind::Text(part.to_owned())).collect();
            Statement { sql, binds }
        }
        Dialect::Postgres => Statement {
            sql: "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute \
                  WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped"
                .to_owned(),
            binds: vec![Bind::Text(dialect.table(table))],
        },
        Dialect::Sqlite { .. } => Statement {
            sql: "SELECT name, type FROM pragma_table_info(?)".to_owned(),
            binds: vec![Bind::Text(table.to_owned())],
        },
    }
}
