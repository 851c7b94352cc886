//! Collections, by some of their documents.

use std::{collections::BTreeMap, time::Instant};

use futures_util::TryStreamExt as _;
use mongodb::bson::{RawBsonRef, RawDocument, RawDocumentBuf, doc};

use super::{DraftScalar, Drafted, field, type_name};
use crate::{source::SourceError, sources::mongo::MongoSource};

/// Documents of a collection that are looked at.
const SAMPLE: i64 = 200;
/// Levels of documents that become paths with dots.
const LEVELS: usize = 3;
/// Fields of a collection; one with more has names that are data.
const FIELDS_MAX: usize = 200;

/// What was seen of a field.
#[derive(Default)]
struct Seen {
    documents: i64,
    scalar: Option<DraftScalar>,
    is_null: bool,
}

pub(super) async fn types(source: &MongoSource, deadline: Instant) -> Result<Vec<Drafted>, SourceError> {
    let mut types = Vec::new();
    for name in source.collections(deadline).await? {
        let mut cursor = source.sample(&name, SAMPLE, deadline).await?;
        let (mut seen, mut order, mut count) = (BTreeMap::new(), Vec::new(), 0);
        while let Some(document) = cursor.try_next().await.map_err(|error| source.trouble(&error))? {
            count += 1;
            look(&document, "", LEVELS, &mut seen, &mut order);
        }
        types.push(drafted(&name, seen, order, count));
    }
    Ok(types)
}

fn drafted(name: &str, mut seen: BTreeMap<String, Seen>, order: Vec<String>, count: i64) -> Drafted {
    let mut drafted = Drafted {
        name: type_name(name),
        at: name.to_owned(),
        access: vec![format!("collection: {}", serde_json::Value::from(name))],
        lists: true,
        notes: vec![format!("from {count} documents")],
        ..Drafted::default()
    };
    for path in order.into_iter().take(FIELDS_MAX) {
        let Some(Seen { documents, scalar, is_null }) = seen.remove(&path) else { continue };
        let scalar = scalar.unwrap_or(DraftScalar::Plain("JSON"));
        let is_key = path == "_id";
        let made = if is_key {
            let mut made = field(&drafted.fields, "id", scalar, false);
            made.column = path;
            drafted.key.push(made.name.clone());
            made
        } else {
            field(&drafted.fields, &path, scalar, is_null || documents < count)
        };
        drafted.fields.push(made);
    }
    drafted
}

fn look(
    document: &RawDocument,
    prefix: &str,
    levels: usize,
    seen: &mut BTreeMap<String, Seen>,
    order: &mut Vec<String>,
) {
    for (name, value) in document.iter().flatten() {
        let path = format!("{prefix}{name}");
        match value {
            RawBsonRef::Document(inner) if levels > 1 => {
                look(inner, &format!("{path}."), levels - 1, seen, order);
                continue;
            }
            _ => {}
        }
        if seen.len() > FIELDS_MAX {
            return;
        }
        let of = seen.entry(path.clone()).or_insert_with(|| {
            order.push(path);
            Seen::default()
        });
        of.documents += 1;
        match scalar(value) {
            None => of.is_null = true,
            Some(found) => {
                of.scalar = Some(of.scalar.take().map_or(found.clone(), |known| both(known, found)))
            }
        }
    }
}

fn scalar(value: RawBsonRef<'_>) -> Option<DraftScalar> {
    Some(DraftScalar::Plain(match value {
        RawBsonRef::Null | RawBsonRef::Undefined => return None,
        RawBsonRef::Boolean(_) => "Boolean",
        RawBsonRef::Int32(_) => "Int",
        RawBsonRef::Int64(_) => "BigInt",
        RawBsonRef::Double(_) => "Float",
        RawBsonRef::Decimal128(_) => "Decimal",
        RawBsonRef::String(_) | RawBsonRef::Symbol(_) => "String",
        RawBsonRef::ObjectId(_) | RawBsonRef::Binary(_) => "ID",
        RawBsonRef::DateTime(_) | RawBsonRef::Timestamp(_) => "DateTime",
        RawBsonRef::Array(items) => {
            let all = items.into_iter().flatten().map(scalar);
            let one = all.reduce(|a, b| match (a, b) {
                (Some(a), Some(b)) => Some(both(a, b)),
                (a, b) => a.or(b),
            });
            return Some(match one.flatten() {
                Some(DraftScalar::Plain(name)) if name != "JSON" => DraftScalar::List(name),
                _ => DraftScalar::Plain("JSON"),
            });
        }
        _ => "JSON",
    }))
}

/// What holds values of both.
fn both(a: DraftScalar, b: DraftScalar) -> DraftScalar {
    match (a, b) {
        (a, b) if a == b => a,
        (DraftScalar::Plain("Int"), b @ DraftScalar::Plain("BigInt" | "Float")) => b,
        (a @ DraftScalar::Plain("BigInt" | "Float"), DraftScalar::Plain("Int")) => a,
        (DraftScalar::Plain("BigInt"), b @ DraftScalar::Plain("Float")) => b,
        (a @ DraftScalar::Plain("Float"), DraftScalar::Plain("BigInt")) => a,
        (DraftScalar::Plain("ID"), DraftScalar::Plain("String" | "Int" | "BigInt"))
        | (DraftScalar::Plain("String" | "Int" | "BigInt"), DraftScalar::Plain("ID")) => {
            DraftScalar::Plain("ID")
        }
        _ => DraftScalar::Plain("JSON"),
    }
}

impl MongoSource {
    async fn collections(&self, deadline: Instant) -> Result<Vec<String>, SourceError> {
        let listing = self.database().await?.list_collection_names();
        let names = tokio::time::timeout_at(deadline.into(), async { listing.await }).await;
        let names = names.map_err(|_| crate::sources::trouble::timed_out())?;
        let mut names = names.map_err(|error| self.trouble(&error))?;
        names.retain(|name| !name.starts_with("system."));
        names.sort();
        Ok(names)
    }

    async fn sample(
        &self,
        collection: &str,
        limit: i64,
        deadline: Instant,
    ) -> Result<mongodb::Cursor<RawDocumentBuf>, SourceError> {
        let time = deadline.saturating_duration_since(Instant::now());
        let collection = self.database().await?.collection::<RawDocumentBuf>(collection);
        let found = collection.find(doc! {}).limit(limit).max_time(time).await;
        found.map_err(|error| self.trouble(&error))
    }
}
