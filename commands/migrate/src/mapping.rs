//! What becomes of the rows of one table.

mod field;
mod group;
mod html;
mod markup;
mod record;

#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc};

use kefu_store::import::{Entity, Hash, ImportRow, Outcome, hash_of};

pub(crate) use self::{
    field::{FieldKind, FieldRule, Input, Lookups, fields_of},
    group::{Group, Grouper},
};
use crate::{
    cast::{Bad, Changed, Rules},
    value::{KEY_BYTES_MAX, Value},
};

/// Everything that is known of a table and what becomes of it.
#[derive(Debug)]
pub(crate) struct TableMap {
    /// Name of its source.
    pub(crate) source: String,
    /// Its name there.
    pub(crate) from: String,
    /// Its name here, which ids are made of.
    pub(crate) alias: String,
    /// Whether it may be missing.
    pub(crate) is_optional: bool,
    pub(crate) entity: Entity,
    /// Columns that no two rows share; the primary key if there are none.
    pub(crate) key: Vec<String>,
    /// The columns that are read.
    pub(crate) columns: Vec<String>,
    /// Rules of the fields, in the order of [`fields_of`].
    pub(crate) fields: Vec<Option<FieldRule>>,
    pub(crate) filters: Vec<Filter>,
    pub(crate) group: Option<Group>,
    /// Of what names none.
    pub(crate) inbox: Arc<str>,
    /// Those that rows can name, with that one.
    pub(crate) inboxes: Vec<Arc<str>>,
    pub(crate) rules: Rules,
    /// What is written down of the mapping, to know a change.
    pub(crate) written: String,
}

/// A condition that a row has to meet.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) column: usize,
    pub(crate) is: Vec<String>,
    pub(crate) is_not: Vec<String>,
    pub(crate) empty: Option<bool>,
    /// What it says of a row that was taken away.
    pub(crate) gone: Option<String>,
}

/// A row that cannot be used.
#[derive(Clone, Debug)]
pub(crate) struct DeadRow {
    pub(crate) key: Vec<u8>,
    pub(crate) bad: Bad,
    /// What stood in the column, as far as it is one; the beginning, if it is long.
    pub(crate) raw: Option<Value>,
}

impl TableMap {
    /// What the store calls it.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.source, self.alias)
    }

    /// A hash of the mapping, to know a change.
    pub(crate) fn hash(&self) -> Hash {
        hash_of(self.written.as_bytes())
    }

    /// What becomes of the row `key`.
    pub(crate) fn map(
        &self,
        key: Vec<u8>,
        row: &[Value],
        lookups: &Lookups,
        grouper: &mut Grouper,
        changed: &mut Changed,
    ) -> (ImportRow, Option<DeadRow>) {
        let outcome = if key.len() > KEY_BYTES_MAX {
            Err(Bad::new("key", "too_long", format!("the key has {} bytes", key.len())))
        } else if self.filters.iter().all(|filter| filter.lets_pass(&row[filter.column])) {
            record::record(self, row, &key, lookups, grouper, changed)
                .map(|record| Outcome::Record(Box::new(record)))
        } else {
            Ok(Outcome::Filtered)
        };
        match outcome {
            Ok(outcome) => (ImportRow { key, outcome }, None),
            Err(bad) => {
                let raw = self.columns.iter().position(|column| *column == bad.column);
                let raw = raw.map(|column| row[column].shortened());
                let dead = DeadRow { key: key.clone(), bad, raw };
                (ImportRow { key, outcome: Outcome::Dead }, Some(dead))
            }
        }
    }

    /// The tables in which values are looked up: table, compared and taken column.
    pub(crate) fn lookups(&self) -> impl Iterator<Item = &(String, String, String)> {
        self.fields.iter().flatten().filter_map(|rule| rule.lookup.as_ref())
    }
}

impl Filter {
    fn lets_pass(&self, value: &Value) -> bool {
        let is_null = value.is_null();
        if self.empty.is_some_and(|wanted| wanted != is_null) {
            return false;
        }
        if self.is.is_empty() && self.is_not.is_empty() {
            return true;
        }
        let text = value.to_string();
        (self.is.is_empty() || self.is.contains(&text)) && !self.is_not.contains(&text)
    }
}

/// Values of small tables, in memory.
pub(crate) type LookupTable = HashMap<String, String>;
