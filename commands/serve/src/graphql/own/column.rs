use std::borrow::Cow;

use kefu_core::Micros;
use kefu_query::{Cell, Fetch, Rows, RowsBuilder, SourceError, TroubleKind};
use uuid::Uuid;

use super::trouble;

/// A value of a record, on its way into a cell.
pub(super) enum Out<'a> {
    Null,
    Flag(bool),
    Int(i64),
    Text(Cow<'a, str>),
    At(Micros),
    Json(String),
}

/// Columns of a kind of record, each with how it is read; `C` is what is needed besides the record.
pub(super) type Columns<T, C> = &'static [(&'static str, for<'a> fn(&'a T, &'a C) -> Out<'a>)];

impl<'a> Out<'a> {
    pub(super) fn id(id: Uuid) -> Self {
        Self::Text(id.to_string().into())
    }

    pub(super) fn word(word: &'a str) -> Self {
        Self::Text(word.into())
    }

    pub(super) fn json(value: &impl serde::Serialize) -> Self {
        serde_json::to_string(value).map_or(Self::Null, Self::Json)
    }

    /// The value, or null where there is none.
    pub(super) fn some<T>(value: Option<T>, out: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Null, out)
    }
}

/// The name of a column as the store's own are called: `createdAt` is `created_at`.
pub(super) fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            plain.push('_');
        }
        plain.push(c.to_ascii_lowercase());
    }
    plain
}

pub(super) fn names<T, C>(columns: Columns<T, C>) -> Vec<&'static str> {
    columns.iter().map(|(name, _)| *name).collect()
}

/// Whether a fetch wants a column.
pub(super) fn wants(fetch: &Fetch, name: &str) -> bool {
    fetch.columns.iter().any(|place| plain(&fetch.target.columns[*place].name) == name)
}

/// The columns that a fetch wants of each record, in its order.
pub(super) fn rows<T, C>(
    fetch: &Fetch,
    columns: Columns<T, C>,
    records: &[T],
    context: &C,
) -> Result<Rows, SourceError> {
    if records.len() > fetch.rows_max {
        let text = format!("more than {} records", fetch.rows_max);
        return Err(trouble(TroubleKind::TooMuch, text));
    }
    let wanted = fetch.columns.iter().map(|place| {
        let name = plain(&fetch.target.columns[*place].name);
        columns.iter().find(|(known, _)| *known == name).map(|(_, read)| *read).ok_or(name)
    });
    let wanted: Vec<_> = wanted
        .collect::<Result<_, _>>()
        .map_err(|name| trouble(TroubleKind::Refused, format!("there is no column `{name}`")))?;
    let mut rows = RowsBuilder::new(wanted.len());
    for record in records {
        for read in &wanted {
            let out = read(record, context);
            let pushed = match &out {
                Out::Null => rows.push(Cell::Null),
                Out::Flag(value) => rows.push(Cell::Boolean(*value)),
                Out::Int(value) => rows.push(Cell::Int(*value)),
                Out::Text(text) => rows.push(Cell::Text(text)),
                Out::At(at) => rows.push(Cell::Moment(*at)),
                Out::Json(json) => rows.push(Cell::Json(json)),
            };
            pushed.map_err(|error| trouble(TroubleKind::TooMuch, error.to_string()))?;
        }
    }
    Ok(rows.finish())
}
