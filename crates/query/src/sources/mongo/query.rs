//! From a fetch to one query. Values are typed: a text is never an operator.

use kefu_core::Micros;
use mongodb::bson::{Bson, DateTime, Decimal128, Document, doc, oid::ObjectId};

use crate::{
    scalar::{Scalar, Value},
    source::{Column, Comparison, Fetch, Filter, Keys, Order, SourceError, Target},
    sources::{behind::behind, trouble::refused, zone::Zone},
};

/// The field by which documents are numbered within their key.
const PLACE: &str = "_kefu_place";

/// The field that says how many there are.
pub(super) const COUNT: &str = "count";

/// What is asked of a collection.
pub(super) enum Asked {
    Find(Box<Find>),
    Aggregate(Vec<Document>),
}

/// A query.
pub(super) struct Find {
    pub(super) filter: Document,
    pub(super) projection: Document,
    pub(super) sort: Document,
    pub(super) limit: i64,
}

pub(super) fn asked(fetch: &Fetch, zone: Zone) -> Result<Asked, SourceError> {
    let target = &fetch.target;
    let filter = filters(fetch, zone)?;
    if fetch.is_count {
        let key = fetch.columns.first().map(|key| format!("${}", target.columns[*key].name));
        let group = doc! {"_id": key.map_or(Bson::Null, Bson::String), COUNT: {"$sum": 1}};
        return Ok(Asked::Aggregate(vec![doc! {"$match": filter}, doc! {"$group": group}]));
    }
    let projection = projection(target, &fetch.columns);
    let sort = sort(target, &fetch.order);
    // One more than is allowed is asked for, so that it is seen and the server stops early.
    let max = i64::try_from(fetch.rows_max).unwrap_or(i64::MAX).saturating_add(1);
    let limit = fetch.limit.and_then(|limit| i64::try_from(limit).ok()).map_or(max, |limit| limit.min(max));
    if limit == 0 {
        // Nothing is wanted, and a limit of nothing is none.
        return Ok(Asked::Find(Box::new(Find { filter: none(), projection, sort, limit: 1 })));
    }
    let (Some(limit_per_key), Some(keys)) = (fetch.limit_per_key, &fetch.keys) else {
        return Ok(Asked::Find(Box::new(Find { filter, projection, sort, limit })));
    };
    Ok(Asked::Aggregate(ranked(target, keys, filter, sort, projection, limit_per_key, limit)))
}

fn ranked(
    target: &Target,
    keys: &Keys,
    filter: Document,
    sort: Document,
    mut projection: Document,
    limit_per_key: u64,
    limit: i64,
) -> Vec<Document> {
    let key = &target.columns[keys.column].name;
    // Without an order any documents will do.
    let sort = if sort.is_empty() {
        doc! {key: 1}
    } else {
        sort
    };
    let per_key = i64::try_from(limit_per_key).unwrap_or(i64::MAX);
    if projection.len() == 1 && projection.contains_key("_id") {
        // An inclusion of nothing would be everything.
        projection.insert(PLACE, 1);
    }
    vec![
        doc! {"$match": filter},
        doc! {"$setWindowFields": {
            "partitionBy": format!("${key}"),
            "sortBy": sort,
            "output": {PLACE: {"$documentNumber": {}}},
        }},
        doc! {"$match": {PLACE: {"$lte": per_key}}},
        doc! {"$sort": {PLACE: 1}},
        doc! {"$limit": limit},
        doc! {"$project": projection},
    ]
}

fn filters(fetch: &Fetch, zone: Zone) -> Result<Document, SourceError> {
    let target = &fetch.target;
    let mut parts = Vec::new();
    if let Some(keys) = &fetch.keys {
        parts.push(one_of(&target.columns[keys.column], &keys.values, zone));
    }
    if let Some(given) = &fetch.filter {
        parts.push(filter(target, given, zone)?);
    }
    if let Some(after) = &fetch.after {
        parts.push(filter(target, &behind(&fetch.order, after), zone)?);
    }
    Ok(match parts.len() {
        0 => Document::new(),
        1 => parts.remove(0),
        _ => doc! {"$and": parts},
    })
}

/// Only what is asked for; a path within another is there with it.
fn projection(target: &Target, columns: &[usize]) -> Document {
    let names: Vec<&str> = columns.iter().map(|column| target.columns[*column].name.as_str()).collect();
    let is_within = |name: &str| {
        names.iter().any(|other| name.strip_prefix(other).is_some_and(|rest| rest.starts_with('.')))
    };
    let mut projection = Document::new();
    for name in names.iter().filter(|name| !is_within(name)) {
        projection.insert(*name, 1);
    }
    if !projection.contains_key("_id") {
        projection.insert("_id", 0);
    }
    if projection.len() == 1 && names.is_empty() {
        // Only how many there are is of interest.
        projection = doc! {"_id": 1};
    }
    projection
}

fn sort(target: &Target, order: &[Order]) -> Document {
    let mut sort = Document::new();
    for by in order {
        sort.insert(target.columns[by.column].name.as_str(), if by.is_descending { -1 } else { 1 });
    }
    sort
}

/// Holds for nothing.
fn none() -> Document {
    doc! {"_id": {"$in": []}}
}

fn filter(target: &Target, given: &Filter, zone: Zone) -> Result<Document, SourceError> {
    let all = |parts: &[Filter]| -> Result<Vec<Document>, SourceError> {
        parts.iter().map(|part| filter(target, part, zone)).collect()
    };
    Ok(match given {
        Filter::All(parts) if parts.is_empty() => Document::new(),
        Filter::Any(parts) if parts.is_empty() => none(),
        Filter::All(parts) => doc! {"$and": all(parts)?},
        Filter::Any(parts) => doc! {"$or": all(parts)?},
        Filter::Not(inner) => doc! {"$nor": [filter(target, inner, zone)?]},
        Filter::Compare { column, by, values } => compare(&target.columns[*column], *by, values, zone)?,
    })
}

fn compare(column: &Column, by: Comparison, values: &[Value], zone: Zone) -> Result<Document, SourceError> {
    let name = column.name.as_str();
    let sign = match by {
        Comparison::IsNull => return Ok(doc! {name: Bson::Null}),
        Comparison::Equal | Comparison::In => return Ok(one_of(column, values, zone)),
        Comparison::Contains | Comparison::Begins => {
            let [Value::Text(text)] = values else {
                return Err(refused("only texts are searched for in texts"));
            };
            let start = if by == Comparison::Begins { "^" } else { "" };
            return Ok(doc! {name: {"$regex": format!("{start}{}", literal(text))}});
        }
        Comparison::Below => "$lt",
        Comparison::AtMost => "$lte",
        Comparison::Above => "$gt",
        Comparison::AtLeast => "$gte",
    };
    let [value] = values else { return Err(refused("a comparison takes one value")) };
    let mut parts: Vec<Document> =
        ordered(&column.scalar, value, zone).into_iter().map(|value| doc! {name: {sign: value}}).collect();
    Ok(match parts.len() {
        0 => none(),
        1 => parts.remove(0),
        _ => doc! {"$or": parts},
    })
}

pub(super) fn one_of(column: &Column, values: &[Value], zone: Zone) -> Document {
    let mut equal: Vec<Bson> = values.iter().flat_map(|value| equal(&column.scalar, value, zone)).collect();
    let name = column.name.as_str();
    match equal.len() {
        0 => none(),
        1 => doc! {name: {"$eq": equal.remove(0)}},
        _ => doc! {name: {"$in": equal}},
    }
}

/// All that a document may hold for a value: an `ID` is a text, an id of the server's or a number.
fn equal(scalar: &Scalar, value: &Value, zone: Zone) -> Vec<Bson> {
    match (scalar, value) {
        (Scalar::Id, Value::Text(text)) => {
            let mut all = vec![Bson::String(text.clone())];
            if let Ok(id) = ObjectId::parse_str(text) {
                all.push(id.into());
            }
            if let Ok(number) = text.parse::<i64>()
                && number.to_string() == *text
            {
                all.push(number.into());
            }
            all
        }
        _ => ordered(scalar, value, zone),
    }
}

/// The same for comparisons of order, where a value is of one kind, or of two that never stand in one field.
pub(super) fn ordered(scalar: &Scalar, value: &Value, zone: Zone) -> Vec<Bson> {
    let date = |moment: Micros| Bson::DateTime(DateTime::from_millis(moment.0.div_euclid(1_000)));
    match (scalar, value) {
        (_, Value::Null | Value::Json(_)) => Vec::new(),
        (_, Value::Boolean(value)) => vec![(*value).into()],
        (_, Value::Int(number)) => vec![(*number).into()],
        (_, Value::Unsigned(number)) => {
            number.to_string().parse::<Decimal128>().map(Bson::from).into_iter().collect()
        }
        (_, Value::Float(number)) => vec![(*number).into()],
        (_, Value::Moment(moment)) => vec![date(*moment)],
        (Scalar::DateTime, Value::Text(text)) => zone.read(text).map(date).into_iter().collect(),
        (Scalar::Decimal, Value::Text(text)) => {
            text.parse::<Decimal128>().map(Bson::from).into_iter().collect()
        }
        (Scalar::Date, Value::Text(text)) => {
            let day = zone.read(text).map(date).into_iter();
            day.chain([Bson::String(text.clone())]).collect()
        }
        (Scalar::Id, Value::Text(text)) => {
            vec![ObjectId::parse_str(text).map_or_else(|_| Bson::String(text.clone()), Bson::from)]
        }
        (_, Value::Text(text)) => vec![Bson::String(text.clone())],
    }
}

/// A pattern that matches a text and nothing else.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => pattern.push_str("\\x00"),
            c if c.is_ascii_alphanumeric() || !c.is_ascii() => pattern.push(c),
            c if c.is_ascii_control() => pattern.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => {
                pattern.push('\\');
                pattern.push(c);
            }
        }
    }
    pattern
}

/// A query for people: values are left out.
pub(super) fn shown(value: &Bson) -> String {
    match value {
        Bson::Document(document) => {
            let members: Vec<String> = document
                .iter()
                .map(|(name, value)| {
                    let value = match (name.as_str(), value) {
                        ("$in", _) => "[?]".to_owned(),
                        ("partitionBy" | "_id", Bson::String(field)) if field.starts_with('$') => {
                            format!("{field:?}")
                        }
                        _ => shown(value),
                    };
                    format!("{name}: {value}")
                })
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        Bson::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        // Those of projections, orders and limits.
        Bson::Int32(number) => number.to_string(),
        Bson::Null => "null".to_owned(),
        _ => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_literal() {
        assert_eq!(literal("a.*b"), "a\\.\\*b");
        assert_eq!(literal("(a+)+$"), "\\(a\\+\\)\\+\\$");
        assert_eq!(literal("退款\0"), "退款\\x00");
    }

    #[test]
    fn ids_are_whatever_a_document_keeps() {
        let zone = Zone::default();
        let of = |text: &str| equal(&Scalar::Id, &Value::Text(text.to_owned()), zone).len();
        assert_eq!((of("abc"), of("42"), of("042"), of("53e37d08776f724e42000000")), (1, 2, 1, 2));
    }
}
