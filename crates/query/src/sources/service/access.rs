//! How the objects of a type are asked for.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::template::Template;
use crate::{
    scalar::Value,
    source::{SourceError, Target},
    sources::{fit::at, settings::Count, trouble::garbage},
};

/// Keys that an operation takes at once, where its description does not say.
const KEYS_MAX: usize = 100;

/// The operations of a type.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Access {
    /// By the field: operations that take many keys at once.
    #[serde(default)]
    by_keys: BTreeMap<String, Described>,
    /// By the field: operations that take one key.
    #[serde(default)]
    by_key: BTreeMap<String, Described>,
    list: Option<Described>,
}

/// An operation, as the configuration has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sources) struct Described {
    pub(in crate::sources) get: Option<String>,
    pub(in crate::sources) post: Option<String>,
    pub(in crate::sources) put: Option<String>,
    pub(in crate::sources) patch: Option<String>,
    pub(in crate::sources) delete: Option<String>,
    /// The operation of a WSDL or of an OpenAPI file, or the function of an interface file.
    pub(in crate::sources) op: Option<String>,
    /// Where keys go, if that is all there is to send; the field's name where it does not say.
    pub(in crate::sources) arg: Option<String>,
    /// What is sent in an address, with places for keys and arguments.
    pub(in crate::sources) query: Option<Map<String, Json>>,
    /// The same for what is sent as a body.
    pub(in crate::sources) body: Option<Map<String, Json>>,
    /// Where the rows are in an answer.
    pub(in crate::sources) result: Option<String>,
    /// Whether rows are the members of an object whose names are the keys.
    #[serde(default)]
    pub(in crate::sources) keyed: bool,
    /// Keys that it takes at once.
    pub(in crate::sources) max: Option<Count>,
    /// Failures that mean that there is nothing: `404`, the name of an exception, the code of a fault.
    #[serde(default)]
    pub(in crate::sources) absent: Vec<String>,
    /// The argument that takes how many rows are wanted.
    pub(in crate::sources) limit: Option<String>,
    /// The arguments that it takes, with their types; those of a query are passed on by their names.
    pub(in crate::sources) args: Option<BTreeMap<String, Json>>,
}

/// What the places of a template are filled with.
#[derive(Clone, Copy)]
pub(super) struct Bindings<'b> {
    pub(super) keys: &'b [Value],
    pub(super) arguments: &'b [(String, Value)],
    pub(super) limit: Option<u64>,
}

/// An operation that can be called.
#[derive(Debug)]
pub(super) struct Way<O> {
    pub(super) operation: O,
    pub(super) template: Template,
    pub(super) keys_max: usize,
    pub(super) absent: Vec<String>,
    result: Option<String>,
    is_keyed: bool,
}

/// The operations of a type that can be called.
#[derive(Debug)]
pub(super) struct Prepared<O> {
    by: Vec<(usize, Way<O>)>,
    pub(super) list: Option<Way<O>>,
}

impl<O> Prepared<O> {
    /// The operation that finds objects by a column: that for many keys, if there is one.
    pub(super) fn by(&self, column: usize) -> Option<&Way<O>> {
        self.by.iter().find(|(known, _)| *known == column).map(|(_, way)| way)
    }

    pub(super) fn keys(&self) -> Vec<(usize, usize)> {
        let mut keys: Vec<(usize, usize)> = Vec::new();
        for (column, way) in &self.by {
            if !keys.iter().any(|(known, _)| known == column) {
                keys.push((*column, way.keys_max));
            }
        }
        keys
    }
}

impl<O> Way<O> {
    /// Gives every row of an answer, with its key where rows stand under keys.
    pub(super) fn rows(
        &self,
        answer: &Json,
        mut take: impl FnMut(&Json, Option<&str>) -> Result<(), SourceError>,
    ) -> Result<(), SourceError> {
        let found = match &self.result {
            Some(path) => at(answer, path),
            None => Some(answer),
        };
        match found {
            // An empty list may be left out, but only of an object.
            None if !answer.is_object() && !answer.is_null() => {
                Err(garbage("the answer is no object, and `result` leads into one"))
            }
            None | Some(Json::Null) => Ok(()),
            Some(Json::Object(members)) if self.is_keyed => members
                .iter()
                .try_for_each(|(key, value)| rows_of(value).iter().try_for_each(|row| take(row, Some(key)))),
            Some(_) if self.is_keyed => Err(garbage("the answer is no object of keys")),
            Some(value) => rows_of(value).iter().try_for_each(|row| take(row, None)),
        }
    }
}

/// The items of a list without those that are null, or the only row.
fn rows_of(value: &Json) -> Vec<&Json> {
    match value {
        Json::Null => Vec::new(),
        Json::Array(rows) => rows.iter().filter(|row| !row.is_null()).collect(),
        row => vec![row],
    }
}

/// Makes what a target describes callable.
pub(super) fn prepared<O>(
    access: Access,
    target: &Target,
    find: impl Fn(&Described) -> Result<O, String>,
) -> Result<Prepared<O>, String> {
    let mut by = Vec::new();
    let many = access.by_keys.into_iter().map(|(field, described)| ("by_keys", field, described));
    let one = access.by_key.into_iter().map(|(field, described)| ("by_key", field, described));
    for (key, field, described) in many.chain(one) {
        let column = target.columns.iter().position(|column| column.field == field);
        let column = column.ok_or_else(|| format!("{key}.{field}: the type has no such field"))?;
        let is_batch = key == "by_keys";
        let way = way_of_keys(described, &field, is_batch, &find);
        by.push((column, way.map_err(|text| format!("{key}.{field}.{text}"))?));
    }
    let list = match access.list {
        Some(described) => {
            let operation = find(&described).map_err(|text| format!("list.{text}"))?;
            let template = Template::of_arguments(&described).map_err(|text| format!("list.{text}"))?;
            Some(way(described, operation, template, 1))
        }
        None => None,
    };
    if by.is_empty() && list.is_none() {
        return Err("access: must have by_keys, by_key or list".to_owned());
    }
    Ok(Prepared { by, list })
}

fn way_of_keys<O>(
    described: Described,
    field: &str,
    is_batch: bool,
    find: impl Fn(&Described) -> Result<O, String>,
) -> Result<Way<O>, String> {
    let operation = find(&described)?;
    if described.limit.is_some() {
        return Err("limit: goes with list".to_owned());
    }
    let template = Template::of_keys(&described, field, is_batch)?;
    let keys_max = if is_batch { described.max.map_or(KEYS_MAX, |max| max.0) } else { 1 };
    Ok(way(described, operation, template, keys_max))
}

/// Makes what a change describes callable.
pub(super) fn prepared_call<O>(
    described: Described,
    find: impl Fn(&Described) -> Result<O, String>,
) -> Result<Way<O>, String> {
    let operation = find(&described)?;
    let template = Template::of_arguments(&described)?;
    Ok(way(described, operation, template, 1))
}

fn way<O>(described: Described, operation: O, template: Template, keys_max: usize) -> Way<O> {
    let mut absent = described.absent;
    // A service of HTTP says so when there is no such object.
    if absent.is_empty() {
        absent.push("404".to_owned());
    }
    Way { operation, template, keys_max, absent, result: described.result, is_keyed: described.keyed }
}
