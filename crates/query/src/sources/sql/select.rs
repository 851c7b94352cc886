//! From a fetch to one statement.

use std::fmt::Write as _;

use super::{
    bind::{Bind, Bound, Statement, bound},
    dialect::{Dialect, Kind, Times},
    shape::Shape,
};
use crate::{
    scalar::{Scalar, Value},
    source::{Column, Comparison, Fetch, Filter, Keys, Order, SourceError, Target},
    sources::{behind::behind, trouble::refused, zone::Zone},
};

/// What a statement is made of.
struct Select<'a> {
    dialect: Dialect,
    shape: &'a Shape,
    target: &'a Target,
    statement: Statement,
}

/// The statement of a fetch; none if no row can match.
pub(super) fn select(
    dialect: Dialect,
    shape: &Shape,
    fetch: &Fetch,
) -> Result<Option<Statement>, SourceError> {
    let mut select = Select { dialect, shape, target: &fetch.target, statement: Statement::default() };
    let is_some = match (fetch.limit_per_key, &fetch.keys) {
        _ if fetch.is_count => select.count(fetch)?,
        (Some(limit), Some(keys)) => select.ranked(fetch, keys, limit)?,
        _ => select.flat(fetch)?,
    };
    Ok(is_some.then_some(select.statement))
}

impl Select<'_> {
    fn push(&mut self, sql: &str) {
        self.statement.push(sql);
    }

    fn flat(&mut self, fetch: &Fetch) -> Result<bool, SourceError> {
        self.push("SELECT ");
        self.columns(fetch, false)?;
        if !self.from(fetch)? {
            return Ok(false);
        }
        if !fetch.order.is_empty() {
            self.push(" ORDER BY ");
            self.order(&fetch.order)?;
        }
        self.limit(fetch);
        Ok(true)
    }

    /// How many rows there are, or how many of each key.
    fn count(&mut self, fetch: &Fetch) -> Result<bool, SourceError> {
        self.push("SELECT ");
        let mut grouped = None;
        if let Some(key) = fetch.columns.first() {
            let mut expression = self.expression(&fetch.target.columns[*key])?;
            let mut by = expression.clone();
            if matches!((self.dialect, self.kind(*key)?), (Dialect::MySql, Kind::Text)) {
                // Texts that only a collation takes for the same are different keys.
                by = format!("BINARY {expression}");
                expression = format!("MIN({expression})");
            }
            self.push(&expression);
            self.push(", ");
            grouped = Some(by);
        }
        self.push("COUNT(*)");
        if !self.from(fetch)? {
            return Ok(false);
        }
        if let Some(by) = grouped {
            self.push(" GROUP BY ");
            self.push(&by);
        }
        Ok(true)
    }

    /// The first rows of each key, numbered within it.
    fn ranked(&mut self, fetch: &Fetch, keys: &Keys, limit: u64) -> Result<bool, SourceError> {
        self.push("SELECT ");
        for place in 0..fetch.columns.len().max(1) {
            let comma = if place > 0 { ", " } else { "" };
            write!(self.statement.sql, "{comma}c{place}").expect("a text takes what is written to it");
        }
        self.push(" FROM (SELECT ");
        self.columns(fetch, true)?;
        self.push(", ROW_NUMBER() OVER (PARTITION BY ");
        let key = self.operand(keys.column)?;
        self.push(&key);
        self.push(" ORDER BY ");
        // Without an order any rows will do.
        if fetch.order.is_empty() {
            self.push(&key)
        } else {
            self.order(&fetch.order)?
        }
        self.push(") AS place");
        if !self.from(fetch)? {
            return Ok(false);
        }
        write!(self.statement.sql, ") AS ranked WHERE place <= {limit} ORDER BY place")
            .expect("a text takes what is written to it");
        self.limit(fetch);
        Ok(true)
    }

    /// One more row than is allowed is asked for, so that it is seen and the server stops early.
    fn limit(&mut self, fetch: &Fetch) {
        let max = u64::try_from(fetch.rows_max).unwrap_or(u64::MAX).saturating_add(1);
        let limit = fetch.limit.map_or(max, |limit| limit.min(max));
        write!(self.statement.sql, " LIMIT {limit}").expect("a text takes what is written to it");
    }

    fn columns(&mut self, fetch: &Fetch, is_named: bool) -> Result<(), SourceError> {
        for (place, column) in fetch.columns.iter().enumerate() {
            if place > 0 {
                self.push(", ");
            }
            let expression = self.expression(&fetch.target.columns[*column])?;
            self.push(&expression);
            if is_named {
                write!(self.statement.sql, " AS c{place}").expect("a text takes what is written to it");
            }
        }
        if fetch.columns.is_empty() {
            self.push(if is_named { "1 AS c0" } else { "1" });
        }
        Ok(())
    }

    /// How a column is read: what the driver does not know, the server writes as text.
    fn expression(&self, column: &Column) -> Result<String, SourceError> {
        let (name, kind) = self.shape.column(column)?;
        let quoted = format!("t.{}", self.dialect.quoted(name));
        Ok(match (self.dialect, kind) {
            (Dialect::Postgres, Kind::Array) => format!("to_jsonb({quoted})::text"),
            (Dialect::Postgres, Kind::Decimal | Kind::Uuid | Kind::Json | Kind::Other | Kind::Date) => {
                format!("{quoted}::text")
            }
            (Dialect::MySql, Kind::Other) => format!("CAST({quoted} AS CHAR)"),
            _ => quoted,
        })
    }

    /// How a column is compared and sorted by.
    fn operand(&self, column: usize) -> Result<String, SourceError> {
        let column = &self.target.columns[column];
        let (name, kind) = self.shape.column(column)?;
        if !super::is_plain(column) || matches!(kind, Kind::Json | Kind::Array) {
            let text = format!(
                "column `{}` of `{}` cannot be compared at the source",
                column.name, self.target.name
            );
            return Err(refused(text));
        }
        let quoted = format!("t.{}", self.dialect.quoted(name));
        Ok(match (self.dialect, kind) {
            (Dialect::Postgres, Kind::Other) => format!("{quoted}::text"),
            (Dialect::MySql, Kind::Other) => format!("CAST({quoted} AS CHAR)"),
            (Dialect::Sqlite { times: Times::Text }, _) if column.scalar == Scalar::DateTime => {
                format!("strftime('%Y-%m-%d %H:%M:%f', {quoted})")
            }
            _ => quoted,
        })
    }

    /// The kind of a column whose order is asked for: that of texts is not that of numbers.
    fn ordered(&self, column: usize) -> Result<Kind, SourceError> {
        let column = &self.target.columns[column];
        let (_, kind) = self.shape.column(column)?;
        let is_number =
            matches!(column.scalar, Scalar::Int | Scalar::BigInt | Scalar::Float | Scalar::Decimal);
        let is_text = match self.dialect {
            // What a column of this format holds is not said by its type.
            Dialect::Sqlite { .. } => kind == Kind::Text,
            _ => matches!(kind, Kind::Text | Kind::Other | Kind::Bytes),
        };
        if is_number && is_text {
            let text = format!(
                "column `{}` of `{}` is promised to be a number and is kept as a text: it has no order",
                column.name, self.target.name
            );
            return Err(refused(text));
        }
        Ok(kind)
    }

    fn order(&mut self, order: &[Order]) -> Result<(), SourceError> {
        for (place, by) in order.iter().enumerate() {
            if place > 0 {
                self.push(", ");
            }
            self.ordered(by.column)?;
            let operand = self.operand(by.column)?;
            self.push(&operand);
            let is_postgres = self.dialect == Dialect::Postgres && self.target.columns[by.column].is_nullable;
            self.push(match (by.is_descending, is_postgres) {
                (false, false) => " ASC",
                (true, false) => " DESC",
                (false, true) => " ASC NULLS FIRST",
                (true, true) => " DESC NULLS LAST",
            });
        }
        Ok(())
    }

    /// Writes what comes behind the columns; says whether any row can match.
    fn from(&mut self, fetch: &Fetch) -> Result<bool, SourceError> {
        // Names of columns are those of the table, whatever the columns of the answer are called.
        let table = format!(" FROM {} AS t", self.shape.table);
        self.push(&table);
        let mut before = " WHERE ";
        if let Some(keys) = &fetch.keys {
            self.push(before);
            before = " AND ";
            if !self.one_of(keys.column, &keys.values)? {
                return Ok(false);
            }
        }
        if let Some(filter) = &fetch.filter {
            self.push(before);
            before = " AND ";
            self.filter(filter)?;
        }
        if let Some(after) = &fetch.after {
            self.push(before);
            self.filter(&behind(&fetch.order, after))?;
        }
        Ok(true)
    }

    /// Writes a condition, which is never unknown where it stands beneath a `NOT`.
    fn filter(&mut self, filter: &Filter) -> Result<(), SourceError> {
        let (parts, between, of_none) = match filter {
            Filter::All(parts) => (parts, " AND ", "1 = 1"),
            Filter::Any(parts) => (parts, " OR ", "1 = 0"),
            Filter::Not(inner) => {
                self.push("((");
                self.filter(inner)?;
                self.push(") IS NOT TRUE)");
                return Ok(());
            }
            Filter::Compare { column, by, values } => return self.compare(*column, *by, values),
        };
        if parts.is_empty() {
            self.push(of_none);
            return Ok(());
        }
        self.push("(");
        for (place, part) in parts.iter().enumerate() {
            if place > 0 {
                self.push(between);
            }
            self.filter(part)?;
        }
        self.push(")");
        Ok(())
    }

    fn compare(&mut self, column: usize, by: Comparison, values: &[Value]) -> Result<(), SourceError> {
        let operand = self.operand(column)?;
        let sign = match (by, values) {
            (Comparison::IsNull, _) => {
                self.push(&operand);
                self.push(" IS NULL");
                return Ok(());
            }
            (Comparison::In, values) => {
                if !self.one_of(column, values)? {
                    self.push("1 = 0");
                }
                return Ok(());
            }
            (Comparison::Contains | Comparison::Begins, [Value::Text(text)]) => {
                return self.part(column, &operand, text, by);
            }
            (Comparison::Equal, _) => "=",
            (Comparison::Below, _) => "<",
            (Comparison::AtMost, _) => "<=",
            (Comparison::Above, _) => ">",
            (Comparison::AtLeast, _) => ">=",
            (Comparison::Contains | Comparison::Begins, _) => {
                return Err(refused("only texts are searched for in texts"));
            }
        };
        let kind = if by == Comparison::Equal { self.kind(column)? } else { self.ordered(column)? };
        let [value] = values else { return Err(refused("a comparison takes one value")) };
        match bound(self.dialect, kind, value, self.zone()) {
            Some(bound) => {
                write!(self.statement.sql, "{operand} {sign} ").expect("a text takes what is written to it");
                self.statement.place(self.dialect, bound);
            }
            // Nothing is equal to what the column cannot hold, and nothing is above or below it.
            None => self.push("1 = 0"),
        }
        Ok(())
    }

    fn kind(&self, column: usize) -> Result<Kind, SourceError> {
        Ok(self.shape.column(&self.target.columns[column])?.1)
    }

    fn zone(&self) -> Zone {
        self.shape.zone
    }

    /// Writes the search for a part of a text.
    fn part(&mut self, column: usize, operand: &str, text: &str, by: Comparison) -> Result<(), SourceError> {
        if let Dialect::Sqlite { .. } = self.dialect {
            // Its LIKE stops at a NUL and knows no case of some letters.
            write!(self.statement.sql, "instr({operand}, ?)").expect("a text takes what is written to it");
            self.push(if by == Comparison::Contains { " > 0" } else { " = 1" });
            self.statement.binds.push(Bind::Text(text.to_owned()));
            return Ok(());
        }
        if text.contains('\0') && self.dialect == Dialect::Postgres {
            self.push("1 = 0");
            return Ok(());
        }
        let mut pattern = String::with_capacity(text.len() + 2);
        if by == Comparison::Contains {
            pattern.push('%');
        }
        for c in text.chars() {
            if matches!(c, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.push(c);
        }
        pattern.push('%');
        let is_text = matches!(self.kind(column)?, Kind::Text);
        let cast = if self.dialect == Dialect::Postgres && !is_text { "::text" } else { "" };
        write!(self.statement.sql, "{operand}{cast} LIKE ").expect("a text takes what is written to it");
        let cast = if self.dialect == Dialect::Postgres { "text" } else { "" };
        self.statement.place(self.dialect, Bound { bind: Bind::Text(pattern), cast });
        self.push(" ESCAPE '!'");
        Ok(())
    }

    /// Writes that a column has one of these values; writes nothing and says so if it can have none of them.
    fn one_of(&mut self, column: usize, values: &[Value]) -> Result<bool, SourceError> {
        let operand = self.operand(column)?;
        let kind = self.kind(column)?;
        let zone = self.zone();
        let mut bounds: Vec<Bound> =
            values.iter().filter_map(|value| bound(self.dialect, kind, value, zone)).collect();
        let Some(last) = bounds.last().cloned() else { return Ok(false) };
        if self.dialect == Dialect::Postgres {
            self.one_of_arrays(&operand, bounds);
            return Ok(true);
        }
        // Of lists of many lengths only few statements are made, which servers then know already.
        let padded = bounds.len().next_power_of_two();
        bounds.resize(padded, last);
        self.push(&operand);
        self.push(" IN (");
        for (place, bound) in bounds.into_iter().enumerate() {
            if place > 0 {
                self.push(", ");
            }
            self.statement.place(self.dialect, bound);
        }
        self.push(")");
        Ok(true)
    }

    /// One array for each type that the values are made into: nearly always one.
    fn one_of_arrays(&mut self, operand: &str, bounds: Vec<Bound>) {
        let mut arrays: Vec<(&'static str, Vec<String>)> = Vec::new();
        for Bound { bind, cast } in bounds {
            let Bind::Text(text) = bind else { continue };
            match arrays.iter_mut().find(|(known, _)| *known == cast) {
                Some((_, texts)) => texts.push(text),
                None => arrays.push((cast, vec![text])),
            }
        }
        self.push("(");
        for (place, (cast, texts)) in arrays.into_iter().enumerate() {
            if place > 0 {
                self.push(" OR ");
            }
            self.statement.binds.push(Bind::Texts(texts));
            let number = self.statement.binds.len();
            write!(self.statement.sql, "{operand} = ANY (CAST(${number} AS {cast}[]))")
                .expect("a text takes what is written to it");
        }
        self.push(")");
    }
}
