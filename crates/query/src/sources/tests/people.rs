//! Rows for all servers, and what is asked of them.

use std::sync::Arc;

use kefu_core::Micros;
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

use super::{column, everything, fetched, naive, target};
use crate::{
    rows::Cell,
    scalar::{Scalar, Value},
    source::{Comparison, Fetch, Filter, Keys, Order, Source, Target},
};

/// Columns of [`people`]: those of the type and those of the rows alike.
pub(super) const NAMES: [&str; 9] = ["id", "name", "level", "score", "big", "price", "at", "day", "state"];

/// Texts that mean something to somebody else.
const HOSTILE: [&str; 14] = [
    "",
    "O'Brien",
    "\"; DROP TABLE people; --",
    "100%",
    "under_score!",
    "back\\slash",
    "$where",
    "{\"$gt\": \"\"}",
    ".*(a+)+$",
    "客服",
    "退款😀",
    "line\nend",
    "`${x}`",
    "😀",
];

const NUL: &str = "nul\0inside";

/// What a server cannot keep.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) has_nul: bool,
    pub(super) big_max: u64,
}

pub(super) fn rows(limits: Limits) -> Vec<Vec<Value>> {
    let text = |text: &str| Value::Text(text.to_owned());
    let or_null = |is_null: bool, value: Value| if is_null { Value::Null } else { value };
    (0..60_i64)
        .map(|id| {
            let n = usize::try_from(id).unwrap();
            let name = match n {
                14 if limits.has_nul => NUL.to_owned(),
                0..14 => HOSTILE[n].to_owned(),
                n => format!("n{}", n % 20),
            };
            let big = if n % 4 == 0 {
                limits.big_max - u64::try_from(id).unwrap()
            } else {
                u64::try_from(id).unwrap()
            };
            let big = i64::try_from(big).map_or(Value::Unsigned(big), Value::Int);
            vec![
                Value::Int(id),
                or_null(n % 11 == 5, Value::Text(name)),
                or_null(n % 7 == 3, Value::Int(id % 5 - 2)),
                or_null(n % 9 == 4, Value::Float(f64::from(i32::try_from(id).unwrap() - 30) / 4.0)),
                or_null(n % 13 == 6, big),
                or_null(n % 8 == 7, text(&format!("{}.{:02}", id - 20, n % 100))),
                or_null(n % 10 == 2, Value::Moment(Micros(1_796_000_000_123_000 + id % 17 * 1_000_000_000))),
                or_null(n % 6 == 1, text(&format!("2026-{:02}-{:02}", n % 12 + 1, n % 28 + 1))),
                or_null(n % 5 == 4, text(if n % 2 == 0 { "OPEN" } else { "SHUT" })),
            ]
        })
        .collect()
}

/// The type.
pub(super) fn people(access: serde_json::Value, id: &str) -> Arc<Target> {
    let states = Scalar::Enum(Arc::from(["OPEN".to_owned(), "SHUT".to_owned()]));
    let mut columns = vec![
        column(id, Scalar::Int),
        column("name", Scalar::String),
        column("level", Scalar::Int),
        column("score", Scalar::Float),
        column("big", Scalar::BigInt),
        column("price", Scalar::Decimal),
        column("at", Scalar::DateTime),
        column("day", Scalar::Date),
        column("state", states),
    ];
    columns[0].is_nullable = false;
    target("Person", columns, access)
}

/// Values of a row in one form, whatever the server made of them.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Unsigned(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Moment(moment) => format!("@{}", moment.0),
        Value::Text(text) => format!("'{text}'"),
        other => panic!("{other:?}"),
    }
}

/// The same of cells; exact numbers without the zeros that some servers write.
fn plain_rows(rows: Vec<Vec<String>>, fetch: &Fetch) -> Vec<Vec<String>> {
    let is_decimal: Vec<bool> =
        fetch.columns.iter().map(|column| fetch.target.columns[*column].scalar == Scalar::Decimal).collect();
    let trimmed = |cell: String| {
        let digits = cell.trim_matches('\'');
        if !digits.contains('.') {
            cell
        } else {
            format!("'{}'", digits.trim_end_matches('0').trim_end_matches('.'))
        }
    };
    let row = |row: Vec<String>| {
        row.into_iter()
            .zip(&is_decimal)
            .map(|(cell, is_decimal)| if *is_decimal { trimmed(cell) } else { cell })
            .collect()
    };
    rows.into_iter().map(row).collect()
}

/// Asks a source and looks whether it is what the rows say.
async fn same(source: &dyn Source, rows: &[Vec<Value>], fetch: &Fetch) {
    let found = plain_rows(fetched(source, fetch).await, fetch);
    let expected = naive::fetched(rows, fetch);
    let expected = expected.iter().map(|row| row.iter().map(plain).collect()).collect();
    let mut expected = plain_rows(expected, fetch);
    let mut found = found;
    // Without an order, and across keys, rows come as they like.
    if fetch.order.is_empty() || fetch.limit_per_key.is_some() {
        found.sort();
        expected.sort();
    }
    assert_eq!(found, expected, "{fetch:#?}\n{:?}", source.native(fetch));
}

/// Comparisons of a column with values that are like those of the rows, or are none of them.
fn comparison(limits: Limits) -> impl Strategy<Value = Filter> {
    let texts = HOSTILE.iter().map(|text| (*text).to_owned()).chain([NUL.to_owned()]);
    let texts: Vec<String> =
        texts.chain(["n1", "n", "o", "%", "_", "\\", "😀x"].map(str::to_owned)).collect();
    let text = prop::sample::select(texts).prop_map(Value::Text);
    let big = (0..40_u64, any::<bool>()).prop_map(move |(n, is_big)| {
        let number = if is_big { limits.big_max - n } else { n };
        i64::try_from(number).map_or(Value::Unsigned(number), Value::Int)
    });
    let value = prop_oneof![
        (-1..62_i64).prop_map(|n| (0, Value::Int(n))),
        text.prop_map(|value| (1, value)),
        (-3..4_i64).prop_map(|n| (2, Value::Int(n))),
        (-31..31_i32).prop_map(|n| (3, Value::Float(f64::from(n) / 4.0))),
        big.prop_map(|value| (4, value)),
        (0..60_i64).prop_map(|n| (5, Value::Text(format!("{}.{:02}", n - 20, n)))),
        (0..18_i64).prop_map(|n| (6, Value::Moment(Micros(1_796_000_000_123_000 + n * 1_000_000_000)))),
        (0..60_i64).prop_map(|n| (7, Value::Text(format!("2026-{:02}-{:02}", n % 12 + 1, n % 28 + 1)))),
        prop::sample::select(vec!["OPEN", "SHUT"]).prop_map(|name| (8, Value::Text(name.to_owned()))),
    ];
    (prop::collection::vec(value, 1..4), 0..9_usize).prop_map(move |(values, by)| {
        let column = values[0].0;
        let mut values: Vec<Value> =
            values.into_iter().filter(|(of, _)| *of == column).map(|(_, value)| value).collect();
        let by = match by {
            0 => Comparison::Equal,
            1 => Comparison::In,
            2 => Comparison::IsNull,
            3 | 4 if column == 1 => [Comparison::Contains, Comparison::Begins][by - 3],
            _ if column == 8 => Comparison::Equal,
            5 => Comparison::Below,
            6 => Comparison::AtMost,
            7 => Comparison::Above,
            _ => Comparison::AtLeast,
        };
        match by {
            Comparison::IsNull => values.clear(),
            Comparison::In => {}
            _ => values.truncate(1),
        }
        // What a server cannot keep has no place in its order.
        let is_ranged = !matches!(by, Comparison::Equal | Comparison::In | Comparison::IsNull);
        if is_ranged && !limits.has_nul && values.contains(&Value::Text(NUL.to_owned())) {
            values = vec![Value::Text("n1".to_owned())];
        }
        Filter::Compare { column, by, values }
    })
}

fn filter(limits: Limits) -> impl Strategy<Value = Filter> {
    comparison(limits).prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::All),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::Any),
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
}

/// An order that ends with the key, so that it is one.
fn order() -> impl Strategy<Value = Vec<Order>> {
    prop::collection::vec((1..8_usize, any::<bool>()), 0..3).prop_map(|columns| {
        let mut order: Vec<Order> = Vec::new();
        for (column, is_descending) in columns.into_iter().chain([(0, false)]) {
            if !order.iter().any(|by| by.column == column) {
                order.push(Order { column, is_descending });
            }
        }
        order
    })
}

/// All conditions, orders, pages, batches of keys and limits for each key, against rows that are there.
pub(super) async fn checked(source: &dyn Source, target: &Arc<Target>, rows: &[Vec<Value>], limits: Limits) {
    let mut runner = TestRunner::deterministic();
    same(source, rows, &everything(target)).await;
    for _ in 0..150 {
        let given = filter(limits).new_tree(&mut runner).unwrap().current();
        let order = order().new_tree(&mut runner).unwrap().current();
        let fetch = Fetch { filter: Some(given), order, limit: Some(25), ..everything(target) };
        same(source, rows, &fetch).await;
        counted(source, rows, &Fetch { order: Vec::new(), limit: None, columns: Vec::new(), ..fetch }).await;
    }
    for _ in 0..8 {
        let order = order().new_tree(&mut runner).unwrap().current();
        pages(source, target, rows, order).await;
    }
    for column in [1, 2, 4, 6] {
        let mut values: Vec<Value> = Vec::new();
        for row in rows.iter().step_by(2) {
            if row[column] != Value::Null && !values.contains(&row[column]) {
                values.push(row[column].clone());
            }
        }
        let keys = Some(Keys { column, values });
        same(source, rows, &Fetch { keys: keys.clone(), ..everything(target) }).await;
        let columns = vec![column];
        counted(source, rows, &Fetch { keys: keys.clone(), columns, ..everything(target) }).await;
        if source.abilities(target).limits_per_key {
            for limit in [1, 3] {
                let order = order().new_tree(&mut runner).unwrap().current();
                let limit_per_key = Some(limit);
                let fetch = Fetch { keys: keys.clone(), order, limit_per_key, ..everything(target) };
                same(source, rows, &fetch).await;
            }
        }
    }
}

/// Counts what the same fetch would give, in all or by key.
async fn counted(source: &dyn Source, rows: &[Vec<Value>], fetch: &Fetch) {
    let given = naive::fetched(rows, &Fetch { columns: vec![0], ..fetch.clone() }).len();
    let fetch = Fetch { is_count: true, ..fetch.clone() };
    let mut counts = fetched(source, &fetch).await;
    let mut expected = Vec::new();
    match &fetch.keys {
        None => expected.push(vec![given.to_string()]),
        Some(keys) => {
            for value in &keys.values {
                let one = Some(Keys { column: keys.column, values: vec![value.clone()] });
                let of_key = Fetch { keys: one, is_count: false, ..fetch.clone() };
                let rows = naive::fetched(rows, &of_key);
                expected.push(vec![plain(&rows[0][0]), rows.len().to_string()]);
            }
        }
    }
    counts.sort();
    expected.sort();
    assert_eq!(counts, expected, "{fetch:#?}\n{:?}", source.native(&fetch));
}

/// Page after page is everything in its order.
async fn pages(source: &dyn Source, target: &Arc<Target>, rows: &[Vec<Value>], order: Vec<Order>) {
    let mut after = None;
    for _ in 0..rows.len() {
        let fetch = Fetch { order: order.clone(), after, limit: Some(9), ..everything(target) };
        same(source, rows, &fetch).await;
        let page = naive::fetched(rows, &fetch);
        let Some(last) = page.last() else { return };
        after = Some(order.iter().map(|by| last[by.column].clone()).collect());
    }
}

/// A source that has no end of rows, or long ones, costs little.
pub(super) async fn bounded(source: &dyn Source, many: &Arc<Target>) {
    let begun = std::time::Instant::now();
    // Late enough that it is not what ends it.
    let deadline = begun + std::time::Duration::from_secs(60);
    let fetch = Fetch { rows_max: 1_000, deadline, ..everything(many) };
    let error = super::refusal(source, &fetch).await;
    assert_eq!(error.kind, crate::TroubleKind::TooMuch, "{error}");
    assert!(begun.elapsed() < std::time::Duration::from_secs(20));
    let rows = source.fetch(&Fetch { limit: Some(3), ..everything(many) }).await.unwrap();
    assert!(rows.len() == 3 && matches!(rows.cell(0, 0), Cell::Int(_)));
}

#[test]
fn rows_have_what_is_hostile() {
    let rows = rows(Limits { has_nul: true, big_max: u64::MAX });
    let names: Vec<_> =
        rows.iter().filter(|row| matches!(&row[1], Value::Text(text) if text == NUL)).collect();
    assert_eq!((rows.len(), names.len(), rows[0].len()), (60, 1, NAMES.len()));
}
