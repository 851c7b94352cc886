//! A source that is a few tables in memory, and does as much by itself as a test says.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Mutex;

use futures_util::FutureExt as _;

use crate::rows::{Cell, Rows, RowsBuilder};
use crate::scalar::Value;
use crate::source::{
    Abilities, Call, Comparison, Fetch, Fetching, Filter, Order, Source, SourceError, Target, TroubleKind,
};

/// Rows by name of the target, and within them by name of the column.
pub(super) type Data = BTreeMap<String, Vec<BTreeMap<String, Value>>>;

/// How a source behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Manner {
    Good,
    /// Never answers.
    Hangs,
    /// Is not there.
    Away,
    /// Gives cells that are no values of their columns.
    Garbage,
    /// Gives rows of another width.
    Narrow,
    /// Gives more rows than are allowed.
    Floods,
}

/// What a source does by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Skill {
    pub(super) filters: bool,
    pub(super) sorts: bool,
    pub(super) limits: bool,
    pub(super) limits_per_key: bool,
    pub(super) keys_at_once: usize,
}

pub(super) const ALL: Skill =
    Skill { filters: true, sorts: true, limits: true, limits_per_key: true, keys_at_once: 500 };
pub(super) const NONE: Skill =
    Skill { filters: false, sorts: false, limits: false, limits_per_key: false, keys_at_once: 500 };

pub(super) struct Tables {
    pub(super) data: Data,
    pub(super) skill: Skill,
    pub(super) manner: Mutex<Manner>,
    pub(super) fetches: Mutex<Vec<Fetch>>,
    pub(super) calls: Mutex<Vec<String>>,
}

impl Tables {
    pub(super) fn new(data: Data, skill: Skill) -> Self {
        Self {
            data,
            skill,
            manner: Mutex::new(Manner::Good),
            fetches: Mutex::default(),
            calls: Mutex::default(),
        }
    }

    pub(super) fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    pub(super) fn take_fetches(&self) -> Vec<Fetch> {
        std::mem::take(&mut *self.fetches.lock().unwrap())
    }

    fn rows(&self, fetch: &Fetch) -> Result<Rows, SourceError> {
        let failed = |kind| SourceError { kind, text: "as the test says".to_owned(), retry_after: None };
        let manner = *self.manner.lock().unwrap();
        let width = fetch.width() + usize::from(manner == Manner::Narrow);
        let mut rows = RowsBuilder::new(width);
        match manner {
            Manner::Away => return Err(failed(TroubleKind::Unavailable)),
            Manner::Floods => {
                for _ in 0..=fetch.rows_max * width {
                    rows.push(Cell::Int(1)).unwrap();
                }
                while rows.len() * width < fetch.rows_max * width + width {
                    rows.push(Cell::Int(1)).unwrap();
                }
                return Ok(rows.finish());
            }
            Manner::Narrow => {
                for _ in 0..width {
                    rows.push(Cell::Int(1)).unwrap();
                }
                return Ok(rows.finish());
            }
            Manner::Good | Manner::Hangs | Manner::Garbage => {}
        }
        let none = Vec::new();
        let table = self.data.get(&fetch.target.name).unwrap_or(&none);
        if fetch.is_count {
            count(&mut rows, &select(table, fetch), fetch);
            return Ok(rows.finish());
        }
        for row in select(table, fetch) {
            for place in &fetch.columns {
                let is_key = fetch.keys.as_ref().is_some_and(|keys| keys.column == *place);
                if manner == Manner::Garbage && !is_key {
                    rows.push(Cell::Json("{\"garbage\":true}")).unwrap();
                } else {
                    push(&mut rows, &row[&fetch.target.columns[*place].name]);
                }
            }
        }
        Ok(rows.finish())
    }
}

/// How many of some rows there are, or how many of each key.
fn count(into: &mut RowsBuilder, rows: &[&BTreeMap<String, Value>], fetch: &Fetch) {
    assert!(fetch.order.is_empty() && fetch.after.is_none() && fetch.limit.or(fetch.limit_per_key).is_none());
    let push_count = |into: &mut RowsBuilder, count: usize| {
        into.push(Cell::Int(i64::try_from(count).unwrap())).unwrap();
    };
    let [key] = fetch.columns.as_slice() else { return push_count(into, rows.len()) };
    let name = &fetch.target.columns[*key].name;
    for value in &fetch.keys.as_ref().unwrap().values {
        let count = rows.iter().filter(|row| row[name] == *value).count();
        if count > 0 {
            push(into, value);
            push_count(into, count);
        }
    }
}

fn push(rows: &mut RowsBuilder, value: &Value) {
    match value {
        Value::Null => rows.push(Cell::Null),
        Value::Boolean(value) => rows.push(Cell::Boolean(*value)),
        Value::Int(value) => rows.push(Cell::Int(*value)),
        Value::Unsigned(value) => rows.push(Cell::Unsigned(*value)),
        Value::Float(value) => rows.push(Cell::Float(*value)),
        Value::Text(text) => rows.push(Cell::Text(text)),
        Value::Moment(at) => rows.push(Cell::Moment(*at)),
        Value::Json(json) => rows.push(Cell::Json(&json.to_string())),
    }
    .unwrap();
}

impl Source for Tables {
    fn abilities(&self, target: &Target) -> Abilities {
        let all: Vec<usize> = (0..target.columns.len()).collect();
        let some = |does: bool| if does { all.clone() } else { Vec::new() };
        Abilities {
            lists: true,
            filters: some(self.skill.filters),
            sorts: some(self.skill.sorts),
            limits: self.skill.limits,
            keys: all.iter().map(|column| (*column, self.skill.keys_at_once)).collect(),
            limits_per_key: self.skill.limits_per_key,
            counts: self.skill.filters,
            is_idempotent: true,
        }
    }

    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> Fetching<'a> {
        self.fetches.lock().unwrap().push(fetch.clone());
        let keys = fetch.keys.as_ref().map_or(0, |keys| keys.values.len());
        assert!(keys <= self.skill.keys_at_once, "{keys} keys are more than the source takes at once");
        async move {
            if *self.manner.lock().unwrap() == Manner::Hangs {
                std::future::pending::<()>().await;
            }
            self.rows(fetch)
        }
        .boxed()
    }

    fn call<'a>(&'a self, call: &'a Call) -> Fetching<'a> {
        self.calls.lock().unwrap().push(format!("{} {} {:?}", call.name, call.operation, call.arguments));
        async move {
            let mut rows = RowsBuilder::new(call.columns.len());
            let id = call.arguments.iter().find(|(name, _)| name == "id").map(|(_, value)| value);
            let table = &self.data[&call.target.name];
            for row in table.iter().filter(|row| row.get("id") == id) {
                for place in &call.columns {
                    push(&mut rows, &row[&call.target.columns[*place].name]);
                }
            }
            Ok(rows.finish())
        }
        .boxed()
    }

    fn native(&self, fetch: &Fetch) -> Option<String> {
        Some(format!("rows of {}", fetch.target.name))
    }
}

/// Rows that a fetch asks for, in the plainest way.
fn select<'t>(table: &'t [BTreeMap<String, Value>], fetch: &Fetch) -> Vec<&'t BTreeMap<String, Value>> {
    let name = |column: usize| &fetch.target.columns[column].name;
    let mut rows: Vec<_> = table.iter().collect();
    if let Some(filter) = &fetch.filter {
        rows.retain(|row| holds(filter, &|column| row[name(column)].clone()) == Some(true));
    }
    if let Some(keys) = &fetch.keys {
        rows.retain(|row| keys.values.contains(&row[name(keys.column)]));
    }
    let by = |a: &BTreeMap<String, Value>, b: &dyn Fn(usize) -> Value| {
        let orders = fetch.order.iter();
        let mut orders = orders.enumerate().map(|(place, Order { column, is_descending })| {
            let order = compare(&a[name(*column)], &b(place));
            if *is_descending { order.reverse() } else { order }
        });
        orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    };
    rows.sort_by(|a, b| by(a, &|place| b[name(fetch.order[place].column)].clone()));
    if let Some(after) = &fetch.after {
        rows.retain(|row| by(row, &|place| after[place].clone()).is_gt());
    }
    if let (Some(limit), Some(keys)) = (fetch.limit_per_key, &fetch.keys) {
        let mut counts: Vec<u64> = vec![0; keys.values.len()];
        rows.retain(|row| {
            let key = keys.values.iter().position(|key| *key == row[name(keys.column)]).unwrap();
            counts[key] += 1;
            counts[key] <= limit
        });
    }
    if let Some(limit) = fetch.limit {
        rows.truncate(usize::try_from(limit).unwrap());
    }
    rows
}

/// Null is the smallest.
pub(super) fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Moment(a), Value::Moment(b)) => a.cmp(b),
        (Value::Boolean(a), Value::Boolean(b)) => a.cmp(b),
        (a, b) => panic!("{a:?} does not compare to {b:?}"),
    }
}

/// Whether a condition holds; none, where null leaves it open.
pub(super) fn holds(filter: &Filter, cell: &dyn Fn(usize) -> Value) -> Option<bool> {
    match filter {
        Filter::All(all) => {
            let all: Vec<_> = all.iter().map(|filter| holds(filter, cell)).collect();
            if all.contains(&Some(false)) {
                Some(false)
            } else {
                all.into_iter().collect::<Option<Vec<_>>>().map(|_| true)
            }
        }
        Filter::Any(any) => {
            let any: Vec<_> = any.iter().map(|filter| holds(filter, cell)).collect();
            if any.contains(&Some(true)) {
                Some(true)
            } else {
                any.into_iter().collect::<Option<Vec<_>>>().map(|_| false)
            }
        }
        Filter::Not(inner) => holds(inner, cell).map(|holds| !holds),
        Filter::Compare { column, by: Comparison::IsNull, .. } => Some(cell(*column) == Value::Null),
        Filter::Compare { column, by, values } => {
            let cell = cell(*column);
            if cell == Value::Null {
                return None;
            }
            if *by == Comparison::In {
                return Some(values.contains(&cell));
            }
            let order = compare(&cell, &values[0]);
            Some(match by {
                Comparison::Equal => order.is_eq(),
                Comparison::Below => order.is_lt(),
                Comparison::AtMost => order.is_le(),
                Comparison::Above => order.is_gt(),
                Comparison::AtLeast => order.is_ge(),
                Comparison::Contains => {
                    matches!((&cell, &values[0]), (Value::Text(a), Value::Text(b)) if a.contains(b.as_str()))
                }
                Comparison::Begins => {
                    matches!((&cell, &values[0]), (Value::Text(a), Value::Text(b)) if a.starts_with(b.as_str()))
                }
                Comparison::In | Comparison::IsNull => unreachable!("handled above"),
            })
        }
    }
}
