//! Conditions on the numbers of messages.

use std::ops::RangeInclusive;

use kefu_query::{Comparison, Filter, Value};

/// No number is in it.
const NONE: RangeInclusive<u64> = RangeInclusive::new(1, 0);

/// Where the numbers lie for which a condition may hold.
pub(super) fn within(filter: &Filter) -> RangeInclusive<u64> {
    match filter {
        Filter::All(all) => all
            .iter()
            .map(within)
            .fold(0..=u64::MAX, |a, b| *a.start().max(b.start())..=*a.end().min(b.end())),
        Filter::Any(any) => hull(any.iter().map(within)),
        Filter::Not(_) => 0..=u64::MAX,
        Filter::Compare { by, values, .. } => match by {
            Comparison::In => hull(values.iter().map(|value| of(Comparison::Equal, value))),
            by => values.first().map_or(NONE, |value| of(*by, value)),
        },
    }
}

/// The shortest range around all of these.
fn hull(ranges: impl Iterator<Item = RangeInclusive<u64>>) -> RangeInclusive<u64> {
    let ranges = ranges.filter(|range| !range.is_empty());
    let whole = ranges.reduce(|a, b| *a.start().min(b.start())..=*a.end().max(b.end()));
    whole.unwrap_or(NONE)
}

fn of(by: Comparison, value: &Value) -> RangeInclusive<u64> {
    let Some(value) = number(value) else { return NONE };
    let clamp = |number: i128| u64::try_from(number.max(0)).unwrap_or(u64::MAX);
    let to = |number: i128| if number < 0 { NONE } else { 0..=clamp(number) };
    match by {
        Comparison::Equal if value < 0 => NONE,
        Comparison::Equal => clamp(value)..=clamp(value),
        Comparison::Below => to(value - 1),
        Comparison::AtMost => to(value),
        Comparison::Above => clamp(value + 1)..=u64::MAX,
        Comparison::AtLeast => clamp(value)..=u64::MAX,
        Comparison::In | Comparison::IsNull | Comparison::Contains | Comparison::Begins => NONE,
    }
}

/// Whether a condition holds for a number.
pub(super) fn holds(filter: &Filter, seq: u64) -> bool {
    match filter {
        Filter::All(all) => all.iter().all(|filter| holds(filter, seq)),
        Filter::Any(any) => any.iter().any(|filter| holds(filter, seq)),
        Filter::Not(inner) => !holds(inner, seq),
        Filter::Compare { by: Comparison::In, values, .. } => {
            values.iter().any(|value| of(Comparison::Equal, value).contains(&seq))
        }
        Filter::Compare { by, values, .. } => {
            values.first().is_some_and(|value| of(*by, value).contains(&seq))
        }
    }
}

fn number(value: &Value) -> Option<i128> {
    match value {
        Value::Int(number) => Some((*number).into()),
        Value::Unsigned(number) => Some((*number).into()),
        Value::Text(text) => text.parse::<i64>().ok().map(i128::from),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filters() -> impl Strategy<Value = Filter> {
        let signs = prop::sample::select(vec![
            Comparison::Equal,
            Comparison::In,
            Comparison::Below,
            Comparison::AtMost,
            Comparison::Above,
            Comparison::AtLeast,
        ]);
        let leaf = (signs, prop::collection::vec(-2_i64..12, 1..4)).prop_map(|(by, numbers)| {
            let values = numbers.into_iter().map(Value::Int).collect();
            Filter::Compare { column: 0, by, values }
        });
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::All),
                prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::Any),
                inner.prop_map(|inner| Filter::Not(Box::new(inner))),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_that_is_wanted_lies_outside(filter in filters(), seq in 0_u64..14) {
            prop_assert!(!holds(&filter, seq) || within(&filter).contains(&seq));
        }
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        let compare = |by, value: i64| Filter::Compare { column: 0, by, values: vec![Value::Int(value)] };
        for (filter, seq, expected) in [
            (compare(Comparison::Equal, 7), 7, true),
            (compare(Comparison::Below, 0), 0, false),
            (compare(Comparison::AtLeast, -5), 0, true),
            (compare(Comparison::Above, i64::MAX), u64::MAX, true),
            (compare(Comparison::IsNull, 0), 0, false),
        ] {
            assert_eq!(holds(&filter, seq), expected, "{filter:?} {seq}");
        }
        assert_eq!(within(&compare(Comparison::Equal, 7)), 7..=7);
    }
}
