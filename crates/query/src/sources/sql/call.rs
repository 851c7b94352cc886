//! Declared changes: one statement each, and what they answer.

use serde::Deserialize;
use serde_json::Value as Json;

use super::{Done, SqlRow, dialect::Dialect, named};
use crate::{
    scalar::Value,
    source::{Call, Fetch, Keys, SourceError, Target},
    sources::{fit::Raw, gather::Gather, settings::read_call, trouble::refused},
};

/// Rows that a change may answer.
pub(super) const ROWS_MAX: usize = 1_000;

/// Columns of what a change answers that no statement gives.
const FIGURES: [&str; 2] = ["affected_rows", "last_insert_id"];

/// A change as the configuration describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallAccess {
    /// One statement, with names for its values.
    pub(super) statement: String,
    /// Which row of the type is read afterwards, by the type's key: that of an argument, or `last_insert_id`.
    pub(super) read_back: Option<String>,
}

pub(super) fn check(
    operation: &Json,
    arguments: &[&str],
    target: &Target,
    dialect: Dialect,
) -> Result<(), String> {
    let access: CallAccess = read_call(operation)?;
    for name in named::names(&access.statement)? {
        if !arguments.contains(&name) {
            return Err(format!("statement: `:{name}` is none of the arguments"));
        }
    }
    let Some(read_back) = &access.read_back else { return Ok(()) };
    if !arguments.contains(&read_back.as_str()) && read_back != FIGURES[1] {
        return Err(format!("read_back: `{read_back}` is neither an argument nor last_insert_id"));
    }
    if read_back == FIGURES[1] && dialect == Dialect::Postgres {
        return Err("read_back: PostgreSQL has no last_insert_id; write RETURNING".to_owned());
    }
    if target.key.len() == 1 {
        Ok(())
    } else {
        Err("read_back: the type must have a key of one field".to_owned())
    }
}

/// Adds a row that a statement returned, by the names of its columns.
pub(super) fn add(
    gather: &mut Gather<'_>,
    target: &Target,
    columns: &[usize],
    row: &dyn SqlRow,
) -> Result<(), SourceError> {
    gather.row()?;
    for (place, column) in columns.iter().enumerate() {
        let name = &target.columns[*column].name;
        let index = (0..row.width()).find(|index| row.name(*index).eq_ignore_ascii_case(name));
        let raw = index.map_or(Ok(Raw::Null), |index| row.raw(index))?;
        gather.cell(place, raw)?;
    }
    Ok(())
}

/// Adds a row of what is known of a statement that returned none.
pub(super) fn add_figures(
    gather: &mut Gather<'_>,
    target: &Target,
    columns: &[usize],
    done: Done,
) -> Result<(), SourceError> {
    gather.row()?;
    for (place, column) in columns.iter().enumerate() {
        let name = target.columns[*column].name.as_str();
        let raw = match FIGURES.iter().position(|known| *known == name) {
            Some(0) => Raw::Unsigned(done.rows_affected),
            Some(_) => done.last_id.map_or(Raw::Null, Raw::Unsigned),
            None => Raw::Null,
        };
        gather.cell(place, raw)?;
    }
    Ok(())
}

/// The fetch of the row that was changed.
pub(super) fn read_back(call: &Call, read_back: &str, done: Done) -> Result<Fetch, SourceError> {
    let argument = call.arguments.iter().find(|(name, _)| name == read_back);
    let value = match (argument, done.last_id) {
        (Some((_, value)), _) => value.clone(),
        (None, Some(id)) => i64::try_from(id).map_or(Value::Unsigned(id), Value::Int),
        (None, None) => return Err(refused("the change is done, and its row has no id to be read by")),
    };
    let column = call.target.key.first().copied();
    let column = column.ok_or_else(|| refused("the change is done, and its type has no key"))?;
    Ok(Fetch {
        target: call.target.clone(),
        columns: call.columns.clone(),
        is_count: false,
        filter: None,
        keys: Some(Keys { column, values: vec![value] }),
        order: Vec::new(),
        after: None,
        limit: Some(1),
        limit_per_key: None,
        arguments: Vec::new(),
        rows_max: 1,
        deadline: call.deadline,
    })
}
