//! Pages: the condition for rows behind one.

use crate::{
    scalar::Value,
    source::{Comparison, Filter, Order},
};

/// Holds for rows that come after the one with these values of the columns of `order`.
pub(super) fn behind(order: &[Order], after: &[Value]) -> Filter {
    let mut ways = Vec::new();
    for (place, (by, value)) in order.iter().zip(after).enumerate() {
        let Some(beyond) = beyond(*by, value) else { continue };
        let mut all: Vec<_> =
            order.iter().zip(after).take(place).map(|(by, value)| same(by.column, value)).collect();
        all.push(beyond);
        ways.push(Filter::All(all));
    }
    // Said once more of the first column alone, where an index helps.
    match (order.first(), after.first()) {
        (Some(by), Some(value)) if *value != Value::Null && !by.is_descending => {
            Filter::All(vec![compare(by.column, Comparison::AtLeast, value), Filter::Any(ways)])
        }
        _ => Filter::Any(ways),
    }
}

fn compare(column: usize, by: Comparison, value: &Value) -> Filter {
    Filter::Compare { column, by, values: vec![value.clone()] }
}

fn is_null(column: usize) -> Filter {
    Filter::Compare { column, by: Comparison::IsNull, values: Vec::new() }
}

fn same(column: usize, value: &Value) -> Filter {
    match value {
        Value::Null => is_null(column),
        value => compare(column, Comparison::Equal, value),
    }
}

/// Behind a value in one column; none if nothing is.
fn beyond(by: Order, value: &Value) -> Option<Filter> {
    let Order { column, is_descending } = by;
    match (value, is_descending) {
        (Value::Null, true) => None,
        (Value::Null, false) => Some(Filter::Not(Box::new(is_null(column)))),
        (value, false) => Some(compare(column, Comparison::Above, value)),
        (value, true) => Some(Filter::Any(vec![compare(column, Comparison::Below, value), is_null(column)])),
    }
}
