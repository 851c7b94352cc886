//! What a fetch means, row by row.

use std::cmp::Ordering;

use crate::{
    scalar::Value,
    source::{Comparison, Fetch, Filter, Order},
};

/// The rows of a fetch.
pub(super) fn fetched(rows: &[Vec<Value>], fetch: &Fetch) -> Vec<Vec<Value>> {
    let mut found: Vec<&Vec<Value>> = rows
        .iter()
        .filter(|row| fetch.keys.as_ref().is_none_or(|keys| keys.values.contains(&row[keys.column])))
        .filter(|row| fetch.filter.as_ref().is_none_or(|filter| holds(filter, row)))
        .filter(|row| {
            fetch.after.as_ref().is_none_or(|after| {
                let last: Vec<&Value> = after.iter().collect();
                let own: Vec<&Value> = fetch.order.iter().map(|by| &row[by.column]).collect();
                by_order(&fetch.order, &own, &last) == Ordering::Greater
            })
        })
        .collect();
    found.sort_by(|a, b| {
        let values = |row: &'_ [Value]| -> Vec<Value> {
            fetch.order.iter().map(|by| row[by.column].clone()).collect()
        };
        let (a, b) = (values(a), values(b));
        by_order(&fetch.order, &a.iter().collect::<Vec<_>>(), &b.iter().collect::<Vec<_>>())
    });
    if let (Some(limit), Some(keys)) = (fetch.limit_per_key, &fetch.keys) {
        let mut counts: Vec<(Value, u64)> = Vec::new();
        found.retain(|row| {
            let key = &row[keys.column];
            let count = match counts.iter_mut().find(|(known, _)| known == key) {
                Some((_, count)) => count,
                None => {
                    counts.push((key.clone(), 0));
                    &mut counts.last_mut().unwrap().1
                }
            };
            *count += 1;
            *count <= limit
        });
    }
    found.truncate(fetch.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap()));
    found.into_iter().map(|row| fetch.columns.iter().map(|column| row[*column].clone()).collect()).collect()
}

fn by_order(order: &[Order], a: &[&Value], b: &[&Value]) -> Ordering {
    order.iter().zip(a.iter().zip(b)).fold(Ordering::Equal, |so_far, (by, (a, b))| {
        so_far.then_with(|| {
            let ordering = match (a, b) {
                (Value::Null, Value::Null) => Ordering::Equal,
                (Value::Null, _) => Ordering::Less,
                (_, Value::Null) => Ordering::Greater,
                (a, b) => compared(a, b).unwrap(),
            };
            if by.is_descending { ordering.reverse() } else { ordering }
        })
    })
}

/// How two values compare; none if one is null.
fn compared(a: &Value, b: &Value) -> Option<Ordering> {
    Some(match (a, b) {
        (Value::Null, _) | (_, Value::Null) => return None,
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Unsigned(a), Value::Unsigned(b)) => a.cmp(b),
        (Value::Int(a), Value::Unsigned(b)) => i128::from(*a).cmp(&i128::from(*b)),
        (Value::Unsigned(a), Value::Int(b)) => i128::from(*a).cmp(&i128::from(*b)),
        (Value::Float(a), Value::Float(b)) => a.total_cmp(b),
        (Value::Moment(a), Value::Moment(b)) => a.cmp(b),
        // Numbers that are written as texts begin with a digit or a sign here, and no other text does.
        (Value::Text(a), Value::Text(b)) => match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(a), Ok(b)) => a.total_cmp(&b),
            _ => a.cmp(b),
        },
        (a, b) => panic!("{a:?} and {b:?}"),
    })
}

fn holds(filter: &Filter, row: &[Value]) -> bool {
    match filter {
        Filter::All(parts) => parts.iter().all(|part| holds(part, row)),
        Filter::Any(parts) => parts.iter().any(|part| holds(part, row)),
        Filter::Not(inner) => !holds(inner, row),
        Filter::Compare { column, by, values } => {
            let own = &row[*column];
            let is =
                |wanted: &[Ordering]| compared(own, &values[0]).is_some_and(|found| wanted.contains(&found));
            match by {
                Comparison::IsNull => *own == Value::Null,
                Comparison::Equal => is(&[Ordering::Equal]),
                Comparison::In => values.iter().any(|value| compared(own, value) == Some(Ordering::Equal)),
                Comparison::Below => is(&[Ordering::Less]),
                Comparison::AtMost => is(&[Ordering::Less, Ordering::Equal]),
                Comparison::Above => is(&[Ordering::Greater]),
                Comparison::AtLeast => is(&[Ordering::Greater, Ordering::Equal]),
                Comparison::Contains | Comparison::Begins => match (own, &values[0]) {
                    (Value::Text(own), Value::Text(part)) if *by == Comparison::Contains => {
                        own.contains(part)
                    }
                    (Value::Text(own), Value::Text(part)) => own.starts_with(part),
                    _ => false,
                },
            }
        }
    }
}
