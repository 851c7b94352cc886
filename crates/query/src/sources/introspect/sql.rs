//! Tables and views of a database, by its own catalogue.

use std::time::Instant;

use super::{DraftField, DraftScalar, Drafted, are_names, field, type_name};
use crate::{
    source::SourceError,
    sources::sql::{Catalogue, Kind, TableColumn},
};

pub(super) async fn types(catalogue: &dyn Catalogue, deadline: Instant) -> Result<Vec<Drafted>, SourceError> {
    let columns = catalogue.columns(deadline).await?;
    let mut types: Vec<Drafted> = Vec::new();
    for column in &columns {
        if types.last().is_none_or(|drafted| drafted.at != column.table) {
            types.push(Drafted {
                name: type_name(&column.table),
                at: column.table.clone(),
                access: vec![format!("table: {}", serde_json::Value::from(column.table.as_str()))],
                lists: true,
                ..Drafted::default()
            });
        }
        let Some(drafted) = types.last_mut() else { continue };
        match scalar(column) {
            Some(scalar) => {
                let is_nullable = column.is_nullable && !column.is_key;
                let mut made: DraftField = field(&drafted.fields, &column.name, scalar, is_nullable);
                made.refers.clone_from(&column.refers);
                if column.is_key {
                    drafted.key.push(made.name.clone());
                }
                drafted.fields.push(made);
            }
            None => drafted.notes.push(format!("{}: {} is left out", column.name, column.declared)),
        }
    }
    types.retain(|drafted| !drafted.fields.is_empty());
    Ok(types)
}

/// What a column is; none for bytes.
fn scalar(column: &TableColumn) -> Option<DraftScalar> {
    let declared = column.declared.to_ascii_lowercase();
    let plain = DraftScalar::Plain;
    Some(match column.kind {
        Kind::Int if declared.starts_with("tinyint(1)") || declared.starts_with("bool") => plain("Boolean"),
        Kind::Int => {
            // A column of SQLite takes any number; elsewhere the type says how long they are.
            let is_long =
                declared.contains("bigint") || (declared.contains("unsigned") && declared.starts_with("int"));
            if is_long || column.is_dynamic { plain("BigInt") } else { plain("Int") }
        }
        Kind::Decimal if column.is_dynamic => match declared.as_str() {
            "date" => plain("Date"),
            declared if declared.contains("date") || declared.contains("time") => plain("DateTime"),
            declared if declared.contains("bool") => plain("Boolean"),
            _ => plain("Decimal"),
        },
        Kind::Decimal => plain("Decimal"),
        Kind::Float => plain("Float"),
        Kind::Boolean => plain("Boolean"),
        Kind::Bit => plain(if declared == "bit(1)" { "Boolean" } else { "BigInt" }),
        Kind::Date => plain("Date"),
        Kind::Time | Kind::Moment => plain("DateTime"),
        Kind::Json | Kind::Array => plain("JSON"),
        Kind::Uuid => plain("ID"),
        Kind::Bytes if column.is_dynamic && declared.is_empty() => plain("String"),
        Kind::Bytes => return None,
        Kind::Text => plain("String"),
        Kind::Other => match enum_values(&column.declared) {
            Some(values) => DraftScalar::Enum(values),
            None => plain("String"),
        },
    })
}

/// The values of `enum('a','b')`, if they can be those of an enum.
fn enum_values(declared: &str) -> Option<Vec<String>> {
    let inner = declared.strip_prefix("enum(")?.strip_suffix(')')?;
    let values: Vec<&str> = inner.split(',').map(|value| value.trim().trim_matches('\'')).collect();
    are_names(values.iter().copied()).then(|| values.into_iter().map(str::to_owned).collect())
}
