//! What a fetch asks, as the store takes it.

use kefu_core::{Micros, State, TicketPriority, TicketStatus};
use kefu_query::{Comparison, Fetch, Filter, Keys, SourceError, TroubleKind, Value};
use kefu_store::{Condition, Field, Place, Readable, Select, SelectKey, Sign};
use uuid::Uuid;

use super::{
    column::{self, plain},
    trouble,
};

/// The name of a column of a fetch.
pub(super) fn name(fetch: &Fetch, place: usize) -> String {
    plain(&fetch.target.columns[place].name)
}

/// The keys of a fetch that are ids; what is no id names nothing.
pub(super) fn ids(keys: &Keys) -> Vec<Uuid> {
    keys.values.iter().filter_map(|value| Uuid::try_parse(text(value)?).ok()).collect()
}

pub(super) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// A fetch as the store takes it. `key` makes keys of the named column; where it cannot, there is nothing to find.
pub(super) fn select(
    fetch: &Fetch,
    readable: Readable,
    key: impl FnOnce(&str, &Keys) -> Option<SelectKey>,
) -> Result<Select, SourceError> {
    let keys = match &fetch.keys {
        None => None,
        Some(keys) => {
            let name = name(fetch, keys.column);
            let made = key(&name, keys);
            Some(made.ok_or_else(|| trouble(TroubleKind::Refused, format!("`{name}` is no key")))?)
        }
    };
    let mut order = Vec::with_capacity(fetch.order.len());
    for one in &fetch.order {
        order.push((field(&name(fetch, one.column))?, one.is_descending));
    }
    let after = fetch.after.as_ref().map(|values| values.iter().map(place).collect::<Result<_, _>>());
    // One more than what is allowed, so that too much is noticed.
    let most = u64::try_from(fetch.rows_max).unwrap_or(u64::MAX).saturating_add(1);
    Ok(Select {
        keys,
        condition: fetch.filter.as_ref().map_or(Ok(Condition::default()), |all| condition(fetch, all))?,
        order,
        after: after.transpose()?,
        limit: fetch.limit.map_or(most, |limit| limit.min(most)),
        limit_per_key: fetch.limit_per_key,
        readable,
    })
}

fn field(name: &str) -> Result<Field, SourceError> {
    match name {
        "id" => Ok(Field::Id),
        "created_at" => Ok(Field::CreatedAt),
        "updated_at" => Ok(Field::UpdatedAt),
        "number" => Ok(Field::Number),
        _ => Err(trouble(TroubleKind::Refused, format!("nothing is sorted or compared by `{name}`"))),
    }
}

fn place(value: &Value) -> Result<Place, SourceError> {
    match value {
        Value::Int(number) => Ok(Place::Number(*number)),
        Value::Moment(Micros(at)) => Ok(Place::Number(*at)),
        Value::Text(text) => Uuid::try_parse(text).map(Place::Id).map_err(|_| no_place()),
        _ => Err(no_place()),
    }
}

fn no_place() -> SourceError {
    trouble(TroubleKind::Refused, "the list cannot go on there")
}

fn condition(fetch: &Fetch, filter: &Filter) -> Result<Condition, SourceError> {
    let all =
        |filters: &[Filter]| filters.iter().map(|one| condition(fetch, one)).collect::<Result<Vec<_>, _>>();
    Ok(match filter {
        Filter::All(filters) => Condition::All(all(filters)?),
        Filter::Any(filters) => Condition::Any(all(filters)?),
        Filter::Not(filter) => Condition::Not(Box::new(condition(fetch, filter)?)),
        Filter::Compare { column, by, values } => compare(&name(fetch, *column), *by, values)?,
    })
}

/// None of these columns is ever null.
fn compare(name: &str, by: Comparison, values: &[Value]) -> Result<Condition, SourceError> {
    match name {
        "state" => Ok(Condition::States(words(&STATES, State::as_str, by, values))),
        "status" => Ok(Condition::Statuses(words(&TicketStatus::ALL, TicketStatus::as_str, by, values))),
        "priority" => {
            Ok(Condition::Priorities(words(&TicketPriority::ALL, TicketPriority::as_str, by, values)))
        }
        _ => numbers(field(name)?, by, values),
    }
}

const STATES: [State; 5] = [State::New, State::Queued, State::Open, State::Pending, State::Resolved];

/// Those of a few words for which the comparison holds.
fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str, by: Comparison, values: &[Value]) -> Vec<T> {
    let holds = |own: &str| {
        let mut given = values.iter().filter_map(text);
        match by {
            Comparison::In => given.any(|value| own == value),
            Comparison::IsNull => false,
            _ => given.next().is_some_and(|value| match by {
                Comparison::Equal => own == value,
                Comparison::Below => own < value,
                Comparison::AtMost => own <= value,
                Comparison::Above => own > value,
                Comparison::AtLeast => own >= value,
                Comparison::Begins => own.starts_with(value),
                _ => own.contains(value),
            }),
        }
    };
    all.iter().copied().filter(|one| holds(word(*one))).collect()
}

fn numbers(field: Field, by: Comparison, values: &[Value]) -> Result<Condition, SourceError> {
    let number = |value: &Value| match place(value)? {
        Place::Number(number) => Ok(number),
        Place::Id(_) => Err(no_place()),
    };
    let sign = match by {
        Comparison::In => {
            let equal = values.iter().map(|value| Ok(Condition::Compare(field, Sign::Equal, number(value)?)));
            return equal.collect::<Result<_, _>>().map(Condition::Any);
        }
        Comparison::IsNull => return Ok(Condition::Any(Vec::new())),
        Comparison::Equal => Sign::Equal,
        Comparison::Below => Sign::Below,
        Comparison::AtMost => Sign::AtMost,
        Comparison::Above => Sign::Above,
        Comparison::AtLeast => Sign::AtLeast,
        Comparison::Contains | Comparison::Begins => {
            return Err(trouble(TroubleKind::Refused, "numbers and moments have no parts"));
        }
    };
    match values {
        [value] => Ok(Condition::Compare(field, sign, number(value)?)),
        _ => Err(trouble(TroubleKind::Refused, "a comparison takes one value")),
    }
}

pub(super) use column::wants;
