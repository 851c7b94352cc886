//! Against real servers, as far as the machine has them: a test without its server says that it is skipped.

mod drafts;
#[cfg(feature = "mongo")]
mod mongo;
mod naive;
mod people;
mod servers;
mod services;
mod sql;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::*;
use crate::{
    rows::Cell,
    scalar::{Scalar, Value as Given},
    source::{Call, Column, Fetch, SourceError, Target},
};

/// A column of a name and a scalar, which may be null.
fn column(name: &str, scalar: Scalar) -> Column {
    let field = name.replace('.', "_");
    Column { field, name: name.to_owned(), scalar, is_list: false, is_nullable: true }
}

fn target(name: &str, columns: Vec<Column>, access: Value) -> Arc<Target> {
    Arc::new(Target { name: name.to_owned(), columns, key: vec![0], access })
}

/// All columns of all rows, with some seconds to do it.
fn everything(target: &Arc<Target>) -> Fetch {
    Fetch {
        target: Arc::clone(target),
        columns: (0..target.columns.len()).collect(),
        is_count: false,
        filter: None,
        keys: None,
        order: Vec::new(),
        after: None,
        limit: None,
        limit_per_key: None,
        arguments: Vec::new(),
        rows_max: 10_000,
        deadline: Instant::now() + Duration::from_secs(20),
    }
}

/// Cells of rows as texts.
fn shown(rows: &crate::rows::Rows) -> Vec<Vec<String>> {
    let cell = |row, column| match rows.cell(row, column) {
        Cell::Null => "-".to_owned(),
        Cell::Boolean(value) => value.to_string(),
        Cell::Int(number) => number.to_string(),
        Cell::Unsigned(number) => number.to_string(),
        Cell::Float(number) => format!("{number:?}"),
        Cell::Moment(moment) => format!("@{}", moment.0),
        Cell::Text(text) => format!("'{text}'"),
        Cell::Json(text) => serde_json::from_str::<Value>(text).unwrap().to_string(),
    };
    (0..rows.len()).map(|row| (0..rows.width()).map(|column| cell(row, column)).collect()).collect()
}

async fn fetched(source: &dyn Source, fetch: &Fetch) -> Vec<Vec<String>> {
    match source.fetch(fetch).await {
        Ok(rows) => shown(&rows),
        Err(error) => panic!("{error}: {:?}", source.native(fetch)),
    }
}

async fn refusal(source: &dyn Source, fetch: &Fetch) -> SourceError {
    source.fetch(fetch).await.map(|rows| shown(&rows)).unwrap_err()
}

/// A declared change.
fn change(target: &Arc<Target>, operation: Value, arguments: &[(&str, Given)]) -> Call {
    Call {
        name: "change".to_owned(),
        operation,
        arguments: arguments.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        target: Arc::clone(target),
        columns: (0..target.columns.len()).collect(),
        deadline: Instant::now() + Duration::from_secs(20),
    }
}

/// Waits until something is so, for as long as a slow machine may take.
async fn eventually<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let until = Instant::now() + Duration::from_secs(30);
    while !is_so().await {
        assert!(Instant::now() < until, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
