//! Declared changes: one document is made, changed or removed, and given as it is then, or was.

use mongodb::bson::{Bson, Document, doc};
use serde::Deserialize;
use serde_json::Value as Json;

use super::query;
use crate::{
    scalar::{Scalar, Value},
    source::{Call, Column, SourceError, Target},
    sources::{settings::read_call, trouble::refused, zone::Zone},
    value,
};

/// A change as the configuration describes it. Arguments are called as the fields whose values they are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    change: Form,
    /// Arguments by which the one document is found.
    #[serde(default)]
    by: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Form {
    Insert,
    Update,
    Delete,
}

/// What is done to a collection.
#[derive(Debug, PartialEq)]
pub(super) enum Done {
    Insert(Document),
    /// The document that is found, and what it becomes.
    Update(Document, Document),
    Delete(Document),
}

pub(super) fn check(operation: &Json, arguments: &[&str], target: &Target) -> Result<(), String> {
    let Change { change, by } = read_call(operation)?;
    for name in arguments {
        column(target, name).ok_or_else(|| format!("args: `{name}` is no field of `{}`", target.name))?;
    }
    if let Some(name) = by.iter().find(|name| !arguments.contains(&name.as_str())) {
        return Err(format!("by: `{name}` is none of the arguments"));
    }
    let is_list = by.iter().find(|name| column(target, name).is_some_and(|column| column.is_list));
    if let Some(name) = is_list {
        return Err(format!("by: `{name}` is a list"));
    }
    match (change, by.len(), arguments.len()) {
        (Form::Insert, 1.., _) => Err("by: a document that is made is not looked for".to_owned()),
        (Form::Insert, 0, 0) => Err("args: say which fields the document has".to_owned()),
        (Form::Update | Form::Delete, 0, _) => {
            Err("by: say by which arguments the document is found".to_owned())
        }
        (Form::Update, by, all) if by == all => Err("args: say which fields are changed".to_owned()),
        (Form::Delete, by, all) if by < all => Err("args: what is removed is not changed before".to_owned()),
        _ => Ok(()),
    }
}

/// What a call asks for.
pub(super) fn done(call: &Call, zone: Zone) -> Result<Done, SourceError> {
    let Change { change, by } = read_call(&call.operation).map_err(refused)?;
    let (mut found, mut set) = (Vec::new(), Document::new());
    for (name, value) in &call.arguments {
        let column = column(&call.target, name)
            .ok_or_else(|| refused(format!("`{name}` is no field of `{}`", call.target.name)))?;
        if by.contains(name) {
            found.push(query::one_of(column, std::slice::from_ref(value), zone));
        } else {
            set.insert(column.name.clone(), bson(column, value, zone)?);
        }
    }
    // An argument that may be left out would find any document.
    if found.len() < by.len() {
        return Err(refused("the document is not said"));
    }
    let filter = || doc! {"$and": found};
    Ok(match change {
        Form::Insert => Done::Insert(nested(set)?),
        Form::Update if set.is_empty() => return Err(refused("nothing is changed")),
        Form::Update => Done::Update(filter(), doc! {"$set": set}),
        Form::Delete => Done::Delete(filter()),
    })
}

fn column<'t>(target: &'t Target, field: &str) -> Option<&'t Column> {
    target.columns.iter().find(|column| column.field == field)
}

/// Paths with dots as documents within each other; an update takes them as they are.
fn nested(flat: Document) -> Result<Document, SourceError> {
    let mut out = Document::new();
    for (path, value) in flat {
        let mut at = &mut out;
        let mut parts: Vec<_> = path.split('.').collect();
        let last = parts.pop().unwrap_or_default();
        for part in parts {
            let inner = at.entry(part.to_owned()).or_insert_with(|| Document::new().into());
            at = inner
                .as_document_mut()
                .ok_or_else(|| refused(format!("`{path}` lies within what is no document")))?;
        }
        if at.insert(last, value).is_some() {
            return Err(refused(format!("`{path}` is set twice")));
        }
    }
    Ok(out)
}

fn bson(column: &Column, value: &Value, zone: Zone) -> Result<Bson, SourceError> {
    let misfit = || refused(format!("`{}` has a value that cannot be kept", column.field));
    match value {
        Value::Null => Ok(Bson::Null),
        Value::Json(Json::Array(items)) if column.is_list && column.scalar != Scalar::Json => {
            let items = items.iter().map(|item| {
                let value = value::from_json(item, &column.scalar).map_err(|_| misfit())?;
                if value == Value::Null {
                    Ok(Bson::Null)
                } else {
                    one(column, &value, zone).ok_or_else(misfit)
                }
            });
            items.collect::<Result<Vec<_>, _>>().map(Bson::Array)
        }
        Value::Json(json) => plain(json).ok_or_else(misfit),
        value => one(column, value, zone).ok_or_else(misfit),
    }
}

/// The kind that a value is kept as: an `ID` that reads as one of the server's is one.
fn one(column: &Column, value: &Value, zone: Zone) -> Option<Bson> {
    query::ordered(&column.scalar, value, zone).into_iter().next()
}

/// JSON as it is: a name that the server would understand is none of a member.
fn plain(json: &Json) -> Option<Bson> {
    Some(match json {
        Json::Null => Bson::Null,
        Json::Bool(value) => (*value).into(),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(fraction)) => fraction.into(),
            (None, None) => return None,
        },
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => items.iter().map(plain).collect::<Option<Vec<_>>>()?.into(),
        Json::Object(members) => {
            let mut out = Document::new();
            for (name, json) in members {
                if name.starts_with('$') || name.contains(['.', '\0']) {
                    return None;
                }
                out.insert(name, plain(json)?);
            }
            out.into()
        }
    })
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Instant};

    use mongodb::bson::oid::ObjectId;
    use serde_json::json;

    use super::*;

    fn target() -> Target {
        let column = |field: &str, name: &str, scalar, is_list| Column {
            field: field.to_owned(),
            name: name.to_owned(),
            scalar,
            is_list,
            is_nullable: true,
        };
        let columns = vec![
            column("id", "_id", Scalar::Id, false),
            column("city", "visitor.city", Scalar::String, false),
            column("name", "visitor.name", Scalar::String, false),
            column("tags", "tags", Scalar::String, true),
            column("more", "more", Scalar::Json, false),
        ];
        Target { name: "Note".to_owned(), columns, key: vec![0], access: Json::Null }
    }

    fn asked(operation: Json, arguments: &[(&str, Value)]) -> Result<Done, SourceError> {
        let call = Call {
            name: "change".to_owned(),
            operation,
            arguments: arguments.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            target: Arc::new(target()),
            columns: vec![0],
            deadline: Instant::now(),
        };
        done(&call, Zone::default())
    }

    #[test]
    fn what_a_change_says_of_itself_is_checked() {
        let check = |operation: Json, arguments: &[&str]| check(&operation, arguments, &target());
        for (operation, arguments) in [
            (json!({"change": "insert"}), &["city", "tags"][..]),
            (json!({"change": "update", "by": ["id"]}), &["id", "city"]),
            (json!({"change": "delete", "by": ["id"]}), &["id"]),
        ] {
            assert_eq!(check(operation, arguments), Ok(()));
        }
        for (operation, arguments, says) in [
            (json!({}), &["id"][..], "missing field `change`"),
            (json!({"change": "upsert"}), &["id"], "change: "),
            (json!({"change": "insert", "by": ["id"]}), &["id"], "by: a document that is made"),
            (json!({"change": "insert"}), &[], "args: say which fields the document has"),
            (json!({"change": "insert"}), &["town"], "args: `town` is no field of `Note`"),
            (json!({"change": "update"}), &["id"], "by: say by which"),
            (json!({"change": "update", "by": ["id"]}), &["id"], "args: say which fields are changed"),
            (json!({"change": "update", "by": ["name"]}), &["id", "city"], "by: `name` is none"),
            (json!({"change": "delete", "by": ["id"]}), &["id", "city"], "args: what is removed"),
            (json!({"change": "delete", "by": ["tags"]}), &["tags"], "by: `tags` is a list"),
        ] {
            let wrong = check(operation.clone(), arguments).unwrap_err();
            assert!(wrong.contains(says), "{operation}: {wrong}");
        }
    }

    #[test]
    fn values_are_kept_as_what_they_are_and_never_understood() {
        let text = |text: &str| Value::Text(text.to_owned());
        let hex = "53e37d08776f724e42000000";
        let made = asked(
            json!({"change": "insert"}),
            &[("city", text("$where")), ("name", text("a.b")), ("tags", Value::Json(json!(["x", null])))],
        );
        let expected = doc! {"visitor": {"city": "$where", "name": "a.b"}, "tags": ["x", Bson::Null]};
        assert_eq!(made.unwrap(), Done::Insert(expected));
        let changed =
            asked(json!({"change": "update", "by": ["id"]}), &[("id", text(hex)), ("city", Value::Null)]);
        let id = ObjectId::parse_str(hex).unwrap();
        let found = doc! {"$and": [{"_id": {"$in": [hex, id]}}]};
        assert_eq!(changed.unwrap(), Done::Update(found, doc! {"$set": {"visitor.city": Bson::Null}}));
        for wrong in
            [json!({"$inc": 1}), json!({"a": [{"$where": "x"}]}), json!({"a.b": 1}), json!({"a\0": 1})]
        {
            assert!(asked(json!({"change": "insert"}), &[("more", Value::Json(wrong))]).is_err());
        }
        // Without what it is found by, a document would be any.
        assert!(asked(json!({"change": "delete", "by": ["id"]}), &[]).is_err());
        let nobody = asked(json!({"change": "delete", "by": ["id"]}), &[("id", Value::Null)]).unwrap();
        assert_eq!(nobody, Done::Delete(doc! {"$and": [{"_id": {"$in": []}}]}));
    }
}
